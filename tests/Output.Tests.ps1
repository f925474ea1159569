#Requires -Version 7.4
<#
What administrators do with the objects of cmdlets: sort, group, compare, export, send to other processes, and hold very many of them. The answers are
written out. Rows.Tests.ps1 has what a single object is. `cargo xtask test` names the module in EXORS_MODULE.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/WrittenService.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:service = Start-WrittenService
    Connect-WrittenService -Service $service

    function Get-Json([string] $Name, [string] $Size, [string] $Kind, [int] $Items, [string] $Day) {
        @"
{"@odata.type":"#Exchange.GenericHashTable","DisplayName":"$Name","Identity":"$Name","Alias":"$($Name.ToLowerInvariant())","PrimarySmtpAddress":"$Name@contoso.com",
"ExchangeGuid@data.type":"System.Guid","ExchangeGuid":"01176116-0000-4000-8000-00000000000$Items","RecipientTypeDetails":"$Kind","ItemCount@data.type":"System.Int32","ItemCount":$Items,
"TotalItemSize":"$Size","AuditEnabled":true,"EmailAddresses@odata.type":"#Collection(String)","EmailAddresses":["SMTP:$Name@contoso.com","smtp:${Name}2@contoso.com","x500:/o=x"],
"GrantSendOnBehalfTo@odata.type":"#Collection(String)","GrantSendOnBehalfTo":[],"ForwardingAddress":null,
"WhenCreated@data.type":"System.DateTime","WhenCreated":"$($Day)T08:00:00Z","WhenCreatedUTC@data.type":"System.DateTime","WhenCreatedUTC":"$($Day)T08:00:00Z"}
"@
    }

    $service.Answers['Get-Mailbox'] = @(
        Get-Json 'Adele' '1.5 GB (1,610,612,736 bytes)' 'UserMailbox' 3 '2026-03-01'
        Get-Json 'Zoe' '900 MB (943,718,400 bytes)' 'UserMailbox' 1 '2025-01-15'
        Get-Json 'Info' '20 GB (21,474,836,480 bytes)' 'SharedMailbox' 2 '2024-12-31'
    ) -join ','
    $script:rows = @(Get-Mailbox)
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-WrittenService $service
}

Describe 'Sorting, grouping and counting' {
    It 'sorts by size as a number, not as text' {
        ($rows | Sort-Object { $_.TotalItemSize.Value.ToBytes() }).DisplayName -join ' ' | Should -Be 'Zoe Adele Info'
        ($rows | Sort-Object { $_.TotalItemSize.Value } -Descending).DisplayName -join ' ' | Should -Be 'Info Adele Zoe'
    }

    It 'sorts by dates and by several properties' {
        ($rows | Sort-Object WhenCreated).DisplayName -join ' ' | Should -Be 'Info Zoe Adele'
        ($rows | Sort-Object RecipientTypeDetails, @{ Expression = 'ItemCount'; Descending = $true }).DisplayName -join ' ' | Should -Be 'Info Adele Zoe'
        @($rows | Sort-Object RecipientTypeDetails -Unique).Count | Should -Be 2
    }

    It 'groups, also into a table' {
        $groups = $rows | Group-Object RecipientTypeDetails
        ($groups | Sort-Object Name).ForEach({ "$($_.Name)=$($_.Count)" }) -join ' ' | Should -Be 'SharedMailbox=1 UserMailbox=2'
        ($rows | Group-Object -AsHashTable -AsString -Property Alias)['zoe'].DisplayName | Should -Be 'Zoe'
        ($rows | Group-Object { $_.WhenCreated.Year }).Count | Should -Be 3
    }

    It 'adds up sizes and numbers' {
        [math]::Round(($rows | ForEach-Object { $_.TotalItemSize.Value.ToBytes() } | Measure-Object -Sum).Sum / 1GB, 2) | Should -Be 22.38
        ($rows | Measure-Object ItemCount -Sum -Maximum).Maximum | Should -Be 3
        @($rows | Where-Object { $_.TotalItemSize.Value.ToBytes() -gt 1GB }).Count | Should -Be 2
        @($rows | Where-Object { $_.TotalItemSize.Value -gt 1GB }).Count | Should -Be 2
    }

    It 'filters by every form of Where-Object' {
        @($rows | Where-Object WhenCreated -LT ([datetime]'2025-06-01')).Count | Should -Be 2
        @($rows | Where-Object { $_.EmailAddresses -clike 'smtp:Zoe*' }).DisplayName | Should -Be 'Zoe'
        @($rows | Where-Object EmailAddresses -Contains 'SMTP:Zoe@contoso.com').Count | Should -Be 1
        @($rows | Where-Object { -not $_.ForwardingAddress }).Count | Should -Be 3
        @($rows.Where({ $_.AuditEnabled })).Count | Should -Be 3
        ($rows.Where({ $_.ItemCount -gt 1 }, 'Split')[1]).DisplayName | Should -Be 'Zoe'
        @($rows | Where-Object { $_.GrantSendOnBehalfTo.Count -eq 0 }).Count | Should -Be 3
    }

    It 'compares' {
        $later = @(Get-Mailbox)
        @(Compare-Object $rows $later -Property Alias, ItemCount).Count | Should -Be 0
        $later[0].ItemCount = 9
        $differences = @(Compare-Object $rows $later -Property Alias, ItemCount)
        $differences.Count | Should -Be 2
        $differences.SideIndicator | Sort-Object | Should -Be @('<=', '=>')
        (Compare-Object $rows.Alias @('adele', 'info') -PassThru) | Should -Be 'zoe'
        (Compare-Object $rows $later[0, 1] -Property Alias -PassThru).TotalItemSize.Value.ToBytes() | Should -Be 21474836480
        (Compare-Object @($rows[0]) @($rows[0]) -IncludeEqual).SideIndicator | Should -Be '==' -Because 'an object is equal to itself'
    }
}

Describe 'Making other objects' {
    It 'Select-Object with calculated, wildcard and excluded properties' {
        $made = $rows[0] | Select-Object DisplayName, @{ Name = 'SizeGB'; Expression = { [math]::Round($_.TotalItemSize.Value.ToBytes() / 1GB, 1) } }, @{ l = 'Aliases'; e = { ($_.EmailAddresses -clike 'smtp:*') -replace 'smtp:' -join ';' } }
        @($made.PSObject.Properties.Name) -join ' ' | Should -Be 'DisplayName SizeGB Aliases'
        $made.SizeGB | Should -Be 1.5
        $made.Aliases | Should -Be 'Adele2@contoso.com'
        @(($rows[0] | Select-Object * -ExcludeProperty When*, EmailAddresses).PSObject.Properties.Name) -match '^(When|Email)' | Should -BeNullOrEmpty
        @($rows | Select-Object -ExpandProperty EmailAddresses).Count | Should -Be 9
        ($rows | Select-Object -First 1 -Skip 1).DisplayName | Should -Be 'Zoe'
        @($rows | Select-Object RecipientTypeDetails -Unique).Count | Should -Be 2
        ($rows | Select-Object -Last 1).DisplayName | Should -Be 'Info'
    }

    It 'keeps what a size can do in what was selected' {
        $made = $rows | Select-Object DisplayName, TotalItemSize
        $made[2].TotalItemSize.Value.ToBytes() | Should -Be 21474836480
        ($made[2].TotalItemSize -replace '\(.*' -replace '\s+$') | Should -Be '20 GB'
        $made[2].TotalItemSize.ToString().Split('(')[1].Split(' ')[0].Replace(',', '') | Should -Be '21474836480'
    }

    It 'keeps order, and the type name of the original until properties are selected' {
        @($rows[0].PSObject.Properties.Name)[0..3] -join ' ' | Should -Be 'DisplayName Identity Alias PrimarySmtpAddress'
        @(($rows[0] | Select-Object *).PSObject.Properties.Name) -join ' ' | Should -Be (@($rows[0].PSObject.Properties.Name) -join ' ')
        $rows[0].PSObject.TypeNames[0] | Should -Be 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
        @($rows[0] | Select-Object *)[0].PSObject.TypeNames[0] | Should -Be 'Selected.Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
    }

    It 'is taken for an object with properties' {
        $rows[0] -is [pscustomobject] | Should -BeTrue
        $rows[0] -is [psobject] | Should -BeTrue
        $rows[0].PSObject.Properties['Alias'].Value | Should -Be 'adele'
        $rows[0].PSObject.Properties.Match('When*').Count | Should -Be 2
        $name = 'Alias'
        $rows[0].$name | Should -Be 'adele'
        $rows.Alias -join ' ' | Should -Be 'adele zoe info'
        @($rows[0].EmailAddresses).GetType().Name | Should -Be 'Object[]'
    }

    It 'becomes a hashtable, a report object, a table of names' {
        $byAddress = @{}
        foreach ($row in $rows) { $byAddress[$row.PrimarySmtpAddress] = $row }
        $byAddress['zoe@contoso.com'].ItemCount | Should -Be 1
        $report = foreach ($row in $rows) { [pscustomobject]@{ Name = $row.DisplayName; Created = Get-Date $row.WhenCreated -Format 'yyyy-MM-dd'; Age = (New-TimeSpan -Start $row.WhenCreated -End ([datetime]'2026-07-01')).Days -gt 365 } }
        ($report | Where-Object Age).Name -join ' ' | Should -Be 'Zoe Info'
        ($rows | ForEach-Object DisplayName) -join ' ' | Should -Be 'Adele Zoe Info'
    }

    It 'takes notes and assignments in a loop' {
        $mine = @(Get-Mailbox)
        foreach ($row in $mine) {
            $row | Add-Member -NotePropertyName Manager -NotePropertyValue "boss of $($row.Alias)"
            $row.ForwardingAddress = 'nobody'
            $row.EmailAddresses += 'smtp:more@contoso.com'
        }
        ($mine | Where-Object Manager -EQ 'boss of zoe').ForwardingAddress | Should -Be 'nobody'
        $mine[0].EmailAddresses.Count | Should -Be 4
        ($mine | Select-Object Alias, Manager | ConvertTo-Csv)[1] | Should -Be '"adele","boss of adele"'
        $rows[0].EmailAddresses.Count | Should -Be 3
    }
}

Describe 'Writing out and reading in' {
    It 'CSV: values as text, in the order of the properties' {
        $file = Join-Path $TestDrive 'out.csv'
        $rows | Select-Object DisplayName, TotalItemSize, ItemCount, AuditEnabled, ExchangeGuid, @{ n = 'Addresses'; e = { $_.EmailAddresses -join ';' } } | Export-Csv -LiteralPath $file -NoTypeInformation
        $lines = Get-Content -LiteralPath $file
        $lines[0] | Should -Be '"DisplayName","TotalItemSize","ItemCount","AuditEnabled","ExchangeGuid","Addresses"'
        $lines[1] | Should -Be '"Adele","1.5 GB (1,610,612,736 bytes)","3","True","01176116-0000-4000-8000-000000000003","SMTP:Adele@contoso.com;smtp:Adele2@contoso.com;x500:/o=x"'
        $rows[1] | Select-Object DisplayName, TotalItemSize, ItemCount, AuditEnabled, ExchangeGuid, Addresses | Export-Csv -LiteralPath $file -Append
        @(Import-Csv -LiteralPath $file).Count | Should -Be 4
    }

    It 'JSON: numbers, Booleans, lists and nulls as such' {
        $json = $rows | ConvertTo-Json -Depth 3
        $read = $json | ConvertFrom-Json
        $read.Count | Should -Be 3
        $read[0].ItemCount | Should -BeOfType [long]
        $read[0].AuditEnabled | Should -BeTrue
        $read[0].EmailAddresses.Count | Should -Be 3
        , $read[0].GrantSendOnBehalfTo | Should -BeOfType [object[]]
        $null -eq $read[0].ForwardingAddress | Should -BeTrue
        $read[0].TotalItemSize | Should -Be '1.5 GB (1,610,612,736 bytes)'
        $read[0].WhenCreatedUTC.ToUniversalTime() | Should -Be ([datetime]::new(2026, 3, 1, 8, 0, 0, [DateTimeKind]::Utc))
        ($rows[0] | ConvertTo-Json -Depth 1 -WarningAction SilentlyContinue | ConvertFrom-Json).Alias | Should -Be 'adele'
        (ConvertTo-Json -InputObject $rows -Depth 2 | ConvertFrom-Json).Count | Should -Be 3
    }

    It 'CLIXML: values and types' {
        $file = Join-Path $TestDrive 'out.xml'
        $rows | Export-Clixml -LiteralPath $file
        $read = @(Import-Clixml -LiteralPath $file)
        $read.Count | Should -Be 3
        $read[1].ItemCount | Should -BeOfType [int]
        $read[1].AuditEnabled | Should -BeOfType [bool]
        $read[1].ExchangeGuid | Should -BeOfType [guid]
        $read[1].WhenCreated | Should -BeOfType [datetime]
        $read[1].WhenCreated | Should -Be $rows[1].WhenCreated
        $read[1].EmailAddresses.Count | Should -Be 3
        $read[1].GrantSendOnBehalfTo.Count | Should -Be 0
        $null -eq $read[1].GrantSendOnBehalfTo | Should -BeFalse
        "$($read[1])" | Should -Be 'Zoe'
        ($read | Sort-Object WhenCreated).DisplayName -join ' ' | Should -Be 'Info Zoe Adele'
        @($read[1].PSObject.Properties.Name)[0..3] -join ' ' | Should -Be 'DisplayName Identity Alias PrimarySmtpAddress'
        "$($read[1].TotalItemSize)" | Should -Be '900 MB (943,718,400 bytes)'
        "$($read[1].TotalItemSize.Value)" | Should -Be '900 MB (943,718,400 bytes)' -Because 'reports that were saved are read with the same idioms'
    }

    It 'HTML' {
        ($rows | ConvertTo-Html -Property DisplayName, TotalItemSize -Fragment) -join '' | Should -Match '<td>Zoe</td><td>900 MB \(943,718,400 bytes\)</td>'
    }

    It 'goes back to the cmdlets from a file' {
        $file = Join-Path $TestDrive 'back.xml'
        $rows | Export-Clixml -LiteralPath $file
        $sent = @(Get-SentCommand -Service $service -Script { Import-Clixml -LiteralPath $file | Set-Mailbox -Office 'x' })
        $sent.Count | Should -Be 3
        $sent.ForEach({ $_.Parameters.Identity }) -join ' ' | Should -Be 'Adele Zoe Info'
    }
}

Describe 'Showing' {
    It 'Format-Table, Format-List and Format-Wide show what was asked for' {
        $table = @(($rows | Format-Table DisplayName, TotalItemSize, EmailAddresses -AutoSize | Out-String -Width 200).Trim() -split '\r?\n')
        $table[0] | Should -Match '^DisplayName\s+TotalItemSize\s+EmailAddresses'
        $table[2] | Should -Match '^Adele\s+1\.5 GB \(1,610,612,736 bytes\)\s+\{SMTP:Adele@contoso\.com, smtp:Adele2@contoso\.com'
        $list = $rows[0] | Format-List | Out-String -Width 200
        foreach ($name in $rows[0].PSObject.Properties.Name) { $list | Should -Match "(?m)^$name\s*:" }
        $list | Should -Match '(?m)^GrantSendOnBehalfTo\s*: \{\}'
        ($rows | Format-Wide DisplayName -Column 3 | Out-String) | Should -Match 'Adele\s+Zoe\s+Info'
        ($rows | Format-Table DisplayName -GroupBy RecipientTypeDetails | Out-String) | Should -Match 'RecipientTypeDetails: SharedMailbox'
    }

    It 'Out-String -Stream and text in strings' {
        @($rows | Format-Table DisplayName -HideTableHeaders | Out-String -Stream | Where-Object { $_ }).Count | Should -Be 3
        "$($rows[0].DisplayName) has $($rows[0].TotalItemSize) in $($rows[0].EmailAddresses)" | Should -Be 'Adele has 1.5 GB (1,610,612,736 bytes) in SMTP:Adele@contoso.com smtp:Adele2@contoso.com x500:/o=x'
    }

    It 'Get-Member lists the properties' {
        @($rows | Get-Member -MemberType Properties).Name | Should -Contain 'TotalItemSize'
        @($rows[0] | Get-Member -Name *Address* -MemberType Properties).Name -join ' ' | Should -Be 'EmailAddresses ForwardingAddress PrimarySmtpAddress'
    }
}

Describe 'Other runspaces and processes' {
    It 'ForEach-Object -Parallel gives objects back whole' {
        $back = @($rows | ForEach-Object -Parallel { $_ | Add-Member -NotePropertyName Seen -NotePropertyValue $true -PassThru } -ThrottleLimit 3)
        $back.Count | Should -Be 3
        ($back | Sort-Object { $_.TotalItemSize.Value })[0].Alias | Should -Be 'zoe'
        $back[0].PSObject.TypeNames[0] | Should -Be 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
        $all = $rows
        1 | ForEach-Object -Parallel { ($using:all).Count } | Should -Be 3
    }

    It 'one object may be read in many runspaces at once' {
        $row = $rows[0]
        $read = 1..8 | ForEach-Object -Parallel { foreach ($i in 1..50) { "$(($using:row).DisplayName) $(($using:row).TotalItemSize.Value.ToBytes()) $(($using:row).EmailAddresses[1])" } } -ThrottleLimit 8
        @($read | Sort-Object -Unique) | Should -Be @('Adele 1610612736 smtp:Adele2@contoso.com')
    }

    It 'Start-Job takes objects and gives objects back' {
        $job = Start-Job -ArgumentList (, $rows) -ScriptBlock {
            param($Rows)
            foreach ($row in $Rows) { "$($row.DisplayName)|$($row.ItemCount + 1)|$($row.EmailAddresses.Count)|$($row.TotalItemSize)|$($row.WhenCreated.Year)|$($row.PSObject.TypeNames[0])" }
        }
        try { $said = @($job | Receive-Job -Wait) } finally { $job | Remove-Job -Force }
        $said[1] | Should -Be 'Zoe|2|3|900 MB (943,718,400 bytes)|2025|Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
        $said.Count | Should -Be 3
    }
}

Describe 'Very many objects' {
    It 'a hundred thousand are read, sorted and forgotten in sensible time and memory' {
        $earlier = $service.Answers['Get-Mailbox']
        $template = Get-Json 'NAME' '1 GB (1,073,741,824 bytes)' 'UserMailbox' 7 '2026-03-01'
        $text = [Text.StringBuilder]::new(90MB)
        foreach ($i in 1..100000) {
            if ($i -gt 1) { $null = $text.Append(',') }
            $null = $text.Append($template.Replace('NAME', "M$i").Replace("`n", '').Replace("`r", ''))
        }
        $service.Answers['Get-Mailbox'] = $text.ToString()
        $text = $null
        try {
            [GC]::Collect(); [GC]::WaitForPendingFinalizers(); [GC]::Collect()
            $managed = [GC]::GetTotalMemory($true)
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $count = 0
            $sum = [long]0
            foreach ($row in Get-Mailbox -ResultSize Unlimited) {
                $count++
                $sum += $row.ItemCount
                if ($row.EmailAddresses.Count -ne 3) { throw 'An object is not whole.' }
            }
            $count | Should -Be 100000
            $sum | Should -Be 700000
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 60

            $kept = @(Get-Mailbox -ResultSize Unlimited)
            # What is held here is a small object for each row: the page is elsewhere, once, and no value is copied before it is read.
            [GC]::GetTotalMemory($true) - $managed | Should -BeLessThan 60MB
            ($kept | Sort-Object DisplayName -Descending | Select-Object -First 1).DisplayName | Should -Be 'M99999'
            $kept = $row = $null
            [GC]::Collect(); [GC]::WaitForPendingFinalizers(); [GC]::Collect()
            [GC]::GetTotalMemory($true) - $managed | Should -BeLessThan 60MB
        }
        finally { $service.Answers['Get-Mailbox'] = $earlier }
    }
}
