#Requires -Version 7.4
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 6 -Options '--log-parameters'
    $script:address = Get-TenantAddress -Tenant $tenant
    $script:contoso = Get-TenantOrganization -Tenant $tenant
    $script:encrypted = '^[A-Za-z0-9+/]{342}==$'

    function Protect([string] $Text) { ConvertTo-SecureString $Text -AsPlainText -Force }
    function Get-ModuleFileRequest([int] $Skip = 0) { @(Get-TenantRequest -Tenant $tenant -Skip $Skip | Where-Object path -Like '*EXOModuleFile*') }

    # Signs a person in with a password. A new person has no role, so the service's refusal of the session says that the password was good.
    function Test-Password([string] $User, [string] $Password) {
        $credential = [pscredential]::new($User, (Protect $Password))
        $record = Get-Failure { Connect-ExchangeOnline @address -Credential $credential }
        if ($record.Exception.Message -match "role assigned to user '$([regex]::Escape($User))' isn't supported") { return $true }
        if ($record.FullyQualifiedErrorId -like 'AADSTS50126*' -or $record.Exception.Message -match 'AADSTS50126') { return $false }
        throw $record
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'A password in a parameter' {
    BeforeAll { Connect-TestTenant -Tenant $tenant }
    AfterAll { Disconnect-ExchangeOnline -Confirm:$false }

    It 'lets a new person sign in, and do what their role allows' {
        $user = "new.person@$($contoso.InitialDomain)"
        $password = Protect 'Grün-Tee 茶 🍵 "\/+=1'
        $made = New-Mailbox -Name 'New Person' -MicrosoftOnlineServicesID $user -Password $password
        $made.UserPrincipalName | Should -Be $user
        (Get-TenantRequest -Tenant $tenant -CmdletName 'New-Mailbox')[-1].parameters.Password | Should -Match $encrypted
        Add-RoleGroupMember 'View-Only Organization Management' -Member $user
        Connect-ExchangeOnline @address -Credential ([pscredential]::new($user, $password)) -Prefix 'New'
        try {
            (Get-ConnectionInformation -ModulePrefix 'New').UserPrincipalName | Should -Be $user
            @(Get-NewMailbox).Count | Should -Be 7
        }
        finally {
            Disconnect-ExchangeOnline -ModulePrefix 'New' -Confirm:$false
        }
        Remove-Mailbox $user -Confirm:$false
    }

    It 'replaces the one before it' {
        $user = (Get-Mailbox adele).UserPrincipalName
        Set-Mailbox adele -Password (Protect 'First-1')
        Test-Password $user 'First-1' | Should -BeTrue
        'adele' | Set-Mailbox -Password (Protect 'Second-2')
        Test-Password $user 'First-1' | Should -BeFalse
        Test-Password $user 'Second-2' | Should -BeTrue
    }

    It 'may have up to 245 bytes: <Length> of <Character>' -ForEach @(
        @{ Length = 245; Character = 'x' }
        @{ Length = 122; Character = 'é' }
        @{ Length = 61; Character = '🍵' }
        @{ Length = 1; Character = ' ' }
    ) {
        $text = $Character * $Length
        Set-Mailbox adele -Password (Protect $text)
        Test-Password (Get-Mailbox adele).UserPrincipalName $text | Should -BeTrue
    }

    It 'is refused when it is too long for the key, and nothing is sent' {
        $before = @(Get-TenantRequest -Tenant $tenant -CmdletName 'Set-Mailbox').Count
        $record = Get-Failure { Set-Mailbox adele -Password (Protect ('é' * 123)) -ErrorAction Stop }
        $record.FullyQualifiedErrorId | Should -BeLike 'SecretTooLong,*'
        $record.Exception.Message | Should -Match "'Password'.*246 bytes.*245"
        $record.CategoryInfo.Category | Should -Be 'InvalidArgument'
        $global:EXO_LastExecutionStatus | Should -BeFalse
        @(Get-TenantRequest -Tenant $tenant -CmdletName 'Set-Mailbox').Count | Should -Be $before
    }

    It 'is refused with <What>, and nothing is sent' -ForEach @(
        @{ What = 'a null character'; Character = [char]0 }
        @{ What = 'half a character'; Character = [char]0xd83c }
    ) {
        $secret = (Protect 'before').Copy()
        $secret.AppendChar($Character)
        $secret.AppendChar('x')
        $before = Measure-TenantRequest -Tenant $tenant
        $record = Get-Failure { Set-Mailbox adele -Password $secret -ErrorAction Stop }
        $record.FullyQualifiedErrorId | Should -BeLike 'InvalidText,*'
        $record.Exception.Message | Should -Match "'Password'.*$What at position 6"
        "$($record | Format-List * -Force | Out-String)" | Should -Not -Match 'before'
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
    }

    It 'goes as it is when it is nothing: <Name>' -ForEach @(
        @{ Name = 'null'; Secret = $null; Expected = $null }
        @{ Name = 'empty'; Secret = [securestring]::new(); Expected = '' }
    ) {
        $skip = Measure-TenantRequest -Tenant $tenant
        Set-Mailbox adele -Office 'Nothing' -Password $Secret
        $sent = @(Get-TenantRequest -Tenant $tenant -CmdletName 'Set-Mailbox' -Skip $skip)[-1].parameters
        $sent.PSObject.Properties.Name | Should -Contain 'Password'
        $sent.Password | Should -Be $Expected
    }

    It 'is found in arrays and tables, each value encrypted for itself' {
        $skip = Measure-TenantRequest -Tenant $tenant
        $parameters = @{ Identity = 'adele'; Password = @((Protect 'one'), (Protect 'two')); Office = @{ Deep = @{ Secret = Protect 'three' }; Plain = 'four' } }
        Invoke-ExchangeOnlineCommand 'Set-Nothing' $parameters -Confirm:$false -ErrorAction SilentlyContinue
        $sent = @(Get-TenantRequest -Tenant $tenant -CmdletName 'Set-Nothing' -Skip $skip)[-1].parameters
        $sent.Identity | Should -Be 'adele'
        $sent.Password.Count | Should -Be 2
        $all = @($sent.Password) + $sent.Office.Deep.Secret
        $all | ForEach-Object { $_ | Should -Match $encrypted }
        @($all | Sort-Object -Unique).Count | Should -Be 3
        $sent.Office.Plain | Should -Be 'four'
    }

    It 'works by the name of the cmdlet too' {
        Invoke-ExchangeOnlineCommand Set-Mailbox @{ Identity = 'adele'; Password = Protect 'By-name-3' } -Confirm:$false
        Test-Password (Get-Mailbox adele).UserPrincipalName 'By-name-3' | Should -BeTrue
        $record = Get-Failure { Invoke-ExchangeOnlineCommand Set-Mailbox @{ Identity = 'adele'; Password = 'cl3ar-text' } -Confirm:$false -ErrorAction Stop }
        $record.FullyQualifiedErrorId | Should -BeLike 'CannotConvert,*'
        $record.Exception.Message | Should -Match "'Password'.*SecureString"
        "$($record | Format-List * -Force | Out-String)$($record.TargetObject)" | Should -Not -Match 'cl3ar'
    }

    It 'is a member of a credential' {
        $skip = Measure-TenantRequest -Tenant $tenant
        $credential = [pscredential]::new('CONTOSO\svc-1', (Protect 'of-credential'))
        # The tenant checks the credential and then says that it does not have the cmdlet.
        New-MigrationEndpoint -Name 'x' -ExchangeOutlookAnywhere -Credentials $credential -ExchangeServer 's' -RPCProxyServer 'p' -EmailAddress 'a@b.c' -ErrorAction SilentlyContinue -ErrorVariable problem
        $request = @(Get-TenantRequest -Tenant $tenant -CmdletName 'New-MigrationEndpoint' -Skip $skip)[-1]
        $request.status | Should -Be 403
        "$problem" | Should -Not -Match 'of-credential'
        $request.parameters.Credentials.'@odata.type' | Should -Be '#Exchange.GenericHashTable'
        $request.parameters.Credentials.UserName | Should -Be 'CONTOSO\svc-1'
        $request.parameters.Credentials.Password | Should -Match $encrypted
    }

    It 'comes with each object of a pipeline' {
        $skip = Measure-TenantRequest -Tenant $tenant
        $secret = Protect 'For-all-4'
        Get-Mailbox -ResultSize 4 -WarningAction Ignore | Set-Mailbox -Password $secret
        $sent = @(Get-TenantRequest -Tenant $tenant -CmdletName 'Set-Mailbox' -Skip $skip)
        $sent.Count | Should -Be 4
        @($sent.parameters.Password | Sort-Object -Unique).Count | Should -Be 4
        (Get-ModuleFileRequest -Skip $skip).Count | Should -Be 0
    }
}

Describe 'The service''s key' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'is asked for by the first secret of a connection, and by nothing else' {
        $skip = Measure-TenantRequest -Tenant $tenant
        Connect-TestTenant -Tenant $tenant
        $null = Get-Mailbox adele
        Set-Mailbox adele -Office 'No secret'
        Set-Mailbox adele -Password (Protect 'Not-sent-1') -WhatIf
        (Get-ModuleFileRequest -Skip $skip).Count | Should -Be 0
        @(Get-TenantRequest -Tenant $tenant -CmdletName 'Set-Mailbox' -Skip $skip).Count | Should -Be 1
        Set-Mailbox adele -Password (Protect 'Sent-1')
        Set-Mailbox adele -Password (Protect 'Sent-2')
        (Get-ModuleFileRequest -Skip $skip).Count | Should -Be 1
        Connect-TestTenant -Tenant $tenant
        (Get-ModuleFileRequest -Skip $skip).Count | Should -Be 1
    }

    It 'is asked for once by many commands at a time' {
        Connect-TestTenant -Tenant $tenant
        $skip = Measure-TenantRequest -Tenant $tenant
        $module = $env:EXORS_MODULE
        $failed = 1..24 | ForEach-Object -Parallel {
            Import-Module $using:module
            Set-Mailbox adele -Password (ConvertTo-SecureString "Many-$_" -AsPlainText -Force) 2>&1
        } -ThrottleLimit 8
        "$failed" | Should -BeNullOrEmpty
        @(Get-TenantRequest -Tenant $tenant -CmdletName 'Set-Mailbox' -Skip $skip | Where-Object status -EQ 200).Count | Should -Be 24
        (Get-ModuleFileRequest -Skip $skip).Count | Should -Be 1
    }

    It 'may be replaced while a connection is open' {
        Connect-TestTenant -Tenant $tenant
        Set-Mailbox adele -Password (Protect 'Old-key-1')
        Invoke-TenantControl -Tenant $tenant -Action rotateModuleKeys
        Set-Mailbox adele -Password (Protect 'Old-key-2')
        Test-Password (Get-Mailbox adele).UserPrincipalName 'Old-key-2' | Should -BeTrue
        Connect-TestTenant -Tenant $tenant
        Set-Mailbox adele -Password (Protect 'New-key-3')
        Test-Password (Get-Mailbox adele).UserPrincipalName 'New-key-3' | Should -BeTrue
    }

    It 'is the one of the connection''s own organization' {
        Connect-TestTenant -Tenant $tenant
        Connect-TestTenant -Tenant $tenant -As 'fabrikam.admin' -Organization 'Fabrikam' -Parameters @{ Prefix = 'Fab' }
        $other = @(Get-FabMailbox)[0]
        $skip = Measure-TenantRequest -Tenant $tenant
        $other | Set-FabMailbox -Password (Protect 'Of-fabrikam-1')
        Set-Mailbox adele -Password (Protect 'Of-contoso-1')
        $other | Set-FabMailbox -Password (Protect 'Of-fabrikam-2')
        (Get-ModuleFileRequest -Skip $skip).Count | Should -Be 2
        Test-Password (Get-Mailbox adele).UserPrincipalName 'Of-contoso-1' | Should -BeTrue
        Test-Password $other.UserPrincipalName 'Of-fabrikam-2' | Should -BeTrue
        $fabrikam = Get-ConnectionInformation -ModulePrefix 'Fab'
        Set-Mailbox $other.UserPrincipalName -Password (Protect 'By-id-3') -ConnectionId $fabrikam.ConnectionId
        Test-Password $other.UserPrincipalName 'By-id-3' | Should -BeTrue
    }

    It 'needs a connection' {
        $record = Get-Failure { Set-Mailbox adele -Password (Protect 'x') -Confirm:$false -ErrorAction Stop }
        $record.Exception.Message | Should -BeLike 'You must call Connect-ExchangeOnline before calling any other cmdlet.*'
    }

    It 'is found from a runspace that did not connect' {
        Connect-TestTenant -Tenant $tenant
        $module = $env:EXORS_MODULE
        1 | ForEach-Object -Parallel {
            Import-Module $using:module
            Set-Mailbox adele -Password (ConvertTo-SecureString 'Elsewhere-1' -AsPlainText -Force)
        }
        Test-Password (Get-Mailbox adele).UserPrincipalName 'Elsewhere-1' | Should -BeTrue
    }
}

Describe 'What a secret leaves behind' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'is nothing: in logs, messages, errors and the prompt' {
        $folder = Join-Path $tenant.Folder 'secret-logs'
        Connect-TestTenant -Tenant $tenant -Parameters @{ EnableErrorReporting = $true; LogLevel = 'All'; LogDirectoryPath = $folder }
        $word = 'Pl4nted-secret'
        $secret = Protect $word
        $credential = [pscredential]::new('someone', $secret)
        $Error.Clear()
        $said = & {
            Set-Mailbox adele -Password $secret -Verbose -Debug -InformationAction Continue
            Set-Mailbox adele -Password $secret -WhatIf -Verbose
            Set-Mailbox 'nobody' -Password $secret -Verbose -ErrorAction Continue
            Set-Mailbox adele -Password (Protect ($word * 20)) -Verbose -ErrorAction Continue
            Invoke-ExchangeOnlineCommand 'Set-Nothing' @{ A = $secret; B = @{ C = $credential } } -Confirm:$false -Verbose -ErrorAction Continue
        } *>&1 | ForEach-Object { $_ | Format-List * -Force } | Out-String -Width 500
        $said | Should -Match 'EXOModuleFile'
        $left = ($Error | Format-List * -Force | Out-String -Width 500) + ($Error | ForEach-Object { $_.TargetObject, $_.Exception, $_.Exception.Data } | Out-String)
        $log = Get-ChildItem -LiteralPath $folder | Get-Content -Raw | Out-String
        $log | Should -Match '-Password \*\*\*'
        $rows = @(Get-ChildItem -LiteralPath $folder | ForEach-Object { Import-Csv -LiteralPath $_.FullName } | Where-Object CmdletName -EQ 'Set-Mailbox')
        $rows.Status | Should -Be @('Success', 'Failed', 'Failed')
        $bytes = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($word))
        foreach ($text in $said, $left, $log, (Get-Content -LiteralPath $tenant.RequestLog -Raw)) {
            $text.Contains($word) | Should -BeFalse
            $text.Contains($bytes.TrimEnd('=')) | Should -BeFalse
        }
    }
}
