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
        (Update-ExchangeOnlineCommand $file).Name | Should -Be 'Set-Gadget'
        $command = Get-Command Set-Gadget
        $command.ModuleName | Should -Be 'ExchangeOnlineRs.Added'
        $command.DefaultParameterSet | Should -Be 'Identity'
        $command.Parameters['Identity'].ParameterSets['Identity'].Position | Should -Be 0
        $command.Parameters['Identity'].ParameterSets['Identity'].ValueFromPipeline | Should -BeTrue
        $command.Parameters['Number'].ParameterType | Should -Be ([Nullable[int]])
        (Get-Failure { Set-Gadget 'x' -No 5 -ErrorAction Stop }).CategoryInfo.Category | Should -Be 'PermissionDenied'
        Get-Sent 'Number' | Should -Be '5'
        Get-Mailbox adele | Set-Gadget -WhatIf
        Update-ExchangeOnlineCommand $file | Should -BeNullOrEmpty -Because 'it is there already'
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

    It 'adds nothing when told so' {
        Set-File (New-Entry 'Set-Doohickey')
        Update-ExchangeOnlineCommand $file -WhatIf | Should -BeNullOrEmpty
        Get-Command Set-Doohickey -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'adds nothing of a file in which anything is wrong: <Expected>' -ForEach @(
        @{ More = @{ name = 'Set Thing' }; Expected = '*no name of a cmdlet*' }
        @{ More = @{ surfaces = @('Elsewhere') }; Expected = '*surfaces*' }
        @{ More = @{ default_parameter_set = @{ name = 'None' } }; Expected = '*default set*' }
        @{ More = @{ parameters = @(@{ name = 'WhatIf'; type = 'String'; is_switch = $false; sets = @{ Identity = @{ required = $false; value_from_pipeline = $false; value_from_pipeline_by_property_name = $false } } }) }; Expected = '*every cmdlet has*WhatIf*' }
        @{ More = @{ parameters = @(@{ name = 'A'; type = 'String'; is_switch = $false; sets = @{ Elsewhere = @{} } }) }; Expected = "*set 'Elsewhere'*" }
        @{ More = @{ should_process = 'yes' }; Expected = '*should_process*' }
    ) {
        Set-File (New-Entry 'Set-Whatsit'), (New-Entry 'Set-Thing' $More)
        $record = Get-Failure { Update-ExchangeOnlineCommand $file }
        $record.FullyQualifiedErrorId | Should -BeLike 'InvalidCatalog,*'
        $record.Exception.Message | Should -BeLike $Expected
        Get-Command Set-Whatsit -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'says what is no catalog' {
        'not JSON' | Set-Content -LiteralPath $file
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
