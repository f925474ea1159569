using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using ExchangeOnlineRs.Additions;
using ExchangeOnlineRs.Cmdlets;
using ExchangeOnlineRs.Formats;

namespace ExchangeOnlineRs.Prefixes;

/// <summary>
/// Makes emitted commands appear in the runspace at hand, as a module in memory, and disappear again: those of a prefix, and
/// those that a catalog file added.
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
        + "Microsoft.PowerShell.Core\\Import-Module -Global -PassThru -DisableNameChecking -Verbose:$false -ErrorAction Stop";

    /// <summary>The modules that were made here: somebody else's may be called alike.</summary>
    private static readonly ConditionalWeakTable<PSModuleInfo, EmittedAssembly> Ours = new();

    private static readonly string RemovalOfAll =
        "if (-not (Microsoft.PowerShell.Core\\Get-Module -Name ExchangeOnlineRs)) { "
        + $"Microsoft.PowerShell.Core\\Get-Module -All -Name {PrefixedCommands.ModuleNameOf("*")}, {AddedCommands.ModuleName} | "
        + "Microsoft.PowerShell.Core\\Remove-Module -Force -Verbose:$false -WhatIf:$false; & $unloadViews }";

    /// <summary>Imports the commands into the session as a whole, wherever the caller is; earlier ones of the module go.</summary>
    /// <exception cref="RuntimeException">The engine would not have it.</exception>
    internal static void Import(EmittedAssembly assembly)
    {
        Remove(assembly.ModuleName, static _ => true);
        // New-Module also gives the commands to its caller. If that were a function of some module, they would stay there, and
        // hide the others from Remove-Module; so it is called from a place that nobody will ever see.
        var nowhere = new PSModuleInfo(linkToGlobal: false);
        object made = nowhere.Invoke(ScriptBlock.Create(Creation), assembly.ModuleName, ScriptBlock.Create(Content), assembly);
        foreach (object each in LanguagePrimitives.GetEnumerable(made) ?? new[] { made })
        {
            if (LanguagePrimitives.ConvertTo<PSModuleInfo>(each) is { } module)
            {
                Ours.Add(module, assembly);
            }
        }
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
        Remove(PrefixedCommands.ModuleNameOf("*"), module => !used.Contains(module.Name));
    }

    /// <summary>Removes all emitted commands from this runspace.</summary>
    internal static void RemoveAll()
    {
        if (Runspace.DefaultRunspace is null)
        {
            return;
        }

        if (PrefixedCommands.EverUsed)
        {
            Remove(PrefixedCommands.ModuleNameOf("*"), static _ => true);
        }

        if (AddedCommands.Assembly is { } added)
        {
            Remove(added.ModuleName, static _ => true);
        }
    }

    /// <summary>
    /// Another module of the session that has the same commands, and still has them when this one is gone. One that only
    /// contains this one goes with it.
    /// </summary>
    internal static PSModuleInfo? FindSharer(PSModuleInfo removed)
    {
        if (Runspace.DefaultRunspace is null)
        {
            return null;
        }

        PSModuleInfo? sharer = null;
        bool ofItsOwn = false;
        foreach (PSObject found in Run(static shell => shell.AddCommand("Microsoft.PowerShell.Core\\Get-Module")))
        {
            if (found.BaseObject is PSModuleInfo module)
            {
                ofItsOwn |= ReferenceEquals(module, removed);
                if (!ReferenceEquals(module, removed) && module.ExportedCmdlets.TryGetValue("Connect-ExchangeOnline", out CmdletInfo? cmdlet)
                    && cmdlet.ImplementingType?.Assembly == typeof(PrefixModule).Assembly)
                {
                    sharer = module;
                }
            }
        }

        return ofItsOwn ? sharer : null;
    }

    /// <summary>Removes all that was added to the session when a module without an assembly of its own is removed.</summary>
    internal static ScriptBlock Removal()
    {
        var nowhere = new PSModuleInfo(linkToGlobal: false);
        nowhere.SessionState.PSVariable.Set("unloadViews", UnloadDefaultViewsCommand.Info);
        return nowhere.NewBoundScriptBlock(ScriptBlock.Create(RemovalOfAll));
    }

    private static void Remove(string pattern, Predicate<PSModuleInfo> unwanted)
    {
        foreach (PSObject found in Run(shell => shell
            .AddCommand("Microsoft.PowerShell.Core\\Get-Module")
            .AddParameter("Name", pattern)
            .AddParameter("All", true)))
        {
            if (found.BaseObject is PSModuleInfo module && Ours.TryGetValue(module, out _) && unwanted(module))
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
