using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Management.Automation;
using System.Text.Json;
using ExchangeOnlineRs.Cmdlets;
using ExchangeOnlineRs.Native;
using ExchangeOnlineRs.Rows;

namespace ExchangeOnlineRs.Completion;

/// <summary>An object of the organization as it is offered.</summary>
/// <param name="Value">What names it on the command line.</param>
/// <param name="Name">How it is shown in a list.</param>
/// <param name="Description">What is said about it.</param>
internal sealed record TenantObject(string Value, string Name, string Description);

/// <summary>
/// Looks up a few objects of the organization while somebody types. It is a convenience: it waits a second at most, asks the
/// same thing once in a while only, and offers nothing where anything goes wrong.
/// </summary>
internal static class TenantLookup
{
    private const int MostObjects = 20;
    private const int MostAnswers = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerLife = TimeSpan.FromMinutes(1);

    /// <summary>A service that does not answer must not cost a second at every key.</summary>
    private static readonly TimeSpan FailureLife = TimeSpan.FromSeconds(10);

    private static readonly ConcurrentDictionary<Question, Answer> Answers = new();

    /// <summary>The objects that a cmdlet lists and whose name begins like this, as far as they were found in time.</summary>
    internal static IEnumerable<TenantObject> Find(Guid connection, ServiceCmdletClass listing, string word)
    {
        int at = word.IndexOf('@', StringComparison.Ordinal);

        // The service looks for the beginnings of names; an address it knows by its beginning only.
        string searched = Has(listing, "Anr") ? (at > 0 ? word[..at] : word).Trim() : string.Empty;
        bool everything = searched.Length == 0;
        foreach (TenantObject found in Ask(new Question(connection, listing.Name, searched.ToUpperInvariant()), listing, searched))
        {
            if ((everything || at > 0) && !Begins(found.Value, word) && (at > 0 || !Begins(found.Name, word)))
            {
                continue;
            }

            yield return found;
        }
    }

    private static bool Begins(string text, string word) => text.StartsWith(word, StringComparison.OrdinalIgnoreCase);

    private static bool Has(ServiceCmdletClass cmdlet, string parameter) => ServiceCmdletClass.MemberOf(cmdlet.Type, parameter) is not null;

    private static IReadOnlyList<TenantObject> Ask(Question question, ServiceCmdletClass listing, string searched)
    {
        long now = Environment.TickCount64;
        if (Answers.TryGetValue(question, out Answer? known) && known.Until > now)
        {
            return known.Objects;
        }

        List<TenantObject>? objects = null;
        try
        {
            objects = Run(question.Connection, listing, searched);
        }
        catch (Exception e) when (e is FaultException or NativeLibraryException or JsonException or FormatException or RuntimeException)
        {
            // Nobody asked for anything yet, so there is nobody to tell; the command itself will say what is wrong.
        }

        if (Answers.Count >= MostAnswers)
        {
            Answers.Clear();
        }

        TimeSpan life = objects is null ? FailureLife : AnswerLife;
        var answer = new Answer(objects ?? new List<TenantObject>(), Environment.TickCount64 + (long)life.TotalMilliseconds);
        Answers[question] = answer;
        return answer.Objects;
    }

    /// <summary>Asks the service; null if it did not answer in time or refused.</summary>
    private static List<TenantObject>? Run(Guid connection, ServiceCmdletClass listing, string searched)
    {
        using var request = new PooledBuffer();
        WriteRequest(request, connection, listing, searched);
        var objects = new List<TenantObject>();
        var clock = Stopwatch.StartNew();

        // Leaving early closes the operation, which cancels it.
        using NativeOperation operation = NativeOperation.StartCommand(request.Written);
        while (Patience - clock.Elapsed is { Ticks: > 0 } left)
        {
            switch (operation.Next((uint)Math.Ceiling(left.TotalMilliseconds), out PageHandle? page))
            {
                case OperationStep.Page:
                    Read(new NativePage(page!, listing.Definition.RowType), listing, objects);
                    break;
                case OperationStep.Done:
                    objects.Sort(static (a, b) => string.Compare(a.Name, b.Name, StringComparison.CurrentCultureIgnoreCase));
                    return objects;
                case OperationStep.Failed:
                    return null;
                default:
                    break;
            }
        }

        return null;
    }

    private static void WriteRequest(PooledBuffer buffer, Guid connection, ServiceCmdletClass listing, string searched)
    {
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("connectionId", connection.ToString());
        json.WriteNull("prefix");
        json.WriteString("surface", listing.Surface.ToWire());
        json.WriteString("cmdletName", listing.Definition.Name);
        json.WriteStartObject("parameters");
        if (searched.Length > 0)
        {
            json.WriteString("Anr", searched);
        }

        if (Has(listing, "ResultSize"))
        {
            json.WriteNumber("ResultSize", MostObjects);
        }

        json.WriteEndObject();
        json.WriteNumber("resultSize", MostObjects);
        json.WriteNull("pageSize");
        json.WriteNull("errorAction");
        json.WriteNull("anchor");
        json.WriteBoolean("isRead", true);
        json.WriteBoolean("verbose", false);
        json.WriteEndObject();
        json.Flush();
    }

    private static void Read(NativePage page, ServiceCmdletClass listing, List<TenantObject> objects)
    {
        for (int i = 0; i < page.Count && objects.Count < MostObjects; i++)
        {
            if (page.Row(i) is not { } row)
            {
                continue;
            }

            var properties = PSObject.AsPSObject(row);
            string? value = listing.Noun == "AcceptedDomain"
                ? First(properties, "DomainName", "Name")
                : First(properties, "PrimarySmtpAddress", "UserPrincipalName", "Identity", "Name");
            if (value is null || objects.Exists(other => other.Value.Equals(value, StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            string name = First(properties, "DisplayName", "Name") ?? value;
            string? kind = First(properties, "RecipientTypeDetails", "DomainType", "GroupType");
            objects.Add(new TenantObject(value, name, (name == value ? value : $"{name}, {value}") + (kind is null ? string.Empty : $", {kind}")));
        }
    }

    private static string? First(PSObject row, params string[] names)
    {
        foreach (string name in names)
        {
            if (row.Properties[name]?.Value?.ToString() is { } text && !string.IsNullOrWhiteSpace(text))
            {
                return text;
            }
        }

        return null;
    }

    private readonly record struct Question(Guid Connection, string Cmdlet, string Text);

    private sealed record Answer(IReadOnlyList<TenantObject> Objects, long Until);
}
