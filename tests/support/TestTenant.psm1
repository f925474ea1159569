#Requires -Version 7.4
<#
What the test files share: a simulated tenant as a process of its own, its accounts and applications, its log of requests, its proxy, its
managed identity endpoints, what can be done to it while it runs, and browsers that sign in by themselves. `cargo xtask test` names the
programs in EXORS_MODULE, EXORS_TENANT and EXORS_BROWSER, and a real browser, if there is one, in EXORS_CHROMIUM and EXORS_CHROMIUM_DRIVER.
#>
Set-StrictMode -Version 3.0

<#
.SYNOPSIS
Reads what a tenant wrote when it was ready.
.DESCRIPTION
Tenants, Applications, ManagedIdentity, Proxy and Control are there as far as the tenant was started with them.
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
                    Tenant            = [string]((Get-Fact $account 'tenant') ?? $MainOrganization)
                }
            })
        Organizations    = @(Get-Fact $ready 'tenants')
        Applications     = @(Get-Fact $ready 'applications')
        ManagedIdentity  = Get-Fact $ready 'managedIdentity'
        Proxy            = [string](Get-Fact $ready 'proxy')
        Control          = Get-Fact $ready 'control'
        Raw              = $ready
    }
}

# The organization that is meant where none is named.
$MainOrganization = 'Contoso'

# A member of an object, or nothing if it has no such member.
function Get-Fact($Object, [string] $Name) {
    if ($Object.PSObject.Properties[$Name]) { $Object.$Name }
}

# The one of some objects that fits, or an error that says how many there are.
function Get-One($Objects, [string] $What) {
    $all = @($Objects)
    if ($all.Count -ne 1) { throw "The tenant has $($all.Count) $What." }
    $all[0]
}

<#
.SYNOPSIS
An account of the tenant by the part of its name before the @.
#>
function Get-TenantAccount {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] $Tenant,
        [Parameter(Mandatory)] [string] $Name,
        # Whose account it is.
        [string] $Organization = $MainOrganization
    )

    Get-One ($Tenant.Accounts | Where-Object { $_.Name -eq $Name -and $_.Tenant -eq $Organization }) "accounts called $Name in $Organization"
}

<#
.SYNOPSIS
An account of the tenant as a credential.
#>
function Get-TenantCredential {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Tenant, [string] $Name = 'admin', [string] $Organization = $MainOrganization, [string] $Password)

    $account = Get-TenantAccount -Tenant $Tenant -Name $Name -Organization $Organization
    if (-not $Password) { $Password = $account.Password }
    [pscredential]::new($account.UserPrincipalName, (ConvertTo-SecureString $Password -AsPlainText -Force))
}

<#
.SYNOPSIS
An organization of the tenant by its name: Name, TenantId, InitialDomain, VanityDomain.
#>
function Get-TenantOrganization {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Tenant, [string] $Name = $MainOrganization)

    $organization = Get-One ($Tenant.Organizations | Where-Object name -EQ $Name) "organizations called $Name"
    [pscustomobject]@{
        Name          = [string]$organization.name
        TenantId      = [string]$organization.tenantId
        InitialDomain = [string]$organization.initialDomain
        VanityDomain  = [string]$organization.vanityDomain
    }
}

<#
.SYNOPSIS
An application of the tenant by its name.
.DESCRIPTION
Name, AppId, Organization (its home), Roles; Secrets with Value and State ('valid', 'expired'); Certificates with CertificateFile, KeyFile
(PEM, whole paths), Kind ('RSA', 'EC'), Curve, Thumbprint, Registered; Federated with TokenFile, State ('good', 'wrong-subject', …), Issuer,
Subject, Audience. Certificates and files are there if the tenant was started with -Credentials.
#>
function Get-TenantApplication {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Tenant, [Parameter(Mandatory)] [string] $Name)

    $application = Get-One ($Tenant.Applications | Where-Object name -EQ $Name) "applications called $Name"
    # A name without a folder is one in the folder that the tenant was told.
    $whole = { param($File) [IO.Path]::GetFullPath([string]$File, $Tenant.CredentialFolder) }
    [pscustomobject]@{
        Name         = [string]$application.name
        AppId        = [string]$application.appId
        Organization = [string]$application.tenant
        Roles        = @($application.roles)
        Secrets      = @(foreach ($secret in @(Get-Fact $application 'secrets')) {
                [pscustomobject]@{ Value = [string]$secret.value; State = [string]$secret.state }
            })
        Certificates = @(foreach ($certificate in @(Get-Fact $application 'certificates')) {
                [pscustomobject]@{
                    CertificateFile = & $whole $certificate.file
                    KeyFile         = & $whole $certificate.keyFile
                    Kind            = [string]$certificate.kind
                    Curve           = [string](Get-Fact $certificate 'curve')
                    Thumbprint      = [string](Get-Fact $certificate 'thumbprint')
                    Registered      = [bool]$certificate.registered
                }
            })
        Federated    = @(foreach ($credential in @(Get-Fact $application 'federated')) {
                [pscustomobject]@{
                    TokenFile = & $whole $credential.tokenFile
                    State     = [string](Get-Fact $credential 'state')
                    Issuer    = [string]$credential.issuer
                    Subject   = [string]$credential.subject
                    Audience  = [string]$credential.audience
                }
            })
    }
}

<#
.SYNOPSIS
A certificate of an application (one of its Certificates) with its private key, as scripts pass it to -Certificate.
#>
function Get-TestCertificate {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Certificate)

    $pem = [Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPemFile($Certificate.CertificateFile, $Certificate.KeyFile)
    try {
        # Windows can't use a key that came from a text until it has been through a PFX.
        [Security.Cryptography.X509Certificates.X509Certificate2]::new([byte[]]$pem.Export('Pfx'))
    }
    finally {
        $pem.Dispose()
    }
}

<#
.SYNOPSIS
Makes a PFX file of a certificate of an application (one of its Certificates) and returns its path.
#>
function New-TestPfx {
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Mandatory)] $Certificate,
        # The file to write.
        [Parameter(Mandatory)] [string] $Path,
        # Its password; without one the file has none.
        [securestring] $Password
    )

    $pem = [Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPemFile($Certificate.CertificateFile, $Certificate.KeyFile)
    try {
        $bytes = if ($Password) { $pem.Export('Pfx', $Password) } else { $pem.Export('Pfx') }
        if ($PSCmdlet.ShouldProcess($Path)) { [IO.File]::WriteAllBytes($Path, $bytes) }
        $Path
    }
    finally {
        $pem.Dispose()
    }
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
        # With a proxy to the service's real host names: see Use-TenantProxy.
        [switch] $Proxy,
        # With the files of its applications' certificates and tokens: see Get-TenantApplication.
        [switch] $Credentials,
        # With managed identity endpoints: see Use-ManagedIdentity.
        [switch] $ManagedIdentity,
        # More options of exo-tenant.
        [string[]] $Options = @()
    )

    foreach ($name in 'EXORS_MODULE', 'EXORS_TENANT', 'EXORS_BROWSER') {
        if (-not [Environment]::GetEnvironmentVariable($name)) { throw "$name is not set. Run the tests with 'cargo xtask test'." }
    }
    $folder = New-TestFolder
    $readyFile = Join-Path $folder 'ready.json'
    $log = Join-Path $folder 'requests.jsonl'
    $credentialFolder = Join-Path $folder 'credentials'
    $start = [Diagnostics.ProcessStartInfo]::new($env:EXORS_TENANT)
    # Its input is a pipe of ours: it ends when this process does, however that happens.
    $start.RedirectStandardInput = $true
    # What it says is read and dropped: nobody needs it, and in a full pipe it would wait for a reader.
    $start.RedirectStandardOutput = $true
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $all = @('--stop-with-stdin', '--mailboxes', $Mailboxes, '--ready-file', $readyFile, '--ca-file', (Join-Path $folder 'ca.pem'), '--request-log', $log) + $Options
    if ($Proxy) { $all += '--proxy' }
    if ($ManagedIdentity) { $all += '--managed-identity' }
    if ($Credentials) {
        $null = New-Item -ItemType Directory -Path $credentialFolder
        $all += '--credential-dir', $credentialFolder
    }
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
        Process = $process; Folder = $folder; ReadyFile = $readyFile; RequestLog = $log; CredentialFolder = $credentialFolder
        Earlier = Set-Environment @{ SSL_CERT_FILE = $tenant.CaFile }
    }
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
    $null = Set-Environment $Tenant.Earlier
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
    param([Parameter(Mandatory)] $Tenant, [string] $As = 'admin', [string] $Organization = $MainOrganization, [hashtable] $Parameters = @{})

    $address = Get-TenantAddress -Tenant $Tenant
    Connect-ExchangeOnline @address -Credential (Get-TenantCredential -Tenant $Tenant -Name $As -Organization $Organization) @Parameters
}

# Sets environment variables, or removes those that are $null, and returns what they were.
function Set-Environment([hashtable] $Variables) {
    # A table of PowerShell's own takes http_proxy and HTTP_PROXY for one.
    $earlier = [Collections.Hashtable]::new([StringComparer]::Ordinal)
    foreach ($name in $Variables.Keys) {
        $earlier[$name] = [Environment]::GetEnvironmentVariable($name)
        # Not the empty text that $null would become.
        [Environment]::SetEnvironmentVariable($name, $Variables[$name] ?? [NullString]::Value)
    }
    $earlier
}

<#
.SYNOPSIS
Runs a script with environment variables and puts back what they were.
.PARAMETER Variables
Their values by name; those that are $null are removed meanwhile.
#>
function Invoke-WithEnvironment([hashtable] $Variables, [scriptblock] $Script) {
    $earlier = Set-Environment $Variables
    try { & $Script } finally { $null = Set-Environment $earlier }
}

<#
.SYNOPSIS
Leads this process through the tenant's proxy, where the service's real host names are the tenant.
.DESCRIPTION
With a script, while it runs; without one, until Stop-TestTenant. The tenant must have been started with -Proxy.
#>
function Use-TenantProxy {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Tenant, [scriptblock] $Script)

    if (-not $Tenant.Proxy) { throw 'This tenant has no proxy. Start it with -Proxy.' }
    # Case counts in these names where it counts in the system, and a name in small letters would come first.
    $variables = [Collections.Hashtable]::new($IsWindows ? [StringComparer]::OrdinalIgnoreCase : [StringComparer]::Ordinal)
    foreach ($name in 'HTTPS_PROXY', 'https_proxy') { $variables[$name] = $Tenant.Proxy }
    foreach ($name in 'NO_PROXY', 'no_proxy', 'ALL_PROXY', 'all_proxy') { $variables[$name] = $null }
    if ($Script) {
        Invoke-WithEnvironment $variables $Script
    }
    else {
        $earlier = Set-Environment $variables
        foreach ($name in $earlier.Keys) { if (-not $Tenant.Earlier.ContainsKey($name)) { $Tenant.Earlier[$name] = $earlier[$name] } }
    }
}

<#
.SYNOPSIS
Runs a script as on a machine that has a managed identity.
.DESCRIPTION
The tenant must have been started with -ManagedIdentity. Its application ids are in $tenant.ManagedIdentity.systemAssigned.appId and
$tenant.ManagedIdentity.userAssigned.appId.
#>
function Use-ManagedIdentity {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] $Tenant,
        # What kind of machine: none has no endpoint at all.
        [Parameter(Mandatory)] [ValidateSet('imds', 'appService', 'arc', 'cloudShell', 'legacyAppService', 'none')] [string] $Kind,
        [Parameter(Mandatory)] [scriptblock] $Script
    )

    $variables = @{}
    foreach ($name in 'IDENTITY_ENDPOINT', 'IDENTITY_HEADER', 'IMDS_ENDPOINT', 'MSI_ENDPOINT', 'MSI_SECRET', 'AZURE_POD_IDENTITY_AUTHORITY_HOST') {
        $variables[$name] = $null
    }
    if ($Kind -ne 'none') {
        $endpoint = if ($Tenant.ManagedIdentity) { Get-Fact $Tenant.ManagedIdentity $Kind }
        if (-not $endpoint) { throw "This tenant has no managed identity endpoint of the kind $Kind. Start it with -ManagedIdentity." }
        foreach ($variable in $endpoint.PSObject.Properties) { $variables[$variable.Name] = [string]$variable.Value }
    }
    Invoke-WithEnvironment $variables $Script
}

<#
.SYNOPSIS
Does something to the tenant while it runs, such as revoking somebody's sessions.
.EXAMPLE
Invoke-TenantControl -Tenant $tenant -Action revokeSessions -Parameters @{ user = $account.UserPrincipalName }
.EXAMPLE
Invoke-TenantControl -Tenant $tenant -Action pushFaults -Parameters @{ faults = @('claims-401') }
.EXAMPLE
Invoke-TenantControl -Tenant $tenant -Action setFaults -Parameters @{ faults = @('busy-503:7') }
.EXAMPLE
Invoke-TenantControl -Tenant $tenant -Action disableApp -Parameters @{ appId = $application.AppId }
#>
function Invoke-TenantControl {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Tenant, [Parameter(Mandatory)] [string] $Action, [hashtable] $Parameters = @{})

    # The tenant's authority and no other, and no proxy: the systems' own settings play no part.
    $handler = [Net.Http.SocketsHttpHandler]::new()
    $handler.UseProxy = $false
    $policy = [Security.Cryptography.X509Certificates.X509ChainPolicy]::new()
    $policy.TrustMode = 'CustomRootTrust'
    $policy.RevocationMode = 'NoCheck'
    $null = $policy.CustomTrustStore.Add([Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPem([IO.File]::ReadAllText($Tenant.CaFile)))
    $handler.SslOptions.CertificateChainPolicy = $policy
    $client = [Net.Http.HttpClient]::new($handler)
    try {
        $request = [Net.Http.HttpRequestMessage]::new('POST', [string]$Tenant.Control.uri)
        $request.Headers.Add('X-Simulator-Key', [string]$Tenant.Control.key)
        $body = ConvertTo-Json -Compress -Depth 5 (@{ action = $Action } + $Parameters)
        $request.Content = [Net.Http.StringContent]::new($body, [Text.Encoding]::UTF8, 'application/json')
        $response = $client.Send($request)
        $answer = [IO.StreamReader]::new($response.Content.ReadAsStream()).ReadToEnd()
        if (-not $response.IsSuccessStatusCode) { throw "The tenant refused ${Action}: $([int]$response.StatusCode) $answer" }
    }
    finally {
        $client.Dispose()
    }
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
        [string] $Organization = $MainOrganization,
        # What the person does at the sign-in page: more variables for the browser.
        [hashtable] $Variables = @{},
        # The browser: one of the tenant's own unless another is named.
        [string] $Program = $env:EXORS_BROWSER
    )

    $account = Get-TenantAccount -Tenant $Tenant -Name $As -Organization $Organization
    $all = @{ SCRIPTED_BROWSER_USER = $account.UserPrincipalName; SCRIPTED_BROWSER_PASSWORD = $account.Password; SSL_CERT_FILE = $Tenant.CaFile } + $Variables
    if (-not $PSCmdlet.ShouldProcess($As)) { return }
    if ($IsWindows) {
        $script = Join-Path $Tenant.Folder 'browser.cmd'
        # In a batch file % starts a variable; doubled it stands for itself.
        $lines = @('@echo off', 'chcp 65001 >nul') + @($all.GetEnumerator() | ForEach-Object { "set ""$($_.Key)=$(([string]$_.Value).Replace('%', '%%'))""" }) + """$Program"" %*"
        Set-Content -LiteralPath $script -Value $lines
    }
    else {
        $script = Join-Path $Tenant.Folder 'browser.sh'
        $lines = @('#!/bin/sh') + @($all.GetEnumerator() | ForEach-Object { "export $($_.Key)='$(([string]$_.Value).Replace("'", "'\''"))'" }) + "exec '$Program' ""`$@"""
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
        [string] $Organization = $MainOrganization,
        # What the device shows: a sentence with an address and a code.
        [Parameter(Mandatory)] [string] $Text
    )

    if ($Text -notmatch '(?<address>https://\S+?)[.,]?\s.*\bcode (?<code>[A-Z0-9-]{6,})') { throw "There is no address and code in: $Text" }
    $account = Get-TenantAccount -Tenant $Tenant -Name $As -Organization $Organization
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

Export-ModuleMember -Function Read-TenantReadyFile, Get-TenantAccount, Get-TenantCredential, Get-TenantOrganization, Get-TenantApplication, `
    Get-TestCertificate, New-TestPfx, New-TestFolder, Start-TestTenant, Stop-TestTenant, Get-TenantAddress, Connect-TestTenant, Invoke-WithEnvironment, Use-TenantProxy, `
    Use-ManagedIdentity, Invoke-TenantControl, Set-TestBrowser, Complete-TestDeviceCode, Get-TenantRequest, Measure-TenantRequest, Get-Failure
