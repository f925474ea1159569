using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ExchangeOnlineRs.Connecting;

namespace ExchangeOnlineRs.Formats;

/// <summary>Which default views a connection wants.</summary>
internal sealed class ViewChoice
{
    /// <summary>None at all.</summary>
    internal static readonly ViewChoice None = new(new HashSet<DefaultView>());

    /// <summary>All there are.</summary>
    internal static readonly ViewChoice All = new(DefaultViewList.All.ToHashSet());

    private readonly HashSet<DefaultView> views;

    private ViewChoice(HashSet<DefaultView> views) => this.views = views;

    /// <summary>The views.</summary>
    internal IReadOnlyCollection<DefaultView> Views => views;

    /// <summary>The views for some types. Names that hold nothing are none, and no names mean all: scripts pass variables on.</summary>
    /// <param name="typeNames">Names of types, with wildcards.</param>
    /// <exception cref="RefusedException">One of the names is no pattern.</exception>
    internal static ViewChoice Of(IReadOnlyCollection<string?>? typeNames)
    {
        List<string> names = (typeNames ?? []).Where(static name => !string.IsNullOrWhiteSpace(name)).Select(static name => name!.Trim()).ToList();
        return names.Count == 0 || names.Contains("*")
            ? All
            : new ViewChoice(names.SelectMany(Matching).ToHashSet());
    }

    /// <summary>The views of both.</summary>
    internal ViewChoice With(ViewChoice other) =>
        other.views.IsSubsetOf(views) ? this
        : views.IsSubsetOf(other.views) ? other
        : new ViewChoice(views.Union(other.views).ToHashSet());

    private static IEnumerable<DefaultView> Matching(string name)
    {
        try
        {
            WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
            return DefaultViewList.All.Where(view => view.IsFor(pattern)).ToList();
        }
        catch (WildcardPatternException e)
        {
            throw new RefusedException("InvalidFormatTypeName", $"-FormatTypeName takes names of types, with wildcards, and '{name}' is none: {e.Message}", ErrorCategory.InvalidArgument, name);
        }
    }
}
