#Requires -Version 7.4

<#
.SYNOPSIS
Lists who may open a mailbox, send as or on behalf of it, or read its calendar, with the bulk cmdlets.
.EXAMPLE
./Get-DelegationReport.ps1 -CsvPath delegates.csv
#>
[CmdletBinding()]
param(
    # Where to write the report; without it the report is the output.
    [string] $CsvPath,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)

Connect-ExchangeOnline @Connection
[array]$Mailboxes = Get-EXOMailbox -RecipientTypeDetails UserMailbox, SharedMailbox -ResultSize Unlimited -PropertySets Delivery -Properties RecipientTypeDetails, DisplayName |
    Sort-Object DisplayName
if ($Mailboxes.Count -eq 0) { throw 'There are no mailboxes to look at.' }
$Report = [System.Collections.Generic.List[Object]]::new()
$Number = 0
foreach ($Mailbox in $Mailboxes) {
    $Number++
    Write-Progress -Activity 'Reading permissions' -Status "$($Mailbox.DisplayName) ($Number of $($Mailboxes.Count))" -PercentComplete (($Number / $Mailboxes.Count) * 100)
    $Found = @(
        Get-EXOMailboxPermission -Identity $Mailbox.UserPrincipalName |
            Where-Object { $_.User -like '*@*' -and $_.AccessRights -contains 'FullAccess' -and $_.Deny -ne $true } |
            ForEach-Object { @{ Who = $_.User; Right = 'FullAccess' } }
        Get-EXORecipientPermission -Identity $Mailbox.UserPrincipalName |
            Where-Object { $_.Trustee -notmatch 'NT AUTHORITY' } |
            ForEach-Object { @{ Who = $_.Trustee; Right = 'SendAs' } }
        $Mailbox.GrantSendOnBehalfTo | ForEach-Object { @{ Who = $_; Right = 'SendOnBehalf' } }
        Get-EXOMailboxFolderPermission -Identity ($Mailbox.UserPrincipalName + ':\Calendar') -ErrorAction SilentlyContinue |
            Where-Object { $_.User -notin 'Default', 'Anonymous' } |
            ForEach-Object { @{ Who = $_.User; Right = "Calendar: $($_.AccessRights -join ', ')" } }
    )
    foreach ($One in $Found) {
        $Report.Add([PSCustomObject][Ordered]@{
                Mailbox  = $Mailbox.DisplayName
                UPN      = $Mailbox.UserPrincipalName
                Type     = $Mailbox.RecipientTypeDetails
                Delegate = $One.Who
                Right    = $One.Right
            })
    }
}
Write-Progress -Activity 'Reading permissions' -Completed
Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction SilentlyContinue
if ($CsvPath) { $Report | Export-Csv -LiteralPath $CsvPath -NoTypeInformation -Encoding utf8 } else { $Report }
