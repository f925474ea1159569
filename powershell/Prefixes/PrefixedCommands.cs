using System;
using System.Collections.Generic;
using System.Management.Automation;
using ExchangeOnlineRs.Cmdlets;

namespace ExchangeOnlineRs.Prefixes;

/// <summary>
/// Which prefixes are in use in this process, and which commands each of them has. Which runspace sees the commands is a
/// matter of <see cref="PrefixModule"/>.
/// </summary>
internal static class PrefixedCommands
{
    private const string ModuleNameStart = "ExchangeOnlineRs_";

    private static readonly object Gate = new();
    private static readonly Dictionary<string, Use> Uses = new(StringComparer.OrdinalIgnoreCase);
    private static readonly Dictionary<string, PrefixedClasses> Classes = new(StringComparer.Ordinal);
    private static volatile bool everUsed;

    /// <summary>Whether a prefix was ever used in this process. Without one, nothing here costs anything.</summary>
    internal static bool EverUsed => everUsed;

    /// <summary>The name of the module that holds a prefix's commands.</summary>
    internal static string ModuleNameOf(string prefix) => ModuleNameStart + prefix;

    /// <summary>
    /// The prefix as it was written first, if it is in use: its commands keep their names when a later connection writes it
    /// with other capitals.
    /// </summary>
    internal static string AsWrittenFirst(string prefix)
    {
        lock (Gate)
        {
            return Uses.TryGetValue(prefix, out Use? use) ? use.Prefix : prefix;
        }
    }

    /// <summary>
    /// A cmdlet that a prefix would turn into the name of another one: with the prefix CAS, Get-Mailbox would be called
    /// Get-CASMailbox and hide the cmdlet of that name. Null if there is none.
    /// </summary>
    internal static ServiceCmdletClass? FindConfusion(string prefix)
    {
        foreach (ServiceCmdletClass cmdlet in ServiceCmdletCatalog.All)
        {
            if (ServiceCmdletCatalog.Find(ServiceCmdletClass.WithPrefix(cmdlet.Name, prefix)) is not null)
            {
                return cmdlet;
            }
        }

        return null;
    }

    /// <summary>Adds a connection's commands to those of its prefix, and returns all of the prefix.</summary>
    internal static PrefixedAssembly Open(string prefix, Guid connection, string[] commandNames, bool isCompliance)
    {
        List<ServiceCmdletClass> chosen = Choose(commandNames, isCompliance);
        lock (Gate)
        {
            everUsed = true;
            if (!Uses.TryGetValue(prefix, out Use? use))
            {
                use = new Use(prefix);
                Uses.Add(prefix, use);
            }

            use.Connections.Add(connection);
            use.Cmdlets.UnionWith(chosen);
            if (!Classes.TryGetValue(use.Prefix, out PrefixedClasses? classes))
            {
                classes = new PrefixedClasses(use.Prefix);
                Classes.Add(use.Prefix, classes);
            }

            var types = new List<Type>();
            foreach (ServiceCmdletClass cmdlet in ServiceCmdletCatalog.All)
            {
                if (use.Cmdlets.Contains(cmdlet))
                {
                    types.Add(classes.Of(cmdlet));
                }
            }

            if (use.Assembly?.Holds(types) is not true)
            {
                use.Assembly = new PrefixedAssembly(use.Prefix, types.ToArray());
            }

            return use.Assembly;
        }
    }

    /// <summary>Takes note that connections are closed. A prefix is in use until the last of its connections is.</summary>
    internal static void Close(IReadOnlyCollection<Guid> connections)
    {
        if (!everUsed)
        {
            return;
        }

        lock (Gate)
        {
            foreach (Use use in new List<Use>(Uses.Values))
            {
                use.Connections.ExceptWith(connections);
                if (use.Connections.Count == 0)
                {
                    Uses.Remove(use.Prefix);
                }
            }
        }
    }

    /// <summary>The commands of all prefixes in use.</summary>
    internal static List<PrefixedAssembly> InUse()
    {
        var all = new List<PrefixedAssembly>();
        lock (Gate)
        {
            foreach (Use use in Uses.Values)
            {
                if (use.Assembly is not null)
                {
                    all.Add(use.Assembly);
                }
            }
        }

        return all;
    }

    /// <summary>The cmdlet behind a command's name, whether or not it has a prefix.</summary>
    internal static ServiceCmdletClass? FindCmdlet(string command)
    {
        if (ServiceCmdletCatalog.Find(command) is { } plain)
        {
            return plain;
        }

        foreach (PrefixedAssembly assembly in everUsed ? InUse() : new List<PrefixedAssembly>())
        {
            int noun = command.IndexOf('-', StringComparison.Ordinal) + 1;
            if (noun > 0 && command.AsSpan(noun).StartsWith(assembly.Prefix, StringComparison.OrdinalIgnoreCase)
                && ServiceCmdletCatalog.Find(command.Remove(noun, assembly.Prefix.Length)) is { } prefixed)
            {
                return prefixed;
            }
        }

        return null;
    }

    /// <summary>The cmdlets that a connection offers, by the names a caller wants.</summary>
    private static List<ServiceCmdletClass> Choose(string[] commandNames, bool isCompliance)
    {
        var patterns = new List<WildcardPattern>();
        foreach (string name in commandNames)
        {
            if (!string.IsNullOrEmpty(name))
            {
                patterns.Add(WildcardPattern.Get(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant));
            }
        }

        ServiceSurface other = isCompliance ? ServiceSurface.Exchange : ServiceSurface.Compliance;
        var chosen = new List<ServiceCmdletClass>();
        foreach (ServiceCmdletClass cmdlet in ServiceCmdletCatalog.All)
        {
            bool wanted = patterns.Count == 0 || patterns.Exists(pattern => pattern.IsMatch(cmdlet.Name))
                || patterns.Exists(pattern => IsMatch(pattern, cmdlet.Aliases));
            if (wanted && cmdlet.Surface != other)
            {
                chosen.Add(cmdlet);
            }
        }

        return chosen;
    }

    private static bool IsMatch(WildcardPattern pattern, IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            if (pattern.IsMatch(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A prefix in use.</summary>
    private sealed class Use
    {
        internal Use(string prefix) => Prefix = prefix;

        internal string Prefix { get; }

        internal HashSet<Guid> Connections { get; } = new();

        internal HashSet<ServiceCmdletClass> Cmdlets { get; } = new();

        internal PrefixedAssembly? Assembly { get; set; }
    }
}
