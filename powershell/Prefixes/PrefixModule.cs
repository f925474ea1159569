using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace ExchangeOnlineRs.Prefixes;

/// <summary>
/// Makes the commands of a prefix appear in the runspace at hand, as a module in memory, and disappear again.
/// </summary>
internal static class PrefixModule
{
    /// <summary>
    /// The engine gives a module made of an assembly a name of its own; inside this one it is only a part, and the name is ours.
    /// </summary>
    private const string Content =
        "param($Assembly) Microsoft.PowerShell.Core\\Import-Module -Assembly $Assembly -DisableNameChecking -Verbose:$false -ErrorAction Stop; "
        + "Microsoft.PowerShell.Core\\Export-ModuleMember -Cmdlet * -Alias * -Verbose:$false";

    private const string Creation =
        "param($Name, $Content, $Assembly) "
        + "Microsoft.PowerShell.Core\\New-Module -Name $Name -ScriptBlock $Content -ArgumentList $Assembly -Verbose:$false -ErrorAction Stop | "
        + "Microsoft.PowerShell.Core\\Import-Module -Global -DisableNameChecking -Verbose:$false -ErrorAction Stop";

    /// <summary>Imports the commands into the session as a whole, wherever the caller is; earlier ones of the prefix go.</summary>
    /// <exception cref="RuntimeException">The engine would not have it.</exception>
    internal static void Import(PrefixedAssembly assembly)
    {
        Remove(module => module.Name.Equals(assembly.ModuleName, StringComparison.OrdinalIgnoreCase));
        // New-Module also gives the commands to its caller. If that were a function of some module, they would stay there, and
        // hide the others from Remove-Module; so it is called from a place that nobody will ever see.
        var nowhere = new PSModuleInfo(linkToGlobal: false);
        nowhere.Invoke(ScriptBlock.Create(Creation), assembly.ModuleName, ScriptBlock.Create(Content), assembly);
    }

    /// <summary>Removes the commands of prefixes that no open connection has any more.</summary>
    internal static void RemoveUnused()
    {
        if (!PrefixedCommands.EverUsed || Runspace.DefaultRunspace is null)
        {
            return;
        }

        var used = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        PrefixedCommands.InUse().ForEach(assembly => used.Add(assembly.ModuleName));
        Remove(module => !used.Contains(module.Name));
    }

    /// <summary>Removes the commands of all prefixes from this runspace.</summary>
    internal static void RemoveAll()
    {
        if (PrefixedCommands.EverUsed && Runspace.DefaultRunspace is not null)
        {
            Remove(static _ => true);
        }
    }

    private static void Remove(Predicate<PSModuleInfo> unwanted)
    {
        foreach (PSObject found in Run(static shell => shell
            .AddCommand("Microsoft.PowerShell.Core\\Get-Module")
            .AddParameter("Name", PrefixedCommands.ModuleNameOf("*"))
            .AddParameter("All", true)))
        {
            if (found.BaseObject is PSModuleInfo module && IsOurs(module) && unwanted(module))
            {
                Run(shell => shell
                    .AddCommand("Microsoft.PowerShell.Core\\Remove-Module")
                    .AddParameter("ModuleInfo", module)
                    .AddParameter("Force", true)
                    .AddParameter("Verbose", false)
                    .AddParameter("WhatIf", false));
            }
        }
    }

    /// <summary>Somebody else's module may be called alike.</summary>
    private static bool IsOurs(PSModuleInfo module)
    {
        foreach (CmdletInfo cmdlet in module.ExportedCmdlets.Values)
        {
            return cmdlet.ImplementingType is { } type && CommandPrefixAttribute.Of(type) is not null;
        }

        return false;
    }

    private static ICollection<PSObject> Run(Action<PowerShell> commands)
    {
        using PowerShell shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        commands(shell);
        ICollection<PSObject> output = shell.Invoke();
        return shell.HadErrors && shell.Streams.Error.Count > 0
            ? throw new RuntimeException(shell.Streams.Error[0].ToString(), shell.Streams.Error[0].Exception)
            : output;
    }
}
