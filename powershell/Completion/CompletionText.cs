using System;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExchangeOnlineRs.Completion;

/// <summary>Words of a command line and what replaces them.</summary>
internal static class CompletionText
{
    private const string PlainMarks = "._-@\\/:+";

    /// <summary>What was typed so far, without quotes and without the asterisk that some people put at the end.</summary>
    internal static string Unquoted(string word) => word.Trim('\'', '"').TrimEnd('*');

    /// <summary>A suggestion that is put into the command line as this very value.</summary>
    internal static CompletionResult Result(string value, string listed, string description) => new(
        IsPlain(value) ? value : "'" + CodeGeneration.EscapeSingleQuotedStringContent(value) + "'",
        listed,
        CompletionResultType.ParameterValue,
        description);

    /// <summary>Whether PowerShell reads it as this text without quotes. Some texts that start with a digit are numbers.</summary>
    private static bool IsPlain(string value)
    {
        foreach (char c in value)
        {
            if (!char.IsLetterOrDigit(c) && !PlainMarks.Contains(c, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return value.Length > 0 && char.IsLetter(value[0]);
    }
}
