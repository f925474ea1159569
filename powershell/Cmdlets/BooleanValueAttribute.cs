using System;
using System.Management.Automation;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// On parameters that are true, false or <c>$null</c>. PowerShell turns no text into such a value, and says what it takes instead; but where
/// <c>$null</c> is taken too it names a type of .NET and leaves that out, and refuses the switch of a script. Here both are as they are
/// elsewhere. The original's cmdlets, which are functions, have this sentence and this error id as well.
/// </summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class BooleanValueAttribute : ArgumentTransformationAttribute
{
    /// <summary>Lets values pass that PowerShell takes for true or false, and makes one of a switch.</summary>
    /// <param name="engineIntrinsics">The engine; not needed.</param>
    /// <param name="inputData">The value.</param>
    /// <returns>The value.</returns>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            // The engine converts a switch where true or false is wanted, but not where $null may come too.
            SwitchParameter given => given.IsPresent,
            null or bool => inputData,
            _ when IsNumber(value) => inputData,
            _ => throw new ArgumentTransformationMetadataException(
                $"Cannot convert value \"{value.GetType()}\" to type \"{typeof(bool)}\". "
                + "Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0."),
        };
    }

    private static bool IsNumber(object value) => Type.GetTypeCode(value.GetType()) is >= TypeCode.SByte and <= TypeCode.Decimal;
}
