#Requires -Version 7.4
<#
Which mailbox's server a call is sent to: the header X-AnchorMailbox, as the tenant's log has it.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 5 -Credentials -Options '--log-parameters'

    # The requests of a cmdlet that a script made, whatever came of them.
    function Get-Routed([string] $CmdletName, [scriptblock] $Script) {
        $before = Measure-TenantRequest -Tenant $tenant
        $null = & $Script
        # Bulk cmdlets read entities, and the tenant does not care for which cmdlet.
        $filter = $CmdletName -like 'Get-EXO*' ? @{} : @{ CmdletName = $CmdletName }
        Get-TenantRequest -Tenant $tenant -Skip $before @filter
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'A call of a person' {
    BeforeAll {
        Connect-TestTenant -Tenant $tenant
        $script:person = @(Get-Mailbox -RecipientTypeDetails UserMailbox)[0]
        $script:own = 'UPN:admin@contoso.onmicrosoft.com'
    }
    AfterAll { Disconnect-ExchangeOnline -Confirm:$false }

    It 'goes to the mailbox that it names, without what is behind it' {
        $address = $person.UserPrincipalName
        foreach ($identity in $address, "${address}:\Calendar", "$address\123") {
            (Get-Routed 'Get-MailboxFolderPermission' { Get-MailboxFolderPermission $identity -ErrorAction SilentlyContinue }).anchorMailbox | Should -Be "UPN:$address"
        }
        (Get-Routed 'Set-InboxRule' { Set-InboxRule 'a rule' -Mailbox $address -Name x -ErrorAction SilentlyContinue }).anchorMailbox | Should -Be "UPN:$address"
        (Get-Routed 'Get-EXOMailboxFolderPermission' { Get-EXOMailboxFolderPermission "${address}:\Calendar" }).anchorMailbox | Should -Be "UPN:$address"
    }

    It 'goes to the person''s own where it names none: <Cmdlet> <Identity>' -ForEach @(
        @{ Cmdlet = 'Get-MailContact'; Identity = 'kim@fabrikam.com' }
        @{ Cmdlet = 'Get-Recipient'; Identity = 'kim@fabrikam.com' }
        @{ Cmdlet = 'Get-EXORecipient'; Identity = 'kim@fabrikam.com' }
        @{ Cmdlet = 'Get-Mailbox'; Identity = 'adele' }
        @{ Cmdlet = 'Get-Mailbox'; Identity = 'CN=a@b,OU=c' }
        @{ Cmdlet = 'Set-CalendarProcessing'; Identity = 'adele' }
    ) {
        (Get-Routed $Cmdlet { & $Cmdlet $Identity -ErrorAction SilentlyContinue }).anchorMailbox | Should -Be $own
    }

    It 'goes there too with an address that is none, and nobody else loses the connection' {
        $long = ('a' * 4000) + '@contoso.com'
        (Get-Routed 'New-InboxRule' { New-InboxRule -Mailbox $long -Name x -DeleteMessage $true -ErrorAction SilentlyContinue }).anchorMailbox | Should -Be $own
        $before = Measure-TenantRequest -Tenant $tenant
        foreach ($command in { New-InboxRule -Mailbox ('a' * 70000) -Name x -DeleteMessage $true -ErrorAction Stop }, { Get-EXOMailbox -UserPrincipalName ('a' * 70000) -ErrorAction Stop }) {
            (Get-Failure $command).FullyQualifiedErrorId | Should -BeLike 'IdentityTooLong,*'
        }
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
        # Whoever loses a connection makes another one.
        $sockets = @(Get-TenantRequest -Tenant $tenant).Where({ $_.path -like '*InvokeCommand' }).socket | Sort-Object -Unique
        @($sockets).Count | Should -Be 1
    }
}

Describe 'A call of an application' {
    BeforeAll {
        $application = Get-TenantApplication -Tenant $tenant -Name 'automation'
        $certificate = Get-TestCertificate $application.Certificates.Where({ $_.Registered -and $_.Kind -eq 'RSA' })[0]
        $address = Get-TenantAddress -Tenant $tenant
        Connect-ExchangeOnline @address -AppId $application.AppId -Organization (Get-TenantOrganization -Tenant $tenant).InitialDomain -Certificate $certificate
        $script:person = @(Get-Mailbox -RecipientTypeDetails UserMailbox)[0]
        $script:system = 'APP:SystemMailbox{*}@*'
    }
    AfterAll { Disconnect-ExchangeOnline -Confirm:$false }

    It 'is sent with the exact id, to the address that the object has beside it: <Case>' -ForEach @(
        @{ Case = 'a row'; Object = { $person } }
        @{ Case = 'a copy'; Object = { $person | Select-Object * } }
    ) {
        $request = Get-Routed 'Set-MailboxAutoReplyConfiguration' { & $Object | Set-MailboxAutoReplyConfiguration -AutoReplyState Disabled -WarningAction Ignore }
        $request.parameters.Identity | Should -Be $person.ExternalDirectoryObjectId
        $request.anchorMailbox | Should -Be "UPN:$($person.UserPrincipalName)"
        $request.status | Should -Be 200
    }

    It 'goes to the id or name of a mailbox that it changes, if that is all that is known' {
        foreach ($identity in $person.ExternalDirectoryObjectId, $person.Alias) {
            $request = Get-Routed 'Set-MailboxAutoReplyConfiguration' { Set-MailboxAutoReplyConfiguration $identity -AutoReplyState Disabled -WarningAction Ignore }
            $request.anchorMailbox | Should -Be $identity
            $request.status | Should -Be 200
        }
        (Get-Routed 'Add-MailboxFolderPermission' { Add-MailboxFolderPermission "$($person.Alias):\Calendar" -User x -AccessRights Reviewer -ErrorAction SilentlyContinue }).anchorMailbox | Should -Be $person.Alias
    }

    It 'goes to the name that a script wrote over the row''s' {
        $renamed = Get-Mailbox $person.UserPrincipalName
        $renamed.Identity = 'zoe'
        $request = Get-Routed 'Set-CalendarProcessing' { $renamed | Set-CalendarProcessing -AutomateProcessing None -ErrorAction SilentlyContinue }
        $request.parameters.Identity | Should -Be 'zoe'
        $request.anchorMailbox | Should -Be 'zoe'
    }

    It 'does not go to an address that the object is to get' {
        $renamed = Get-Mailbox $person.UserPrincipalName
        $renamed.UserPrincipalName = $renamed.PrimarySmtpAddress = 'new@contoso.com'
        $request = Get-Routed 'Set-CalendarProcessing' { $renamed | Set-CalendarProcessing -AutomateProcessing None -ErrorAction SilentlyContinue }
        $request.parameters.Identity | Should -Be $person.ExternalDirectoryObjectId
        $request.anchorMailbox | Should -Be "UPN:$($person.UserPrincipalName)"
        $line = [pscustomobject]@{ Identity = $person.PrimarySmtpAddress; PrimarySmtpAddress = $person.PrimarySmtpAddress; UserPrincipalName = 'new@contoso.com' }
        $request = Get-Routed 'Set-CalendarProcessing' { $line | Set-CalendarProcessing -AutomateProcessing None -ErrorAction SilentlyContinue }
        $request.anchorMailbox | Should -Be "UPN:$($person.PrimarySmtpAddress)"
        $line = [pscustomobject]@{ Identity = $person.Alias; UserPrincipalName = 'new@contoso.com' }
        $request = Get-Routed 'Set-CalendarProcessing' { $line | Set-CalendarProcessing -AutomateProcessing None -ErrorAction SilentlyContinue }
        $request.anchorMailbox | Should -Be $person.Alias
    }

    It 'goes to the organization where it only reads, or is about no mailbox' {
        (Get-Routed 'Get-Mailbox' { Get-Mailbox $person.Alias }).anchorMailbox | Should -BeLike $system
        (Get-Routed 'Get-Mailbox' { Get-Mailbox }).anchorMailbox | Should -BeLike $system
        (Get-Routed 'Set-TransportRule' { Set-TransportRule 'a rule' -Comments x -ErrorAction SilentlyContinue }).anchorMailbox | Should -BeLike $system
        (Get-Routed 'Remove-TransportRule' { Remove-TransportRule 'fwd-bob@fabrikam.com' -Confirm:$false -ErrorAction SilentlyContinue }).anchorMailbox | Should -BeLike $system
        (Get-Routed 'Set-MailContact' { Set-MailContact kim@fabrikam.com -CustomAttribute1 x -ErrorAction SilentlyContinue }).anchorMailbox | Should -BeLike $system
    }
}
