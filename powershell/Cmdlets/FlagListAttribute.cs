using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// On a parameter of which the service has an enumeration whose members can be put together. Where PowerShell knows such a type it makes one
/// value of a list, as in <c>-SharingPermissionFlags Delegate,CanViewPrivateItems</c>. It does not know the service's types, so that the list
/// is made the text here that the service reads for it.
/// </summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class FlagListAttribute : ArgumentTransformationAttribute
{
    /// <summary>Makes one text of a list of names; all else stays as it is.</summary>
    /// <param name="engineIntrinsics">The engine; not needed.</param>
    /// <param name="inputData">The value.</param>
    /// <returns>The text, or the same value.</returns>
    public override object? Transform(EngineIntrinsics? engineIntrinsics, object? inputData)
    {
        if (WireWriter.Unwrap(inputData) is not IList { Count: > 0 } list)
        {
            return inputData;
        }

        var names = new List<string>();
        foreach (object? item in list)
        {
            object? name = WireWriter.Unwrap(item);
            if (name is not (string or Enum))
            {
                return inputData;
            }

            names.Add(name.ToString()!);
        }

        return string.Join(", ", names);
    }
}
