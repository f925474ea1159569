using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace ExchangeOnlineRs.Logging;

/// <summary>Parameters as text for a log, without secrets.</summary>
internal static class LogText
{
    private const string Hidden = "***";
    private const int LongestValue = 1000;
    private const int MostItems = 50;
    private const int MostLevels = 4;

    /// <summary>Words in the names of parameters whose text is a secret.</summary>
    private static readonly string[] SecretWords = { "password", "secret", "token", "credential" };

    /// <summary>The query of an address. Texts can be long pages, on which this must not go back and forth.</summary>
    private static readonly Regex Query = new("""(://[^\s?"'<>]*)\?[^\s"'<>]*""", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>The names of the parameters, with their values if wanted: <c>-Identity adele -ResultSize 5</c>.</summary>
    internal static string Parameters(IEnumerable<KeyValuePair<string, object>> bound, bool withValues)
    {
        var text = new StringBuilder();
        foreach ((string name, object value) in bound)
        {
            text.Append(text.Length > 0 ? " -" : "-").Append(name);
            if (withValues && value is not SwitchParameter { IsPresent: true })
            {
                text.Append(value is SwitchParameter ? ':' : ' ').Append(Value(name, value));
            }
        }

        return text.ToString();
    }

    private static string Value(string name, object? value)
    {
        string text = IsSecret(name, value) ? Hidden : Render(value, MostLevels);
        return text.Length > LongestValue ? string.Concat(text.AsSpan(0, LongestValue), "…") : text;
    }

    /// <summary>Whether a value must not be shown. Numbers and switches have no secrets, whatever they are called.</summary>
    /// <param name="name">The name of the parameter, or its key in a table.</param>
    /// <param name="value">The value.</param>
    internal static bool IsSecret(string name, object? value) =>
        (value is PSObject wrapped ? wrapped.BaseObject : value) is string or Uri or IEnumerable
        && Array.Exists(SecretWords, word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>A text without the queries of the addresses in it: that of a shared storage holds the signature which opens it.</summary>
    internal static string WithoutQueries(string text) =>
        text.Contains("://", StringComparison.Ordinal) ? Query.Replace(text, "$1?…") : text;

    private static string Render(object? value, int levels)
    {
        object? plain = value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;
        switch (plain)
        {
            case null:
                return "$null";
            case SecureString or PSCredential or X509Certificate2:
                return Hidden;
            case string text:
                return WithoutQueries(text.Length > LongestValue ? string.Concat(text.AsSpan(0, LongestValue), "…") : text);
            case Uri address:
                return WithoutQueries(address.ToString());
            case bool flag:
                return flag ? "$true" : "$false";
            case SwitchParameter given:
                return given.IsPresent ? "$true" : "$false";
            case DateTime date:
                return date.ToString("o", CultureInfo.InvariantCulture);
            case byte[] bytes:
                return $"<{bytes.Length} bytes>";
            case ScriptBlock block:
                return "{" + block + "}";
            case IDictionary table when levels > 0:
                var pairs = new List<string>();
                foreach (DictionaryEntry entry in table)
                {
                    string key = entry.Key.ToString() ?? string.Empty;
                    pairs.Add($"{key}={(IsSecret(key, entry.Value) ? Hidden : Render(entry.Value, levels - 1))}");
                }

                return "@{" + string.Join("; ", pairs) + "}";
            case IEnumerable items when levels > 0:
                var texts = new List<string>();
                foreach (object? item in items)
                {
                    if (texts.Count == MostItems)
                    {
                        texts.Add("…");
                        break;
                    }

                    texts.Add(Render(item, levels - 1));
                }

                return string.Join(", ", texts);
            default:
                return WithoutQueries(Convert.ToString(plain, CultureInfo.InvariantCulture) ?? string.Empty);
        }
    }
}
