#Requires -Version 7.4
<#
.SYNOPSIS
Imports a module and prints the milliseconds it took.
#>
[CmdletBinding()]
param([Parameter(Mandatory)] [string] $Module)
$ErrorActionPreference = 'Stop'

$watch = [Diagnostics.Stopwatch]::StartNew()
Import-Module $Module
$watch.Stop()
$watch.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture)
