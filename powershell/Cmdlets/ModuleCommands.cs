using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Reflection;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// The names of the commands that are the module's own rather than a connection's: those that connect, the bulk cmdlets, and those
/// of other services. They have them whatever a connection's prefix is, so nothing else may be called like one.
/// </summary>
internal static class ModuleCommands
{
    private static readonly Lazy<HashSet<string>> Known = new(Read);

    /// <summary>Whether a command of the module itself has this name, or this alias.</summary>
    internal static bool Has(string name) => Known.Value.Contains(name);

    /// <summary>Whether a name, which may have wildcards, means a bulk cmdlet.</summary>
    internal static bool HasBulk(string pattern)
    {
        WildcardPattern wanted = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        foreach (string name in Known.Value)
        {
            if (wanted.IsMatch(name) && BulkCmdlet.ClassOf(name) is not null)
            {
                return true;
            }
        }

        return false;
    }

    private static HashSet<string> Read()
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (Type type in typeof(ModuleCommands).Assembly.GetExportedTypes())
        {
            // Only these are sealed: a prefix makes subclasses of the others.
            if (type.IsSealed && type.IsSubclassOf(typeof(Cmdlet)) && type.GetCustomAttribute<CmdletAttribute>(inherit: false) is { } cmdlet)
            {
                names.Add($"{cmdlet.VerbName}-{cmdlet.NounName}");
                names.UnionWith(type.GetCustomAttribute<AliasAttribute>(inherit: false)?.AliasNames ?? Array.Empty<string>());
            }
        }

        return names;
    }
}
