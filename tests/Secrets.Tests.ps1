#Requires -Version 7.4
<#
No secret of any way to sign in appears anywhere: not in a stream, an error, an object, the verbose messages, or the tenant's log of requests.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 3 -Credentials
    $script:address = Get-TenantAddress -Tenant $tenant
    $script:contoso = (Get-TenantOrganization -Tenant $tenant).InitialDomain
    $script:automation = Get-TenantApplication -Tenant $tenant -Name 'automation'
    $script:as = @{ AppId = $automation.AppId; Organization = $contoso }
    $script:secure = { param($Text) ConvertTo-SecureString $Text -AsPlainText -Force }

    # Everything that is said and thrown while a script runs.
    function Get-AllThatIsSaid([scriptblock] $Script) {
        $Error.Clear()
        $all = @(
            try { & $Script *>&1 } catch { $_ }
            Disconnect-ExchangeOnline -Confirm:$false -Verbose *>&1
        )
        $text = @(
            $all | Format-List * -Force | Out-String -Width 10000
            $all | Out-String -Width 10000
            $Error | Format-List * -Force | Out-String -Width 10000
            $Error | ForEach-Object { $_.Exception.ToString() }
        ) -join "`n"
        $text.Length | Should -BeGreaterThan 100 -Because 'something was said'
        $text
    }

    function Assert-Hidden([string] $Text, [string[]] $Secrets) {
        foreach ($secret in $Secrets) {
            foreach ($form in $secret, [uri]::EscapeDataString($secret), ($secret | ConvertTo-Json).Trim('"')) {
                $Text.Contains($form) | Should -BeFalse
            }
        }
        $Text | Should -Not -Match 'eyJ[A-Za-z0-9_-]{20,}' -Because 'a token and an assertion are secrets too'
        $Text | Should -Not -Match 'PRIVATE KEY'
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'Secrets' {
    It 'of an application are never shown: <Case>' -ForEach @(
        @{ Case = 'the right one'; Value = $null }
        @{ Case = 'a wrong one'; Value = 'Pl4nted&secret%+"x' }
    ) {
        $secret = $Value ?? @($automation.Secrets | Where-Object State -EQ 'valid')[0].Value
        $text = Get-AllThatIsSaid {
            Connect-ExchangeOnline @address @as -ClientSecret (& $secure $secret) -Verbose
            Get-ConnectionInformation
            Get-Mailbox -ResultSize 1 -Verbose
        }
        Assert-Hidden $text $secret
    }

    It 'of a certificate are never shown: <Case>' -ForEach @(
        @{ Case = 'the right password'; Password = 'Pfx&p4ss%+"w' }
        @{ Case = 'a wrong password'; Password = 'Wr0ng&p4ss%+"w' }
    ) {
        $certificate = @($automation.Certificates | Where-Object Registered)[0]
        $pfx = New-TestPfx $certificate -Path (Join-Path $tenant.Folder 'secret.pfx') -Password (& $secure 'Pfx&p4ss%+"w')
        $text = Get-AllThatIsSaid {
            Connect-ExchangeOnline @address @as -CertificateFilePath $pfx -CertificatePassword (& $secure $Password) -Verbose
            Get-ConnectionInformation
            Get-Mailbox -ResultSize 1 -Verbose
        }
        $key = @(Get-Content -LiteralPath $certificate.KeyFile | Where-Object { $_ -notmatch '^-' })
        Assert-Hidden $text (@($Password) + $key)
    }

    It 'of another issuer are never shown' {
        $file = $automation.Federated[0].TokenFile
        $text = Get-AllThatIsSaid {
            Connect-ExchangeOnline @address @as -FederatedTokenFilePath $file -Verbose
            Get-Mailbox -ResultSize 1 -Verbose
        }
        Assert-Hidden $text (Get-Content -LiteralPath $file -Raw).Trim()
    }

    It 'that were given as a token are never shown' {
        # It has the form of a token, and is none.
        $token = 'eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ4IiwiYXVkIjoieSJ9.c2lnbmF0dXJl'
        $text = Get-AllThatIsSaid { Connect-ExchangeOnline @address -AccessToken $token -Organization $contoso -Verbose }
        Assert-Hidden $text $token
    }

    It 'are not in the tenant''s log of requests either' {
        $log = Get-Content -LiteralPath $tenant.RequestLog -Raw
        foreach ($secret in $automation.Secrets.Value) { $log.Contains($secret) | Should -BeFalse }
    }

    It 'of ours are gone, those of the caller stay' {
        $secret = & $secure @($automation.Secrets | Where-Object State -EQ 'valid')[0].Value
        foreach ($time in 1..2) {
            Connect-ExchangeOnline @address @as -ClientSecret $secret
            Disconnect-ExchangeOnline -Confirm:$false
        }
        $secret.Length | Should -BeGreaterThan 0
    }
}
