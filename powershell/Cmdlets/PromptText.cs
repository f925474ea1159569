using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Text;
using ExchangeOnlineRs.Logging;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// What a cmdlet is about, as a question or <c>-WhatIf</c> shows it: the object by its name, and who or what else takes part. It is
/// made of the parameters alone, without asking the service.
/// </summary>
internal static class PromptText
{
    /// <summary>As many items of a list are named.</summary>
    private const int MostItems = 3;

    /// <summary>As long is one text; what is longer fills the screen and says no more.</summary>
    private const int LongestText = 120;

    /// <summary>Parameters that name the object, the first that is given first.</summary>
    private static readonly string[] Subjects = { "Identity", "Identities", "Name", "DisplayName" };

    /// <summary>Parameters that say whose or what part of the object it is about.</summary>
    private static readonly string[] Parts =
        { "Mailbox", "GroupMailbox", "Member", "Members", "User", "Users", "Trustee", "MultiTrustees", "Links", "LinkType", "Entries", "Ids" };

    /// <summary>Describes what a call is about.</summary>
    /// <param name="parameters">The parameters of the call.</param>
    /// <param name="sent">The identity that will be sent.</param>
    /// <param name="isMandatory">Whether the cmdlet cannot be called without a parameter.</param>
    internal static string Of(IEnumerable<KeyValuePair<string, object?>> parameters, string? sent, Func<string, bool> isMandatory)
    {
        var given = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, object? value) in parameters)
        {
            given[name] = value;
        }

        var text = new StringBuilder();
        string? subject = null;
        foreach (string name in Subjects)
        {
            if (given.TryGetValue(name, out object? value) && Shown(value, name, name == Subjects[0] ? sent : null) is { } shown)
            {
                subject = name;
                text.Append(shown);
                break;
            }
        }

        // A cmdlet without any of these is told apart by what it cannot do without.
        foreach (string name in given.Keys)
        {
            if (subject is null && Array.IndexOf(Parts, name) < 0 && isMandatory(name))
            {
                Append(text, name, given[name]);
            }
        }

        foreach (string name in Parts)
        {
            if (given.TryGetValue(name, out object? value))
            {
                Append(text, name, value);
            }
        }

        return text.Length > 0 ? text.ToString() : "the organization";
    }

    private static void Append(StringBuilder text, string name, object? value)
    {
        if (Shown(value, name, sent: null) is { } shown)
        {
            text.Append(text.Length > 0 ? ", " : string.Empty).Append(name).Append(": ").Append(shown);
        }
    }

    /// <summary>A value as text; null for what says nothing to a reader, or must not be seen.</summary>
    private static string? Shown(object? value, string parameter, string? sent)
    {
        if (LogText.IsSecret(parameter, value))
        {
            return null;
        }

        switch (WireWriter.Unwrap(value))
        {
            case null or byte[] or System.Security.SecureString or PSCredential or SwitchParameter or ScriptBlock:
                return null;
            case string text:
                return Cut(text);
            case Uri address:
                return Cut(address.ToString());
            case IDictionary table:
                return Change(table, parameter);
            case IEnumerable items and not Row:
                return Items(items, parameter);
            case IFormattable simple:
                return Cut(simple.ToString(null, CultureInfo.InvariantCulture));
            case bool flag:
                return flag.ToString();
            default:
                return Named(value!, parameter, sent);
        }
    }

    /// <summary>An object: its name, and behind it in brackets what tells it apart from another of that name.</summary>
    private static string? Named(object value, string parameter, string? sent)
    {
        string id = sent ?? ObjectIdentity.Of(value, parameter);
        (string? name, string? address) = ObjectIdentity.ShownOf(value, id);
        address = address == id ? null : address;
        string more = address is null ? Cut(id) ?? string.Empty : $"{Cut(address)}, {Cut(id)}";
        return name is null || name == id ? more : $"{Cut(name)} ({more})";
    }

    private static string? Items(IEnumerable items, string parameter)
    {
        var text = new StringBuilder();
        int count = 0;
        foreach (object? item in items)
        {
            if (Shown(item, parameter, sent: null) is { } shown && ++count <= MostItems)
            {
                text.Append(count > 1 ? "; " : string.Empty).Append(shown);
            }
        }

        return count == 0 ? null
            : count <= MostItems ? text.ToString()
            : string.Create(CultureInfo.CurrentCulture, $"{text} and {count - MostItems:N0} more");
    }

    /// <summary>@{Add=…; Remove=…}: what is added and removed.</summary>
    private static string? Change(IDictionary table, string parameter)
    {
        var text = new StringBuilder();
        foreach (DictionaryEntry entry in table)
        {
            string key = entry.Key.ToString() ?? string.Empty;
            if (!LogText.IsSecret(key, entry.Value) && Shown(entry.Value, parameter, sent: null) is { } shown)
            {
                text.Append(text.Length > 0 ? "; " : string.Empty).Append(Cut(key)).Append(' ').Append(shown);
            }
        }

        return text.Length > 0 ? text.ToString() : null;
    }

    /// <summary>
    /// A text that stays within its line: a line break in a name must not look like a sentence of the prompt, nor a mark that turns
    /// the direction of writing show another name.
    /// </summary>
    private static string? Cut(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        bool isLong = text.Length > LongestText;
        int most = isLong ? LongestText - 1 : LongestText;
        var line = new StringBuilder(LongestText);
        foreach (Rune character in text.EnumerateRunes())
        {
            if (line.Length + character.Utf16SequenceLength > most)
            {
                break;
            }

            line.Append(MovesTheLine(character) ? " " : character.ToString());
        }

        return LogText.WithoutQueries(isLong ? line.Append('…').ToString() : line.ToString());
    }

    private static bool MovesTheLine(Rune character) => Rune.GetUnicodeCategory(character)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
