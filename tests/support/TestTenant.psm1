#Requires -Version 7.4
<#
What the test files share: a simulated tenant as a process of its own, its accounts, its log of requests, and a browser that signs in by
itself. `cargo xtask test` names the programs in EXORS_MODULE, EXORS_TENANT and EXORS_BROWSER.
#>
Set-StrictMode -Version 3.0

<#
.SYNOPSIS
Reads what a tenant wrote when it was ready.
#>
function Read-TenantReadyFile {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [string] $Path)

    $ready = Get-Content -LiteralPath $Path -Raw | ConvertFrom-Json
    [pscustomobject]@{
        ConnectionUri    = [string]$ready.connectionUri
        AuthorizationUri = [string]$ready.authorizationUri
        CaFile           = [string]$ready.caCertificate
        TenantId         = [string]$ready.tenantId
        Accounts         = @(foreach ($account in $ready.accounts) {
                [pscustomobject]@{
                    Name              = ($account.userPrincipalName -split '@')[0]
                    UserPrincipalName = [string]$account.userPrincipalName
                    Password          = [string]$account.password
                    Mfa               = [bool]$account.mfa
                    Roles             = @($account.roles)
                }
            })
        Raw              = $ready
    }
}

<#
.SYNOPSIS
An account of the tenant by the part of its name before the @.
#>
function Get-TenantAccount {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Tenant, [Parameter(Mandatory)] [string] $Name)

    $account = @($Tenant.Accounts | Where-Object Name -EQ $Name)
    if ($account.Count -ne 1) { throw "The tenant has $($account.Count) accounts called $Name." }
    $account[0]
}

<#
.SYNOPSIS
An account of the tenant as a credential.
#>
function Get-TenantCredential {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Tenant, [string] $Name = 'admin', [string] $Password)

    $account = Get-TenantAccount -Tenant $Tenant -Name $Name
    if (-not $Password) { $Password = $account.Password }
    [pscredential]::new($account.UserPrincipalName, (ConvertTo-SecureString $Password -AsPlainText -Force))
}

<#
.SYNOPSIS
A new folder for files of this test run.
.DESCRIPTION
`cargo xtask test` removes it even if this process dies. Without xtask it is in the temporary folder, and Stop-TestTenant removes it.
#>
function New-TestFolder {
    [CmdletBinding()]
    param()

    $parent = if ($env:EXORS_RUN_DIRECTORY) { $env:EXORS_RUN_DIRECTORY } else { [IO.Path]::GetTempPath() }
    $folder = Join-Path $parent "exors-$([guid]::NewGuid().ToString('N').Substring(0, 8))"
    (New-Item -ItemType Directory -Path $folder).FullName
}

<#
.SYNOPSIS
Starts a tenant, waits until it answers, and makes this process trust its certificate authority.
#>
function Start-TestTenant {
    [CmdletBinding()]
    param(
        # How many mailboxes it has.
        [int] $Mailboxes = 25,
        # More options of exo-tenant.
        [string[]] $Options = @()
    )

    foreach ($name in 'EXORS_MODULE', 'EXORS_TENANT', 'EXORS_BROWSER') {
        if (-not [Environment]::GetEnvironmentVariable($name)) { throw "$name is not set. Run the tests with 'cargo xtask test'." }
    }
    $folder = New-TestFolder
    $readyFile = Join-Path $folder 'ready.json'
    $log = Join-Path $folder 'requests.jsonl'
    $start = [Diagnostics.ProcessStartInfo]::new($env:EXORS_TENANT)
    # Its input is a pipe of ours: it ends when this process does, however that happens.
    $start.RedirectStandardInput = $true
    # What it says is read and dropped: nobody needs it, and in a full pipe it would wait for a reader.
    $start.RedirectStandardOutput = $true
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $all = @('--stop-with-stdin', '--mailboxes', $Mailboxes, '--ready-file', $readyFile, '--ca-file', (Join-Path $folder 'ca.pem'), '--request-log', $log) + $Options
    foreach ($option in $all) { $start.ArgumentList.Add([string]$option) }
    $process = [Diagnostics.Process]::Start($start)
    $process.BeginOutputReadLine()

    $limit = [Diagnostics.Stopwatch]::StartNew()
    $tenant = $null
    while (-not $tenant) {
        if ($process.HasExited) { throw "The tenant ended at once with exit code $($process.ExitCode)." }
        if ($limit.Elapsed.TotalSeconds -gt 60) {
            $process.Kill()
            throw 'The tenant was not ready within a minute.'
        }
        if (Test-Path -LiteralPath $readyFile) {
            # Half a file is no JSON yet: look again.
            try { $tenant = Read-TenantReadyFile -Path $readyFile } catch [ArgumentException] { $tenant = $null }
        }
        if (-not $tenant) { Start-Sleep -Milliseconds 20 }
    }
    $tenant | Add-Member -NotePropertyMembers @{
        Process = $process; Folder = $folder; ReadyFile = $readyFile; RequestLog = $log; EarlierCaFile = $env:SSL_CERT_FILE
    }
    $env:SSL_CERT_FILE = $tenant.CaFile
    $tenant
}

<#
.SYNOPSIS
Stops a tenant and undoes what starting it did to this process.
#>
function Stop-TestTenant {
    [CmdletBinding()]
    param($Tenant)

    # AfterAll also runs when starting failed.
    if (-not $Tenant) { return }
    $env:SSL_CERT_FILE = $Tenant.EarlierCaFile
    $Tenant.Process.StandardInput.Close()
    if (-not $Tenant.Process.WaitForExit(5000)) {
        $Tenant.Process.Kill()
        $Tenant.Process.WaitForExit()
    }
    $Tenant.Process.Dispose()
    Remove-Item -LiteralPath $Tenant.Folder -Recurse -Force
}

<#
.SYNOPSIS
The parameters that lead Connect-ExchangeOnline to the tenant, for splatting.
#>
function Get-TenantAddress {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Tenant)

    @{ ConnectionUri = $Tenant.ConnectionUri; AzureADAuthorizationEndpointUri = $Tenant.AuthorizationUri; ShowBanner = $false }
}

<#
.SYNOPSIS
Connects as an account of the tenant, with its password.
#>
function Connect-TestTenant {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Tenant, [string] $As = 'admin', [hashtable] $Parameters = @{})

    $address = Get-TenantAddress -Tenant $Tenant
    Connect-ExchangeOnline @address -Credential (Get-TenantCredential -Tenant $Tenant -Name $As) @Parameters
}

<#
.SYNOPSIS
Lets the browser that the module opens sign in as an account of the tenant.
.DESCRIPTION
The module starts the program named by BROWSER. What is set in $env: here does not reach a program that native code starts, so a small script
carries the account to it.
#>
function Set-TestBrowser {
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Mandatory)] $Tenant,
        [Parameter(Mandatory)] [string] $As,
        # What the person does at the sign-in page: more variables for the scripted browser.
        [hashtable] $Variables = @{}
    )

    $account = Get-TenantAccount -Tenant $Tenant -Name $As
    $all = @{ SCRIPTED_BROWSER_USER = $account.UserPrincipalName; SCRIPTED_BROWSER_PASSWORD = $account.Password; SSL_CERT_FILE = $Tenant.CaFile } + $Variables
    if (-not $PSCmdlet.ShouldProcess($As)) { return }
    if ($IsWindows) {
        $script = Join-Path $Tenant.Folder 'browser.cmd'
        # In a batch file % starts a variable; doubled it stands for itself.
        $lines = @('@echo off', 'chcp 65001 >nul') + @($all.GetEnumerator() | ForEach-Object { "set ""$($_.Key)=$(([string]$_.Value).Replace('%', '%%'))""" }) + """$env:EXORS_BROWSER"" %*"
        Set-Content -LiteralPath $script -Value $lines
    }
    else {
        $script = Join-Path $Tenant.Folder 'browser.sh'
        $lines = @('#!/bin/sh') + @($all.GetEnumerator() | ForEach-Object { "export $($_.Key)='$(([string]$_.Value).Replace("'", "'\''"))'" }) + "exec '$env:EXORS_BROWSER' ""`$@"""
        Set-Content -LiteralPath $script -Value $lines
        [IO.File]::SetUnixFileMode($script, [IO.UnixFileMode]'UserRead, UserWrite, UserExecute')
    }
    $env:BROWSER = $script
}

<#
.SYNOPSIS
Enters the code of a device sign-in, as a person on another device does.
#>
function Complete-TestDeviceCode {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] $Tenant,
        [Parameter(Mandatory)] [string] $As,
        # What the device shows: a sentence with an address and a code.
        [Parameter(Mandatory)] [string] $Text
    )

    if ($Text -notmatch '(?<address>https://\S+?)[.,]?\s.*\bcode (?<code>[A-Z0-9-]{6,})') { throw "There is no address and code in: $Text" }
    $account = Get-TenantAccount -Tenant $Tenant -Name $As
    $start = [Diagnostics.ProcessStartInfo]::new($env:EXORS_BROWSER, $Matches.address)
    $start.Environment['SCRIPTED_BROWSER_USER'] = $account.UserPrincipalName
    $start.Environment['SCRIPTED_BROWSER_PASSWORD'] = $account.Password
    $start.Environment['SCRIPTED_BROWSER_USER_CODE'] = $Matches.code
    $start.Environment['SSL_CERT_FILE'] = $Tenant.CaFile
    $start.UseShellExecute = $false
    $start.RedirectStandardError = $true
    $process = [Diagnostics.Process]::Start($start)
    $problem = $process.StandardError.ReadToEnd()
    $process.WaitForExit()
    if ($process.ExitCode -ne 0) { throw "The code could not be entered: $problem" }
}

<#
.SYNOPSIS
What the tenant was asked, in order.
#>
function Get-TenantRequest {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] $Tenant,
        # Only commands of this name.
        [string] $CmdletName,
        # How many requests to leave out at the beginning.
        [int] $Skip = 0
    )

    if (-not (Test-Path -LiteralPath $Tenant.RequestLog)) { return }
    $requests = @(Get-Content -LiteralPath $Tenant.RequestLog | ForEach-Object { $_ | ConvertFrom-Json }) | Select-Object -Skip $Skip
    if ($CmdletName) { $requests = $requests | Where-Object { $_.PSObject.Properties['cmdletName'] -and $_.cmdletName -eq $CmdletName } }
    $requests
}

<#
.SYNOPSIS
How many requests there were so far, to leave them out later.
#>
function Measure-TenantRequest {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Tenant)

    @(Get-TenantRequest -Tenant $Tenant).Count
}

<#
.SYNOPSIS
Runs a script block that must fail and returns its error record.
#>
function Get-Failure {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [scriptblock] $Script)

    try {
        $null = & $Script
    }
    catch {
        return $_
    }
    throw "This should have failed: $Script"
}

Export-ModuleMember -Function Read-TenantReadyFile, Get-TenantAccount, Get-TenantCredential, New-TestFolder, Start-TestTenant, Stop-TestTenant, `
    Get-TenantAddress, Connect-TestTenant, Set-TestBrowser, Complete-TestDeviceCode, Get-TenantRequest, Measure-TenantRequest, Get-Failure
