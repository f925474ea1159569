#Requires -Version 7.4
<#
The nine bulk cmdlets against the simulated tenant: every name of a mailbox gives what its identity gives, and searches, filters, properties, archives
and mailboxes that are gone give what the cmdlets of the service give.
#>
BeforeDiscovery {
    $ids = 'ExternalDirectoryObjectId', 'UserPrincipalName', 'PrimarySmtpAddress'
    $cmdlets = 'Get-EXOCasMailbox', 'Get-EXOMailbox', 'Get-EXOMailboxFolderPermission', 'Get-EXOMailboxFolderStatistics', 'Get-EXOMailboxPermission', 'Get-EXOMailboxStatistics', 'Get-EXOMobileDeviceStatistics',
        'Get-EXORecipient', 'Get-EXORecipientPermission'
    # Statistics take the directory's id from the pipeline only.
    $named = @(foreach ($cmdlet in $cmdlets) { foreach ($id in $ids) { if ("$cmdlet $id" -ne 'Get-EXOMailboxStatistics ExternalDirectoryObjectId') { @{ Name = $cmdlet; Id = $id } } } })
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 30
    Connect-TestTenant -Tenant $tenant
    # Somebody with an archive, and with permissions that others have.
    $script:mailbox = @(Get-Mailbox -Archive -ResultSize Unlimited | Where-Object { $_.RecipientTypeDetails -eq 'UserMailbox' })[0]
    Add-MailboxPermission -Identity $mailbox.ExchangeGuid -User adele -AccessRights FullAccess -Confirm:$false | Out-Null
    Add-RecipientPermission -Identity $mailbox.PrimarySmtpAddress -Trustee adele -AccessRights SendAs -Confirm:$false | Out-Null

    # Rows in one text, to compare them.
    function ConvertTo-Text($Rows) { @($Rows | ForEach-Object { $_ | ConvertTo-Json -Depth 4 -Compress } | Sort-Object) -join "`n" }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'A mailbox' {
    It 'is the same to <Name> by its <Id>' -ForEach $named {
        $given = @{ $Id = $mailbox.$Id }
        "$($mailbox.$Id)" | Should -Not -BeNullOrEmpty
        $rows = @(& $Name @given -ErrorAction Stop)
        $same = @(& $Name -Identity $mailbox.Alias -ErrorAction Stop)
        # Not everybody has a device.
        if ($Name -ne 'Get-EXOMobileDeviceStatistics') { $rows.Count | Should -BeGreaterThan 0 }
        ConvertTo-Text $rows | Should -Be (ConvertTo-Text $same)
    }

    It 'is found by the ids of its store' {
        $same = ConvertTo-Text (Get-EXOMailboxStatistics -Identity $mailbox.Alias)
        ConvertTo-Text (Get-EXOMailboxStatistics -ExchangeGuid $mailbox.ExchangeGuid) | Should -Be $same
        $seed = Get-EXOMailbox -Identity $mailbox.Alias -PropertySets StatisticsSeed
        $seed.DatabaseGuid | Should -Not -BeNullOrEmpty
        ConvertTo-Text (Get-EXOMailboxStatistics -ExchangeGuid $seed.ExchangeGuid -DatabaseGuid $seed.DatabaseGuid) | Should -Be $same
        ConvertTo-Text ($seed | Get-EXOMailboxStatistics) | Should -Be $same
    }

    It 'that is nobody''s is an error of <Name> by <Id>' -ForEach $named {
        $given = @{ $Id = $Id -eq 'ExternalDirectoryObjectId' ? '12345678-0000-4000-8000-000000000001' : 'nobody@contoso.example' }
        & $Name @given -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed.Count | Should -Be 1
    }
}

Describe 'Devices' {
    It 'are those of their mailbox, whichever way it is named' {
        $device = @(Get-MobileDevice -ResultSize Unlimited)[0]
        $owner = Get-Mailbox -ResultSize Unlimited | Where-Object { @(Get-MobileDevice -Mailbox $_.PrimarySmtpAddress).Guid -contains $device.Guid } | Select-Object -First 1
        $expected = @((Get-MobileDeviceStatistics -Mailbox $owner.PrimarySmtpAddress).DeviceId | Sort-Object)
        $expected | Should -Contain $device.DeviceId
        foreach ($given in @{ Mailbox = $owner.Alias }, @{ ExternalDirectoryObjectId = $owner.ExternalDirectoryObjectId }, @{ UserPrincipalName = $owner.UserPrincipalName }, @{ PrimarySmtpAddress = $owner.PrimarySmtpAddress }) {
            @((Get-EXOMobileDeviceStatistics @given).DeviceId | Sort-Object) | Should -Be $expected
        }
        @((Get-EXOMobileDeviceStatistics -Identity $device.Identity).DeviceId) | Should -Be @($device.DeviceId)
    }
}

Describe 'A list' {
    It 'of <Name> has the properties of <Sets> and those that are named, beside the names of the rows' -ForEach @(
        @{ Name = 'Get-EXOMailbox'; Sets = 'Quota'; More = 'Office'; Expected = 'UserPrincipalName', 'Identity', 'PrimarySmtpAddress', 'ExternalDirectoryObjectId', 'DisplayName', 'ProhibitSendQuota', 'Office'; Without = 'ArchiveStatus' }
        @{ Name = 'Get-EXOMailbox'; Sets = 'Delivery'; More = 'RecipientTypeDetails'; Expected = 'UserPrincipalName', 'Alias', 'Guid', 'GrantSendOnBehalfTo', 'RecipientTypeDetails'; Without = 'ProhibitSendQuota' }
        @{ Name = 'Get-EXOCasMailbox'; Sets = 'Imap'; More = 'HasActiveSyncDevicePartnership'; Expected = 'PrimarySmtpAddress', 'Name', 'Identity', 'ImapUseProtocolDefaults', 'HasActiveSyncDevicePartnership'; Without = 'PopUseProtocolDefaults' }
        @{ Name = 'Get-EXORecipient'; Sets = 'Policy'; More = 'City'; Expected = 'Name', 'RecipientType', 'ExternalDirectoryObjectId', 'EmailAddressPolicyEnabled', 'City'; Without = 'ArchiveGuid' }
    ) {
        $rows = @(& $Name -PropertySets $Sets -Properties $More -ResultSize Unlimited)
        $rows.Count | Should -BeGreaterThan 20
        foreach ($property in $Expected) { $rows[0].PSObject.Properties.Name | Should -Contain $property }
        $rows[0].PSObject.Properties.Name | Should -Not -Contain $Without
        # What a script goes on with.
        @($rows.Name | Where-Object { $_ }).Count | Should -Be $rows.Count
    }

    It 'of <Name> is searched and filtered as by <Service>' -ForEach @(
        @{ Name = 'Get-EXOCasMailbox'; Service = 'Get-CASMailbox'; Anr = 'ade'; Filter = "DisplayName -like 'A*'" }
        @{ Name = 'Get-EXORecipient'; Service = 'Get-Recipient'; Anr = 'ade'; Filter = "RecipientTypeDetails -eq 'SharedMailbox'" }
        @{ Name = 'Get-EXOMailbox'; Service = 'Get-Mailbox'; Anr = 'ade'; Filter = "DisplayName -like 'A*' -or RecipientTypeDetails -eq 'RoomMailbox'" }
    ) {
        $all = @(& $Name -ResultSize Unlimited)
        foreach ($given in @{ Anr = $Anr }, @{ Filter = $Filter }, @{ Filter = [scriptblock]::Create($Filter) }) {
            $expected = @((& $Service @given -ResultSize Unlimited).Guid | Sort-Object)
            $expected.Count | Should -BeGreaterThan 0
            $expected.Count | Should -BeLessThan $all.Count
            $rows = $Name -eq 'Get-EXORecipient' ? @(& $Name @given -ResultSize Unlimited -Properties Guid) : @(& $Name @given -ResultSize Unlimited)
            @($rows.Guid | Sort-Object) | Should -Be $expected
        }
    }
}

Describe 'An archive' {
    It 'is what the cmdlets of the service have of it' {
        @((Get-EXOMailbox -Archive -ResultSize Unlimited).Guid | Sort-Object) | Should -Be @((Get-Mailbox -Archive -ResultSize Unlimited).Guid | Sort-Object)
        (Get-EXOMailbox -Archive -Identity $mailbox.UserPrincipalName).Guid | Should -Be (Get-Mailbox -Archive -Identity $mailbox.UserPrincipalName).Guid
        $own = Get-EXOMailboxStatistics -Identity $mailbox.UserPrincipalName
        $archive = Get-EXOMailboxStatistics -Identity $mailbox.UserPrincipalName -Archive
        $expected = Get-MailboxStatistics -Identity $mailbox.ExchangeGuid -Archive
        "$($archive.MailboxGuid) $($archive.ItemCount) $($archive.TotalItemSize.Value.ToBytes())" | Should -Be "$($expected.MailboxGuid) $($expected.ItemCount) $($expected.TotalItemSize.Value.ToBytes())"
        $archive.MailboxGuid | Should -Not -Be $own.MailboxGuid
        $folders = @(Get-EXOMailboxFolderStatistics -Identity $mailbox.UserPrincipalName -Archive | ForEach-Object { "$($_.FolderPath) $($_.ItemsInFolder)" } | Sort-Object)
        $folders | Should -Be @(Get-MailboxFolderStatistics -Identity $mailbox.ExchangeGuid -Archive -FolderScope All | ForEach-Object { "$($_.FolderPath) $($_.ItemsInFolder)" } | Sort-Object)
        $folders | Should -Not -Be @(Get-EXOMailboxFolderStatistics -Identity $mailbox.UserPrincipalName | ForEach-Object { "$($_.FolderPath) $($_.ItemsInFolder)" } | Sort-Object)
    }

    It 'of somebody who has none is an error' {
        $without = @(Get-Mailbox -RecipientTypeDetails UserMailbox -ResultSize Unlimited | Where-Object ArchiveStatus -NE 'Active')[0]
        foreach ($name in 'Get-EXOMailboxStatistics', 'Get-EXOMailboxFolderStatistics') {
            & $name -Identity $without.UserPrincipalName -Archive -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $failed.Count | Should -Be 1
        }
    }
}

Describe 'A mailbox that is gone' {
    BeforeAll {
        $people = @(Get-Mailbox -RecipientTypeDetails UserMailbox -ResultSize Unlimited | Where-Object Alias -NotIn 'adele', 'admin', $mailbox.Alias)
        # A hold keeps the mailbox of a person who is removed.
        Set-Mailbox -Identity $people[-1].PrimarySmtpAddress -LitigationHoldEnabled $true
        foreach ($person in $people[-1], $people[-2]) { Remove-Mailbox -Identity $person.PrimarySmtpAddress -Confirm:$false }
        $script:held = $people[-1].Guid
        $script:deleted = $people[-2].Guid
    }

    It 'is in no list unless asked for' {
        $rows = @((Get-EXOMailbox -ResultSize Unlimited).Guid)
        $rows | Should -Not -Contain $held
        $rows | Should -Not -Contain $deleted
    }

    It 'is found by -<Switch> as by Get-Mailbox' -ForEach @(
        @{ Switch = 'SoftDeletedMailbox' }
        @{ Switch = 'InactiveMailboxOnly' }
        @{ Switch = 'IncludeInactiveMailbox' }
    ) {
        $given = @{ $Switch = $true }
        $rows = @((Get-EXOMailbox @given -ResultSize Unlimited).Guid | Sort-Object)
        $rows | Should -Be @((Get-Mailbox @given -ResultSize Unlimited).Guid | Sort-Object)
        $rows | Should -Contain ($Switch -eq 'SoftDeletedMailbox' ? $deleted : $held)
        if ($Switch -ne 'SoftDeletedMailbox') { $rows | Should -Not -Contain $deleted }
        $rows -contains $mailbox.Guid | Should -Be ($Switch -eq 'IncludeInactiveMailbox')
    }
}
