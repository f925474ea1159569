#Requires -Version 7.4
<#
Connecting with a token that was got elsewhere.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 4 -Credentials -Proxy
    $script:address = Get-TenantAddress -Tenant $tenant
    $script:contoso = Get-TenantOrganization -Tenant $tenant
    $script:fabrikam = Get-TenantOrganization -Tenant $tenant -Name 'Fabrikam'
    $script:admin = Get-TenantAccount -Tenant $tenant -Name 'admin'
    $script:automation = Get-TenantApplication -Tenant $tenant -Name 'automation'

    # A token as some other program gets it.
    function Get-Token([hashtable] $Form, [string] $TenantId = $contoso.TenantId) {
        $authority = [uri]$tenant.AuthorizationUri
        $uri = "https://$($authority.Authority)/$TenantId/oauth2/v2.0/token"
        # The tenant has an authority of its own, and this is a test.
        (Invoke-RestMethod -Uri $uri -Method Post -Body $Form -SkipCertificateCheck -NoProxy).access_token
    }

    function Get-UserToken([string] $Scope = 'https://outlook.office365.com/.default') {
        Get-Token @{ grant_type = 'password'; client_id = 'fb78d390-0c51-40cd-8e17-fdbfab77341b'; username = $admin.UserPrincipalName; password = $admin.Password; scope = $Scope }
    }

    function Get-AppToken {
        $secret = @($automation.Secrets | Where-Object State -EQ 'valid')[0].Value
        Get-Token @{ grant_type = 'client_credentials'; client_id = $automation.AppId; client_secret = $secret; scope = 'https://outlook.office365.com/.default' }
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'An access token' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'of a person is used as it is, and nobody is asked for another' {
        $token = Get-UserToken
        $before = Measure-TenantRequest -Tenant $tenant
        Connect-ExchangeOnline @address -AccessToken $token -UserPrincipalName $admin.UserPrincipalName
        @(Get-Mailbox).Count | Should -Be 4
        $information = Get-ConnectionInformation
        $information.UserPrincipalName | Should -Be $admin.UserPrincipalName
        $information.TenantID | Should -Be $contoso.TenantId
        $information.TokenStatus | Should -Be 'Active'
        $information.TokenExpiryTimeUTC | Should -BeGreaterThan ([DateTimeOffset]::UtcNow)
        @(Get-TenantRequest -Tenant $tenant -Skip $before | Where-Object path -Like '*/token').Count | Should -Be 0
    }

    It 'of an application is used as it is' {
        Connect-ExchangeOnline @address -AccessToken (Get-AppToken) -Organization $contoso.InitialDomain
        @(Get-Mailbox).Count | Should -Be 4
        (Get-ConnectionInformation).UserPrincipalName | Should -BeNullOrEmpty
    }

    It 'may have blanks around it, and the word Bearer before it' {
        Connect-ExchangeOnline @address -AccessToken " Bearer $(Get-AppToken)`n" -Organization $contoso.InitialDomain
        @(Get-Mailbox).Count | Should -Be 4
    }

    It 'opens a session of Security & Compliance' {
        Connect-IPPSSession @address -AccessToken (Get-UserToken 'https://ps.compliance.protection.outlook.com/.default') -UserPrincipalName $admin.UserPrincipalName
        @(Get-ComplianceSearch).Count | Should -BeGreaterThan 0
    }

    It 'of another organization makes no connection' {
        $token = Get-UserToken
        $before = Measure-TenantRequest -Tenant $tenant
        $record = Get-Failure { Connect-ExchangeOnline @address -AccessToken $token -Organization $fabrikam.InitialDomain }
        $record.Exception.Message | Should -Match ([regex]::Escape($fabrikam.InitialDomain))
        Get-ConnectionInformation | Should -BeNullOrEmpty
        @(Get-TenantRequest -Tenant $tenant -Skip $before | Where-Object path -Like '*adminapi*').Count | Should -Be 0 -Because 'the token is shown to nobody'
    }

    It 'of another person makes no connection' {
        $other = (Get-TenantAccount -Tenant $tenant -Name 'viewer').UserPrincipalName
        $record = Get-Failure { Connect-ExchangeOnline @address -AccessToken (Get-UserToken) -UserPrincipalName $other }
        $record.Exception.Message | Should -Match ([regex]::Escape($other))
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }

    It 'for another service makes no connection' {
        $token = Get-UserToken
        # With the service's real names, for of another address nobody knows what a token for it must say.
        $record = Get-Failure { Use-TenantProxy -Tenant $tenant -Script { Connect-IPPSSession -AccessToken $token -UserPrincipalName $admin.UserPrincipalName } }
        $record.Exception.Message | Should -Match 'token'
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }

    It 'that is none is said to be none, and not repeated' {
        $record = Get-Failure { Connect-ExchangeOnline @address -AccessToken 'not-a-token-at-all' -Organization $contoso.InitialDomain }
        $record.Exception.Message | Should -Match 'token'
        $record.Exception.Message | Should -Not -Match 'not-a-token-at-all'
    }

    It 'that ends cannot be renewed, and the error says what to do' {
        Connect-ExchangeOnline @address -AccessToken (Get-AppToken) -Organization $contoso.InitialDomain
        Invoke-TenantControl -Tenant $tenant -Action pushFaults -Parameters @{ faults = @('claims-401') }
        $record = Get-Failure { Get-Mailbox -ErrorAction Stop }
        $record.CategoryInfo.Category | Should -Be 'AuthenticationError'
        $record.Exception.Message | Should -Match '-AccessToken'
    }
}
