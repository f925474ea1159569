#Requires -Version 7.4

<#
.SYNOPSIS
Makes the mailbox of somebody who leaves a shared one, with an automatic reply, and takes its owner out of all groups.
.EXAMPLE
./Disable-LeaverMailbox.ps1 -Identity adele -Successor bruno.lacroix -Reply 'Adele no longer works here.'
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
param(
    [Parameter(Mandatory)] [string] $Identity,
    # Who gets the messages from now on.
    [Parameter(Mandatory)] [string] $Successor,
    [string] $Reply = 'This person no longer works here.',
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)
$ErrorActionPreference = 'Stop'

Connect-ExchangeOnline @Connection
try {
    $leaver = Get-Mailbox -Identity $Identity
    $successorMailbox = Get-Mailbox -Identity $Successor
    if (-not $PSCmdlet.ShouldProcess($leaver.DisplayName, 'Disable the mailbox')) { return }

    $settings = @{
        Identity                      = $leaver.ExchangeGuid
        Type                          = 'Shared'
        HiddenFromAddressListsEnabled = $true
        ForwardingAddress             = $successorMailbox.PrimarySmtpAddress
        DeliverToMailboxAndForward    = $true
    }
    Set-Mailbox @settings -Confirm:$false
    Set-MailboxAutoReplyConfiguration -Identity $leaver.PrimarySmtpAddress -AutoReplyState Enabled -InternalMessage $Reply -ExternalMessage $Reply -Confirm:$false

    $left = foreach ($group in Get-DistributionGroup -ResultSize Unlimited) {
        $members = @(Get-DistributionGroupMember -Identity $group.PrimarySmtpAddress -ResultSize Unlimited)
        if ($members.PrimarySmtpAddress -contains $leaver.PrimarySmtpAddress) {
            Remove-DistributionGroupMember -Identity $group.PrimarySmtpAddress -Member $leaver.PrimarySmtpAddress -Confirm:$false
            $group.DisplayName
        }
    }

    $now = Get-Mailbox -Identity $leaver.ExchangeGuid
    [pscustomobject]@{
        Mailbox    = $now.PrimarySmtpAddress
        Type       = $now.RecipientTypeDetails
        Hidden     = $now.HiddenFromAddressListsEnabled
        Forwarding = $now.ForwardingAddress
        Reply      = (Get-MailboxAutoReplyConfiguration -Identity $now.PrimarySmtpAddress).AutoReplyState
        GroupsLeft = @($left)
    }
}
finally {
    Disconnect-ExchangeOnline -Confirm:$false -WhatIf:$false -InformationAction Ignore -ErrorAction SilentlyContinue
}
