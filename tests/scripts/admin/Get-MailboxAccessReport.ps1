#Requires -Version 7.4

<#
.SYNOPSIS
Lists who may open or send from the mailboxes of others.
#>
[CmdletBinding()]
param(
    # Only these kinds of mailbox.
    [string[]] $RecipientTypeDetails = @('UserMailbox', 'SharedMailbox'),
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)

Connect-ExchangeOnline @Connection
foreach ($mailbox in Get-Mailbox -ResultSize Unlimited -RecipientTypeDetails $RecipientTypeDetails) {
    $full = Get-MailboxPermission -Identity $mailbox.ExchangeGuid |
        Where-Object { $_.AccessRights -contains 'FullAccess' -and -not $_.IsInherited -and $_.User -notlike 'NT AUTHORITY*' -and -not $_.Deny }
    $sendAs = Get-RecipientPermission -Identity $mailbox.PrimarySmtpAddress -AccessRights SendAs -ErrorAction SilentlyContinue |
        Where-Object { $_.Trustee -notmatch 'NT AUTHORITY' }
    if ($full -or $sendAs -or $mailbox.GrantSendOnBehalfTo.Count -gt 0) {
        [pscustomobject]@{
            Mailbox    = $mailbox.PrimarySmtpAddress
            FullAccess = @($full | ForEach-Object { "$($_.User)" } | Sort-Object -Unique) -join '; '
            SendAs     = @($sendAs | ForEach-Object { "$($_.Trustee)" } | Sort-Object -Unique) -join '; '
            OnBehalf   = $mailbox.GrantSendOnBehalfTo -join '; '
        }
    }
}
Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction SilentlyContinue
