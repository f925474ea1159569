#Requires -Version 7.4

<#
.SYNOPSIS
Finds mailboxes that forward their messages, and tells forwarding to the outside from forwarding within; optionally ends the former.
.EXAMPLE
./Get-ForwardingReport.ps1 | Where-Object Outside
.EXAMPLE
./Get-ForwardingReport.ps1 -Remove -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # End forwarding to the outside.
    [switch] $Remove,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)

Connect-ExchangeOnline @Connection
$domains = @(Get-AcceptedDomain | ForEach-Object { $_.DomainName })
$forwarding = Get-Mailbox -ResultSize Unlimited | Where-Object { $_.ForwardingSmtpAddress -or $_.ForwardingAddress }
foreach ($mailbox in $forwarding) {
    $target = if ($mailbox.ForwardingSmtpAddress) { $mailbox.ForwardingSmtpAddress -replace '^smtp:' } else { "$($mailbox.ForwardingAddress)" }
    $outside = [bool]$mailbox.ForwardingSmtpAddress -and ($target -split '@')[-1] -notin $domains
    if ($outside -and $Remove) { Set-Mailbox -Identity $mailbox.ExternalDirectoryObjectId -ForwardingSmtpAddress $null -DeliverToMailboxAndForward $false }
    [pscustomobject]@{
        Mailbox = $mailbox.PrimarySmtpAddress
        Target  = $target
        Copy    = $mailbox.DeliverToMailboxAndForward
        Outside = $outside
    }
}
Disconnect-ExchangeOnline -Confirm:$false -WhatIf:$false -InformationAction Ignore -ErrorAction SilentlyContinue
