#Requires -Version 7.4

<#
.SYNOPSIS
Lists people's mailboxes that nobody has opened for some time, several at once.
#>
[CmdletBinding()]
param(
    # For how many days nobody has opened them.
    [int] $Days = 90,
    # Seen from this day.
    [datetime] $Today = (Get-Date),
    # How many mailboxes are read at once.
    [int] $ThrottleLimit = 4,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)

Connect-ExchangeOnline @Connection
$limit = $Today.AddDays(-$Days)
# One connection serves all runspaces; the module is all that each of them needs.
$module = (Get-Command Get-MailboxStatistics).Module.Path
$statistics = Get-Mailbox -ResultSize Unlimited -Filter "RecipientTypeDetails -eq 'UserMailbox'" | ForEach-Object -ThrottleLimit $ThrottleLimit -Parallel {
    Import-Module $using:module
    $found = Get-MailboxStatistics -Identity $_.ExchangeGuid -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
    [pscustomobject]@{
        DisplayName = $_.DisplayName
        Address     = $_.PrimarySmtpAddress
        LastLogon   = $found.LastLogonTime
        Size        = "$($found.TotalItemSize)" -replace '\(.*'
        Items       = $found.ItemCount
    }
}
$statistics | Where-Object { $null -eq $_.LastLogon -or $_.LastLogon -lt $limit } | Sort-Object LastLogon, DisplayName
Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction SilentlyContinue
