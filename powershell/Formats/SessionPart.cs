using System.IO;
using System.Management.Automation;

namespace ExchangeOnlineRs.Formats;

/// <summary>
/// A module of views or types that ships with this one and comes into a session when it is needed. The engine takes what it has
/// when it is imported, and forgets that when it is removed.
/// </summary>
internal sealed class SessionPart
{
    private const string Import =
        "param($Path, $Again) Microsoft.PowerShell.Core\\Import-Module -Name $Path -Force:$Again -DisableNameChecking -Verbose:$false -ErrorAction Stop";

    private const string Removal =
        "param($Name) Microsoft.PowerShell.Core\\Get-Module -All -Name $Name | "
        + "Microsoft.PowerShell.Core\\Remove-Module -Force -Verbose:$false -WhatIf:$false -ErrorAction Stop";

    private readonly string name;

    internal SessionPart(string name) => this.name = name;

    /// <summary>Loads it into the runspace at hand. Only the engine knows whether it is there, or somebody has removed it.</summary>
    /// <param name="again">Whether the engine is to look at views anew, even if it is there.</param>
    /// <exception cref="RuntimeException">The engine would not have it.</exception>
    internal void Load(bool again)
    {
        string folder = Path.GetDirectoryName(typeof(SessionPart).Assembly.Location) ?? string.Empty;
        OutOfSight(Import, Path.Combine(folder, "Formats", name + ".psd1"), again);
    }

    /// <summary>Takes it out of the runspace at hand.</summary>
    internal void Unload() => OutOfSight(Removal, name);

    /// <summary>What a module has is the session's, whoever imports it. From a place that nobody sees, it does not stand among the user's.</summary>
    private static void OutOfSight(string code, params object[] arguments) =>
        new PSModuleInfo(linkToGlobal: false).Invoke(ScriptBlock.Create(code), arguments);
}
