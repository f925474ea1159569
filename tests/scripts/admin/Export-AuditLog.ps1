#Requires -Version 7.4

<#
.SYNOPSIS
Exports what the unified audit log has of some days, all pages of it, and counts by operation.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [datetime] $Start,
    [Parameter(Mandatory)] [datetime] $End,
    # Only these operations.
    [string[]] $Operations,
    # Where to write the records.
    [Parameter(Mandatory)] [string] $CsvPath,
    # How many records to ask for at a time.
    [ValidateRange(1, 5000)] [int] $PageSize = 5000,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)
$ErrorActionPreference = 'Stop'

Connect-ExchangeOnline @Connection
$search = @{
    StartDate      = $Start
    EndDate        = $End
    SessionId      = "Export $([guid]::NewGuid())"
    SessionCommand = 'ReturnLargeSet'
    ResultSize     = $PageSize
}
if ($Operations) { $search.Operations = $Operations }
$records = [Collections.Generic.List[object]]::new()
do {
    [array]$page = Search-UnifiedAuditLog @search
    foreach ($record in $page) {
        $data = $record.AuditData | ConvertFrom-Json
        $records.Add([pscustomobject]@{
                Time      = Get-Date $record.CreationDate -Format 'yyyy-MM-dd HH:mm:ss'
                User      = $record.UserIds
                Operation = $record.Operations
                Workload  = $data.Workload
                Id        = $data.Id
            })
    }
    Write-Verbose "$($records.Count) records so far"
} while ($page.Count -gt 0)

# A large set comes in no order, and a record may come twice.
$unique = @($records | Sort-Object Id -Unique | Sort-Object Time -Descending)
$unique | Export-Csv -LiteralPath $CsvPath -NoTypeInformation
$unique | Group-Object Operation | Sort-Object Count -Descending | Select-Object @{ Name = 'Operation'; Expression = 'Name' }, Count
Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction SilentlyContinue
