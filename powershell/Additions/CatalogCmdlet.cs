using System.Collections.Generic;
using System.Text.Json.Serialization;
using ExchangeOnlineRs.Cmdlets;

namespace ExchangeOnlineRs.Additions;

/// <summary>How a parameter takes part in a set; without a name of one, in every set.</summary>
internal sealed record CatalogBinding(string? Set, bool IsMandatory, int? Position, bool TakesObject, bool TakesProperty);

/// <summary>An attribute of a parameter, by its name here, and what it is told.</summary>
internal sealed record CatalogAttribute(string Name, IReadOnlyList<string> Texts);

/// <summary>A parameter, its type by the name that C# has for it.</summary>
internal sealed record CatalogParameter(
    string Name, string TypeName, bool HidesMember, IReadOnlyList<CatalogBinding> Bindings, IReadOnlyList<CatalogAttribute> Attributes);

/// <summary>A cmdlet of a catalog file as the core has settled it: by the rules that the module's own cmdlets were built by.</summary>
internal sealed record CatalogCmdlet(
    string Name,
    string Verb,
    string Noun,
    string ClassName,
    [property: JsonConverter(typeof(JsonStringEnumConverter))] ServiceSurface Surface,
    string? DefaultSet,
    bool AsksForConfirmation,
    bool HasHighImpact,
    bool IsRead,
    bool HasPagedResults,
    bool GivesRows,
    string RowType,
    IReadOnlyList<CatalogParameter> Parameters);

/// <summary>An entry of a catalog file that no cmdlet can be made of.</summary>
/// <param name="Name">Its name, or its place if it has none.</param>
/// <param name="Message">What is wrong.</param>
internal sealed record CatalogProblem(string Name, string Message);

/// <summary>What a catalog file has.</summary>
internal sealed record CatalogContent(IReadOnlyList<CatalogCmdlet> Cmdlets, IReadOnlyList<CatalogProblem> Problems);
