using System;
using System.Collections.Generic;
using ExchangeOnlineRs.Cmdlets;
using ExchangeOnlineRs.Prefixes;

namespace ExchangeOnlineRs.Additions;

/// <summary>
/// The cmdlets that catalog files added. They are there until the process ends, as PowerShell never forgets a cmdlet class;
/// connections with a prefix that are made from then on have them too.
/// </summary>
internal static class AddedCommands
{
    /// <summary>The name of the module that holds them.</summary>
    internal const string ModuleName = "ExchangeOnlineRs.Added";

    private static readonly object Gate = new();
    private static readonly List<Type> Types = new();
    private static volatile EmittedAssembly? assembly;

    /// <summary>All of them; null if there are none.</summary>
    internal static EmittedAssembly? Assembly => assembly;

    /// <summary>
    /// The parameters that the class of a cmdlet of that name lacks; none if there is no such cmdlet. A class that PowerShell has
    /// seen can't be changed.
    /// </summary>
    internal static IReadOnlyList<string> FindLacking(CatalogCmdlet cmdlet)
    {
        var lacking = new List<string>();
        if (ServiceCmdletCatalog.Find(cmdlet.Name) is { } known)
        {
            foreach (CatalogParameter parameter in cmdlet.Parameters)
            {
                if (ServiceCmdletClass.MemberOf(known.Type, parameter.Name) is null && !known.HasParameterAlias(parameter.Name))
                {
                    lacking.Add(parameter.Name);
                }
            }
        }

        return lacking;
    }

    /// <summary>
    /// Why no cmdlet of that name can be added; null if one can, or is there already. PowerShell runs what came last, so an added
    /// cmdlet would take the name of a command of the module, or of a connection with a prefix, away from it.
    /// </summary>
    internal static string? FindObstacle(string name)
    {
        if (ServiceCmdletCatalog.Find(name) is not null)
        {
            return null;
        }

        if (ModuleCommands.Has(name))
        {
            return $"{name} is a command of the module itself, which no catalog can replace.";
        }

        return PrefixedCommands.FindPrefixThatMakes(name) is { } prefix
            ? $"{name} is a command of the connections with the prefix '{prefix}', which no catalog can replace."
            : null;
    }

    /// <summary>Adds those that are not there yet, and returns their names.</summary>
    internal static IReadOnlyList<string> Add(IEnumerable<CatalogCmdlet> cmdlets)
    {
        lock (Gate)
        {
            var classes = new EmittedClasses($"{ModuleName}.{Types.Count}");
            var added = new List<ServiceCmdletClass>();
            foreach (CatalogCmdlet cmdlet in cmdlets)
            {
                if (ServiceCmdletCatalog.Find(cmdlet.Name) is null)
                {
                    added.Add(classes.Emit(cmdlet));
                }
            }

            if (added.Count > 0)
            {
                ServiceCmdletCatalog.Add(added);
                Types.AddRange(added.ConvertAll(static cmdlet => cmdlet.Type));
                assembly = new EmittedAssembly(ModuleName, Types.ToArray());
            }

            return added.ConvertAll(static cmdlet => cmdlet.Name);
        }
    }
}
