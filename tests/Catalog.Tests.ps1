#Requires -Version 7.4
<#
Every cmdlet of the catalog, once as PowerShell sees it and once as it arrives at the tenant. What is expected is worked out here from the
catalog, its overrides and the wire form that the service takes; nothing of it is taken from the generator.
#>
BeforeDiscovery {
    $catalogFolder = Join-Path $PSScriptRoot '../powershell/Catalog'
    $overrides = Get-Content (Join-Path $catalogFolder 'overrides.json') -Raw | ConvertFrom-Json
    $catalog = (Get-Content (Join-Path $catalogFolder 'cmdlets.json') -Raw | ConvertFrom-Json).cmdlets
    # The cmdlets of the original module itself are none of the service's, but nine of them read from it, and others say whose they are.
    $notSent = @($overrides.bulk) + @($overrides.otherServices.cmdlets)
    $served = @($catalog | Where-Object { -not $_.module_native -or $_.name -in $notSent } | ForEach-Object {
            $correction = $overrides.corrections.($_.name)
            @{ Name = $_.name; Entry = $_; Correction = $correction; KeptSets = @($_.parameter_sets | Where-Object { $_ -notin $correction.dropSets }) }
        })
    # The nine arrive as an address, the others not at all: ExoCmdlets.Tests.ps1 and OtherServices.Tests.ps1 have their calls.
    $sendable = @(foreach ($cmdlet in $served | Where-Object Name -NotIn $notSent) {
            $fixes = $cmdlet.Correction.parameters
            $default = $cmdlet.Correction.defaultParameterSet ?? $cmdlet.Entry.default_parameter_set.name
            $calls = @(foreach ($surface in $cmdlet.Entry.surfaces) {
                    $sets = @(foreach ($set in $cmdlet.KeptSets) {
                            $members = [Collections.Generic.List[object]]::new()
                            $mandatory = [Collections.Generic.List[string]]::new()
                            $isElsewhere = $false
                            foreach ($parameter in $cmdlet.Entry.parameters) {
                                $binding = $parameter.sets.$set
                                if (-not $binding -or ($fixes -and $fixes.($parameter.name).remove)) { continue }
                                if ($parameter.surfaces -contains $surface) {
                                    $members.Add($parameter)
                                    if ($fixes.($parameter.name).required ?? $binding.required) { $mandatory.Add($parameter.name) }
                                }
                                # What a set asks for may be on the other side only.
                                elseif ($binding.required) { $isElsewhere = $true }
                            }
                            # A set without parameters is called by saying nothing, which may be asked for another set's.
                            if ($isElsewhere -or ($members.Count -eq 0 -and $cmdlet.Entry.parameters.Count -gt 0)) { continue }
                            @{ Set = $set; Surface = $surface; Members = $members; Mandatory = $mandatory }
                        })
                    # Other kinds of values once on each side, with the set that takes most of them.
                    $largest = @($sets | Sort-Object { $_.Members.Count } -Descending)[0]
                    foreach ($one in $sets) {
                        $one + @{ Kind = 'all' }
                        # What the default set takes as well is taken for a call of that.
                        $says = -not $default -or $one.Set -eq $default -or ($one.Members | Where-Object { $_.name -in $one.Mandatory -and -not $_.sets.$default })
                        if ($says -and $one.Mandatory.Count -lt $one.Members.Count) { $one + @{ Kind = 'least' } }
                        if ($one -eq $largest -and $one.Members.Count -gt 0) { $one + @{ Kind = 'other' } }
                    }
                })
            # What is asked for here only if the pages are right about it.
            $relaxed = @($cmdlet.Correction.parameters.PSObject.Properties | Where-Object { $_.Value.required -eq $false } | ForEach-Object Name)
            @{ Name = $cmdlet.Name; Calls = $calls; Asks = $cmdlet.Entry.should_process; Relaxed = $relaxed }
        })
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:overrides = Get-Content (Join-Path $PSScriptRoot '../powershell/Catalog/overrides.json') -Raw | ConvertFrom-Json

    # System.Boolean -> Boolean; a generic's arguments are of no interest.
    function Get-ShortType([string] $Type) { ($Type -replace '[`<].*$' -split '\.')[-1] }

    # The .NET type of a parameter. What is not simple is an object: the service knows its own types better.
    function Get-ExpectedType($Parameter) {
        if ($Parameter.is_switch) { return 'SwitchParameter' }
        $short = Get-ShortType $Parameter.type
        $isIdentity = $Parameter.name -eq 'Identity'
        switch -CaseSensitive ($short) {
            { $_ -in 'Boolean', 'Int16', 'Int32', 'Int64', 'UInt16', 'UInt32', 'UInt64', 'Guid', 'DateTime' } { return "${short}?" }
            'ExDateTime' { return 'DateTime?' }
            'String' { return $isIdentity ? 'Object' : 'String' }
            'String[]' { return $isIdentity ? 'Object[]' : 'String[]' }
            { $_ -in 'Byte[]', 'PSCredential', 'SecureString' } { return $short }
            { $_ -like '*`[`]' } { return 'Object[]' }
            default { return 'Object' }
        }
    }

    function Get-TypeText([type] $Type) {
        $inner = [Nullable]::GetUnderlyingType($Type)
        $inner ? "$($inner.Name)?" : $Type.Name
    }

    # The entry's parameters with their sets as they should be bound: one line for each parameter and set.
    function Get-ExpectedBinding($Entry, $Correction) {
        $positions = @($Entry.parameters.sets.ForEach({ $_.PSObject.Properties.Value.position }) -ne $null)
        # Pages count from 1, or from 0.
        $first = $positions -contains 0 ? 0 : 1
        $all = foreach ($parameter in $Entry.parameters) {
            $fix = $Correction.parameters.($parameter.name)
            foreach ($set in $parameter.sets.PSObject.Properties | Where-Object Name -NotIn $Correction.dropSets) {
                $position = $null -eq $set.Value.position ? $null : $set.Value.position - $first
                $value = $set.Value.value_from_pipeline
                $property = $set.Value.value_from_pipeline_by_property_name
                # What is piped as an identity arrives whole.
                if ($parameter.name -eq 'Identity' -and $property) {
                    $value = $value -or -not ($Entry.parameters | Where-Object { $_.sets.($set.Name).value_from_pipeline })
                }
                if ($fix.pipeline) { $value = $fix.pipeline -in 'value', 'both'; $property = $fix.pipeline -in 'property', 'both' }
                [pscustomobject]@{ Name = $parameter.name; Set = $set.Name; Mandatory = $fix.required ?? $set.Value.required; Position = $fix.position ?? $position; Value = $value; Property = $property }
            }
        }
        # PowerShell can't bind two parameters of a set to one position, and would bind a piped object to both.
        foreach ($group in $all | Where-Object { $null -ne $_.Position } | Group-Object Set, Position | Where-Object Count -GT 1) {
            $mandatory = @($group.Group | Where-Object Mandatory)
            $owner = if ($mandatory.Count -eq 1) { $mandatory[0].Name } elseif ($group.Group.Name -contains 'Identity') { 'Identity' } elseif ($group.Group.Name -contains 'Name') { 'Name' }
            foreach ($binding in $group.Group | Where-Object Name -NE $owner) { $binding.Position = $null }
        }
        foreach ($group in $all | Where-Object Value | Group-Object Set | Where-Object Count -GT 1) {
            $owner = @($group.Group | Where-Object Name -EQ 'Identity') + @($group.Group | Where-Object { $null -ne $_.Position } | Sort-Object Position -Stable) + $group.Group
            # One that is said to take the object takes it beside that one: whichever the command line does not name.
            foreach ($binding in $group.Group | Where-Object { $_.Name -ne $owner[0].Name -and $Correction.parameters.($_.Name).pipeline -notin 'value', 'both' }) { $binding.Value = $false }
        }
        $all
    }

    function ConvertTo-Line($Name, $Set, $Mandatory, $Position, $Value, $Property) {
        '-{0} in {1}:{2}{3}{4}{5}' -f $Name, $Set, ($Mandatory ? ' mandatory' : ''), ($null -ne $Position ? " at $Position" : ''), ($Value ? ' piped' : ''), ($Property ? ' by property' : '')
    }

    function Get-OwnParameter([Management.Automation.CommandInfo] $Command) {
        $common = [Management.Automation.PSCmdlet]::CommonParameters + [Management.Automation.PSCmdlet]::OptionalCommonParameters + 'ProgressAction'
        # Our own: the connection to work on, and how many requests are sent ahead.
        @($Command.Parameters.Values | Where-Object { $_.Name -notin $common -and $_.Name -notin 'ConnectionId', 'ThrottleLimit' })
    }
}

Describe 'The cmdlets of the catalog' {
    It 'are all there, and nothing else' -ForEach @(@{ served = $served }) {
        $expected = @($served.Name | ForEach-Object { $overrides.approvedNames.$_ ?? $_ }) + @($overrides.handWritten)
        $actual = @(Get-Command -Module ExchangeOnlineRs -CommandType Cmdlet).Name
        Compare-Object $expected $actual | Should -BeNullOrEmpty
        Compare-Object @($overrides.approvedNames.PSObject.Properties.Name) @(Get-Command -Module ExchangeOnlineRs -CommandType Alias).Name | Should -BeNullOrEmpty
    }

    It '<Name> has the parameters, types and aliases of the catalog' -ForEach $served {
        $command = Get-Command $Name
        if ($command.CommandType -eq 'Alias') { $command = $command.ResolvedCommand }
        $expected = @($Entry.parameters | Where-Object { -not $Correction.parameters.($_.name).remove } | ForEach-Object {
                '{0} {1} {2}' -f $_.name, (Get-ExpectedType $_), (@($_.aliases | Where-Object { $_ -notin 'wi', 'cf' } | Sort-Object) -join ',')
            } | Sort-Object)
        $actual = @(Get-OwnParameter $command | ForEach-Object { '{0} {1} {2}' -f $_.Name, (Get-TypeText $_.ParameterType), (@($_.Aliases | Sort-Object) -join ',') } | Sort-Object)
        $actual -join "`n" | Should -BeExactly ($expected -join "`n")
    }

    It '<Name> offers and takes values as its types say' -ForEach $served {
        $command = Get-Command $Name
        if ($command.CommandType -eq 'Alias') { $command = $command.ResolvedCommand }
        foreach ($parameter in $Entry.parameters | Where-Object { -not $Correction.parameters.($_.name).remove }) {
            $attributes = $command.Parameters[$parameter.name].Attributes
            $listed = @($attributes | Where-Object { $_.GetType().Name -eq 'AcceptedValuesAttribute' }).Values
            # The names of properties that a bulk cmdlet offers are in a file of their own.
            if (-not ($parameter.name -eq 'Properties' -and $Name -in $overrides.bulk)) {
                @($listed) -join '|' | Should -BeExactly (@($parameter.accepted_values) -join '|') -Because "-$($parameter.name)"
            }
            $kinds = @($attributes | ForEach-Object { $_.GetType().Name })
            $short = Get-ShortType $parameter.type
            $kinds -contains 'BooleanValueAttribute' | Should -Be (-not $parameter.is_switch -and $short -in 'Boolean', 'Bool') -Because "-$($parameter.name)"
            $kinds -contains 'FlagListAttribute' | Should -Be ($short -clike '*Flags' -or $short -cin 'DaysOfWeek', 'WellKnownRecipientType') -Because "-$($parameter.name)"
            $kinds -contains 'ValidateResultSizeAttribute' | Should -Be ($parameter.name -eq 'ResultSize' -and $short -clike 'Unlimited*') -Because "-$($parameter.name)"
        }
    }

    It '<Name> binds as the catalog says' -ForEach $served {
        $command = Get-Command $Name
        if ($command.CommandType -eq 'Alias') { $command = $command.ResolvedCommand }
        $expected = @(Get-ExpectedBinding $Entry $Correction | ForEach-Object { ConvertTo-Line $_.Name $_.Set $_.Mandatory $_.Position $_.Value $_.Property } | Sort-Object)
        $actual = @(foreach ($parameter in Get-OwnParameter $command) {
                foreach ($set in $parameter.ParameterSets.GetEnumerator()) {
                    # A parameter that is the same in all sets is declared once for all of them.
                    $sets = $set.Key -eq '__AllParameterSets' ? $KeptSets : $set.Key
                    $position = $set.Value.Position -lt 0 ? $null : $set.Value.Position
                    foreach ($one in $sets) { ConvertTo-Line $parameter.Name $one $set.Value.IsMandatory $position $set.Value.ValueFromPipeline $set.Value.ValueFromPipelineByPropertyName }
                }
            }) | Sort-Object
        $actual -join "`n" | Should -BeExactly ($expected -join "`n")
        # A set without parameters is one that only the default can be.
        $named = @($KeptSets | Where-Object { $set = $_; $Entry.parameters | Where-Object { $_.sets.$set } })
        @($command.ParameterSets.Name | Where-Object { $KeptSets.Count -gt 1 -and $_ -in $KeptSets } | Sort-Object) -join ' ' |
            Should -BeExactly (@($KeptSets | Where-Object { $KeptSets.Count -gt 1 -and ($_ -in $named -or $_ -eq $command.DefaultParameterSet) } | Sort-Object) -join ' ')
        $stated = $Correction.defaultParameterSet ?? $Entry.default_parameter_set.name
        if ($stated -and $KeptSets.Count -gt 1) { $command.DefaultParameterSet | Should -BeExactly $stated }
    }

    It '<Name> asks, or does not, as the catalog says' -ForEach $served {
        $command = Get-Command $Name
        if ($command.CommandType -eq 'Alias') { $command = $command.ResolvedCommand }
        $attribute = $command.ImplementingType.GetCustomAttributes([Management.Automation.CmdletAttribute], $false)[0]
        $attribute.SupportsShouldProcess | Should -Be $Entry.should_process
        $command.Parameters.ContainsKey('WhatIf') | Should -Be $Entry.should_process
        if ($Entry.should_process) {
            $attribute.ConfirmImpact | Should -Be (($Correction.confirmImpactHigh ?? $Entry.confirm_impact_high) ? 'High' : 'Medium')
        }
    }
}

Describe 'The overrides' {
    BeforeDiscovery {
        $corrected = @(foreach ($correction in $overrides.corrections.PSObject.Properties) {
                @{ Name = $correction.Name; Correction = $correction.Value; Entry = $catalog | Where-Object name -EQ $correction.Name }
            })
    }

    It 'of <Name> say why, and say nothing that the catalog says as well' -ForEach $corrected {
        # In words, or in those of another one.
        if ($Correction.why -match '^As ([A-Za-z0-9]+-[A-Za-z0-9]+)\b') { $overrides.corrections.($Matches[1]).why | Should -Not -BeNullOrEmpty -Because $Correction.why }
        else { $Correction.why.Length | Should -BeGreaterThan 40 }
        if ($Correction.defaultParameterSet) { $Correction.defaultParameterSet | Should -Not -BeExactly "$($Entry.default_parameter_set.name)" }
        if ($null -ne $Correction.confirmImpactHigh) { $Correction.confirmImpactHigh | Should -Not -Be $Entry.confirm_impact_high }
        if ($null -ne $Correction.isRead) { $Correction.isRead | Should -Not -Be ($Name -match '^(Get|Search|Test)-') }
        foreach ($set in @($Correction.dropSets) -ne $null) { $Entry.parameter_sets | Should -Contain $set }
        foreach ($fix in @($Correction.parameters.PSObject.Properties) -ne $null) {
            $parameter = $Entry.parameters | Where-Object name -EQ $fix.Name
            $bindings = @($parameter.sets.PSObject.Properties.Value)
            $why = "-$($fix.Name) would not change"
            if ($fix.Value.type) { $fix.Value.type | Should -Not -BeExactly $parameter.type -Because $why }
            if ($null -ne $fix.Value.required) { $bindings.required | Should -Contain (-not $fix.Value.required) -Because $why }
            if ($null -ne $fix.Value.position) { @($bindings.position | Where-Object { $_ -ne $fix.Value.position -or $null -eq $_ }).Count | Should -BeGreaterThan 0 -Because $why }
            if ($fix.Value.pipeline) {
                $is = @($bindings | ForEach-Object { "$($_.value_from_pipeline) $($_.value_from_pipeline_by_property_name)" } | Sort-Object -Unique)
                $is | Should -Not -BeExactly "$($fix.Value.pipeline -in 'value', 'both') $($fix.Value.pipeline -in 'property', 'both')" -Because $why
            }
        }
    }
}

Describe 'A call' -ForEach @(@{ sendable = $sendable }) {
    BeforeAll {
        $script:tenant = Start-TestTenant -Mailboxes 3 -Options '--log-parameters'
        Connect-TestTenant -Tenant $tenant
        $address = Get-TenantAddress -Tenant $tenant
        Connect-IPPSSession @address -Credential (Get-TenantCredential -Tenant $tenant)
        $connections = @{}
        foreach ($connection in Get-ConnectionInformation) { $connections[$connection.IsEopSession ? 'SecurityCompliance' : 'ExchangeOnline'] = $connection.ConnectionId }

        # Encrypted it is another text each time; what it says, the tests of secrets look at.
        $secret = ConvertTo-SecureString 'Pa55' -AsPlainText -Force

        # A value for a parameter as Value, and what the service has to get as Wire.
        function Get-Sample($Parameter) {
            $text = "Zoë's `"$($Parameter.name)`" `$x"
            $member = @($Parameter.accepted_values | Where-Object { $_ })[0]
            $table = @{ Key = $text }
            $sentTable = [ordered]@{ '@odata.type' = '#Exchange.GenericHashTable'; Key = $text }
            $change = [ordered]@{ Add = $member ?? $text; Remove = @($member ?? 'b') }
            $sentChange = [ordered]@{ '@odata.type' = '#Exchange.GenericHashTable'; Add = $change.Add; Remove = $change.Remove }
            $list = @(($member ?? $text), ($member ?? 'b'))
            $number = $member -match '^\d+$' ? [int]$member : 7
            if ($Parameter.is_switch) { return @{ Value = [switch]$true; Wire = $true } }
            # The first that fits.
            switch -CaseSensitive -Regex (Get-ShortType $Parameter.type) {
                '^Boolean$' { return @{ Value = $false; Wire = $false } }
                '^U?Int(16|32|64)$' { return @{ Value = $number; Wire = $number } }
                '^(Ex)?DateTime$' { return @{ Value = [datetime]::new(2026, 7, 31, 12, 0, 0, [DateTimeKind]::Utc).ToLocalTime(); Wire = '2026-07-31T12:00:00.0000000Z' } }
                'TimeSpan$' { return @{ Value = [timespan]'1.02:03:04'; Wire = '1.02:03:04' } }
                '^Guid$' { return @{ Value = [guid]'0f0e0d0c-0b0a-0908-0706-050403020100'; Wire = '0f0e0d0c-0b0a-0908-0706-050403020100' } }
                '^Unlimited' { return @{ Value = 'Unlimited'; Wire = 'Unlimited' } }
                '^ByteQuantifiedSize$' { return @{ Value = '35MB'; Wire = '35MB' } }
                '^SecureString$' { return @{ Value = $secret; Wire = 'encrypted' } }
                '^PSCredential$' { return @{ Value = [pscredential]::new('u', $secret); Wire = [ordered]@{ '@odata.type' = '#Exchange.GenericHashTable'; Password = 'encrypted'; UserName = 'u' } } }
                '^Byte\[\]$' { return @{ Value = [byte[]](0, 127, 255); Wire = @(0, 127, 255) } }
                'Hashtable$' { return @{ Value = $table; Wire = $sentTable } }
                'Hashtable\[\]$' { return @{ Value = @($table); Wire = @($sentTable) } }
                '^MultiValuedProperty$' { return @{ Value = $change; Wire = $sentChange } }
                'Collection$|\[\]$' { return @{ Value = $list; Wire = $list } }
                default { return @{ Value = $list[0]; Wire = $list[0] } }
            }
        }

        # The same, as others write it: switches that are off, one value where many can be, nothing where that is allowed, a filter in braces.
        function Get-OtherSample($Parameter, [bool] $Mandatory) {
            $member = @($Parameter.accepted_values | Where-Object { $_ })[-1]
            if ($Parameter.is_switch) { return @{ Value = [switch]$false; Wire = $false } }
            if ($Parameter.name -like '*Filter' -and (Get-ShortType $Parameter.type) -eq 'String') {
                $filter = "Name -like 'Zo*' -and Alias -ne 'it''s'"
                return @{ Value = [scriptblock]::Create($filter); Wire = $filter }
            }
            switch -CaseSensitive -Regex (Get-ShortType $Parameter.type) {
                '^Boolean$' { return @{ Value = $true; Wire = $true } }
                '^U?Int(16|32|64)$' { $number = $member -match '^\d+$' ? [int]$member : 12; return @{ Value = "$number"; Wire = $number } }
                # Empty, these would choose everything in a cmdlet that reads, and are refused there.
                '^MultiValuedProperty$' { if (-not $Mandatory -and $Parameter.name -notin 'Identity', 'SenderAddress', 'RecipientAddress', 'User', 'Trustee', 'UserIds') { return @{ Value = $null; Wire = $null } } }
                '^(Ex)?DateTime$' { if (-not $Mandatory) { return @{ Value = $null; Wire = $null } } }
                '^Unlimited$' { return @{ Value = 12; Wire = 12 } }
                '^Guid$' { return @{ Value = '{0F0E0D0C-0B0A-0908-0706-050403020100}'; Wire = '0f0e0d0c-0b0a-0908-0706-050403020100' } }
                'TimeSpan$' { return @{ Value = '1.02:03:04'; Wire = '1.02:03:04' } }
                '^(SecureString|PSCredential|Byte\[\]|.*Hashtable|.*Hashtable\[\])$' { return Get-Sample $Parameter }
                '\[\]$' { $one = $member ?? 'one only'; return @{ Value = $one; Wire = @($one) } }
            }
            $member ? @{ Value = $member; Wire = $member } : (Get-Sample $Parameter)
        }

        # In a runspace where nobody can be asked for a parameter: that is an error there.
        $space = [runspacefactory]::CreateRunspace()
        $space.Open()
        $shell = [powershell]::Create($space)
        $null = $shell.AddCommand('Import-Module').AddParameter('Name', $env:EXORS_MODULE).Invoke()

        # The values of a call as the cmdlet gets them, and what has to arrive.
        function Get-Call($Cmdlet, $Call) {
            $values = @{ ConnectionId = $connections[$Call.Surface]; ErrorAction = 'Stop' }
            $wire = [ordered]@{}
            foreach ($parameter in $Call.Members) {
                $isMandatory = $parameter.name -in $Call.Mandatory
                if ($Call.Kind -eq 'least' -and -not $isMandatory) { continue }
                $sample = $Call.Kind -eq 'other' ? (Get-OtherSample $parameter $isMandatory) : (Get-Sample $parameter)
                $values[$parameter.name] = $sample.Value
                $wire[$parameter.name] = $sample.Wire
            }
            if ($Cmdlet.Asks) {
                $values.Confirm = $false
                $wire.Confirm = $false
            }
            @{ Values = $values; Expected = ConvertTo-Json -InputObject $wire -Compress -Depth 4 }
        }

        # One line for each parameter, in the same words whoever wrote the JSON.
        function Get-WireLine([Text.Json.Nodes.JsonObject] $Parameters) {
            @($Parameters.GetEnumerator() | Sort-Object { $_.Key } | ForEach-Object {
                    "$($_.Key)=$($null -eq $_.Value ? 'null' : $_.Value.ToJsonString() -replace '"(?:[A-Za-z0-9/]|\\u002B){342}=="', '"encrypted"')"
                })
        }

        $results = @{}
        $inOrder = [Collections.Generic.List[object]]::new()
        foreach ($cmdlet in $sendable) {
            $results[$cmdlet.Name] = foreach ($one in $cmdlet.Calls) {
                $call = Get-Call $cmdlet $one
                $result = [pscustomobject]@{ Call = $one; Expected = $call.Expected; Error = $null; Line = $null }
                $result
                $sent = $true
                $shell.Commands.Clear()
                try { $null = $shell.AddCommand($cmdlet.Name).AddParameters($call.Values).Invoke() } catch {
                    $result.Error = $_.Exception.GetBaseException().ErrorRecord ?? $_
                    # What PowerShell's binder or the module itself says was never sent.
                    $sent = $result.Error.FullyQualifiedErrorId -notmatch '^(Missing|Ambiguous|Parameter|NamedParameter|Cannot|ValueTooDeep|NoIdentity|Invalid|Empty)'
                }
                if ($sent) { $inOrder.Add($result) }
            }
        }

        # And none of them when only asked what it would do.
        $before = @([IO.File]::ReadLines($tenant.RequestLog)).Count
        $script:planned = 0
        $script:refused = @(foreach ($cmdlet in $sendable | Where-Object { $_.Asks }) {
            $values = (Get-Call $cmdlet $cmdlet.Calls[0]).Values
            $values.Remove('Confirm')
            $values.WhatIf = $true
            $shell.Commands.Clear()
            try { $null = $shell.AddCommand($cmdlet.Name).AddParameters($values).Invoke(); $script:planned++ } catch { "$($cmdlet.Name): $_" }
        })
        $script:askedWhatIf = @([IO.File]::ReadLines($tenant.RequestLog) | Select-Object -Skip $before)
        $shell.Dispose()
        $space.Dispose()
        # Not through the pipeline, which would take the objects apart.
        $lines = [Collections.Generic.List[Text.Json.Nodes.JsonNode]]::new()
        foreach ($line in [IO.File]::ReadLines($tenant.RequestLog)) {
            if ($line.Contains('"cmdletName"')) { $lines.Add([Text.Json.Nodes.JsonNode]::Parse($line)) }
        }
        for ($i = 0; $i -lt [Math]::Min($lines.Count, $inOrder.Count); $i++) { $inOrder[$i].Line = $lines[$i] }
        $script:counts = $lines.Count, $inOrder.Count
    }

    AfterAll {
        Disconnect-ExchangeOnline -Confirm:$false
        Stop-TestTenant $tenant
    }

    It 'is one request, no more' {
        $counts[0] | Should -Be $counts[1]
    }

    It 'is none with -WhatIf' {
        $refused | Should -BeNullOrEmpty
        $planned | Should -Be @($sendable | Where-Object { $_.Asks }).Count
        $askedWhatIf | Should -BeNullOrEmpty
    }

    It 'leaves out no parameter of the catalog' -ForEach @(@{ served = $served; notSent = $notSent }) {
        $sent = [Collections.Generic.HashSet[string]]::new()
        foreach ($cmdlet in $sendable) {
            foreach ($call in $cmdlet.Calls) {
                if ($call.Kind -eq 'all') { foreach ($member in $call.Members) { $null = $sent.Add("$($cmdlet.Name) -$($member.name) in $($call.Surface)") } }
            }
        }
        $missing = foreach ($cmdlet in $served) {
            if ($cmdlet.Name -in $notSent) { continue }
            foreach ($parameter in $cmdlet.Entry.parameters) {
                if ($cmdlet.Correction.parameters.($parameter.name).remove -or -not ($parameter.sets.PSObject.Properties.Name | Where-Object { $_ -in $cmdlet.KeptSets })) { continue }
                foreach ($surface in $parameter.surfaces) { if (-not $sent.Contains("$($cmdlet.Name) -$($parameter.name) in $surface")) { "$($cmdlet.Name) -$($parameter.name) in $surface" } }
            }
        }
        $missing -join ', ' | Should -BeNullOrEmpty
    }

    It 'of <Name> arrives as it should, in each set and on each side' -ForEach $sendable {
        $Calls.Count | Should -BeGreaterThan 0
        $problems = foreach ($result in $results[$Name]) {
            $what = "$($result.Call.Kind) values of $($result.Call.Set) in $($result.Call.Surface)"
            if (-not $result.Line) { "${what}: not sent; instead: $($result.Error)"; continue }
            $actual = Get-WireLine $result.Line['parameters']
            $wanted = Get-WireLine ([Text.Json.Nodes.JsonNode]::Parse($result.Expected))
            if ($Name -cne [string]$result.Line['cmdletName']) { "${what}: it says $($result.Line['cmdletName'])" }
            if (($actual -join "`n") -cne ($wanted -join "`n")) { "${what}:`n  expected $(($wanted | Where-Object { $_ -cnotin $actual }) -join '; ')`n  but got $(($actual | Where-Object { $_ -cnotin $wanted }) -join '; ')" }
            if ($connections[$result.Call.Surface] -ne [string]$result.Line['connectionId']) { "${what}: on the connection $($result.Line['connectionId'])" }
            # The service binds arguments before it looks at what they say. The tenant goes by the pages, also where they are corrected.
            if ($result.Error -match 'missing mandatory parameters: (?<names>.*)$') {
                if ($Relaxed.Count -eq 0 -or $result.Call.Kind -ne 'least') { "${what}: $($result.Error)" }
                continue
            }
            if ($result.Error -match 'Parameter set cannot be resolved|argument transformation|Invalid cmdlet parameters') { "${what}: $($result.Error)" }
            $status = [int]$result.Line['status']
            if ($status -notin 200, 400, 403, 404) { "${what}: answered with $status" }
            if ($status -in 400, 403, 404 -and -not $result.Error) { "${what}: answered with $status, and no error came of it" }
        }
        $problems -join "`n" | Should -BeNullOrEmpty
        # A cmdlet is done or not done by the tenant, whatever its values say; all that is not done is refused as one that the account may not run.
        $bound = @($results[$Name] | Where-Object { $_.Line -and $_.Error -notmatch 'missing mandatory parameters' })
        $refusals = @($bound | Where-Object { [int]$_.Line['status'] -eq 403 })
        $refusals.Count | Should -BeIn 0, $bound.Count -Because "the others say $(($bound | Where-Object { $_ -notin $refusals }).Error -join ' and ')"
        foreach ($refusal in $refusals) { [string]$refusal.Error | Should -Match "not allowed to run $Name \(HTTP 403\)\." }
    }
}
