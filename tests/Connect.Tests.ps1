#Requires -Version 7.4
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    # A build server says that nobody is there; in these tests somebody is.
    $script:ci = $env:CI
    $env:CI = ''
    $script:tenant = Start-TestTenant -Mailboxes 12 -Options '--device-code-interval-seconds', '1'
    $script:address = Get-TenantAddress -Tenant $tenant
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
    $env:BROWSER = $null
    $env:CI = $ci
}

Describe 'Connect-ExchangeOnline' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'signs in with a credential and returns nothing' {
        $output = Connect-ExchangeOnline @address -Credential (Get-TenantCredential -Tenant $tenant)
        $output | Should -BeNullOrEmpty
        @(Get-Mailbox).Count | Should -Be 12
    }

    It 'takes the guide''s ShowProgress with a value' {
        Connect-ExchangeOnline @address -Credential (Get-TenantCredential -Tenant $tenant) -ShowProgress $true
        @(Get-ConnectionInformation).Count | Should -Be 1
    }

    It 'takes $null for a text as not given' {
        Connect-TestTenant -Tenant $tenant -Parameters @{
            Organization = $null; DelegatedOrganization = $null; Prefix = $null; UserPrincipalName = $null
        }
        (Get-ConnectionInformation).State | Should -Be 'Connected'
    }

    It 'signs in in the browser with a second factor' {
        Set-TestBrowser -Tenant $tenant -As 'mfa.admin'
        $account = Get-TenantAccount -Tenant $tenant -Name 'mfa.admin'
        Connect-ExchangeOnline @address -UserPrincipalName $account.UserPrincipalName -ShowProgress $true
        (Get-ConnectionInformation).UserPrincipalName | Should -Be $account.UserPrincipalName
        @(Get-Mailbox -ResultSize 3 -WarningAction SilentlyContinue).Count | Should -Be 3
    }

    It 'signs in in the browser without a second factor where none is asked' {
        Set-TestBrowser -Tenant $tenant -As 'viewer'
        $account = Get-TenantAccount -Tenant $tenant -Name 'viewer'
        Connect-ExchangeOnline @address -UserPrincipalName $account.UserPrincipalName
        (Get-ConnectionInformation).UserPrincipalName | Should -Be $account.UserPrincipalName
    }

    It 'shows the code of a device sign-in and waits for it' {
        $account = Get-TenantAccount -Tenant $tenant -Name 'mfa.admin'
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript({
                    param($Module, $Address)
                    Import-Module $Module
                    Connect-ExchangeOnline @Address -Device
                }).AddArgument($env:EXORS_MODULE).AddArgument($address)
            $running = $shell.BeginInvoke()
            $limit = [Diagnostics.Stopwatch]::StartNew()
            $text = ''
            while ($text -notmatch 'code ([A-Z0-9-]{6,})' -and $limit.Elapsed.TotalSeconds -lt 20 -and -not $running.IsCompleted) {
                Start-Sleep -Milliseconds 50
                # Not enumerated: that would wait for the end of the pipeline.
                $text += $shell.Streams.Information.ReadAll() -join "`n"
            }
            $text | Should -Match 'code ([A-Z0-9-]{6,})'
            $running.IsCompleted | Should -BeFalse -Because 'nobody has entered the code yet'
            Complete-TestDeviceCode -Tenant $tenant -As 'mfa.admin' -Text $text
            $running.AsyncWaitHandle.WaitOne(20000) | Should -BeTrue
            $null = $shell.EndInvoke($running)
            $shell.Streams.Error.Count | Should -Be 0
        }
        finally {
            $shell.Dispose()
        }
        (Get-ConnectionInformation).UserPrincipalName | Should -Be $account.UserPrincipalName
    }

    It 'knows the parameters that scripts pass: <_>' -ForEach @(
        'AccessToken', 'AppId', 'AzureADAuthorizationEndpointUri', 'BypassMailboxAnchoring', 'Certificate', 'CertificateFilePath', 'CertificatePassword',
        'CertificateThumbprint', 'CommandName', 'ConnectionUri', 'Credential', 'DelegatedOrganization', 'Device', 'DisableWAM', 'EnableErrorReporting',
        'ExchangeEnvironmentName', 'FormatTypeName', 'InlineCredential', 'LoadCmdletHelp', 'LogDirectoryPath', 'LogLevel', 'ManagedIdentity',
        'ManagedIdentityAccountId', 'Organization', 'PageSize', 'Prefix', 'PSSessionOption', 'ShowBanner', 'ShowProgress', 'SigningCertificate',
        'SkipLoadingCmdletHelp', 'SkipLoadingFormatData', 'TrackPerformance', 'UseMultithreading', 'UserPrincipalName', 'UseRPSSession'
    ) {
        (Get-Command Connect-ExchangeOnline).Parameters.Keys | Should -Contain $_
    }

    It 'leaves the password of the credential usable' {
        $credential = Get-TenantCredential -Tenant $tenant
        Connect-ExchangeOnline @address -Credential $credential
        Connect-ExchangeOnline @address -Credential $credential
        @(Get-ConnectionInformation).Count | Should -Be 2
    }

    It 'asks the tenant for the least it needs' {
        $before = Measure-TenantRequest -Tenant $tenant
        Connect-TestTenant -Tenant $tenant
        $asked = @(Get-TenantRequest -Tenant $tenant -Skip $before)
        $asked.Count | Should -BeGreaterThan 0
        $asked.Count | Should -BeLessOrEqual 6
        @($asked | Where-Object status -GE 400).Count | Should -Be 0
    }
}

Describe 'Get-ConnectionInformation' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'returns nothing when there is no connection' {
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }

    It 'has the properties that scripts read, in order' {
        Connect-TestTenant -Tenant $tenant
        $information = Get-ConnectionInformation
        $names = @($information.PSObject.Properties.Name)
        $expected = 'ConnectionId', 'State', 'Id', 'Name', 'UserPrincipalName', 'ConnectionUri', 'AzureAdAuthorizationEndpointUri',
            'TokenExpiryTimeUTC', 'CertificateAuthentication', 'ModuleName', 'ModulePrefix', 'Organization', 'DelegatedOrganization', 'AppId', 'PageSize',
            'TenantID', 'TokenStatus', 'ConnectionUsedForInbuiltCmdlets', 'IsEopSession'
        $names[0..($expected.Count - 1)] -join ' ' | Should -Be ($expected -join ' ')
        $information.ConnectionId | Should -BeOfType [guid]
        $information.State | Should -Be 'Connected'
        $information.Id | Should -BeGreaterThan 0
        $information.Name | Should -Match '^ExchangeOnline_\d+$'
        $information.UserPrincipalName | Should -Be (Get-TenantAccount -Tenant $tenant -Name 'admin').UserPrincipalName
        $information.TokenExpiryTimeUTC | Should -BeOfType [DateTimeOffset]
        $information.TokenExpiryTimeUTC | Should -BeGreaterThan ([DateTimeOffset]::UtcNow)
        $information.CertificateAuthentication | Should -BeFalse
        $information.TenantID | Should -Be $tenant.TenantId
        $information.TokenStatus | Should -Be 'Active'
        $information.PageSize | Should -Be 1000
        $information.ConnectionUsedForInbuiltCmdlets | Should -BeTrue
        $information.IsEopSession | Should -BeFalse
    }

    It 'never shows a token or a password' {
        Connect-TestTenant -Tenant $tenant
        $text = Get-ConnectionInformation | Format-List * -Force | Out-String -Width 4000
        $text | Should -Not -Match 'eyJ[A-Za-z0-9_-]{10,}'
        $text.Contains((Get-TenantAccount -Tenant $tenant -Name 'admin').Password) | Should -BeFalse
    }

    It 'lists each connection; the last one serves Get-EXO*' {
        Connect-TestTenant -Tenant $tenant
        Connect-TestTenant -Tenant $tenant -As 'viewer'
        $all = @(Get-ConnectionInformation | Sort-Object Id)
        $all.Count | Should -Be 2
        $all.ConnectionUsedForInbuiltCmdlets | Should -Be @($false, $true)
        @(Get-ConnectionInformation -ConnectionId $all[0].ConnectionId).Count | Should -Be 1
        (Get-ConnectionInformation -ConnectionId $all[0].ConnectionId).UserPrincipalName | Should -Be $all[0].UserPrincipalName
    }
}

Describe 'Disconnect-ExchangeOnline' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'closes everything and says so only as information' {
        Connect-TestTenant -Tenant $tenant
        $output = Disconnect-ExchangeOnline -Confirm:$false -InformationVariable said
        $output | Should -BeNullOrEmpty
        "$said" | Should -Match 'Disconnected successfully'
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }

    It 'is no error when nothing is connected' {
        { Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction Stop } | Should -Not -Throw
    }

    It 'closes the connection that is piped to it and leaves the others' {
        Connect-TestTenant -Tenant $tenant
        Connect-TestTenant -Tenant $tenant -As 'viewer'
        $first, $second = @(Get-ConnectionInformation | Sort-Object Id)
        $first | Disconnect-ExchangeOnline -Confirm:$false
        $left = @(Get-ConnectionInformation)
        $left.Count | Should -Be 1
        $left[0].ConnectionId | Should -Be $second.ConnectionId
        @(Get-Mailbox).Count | Should -Be 12
    }

    It 'does nothing with -WhatIf' {
        Connect-TestTenant -Tenant $tenant
        Disconnect-ExchangeOnline -WhatIf
        @(Get-ConnectionInformation).Count | Should -Be 1
    }
}

Describe 'Connections belong to the process' {
    AfterAll { Disconnect-ExchangeOnline -Confirm:$false }

    It 'is usable in every runspace without connecting again' {
        Connect-TestTenant -Tenant $tenant
        $module = $env:EXORS_MODULE
        $before = Measure-TenantRequest -Tenant $tenant
        $counts = 1..6 | ForEach-Object -Parallel {
            Import-Module $using:module
            @(Get-Mailbox).Count
        } -ThrottleLimit 3
        $counts | Should -Be @(12, 12, 12, 12, 12, 12)
        @(Get-TenantRequest -Tenant $tenant -Skip $before | Where-Object path -Like '*/oauth2/*').Count | Should -Be 0
    }

    It 'gives rows with properties in every runspace' {
        Connect-TestTenant -Tenant $tenant
        $module = $env:EXORS_MODULE
        $names = 1..2 | ForEach-Object -Parallel {
            Import-Module $using:module
            Get-Mailbox -ResultSize 1 -WarningAction SilentlyContinue | ForEach-Object PrimarySmtpAddress
        }
        @($names).Count | Should -Be 2
        $names | ForEach-Object { $_ | Should -Match '@' }
    }
}
