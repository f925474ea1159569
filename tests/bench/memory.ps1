#Requires -Version 7.4
<#
.SYNOPSIS
Watches the memory of other processes.
.DESCRIPTION
Reads process ids from standard input and answers each with a line of JSON, in bytes: working is what the process has in memory, peak the
most that it ever had, private what it has for itself alone. With the word forget behind the id, the peak begins anew where the system can
do that; elsewhere it stays the most of all time.
#>
[CmdletBinding()]
param()
$ErrorActionPreference = 'Stop'

while ($null -ne ($line = [Console]::In.ReadLine())) {
    $id, $forget = $line -split ' '
    if ($forget -and $IsLinux) {
        # 5 resets the peak and nothing else.
        [IO.File]::WriteAllText("/proc/$id/clear_refs", '5')
    }
    $process = [Diagnostics.Process]::GetProcessById([int]$id)
    $private = $process.PrivateMemorySize64
    if ($IsLinux) {
        # There it would be address space, most of which is reserved and never used.
        $private = 0
        foreach ($text in Get-Content -LiteralPath "/proc/$id/smaps_rollup") {
            if ($text -match '^Private_(?:Clean|Dirty):\s+(\d+) kB') { $private += 1KB * $Matches[1] }
        }
    }
    $answer = [ordered]@{ working = $process.WorkingSet64; peak = $process.PeakWorkingSet64; private = $private }
    [Console]::Out.WriteLine(($answer | ConvertTo-Json -Compress))
}
