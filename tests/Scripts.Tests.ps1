#Requires -Version 7.4
<#
Scripts as administrators write them, run as they are against the simulated tenant. They know the module by the name ExchangeOnlineManagement.
`cargo xtask test` names the module in EXORS_MODULE.
#>
BeforeAll {
    # Numbers in files are written as the culture writes them, and a cast reads them as the invariant one does.
    $script:earlierCulture = [cultureinfo]::CurrentCulture
    [cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    $script:earlierPath = $env:PSModulePath
    $env:PSModulePath = (Join-Path (Split-Path $env:EXORS_MODULE) 'companion') + [IO.Path]::PathSeparator + $env:PSModulePath
    Remove-Module ExchangeOnlineRs, ExchangeOnlineManagement -ErrorAction Ignore
    Import-Module ExchangeOnlineManagement -MinimumVersion 3.0
    $script:tenant = Start-TestTenant -Mailboxes 25 -Options '--log-parameters'
    $script:connection = (Get-TenantAddress -Tenant $tenant) + @{ Credential = Get-TenantCredential -Tenant $tenant -Name 'admin' }
    $script:scripts = Join-Path $PSScriptRoot 'scripts/admin'
    $script:domain = (Get-TenantOrganization -Tenant $tenant).VanityDomain

    Connect-TestTenant -Tenant $tenant
    $script:adele = (Get-Mailbox adele).PrimarySmtpAddress
    $script:bruno = (Get-Mailbox bruno.lacroix).PrimarySmtpAddress
    Disconnect-ExchangeOnline -Confirm:$false

    # What a script needs to be there, and what came of it, is looked at on a connection that the scripts do not see.
    function Connect-Aside { Connect-TestTenant -Tenant $tenant }
    function Invoke-Aside([scriptblock] $Script) {
        Connect-Aside
        try { & $Script } finally { Disconnect-ExchangeOnline -Confirm:$false }
    }

    # Whether a size in words, which is a rounded one, is that of so many bytes.
    function Test-SizeText([string] $Text, [long] $Bytes) {
        $number, $unit = $Text.Trim() -split ' '
        [math]::Abs([double]$number * @{ B = 1; KB = 1KB; MB = 1MB; GB = 1GB; TB = 1TB }[$unit] - $Bytes) -le 0.005 * $Bytes
    }

    # A script in a shell of its own that knows nothing but where modules are. Its output comes back as JSON.
    function Invoke-InNewShell([string] $Script) {
        $program = Join-Path $TestDrive 'shell.ps1'
        Set-Content -LiteralPath $program -Value @'
param($Support, $ReadyFile, $Script)
Import-Module $Support
$tenant = Read-TenantReadyFile -Path $ReadyFile
$connection = (Get-TenantAddress -Tenant $tenant) + @{ Credential = Get-TenantCredential -Tenant $tenant }
if ((Get-Module).Name -like 'ExchangeOnline*') { throw 'Something has loaded the module already.' }
function global:Install-Module { throw 'The module is there and is installed all the same.' }
ConvertTo-Json -InputObject @(& $Script -Connection $connection) -Depth 4
exit 0
'@
        $arguments = (Join-Path $PSScriptRoot 'support/TestTenant.psm1'), $tenant.ReadyFile, (Join-Path $scripts $Script)
        $pwsh = if ($env:EXORS_PWSH) { $env:EXORS_PWSH } else { Join-Path $PSHOME 'pwsh' }
        $said = @(& $pwsh -NoLogo -NoProfile -ExecutionPolicy Bypass -File $program @arguments 2>&1 | ForEach-Object { "$_" }) -join "`n"
        $LASTEXITCODE | Should -Be 0 -Because $said
        $said | ConvertFrom-Json
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
    Remove-Module ExchangeOnlineManagement -ErrorAction Ignore
    $env:PSModulePath = $earlierPath
    [cultureinfo]::CurrentCulture = $earlierCulture
}

Describe 'Every script' {
    It '<_> parses, explains itself, and uses no command that is not there' -ForEach @((Get-ChildItem (Join-Path $PSScriptRoot 'scripts/admin') -Filter *.ps1).Name) {
        $errors = $null
        $ast = [Management.Automation.Language.Parser]::ParseFile((Join-Path $scripts $_), [ref]$null, [ref]$errors)
        $errors | Should -BeNullOrEmpty
        $ast.GetHelpContent().Synopsis | Should -Not -BeNullOrEmpty
        # What a filter in braces says is no command.
        $filters = @($ast.FindAll({ param($Node) $Node -is [Management.Automation.Language.CommandParameterAst] -and $Node.ParameterName -eq 'Filter' }, $true).Extent.EndOffset)
        $blocks = @($ast.FindAll({ param($Node) $Node -is [Management.Automation.Language.ScriptBlockExpressionAst] -and ($Node.Extent.StartOffset - 1) -in $filters }, $true).Extent)
        $names = $ast.FindAll({ param($Node) $Node -is [Management.Automation.Language.CommandAst] }, $true) |
            Where-Object { $place = $_.Extent.StartOffset; -not ($blocks | Where-Object { $_.StartOffset -lt $place -and $_.EndOffset -gt $place }) } | ForEach-Object { $_.GetCommandName() } | Where-Object { $_ } | Sort-Object -Unique
        # Who has to install the module has a shell that can.
        foreach ($name in $names -ne 'Install-Module') { Get-Command $name -ErrorAction Ignore | Should -Not -BeNullOrEmpty -Because $name }
    }
}

Describe 'Get-MailboxQuotaReport.ps1' {
    BeforeAll {
        # The same by other cmdlets, which read other addresses.
        $script:expected = Invoke-Aside {
            foreach ($mailbox in Get-EXOMailbox -RecipientTypeDetails UserMailbox, SharedMailbox -ResultSize Unlimited -PropertySets Quota) {
                $statistics = Get-EXOMailboxStatistics -Identity $mailbox.UserPrincipalName
                $limit = [long]($mailbox.ProhibitSendQuota -replace '^.*\(|[^\d]')
                @{
                    Address = $mailbox.PrimarySmtpAddress; Items = $statistics.ItemCount
                    Bytes = $statistics.TotalItemSize.Value.ToBytes(); Percent = 100 * $statistics.TotalItemSize.Value.ToBytes() / $limit
                }
            }
        }
        function ConvertTo-QuotaLine($Row) { '{0} {1} {2:0.000} {3:0.00}' -f $Row.Address, $Row.Items, [double]$Row.SizeGB, [double]$Row.Percent }
        function Get-QuotaLine([scriptblock] $Condition) {
            $expected | Where-Object $Condition |
                ForEach-Object { ConvertTo-QuotaLine @{ Address = $_.Address; Items = $_.Items; SizeGB = [math]::Round($_.Bytes / 1GB, 3); Percent = [math]::Round($_.Percent, 2) } } | Sort-Object
        }
    }

    It 'lists mailboxes with their sizes, the fullest first, and only those that are full enough' {
        $all = @(& "$scripts/Get-MailboxQuotaReport.ps1" -MinimumPercent 0 -Connection $connection)
        Disconnect-ExchangeOnline -Confirm:$false
        $all.Count | Should -BeGreaterThan 5
        @($all | ForEach-Object { ConvertTo-QuotaLine $_ } | Sort-Object) | Should -Be @(Get-QuotaLine { $true })
        ($all.Percent | Sort-Object -Descending) -join ' ' | Should -Be ($all.Percent -join ' ')
        @($all | Where-Object Quota -Match '^[\d.]+ [MGT]B$').Count | Should -Be $all.Count
        $script:limit = $all[2].Percent
        $csv = Join-Path $TestDrive 'quota.csv'
        & "$scripts/Get-MailboxQuotaReport.ps1" -MinimumPercent $limit -CsvPath $csv -Connection $connection | Should -BeNullOrEmpty
        Disconnect-ExchangeOnline -Confirm:$false
        @(Import-Csv -LiteralPath $csv | ForEach-Object { ConvertTo-QuotaLine $_ } | Sort-Object) | Should -Be @(Get-QuotaLine { [math]::Round($_.Percent, 2) -ge $limit })
    }

    It 'loads the module where nobody has' {
        # Its own limit is 80 %, and nobody is near that.
        Invoke-Aside { Set-Mailbox $adele -ProhibitSendQuota 1MB -IssueWarningQuota 512KB }
        try {
            $rows = @(Invoke-InNewShell 'Get-MailboxQuotaReport.ps1')
            @($rows | ForEach-Object Address) | Should -Contain $adele
            $rows.Count | Should -Be (@($expected | Where-Object { $_.Percent -ge 80 -and $_.Address -ne $adele }).Count + 1)
        }
        finally { Invoke-Aside { Set-Mailbox $adele -IssueWarningQuota 49GB -ProhibitSendQuota 49.5GB } }
    }
}

Describe 'Set-OfficeFromCsv.ps1' {
    BeforeAll {
        $script:csv = Join-Path $TestDrive 'moves.csv'
        Set-Content -LiteralPath $csv -Value 'Mailbox,Office', "$adele,Dublin 4", 'nobody.at.all,Paris', 'bruno.lacroix,Lyon'
    }

    It 'says what it would do' {
        $result = @(& "$scripts/Set-OfficeFromCsv.ps1" -Path $csv -WhatIf -Connection $connection)
        $result.Result -join ', ' | Should -Be 'Would change, Not found, Would change'
        (Invoke-Aside { Get-Mailbox adele }).Office | Should -Not -Be 'Dublin 4'
    }

    It 'does it, once' {
        $result = @(& "$scripts/Set-OfficeFromCsv.ps1" -Path $csv -Connection $connection)
        $result.Result -join ', ' | Should -Be 'Changed, Not found, Changed'
        @(Invoke-Aside { (Get-Mailbox adele).Office; (Get-Mailbox bruno.lacroix).Office }) | Should -Be @('Dublin 4', 'Lyon')
        @(& "$scripts/Set-OfficeFromCsv.ps1" -Path $csv -Connection $connection).Result -join ', ' | Should -Be 'Unchanged, Not found, Unchanged'
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }
}

Describe 'Disable-LeaverMailbox.ps1' {
    It 'changes nothing with -WhatIf, and everything without' {
        $leaver = Invoke-Aside {
            New-DistributionGroup -Name 'Farewell' -PrimarySmtpAddress "farewell@$domain" | Out-Null
            $mailbox = @(Get-Mailbox -RecipientTypeDetails UserMailbox | Where-Object Alias -NotIn 'adele', 'bruno.lacroix', 'admin')[-1]
            Add-DistributionGroupMember -Identity "farewell@$domain" -Member $mailbox.PrimarySmtpAddress
            Add-DistributionGroupMember -Identity "farewell@$domain" -Member $adele
            $mailbox
        }
        & "$scripts/Disable-LeaverMailbox.ps1" -Identity $leaver.PrimarySmtpAddress -Successor adele -WhatIf -Connection $connection | Should -BeNullOrEmpty
        (Invoke-Aside { Get-Mailbox $leaver.PrimarySmtpAddress }).RecipientTypeDetails | Should -Be 'UserMailbox'

        $result = & "$scripts/Disable-LeaverMailbox.ps1" -Identity $leaver.PrimarySmtpAddress -Successor adele -Reply 'Gone.' -Confirm:$false -Connection $connection
        $result.Mailbox | Should -Be $leaver.PrimarySmtpAddress
        $result.Type | Should -Be 'SharedMailbox'
        $result.Hidden | Should -BeTrue
        $result.Forwarding | Should -Not -BeNullOrEmpty
        $result.Reply | Should -Be 'Enabled'
        $result.GroupsLeft | Should -Contain 'Farewell'
        $after = Invoke-Aside {
            (Get-MailboxAutoReplyConfiguration $leaver.PrimarySmtpAddress).ExternalMessage
            (Get-DistributionGroupMember "farewell@$domain").PrimarySmtpAddress
        }
        $after[0] | Should -Match 'Gone\.'
        @($after)[1..9] | Should -Be @($adele)
    }

    It 'ends with an error that says who is not there, and leaves no connection' {
        { & "$scripts/Disable-LeaverMailbox.ps1" -Identity 'no such person' -Successor adele -Confirm:$false -Connection $connection } | Should -Throw "*couldn't be found*"
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }
}

Describe 'Get-DistributionGroupReport.ps1' {
    It 'lists owners and members, and finds empty groups' {
        Invoke-Aside {
            New-DistributionGroup -Name 'Empty group' -PrimarySmtpAddress "empty.group@$domain" | Out-Null
            New-DistributionGroup -Name 'Full group' -PrimarySmtpAddress "full.group@$domain" -ManagedBy $adele -Members $adele, $bruno | Out-Null
        }
        $report = @(& "$scripts/Get-DistributionGroupReport.ps1" -Connection $connection)
        $full = $report | Where-Object Name -EQ 'Full group'
        $full.Count | Should -Be 2
        $full.Members | Should -Match 'Adele Vance; Bruno Lacroix'
        $full.Owners | Should -Not -BeNullOrEmpty
        $full.Problems | Should -Not -Match 'no members'
        @(& "$scripts/Get-DistributionGroupReport.ps1" -OnlyProblems -Connection $connection).Name | Should -Contain 'Empty group'
    }
}

Describe 'Get-UnifiedGroupReport.ps1' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'lists groups, and adopts those without an owner' {
        Invoke-Aside {
            New-UnifiedGroup -DisplayName 'Project Orphan' -Alias 'orphan' -PrimarySmtpAddress "orphan@$domain" | Out-Null
            $orphan = Get-UnifiedGroup "orphan@$domain"
            $owners = @(Get-UnifiedGroupLinks -Identity $orphan.ExternalDirectoryObjectId -LinkType Owners)
            if ($owners) { Remove-UnifiedGroupLinks -Identity $orphan.ExternalDirectoryObjectId -LinkType Owners -Links $owners.PrimarySmtpAddress -Confirm:$false }
        }
        $before = @(& "$scripts/Get-UnifiedGroupReport.ps1" -Connection $connection) | Where-Object DisplayName -EQ 'Project Orphan'
        $before.Owners | Should -BeNullOrEmpty
        $before.Created | Should -Match '^\d{4}-\d\d-\d\d$'
        $after = @(& "$scripts/Get-UnifiedGroupReport.ps1" -Caretaker $adele -Connection $connection) | Where-Object DisplayName -EQ 'Project Orphan'
        $after.Adopted | Should -BeTrue
        $after.Owners | Should -Be 'Adele Vance'
    }
}

Describe 'Get-ForwardingReport.ps1' {
    It 'tells the outside from the inside, and ends the former only' {
        Invoke-Aside {
            Set-Mailbox adele -ForwardingSmtpAddress 'smtp:adele@elsewhere.example' -DeliverToMailboxAndForward $true
            Set-Mailbox bruno.lacroix -ForwardingSmtpAddress $adele
        }
        $report = @(& "$scripts/Get-ForwardingReport.ps1" -Connection $connection)
        ($report | Where-Object Mailbox -EQ $adele).Outside | Should -BeTrue
        ($report | Where-Object Mailbox -EQ $adele).Target | Should -Be 'adele@elsewhere.example'
        ($report | Where-Object Mailbox -EQ $bruno).Outside | Should -BeFalse

        $null = & "$scripts/Get-ForwardingReport.ps1" -Remove -WhatIf -Connection $connection
        (Invoke-Aside { Get-Mailbox adele }).ForwardingSmtpAddress | Should -Not -BeNullOrEmpty
        $null = & "$scripts/Get-ForwardingReport.ps1" -Remove -Connection $connection
        $after = Invoke-Aside { Get-Mailbox adele; Get-Mailbox bruno.lacroix }
        $after[0].ForwardingSmtpAddress | Should -BeNullOrEmpty
        $after[0].DeliverToMailboxAndForward | Should -BeFalse
        $after[1].ForwardingSmtpAddress | Should -Not -BeNullOrEmpty
    }
}

Describe 'Export-RecipientInventory.ps1' {
    It 'writes addresses and a summary that agree' {
        & "$scripts/Export-RecipientInventory.ps1" -Folder $TestDrive -Connection $connection | Should -BeNullOrEmpty
        $addresses = @(Import-Csv -LiteralPath (Join-Path $TestDrive 'addresses.csv'))
        $summary = Get-Content -LiteralPath (Join-Path $TestDrive 'summary.json') -Raw | ConvertFrom-Json
        $addresses.Count | Should -BeGreaterThan 25
        @($addresses | Where-Object IsPrimary -EQ 'True').Count | Should -BeGreaterOrEqual 25
        ($addresses | Where-Object Address -EQ $adele).Recipient | Should -Be 'Adele Vance'
        ($summary.Kinds.PSObject.Properties.Value | Measure-Object -Sum).Sum | Should -Be $summary.Recipients
        $summary.Kinds.UserMailbox | Should -BeGreaterThan 5
        $summary.DefaultDomain | Should -Not -BeNullOrEmpty
        $summary.Organization | Should -Be (Get-TenantOrganization -Tenant $tenant).InitialDomain
    }
}

Describe 'Enable-ModernAuthentication.ps1' {
    It 'turns it on where it is off' {
        Invoke-Aside { Set-OrganizationConfig -OAuth2ClientProfileEnabled $false }
        (& "$scripts/Enable-ModernAuthentication.ps1" -WhatIf -Connection $connection).Now | Should -BeFalse
        $result = & "$scripts/Enable-ModernAuthentication.ps1" -Connection $connection
        $result.Before | Should -BeFalse
        $result.Now | Should -BeTrue
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }

    It 'uses a connection that is there, and leaves it' {
        Connect-Aside
        try {
            (& "$scripts/Enable-ModernAuthentication.ps1").Before | Should -BeTrue
            @(Get-ConnectionInformation).Count | Should -Be 1
        }
        finally { Disconnect-ExchangeOnline -Confirm:$false }
    }
}

Describe 'Disable-LegacyProtocols.ps1' {
    It 'changes nothing with -WhatIf, and all but the exceptions without' {
        Invoke-Aside { foreach ($name in 'adele', 'bruno.lacroix') { Set-CASMailbox $name -PopEnabled $true -ImapEnabled $true } }
        $planned = & "$scripts/Disable-LegacyProtocols.ps1" -WhatIf -Connection $connection
        $planned.StillOn | Should -Be $planned.Affected
        $result = & "$scripts/Disable-LegacyProtocols.ps1" -Except $adele -Connection $connection
        $result.Failed | Should -Be 0
        $result.StillOn | Should -Be 1
        $result.Affected | Should -Be ($planned.Affected - 1)
        (Invoke-Aside { Get-CASMailbox adele }).PopEnabled | Should -BeTrue
        (Invoke-Aside { Get-CASMailbox bruno.lacroix }).ImapEnabled | Should -BeFalse
    }
}

Describe 'Get-InactiveMailboxReport.ps1' {
    BeforeAll {
        # One after the other, from another address of the service.
        $script:expected = @(Invoke-Aside {
                Get-EXOMailbox -RecipientTypeDetails UserMailbox -ResultSize Unlimited | ForEach-Object {
                    $found = Get-EXOMailboxStatistics -Identity $_.UserPrincipalName -Properties LastLogonTime
                    [pscustomobject]@{ Address = $_.PrimarySmtpAddress; Time = $found.LastLogonTime; Line = "$($_.PrimarySmtpAddress) $($found.ItemCount)"; Bytes = $found.TotalItemSize.Value.ToBytes() }
                }
            })
    }

    It 'reads mailboxes side by side, and lists what it read by date' {
        $everybody = @(& "$scripts/Get-InactiveMailboxReport.ps1" -Days 0 -Today ([datetime]'2100-01-01') -Connection $connection)
        @($everybody | ForEach-Object { "$($_.Address) $($_.Items)" } | Sort-Object) | Should -Be @($expected.Line | Sort-Object)
        foreach ($row in $everybody) { Test-SizeText $row.Size ($expected | Where-Object { $_.Address -eq $row.Address }).Bytes | Should -BeTrue -Because $row.Size }
        $everybody.LastLogon | Should -Be @($expected.Time | Sort-Object)
    }

    It 'lists who was last there before the day, and nobody else' {
        $times = @($expected.Time | Where-Object { $_ } | Sort-Object -Unique)
        $middle = [int][math]::Floor($times.Count / 2)
        # A moment with known times right before and right after it.
        $cut = $times[$middle - 1].AddTicks(($times[$middle] - $times[$middle - 1]).Ticks / 2)
        $before = @($expected | Where-Object { $null -eq $_.Time -or $_.Time -lt $cut })
        $before.Count | Should -BeIn (1..($expected.Count - 1))
        $report = @(& "$scripts/Get-InactiveMailboxReport.ps1" -Days 30 -Today $cut.AddDays(30) -Connection $connection)
        @($report | ForEach-Object Address | Sort-Object) | Should -Be @($before | ForEach-Object Address | Sort-Object)
    }
}

Describe 'Get-ComplianceSearchReport.ps1' {
    It 'lists searches of Security & Compliance, and what they found' {
        $address = Get-TenantAddress -Tenant $tenant
        Connect-IPPSSession @address -Credential (Get-TenantCredential -Tenant $tenant)
        # Each by its name; what it found in each place is text, and adds up to the whole.
        $expected = @(try {
                foreach ($name in (Get-ComplianceSearch).Name) {
                    $search = Get-ComplianceSearch -Identity $name
                    $parts = [regex]::Matches("$($search.SuccessResults)", 'Item count: (\d+), Total size: (\d+)')
                    $items = ($parts | ForEach-Object { [long]$_.Groups[1].Value } | Measure-Object -Sum).Sum
                    $bytes = ($parts | ForEach-Object { [long]$_.Groups[2].Value } | Measure-Object -Sum).Sum
                    '{0}: {1} {2} {3:0.0}' -f $search.Name, $search.Status, [long]$items, [math]::Round($bytes / 1MB, 1)
                }
            }
            finally { Disconnect-ExchangeOnline -Confirm:$false })
        $report = @(& "$scripts/Get-ComplianceSearchReport.ps1" -Connection $connection)
        @($report | ForEach-Object { '{0}: {1} {2} {3:0.0}' -f $_.Name, $_.Status, $_.Items, $_.SizeMB }) | Should -Be @($expected | Sort-Object)
        @($report | Where-Object { $_.Items -gt 0 -and $_.SizeMB -gt 0 }).Count | Should -BeGreaterThan 0
        @(& "$scripts/Get-ComplianceSearchReport.ps1" -Name $report[0].Name -Connection $connection).Name | Should -Be $report[0].Name
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }
}

Describe 'Get-MailboxAccessReport.ps1' {
    It 'lists who was given access, and not the mailbox itself' {
        Invoke-Aside {
            Add-MailboxPermission -Identity $bruno -User $adele -AccessRights FullAccess -Confirm:$false | Out-Null
            Add-RecipientPermission -Identity $bruno -Trustee $adele -AccessRights SendAs -Confirm:$false | Out-Null
            Set-Mailbox $bruno -GrantSendOnBehalfTo $adele
        }
        $line = & "$scripts/Get-MailboxAccessReport.ps1" -Connection $connection | Where-Object Mailbox -EQ $bruno
        $line.FullAccess | Should -Match 'adele'
        $line.SendAs | Should -Match 'adele'
        $line.OnBehalf | Should -Not -BeNullOrEmpty
        "$($line.FullAccess) $($line.SendAs)" | Should -Not -Match 'NT AUTHORITY'
        Invoke-Aside { Remove-MailboxPermission -Identity $bruno -User $adele -AccessRights FullAccess -Confirm:$false }
        (& "$scripts/Get-MailboxAccessReport.ps1" -Connection $connection | Where-Object Mailbox -EQ $bruno).FullAccess | Should -Not -Match 'adele'
    }
}

Describe 'Export-AuditLog.ps1' {
    It 'gets every record once, however many pages it takes' {
        # Some days that are over: what the tests do is written down as well.
        $days = @{ Start = (Get-Date).AddDays(-5); End = (Get-Date).AddDays(-1); Connection = $connection }
        $one = Join-Path $TestDrive 'one.csv'
        $many = Join-Path $TestDrive 'many.csv'
        $counts = @(& "$scripts/Export-AuditLog.ps1" @days -CsvPath $one)
        $null = & "$scripts/Export-AuditLog.ps1" @days -CsvPath $many -PageSize 20
        $ids = @(Import-Csv -LiteralPath $one).Id
        $ids.Count | Should -BeGreaterThan 20
        @(Compare-Object $ids @(Import-Csv -LiteralPath $many).Id).Count | Should -Be 0
        ($counts | Measure-Object Count -Sum).Sum | Should -Be $ids.Count
        $filtered = @(& "$scripts/Export-AuditLog.ps1" @days -CsvPath $one -Operations $counts[0].Operation)
        $filtered.Count | Should -Be 1
        $filtered[0].Count | Should -Be $counts[0].Count
    }
}

Describe 'Message traces' {
    BeforeAll {
        # Day by day, so that no page is full.
        $script:now = Get-Date
        $script:messages = @(Invoke-Aside {
                foreach ($day in 10..1) { Get-MessageTraceV2 -StartDate $now.AddDays(-$day) -EndDate $now.AddDays(1 - $day) -ResultSize 5000 }
            }) | Sort-Object { "$($_.MessageTraceId) $($_.RecipientAddress)" } -Unique
        function Get-Tally([string[]] $Names) {
            $tally = @{}
            foreach ($name in $Names) { $tally[$name] = 1 + $tally[$name] }
            $tally
        }
    }

    It 'are counted by Get-MessageTraceSummary.ps1' {
        $all = & "$scripts/Get-MessageTraceSummary.ps1" -Days 10 -Now $now -Connection $connection
        $senders = Get-Tally $messages.SenderAddress
        $states = Get-Tally $messages.Status
        $messages.Count | Should -BeGreaterThan 100
        $all.Messages | Should -Be $messages.Count
        $all.Senders | Should -Be $senders.Count
        $senders[$all.Busiest] | Should -Be ($senders.Values | Measure-Object -Maximum).Maximum
        $all.ByStatus | Should -Be (@($states.Keys | Sort-Object | ForEach-Object { "$_=$($states[$_])" }) -join ' ')
        $all.Latest | Should -Be ($messages.Received | Measure-Object -Maximum).Maximum
        foreach ($status in $states.Keys) {
            (& "$scripts/Get-MessageTraceSummary.ps1" -Days 10 -Now $now -Status $status -Connection $connection).Messages | Should -Be $states[$status]
        }
    }

    It 'are all written by Export-MessageTrace.ps1, page after page' {
        $csv = Join-Path $TestDrive 'trace.csv'
        $from = $now.AddDays(-2)
        $expected = @($messages | Where-Object Received -GE $from)
        $size = [int][math]::Ceiling($expected.Count / 4)
        $skip = Measure-TenantRequest -Tenant $tenant
        $result = & "$scripts/Export-MessageTrace.ps1" -StartDate $from -EndDate $now -PageSize $size -CsvPath $csv -Connection $connection
        $asked = @(Get-TenantRequest -Tenant $tenant -CmdletName Get-MessageTraceV2 -Skip $skip)
        $result.Pages | Should -BeGreaterThan 3
        $asked.Count | Should -Be $result.Pages
        $written = @(Import-Csv -LiteralPath $csv)
        @($written | ForEach-Object { "$($_.MessageTraceId) $($_.RecipientAddress) $($_.Size)" } | Sort-Object) |
            Should -Be @($expected | ForEach-Object { "$($_.MessageTraceId) $($_.RecipientAddress) $($_.Size)" } | Sort-Object)
        $result.Messages | Should -Be $expected.Count
        $result.Bytes | Should -Be ($expected | Measure-Object Size -Sum).Sum
        $receivers = Get-Tally $expected.RecipientAddress
        $result.TopCount | Should -Be ($receivers.Values | Measure-Object -Maximum).Maximum
        $receivers[$result.Top] | Should -Be $result.TopCount
    }

    It 'are those of some states where these are asked for' {
        $csv = Join-Path $TestDrive 'failed.csv'
        $states = 'Failed', 'FilteredAsSpam'
        $expected = @($messages | Where-Object Status -In $states)
        $expected.Count | Should -BeGreaterThan 1
        $null = & "$scripts/Export-MessageTrace.ps1" -StartDate $now.AddDays(-10) -EndDate $now -Status $states -PageSize 20 -CsvPath $csv -Connection $connection
        @((Import-Csv -LiteralPath $csv).MessageTraceId | Sort-Object) | Should -Be @($expected.MessageTraceId | Sort-Object)
    }
}

Describe 'Get-DelegationReport.ps1' {
    It 'lists what the cmdlets of the service list mailbox by mailbox' {
        $expected = Invoke-Aside {
            $desk = @(Get-Mailbox -RecipientTypeDetails SharedMailbox)[0].PrimarySmtpAddress
            Add-MailboxPermission -Identity $desk -User $adele -AccessRights FullAccess -Confirm:$false | Out-Null
            Add-RecipientPermission -Identity $desk -Trustee $bruno -AccessRights SendAs -Confirm:$false | Out-Null
            Set-Mailbox -Identity $desk -GrantSendOnBehalfTo $adele
            Add-MailboxFolderPermission -Identity "${bruno}:\Calendar" -User $adele -AccessRights Editor | Out-Null
            foreach ($mailbox in Get-Mailbox -RecipientTypeDetails UserMailbox, SharedMailbox -ResultSize Unlimited) {
                $of = "$($mailbox.UserPrincipalName) $($mailbox.RecipientTypeDetails)"
                Get-MailboxPermission -Identity $mailbox.ExchangeGuid | Where-Object { $_.User -like '*@*' -and $_.AccessRights -contains 'FullAccess' -and -not $_.Deny } | ForEach-Object { "$of $($_.User) FullAccess" }
                Get-RecipientPermission -Identity $mailbox.PrimarySmtpAddress | Where-Object { $_.Trustee -notlike 'NT AUTHORITY*' } | ForEach-Object { "$of $($_.Trustee) SendAs" }
                $mailbox.GrantSendOnBehalfTo | ForEach-Object { "$of $_ SendOnBehalf" }
                Get-MailboxFolderPermission -Identity "$($mailbox.PrimarySmtpAddress):\Calendar" | Where-Object { "$($_.User)" -notin 'Default', 'Anonymous' } | ForEach-Object { "$of $($_.User) Calendar: $($_.AccessRights)" }
            }
        }
        $csv = Join-Path $TestDrive 'delegates.csv'
        & "$scripts/Get-DelegationReport.ps1" -CsvPath $csv -Connection $connection | Should -BeNullOrEmpty
        $lines = @(Import-Csv -LiteralPath $csv | ForEach-Object { "$($_.UPN) $($_.Type) $($_.Delegate) $($_.Right)" })
        foreach ($right in 'FullAccess', 'SendAs', 'SendOnBehalf', 'Calendar: Editor') { $lines -like "* $right" | Should -Not -BeNullOrEmpty }
        @($lines | Sort-Object) | Should -Be @($expected | Sort-Object)
    }
}

Describe 'Export-FolderStatistics.ps1' {
    It 'writes folders and archives as the cmdlets of the service have them' {
        $script:archives = @{}
        $expected = Invoke-Aside {
            foreach ($mailbox in Get-Mailbox -RecipientTypeDetails UserMailbox -ResultSize Unlimited) {
                # What a bulk cmdlet asks for when no scope is named.
                $folders = @(Get-MailboxFolderStatistics -Identity $mailbox.ExchangeGuid -FolderScope All -IncludeOldestAndNewestItems)
                $newest = ($folders | Where-Object FolderType -EQ 'Inbox').NewestItemReceivedDate
                $archive = if ($mailbox.ArchiveStatus -eq 'Active') { Get-MailboxStatistics -Identity $mailbox.ExchangeGuid -Archive }
                if ($archive) { $script:archives[$mailbox.PrimarySmtpAddress] = $archive.TotalItemSize.Value.ToBytes() }
                $largest = 0
                foreach ($folder in $folders) { $largest = [math]::Max($largest, [long]("$($folder.FolderSize)" -replace '^.*\(|[^\d]')) }
                '{0} {1} {2} {3:0.00} {4} {5}' -f $mailbox.PrimarySmtpAddress, $folders.Count, ($folders.ItemsInFolder | Measure-Object -Sum).Sum, [math]::Round($largest / 1MB, 2),
                    ($newest ? $newest.ToString('s') : ''), $archive.ItemCount
            }
        }
        $csv = Join-Path $TestDrive 'folders.csv'
        & "$scripts/Export-FolderStatistics.ps1" -CsvPath $csv -Connection $connection | Should -BeNullOrEmpty
        $written = @(Import-Csv -LiteralPath $csv)
        @($written | ForEach-Object { '{0} {1} {2} {3:0.00} {4} {5}' -f $_.Address, $_.Folders, $_.Items, [double]$_.LargestMB, $_.Newest, $_.ArchiveItems } | Sort-Object) |
            Should -Be @($expected | Sort-Object)
        $written.Name -join '|' | Should -Be (@($written.Name | Sort-Object) -join '|')
        $archives.Count | Should -BeGreaterThan 0
        @($written | Where-Object ArchiveSize).Count | Should -Be $archives.Count
        foreach ($line in $written | Where-Object ArchiveSize) { Test-SizeText $line.ArchiveSize $archives[$line.Address] | Should -BeTrue -Because $line.ArchiveSize }
        @($written | Where-Object { $_.Largest -notlike '/*' }).Count | Should -Be 0
    }
}

Describe 'Export-AuditWindows.ps1' {
    It 'writes the records of all windows once, each window in a session of its own, however many pages it has' {
        $csv = Join-Path $TestDrive 'windows.csv'
        $end = (Get-Date).Date.AddDays(-1)
        $start = $end.AddDays(-4)
        $operations = 'Set-Mailbox', 'UserLoggedIn', 'FileDownloaded'
        $expected = @(Invoke-Aside { Search-UnifiedAuditLog -StartDate $start -EndDate $end -Operations $operations -ResultSize 5000 -SessionCommand ReturnLargeSet -SessionId "All $([guid]::NewGuid())" })
        $expected.Count | Should -BeGreaterThan 20
        $skip = Measure-TenantRequest -Tenant $tenant
        $result = & "$scripts/Export-AuditWindows.ps1" -StartDate $start -EndDate $end -IntervalMinutes 1440 -Operations $operations -PageSize 5 -CsvPath $csv -Connection $connection
        $result.Windows | Should -Be 4
        $result.Records | Should -Be $expected.Count
        @((Import-Csv -LiteralPath $csv).Id | Sort-Object) | Should -Be @($expected.Identity | Sort-Object)
        # No window fits on one page.
        $pages = @(Get-TenantRequest -Tenant $tenant -CmdletName Search-UnifiedAuditLog -Skip $skip | ForEach-Object parameters)
        $pages.Count | Should -BeGreaterThan 8
        @($pages.SessionId | Sort-Object -Unique).Count | Should -Be 4
        @($pages | ForEach-Object { "$($_.SessionId) $($_.StartDate)" } | Sort-Object -Unique).Count | Should -Be 4
        @(Import-Csv -LiteralPath $csv | Where-Object { $_.Operation -notin $operations -or [datetime]$_.Time -lt $start -or [datetime]$_.Time -gt $end }) | Should -BeNullOrEmpty
    }
}

Describe 'Update-SharedMailboxOwner.ps1' {
    BeforeAll {
        Invoke-Aside {
            $script:shared = @(Get-Mailbox -RecipientTypeDetails SharedMailbox | Sort-Object Alias)
            foreach ($mailbox in $shared) { Set-Mailbox $mailbox.PrimarySmtpAddress -GrantSendOnBehalfTo $null -CustomAttribute15 $null }
            foreach ($mailbox in $shared[0..1]) { Set-Mailbox $mailbox.PrimarySmtpAddress -GrantSendOnBehalfTo $adele }
            Set-Mailbox $shared[1].PrimarySmtpAddress -CustomAttribute15 'handed over'
            New-DistributionGroup -Name 'Team one' -Alias 'team.one' -PrimarySmtpAddress "team.one@$domain" -ManagedBy $adele | Out-Null
            New-DistributionGroup -Name 'Other one' -Alias 'other.one' -PrimarySmtpAddress "other.one@$domain" -ManagedBy $adele | Out-Null
        }
        # What is in them now, in one text.
        function Get-OwnerState {
            Invoke-Aside {
                foreach ($mailbox in $shared) {
                    $now = Get-Mailbox $mailbox.PrimarySmtpAddress
                    "$($now.Alias): $($now.GrantSendOnBehalfTo -join ',') [$($now.CustomAttribute15)] $(@($now.EmailAddresses).Count) $($now.EmailAddresses -contains "smtp:$($now.Alias)@$domain" -or $now.PrimarySmtpAddress -eq "$($now.Alias)@$domain")"
                }
                foreach ($alias in 'team.one', 'other.one') { "${alias}: $((Get-DistributionGroup "$alias@$domain").ManagedBy -join ',')" }
            }
        }
        $script:arguments = @{ From = $adele; To = $bruno; AliasDomain = (Get-TenantOrganization -Tenant $tenant).InitialDomain; Connection = $connection }
    }

    It 'changes nothing with -WhatIf' {
        $before = Get-OwnerState
        $planned = @(& "$scripts/Update-SharedMailboxOwner.ps1" @arguments -WhatIf)
        $planned.Name | Should -Be $shared[0].DisplayName, 'Team one'
        Get-OwnerState | Should -Be $before
    }

    It 'hands over what the filters find, and nothing else' {
        $before = @(Get-OwnerState)
        $skip = Measure-TenantRequest -Tenant $tenant
        $done = @(& "$scripts/Update-SharedMailboxOwner.ps1" @arguments)
        "$($done.Kind) $($done.Name)" | Should -Be "Mailbox Group $($shared[0].DisplayName) Team one"
        @(Get-TenantRequest -Tenant $tenant -Skip $skip | Where-Object { $_.PSObject.Properties['cmdletName'] -and $_.cmdletName -like 'Set-*' }).cmdletName | Should -Be 'Set-Mailbox', 'Set-DistributionGroup'
        $after = Invoke-Aside { Get-Mailbox $shared[0].PrimarySmtpAddress; Get-DistributionGroup "team.one@$domain"; Get-Mailbox bruno.lacroix }
        $after[0].GrantSendOnBehalfTo | Should -Be @($after[2].Name)
        $after[0].CustomAttribute15 | Should -Be 'handed over'
        $after[0].EmailAddresses | Should -Contain "smtp:$($shared[0].Alias)@$($arguments.AliasDomain)"
        foreach ($address in $shared[0].EmailAddresses) { $after[0].EmailAddresses | Should -Contain $address }
        $after[1].ManagedBy | Should -Be @($after[2].Name)
        $others = { $_ -notlike "$($shared[0].Alias):*" -and $_ -notlike 'team.one:*' }
        @(Get-OwnerState | Where-Object $others) | Should -Be @($before | Where-Object $others)
        # Who was dealt with is not found again.
        & "$scripts/Update-SharedMailboxOwner.ps1" @arguments | Should -BeNullOrEmpty
    }
}

Describe 'Get-TenantOverview.ps1' {
    It 'finds the module by its first command in a shell where nothing is loaded' {
        $overview = Invoke-InNewShell 'Get-TenantOverview.ps1'
        $expected = Invoke-Aside {
            @{
                Organization = (Get-OrganizationConfig).Name
                Shared       = @((Get-Mailbox -RecipientTypeDetails SharedMailbox -ResultSize Unlimited).PrimarySmtpAddress | Sort-Object)
                Recipients   = @(Get-Recipient -ResultSize Unlimited)
                Pop          = @(Get-CASMailbox -ResultSize Unlimited | Where-Object PopEnabled).Count
            }
        }
        $overview.Organization | Should -Be $expected.Organization
        $overview.Modules | Should -Contain 'ExchangeOnlineManagement'
        $expected.Shared.Count | Should -BeGreaterThan 1
        $overview.Shared | Should -Be $expected.Shared
        $overview.Recipients | Should -Be $expected.Recipients.Count
        $overview.Addresses | Should -Be @($expected.Recipients | Where-Object PrimarySmtpAddress).Count
        $overview.Pop | Should -Be $expected.Pop
    }
}

Describe 'Set-ExternalSenderRule.ps1' {
    It 'makes the rule, leaves it alone, and mends it' {
        $planned = & "$scripts/Set-ExternalSenderRule.ps1" -WhatIf -Connection $connection
        "$($planned.Did) $($planned.State)" | Should -Be 'nothing '
        $made = & "$scripts/Set-ExternalSenderRule.ps1" -Connection $connection
        $made.Did | Should -Be 'made'
        $made.State | Should -Be 'Enabled'
        (& "$scripts/Set-ExternalSenderRule.ps1" -Connection $connection).Did | Should -Be 'nothing'
        (& "$scripts/Set-ExternalSenderRule.ps1" -Mark '[OUTSIDE] ' -Connection $connection).Mark | Should -Be '[OUTSIDE] '
        Invoke-Aside { Get-TransportRule | Where-Object Name -EQ 'Mark external senders' | Disable-TransportRule -Confirm:$false }
        (& "$scripts/Set-ExternalSenderRule.ps1" -Mark '[OUTSIDE] ' -Connection $connection).Did | Should -Be 'enabled'
    }
}
