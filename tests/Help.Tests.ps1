#Requires -Version 7.4
<#
What Get-Help shows of the module: nothing needs a tenant. `cargo xtask test` names the module in EXORS_MODULE.
#>
BeforeDiscovery {
    $manifest = Import-PowerShellDataFile -LiteralPath $env:EXORS_MODULE
    $own = @('Connect-ExchangeOnline', 'Connect-IPPSSession', 'Disconnect-ExchangeOnline', 'Get-ConnectionInformation' |
            Where-Object { $_ -in $manifest.CmdletsToExport } | ForEach-Object { @{ Name = $_ } })
    $pages = @(Get-ChildItem -LiteralPath (Join-Path $PSScriptRoot '../powershell/Help') -Filter *-*.md |
            Where-Object BaseName -In $manifest.CmdletsToExport | ForEach-Object { @{ Name = $_.BaseName } })
    $topics = @('about_ExchangeOnlineRs', 'about_ExchangeOnlineRs_Connecting', 'about_ExchangeOnlineRs_Objects', 'about_ExchangeOnlineRs_SwapIn' |
            ForEach-Object { @{ Name = $_ } })
}

BeforeAll {
    $script:folder = Split-Path $env:EXORS_MODULE
    $script:helpFile = Join-Path $folder 'en-US/ExchangeOnlineRs.dll-Help.xml'
    Import-Module $env:EXORS_MODULE -Force
    $script:cmdlets = @(Get-Command -Module ExchangeOnlineRs -CommandType Cmdlet)
    $script:common = [Management.Automation.PSCmdlet]::CommonParameters + [Management.Automation.PSCmdlet]::OptionalCommonParameters |
        Where-Object { $_ -notin 'WhatIf', 'Confirm' }

    # The file as it is, by cmdlet: quick enough for all of them.
    $script:commands = @{}
    $document = [xml]::new()
    $document.Load($helpFile)
    foreach ($command in $document.DocumentElement.ChildNodes) { $commands[$command.details.name] = $command }

    # What a page shows, in one line, whatever the width of the console.
    function Get-HelpText([hashtable] $Parameters) { (Get-Help @Parameters | Out-String -Width 4000) -replace '\s+', ' ' }
}

Describe 'The help file' {
    It 'is called after the assembly, where PowerShell looks for it' {
        $cmdlets.HelpFile | Sort-Object -Unique | Split-Path -Leaf | Should -Be 'ExchangeOnlineRs.dll-Help.xml'
        $helpFile | Should -Exist
    }

    It 'has every cmdlet of the module and no other' {
        ($commands.Keys | Sort-Object) -join ' ' | Should -Be (($cmdlets.Name | Sort-Object) -join ' ')
    }

    It 'has every parameter as the cmdlet has it' {
        $differences = foreach ($cmdlet in $cmdlets) {
            $told = @{}
            foreach ($parameter in $commands[$cmdlet.Name]['parameters'].ChildNodes) { $told[$parameter.name] = $parameter }
            $real = @($cmdlet.Parameters.Values | Where-Object Name -NotIn $common)
            foreach ($name in $told.Keys | Where-Object { $_ -notin $real.Name }) { "$($cmdlet.Name) has no -$name" }
            foreach ($parameter in $real) {
                $help = $told[$parameter.Name]
                if (-not $help) { "$($cmdlet.Name) -$($parameter.Name) is missing"; continue }
                $sets = @($parameter.ParameterSets.Values)
                $expected = [ordered]@{
                    required = "$($sets.IsMandatory -notcontains $false)"
                    position = "$(@($sets.Position | Where-Object { $_ -ge 0 }) + 'named' | Select-Object -First 1)"
                    byValue  = "$($sets.ValueFromPipeline -contains $true)"
                    byName   = "$($sets.ValueFromPipelineByPropertyName -contains $true)"
                    aliases  = "$(($parameter.Aliases | Sort-Object) -join ' ')"
                }
                $actual = [ordered]@{
                    required = $help.required
                    position = $help.position
                    byValue  = "$($help.pipelineInput -match 'ByValue')"
                    byName   = "$($help.pipelineInput -match 'ByPropertyName')"
                    aliases  = "$(($help.aliases -split ', ' | Where-Object { $_ -ne 'none' } | Sort-Object) -join ' ')"
                }
                foreach ($key in $expected.Keys | Where-Object { $expected[$_] -ne $actual[$_] }) {
                    "$($cmdlet.Name) -$($parameter.Name): $key is $($expected[$key]), not $($actual[$key])"
                }
            }
        }
        $differences | Should -BeNullOrEmpty
    }

    It 'has every parameter set' {
        $differences = foreach ($cmdlet in $cmdlets) {
            $describe = {
                param($parameters)
                (@($parameters | ForEach-Object { "$($_[0])$($_[1] ? '!' : '')$($_[2])" }) | Sort-Object) -join ' '
            }
            $real = foreach ($set in $cmdlet.ParameterSets) {
                & $describe @($set.Parameters | Where-Object Name -NotIn $common |
                        ForEach-Object { , @($_.Name, $_.IsMandatory, ($_.Position -ge 0 ? $_.Position : 'named')) })
            }
            $told = foreach ($item in $commands[$cmdlet.Name]['syntax'].ChildNodes) {
                & $describe @($item.ChildNodes | Where-Object LocalName -EQ 'parameter' | ForEach-Object { , @($_.name, ($_.required -eq 'true'), $_.position) })
            }
            if ((@($real | Sort-Object) -join '|') -ne (@($told | Sort-Object) -join '|')) { "$($cmdlet.Name): $($real -join '|') is not $($told -join '|')" }
        }
        $differences | Should -BeNullOrEmpty
    }

    It 'says something about each of them' {
        $silent = foreach ($name in $commands.Keys) {
            $command = $commands[$name]
            if ($command.details.description.para -notmatch '\w.*\.$') { $name }
            foreach ($parameter in $command['parameters'].ChildNodes) {
                if ("$($parameter.description.para)" -notmatch '\w') { "$name -$($parameter.name)" }
            }
        }
        $silent | Should -BeNullOrEmpty
    }

    It 'says more of the parameters of <Name> than their names' -ForEach $pages {
        $parameters = @($commands[$Name]['parameters'].ChildNodes)
        $parameters.Count | Should -BeGreaterThan 0
        $repeating = foreach ($parameter in $parameters) {
            $first = @($parameter.description.para)[0] -replace '^(Switch|Yes or no \(\$true or \$false\)): '
            if (($first -replace '\W') -eq $parameter.name) { $parameter.name }
        }
        $repeating | Should -BeNullOrEmpty
    }

    It 'says more of most other parameters than their names' {
        $all = @($commands.Values | ForEach-Object { $_['parameters'].ChildNodes })
        $repeating = @($all | Where-Object {
                $first = @($_.description.para)[0] -replace '^(Switch|Yes or no \(\$true or \$false\)): '
                ($first -replace '\W') -eq $_.name
            })
        # What nobody has written of yet: fewer than one in six of them all.
        $repeating.Count / $all.Count | Should -BeLessThan 0.16
    }

    It 'says each thing once, as it is read whole before the first page is shown' {
        $text = Get-Content -LiteralPath $helpFile -Raw
        [regex]::Matches($text, '<[\w:]+ ?/>').Count | Should -Be 0 -Because 'an empty element says nothing'
        # The types of our own cmdlets are told apart from their values; elsewhere one is the other.
        $ours = (Get-Content (Join-Path $PSScriptRoot '../powershell/Catalog/overrides.json') -Raw | ConvertFrom-Json).handWritten
        $twice = foreach ($command in $commands.Values | Where-Object { $_.details.name -notin $ours }) {
            foreach ($parameter in $command['parameters'].ChildNodes) {
                if ($parameter['parameterValue'] -and $parameter['dev:type'] -and $parameter.name -notin 'WhatIf', 'Confirm') { "$($command.details.name) -$($parameter.name)" }
            }
        }
        $twice | Should -BeNullOrEmpty
    }

    It 'says what holds when a parameter is left out' {
        foreach ($name in 'Connect-ExchangeOnline', 'Connect-IPPSSession') { (Get-Help $name -Parameter ShowBanner).defaultValue | Should -Be 'False' }
    }

    It 'has examples that PowerShell can read' {
        $broken = foreach ($code in $commands.Values.examples.example.code) {
            $errors = $null
            $null = [Management.Automation.Language.Parser]::ParseInput($code, [ref]$null, [ref]$errors)
            if ($errors) { "$code`n$($errors[0].Message)" }
        }
        $broken | Should -BeNullOrEmpty
        @($commands.Values.examples.example).Count | Should -BeGreaterThan 20
    }

    It 'is not read by Import-Module' {
        $copy = Join-Path $TestDrive 'ExchangeOnlineRs'
        Copy-Item -LiteralPath $folder -Destination $copy -Recurse
        Set-Content -LiteralPath (Join-Path $copy 'en-US/ExchangeOnlineRs.dll-Help.xml') -Value '<no help'
        $env:EXORS_TEST_MODULE = Join-Path $copy 'ExchangeOnlineRs.psd1'
        $pwsh = Join-Path $PSHOME ($IsWindows ? 'pwsh.exe' : 'pwsh')
        $output = & $pwsh -NoLogo -NoProfile -Command 'Import-Module $env:EXORS_TEST_MODULE; (Get-Command Get-Mailbox).Parameters.ContainsKey("Identity")' 2>&1
        $env:EXORS_TEST_MODULE = $null
        "$output" | Should -Be 'True'
    }
}

Describe 'Get-Help' {
    It 'shows <Name> with synopsis, description and examples' -ForEach $pages {
        $help = Get-Help $Name
        $help.PSTypeNames | Should -Contain 'MamlCommandHelpInfo'
        $written = Get-Content -LiteralPath (Join-Path $PSScriptRoot "../powershell/Help/$Name.md")
        $help.Synopsis | Should -Be $written[2].Replace('`', '')
        "$($help.description.Text)" | Should -Not -BeNullOrEmpty
        @($help.examples.example).Count | Should -Be @($written -ceq '```powershell').Count
        $text = Get-HelpText @{ Name = $Name; Examples = $true }
        $text | Should -Match 'Example 1: '
        $text | Should -BeLike "*$([WildcardPattern]::Escape($Name))*"
    }

    It 'describes every parameter of <Name> in words of its own' -ForEach $own {
        $parameters = @((Get-Command $Name).Parameters.Keys | Where-Object { $_ -notin $common -and $_ -notin 'WhatIf', 'Confirm' })
        $parameters.Count | Should -BeGreaterThan 1
        foreach ($parameter in $parameters) {
            $help = Get-Help $Name -Parameter $parameter
            $help.name | Should -Be $parameter
            "$($help.description.Text)" | Should -Match '^\w.{15,}\.' -Because "-$parameter"
            $help.type.name | Should -Be (Get-Command $Name).Parameters[$parameter].ParameterType.Name -Because "-$parameter"
        }
    }

    It 'shows syntax as PowerShell writes it' {
        Get-HelpText @{ Name = 'Get-Mailbox' } | Should -Match 'SYNTAX Get-Mailbox \[\[-Identity\] <MailboxIdParameter>\] .*\[-ResultSize <Unlimited>\].* \[<CommonParameters>\]'
        $set = Get-HelpText @{ Name = 'Set-Mailbox' }
        $set | Should -Match 'SYNTAX Set-Mailbox \[-Identity\] <MailboxIdParameter> .*\[-Office <String>\].*\[-WhatIf\] \[-Confirm\] \[<CommonParameters>\]'
        @((Get-Help Set-Mailbox).syntax.syntaxItem).Count | Should -Be (Get-Command Set-Mailbox).ParameterSets.Count
    }

    It 'shows what is known of a parameter' {
        $help = Get-Help Get-Mailbox -Parameter Identity
        $help.required | Should -Be 'false'
        $help.position | Should -Be '0'
        $help.pipelineInput | Should -Be 'true (ByValue, ByPropertyName)'
        $help.parameterValue | Should -Be 'MailboxIdParameter'
        $kinds = Get-HelpText @{ Name = 'Get-Mailbox'; Parameter = 'RecipientTypeDetails' }
        $kinds | Should -Match 'Accepted values: .*SharedMailbox, .*UserMailbox\.'
        Get-HelpText @{ Name = 'Get-Mailbox'; Parameter = 'ResultSize' } | Should -Match 'Default value 1000'
        (Get-Help Set-Mailbox -Parameter WhatIf).aliases | Should -Be 'wi'
        @(Get-Help Set-Mailbox -Parameter Forwarding*).Count | Should -BeGreaterThan 1
    }

    It 'knows the page of the service for -Online' {
        @((Get-Help Set-Mailbox).relatedLinks.navigationLink)[0].uri | Should -Be 'https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailbox'
    }

    It 'shows the approved name for the service''s own' -Skip:(-not $manifest.AliasesToExport) {
        foreach ($alias in Get-Alias | Where-Object Source -EQ 'ExchangeOnlineRs') {
            $help = Get-Help $alias.Name
            $help.Name | Should -Be $alias.Definition
            "$($help.description.Text)" | Should -Match ([regex]::Escape($alias.Name))
        }
    }
}

Describe 'The topics about the module' {
    It '<Name> is found' -ForEach $topics {
        $found = @(Get-Help $Name | Where-Object { $_ -is [string] -or $_.Name -eq $Name })
        $found.Count | Should -Be 1
        $text = "$($found[0])"
        $text | Should -Match "^\s*TOPIC\s+$Name\s+SHORT DESCRIPTION"
        # What a script requires stands on one line, however long.
        foreach ($line in $text -split '\r?\n' -notmatch '^\s*#Requires ') { $line.Length | Should -BeLessThan 81 -Because $line }
    }

    It 'are listed with what they are about' {
        $list = @(Get-Help about_ExchangeOnlineRs*)
        ($list.Name | Sort-Object) -join ' ' | Should -Be 'about_ExchangeOnlineRs about_ExchangeOnlineRs_Connecting about_ExchangeOnlineRs_Objects about_ExchangeOnlineRs_SwapIn'
        foreach ($topic in $list) { $topic.Synopsis | Should -Match '\.$' -Because $topic.Name }
    }

    It '<Name> has code that PowerShell can read' -ForEach $topics {
        $text = Get-Content -LiteralPath (Join-Path $folder "en-US/$Name.help.txt") -Raw
        # Code stands apart, between blank lines; a text below a term does not. A list of parameters stands apart too.
        $blocks = @([regex]::Matches($text, '(?<=\n[ \t]*\r?\n)(?: {8,}\S.*(?:\n|\z))+').Value -notmatch '\.\.\.|\A\s*-')
        $blocks.Count | Should -BeGreaterThan 0
        foreach ($block in $blocks) {
            $errors = $null
            $null = [Management.Automation.Language.Parser]::ParseInput(($block -replace '<\w+>', 'value'), [ref] $null, [ref] $errors)
            @($errors | ForEach-Object Message) -join ' ' | Should -BeNullOrEmpty -Because $block
        }
    }

    It 'have lines for a profile, which has only a path' {
        $text = Get-Content -LiteralPath (Join-Path $folder 'en-US/about_ExchangeOnlineRs_SwapIn.help.txt') -Raw
        $lines = [regex]::Match($text, '(?ms)^ {8}\$rs = .+?(?=^\s*$)').Value
        $errors = $null
        $tree = [Management.Automation.Language.Parser]::ParseInput($lines, [ref]$null, [ref]$errors)
        $errors | Should -BeNullOrEmpty
        @($tree.FindAll({ $args[0] -is [Management.Automation.Language.CommandAst] }, $true) | ForEach-Object { $_.GetCommandName() }) | Should -Be 'Get-Module', 'Select-Object', 'Join-Path'
        # They do what they say.
        $earlier = $env:PSModulePath
        try {
            $env:PSModulePath = (Split-Path $folder) + [IO.Path]::PathSeparator + $earlier
            . ([scriptblock]::Create($lines))
            @(Get-Module ExchangeOnlineManagement -ListAvailable)[0].ModuleBase | Should -BeLike (Join-Path $folder 'companion*')
        }
        finally { $env:PSModulePath = $earlier }
    }

    It 'tell of the cmdlets and parameters that the original does not have' {
        $all = (Get-ChildItem -LiteralPath (Join-Path $folder 'en-US') -Filter about_*.help.txt | Get-Content -Raw) -join "`n"
        foreach ($name in 'Invoke-ExchangeOnlineCommand', 'Update-ExchangeOnlineCommand', '-ConnectionId', '-ThrottleLimit') { $all | Should -Match ([regex]::Escape($name)) }
    }

    It 'lead only to what exists' {
        $known = @($cmdlets.Name) + 'Connect-IPPSSession'
        foreach ($file in Get-ChildItem -LiteralPath (Join-Path $folder 'en-US') -Filter about_*.help.txt) {
            $text = Get-Content -LiteralPath $file.FullName -Raw
            ($text -split 'SEE ALSO')[-1] -split '\s+' | Where-Object { $_ -match '^[A-Z]\w+-\w' } | Where-Object { $_ -notin $known } | Where-Object {
                -not (Select-String -LiteralPath (Join-Path $PSScriptRoot '../powershell/Catalog/cmdlets.json') -SimpleMatch -Quiet -Pattern """name"":""$_""")
            } | Should -BeNullOrEmpty -Because $file.Name
        }
    }
}
