#Requires -Version 7.4

<#
.SYNOPSIS
Hands shared mailboxes and groups from one person to another, and gives the mailboxes a second address.
.EXAMPLE
./Update-SharedMailboxOwner.ps1 -From adele@contoso.com -To bruno@contoso.com -AliasDomain team.contoso.com -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [string] $From,
    [Parameter(Mandatory)] [string] $To,
    # The domain of the second address.
    [Parameter(Mandatory)] [string] $AliasDomain,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)

Connect-ExchangeOnline @Connection
$old = Get-EXOMailbox -Identity $From
$new = Get-EXOMailbox -Identity $To
if (-not $old -or -not $new) { throw 'Both persons need a mailbox.' }

# Who has been dealt with carries a mark.
$mailboxes = Get-Mailbox -ResultSize Unlimited -Filter {RecipientTypeDetails -eq 'SharedMailbox' -and CustomAttribute15 -ne 'handed over'}
foreach ($mailbox in $mailboxes) {
    if ($mailbox.GrantSendOnBehalfTo -contains $old.Name -or $mailbox.GrantSendOnBehalfTo -contains $old.DisplayName) {
        $stale = @($mailbox.EmailAddresses | Where-Object { $_ -clike 'smtp:*@old.*' })
        $addresses = @{ Add = "smtp:$($mailbox.Alias)@$AliasDomain" }
        if ($stale) { $addresses.Remove = $stale }
        Set-Mailbox -Identity $mailbox.ExternalDirectoryObjectId -GrantSendOnBehalfTo @{ Remove = $old.UserPrincipalName; Add = $new.UserPrincipalName } -EmailAddresses $addresses -CustomAttribute15 'handed over'
        [PSCustomObject]@{ Kind = 'Mailbox'; Name = $mailbox.DisplayName }
    }
}

foreach ($group in Get-DistributionGroup -Filter { Alias -like 'team*' } -ResultSize Unlimited) {
    if ($group.ManagedBy -contains $old.Name -or $group.ManagedBy -contains $old.DisplayName) {
        Set-DistributionGroup -Identity $group.PrimarySmtpAddress -ManagedBy @{ Add = $new.PrimarySmtpAddress; Remove = $old.PrimarySmtpAddress } -BypassSecurityGroupManagerCheck
        [PSCustomObject]@{ Kind = 'Group'; Name = $group.DisplayName }
    }
}
Disconnect-ExchangeOnline -Confirm:$false -WhatIf:$false -InformationAction Ignore -ErrorAction SilentlyContinue
