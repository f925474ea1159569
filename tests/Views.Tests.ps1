#Requires -Version 7.4
<#
The default views, for rows as they come from the service, and when a session has them. `cargo xtask test` names the module in EXORS_MODULE.
#>
BeforeDiscovery {
    $data = 'Microsoft.Exchange.Data.Directory.Management'
    $management = 'Microsoft.Exchange.Management'
    $views = @(
        @{ Type = "$data.Mailbox"; Columns = 'Name', 'Alias', 'Database', 'ProhibitSendQuota', 'ExternalDirectoryObjectId' }
        @{ Type = "$data.ReducedRecipient"; Columns = 'Name', 'RecipientType' }
        @{ Type = 'Microsoft.Exchange.Data.Directory.SystemConfiguration.AcceptedDomain'; Columns = 'Name', 'DomainName', 'DomainType', 'Default' }
        @{ Type = "$management.RecipientTasks.MailboxAcePresentationObject"; Columns = 'Identity', 'User', 'AccessRights', 'IsInherited', 'Deny' }
        @{ Type = "$management.RecipientTasks.RecipientPermission"; Columns = 'Identity', 'Trustee', 'AccessControlType', 'AccessRights', 'Inherited' }
        @{ Type = "$management.StoreTasks.MailboxFolderPermission"; Columns = 'FolderName', 'User', 'AccessRights', 'SharingPermissionFlags' }
        @{ Type = "$management.MapiTasks.Presentation.MailboxStatistics"; Columns = 'DisplayName', 'ItemCount', 'StorageLimitStatus', 'LastLogonTime' }
        @{ Type = "$data.CASMailbox"; Columns = 'Name', 'ActiveSyncEnabled', 'OWAEnabled', 'PopEnabled', 'ImapEnabled', 'MapiEnabled' }
        @{ Type = "$data.User"; Columns = 'Name', 'RecipientType' }
        @{ Type = "$data.WindowsGroup"; Columns = 'Name', 'RecipientType' }
        @{ Type = "$data.DistributionGroup"; Columns = 'Name', 'DisplayName', 'GroupType', 'PrimarySmtpAddress' }
        @{ Type = "$data.DynamicDistributionGroup"; Columns = 'Name', 'ManagedBy' }
        @{ Type = "$data.UnifiedGroupBase"; Columns = 'Name', 'Alias', 'PrimarySmtpAddress', 'AccessType' }
        @{ Type = "$management.UnifiedGroupLinks"; Columns = 'Name', 'RecipientType' }
        @{ Type = "$management.InboxRule"; Columns = 'Name', 'Enabled', 'Priority', 'RuleIdentity' }
        @{ Type = "$management.TransportRule"; Columns = 'Name', 'State', 'Mode', 'Priority', 'Comments' }
        @{ Type = "$management.MessageTraceV2"; Columns = 'Received', 'SenderAddress', 'RecipientAddress', 'Subject', 'Status' }
        @{ Type = "$management.InboundConnector"; Columns = 'Name', 'SenderDomains', 'SenderIPAddresses', 'Enabled' }
        @{ Type = "$management.RetentionCompliancePolicy"; Columns = 'Name', 'Workload', 'Enabled', 'Mode' }
        @{ Type = "$management.ComplianceSearch"; Columns = 'Name', 'RunBy', 'JobEndTime', 'Status' }
    )
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/WrittenService.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:service = Start-WrittenService
    $service.Answers['Get-AcceptedDomain'] = '{"@odata.type":"#Exchange.GenericHashTable","Name":"contoso.com","DomainName":"contoso.com","DomainType":"Authoritative","Default":true,"Secret":"x"}'
    $script:domainType = 'Deserialized.Microsoft.Exchange.Data.Directory.SystemConfiguration.AcceptedDomain'

    # The property names in the order shown: the heads of a table, or the names before the colons of a list.
    function Get-ShownName($Object) {
        $lines = @(($Object | Out-String -Width 200) -split '\r?\n' | Where-Object { $_.Trim() })
        if ($lines[1] -match '^-') { $lines[0].Trim() -split '\s+' } else { $lines -match '^\S+\s*:' | ForEach-Object { ($_ -split '\s*:')[0] } }
    }
    function Get-Domain { [pscustomobject]@{ PSTypeName = $domainType; Name = 'n'; DomainName = 'd'; DomainType = 't'; Default = $true; Secret = 's' } }
    $script:table = 'Name', 'DomainName', 'DomainType', 'Default'

    # Runs a script in a runspace of its own that has the module, as those of -Parallel and of graphical tools do.
    function Invoke-InRunspace([scriptblock] $Script) {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript('param($Module) $ErrorActionPreference = "Stop"; Import-Module $Module').AddArgument($env:EXORS_MODULE).Invoke()
            $shell.Commands.Clear()
            $shell.AddScript($Script).AddArgument($service.Address).Invoke()
            if ($shell.HadErrors) { throw $shell.Streams.Error[0] }
        } finally { $shell.Dispose() }
    }
    $catalog = Join-Path $PSScriptRoot '../powershell/Catalog'
    $script:overrides = Get-Content (Join-Path $catalog 'overrides.json') -Raw | ConvertFrom-Json
    $script:properties = Get-Content (Join-Path $catalog 'object-properties.json') -Raw | ConvertFrom-Json
    # What the engine has, in the form of today and not of old versions.
    function Get-View { Get-FormatData -TypeName '*Microsoft.Exchange.*' -PowerShellVersion 7.4 }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-WrittenService $service
}

Describe 'The time of the default views' {
    It 'is the first connection, not the import' {
        (Get-Module ExchangeOnlineRs).ExportedFormatFiles | Should -BeNullOrEmpty
        Get-ShownName (Get-Domain) | Should -Be ($table + 'Secret')
        Connect-WrittenService -Service $service
        Get-ShownName (Get-Domain) | Should -Be $table
        Get-ShownName (Get-AcceptedDomain) | Should -Be $table
    }

    It 'adds no module that users see' {
        (Get-Module).Name | Should -Not -Contain 'ExchangeOnlineRs.Sizes'
    }

    It 'is the first cmdlet in another runspace' {
        $shown = Invoke-InRunspace {
            Get-AcceptedDomain | Out-String -Width 200
        }
        "$shown" | Should -Match '(?m)^Name\s+DomainName\s+DomainType\s+Default\s*$'
    }

    It 'ends when the module is removed, and comes again with it' {
        Remove-Module ExchangeOnlineRs
        @(Get-Module -All).Name | Should -Not -Contain 'ExchangeOnlineRs.Sizes'
        @([runspace]::DefaultRunspace.InitialSessionState.Formats.FormatData.TypeNames) -match 'Exchange' | Should -BeNullOrEmpty
        Get-ShownName (Get-Domain) | Should -Be ($table + 'Secret')
        Import-Module $env:EXORS_MODULE
        Get-ShownName (Get-AcceptedDomain) | Should -Be $table
        Get-ShownName (Get-Domain) | Should -Be $table
    }

    It 'does not come with -SkipLoadingFormatData' {
        $shown = Invoke-InRunspace {
            param($Address)
            $credential = [pscredential]::new('admin@contoso.com', (ConvertTo-SecureString 'p' -AsPlainText -Force))
            $to = @{ ConnectionUri = $Address; AzureADAuthorizationEndpointUri = "$Address/organizations"; Credential = $credential; ShowBanner = $false }
            Connect-ExchangeOnline @to -SkipLoadingFormatData
            Get-AcceptedDomain | Out-String -Width 200
            Connect-ExchangeOnline @to
            Get-AcceptedDomain | Out-String -Width 200
        }
        $shown[0] | Should -Match '(?m)^Secret\s+: x\s*$'
        $shown[1] | Should -Match '(?m)^Name\s+DomainName\s+DomainType\s+Default\s*$'
        $shown[1] | Should -Not -Match 'Secret'
    }
}

Describe 'Default views' {
    BeforeAll {
        Connect-WrittenService -Service $service
    }

    It 'show <Type> as <Columns>' -ForEach $views {
        foreach ($name in $Type, "Deserialized.$Type") {
            $row = [pscustomobject]@{ PSTypeName = $name }
            foreach ($column in $Columns + 'IsInherited', 'Secret') { $row | Add-Member -NotePropertyName $column -NotePropertyValue "v$column" -Force }
            $lines = @(($row | Out-String -Width 200) -split '\r?\n' | Where-Object { $_.Trim() })
            $lines[0].Trim() -split '\s+' | Should -Be $Columns -Because $name
            $shown = $lines[2].Trim() -split '\s+'
            $shown.Count | Should -Be $Columns.Count
            $shown | Should -Not -Contain 'vSecret'
            $shown[0] | Should -Be "v$($Columns[0])"
        }
    }

    It 'are for names that rows have, with and without Deserialized' {
        $names = @((Get-View).TypeNames)
        $names.Count | Should -BeGreaterThan 40
        $names.Count | Should -Be @($names | Sort-Object -Unique).Count
        foreach ($name in $names | Where-Object { $_ -notmatch '^Deserialized\.' }) { $names | Should -Contain "Deserialized.$name" }
        foreach ($name in $names | Where-Object { $_ -match '^Deserialized\.' }) { $names | Should -Contain ($name -replace '^Deserialized\.') }
    }

    It 'are there for the rows of <_>' -ForEach 'Mailbox', 'Recipient', 'AcceptedDomain', 'MailboxPermission', 'RecipientPermission', 'MailboxFolderPermission',
    'MailboxStatistics', 'CASMailbox', 'User', 'Group', 'DistributionGroup', 'DistributionGroupMember', 'DynamicDistributionGroup', 'UnifiedGroup',
    'UnifiedGroupLinks', 'InboxRule', 'TransportRule', 'MessageTraceV2', 'MailContact', 'MailUser', 'RetentionCompliancePolicy', 'ComplianceSearch' {
        $type = $overrides.rowTypes.PSObject.Properties[$_]?.Value ?? "Deserialized.Microsoft.Exchange.Management.$_"
        (Get-View).TypeNames | Should -Contain $type
    }

    It 'are none for the rows of bulk cmdlets, which are what was asked for' {
        Get-FormatData -TypeName 'Exchange.*', 'Deserialized.Exchange.*' -PowerShellVersion 7.4 | Should -BeNullOrEmpty
    }
}

Describe 'What is shown of the rows of the service' {
    BeforeAll {
        Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
        Disconnect-ExchangeOnline -Confirm:$false
        $script:tenant = Start-TestTenant -Mailboxes 6
        Connect-TestTenant -Tenant $tenant
        $address = Get-TenantAddress -Tenant $tenant
        Connect-IPPSSession @address -Credential (Get-TenantCredential -Tenant $tenant)

        # The properties that rows of a cmdlet's noun have, as far as the catalog or the tenant has any.
        function Get-KnownProperty([string] $Noun) {
            if ($Noun -eq 'ConnectionInformation') { return (Get-ConnectionInformation)[0].PSObject.Properties.Name }
            if ($properties.PSObject.Properties[$Noun]) { return $properties.$Noun.PSObject.Properties.Name }
            $which = switch ($Noun) {
                'UnifiedGroupLinks' { @{ Identity = (Get-UnifiedGroup)[0].Identity; LinkType = 'Members' } }
                'DistributionGroupMember' { @{ Identity = (Get-DistributionGroup)[0].Identity } }
                default { @{} }
            }
            # Some cannot be asked without an identity, and some not at all.
            $free = (Get-Command "Get-$Noun").ParameterSets | Where-Object { -not ($_.Parameters | Where-Object IsMandatory) }
            $row = if ($which.Count -or $free) { & "Get-$Noun" @which -ErrorAction Ignore -WarningAction Ignore | Select-Object -First 1 }
            ${row}?.PSObject.Properties.Name
        }
    }

    AfterAll {
        Disconnect-ExchangeOnline -Confirm:$false
        Stop-TestTenant $tenant
    }

    It 'are properties that they have, in every view' {
        $nouns = @{}
        foreach ($name in $overrides.rowTypes.PSObject.Properties) { $nouns[$name.Value] = @(if ($nouns[$name.Value]) { $nouns[$name.Value] }) + $name.Name }
        # Each type has its own; some are shown alike.
        $views = @(Get-View | Group-Object { @($_.FormatViewDefinition.Name) -join ',' })
        $views.Count | Should -BeGreaterThan 20
        $wrong = foreach ($view in $views) {
            $title = $view.Name
            $types = $view.Group.TypeNames
            $control = $view.Group[0].FormatViewDefinition[0].Control
            $isTable = $control -is [System.Management.Automation.TableControl]
            $entries = if ($isTable) { $control.Rows[0].Columns.DisplayEntry } else { $control.Entries[0].Items.DisplayEntry }
            $entries.ValueType | Sort-Object -Unique | Should -Be 'Property' -Because $title
            $columns = @($entries.Value)
            $columns.Count | Should -BeGreaterThan 1 -Because $title
            if ($isTable) { $control.Headers.Count | Should -Be $columns.Count -Because $title }
            $nounsOfView = @($types -match '^Deserialized\.' | ForEach-Object { $nouns[$_] ?? $_.Split('.')[-1] })
            $known = @{}
            foreach ($noun in $nounsOfView) { $known[$noun] = @(Get-KnownProperty $noun) -ne $null }
            # Where there are no rows, what an object is made of is a property of it.
            if (-not ($nounsOfView | Where-Object { $known[$_].Count -gt 0 })) {
                foreach ($noun in $nounsOfView) { $known[$noun] = @((Get-Command "New-$noun").Parameters.Keys) }
            }
            foreach ($noun in $nounsOfView | Where-Object { $known[$_].Count -gt 0 }) {
                foreach ($column in $columns | Where-Object { $_ -notin $known[$noun] }) { "$title shows the $column of $noun" }
            }
        }
        $wrong -join '; ' | Should -BeNullOrEmpty
    }

    It 'of role groups has their roles under the head that the original gives them' {
        $group = Get-RoleGroup | Where-Object { $_.Roles.Count -gt 0 } | Select-Object -First 1
        $shown = $group | Out-String -Width 200
        $shown | Should -Match '(?m)^Name\s+AssignedRoles\s+ManagedBy'
        $shown | Should -Match ([regex]::Escape("{$($group.Roles[0])"))
    }

    It 'of a bulk cmdlet are the properties that it was asked for: <Cmdlet>' -ForEach @(
        @{ Cmdlet = 'Get-EXOMailbox'; With = @{ PropertySets = 'Quota' }; Wanted = 'ProhibitSendQuota', 'RulesQuota', 'ArchiveQuota' }
        @{ Cmdlet = 'Get-EXOMailbox'; With = @{ Properties = 'CustomAttribute1', 'Office' }; Wanted = 'CustomAttribute1', 'Office', 'DisplayName' }
        @{ Cmdlet = 'Get-EXORecipient'; With = @{ Properties = 'City', 'Company' }; Wanted = 'City', 'Company', 'RecipientType' }
        @{ Cmdlet = 'Get-EXOCasMailbox'; With = @{ Properties = 'ECPEnabled' }; Wanted = 'ECPEnabled', 'OWAEnabled' }
        @{ Cmdlet = 'Get-EXOMailboxStatistics'; With = @{ Properties = 'LastLogonTime' }; Wanted = 'LastLogonTime', 'ItemCount' }
        @{ Cmdlet = 'Get-EXOMailboxPermission'; With = @{}; Wanted = 'User', 'AccessRights', 'Deny' }
        @{ Cmdlet = 'Get-EXOMailboxFolderStatistics'; With = @{}; Wanted = 'Name', 'ItemsInFolder', 'FolderPath' }
    ) {
        $row = & $Cmdlet -Identity adele @With | Select-Object -First 1
        $shown = Get-ShownName $row
        $shown | Should -Be @($row.PSObject.Properties.Name)
        foreach ($name in $Wanted) { $shown | Should -Contain $name }
    }
}
