using System;
using System.Collections.Generic;

namespace ExchangeOnlineRs.Additions;

/// <summary>
/// What PowerShell's binder needs beyond what the service's pages say, as the build settles it for the module's own cmdlets: a
/// position and the piped object are one parameter's per set, and the engine has to hear of every set.
/// </summary>
internal static class ParameterSets
{
    /// <summary>
    /// Leaves each position of a set to one parameter. PowerShell refuses every call of a cmdlet where two share one: then the
    /// only mandatory one has it, else <c>Identity</c>, else <c>Name</c>; if that decides nothing, none of them.
    /// </summary>
    internal static void SettlePositions(IReadOnlyList<string> sets, IReadOnlyList<CatalogParameter> parameters)
    {
        foreach (string set in sets)
        {
            foreach (List<CatalogParameter> sharing in Sharing(set, parameters, static binding => binding.Position))
            {
                List<CatalogParameter> mandatory = sharing.FindAll(parameter => parameter.Bindings[set].IsMandatory);
                CatalogParameter? owner = mandatory.Count == 1
                    ? mandatory[0]
                    : sharing.Find(static parameter => parameter.Name == "Identity") ?? sharing.Find(static parameter => parameter.Name == "Name");
                foreach (CatalogParameter other in sharing)
                {
                    if (other != owner)
                    {
                        other.Bindings[set] = other.Bindings[set] with { Position = null };
                    }
                }
            }
        }
    }

    /// <summary>
    /// Leaves the piped object of a set to one parameter: PowerShell would bind the same object to all that take it. It is
    /// <c>Identity</c>, else the one with the lowest position, else the first.
    /// </summary>
    internal static void SettlePiped(IReadOnlyList<string> sets, IReadOnlyList<CatalogParameter> parameters)
    {
        foreach (string set in sets)
        {
            foreach (List<CatalogParameter> sharing in Sharing(set, parameters, static binding => binding.TakesObject ? 0 : null))
            {
                CatalogParameter owner = sharing[0];
                foreach (CatalogParameter other in sharing)
                {
                    if (Rank(other, set) < Rank(owner, set))
                    {
                        owner = other;
                    }
                }

                foreach (CatalogParameter other in sharing)
                {
                    if (other != owner)
                    {
                        other.Bindings[set] = other.Bindings[set] with { TakesObject = false };
                    }
                }
            }
        }
    }

    /// <summary>
    /// The set that is meant when nothing tells, if the catalog knows none: one that asks for nothing that any other doesn't ask
    /// for. Without it PowerShell refuses calls that fit several sets.
    /// </summary>
    internal static string? LeastDemanding(IReadOnlyList<string> sets, IReadOnlyList<CatalogParameter> parameters)
    {
        var asked = new List<HashSet<string>>();
        foreach (string set in sets)
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (CatalogParameter parameter in parameters)
            {
                if (parameter.Bindings.TryGetValue(set, out CatalogBinding? binding) && binding.IsMandatory)
                {
                    names.Add(parameter.Name);
                }
            }

            asked.Add(names);
        }

        int least = asked.FindIndex(one => asked.TrueForAll(one.IsSubsetOf));
        return least < 0 ? null : sets[least];
    }

    /// <summary>
    /// Says which parameters name no set. One that is the same in every set need not, unless PowerShell would otherwise not
    /// learn of some set: then the first of them names them all.
    /// </summary>
    internal static void NameSets(IReadOnlyList<string> sets, string? defaultSet, IReadOnlyList<CatalogParameter> parameters)
    {
        bool known = sets.Count == 1;
        if (!known)
        {
            var named = new HashSet<string>(StringComparer.Ordinal);
            foreach (CatalogParameter parameter in parameters)
            {
                if (!IsAlike(parameter, sets.Count))
                {
                    named.UnionWith(parameter.Bindings.Keys);
                }
            }

            if (defaultSet is not null)
            {
                named.Add(defaultSet);
            }

            known = named.IsSupersetOf(sets);
        }

        foreach (CatalogParameter parameter in parameters)
        {
            bool alike = IsAlike(parameter, sets.Count);
            parameter.NamesNoSet = alike && known;
            known |= alike;
        }
    }

    /// <summary>The lowest position in any set; positional parameters come first in the syntax.</summary>
    internal static int LowestPosition(CatalogParameter parameter)
    {
        int lowest = int.MaxValue;
        foreach (CatalogBinding binding in parameter.Bindings.Values)
        {
            lowest = Math.Min(lowest, binding.Position ?? int.MaxValue);
        }

        return lowest;
    }

    /// <summary>The lower, the rather it takes the piped object.</summary>
    private static long Rank(CatalogParameter parameter, string set) =>
        (parameter.Name == "Identity" ? 0 : 1L << 32) + (parameter.Bindings[set].Position ?? int.MaxValue);

    private static bool IsAlike(CatalogParameter parameter, int sets)
    {
        CatalogBinding? first = null;
        foreach (CatalogBinding binding in parameter.Bindings.Values)
        {
            first ??= binding;
            if (binding != first)
            {
                return false;
            }
        }

        return parameter.Bindings.Count == sets;
    }

    /// <summary>The parameters of a set that have the same value of something, where there are several.</summary>
    private static List<List<CatalogParameter>> Sharing(string set, IReadOnlyList<CatalogParameter> parameters, Func<CatalogBinding, int?> value)
    {
        var found = new Dictionary<int, List<CatalogParameter>>();
        foreach (CatalogParameter parameter in parameters)
        {
            if (parameter.Bindings.TryGetValue(set, out CatalogBinding? binding) && value(binding) is { } number)
            {
                if (!found.TryGetValue(number, out List<CatalogParameter>? sharing))
                {
                    found.Add(number, sharing = new List<CatalogParameter>());
                }

                sharing.Add(parameter);
            }
        }

        return new List<List<CatalogParameter>>(found.Values).FindAll(static sharing => sharing.Count > 1);
    }
}
