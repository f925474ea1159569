using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using ExchangeOnlineRs.Additions;
using ExchangeOnlineRs.Prefixes;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// Adds the cmdlets of a catalog file that the module does not have, without a rebuild. They last until the process ends;
/// a script that needs them calls this again. Other runspaces get them when they import the module.
/// </summary>
[Cmdlet(VerbsData.Update, "ExchangeOnlineCommand", SupportsShouldProcess = true)]
[OutputType(typeof(CmdletInfo))]
public sealed class UpdateExchangeOnlineCommandCommand : PSCmdlet
{
    /// <summary>The catalog: JSON of the form of <c>powershell/Catalog/cmdlets.json</c> in the module's sources.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>Reads the file, adds the cmdlets and lists them.</summary>
    protected override void EndProcessing()
    {
        string file = SessionState.Path.GetUnresolvedProviderPathFromPSPath(Path);
        IReadOnlyList<CatalogCmdlet> cmdlets;
        try
        {
            cmdlets = new CatalogFile(ServiceCmdlet.IsReservedName).Read(file);
        }
        catch (InvalidDataException e)
        {
            ThrowTerminatingError(new ErrorRecord(e, "InvalidCatalog", ErrorCategory.InvalidData, file));
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ThrowTerminatingError(new ErrorRecord(e, "CatalogUnreadable", ErrorCategory.ReadError, file));
            return;
        }

        if (!ShouldProcess(file, "Add the cmdlets of the catalog"))
        {
            return;
        }

        IReadOnlyList<string> added = AddedCommands.Add(cmdlets);
        WriteVerbose($"{added.Count} of {cmdlets.Count} cmdlets are new.");
        if (added.Count > 0)
        {
            PrefixModule.Import(AddedCommands.Assembly!);
        }

        foreach (string name in added)
        {
            WriteObject(InvokeCommand.GetCommand(name, CommandTypes.Cmdlet));
        }
    }
}
