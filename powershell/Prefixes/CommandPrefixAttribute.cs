using System;
using System.Collections.Concurrent;
using System.Reflection;

namespace ExchangeOnlineRs.Prefixes;

/// <summary>
/// On the class of a prefixed cmdlet: the prefix of its connection. Which connection a cmdlet works on is thus part of the
/// command itself; nothing that is called differently, or by way of an alias, can end up on another one.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class CommandPrefixAttribute : Attribute
{
    private static readonly ConcurrentDictionary<Type, string?> Known = new();

    /// <summary>Names the prefix.</summary>
    /// <param name="prefix">The prefix.</param>
    public CommandPrefixAttribute(string prefix) => Prefix = prefix;

    /// <summary>The prefix.</summary>
    public string Prefix { get; }

    /// <summary>The prefix of a cmdlet's class; null for a cmdlet of the module itself.</summary>
    internal static string? Of(Type cmdlet) =>
        cmdlet.Assembly == typeof(CommandPrefixAttribute).Assembly
            ? null
            : Known.GetOrAdd(cmdlet, static type => type.GetCustomAttribute<CommandPrefixAttribute>(inherit: false)?.Prefix);
}
