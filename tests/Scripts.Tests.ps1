#Requires -Version 7.4
<#
Scripts as administrators write them, run as they are against the simulated tenant. They know the module by the name ExchangeOnlineManagement.
`cargo xtask test` names the module in EXORS_MODULE.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    $script:earlierPath = $env:PSModulePath
    $env:PSModulePath = (Join-Path (Split-Path $env:EXORS_MODULE) 'companion') + [IO.Path]::PathSeparator + $env:PSModulePath
    Remove-Module ExchangeOnlineRs, ExchangeOnlineManagement -ErrorAction Ignore
    Import-Module ExchangeOnlineManagement -MinimumVersion 3.0
    $script:tenant = Start-TestTenant -Mailboxes 25
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
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
    Remove-Module ExchangeOnlineManagement -ErrorAction Ignore
    $env:PSModulePath = $earlierPath
}

Describe 'Every script' {
    It '<_> parses, explains itself, and uses no command that is not there' -ForEach @((Get-ChildItem (Join-Path $PSScriptRoot 'scripts/admin') -Filter *.ps1).Name) {
        $errors = $null
        $ast = [Management.Automation.Language.Parser]::ParseFile((Join-Path $scripts $_), [ref]$null, [ref]$errors)
        $errors | Should -BeNullOrEmpty
        $ast.GetHelpContent().Synopsis | Should -Not -BeNullOrEmpty
        $names = $ast.FindAll({ param($Node) $Node -is [Management.Automation.Language.CommandAst] }, $true) | ForEach-Object { $_.GetCommandName() } | Where-Object { $_ } | Sort-Object -Unique
        foreach ($name in $names) { Get-Command $name -ErrorAction Ignore | Should -Not -BeNullOrEmpty -Because $name }
    }
}

Describe 'Get-MailboxQuotaReport.ps1' {
    It 'lists mailboxes, the fullest first, and only those that are full enough' {
        $all = @(& "$scripts/Get-MailboxQuotaReport.ps1" -MinimumPercent 0 -Connection $connection)
        Disconnect-ExchangeOnline -Confirm:$false
        $all.Count | Should -BeGreaterThan 5
        ($all.Percent | Sort-Object -Descending) -join ' ' | Should -Be ($all.Percent -join ' ')
        @($all | Where-Object { $_.SizeGB -gt 0 -and $_.Quota -match '^[\d.]+ [MGT]B$' }).Count | Should -Be $all.Count
        $limit = $all[2].Percent
        $csv = Join-Path $TestDrive 'quota.csv'
        & "$scripts/Get-MailboxQuotaReport.ps1" -MinimumPercent $limit -CsvPath $csv -Connection $connection | Should -BeNullOrEmpty
        Disconnect-ExchangeOnline -Confirm:$false
        @(Import-Csv -LiteralPath $csv).Count | Should -Be @($all | Where-Object Percent -GE $limit).Count
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
    It 'reads mailboxes side by side, and lists by date' {
        $everybody = @(& "$scripts/Get-InactiveMailboxReport.ps1" -Days 0 -Today ([datetime]'2100-01-01') -Connection $connection)
        $everybody.Count | Should -Be (Invoke-Aside { @(Get-Mailbox -RecipientTypeDetails UserMailbox -ResultSize Unlimited).Count })
        @($everybody | Where-Object { $_.Items -gt 0 -and $_.Size -match '\d [KMGT]?B ?$' }).Count | Should -Be $everybody.Count
        @(& "$scripts/Get-InactiveMailboxReport.ps1" -Days 1 -Today ([datetime]'1999-01-01') -Connection $connection | Where-Object LastLogon).Count | Should -Be 0
    }
}

Describe 'Get-ComplianceSearchReport.ps1' {
    It 'lists searches of Security & Compliance' {
        $report = @(& "$scripts/Get-ComplianceSearchReport.ps1" -Connection $connection)
        $report.Count | Should -BeGreaterThan 0
        $report[0].Status | Should -Not -BeNullOrEmpty
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
        $days = @{ Start = (Get-Date).AddDays(-90); End = (Get-Date).AddDays(1); Connection = $connection }
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

Describe 'Get-MessageTraceSummary.ps1' {
    It 'counts, and agrees with itself' {
        $all = & "$scripts/Get-MessageTraceSummary.ps1" -Days 10 -Connection $connection
        $all.Messages | Should -BeGreaterThan 0
        $all.Latest | Should -BeOfType [datetime]
        $status, $count = ($all.ByStatus -split ' ')[0] -split '='
        (& "$scripts/Get-MessageTraceSummary.ps1" -Days 10 -Status $status -Connection $connection).Messages | Should -Be $count
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
