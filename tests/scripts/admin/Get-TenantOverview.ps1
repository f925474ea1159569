#Requires -Version 7.4

<#
.SYNOPSIS
Says in a few numbers what an organisation has, from a shell where nothing is prepared.
.DESCRIPTION
Installs the module where it is missing and connects where nobody has.
#>
[CmdletBinding()]
param(
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)
$ErrorActionPreference = 'Stop'

$available = Get-Module -Name ExchangeOnlineManagement -ListAvailable
if ($available.Count -eq 0) {
    Write-Host 'The Exchange Online module is not there. It is being installed.'
    Install-Module ExchangeOnlineManagement -Repository PSGallery -AllowClobber -Force -Scope CurrentUser
}
if ('ExchangeOnlineManagement' -notin (Get-Module).Name) { Connect-ExchangeOnline @Connection }

[array]$shared = Get-EXOMailbox -Filter { RecipientTypeDetails -eq 'SharedMailbox' } -ResultSize Unlimited
[array]$recipients = Get-EXORecipient -ResultSize Unlimited -Properties DisplayName, PrimarySmtpAddress
[array]$pop = Get-EXOCasMailbox -ResultSize Unlimited | Where-Object { $_.PopEnabled }
[PSCustomObject]@{
    Organization = (Get-OrganizationConfig).Name
    Modules      = @((Get-Module).Name -like 'ExchangeOnline*' | Sort-Object)
    Shared       = @($shared.PrimarySmtpAddress | Sort-Object)
    Recipients   = $recipients.Count
    Addresses    = @($recipients.PrimarySmtpAddress | Where-Object { $_ }).Count
    Pop          = $pop.Count
}
Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction SilentlyContinue
