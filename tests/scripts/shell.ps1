#Requires -Version 7.4
<#
.SYNOPSIS
Leaves a person in a PowerShell that is connected to a simulated tenant. `cargo xtask demo --shell` starts it with -NoExit.
#>
[CmdletBinding()]
param(
    # The file that the simulated tenant wrote when it was ready.
    [Parameter(Mandatory)] [string] $ReadyFile,
    # The folder of the module.
    [Parameter(Mandatory)] [string] $Module
)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot '../support/TestTenant.psm1')
Import-Module $Module
$tenant = Read-TenantReadyFile -Path $ReadyFile
$global:PSDefaultParameterValues['Connect-ExchangeOnline:ConnectionUri'] = $tenant.ConnectionUri
$global:PSDefaultParameterValues['Connect-ExchangeOnline:AzureADAuthorizationEndpointUri'] = $tenant.AuthorizationUri
Connect-ExchangeOnline -Credential (Get-TenantCredential -Tenant $tenant -Name 'admin') -ShowBanner:$false

Write-Host "You are connected to a simulated tenant at $($tenant.ConnectionUri) as its admin. Its accounts:"
$tenant.Accounts | Format-Table UserPrincipalName, Password, @{ Label = 'Second factor'; Expression = { $_.Mfa } }, Roles -AutoSize | Out-Host
Write-Host @"
Try:
  Get-Mailbox
  Get-Mailbox -ResultSize 3 | Set-Mailbox -Office 'Dublin' -WhatIf
  Get-OrganizationConfig | Format-Table Name,OAuth* -Auto
  Connect-ExchangeOnline -UserPrincipalName mfa.admin@$(($tenant.Accounts[0].UserPrincipalName -split '@')[1])   # in your browser
  Connect-ExchangeOnline -Device

Your browser does not know the tenant's own certificate authority and will say so before it shows the sign-in page.
The tenant and all its changes are gone when you type exit.
"@
