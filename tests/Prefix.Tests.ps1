#Requires -Version 7.4
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 6
    $script:address = Get-TenantAddress -Tenant $tenant

    # Connects, and returns what was warned of.
    function Connect-Listening([hashtable] $Parameters, [string] $As = 'admin') {
        @(Connect-TestTenant -Tenant $tenant -As $As -Parameters $Parameters 3>&1 | Where-Object { $_ -is [System.Management.Automation.WarningRecord] } | ForEach-Object { "$_" })
    }

    function Get-Prefixed([string] $Prefix) { @(Get-Command "*-$Prefix*" -CommandType Cmdlet | Where-Object ModuleName -EQ "ExchangeOnlineRs_$Prefix") }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'A connection with a prefix' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'has cmdlets of its own, and they work' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Contoso' }
        @(Get-ContosoMailbox).Count | Should -Be 6
        Get-ContosoMailbox adele | Set-ContosoMailbox -Office 'Prefix'
        (Get-ContosoMailbox -Identity adele).Office | Should -Be 'Prefix'
        @((Get-Command Get-ContosoMailbox).Parameters.Keys | Sort-Object) | Should -Be @((Get-Command Get-Mailbox).Parameters.Keys | Sort-Object)
        (Get-Command Set-ContosoMailbox).Parameters.Keys | Should -Contain 'WhatIf'
        (Get-Command Get-ContosoMailbox).DefaultParameterSet | Should -Be (Get-Command Get-Mailbox).DefaultParameterSet
        (Get-Command Get-ContosoMailbox).OutputType.Name | Should -Be (Get-Command Get-Mailbox).OutputType.Name
    }

    It 'has one for every cmdlet of the service, and none for those of the module' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Contoso' }
        $catalog = (Get-Content (Join-Path $PSScriptRoot '../powershell/Catalog/cmdlets.json') -Raw | ConvertFrom-Json).cmdlets
        $exchange = @($catalog | Where-Object { $_.surfaces -contains 'ExchangeOnline' -and -not $_.module_native }).name
        $approved = (Get-Content (Join-Path $PSScriptRoot '../powershell/Catalog/overrides.json') -Raw | ConvertFrom-Json).approvedNames
        $expected = @($exchange | ForEach-Object { ($approved.$_ ?? $_) -replace '-', '-Contoso' } | Sort-Object)
        @((Get-Prefixed 'Contoso').Name | Sort-Object) -join ' ' | Should -Be ($expected -join ' ')
    }

    It 'is shown with prefix and module' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Contoso' }
        $information = Get-ConnectionInformation -ModulePrefix 'contoso'
        $information.ModulePrefix | Should -Be 'Contoso'
        $information.ModuleName | Should -Be 'ExchangeOnlineRs_Contoso'
        (Get-Module $information.ModuleName).ExportedCmdlets.Keys | Should -Contain 'Get-ContosoMailbox'
    }

    It 'is never reached without its prefix' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Contoso' }
        $before = Measure-TenantRequest -Tenant $tenant
        $record = Get-Failure { Get-Mailbox -ErrorAction Stop }
        $record.Exception.Message | Should -BeLike 'You must call Connect-ExchangeOnline before calling any other cmdlet.*Contoso*'
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
    }

    It 'is the one that its cmdlets work on, by whatever name they are called' {
        Connect-TestTenant -Tenant $tenant -As 'viewer' -Parameters @{ Prefix = 'Viewer' }
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Admin' }
        Connect-TestTenant -Tenant $tenant -As 'viewer'
        Set-Alias -Name Set-ViewerMailboxAlias -Value Set-AdminMailbox
        # Only the administrator may.
        { Set-ViewerMailboxAlias adele -Office 'By alias' -ErrorAction Stop } | Should -Not -Throw
        { Set-AdminMailbox adele -Office 'By name' -ErrorAction Stop } | Should -Not -Throw
        { & (Get-Command Set-AdminMailbox) adele -Office 'By command' -ErrorAction Stop } | Should -Not -Throw
        { & 'ExchangeOnlineRs_Admin\Set-AdminMailbox' adele -Office 'By module' -ErrorAction Stop } | Should -Not -Throw
        { Set-ViewerMailbox adele -Office 'x' -ErrorAction Stop } | Should -Throw
        { Set-Mailbox adele -Office 'x' -ErrorAction Stop } | Should -Throw
        (Get-Mailbox adele).Office | Should -Be 'By module'
    }

    It 'gives the prefix to the wanted cmdlets only' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Some'; CommandName = 'Get-Mailb?x', 'get-recipient' }
        @((Get-Prefixed 'Some').Name | Sort-Object) | Should -Be @('Get-SomeMailbox', 'Get-SomeRecipient')
    }

    It 'has no module where no cmdlet is wanted, and is a connection all the same' {
        $warnings = Connect-Listening @{ Prefix = 'EU'; CommandName = 'Get-EXOMailbox' }
        @($warnings).Count | Should -Be 1
        "$warnings" | Should -BeLike 'No cmdlet of Exchange Online matches -CommandName Get-EXOMailbox.*no prefix*'
        Get-Module 'ExchangeOnlineRs_EU' -All | Should -BeNullOrEmpty
        @(Get-EXOMailbox).Count | Should -Be 6
        Disconnect-ExchangeOnline -Confirm:$false
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'EU' }
        @(Get-EUMailbox).Count | Should -Be 6
    }

    It 'is one for the bulk cmdlets that a pattern wants' {
        $null = Connect-Listening @{ Prefix = 'EU'; CommandName = 'Get-EXOM*' }
        @(Get-ConnectionInformation).ModulePrefix | Should -Be 'EU'
        @(Get-EXOMailbox).Count | Should -Be 6
    }

    It 'is closed again where it would have no command: <Case>' -ForEach @(
        @{ Case = 'a mistyped name'; Connect = 'Connect-ExchangeOnline'; Prefix = 'Nil'; Wanted = 'Get-Mailbxo'; Expected = '*None matches -CommandName Get-Mailbxo.' }
        @{ Case = 'a name that is taken'; Connect = 'Connect-ExchangeOnline'; Prefix = 'CAS'; Wanted = 'Get-Mailbox'; Expected = '*names of other cmdlets: Get-CASMailbox.*' }
        @{ Case = 'a bulk cmdlet, which compliance has not'; Connect = 'Connect-IPPSSession'; Prefix = 'Nil'; Wanted = 'Get-EXOMailbox'; Expected = '*None matches -CommandName Get-EXOMailbox.' }
    ) {
        Connect-TestTenant -Tenant $tenant
        $mine = (Get-ConnectionInformation).ConnectionId
        $parameters = $address + @{ Prefix = $Prefix; CommandName = $Wanted; Credential = (Get-TenantCredential -Tenant $tenant) }
        $failure = Get-Failure { & $Connect @parameters -WarningVariable warnings -WarningAction SilentlyContinue }
        $failure.FullyQualifiedErrorId | Should -BeLike 'NoPrefixedCommands,*'
        $failure.Exception.Message | Should -BeLike $Expected
        $warnings | Should -BeNullOrEmpty -Because 'the error says it'
        @(Get-ConnectionInformation).ConnectionId | Should -Be $mine
        Get-Module "ExchangeOnlineRs_$Prefix" -All | Should -BeNullOrEmpty
        @(Get-EXOMailbox).Count | Should -Be 6
    }

    It 'stays, though it adds none, where the prefix has commands already' {
        Connect-TestTenant -Tenant $tenant -As 'viewer' -Parameters @{ Prefix = 'Old'; CommandName = 'Set-Mailbox' }
        "$(Connect-Listening @{ Prefix = 'Old'; CommandName = 'Get-Mailbxo' })" | Should -BeLike 'No cmdlet of Exchange Online matches -CommandName Get-Mailbxo.*'
        @(Get-ConnectionInformation -ModulePrefix Old).Count | Should -Be 2
        { Set-OldMailbox adele -Office 'By the newer one' -ErrorAction Stop } | Should -Not -Throw
    }

    It 'tells of wanted cmdlets that there are not' {
        $wanted = 'Get-Mailbox', 'Get-Mailbxo', 'Get-Nothing*', 'Get-EXOMailbox', 'Get-Label'
        $warnings = Connect-Listening @{ Prefix = 'Typo'; CommandName = $wanted }
        @($warnings).Count | Should -Be 1
        "$warnings" | Should -BeLike 'No cmdlet of Exchange Online matches -CommandName Get-Mailbxo, Get-Nothing`*, Get-Label.*'
        (Get-Prefixed 'Typo').Name | Should -Be 'Get-TypoMailbox'
    }

    It 'leaves out what would be called like another cmdlet: <Prefix>' -ForEach @(
        @{ Prefix = 'CAS'; Left = 'Get-CASMailbox, Get-CASMailboxPlan, Set-CASMailbox, Set-CASMailboxPlan'; Connect = 'Connect-ExchangeOnline' }
        @{ Prefix = 'Unified'; Left = 'Get-UnifiedGroup, Set-UnifiedGroup'; Connect = 'Connect-ExchangeOnline' }
        @{ Prefix = 'Compliance'; Left = 'Get-ComplianceRetentionEvent'; Connect = 'Connect-IPPSSession' }
    ) {
        $parameters = $address + @{ Prefix = $Prefix; Credential = (Get-TenantCredential -Tenant $tenant) }
        & $Connect @parameters -WarningVariable warnings -WarningAction SilentlyContinue
        @($warnings).Count | Should -Be 1
        "$warnings" | Should -BeLike "*: $Left. *"
        foreach ($name in $Left -split ', ') { (Get-Command $name).ModuleName | Should -Be 'ExchangeOnlineRs' }
        @(Get-Prefixed $Prefix).Count | Should -BeGreaterThan 100
    }

    It 'says nothing of names that none of its cmdlets would get' {
        $warnings = Connect-Listening @{ Prefix = 'Compliance'; CommandName = 'Get-Mailbox' }
        $warnings | Should -BeNullOrEmpty
        @(Get-ComplianceMailbox).Count | Should -Be 6
    }

    It 'never runs a cmdlet that has the name of one that was left out' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'CAS'; WarningAction = 'SilentlyContinue' }
        $before = Measure-TenantRequest -Tenant $tenant
        (Get-Failure { Set-CASMailbox adele -PopEnabled $false -ErrorAction Stop }).Exception.Message | Should -BeLike 'You must call Connect-ExchangeOnline*'
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
        # The cmdlet of that name goes to the connection without a prefix, which may not do this.
        Connect-TestTenant -Tenant $tenant -As 'viewer'
        { Set-CASMailbox adele -PopEnabled $false -ErrorAction Stop } | Should -Throw
        { Set-CASUser adele -Office 'Left' -Confirm:$false -ErrorAction Stop } | Should -Not -Throw
    }

    It 'does not take the names of another prefix, which may be longer' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'EUMail'; CommandName = 'Get-Contact' }
        $warnings = Connect-Listening -As 'viewer' @{ Prefix = 'EU'; CommandName = 'Get-MailContact', 'Get-Mailbox' }
        "$warnings" | Should -BeLike '*: Get-EUMailContact.*'
        (Get-Command Get-EUMailContact).ModuleName | Should -Be 'ExchangeOnlineRs_EUMail'
    }

    It 'leaves modules of others alone that are called like its own' {
        $theirs = New-Module -Name 'ExchangeOnlineRs_Their' -ScriptBlock { function Get-Theirs { 'theirs' } } | Import-Module -PassThru
        try {
            Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Their'; CommandName = 'Get-Mailbox' }
            @(Get-TheirMailbox).Count | Should -Be 6
            Disconnect-ExchangeOnline -Confirm:$false
            Get-Command Get-TheirMailbox -ErrorAction Ignore | Should -BeNullOrEmpty
            Get-Theirs | Should -Be 'theirs'
        }
        finally { Remove-Module $theirs }
    }

    It 'offers values on Tab like the cmdlet without it' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Contoso' }
        $line = 'Get-ContosoMailbox -RecipientTypeDetails Sha'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain 'SharedMailbox'
    }

    It 'asks with the name that was typed' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Contoso' }
        "$(Set-ContosoMailbox adele -Office 'Asked' -Verbose 4>&1)" | Should -Match '"Set-ContosoMailbox"'
    }
}

Describe 'The cmdlets of a prefix' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'go with their connection: <Case>' -ForEach @(
        @{ Case = 'by prefix'; Close = { Disconnect-ExchangeOnline -ModulePrefix 'One' -Confirm:$false } }
        @{ Case = 'by id'; Close = { Get-ConnectionInformation -ModulePrefix 'One' | Disconnect-ExchangeOnline -Confirm:$false } }
    ) {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'One' }
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Two' }
        & $Close
        Get-Prefixed 'One' | Should -BeNullOrEmpty
        Get-Module 'ExchangeOnlineRs_One' | Should -BeNullOrEmpty
        @(Get-TwoMailbox).Count | Should -Be 6
        Disconnect-ExchangeOnline -Confirm:$false
        Get-Prefixed 'Two' | Should -BeNullOrEmpty
    }

    It 'stay until the last connection with the prefix is closed; the last one serves' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Same'; CommandName = 'Get-Mailbox', 'Set-Mailbox' }
        Connect-TestTenant -Tenant $tenant -As 'viewer' -Parameters @{ Prefix = 'SAME'; CommandName = 'Get-Recipient' }
        @((Get-Prefixed 'Same').Name | Sort-Object) | Should -Be @('Get-SameMailbox', 'Get-SameRecipient', 'Set-SameMailbox')
        { Set-SameMailbox adele -Office 'viewer' -ErrorAction Stop } | Should -Throw
        (Get-ConnectionInformation | Sort-Object Id)[1] | Disconnect-ExchangeOnline -Confirm:$false
        { Set-SameMailbox adele -Office 'admin' -ErrorAction Stop } | Should -Not -Throw
        Disconnect-ExchangeOnline -Confirm:$false
        Get-Prefixed 'Same' | Should -BeNullOrEmpty
        # And the prefix is free again.
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Same'; CommandName = 'Get-Recipient' }
        (Get-Prefixed 'Same').Name | Should -Be 'Get-SameRecipient'
    }

    It 'are there, and gone, whoever connects and disconnects: <Connect>, <Disconnect>' -ForEach @(
        @{ Connect = 'script'; Disconnect = 'script' }
        @{ Connect = 'script'; Disconnect = 'module' }
        @{ Connect = 'module'; Disconnect = 'script' }
        @{ Connect = 'module'; Disconnect = 'module' }
    ) {
        $wrapper = New-Module -Name 'SomeonesModule' -ScriptBlock {
            function Open-Someones($Parameters) { Connect-ExchangeOnline @Parameters }
            function Close-Someones { Disconnect-ExchangeOnline -Confirm:$false }
        } | Import-Module -PassThru
        try {
            $parameters = $address + @{ Prefix = 'Where'; Credential = (Get-TenantCredential -Tenant $tenant) }
            foreach ($time in 1..2) {
                if ($Connect -eq 'module') { Open-Someones $parameters } else { Connect-ExchangeOnline @parameters }
                @(Get-WhereMailbox).Count | Should -Be 6
            }
            if ($Disconnect -eq 'module') { Close-Someones } else { Disconnect-ExchangeOnline -Confirm:$false }
            foreach ($place in { Get-Command Get-WhereMailbox -ErrorAction Ignore }, { & $wrapper { Get-Command Get-WhereMailbox -ErrorAction Ignore } }) {
                & $place | Should -BeNullOrEmpty
            }
        }
        finally { Remove-Module $wrapper }
    }

    It 'appear in other runspaces that import the module' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Contoso' }
        $module = $env:EXORS_MODULE
        1..3 | ForEach-Object -Parallel { Import-Module $using:module; @(Get-ContosoMailbox).Count } | Should -Be @(6, 6, 6)
        $state = [initialsessionstate]::CreateDefault()
        $null = $state.ImportPSModule($module)
        $shell = [powershell]::Create($state)
        try {
            $shell.AddScript('@(Get-ContosoMailbox).Count').Invoke() | Should -Be 6
        }
        finally { $shell.Dispose() }
    }

    It 'go and come with the module' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Contoso' }
        Import-Module $env:EXORS_MODULE -Force
        @(Get-ContosoMailbox).Count | Should -Be 6
        Remove-Module ExchangeOnlineRs
        try {
            Get-Command Get-ContosoMailbox -ErrorAction Ignore | Should -BeNullOrEmpty
            Get-Module 'ExchangeOnlineRs_*' -All | Should -BeNullOrEmpty
        }
        finally { Import-Module $env:EXORS_MODULE }
        @(Get-ContosoMailbox).Count | Should -Be 6
    }

    It 'say that there is no connection when it was closed elsewhere, and go with the next Disconnect' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Contoso' }
        $module = $env:EXORS_MODULE
        1 | ForEach-Object -Parallel { Import-Module $using:module; Disconnect-ExchangeOnline -Confirm:$false }
        (Get-Failure { Get-ContosoMailbox -ErrorAction Stop }).Exception.Message | Should -BeLike 'You must call Connect-ExchangeOnline *'
        Disconnect-ExchangeOnline -Confirm:$false
        Get-Prefixed 'Contoso' | Should -BeNullOrEmpty
    }

    It 'come without a word about the engine''s own doings' {
        $earlier = $global:VerbosePreference
        $global:VerbosePreference = 'Continue'
        try {
            $parameters = $address + @{ Prefix = 'Quiet'; Credential = (Get-TenantCredential -Tenant $tenant) }
            $said = @(Connect-ExchangeOnline @parameters 4>&1 | ForEach-Object { "$_" })
        }
        finally { $global:VerbosePreference = $earlier }
        $said.Count | Should -BeGreaterThan 0 -Because 'the core tells what it does'
        $said -match 'cmdlet ' | Should -BeNullOrEmpty
    }

    It 'work in constrained language mode' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript({
                    param($Module, $Address, $Credential)
                    Import-Module $Module
                    $ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'
                    Connect-ExchangeOnline @Address -Credential $Credential -Prefix 'Constrained'
                    @(Get-ConstrainedMailbox).Count
                }).AddArgument($env:EXORS_MODULE).AddArgument($address).AddArgument((Get-TenantCredential -Tenant $tenant))
            $shell.Invoke() | Should -Be 6
            $shell.Streams.Error | Should -BeNullOrEmpty
        }
        finally { $shell.Dispose() }
    }

    It 'leave no trace when the sign-in fails' {
        $null = Get-Failure { Connect-ExchangeOnline @address -Prefix 'Never' -Credential (Get-TenantCredential -Tenant $tenant -Password 'Wr0ng-password') }
        Get-Prefixed 'Never' | Should -BeNullOrEmpty
        Get-Module 'ExchangeOnlineRs_Never' | Should -BeNullOrEmpty
    }
}
