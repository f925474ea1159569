#Requires -Version 7.4
<#
Signing in as an application: which parameters go together, certificates in all their forms, secrets, tokens of other issuers, managed
identities.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:folder = New-TestFolder
    $script:secure = { param($Text) ConvertTo-SecureString $Text -AsPlainText -Force }
    # Nothing listens there: what gets as far as the network fails with HostUnreachable.
    $script:nowhere = @{ ConnectionUri = 'https://127.0.0.1:9/'; AzureADAuthorizationEndpointUri = 'https://127.0.0.1:9/organizations' }
    $script:application = @{ AppId = '6d4c5e7f-0000-4000-8000-000000000001'; Organization = 'contoso.onmicrosoft.com' }

    # A certificate that lives from yesterday to tomorrow, unless told otherwise, with its key.
    function New-Certificate([string] $Kind = 'RSA', [int] $Bits = 2048, [int] $FromDays = -1, [int] $ToDays = 1, [string] $Curve) {
        $name = "CN=$Kind $Bits $Curve"
        if ($Kind -eq 'RSA') {
            $key = [Security.Cryptography.RSA]::Create($Bits)
            $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new($name, $key, 'SHA256', [Security.Cryptography.RSASignaturePadding]::Pkcs1)
        }
        else {
            $key = [Security.Cryptography.ECDsa]::Create([Security.Cryptography.ECCurve]::CreateFromFriendlyName($Curve))
            $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new($name, $key, 'SHA256')
        }
        $now = [DateTimeOffset]::UtcNow
        [pscustomobject]@{ Key = $key; Certificate = $request.CreateSelfSigned($now.AddDays($FromDays), $now.AddDays($ToDays)) }
    }

    function Save([string] $Name, $Content) {
        $path = Join-Path $folder $Name
        if ($Content -is [byte[]]) { [IO.File]::WriteAllBytes($path, $Content) } else { [IO.File]::WriteAllText($path, $Content -join "`n") }
        $path
    }

    # An encrypted key is one of PKCS#8.
    function Get-EncryptedKey($Key, [string] $Password) {
        $Key.ExportEncryptedPkcs8PrivateKeyPem($Password, [Security.Cryptography.PbeParameters]::new('Aes256Cbc', 'SHA256', 1000))
    }

    # What becomes of a connection that is tried with these parameters: the id of the error.
    function Get-Outcome([hashtable] $Parameters) {
        $record = Get-Failure { Connect-ExchangeOnline @nowhere @application @Parameters }
        ($record.FullyQualifiedErrorId -split ',')[0]
    }
}

AfterAll { Remove-Item -LiteralPath $folder -Recurse -Force }

Describe 'Parameters that do not go together' {
    BeforeAll {
        $script:values = @{
            AppId = 'app'; Organization = 'contoso.onmicrosoft.com'; CertificateThumbprint = '00' * 20; CertificateFilePath = 'x.pfx'
            CertificatePassword = (& $secure 'x'); CertificateKeyFilePath = 'x.key'; ClientSecret = (& $secure 'x'); FederatedTokenFilePath = 'x'
            Credential = [pscredential]::new('a@contoso.onmicrosoft.com', (& $secure 'x')); ManagedIdentity = $true; ManagedIdentityAccountId = 'x'
            Device = $true; InlineCredential = $true; AccessToken = 'x'
        }
        $script:earlier = $env:AZURE_FEDERATED_TOKEN_FILE
        $env:AZURE_FEDERATED_TOKEN_FILE = $null
    }
    AfterAll { $env:AZURE_FEDERATED_TOKEN_FILE = $earlier }

    It '<Given> is refused as <Id>' -ForEach @(
        @{ Given = 'AppId'; Id = 'OrganizationMissing'; Says = '-Organization' }
        @{ Given = 'AppId', 'Organization'; Id = 'AppCredentialMissing'; Says = '-CertificateThumbprint' }
        @{ Given = 'AppId', 'CertificateThumbprint'; Id = 'OrganizationMissing'; Says = '-Organization' }
        @{ Given = 'CertificateThumbprint', 'Organization'; Id = 'AppIdMissing'; Says = '-AppId' }
        @{ Given = 'CertificateFilePath'; Id = 'AppIdMissing'; Says = '-AppId' }
        @{ Given = 'ClientSecret', 'Organization'; Id = 'AppIdMissing'; Says = '-AppId' }
        @{ Given = 'AppId', 'Organization', 'CertificateThumbprint', 'CertificateFilePath'; Id = 'SeveralAppCredentials'; Says = '-CertificateFilePath and -CertificateThumbprint' }
        @{ Given = 'AppId', 'Organization', 'ClientSecret', 'FederatedTokenFilePath'; Id = 'SeveralAppCredentials'; Says = '-ClientSecret and -FederatedTokenFilePath' }
        @{ Given = 'AppId', 'Organization', 'CertificatePassword'; Id = 'CertificatePasswordWithoutFile'; Says = '-CertificateFilePath' }
        @{ Given = 'AppId', 'Organization', 'CertificateKeyFilePath'; Id = 'CertificateFileMissing'; Says = '-CertificateFilePath' }
        @{ Given = 'Credential', 'AppId'; Id = 'SeveralWaysToSignIn'; Says = '-Credential and -AppId' }
        @{ Given = 'Credential', 'Device'; Id = 'SeveralWaysToSignIn'; Says = '-Credential and -Device' }
        @{ Given = 'Credential', 'InlineCredential'; Id = 'SeveralWaysToSignIn'; Says = '-Credential and -InlineCredential' }
        @{ Given = 'ManagedIdentity', 'Device', 'Organization'; Id = 'SeveralWaysToSignIn'; Says = '-Device and -ManagedIdentity' }
        @{ Given = 'ManagedIdentity', 'AppId', 'Organization'; Id = 'SeveralWaysToSignIn'; Says = '-ManagedIdentityAccountId' }
        @{ Given = 'AccessToken', 'Credential', 'Organization'; Id = 'SeveralWaysToSignIn'; Says = '-Credential and -AccessToken' }
        @{ Given = 'AccessToken', 'AppId', 'CertificateThumbprint', 'Organization'; Id = 'SeveralWaysToSignIn'; Says = '-AccessToken and -CertificateThumbprint' }
        @{ Given = 'AccessToken'; Id = 'AccessTokenWithoutOrganization'; Says = '-UserPrincipalName' }
        @{ Given = 'ManagedIdentity'; Id = 'OrganizationMissing'; Says = '-Organization' }
        @{ Given = 'ManagedIdentityAccountId', 'Organization'; Id = 'ManagedIdentityMissing'; Says = '-ManagedIdentity' }
    ) {
        $parameters = @{}
        foreach ($name in $Given) { $parameters[$name] = $values[$name] }
        foreach ($cmdlet in 'Connect-ExchangeOnline', 'Connect-IPPSSession') {
            $record = Get-Failure { & $cmdlet @nowhere @parameters }
            $record.FullyQualifiedErrorId | Should -BeLike "$Id,*"
            $record.Exception.Message | Should -Match ([regex]::Escape($Says))
            $EXO_LastExecutionStatus | Should -BeFalse
        }
    }

    It 'empty values are no values: scripts pass variables on' {
        $empty = @{}
        foreach ($name in 'AppId', 'CertificateThumbprint', 'CertificateFilePath', 'CertificateKeyFilePath', 'FederatedTokenFilePath', 'AccessToken', 'ManagedIdentityAccountId') { $empty[$name] = '' }
        foreach ($name in 'CertificatePassword', 'ClientSecret', 'Certificate') { $empty[$name] = $null }
        foreach ($name in 'ManagedIdentity', 'Device', 'InlineCredential') { $empty[$name] = $false }
        # It is the sign-in with the password that fails, for there is nobody.
        $record = Get-Failure { Connect-ExchangeOnline @nowhere @empty -Credential $values.Credential }
        $record.FullyQualifiedErrorId | Should -BeLike 'HostUnreachable,*'
    }
}

Describe 'A certificate that cannot sign in' {
    BeforeAll {
        $script:good = New-Certificate
        $script:pem = $good.Certificate.ExportCertificatePem()
        $script:keyPem = $good.Key.ExportPkcs8PrivateKeyPem()
    }

    It 'in a file: <Case>' -ForEach @(
        @{ Case = 'no file'; Id = 'CertificateFileNotFound'; Make = { @{ CertificateFilePath = Join-Path $folder 'missing.pfx' } } }
        @{ Case = 'a folder'; Id = 'CertificateFileNotFound'; Make = { @{ CertificateFilePath = $folder } } }
        @{ Case = 'no certificate'; Id = 'CertificateFileUnreadable'; Make = { @{ CertificateFilePath = Save 'junk.pfx' 'nothing of the kind' } } }
        @{ Case = 'a wrong password'; Id = 'CertificatePasswordWrong'; Make = { @{ CertificateFilePath = Save 'a.pfx' $good.Certificate.Export('Pfx', 'right'); CertificatePassword = & $secure 'wrong' } } }
        @{ Case = 'no password'; Id = 'CertificatePasswordMissing'; Make = { @{ CertificateFilePath = Save 'b.pfx' $good.Certificate.Export('Pfx', 'right') } } }
        @{ Case = 'a PFX without key'; Id = 'CertificateWithoutPrivateKey'; Make = {
                $public = [Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPem($pem)
                @{ CertificateFilePath = Save 'c.pfx' $public.Export('Pfx', 'p'); CertificatePassword = & $secure 'p' }
            }
        }
        @{ Case = 'a PEM without key'; Id = 'CertificateWithoutPrivateKey'; Make = { @{ CertificateFilePath = Save 'd.pem' $pem } } }
        @{ Case = 'no key file'; Id = 'CertificateKeyFileNotFound'; Make = { @{ CertificateFilePath = Save 'e.pem' $pem; CertificateKeyFilePath = Join-Path $folder 'missing.key' } } }
        @{ Case = 'the key of another'; Id = 'CertificateKeyMismatch'; Make = { @{ CertificateFilePath = Save 'f.pem' $pem; CertificateKeyFilePath = Save 'f.key' (New-Certificate).Key.ExportPkcs8PrivateKeyPem() } } }
        @{ Case = 'a key of another kind'; Id = 'CertificateKeyMismatch'; Make = {
                @{ CertificateFilePath = Save 'g.pem' $pem; CertificateKeyFilePath = Save 'g.key' (New-Certificate -Kind EC -Curve nistP256).Key.ExportPkcs8PrivateKeyPem() }
            }
        }
        @{ Case = 'a key file beside a PFX'; Id = 'CertificateKeyFileNotExpected'; Make = { @{ CertificateFilePath = Save 'h.pfx' $good.Certificate.Export('Pfx'); CertificateKeyFilePath = Save 'h.key' $keyPem } } }
        @{ Case = 'a wrong password of the key'; Id = 'CertificatePasswordWrong'; Make = {
                @{ CertificateFilePath = Save 'i.pem' $pem; CertificateKeyFilePath = Save 'i.key' (Get-EncryptedKey $good.Key 'right'); CertificatePassword = & $secure 'wrong' }
            }
        }
        @{ Case = 'no password of the key'; Id = 'CertificatePasswordMissing'; Make = { @{ CertificateFilePath = Save 'j.pem' ($pem, (Get-EncryptedKey $good.Key 'right')) } } }
        @{ Case = 'a key that openssl encrypted in its old way'; Id = 'CertificateKeyUnsupported'; Make = {
                @{ CertificateFilePath = Save 'k.pem' ($pem, "-----BEGIN RSA PRIVATE KEY-----`nProc-Type: 4,ENCRYPTED`nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF`n`nAAAA`n-----END RSA PRIVATE KEY-----") }
            }
        }
        @{ Case = 'expired'; Id = 'CertificateExpired'; Make = { @{ CertificateFilePath = Save 'l.pfx' (New-Certificate -FromDays -9 -ToDays -2).Certificate.Export('Pfx') } } }
        @{ Case = 'not yet valid'; Id = 'CertificateNotYetValid'; Make = { @{ CertificateFilePath = Save 'm.pfx' (New-Certificate -FromDays 2 -ToDays 9).Certificate.Export('Pfx') } } }
        @{ Case = 'a short key'; Id = 'CertificateKeyTooShort'; Make = { @{ CertificateFilePath = Save 'n.pfx' (New-Certificate -Bits 1024).Certificate.Export('Pfx') } } }
        @{ Case = 'a kind of key that the service does not take'; Id = 'CertificateKeyUnsupported'; Make = { @{ CertificateFilePath = Save 'o.pem' $ed25519 } } }
        @{ Case = 'something that is no file'; Id = 'NotAFilePath'; Make = { @{ CertificateFilePath = 'Env:PATH' } } }
    ) {
        # Ed25519; good until 2126.
        $ed25519 = @'
-----BEGIN CERTIFICATE-----
MIIBQjCB9aADAgECAhQicpbao7+x7vN9X+XWAkrbxsNQhDAFBgMrZXAwFjEUMBIG
A1UEAwwLdW5zdXBwb3J0ZWQwIBcNMjYxMTIzMTA1MDE0WhgPMjEyNjEwMzAxMDUw
MTRaMBYxFDASBgNVBAMMC3Vuc3VwcG9ydGVkMCowBQYDK2VwAyEA8/H9BJZ6SOaJ
62az1tvnPsiCN1OPPHQ4Ci4yDR+PQPCjUzBRMB0GA1UdDgQWBBSLK6lOnVz7vDPh
lOC8YzONzoiv8jAfBgNVHSMEGDAWgBSLK6lOnVz7vDPhlOC8YzONzoiv8jAPBgNV
HRMBAf8EBTADAQH/MAUGAytlcANBAMtwHbiXmzlGWTwZukSRdV1QA1MbattWBJT0
gSizRegUxO1XCZk8MnEyiia4dTBNjnpKAJrMWeRP9Rr0V99xYws=
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIH8x3phnw7uvpCH1J7nLx+mivURp6N8sw5nMkckDvH6F
-----END PRIVATE KEY-----
'@
        $parameters = & $Make
        $record = Get-Failure { Connect-ExchangeOnline @nowhere @application @parameters }
        $record.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $record.Exception.Message | Should -Not -Match 'Exception|BEGIN'
        $record.Exception.Message.Length | Should -BeGreaterThan 40
    }

    It 'as an object: <Case>' -ForEach @(
        @{ Case = 'without key'; Id = 'CertificateWithoutPrivateKey'; Make = { [Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPem($pem) } }
        @{ Case = 'expired'; Id = 'CertificateExpired'; Make = { (New-Certificate -FromDays -9 -ToDays -2).Certificate } }
        @{ Case = 'a curve that the service does not take'; Id = 'CertificateKeyUnsupported'; Make = { (New-Certificate -Kind EC -Curve 'brainpoolP256r1').Certificate }; NotOn = 'macOS' }
    ) {
        if ($NotOn -eq 'macOS' -and $IsMacOS) { Set-ItResult -Skipped -Because 'macOS has no such curve' }
        Get-Outcome @{ Certificate = (& $Make) } | Should -Be $Id
    }

    It 'by a thumbprint that is none: <_>' -ForEach @('xx', '0123', ('0' * 41), 'no thumbprint at all, but forty digits..') {
        Get-Outcome @{ CertificateThumbprint = $_ } | Should -Be 'InvalidCertificateThumbprint'
    }

    It 'by a thumbprint that nothing has: it says where it looked' {
        $record = Get-Failure { Connect-ExchangeOnline @nowhere @application -CertificateThumbprint ('00 ' * 20) }
        $record.FullyQualifiedErrorId | Should -BeLike 'CertificateNotFound,*'
        $record.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $record.Exception.Message | Should -Match 'CurrentUser\\My'
        $record.Exception.Message | Should -Match '-CertificateFilePath'
    }
}

Describe 'A certificate in a folder of certificates' -Skip:$IsWindows {
    BeforeAll {
        $script:earlier = $env:XDG_CONFIG_HOME
        $env:XDG_CONFIG_HOME = Join-Path $folder 'config'
        $script:place = (New-Item -ItemType Directory -Path (Join-Path $env:XDG_CONFIG_HOME 'ExchangeOnlineRs/certificates')).FullName
        $script:one = New-Certificate
        $script:two = New-Certificate -Kind EC -Curve nistP384
        $script:three = New-Certificate
        $script:lonely = New-Certificate
        [IO.File]::WriteAllText("$place/one.crt", $one.Certificate.ExportCertificatePem())
        [IO.File]::WriteAllText("$place/one.key", $one.Key.ExportPkcs8PrivateKeyPem())
        [IO.File]::WriteAllBytes("$place/two.pfx", $two.Certificate.Export('Pfx'))
        [IO.File]::WriteAllBytes("$place/three.p12", $three.Certificate.Export('Pfx', 'three'))
        [IO.File]::WriteAllText("$place/lonely.pem", $lonely.Certificate.ExportCertificatePem())
    }
    AfterAll { $env:XDG_CONFIG_HOME = $earlier }

    It 'is found: <Case>' -ForEach @(
        @{ Case = 'PEM with the key beside it'; Text = { $one.Certificate.Thumbprint } }
        @{ Case = 'small letters, blanks and an invisible mark'; Text = { [char]0x200e + ($one.Certificate.Thumbprint.ToLowerInvariant() -replace '..', '$0 ') } }
        @{ Case = 'colons'; Text = { $one.Certificate.Thumbprint -replace '..(?!$)', '$0:' } }
        @{ Case = 'SHA-256'; Text = { $one.Certificate.GetCertHashString('SHA256') } }
        @{ Case = 'PFX'; Text = { $two.Certificate.Thumbprint } }
    ) {
        Get-Outcome @{ CertificateThumbprint = & $Text } | Should -Be 'HostUnreachable' -Because 'it gets as far as the network'
    }

    It 'with a password is found with it, and named without' {
        Get-Outcome @{ CertificateThumbprint = $three.Certificate.Thumbprint; CertificatePassword = & $secure 'three' } | Should -Be 'HostUnreachable'
        $record = Get-Failure { Connect-ExchangeOnline @nowhere @application -CertificateThumbprint $three.Certificate.Thumbprint }
        $record.FullyQualifiedErrorId | Should -BeLike 'CertificateNotFound,*'
        $record.Exception.Message | Should -Match 'three\.p12'
        $record.Exception.Message | Should -Match '-CertificatePassword'
        # The others are listed, with their ends.
        $record.Exception.Message | Should -Match "$($one.Certificate.Thumbprint) \(expires $($one.Certificate.NotAfter.ToString('yyyy-MM-dd'))\)"
        $record.Exception.Message | Should -Match ([regex]::Escape($place))
    }

    It 'without its key is said to lack it' {
        Get-Outcome @{ CertificateThumbprint = $lonely.Certificate.Thumbprint } | Should -Be 'CertificateWithoutPrivateKey'
    }
}

Describe 'The forms of a certificate' {
    BeforeAll {
        $script:rsa = New-Certificate
        $script:ec = New-Certificate -Kind EC -Curve nistP256
    }

    It 'are read: <Case>' -ForEach @(
        @{ Case = 'PFX'; Make = { @{ CertificateFilePath = Save 'a.pfx' $rsa.Certificate.Export('Pfx', 'p'); CertificatePassword = & $secure 'p' } } }
        @{ Case = 'PFX without password'; Make = { @{ CertificateFilePath = Save 'b.pfx' $ec.Certificate.Export('Pfx') } } }
        @{ Case = 'PEM, certificate and key'; Make = { @{ CertificateFilePath = Save 'c.pem' ($rsa.Certificate.ExportCertificatePem(), $rsa.Key.ExportPkcs8PrivateKeyPem()) } } }
        @{ Case = 'PEM, key first, other certificates'; Make = { @{ CertificateFilePath = Save 'd.pem' ($ec.Key.ExportPkcs8PrivateKeyPem(), $rsa.Certificate.ExportCertificatePem(), $ec.Certificate.ExportCertificatePem()) } } }
        @{ Case = 'PEM, encrypted key'; Make = { @{ CertificateFilePath = Save 'e.pem' ($rsa.Certificate.ExportCertificatePem(), (Get-EncryptedKey $rsa.Key 'p')); CertificatePassword = & $secure 'p' } } }
        @{ Case = 'PEM, key of its own form'; Make = { @{ CertificateFilePath = Save 'f.pem' $rsa.Certificate.ExportCertificatePem(); CertificateKeyFilePath = Save 'f.key' $rsa.Key.ExportRSAPrivateKeyPem() } } }
        @{ Case = 'PEM, key of its own form, elliptic'; Make = { @{ CertificateFilePath = Save 'g.pem' $ec.Certificate.ExportCertificatePem(); CertificateKeyFilePath = Save 'g.key' $ec.Key.ExportECPrivateKeyPem() } } }
        @{ Case = 'DER with a key file'; Make = { @{ CertificateFilePath = Save 'h.cer' $rsa.Certificate.Export('Cert'); CertificateKeyFilePath = Save 'h.key' $rsa.Key.ExportPkcs8PrivateKeyPem() } } }
        @{ Case = 'PEM in UTF-16'; Make = { @{ CertificateFilePath = Save 'i.pem' ([byte[]]([Text.Encoding]::Unicode.GetPreamble() + [Text.Encoding]::Unicode.GetBytes($rsa.Certificate.ExportCertificatePem() + "`n" + $rsa.Key.ExportPkcs8PrivateKeyPem()))) } } }
        @{ Case = 'an object'; Make = { @{ Certificate = $rsa.Certificate } } }
    ) {
        Get-Outcome (& $Make) | Should -Be 'HostUnreachable' -Because 'it gets as far as the network'
    }

    It 'are found from PowerShell''s location, and on its drives' {
        $null = Save 'relative.pfx' $rsa.Certificate.Export('Pfx')
        $null = New-PSDrive -Name 'ExoTest' -PSProvider FileSystem -Root $folder
        Push-Location $folder
        try {
            Get-Outcome @{ CertificateFilePath = './relative.pfx' } | Should -Be 'HostUnreachable'
            Get-Outcome @{ CertificateFilePath = 'ExoTest:/relative.pfx' } | Should -Be 'HostUnreachable'
        }
        finally {
            Pop-Location
            Remove-PSDrive -Name 'ExoTest'
        }
    }

    It 'stay the caller''s' {
        Get-Outcome @{ Certificate = $rsa.Certificate } | Should -Be 'HostUnreachable'
        $rsa.Certificate.HasPrivateKey | Should -BeTrue
        [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($rsa.Certificate).ExportParameters($false).Modulus.Length | Should -Be 256
    }

    It 'leave no key file behind' -Skip:(-not $IsLinux) {
        $keys = { @(Get-ChildItem -LiteralPath $HOME/.dotnet -Recurse -File -ErrorAction Ignore).FullName }
        $before = & $keys
        $null = Get-Outcome @{ CertificateFilePath = Save 'z.pfx' $rsa.Certificate.Export('Pfx') }
        (& $keys) -join ' ' | Should -Be ($before -join ' ')
    }
}

Describe 'Signing in as an application' {
    BeforeAll {
        $script:tenant = Start-TestTenant -Mailboxes 5 -Credentials -ManagedIdentity
        $script:address = Get-TenantAddress -Tenant $tenant
        $script:contoso = (Get-TenantOrganization -Tenant $tenant).InitialDomain
        $script:automation = Get-TenantApplication -Tenant $tenant -Name 'automation'
        $script:as = @{ AppId = $automation.AppId; Organization = $contoso }
        $script:earlierToken = $env:AZURE_FEDERATED_TOKEN_FILE
        $env:AZURE_FEDERATED_TOKEN_FILE = $null

        function Assert-Application([bool] $ByCertificate, [string] $AppId = $automation.AppId) {
            $information = Get-ConnectionInformation
            $information.State | Should -Be 'Connected'
            $information.AppId | Should -Be $AppId
            $information.UserPrincipalName | Should -BeNullOrEmpty
            $information.CertificateAuthentication | Should -Be $ByCertificate
            $information.Organization | Should -Be $contoso
            $information.TenantID | Should -Be $tenant.TenantId
            @(Get-Mailbox).Count | Should -Be 5
        }
    }
    AfterAll {
        Disconnect-ExchangeOnline -Confirm:$false
        $env:AZURE_FEDERATED_TOKEN_FILE = $earlierToken
        Stop-TestTenant $tenant
    }
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'with every registered certificate, as an object' {
        $registered = @($automation.Certificates | Where-Object Registered)
        @($registered.Kind | Sort-Object -Unique) | Should -Be @('EC', 'RSA')
        foreach ($certificate in $registered) {
            $object = Get-TestCertificate $certificate
            Connect-ExchangeOnline @address @as -Certificate $object
            Assert-Application $true
            Disconnect-ExchangeOnline -Confirm:$false
            # Closing the connection closes our key, not the caller's object.
            Connect-ExchangeOnline @address @as -Certificate $object
            Disconnect-ExchangeOnline -Confirm:$false
            $object.HasPrivateKey | Should -BeTrue
        }
    }

    It 'with the files of every registered certificate' {
        foreach ($certificate in @($automation.Certificates | Where-Object Registered)) {
            Connect-ExchangeOnline @address @as -CertificateFilePath $certificate.CertificateFile -CertificateKeyFilePath $certificate.KeyFile
            Assert-Application $true
            Disconnect-ExchangeOnline -Confirm:$false
            $password = & $secure 'pfx-password'
            $pfx = New-TestPfx $certificate -Path (Join-Path $tenant.Folder 'app.pfx') -Password $password
            Connect-ExchangeOnline @address @as -CertificateFilePath $pfx -CertificatePassword $password
            Assert-Application $true
            Disconnect-ExchangeOnline -Confirm:$false
        }
    }

    It 'with a thumbprint' -Skip:$IsWindows {
        $certificate = @($automation.Certificates | Where-Object Registered)[0]
        $earlier = $env:XDG_CONFIG_HOME
        $env:XDG_CONFIG_HOME = Join-Path $tenant.Folder 'config'
        try {
            $place = (New-Item -ItemType Directory -Path (Join-Path $env:XDG_CONFIG_HOME 'ExchangeOnlineRs/certificates')).FullName
            $null = New-TestPfx $certificate -Path (Join-Path $place 'app.pfx')
            Connect-ExchangeOnline @address @as -CertificateThumbprint (Get-TestCertificate $certificate).Thumbprint
            Assert-Application $true
        }
        finally { $env:XDG_CONFIG_HOME = $earlier }
    }

    It 'goes on when the token has to be renewed, after its files are gone' {
        $certificate = @($automation.Certificates | Where-Object Registered)[0]
        $pfx = New-TestPfx $certificate -Path (Join-Path $tenant.Folder 'gone.pfx')
        Connect-ExchangeOnline @address @as -CertificateFilePath $pfx
        Remove-Item -LiteralPath $pfx
        $before = Measure-TenantRequest -Tenant $tenant
        Invoke-TenantControl -Tenant $tenant -Action pushFaults -Parameters @{ faults = @('claims-401') }
        @(Get-Mailbox).Count | Should -Be 5
        @(Get-TenantRequest -Tenant $tenant -Skip $before | Where-Object path -Like '*/token').Count | Should -Be 1
    }

    It 'says that a certificate is not registered' {
        $certificate = @($automation.Certificates | Where-Object { -not $_.Registered })[0]
        $record = Get-Failure { Connect-ExchangeOnline @address @as -Certificate (Get-TestCertificate $certificate) }
        $record.FullyQualifiedErrorId | Should -BeLike 'AADSTS700027,*'
        $record.CategoryInfo.Category | Should -Be 'AuthenticationError'
    }

    It 'with a secret' {
        Connect-ExchangeOnline @address @as -ClientSecret (& $secure @($automation.Secrets | Where-Object State -EQ 'valid')[0].Value)
        Assert-Application $false
    }

    It 'says that a secret has expired, or is wrong' {
        $record = Get-Failure { Connect-ExchangeOnline @address @as -ClientSecret (& $secure @($automation.Secrets | Where-Object State -EQ 'expired')[0].Value) }
        $record.FullyQualifiedErrorId | Should -BeLike 'AADSTS7000222,*'
        $record = Get-Failure { Connect-ExchangeOnline @address @as -ClientSecret (& $secure 'no such secret') }
        $record.FullyQualifiedErrorId | Should -BeLike 'AADSTS7000215,*'
    }

    It 'with a token of another issuer: <Case>' -ForEach @(
        @{ Case = 'named'; ByEnvironment = $false }
        @{ Case = 'from the environment'; ByEnvironment = $true }
    ) {
        $file = $automation.Federated[0].TokenFile
        if ($ByEnvironment) {
            $env:AZURE_FEDERATED_TOKEN_FILE = $file
            try { Connect-ExchangeOnline @address @as } finally { $env:AZURE_FEDERATED_TOKEN_FILE = $null }
        }
        else {
            Connect-ExchangeOnline @address @as -FederatedTokenFilePath $file
        }
        Assert-Application $false
    }

    It 'says that there is no file with a token' {
        $record = Get-Failure { Connect-ExchangeOnline @address @as -FederatedTokenFilePath (Join-Path $tenant.Folder 'missing.jwt') }
        $record.FullyQualifiedErrorId | Should -BeLike 'FederatedTokenFileNotFound,*'
        $record.Exception.Message | Should -Match 'AZURE_FEDERATED_TOKEN_FILE'
    }

    # Not Azure Arc: its agent's folder belongs to the system, and what lies elsewhere is not trusted.
    It 'as a managed identity: <Kind>' -ForEach @(
        @{ Kind = 'imds' }, @{ Kind = 'appService' }, @{ Kind = 'cloudShell' }, @{ Kind = 'legacyAppService' }
    ) {
        Use-ManagedIdentity -Tenant $tenant -Kind $Kind -Script { Connect-ExchangeOnline @address -ManagedIdentity -Organization $contoso }
        Assert-Application $false $tenant.ManagedIdentity.systemAssigned.appId
    }

    It 'as a managed identity of one''s choice' {
        $appId = $tenant.ManagedIdentity.userAssigned.appId
        Use-ManagedIdentity -Tenant $tenant -Kind imds -Script { Connect-ExchangeOnline @address -ManagedIdentity -ManagedIdentityAccountId $appId -Organization $contoso }
        Assert-Application $false $appId
    }

    It 'says that there is no managed identity here' {
        $record = Get-Failure {
            Use-ManagedIdentity -Tenant $tenant -Kind none -Script {
                # Where the metadata service of a virtual machine would be, nothing listens.
                $env:AZURE_POD_IDENTITY_AUTHORITY_HOST = 'http://127.0.0.1:9'
                Connect-ExchangeOnline @address -ManagedIdentity -Organization $contoso
            }
        }
        $record.Exception.Message | Should -Match 'identity'
        $record.FullyQualifiedErrorId | Should -Not -BeLike 'InternalError*'
    }

    It 'says what the application lacks: <Name>' -ForEach @(
        @{ Name = 'norole'; Says = "isn't supported in this scenario" }
        @{ Name = 'nopermission'; Says = '.' }
    ) {
        $other = Get-TenantApplication -Tenant $tenant -Name $Name
        $record = Get-Failure {
            Connect-ExchangeOnline @address -AppId $other.AppId -Organization $contoso -ClientSecret (& $secure @($other.Secrets)[0].Value)
            Get-Mailbox -ErrorAction Stop
        }
        $record.CategoryInfo.Category | Should -BeIn @('PermissionDenied', 'AuthenticationError')
        $record.Exception.Message | Should -Match $Says
    }
}
