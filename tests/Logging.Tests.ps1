#Requires -Version 7.4
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 8
    $script:address = Get-TenantAddress -Tenant $tenant
    $script:secret = (Get-TenantAccount -Tenant $tenant -Name 'admin').Password

    function Connect-Logged([hashtable] $Parameters = @{}) {
        $script:folder = Join-Path $tenant.Folder "log-$([guid]::NewGuid().ToString('N').Substring(0, 6))"
        Connect-TestTenant -Tenant $tenant -Parameters (@{ EnableErrorReporting = $true; LogDirectoryPath = $folder } + $Parameters) 6> $null
    }

    function Get-Log { @(Get-ChildItem -LiteralPath $folder -Filter *.csv | ForEach-Object { Import-Csv -LiteralPath $_.FullName }) }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'The log of cmdlets' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'is a file of the original''s name, and its place is said in yellow' {
        $folder = Join-Path $tenant.Folder 'new/folder'
        $said = @(Connect-TestTenant -Tenant $tenant -Parameters @{ EnableErrorReporting = $true; LogDirectoryPath = $folder } 6>&1)
        $line = @($said | Where-Object { "$_" -like 'Writing cmdlet logs to *' })
        $line.Count | Should -Be 1
        $line[0].MessageData.ForegroundColor | Should -Be 'Yellow'
        $file = Get-ChildItem -LiteralPath $folder
        "$($line[0])" | Should -Be "Writing cmdlet logs to $($file.FullName)"
        $file.Name | Should -Match '^EXOCmdletTelemetry-\d{8}-\d{6}\.csv$'
    }

    It 'is in the temporary folder when no other is named' {
        $said = @(Connect-TestTenant -Tenant $tenant -Parameters @{ EnableErrorReporting = $true } 6>&1 | ForEach-Object { "$_" } | Where-Object { $_ -like 'Writing cmdlet logs to *' })
        $file = $said[0] -replace '^Writing cmdlet logs to '
        try {
            Split-Path $file | Should -Be (Join-Path ([IO.Path]::GetTempPath()) 'EXOCmdletTelemetry')
            $file | Should -Exist
        }
        finally {
            Remove-Item -LiteralPath $file
            # It may hold the logs of somebody else.
            if (-not (Get-ChildItem -LiteralPath (Split-Path $file))) { Remove-Item -LiteralPath (Split-Path $file) }
        }
    }

    It 'has a row for the connection and for each run, with what happened' {
        Connect-Logged
        $id = (Get-ConnectionInformation).ConnectionId
        $null = Get-Mailbox -ResultSize 3 -WarningAction SilentlyContinue
        $null = Get-Failure { Get-Mailbox 'nobody' -ErrorAction Stop }
        $rows = Get-Log
        $rows.CmdletName | Should -Be @('Connect-ExchangeOnline', 'Get-Mailbox', 'Get-Mailbox')
        $rows.Status | Should -Be @('Success', 'Success', 'Failed')
        $rows.ConnectionId | Should -Be @("$id", "$id", "$id")
        $rows[1].RowCount | Should -Be '3'
        foreach ($row in $rows) {
            $time = [datetimeoffset]::ParseExact($row.Timestamp, 'yyyy-MM-ddTHH:mm:ss.fffZ', [cultureinfo]::InvariantCulture, 'AssumeUniversal')
            ([datetimeoffset]::UtcNow - $time).TotalMinutes | Should -BeLessThan 5
            [int]$row.DurationMs | Should -BeGreaterOrEqual 0
            $row.CpuTimeMs | Should -BeNullOrEmpty
        }
        $rows[2].ErrorMessage | Should -Match "object 'nobody' couldn't be found"
        $rows[2].RequestId | Should -Match '^[0-9a-f-]{36}$'
        $rows[2].ErrorId | Should -Match 'RequestId='
        $rows[1].RequestId | Should -Be (Get-TenantRequest -Tenant $tenant -CmdletName 'Get-Mailbox')[-2].clientRequestId
    }

    It 'names parameters, and tells their values only with -LogLevel All: <Level>' -ForEach @(
        @{ Level = 'Default'; Expected = '-Identity' }
        @{ Level = 'All'; Expected = '-Identity adele' }
    ) {
        Connect-Logged @{ LogLevel = $Level }
        $null = Get-Mailbox -Identity adele -WarningAction Continue
        # The engine's own parameters say nothing about the request.
        (Get-Log)[-1].CmdletParameters | Should -Be $Expected
    }

    It 'is read back as it was written: <Text>' -ForEach @(
        @{ Text = 'a "quoted", text' }
        @{ Text = "two`nlines`r`nthree" }
        @{ Text = '=1+1' }
        @{ Text = '+cmd' }
        @{ Text = '-minus' }
        @{ Text = '@at' }
        @{ Text = 'Élodie Σ 日本' }
    ) {
        Connect-Logged @{ LogLevel = 'All' }
        $null = Get-Mailbox -Identity $Text -ErrorAction SilentlyContinue
        $rows = Get-Log
        $rows.Count | Should -Be 2
        $rows[-1].CmdletParameters | Should -Be "-Identity $Text"
        $rows[-1].Status | Should -Be 'Failed'
    }

    It 'says what a run took with -TrackPerformance' {
        Connect-Logged @{ TrackPerformance = $true }
        $null = Get-Mailbox
        foreach ($row in Get-Log) {
            [int]$row.CpuTimeMs | Should -BeGreaterOrEqual 0
            [int]$row.WorkingSetMB | Should -BeGreaterThan 10
        }
    }

    It 'has runs that a later command ended' {
        Connect-Logged
        $null = Get-Mailbox | Select-Object -First 1
        (Get-Log)[-1].Status | Should -Be 'Stopped'
    }

    It 'has a row for a sign-in that failed' {
        $folder = Join-Path $tenant.Folder 'failed'
        $credential = Get-TenantCredential -Tenant $tenant -Password 'Wr0ng-password'
        $null = Get-Failure { Connect-ExchangeOnline @address -Credential $credential -EnableErrorReporting -LogDirectoryPath $folder -LogLevel All 6> $null }
        $row = Get-ChildItem -LiteralPath $folder | ForEach-Object { Import-Csv -LiteralPath $_.FullName }
        $row.Status | Should -Be 'Failed'
        $row.ErrorId | Should -Be 'AADSTS50126'
        $row.CmdletParameters | Should -Match '-Credential \*\*\*'
    }

    It 'never has a secret' {
        $clientSecret = ConvertTo-SecureString 'cl1ent-s3cret' -AsPlainText -Force
        Connect-Logged @{ LogLevel = 'All' }
        foreach ($try in @{ AppId = 'x'; Organization = 'y.onmicrosoft.com'; ClientSecret = $clientSecret }, @{ AccessToken = 'eyJ0oken.s3cret.x'; Organization = 'y.onmicrosoft.com' }) {
            $null = Get-Failure { Connect-ExchangeOnline @address @try -EnableErrorReporting -LogLevel All -LogDirectoryPath $folder 6> $null }
        }
        $null = Get-Mailbox adele
        $text = Get-ChildItem -LiteralPath $folder | Get-Content -Raw | Out-String
        $text | Should -Match 'ClientSecret'
        foreach ($word in $secret, 'cl1ent-s3cret', 's3cret') { $text.Contains($word) | Should -BeFalse }
    }

    It 'belongs to its connection' {
        Connect-Logged
        Connect-TestTenant -Tenant $tenant -As 'viewer'
        $null = Get-Mailbox
        (Get-Log).Count | Should -Be 1
        $null = Get-Mailbox -ConnectionId (Get-ConnectionInformation | Sort-Object Id)[0].ConnectionId
        (Get-Log).Count | Should -Be 2
        Disconnect-ExchangeOnline -Confirm:$false
    }

    It 'may be written by many runspaces at once' {
        Connect-Logged
        $module = $env:EXORS_MODULE
        1..40 | ForEach-Object -Parallel { Import-Module $using:module; $null = Get-AcceptedDomain } -ThrottleLimit 8
        $rows = @(Get-Log | Where-Object CmdletName -EQ 'Get-AcceptedDomain')
        $rows.Count | Should -Be 40
        @($rows | Where-Object Status -NE 'Success').Count | Should -Be 0
    }

    It 'that cannot be written stops nobody, and warns once' {
        Connect-Logged
        # Where its folder was there is a file now.
        Remove-Item -LiteralPath $folder -Recurse
        Set-Content -LiteralPath $folder -Value 'in the way'
        $said = @(Get-Mailbox -ResultSize 2 3>&1 | Where-Object { $_ -is [Management.Automation.WarningRecord] -and "$_" -like '*log of cmdlets*' })
        $said.Count | Should -Be 1
        @(Get-Mailbox 3>&1 | Where-Object { "$_" -like '*log of cmdlets*' }).Count | Should -Be 0
    }

    It 'that was deleted begins anew' {
        Connect-Logged
        Remove-Item -LiteralPath (Get-ChildItem -LiteralPath $folder).FullName
        $null = Get-Mailbox
        (Get-Log).CmdletName | Should -Be 'Get-Mailbox'
    }

    It 'that cannot be made is told before anything is sent' {
        $inTheWay = Join-Path $tenant.Folder 'a-file'
        Set-Content -LiteralPath $inTheWay -Value 'in the way'
        $before = Measure-TenantRequest -Tenant $tenant
        $record = Get-Failure { Connect-TestTenant -Tenant $tenant -Parameters @{ EnableErrorReporting = $true; LogDirectoryPath = (Join-Path $inTheWay 'logs') } }
        $record.FullyQualifiedErrorId | Should -BeLike 'LogNotWritable,*'
        $record.Exception.Message | Should -Match '-LogDirectoryPath'
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
    }

    It 'is not kept without being asked for, and other parameters say so' {
        $folder = Join-Path $tenant.Folder 'unused'
        $said = @(Connect-TestTenant -Tenant $tenant -Parameters @{ LogDirectoryPath = $folder; LogLevel = 'All' } 3>&1)
        "$said" | Should -Match '-EnableErrorReporting'
        $folder | Should -Not -Exist
    }
}
