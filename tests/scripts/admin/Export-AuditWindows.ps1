#Requires -Version 7.4

<#
.SYNOPSIS
Exports the audit records of some days, window after window, each in a session of the audit log.
.DESCRIPTION
A session ends at 50,000 records, so long times are cut into windows. Each window has a session of its own: whether the service
begins anew when a session's name comes again with another window is not published.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [datetime] $StartDate,
    [Parameter(Mandatory)] [datetime] $EndDate,
    # How long a window is.
    [ValidateRange(1, 44640)] [int] $IntervalMinutes = 1440,
    # Only these operations.
    [string[]] $Operations,
    # How many records to ask for at a time.
    [ValidateRange(1, 5000)] [int] $PageSize = 5000,
    # Where to write the records.
    [Parameter(Mandatory)] [string] $CsvPath,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)
$ErrorActionPreference = 'Stop'

Connect-ExchangeOnline @Connection
if (Test-Path -LiteralPath $CsvPath) { Remove-Item -LiteralPath $CsvPath }
$more = @{}
if ($Operations) { $more.Operations = $Operations }
$from = $StartDate
$windows = 0
$total = 0
while ($from -lt $EndDate) {
    $to = $from.AddMinutes($IntervalMinutes)
    if ($to -gt $EndDate) { $to = $EndDate }
    $windows++
    $sessionId = "$([guid]::NewGuid())_Window$windows"
    Write-Progress -Activity "Reading audit records from $from to $to" -Status "$total records so far"
    do {
        $results = @(Search-UnifiedAuditLog -StartDate $from -EndDate $to @more -SessionId $sessionId -SessionCommand ReturnLargeSet -ResultSize $PageSize)
        $results | ForEach-Object {
            $auditData = $_.AuditData | ConvertFrom-Json
            [PSCustomObject]@{
                'Time'      = (Get-Date $_.CreationDate).ToString('s')
                'User'      = $_.UserIds
                'Operation' = $_.Operations
                'Result'    = $auditData.ResultStatus
                'Id'        = $auditData.Id
            }
        } | Export-Csv -LiteralPath $CsvPath -NoTypeInformation -Append
        $total += $results.Count
    } while ($results.Count -ge $PageSize)
    $from = $to
}
Write-Progress -Activity 'Reading audit records' -Completed
[PSCustomObject]@{ Windows = $windows; Records = $total; Path = $CsvPath }
Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction SilentlyContinue
