using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>Puts the text of a filter into the form that the service takes.</summary>
internal static class FilterText
{
    /// <summary>
    /// Text in quotes is matched first, and as a whole, so that nothing in it is taken for a comparison. A doubled quote
    /// ends one such text and begins the next.
    /// </summary>
    private static readonly Regex Booleans = new(
        @"'[^']*(?:'|\z)|""[^""]*(?:""|\z)|(?<![\w-])(?<operator>-(?:eq|ne)\s+)(?<value>true|false)(?=[\s)}]|\z)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture);

    /// <summary>
    /// The parameters that take such a filter. Queries for content and for sites (ContentMatchQuery, RawQuery) are of another
    /// language, in which a dollar sign is a character like others; of ContentFilter no public source says which it is.
    /// </summary>
    private static readonly HashSet<string> Parameters = new(StringComparer.OrdinalIgnoreCase)
    {
        "Filter", "RecipientFilter", "RecipientPreviewFilter", "RecipientRestrictionFilter", "UserGroupFilter",
    };

    /// <summary>Whether a parameter takes a filter.</summary>
    internal static bool IsFilter(string parameter) => Parameters.Contains(parameter);

    /// <summary>
    /// In double quotes PowerShell expands <c>$true</c> to <c>True</c>, which the service does not know; it is given its
    /// dollar sign back.
    /// </summary>
    internal static object? Normalise(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        string text => Normalise(text),
        ScriptBlock block => Normalise(block.ToString()),
        _ => value,
    };

    private static string Normalise(string text) => Booleans.Replace(
        text,
        static match => match.Groups["operator"] is { Success: true } comparison
            ? $"{comparison.Value}${match.Groups["value"].Value.ToLowerInvariant()}"
            : match.Value);
}
