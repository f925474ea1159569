using System;
using System.Collections.Generic;
using System.Management.Automation;
using ExchangeOnlineRs.Connecting;
using ExchangeOnlineRs.Native;
using ExchangeOnlineRs.Prefixes;
using Microsoft.Exchange.Management.ExoPowershellSnapin;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>Closes connections and forgets their tokens.</summary>
[Cmdlet(
    VerbsCommunications.Disconnect,
    "ExchangeOnline",
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.High,
    DefaultParameterSetName = "DefaultParameterSet")]
public sealed class DisconnectExchangeOnlineCommand : CoreCmdlet
{
    private const string PressToContinue = "Press(Y/y/A/a) if you want to continue.";

    /// <summary>The ids of the connections to close.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ConnectionId", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(OpenConnectionCompleter))]
    public string[] ConnectionId { get; set; } = Array.Empty<string>();

    /// <summary>The prefixes of the connections to close.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ModulePrefix")]
    [ArgumentCompleter(typeof(OpenConnectionCompleter))]
    public string[] ModulePrefix { get; set; } = Array.Empty<string>();

    /// <summary>Closes them.</summary>
    protected override void ProcessRecord()
    {
        try
        {
            if (!Agreed())
            {
                return;
            }

            var ids = new List<Guid>();
            foreach (ConnectionInformation connection in ConnectionInformation.All())
            {
                if (ConnectionChoice.Matches(connection, ParameterSetName, ConnectionId, ModulePrefix))
                {
                    ids.Add(connection.ConnectionId);
                }
            }

            if (ids.Count > 0)
            {
                NativeCore.CloseConnections(ids.ConvertAll(static id => id.ToString()));
                OpenConnections.Forget(ids);
            }

            // Also those whose connections were closed from another runspace.
            PrefixModule.RemoveUnused();

            if (ids.Count > 0 || ParameterSetName is not ("ConnectionId" or "ModulePrefix"))
            {
                WriteInformation("Disconnected successfully !", new[] { "ExchangeOnlineRs" });
            }
            else
            {
                // A mistyped id or prefix must not look like a connection that is closed.
                WriteVerbose("No open connection was chosen; nothing was closed.");
            }
        }
        catch (NativeLibraryException e)
        {
            ThrowTerminatingError(e.ToErrorRecord());
        }
    }

    /// <summary>
    /// Asks, as the original does, unless nobody can answer: a script in a host without a person must neither hang nor fail
    /// on its last line. -Confirm and -WhatIf mean what they say everywhere.
    /// </summary>
    private bool Agreed()
    {
        IDictionary<string, object> bound = MyInvocation.BoundParameters;
        if (!bound.ContainsKey("Confirm") && !bound.ContainsKey("WhatIf") && !HostFacts.CanAsk(Host)
            && !IsSet(GetVariableValue("WhatIfPreference")))
        {
            return true;
        }

        string what = ParameterSetName switch
        {
            "ConnectionId" => $"Running this cmdlet clears the connection with id {string.Join(", ", ConnectionId)}.",
            "ModulePrefix" => $"Running this cmdlet clears the connection with prefix {string.Join(", ", ModulePrefix)}.",
            _ => "Running this cmdlet clears all active sessions created using Connect-ExchangeOnline or Connect-IPPSSession.",
        };
        return ShouldProcess(what, $"{what}{Environment.NewLine}{PressToContinue}", "Confirm");
    }

    private static bool IsSet(object? preference) => preference is not null && LanguagePrimitives.IsTrue(preference);
}
