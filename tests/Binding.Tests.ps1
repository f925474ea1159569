#Requires -Version 7.4
<#
Values that PowerShell would bind otherwise than the original's cmdlets: lists that are one value of an enumeration, texts where true or
false is wanted, and parameters that are called like members of the engine's classes.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 6 -Options '--log-parameters'
    Connect-TestTenant -Tenant $tenant

    # What a script block sent of a cmdlet: the parameters of each request, in order.
    function Get-Sent([string] $CmdletName, [scriptblock] $Script) {
        $before = Measure-TenantRequest -Tenant $tenant
        $null = & $Script
        @(Get-TenantRequest -Tenant $tenant -Skip $before -CmdletName $CmdletName | ForEach-Object parameters)
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'A list for an enumeration of flags' {
    BeforeAll {
        Add-MailboxFolderPermission adele:\Calendar -User elodie.marchand -AccessRights Editor -ErrorAction Stop
    }

    It 'is one value, which the service takes' {
        $sent = Get-Sent Set-MailboxFolderPermission {
            Set-MailboxFolderPermission adele:\Calendar -User elodie.marchand -AccessRights Editor -SharingPermissionFlags Delegate, CanViewPrivateItems -ErrorAction Stop
        }
        $sent.SharingPermissionFlags | Should -BeExactly 'Delegate, CanViewPrivateItems'
        $sent.AccessRights -is [array] | Should -BeTrue -Because 'a list of the service stays one'
    }

    It 'is one value through Invoke-ExchangeOnlineCommand' {
        $sent = Get-Sent Set-MailboxCalendarConfiguration {
            Invoke-ExchangeOnlineCommand Set-MailboxCalendarConfiguration @{ Identity = 'adele'; WorkDays = [DayOfWeek]::Monday, 'Friday' } -Confirm:$false -ErrorAction SilentlyContinue
        }
        $sent.WorkDays | Should -BeExactly 'Monday, Friday'
    }

    It 'stays what it is otherwise: <_>' -ForEach 'Delegate', 'Delegate,CanViewPrivateItems' {
        $value = $_
        $sent = Get-Sent Set-MailboxFolderPermission { Set-MailboxFolderPermission adele:\Calendar -User elodie.marchand -AccessRights Editor -SharingPermissionFlags $value -ErrorAction Stop }
        $sent.SharingPermissionFlags | Should -BeExactly $value
    }

    It 'stays a list where the service has one' {
        $sent = Get-Sent Set-Mailbox { Set-Mailbox adele -AuditOwner MailboxLogin, HardDelete -ErrorAction Stop }
        $sent.AuditOwner | Should -Be 'MailboxLogin', 'HardDelete'
    }
}

Describe 'Where true or false is wanted' {
    It '<Value> is taken' -ForEach @(
        @{ Value = $true; Sent = $true }
        @{ Value = $false; Sent = $false }
        @{ Value = 1; Sent = $true }
        @{ Value = 0L; Sent = $false }
        @{ Value = 0.5; Sent = $true }
        @{ Value = [switch]$true; Sent = $true }
        @{ Value = [psobject]::AsPSObject($true); Sent = $true }
        @{ Value = $null; Sent = $null }
    ) {
        $got = Get-Sent Set-Mailbox { Set-Mailbox adele -AuditEnabled $Value -ErrorAction ($null -eq $Sent ? 'SilentlyContinue' : 'Stop') }
        $got.Count | Should -Be 1
        $got.PSObject.Properties.Name | Should -Contain 'AuditEnabled'
        $got.AuditEnabled | Should -BeExactly $Sent
        # 1 and 'True' equal it, but are not what the service is sent.
        if ($null -ne $Sent) { $got.AuditEnabled | Should -BeOfType [bool] }
    }

    It 'a <Type> is refused with the words for all such parameters' -ForEach @(
        @{ Type = 'System.String'; Value = 'true' }
        @{ Type = 'System.String'; Value = '' }
        @{ Type = 'System.Object[]'; Value = @($true) }
        @{ Type = 'System.Char'; Value = [char]'1' }
    ) {
        function Test-Function { [CmdletBinding()] param([bool] $AuditEnabled) $AuditEnabled }
        $before = Measure-TenantRequest -Tenant $tenant
        $failure = Get-Failure { Set-Mailbox adele -AuditEnabled $Value -ErrorAction Stop }
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
        $failure.Exception.Message | Should -Match ([regex]::Escape($Type) + '.*\$True, \$False, 1 or 0')
        # The original's cmdlets are functions: the same sentence, and the same id.
        $theirs = Get-Failure { Test-Function -AuditEnabled $Value }
        $failure.Exception.Message | Should -BeExactly $theirs.Exception.Message
        ($failure.FullyQualifiedErrorId -split ',')[0] | Should -BeExactly ($theirs.FullyQualifiedErrorId -split ',')[0]
        $failure.CategoryInfo.Category | Should -Be $theirs.CategoryInfo.Category
    }
}

Describe 'A parameter that is called like a member of the engine''s classes' {
    It 'is bound and sent' {
        $sent = Get-Sent Add-LdapDirectory {
            Add-LdapDirectory -Id one -Host ldap.contoso.com -Port 636 -Organization contoso.com -BaseDn 'dc=contoso' -Confirm:$false -ErrorAction SilentlyContinue
        }
        $sent.Host | Should -BeExactly 'ldap.contoso.com'
    }
}

Describe 'A cmdlet that a catalog file added' {
    It 'takes flags and Boolean values as the others do' {
        $anywhere = @{ Identity = @{ required = $false; position = $null; value_from_pipeline = $false; value_from_pipeline_by_property_name = $false } }
        $entry = @{
            name = 'Set-FlaggedThing'; surfaces = @('ExchangeOnline'); parameter_sets = @('Identity'); default_parameter_set = @{ name = 'Identity' }
            should_process = $true; confirm_impact_high = $false
            parameters = @(
                @{ name = 'Kinds'; type = 'ThingFlags'; is_switch = $false; sets = $anywhere }
                @{ name = 'Enabled'; type = 'Boolean'; is_switch = $false; sets = $anywhere }
            )
        }
        $file = Join-Path $TestDrive 'flags.json'
        ConvertTo-Json @{ cmdlets = @($entry) } -Depth 9 | Set-Content -LiteralPath $file
        (Update-ExchangeOnlineCommand $file).Name | Should -Be 'Set-FlaggedThing'
        $sent = Get-Sent Set-FlaggedThing { Set-FlaggedThing -Kinds One, Two -Enabled ([switch]$true) -ErrorAction SilentlyContinue }
        $sent.Kinds | Should -BeExactly 'One, Two'
        $sent.Enabled | Should -BeOfType [bool]
        $sent.Enabled | Should -BeTrue
        (Get-Failure { Set-FlaggedThing -Enabled 'true' -ErrorAction Stop }).Exception.Message | Should -BeLike '*1 or 0*'
    }
}
