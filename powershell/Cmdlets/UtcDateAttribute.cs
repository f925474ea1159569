using System;
using System.Globalization;
using System.Management.Automation;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// On dates that are UTC where they name no time zone, as the pages of a few cmdlets say, the search of the audit log among them. A date
/// that PowerShell has from its clock (<c>Get-Date</c>) knows its zone, and stays the instant that it is.
/// </summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class UtcDateAttribute : ArgumentTransformationAttribute
{
    /// <summary>Makes a date without a zone one in UTC.</summary>
    /// <param name="engineIntrinsics">The engine; not needed.</param>
    /// <param name="inputData">The value: a date, or text that PowerShell reads as one.</param>
    /// <returns>The date; what is none comes back as it is, so that PowerShell says what it takes.</returns>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        // As the engine reads the text of a parameter, in the session's culture.
        return value is DateTime or string && LanguagePrimitives.TryConvertTo(value, CultureInfo.CurrentCulture, out DateTime date)
            && date.Kind == DateTimeKind.Unspecified
            ? DateTime.SpecifyKind(date, DateTimeKind.Utc)
            : inputData;
    }
}
