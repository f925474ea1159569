using System.IO;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace ExchangeOnlineRs.Formats;

/// <summary>
/// A module of views or types that ships with this one and comes into a session when it is needed. The engine takes what it has
/// when it is imported, and forgets that when it is removed.
/// </summary>
internal sealed class SessionPart
{
    private const string Import =
        "param($Path) Microsoft.PowerShell.Core\\Import-Module -Name $Path -DisableNameChecking -Verbose:$false -ErrorAction Stop";

    private const string Removal =
        "param($Name) Microsoft.PowerShell.Core\\Get-Module -All -Name $Name | "
        + "Microsoft.PowerShell.Core\\Remove-Module -Force -Verbose:$false -WhatIf:$false -ErrorAction Stop";

    private readonly ConditionalWeakTable<Runspace, object> loaded = new();
    private readonly string name;

    internal SessionPart(string name) => this.name = name;

    /// <summary>
    /// Loads it into the runspace. The engine does nothing if it is there; only the engine knows whether somebody has removed it.
    /// </summary>
    /// <exception cref="RuntimeException">The engine would not have it.</exception>
    internal void Load(Runspace runspace)
    {
        loaded.AddOrUpdate(runspace, runspace);
        string folder = Path.GetDirectoryName(typeof(SessionPart).Assembly.Location) ?? string.Empty;
        try
        {
            OutOfSight(Import, Path.Combine(folder, "Formats", name + ".psd1"));
        }
        catch (PipelineStoppedException)
        {
            // Ctrl+C is no reason to do without it from now on.
            loaded.Remove(runspace);
            throw;
        }
    }

    /// <summary>Loads it into the runspace, if that was not tried before.</summary>
    /// <exception cref="RuntimeException">The engine would not have it.</exception>
    internal void LoadOnce(Runspace runspace)
    {
        if (!loaded.TryGetValue(runspace, out _))
        {
            Load(runspace);
        }
    }

    /// <summary>Takes it out of the runspace.</summary>
    internal void Unload(Runspace runspace)
    {
        if (loaded.Remove(runspace))
        {
            OutOfSight(Removal, name);
        }
    }

    /// <summary>What a module has is the session's, whoever imports it. From a place that nobody sees, it does not stand among the user's.</summary>
    private static void OutOfSight(string code, string argument) =>
        new PSModuleInfo(linkToGlobal: false).Invoke(ScriptBlock.Create(code), argument);
}
