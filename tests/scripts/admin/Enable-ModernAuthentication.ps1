#Requires -Version 7.4

<#
.SYNOPSIS
Makes sure that modern authentication is on, and says what was found and what was done.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)

$connected = $false
if (@(Get-ConnectionInformation -ErrorAction SilentlyContinue).Count -eq 0) {
    Connect-ExchangeOnline @Connection -ErrorAction Stop
    $connected = $true
}
$before = (Get-OrganizationConfig).OAuth2ClientProfileEnabled
if (-not $before) { Set-OrganizationConfig -OAuth2ClientProfileEnabled $true }
[pscustomobject]@{
    Organization = (Get-OrganizationConfig).Name
    Before       = $before
    Now          = (Get-OrganizationConfig).OAuth2ClientProfileEnabled
}
if ($connected) { Disconnect-ExchangeOnline -Confirm:$false -WhatIf:$false }
