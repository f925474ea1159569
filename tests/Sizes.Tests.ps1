#Requires -Version 7.4
<#
Sizes in files, reports and jobs, and the idioms of scripts on their values. The answers are written out. Rows.Tests.ps1 has what a size is on its row.
`cargo xtask test` names the module in EXORS_MODULE.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/WrittenService.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:service = Start-WrittenService
    Connect-WrittenService -Service $service
    $service.Answers['Get-MailboxStatistics'] = @(
        '{"Identity":"adele","DisplayName":"Adele","TotalItemSize":"1.5 GB (1,610,612,736 bytes)","Quota":"Unlimited"}'
        '{"Identity":"zoe","DisplayName":"Zoe","TotalItemSize":"900 MB (943,718,400 bytes)","Quota":"Unlimited"}'
        '{"Identity":"info","DisplayName":"Info","TotalItemSize":"20 GB (21,474,836,480 bytes)","Quota":"100 GB (107,374,182,400 bytes)"}'
    ) -join ','
    $script:rows = @(Get-MailboxStatistics x)
    $script:text = '1.5 GB (1,610,612,736 bytes)'

    function Read-Again($InputObject, [hashtable] $How = @{}) {
        $file = Join-Path $TestDrive 'again.xml'
        $InputObject | Export-Clixml -LiteralPath $file @How
        Import-Clixml -LiteralPath $file
    }

    # In another process, which does not have the module.
    function Invoke-Job([scriptblock] $Script, [object[]] $Values) {
        $job = Start-Job -ScriptBlock $Script -ArgumentList $Values
        try { $job | Receive-Job -Wait } finally { $job | Remove-Job -Force }
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-WrittenService $service
}

Describe 'A size from a file of Export-Clixml' {
    BeforeAll { $script:read = @(Read-Again $rows) }

    It 'has the idioms: text, text with brackets, value, comparison' {
        $read[0].TotalItemSize -replace '\(.*' | Should -Be '1.5 GB '
        $read[0].TotalItemSize.ToString().Split('(')[0] | Should -Be '1.5 GB '
        "$($read[0].TotalItemSize.Value)" | Should -Be $text
        $read[0].TotalItemSize.Value.ToBytes() | Should -Be 1610612736
        $read[0].TotalItemSize.Value.ToMB() | Should -Be 1536
        $read[0].TotalItemSize.Value -gt 1GB | Should -BeTrue
        $read[1].TotalItemSize.Value -gt 1GB | Should -BeFalse
        $read[0].TotalItemSize.Value / 1GB | Should -Be 1.5
        $read[0].TotalItemSize.IsUnlimited | Should -BeFalse
        $read[0].Quota.IsUnlimited | Should -BeTrue
        $null -eq $read[0].Quota.Value | Should -BeTrue
    }

    It 'sorts and adds up' {
        ($read | Sort-Object { $_.TotalItemSize.Value } -Descending).DisplayName -join ' ' | Should -Be 'Info Adele Zoe'
        ($read | ForEach-Object { $_.TotalItemSize.Value.ToBytes() } | Measure-Object -Sum).Sum | Should -Be 24029167616
        @($read | Where-Object { $_.TotalItemSize.Value -lt 2GB }).Count | Should -Be 2
    }

    It 'is one however deep it lay: <Case>' -ForEach @(
        @{ Case = 'a column of a report'; Make = { $rows | Select-Object DisplayName, @{ n = 'Size'; e = { $_.TotalItemSize.Value } } }; Pick = { $args[0].Size } }
        @{ Case = 'a table of tables'; Make = { @{ a = @{ b = @{ c = $rows[0].TotalItemSize.Value } } } }; Pick = { $args[0].a.b.c } }
        @{ Case = 'by itself'; Make = { , $rows[0].TotalItemSize.Value }; Pick = { $args[0] } }
    ) {
        $size = & $Pick @(Read-Again (& $Make))[0]
        $size | Should -BeOfType [ExchangeOnlineRs.ByteQuantifiedSize]
        $size.ToBytes() | Should -Be 1610612736
    }

    It 'keeps its text where the caller cut the depth' {
        $size = (Read-Again $rows[0] @{ Depth = 1 }).TotalItemSize
        "$($size.Value)" | Should -Be $text
    }

    It 'goes back to a cmdlet' {
        $sent = @(Get-SentCommand -Service $service -Script { Set-Mailbox adele -ProhibitSendQuota $read[0].TotalItemSize.Value })
        $sent[0].Parameters.ProhibitSendQuota | Should -Match '1610612736|1\.5 ?GB'
    }
}

Describe 'A size in a job' {
    It 'says what it is, and never a wrong answer' {
        $said = Invoke-Job -Values $rows[0] -Script {
            param($Row)
            "$($Row.TotalItemSize)"
            $Row.TotalItemSize -replace '\(.*'
            "$($Row.TotalItemSize.Value)"
            $Row.TotalItemSize.Value.Bytes
            $Row.TotalItemSize.Value.Bytes -gt 1GB
            $Row.TotalItemSize.IsUnlimited
            # There is no module here that could compare sizes. As text, 900 MB would be more than 1 GB.
            try { $Row.TotalItemSize.Value -gt 1GB } catch { 'refused' }
        }
        $said | Should -Be @($text, '1.5 GB ', $text, 1610612736, $true, $false, 'refused')
    }

    It 'has methods and compares where the job has a connection' {
        $said = Invoke-Job -Values $env:EXORS_MODULE, (Join-Path $PSScriptRoot 'support/WrittenService.psm1'), $rows[0] -Script {
            param($Module, $Support, $Row)
            Import-Module $Support
            Import-Module $Module
            $service = Start-WrittenService
            try {
                Connect-WrittenService -Service $service
                $Row.TotalItemSize.Value.ToBytes()
                $Row.TotalItemSize.Value.ToKB()
                $Row.TotalItemSize.Value.ToMB()
                $Row.TotalItemSize.Value.ToGB()
                $Row.TotalItemSize.Value.ToTB()
                [ExchangeOnlineRs.ByteQuantifiedSize]$Row.TotalItemSize.Value -gt 1GB
                $service.Answers['Get-MailboxStatistics'] = '{"Identity":"adele","TotalItemSize":"20 GB (21,474,836,480 bytes)"}'
                (Get-MailboxStatistics adele).TotalItemSize.Value -gt $Row.TotalItemSize.Value
            }
            finally { Stop-WrittenService $service }
        }
        $said | Should -Be @(1610612736, 1572864, 1536, 1, 0, $true, $true)
    }

    It 'that comes back is a size again' {
        $back = Invoke-Job -Values (, $rows) -Script { param($Rows) $Rows }
        $back.Count | Should -Be 3
        $back[0].TotalItemSize.Value.ToBytes() | Should -Be 1610612736
        $back[0].TotalItemSize.Value -gt 1GB | Should -BeTrue
        ($back | Sort-Object { $_.TotalItemSize.Value })[0].DisplayName | Should -Be 'Zoe'
    }
}

Describe 'A size in a report' {
    BeforeAll { $script:report = $rows | Select-Object DisplayName, @{ n = 'Size'; e = { $_.TotalItemSize.Value } } }

    It 'keeps its bytes in JSON' {
        $read = @($report | ConvertTo-Json | ConvertFrom-Json)
        $read[0].Size.Bytes | Should -Be 1610612736
        $read[0].Size.Text | Should -Be $text
        $rows[0].TotalItemSize | ConvertTo-Json | Should -Be "`"$text`""
        @($rows | ConvertTo-Json | ConvertFrom-Json)[0].TotalItemSize | Should -Be $text
    }

    It 'is its text in CSV, in HTML and on the screen' {
        @($report | ConvertTo-Csv)[1] | Should -Be "`"Adele`",`"$text`""
        ($report | ConvertTo-Html -Fragment) -join '' | Should -Match ([regex]::Escape("<td>Adele</td><td>$text</td>"))
        $report | Format-Table | Out-String -Width 200 | Should -Match ([regex]::Escape("Adele       $text"))
        $report | Format-List | Out-String -Width 200 | Should -Match ([regex]::Escape("Size        : $text"))
        ($rows[0].TotalItemSize.Value | Out-String).Trim() | Should -Be $text
        ($rows.TotalItemSize.Value | Out-String).Trim() -split '\r?\n' | Should -Be @($rows.TotalItemSize)
        "$($report[0].Size)" | Should -Be $text
    }

    It 'is its text in a search' {
        @($rows | Where-Object { $_.TotalItemSize.Value -like '*GB*' }).Count | Should -Be 2
        @($rows | Where-Object { $_.TotalItemSize.Value -match '^9' }).Count | Should -Be 1
    }

    It 'is shown as its text where nobody wants views' {
        Disconnect-ExchangeOnline -Confirm:$false
        Remove-Module ExchangeOnlineRs
        try {
            Import-Module $env:EXORS_MODULE
            Connect-WrittenService -Service $service -Parameters @{ SkipLoadingFormatData = $true }
            ((Get-MailboxStatistics x)[0].TotalItemSize.Value | Out-String).Trim() | Should -Be $text
        }
        finally {
            Disconnect-ExchangeOnline -Confirm:$false
            Connect-WrittenService -Service $service
        }
    }
}

Describe 'The value of a size' {
    BeforeAll { $script:size = $rows[0].TotalItemSize.Value }

    It 'has the methods of text' {
        $size.Split('(')[0] | Should -Be '1.5 GB '
        $size.Split('( )'.ToCharArray())[0] | Should -Be '1.5'
        $size.Split(' ')[1] | Should -Be 'GB'
        $size.Split(' (')[0] | Should -Be '1.5 GB'
        $size.Replace(',', '') | Should -Be '1.5 GB (1610612736 bytes)'
        $size.Substring(0, 6) | Should -Be '1.5 GB'
        $size.Substring($size.IndexOf('(')) | Should -Be '(1,610,612,736 bytes)'
        $size.Contains('GB') | Should -BeTrue
        $size.Contains('MB') | Should -BeFalse
        $size.StartsWith('1.5') | Should -BeTrue
        $size.EndsWith('bytes)') | Should -BeTrue
        $size.Trim() | Should -Be $text
        $size.Trim('1)') | Should -Be '.5 GB (1,610,612,736 bytes'
        $size.TrimStart('1') | Should -Be '.5 GB (1,610,612,736 bytes)'
        $size.TrimEnd(')') | Should -Be '1.5 GB (1,610,612,736 bytes'
        $size.PadLeft(31) | Should -Be "   $text"
        $size.PadRight(31) | Should -Be "$text   "
        $size.Remove(6) | Should -Be '1.5 GB'
        $size.Remove(0, 7) | Should -Be '(1,610,612,736 bytes)'
        $size.LastIndexOf(',') | Should -Be 17
        $size.ToUpper() | Should -BeExactly '1.5 GB (1,610,612,736 BYTES)'
        $size.ToLower() | Should -BeExactly '1.5 gb (1,610,612,736 bytes)'
        [math]::Round($size.ToString().Split('(')[1].Split(' ')[0].Replace(',', '') / 1GB, 2) | Should -Be 1.5
        $size + ' used' | Should -Be "$text used"
        'used: ' + $size | Should -Be "used: $text"
    }

    It 'adds up: <Case>' -ForEach @(
        @{ Case = 'from 0'; Start = 0 }
        @{ Case = 'from nothing'; Start = $null }
        @{ Case = 'from 0 as a long number'; Start = [long]0 }
        @{ Case = 'from 0 as a fraction'; Start = [double]0 }
    ) {
        $total = $Start
        foreach ($row in $rows) { $total += $row.TotalItemSize.Value }
        $total.ToBytes() | Should -Be 24029167616
        $total / 1MB | Should -Be 22916
        $total -gt 20GB | Should -BeTrue
    }

    It 'adds and takes away bytes' {
        ($size + 1KB).ToBytes() | Should -Be 1610613760
        ($size + -1KB).ToBytes() | Should -Be 1610611712
        { $size + -2GB } | Should -Throw
        $negative = [ExchangeOnlineRs.ByteQuantifiedSize](-5)
        { $negative + 1GB } | Should -Throw '*negative*'
        { $size + $negative } | Should -Throw '*negative*'
        { $size - $negative } | Should -Throw '*negative*'
        $size -gt $negative | Should -BeTrue
        { $rows[0].TotalItemSize.Value + [ExchangeOnlineRs.ByteQuantifiedSize][uint64]::MaxValue } | Should -Throw
        $rows[2].TotalItemSize.Value - $size | Should -Be 19864223744
        $size - $rows[2].TotalItemSize.Value | Should -Be -19864223744
        ($rows.TotalItemSize.Value | Measure-Object -Sum).Sum | Should -Be 24029167616
    }
}

Describe 'A size written as in another country' {
    It '<Text>' -ForEach @(
        @{ Text = '1,023.5 MB (1,073,217,536 bytes)'; Bytes = 1073217536 }
        @{ Text = '1.023,5 MB (1.073.217.536 bytes)'; Bytes = 1073217536 }
        @{ Text = '1,5 GB (1 610 612 736 bytes)'; Bytes = 1610612736 }
        @{ Text = "1,5 GB (1$([char]0xa0)610$([char]0xa0)612$([char]0xa0)736 bytes)"; Bytes = 1610612736 }
        @{ Text = "1$([char]0x202f)023,5 MB (1$([char]0x202f)073$([char]0x202f)217$([char]0x202f)536 bytes)"; Bytes = 1073217536 }
        @{ Text = "1.5 GB (1'610'612'736 bytes)"; Bytes = 1610612736 }
        @{ Text = '1.5 GB (1.610.612.736 bytes)'; Bytes = 1610612736 }
        @{ Text = '0 B (0 bytes)'; Bytes = 0 }
    ) {
        $service.Answers['Get-Mailbox'] = '{"Identity":"a","Size":' + ($Text | ConvertTo-Json) + '}'
        $size = (Get-Mailbox a).Size
        $size | Should -BeOfType [string]
        "$size" | Should -Be $Text
        $size.Value.ToBytes() | Should -Be $Bytes
        "$($size.Value)" | Should -Be $Text
        (Read-Again $size.Value).ToBytes() | Should -Be $Bytes
    }

    It 'is not seen in <Text>' -ForEach @(
        @{ Text = '1.5 GB (1,,610 bytes)' }
        @{ Text = '1.5 GB ( bytes)' }
        @{ Text = '1.5 GB (,610 bytes)' }
        @{ Text = '1.5. GB (610 bytes)' }
        @{ Text = '2 XB (610 bytes)' }
        @{ Text = '2 files (610 bytes)' }
        @{ Text = '5GB (610 bytes)' }
        @{ Text = '5 GB (99,999,999,999,999,999,999 bytes)' }
        @{ Text = '-1 B (-1 bytes)' }
        @{ Text = '1 GB (1 GB (1 bytes)' }
    ) {
        $service.Answers['Get-Mailbox'] = '{"Identity":"a","Size":' + ($Text | ConvertTo-Json) + '}'
        $size = (Get-Mailbox a).Size
        $size | Should -Be $Text
        $size.PSObject.Properties['Value'] | Should -BeNullOrEmpty
    }
}

Describe 'The text of a size that came as a number' {
    It 'has four significant digits, as the service writes them: <Text>' -ForEach @(
        @{ Bytes = 0; Text = '0 B (0 bytes)' }
        @{ Bytes = 1023; Text = '1023 B (1,023 bytes)' }
        @{ Bytes = 1334578302; Text = '1.243 GB (1,334,578,302 bytes)' }
        @{ Bytes = 13345783020; Text = '12.43 GB (13,345,783,020 bytes)' }
        @{ Bytes = 133457830200; Text = '124.3 GB (133,457,830,200 bytes)' }
        @{ Bytes = 1087000000000; Text = '1012 GB (1,087,000,000,000 bytes)' }
        @{ Bytes = 106300440576; Text = '99 GB (106,300,440,576 bytes)' }
        @{ Bytes = 1073741824; Text = '1 GB (1,073,741,824 bytes)' }
    ) {
        "$([ExchangeOnlineRs.ByteQuantifiedSize]$Bytes)" | Should -BeExactly $Text
    }
}

Describe 'A flag that travels as text' {
    It '<Written> is <Expected>' -ForEach @(
        @{ Written = '"False"'; Expected = $false }
        @{ Written = '"True"'; Expected = $true }
        @{ Written = '"false"'; Expected = $false }
        @{ Written = 'false'; Expected = $false }
        @{ Written = 'true'; Expected = $true }
        @{ Written = 'null'; Expected = $null }
        @{ Written = '"maybe"'; Expected = 'maybe' }
    ) {
        $service.Answers['Get-Mailbox'] = '{"Identity":"a","Flag@data.type":"System.Boolean","Flag":' + $Written + ',"Nested":{"Flag@data.type":"System.Boolean","Flag":' + $Written + '}}'
        $row = Get-Mailbox a
        foreach ($flag in $row.Flag, $row.Nested.Flag) {
            if ($null -eq $Expected) { $null -eq $flag | Should -BeTrue; continue }
            $flag | Should -BeOfType $Expected.GetType()
            $flag | Should -Be $Expected
        }
    }
}
