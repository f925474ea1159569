using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using ExchangeOnlineRs.Additions;
using ExchangeOnlineRs.Native;
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
    /// <summary>The catalog: JSON; the cmdlet's help describes its form.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>Reads the file, adds the cmdlets and lists them.</summary>
    protected override void EndProcessing()
    {
        string file = SessionState.Path.GetUnresolvedProviderPathFromPSPath(Path);
        CatalogContent catalog;
        try
        {
            catalog = CatalogFile.Read(file);
        }
        catch (NativeLibraryException e)
        {
            ThrowTerminatingError(e.ToErrorRecord());
            return;
        }
        catch (FaultException e)
        {
            ThrowTerminatingError(e.Fault.ToErrorRecord(file));
            return;
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

        foreach (CatalogProblem problem in catalog.Problems)
        {
            Tell(problem);
        }

        var cmdlets = new List<CatalogCmdlet>();
        foreach (CatalogCmdlet cmdlet in catalog.Cmdlets)
        {
            if (AddedCommands.FindObstacle(cmdlet.Name) is { } obstacle)
            {
                Tell(new CatalogProblem(cmdlet.Name, obstacle));
                continue;
            }

            TellWhatIsLacking(cmdlet);
            cmdlets.Add(cmdlet);
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

    private void Tell(CatalogProblem problem) =>
        WriteError(new ErrorRecord(new InvalidDataException(problem.Message), "InvalidCatalogEntry", ErrorCategory.InvalidData, problem.Name));

    private void TellWhatIsLacking(CatalogCmdlet cmdlet)
    {
        IReadOnlyList<string> lacking = AddedCommands.FindLacking(cmdlet);
        if (lacking.Count > 0)
        {
            WriteWarning(
                $"{cmdlet.Name} is there already, and a cmdlet that PowerShell knows can't be changed; it goes on without -{string.Join(", -", lacking)}. "
                + $"To use what is new, call Invoke-ExchangeOnlineCommand {cmdlet.Name} @{{ {lacking[0]} = … }}.");
        }
    }
}
