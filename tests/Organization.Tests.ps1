#Requires -Version 7.4
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 3
    Connect-TestTenant -Tenant $tenant
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'The organization''s configuration' {
    It 'is one object with a name' {
        $organization = @(Get-OrganizationConfig)
        $organization.Count | Should -Be 1
        $organization[0].Name | Should -Not -BeNullOrEmpty
        $organization[0].OAuth2ClientProfileEnabled | Should -BeOfType [bool]
    }

    It 'turns modern authentication <_>' -ForEach $true, $false {
        Set-OrganizationConfig -OAuth2ClientProfileEnabled $_ | Should -BeNullOrEmpty
        (Get-OrganizationConfig).OAuth2ClientProfileEnabled | Should -Be $_
    }

    It 'shows the guide''s table' {
        Set-OrganizationConfig -OAuth2ClientProfileEnabled $true
        $text = Get-OrganizationConfig | Format-Table Name,OAuth* -Auto | Out-String
        $text | Should -Match '(?m)^Name\s+OAuth2ClientProfileEnabled\s*$'
        $text | Should -Match '(?m)^\S+\s+True\s*$'
    }

    It 'is not changed by -WhatIf' {
        $before = Measure-TenantRequest -Tenant $tenant
        $value = (Get-OrganizationConfig).OAuth2ClientProfileEnabled
        Set-OrganizationConfig -OAuth2ClientProfileEnabled (-not $value) -WhatIf
        (Get-OrganizationConfig).OAuth2ClientProfileEnabled | Should -Be $value
        @(Get-TenantRequest -Tenant $tenant -Skip $before -CmdletName 'Set-OrganizationConfig').Count | Should -Be 0
    }

    It 'is not changed by an account without the role' {
        $value = (Get-OrganizationConfig).OAuth2ClientProfileEnabled
        Connect-TestTenant -Tenant $tenant -As 'helpdesk'
        try {
            $record = Get-Failure { Set-OrganizationConfig -OAuth2ClientProfileEnabled (-not $value) -ErrorAction Stop }
            $record.CategoryInfo.Category | Should -Be 'PermissionDenied'
        }
        finally {
            Disconnect-ExchangeOnline -Confirm:$false
            Connect-TestTenant -Tenant $tenant
        }
        (Get-OrganizationConfig).OAuth2ClientProfileEnabled | Should -Be $value
    }
}
