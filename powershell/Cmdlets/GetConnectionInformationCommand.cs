using System;
using System.Management.Automation;
using ExchangeOnlineRs.Native;
using Microsoft.Exchange.Management.ExoPowershellSnapin;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>Lists the connections; nothing when there is none.</summary>
[Cmdlet(VerbsCommon.Get, "ConnectionInformation", DefaultParameterSetName = "Default")]
[OutputType(typeof(ConnectionInformation))]
public sealed class GetConnectionInformationCommand : PSCmdlet
{
    /// <summary>The ids of the wanted connections.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ConnectionId")]
    [ArgumentCompleter(typeof(OpenConnectionCompleter))]
    public string[] ConnectionId { get; set; } = Array.Empty<string>();

    /// <summary>The prefixes of the wanted connections.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ModulePrefix")]
    [ArgumentCompleter(typeof(OpenConnectionCompleter))]
    public string[] ModulePrefix { get; set; } = Array.Empty<string>();

    /// <summary>Lists them.</summary>
    protected override void EndProcessing()
    {
        try
        {
            foreach (ConnectionInformation connection in ConnectionInformation.All())
            {
                if (ConnectionChoice.Matches(connection, ParameterSetName, ConnectionId, ModulePrefix))
                {
                    WriteObject(connection);
                }
            }
        }
        catch (NativeLibraryException e)
        {
            ThrowTerminatingError(e.ToErrorRecord());
        }
    }
}

/// <summary>Which connections a cmdlet is about.</summary>
internal static class ConnectionChoice
{
    internal static bool Matches(ConnectionInformation connection, string parameterSet, string[] ids, string[] prefixes) => parameterSet switch
    {
        "ConnectionId" => Array.Exists(ids, id => Guid.TryParse(id, out Guid guid) && guid == connection.ConnectionId),
        "ModulePrefix" => Array.Exists(prefixes, prefix => string.Equals(prefix, connection.ModulePrefix, StringComparison.OrdinalIgnoreCase)),
        _ => true,
    };
}
