#Requires -Version 7.4

<#
.SYNOPSIS
Writes all messages of some days to a CSV file, however many there are, and says who received most.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [datetime] $StartDate,
    [Parameter(Mandatory)] [datetime] $EndDate,
    # Only messages with one of these states.
    [string[]] $Status,
    # How many messages to ask for at a time.
    [ValidateRange(1, 5000)] [int] $PageSize = 5000,
    # Where to write the messages.
    [Parameter(Mandatory)] [string] $CsvPath,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)
$ErrorActionPreference = 'Stop'

Connect-ExchangeOnline @Connection
$query = @{ StartDate = $StartDate; EndDate = $EndDate; ResultSize = $PageSize }
if ($Status) { $query.Status = $Status }
$seen = [System.Collections.Generic.HashSet[string]]::new()
$messages = [System.Collections.Generic.List[object]]::new()
$pages = 0
do {
    [array]$page = Get-MessageTraceV2 @query -WarningAction SilentlyContinue
    $pages++
    $before = $messages.Count
    foreach ($message in $page) {
        # The last message of a page may come again on the next.
        if ($seen.Add("$($message.MessageTraceId) $($message.RecipientAddress)")) { $messages.Add($message) }
    }
    if ($page.Count -gt 0) {
        $query.EndDate = $page[-1].Received
        $query.StartingRecipientAddress = $page[-1].RecipientAddress
    }
} while ($page.Count -eq $PageSize -and $messages.Count -gt $before)

$messages | Select-Object @{ N = 'Time'; E = { Get-Date $_.Received -Format 's' } }, SenderAddress, RecipientAddress, Subject, Status, Size, MessageTraceId |
    Export-Csv -LiteralPath $CsvPath -NoTypeInformation
$top = $messages | Group-Object RecipientAddress | Sort-Object @{ E = 'Count'; Descending = $true }, Name | Select-Object -First 1
[PSCustomObject]@{
    Messages = $messages.Count
    Pages    = $pages
    Top      = $top.Name
    TopCount = $top.Count
    Bytes    = ($messages | Measure-Object Size -Sum).Sum
}
Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction SilentlyContinue
