using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// A bulk cmdlet (<c>Get-EXO…</c>): the service is asked for objects rather than to run a cmdlet. The core makes an address of
/// the parameters; what is left for here is to say which of the ids that a piped object brings is meant.
/// </summary>
public abstract class BulkCmdlet : PipelineServiceCmdlet
{
    /// <summary>Parameters that say whose data is wanted. A piped object can fill several of them at once.</summary>
    private static readonly HashSet<string> Identities = new(StringComparer.OrdinalIgnoreCase)
    {
        "Identity", "ExternalDirectoryObjectId", "UserPrincipalName", "PrimarySmtpAddress", "ExchangeGuid", "DatabaseGuid", "Mailbox",
    };

    /// <summary>Properties that only rows about mailboxes have.</summary>
    private static readonly string[] MailboxIds = { "ExternalDirectoryObjectId", "ExchangeGuid", "MailboxGuid" };

    /// <summary>Those that stand on the command line.</summary>
    private readonly HashSet<string> written = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Tells the base class which cmdlet this is.</summary>
    /// <param name="definition">The cmdlet.</param>
    protected BulkCmdlet(ServiceCmdletDefinition definition)
        : base(definition)
    {
    }

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
        Guid? better = written.Count == 0 ? BetterIdOfPipedObject() : null;
        if (better is { } id)
        {
            yield return new("ExternalDirectoryObjectId", id);
        }

        bool isMailboxOfDevices = written.Count == 0 && better is null && MailboxIsPiped();
        foreach ((string name, object? value) in base.ServiceParameters())
        {
            if (isMailboxOfDevices && name.Equals("Identity", StringComparison.OrdinalIgnoreCase))
            {
                yield return new("Mailbox", value);
                continue;
            }

            bool isMeant = !Identities.Contains(name) || (written.Count > 0 ? written.Contains(name) : better is null);
            if (isMeant)
            {
                yield return new(name, value);
            }
        }
    }

    /// <summary>
    /// Whether a row of a mailbox was piped where an identity names a device: its exact id, without an address beside it, would
    /// be read as a device's. Rows of devices say so by the device's own id.
    /// </summary>
    private bool MailboxIsPiped() =>
        Definition.Name.Equals("Get-EXOMobileDeviceStatistics", StringComparison.OrdinalIgnoreCase)
        && MyInvocation.BoundParameters.TryGetValue("Identity", out object? identity) && identity is not null
        && PSObject.AsPSObject(identity) is { BaseObject: Row } piped
        && piped.Properties["DeviceID"] is null
        && MailboxIds.Any(name => piped.Properties[name] is not null);

    /// <summary>
    /// The id of the directory that an object of a script, or from a file, came with beside its identity, which can be a name that
    /// two share; null if there is none. It is read from the object: the engine binds no property that has to be converted once the
    /// object itself is bound. A folder's identity says more than that id, and a row of ours knows its most exact one by itself.
    /// </summary>
    private Guid? BetterIdOfPipedObject()
    {
        if (!MyInvocation.BoundParameters.TryGetValue("Identity", out object? identity) || identity is null
            || PSObject.AsPSObject(identity) is not { BaseObject: not Row } piped)
        {
            return null;
        }

        try
        {
            return piped.Properties["Identity"]?.Value?.ToString()?.Contains(':', StringComparison.Ordinal) != true
                && Guid.TryParse(piped.Properties["ExternalDirectoryObjectId"]?.Value?.ToString(), out Guid id) && id != Guid.Empty
                ? id
                : null;
        }
        catch (ExtendedTypeSystemException e)
        {
            throw ObjectIdentity.Unreadable("Identity", identity, e);
        }
    }
}
