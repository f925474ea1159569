#Requires -Version 7.4

<#
.SYNOPSIS
Lists Microsoft 365 groups with owners and members; optionally adds an owner where there is none.
.EXAMPLE
./Get-UnifiedGroupReport.ps1 -Caretaker admin@contoso.com
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # Becomes a member and the owner of groups that have no owner.
    [string] $Caretaker,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)
$ErrorActionPreference = 'Stop'

if (-not (Get-ConnectionInformation | Where-Object State -EQ 'Connected')) { Connect-ExchangeOnline @Connection }
foreach ($group in Get-UnifiedGroup -ResultSize Unlimited) {
    $owners = @(Get-UnifiedGroupLinks -Identity $group.ExternalDirectoryObjectId -LinkType Owners -ResultSize Unlimited)
    $members = @(Get-UnifiedGroupLinks -Identity $group.ExternalDirectoryObjectId -LinkType Members -ResultSize Unlimited)
    $adopted = $false
    if ($owners.Count -eq 0 -and $Caretaker -and $PSCmdlet.ShouldProcess($group.DisplayName, "Make $Caretaker its owner")) {
        # An owner has to be a member first.
        Add-UnifiedGroupLinks -Identity $group.ExternalDirectoryObjectId -LinkType Members -Links $Caretaker
        Add-UnifiedGroupLinks -Identity $group.ExternalDirectoryObjectId -LinkType Owners -Links $Caretaker
        $owners = @(Get-UnifiedGroupLinks -Identity $group.ExternalDirectoryObjectId -LinkType Owners)
        $adopted = $true
    }
    [pscustomobject]@{
        DisplayName = $group.DisplayName
        Address     = $group.PrimarySmtpAddress
        Access      = $group.AccessType
        Owners      = ($owners.DisplayName | Sort-Object) -join ';'
        Members     = $members.Count
        Created     = Get-Date $group.WhenCreated -Format 'yyyy-MM-dd'
        Adopted     = $adopted
    }
}
