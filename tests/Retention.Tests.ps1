#Requires -Version 7.4
<#
What a script keeps of an answer, and what becomes of the rest: a few rows of many are moved from the page they came with, and are the same
afterwards. What is alive only the garbage collector knows, so it is made to run.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/WrittenService.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:service = Start-WrittenService
    Connect-WrittenService -Service $service

    $script:row = @'
{"@odata.type":"#Exchange.GenericHashTable","Identity":"Person #","Name":"n#","DisplayName":"Ad\u00e8le \"#\" 日本","Guid@data.type":"System.Guid",
"Guid":"01176116-0000-4000-8000-000000000001","WhenChangedUTC@data.type":"System.DateTime","WhenChangedUTC":"2026-07-15T16:40:06.0000000Z",
"Big@odata.type":"#Int64","Big":9007199254740993,"EmailAddresses@odata.type":"#Collection(String)","EmailAddresses":["SMTP:a#@contoso.com","smtp:b#@contoso.com"],
"ProhibitSendQuota":"50 GB (53,687,091,200 bytes)","Nested":{"A":1,"B":{"C":["x"]}},"Nothing":null}
'@
    $service.Answers['Get-Mailbox'] = (1..60 | ForEach-Object { $row.Replace('#', "$_") }) -join ','
    $script:source = [ExchangeOnlineRs.Row].GetField('page', [Reflection.BindingFlags] 'Instance, NonPublic')

    # Where a row reads its values from.
    function Get-Source($Row) { $source.GetValue($Row.PSObject.BaseObject).GetType().Name }

    # Collects garbage until the row is moved; whether it was.
    function Wait-Move($Row) {
        foreach ($attempt in 1..50) {
            [GC]::Collect()
            [GC]::WaitForPendingFinalizers()
            if ((Get-Source $Row) -eq 'KeptRow') { return $true }
            Start-Sleep -Milliseconds 100
        }
        $false
    }

    # In a function of its own, so that nothing on the stack keeps the others.
    function Get-Kept([int[]] $Index) {
        $all = @(Get-Mailbox -ResultSize Unlimited)
        $Index | ForEach-Object { , $all[$_] }
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-WrittenService $service
}

Describe 'A row that is kept of many' {
    It 'is moved from its page, and has the same values' {
        $kept = Get-Kept 41
        $before = $kept | ConvertTo-Json -Depth 6
        Wait-Move $kept | Should -BeTrue
        $kept | ConvertTo-Json -Depth 6 | Should -Be $before
        "$kept" | Should -Be 'Person 42'
        $kept.EmailAddresses -join ' ' | Should -Be 'SMTP:a42@contoso.com smtp:b42@contoso.com'
        $kept.Big | Should -Be 9007199254740993
        $kept.Guid | Should -BeOfType guid
        $kept.Nothing | Should -BeNullOrEmpty
        @($kept.PSObject.Properties.Name).Count | Should -Be 10
    }

    It 'keeps what was assigned and added' {
        $kept = Get-Kept 3
        $kept.DisplayName = 'assigned'
        $kept.EmailAddresses[0] = 'SMTP:changed@contoso.com'
        $kept | Add-Member -NotePropertyName Extra -NotePropertyValue 7
        Wait-Move $kept | Should -BeTrue
        $kept.DisplayName | Should -Be 'assigned'
        $kept.EmailAddresses[0] | Should -Be 'SMTP:changed@contoso.com'
        $kept.Extra | Should -Be 7
        $kept.Name | Should -Be 'n4'
    }

    It 'names the object still, when it is piped on' {
        $kept = Get-Kept 9
        Wait-Move $kept | Should -BeTrue
        $service.Answers['Set-Mailbox'] = ''
        $sent = Get-SentCommand -Service $service -Script { $kept | Set-Mailbox -CustomAttribute1 x }
        $sent.Parameters.Identity | Should -Be 'Person 10'
    }

    It 'can be read by many while it is moved' {
        $kept = Get-Kept 17
        $wrong = 1..4 | ForEach-Object -Parallel {
            $row = $using:kept
            foreach ($i in 1..3000) {
                if ($row.Name -ne 'n18' -or $row.EmailAddresses[1] -ne 'smtp:b18@contoso.com') { "$($row.Name) $($row.EmailAddresses)" }
                if ($i % 500 -eq 0) { [GC]::Collect() }
            }
        } -ThrottleLimit 4
        $wrong | Should -BeNullOrEmpty
        Wait-Move $kept | Should -BeTrue
    }
}

Describe 'Rows that are kept together' {
    It 'stay on their page: a copy of each would take more memory' {
        $all = @(Get-Mailbox -ResultSize Unlimited)
        foreach ($i in 1..3) {
            [GC]::Collect()
            [GC]::WaitForPendingFinalizers()
        }
        Start-Sleep -Milliseconds 300
        $all | ForEach-Object { Get-Source $_ } | Sort-Object -Unique | Should -Be 'NativePage'
        $all[59].Name | Should -Be 'n60'
    }
}

Describe 'A copy of a row' {
    It 'does not need the page' {
        $copy = @(Get-Mailbox -ResultSize Unlimited)[5].PSObject.Copy()
        Get-Source $copy | Should -Be 'KeptRow'
        $copy.DisplayName | Should -Be 'Adèle "6" 日本'
    }
}
