using System;
using System.Collections.Generic;
using System.Management.Automation;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// A bulk cmdlet (<c>Get-EXO…</c>): the service is asked for objects rather than to run a cmdlet. The core makes an address of
/// the parameters; what is left for here is to say which of the ids that a piped object brings is meant.
/// </summary>
public abstract class BulkCmdlet : ServiceCmdlet
{
    /// <summary>Parameters that say whose data is wanted. A piped object can fill several of them at once.</summary>
    private static readonly HashSet<string> Identities = new(StringComparer.OrdinalIgnoreCase)
    {
        "Identity", "ExternalDirectoryObjectId", "UserPrincipalName", "PrimarySmtpAddress", "ExchangeGuid", "DatabaseGuid", "Mailbox",
    };

    /// <summary>Those that stand on the command line.</summary>
    private readonly HashSet<string> written = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Tells the base class which cmdlet this is.</summary>
    /// <param name="definition">The cmdlet.</param>
    protected BulkCmdlet(ServiceCmdletDefinition definition)
        : base(definition)
    {
    }

    /// <summary>The class of a bulk cmdlet; null if there is none of this name.</summary>
    internal static Type? ClassOf(string command) =>
        command.StartsWith("Get-EXO", StringComparison.OrdinalIgnoreCase)
            ? typeof(BulkCmdlet).Assembly.GetType("Microsoft.Exchange.Management.RestApiClient." + command.Replace("-", string.Empty, StringComparison.Ordinal), throwOnError: false, ignoreCase: true)
            : null;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        // Nothing of the pipeline is bound yet.
        foreach (string name in MyInvocation.BoundParameters.Keys)
        {
            if (Identities.Contains(name))
            {
                written.Add(name);
            }
        }

        base.BeginProcessing();
    }

    /// <inheritdoc/>
    private protected override IEnumerable<KeyValuePair<string, object?>> ServiceParameters()
    {
        bool hasBetterId = PipedObjectHasBetterId();
        foreach ((string name, object? value) in base.ServiceParameters())
        {
            bool isMeant = !Identities.Contains(name)
                || (written.Count > 0 ? written.Contains(name) : !hasBetterId || !name.Equals("Identity", StringComparison.OrdinalIgnoreCase));
            if (isMeant)
            {
                yield return new(name, value);
            }
        }
    }

    /// <summary>
    /// Whether an object of a script, or from a file, came with the id of the directory beside its identity, which can be a name
    /// that two share. A folder's identity says more than that id, and a row of ours knows its most exact one by itself.
    /// </summary>
    private bool PipedObjectHasBetterId()
    {
        Dictionary<string, object> bound = MyInvocation.BoundParameters;
        if (!bound.TryGetValue("Identity", out object? identity) || !bound.TryGetValue("ExternalDirectoryObjectId", out object? id)
            || !Guid.TryParse(id?.ToString(), out Guid guid) || guid == Guid.Empty)
        {
            return false;
        }

        object? value = identity is PSObject wrapped ? wrapped.BaseObject : identity;
        string? name = value as string ?? (identity as PSObject)?.Properties["Identity"]?.Value?.ToString();
        return value is not Row && name?.Contains(':', StringComparison.Ordinal) != true;
    }
}
