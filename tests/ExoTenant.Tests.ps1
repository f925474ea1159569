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
    $script:third = @($classic | Where-Object RecipientTypeDetails -EQ 'UserMailbox')[2]

    # A permission as one text, to compare what two cmdlets say of it.
    function Get-PermissionText($Row, [string] $Who = 'Trustee') {
        "$($Row.$Who): $(@($Row.AccessRights) -join ',') $($Row.Deny)$($Row.AccessControlType) inherited=$($Row.IsInherited) $($Row.InheritanceType)"
    }
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
        $office = @((Get-Mailbox -Identity $person.UserPrincipalName).Office)[0]
        $office | Should -Not -BeNullOrEmpty
        $same = @(Get-EXOMailbox -Filter "Office -eq '$office'" -Properties Office)
        @($same.UserPrincipalName | Sort-Object) | Should -Be @(($classic | Where-Object Office -EQ $office).UserPrincipalName | Sort-Object)
        @($same.Office | Select-Object -Unique) | Should -Be $office
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
        $failure.Exception.Message | Should -BeLike "*nobody@contoso.com*couldn't be found*"
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
        foreach ($row in $rows) {
            $same = $expected | Where-Object FolderPath -EQ $row.FolderPath
            $row.FolderSize.Value.ToBytes() | Should -Be $same.FolderSize.Value.ToBytes()
            $row.ItemsInFolder | Should -Be $same.ItemsInFolder
            $row.FolderType | Should -Be $same.FolderType
        }
        @($rows | Where-Object { $_.FolderSize.Value.ToBytes() -gt 0 }).Count | Should -BeGreaterThan 1
        $inbox = @(Get-EXOMailboxFolderStatistics -Identity $person.UserPrincipalName -FolderScope Inbox)
        $inbox.FolderPath | Should -Be @((Get-MailboxFolderStatistics -Identity $person.UserPrincipalName -FolderScope Inbox).FolderPath)
    }

    It 'permissions agree with those of the service' {
        Add-MailboxPermission -Identity $person.UserPrincipalName -User $other.UserPrincipalName -AccessRights FullAccess -Confirm:$false | Out-Null
        $rows = @(Get-EXOMailboxPermission -Identity $person.UserPrincipalName)
        $expected = @(Get-MailboxPermission -Identity $person.UserPrincipalName)
        @($rows | ForEach-Object { Get-PermissionText $_ 'User' } | Sort-Object) |
            Should -Be @($expected | ForEach-Object { Get-PermissionText $_ 'User' } | Sort-Object)
        $mine = @($rows | Where-Object { $_.AccessRights -contains 'FullAccess' -and $_.User -notlike 'NT AUTHORITY*' })
        $mine.Count | Should -Be 1
        $mine[0].PSObject.Properties.Name -join ' ' | Should -Be 'Identity User AccessRights IsInherited Deny InheritanceType'
        $ofOther = @(Get-EXOMailboxPermission -Identity $person.UserPrincipalName -User $other.UserPrincipalName)
        @($ofOther | ForEach-Object { Get-PermissionText $_ 'User' }) | Should -Be @(Get-PermissionText $mine[0] 'User')
        Get-EXOMailboxPermission -Identity $person.UserPrincipalName -User $third.UserPrincipalName | Should -BeNullOrEmpty
    }

    It 'the right to send as somebody agrees too' {
        Add-RecipientPermission -Identity $person.UserPrincipalName -Trustee $other.UserPrincipalName -AccessRights SendAs -Confirm:$false -WarningAction Ignore | Out-Null
        $rows = @(Get-EXORecipientPermission -Identity $person.UserPrincipalName)
        $expected = @(Get-RecipientPermission -Identity $person.UserPrincipalName)
        @($rows | ForEach-Object { Get-PermissionText $_ } | Sort-Object) | Should -Be @($expected | ForEach-Object { Get-PermissionText $_ } | Sort-Object)
        $all = @(Get-EXORecipientPermission -ResultSize Unlimited)
        $expected = @(Get-RecipientPermission -ResultSize Unlimited)
        @($all | ForEach-Object { Get-PermissionText $_ } | Sort-Object) | Should -Be @($expected | ForEach-Object { Get-PermissionText $_ } | Sort-Object)
    }

    It 'the right to send as somebody is found by <Case>' -ForEach @(
        @{ Case = 'the trustee'; Parameters = @('Trustee') }
        @{ Case = 'the mailbox and the trustee'; Parameters = @('Identity', 'Trustee') }
        @{ Case = 'the kind of right'; Parameters = @('AccessRights') }
        @{ Case = 'the mailbox and the kind of right'; Parameters = @('Identity', 'AccessRights') }
        @{ Case = 'all three'; Parameters = @('Identity', 'Trustee', 'AccessRights') }
    ) {
        foreach ($mailbox in $person, $third) {
            Add-RecipientPermission -Identity $mailbox.UserPrincipalName -Trustee $other.UserPrincipalName -AccessRights SendAs -Confirm:$false -WarningAction Ignore | Out-Null
        }
        $values = @{ Identity = $person.UserPrincipalName; Trustee = $other.UserPrincipalName; AccessRights = 'SendAs' }
        $chosen = @{ ResultSize = 'Unlimited' }
        $Parameters | ForEach-Object { $chosen[$_] = $values[$_] }
        $before = Measure-TenantRequest -Tenant $tenant
        $rows = @(Get-EXORecipientPermission @chosen)
        @(Get-TenantRequest -Tenant $tenant -Skip $before)[0].path | Should -BeLike '*/Recipient/Exchange.GetRecipientPermissionByFilters(*'
        $expected = @(Get-RecipientPermission @chosen)
        @($rows | ForEach-Object { Get-PermissionText $_ } | Sort-Object) | Should -Be @($expected | ForEach-Object { Get-PermissionText $_ } | Sort-Object)
        $given = @($rows | Where-Object Trustee -EQ $other.UserPrincipalName).Count
        $chosen.ContainsKey('Identity') ? ($given -eq 1) : ($given -ge 2) | Should -BeTrue
        if ($chosen.ContainsKey('Trustee')) { $rows.Count | Should -Be $given -Because 'there are no rows of others' }
    }

    It 'nobody may send as somebody without the right' {
        Get-EXORecipientPermission -Identity $other.UserPrincipalName -Trustee $third.UserPrincipalName | Should -BeNullOrEmpty
    }

    It 'permissions of the calendar agree too' {
        $rows = @(Get-EXOMailboxFolderPermission -Identity "$($person.UserPrincipalName):\Calendar")
        $expected = @(Get-MailboxFolderPermission -Identity "$($person.UserPrincipalName):\Calendar")
        @($rows | ForEach-Object { "$($_.User) $($_.AccessRights -join ',')" } | Sort-Object) |
            Should -Be @($expected | ForEach-Object { "$($_.User) $($_.AccessRights -join ',')" } | Sort-Object)
        @(Get-EXOMailboxFolderPermission -Identity "$($person.UserPrincipalName):\Calendar" -User Default).User | Should -Be 'Default'
        Get-EXOMailboxFolderPermission -Identity "$($person.UserPrincipalName):\Calendar" -User nobody@contoso.com -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'client access settings and recipients are there' {
        (Get-EXOCasMailbox -Identity $person.UserPrincipalName).PrimarySmtpAddress | Should -Be $person.PrimarySmtpAddress
        (Get-EXORecipient -Identity $person.UserPrincipalName).ExternalDirectoryObjectId | Should -Be $person.ExternalDirectoryObjectId
        @(Get-EXORecipient -ResultSize Unlimited).Count | Should -Be @(Get-Recipient -ResultSize Unlimited).Count
    }

    It 'devices agree with those of the service, whatever names the mailbox' {
        $owner = @($classic | Where-Object { @(Get-MobileDeviceStatistics -Mailbox $_.UserPrincipalName).Count -gt 0 })[0]
        $expected = @(Get-MobileDeviceStatistics -Mailbox $owner.UserPrincipalName)
        $text = { "$($_.DeviceID) $($_.DeviceModel) $($_.Identity) $($_.LastSuccessSync.Ticks)" }
        $devices = @($expected | ForEach-Object $text | Sort-Object)
        $devices.Count | Should -BeGreaterThan 0
        @(Get-EXOMobileDeviceStatistics -Mailbox $owner.UserPrincipalName | ForEach-Object $text | Sort-Object) | Should -Be $devices
        @($owner | Get-EXOMobileDeviceStatistics | ForEach-Object $text | Sort-Object) | Should -Be $devices
        $hold = Get-EXOMailbox -Identity $owner.UserPrincipalName -PropertySets Hold
        @($hold | Get-EXOMobileDeviceStatistics | ForEach-Object $text | Sort-Object) | Should -Be $devices
        # Without an address nothing names the mailbox that could not be a device's name.
        @($hold | Select-Object ExternalDirectoryObjectId | Get-EXOMobileDeviceStatistics | ForEach-Object $text | Sort-Object) | Should -Be $devices
        # A device is one still.
        $first = @(Get-EXOMobileDeviceStatistics -Mailbox $owner.UserPrincipalName)[0]
        ($first | Get-EXOMobileDeviceStatistics).DeviceID | Should -Be $first.DeviceID
    }
}
