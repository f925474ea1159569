using System;
using System.Globalization;
using System.Management.Automation;
using ExchangeOnlineRs.Rows;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>Which text names an object to the service, and which texts name it to people.</summary>
internal static class ObjectIdentity
{
    /// <summary>
    /// The members by which an object is recognised, the most exact first. Display names can be ambiguous; the service
    /// takes any of these where it takes an identity.
    /// </summary>
    private static readonly string[] Members =
        { "ExternalDirectoryObjectId", "ExchangeGuid", "Guid", "Identity", "DistinguishedName", "UserPrincipalName", "PrimarySmtpAddress" };

    /// <summary>What an object says of itself to people: the first of these that it has.</summary>
    private static readonly string[] Names = { "DisplayName", "Name" };

    private static readonly string[] ExactIds = { "ExternalDirectoryObjectId", "ExchangeGuid", "Guid" };

    private static readonly string[] Addresses = { "UserPrincipalName", "PrimarySmtpAddress" };

    /// <summary>The text that a value is sent as where the service takes an identity.</summary>
    /// <param name="original">The value with what the engine wrapped around it.</param>
    /// <param name="parameter">The parameter it was given to.</param>
    /// <exception cref="WireException">It has nothing that identifies it.</exception>
    internal static string Of(object original, string parameter)
    {
        try
        {
            return original switch
            {
                PSObject { BaseObject: Row row } => Of(row),
                PSObject wrapped => Of(wrapped, wrapped.BaseObject, parameter),
                Row row => Of(row),
                _ => Of(PSObject.AsPSObject(original), original, parameter),
            };
        }
        catch (ExtendedTypeSystemException e)
        {
            // Another member could name another object than the one that cannot be read.
            throw Unreadable(parameter, original, e);
        }
    }

    /// <summary>
    /// An address of the mailbox that <paramref name="sent"/> names; null if the object has none, or is not named by an exact id of
    /// its own: any other text may be another object. It is the address that the object came with, as one that a script gave it may
    /// be the one it is to get. The address of a mailbox that was deleted can belong to somebody else by now, and an address that is
    /// sent leads by itself.
    /// </summary>
    internal static string? AddressOf(object? value, string sent)
    {
        try
        {
            return value switch
            {
                null or PSObject { BaseObject: string or ValueType } or string or ValueType => null,
                _ when sent.Contains('@', StringComparison.Ordinal) => null,
                PSObject { BaseObject: Row row } => AddressOf(row.OwnTextOf, sent),
                Row row => AddressOf(row.OwnTextOf, sent),
                _ => AddressOf(member => TextOf(value, member), sent),
            };
        }
        catch (ExtendedTypeSystemException)
        {
            // What cannot be read leads nowhere; the call itself does not need it.
            return null;
        }
    }

    private static string? AddressOf(Func<string, string?> textOf, string sent) =>
        Array.Exists(ExactIds, member => textOf(member) == sent) && !IsWithoutUser(textOf) ? First(textOf, Addresses) : null;

    /// <summary>
    /// Whether a mailbox has lost its user. It keeps the id of the user it had, who may have another mailbox by now; its own is then
    /// the exact one.
    /// </summary>
    private static bool IsWithoutUser(Func<string, string?> textOf) => IsTrue(textOf("IsInactiveMailbox")) || textOf("WhenSoftDeleted") is not null;

    /// <summary>The most exact id of a row of ours, unless a script named another object.</summary>
    private static string Of(Row row) => Added(row) ?? row.AssignedIdentity() ?? OwnId(row);

    /// <summary>What people call the object that <paramref name="sent"/> names, and its address, as far as the object tells.</summary>
    internal static (string? Name, string? Address) ShownOf(object? value, string sent)
    {
        try
        {
            return IsNamedBy(value, sent) ? (First(member => TextOf(value, member), Names), TextOf(value, "PrimarySmtpAddress") ?? TextOf(value, "UserPrincipalName")) : default;
        }
        catch (ExtendedTypeSystemException)
        {
            // A property of a script's object that cannot be read is not missed in a sentence; the identity stands there anyway.
            return default;
        }
    }

    /// <summary>
    /// The identity that a script put over the row's own with <c>Add-Member</c>. The engine keeps such members by object, so
    /// that they are found whether or not the row comes in its wrapper.
    /// </summary>
    private static string? Added(Row row) =>
        PSObject.AsPSObject(row) is { } wrapped && wrapped.Properties["Identity"] is { IsInstance: true } and not PSProperty
            ? MemberText(wrapped, "Identity")
            : null;

    private static string OwnId(Row row)
    {
        string? directory = IsWithoutUser(row.TextOf) ? null : row.TextOf("ExternalDirectoryObjectId");
        return directory
            ?? RealGuid(row.TextOf("ExchangeGuid"))
            // Rows that are no directory objects can have a Guid that names something else.
            ?? (row.TextOf("DistinguishedName") is null ? null : RealGuid(row.TextOf("Guid")))
            // Statistics of a mailbox may have no identity but the mailbox's.
            ?? (row.TextOf("Identity") is null ? RealGuid(row.TextOf("MailboxGuid")) : null)
            ?? row.ToString();
    }

    private static string Of(PSObject wrapped, object value, string parameter)
    {
        if (value is not (PSCustomObject or PlainRow))
        {
            var text = (string)LanguagePrimitives.ConvertTo(value, typeof(string), CultureInfo.InvariantCulture);
            return !IsTypeName(text, value.GetType()) ? text : OfMembers(wrapped, parameter) ?? throw Unidentified(wrapped, value, parameter);
        }

        // An object a script made, or read from a file: the property of the parameter's name is what the original binds. A copy
        // of a row has the row's exact id beside the name that is its identity.
        if (value is PSCustomObject && MemberText(wrapped, parameter) is { } named)
        {
            return (parameter.Equals("Identity", StringComparison.OrdinalIgnoreCase) ? OfCopy(wrapped, named) : null) ?? named;
        }

        // The row's text is the identity it came with: another one is a script's.
        if (value is PlainRow && MemberText(wrapped, "Identity") is { } identity && identity != value.ToString())
        {
            return identity;
        }

        return OfMembers(wrapped, parameter: null) ?? (value is PlainRow ? value.ToString()! : throw Unidentified(wrapped, value, parameter));
    }

    /// <summary>
    /// Whether a text only says of which class an object is: what .NET says of objects that have no text of their own, some with a
    /// remark behind.
    /// </summary>
    private static bool IsTypeName(string text, Type type) =>
        type.FullName is { } name && (text == name || text == type.ToString() || text.StartsWith(name + " (", StringComparison.Ordinal));

    private static string? OfMembers(PSObject wrapped, string? parameter)
    {
        if (parameter is not null && MemberText(wrapped, parameter) is { } named)
        {
            return named;
        }

        foreach (string member in Members)
        {
            if (member == Members[0] && IsWithoutUser(name => MemberText(wrapped, name)))
            {
                continue;
            }

            if (MemberText(wrapped, member) is { } text && (!member.EndsWith("Guid", StringComparison.Ordinal) || RealGuid(text) is not null))
            {
                return text;
            }
        }

        return null;
    }

    /// <summary>
    /// The exact id of a copy of a row (<c>Select-Object</c>, <c>Import-Clixml</c>) whose identity is still the one it came with. What
    /// does not say that it was a row goes by its identity: the ids in a table may have been written down in another organization.
    /// </summary>
    private static string? OfCopy(PSObject copy, string identity)
    {
        if (!WasRow(copy))
        {
            return null;
        }

        string? distinguishedName = MemberText(copy, "DistinguishedName");
        if (identity != distinguishedName && identity != MemberText(copy, "Name") && identity != MemberText(copy, "Id"))
        {
            return null;
        }

        string? directory = IsWithoutUser(name => MemberText(copy, name)) ? null : MemberText(copy, "ExternalDirectoryObjectId");
        return ParsedGuid(directory)
            ?? ParsedGuid(MemberText(copy, "ExchangeGuid"))
            ?? (distinguishedName is null ? null : ParsedGuid(MemberText(copy, "Guid")));
    }

    /// <summary>Whether the engine noted that an object was copied from a row.</summary>
    private static bool WasRow(PSObject copy)
    {
        foreach (string type in copy.TypeNames)
        {
            if ((type.StartsWith("Selected.", StringComparison.OrdinalIgnoreCase) || type.StartsWith("Deserialized.", StringComparison.OrdinalIgnoreCase))
                && (type.Contains("Microsoft.Exchange.", StringComparison.OrdinalIgnoreCase) || type.EndsWith(typeof(PlainRow).FullName!, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsNamedBy(object? value, string sent) => value switch
    {
        null => false,
        PSObject { BaseObject: Row row } => sent == OwnId(row),
        Row row => sent == OwnId(row),
        PSObject { BaseObject: string or ValueType } or string or ValueType => false,
        _ => Array.Exists(Members, member => TextOf(value, member) == sent),
    };

    private static string? First(Func<string, string?> textOf, string[] members)
    {
        foreach (string member in members)
        {
            if (textOf(member) is { } text)
            {
                return text;
            }
        }

        return null;
    }

    private static string? TextOf(object? value, string member) => value switch
    {
        null => null,
        PSObject { BaseObject: Row row } => row.TextOf(member),
        Row row => row.TextOf(member),
        _ => MemberText(PSObject.AsPSObject(value), member),
    };

    private static string? MemberText(PSObject value, string name)
    {
        string? text = value.Properties[name]?.Value?.ToString();
        return string.IsNullOrEmpty(text) ? null : text;
    }

    private static bool IsTrue(string? text) => string.Equals(text, bool.TrueString, StringComparison.OrdinalIgnoreCase);

    private static string? RealGuid(string? text) =>
        text is not null && (!Guid.TryParse(text, out Guid guid) || guid != Guid.Empty) ? text : null;

    private static string? ParsedGuid(string? text) => Guid.TryParse(text, out Guid guid) && guid != Guid.Empty ? text : null;

    /// <summary>That a property which throws keeps an object from being named.</summary>
    internal static WireException Unreadable(string parameter, object value, ExtendedTypeSystemException thrown) =>
        new(parameter, value, "UnreadableObject", $"A property that may identify it cannot be read: {thrown.Message}");

    private static WireException Unidentified(PSObject wrapped, object value, string parameter) =>
        new(
            parameter,
            wrapped,
            "NoIdentity",
            $"The object {(value is PSCustomObject ? string.Empty : $"is a {value.GetType().Name} and ")}has no property that identifies it, such as Identity or PrimarySmtpAddress.");
}
