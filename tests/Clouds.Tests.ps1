#Requires -Version 7.4
<#
The clouds and the compliance service under their real names. The module is led to the tenant by its proxy, as in a company network.
#>
BeforeDiscovery {
    $clouds = @(
        @{ Cloud = 'O365Default'; Service = 'outlook.office365.com'; Login = 'login.microsoftonline.com'; Compliance = 'ps.compliance.protection.outlook.com'; Region = 'eur02b' }
        @{ Cloud = 'O365USGovGCCHigh'; Service = 'outlook.office365.us'; Login = 'login.microsoftonline.us'; Compliance = 'ps.compliance.protection.office365.us'; Region = 'usg01b' }
        @{ Cloud = 'O365USGovDoD'; Service = 'outlook-dod.office365.us'; Login = 'login.microsoftonline.us'; Compliance = 'ps.compliance.protection.office365.us'; Region = 'l5' }
        @{ Cloud = 'O365China'; Service = 'partner.outlook.cn'; Login = 'login.chinacloudapi.cn'; Compliance = 'ps.compliance.protection.partner.outlook.cn'; Region = 'chn01b' }
        @{ Cloud = 'O365GermanyCloud'; Service = 'outlook.office.de'; Login = 'login.microsoftonline.de'; Compliance = $null; Region = $null }
    )
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force

    # The hosts that the proxy was asked for, each once, in order.
    function Get-Tunnel($Tenant, [int] $Skip = 0) {
        @(Get-TenantRequest -Tenant $Tenant -Skip $Skip | Where-Object method -EQ 'CONNECT' | ForEach-Object path | Select-Object -Unique)
    }
}

Describe '<Cloud>' -ForEach $clouds {
    BeforeAll {
        $script:tenant = Start-TestTenant -Mailboxes 3 -Proxy -Options '--cloud', $Cloud
        Use-TenantProxy -Tenant $tenant
        $script:credential = Get-TenantCredential -Tenant $tenant
    }
    AfterAll { Stop-TestTenant $tenant }
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'is reached by the name of the cloud' {
        Connect-ExchangeOnline -ExchangeEnvironmentName $Cloud -Credential $credential -ShowBanner:$false
        $information = Get-ConnectionInformation
        $information.ConnectionUri | Should -Be "https://$Service"
        $information.AzureAdAuthorizationEndpointUri | Should -Be "https://$Login/organizations"
        @(Get-Mailbox).Count | Should -Be 3
        Get-Tunnel $tenant | Should -Be @("${Login}:443", "${Service}:443")
    }

    It 'is reached by the address of its service' {
        Connect-ExchangeOnline -ConnectionUri "https://$Service/powershell-liveid/" -Credential $credential -ShowBanner:$false -InformationAction Ignore
        @(Get-Mailbox).Count | Should -Be 3
    }

    It 'sends a compliance session to its region' {
        if (-not $Compliance) { Set-ItResult -Skipped -Because 'this cloud has no compliance service'; return }
        $before = Measure-TenantRequest -Tenant $tenant
        # Connect-IPPSSession has no names of clouds: the address tells.
        $address = $Cloud -eq 'O365Default' ? @{} : @{ ConnectionUri = "https://$Compliance/powershell-liveid/"; AzureADAuthorizationEndpointUri = "https://$Login/organizations" }
        Connect-IPPSSession @address -Credential $credential -ShowBanner:$false -InformationAction Ignore
        $information = Get-ConnectionInformation
        $information.IsEopSession | Should -BeTrue
        $information.ConnectionUri | Should -Be "https://$Compliance"
        $information.ConnectionUsedForInbuiltCmdlets | Should -BeFalse
        $tunnels = Get-Tunnel $tenant $before
        $tunnels | Should -Be @("${Login}:443", "${Compliance}:443", "$Region.${Compliance}:443")
    }
}

Describe 'Addresses' {
    BeforeAll {
        $script:tenant = Start-TestTenant -Mailboxes 3 -Proxy
        Use-TenantProxy -Tenant $tenant
        $script:credential = Get-TenantCredential -Tenant $tenant
    }
    AfterAll { Stop-TestTenant $tenant }
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'says that another cloud does not know the account' {
        $record = Get-Failure { Connect-ExchangeOnline -ExchangeEnvironmentName O365China -Credential $credential }
        $record.FullyQualifiedErrorId | Should -Match '^AADSTS\d+'
        $record.Exception.Message | Should -Match 'cloud'
        $record.CategoryInfo.Category | Should -Be 'AuthenticationError'
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }

    It 'refuses an address without encryption before anything is sent: <Name>' -ForEach @(
        @{ Name = 'ConnectionUri'; Parameters = @{ ConnectionUri = 'http://outlook.office365.com/powershell-liveid/' } }
        @{ Name = 'AzureADAuthorizationEndpointUri'; Parameters = @{ AzureADAuthorizationEndpointUri = 'http://login.microsoftonline.com/organizations' } }
    ) {
        foreach ($connect in 'Connect-ExchangeOnline', 'Connect-IPPSSession') {
            $before = Measure-TenantRequest -Tenant $tenant
            $record = Get-Failure { & $connect @Parameters -Credential $credential }
            ($record.FullyQualifiedErrorId -split ',')[0] | Should -Be "Invalid$Name"
            $record.CategoryInfo.Category | Should -Be 'InvalidArgument'
            Measure-TenantRequest -Tenant $tenant | Should -Be $before
        }
    }

    It 'goes nowhere but through the proxy' {
        $before = Measure-TenantRequest -Tenant $tenant
        $record = Get-Failure { Connect-ExchangeOnline -ConnectionUri 'https://exchange.example' -Credential $credential -InformationAction Ignore }
        $record.CategoryInfo.Category | Should -BeIn 'ConnectionError', 'ResourceUnavailable'
        $record.Exception.Message | Should -Match 'exchange\.example'
        Get-Tunnel $tenant $before | Should -Contain 'exchange.example:443'
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }

    It 'keeps Exchange and compliance sessions apart' {
        Connect-ExchangeOnline -Credential $credential -ShowBanner:$false
        Connect-IPPSSession -Credential $credential -ShowBanner:$false -InformationAction Ignore
        $all = @(Get-ConnectionInformation)
        @($all | Where-Object IsEopSession).Count | Should -Be 1
        # The later session is not one for mailboxes.
        @(Get-Mailbox).Count | Should -Be 3
        $all | Where-Object { -not $_.IsEopSession } | Disconnect-ExchangeOnline -Confirm:$false
        $record = Get-Failure { Get-Mailbox -ErrorAction Stop }
        $record.Exception.Message | Should -BeLike 'You must call Connect-ExchangeOnline before calling any other cmdlet.*'
    }
}
