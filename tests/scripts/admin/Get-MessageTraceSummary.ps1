#Requires -Version 7.4

<#
.SYNOPSIS
Counts the messages of the last days by sender and by status.
#>
[CmdletBinding()]
param(
    [ValidateRange(1, 10)] [int] $Days = 2,
    # Seen from this moment.
    [datetime] $Now = (Get-Date),
    # Only messages with this status, such as Failed.
    [string] $Status,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)
$ErrorActionPreference = 'Stop'

Connect-ExchangeOnline @Connection
$trace = @{ StartDate = $Now.AddDays(-$Days); EndDate = $Now; ResultSize = 5000 }
if ($Status) { $trace.Status = $Status }
[array]$messages = Get-MessageTraceV2 @trace
[pscustomobject]@{
    Messages = $messages.Count
    Senders  = @($messages.SenderAddress | Sort-Object -Unique).Count
    ByStatus = @($messages | Group-Object Status | Sort-Object Name | ForEach-Object { "$($_.Name)=$($_.Count)" }) -join ' '
    Busiest  = ($messages | Group-Object SenderAddress | Sort-Object Count -Descending | Select-Object -First 1).Name
    Latest   = ($messages | Sort-Object Received -Descending | Select-Object -First 1).Received
}
Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction SilentlyContinue
