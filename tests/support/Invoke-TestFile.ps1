#Requires -Version 7.4
<#
.SYNOPSIS
Runs one Pester file and writes how many of its tests did what.
#>
[CmdletBinding()]
param(
    # The Pester file.
    [Parameter(Mandatory)] [string] $Path,
    # The manifest of the Pester to use.
    [Parameter(Mandatory)] [string] $Pester,
    # Where to write {"passed":…,"failed":…,"skipped":…}.
    [Parameter(Mandatory)] [string] $ResultFile,
    # Only tests whose full name is like this.
    [string] $FullName
)
$ErrorActionPreference = 'Stop'

Import-Module $Pester
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Detailed'
if ($FullName) { $configuration.Filter.FullName = $FullName }
$result = Invoke-Pester -Configuration $configuration

$failed = $result.FailedCount + $result.FailedContainersCount + $result.InconclusiveCount
if ($failed -eq 0 -and ($result.FailedBlocksCount -gt 0 -or $result.Result -ne 'Passed')) {
    # A BeforeAll or AfterAll failed where no test could take the blame.
    $failed = [Math]::Max(1, $result.FailedBlocksCount)
}
[ordered]@{ passed = $result.PassedCount; failed = $failed; skipped = $result.SkippedCount } |
    ConvertTo-Json -Compress | Set-Content -LiteralPath $ResultFile
exit [int]($failed -gt 0)
