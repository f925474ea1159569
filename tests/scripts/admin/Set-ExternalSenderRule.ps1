#Requires -Version 7.4

<#
.SYNOPSIS
Keeps a transport rule that marks messages from outside: makes it if it is not there, and mends it if somebody changed it.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [string] $Name = 'Mark external senders',
    [string] $Mark = '[EXTERNAL] ',
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)
$ErrorActionPreference = 'Stop'

Connect-ExchangeOnline @Connection
$did = 'nothing'
$rule = Get-TransportRule -ResultSize Unlimited | Where-Object Name -EQ $Name
if (-not $rule) {
    if ($PSCmdlet.ShouldProcess($Name, 'Make the rule')) {
        New-TransportRule -Name $Name -FromScope NotInOrganization -SentToScope InOrganization -PrependSubject $Mark -Priority 0 | Out-Null
        $did = 'made'
    }
}
elseif ($rule.PrependSubject -ne $Mark -and $PSCmdlet.ShouldProcess($Name, 'Mend the mark')) {
    Set-TransportRule -Identity $rule.Guid -PrependSubject $Mark
    $did = 'mended'
}
if ($rule -and $rule.State -ne 'Enabled' -and $PSCmdlet.ShouldProcess($Name, 'Enable the rule')) {
    Enable-TransportRule -Identity $rule.Guid -Confirm:$false
    $did = 'enabled'
}
$now = Get-TransportRule -ResultSize Unlimited | Where-Object Name -EQ $Name
[pscustomobject]@{ Rule = $Name; Did = $did; State = $now.State; Mark = $now.PrependSubject }
Disconnect-ExchangeOnline -Confirm:$false -WhatIf:$false -InformationAction Ignore -ErrorAction SilentlyContinue
