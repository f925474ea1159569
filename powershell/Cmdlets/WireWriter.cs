using System;
using System.Collections;
using System.Globalization;
using System.IO;
using System.Management.Automation;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>A parameter's value cannot be sent.</summary>
internal sealed class WireException : Exception
{
    internal WireException(string parameter, object? value, string errorId, string why)
        : base($"Cannot send the value of parameter '{parameter}'. {why}")
    {
        ErrorId = errorId;
        Value = value;
    }

    internal string ErrorId { get; }

    internal object? Value { get; }
}

/// <summary>Writes the values of parameters as the service reads them.</summary>
internal static class WireWriter
{
    private const int MostLevels = 24;

    /// <summary>
    /// The longest text. The service does not say what it takes at most; whole rule packs and HTML pages stay far below this,
    /// and what is longer was read from the wrong file.
    /// </summary>
    private const int LongestText = 4 << 20;

    /// <summary>The longest request. A file of 16 MB as an array of numbers fits in.</summary>
    private const long LongestRequest = 64L << 20;

    private const string HashtableType = "#Exchange.GenericHashTable";

    /// <summary>Writes a value and returns it if it is a single text.</summary>
    /// <param name="json">Takes it.</param>
    /// <param name="parameter">The parameter's name.</param>
    /// <param name="value">The value.</param>
    /// <param name="numbersAsText">Whether the service reads text only: an alias can be 12345.</param>
    /// <param name="secrets">Takes the secrets; only their places are written.</param>
    internal static string? Write(Utf8JsonWriter json, string parameter, object? value, bool numbersAsText, RequestSecrets secrets)
    {
        // A parameter of an array type wraps @{Add=…; Remove=…} into an array, where the service would not find it.
        if (Unwrap(value) is object?[] { Length: 1 } single && Unwrap(single[0]) is IDictionary change && IsChange(change))
        {
            value = change;
        }

        return Write(new Target(json, parameter, numbersAsText, secrets), value, MostLevels);
    }

    /// <summary>Whether a value names nothing: no value, blank text, or a collection of nothing else.</summary>
    internal static bool IsEmpty(object? value) => IsEmpty(value, MostLevels);

    /// <summary>Whether a value is a hashtable, or a collection that holds one.</summary>
    internal static bool HasTable(object? value)
    {
        value = Unwrap(value);
        if (value is IDictionary or string or not IEnumerable)
        {
            return value is IDictionary;
        }

        foreach (object? item in (IEnumerable)value)
        {
            if (Unwrap(item) is IDictionary)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsEmpty(object? value, int levels)
    {
        switch (Unwrap(value))
        {
            case null:
                return true;
            case string text:
                return string.IsNullOrWhiteSpace(text);
            case ScriptBlock block:
                return string.IsNullOrWhiteSpace(block.ToString());
            case IDictionary:
                return false;
            case IEnumerable items when levels > 0:
                foreach (object? item in items)
                {
                    if (!IsEmpty(item, levels - 1))
                    {
                        return false;
                    }
                }

                return true;
            default:
                return false;
        }
    }

    private static string? Write(in Target target, object? value, int levels)
    {
        (Utf8JsonWriter json, string parameter, bool numbersAsText, _) = target;
        if (levels == 0)
        {
            throw new WireException(parameter, value, "ValueTooDeep", "It is nested too deeply, or contains itself.");
        }

        object? original = value;
        value = Unwrap(value);
        switch (value)
        {
            case null:
                json.WriteNullValue();
                return null;
            case string text:
                return WriteText(target, text);
            case bool flag:
                json.WriteBooleanValue(flag);
                return null;
            case SwitchParameter given:
                json.WriteBooleanValue(given.IsPresent);
                return null;
            case Enum member:
                return WriteText(target, member.ToString());
            case IFormattable number when numbersAsText && IsNumber(value):
                return WriteText(target, number.ToString(null, CultureInfo.InvariantCulture));
            case int number:
                json.WriteNumberValue(number);
                return null;
            case sbyte or byte or short or ushort or uint or long:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                return null;
            case ulong number:
                json.WriteNumberValue(number);
                return null;
            case decimal number:
                json.WriteNumberValue(number);
                return null;
            case double or float:
                WriteDouble(json, parameter, Convert.ToDouble(value, CultureInfo.InvariantCulture));
                return null;
            case char character:
                return WriteText(target, character.ToString());
            case Guid guid:
                return WriteText(target, guid.ToString("D"));
            case DateTime date:
                // A date without a zone is what the administrator means: local time.
                return WriteText(target, date.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));
            case DateTimeOffset date:
                return WriteText(target, date.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));
            case TimeSpan span:
                return WriteText(target, span.ToString("c", CultureInfo.InvariantCulture));
            case ByteQuantifiedSize { IsNegative: true }:
                throw new WireException(parameter, value, "NegativeSize", "A size cannot be negative.");
            case ByteQuantifiedSize size:
                return WriteText(target, size.IsUnlimited ? size.ToString() : size.ToBytes().ToString(CultureInfo.InvariantCulture) + " B");
            case CultureInfo culture:
                return WriteText(target, culture.Name);
            case ScriptBlock block:
                // -Filter {…}: the text between the braces, nothing expanded.
                return WriteText(target, block.ToString());
            case Stream:
                throw new WireException(parameter, value, "StreamNotSupported", "Give the bytes of the stream, for example of [IO.File]::ReadAllBytes.");
            case SecureString secret:
                target.Secrets.Leave(json, parameter, secret);
                return null;
            case PSCredential credential:
                WriteCredential(target, credential);
                return null;
            case X509Certificate2:
                throw new WireException(parameter, null, "CertificateNotSupported", "Give the bytes of the certificate, which are in its property RawData.");
            case byte[] bytes:
                json.WriteStartArray();
                RequireRoom(target, 2L * bytes.Length);
                foreach (byte b in bytes)
                {
                    json.WriteNumberValue(b);
                }

                RequireRoom(target, 0);
                json.WriteEndArray();
                return null;
            case IDictionary table:
                WriteTable(target, table, levels);
                return null;
            case Row row:
                return WriteText(target, ObjectIdentity.Of(row, parameter));
            case IEnumerable items:
                json.WriteStartArray();
                foreach (object? item in items)
                {
                    Write(target, item, levels - 1);
                    RequireRoom(target, 0);
                }

                json.WriteEndArray();
                return null;
            default:
                return WriteText(target, ObjectIdentity.Of(original!, parameter));
        }
    }

    private static bool IsNumber(object value) =>
        value is sbyte or byte or short or ushort or int or uint or long or ulong or decimal or double or float;

    /// <summary>
    /// A null character ends a text somewhere on its way, and half a character is replaced: either way the service would get
    /// another text than it was given.
    /// </summary>
    /// <param name="parameter">The parameter's name.</param>
    /// <param name="text">The text.</param>
    /// <param name="shown">What an error may show of it; null for a secret.</param>
    internal static void RequireText(string parameter, ReadOnlySpan<char> text, object? shown)
    {
        int broken = text.IndexOf('\0');
        if (broken >= 0)
        {
            throw new WireException(parameter, shown, "InvalidText", $"There is a null character at position {broken}.");
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                throw new WireException(parameter, shown, "InvalidText", $"There is half a character at position {i}.");
            }
        }
    }

    private static string WriteText(in Target target, string text)
    {
        if (text.Length > LongestText)
        {
            throw new WireException(
                target.Parameter,
                null,
                "TextTooLong",
                string.Create(CultureInfo.InvariantCulture, $"Its text has {text.Length:N0} characters; {LongestText:N0} are the most that are sent."));
        }

        RequireText(target.Parameter, text, text);
        target.Json.WriteStringValue(text);
        return text;
    }

    /// <summary>A collection without end must not fill the memory, nor a slip in a path send a whole disk.</summary>
    private static void RequireRoom(in Target target, long more)
    {
        if (target.Json.BytesCommitted + target.Json.BytesPending + more > LongestRequest)
        {
            throw new WireException(
                target.Parameter,
                null,
                "RequestTooLong",
                $"With it the request has more than {LongestRequest >> 20} MB, which is the most that is sent.");
        }
    }

    /// <summary>
    /// No public source shows what the service expects of a credential. This is the form of all else that has members, with
    /// the password encrypted as a password alone is.
    /// </summary>
    private static void WriteCredential(in Target target, PSCredential credential)
    {
        target.Json.WriteStartObject();
        target.Json.WriteString("@odata.type", HashtableType);
        target.Json.WritePropertyName("UserName");
        WriteText(target, credential.UserName ?? string.Empty);
        target.Json.WritePropertyName("Password");
        Write(target, credential.Password, 1);
        target.Json.WriteEndObject();
    }

    private static void WriteDouble(Utf8JsonWriter json, string parameter, double number)
    {
        if (!double.IsFinite(number))
        {
            throw new WireException(parameter, number, "NotANumber", "It is not a finite number.");
        }

        json.WriteNumberValue(number);
    }

    private static void WriteTable(in Target target, IDictionary table, int levels)
    {
        target.Json.WriteStartObject();
        target.Json.WriteString("@odata.type", HashtableType);
        foreach (DictionaryEntry entry in table)
        {
            string key = Convert.ToString(Unwrap(entry.Key), CultureInfo.InvariantCulture) ?? string.Empty;
            RequireText(target.Parameter, key, key);
            if (key.StartsWith('@'))
            {
                // Such a member would tell the service how to read the others.
                throw new WireException(target.Parameter, key, "InvalidKey", $"The key '{key}' of the hashtable is reserved.");
            }

            target.Json.WritePropertyName(key);
            Write(target, entry.Value, levels - 1);
            RequireRoom(target, 0);
        }

        target.Json.WriteEndObject();
    }

    private static bool IsChange(IDictionary table)
    {
        foreach (object key in table.Keys)
        {
            string name = key.ToString() ?? string.Empty;
            if (!name.Equals("Add", StringComparison.OrdinalIgnoreCase) && !name.Equals("Remove", StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return table.Count > 0;
    }

    /// <summary>A value without what the engine wrapped around it.</summary>
    internal static object? Unwrap(object? value)
    {
        if (value == System.Management.Automation.Internal.AutomationNull.Value)
        {
            return null;
        }

        return value is PSObject wrapped ? wrapped.BaseObject : value;
    }

    /// <summary>Where a value goes, and what is to be known about it.</summary>
    private readonly record struct Target(Utf8JsonWriter Json, string Parameter, bool NumbersAsText, RequestSecrets Secrets);
}
