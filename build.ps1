#Requires -Version 7.4
<#
.SYNOPSIS
Builds, tests and demonstrates ExchangeOnlineRs: `cargo xtask` for those who live in PowerShell.
.EXAMPLE
./build.ps1
Builds the module as users get it.
.EXAMPLE
./build.ps1 Test
Runs all tests.
.EXAMPLE
./build.ps1 Demo -ArgumentList '--shell'
Opens a PowerShell that is connected to a simulated tenant.
#>
[CmdletBinding()]
param(
    # What to do.
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Demo', 'Tenant', 'Tools', 'Lint')]
    [string] $Task = 'Build',

    # Options of that task, as `cargo xtask <task> --help` lists them.
    [Parameter(Position = 1, ValueFromRemainingArguments)]
    [string[]] $ArgumentList = @()
)
$ErrorActionPreference = 'Stop'

if (-not (Get-Command cargo -CommandType Application -ErrorAction Ignore)) {
    throw 'cargo is not on PATH. Install Rust from https://rustup.rs and try again.'
}
$name = $Task.ToLowerInvariant()
Push-Location -LiteralPath $PSScriptRoot
try {
    # The tenant takes its options after --, so that none is mistaken for one of xtask's.
    if ($Task -eq 'Tenant') { cargo xtask $name '--' @ArgumentList } else { cargo xtask $name @ArgumentList }
    $code = $LASTEXITCODE
}
finally {
    Pop-Location
}
if ($code -ne 0) { throw "cargo xtask $name ended with exit code $code." }
