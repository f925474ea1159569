#Requires -Version 7.4
<#
What public scripts do and the service takes: the tenant must be no stricter, and the module must bring it there.

Assumed, because it is not published: a search of the audit log that comes with the id of another search begins anew. Scripts do that, so
the tenant takes it; a script that wants to be sure gives each search an id of its own.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 60
    Connect-TestTenant -Tenant $tenant
    $script:now = Get-Date
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'Search-UnifiedAuditLog' {
    It 'gives a large set without a session as one block' {
        $window = @{ StartDate = $now.AddDays(-30); EndDate = $now.AddDays(-1); ResultSize = 5000 }
        $block = @(Search-UnifiedAuditLog @window -SessionCommand ReturnLargeSet)
        $block.Count | Should -BeGreaterThan 4000
        $block.Count | Should -Be $block[0].ResultCount
        @(Search-UnifiedAuditLog @window -SessionCommand ReturnLargeSet).Identity | Should -Be $block.Identity
    }

    It 'starts again when a script moves its window and keeps its session' {
        # Days of UTC: a day by the clock on the wall may have an hour more or less.
        $today = $now.ToUniversalTime().Date
        $seen = foreach ($days in 3, 2) {
            $window = @{ StartDate = $today.AddDays(-$days); EndDate = $today.AddDays(1 - $days) }
            do {
                $page = @(Search-UnifiedAuditLog @window -SessionId 'loop' -SessionCommand ReturnLargeSet -ResultSize 100)
                $page
            } while ($page.Count -gt 0)
        }
        $whole = @(Search-UnifiedAuditLog -StartDate $today.AddDays(-3) -EndDate $today.AddDays(-1) -SessionCommand ReturnLargeSet -ResultSize 5000)
        $whole.Count | Should -BeGreaterThan 200 -Because 'each day has to be more than a page'
        @($seen.Identity | Sort-Object) | Should -Be @($whole.Identity | Sort-Object)
    }
}

Describe 'Limits that are days' {
    It 'traces exactly ten days, each end read from the clock' {
        $start = (Get-Date).AddDays(-10)
        $end = Get-Date
        @(Get-MessageTraceV2 -StartDate $start -EndDate $end -ResultSize 5000 -ErrorAction Stop -WarningAction SilentlyContinue).Count |
            Should -BeGreaterThan 3000
    }

    It 'traces from the midnight of ninety days ago' {
        $start = (Get-Date).AddDays(-90).Date
        $rows = @(Get-MessageTraceV2 -StartDate $start -EndDate $start.AddDays(9) -ResultSize 5 -ErrorAction Stop -WarningAction SilentlyContinue)
        $rows.Count | Should -Be 5
    }

    It 'reports from the midnight of as many days ago as are kept, up to now' {
        $threats = @(Get-MailDetailATPReport -StartDate (Get-Date).AddDays(-90).Date -EndDate (Get-Date) -PageSize 5 -ErrorAction Stop)
        $threats.Count | Should -Be 5
        $traced = @(Get-MessageTrace -StartDate (Get-Date).AddDays(-10).Date -EndDate (Get-Date) -PageSize 5 -ErrorAction Stop -WarningAction SilentlyContinue)
        $traced.Count | Should -Be 5
    }
}

Describe 'Set-Mailbox' {
    It 'takes audited actions that its page does not list' {
        Set-Mailbox adele -AuditEnabled $true -AuditOwner @{ Add = 'UpdateComplianceTag' } -AuditDelegate UpdateComplianceTag, HardDelete -AuditAdmin @{ Add = 'UpdateComplianceTag', 'Copy' } -ErrorAction Stop
        $mailbox = Get-Mailbox adele
        $mailbox.AuditOwner | Should -Contain 'UpdateComplianceTag'
        @($mailbox.AuditDelegate) | Should -Be 'UpdateComplianceTag', 'HardDelete'
        $mailbox.AuditAdmin | Should -Contain 'UpdateComplianceTag'
    }
}

Describe 'Groups' {
    It "finds somebody's groups by -like on the distinguished name" {
        $name = (Get-Mailbox adele).DistinguishedName
        $groups = @(Get-DistributionGroup -Filter "Members -like ""$name""" -ErrorAction Stop)
        $groups.Name | Should -Contain 'All Company'
        @($groups.Name | Sort-Object) | Should -Be @((Get-DistributionGroup -Filter "Members -eq ""$name""").Name | Sort-Object)
    }

    It 'shows the sensitivity label of a Microsoft 365 group under both names' {
        $label = [guid]::NewGuid()
        Set-UnifiedGroup 'Project Aurora' -SensitivityLabelId $label
        $group = Get-UnifiedGroup 'Project Aurora'
        "$($group.SensitivityLabel)" | Should -Be "$label"
        "$($group.SensitivityLabelId)" | Should -Be "$label"
    }

    It 'counts what is in the mailboxes of Microsoft 365 groups' {
        $group = Get-UnifiedGroup 'Project Aurora'
        $mailbox = Get-Mailbox -GroupMailbox
        $mailbox.RecipientTypeDetails | Should -Be 'GroupMailbox'
        $mailbox.ExternalDirectoryObjectId | Should -Be $group.ExternalDirectoryObjectId
        $inbox = Get-EXOMailboxFolderStatistics -Identity $group.ExternalDirectoryObjectId -FolderScope Inbox -IncludeOldestAndNewestItems
        $inbox.ItemsInFolder | Should -BeGreaterThan 0
        $inbox.NewestItemReceivedDate | Should -BeOfType [datetime]
        (Get-EXOMailboxStatistics -Identity $group.ExternalDirectoryObjectId).ItemCount |
            Should -Be (Get-MailboxStatistics $group.PrimarySmtpAddress).ItemCount
    }

    It 'shows whom the filter of a dynamic group finds' {
        $group = Get-DynamicDistributionGroup 'Everyone in Engineering'
        @((Get-Recipient -RecipientPreviewFilter $group.RecipientFilter -ResultSize Unlimited).Name | Sort-Object) |
            Should -Be @((Get-DynamicDistributionGroupMember $group.Name -ResultSize Unlimited).Name | Sort-Object)
    }
}

Describe 'Wildcards in identities' {
    It '<Cmdlet> <Identity> lists what fits' -ForEach @(
        @{ Cmdlet = 'Get-Mailbox'; Identity = 'ad*' }
        @{ Cmdlet = 'Get-Recipient'; Identity = 'Ad*' }
        @{ Cmdlet = 'Get-User'; Identity = 'A*' }
        @{ Cmdlet = 'Get-DistributionGroup'; Identity = '*Team*' }
        @{ Cmdlet = 'Get-RoleGroup'; Identity = '*Org*' }
        @{ Cmdlet = 'Get-TransportRule'; Identity = 'Ext*' }
        @{ Cmdlet = 'Get-AcceptedDomain'; Identity = '*.example' }
    ) {
        $size = @{}
        if ((Get-Command $Cmdlet).Parameters.ContainsKey('ResultSize')) { $size.ResultSize = 'Unlimited' }
        $all = @(& $Cmdlet @size)
        @(& $Cmdlet '*' @size).Identity | Should -Be $all.Identity
        $expected = $all | Where-Object {
            $names = @($_.Name, $_.DisplayName, $_.Alias, $_.PrimarySmtpAddress, $_.UserPrincipalName) + @($_.EmailAddresses -replace '^smtp:')
            @($names -like $Identity).Count -gt 0
        }
        @(& $Cmdlet $Identity @size).Identity | Should -Be @($expected.Identity)
        @($expected).Count | Should -BeGreaterThan 0
        $failed = $null
        @(& $Cmdlet 'zz*nothing*' @size -ErrorVariable failed -ErrorAction SilentlyContinue).Count | Should -Be 0
        $failed | Should -BeNullOrEmpty -Because 'nothing fits, which is no error'
    }

    It 'cuts a list with a wildcard at ResultSize' {
        $all = @(Get-Mailbox '*a*' -ResultSize Unlimited)
        $few = @(Get-Mailbox '*a*' -ResultSize 3 -WarningVariable warned -WarningAction SilentlyContinue)
        $few.Identity | Should -Be $all[0..2].Identity
        @($warned).Count | Should -Be 1
    }
}

Describe 'Devices' {
    It 'are found by <_>' -ForEach 'Identity', 'Guid', 'DistinguishedName', 'Name', 'DeviceId' {
        $device = @(Get-MobileDevice)[0]
        foreach ($cmdlet in 'Get-MobileDevice', 'Get-MobileDeviceStatistics', 'Get-EXOMobileDeviceStatistics') {
            "$((& $cmdlet -Identity "$($device.$_)" -ErrorAction Stop).Guid)" | Should -Be "$($device.Guid)" -Because $cmdlet
        }
    }

    It 'are piped on' {
        $device = @(Get-MobileDevice)[0]
        "$(($device | Get-MobileDeviceStatistics).Guid)" | Should -Be "$($device.Guid)"
        $device | Clear-MobileDevice -Confirm:$false
        ($device | Get-MobileDeviceStatistics).Status | Should -Be 'DeviceWipePending'
        $device | Remove-MobileDevice -Confirm:$false
        @(Get-MobileDevice).Guid | Should -Not -Contain $device.Guid
    }
}

Describe 'Reports and logs' {
    It 'counts the messages of a report page by page' {
        $window = @{ StartDate = $now.AddDays(-10); EndDate = $now }
        $threats = @(Get-MailDetailATPReport @window -Direction Inbound -PageSize 5000)
        $threats.Count | Should -Be @(Get-MessageTrace @window -Status Quarantined -PageSize 5000).Count
        @($threats.VerdictSource -eq '').Count | Should -Be 0
        $first = @(Get-MailTrafficSummaryReport @window -Category TopMailSender -PageSize 3)
        $next = @(Get-MailTrafficSummaryReport @window -Category TopMailSender -PageSize 3 -Page 2)
        $first.Count | Should -Be 3
        $next.C1 | Should -Not -Contain $first[0].C1
        [int]$first[0].C2 | Should -BeGreaterOrEqual ([int]$next[0].C2)
    }

    It 'says when retention was last applied' {
        $log = Export-MailboxDiagnosticLogs -Identity adele -ExtendedProperties
        $last = (([xml]$log.MailboxLog).Properties.MailboxTable.Property | Where-Object Name -Like '*ELCLastSuccessTimestamp*').Value
        [datetime]$last | Should -BeGreaterThan $now.AddDays(-10)
    }
}

Describe 'Sizes' {
    It 'have four significant digits, of the service as of the module' {
        foreach ($mailbox in Get-Mailbox -ResultSize 20 -WarningAction SilentlyContinue) {
            $size = (Get-MailboxStatistics "$($mailbox.Guid)").TotalItemSize
            $text = "$size"
            # The text is the service's; a number of bytes has only what the module makes of it.
            $text | Should -BeExactly "$([ExchangeOnlineRs.ByteQuantifiedSize]$size.Value.ToBytes())"
            $text | Should -Match '^(\d{1,4}|\d{1,3}\.\d{1,3}) [KMGT]?B \([\d,]+ bytes\)$'
            ($text.Split(' ')[0] -replace '\.').TrimStart('0').Length | Should -BeLessOrEqual 4
        }
    }
}

Describe 'Objects under strict mode' {
    It 'have their properties, and no others' {
        Set-StrictMode -Version Latest
        $mailbox = Get-Mailbox adele
        $mailbox.DisplayName | Should -Not -BeNullOrEmpty
        @($mailbox.EmailAddresses).Count | Should -BeGreaterThan 0
        (Get-Failure { $mailbox.NoSuchProperty }).FullyQualifiedErrorId | Should -Be 'PropertyNotFoundStrict'
        @(Get-Mailbox -Filter "Name -eq 'nobody at all'").Count | Should -Be 0
    }
}

Describe 'A pool of runspaces' {
    It 'shares the connection' {
        $state = [initialsessionstate]::CreateDefault()
        $state.ImportPSModule($env:EXORS_MODULE)
        $pool = [runspacefactory]::CreateRunspacePool(1, 3, $state, $Host)
        $pool.Open()
        $shells = @()
        try {
            $wanted = @((Get-Mailbox -ResultSize 6 -WarningAction Ignore).PrimarySmtpAddress)
            $shells = @(foreach ($address in $wanted) { [powershell]::Create().AddScript('param($a) (Get-Mailbox $a).PrimarySmtpAddress').AddArgument($address) })
            $running = @(foreach ($shell in $shells) { $shell.RunspacePool = $pool; @{ Shell = $shell; Handle = $shell.BeginInvoke() } })
            @(foreach ($one in $running) { $one.Shell.EndInvoke($one.Handle) }) | Should -Be $wanted
            @($shells | ForEach-Object { $_.Streams.Error }) | Should -BeNullOrEmpty
        }
        finally {
            foreach ($shell in $shells) { $shell.Dispose() }
            $pool.Dispose()
        }
    }
}
