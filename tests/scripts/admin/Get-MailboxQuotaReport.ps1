#Requires -Version 7.4

<#
.SYNOPSIS
Lists mailboxes that are about to reach their limit, the fullest first.
.EXAMPLE
./Get-MailboxQuotaReport.ps1 -MinimumPercent 80 -CsvPath quota.csv
#>
[CmdletBinding()]
param(
    # How full a mailbox must be to be listed.
    [ValidateRange(0, 100)] [double] $MinimumPercent = 80,
    # Where to write the report; without it the report is the output.
    [string] $CsvPath,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)
$ErrorActionPreference = 'Stop'

$modules = Get-Module | Select-Object -ExpandProperty Name
if ($modules -notcontains 'ExchangeOnlineManagement') { Import-Module ExchangeOnlineManagement }
if (-not (Get-ConnectionInformation)) { Connect-ExchangeOnline @Connection }

[array]$mailboxes = Get-Mailbox -ResultSize Unlimited -RecipientTypeDetails UserMailbox, SharedMailbox
Write-Verbose "$($mailboxes.Count) mailboxes"
$report = foreach ($mailbox in $mailboxes) {
    if ("$($mailbox.ProhibitSendQuota)" -eq 'Unlimited') { continue }
    $statistics = Get-MailboxStatistics -Identity $mailbox.ExchangeGuid -WarningAction SilentlyContinue
    $used = [long](($statistics.TotalItemSize.ToString().Split('(')[1]) -replace '[^\d]')
    $limit = $mailbox.ProhibitSendQuota.Value.ToBytes()
    [pscustomobject]@{
        DisplayName = $mailbox.DisplayName
        Address     = $mailbox.PrimarySmtpAddress
        Type        = $mailbox.RecipientTypeDetails
        Items       = $statistics.ItemCount
        SizeGB      = [math]::Round($used / 1GB, 3)
        Quota       = $mailbox.ProhibitSendQuota -replace ' \(.*'
        Percent     = [math]::Round(100 * $used / $limit, 2)
    }
}
$report = $report | Where-Object Percent -GE $MinimumPercent | Sort-Object Percent -Descending
if ($CsvPath) { $report | Export-Csv -LiteralPath $CsvPath -NoTypeInformation } else { $report }
