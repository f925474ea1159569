#Requires -Version 7.4
<#
Scopes, cases, holds and retention of Security & Compliance, and what is deleted, left over or bound to scopes in Exchange Online, as scripts work
with them.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 60
    Connect-TestTenant -Tenant $tenant
    Connect-IPPSSession -ConnectionUri $tenant.ConnectionUri -AzureADAuthorizationEndpointUri $tenant.AuthorizationUri -Credential (Get-TenantCredential -Tenant $tenant)
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'Adaptive scopes' {
    AfterEach { Get-AdaptiveScope | Where-Object Name -EQ 'Crane drivers' | Remove-AdaptiveScope -Confirm:$false }

    It 'are made of conditions, and have the members that fit' {
        $conditions = @{
            Conditions  = @(@{ Name = 'Department'; Operator = 'Equals'; Value = 'Engineering' }, @{ Name = 'City'; Operator = 'NotEquals'; Value = 'Paris' })
            Conjunction = 'And'
        }
        (New-AdaptiveScope -Name 'Crane drivers' -LocationType User -FilterConditions $conditions).LocationType | Should -Be 'User'
        $expected = @(Get-Recipient -Filter "Department -eq 'Engineering'" -RecipientTypeDetails UserMailbox -ResultSize Unlimited | Where-Object City -NE 'Paris')
        $expected.Count | Should -BeGreaterThan 0
        $members = @(Get-AdaptiveScopeMembers -Identity 'Crane drivers' -PageResultSize Unlimited)
        $members.ObjectId | Sort-Object | Should -Be @($expected.ExternalDirectoryObjectId | Sort-Object)
        @(Get-AdaptiveScopeMembers -Identity 'Crane drivers' -PageResultSize 1).Count | Should -Be 1
        Get-AdaptiveScopeMembers -Identity 'Crane drivers' -State Removed | Should -BeNullOrEmpty
    }

    It 'are made of a query, and changed' {
        $null = New-AdaptiveScope -Name 'Crane drivers' -LocationType Group -RawQuery "DisplayName -like 'Project*'"
        (Get-AdaptiveScopeMembers 'Crane drivers').DisplayName | Should -Be 'Project Aurora'
        Set-AdaptiveScope 'Crane drivers' -RawQuery "DisplayName -eq 'Nobody'" -Comment 'None yet'
        Get-AdaptiveScopeMembers 'Crane drivers' | Should -BeNullOrEmpty
        (Get-AdaptiveScope 'Crane drivers').Comment | Should -Be 'None yet'
        { Set-AdaptiveScope 'Crane drivers' -RawQuery "DisplayName -eqq 'x'" -ErrorAction Stop } | Should -Throw
    }
}

Describe 'Cases and holds' {
    It 'have members' {
        $null = New-ComplianceCase -Name 'Broken crane'
        $before = @(Get-ComplianceCaseMember -Case 'Broken crane').Count
        Add-ComplianceCaseMember -Case 'Broken crane' -Member bruno.lacroix
        $member = @(Get-ComplianceCaseMember -Case 'Broken crane')
        $member.Count | Should -Be ($before + 1)
        $member.WindowsLiveID -like 'bruno.lacroix@*' | Should -HaveCount 1
        { Add-ComplianceCaseMember -Case 'Broken crane' -Member bruno.lacroix -ErrorAction Stop } | Should -Throw '*already a member*'
        Remove-ComplianceCaseMember -Case 'Broken crane' -Member bruno.lacroix -Confirm:$false
        @(Get-ComplianceCaseMember -Case 'Broken crane').Count | Should -Be $before
        Update-ComplianceCaseMember -Case 'Broken crane' -Members adele, bruno.lacroix -Confirm:$false
        @(Get-ComplianceCaseMember -Case 'Broken crane').Count | Should -Be 2
    }

    It 'are taken from a mailbox, each hold being its id' {
        $holds = @(Invoke-HoldRemovalAction -Action GetHolds -ExchangeLocation bruno.lacroix)
        $holds.Count | Should -Be 1
        "$($holds[0])" | Should -Be "UniH$((Get-CaseHoldPolicy 'Hold of the harbour papers').Guid)"
        foreach ($hold in $holds) { Invoke-HoldRemovalAction -Action RemoveHold -ExchangeLocation bruno.lacroix -HoldId $hold -Force }
        Invoke-HoldRemovalAction -Action GetHolds -ExchangeLocation bruno.lacroix | Should -BeNullOrEmpty
        (Invoke-HoldRemovalAction -Action GetHoldRemovals -ExchangeLocation bruno.lacroix).HoldId | Should -Be "$($holds[0])"
    }

    It 'leave applications with policies of their own' {
        $null = New-AppRetentionCompliancePolicy -Name Engage -Applications 'User:Yammer' -ExchangeLocation All
        Set-AppRetentionCompliancePolicy Engage -AddModernGroupLocation All -Enabled $false
        $policy = Get-AppRetentionCompliancePolicy Engage -DistributionDetail
        $policy.ModernGroupLocation | Should -Be 'All'
        $policy.Enabled | Should -BeFalse
        Remove-AppRetentionCompliancePolicy Engage -Confirm:$false
        (Get-AppRetentionCompliancePolicy).Name | Should -Not -Contain 'Engage'
    }
}

Describe 'Deleted items' {
    It 'are listed and restored' {
        $items = @(Get-RecoverableItems -Identity adele -SourceFolder RecoverableItems -ResultSize Unlimited)
        $items.Count | Should -Be (Get-MailboxFolderStatistics adele | Where-Object FolderPath -EQ '/Deletions').ItemsInFolder
        $meeting = @(Get-RecoverableItems adele -FilterItemType IPM.Appointment -FilterStartTime $items[-1].LastModifiedTime.AddMinutes(-1))[0]
        $meeting.LastParentPath | Should -Be 'Calendar'
        $restored = Restore-RecoverableItems adele -EntryID $meeting.EntryID
        $restored.WasRestoredSuccessfully | Should -BeTrue
        $restored.RestoredToFolderPath | Should -Be 'Calendar'
        (Get-RecoverableItems adele -ResultSize Unlimited).EntryID | Should -Not -Contain $meeting.EntryID
    }
}

Describe 'What is left over' {
    It 'public folders take mail' {
        @(Get-MailPublicFolder -ResultSize Unlimited).Count | Should -BeGreaterThan 1
        Set-MailPublicFolder 'Old Orders' -HiddenFromAddressListsEnabled $true
        (Get-MailPublicFolder -Filter 'HiddenFromAddressListsEnabled -eq $true').Name | Should -Be 'Old Orders'
    }

    It 'an old search is known by its hold, and goes' {
        $search = Get-MailboxSearch 'Tender of 2016'
        (Get-MailboxSearch -InPlaceHoldIdentity $search.InPlaceHoldIdentity).Name | Should -Be $search.Name
        Remove-MailboxSearch $search.Name -Confirm:$false
        Get-MailboxSearch | Should -BeNullOrEmpty
    }

    It 'plain groups could become Microsoft 365 groups' {
        $groups = @(Get-EligibleDistributionGroupForMigration)
        $groups.PrimarySmtpAddress | Should -Contain (Get-DistributionGroup 'All Company').PrimarySmtpAddress
        $groups.Name | Should -Not -Contain 'Finance Approvers' -Because 'a security group stays one'
    }
}

Describe 'Roles' {
    It 'are bound to the recipients of a scope' {
        $null = New-ManagementScope -Name Paris -RecipientRestrictionFilter "City -eq 'Paris'"
        $null = New-ManagementRoleAssignment -Name 'Helper of Paris' -Role 'Mail Recipients' -User adele -CustomRecipientWriteScope Paris
        (Get-ManagementRoleAssignment -CustomRecipientWriteScope Paris).Name | Should -Be 'Helper of Paris'
        { Remove-ManagementScope Paris -Confirm:$false -ErrorAction Stop } | Should -Throw '*bound to it*'
        Set-ManagementScope Paris -RecipientRestrictionFilter "City -like 'Par*'"
        (Get-ManagementScope Paris).RecipientFilter | Should -Be "City -like 'Par*'"
        Set-ManagementRoleAssignment 'Helper of Paris' -RecipientRelativeWriteScope Organization
        (Get-ManagementRoleAssignment 'Helper of Paris').RecipientWriteScope | Should -Be 'Organization'
        Remove-ManagementScope Paris -Confirm:$false
        (Get-ManagementScope).Name | Should -Not -Contain 'Paris'
    }
}
