#Requires -Version 7.4
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 25
    Connect-TestTenant -Tenant $tenant
    $script:all = @(Get-Mailbox)
    # A person's mailbox: rooms and the like differ in what they have.
    $script:person = @($all | Where-Object RecipientTypeDetails -EQ 'UserMailbox')[0]
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'Get-Mailbox' {
    It 'returns every mailbox with what scripts read' {
        $all.Count | Should -Be 25
        @($all.ExternalDirectoryObjectId | Sort-Object -Unique).Count | Should -Be 25
        foreach ($name in 'Name', 'Alias', 'DisplayName', 'UserPrincipalName', 'PrimarySmtpAddress', 'RecipientTypeDetails', 'DistinguishedName', 'Guid', 'Identity') {
            $person.$name | Should -Not -BeNullOrEmpty -Because $name
        }
    }

    It 'has the type name and the view of the original' {
        $person.PSObject.TypeNames | Should -Contain 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
        $lines = @(($person | Out-String -Width 160).Trim() -split '\r?\n')
        $lines[0] | Should -Match '^Name\s+Alias\s+Database\s+ProhibitSendQuota\s+ExternalDirectoryObjectId\s*$'
        $lines[-1] | Should -Match ([regex]::Escape($person.ExternalDirectoryObjectId))
    }

    It 'is its identity as text' {
        "$person" | Should -Be "$($person.Identity)"
    }

    It 'has collections that work as scripts use them' {
        @($person.EmailAddresses).Count | Should -BeGreaterThan 0
        @($person.EmailAddresses -clike 'SMTP:*').Count | Should -Be 1
        ($person.EmailAddresses -join ';') | Should -Match 'SMTP:'
        $null -eq $person.GrantSendOnBehalfTo | Should -BeFalse -Because 'an empty collection is no null'
    }

    It 'has sizes that work as scripts use them' {
        $text = [string]$person.ProhibitSendQuota
        $text | Should -Match '^(Unlimited|[\d.,]+ [KMGT]?B \([\d,]+ bytes\))$'
        ($text -replace '\(.*', '').Trim() | Should -Not -BeNullOrEmpty
    }

    It 'has dates' {
        $person.WhenCreated | Should -BeOfType [datetime]
        $person.WhenCreatedUTC.ToUniversalTime() | Should -Be $person.WhenCreated.ToUniversalTime()
    }

    It 'finds a mailbox by its <_>' -ForEach 'UserPrincipalName', 'PrimarySmtpAddress', 'Alias', 'DistinguishedName', 'Guid', 'ExternalDirectoryObjectId', 'Name' {
        $found = @(Get-Mailbox -Identity "$($person.$_)")
        $found.Count | Should -Be 1
        $found[0].Guid | Should -Be $person.Guid
    }

    It 'takes the identity by position, in any casing' {
        (Get-Mailbox $person.UserPrincipalName.ToUpperInvariant()).Guid | Should -Be $person.Guid
    }

    It 'filters: <Filter>' -ForEach @(
        @{ Filter = "RecipientTypeDetails -eq 'UserMailbox'" }
        @{ Filter = { RecipientTypeDetails -eq 'UserMailbox' } }
    ) {
        $found = @(Get-Mailbox -Filter $Filter)
        $found.Count | Should -Be @($all | Where-Object RecipientTypeDetails -EQ 'UserMailbox').Count
        $found.Count | Should -BeLessThan 25 -Because 'otherwise this shows nothing'
    }

    It 'filters by recipient type' {
        $found = @(Get-Mailbox -RecipientTypeDetails SharedMailbox)
        $found.Count | Should -BeGreaterThan 0
        @($found.RecipientTypeDetails | Sort-Object -Unique) | Should -Be @('SharedMailbox')
    }

    It 'takes mailboxes from the pipeline' {
        $found = @($all[0..2] | Get-Mailbox)
        ($found.Guid | Sort-Object) -join ' ' | Should -Be (($all[0..2].Guid | Sort-Object) -join ' ')
        @($all[0..2].PrimarySmtpAddress | Get-Mailbox).Count | Should -Be 3
    }
}

Describe 'Errors of a command' {
    It 'an unknown identity is an error as scripts know it, and the script goes on' {
        $output = @(Get-Mailbox 'no such mailbox' -ErrorAction SilentlyContinue -ErrorVariable failed; 'went on')
        $output | Should -Be @('went on')
        $failed.Count | Should -Be 1
        $record = $failed[0]
        $record.Exception.Message | Should -Match '^Ex[0-9A-F]{6}\|Microsoft\.Exchange\.Configuration\.Tasks\.ManagementObjectNotFoundException\|'
        $record.Exception.Message | Should -Match "couldn't be found"
        $record.Exception.Message | Should -Match 'no such mailbox'
        $record.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $record.CategoryInfo.Reason | Should -Be 'ManagementObjectNotFoundException'
        $record.FullyQualifiedErrorId | Should -Match '^\[Server=[^,]+,RequestId=[0-9a-f-]{36},TimeStamp=[^\]]+\],Write-ErrorMessage'
        $record.InvocationInfo.MyCommand.Name | Should -Be 'Get-Mailbox'
    }

    It 'an empty identity is an error, not all mailboxes: <Case>' -ForEach @(
        @{ Case = '$null'; Command = { Get-Mailbox $null -ErrorAction Stop } }
        @{ Case = 'empty text'; Command = { Get-Mailbox -Identity '' -ErrorAction Stop } }
        @{ Case = '$null from the pipeline'; Command = { $null | Get-Mailbox -ErrorAction Stop } }
    ) {
        $before = Measure-TenantRequest -Tenant $tenant
        $record = Get-Failure $Command
        $record.CategoryInfo.Category | Should -Be 'InvalidArgument'
        $record.Exception.Message | Should -Match 'Identity'
        @(Get-TenantRequest -Tenant $tenant -Skip $before -CmdletName 'Get-Mailbox').Count | Should -Be 0
    }

    It 'ErrorAction Stop makes it one to catch' {
        $record = Get-Failure { Get-Mailbox 'no such mailbox' -ErrorAction Stop }
        $record.Exception.Message | Should -Match "couldn't be found"
    }

    It 'obeys $ErrorActionPreference of the caller' {
        $record = Get-Failure {
            $ErrorActionPreference = 'Stop'
            Get-Mailbox 'no such mailbox'
        }
        $record.CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'an ambiguous identity is an error and changes nothing' {
        $twins = @($all | Where-Object RecipientTypeDetails -EQ 'UserMailbox')[1, 2]
        $twins | ForEach-Object { Set-Mailbox $_.Guid.ToString() -DisplayName 'The Twin' }
        $record = Get-Failure { Get-Mailbox 'The Twin' -ErrorAction Stop }
        $record.CategoryInfo.Category | Should -Be 'InvalidArgument'
        $record.Exception.Message | Should -Match "The Twin"
        $record = Get-Failure { Set-Mailbox 'The Twin' -Office 'Nowhere' -ErrorAction Stop }
        $record.CategoryInfo.Category | Should -Be 'InvalidArgument'
        $twins | ForEach-Object { (Get-Mailbox $_.Guid.ToString()).Office | Should -Not -Be 'Nowhere' }
    }

    It 'a role that is missing is an error that says so' {
        Connect-TestTenant -Tenant $tenant -As 'viewer'
        $id = (Get-ConnectionInformation | Sort-Object Id)[-1].ConnectionId
        try {
            $before = (Get-Mailbox $person.Guid.ToString()).Office
            $record = Get-Failure { Set-Mailbox $person.Guid.ToString() -Office 'Not allowed' -ErrorAction Stop }
            $record.CategoryInfo.Category | Should -Be 'PermissionDenied'
            $record.Exception.Message | Should -Match 'viewer@contoso\.onmicrosoft\.com is not allowed to run Set-Mailbox'
            $record.Exception.Message | Should -Not -Match '[{}]' -Because 'raw JSON is no message'
            (Get-Mailbox $person.Guid.ToString()).Office | Should -Be $before
        }
        finally {
            Disconnect-ExchangeOnline -ConnectionId $id -Confirm:$false
        }
    }

    It 'a filter that makes no sense is an error' {
        $record = Get-Failure { Get-Mailbox -Filter 'Nonsense -like' -ErrorAction Stop }
        $record.Exception.Message | Should -Not -BeNullOrEmpty
        $record.FullyQualifiedErrorId | Should -Match 'Server='
    }

    It 'one bad identity in a pipeline does not stop the others' {
        $found = @($all[0].Alias, 'no such mailbox', $all[1].Alias | Get-Mailbox -ErrorAction SilentlyContinue -ErrorVariable failed)
        $found.Count | Should -Be 2
        $failed.Count | Should -Be 1
    }
}

Describe 'Set-Mailbox' {
    It 'changes what Get-Mailbox then sees, and prints nothing' {
        $output = Set-Mailbox -Identity $person.UserPrincipalName -Office 'Dublin' -CustomAttribute1 "L'été – 日本"
        $output | Should -BeNullOrEmpty
        $seen = Get-Mailbox $person.UserPrincipalName
        $seen.Office | Should -Be 'Dublin'
        $seen.CustomAttribute1 | Should -Be "L'été – 日本"
    }

    It 'sets true, false and empty' {
        Set-Mailbox $person.UserPrincipalName -HiddenFromAddressListsEnabled $true
        (Get-Mailbox $person.UserPrincipalName).HiddenFromAddressListsEnabled | Should -BeTrue
        Set-Mailbox $person.UserPrincipalName -HiddenFromAddressListsEnabled $false -CustomAttribute1 $null
        $seen = Get-Mailbox $person.UserPrincipalName
        $seen.HiddenFromAddressListsEnabled | Should -BeFalse
        $seen.CustomAttribute1 | Should -BeNullOrEmpty
    }

    It 'adds to and removes from a list with @{Add; Remove}' {
        $domain = ($person.PrimarySmtpAddress -split '@')[1]
        $before = @((Get-Mailbox $person.UserPrincipalName).EmailAddresses)
        Set-Mailbox $person.UserPrincipalName -EmailAddresses @{ Add = "smtp:one@$domain", "smtp:two@$domain" }
        $after = @((Get-Mailbox $person.UserPrincipalName).EmailAddresses)
        $after.Count | Should -Be ($before.Count + 2)
        $after | Should -Contain "smtp:one@$domain"
        Set-Mailbox $person.UserPrincipalName -EmailAddresses @{ Add = "smtp:three@$domain"; Remove = "smtp:one@$domain" }
        $after = @((Get-Mailbox $person.UserPrincipalName).EmailAddresses)
        $after.Count | Should -Be ($before.Count + 2)
        $after | Should -Not -Contain "smtp:one@$domain"
        $after | Should -Contain "smtp:three@$domain"
    }

    It 'works in a pipeline' {
        $people = @($all | Where-Object RecipientTypeDetails -EQ 'UserMailbox')[0..3]
        $people | Set-Mailbox -CustomAttribute2 'piped'
        @(Get-Mailbox -Filter "CustomAttribute2 -eq 'piped'").Count | Should -Be 4
        $people.PrimarySmtpAddress | ForEach-Object { Set-Mailbox $_ -CustomAttribute2 'looped' }
        @(Get-Mailbox -Filter "CustomAttribute2 -eq 'looped'").Count | Should -Be 4
    }

    It 'sends nothing with -WhatIf' {
        $before = Measure-TenantRequest -Tenant $tenant
        Set-Mailbox $person.UserPrincipalName -Office 'What if' -WhatIf
        @(Get-TenantRequest -Tenant $tenant -Skip $before -CmdletName 'Set-Mailbox').Count | Should -Be 0
        (Get-Mailbox $person.UserPrincipalName).Office | Should -Not -Be 'What if'
    }

    It 'needs an identity' {
        (Get-Command Set-Mailbox).Parameters['Identity'].Attributes.Mandatory | Should -Contain $true
    }

    It 'refuses a parameter that it does not have' {
        $record = Get-Failure { Set-Mailbox $person.UserPrincipalName -NoSuchParameter 1 }
        $record.FullyQualifiedErrorId | Should -BeLike 'NamedParameterNotFound*'
    }
}
