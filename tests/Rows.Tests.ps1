#Requires -Version 7.4
<#
What rows are to a script, and what parameters are to the service. The answers here are written out, which a simulated tenant's are not: they have
the names, types and gaps that are rare and matter. `cargo xtask test` names the module in EXORS_MODULE.
#>
BeforeDiscovery {
    $script:sizeText = '50 GB (53,687,091,200 bytes)'
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/WrittenService.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:service = Start-WrittenService
    function Connect-Here([bool] $ShowProgress = $false) {
        Disconnect-ExchangeOnline -Confirm:$false
        Connect-WrittenService -Service $service -Parameters @{ ShowProgress = $ShowProgress }
    }
    Connect-Here

    $script:first = @'
{"@odata.type":"#Exchange.GenericHashTable","Identity":"Adele Vance","Name":"adele","DisplayName":"Ad\u00e8le \"V\" 日本","Alias":"adele",
"ExternalDirectoryObjectId":"0b9c1f6e-0000-4000-8000-000000000007","DistinguishedName":"CN=adele,OU=x",
"Guid@data.type":"System.Guid","Guid":"01176116-0000-4000-8000-000000000001","ExchangeGuid@data.type":"System.Guid","ExchangeGuid":"00000000-0000-0000-0000-000000000000",
"WhenChanged@data.type":"System.DateTime","WhenChanged":"2026-07-15T16:40:06.0000000Z","WhenChangedUTC@data.type":"System.DateTime","WhenChangedUTC":"2026-07-15T16:40:06.0000000Z",
"WhenCreated@data.type":"System.DateTime","WhenCreated":"2026-07-15T18:40:06.0000000+02:00","WhenMailboxCreated":"2026-07-15T16:40:06.0000000+00:00","Text":"2026-07-15T16:40:06Z",
"MaxSafeSenders@data.type":"System.Int32","MaxSafeSenders":5,"Big@odata.type":"#Int64","Big":9007199254740993,"Plain":7,"Fraction":1.5,
"EmailAddresses@odata.type":"#Collection(String)","EmailAddresses":["SMTP:adele@contoso.com","smtp:a@contoso.com"],
"GrantSendOnBehalfTo@odata.type":"#Collection(String)","GrantSendOnBehalfTo":[],"Languages@odata.type":"#Collection(String)","Languages":null,
"One@odata.type":"#Collection(String)","One":["only"],
"ProhibitSendQuota":"50 GB (53,687,091,200 bytes)","IssueWarningQuota":"900 MB (943,718,400 bytes)","RulesQuota":"Unlimited","Comment":"50 GB (no bytes)",
"RetainDeletedItemsFor":"14.00:00:00","LitigationHoldEnabled":false,"AuditEnabled":true,"Nothing":null,
"Nested":{"@odata.type":"#Exchange.GenericHashTable","A":1,"B":{"C":["x"]}},"OAuthOne":1,"OAuthTwo":2}
'@
    $script:second = $first.Replace('Adele Vance', 'Zoe').Replace('"adele"', '"zoe"').Replace('50 GB (53,687,091,200 bytes)', '2 TB (2,199,023,255,552 bytes)')
    $service.Answers['Get-Mailbox'] = "$first,$second"
    function Get-First { (Get-Mailbox)[0] }

    # What one call sent.
    function Get-Sent([scriptblock] $Script) { Get-SentCommand -Service $service -Script $Script }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-WrittenService $service
}

Describe 'A row' {
    BeforeEach { $script:row = Get-First }

    It 'has the type name of the original, and a .NET class behind it' {
        $row.PSObject.TypeNames[0] | Should -Be 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
        $row.GetType().BaseType.FullName | Should -Be 'ExchangeOnlineRs.Row'
    }

    It 'has every property, in the order of the answer, and no other' {
        $names = @($row.PSObject.Properties.Name)
        $names[0..3] -join ' ' | Should -Be 'Identity Name DisplayName Alias'
        $names[-1] | Should -Be 'OAuthTwo'
        $names.Count | Should -Be 32
        $names -match '@' | Should -BeNullOrEmpty
    }

    It 'is its identity as text' {
        "$row" | Should -Be 'Adele Vance'
        $row.ToString() | Should -Be 'Adele Vance'
    }

    It 'decodes escapes and other scripts' {
        $row.DisplayName | Should -Be ('Ad' + [char]0xe8 + 'le "V" ' + [char]0x65e5 + [char]0x672c)
    }

    It 'gives dates in local time, and UTC in the twin' {
        $instant = [datetime]::new(2026, 7, 15, 16, 40, 6, [DateTimeKind]::Utc)
        foreach ($name in 'WhenChanged', 'WhenCreated', 'WhenMailboxCreated') {
            $row.$name | Should -BeOfType [datetime]
            $row.$name.Kind | Should -Be 'Local'
            $row.$name | Should -Be $instant.ToLocalTime()
        }
        $row.WhenChangedUTC.Kind | Should -Be 'Utc'
        $row.WhenChangedUTC | Should -Be $instant
        $row.Text | Should -BeOfType [string]
    }

    It 'gives values of their types: <Name>' -ForEach @(
        @{ Name = 'Guid'; Type = [guid]; Value = [guid]'01176116-0000-4000-8000-000000000001' }
        @{ Name = 'MaxSafeSenders'; Type = [int]; Value = 5 }
        @{ Name = 'Big'; Type = [long]; Value = 9007199254740993 }
        @{ Name = 'Plain'; Type = [int]; Value = 7 }
        @{ Name = 'Fraction'; Type = [double]; Value = 1.5 }
        @{ Name = 'AuditEnabled'; Type = [bool]; Value = $true }
        @{ Name = 'LitigationHoldEnabled'; Type = [bool]; Value = $false }
        @{ Name = 'RetainDeletedItemsFor'; Type = [string]; Value = '14.00:00:00' }
        @{ Name = 'RulesQuota'; Type = [string]; Value = 'Unlimited' }
    ) {
        $row.$Name | Should -BeOfType $Type
        $row.$Name | Should -Be $Value
    }

    It 'has collections that are never null' {
        , $row.EmailAddresses | Should -BeOfType [object[]]
        $row.EmailAddresses.Count | Should -Be 2
        @($row.EmailAddresses -clike 'smtp:*') | Should -Be @('smtp:a@contoso.com')
        foreach ($name in 'GrantSendOnBehalfTo', 'Languages') {
            $null -eq $row.$name | Should -BeFalse
            $row.$name.Count | Should -Be 0
        }
        , $row.One | Should -BeOfType [object[]]
        $row.Nothing | Should -BeNullOrEmpty
    }

    It 'has nested objects with properties' {
        $row.Nested.A | Should -Be 1
        $row.Nested.B.C | Should -Be @('x')
        @($row.Nested.PSObject.Properties.Name) -join ' ' | Should -Be 'A B'
    }

    It 'gives the same collection each time, so that a change stays' {
        $row.EmailAddresses[1] = 'changed'
        $row.EmailAddresses[1] | Should -Be 'changed'
        [object]::ReferenceEquals($row.Nested, $row.Nested) | Should -BeTrue
    }

    It 'takes assignments and keeps them to itself' {
        $row.DisplayName = 'Mine'
        $row.Nothing = 1, 2
        foreach ($name in 'Alias', 'Name', 'Plain', 'Fraction', 'Big', 'Text', 'Comment') { $row.$name = "new $name" }
        $row.DisplayName | Should -Be 'Mine'
        $row.Nothing | Should -Be @(1, 2)
        $row.Comment | Should -Be 'new Comment'
        $row.AuditEnabled | Should -BeTrue
        $row.Identity = 'Somebody'
        "$row" | Should -Be 'Somebody'
        (Get-First).DisplayName | Should -Not -Be 'Mine'
    }

    It 'has copies of its own' {
        $row.DisplayName = 'before'
        $copy = $row.PSObject.Copy()
        $copy.DisplayName | Should -Be 'before'
        $copy.Alias = 'copy'
        $row.Alias | Should -Be 'adele'
        $row.DisplayName = 'after'
        $copy.DisplayName | Should -Be 'before'
        $copy.Alias | Should -Be 'copy'
    }

    It 'takes more properties' {
        $more = $row | Add-Member -NotePropertyName Extra -NotePropertyValue 5 -PassThru
        $more.Extra | Should -Be 5
        ($more | Select-Object Alias, Extra).Extra | Should -Be 5
        $more | Add-Member -MemberType NoteProperty -Name Alias -Value 'other' -Force
        $more.Alias | Should -Be 'other'
    }

    It 'reads a property that is not there as nothing' {
        $row.NoSuchThing | Should -BeNullOrEmpty
    }
}

Describe 'A size' {
    BeforeEach { $script:size = (Get-First).ProhibitSendQuota }

    It 'is the service''s text' {
        $size | Should -Be $sizeText
        $size -eq '50 GB (53,687,091,200 bytes)' | Should -BeTrue
        '50 GB (53,687,091,200 bytes)' -eq $size | Should -BeTrue
        "$size" | Should -Be '50 GB (53,687,091,200 bytes)'
        $size.Length | Should -Be 28
    }

    It 'works in the idioms of scripts' {
        ($size -replace '\(.*', '').Trim() | Should -Be '50 GB'
        ($size.ToString()).Split('(')[0].Trim() | Should -Be '50 GB'
        [long](($size -split '\(')[1] -replace '[^\d]') | Should -Be 53687091200
        "$($size.Value)" | Should -Be '50 GB (53,687,091,200 bytes)'
        $size.Value -replace ' \(.*' | Should -Be '50 GB'
        $size.Value.ToBytes() | Should -Be 53687091200
        [math]::Round($size.Value.ToBytes() / 1GB, 2) | Should -Be 50
        $size.Value.ToMB() | Should -Be 51200
        $size.Value.ToGB() | Should -Be 50
        $size.IsUnlimited | Should -BeFalse
    }

    It 'compares through its value' {
        $size.Value -gt 5GB | Should -BeTrue
        $size.Value -lt 1TB | Should -BeTrue
        5GB -lt $size.Value.ToBytes() | Should -BeTrue
        $size.Value -eq '50 GB (53,687,091,200 bytes)' | Should -BeTrue
        $size.Value -gt '49GB' | Should -BeTrue
        $values = (Get-Mailbox).ProhibitSendQuota.Value + (Get-First).IssueWarningQuota.Value
        @($values | Sort-Object | ForEach-Object ToString)[0] | Should -Be '900 MB (943,718,400 bytes)'
        @($values | Sort-Object -Descending | ForEach-Object ToString)[0] | Should -Match '^2 TB'
    }

    It 'compares with what no size is' {
        $size.Value -gt -1 | Should -BeTrue
        $size.Value -lt -1 | Should -BeFalse
        [ExchangeOnlineRs.ByteQuantifiedSize]0 -gt -1 | Should -BeTrue
        [ExchangeOnlineRs.ByteQuantifiedSize]0 -eq -1 | Should -BeFalse
        $size.Value -lt 1e30 | Should -BeTrue
        $size.Value.CompareTo('Unlimited') | Should -Be -1
        $size.Value -lt 'Unlimited' | Should -BeTrue
        $size.Value -eq 'Unlimited' | Should -BeFalse
    }

    It 'divides' {
        $size.Value / 1GB | Should -BeOfType [double]
        $size.Value / 1GB | Should -Be 50
        $size.Value / 1MB | Should -Be 51200
    }

    It 'is not read from text that is too large' {
        foreach ($text in '99999999999TB', '79228162514264337593543950335TB') {
            $caught = $null
            try { $null = [ExchangeOnlineRs.ByteQuantifiedSize]::Parse($text) } catch { $caught = $_.Exception.GetBaseException(); $outer = $_.Exception.InnerException }
            $outer | Should -BeOfType [FormatException]
            $caught | Should -Not -BeNullOrEmpty
        }
    }

    It 'can be without limit' {
        $quota = (Get-First).RulesQuota
        $quota | Should -BeOfType [string]
        $quota -eq 'Unlimited' | Should -BeTrue
        $(switch ($quota) { 'Unlimited' { 'taken' } }) | Should -Be 'taken'
        $quota.IsUnlimited | Should -BeTrue
        $null -eq $quota.Value | Should -BeTrue
        $quota.PSObject.Properties['Value'] | Should -Not -BeNullOrEmpty
        (Get-First | Select-Object RulesQuota | ConvertTo-Json -Compress) | Should -Be '{"RulesQuota":"Unlimited"}'
        (Get-First | Select-Object RulesQuota | ConvertTo-Csv)[1] | Should -Be '"Unlimited"'
        $quota | Add-Member -NotePropertyName Mine -NotePropertyValue 1
        (Get-First).RulesQuota.PSObject.Properties['Mine'] | Should -BeNullOrEmpty
    }

    It 'is told from text that only looks like one' {
        (Get-First).Comment.PSObject.Properties['Value'] | Should -BeNullOrEmpty
        (Get-First).RulesQuota -eq 'Unlimited' | Should -BeTrue
    }

    It 'is text in JSON and CSV' {
        (Get-First | Select-Object ProhibitSendQuota | ConvertTo-Json -Compress) | Should -Be '{"ProhibitSendQuota":"50 GB (53,687,091,200 bytes)"}'
        (Get-First | Select-Object ProhibitSendQuota | ConvertTo-Csv)[1] | Should -Be '"50 GB (53,687,091,200 bytes)"'
    }
}

Describe 'Rows in everyday commands' {
    BeforeAll { $script:rows = Get-Mailbox }

    It 'Select-Object' {
        ($rows | Select-Object -ExpandProperty Alias) -join ' ' | Should -Be 'adele zoe'
        $all = $rows[0] | Select-Object *
        @($all.PSObject.Properties).Count | Should -Be 32
        $all.DisplayName | Should -Be $rows[0].DisplayName
        ($rows[0] | Select-Object OAuth*).OAuthTwo | Should -Be 2
        ($rows | Select-Object @{ n = 'X'; e = { $_.EmailAddresses -join ';' } }).X[0] | Should -Match '^SMTP:adele@contoso.com;'
    }

    It 'Where-Object, Sort-Object, Group-Object, Measure-Object' {
        @($rows | Where-Object Alias -EQ 'zoe').Count | Should -Be 1
        @($rows | Where-Object { $_.EmailAddresses -contains 'smtp:a@contoso.com' }).Count | Should -Be 2
        ($rows | Sort-Object Alias -Descending)[0].Alias | Should -Be 'zoe'
        @($rows | Group-Object AuditEnabled)[0].Count | Should -Be 2
        ($rows | Measure-Object Plain -Sum).Sum | Should -Be 14
    }

    It 'Export-Csv has all properties' {
        $file = Join-Path $TestDrive 'rows.csv'
        $rows | Export-Csv -LiteralPath $file -NoTypeInformation
        $read = @(Import-Csv -LiteralPath $file)
        $read.Count | Should -Be 2
        $read[0].ProhibitSendQuota | Should -Be '50 GB (53,687,091,200 bytes)'
        $read[0].RetainDeletedItemsFor | Should -Be '14.00:00:00'
        $read[0].Guid | Should -Be '01176116-0000-4000-8000-000000000001'
        @($read[0].PSObject.Properties).Count | Should -Be 32
    }

    It 'ConvertTo-Json' {
        $json = $rows[0] | ConvertTo-Json -Depth 5 | ConvertFrom-Json
        $json.Alias | Should -Be 'adele'
        $json.EmailAddresses.Count | Should -Be 2
        $json.Nested.B.C | Should -Be 'x'
        @($json.PSObject.Properties).Count | Should -Be 32
    }

    It 'Export-Clixml keeps type name and values' {
        $file = Join-Path $TestDrive 'rows.xml'
        $rows | Export-Clixml -LiteralPath $file
        $read = @(Import-Clixml -LiteralPath $file)
        $read[0].PSObject.TypeNames[0] | Should -Be 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
        $read[0].Alias | Should -Be 'adele'
        $read[0].MaxSafeSenders | Should -Be 5
        @($read[0].EmailAddresses).Count | Should -Be 2
        "$($read[0].ProhibitSendQuota)" | Should -Be '50 GB (53,687,091,200 bytes)'
    }

    It 'Format-Table and Format-List with wildcards' {
        ($rows | Format-Table Name, OAuth* -AutoSize | Out-String) | Should -Match '(?m)^Name\s+OAuthOne\s+OAuthTwo\s*$'
        ($rows[0] | Format-List OAuth*, *Quota | Out-String) | Should -Match 'ProhibitSendQuota\s*: 50 GB \(53,687,091,200 bytes\)'
    }

    It 'has the view of the original' {
        @(($rows | Out-String -Width 160).Trim() -split '\r?\n')[0] | Should -Match '^Name\s+Alias\s+Database\s+ProhibitSendQuota\s+ExternalDirectoryObjectId\s*$'
    }

    It 'Get-Member shows the properties and nothing of ours' {
        $members = $rows[0] | Get-Member
        @($members | Where-Object MemberType -EQ 'Property').Count | Should -Be 32
        @($members | Where-Object MemberType -EQ 'Method').Name -join ' ' | Should -Be 'Clone Equals GetHashCode GetType ToString' -Because 'only what can be cloned is copied by PSObject.Copy(), and the engine shows every method of an interface'
        $members[0].TypeName | Should -Be 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
    }

    It 'ForEach-Object -Parallel, without the module' {
        $names = $rows | ForEach-Object -Parallel { "$($_.Alias) $($_.ProhibitSendQuota.Value.ToGB()) $($_.EmailAddresses.Count)" }
        ($names | Sort-Object) -join '; ' | Should -Be 'adele 50 2; zoe 2048 2'
    }

    It 'another runspace, without the module' {
        $shell = [powershell]::Create()
        try {
            $read = $shell.AddScript({ param($Row) $Row.DisplayName = 'There'; "$Row $($Row.Alias) $(@($Row | Select-Object Alias, WhenChanged)[0].Alias)" }).AddArgument((Get-First)).Invoke()
            $read | Should -Be 'Adele Vance adele adele'
        }
        finally { $shell.Dispose() }
    }

    It 'outlive the connection and the page they came from' {
        $kept = Get-First
        1..20 | ForEach-Object { $null = Get-Mailbox }
        [GC]::Collect(); [GC]::WaitForPendingFinalizers(); [GC]::Collect()
        $kept.Alias | Should -Be 'adele'
        $kept.EmailAddresses.Count | Should -Be 2
    }
}

Describe 'Rows that are unlike each other' {
    AfterEach { $service.Answers['Get-Mailbox'] = "$first,$second" }

    It 'each have their own properties' {
        $service.Answers['Get-Mailbox'] = '{"Identity":"a","X":1},{"Identity":"b","Y":2},null,{"Y":3,"Identity":"c"}'
        $rows = @(Get-Mailbox)
        $rows.Count | Should -Be 3
        ($rows | ForEach-Object { ($_.PSObject.Properties.Name) -join ',' }) -join ' ' | Should -Be 'Identity,X Identity,Y Y,Identity'
        $rows.ForEach({ $_.PSObject.TypeNames[0] }) | Sort-Object -Unique | Should -Be 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
        $rows.Y -join ' ' | Should -Be '2 3'
    }

    It 'may have names that a class cannot have' {
        $service.Answers['Get-Mailbox'] = '{"Identity":"a","ToString":"x","Clone":"y","City":"1","city":"2","GetType":5,"When@data.type":"System.DateTime","When":"2026-07-15T16:40:06.0000000Z","L@odata.type":"#Collection(String)","L":null}'
        $row = Get-Mailbox
        "$row" | Should -Be 'a'
        $row.PSObject.TypeNames[0] | Should -Be 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
        $row.PSObject.Properties['ToString'].Value | Should -Be 'x'
        $row.Clone | Should -Be 'y'
        $row.City | Should -Be '2'
        $row.When | Should -BeOfType [datetime]
        $row.L.Count | Should -Be 0
        ($row | ConvertTo-Json | ConvertFrom-Json).Identity | Should -Be 'a'
    }

    It 'may have any other name' {
        $service.Answers['Get-Mailbox'] = '{"Identity":"a","two words":1,"a.b":2,"\u00e9\"x":3,"0":4,"Equals2":5}'
        $row = Get-Mailbox
        $row.'two words' + $row.'a.b' + $row."$([char]0xe9)`"x" + $row.'0' + $row.Equals2 | Should -Be 15
    }

    It 'may have text cut within a character' {
        $service.Answers['Get-Mailbox'] = '{"Identity":"a","Cut":"x\udc00y\n","Half":"\ud83d","Whole":"\ud83d\ude00\udc00","L":["\ud800z"],"O":{"N\udc00":"v\udfff"}}'
        $row = Get-Mailbox
        $row.Cut | Should -BeExactly "x$([char]0xfffd)y`n"
        $row.Half | Should -BeExactly "$([char]0xfffd)"
        $row.Whole | Should -BeExactly "$([char]::ConvertFromUtf32(0x1f600))$([char]0xfffd)"
        $row.L[0] | Should -BeExactly "$([char]0xfffd)z"
        $row.O."N$([char]0xfffd)" | Should -BeExactly "v$([char]0xfffd)"
    }

    It 'may have a property without a name' {
        $service.Answers['Get-Mailbox'] = '{"Identity":"a","":5,"O":{"":6,"P":7}}'
        $row = Get-Mailbox
        $row.' ' | Should -Be 5
        $row.O.' ' | Should -Be 6
        $row.O.P | Should -Be 7
    }

    It 'may be nested beyond what is read' {
        $deep = '[' * 300 + '"]"' + ']' * 300
        $service.Answers['Get-Mailbox'] = "{""Identity"":""a"",""Deep"":$deep,""After"":1}"
        $row = Get-Mailbox
        $row.Deep | Should -BeExactly $deep
        $row.After | Should -Be 1
    }

    It 'cost nothing but themselves when one cannot be read' {
        $deep = '[' * 300 + ']' * 300
        $service.Answers['Get-Mailbox'] = "{""Identity"":""a""},{""Identity"":""b"",""ToString"":$deep},{""Identity"":""c""}"
        $rows = @(Get-Mailbox -ErrorVariable failed -ErrorAction SilentlyContinue)
        $rows.Identity -join ' ' | Should -Be 'a c'
        $failed.Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'RowUnreadable,*'
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
        $global:EXO_LastExecutionStatus | Should -BeFalse
    }

    It 'may be values' {
        $service.Answers['Get-Mailbox'] = '"text",5,true,[1,2]'
        $rows = @(Get-Mailbox)
        $rows[0] | Should -Be 'text'
        $rows[1] | Should -Be 5
        $rows[2] | Should -BeTrue
    }

    It 'may be of more shapes than there are classes for' {
        $service.Answers['Get-Mailbox'] = (1..120 | ForEach-Object { "{""Identity"":""i$_"",""P$_"":$_,""Size"":""1 KB (1,024 bytes)""}" }) -join ','
        $rows = @(Get-Mailbox)
        $rows.Count | Should -Be 120
        foreach ($n in 1, 60, 120) {
            $rows[$n - 1]."P$n" | Should -Be $n
            "$($rows[$n - 1])" | Should -Be "i$n"
            $rows[$n - 1].Size.Value.ToBytes() | Should -Be 1024
            $rows[$n - 1].PSObject.TypeNames[0] | Should -Be 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
        }
    }
}

Describe 'Progress' {
    AfterAll {
        $service.Answers['Get-Mailbox'] = "$first,$second"
        Connect-Here
    }

    It 'ends when the command does: <Case>' -ForEach @(
        @{ Case = 'at the end'; Answer = '{"Identity":"a"}'; Script = 'Get-Mailbox' }
        @{ Case = 'when it is stopped'; Answer = '{"Identity":"a"},{"Identity":"b"}'; Script = 'Get-Mailbox | Select-Object -First 1' }
        @{ Case = 'after a fault'; Answer = '{"Identity":"a"}],"@odata.nextLink":"https://192.0.2.1/next","x":['; Script = 'Get-Mailbox -ResultSize Unlimited' }
    ) {
        Connect-Here -ShowProgress $true
        $service.Answers['Get-Mailbox'] = $Answer
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module `$env:EXORS_MODULE; $Script").Invoke()
            $records = @($shell.Streams.Progress | Where-Object Activity -EQ 'Get-Mailbox')
            if ($Case -eq 'after a fault') { $shell.Streams.Error.Count | Should -Be 1 }
            if ($records) { $records[-1].RecordType | Should -Be 'Completed' }
            if ($Case -ne 'when it is stopped') { $records.Count | Should -Be 2 }
        }
        finally { $shell.Dispose() }
    }
}

Describe 'What is sent' {
    It 'names the cmdlet and its parameters' {
        $sent = Get-Sent { Get-Mailbox -Identity 'adele' -Archive -ResultSize 5 -Verbose:$false -OutVariable kept }
        $sent.CmdletName | Should -Be 'Get-Mailbox'
        ($sent.Parameters.Keys | Sort-Object) -join ' ' | Should -Be 'Archive Identity ResultSize'
        $sent.Parameters.Identity | Should -Be 'adele'
        $sent.Parameters.Archive | Should -BeTrue
        $sent.Parameters.ResultSize | Should -Be 5
    }

    It 'sends a filter as text: <Form>' -ForEach @(
        @{ Form = 'text'; Filter = "Office -eq 'Dublin'" }
        @{ Form = 'a script block'; Filter = { Office -eq 'Dublin' } }
    ) {
        (Get-Sent { Get-Mailbox -Filter $Filter }).Parameters.Filter.Trim() | Should -Be "Office -eq 'Dublin'"
    }

    It 'gives Booleans of a filter their dollar sign: <Given>' -ForEach @(
        @{ Given = 'A -eq True'; Expected = 'A -eq $true' }
        @{ Given = '(A -ne False) -and (B -EQ  true)'; Expected = '(A -ne $false) -and (B -EQ  $true)' }
        @{ Given = 'A -eq $true'; Expected = 'A -eq $true' }
        @{ Given = { A -eq True }; Expected = 'A -eq $true' }
        @{ Given = { A -eq $false -or B -eq 'x' }; Expected = 'A -eq $false -or B -eq ''x''' }
        @{ Given = 'N -eq ''a -eq true'' -and A -eq true'; Expected = 'N -eq ''a -eq true'' -and A -eq $true' }
        @{ Given = 'N -eq ''O''''B -eq true '''; Expected = 'N -eq ''O''''B -eq true ''' }
        @{ Given = 'N -eq "it''s -eq false " -or A -eq false'; Expected = 'N -eq "it''s -eq false " -or A -eq $false' }
        @{ Given = 'A -eq Trueman -or B -like true'; Expected = 'A -eq Trueman -or B -like true' }
    ) {
        (Get-Sent { Get-Mailbox -Filter $Given }).Parameters.Filter.Trim() | Should -BeExactly $Expected
    }

    It 'refuses an empty <Name>, and sends nothing: <Case>' -ForEach $(
        foreach ($name in 'Filter', 'Anr', 'Identity') {
            @{ Name = $name; Case = 'null'; Value = $null }
            @{ Name = $name; Case = 'empty text'; Value = '' }
            @{ Name = $name; Case = 'blank text'; Value = " `t" }
            @{ Name = $name; Case = 'wrapped text'; Value = [psobject]::AsPSObject(' ') }
        }
        @{ Name = 'Filter'; Case = 'empty braces'; Value = { } }
        @{ Name = 'Identity'; Case = 'no items'; Value = @() }
        @{ Name = 'Identity'; Case = 'an empty list'; Value = [Collections.Generic.List[string]]::new() }
        @{ Name = 'Identity'; Case = 'items that are empty'; Value = @($null, '', @(' ')) }
        @{ Name = 'Identity'; Case = 'an object with a blank identity'; Value = [pscustomobject]@{ Identity = ' ' } }
    ) {
        $sent = Get-Sent {
            $arguments = @{ $Name = $Value }
            $script:thrown = $null
            try { Get-Mailbox @arguments -ErrorAction Stop } catch { $script:thrown = $_ }
        }
        $sent | Should -BeNullOrEmpty
        $thrown.FullyQualifiedErrorId | Should -BeLike "Empty$Name,*"
    }

    It 'refuses a hashtable as an identity' {
        foreach ($value in @{ Add = 'x' }, [ordered]@{ Name = 'x' }, @(, @{ Name = 'x' })) {
            $sent = Get-Sent { Get-Mailbox -Identity $value -ErrorVariable script:failed -ErrorAction SilentlyContinue }
            $sent | Should -BeNullOrEmpty
            $failed[0].FullyQualifiedErrorId | Should -BeLike 'InvalidIdentity,*'
        }
    }

    It 'sends values in the forms of the service' {
        $date = [datetime]::new(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc)
        $p = (Get-Sent {
                Set-Mailbox -Identity 'a' -AuditEnabled $true -HiddenFromAddressListsEnabled $false -ForwardingAddress $null -CustomAttribute1 $null `
                    -LitigationHoldDate $date.ToLocalTime() -RetainDeletedItemsFor ([timespan]::FromDays(14)) -ProhibitSendQuota 35MB -IssueWarningQuota Unlimited `
                    -EmailAddresses 'SMTP:a@b.c', 'smtp:d@e.f' -MailTip "`u{e9}""\<" -RecipientLimits 7
            }).Parameters
        $p.AuditEnabled | Should -BeTrue
        $p.HiddenFromAddressListsEnabled | Should -BeFalse
        foreach ($name in 'ForwardingAddress', 'CustomAttribute1') {
            $p.ContainsKey($name) | Should -BeTrue
            $null -eq $p[$name] | Should -BeTrue -Because "$name was cleared"
        }
        ([datetime]$p.LitigationHoldDate).ToUniversalTime() | Should -Be $date
        $p.RetainDeletedItemsFor | Should -Be '14.00:00:00'
        $p.ProhibitSendQuota | Should -Be 36700160
        $p.IssueWarningQuota | Should -Be 'Unlimited'
        $p.EmailAddresses -join ' ' | Should -Be 'SMTP:a@b.c smtp:d@e.f'
        $p.MailTip | Should -Be "`u{e9}""\<"
        $p.RecipientLimits | Should -Be 7
    }

    It 'sends a size that is none as what it means, or not at all' {
        (Get-Sent { Set-Mailbox 'a' -ProhibitSendQuota ([ExchangeOnlineRs.ByteQuantifiedSize]'unlimited') }).Parameters.ProhibitSendQuota | Should -Be 'Unlimited'
        $sent = Get-Sent { Set-Mailbox 'a' -ProhibitSendQuota ([ExchangeOnlineRs.ByteQuantifiedSize]-5) -ErrorVariable script:failed -ErrorAction SilentlyContinue }
        $sent | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'NegativeSize,*'
    }

    It 'sends changes of lists with the type at every level' {
        $p = (Get-Sent { Set-Mailbox 'a' -EmailAddresses @{ Add = 'x', 'y'; Remove = 'z' } -GrantSendOnBehalfTo @{ add = 'u'; Deep = @{ More = 1 } } }).Parameters
        $p.EmailAddresses.'@odata.type' | Should -Be '#Exchange.GenericHashTable'
        $p.EmailAddresses.Add -join ' ' | Should -Be 'x y'
        $p.EmailAddresses.Remove | Should -Be 'z'
        $p.GrantSendOnBehalfTo.Deep.'@odata.type' | Should -Be '#Exchange.GenericHashTable'
    }

    It 'identifies a piped row by its most exact id' {
        $row = Get-First
        (Get-Sent { $row | Get-Mailbox }).Parameters.Identity | Should -Be '0b9c1f6e-0000-4000-8000-000000000007'
        $row.ExternalDirectoryObjectId = ''
        (Get-Sent { $row | Get-Mailbox }).Parameters.Identity | Should -Be '01176116-0000-4000-8000-000000000001' -Because 'the empty ExchangeGuid names nothing'
        $row.Guid = [guid]::Empty
        (Get-Sent { Get-Mailbox $row }).Parameters.Identity | Should -Be 'Adele Vance'
        (Get-Sent { Set-Mailbox 'a' -ForwardingAddress (Get-First) }).Parameters.ForwardingAddress | Should -Be '0b9c1f6e-0000-4000-8000-000000000007'
    }

    It 'identifies a row by the identity a script gave it' {
        $row = Get-First
        $row.Identity = 'assigned'
        (Get-Sent { $row | Get-Mailbox }).Parameters.Identity | Should -Be 'assigned'
        $row | Add-Member -MemberType NoteProperty -Name Identity -Value 'added' -Force
        (Get-Sent { $row | Get-Mailbox }).Parameters.Identity | Should -Be 'added'
        (Get-Sent { Get-Mailbox -Identity $row }).Parameters.Identity | Should -Be 'added'
        $service.Answers['Get-Mailbox'] = '{"Identity":"a","ToString":"x","ExternalDirectoryObjectId":"0b9c1f6e-0000-4000-8000-000000000007"}'
        try {
            $plain = Get-First
            (Get-Sent { $plain | Get-Mailbox }).Parameters.Identity | Should -Be '0b9c1f6e-0000-4000-8000-000000000007'
            $plain.Identity = 'assigned'
            (Get-Sent { $plain | Get-Mailbox }).Parameters.Identity | Should -Be 'assigned'
        }
        finally { $service.Answers['Get-Mailbox'] = "$first,$second" }
    }

    It 'identifies objects of scripts: <Name>' -ForEach @(
        @{ Name = 'Identity'; Object = [pscustomobject]@{ Identity = 'x'; DisplayName = 'd' }; Expected = 'x' }
        @{ Name = 'PrimarySmtpAddress'; Object = [pscustomobject]@{ PrimarySmtpAddress = 'x@y'; DisplayName = 'd' }; Expected = 'x@y' }
        @{ Name = 'text'; Object = 'plain'; Expected = 'plain' }
        @{ Name = 'a guid'; Object = [guid]'01176116-0000-4000-8000-000000000001'; Expected = '01176116-0000-4000-8000-000000000001' }
        @{ Name = 'an address'; Object = [mailaddress]'a@b.c'; Expected = 'a@b.c' }
    ) {
        (Get-Sent { $Object | Get-Mailbox }).Parameters.Identity | Should -Be $Expected
    }

    It 'refuses an object that nothing identifies, and sends nothing' {
        $sent = Get-Sent { [pscustomobject]@{ Colour = 'red' } | Get-Mailbox -ErrorVariable script:failed -ErrorAction SilentlyContinue }
        $sent | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
        $failed[0].Exception.Message | Should -Match 'Identity'
    }

    It 'sends one request for each object of the pipeline' {
        @(Get-Sent { 'a', 'b', 'c' | Get-Mailbox }).Count | Should -Be 3
    }

    It 'takes ResultSize <Given>' -ForEach @(
        @{ Given = 'Unlimited' }, @{ Given = 'unLIMITED' }, @{ Given = 5 }, @{ Given = '5' }, @{ Given = 5L }
    ) {
        @(Get-Sent { Get-Mailbox -ResultSize $Given }).Count | Should -Be 1
    }

    It 'refuses ResultSize <Given> and sends nothing' -ForEach @(
        @{ Given = 0 }, @{ Given = -1 }, @{ Given = 'many' }, @{ Given = 1.5 }, @{ Given = '' }, @{ Given = $null }
    ) {
        $service.Requests.Clear()
        { Get-Mailbox -ResultSize $Given } | Should -Throw
        $service.Requests.Count | Should -Be 0
    }

    It 'asks before it sends, and says so to the service only if told to ask' {
        (Get-Sent { Set-Mailbox 'a' -Office 'x' }).Parameters.ContainsKey('Confirm') | Should -BeFalse
        (Get-Sent { Set-Mailbox 'a' -Office 'x' -Confirm:$false }).Parameters.Confirm | Should -BeFalse
        @(Get-Sent { Set-Mailbox 'a' -Office 'x' -WhatIf }).Count | Should -Be 0
    }

    It 'sends no command with a secret when the service names no key to encrypt it under' {
        $password = ConvertTo-SecureString 'Pl4nted' -AsPlainText -Force
        $service.Requests.Clear()
        { Set-Mailbox 'a' -Password $password -ErrorAction Stop } | Should -Throw '*public key*nothing was sent*'
        $service.Requests.Count | Should -Be 0
    }
}
