#Requires -Version 7.4

<#
.SYNOPSIS
Writes all addresses of the organisation to a CSV file and a summary by kind and domain to a JSON file.
#>
[CmdletBinding()]
param(
    # The folder of the two files.
    [Parameter(Mandatory)] [string] $Folder,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)
$ErrorActionPreference = 'Stop'

Connect-ExchangeOnline @Connection
$organization = (Get-OrganizationConfig).Name
[array]$recipients = Get-Recipient -ResultSize Unlimited
$default = (Get-AcceptedDomain | Where-Object { $_.Default }).DomainName

$recipients | ForEach-Object {
    $recipient = $_
    foreach ($address in $recipient.EmailAddresses | Where-Object { $_ -like 'smtp:*' }) {
        [pscustomobject]@{
            Recipient = $recipient.DisplayName
            Kind      = $recipient.RecipientTypeDetails
            Address   = $address -replace '^smtp:'
            IsPrimary = $address -clike 'SMTP:*'
        }
    }
} | Export-Csv -LiteralPath (Join-Path $Folder 'addresses.csv') -NoTypeInformation

$summary = [ordered]@{
    Organization  = $organization
    DefaultDomain = $default
    Recipients    = $recipients.Count
    Kinds         = [ordered]@{}
    Domains       = [ordered]@{}
}
$recipients | Group-Object RecipientTypeDetails | Sort-Object Count -Descending | ForEach-Object { $summary.Kinds[$_.Name] = $_.Count }
$recipients | Where-Object PrimarySmtpAddress | Group-Object { ($_.PrimarySmtpAddress -split '@')[1] } | Sort-Object Name | ForEach-Object { $summary.Domains[$_.Name] = $_.Count }
$summary | ConvertTo-Json | Set-Content -LiteralPath (Join-Path $Folder 'summary.json')
Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction SilentlyContinue
