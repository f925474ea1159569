#Requires -Version 7.4

<#
.SYNOPSIS
Turns off POP and IMAP for all mailboxes but those named.
.EXAMPLE
./Disable-LegacyProtocols.ps1 -Except scanner@contoso.com -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # Mailboxes that may keep them, by address.
    [string[]] $Except = @(),
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)
$ErrorActionPreference = 'Stop'

Connect-ExchangeOnline @Connection
$all = Get-CASMailbox -ResultSize Unlimited
$affected = $all | Where-Object { ($_.PopEnabled -or $_.ImapEnabled) -and $_.PrimarySmtpAddress -notin $Except }
$failures = 0
foreach ($mailbox in $affected) {
    try { Set-CASMailbox -Identity $mailbox.PrimarySmtpAddress -PopEnabled $false -ImapEnabled $false }
    catch {
        $failures++
        Write-Warning "$($mailbox.DisplayName): $($_.Exception.Message)"
    }
}
[pscustomobject]@{
    Mailboxes = @($all).Count
    Affected  = @($affected).Count
    Failed    = $failures
    StillOn   = @(Get-CASMailbox -ResultSize Unlimited | Where-Object { $_.PopEnabled -or $_.ImapEnabled }).Count
}
Disconnect-ExchangeOnline -Confirm:$false -WhatIf:$false -InformationAction Ignore -ErrorAction SilentlyContinue
