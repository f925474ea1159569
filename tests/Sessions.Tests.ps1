#Requires -Version 7.4
<#
Several connections at once: which one a cmdlet works on, sessions of Security & Compliance, partners. Prefixes have a file of their own.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 7 -Credentials
    $script:address = Get-TenantAddress -Tenant $tenant
    $script:contoso = Get-TenantOrganization -Tenant $tenant
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'A cmdlet' {
    BeforeAll {
        Connect-TestTenant -Tenant $tenant
        Connect-TestTenant -Tenant $tenant -As 'viewer'
        $script:admin, $script:viewer = @(Get-ConnectionInformation | Sort-Object Id)
    }
    AfterAll { Disconnect-ExchangeOnline -Confirm:$false }

    It 'works on the last connection when none is named' {
        { Set-Mailbox adele -Office 'x' -ErrorAction Stop } | Should -Throw
    }

    It 'works on the connection that is named: <Form>' -ForEach @(
        @{ Form = 'the object'; Value = { $admin } }
        @{ Form = 'the id'; Value = { $admin.ConnectionId } }
        @{ Form = 'the id as text'; Value = { "$($admin.ConnectionId)" } }
        @{ Form = 'the id in capitals and braces'; Value = { $admin.ConnectionId.ToString('B').ToUpperInvariant() } }
        @{ Form = 'some properties of it'; Value = { $admin | Select-Object Name, ConnectionId } }
        @{ Form = 'an array of one'; Value = { , @($admin) } }
    ) {
        $connection = & $Value
        { Set-Mailbox adele -Office $Form -ConnectionId $connection -ErrorAction Stop } | Should -Not -Throw
        (Get-Mailbox adele -Connection $connection).Office | Should -Be $Form
    }

    It 'refuses what names no connection: <Case>' -ForEach @(
        @{ Case = 'nothing'; Value = $null; Id = 'InvalidConnectionId' }
        @{ Case = 'a blank'; Value = ' '; Id = 'InvalidConnectionId' }
        @{ Case = 'a name'; Value = 'ExchangeOnline_1'; Id = 'InvalidConnectionId' }
        @{ Case = 'an empty id'; Value = [guid]::Empty; Id = 'InvalidConnectionId' }
        @{ Case = 'an unknown id'; Value = [guid]'0b8e1f4a-0000-4000-8000-000000000000'; Id = 'ConnectionNotFound' }
    ) {
        $before = Measure-TenantRequest -Tenant $tenant
        $record = Get-Failure { Get-Mailbox -ConnectionId $Value -ErrorAction Stop }
        $record.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
    }

    It 'refuses two connections' {
        (Get-Failure { Get-Mailbox -ConnectionId $admin, $viewer -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'InvalidConnectionId,*'
    }

    It 'offers the open connections on Tab' {
        $line = 'Get-Mailbox -ConnectionId '
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be @("$($admin.ConnectionId)", "$($viewer.ConnectionId)")
    }

    It 'sends the connection''s id along, and not as a parameter of the cmdlet' {
        $before = Measure-TenantRequest -Tenant $tenant
        # The tenant, as the service, refuses parameters that it does not know.
        $null = Get-Mailbox adele -ConnectionId $admin -ErrorAction Stop
        (Get-TenantRequest -Tenant $tenant -Skip $before).connectionId | Should -Be "$($admin.ConnectionId)"
    }
}

Describe 'Connections of Security & Compliance' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'are made with Connect-IPPSSession and say so' {
        $output = Connect-IPPSSession @address -Credential (Get-TenantCredential -Tenant $tenant) -InformationVariable said
        $output | Should -BeNullOrEmpty
        "$said" | Should -Match 'Security & Compliance'
        $information = Get-ConnectionInformation
        $information.Name | Should -Match '^ExchangeOnlineProtection_\d+$'
        $information.IsEopSession | Should -BeTrue
        $information.ConnectionUsedForInbuiltCmdlets | Should -BeFalse
        $information.State | Should -Be 'Connected'
    }

    It 'stand beside those of Exchange Online: each cmdlet finds its own' {
        $credential = Get-TenantCredential -Tenant $tenant
        Connect-ExchangeOnline @address -Credential $credential
        Connect-IPPSSession @address -Credential $credential
        @(Get-Mailbox).Count | Should -Be 7
        @(Get-ComplianceSearch).Count | Should -BeGreaterThan 0
        @(Get-ConnectionInformation | Where-Object ConnectionUsedForInbuiltCmdlets).IsEopSession | Should -Be @($false)
    }

    It 'do not serve Exchange Online, nor the other way round' {
        $credential = Get-TenantCredential -Tenant $tenant
        Connect-IPPSSession @address -Credential $credential
        (Get-Failure { Get-Mailbox -ErrorAction Stop }).Exception.Message | Should -BeLike 'You must call Connect-ExchangeOnline before calling any other cmdlet.*'
        Disconnect-ExchangeOnline -Confirm:$false
        Connect-ExchangeOnline @address -Credential $credential
        (Get-Failure { Get-ComplianceSearch -ErrorAction Stop }).Exception.Message | Should -BeLike 'You must call Connect-IPPSSession before calling any other cmdlet.*'
    }

    It 'can have a prefix, and get the cmdlets of their kind' {
        Connect-IPPSSession @address -Credential (Get-TenantCredential -Tenant $tenant) -Prefix 'Purview'
        (Get-Command -Module ExchangeOnlineRs_Purview).Name | Should -Contain 'Get-PurviewComplianceSearch'
        (Get-Command -Module ExchangeOnlineRs_Purview).Name | Should -Not -Contain 'Get-PurviewMailbox'
        @(Get-PurviewComplianceSearch).Count | Should -BeGreaterThan 0
    }

    It 'and one of Exchange Online may have the same prefix' {
        $credential = Get-TenantCredential -Tenant $tenant
        Connect-ExchangeOnline @address -Credential $credential -Prefix 'Both'
        Connect-IPPSSession @address -Credential $credential -Prefix 'Both'
        @(Get-BothMailbox).Count | Should -Be 7
        @(Get-BothComplianceSearch).Count | Should -BeGreaterThan 0
    }

    It 'take applications' {
        $application = Get-TenantApplication -Tenant $tenant -Name 'automation'
        $certificate = @($application.Certificates | Where-Object Registered)[0]
        Connect-IPPSSession @address -AppId $application.AppId -Organization $contoso.InitialDomain -CertificateFilePath $certificate.CertificateFile -CertificateKeyFilePath $certificate.KeyFile
        (Get-ConnectionInformation).CertificateAuthentication | Should -BeTrue
        @(Get-ComplianceSearch).Count | Should -BeGreaterThan 0
    }

    It 'are closed by Disconnect-ExchangeOnline' {
        Connect-IPPSSession @address -Credential (Get-TenantCredential -Tenant $tenant)
        Disconnect-ExchangeOnline -Confirm:$false
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }
}

Describe 'Partners and guests' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'work on the organization that they name: <Name>' -ForEach @(
        @{ Name = 'partner' }
        @{ Name = 'visitor' }
    ) {
        Connect-TestTenant -Tenant $tenant -As $Name -Organization 'Fabrikam' -Parameters @{ DelegatedOrganization = $contoso.InitialDomain }
        $information = Get-ConnectionInformation
        $information.DelegatedOrganization | Should -Be $contoso.InitialDomain
        $information.TenantID | Should -Be $contoso.TenantId
        @(Get-Mailbox).Count | Should -Be 7
    }

    It 'work on their own organization otherwise' {
        Connect-TestTenant -Tenant $tenant -As 'fabrikam.admin' -Organization 'Fabrikam'
        (Get-ConnectionInformation).TenantID | Should -Be (Get-TenantOrganization -Tenant $tenant -Name 'Fabrikam').TenantId
    }

    It 'are told when the organization does not let them in' {
        $record = Get-Failure {
            Connect-TestTenant -Tenant $tenant -As 'outsider' -Organization 'Fabrikam' -Parameters @{ DelegatedOrganization = $contoso.InitialDomain }
        }
        $record.FullyQualifiedErrorId | Should -BeLike 'AADSTS50020,*'
    }

    It 'and several organizations can be open, each with its prefix' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Contoso' }
        Connect-TestTenant -Tenant $tenant -As 'fabrikam.admin' -Organization 'Fabrikam' -Parameters @{ Prefix = 'Fabrikam' }
        (Get-ContosoOrganizationConfig).Name | Should -Be $contoso.InitialDomain
        (Get-FabrikamOrganizationConfig).Name | Should -Be (Get-TenantOrganization -Tenant $tenant -Name 'Fabrikam').InitialDomain
    }
}

Describe 'What other runspaces connect' {
    BeforeAll {
        # A runspace of its own that connects to the other organization and stays open.
        $script:other = [powershell]::Create()
        $null = $other.AddScript({
                param($Module, $Address, $Credential)
                Import-Module $Module
                Connect-ExchangeOnline @Address -Credential $Credential
                (Get-OrganizationConfig).Name
            }).AddParameters(@{
                Module     = $env:EXORS_MODULE
                Address    = $address
                Credential = Get-TenantCredential -Tenant $tenant -Name 'fabrikam.admin' -Organization 'Fabrikam'
            })
    }
    AfterAll {
        $other.Runspace.Dispose()
        $other.Dispose()
        Disconnect-ExchangeOnline -Confirm:$false
    }

    It 'does not lead the cmdlets of this one to another organization' {
        Connect-TestTenant -Tenant $tenant
        $other.Invoke() | Should -Be 'fabrikam.onmicrosoft.com'
        (Get-OrganizationConfig).Name | Should -Be $contoso.InitialDomain
    }

    It 'serves runspaces that have connected nothing' {
        $name = 1 | ForEach-Object -Parallel {
            Import-Module $using:env:EXORS_MODULE
            (Get-OrganizationConfig).Name
        }
        $name | Should -Be 'fabrikam.onmicrosoft.com' -Because 'it is the last connection of the process'
    }

    It 'counts when this one has no connection any more' {
        $own = Get-ConnectionInformation | Where-Object TenantID -EQ $contoso.TenantId
        Disconnect-ExchangeOnline -ConnectionId $own.ConnectionId -Confirm:$false
        (Get-OrganizationConfig).Name | Should -Be 'fabrikam.onmicrosoft.com'
    }
}
