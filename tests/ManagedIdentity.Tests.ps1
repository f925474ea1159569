#Requires -Version 7.4
<#
Signing in with the identity that Azure gives to a machine or service. The tenant plays the endpoints of each kind of host, which the module finds
by the environment variables that are set there.
#>
BeforeDiscovery {
    $hosts = @('imds', 'appService', 'legacyAppService')
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    # Where the agent of Azure Arc keeps its keys. The place is fixed; where there is an agent, or it can't be made, that test is skipped.
    $script:agent = '/var/opt/azcmagent'
    $script:arcKeys = "$agent/tokens"
    # What a run that was killed has left is known by this file.
    $mark = "$agent/made-by-tests"
    $script:noArc = if (-not $IsLinux) { 'the folder of the agent''s keys is made on Linux only' }
    elseif ((Test-Path -LiteralPath $agent) -and -not (Test-Path -LiteralPath $mark)) { "there is an $agent on this machine already" }
    if (-not $noArc) {
        try {
            $null = New-Item -ItemType Directory -Path $arcKeys -Force -ErrorAction Stop
            $null = New-Item -ItemType File -Path $mark -Force -ErrorAction Stop
        }
        catch { $script:noArc = "$arcKeys can't be made: $_" }
    }
    $options = if ($noArc) { @() } else { '--arc-key-dir', $arcKeys }
    $script:tenant = Start-TestTenant -Mailboxes 3 -ManagedIdentity -Options $options
    $script:address = Get-TenantAddress -Tenant $tenant
    $script:organization = (Get-TenantOrganization -Tenant $tenant).InitialDomain
    $script:system = $tenant.ManagedIdentity.systemAssigned.appId
    $script:user = $tenant.ManagedIdentity.userAssigned.appId

    function Connect-Identity([string] $Kind, [hashtable] $Parameters = @{}) {
        $all = $Parameters.Clone()
        if (-not $all.Organization) { $all.Organization = $organization }
        Use-ManagedIdentity -Tenant $tenant -Kind $Kind { Connect-ExchangeOnline @address -ManagedIdentity @all }
    }

    function Assert-Refused($Record, [string] $Id, [string] $Message) {
        ($Record.FullyQualifiedErrorId -split ',')[0] | Should -Be $Id
        $Record.Exception.Message | Should -Match $Message
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
    if (-not $noArc) { Remove-Item -LiteralPath $agent -Recurse -Force }
}

Describe 'Connect-ExchangeOnline -ManagedIdentity' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'connects as the identity of the host: <_>' -ForEach ($hosts + 'cloudShell') {
        $output = Connect-Identity $_
        $output | Should -BeNullOrEmpty
        $information = Get-ConnectionInformation
        $information.AppId | Should -Be $system
        $information.UserPrincipalName | Should -BeNullOrEmpty
        $information.CertificateAuthentication | Should -BeFalse
        $information.Organization | Should -Be $organization
        $information.TenantID | Should -Be $tenant.TenantId
        @(Get-Mailbox).Count | Should -Be 3
    }

    It 'connects as an identity that was given to the host: <_>' -ForEach $hosts {
        Connect-Identity $_ @{ ManagedIdentityAccountId = $user }
        (Get-ConnectionInformation).AppId | Should -Be $user
        @(Get-Mailbox).Count | Should -Be 3
    }

    It 'names an identity that the host does not have: <_>' -ForEach $hosts {
        $unknown = '11111111-2222-3333-4444-555555555555'
        $record = Get-Failure { Connect-Identity $_ @{ ManagedIdentityAccountId = $unknown } }
        Assert-Refused $record 'ManagedIdentityRefused' $unknown
        $record.CategoryInfo.Category | Should -Be 'AuthenticationError'
    }

    It 'says that <Name> has no other identities' -ForEach @(@{ Kind = 'cloudShell'; Name = 'Cloud Shell' }, @{ Kind = 'arc'; Name = 'Azure Arc' }) {
        $record = Get-Failure { Connect-Identity $Kind @{ ManagedIdentityAccountId = $user } }
        Assert-Refused $record 'UserAssignedIdentityNotAvailable' $Name
    }

    It 'proves to the agent of Azure Arc that it may read its key' {
        if ($noArc) { Set-ItResult -Skipped -Because $noArc; return }
        Connect-Identity 'arc'
        (Get-ConnectionInformation).AppId | Should -Be $system
        @(Get-Mailbox).Count | Should -Be 3
    }

    It 'reads no key of the agent that is larger than a key can be' {
        if ($noArc) { Set-ItResult -Skipped -Because $noArc; return }
        Invoke-TenantControl -Tenant $tenant -Action setArcKeyBytes -Parameters @{ bytes = 5000 }
        try { Assert-Refused (Get-Failure { Connect-Identity 'arc' }) 'AzureArcChallenge' 'key' }
        finally { Invoke-TenantControl -Tenant $tenant -Action setArcKeyBytes -Parameters @{ bytes = 1024 } }
    }

    It 'does not show the host''s secret when it is refused' {
        $record = Use-ManagedIdentity -Tenant $tenant -Kind appService {
            $env:IDENTITY_HEADER = 'planted-secret'
            Get-Failure { Connect-ExchangeOnline @address -ManagedIdentity -Organization $organization }
        }
        Assert-Refused $record 'ManagedIdentityRefused' 'identity endpoint'
        "$($record | Format-List * -Force | Out-String)" | Should -Not -Match 'planted-secret'
    }

    It 'says soon that there is no identity where there is none' {
        # Nothing listens there. On a machine in Azure the usual address would answer.
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $free = $listener.LocalEndpoint.Port
        $listener.Stop()
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $record = Use-ManagedIdentity -Tenant $tenant -Kind none {
            $env:AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://127.0.0.1:$free"
            Get-Failure { Connect-ExchangeOnline @address -ManagedIdentity -Organization $organization }
        }
        Assert-Refused $record 'ManagedIdentityUnavailable' '-AppId'
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 15
    }

    It 'refuses an organization that the identity is not of' {
        $other = (Get-TenantOrganization -Tenant $tenant -Name 'Fabrikam').InitialDomain
        $record = Get-Failure { Connect-Identity 'imds' @{ Organization = $other } }
        Assert-Refused $record 'OrganizationMismatch' ([regex]::Escape($other))
    }

    It 'asks for the organization' {
        $record = Get-Failure { Use-ManagedIdentity -Tenant $tenant -Kind imds { Connect-ExchangeOnline @address -ManagedIdentity } }
        Assert-Refused $record 'OrganizationMissing' '-Organization'
    }

    It 'goes to the host for the next token too' {
        $short = Start-TestTenant -Mailboxes 3 -ManagedIdentity -Options '--token-lifetime-seconds', '1'
        try {
            $shortAddress = Get-TenantAddress -Tenant $short
            # The variables need not be there any more: a service's script may well clean its environment.
            Use-ManagedIdentity -Tenant $short -Kind appService { Connect-ExchangeOnline @shortAddress -ManagedIdentity -Organization $organization }
            Start-Sleep -Seconds 2
            @(Get-Mailbox).Count | Should -Be 3
        }
        finally {
            Disconnect-ExchangeOnline -Confirm:$false
            Stop-TestTenant $short
        }
    }
}
