#Requires -Version 7.4
<#
.SYNOPSIS
Watches the memory of other processes.
.DESCRIPTION
Reads process ids from standard input and answers each with a line of JSON, in bytes: working is what the process has in memory, peak the
most that it ever had, private what it has for itself alone.
#>
[CmdletBinding()]
param()
$ErrorActionPreference = 'Stop'

while ($null -ne ($line = [Console]::In.ReadLine())) {
    $process = [Diagnostics.Process]::GetProcessById([int]$line)
    $private = $process.PrivateMemorySize64
    if ($IsLinux) {
        # There it would be address space, most of which is reserved and never used.
        $private = 0
        foreach ($text in Get-Content -LiteralPath "/proc/$line/smaps_rollup") {
            if ($text -match '^Private_(?:Clean|Dirty):\s+(\d+) kB') { $private += 1KB * $Matches[1] }
        }
    }
    $answer = [ordered]@{ working = $process.WorkingSet64; peak = $process.PeakWorkingSet64; private = $private }
    [Console]::Out.WriteLine(($answer | ConvertTo-Json -Compress))
}
