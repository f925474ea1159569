#Requires -Version 7.4
<#
Cmdlets by their name, cmdlets from a catalog file, and what the values of parameters become on their way.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 6 -Options '--log-parameters'
    Connect-TestTenant -Tenant $tenant

    function Get-LastParameter {
        $line = [IO.File]::ReadAllLines($tenant.RequestLog) | Where-Object { $_.Contains('"cmdletName"') } | Select-Object -Last 1
        [Text.Json.JsonDocument]::Parse($line).RootElement.GetProperty('parameters')
    }

    function Get-Sent([string] $Name) { (Get-LastParameter).GetProperty($Name).GetRawText() }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'Invoke-ExchangeOnlineCommand' {
    It 'runs a cmdlet as if it were called' {
        $direct = Get-Mailbox -Identity adele
        $named = Invoke-ExchangeOnlineCommand -Name Get-Mailbox -Parameter @{ Identity = 'adele' }
        $named.ExchangeGuid | Should -Be $direct.ExchangeGuid
        $named.PSTypeNames[0] | Should -Be $direct.PSTypeNames[0]
        @(Invoke-ExchangeOnlineCommand get-mailbox @{ ResultSize = 2 } 3>$null).Count | Should -Be 2
        @(Invoke-ExchangeOnlineCommand Get-Mailbox).Count | Should -Be 6
    }

    It 'makes a call of each table that is piped' {
        @(@{ Identity = 'adele' }, @{ ResultSize = 1 } | Invoke-ExchangeOnlineCommand Get-Mailbox 3>$null).Count | Should -Be 2
    }

    It 'converts values as the cmdlet would' {
        Invoke-ExchangeOnlineCommand Set-Mailbox @{ Identity = 'adele'; HiddenFromAddressListsEnabled = 1; Office = 42 }
        Get-Sent 'HiddenFromAddressListsEnabled' | Should -Be 'true'
        Get-Sent 'Office' | Should -Be '"42"'
        (Get-Mailbox adele).Office | Should -Be '42'
    }

    It 'sends what nobody knows, and reports what the service says' {
        $before = Measure-TenantRequest -Tenant $tenant
        (Get-Failure { Invoke-ExchangeOnlineCommand Set-Novelty @{ Identity = 'x'; Colour = 'red' } -ErrorAction Stop }).CategoryInfo.Category | Should -Be 'PermissionDenied'
        Measure-TenantRequest -Tenant $tenant | Should -Be ($before + 1)
        Get-Sent 'Colour' | Should -Be '"red"'
    }

    It 'asks like the cmdlet: <Name>' -ForEach @(@{ Name = 'Set-Mailbox' }, @{ Name = 'Set-Novelty' }, @{ Name = 'Remove-Mailbox' }) {
        $before = Measure-TenantRequest -Tenant $tenant
        Invoke-ExchangeOnlineCommand $Name @{ Identity = 'adele' } -WhatIf
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
    }

    It 'does not remove without having asked' {
        $before = Measure-TenantRequest -Tenant $tenant
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$($env:EXORS_MODULE.Replace("'", "''"))'; Invoke-ExchangeOnlineCommand Remove-Mailbox @{ Identity = 'adele' }").Invoke()
            $shell.Streams.Error.Count | Should -Be 1 -Because 'nobody is there to answer'
        }
        finally { $shell.Dispose() }
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
    }

    It 'refuses <Expected>' -ForEach @(
        @{ Arguments = @{ Name = 'Get-Mailbox; Get-Date' }; Expected = 'InvalidCommandName' }
        @{ Arguments = @{ Name = 'Mailbox' }; Expected = 'InvalidCommandName' }
        @{ Arguments = @{ Name = 'Disconnect-ExchangeOnline' }; Expected = 'ModuleCommand' }
        @{ Arguments = @{ Name = 'get-connectioninformation' }; Expected = 'ModuleCommand' }
        @{ Arguments = @{ Name = 'Get-Mailbox'; Parameter = @{ '@odata.type' = 'x' } }; Expected = 'InvalidParameterName' }
        @{ Arguments = @{ Name = 'Set-Mailbox'; Parameter = @{ Identity = 'adele'; Confirm = $false } }; Expected = 'CommonParameter' }
        @{ Arguments = @{ Name = 'Set-Mailbox'; Parameter = @{ Identity = 'adele'; HiddenFromAddressListsEnabled = 'perhaps' } }; Expected = 'CannotConvert' }
        @{ Arguments = @{ Name = 'Get-Mailbox'; Parameter = @{ Identity = '' } }; Expected = 'EmptyIdentity' }
    ) {
        $before = Measure-TenantRequest -Tenant $tenant
        (Get-Failure { Invoke-ExchangeOnlineCommand @Arguments -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike "$Expected,*"
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
    }
}

Describe 'Update-ExchangeOnlineCommand' {
    BeforeAll {
        $script:file = Join-Path $TestDrive 'more.json'
        function New-Binding([hashtable] $More = @{}) { @{ required = $false; position = $null; value_from_pipeline = $false; value_from_pipeline_by_property_name = $false } + @{} | ForEach-Object { foreach ($key in $More.Keys) { $_[$key] = $More[$key] }; $_ } }
        function New-Entry([string] $Name, [hashtable] $More = @{}) {
            $entry = @{
                name = $Name; surfaces = @('ExchangeOnline'); parameter_sets = @('Identity', 'Other'); default_parameter_set = @{ name = 'Identity' }
                should_process = $true; confirm_impact_high = $false
                parameters = @(
                    @{ name = 'Identity'; type = 'GadgetIdParameter'; is_switch = $false; sets = @{ Identity = New-Binding @{ required = $true; position = 1; value_from_pipeline_by_property_name = $true } } }
                    @{ name = 'Number'; type = 'Int32'; is_switch = $false; aliases = @('No'); sets = @{ Identity = New-Binding; Other = New-Binding @{ required = $true } } }
                )
            }
            foreach ($key in $More.Keys) { $entry[$key] = $More[$key] }
            $entry
        }
        function Set-File($Entries) { ConvertTo-Json @{ cmdlets = @($Entries) } -Depth 9 | Set-Content -LiteralPath $file }
    }

    It 'adds cmdlets that work like the others' {
        Set-File (New-Entry 'Set-Gadget'), (New-Entry 'Set-Mailbox')
        (Update-ExchangeOnlineCommand $file 3>$null).Name | Should -Be 'Set-Gadget'
        $command = Get-Command Set-Gadget
        $command.ModuleName | Should -Be 'ExchangeOnlineRs.Added'
        $command.DefaultParameterSet | Should -Be 'Identity'
        $command.Parameters['Identity'].ParameterSets['Identity'].Position | Should -Be 0
        $command.Parameters['Identity'].ParameterSets['Identity'].ValueFromPipeline | Should -BeTrue
        $command.Parameters['Number'].ParameterType | Should -Be ([Nullable[int]])
        (Get-Failure { Set-Gadget 'x' -No 5 -ErrorAction Stop }).CategoryInfo.Category | Should -Be 'PermissionDenied'
        Get-Sent 'Number' | Should -Be '5'
        Get-Mailbox adele | Set-Gadget -WhatIf
        Update-ExchangeOnlineCommand $file 3>$null | Should -BeNullOrEmpty -Because 'it is there already'
        Get-Command Set-Gadget | Should -Not -BeNullOrEmpty
    }

    It 'gives them to other runspaces and prefixes, and takes them away with the module' {
        Set-File (New-Entry 'Set-Sprocket')
        $null = Update-ExchangeOnlineCommand $file
        $shell = [powershell]::Create()
        $found = $shell.AddScript("Import-Module '$($env:EXORS_MODULE.Replace("'", "''"))'; (Get-Command Set-Sprocket).Name; Remove-Module ExchangeOnlineRs; Get-Command Set-Sprocket -ErrorAction Ignore").Invoke()
        $shell.Dispose()
        @($found) | Should -Be 'Set-Sprocket'
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Tool' }
        Get-Command Set-ToolSprocket | Should -Not -BeNullOrEmpty
        Get-ConnectionInformation -ModulePrefix Tool | Disconnect-ExchangeOnline -Confirm:$false
    }

    It 'gives no prefix that would make the name of a command of the module' {
        Set-File (New-Entry 'Get-Information')
        (Update-ExchangeOnlineCommand $file).Name | Should -Be 'Get-Information'
        $failure = Get-Failure { Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Connection'; CommandName = 'Get-Information' } }
        $failure.FullyQualifiedErrorId | Should -BeLike 'NoPrefixedCommands,*'
        $failure.Exception.Message | Should -BeLike '*Get-ConnectionInformation*'
        (Get-Command Get-ConnectionInformation).ModuleName | Should -Be 'ExchangeOnlineRs'
    }

    It 'adds nothing when told so' {
        Set-File (New-Entry 'Set-Doohickey')
        Update-ExchangeOnlineCommand $file -WhatIf | Should -BeNullOrEmpty
        Get-Command Set-Doohickey -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'reports an entry in which anything is wrong, and adds the others: <Expected>' -ForEach @(
        @{ More = @{ name = 'Set Thing' }; Name = 'Entry 2'; Expected = '*no name of a cmdlet*' }
        @{ More = @{ name = $null }; Name = 'Entry 2'; Expected = '*no name*' }
        @{ More = @{ surfaces = @('Elsewhere') }; Expected = '*surfaces*' }
        @{ More = @{ default_parameter_set = @{ name = 'None' } }; Expected = '*default set*' }
        @{ More = @{ parameters = @(@{ name = 'WhatIf'; type = 'String'; is_switch = $false; sets = @{ Identity = @{ required = $false; value_from_pipeline = $false; value_from_pipeline_by_property_name = $false } } }) }; Expected = '*every cmdlet has*WhatIf*' }
        @{ More = @{ parameters = @(@{ name = 'A'; type = 'String'; is_switch = $false; sets = @{ Elsewhere = @{} } }) }; Expected = "*set 'Elsewhere'*" }
        @{ More = @{ parameters = @(@{ name = 'A' }) }; Expected = '*Set-Thing -A has no type*' }
        @{ More = @{ should_process = 'yes' }; Expected = '*should_process*' }
    ) {
        $script:turn = 1 + ((Get-Variable turn -Scope Script -ErrorAction Ignore)?.Value ?? 0)
        Set-File (New-Entry "Set-Whatsit$turn"), (New-Entry 'Set-Thing' $More), (New-Entry "Get-Whatsit$turn")
        $added = Update-ExchangeOnlineCommand $file -ErrorAction SilentlyContinue -ErrorVariable problems
        @($added.Name) | Should -Be @("Set-Whatsit$turn", "Get-Whatsit$turn")
        @($problems).Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'InvalidCatalogEntry,*'
        $problems[0].TargetObject | Should -Be ($Name ?? 'Set-Thing')
        $problems[0].Exception.Message | Should -BeLike $Expected
        Get-Command Set-Thing -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'never replaces a command of the module, or of a prefix: <Name>' -ForEach @(
        @{ Name = 'Get-EXOMailbox'; Expected = '*of the module itself*' }
        @{ Name = 'connect-exchangeonline'; Expected = '*of the module itself*' }
        @{ Name = 'Get-ConnectionInformation'; Expected = '*of the module itself*' }
        @{ Name = 'Get-VivaInsightsSettings'; Expected = '*of the module itself*' }
        @{ Name = 'Get-GuardMailbox'; Expected = "*with the prefix 'Guard'*" }
    ) {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Guard'; CommandName = 'Get-Mailbox' }
        try {
            $class = (Get-Command $Name).ImplementingType
            Set-File (New-Entry $Name), (New-Entry "Set-Beside$($Name -replace '\W')")
            $added = Update-ExchangeOnlineCommand $file -ErrorAction SilentlyContinue -ErrorVariable problems
            @($added.Name) | Should -Be "Set-Beside$($Name -replace '\W')"
            @($problems).Count | Should -Be 1
            $problems[0].FullyQualifiedErrorId | Should -BeLike 'InvalidCatalogEntry,*'
            $problems[0].TargetObject | Should -Be $Name
            $problems[0].Exception.Message | Should -BeLike $Expected
            (Get-Command $Name).ImplementingType | Should -Be $class
        }
        finally { Get-ConnectionInformation -ModulePrefix Guard | Disconnect-ExchangeOnline -Confirm:$false }
    }

    It 'reports texts that are none, and adds the other entries: <Case>' -ForEach @(
        @{ Case = 'the name'; Target = 'Entry 1'; Entry = '{ "name": "Get-\ud800x", "surfaces": ["ExchangeOnline"], "parameters": [] }' }
        @{ Case = 'a type'; Target = 'Get-HalfType'; Entry = '{ "name": "Get-HalfType", "surfaces": ["ExchangeOnline"], "parameters": [{ "name": "A", "type": "\udc00" }] }' }
        @{ Case = 'a value'; Target = 'Get-HalfValue'; Entry = '{ "name": "Get-HalfValue", "surfaces": ["ExchangeOnline"], "parameters": [{ "name": "A", "type": "String", "accepted_values": ["x\ud800"] }] }' }
        @{ Case = 'a set'; Target = 'Get-HalfSet'; Entry = '{ "name": "Get-HalfSet", "surfaces": ["ExchangeOnline"], "parameters": [{ "name": "A", "type": "String", "sets": { "\ud800": {} } }] }' }
    ) {
        $other = "Set-Half$($Case -replace '\W')"
        "{ ""cmdlets"": [$Entry, $(New-Entry $other | ConvertTo-Json -Depth 9)] }" | Set-Content -LiteralPath $file
        $added = Update-ExchangeOnlineCommand $file -ErrorAction SilentlyContinue -ErrorVariable problems
        @($added.Name) | Should -Be $other
        @($problems).Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'InvalidCatalogEntry,*'
        $problems[0].TargetObject | Should -Be $Target
        $problems[0].Exception.Message | Should -BeLike '*is no text*'
    }

    It 'takes the shortest of entries, as the help page shows it' {
        $page = Get-Content (Join-Path $PSScriptRoot '../powershell/Help/Update-ExchangeOnlineCommand.md') -Raw
        $shown = [regex]::Match($page, '(?s)```text\r?\n(.+?)```').Groups[1].Value
        $shown | Set-Content -LiteralPath $file
        $names = @((ConvertFrom-Json $shown).cmdlets.name)
        $names.Count | Should -BeGreaterThan 0
        @((Update-ExchangeOnlineCommand $file).Name) | Should -Be $names
        $command = Get-Command $names[0]
        $command.Parameters['Identity'].ParameterSets['__AllParameterSets'] | ForEach-Object { $_.IsMandatory, $_.Position, $_.ValueFromPipeline } | Should -Be $true, 0, $true
        $command.Parameters['Force'].SwitchParameter | Should -BeTrue
        $command.Parameters['Colour'].ParameterSets['__AllParameterSets'].IsMandatory | Should -BeFalse
        $line = "$($names[0]) -Colour "
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain 'Green'
    }

    It 'leaves a position, and the piped object, to one parameter' {
        Set-File (New-Entry 'Set-Contraption' @{
                parameter_sets = @(); default_parameter_set = $null
                parameters     = @(
                    @{ name = 'Second'; type = 'String'; sets = @{ __AllParameterSets = @{ position = 1; value_from_pipeline = $true } } }
                    @{ name = 'Identity'; type = 'GadgetIdParameter'; sets = @{ __AllParameterSets = @{ position = 1; value_from_pipeline = $true } } }
                )
            })
        $command = Update-ExchangeOnlineCommand $file
        $command.Parameters['Identity'].ParameterSets['__AllParameterSets'] | ForEach-Object { $_.Position, $_.ValueFromPipeline } | Should -Be 0, $true
        $command.Parameters['Second'].ParameterSets['__AllParameterSets'] | ForEach-Object { $_.Position, $_.ValueFromPipeline } | Should -Be ([int]::MinValue), $false
    }

    It 'tells which parameters a cmdlet lacks that is there already, and how to use them' {
        Set-File (New-Entry 'Set-Mailbox' @{ parameter_sets = @('Identity'); parameters = @(
                    @{ name = 'Identity'; type = 'MailboxIdParameter' }, @{ name = 'MailTip'; type = 'String' }
                    @{ name = 'BrandNew'; is_switch = $true }, @{ name = 'Shiny'; type = 'String' }) }), (New-Entry 'Get-Mailbox' @{ parameters = @() })
        Update-ExchangeOnlineCommand $file -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        @($warnings).Count | Should -Be 1
        "$warnings" | Should -BeLike 'Set-Mailbox is there already*-BrandNew, -Shiny.*Invoke-ExchangeOnlineCommand Set-Mailbox @{*'
        Invoke-ExchangeOnlineCommand Set-Mailbox @{ Identity = 'adele'; BrandNew = $true } -ErrorAction Ignore
        Get-Sent 'BrandNew' | Should -Be 'true'
    }

    It 'offers objects of the organization and accepted values on Tab, as the build does' {
        Set-File (New-Entry 'Get-Widget' @{ parameters = @(
                    @{ name = 'Identity'; type = 'MailboxIdParameter'; sets = @{ Identity = @{ position = 1 } } }
                    @{ name = 'Domain'; type = 'SmtpAddress' }
                    @{ name = 'Kind'; type = 'WidgetKind'; accepted_values = @('Round', 'Square') }) })
        $null = Update-ExchangeOnlineCommand $file
        $offered = { param($Line) (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }
        & $offered 'Get-Widget ade' | Should -Be (& $offered 'Get-Mailbox ade')
        & $offered 'Get-Widget -Identity ade' | Should -Not -BeNullOrEmpty
        & $offered 'Get-Widget -Kind ' | Should -Be 'Round', 'Square'
        & $offered 'Get-Widget -Domain new@' | Should -Not -BeNullOrEmpty
    }

    It 'says what is no catalog' {
        'not JSON' | Set-Content -LiteralPath $file
        (Get-Failure { Update-ExchangeOnlineCommand $file }).FullyQualifiedErrorId | Should -BeLike 'InvalidCatalog,*'
        '{ "\ud800": 1, "cmdlets": [] }' | Set-Content -LiteralPath $file
        (Get-Failure { Update-ExchangeOnlineCommand $file }).FullyQualifiedErrorId | Should -BeLike 'InvalidCatalog,*'
        (Get-Failure { Update-ExchangeOnlineCommand (Join-Path $TestDrive 'none.json') }).FullyQualifiedErrorId | Should -BeLike 'CatalogUnreadable,*'
    }
}

Describe 'A value' {
    It 'that names something is text, though it looks like a number' {
        Get-Mailbox -Identity 12345 -ErrorAction Ignore
        Get-Sent 'Identity' | Should -Be '"12345"'
        Set-Mailbox adele -ProhibitSendQuota 5GB -ErrorAction Ignore
        Get-Sent 'ProhibitSendQuota' | Should -Be '5368709120'
    }

    It 'arrives as it was written: quotes, dollars, other alphabets' {
        $text = "O'Neil `"`$x`" – Zoë 山田 😀"
        Set-Mailbox adele -Office $text
        (Get-Mailbox adele).Office | Should -BeExactly $text
    }

    It 'of an object is its most exact id' {
        $mailbox = Get-Mailbox adele
        $mailbox | Set-Mailbox -Office 'Piped'
        Get-Sent 'Identity' | Should -Be "`"$($mailbox.ExternalDirectoryObjectId)`""
        Get-Mailbox adele | Get-MailboxStatistics -ErrorAction Ignore
        Get-Sent 'Identity' | Should -Be "`"$($mailbox.ExternalDirectoryObjectId)`""
    }

    It 'that would arrive as another one is refused, and nothing is sent: <Expected>' -ForEach @(
        @{ Expected = 'InvalidText'; Call = { Set-Mailbox adele -Office "a`0b" -ErrorAction Stop } }
        @{ Expected = 'InvalidText'; Call = { Get-Mailbox -Filter "Name -eq 'a`0'" -ErrorAction Stop } }
        @{ Expected = 'InvalidText'; Call = { Set-Mailbox adele -Office "a$([char]0xD83D)" -ErrorAction Stop } }
        @{ Expected = 'InvalidKey'; Call = { Set-Mailbox adele -EmailAddresses @{ '@odata.type' = 'x' } -ErrorAction Stop } }
        @{ Expected = 'IdentityTooLong'; Call = { Get-Mailbox ('x' * 5000) -ErrorAction Stop } }
        @{ Expected = 'StreamNotSupported'; Call = { Set-Mailbox adele -EmailAddresses ([IO.MemoryStream]::new()) -ErrorAction Stop } }
    ) {
        $before = Measure-TenantRequest -Tenant $tenant
        (Get-Failure $Call).FullyQualifiedErrorId | Should -BeLike "$Expected,*"
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
    }
}
