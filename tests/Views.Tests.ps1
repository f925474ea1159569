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
        @{ Type = 'Exchange.Mailbox'; Columns = 'DisplayName', 'PrimarySmtpAddress', 'RecipientTypeDetails' }
        @{ Type = 'Exchange.Recipient'; Columns = 'Name', 'RecipientType' }
        @{ Type = 'Exchange.MailboxPermission'; Columns = 'Identity', 'User', 'AccessRights', 'IsInherited', 'Deny' }
        @{ Type = 'Exchange.RecipientPermission'; Columns = 'Identity', 'Trustee', 'AccessControlType', 'AccessRights', 'Inherited' }
        @{ Type = 'Exchange.MailboxFolderPermission'; Columns = 'FolderName', 'User', 'AccessRights', 'SharingPermissionFlags' }
        @{ Type = 'Exchange.MailboxStatistics'; Columns = 'DisplayName', 'ItemCount', 'DeletedItemCount', 'TotalItemSize' }
        @{ Type = 'Exchange.MailboxFolderStatistics'; Columns = 'Name', 'FolderType', 'ItemsInFolder', 'FolderSize' }
        @{ Type = 'Exchange.CasMailbox'; Columns = 'Name', 'ActiveSyncEnabled', 'OWAEnabled', 'PopEnabled', 'ImapEnabled', 'MapiEnabled' }
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
        if ($lines[1] -match '^-') { $lines[0].Trim() -split '\s+' } else { $lines | ForEach-Object { ($_ -split '\s*:')[0] } }
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
    $script:document = [xml](Get-Content (Join-Path (Split-Path $env:EXORS_MODULE) 'Formats/ExchangeOnlineRs.format.ps1xml') -Raw)
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
        (Get-Module).Name | Should -Not -Contain 'ExchangeOnlineRs.Formats'
    }

    It 'is the first cmdlet in another runspace' {
        $shown = Invoke-InRunspace {
            Get-AcceptedDomain | Out-String -Width 200
        }
        "$shown" | Should -Match '(?m)^Name\s+DomainName\s+DomainType\s+Default\s*$'
    }

    It 'ends when the module is removed, and comes again with it' {
        Remove-Module ExchangeOnlineRs
        @(Get-Module -All).Name | Should -Not -Contain 'ExchangeOnlineRs.Formats'
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
        $names = @($document.SelectNodes('//TypeName').InnerText)
        $names.Count | Should -Be @($names | Sort-Object -Unique).Count
        foreach ($name in $names | Where-Object { $_ -notmatch '^Deserialized\.' }) { $names | Should -Contain "Deserialized.$name" }
        foreach ($name in $names | Where-Object { $_ -match '^Deserialized\.' }) { $names | Should -Contain ($name -replace '^Deserialized\.') }
    }

    It 'are there for the rows of <_>' -ForEach 'Mailbox', 'Recipient', 'AcceptedDomain', 'MailboxPermission', 'RecipientPermission', 'MailboxFolderPermission',
    'MailboxStatistics', 'CASMailbox', 'User', 'Group', 'DistributionGroup', 'DistributionGroupMember', 'DynamicDistributionGroup', 'UnifiedGroup',
    'UnifiedGroupLinks', 'InboxRule', 'TransportRule', 'MessageTraceV2', 'MailContact', 'MailUser', 'RetentionCompliancePolicy', 'ComplianceSearch',
    'EXOMailbox', 'EXORecipient', 'EXOCasMailbox', 'EXOMailboxPermission', 'EXORecipientPermission', 'EXOMailboxFolderPermission', 'EXOMailboxStatistics' {
        $type = $overrides.rowTypes.PSObject.Properties[$_]?.Value ?? "Deserialized.Microsoft.Exchange.Management.$_"
        $document.SelectNodes('//TypeName').InnerText | Should -Contain $type
    }

    It 'have only columns that a row of <_> has' -ForEach 'Mailbox', 'Recipient', 'AcceptedDomain', 'MailboxPermission', 'RecipientPermission',
    'MailboxFolderPermission', 'MailboxStatistics', 'CASMailbox', 'DistributionGroup', 'UnifiedGroup', 'InboxRule', 'TransportRule' {
        $type = $overrides.rowTypes.PSObject.Properties[$_]?.Value ?? "Deserialized.Microsoft.Exchange.Management.$_"
        $known = @($properties.$_.PSObject.Properties.Name)
        $known.Count | Should -BeGreaterThan 3
        $view = $document.SelectSingleNode("//View[ViewSelectedBy/TypeName='$type']")
        if (-not $view) {
            $set = $document.SelectSingleNode("//SelectionSet[Types/TypeName='$type']/Name").InnerText
            $view = $document.SelectSingleNode("//View[ViewSelectedBy/SelectionSetName='$set']")
        }
        $columns = @($view.SelectNodes('.//TableColumnItem/PropertyName').InnerText)
        $columns.Count | Should -BeGreaterThan 1
        $columns | Where-Object { $_ -notin $known } | Should -BeNullOrEmpty
        @($view.SelectNodes('.//TableColumnHeader')).Count | Should -Be $columns.Count
    }
}
