using System.Management.Automation;
using ExchangeOnlineRs.Rows;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// Cmdlets whose objects can be piped to either of two parameters, as groups and members can: PowerShell gives the object to
/// the one that the command line does not name, and to both if it names none.
/// </summary>
internal static class PipedObject
{
    /// <summary>
    /// Gives an object that was bound to both parameters to the one it belongs to, where it says itself what the other one is,
    /// as the row of a permission does.
    /// </summary>
    /// <param name="invocation">The call.</param>
    /// <param name="first">The parameter that says what is changed.</param>
    /// <param name="firstValue">Its value.</param>
    /// <param name="second">The parameter that says who goes in or out.</param>
    /// <param name="secondValue">Its value.</param>
    /// <returns>Why the values cannot be sent; null if they can.</returns>
    internal static WireException? Settle(InvocationInfo invocation, string first, object? firstValue, string second, object? secondValue)
    {
        if (invocation.BoundParameters.ContainsKey(second) && WireWriter.IsEmpty(secondValue))
        {
            // For no member the service takes the caller, who would join or leave the group.
            return new WireException(second, secondValue, "Empty" + second, "It is empty.");
        }

        if (!invocation.ExpectingInput || secondValue is null || !Equals(Unwrapped(firstValue), Unwrapped(secondValue)))
        {
            return null;
        }

        try
        {
            return Settle(invocation, first, second, secondValue);
        }
        catch (ExtendedTypeSystemException e)
        {
            return ObjectIdentity.Unreadable(second, secondValue, e);
        }
    }

    private static WireException? Settle(InvocationInfo invocation, string first, string second, object secondValue)
    {
        PSObject piped = PSObject.AsPSObject(secondValue);
        if (piped.BaseObject is Row or PlainRow && Has(piped, second))
        {
            invocation.BoundParameters[second] = piped.Properties[second].Value;
            return null;
        }

        // Of an object of a script, or a line of a file, the properties of their names are sent.
        return piped.BaseObject is PSCustomObject && Has(piped, first) && Has(piped, second)
            ? null
            : new WireException(
                second,
                secondValue,
                "AmbiguousInput",
                $"The piped object would be the value of -{first} and of -{second}. Name one of them, so that the objects are the other.");
    }

    private static bool Has(PSObject piped, string property) => !WireWriter.IsEmpty(piped.Properties[property]?.Value);

    private static object? Unwrapped(object? value) => value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;
}
