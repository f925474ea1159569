#Requires -Version 7.4

<#
.SYNOPSIS
Lists content searches of Security & Compliance, with what they found.
#>
[CmdletBinding()]
param(
    # Only searches whose name is like this.
    [string] $Name = '*',
    # How to connect: parameters of Connect-IPPSSession.
    [hashtable] $Connection = @{}
)
$ErrorActionPreference = 'Stop'

Connect-IPPSSession @Connection
try {
    Get-ComplianceSearch | Where-Object Name -Like $Name | Sort-Object Name | ForEach-Object {
        [pscustomobject]@{
            Name   = $_.Name
            Status = $_.Status
            Items  = $_.Items
            SizeMB = [math]::Round($_.Size / 1MB, 1)
        }
    }
}
finally {
    Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction SilentlyContinue
}
