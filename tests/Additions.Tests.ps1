#Requires -Version 7.4
<#
A catalog file makes the same cmdlets at run time as the build makes of the module's own catalog.
#>
BeforeAll {
    Import-Module $env:EXORS_MODULE -Force
    $script:folder = Join-Path $PSScriptRoot '../powershell/Catalog'
    $script:overrides = Get-Content (Join-Path $folder 'overrides.json') -Raw | ConvertFrom-Json -AsHashtable
    $script:catalog = (Get-Content (Join-Path $folder 'cmdlets.json') -Raw | ConvertFrom-Json -AsHashtable).cmdlets
    # What the nouns of the copies begin with.
    $script:mark = 'Copied'

    # What overrides.json knows better than the catalog, as the catalog would say it.
    function Edit-Entry($Entry, $Correction) {
        if ($Correction['defaultParameterSet']) { $Entry.default_parameter_set = @{ name = $Correction.defaultParameterSet } }
        if ($null -ne $Correction['confirmImpactHigh']) { $Entry.confirm_impact_high = $Correction.confirmImpactHigh }
        $first = $Entry.parameters.sets.Values.position -contains 0 ? 0 : 1
        foreach ($dropped in $Correction['dropSets'] ?? @()) {
            $Entry.parameter_sets = @($Entry.parameter_sets | Where-Object { $_ -ne $dropped })
            foreach ($parameter in $Entry.parameters) { $parameter.sets.Remove($dropped) }
        }
        $Entry.parameters = @($Entry.parameters | Where-Object { $_.sets.Count })
        foreach ($name in ($Correction['parameters'] ?? @{}).Keys) {
            $fix = $Correction.parameters[$name]
            $parameter = $Entry.parameters | Where-Object { $_.name -eq $name }
            foreach ($key in $fix.Keys) {
                switch ($key) {
                    'remove' { $Entry.parameters = @($Entry.parameters | Where-Object { $_.name -ne $name }) }
                    'type' { $parameter.type = $fix.type; $parameter.is_switch = $fix.type -eq 'SwitchParameter' }
                    'aliases' { $parameter.aliases = $fix.aliases }
                    'utc' { $parameter.utc = $fix.utc }
                    'required' { foreach ($set in $parameter.sets.Values) { $set.required = $fix.required } }
                    'position' { foreach ($set in $parameter.sets.Values) { $set.position = $fix.position + $first } }
                    'pipeline' {
                        foreach ($set in $parameter.sets.Values) {
                            $set.value_from_pipeline = $fix.pipeline -in 'value', 'both'
                            $set.value_from_pipeline_by_property_name = $fix.pipeline -in 'property', 'both'
                        }
                    }
                    default { throw "The test does not know how to correct the $key of a parameter." }
                }
            }
        }
    }

    # A catalog cannot say that the piped object is whichever of two parameters the command line does not name; overrides.json can.
    function Test-SharedObject($Entry, $Correction) {
        foreach ($name in ($Correction['parameters'] ?? @{}).Keys | Where-Object { $Correction.parameters[$_]['pipeline'] -in 'value', 'both' }) {
            foreach ($set in ($Entry.parameters | Where-Object { $_.name -eq $name }).sets.Keys) {
                $takers = $Entry.parameters | Where-Object {
                    $binding = $_.sets[$set]
                    $binding -and ($binding.value_from_pipeline -or ($_.name -eq 'Identity' -and $binding.value_from_pipeline_by_property_name))
                }
                if (@($takers).Count -gt 1) { return $true }
            }
        }
        $false
    }

    # All that a class tells PowerShell, as text; the marks of copies are taken out.
    function Get-Metadata([System.Management.Automation.CmdletInfo] $Command) {
        $type = $Command.ImplementingType
        $lines = [Collections.Generic.List[string]]::new()
        foreach ($attribute in $type.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false)) {
            $lines.Add("default $($attribute.DefaultParameterSetName); asks $($attribute.SupportsShouldProcess); impact $($attribute.ConfirmImpact)")
        }
        $lines.Add("gives $($Command.OutputType.Name -join ' ')")
        foreach ($field in $type.GetFields([Reflection.BindingFlags]'Public, Instance, DeclaredOnly')) {
            $described = foreach ($data in $field.GetCustomAttributesData()) {
                # The compiler's own.
                if ($data.AttributeType.Namespace -like 'System.Runtime.CompilerServices*') { continue }
                $named = foreach ($argument in $data.NamedArguments) {
                    # An attribute that says what is so anyway says nothing.
                    if ($argument.TypedValue.Value -isnot [bool] -or $argument.TypedValue.Value) { "$($argument.MemberName)=$($argument.TypedValue.Value)" }
                }
                # The noun of a copy is never the one that its type names.
                $arguments = $data.ConstructorArguments.Value | ForEach-Object { ($_.Value ?? $_) -creplace $mark, '' } | Select-Object -Unique
                "$($data.AttributeType.Name)($($arguments -join ',')) $(($named | Sort-Object) -join ',')"
            }
            $lines.Add("$($field.Name) $($field.FieldType): $(($described | Sort-Object) -join '; ')")
        }
        $lines -join "`n"
    }
}

Describe 'Update-ExchangeOnlineCommand' {
    It 'makes of every entry of the catalog what the build made of it' {
        $entries = @($catalog | Where-Object { -not $_.module_native })
        $entries.Count | Should -BeGreaterThan 900
        $originals = @{}
        $copies = foreach ($entry in $entries) {
            $correction = $overrides.corrections[$entry.name]
            if ($correction) {
                Edit-Entry $entry $correction
                if (Test-SharedObject $entry $correction) { continue }
            }
            $copy = $entry.name -replace '-', "-$mark"
            $originals[$copy] = $overrides.approvedNames[$entry.name] ?? $entry.name
            $entry.name = $copy
            $entry
        }
        $copies.Count | Should -BeGreaterThan ($entries.Count - 20)
        $file = Join-Path $TestDrive 'copied.json'
        ConvertTo-Json @{ cmdlets = $copies } -Depth 9 -Compress | Set-Content -LiteralPath $file
        $added = @(Update-ExchangeOnlineCommand $file -ErrorVariable problems -ErrorAction SilentlyContinue)
        $problems | Should -BeNullOrEmpty
        $added.Count | Should -Be $copies.Count
        # Rows of an unknown noun have a name made of it; those of a known one may have a better name.
        $rows = { $args[0] -replace '(?m)^gives .*$', "gives $($args[0] -match '(?m)^gives \S')" }
        $different = foreach ($command in $added) {
            $original = Get-Command $originals[$command.Name] -CommandType Cmdlet
            if ((& $rows (Get-Metadata $command)) -cne (& $rows (Get-Metadata $original))) {
                "$($command.Name)`n$(Get-Metadata $command)`nis not`n$(Get-Metadata $original)"
            }
        }
        @($different).Count | Should -Be 0 -Because "$(@($different) | Select-Object -First 1)"
    }

    It 'adds nothing of the module''s own catalog, and has nothing to say about it' {
        $said = Update-ExchangeOnlineCommand (Join-Path $folder 'cmdlets.json') *>&1
        $said | Should -BeNullOrEmpty
    }
}
