#Requires -Version 7.4
<#
The bulk cmdlets against the simulated tenant, as scripts use them: what they give must be what the cmdlets of the service give.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 25
    Connect-TestTenant -Tenant $tenant
    $script:classic = @(Get-Mailbox)
    $script:person = @($classic | Where-Object RecipientTypeDetails -EQ 'UserMailbox')[0]
    $script:other = @($classic | Where-Object RecipientTypeDetails -EQ 'UserMailbox')[1]
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'Get-EXOMailbox' {
    It 'gives the same mailboxes as Get-Mailbox' {
        $rows = @(Get-EXOMailbox -ResultSize Unlimited)
        @($rows.ExternalDirectoryObjectId | Sort-Object) | Should -Be @($classic.ExternalDirectoryObjectId | Sort-Object)
    }

    It 'gives the properties that were seen in the original, in their order' {
        $row = Get-EXOMailbox -Identity $person.UserPrincipalName
        $row.PSObject.Properties.Name -join ' ' | Should -Be ('ExternalDirectoryObjectId UserPrincipalName Alias DisplayName EmailAddresses PrimarySmtpAddress ' +
            'RecipientType RecipientTypeDetails Identity Id ExchangeVersion Name DistinguishedName OrganizationId Guid')
        foreach ($name in 'UserPrincipalName', 'DisplayName', 'PrimarySmtpAddress', 'Alias', 'RecipientTypeDetails') { $row.$name | Should -Be $person.$name }
        $row.EmailAddresses | Should -Be $person.EmailAddresses
        $row.Guid | Should -Be "$($person.Guid)"
    }

    It 'finds a mailbox by its <_>' -ForEach 'UserPrincipalName', 'PrimarySmtpAddress', 'Alias', 'DistinguishedName', 'Guid', 'ExternalDirectoryObjectId', 'Name' {
        (Get-EXOMailbox -Identity "$($person.$_)").UserPrincipalName | Should -Be $person.UserPrincipalName
    }

    It 'gives more when asked for more' {
        $row = Get-EXOMailbox $person.UserPrincipalName -Properties WhenCreated, ExchangeGuid
        $row.WhenCreated | Should -BeOfType [datetime]
        $row.WhenCreated | Should -Be $person.WhenCreated
        $row.ExchangeGuid | Should -Be "$($person.ExchangeGuid)"
        $row.DisplayName | Should -Be $person.DisplayName -Because 'the minimum stays'
        (Get-EXOMailbox $person.UserPrincipalName -PropertySets Quota).ProhibitSendQuota | Should -Not -BeNullOrEmpty
        @((Get-EXOMailbox $person.UserPrincipalName -PropertySets All).PSObject.Properties).Count | Should -BeGreaterThan 50
    }

    It 'filters by kind and by what a filter says' {
        $expected = @($classic | Where-Object RecipientTypeDetails -EQ 'SharedMailbox').UserPrincipalName | Sort-Object
        @(Get-EXOMailbox -RecipientTypeDetails SharedMailbox).UserPrincipalName | Sort-Object | Should -Be $expected
        @(Get-EXOMailbox -Filter "UserPrincipalName -eq '$($person.UserPrincipalName)'").UserPrincipalName | Should -Be $person.UserPrincipalName
    }

    It 'reads page after page by GET' {
        $before = Measure-TenantRequest -Tenant $tenant
        $rows = @(Get-EXOMailbox -ResultSize 7 -WarningVariable warned -WarningAction SilentlyContinue)
        $rows.Count | Should -Be 7
        @($warned).Count | Should -Be 1
        $requests = @(Get-TenantRequest -Tenant $tenant -Skip $before)
        $requests.Count | Should -Be 1
        $requests[0].method | Should -Be 'GET'
    }

    It 'says in the words of the original that there is no such mailbox' {
        $failure = Get-Failure { Get-EXOMailbox -Identity nobody@contoso.com -ErrorAction Stop }
        $failure.Exception.Message | Should -BeLike 'Error while querying REST service. HttpStatusCode=404 ErrorMessage=*'
        $failure.Exception.Message | Should -Match "couldn't be found|could not be found|couldn't"
        $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }
}

Describe 'Bulk cmdlets about a mailbox' {
    It 'statistics agree with those of the service' {
        $row = $person | Get-EXOMailboxStatistics
        $expected = Get-MailboxStatistics -Identity $person.UserPrincipalName
        $row.ItemCount | Should -Be $expected.ItemCount
        $row.TotalItemSize.Value.ToBytes() | Should -Be $expected.TotalItemSize.Value.ToBytes()
        $row.PSObject.Properties.Name -join ' ' | Should -Be 'DisplayName MailboxGuid DeletedItemCount ItemCount TotalDeletedItemSize TotalItemSize'
    }

    It 'statistics of all mailboxes come through the pipeline' {
        $users = @(Get-EXOMailbox -RecipientTypeDetails UserMailbox)
        $rows = @($users | Get-EXOMailboxStatistics)
        $rows.DisplayName | Should -Be $users.DisplayName
    }

    It 'folders agree with those of the service' {
        $rows = @(Get-EXOMailboxFolderStatistics -Identity $person.UserPrincipalName)
        $expected = @(Get-MailboxFolderStatistics -Identity $person.UserPrincipalName)
        $rows.FolderPath | Should -Contain '/Inbox'
        # Whether those of the dumpster belong to all folders is not known.
        $rows.FolderPath | Where-Object { $_ -notin $expected.FolderPath } | Should -BeNullOrEmpty
        @($rows | Where-Object FolderType -EQ 'Inbox').FolderSize.Value.ToBytes() | Should -BeGreaterOrEqual 0
        @(Get-EXOMailboxFolderStatistics -Identity $person.UserPrincipalName -FolderScope Inbox).Count | Should -BeLessThan $rows.Count
    }

    It 'permissions agree with those of the service' {
        Add-MailboxPermission -Identity $person.UserPrincipalName -User $other.UserPrincipalName -AccessRights FullAccess -Confirm:$false | Out-Null
        $rows = @(Get-EXOMailboxPermission -Identity $person.UserPrincipalName)
        $expected = @(Get-MailboxPermission -Identity $person.UserPrincipalName)
        @($rows.User | Sort-Object) | Should -Be @($expected.User | Sort-Object)
        $mine = @($rows | Where-Object { $_.AccessRights -contains 'FullAccess' -and $_.User -notlike 'NT AUTHORITY*' })
        $mine.Count | Should -Be 1
        $mine[0].PSObject.Properties.Name -join ' ' | Should -Be 'Identity User AccessRights IsInherited Deny InheritanceType'
    }

    It 'the right to send as somebody agrees too' {
        Add-RecipientPermission -Identity $person.UserPrincipalName -Trustee $other.UserPrincipalName -AccessRights SendAs -Confirm:$false | Out-Null
        $rows = @(Get-EXORecipientPermission -Identity $person.UserPrincipalName)
        @($rows.Trustee | Sort-Object) | Should -Be @((Get-RecipientPermission -Identity $person.UserPrincipalName).Trustee | Sort-Object)
        @(Get-EXORecipientPermission -ResultSize Unlimited | Where-Object { $_.Trustee -eq $rows[-1].Trustee }).Count | Should -BeGreaterThan 0
    }

    It 'permissions of the calendar agree too' {
        $rows = @(Get-EXOMailboxFolderPermission -Identity "$($person.UserPrincipalName):\Calendar")
        $expected = @(Get-MailboxFolderPermission -Identity "$($person.UserPrincipalName):\Calendar")
        @($rows | ForEach-Object { "$($_.User)" } | Sort-Object) | Should -Be @($expected | ForEach-Object { "$($_.User)" } | Sort-Object)
        @(Get-EXOMailboxFolderPermission -Identity "$($person.UserPrincipalName):\Calendar" -User Default).Count | Should -Be 1
    }

    It 'client access settings and recipients are there' {
        (Get-EXOCasMailbox -Identity $person.UserPrincipalName).PrimarySmtpAddress | Should -Be $person.PrimarySmtpAddress
        (Get-EXORecipient -Identity $person.UserPrincipalName).ExternalDirectoryObjectId | Should -Be $person.ExternalDirectoryObjectId
        @(Get-EXORecipient -ResultSize Unlimited).Count | Should -Be @(Get-Recipient -ResultSize Unlimited).Count
    }

    It 'devices of a mailbox can be asked for' {
        { Get-EXOMobileDeviceStatistics -Mailbox $person.UserPrincipalName -ErrorAction Stop } | Should -Not -Throw
    }
}
