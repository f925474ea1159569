using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Text;
using System.Text.Json;

namespace ExchangeOnlineRs.Rows;

/// <summary>The side-car types of the page index, as the core numbers them.</summary>
internal enum ValueTag : byte
{
    None = 0,
    DateTime = 1,
    Guid = 2,
    Int32 = 3,
    Int64 = 4,
    UInt16 = 5,
    UInt32 = 6,
    UInt64 = 7,
    Int16 = 8,
    Byte = 9,
    SByte = 10,
    Decimal = 11,
    Double = 12,
    Single = 13,
    Strings = 14,
    Collection = 15,
    Object = 16,
    Boolean = 17,
    Unknown = 255,
}

/// <summary>Turns one JSON value of a page into what PowerShell shows.</summary>
/// <remarks>
/// Values are what scripts know from the original: local time in a date property and UTC in its <c>…UTC</c> twin, arrays
/// that are never null, text for everything the service writes as text. Time spans stay text (<c>14.00:00:00</c>): that is
/// what the original gives, text methods work on it, and <c>[timespan]</c> takes it. <c>Unlimited</c> stays text too, so that
/// <c>-eq 'Unlimited'</c> and <c>switch</c> work, with the members of a size.
/// </remarks>
internal static class ValueReader
{
    private static readonly object True = true;
    private static readonly object False = false;
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 256, CommentHandling = JsonCommentHandling.Disallow };

    /// <summary>Short texts that come again and again (types, flags, quotas): one string each instead of one a row.</summary>
    private static readonly string?[] Common = new string?[1024];

    /// <summary>Reads the value at the start of <paramref name="json"/>; what follows it does not matter.</summary>
    internal static object? Read(ReadOnlySpan<byte> json, ValueTag tag, bool utc)
    {
        if (json.IsEmpty)
        {
            return null;
        }

        try
        {
            return ReadFirst(json, tag, utc);
        }
        catch (JsonException)
        {
            // Nested beyond what is read. PowerShell would make nothing at all of an exception in a property.
            return Encoding.UTF8.GetString(json[..LengthOf(json)]);
        }
    }

    private static object? ReadFirst(ReadOnlySpan<byte> json, ValueTag tag, bool utc)
    {
        switch (json[0])
        {
            case (byte)'"':
                return FromText(json, tag, utc);
            case (byte)'t':
                return True;
            case (byte)'f':
                return False;
            case (byte)'n':
                return tag is ValueTag.Strings or ValueTag.Collection ? Array.Empty<object>() : null;
            case (byte)'[' or (byte)'{':
                var reader = new Utf8JsonReader(json, Options);
                reader.Read();
                return ReadValue(ref reader, tag, utc);
            default:
                return Wrap(FromNumber(json, tag), tag);
        }
    }

    /// <summary>Whether a value can change under its reader's hands, so that reading twice must give the same object.</summary>
    internal static bool IsMutable(object? value) => value is object?[] || (value is PSObject o && o.BaseObject is PSCustomObject);

    /// <summary>Reads one text in place, without the index; for identities.</summary>
    internal static string? ReadText(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || json[0] != (byte)'"')
        {
            return Read(json, ValueTag.None, utc: false)?.ToString();
        }

        return TryRaw(json, out ReadOnlySpan<byte> raw) ? Share(raw) : Unescape(json);
    }

    private static object FromText(ReadOnlySpan<byte> json, ValueTag tag, bool utc)
    {
        bool plain = TryRaw(json, out ReadOnlySpan<byte> raw);
        if (plain && (tag == ValueTag.DateTime || (tag == ValueTag.None && LooksLikeDate(raw))) && TryDate(raw, utc, out DateTime date))
        {
            return date;
        }

        if (plain && tag == ValueTag.Guid && Utf8Parser.TryParse(raw, out Guid guid, out int used, 'D') && used == raw.Length)
        {
            return guid;
        }

        string text = plain ? Share(raw) : Unescape(json);
        switch (tag)
        {
            case ValueTag.DateTime:
                return TryDate(text, utc, out DateTime other) ? other : text;
            case ValueTag.Guid:
                return Guid.TryParse(text, out Guid parsed) ? parsed : text;
            case ValueTag.Strings or ValueTag.Collection:
                return new object[] { text };
            case ValueTag.Int32 or ValueTag.Int64 or ValueTag.UInt16 or ValueTag.UInt32 or ValueTag.UInt64 or ValueTag.Int16
                or ValueTag.Byte or ValueTag.SByte or ValueTag.Decimal or ValueTag.Double or ValueTag.Single:
                // Wide numbers may travel as text so that no client rounds them.
                return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number) && Fits(number, tag, out object? typed)
                    ? typed!
                    : text;
            case ValueTag.Boolean:
                // As text it would be true to an if, whatever it says.
                return bool.TryParse(text, out bool flag) ? (flag ? True : False) : text;
            default:
                return Sized(raw, text);
        }
    }

    /// <summary>
    /// Whether text without a type is a date in the very form the service writes dates in: some, such as
    /// WhenMailboxCreated, come without their type, and are dates in the original.
    /// </summary>
    private static bool LooksLikeDate(ReadOnlySpan<byte> raw) =>
        ((raw.Length == 28 && raw[27] == (byte)'Z') || (raw.Length == 33 && raw[27] is (byte)'+' or (byte)'-'))
        && raw[4] == (byte)'-' && raw[7] == (byte)'-' && raw[10] == (byte)'T' && raw[13] == (byte)':' && raw[19] == (byte)'.';

    /// <summary>
    /// The text of a property with the members of a size if it is one, or the lack of a limit. Each reader gets an object of
    /// its own: members that one script adds to it must not appear in all the others.
    /// </summary>
    private static object Sized(ReadOnlySpan<byte> raw, string text)
    {
        if (raw.SequenceEqual("Unlimited"u8))
        {
            return SizeText(text, null);
        }

        return ByteQuantifiedSize.CanBe(raw) && ByteQuantifiedSize.TryParseServiceForm(text, out ByteQuantifiedSize? size)
            ? SizeText(text, size)
            : text;
    }

    /// <summary>
    /// A size is the service's text, as in the original: every text idiom, JSON and CSV see a string. It also has the
    /// members of the older typed form: <c>.Value</c>, which compares and has <c>ToBytes()</c>, and <c>.IsUnlimited</c>.
    /// </summary>
    private static PSObject SizeText(string text, ByteQuantifiedSize? size)
    {
        var value = new PSObject(text);
        value.Properties.Add(new PSNoteProperty("IsUnlimited", size is null ? True : False), preValidated: true);
        value.Properties.Add(new PSNoteProperty("Value", size), preValidated: true);
        return value;
    }

    /// <summary>The bytes between the quotes, if they are the text as it stands.</summary>
    private static bool TryRaw(ReadOnlySpan<byte> json, out ReadOnlySpan<byte> raw)
    {
        ReadOnlySpan<byte> body = json[1..];
        int end = body.IndexOfAny((byte)'"', (byte)'\\');
        bool plain = end >= 0 && body[end] == (byte)'"';
        raw = plain ? body[..end] : default;
        return plain;
    }

    private static string Unescape(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, Options);
        reader.Read();
        return Text(ref reader);
    }

    /// <summary>The text, or name, that the reader is at.</summary>
    private static string Text(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return Share(reader.ValueSpan);
        }

        try
        {
            return reader.GetString() ?? string.Empty;
        }
        catch (InvalidOperationException)
        {
            return UnescapeLoosely(reader.ValueSpan);
        }
    }

    /// <summary>
    /// Escaped text that is no valid UTF-16, as where the service cut a text between the halves of a character. A half alone
    /// becomes U+FFFD, which is what it would be in a file or in the next request anyway.
    /// </summary>
    private static string UnescapeLoosely(ReadOnlySpan<byte> raw)
    {
        var text = new StringBuilder(raw.Length);
        while (!raw.IsEmpty)
        {
            int escape = raw.IndexOf((byte)'\\');
            if (escape != 0)
            {
                int plain = escape < 0 ? raw.Length : escape;
                text.Append(Encoding.UTF8.GetString(raw[..plain]));
                raw = raw[plain..];
                continue;
            }

            if (raw.Length >= 6 && raw[1] == (byte)'u' && Utf8Parser.TryParse(raw.Slice(2, 4), out ushort unit, out int used, 'x') && used == 4)
            {
                text.Append((char)unit);
                raw = raw[6..];
                continue;
            }

            if (raw.Length < 2)
            {
                break;
            }

            text.Append((char)raw[1] switch
            {
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                char other => other,
            });
            raw = raw[2..];
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                text[i] = '\ufffd';
            }
        }

        return text.ToString();
    }

    /// <summary>How long the value at the start is, by its brackets and quotes alone.</summary>
    private static int LengthOf(ReadOnlySpan<byte> json)
    {
        int depth = 0;
        bool quoted = false;
        for (int i = 0; i < json.Length; i++)
        {
            switch (json[i])
            {
                case (byte)'\\' when quoted:
                    i++;
                    continue;
                case (byte)'"':
                    quoted = !quoted;
                    break;
                case (byte)'{' or (byte)'[' when !quoted:
                    depth++;
                    continue;
                case (byte)'}' or (byte)']' when !quoted:
                    depth--;
                    break;
                default:
                    continue;
            }

            if (depth <= 0 && !quoted)
            {
                return i + 1;
            }
        }

        return json.Length;
    }

    private static string Share(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length == 0)
        {
            return string.Empty;
        }

        if (utf8.Length > 28)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        uint hash = 2166136261;
        foreach (byte b in utf8)
        {
            hash = (hash ^ b) * 16777619;
        }

        ref string? slot = ref Common[(hash ^ (hash >> 16)) & 1023];
        string? known = slot;
        if (known is not null && Ascii.Equals(utf8, known))
        {
            return known;
        }

        string text = Encoding.UTF8.GetString(utf8);
        slot = text;
        return text;
    }

    private static bool TryDate(ReadOnlySpan<byte> utf8, bool utc, out DateTime date)
    {
        bool read = Utf8Parser.TryParse(utf8, out date, out int used, 'O') && used == utf8.Length;
        date = Zoned(date, utc);
        return read;
    }

    private static bool TryDate(string text, bool utc, out DateTime date)
    {
        bool read = DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out date);
        date = Zoned(date, utc);
        return read;
    }

    /// <summary>The service's dates are UTC, whether or not they say so; scripts see local time, and UTC in the twin.</summary>
    private static DateTime Zoned(DateTime date, bool utc)
    {
        DateTime instant = date.Kind == DateTimeKind.Unspecified ? DateTime.SpecifyKind(date, DateTimeKind.Utc) : date;
        return utc ? instant.ToUniversalTime() : instant.ToLocalTime();
    }

    private static object FromNumber(ReadOnlySpan<byte> json, ValueTag tag)
    {
        bool whole = Utf8Parser.TryParse(json, out long number, out int used)
            && (used == json.Length || json[used] is not ((byte)'.' or (byte)'e' or (byte)'E'));
        if (whole && tag is ValueTag.None or ValueTag.Unknown or ValueTag.Int32 && number is >= int.MinValue and <= int.MaxValue)
        {
            return (int)number;
        }

        if (whole)
        {
            return Fits(number, tag, out object? typed) ? typed! : number;
        }

        if (tag is not (ValueTag.Double or ValueTag.Single) && Utf8Parser.TryParse(json, out decimal exact, out _)
            && (tag == ValueTag.Decimal || exact == decimal.Truncate(exact)))
        {
            return Fits(exact, tag, out object? typed) ? typed! : exact;
        }

        return Utf8Parser.TryParse(json, out double inexact, out _) ? (tag == ValueTag.Single ? (float)inexact : inexact) : 0d;
    }

    private static bool Fits(decimal number, ValueTag tag, out object? typed)
    {
        try
        {
            typed = tag switch
            {
                ValueTag.Int32 => (object)(int)number,
                ValueTag.UInt16 => (ushort)number,
                ValueTag.UInt32 => (uint)number,
                ValueTag.UInt64 => (ulong)number,
                ValueTag.Int16 => (short)number,
                ValueTag.Byte => (byte)number,
                ValueTag.SByte => (sbyte)number,
                ValueTag.Decimal => number,
                ValueTag.Double => (double)number,
                ValueTag.Single => (float)number,
                _ => number is >= long.MinValue and <= long.MaxValue ? (object)(long)number : (ulong)number,
            };
            return true;
        }
        catch (OverflowException)
        {
            typed = null;
            return false;
        }
    }

    private static object? Wrap(object? value, ValueTag tag) =>
        tag is ValueTag.Strings or ValueTag.Collection && value is not object?[] ? new[] { value } : value;

    private static object? ReadValue(ref Utf8JsonReader reader, ValueTag tag, bool utc)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray:
                return ReadArray(ref reader);
            case JsonTokenType.StartObject:
                return Wrap(ReadObject(ref reader), tag);
            case JsonTokenType.String when reader.ValueIsEscaped:
                return tag switch
                {
                    ValueTag.Strings or ValueTag.Collection => new object[] { Text(ref reader) },
                    _ => Text(ref reader),
                };
            case JsonTokenType.String:
                ReadOnlySpan<byte> raw = reader.ValueSpan;
                if (tag is ValueTag.None && !LooksLikeDate(raw))
                {
                    return Sized(raw, Share(raw));
                }

                // The quotes are just outside the span.
                byte[] quoted = new byte[raw.Length + 2];
                quoted[0] = quoted[^1] = (byte)'"';
                raw.CopyTo(quoted.AsSpan(1));
                return FromText(quoted, tag, utc);
            case JsonTokenType.Number:
                return Wrap(FromNumber(reader.ValueSpan, tag), tag);
            case JsonTokenType.True:
                return True;
            case JsonTokenType.False:
                return False;
            default:
                return tag is ValueTag.Strings or ValueTag.Collection ? Array.Empty<object>() : null;
        }
    }

    private static object?[] ReadArray(ref Utf8JsonReader reader)
    {
        var items = new List<object?>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(ReadValue(ref reader, ValueTag.None, utc: false));
        }

        return items.Count == 0 ? Array.Empty<object>() : items.ToArray();
    }

    private static PSObject ReadObject(ref Utf8JsonReader reader)
    {
        var result = new PSObject();
        foreach ((string name, object? value) in ReadMembers(ref reader))
        {
            result.Properties.Add(new PSNoteProperty(name, value));
        }

        return result;
    }

    /// <summary>The members of a whole row that has no shape, side-cars applied and left out.</summary>
    internal static List<(string Name, object? Value)> ReadMembers(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, Options);
        reader.Read();
        return ReadMembers(ref reader);
    }

    private static List<(string Name, object? Value)> ReadMembers(ref Utf8JsonReader reader)
    {
        var members = new List<(string Name, object? Value)>();
        Dictionary<string, int>? places = null;
        string? taggedName = null;
        ValueTag tag = ValueTag.None;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = Text(ref reader);
            if (name.Length == 0)
            {
                // PowerShell has no property without a name. A blank keeps the value in sight, where leaving it out would not.
                name = " ";
            }

            reader.Read();
            int at = name.IndexOf('@', StringComparison.Ordinal);
            if (at >= 0)
            {
                if (reader.TokenType == JsonTokenType.String)
                {
                    taggedName = name[..at];
                    tag = TagOf(Text(ref reader));
                }
                else
                {
                    reader.Skip();
                }

                continue;
            }

            object? value = ReadValue(
                ref reader,
                name == taggedName ? tag : ValueTag.None,
                name.EndsWith("UTC", StringComparison.OrdinalIgnoreCase));
            places ??= new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
            if (places.TryGetValue(name, out int place))
            {
                members[place] = (members[place].Name, value);
            }
            else
            {
                places.Add(name, members.Count);
                members.Add((name, value));
            }
        }

        return members;
    }

    private static ValueTag TagOf(string typeName)
    {
        ReadOnlySpan<char> name = typeName.AsSpan().TrimStart('#');
        if (name.StartsWith("System.", StringComparison.Ordinal))
        {
            name = name[7..];
        }

        return name switch
        {
            "DateTime" or "DateTimeOffset" => ValueTag.DateTime,
            "Guid" => ValueTag.Guid,
            "Int32" => ValueTag.Int32,
            "Int64" => ValueTag.Int64,
            "UInt16" => ValueTag.UInt16,
            "UInt32" => ValueTag.UInt32,
            "UInt64" => ValueTag.UInt64,
            "Int16" => ValueTag.Int16,
            "Byte" => ValueTag.Byte,
            "SByte" => ValueTag.SByte,
            "Decimal" => ValueTag.Decimal,
            "Double" => ValueTag.Double,
            "Single" => ValueTag.Single,
            "Boolean" => ValueTag.Boolean,
            "Collection(String)" => ValueTag.Strings,
            _ => name.StartsWith("Collection(", StringComparison.Ordinal) ? ValueTag.Collection : ValueTag.Unknown,
        };
    }
}
