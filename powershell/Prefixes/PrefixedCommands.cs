using System;
using System.Collections.Generic;
using System.Management.Automation;
using ExchangeOnlineRs.Cmdlets;

namespace ExchangeOnlineRs.Prefixes;

/// <summary>What a connection with a prefix has.</summary>
/// <param name="Assembly">The classes of the prefix; null if it has none.</param>
/// <param name="LeftOut">Names that commands of the prefix would have, but which are those of other commands.</param>
/// <param name="Unmatched">The wanted names of which there is no cmdlet to prefix.</param>
internal sealed record PrefixedChoice(PrefixedAssembly? Assembly, IReadOnlyList<string> LeftOut, IReadOnlyList<string> Unmatched);

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

    /// <summary>Adds a connection's commands to those of its prefix, and tells what the prefix has now.</summary>
    internal static PrefixedChoice Open(string prefix, Guid connection, string[] commandNames, bool isCompliance)
    {
        List<ServiceCmdletClass> chosen = Choose(commandNames, isCompliance, out List<string> unmatched);
        lock (Gate)
        {
            everUsed = true;
            if (!Uses.TryGetValue(prefix, out Use? use))
            {
                use = new Use(prefix);
                Uses.Add(prefix, use);
            }

            List<ServiceCmdletClass> leftOut = chosen.FindAll(cmdlet => IsTaken(cmdlet, use.Prefix));
            use.Connections.Add(connection);
            use.Cmdlets.UnionWith(chosen);
            use.Cmdlets.ExceptWith(leftOut);
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

            if (types.Count > 0 && use.Assembly?.Holds(types) is not true)
            {
                use.Assembly = new PrefixedAssembly(use.Prefix, types.ToArray());
            }

            return new PrefixedChoice(
                use.Assembly,
                leftOut.ConvertAll(cmdlet => ServiceCmdletClass.WithPrefix(cmdlet.Name, use.Prefix)),
                unmatched);
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

    /// <summary>The prefix in use of which a command has this name; null if there is none.</summary>
    internal static string? FindPrefixThatMakes(string name)
    {
        if (!everUsed)
        {
            return null;
        }

        lock (Gate)
        {
            foreach (Use use in Uses.Values)
            {
                if (use.Makes(name))
                {
                    return use.Prefix;
                }
            }
        }

        return null;
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
            if (FindPrefixed(command, assembly.Prefix) is { } prefixed)
            {
                return prefixed;
            }
        }

        return null;
    }

    /// <summary>The cmdlet that has this name with a prefix; null if there is none.</summary>
    private static ServiceCmdletClass? FindPrefixed(string command, string prefix)
    {
        int noun = command.IndexOf('-', StringComparison.Ordinal) + 1;
        return noun > 0 && command.AsSpan(noun).StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
            ? ServiceCmdletCatalog.Find(command.Remove(noun, prefix.Length))
            : null;
    }

    /// <summary>
    /// Whether the name that a cmdlet would get is that of another command: with the prefix CAS, Get-Mailbox would be
    /// Get-CASMailbox, which there is. That one keeps its meaning, or a script would ask one organization and change another.
    /// </summary>
    private static bool IsTaken(ServiceCmdletClass cmdlet, string prefix)
    {
        foreach (string name in new List<string>(cmdlet.Aliases) { cmdlet.Name })
        {
            string prefixed = ServiceCmdletClass.WithPrefix(name, prefix);
            if (ServiceCmdletCatalog.Find(prefixed) is not null || ModuleCommands.Has(prefixed))
            {
                return true;
            }

            foreach (Use other in Uses.Values)
            {
                if (!other.Prefix.Equals(prefix, StringComparison.OrdinalIgnoreCase) && other.Makes(prefixed))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>The cmdlets that a connection offers, by the names a caller wants; and the wanted names that are none's.</summary>
    private static List<ServiceCmdletClass> Choose(string[] commandNames, bool isCompliance, out List<string> unmatched)
    {
        unmatched = new List<string>();
        foreach (string name in commandNames)
        {
            if (!string.IsNullOrEmpty(name))
            {
                unmatched.Add(name);
            }
        }

        List<WildcardPattern> patterns = unmatched.ConvertAll(
            static name => WildcardPattern.Get(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant));
        var used = new bool[patterns.Count];
        ServiceSurface other = isCompliance ? ServiceSurface.Exchange : ServiceSurface.Compliance;
        var chosen = new List<ServiceCmdletClass>();
        foreach (ServiceCmdletClass cmdlet in ServiceCmdletCatalog.All)
        {
            var matching = new List<int>();
            for (int i = 0; i < patterns.Count; i++)
            {
                if (patterns[i].IsMatch(cmdlet.Name) || IsMatch(patterns[i], cmdlet.Aliases))
                {
                    matching.Add(i);
                }
            }

            if ((patterns.Count == 0 || matching.Count > 0) && cmdlet.Surface != other)
            {
                chosen.Add(cmdlet);
                matching.ForEach(i => used[i] = true);
            }
        }

        for (int i = used.Length - 1; i >= 0; i--)
        {
            if (used[i])
            {
                unmatched.RemoveAt(i);
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

        /// <summary>Whether one of its commands has this name: what follows another prefix can look like the rest of this one.</summary>
        internal bool Makes(string name) => FindPrefixed(name, Prefix) is { } cmdlet && Cmdlets.Contains(cmdlet);
    }
}
