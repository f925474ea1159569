#Requires -Version 7.4
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    # A build server says that nobody is there; in these tests somebody is.
    $script:ci = $env:CI
    $env:CI = ''
    $script:tenant = Start-TestTenant -Mailboxes 5
    $script:address = Get-TenantAddress -Tenant $tenant
    # What each failure was, to compare them with each other at the end.
    $script:seen = [ordered]@{}

    function Assert-Failure($Record, [string] $Case, [string] $Category, [string] $Id, [string] $Message) {
        $Record.Exception.Message | Should -Match $Message
        $Record.CategoryInfo.Category | Should -Be $Category
        ($Record.FullyQualifiedErrorId -split ',')[0] | Should -Match $Id
        # A sentence for a person, not the raw answer of a server.
        $Record.Exception.Message | Should -Not -Match '[{}]|\bpanicked\b|Exception of type'
        $seen[$Case] = $Record
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
    $env:BROWSER = $null
    $env:CI = $ci
}

Describe 'A sign-in that fails' {
    It 'says that the password is wrong' {
        $record = Get-Failure { Connect-ExchangeOnline @address -Credential (Get-TenantCredential -Tenant $tenant -Password 'Wr0ng-password') }
        Assert-Failure $record 'wrong password' AuthenticationError '^AADSTS50126$' 'password'
    }

    It 'says that the user is unknown' {
        $domain = ((Get-TenantAccount -Tenant $tenant -Name 'admin').UserPrincipalName -split '@')[1]
        $credential = [pscredential]::new("nobody@$domain", (ConvertTo-SecureString 'Wr0ng-password' -AsPlainText -Force))
        $record = Get-Failure { Connect-ExchangeOnline @address -Credential $credential }
        Assert-Failure $record 'unknown user' AuthenticationError '^AADSTS50034$' "nobody@$([regex]::Escape($domain))"
    }

    It 'says that the account is disabled' {
        $record = Get-Failure { Connect-TestTenant -Tenant $tenant -As 'disabled' }
        Assert-Failure $record 'disabled account' AuthenticationError '^AADSTS50057$' 'disabled'
    }

    It 'says that a second factor is needed, and what to do' {
        $record = Get-Failure { Connect-TestTenant -Tenant $tenant -As 'mfa.admin' }
        Assert-Failure $record 'second factor' AuthenticationError '^AADSTS5007\d$' 'multi-?factor|second factor'
        $record.Exception.Message | Should -Match '-UserPrincipalName|without -Credential'
    }

    It 'says that the sign-in was cancelled' {
        Set-TestBrowser -Tenant $tenant -As 'admin' -Variables @{ SCRIPTED_BROWSER_ACTION = 'cancel' }
        $user = (Get-TenantAccount -Tenant $tenant -Name 'admin').UserPrincipalName
        $record = Get-Failure { Connect-ExchangeOnline @address -UserPrincipalName $user }
        Assert-Failure $record 'cancelled' OperationStopped '^SignInCancelled$' 'cancel|declin'
    }

    It 'does not trust a certificate that the machine does not trust' {
        $trusted = $env:SSL_CERT_FILE
        try {
            $env:SSL_CERT_FILE = $null
            $record = Get-Failure { Connect-TestTenant -Tenant $tenant }
        }
        finally {
            $env:SSL_CERT_FILE = $trusted
        }
        Assert-Failure $record 'untrusted certificate' SecurityError '^CertificateNotTrusted$' 'certificate'
    }

    It 'says which host can''t be reached' {
        # Port 9 of this machine: nothing listens there.
        $nowhere = @{ ConnectionUri = 'https://127.0.0.1:9/'; AzureADAuthorizationEndpointUri = 'https://127.0.0.1:9/organizations'; ShowBanner = $false }
        $record = Get-Failure { Connect-ExchangeOnline @nowhere -Credential (Get-TenantCredential -Tenant $tenant) }
        Assert-Failure $record 'unreachable host' ConnectionError '^HostUnreachable$' '127\.0\.0\.1'
    }

    It 'refuses addresses without TLS: <Parameter>' -ForEach @(
        @{ Parameter = 'ConnectionUri' }
        @{ Parameter = 'AzureADAuthorizationEndpointUri' }
    ) {
        $plain = $address.Clone()
        $plain[$Parameter] = $plain[$Parameter] -replace '^https:', 'http:'
        $before = Measure-TenantRequest -Tenant $tenant
        $record = Get-Failure { Connect-ExchangeOnline @plain -Credential (Get-TenantCredential -Tenant $tenant) }
        Assert-Failure $record "plain $Parameter" InvalidArgument '.' "Invalid $Parameter parameter '$([regex]::Escape($plain[$Parameter]))'"
        Measure-TenantRequest -Tenant $tenant | Should -Be $before -Because 'nothing may be sent'
    }

    It 'refuses a prefix: <Prefix>' -ForEach @(
        @{ Prefix = 'a-b'; Says = 'Use of any special characters in the Prefix string is not supported.' }
        @{ Prefix = 'EXO'; Says = "Prefix 'EXO' is a reserved Prefix, please use a different prefix." }
    ) {
        $record = Get-Failure { Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = $Prefix } }
        Assert-Failure $record "prefix $Prefix" InvalidArgument '.' ([regex]::Escape($Says))
    }

    It 'says that the account has no role' {
        $record = Get-Failure {
            Connect-TestTenant -Tenant $tenant -As 'norole'
            Get-Mailbox -ErrorAction Stop
        }
        Assert-Failure $record 'no role' PermissionDenied '.' 'role'
    }

    It 'says that nothing is connected' {
        Disconnect-ExchangeOnline -Confirm:$false
        $record = Get-Failure { Get-Mailbox }
        Assert-Failure $record 'not connected' ConnectionError '^NotConnected$' 'Connect-ExchangeOnline'
        $record.Exception.Message | Should -Be 'You must call Connect-ExchangeOnline before calling any other cmdlet.'
    }

    It 'never fails twice in the same words' {
        $seen.Count | Should -BeGreaterOrEqual 10
        @($seen.Values | ForEach-Object { $_.Exception.Message } | Sort-Object -Unique).Count | Should -Be $seen.Count
        # Both addresses, and both prefixes, are wrong in the same way.
        $ids = $seen.Keys | Where-Object { $_ -notlike 'plain *' -and $_ -notlike 'prefix *' } | ForEach-Object { $seen[$_].FullyQualifiedErrorId }
        @($ids | Sort-Object -Unique).Count | Should -Be @($ids).Count
    }

    It 'points at the line of the script, not into the module' {
        $record = $seen['wrong password']
        $record.InvocationInfo.MyCommand.Name | Should -Be 'Connect-ExchangeOnline'
        $record.InvocationInfo.ScriptName | Should -BeLike '*.ps1'
    }
}

Describe 'After a failed sign-in' {
    It 'earlier connections go on' {
        Connect-TestTenant -Tenant $tenant
        $before = Get-ConnectionInformation
        $null = Get-Failure { Connect-ExchangeOnline @address -Credential (Get-TenantCredential -Tenant $tenant -Password 'Wr0ng-password') }
        $after = @(Get-ConnectionInformation)
        $after.Count | Should -Be 1
        $after[0].ConnectionId | Should -Be $before.ConnectionId
        $after[0].State | Should -Be 'Connected'
        @(Get-Mailbox).Count | Should -Be 5
        Disconnect-ExchangeOnline -Confirm:$false
    }

    It 'an untrusted address does not spoil a trusted connection' {
        Connect-TestTenant -Tenant $tenant
        $trusted = $env:SSL_CERT_FILE
        try {
            $env:SSL_CERT_FILE = $null
            $null = Get-Failure { Connect-TestTenant -Tenant $tenant }
        }
        finally {
            $env:SSL_CERT_FILE = $trusted
        }
        @(Get-Mailbox).Count | Should -Be 5
        Disconnect-ExchangeOnline -Confirm:$false
    }
}

Describe 'Secrets' {
    It 'a password never appears in any stream, error or object: <Case>' -ForEach @(
        @{ Case = 'the right one'; Password = $null }
        @{ Case = 'a wrong one'; Password = 'Pl4nted&secret%+"x' }
    ) {
        $credential = Get-TenantCredential -Tenant $tenant -Password $Password
        $secret = $credential.GetNetworkCredential().Password
        $Error.Clear()
        $all = @(
            try {
                Connect-ExchangeOnline @address -Credential $credential -Verbose -Debug:$false *>&1
                Get-ConnectionInformation
                Get-Mailbox -ResultSize 1 -Verbose *>&1
                Get-Mailbox 'no such mailbox' -Verbose -ErrorAction Continue *>&1
                Disconnect-ExchangeOnline -Confirm:$false -Verbose *>&1
            }
            catch { $_ }
        )
        $text = @(
            $all | Format-List * -Force | Out-String -Width 10000
            $all | Out-String -Width 10000
            $Error | Format-List * -Force | Out-String -Width 10000
            $Error | ForEach-Object { $_.Exception.ToString() }
        ) -join "`n"
        $text.Length | Should -BeGreaterThan 100 -Because 'something was said'
        foreach ($form in $secret, [uri]::EscapeDataString($secret), ($secret | ConvertTo-Json).Trim('"')) {
            $text.Contains($form) | Should -BeFalse
        }
        $text | Should -Not -Match 'eyJ[A-Za-z0-9_-]{20,}' -Because 'a token is a secret too'
    }

    It 'the tenant''s request log has none either' {
        $log = Get-Content -LiteralPath $tenant.RequestLog -Raw
        $log.Contains((Get-TenantAccount -Tenant $tenant -Name 'admin').Password) | Should -BeFalse
    }
}
