#Requires -Version 7.4
<#
The nine bulk cmdlets against a service whose answers are written here: rows and their types, addresses, pages, piping, errors, and which
connection they take. What each parameter becomes is tested in native/core; here it is that all of them get there.
#>
BeforeDiscovery {
    $root = Join-Path $PSScriptRoot '../powershell/Catalog'
    $overrides = Get-Content (Join-Path $root 'overrides.json') -Raw | ConvertFrom-Json
    $catalog = (Get-Content (Join-Path $root 'cmdlets.json') -Raw | ConvertFrom-Json).cmdlets
    $bulk = @($catalog | Where-Object name -In $overrides.bulk)

    # adele@contoso.com in base64, and what else is in the addresses below: \Calendar, \, desk@contoso.com.
    $adele = 'YWRlbGVAY29udG9zby5jb20='
    $calendar = 'XENhbGVuZGFy'
    $root = 'XA=='
    $desk = 'ZGVza0Bjb250b3NvLmNvbQ=='
    # Written by hand from the service's metadata and public clients: where a call goes, with what, and to which mailbox it is routed.
    $calls = @(
        @{
            Name = 'Get-EXOMailbox'; Case = 'one'; Path = "Mailbox('$adele')"; Anchor = 'UPN:adele@contoso.com'
            Given = @{
                Identity = 'adele@contoso.com'; Archive = $true; Async = $true; Filter = "Office -eq 'x'"; GroupMailbox = $true; InactiveMailboxOnly = $true; IncludeInactiveMailbox = $true
                MailboxPlan = 'plan'; Migration = $true; OrganizationalUnit = 'ou'; Properties = 'Office', 'Languages'; PropertySets = 'Minimum', 'Quota'; PublicFolder = $true
                RecipientTypeDetails = 'UserMailbox', 'RoomMailbox'; SoftDeletedMailbox = $true
            }
            Options = @(
                '$select=Office,Languages', 'Archive=True', 'Async=True', "Filter=Office -eq 'x'", 'GroupMailbox=True', 'InactiveMailboxOnly=True', 'IncludeInactiveMailbox=True', 'isEncoded=true'
                'MailboxPlan=plan', 'Migration=True', 'OrganizationalUnit=ou', 'PropertySet=Minimum,Quota', 'PublicFolder=True', 'RecipientTypeDetails=UserMailbox,RoomMailbox', 'SoftDeletedMailbox=True'
            )
        }
        @{ Name = 'Get-EXOMailbox'; Case = 'a search'; Path = 'Mailbox'; Given = @{ Anr = 'ade'; ResultSize = 7 }; Options = 'Anr=ade', 'PropertySet=Minimum'; Prefer = 'odata.maxpagesize=7' }
        @{
            Name = 'Get-EXOCasMailbox'; Case = 'one'; Path = "CasMailbox('$adele')"; Anchor = 'UPN:adele@contoso.com'
            Given = @{
                Identity = 'adele@contoso.com'; ActiveSyncDebugLogging = $true; Filter = 'PopEnabled -eq $true'; GetImapProtocolLog = $true; GetPopProtocolLog = $true; IgnoreDefaultScope = $true
                OrganizationalUnit = 'ou'; Properties = 'ECPEnabled'; PropertySets = 'Imap'; ProtocolSettings = $true; ReadIsOptimizedForAccessibility = $true; SendLogsTo = 'a@contoso.com', 'b@contoso.com'
            }
            Options = @(
                '$select=ECPEnabled', 'ActiveSyncDebugLogging=True', 'Filter=PopEnabled -eq $true', 'GetImapProtocolLog=True', 'GetPopProtocolLog=True', 'IgnoreDefaultScope=True', 'isEncoded=true'
                'OrganizationalUnit=ou', 'PropertySet=Minimum,Imap,ProtocolSettings', 'ReadIsOptimizedForAccessibility=True', 'SendLogsTo=a@contoso.com,b@contoso.com'
            )
        }
        @{ Name = 'Get-EXOCasMailbox'; Case = 'a search'; Path = 'CasMailbox'; Given = @{ Anr = 'ade'; ResultSize = 7 }; Options = 'Anr=ade', 'PropertySet=Minimum'; Prefer = 'odata.maxpagesize=7' }
        @{
            Name = 'Get-EXORecipient'; Case = 'one'; Path = "Recipient('$adele')"
            Given = @{
                Identity = 'adele@contoso.com'; Filter = "City -eq 'x'"; IncludeSoftDeletedRecipients = $true; OrganizationalUnit = 'ou'; Properties = 'City'; PropertySets = 'Archive', 'Policy'
                RecipientPreviewFilter = 'preview'; RecipientType = 'UserMailbox', 'MailContact'; RecipientTypeDetails = 'RoomList'
            }
            Options = @(
                '$select=City', "Filter=City -eq 'x'", 'IncludeSoftDeletedRecipients=True', 'isEncoded=true', 'OrganizationalUnit=ou', 'PropertySet=Minimum,Archive,Policy', 'RecipientPreviewFilter=preview'
                'RecipientType=UserMailbox,MailContact', 'RecipientTypeDetails=RoomList'
            )
        }
        @{ Name = 'Get-EXORecipient'; Case = 'a search'; Path = 'Recipient'; Given = @{ Anr = 'ade'; ResultSize = 7 }; Options = 'Anr=ade', 'PropertySet=Minimum'; Prefer = 'odata.maxpagesize=7' }
        @{
            Name = 'Get-EXOMailboxStatistics'; Case = 'one'; Path = "Mailbox('$adele')/Exchange.GetMailboxStatistics()"; Anchor = 'UPN:adele@contoso.com'
            Given = @{
                Identity = 'adele@contoso.com'; Archive = $true; IncludeMoveHistory = $true; IncludeMoveReport = $true; IncludeSoftDeletedRecipients = $true; Properties = 'LastLogonTime'; PropertySets = 'Minimum'
            }
            Options = '$select=LastLogonTime', 'Archive=True', 'IncludeMoveHistory=True', 'IncludeMoveReport=True', 'IncludeSoftDeletedRecipients=True', 'isEncoded=true', 'PropertySet=Minimum'
        }
        @{
            Name = 'Get-EXOMailboxStatistics'; Case = 'one by its store'
            Path = 'Mailbox/Exchange.GetMailboxStatisticsV2(mailboxGuid=22222222-0000-4000-8000-000000000002,databaseGuid=33333333-0000-4000-8000-000000000003)'
            Given = @{ ExchangeGuid = '22222222-0000-4000-8000-000000000002'; DatabaseGuid = '33333333-0000-4000-8000-000000000003' }; Options = 'PropertySet=Minimum'
        }
        @{
            Name = 'Get-EXOMailboxFolderStatistics'; Case = 'all folders'; Anchor = 'UPN:adele@contoso.com'
            Path = "Mailbox('$adele')/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'All')"
            Given = @{ Identity = 'adele@contoso.com' }; Options = 'isEncoded=true'
        }
        @{
            Name = 'Get-EXOMailboxFolderStatistics'; Case = 'some folders'; Anchor = 'UPN:adele@contoso.com'
            Path = "Mailbox('$adele')/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'RecoverableItems')"
            Given = @{ Identity = 'adele@contoso.com'; Archive = $true; DiagnosticInfo = 'x'; Folderscope = 'recoverableitems'; IncludeOldestAndNewestItems = $true; IncludeSoftDeletedRecipients = $true }
            Options = 'Archive=True', 'DiagnosticInfo=x', 'IncludeOldestAndNewestItems=True', 'IncludeSoftDeletedRecipients=True', 'isEncoded=true'
        }
        @{
            Name = 'Get-EXOMailboxPermission'; Case = 'one'; Path = "Mailbox('$adele')/MailboxPermission"; Anchor = 'UPN:adele@contoso.com'
            Given = @{ Identity = 'adele@contoso.com'; Owner = $true; ResultSize = 7; SoftDeletedMailbox = $true; User = 'desk@contoso.com' }
            Options = 'isEncoded=true', 'Owner=True', 'SoftDeletedMailbox=True', 'User=desk@contoso.com'; Prefer = 'odata.maxpagesize=*'
        }
        @{
            Name = 'Get-EXOMailboxFolderPermission'; Case = 'a folder'; Path = "Mailbox('$adele')/MailboxFolder('$calendar')/MailboxFolderPermission"; Anchor = 'UPN:adele@contoso.com'
            Given = @{ Identity = 'adele@contoso.com:\Calendar'; GroupMailbox = $true; User = 'desk@contoso.com' }
            Options = 'GroupMailbox=True', 'IsEncoded=True', 'IsUsingMailboxFolderId=True', 'User=desk@contoso.com'
        }
        @{
            Name = 'Get-EXOMailboxFolderPermission'; Case = 'the root'; Path = "Mailbox('$adele')/MailboxFolder('$root')/MailboxFolderPermission"; Anchor = 'UPN:adele@contoso.com'
            Given = @{ Identity = 'adele@contoso.com' }; Options = 'IsEncoded=True', 'IsUsingMailboxFolderId=True'
        }
        @{
            Name = 'Get-EXOMobileDeviceStatistics'; Case = 'those of a mailbox'; Path = "Mailbox('$adele')/MobileDevice/Exchange.GetMobileDeviceStatistics()"; Anchor = 'UPN:adele@contoso.com'
            Given = @{
                Mailbox = 'adele@contoso.com'; ActiveSync = $true; GetMailboxLog = $true; NotificationEmailAddresses = 'a@contoso.com'; OWAforDevices = $true; RestApi = $true; ShowRecoveryPassword = $true; UniversalOutlook = $true
            }
            Options = 'ActiveSync=True', 'GetMailboxLog=True', 'isEncoded=true', 'NotificationEmailAddresses=a@contoso.com', 'OWAforDevices=True', 'RestApi=True', 'ShowRecoveryPassword=True', 'UniversalOutlook=True'
        }
        @{
            Name = 'Get-EXOMobileDeviceStatistics'; Case = 'one device'; Path = "GetMobileDeviceStatisticsByIdentity(Identity='adele/ExchangeActiveSyncDevices/x')"
            Given = @{ Identity = 'adele/ExchangeActiveSyncDevices/x' }; Options = @()
        }
        @{
            Name = 'Get-EXORecipientPermission'; Case = 'one'; Path = "Recipient('$adele')"
            Given = @{ Identity = 'adele@contoso.com' }; Options = '$expand=RecipientPermission', '$select=RecipientPermission', 'isEncoded=true'
        }
        @{
            Name = 'Get-EXORecipientPermission'; Case = 'those of somebody'
            Path = "Recipient/Exchange.GetRecipientPermissionByFilters(identity='$adele',trustee='$desk',accessRights=[`"SendAs`"])"
            Given = @{ Identity = 'adele@contoso.com'; Trustee = 'desk@contoso.com'; AccessRights = 'SendAs'; ResultSize = 'Unlimited' }
            Options = '$expand=RecipientPermission', '$select=RecipientPermission', 'isEncoded=true'
        }
    )
    # Other names of the same mailbox, and what is in front of and behind the key that they become.
    $places = @(
        @{ Name = 'Get-EXOMailbox'; Before = 'Mailbox'; After = '' }
        @{ Name = 'Get-EXOCasMailbox'; Before = 'CasMailbox'; After = '' }
        @{ Name = 'Get-EXORecipient'; Before = 'Recipient'; After = '' }
        @{ Name = 'Get-EXORecipientPermission'; Before = 'Recipient'; After = '' }
        @{ Name = 'Get-EXOMailboxStatistics'; Before = 'Mailbox'; After = '/Exchange.GetMailboxStatistics()' }
        @{ Name = 'Get-EXOMailboxFolderStatistics'; Before = 'Mailbox'; After = "/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'All')" }
        @{ Name = 'Get-EXOMailboxPermission'; Before = 'Mailbox'; After = '/MailboxPermission' }
        @{ Name = 'Get-EXOMailboxFolderPermission'; Before = 'Mailbox'; After = "/MailboxFolder('$root')/MailboxFolderPermission" }
        @{ Name = 'Get-EXOMobileDeviceStatistics'; Before = 'Mailbox'; After = '/MobileDevice/Exchange.GetMobileDeviceStatistics()' }
    )
    $named = @(foreach ($place in $places) {
            # Statistics take it from the pipeline only.
            if ($place.Name -ne 'Get-EXOMailboxStatistics') { $place + @{ Parameter = 'ExternalDirectoryObjectId'; Value = '11111111-0000-4000-8000-000000000001'; Key = 'MTExMTExMTEtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAx'; Anchor = $null } }
            # A recipient need not have a mailbox to route by.
            $isMailbox = $place.Before -ne 'Recipient'
            $place + @{ Parameter = 'UserPrincipalName'; Value = 'adele@contoso.com'; Key = $adele; Anchor = $isMailbox ? 'UPN:adele@contoso.com' : $null }
            $place + @{ Parameter = 'PrimarySmtpAddress'; Value = 'desk@contoso.com'; Key = $desk; Anchor = $isMailbox ? 'UPN:desk@contoso.com' : $null }
        })
    $named += @{ Name = 'Get-EXOMailboxStatistics'; Before = 'Mailbox'; After = '/Exchange.GetMailboxStatistics()'; Parameter = 'ExchangeGuid'; Value = '11111111-0000-4000-8000-000000000001'; Key = 'MTExMTExMTEtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAx'; Anchor = $null }
    $named += @{ Name = 'Get-EXOMobileDeviceStatistics'; Before = 'Mailbox'; After = '/MobileDevice/Exchange.GetMobileDeviceStatistics()'; Parameter = 'Identity'; Value = 'adele@contoso.com'; Key = $adele; Anchor = 'UPN:adele@contoso.com' }
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/WrittenService.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:service = Start-WrittenService
    Connect-WrittenService $service

    # What is written for an address from now on.
    function Set-Entity([string] $Address, $Body, [int] $Status = 200) {
        $json = $Body -is [string] ? $Body : (ConvertTo-Json $Body -Depth 20 -Compress)
        $service.Entities[$Address] = "$Status $json"
    }

    function Get-Key([string] $Identity) { [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($Identity)) }

    function New-Entity([string] $Name) {
        [ordered]@{
            ObjectKey                 = "key of $Name"
            ExternalDirectoryObjectId = [guid]::new([byte[]](1..16)).ToString()
            UserPrincipalName         = "$Name@contoso.com"
            DisplayName               = $Name
            EmailAddresses            = @("SMTP:$Name@contoso.com", "smtp:$Name@fabrikam.com")
            PrimarySmtpAddress        = "$Name@contoso.com"
            RecipientTypeDetails      = 'UserMailbox'
            Identity                  = $Name
            Guid                      = '0f0e0d0c-0b0a-0908-0706-050403020100'
        }
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-WrittenService $service
}

Describe 'Get-EXOMailbox' {
    BeforeAll {
        Set-Entity 'Mailbox?PropertySet=Minimum' @{ '@odata.context' = 'x'; value = @((New-Entity adele), (New-Entity alex)) }
        Set-Entity "Mailbox('$(Get-Key 'adele')')?isEncoded=true&PropertySet=Minimum" (New-Entity adele)
    }

    It 'gives rows in the documented order and without the key' {
        $rows = @(Get-EXOMailbox)
        $rows.Count | Should -Be 2
        $rows[0].PSObject.Properties.Name -join ' ' | Should -Be 'ExternalDirectoryObjectId UserPrincipalName DisplayName EmailAddresses PrimarySmtpAddress RecipientTypeDetails Identity Guid'
        $rows[0].PSTypeNames | Should -Contain 'Exchange.Mailbox'
        "$($rows[1])" | Should -Be 'alex'
    }

    It 'gives values of the types that the metadata names' {
        $row = Get-EXOMailbox -Identity adele
        $row.Guid | Should -BeOfType [guid]
        $row.EmailAddresses.Count | Should -Be 2
        $row.EmailAddresses -clike 'SMTP:*' | Should -Be 'SMTP:adele@contoso.com'
        $row.NoSuchProperty | Should -BeNullOrEmpty
    }

    It 'reads dates where the service writes text' {
        Set-Entity 'Mailbox?PropertySet=Minimum&$select=WhenCreated,WhenCreatedUTC' @{ value = @(@{ Name = 'a'; WhenCreated = '2026-03-04T05:06:07Z'; WhenCreatedUTC = '2026-03-04T05:06:07Z' }, @{ Name = 'b'; WhenCreated = '4 mars 2026'; WhenCreatedUTC = $null }) }
        $rows = @(Get-EXOMailbox -Properties whencreated, whencreatedutc)
        $rows[0].WhenCreated | Should -Be ([datetime]::new(2026, 3, 4, 5, 6, 7, [DateTimeKind]::Utc).ToLocalTime())
        $rows[0].WhenCreatedUTC.Kind | Should -Be 'Utc'
        $rows[1].WhenCreated | Should -Be '4 mars 2026'
        $rows[1].WhenCreatedUTC | Should -BeNullOrEmpty
    }

    It 'follows pages by GET and stops where enough is there' {
        $next = "$($service.Address)/adminapi/beta/t/Mailbox?skip=1"
        Set-Entity 'Mailbox?PropertySet=Minimum,Quota' @{ value = @((New-Entity a), (New-Entity b)); '@odata.nextLink' = $next }
        Set-Entity 'Mailbox?skip=1' @{ value = @((New-Entity c), (New-Entity d)) }
        $reads = @(Get-ReadEntity $service { $script:rows = Get-EXOMailbox -PropertySets Quota -ResultSize Unlimited })
        $rows.DisplayName | Should -Be 'a', 'b', 'c', 'd'
        $reads.ForEach({ $_.Address }) | Should -Be 'Mailbox?PropertySet=Minimum,Quota', 'Mailbox?skip=1'
        $reads = @(Get-ReadEntity $service { $script:rows = Get-EXOMailbox -PropertySets Quota -ResultSize 2 -WarningVariable script:warned -WarningAction SilentlyContinue })
        $rows.Count | Should -Be 2
        $reads.Count | Should -Be 1
        $reads[0].Headers.Prefer | Should -Be 'odata.maxpagesize=2'
        $warned.Message | Should -BeLike 'There are more results available*ResultSize parameter.'
        $rows = Get-EXOMailbox -PropertySets Quota -ResultSize 3 -WarningVariable warned -WarningAction SilentlyContinue
        $rows.Count | Should -Be 3
        @($warned).Count | Should -Be 1
    }

    It 'takes -ResultSize <Size> for no number' -ForEach @(@{ Size = 0 }, @{ Size = -1 }, @{ Size = 'many' }) {
        { Get-EXOMailbox -ResultSize $Size -ErrorAction Stop } | Should -Throw
    }

    It 'sends what a filter says, whatever is in it' {
        Set-Entity "Mailbox?PropertySet=Minimum&Filter=DisplayName -like 'A & B+%*'&RecipientTypeDetails=UserMailbox,SharedMailbox" @{ value = @((New-Entity x)) }
        (Get-EXOMailbox -Filter {DisplayName -like 'A & B+%*'} -RecipientTypeDetails UserMailbox, SharedMailbox).DisplayName | Should -Be 'x'
    }

    It 'finds <_> by its whole name' -ForEach "O'Hara", 'a/b\c', 'Jörg 😀', '100% + 1?x=#', ('x' * 4000) {
        Set-Entity "Mailbox('$(Get-Key $_)')?isEncoded=true&PropertySet=Minimum" (New-Entity found)
        (Get-EXOMailbox -Identity $_).DisplayName | Should -Be 'found'
    }

    It 'does not turn nothing into everything: <Case>' -ForEach @(
        @{ Case = 'an empty identity'; Parameters = @{ Identity = '' } }
        @{ Case = 'no identity'; Parameters = @{ Identity = $null } }
        @{ Case = 'an empty name'; Parameters = @{ UserPrincipalName = '' } }
        @{ Case = 'an empty filter'; Parameters = @{ Filter = '' } }
        @{ Case = 'an empty search'; Parameters = @{ Anr = ' ' } }
    ) {
        $reads = @(Get-ReadEntity $service { Get-EXOMailbox @Parameters -ErrorVariable script:failed -ErrorAction SilentlyContinue })
        $reads.Count | Should -Be 0
        $failed.Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'Empty*'
    }

    It 'names <Parameter> when it is wrong' -ForEach @(
        @{ Parameter = 'PropertySets'; Value = 'Quotas'; Words = '*There are All, Minimum, AddressList*' }
        @{ Parameter = 'Properties'; Value = 'Office;Name'; Words = "*'Office;Name'*" }
    ) {
        $parameters = @{ $Parameter = $Value }
        Get-EXOMailbox @parameters -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed[0].Exception.Message | Should -BeLike $Words
        $failed[0].Exception.Message | Should -BeLike "*'$Parameter'*"
        $failed[0].FullyQualifiedErrorId | Should -Be "Invalid$Parameter,Microsoft.Exchange.Management.RestApiClient.GetExoMailbox"
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
    }
}

Describe 'Errors of bulk cmdlets' {
    It 'show the answer, as scripts expect, for <Status>' -ForEach @(
        @{ Status = 401; Category = 'PermissionDenied'; Code = 'Unauthorized'; Text = 'User is not allowed to call Get-Mailbox' }
        @{ Status = 404; Category = 'ObjectNotFound'; Code = 'NotFound'; Text = "The operation couldn't be performed because object 'x' couldn't be found on 'DC'." }
        @{ Status = 400; Category = 'InvalidArgument'; Code = 'BadRequest'; Text = "'X' doesn't represent a unique recipient." }
    ) {
        $body = @{ error = [ordered]@{ code = $Code; message = $Text } } | ConvertTo-Json -Compress -EscapeHandling EscapeHtml
        Set-Entity "Mailbox('$(Get-Key "e$Status")')?isEncoded=true&PropertySet=Minimum" $body $Status
        Get-EXOMailbox "e$Status" -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed.Count | Should -Be 1
        $failed[0].Exception.Message | Should -BeExactly "Error while querying REST service. HttpStatusCode=$Status ErrorMessage={`"error`":{`"code`":`"$Code`",`"message`":`"$Text`"}}"
        $failed[0].FullyQualifiedErrorId | Should -BeExactly "$($failed[0].Exception.Message),Microsoft.Exchange.Management.RestApiClient.GetExoMailbox"
        $failed[0].CategoryInfo.Category | Should -Be $Category
        $failed[0].CategoryInfo.Reason | Should -Be 'RestClientException'
        $failed[0].CategoryInfo.Activity | Should -Be 'Get-EXOMailbox'
        { Get-EXOMailbox "e$Status" -ErrorAction Stop } | Should -Throw 'Error while querying REST service.*'
    }

    It 'of <Name> without an identity are the sentence of the original' -ForEach @(
        @{ Name = 'Get-EXOMailboxFolderPermission'; Words = 'Identity "" is not a valid value. The identity should be <MailboxId>:\<FolderPath>*' }
        @{ Name = 'Get-EXOMailboxFolderStatistics'; Words = 'Identity is a mandatory value to provide for running Get-ExoMailboxFolderStatistics. You can specify*' }
        @{ Name = 'Get-EXOMailboxPermission'; Words = 'Identity is a mandatory value to provide for running Get-ExoMailboxPermission. You can specify*' }
        @{ Name = 'Get-EXOMailboxStatistics'; Words = 'Identity is a mandatory value to provide for running Get-ExoMailboxStatistics. You can specify*2. ExchangeGuid and DatabaseGuid' }
        @{ Name = 'Get-EXOMobileDeviceStatistics'; Words = '"Mailbox" "Identity" or "ExternalDirectoryObjectId"*parameter must be specified' }
    ) {
        & $Name -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed[0].Exception.Message | Should -BeLike $Words
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'MissingIdentity,*'
    }

    It 'one of many does not end the pipeline' {
        Set-Entity "Mailbox('$(Get-Key 'one')')?isEncoded=true&PropertySet=Minimum" (New-Entity one)
        Set-Entity "Mailbox('$(Get-Key 'three')')?isEncoded=true&PropertySet=Minimum" (New-Entity three)
        $rows = 'one', 'two', 'three' | Get-EXOMailbox -ErrorVariable failed -ErrorAction SilentlyContinue
        $rows.DisplayName | Should -Be 'one', 'three'
        $failed.Count | Should -Be 1
        $EXO_LastExecutionStatus | Should -BeTrue
    }
}

Describe 'The other bulk cmdlets' {
    It 'statistics have sizes for every idiom' {
        $stats = [ordered]@{
            '@odata.context' = 'x'; DisplayName = 'Adele'; MailboxGuid = '5e1f0000-0000-4000-8000-000000000001'; LastLogonTime = '2026-03-04T05:06:07Z'
            DeletedItemCount = 3; ItemCount = 42; TotalDeletedItemSize = 2048; TotalItemSize = 106300440576
        }
        Set-Entity "Mailbox('$(Get-Key 'adele')')/Exchange.GetMailboxStatistics()?isEncoded=true&PropertySet=Minimum" $stats
        Set-Entity "Mailbox('$(Get-Key 'adele')')/Exchange.GetMailboxStatistics()?isEncoded=true&PropertySet=Minimum&`$select=LastLogonTime" $stats
        $row = Get-EXOMailboxStatistics adele
        $row.PSObject.Properties.Name -join ' ' | Should -Be 'DisplayName MailboxGuid DeletedItemCount ItemCount TotalDeletedItemSize TotalItemSize'
        "$($row.TotalItemSize)" | Should -Be '99 GB (106,300,440,576 bytes)'
        $row.TotalItemSize -replace '\(.*' | Should -Be '99 GB '
        $row.TotalItemSize.Value.ToBytes() | Should -Be 106300440576
        $row.TotalItemSize.Value -gt 50GB | Should -BeTrue
        $row.TotalItemSize.ToString().Split('(')[0] | Should -Be '99 GB '
        $row.ItemCount | Should -BeOfType [long]
        $row.MailboxGuid | Should -BeOfType [guid]
        (Get-EXOMailboxStatistics adele -Properties LastLogonTime).LastLogonTime | Should -BeOfType [datetime]
    }

    It 'folders are rows' {
        Set-Entity "Mailbox('$(Get-Key 'adele')')/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'Inbox')?isEncoded=true&IncludeOldestAndNewestItems=True" @{
            value = @(@{ Name = 'Inbox'; FolderPath = '/Inbox'; Identity = 'adele\Inbox'; FolderSize = 1536; ItemsInFolder = 5; NewestItemReceivedDate = '2026-03-04T05:06:07Z' }, @{ Name = 'Sub'; FolderSize = 0; ItemsInFolder = 0 })
        }
        $rows = @(Get-EXOMailboxFolderStatistics -Identity adele -FolderScope inbox -IncludeOldestAndNewestItems)
        $rows.Name | Should -Be 'Inbox', 'Sub'
        "$($rows[0].FolderSize)" | Should -Be '1.5 KB (1,536 bytes)'
        $rows[0].NewestItemReceivedDate | Should -BeOfType [datetime]
        $rows[0].ItemsInFolder | Should -BeOfType [int]
    }

    It 'permissions of a mailbox are one row for each entry' {
        $entry = { param($rights, $deny) @{ AccessRights = @($rights); Deny = $deny; InheritanceType = 'All'; IsInherited = $false } }
        Set-Entity "Mailbox('$(Get-Key 'desk')')/MailboxPermission?isEncoded=true" @{ value = @(
                @{ PermissionId = 'p'; MailboxIdentity = 'Front Desk'; User = 'adele@contoso.com'; IsOwner = $false; PermissionList = @((& $entry 'FullAccess' $false), (& $entry 'ReadPermission', 'DeleteItem' $true)) }
                @{ PermissionId = 'q'; MailboxIdentity = 'Front Desk'; User = 'NT AUTHORITY\SELF'; IsOwner = $false; PermissionList = @(& $entry 'FullAccess', 'ReadPermission' $false) })
        }
        $rows = @(Get-EXOMailboxPermission -Identity desk)
        $rows.Count | Should -Be 3
        $rows[0].PSObject.Properties.Name -join ' ' | Should -Be 'Identity User AccessRights IsInherited Deny InheritanceType'
        $rows[0].AccessRights -contains 'FullAccess' | Should -BeTrue
        , $rows[0].AccessRights | Should -BeOfType [object[]]
        $rows[1].AccessRights.Count | Should -Be 2
        $rows[1].Deny | Should -BeTrue
        @($rows | Where-Object { $_.User -notlike 'NT AUTHORITY*' }).Count | Should -Be 2
        (Get-EXOMailboxPermission -Identity desk -ResultSize 2 -WarningAction Ignore).Count | Should -Be 2
    }

    It 'permissions of recipients come out of them' {
        $permission = { param($trustee) [ordered]@{ Identity = 'desk'; Trustee = $trustee; AccessControlType = 'Allow'; AccessRights = @('SendAs'); IsInherited = $false; InheritanceType = 'None' } }
        Set-Entity 'Recipient?$expand=RecipientPermission&$select=RecipientPermission' @{ value = @(@{ RecipientPermission = @((& $permission 'a'), (& $permission 'b')) }, @{ RecipientPermission = @() }) }
        Set-Entity "Recipient/Exchange.GetRecipientPermissionByFilters(identity='$(Get-Key 'desk')',trustee='$(Get-Key 'a')',accessRights=[`"SendAs`"])?isEncoded=true&`$expand=RecipientPermission&`$select=RecipientPermission" @{ value = @(@{ RecipientPermission = @((& $permission 'b'), (& $permission 'a')) }) }
        $rows = @(Get-EXORecipientPermission)
        $rows.Trustee | Should -Be 'a', 'b'
        $rows[0].PSObject.Properties.Name -join ' ' | Should -Be 'Identity Trustee AccessControlType AccessRights IsInherited InheritanceType'
        (Get-EXORecipientPermission desk -Trustee a -AccessRights SendAs).Trustee | Should -Be 'a'
    }

    It 'permissions of a folder are found by mailbox:\Folder' {
        $row = { param($user, $upn) @{ Identity = $user; FolderName = 'Calendar'; User = $user; MailboxFolderUser = @{ UserPrincipalName = $upn; DisplayName = $user }; AccessRights = @('Reviewer'); SharingPermissionFlags = $null } }
        $address = "Mailbox('$(Get-Key 'adele@contoso.com')')/MailboxFolder('$(Get-Key '\Calendar')')/MailboxFolderPermission?IsUsingMailboxFolderId=True&IsEncoded=True"
        $all = @{ value = @((& $row 'Default' ''), (& $row 'Alex' 'alex@contoso.com')) }
        Set-Entity $address $all
        Set-Entity "$address&User=alex@contoso.com" $all
        $reads = @(Get-ReadEntity $service { $script:rows = @(Get-EXOMailboxFolderPermission adele@contoso.com:\Calendar) })
        $rows.User | Should -Be 'Default', 'Alex'
        $reads[0].Headers['X-AnchorMailbox'] | Should -Be 'UPN:adele@contoso.com'
        (Get-EXOMailboxFolderPermission adele@contoso.com:\Calendar -User alex@contoso.com).User | Should -Be 'Alex'
    }

    It 'devices are those of a mailbox, or one' {
        Set-Entity "Mailbox('$(Get-Key 'adele@contoso.com')')/MobileDevice/Exchange.GetMobileDeviceStatistics()?isEncoded=true" @{ value = @(@{ DeviceFriendlyName = 'Phone'; LastSuccessSync = '2026-03-04T05:06:07Z' }) }
        Set-Entity "GetMobileDeviceStatisticsByIdentity(Identity='adele/ExchangeActiveSyncDevices/x')" @{ DeviceFriendlyName = 'One' }
        (Get-EXOMobileDeviceStatistics -Mailbox adele@contoso.com).LastSuccessSync | Should -BeOfType [datetime]
        ('adele@contoso.com' | Get-EXOMobileDeviceStatistics).DeviceFriendlyName | Should -Be 'Phone'
        (Get-EXOMobileDeviceStatistics -Identity adele/ExchangeActiveSyncDevices/x).DeviceFriendlyName | Should -Be 'One'
    }

    It 'recipients and client access settings are read alike' {
        Set-Entity 'Recipient?PropertySet=Minimum&RecipientType=MailUser' @{ value = @(@{ ObjectKey = 'k'; Name = 'guest'; RecipientType = 'MailUser' }) }
        Set-Entity 'CasMailbox?PropertySet=Minimum,ProtocolSettings' @{ value = @(@{ ObjectKey = 'k'; PopEnabled = $true; Name = 'adele' }) }
        (Get-EXORecipient -RecipientType MailUser).PSObject.Properties.Name | Should -Be 'Name', 'RecipientType'
        (Get-EXOCasMailbox -ProtocolSettings).PopEnabled | Should -BeTrue
    }
}

Describe 'Piping' {
    BeforeAll {
        $script:id = [guid]::new([byte[]](1..16)).ToString()
        $address = { param($id) "Mailbox('$(Get-Key $id)')/Exchange.GetMailboxStatistics()?isEncoded=true&PropertySet=Minimum" }
        Set-Entity 'Mailbox?PropertySet=Minimum,StatisticsSeed' @{ value = @(@{ ExternalDirectoryObjectId = $id; ExchangeGuid = '22222222-0000-4000-8000-000000000002'; DatabaseGuid = '33333333-0000-4000-8000-000000000003' }) }
        Set-Entity 'Mailbox?PropertySet=Minimum&Anr=ade' @{ value = @((New-Entity adele)) }
        Set-Entity (& $address $id) @{ DisplayName = 'by directory id' }
        Set-Entity (& $address 'alex') @{ DisplayName = 'by name' }
        Set-Entity (& $address 'alex@contoso.com') @{ DisplayName = 'by address' }
        Set-Entity 'Mailbox/Exchange.GetMailboxStatisticsV2(mailboxGuid=22222222-0000-4000-8000-000000000002,databaseGuid=33333333-0000-4000-8000-000000000003)?PropertySet=Minimum' @{ DisplayName = 'by guids' }
    }

    It 'a mailbox binds its most exact id' {
        (Get-EXOMailbox -Anr ade | Get-EXOMailboxStatistics).DisplayName | Should -Be 'by directory id'
        (Get-EXOMailbox -PropertySets StatisticsSeed | Get-EXOMailboxStatistics).DisplayName | Should -Be 'by directory id'
    }

    It 'a call is routed by the address that comes along' {
        $reads = @(Get-ReadEntity $service { Get-EXOMailbox -Anr ade | Get-EXOMailboxStatistics })
        $reads[1].Headers['X-AnchorMailbox'] | Should -Be 'UPN:adele@contoso.com'
    }

    It '<Case>' -ForEach @(
        @{ Case = 'an object of a script binds by the directory id first'; Object = [pscustomobject]@{ Identity = 'alex'; ExternalDirectoryObjectId = [guid]::new([byte[]](1..16)) }; Expected = 'by directory id' }
        @{ Case = 'or by its identity'; Object = [pscustomobject]@{ Identity = 'alex'; ExternalDirectoryObjectId = $null }; Expected = 'by name' }
        @{ Case = 'or by its address'; Object = [pscustomobject]@{ PrimarySmtpAddress = 'alex@contoso.com' }; Expected = 'by address' }
        @{ Case = 'or by the name of the user'; Object = [pscustomobject]@{ UserPrincipalName = 'alex@contoso.com' }; Expected = 'by address' }
        @{ Case = 'text is an identity'; Object = 'alex'; Expected = 'by name' }
    ) {
        ($Object | Get-EXOMailboxStatistics).DisplayName | Should -Be $Expected
    }

    It 'the two ids of the store do where nothing else is known' {
        (Get-EXOMailboxStatistics -ExchangeGuid 22222222-0000-4000-8000-000000000002 -DatabaseGuid 33333333-0000-4000-8000-000000000003).DisplayName | Should -Be 'by guids'
    }

    It 'what is written wins over what is piped' {
        (Get-EXOMailbox -Anr ade | Get-EXOMailboxStatistics -Identity alex).DisplayName | Should -Be 'by name'
        (Get-EXOMailbox -Anr ade | Get-EXOMailboxStatistics -UserPrincipalName alex@contoso.com).DisplayName | Should -Be 'by address'
    }

    It 'nothing of one object is left for the next' {
        $objects = [pscustomobject]@{ Identity = 'adele'; ExternalDirectoryObjectId = $id }, [pscustomobject]@{ Identity = 'alex' }, [pscustomobject]@{ PrimarySmtpAddress = 'alex@contoso.com' }
        ($objects | Get-EXOMailboxStatistics).DisplayName | Should -Be 'by directory id', 'by name', 'by address'
    }

    It 'a mailbox goes on into cmdlets of the service, and back' {
        $service.Answers['Get-MailboxStatistics'] = '{"DisplayName":"service"}'
        $service.Answers['Get-Mailbox'] = (New-Entity adele | ConvertTo-Json -Compress)
        $sent = @(Get-SentCommand $service { Get-EXOMailbox -Anr ade | Get-MailboxStatistics })
        $sent[0].Parameters.Identity | Should -Be $id
        (Get-Mailbox | Get-EXOMailboxStatistics).DisplayName | Should -Be 'by directory id'
    }
}

Describe 'The address of a call' {
    It 'of <Name> for <Case> is whole' -ForEach $calls {
        $reads = @(Get-ReadEntity $service { & $Name @Given -ErrorAction Ignore -WarningAction Ignore })
        $reads.Count | Should -Be 1
        # Names of their own: $path would be $Path, which is compared with.
        $readPath, $readQuery = $reads[0].Address -split '\?', 2
        $readPath | Should -BeExactly $Path
        @("$readQuery" -split '&' | Where-Object { $_ } | Sort-Object) -join "`n" | Should -Be (@($Options | Sort-Object) -join "`n")
        # Without a mailbox it is about, a call is routed by who makes it; a recipient need not have one.
        $reads[0].Headers['X-AnchorMailbox'] | Should -Be ($Anchor ?? 'UPN:admin@contoso.com')
        if ($Prefer) { $reads[0].Headers['Prefer'] | Should -BeLike $Prefer }
        $reads[0].Headers['Authorization'] | Should -BeLike 'Bearer *'
        $reads[0].Headers.Keys | Should -Not -Contain 'X-ResponseFormat'
    }

    It 'of <Name> by -<Parameter> has that for a key' -ForEach $named {
        $given = @{ $Parameter = $Value }
        $reads = @(Get-ReadEntity $service { & $Name @given -ErrorAction Ignore })
        $reads.Count | Should -Be 1
        ($reads[0].Address -split '\?')[0] | Should -BeExactly "$Before('$Key')$After"
        $reads[0].Headers['X-AnchorMailbox'] | Should -Be ($Anchor ?? 'UPN:admin@contoso.com')
    }

    It 'is written down above for every parameter' -ForEach @(@{ bulk = $bulk; calls = $calls; named = $named }) {
        $missing = foreach ($cmdlet in $bulk) {
            $here = @(($calls | Where-Object Name -EQ $cmdlet.name).Given.Keys) + @(($named | Where-Object Name -EQ $cmdlet.name).Parameter)
            $cmdlet.parameters.name | Where-Object { $_ -notin $here } | ForEach-Object { "$($cmdlet.name) -$_" }
        }
        $missing -join ', ' | Should -BeNullOrEmpty
    }
}

Describe 'The connection of bulk cmdlets' {
    BeforeAll {
        Set-Entity 'Mailbox?PropertySet=Minimum' @{ value = @((New-Entity plain)) }
        $script:other = Start-WrittenService
        $other.Entities['Mailbox?PropertySet=Minimum'] = '200 {"value":[{"DisplayName":"other"}]}'
        # Both services have authorities of their own; each connection trusts that of its time.
        Connect-WrittenService $other -Parameters @{ Prefix = 'Other' }
    }

    AfterAll {
        Stop-WrittenService $other
    }

    It 'is the last one, whatever its prefix' {
        (Get-EXOMailbox).DisplayName | Should -Be 'other'
        @(Get-ConnectionInformation | Where-Object ConnectionUsedForInbuiltCmdlets).ModulePrefix | Should -Be 'Other'
        Get-Command Get-OtherEXOMailbox -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'can be named' {
        $first = Get-ConnectionInformation | Where-Object { -not $_.ModulePrefix }
        (Get-EXOMailbox -ConnectionId $first.ConnectionId).DisplayName | Should -Be 'plain'
    }

    It 'is the one before when the last is closed, and then there is none' {
        Disconnect-ExchangeOnline -ModulePrefix Other -Confirm:$false
        (Get-EXOMailbox).DisplayName | Should -Be 'plain'
        Disconnect-ExchangeOnline -Confirm:$false
        { Get-EXOMailbox } | Should -Throw 'You must call Connect-ExchangeOnline before calling any other cmdlet.'
        $env:SSL_CERT_FILE = $service.CaFile
        Connect-WrittenService $service
    }

    It 'is never one to Security & Compliance' {
        Disconnect-ExchangeOnline -Confirm:$false
        $credential = [pscredential]::new('admin@contoso.com', (ConvertTo-SecureString 'p' -AsPlainText -Force))
        $env:SSL_CERT_FILE = $service.CaFile
        Connect-IPPSSession -ConnectionUri $service.Address -AzureADAuthorizationEndpointUri "$($service.Address)/organizations" -Credential $credential -ShowBanner:$false
        { Get-EXOMailbox } | Should -Throw 'You must call Connect-ExchangeOnline before calling any other cmdlet.*'
        { Get-EXOMailbox -ConnectionId (Get-ConnectionInformation).ConnectionId } | Should -Throw 'You must call Connect-ExchangeOnline*Security & Compliance*'
        Disconnect-ExchangeOnline -Confirm:$false
        Connect-WrittenService $service
    }
}

Describe 'On Tab' {
    It 'offers <Expected> after <Line>' -ForEach @(
        @{ Line = 'Get-EXOMailbox -PropertySets Quo'; Expected = 'Quota' }
        @{ Line = 'Get-EXOMailbox -Properties WhenSoft'; Expected = 'WhenSoftDeleted' }
        @{ Line = 'Get-EXOMailboxStatistics -PropertySets A'; Expected = 'All' }
        @{ Line = 'Get-EXOMailboxFolderStatistics -Folderscope Inb'; Expected = 'Inbox' }
        @{ Line = 'Get-EXORecipient -RecipientTypeDetails RoomL'; Expected = 'RoomList' }
    ) {
        (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText | Should -Contain $Expected
    }

    It 'offers mailboxes of the connection' {
        $service.Answers['Get-Mailbox'] = '{"DisplayName":"Adele","PrimarySmtpAddress":"adele@contoso.com","RecipientTypeDetails":"UserMailbox"}'
        $line = 'Get-EXOMailboxPermission -Identity ade'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain 'adele@contoso.com'
    }
}
