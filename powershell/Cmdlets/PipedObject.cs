using System.Management.Automation;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// Cmdlets whose objects can be piped to either of two parameters, as groups and members can: PowerShell gives the object to
/// the one that the command line does not name, and to both if it names none.
/// </summary>
internal static class PipedObject
{
    /// <summary>What is wrong with the two values; null if they can be sent.</summary>
    /// <param name="invocation">The call.</param>
    /// <param name="first">The parameter that says what is changed.</param>
    /// <param name="firstValue">Its value.</param>
    /// <param name="second">The parameter that says what goes in or out.</param>
    /// <param name="secondValue">Its value.</param>
    internal static WireException? Problem(InvocationInfo invocation, string first, object? firstValue, string second, object? secondValue)
    {
        if (invocation.BoundParameters.ContainsKey(second) && WireWriter.IsEmpty(secondValue))
        {
            // The service would take it for the caller, who would join the group.
            return new WireException(second, secondValue, "Empty" + second, "It is empty.");
        }

        return invocation.ExpectingInput && IsSame(firstValue, secondValue) && !NamesBoth(secondValue, first, second)
            ? new WireException(
                second,
                secondValue,
                "AmbiguousInput",
                $"The piped object would be the value of -{first} and of -{second}. Name one of them, so that the objects are the other.")
            : null;
    }

    private static bool IsSame(object? one, object? other) =>
        one is not null && Equals(Unwrapped(one), Unwrapped(other));

    /// <summary>Whether an object of a script, or a line of a file, has a property for each of them, which are then sent.</summary>
    private static bool NamesBoth(object? value, string first, string second) =>
        value is PSObject { BaseObject: PSCustomObject } line && Has(line.Properties[first]) && Has(line.Properties[second]);

    private static bool Has(PSPropertyInfo? property) => !string.IsNullOrEmpty(property?.Value?.ToString());

    private static object? Unwrapped(object? value) => value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;
}
