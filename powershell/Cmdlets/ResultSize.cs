using System;
using System.Globalization;
using System.Management.Automation;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>The <c>-ResultSize</c> of the service: a positive whole number or <c>Unlimited</c>.</summary>
internal static class ResultSize
{
    internal const string Requirement = "The value must be a positive whole number or Unlimited.";

    /// <summary>Reads a value; <paramref name="count"/> is null for <c>Unlimited</c>.</summary>
    internal static bool TryParse(object? value, out ulong? count)
    {
        count = null;
        if (value is PSObject wrapped)
        {
            value = wrapped.BaseObject;
        }

        string? text = value switch
        {
            string s => s.Trim(),
            sbyte or byte or short or ushort or int or uint or long or ulong => Convert.ToString(value, CultureInfo.InvariantCulture),
            double or float or decimal => Convert.ToDecimal(value, CultureInfo.InvariantCulture).ToString("0.######", CultureInfo.InvariantCulture),
            _ => value?.ToString(),
        };
        if (string.Equals(text, "Unlimited", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number > 0)
        {
            count = number;
            return true;
        }

        return false;
    }
}

/// <summary>Refuses a wrong <c>-ResultSize</c> while parameters are bound, before anything is sent.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class ValidateResultSizeAttribute : ValidateArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        bool valid;
        try
        {
            valid = ResultSize.TryParse(arguments, out _);
        }
        catch (OverflowException)
        {
            valid = false;
        }

        if (!valid)
        {
            throw new ValidationMetadataException($"\"{arguments}\" is not a result size. {ResultSize.Requirement}");
        }
    }
}
