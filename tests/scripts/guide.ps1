#Requires -Version 7.4
<#
.SYNOPSIS
Runs the steps of the guide against a simulated tenant, shows each command as typed with its true output, and fails if the output does not
show what it must.
.DESCRIPTION
`cargo xtask demo` starts it. The environment must name the tenant's certificate authority (SSL_CERT_FILE) and a browser that can sign in by
itself (BROWSER).
#>
[CmdletBinding()]
param(
    # The file that the simulated tenant wrote when it was ready.
    [Parameter(Mandatory)] [string] $ReadyFile,
    # The folder of the module.
    [Parameter(Mandatory)] [string] $Module
)
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot '../support/TestTenant.psm1')
$tenant = Read-TenantReadyFile -Path $ReadyFile
$admin = Get-TenantAccount -Tenant $tenant -Name 'admin'
$mfaAdmin = Get-TenantAccount -Tenant $tenant -Name 'mfa.admin'

function ConvertTo-Literal([string] $Text) { "'" + $Text.Replace("'", "''") + "'" }

# Each step: the command as typed, and what its output must match. A step without a pattern must print nothing.
$steps = @(
    '# The module, and a simulated tenant in place of Microsoft''s addresses'
    @{ Type = "Import-Module $(ConvertTo-Literal $Module)" }
    @{ Type = "`$PSDefaultParameterValues['Connect-ExchangeOnline:ConnectionUri'] = $(ConvertTo-Literal $tenant.ConnectionUri)" }
    @{ Type = "`$PSDefaultParameterValues['Connect-ExchangeOnline:AzureADAuthorizationEndpointUri'] = $(ConvertTo-Literal $tenant.AuthorizationUri)" }

    '# Sign in with user name and password'
    @{ Type = "`$UserCredential = [pscredential]::new($(ConvertTo-Literal $admin.UserPrincipalName), (ConvertTo-SecureString $(ConvertTo-Literal $admin.Password) -AsPlainText -Force))" }
    @{ Type = 'Connect-ExchangeOnline -Credential $UserCredential -ShowProgress $true' }
    @{ Type = 'Get-ConnectionInformation'; Shows = "(?m)^State\s+: Connected\s*$", "(?m)^UserPrincipalName\s+: $([regex]::Escape($admin.UserPrincipalName))\s*$", '(?m)^TokenStatus\s+: Active\s*$' }

    '# Mailboxes'
    @{ Type = 'Get-Mailbox'; Shows = '(?m)^Name\s+Alias\s+Database\s+ProhibitSendQuota\s+ExternalDirectoryObjectId\s*$', '(?m)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\s*$' }

    '# Modern authentication on, and off again'
    @{ Type = 'Get-OrganizationConfig | Format-Table Name,OAuth* -Auto'; Shows = '(?m)^Name\s+OAuth2ClientProfileEnabled\s*$', '(?m)^\S+\s+(True|False)\s*$' }
    @{ Type = 'Set-OrganizationConfig -OAuth2ClientProfileEnabled $true' }
    @{ Type = 'Get-OrganizationConfig | Format-Table Name,OAuth* -Auto'; Shows = '(?m)^Name\s+OAuth2ClientProfileEnabled\s*$', '(?m)^\S+\s+True\s*$' }
    @{ Type = 'Set-OrganizationConfig -OAuth2ClientProfileEnabled $false' }
    @{ Type = 'Get-OrganizationConfig | Format-Table Name,OAuth* -Auto'; Shows = '(?m)^Name\s+OAuth2ClientProfileEnabled\s*$', '(?m)^\S+\s+False\s*$' }
    @{ Type = 'Disconnect-ExchangeOnline -Confirm:$false' }
    @{ Type = 'Get-ConnectionInformation' }

    '# Sign in with a browser and a second factor'
    @{ Type = "Connect-ExchangeOnline -UserPrincipalName $($mfaAdmin.UserPrincipalName) -ShowProgress `$true" }
    @{ Type = 'Get-ConnectionInformation | Format-List UserPrincipalName,State,TokenStatus'; Shows = "(?m)^UserPrincipalName\s+: $([regex]::Escape($mfaAdmin.UserPrincipalName))\s*$", '(?m)^State\s+: Connected\s*$' }
    @{ Type = 'Get-Mailbox -ResultSize 3 -WarningAction SilentlyContinue'; Shows = '(?s)^Name.*?([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\s*){1}.*$' }
    @{ Type = 'Disconnect-ExchangeOnline -Confirm:$false' }
)

foreach ($step in $steps) {
    if ($step -is [string]) {
        Write-Host "`n$step" -ForegroundColor Green
        continue
    }
    Write-Host "PS> $($step.Type)"
    # Dot-sourced here, in the script's own scope, so that variables live on as they do at a prompt. Warnings and what goes to the host
    # show up by themselves; only objects are held back, to be shown and checked as the same text.
    $shown = (@(. ([scriptblock]::Create($step.Type))) | Out-String -Width 140).Trim([char[]]"`r`n")
    if ($shown) { Write-Host "$shown`n" }
    $patterns = @(if ($step.ContainsKey('Shows')) { $step.Shows })
    if (-not $patterns -and $shown) { throw "This step prints nothing when all is well: $($step.Type)" }
    foreach ($pattern in $patterns) {
        if ($shown -cnotmatch $pattern) { throw "The output of '$($step.Type)' does not match '$pattern'." }
    }
}
Write-Host 'The guide ran as it must.' -ForegroundColor Green
