using System.IO;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace ExchangeOnlineRs.Formats;

/// <summary>
/// The default views. They come into a session with its first connection, as those of the original do, and into another runspace
/// with its first cmdlet of the service: always while an answer of the service is awaited, so that nobody waits for them.
/// </summary>
internal static class DefaultViews
{
    /// <summary>The module that they are.</summary>
    internal const string ModuleName = "ExchangeOnlineRs.Formats";

    private const string Import =
        "param($Path) Microsoft.PowerShell.Core\\Import-Module -Name $Path -DisableNameChecking -Verbose:$false -ErrorAction Stop";

    private const string Removal =
        "param($Name) Microsoft.PowerShell.Core\\Get-Module -All -Name $Name | "
        + "Microsoft.PowerShell.Core\\Remove-Module -Force -Verbose:$false -WhatIf:$false -ErrorAction Stop";

    private static readonly ConditionalWeakTable<Runspace, object> Loaded = new();

    private static volatile bool areWanted = true;

    /// <summary>
    /// Loads them into the runspace at hand for a new connection. The engine does nothing if they are there; only the engine knows
    /// whether somebody has removed them.
    /// </summary>
    /// <param name="wanted">Whether they are wanted, in this runspace and in those that use the connection: connections are the process's.</param>
    /// <exception cref="RuntimeException">The engine would not have them. It is not tried again before the next connection.</exception>
    internal static void LoadForConnection(bool wanted)
    {
        areWanted = wanted;
        if (wanted && Runspace.DefaultRunspace is { } runspace)
        {
            Loaded.AddOrUpdate(runspace, runspace);
            Load();
        }
    }

    /// <summary>Loads them into the runspace at hand for a cmdlet of the service, if the runspace has none and they are wanted.</summary>
    /// <exception cref="RuntimeException">The engine would not have them. It is not tried again in this runspace.</exception>
    internal static void LoadForCmdlet()
    {
        if (areWanted && Runspace.DefaultRunspace is { } runspace && Loaded.TryAdd(runspace, runspace))
        {
            try
            {
                Load();
            }
            catch (PipelineStoppedException)
            {
                Loaded.Remove(runspace);
                throw;
            }
        }
    }

    /// <summary>Takes them out of the runspace at hand.</summary>
    internal static void Unload()
    {
        if (Runspace.DefaultRunspace is { } runspace && Loaded.Remove(runspace))
        {
            OutOfSight(Removal, ModuleName);
        }
    }

    private static void Load()
    {
        string folder = Path.GetDirectoryName(typeof(DefaultViews).Assembly.Location) ?? string.Empty;
        OutOfSight(Import, Path.Combine(folder, "Formats", ModuleName + ".psd1"));
    }

    /// <summary>Views are the session's, whoever imports them. From a place that nobody sees, the module does not stand among the user's.</summary>
    private static void OutOfSight(string code, string argument) =>
        new PSModuleInfo(linkToGlobal: false).Invoke(ScriptBlock.Create(code), argument);
}
