using System;

namespace ExchangeOnlineRs;

/// <content>
/// What scripts ask of the text. They were written against servers where a size is nothing but text, so that
/// <c>.Value.Split('(')[0]</c> is as usual as <c>.Value.ToBytes()</c>.
/// </content>
public sealed partial class ByteQuantifiedSize
{
    /// <summary>The pieces of the text.</summary>
    /// <param name="separator">The characters between the pieces.</param>
    /// <returns>The pieces.</returns>
    public string[] Split(params char[] separator) => text.Split(separator);

    /// <summary>The pieces of the text.</summary>
    /// <param name="separator">The text between the pieces.</param>
    /// <returns>The pieces.</returns>
    public string[] Split(string separator) => text.Split(separator);

    /// <summary>The text with other text in the place of some.</summary>
    /// <param name="oldValue">What is replaced.</param>
    /// <param name="newValue">What replaces it.</param>
    /// <returns>The new text.</returns>
    public string Replace(string oldValue, string? newValue) => text.Replace(oldValue, newValue, StringComparison.Ordinal);

    /// <summary>The text from a place on.</summary>
    /// <param name="startIndex">The place.</param>
    /// <returns>The rest of the text.</returns>
    public string Substring(int startIndex) => text[startIndex..];

    /// <summary>A part of the text.</summary>
    /// <param name="startIndex">Where it starts.</param>
    /// <param name="length">How long it is.</param>
    /// <returns>The part.</returns>
    public string Substring(int startIndex, int length) => text.Substring(startIndex, length);

    /// <summary>Where other text is in the text.</summary>
    /// <param name="value">The other text.</param>
    /// <returns>The place, or -1.</returns>
    public int IndexOf(string value) => text.IndexOf(value, StringComparison.Ordinal);

    /// <summary>Where other text is in the text for the last time.</summary>
    /// <param name="value">The other text.</param>
    /// <returns>The place, or -1.</returns>
    public int LastIndexOf(string value) => text.LastIndexOf(value, StringComparison.Ordinal);

    /// <summary>Whether other text is in the text.</summary>
    /// <param name="value">The other text.</param>
    /// <returns>Whether it is.</returns>
    public bool Contains(string value) => text.Contains(value, StringComparison.Ordinal);

    /// <summary>Whether the text starts with other text.</summary>
    /// <param name="value">The other text.</param>
    /// <returns>Whether it does.</returns>
    public bool StartsWith(string value) => text.StartsWith(value, StringComparison.Ordinal);

    /// <summary>Whether the text ends with other text.</summary>
    /// <param name="value">The other text.</param>
    /// <returns>Whether it does.</returns>
    public bool EndsWith(string value) => text.EndsWith(value, StringComparison.Ordinal);

    /// <summary>The text without what stands at its ends.</summary>
    /// <param name="trimChars">The characters to leave out; blanks if there are none.</param>
    /// <returns>The rest of the text.</returns>
    public string Trim(params char[] trimChars) => text.Trim(trimChars);

    /// <summary>The text without what stands at its start.</summary>
    /// <param name="trimChars">The characters to leave out; blanks if there are none.</param>
    /// <returns>The rest of the text.</returns>
    public string TrimStart(params char[] trimChars) => text.TrimStart(trimChars);

    /// <summary>The text without what stands at its end.</summary>
    /// <param name="trimChars">The characters to leave out; blanks if there are none.</param>
    /// <returns>The rest of the text.</returns>
    public string TrimEnd(params char[] trimChars) => text.TrimEnd(trimChars);

    /// <summary>The text with blanks before it, for columns.</summary>
    /// <param name="totalWidth">How long it is to be.</param>
    /// <returns>The text, as it is if it is as long already.</returns>
    public string PadLeft(int totalWidth) => text.PadLeft(totalWidth);

    /// <summary>The text with blanks after it, for columns.</summary>
    /// <param name="totalWidth">How long it is to be.</param>
    /// <returns>The text, as it is if it is as long already.</returns>
    public string PadRight(int totalWidth) => text.PadRight(totalWidth);

    /// <summary>The text up to a place.</summary>
    /// <param name="startIndex">The place.</param>
    /// <returns>What is before it.</returns>
    public string Remove(int startIndex) => text.Remove(startIndex);

    /// <summary>The text without a part.</summary>
    /// <param name="startIndex">Where the part starts.</param>
    /// <param name="count">How long it is.</param>
    /// <returns>What is before and after it.</returns>
    public string Remove(int startIndex, int count) => text.Remove(startIndex, count);

    /// <summary>The text in upper case.</summary>
    /// <returns>The text.</returns>
    public string ToUpper() => text.ToUpperInvariant();

    /// <summary>The text in lower case.</summary>
    /// <returns>The text.</returns>
    public string ToLower() => text.ToLowerInvariant();
}
