using System;
using System.Collections.Generic;
using ExchangeOnlineRs.Cmdlets;

namespace ExchangeOnlineRs.Additions;

/// <summary>How a parameter takes part in a set.</summary>
internal sealed record CatalogBinding(bool IsMandatory, int? Position, bool TakesObject, bool TakesProperty);

/// <summary>A parameter of a catalog file.</summary>
internal sealed class CatalogParameter
{
    internal CatalogParameter(string name, string typeName, IReadOnlyList<string> aliases, IReadOnlyList<string> acceptedValues)
    {
        Name = name;
        TypeName = typeName;
        Aliases = aliases;
        AcceptedValues = acceptedValues;
    }

    internal string Name { get; }

    internal string TypeName { get; }

    internal IReadOnlyList<string> Aliases { get; }

    internal IReadOnlyList<string> AcceptedValues { get; }

    /// <summary>Its part in each set, by the set's name.</summary>
    internal Dictionary<string, CatalogBinding> Bindings { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether it says nothing of sets: it is in all of them, and the same in each.</summary>
    internal bool NamesNoSet { get; set; }
}

/// <summary>A cmdlet of a catalog file.</summary>
internal sealed record CatalogCmdlet(
    string Name, ServiceSurface Surface, string? DefaultSet, bool AsksForConfirmation, bool HasHighImpact, IReadOnlyList<CatalogParameter> Parameters)
{
    internal string Verb => Name[..Name.IndexOf('-', StringComparison.Ordinal)];

    internal string Noun => Name[(Name.IndexOf('-', StringComparison.Ordinal) + 1)..];
}

/// <summary>An entry of a catalog file that no cmdlet can be made of.</summary>
/// <param name="Name">Its name, or its place if it has none.</param>
/// <param name="Message">What is wrong.</param>
internal sealed record CatalogProblem(string Name, string Message);

/// <summary>What a catalog file has.</summary>
internal sealed record CatalogContent(IReadOnlyList<CatalogCmdlet> Cmdlets, IReadOnlyList<CatalogProblem> Problems);
