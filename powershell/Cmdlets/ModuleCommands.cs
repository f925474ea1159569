using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Reflection;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// The commands that are the module's own rather than a connection's: those that connect, the bulk cmdlets, and those
/// of other services. They have them whatever a connection's prefix is, so nothing else may be called like one.
/// </summary>
internal static class ModuleCommands
{
    private static readonly Lazy<Dictionary<string, Type>> Known = new(Read);

    /// <summary>Whether a command of the module itself has this name, or this alias.</summary>
    internal static bool Has(string name) => Known.Value.ContainsKey(name);

    /// <summary>The class of the command of this name or alias; null if the module itself has none.</summary>
    internal static Type? ClassOf(string name) => Known.Value.GetValueOrDefault(name);

    /// <summary>Whether a name, which may have wildcards, means a bulk cmdlet.</summary>
    internal static bool HasBulk(string pattern)
    {
        WildcardPattern wanted = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        foreach ((string name, Type type) in Known.Value)
        {
            if (type.IsSubclassOf(typeof(BulkCmdlet)) && wanted.IsMatch(name))
            {
                return true;
            }
        }

        return false;
    }

    private static Dictionary<string, Type> Read()
    {
        var classes = new Dictionary<string, Type>(StringComparer.OrdinalIgnoreCase);
        foreach (Type type in typeof(ModuleCommands).Assembly.GetExportedTypes())
        {
            // Only these are sealed: a prefix makes subclasses of the others.
            if (type.IsSealed && type.IsSubclassOf(typeof(Cmdlet)) && type.GetCustomAttribute<CmdletAttribute>(inherit: false) is { } cmdlet)
            {
                classes[$"{cmdlet.VerbName}-{cmdlet.NounName}"] = type;
                foreach (string alias in type.GetCustomAttribute<AliasAttribute>(inherit: false)?.AliasNames ?? Array.Empty<string>())
                {
                    classes[alias] = type;
                }
            }
        }

        return classes;
    }
}
