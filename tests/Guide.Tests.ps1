#Requires -Version 7.4
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    $script:tenant = Start-TestTenant -Mailboxes 12
    Set-TestBrowser -Tenant $tenant -As 'mfa.admin'
    $script:pwsh = if ($env:EXORS_PWSH) { $env:EXORS_PWSH } else { Join-Path $PSHOME 'pwsh' }
    $script:guide = Join-Path $PSScriptRoot 'scripts/guide.ps1'
}

AfterAll {
    Stop-TestTenant $tenant
    $env:BROWSER = $null
}

Describe 'The guide' {
    It 'runs word for word and shows what it must' {
        $output = & $pwsh -NoLogo -NoProfile -ExecutionPolicy Bypass -File $guide -ReadyFile $tenant.ReadyFile -Module $env:EXORS_MODULE 2>&1 | Out-String
        $LASTEXITCODE | Should -Be 0 -Because $output
        foreach ($typed in @(
                'Connect-ExchangeOnline -Credential $UserCredential -ShowProgress $true'
                'Get-Mailbox'
                'Get-OrganizationConfig | Format-Table Name,OAuth* -Auto'
                'Set-OrganizationConfig -OAuth2ClientProfileEnabled $true'
                'Set-OrganizationConfig -OAuth2ClientProfileEnabled $false'
                "Connect-ExchangeOnline -UserPrincipalName $((Get-TenantAccount -Tenant $tenant -Name 'mfa.admin').UserPrincipalName) -ShowProgress `$true"
            )) {
            $output | Should -Match "(?m)^PS> $([regex]::Escape($typed))\s*$"
        }
    }

    It 'fails when a step fails' {
        # With nobody to trust, the first sign-in must fail, and the guide with it.
        $trusted = $env:SSL_CERT_FILE
        try {
            $env:SSL_CERT_FILE = $null
            $output = & $pwsh -NoLogo -NoProfile -ExecutionPolicy Bypass -File $guide -ReadyFile $tenant.ReadyFile -Module $env:EXORS_MODULE 2>&1 | Out-String
        }
        finally {
            $env:SSL_CERT_FILE = $trusted
        }
        $LASTEXITCODE | Should -Not -Be 0
        $output | Should -Match 'certificate'
        $output | Should -Not -Match 'Get-OrganizationConfig'
    }
}
