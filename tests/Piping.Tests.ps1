#Requires -Version 7.4
<#
Objects of one cmdlet piped into another whose parameters they have to fill: members of groups, and permissions. What counts is what
arrived at the tenant.
#>
BeforeDiscovery {
    $catalogFolder = Join-Path $PSScriptRoot '../powershell/Catalog'
    $catalog = (Get-Content (Join-Path $catalogFolder 'cmdlets.json') -Raw | ConvertFrom-Json).cmdlets
    $rows = Get-Content (Join-Path $catalogFolder 'object-properties.json') -Raw | ConvertFrom-Json
    # The cmdlets that take rows of the kinds whose properties are known, to take away or switch what the row is about.
    $takers = @(foreach ($kind in $rows.PSObject.Properties) {
            foreach ($verb in 'Remove', 'Disable', 'Enable', 'Clear') {
                $entry = $catalog | Where-Object name -EQ "$verb-$($kind.Name)"
                if ($entry) { @{ Name = $entry.name; Entry = $entry; Properties = @($kind.Value.PSObject.Properties.Name) } }
            }
        })
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 40 -Options '--log-parameters'
    Connect-TestTenant -Tenant $tenant
    $script:people = @(Get-Mailbox -RecipientTypeDetails UserMailbox -ResultSize 6 -WarningAction Ignore)
    $script:groups = @('Piping one', 'Piping two' | ForEach-Object { New-DistributionGroup -Name $_ })

    # What a script block sent of a cmdlet: the parameters of each request, in order.
    function Get-Sent([string] $CmdletName, [scriptblock] $Script) {
        $before = Measure-TenantRequest -Tenant $tenant
        $null = & $Script
        @(Get-TenantRequest -Tenant $tenant -Skip $before -CmdletName $CmdletName | ForEach-Object parameters)
    }

    # The error of a script block that must fail, and send nothing but what reads.
    function Get-UnsentFailure([string] $CmdletName, [scriptblock] $Script) {
        $before = Measure-TenantRequest -Tenant $tenant
        $failure = Get-Failure $Script
        @(Get-TenantRequest -Tenant $tenant -Skip $before -CmdletName $CmdletName).Count | Should -Be 0 -Because "$failure"
        $failure
    }

    function Get-MemberName($Group) { @(Get-DistributionGroupMember -Identity $Group.Guid.ToString()).Name | Sort-Object }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'Members of a distribution group' {
    It 'are piped in as mailboxes, one request each with the most exact id' {
        $sent = Get-Sent Add-DistributionGroupMember { $people[0..2] | Add-DistributionGroupMember -Identity $groups[0] -ErrorAction Stop }
        $sent.Member | Should -Be $people[0..2].ExternalDirectoryObjectId
        @($sent.Identity | Sort-Object -Unique).Count | Should -Be 1
        Get-MemberName $groups[0] | Should -Be @($people[0..2].Name | Sort-Object)
    }

    It 'are piped from one group into another' {
        Get-DistributionGroupMember $groups[0].Name | Add-DistributionGroupMember $groups[1].Name -ErrorAction Stop
        Get-MemberName $groups[1] | Should -Be (Get-MemberName $groups[0])
    }

    It 'are piped as texts' {
        $sent = Get-Sent Add-DistributionGroupMember { $people[3..4].Alias | Add-DistributionGroupMember -Identity $groups[0].Name -ErrorAction Stop }
        $sent.Member | Should -Be $people[3..4].Alias
    }

    It 'are piped out' {
        $sent = Get-Sent Remove-DistributionGroupMember {
            Get-DistributionGroupMember $groups[0].Name | Where-Object Name -In $people[3..4].Name | Remove-DistributionGroupMember $groups[0].Name -Confirm:$false -ErrorAction Stop
        }
        $sent.Count | Should -Be 2
        Get-MemberName $groups[0] | Should -Be @($people[0..2].Name | Sort-Object)
    }

    It 'are named where groups are piped' {
        $sent = Get-Sent Add-DistributionGroupMember { $groups | Add-DistributionGroupMember -Member $people[5].Alias -ErrorAction Stop }
        $sent.Identity | Should -Be $groups.ExternalDirectoryObjectId
        $sent.Member | Should -Be @($people[5].Alias, $people[5].Alias)
        $sent = Get-Sent Remove-DistributionGroupMember { $groups.Name | Remove-DistributionGroupMember -Member $people[5].Alias -Confirm:$false -ErrorAction Stop }
        $sent.Identity | Should -Be $groups.Name
    }

    It 'come with their groups from the lines of a file' {
        $lines = @"
Identity,Member
$($groups[0].Name),$($people[3].Alias)
$($groups[1].Name),$($people[4].Alias)
"@ | ConvertFrom-Csv
        $sent = Get-Sent Add-DistributionGroupMember { $lines | Add-DistributionGroupMember -ErrorAction Stop }
        $sent.Identity | Should -Be $groups.Name
        $sent.Member | Should -Be $people[3..4].Alias
        $sent = Get-Sent Add-DistributionGroupMember { $lines[1] | Select-Object Member | Add-DistributionGroupMember -Identity $groups[0].Name -ErrorAction Stop }
        "$($sent.Identity) $($sent.Member)" | Should -Be "$($groups[0].Name) $($people[4].Alias)"
    }

    It 'are not guessed where the command names neither: <What>' -ForEach @(
        @{ What = 'a row'; Script = { $people[0] | Add-DistributionGroupMember -ErrorAction Stop } }
        @{ What = 'a text'; Script = { 'adele' | Add-DistributionGroupMember -ErrorAction Stop } }
        @{ What = 'a selection'; Script = { $people[0] | Select-Object Identity, Alias | Add-DistributionGroupMember -ErrorAction Stop } }
    ) {
        $failure = Get-UnsentFailure Add-DistributionGroupMember $Script
        $failure.FullyQualifiedErrorId | Should -BeLike 'AmbiguousInput,*'
        $failure.Exception.Message | Should -BeLike '*-Identity and of -Member*'
    }

    It 'are not left empty, which would let the caller join: <What>' -ForEach @(
        @{ What = 'named'; Script = { Add-DistributionGroupMember -Identity $groups[0].Name -Member $null -ErrorAction Stop } }
        @{ What = 'blank'; Script = { Add-DistributionGroupMember -Identity $groups[0].Name -Member ' ' -ErrorAction Stop } }
        @{ What = 'piped'; Script = { $null | Add-DistributionGroupMember -Identity $groups[0].Name -ErrorAction Stop } }
    ) {
        (Get-UnsentFailure Add-DistributionGroupMember $Script).FullyQualifiedErrorId | Should -BeLike 'EmptyMember,*'
    }
}

Describe 'Members of a role group' {
    It 'are piped in and out, and their role groups too' {
        $role = Get-RoleGroup | Where-Object Name -EQ 'View-Only Organization Management'
        $sent = Get-Sent Add-RoleGroupMember { $people[0..1] | Add-RoleGroupMember -Identity $role.Name -ErrorAction SilentlyContinue }
        $sent.Member | Should -Be $people[0..1].ExternalDirectoryObjectId
        $sent = Get-Sent Remove-RoleGroupMember { $people[0..1].Alias | Remove-RoleGroupMember -Identity $role.Name -Confirm:$false -ErrorAction SilentlyContinue }
        $sent.Member | Should -Be $people[0..1].Alias
        $sent = Get-Sent Add-RoleGroupMember { $role | Add-RoleGroupMember -Member $people[2].Alias -ErrorAction SilentlyContinue }
        $sent.Member | Should -Be $people[2].Alias
    }

    It 'are not guessed' {
        (Get-UnsentFailure Remove-RoleGroupMember { $people[0] | Remove-RoleGroupMember -Confirm:$false -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'AmbiguousInput,*'
    }
}

Describe 'Permissions of a mailbox' {
    BeforeEach {
        $script:owner, $script:guest, $script:other = $people[0..2]
        Add-MailboxPermission $owner.Alias -User $guest.Alias -AccessRights FullAccess -AutoMapping $false -WarningAction SilentlyContinue
    }

    AfterEach {
        Remove-MailboxPermission $owner.Alias -User $guest.Alias -AccessRights FullAccess -Confirm:$false -WarningAction SilentlyContinue -ErrorAction SilentlyContinue
    }

    It 'are piped out with their users and rights' {
        $given = @(Get-MailboxPermission $owner.Alias | Where-Object User -NotLike 'NT AUTHORITY*')
        $sent = Get-Sent Remove-MailboxPermission { $given | Remove-MailboxPermission -Confirm:$false -ErrorAction Stop }
        $sent.Count | Should -Be $given.Count
        $sent[0].User | Should -Be $given[0].User
        $sent[0].AccessRights | Should -Be $given[0].AccessRights
        $sent[0].Deny | Should -BeOfType [bool]
        $sent[0].Deny | Should -BeFalse
        $sent[0].InheritanceType | Should -Be $given[0].InheritanceType
        @(Get-MailboxPermission $owner.Alias | Where-Object User -NotLike 'NT AUTHORITY*').Count | Should -Be 0
    }

    It 'are copied to another mailbox' {
        $given = @(Get-MailboxPermission $owner.Alias | Where-Object User -NotLike 'NT AUTHORITY*')
        $sent = Get-Sent Add-MailboxPermission { $given | Add-MailboxPermission -Identity $other.Alias -AutoMapping $false -ErrorAction Stop }
        $sent.Identity | Should -Be $other.Alias
        $sent.User | Should -Be $given.User
        $sent.AccessRights | Should -Be $given.AccessRights
    }

    It 'come from the lines of a file' {
        $line = [pscustomobject]@{ Identity = $owner.Alias; User = $guest.Alias; AccessRights = 'FullAccess'; Deny = 'False' }
        $sent = Get-Sent Remove-MailboxPermission { $line | Remove-MailboxPermission -Confirm:$false -ErrorAction Stop }
        "$($sent.Identity) $($sent.User) $($sent.AccessRights)" | Should -Be "$($owner.Alias) $($guest.Alias) FullAccess"
    }

    It 'are not removed where the command does not say whose: <Line>' -ForEach @(
        @{ Line = 'Remove-MailboxPermission -Confirm:$false' }
        @{ Line = 'Remove-MailboxPermission adele -Confirm:$false' }
        @{ Line = 'Remove-MailboxPermission adele -User alex -Confirm:$false' }
        @{ Line = '''adele'' | Remove-MailboxPermission -Confirm:$false' }
        @{ Line = 'Remove-MailboxFolderPermission adele:\Calendar -Confirm:$false' }
    ) {
        # In a runspace where nobody can be asked for a parameter: that is an error there.
        $before = Measure-TenantRequest -Tenant $tenant
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$($env:EXORS_MODULE.Replace("'", "''"))'; `$ErrorActionPreference = 'Stop'; $Line")
            $failure = Get-Failure { $shell.Invoke() }
            $failure.Exception.InnerException.ErrorRecord.FullyQualifiedErrorId | Should -Match '^(MissingMandatoryParameter|InputObjectMissingMandatory),'
        }
        finally {
            $shell.Dispose()
        }
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
    }

    It 'are reset only when that is said' {
        $sent = Get-Sent Remove-MailboxPermission { Remove-MailboxPermission $owner.Alias -ResetDefault -Confirm:$false -ErrorAction SilentlyContinue }
        $sent.ResetDefault | Should -BeOfType [bool]
        $sent.ResetDefault | Should -BeTrue
        $sent.PSObject.Properties.Name | Should -Not -Contain 'User'
    }
}

Describe 'Permissions of a recipient' {
    It 'are given to piped trustees, and piped out with them' {
        $shared = $people[0]
        $sent = Get-Sent Add-RecipientPermission { $people[1..2] | Add-RecipientPermission -Identity $shared.Alias -AccessRights SendAs -Confirm:$false -ErrorAction Stop }
        $sent.Trustee | Should -Be $people[1..2].ExternalDirectoryObjectId
        $given = @(Get-RecipientPermission $shared.Alias | Where-Object Trustee -NE 'NT AUTHORITY\SELF')
        $given.Count | Should -Be 2
        $sent = Get-Sent Remove-RecipientPermission { $given | Remove-RecipientPermission -Confirm:$false -ErrorAction Stop }
        $sent.Identity | Should -Be $given.Identity
        $sent.Trustee | Should -Be $given.Trustee
        $sent[1].AccessRights | Should -Be 'SendAs'
        @(Get-RecipientPermission $shared.Alias | Where-Object Trustee -NE 'NT AUTHORITY\SELF').Count | Should -Be 0
    }

    It 'come with mailboxes that are piped to a trustee, and with the lines of a file' {
        $sent = Get-Sent Add-RecipientPermission { $people[0..1] | Add-RecipientPermission -Trustee $people[2].Alias -AccessRights SendAs -Confirm:$false -ErrorAction Stop }
        $sent.Identity | Should -Be $people[0..1].ExternalDirectoryObjectId
        $line = [pscustomobject]@{ Identity = $people[0].Alias; Trustee = $people[2].Alias; AccessRights = 'SendAs' }
        $sent = Get-Sent Remove-RecipientPermission { $line | Remove-RecipientPermission -Confirm:$false -ErrorAction Stop }
        "$($sent.Identity) $($sent.Trustee)" | Should -Be "$($line.Identity) $($line.Trustee)"
    }

    It 'are not guessed' {
        (Get-UnsentFailure Add-RecipientPermission { $people[0] | Add-RecipientPermission -AccessRights SendAs -Confirm:$false -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'AmbiguousInput,*'
    }
}

Describe 'Permissions of a folder' {
    It 'are piped to be changed and taken away with their users' {
        $folder = "$($people[0].Alias):\Calendar"
        Add-MailboxFolderPermission $folder -User $people[1].Alias -AccessRights Reviewer -ErrorAction Stop
        $given = @(Get-MailboxFolderPermission $folder | Where-Object { "$($_.User)" -notin 'Default', 'Anonymous' })
        $given.Count | Should -Be 1
        $sent = Get-Sent Set-MailboxFolderPermission { $given | Set-MailboxFolderPermission -Identity $folder -AccessRights Editor -ErrorAction Stop }
        $sent.User | Should -Be "$($given[0].User)"
        $sent = Get-Sent Remove-MailboxFolderPermission { $given | Remove-MailboxFolderPermission -Confirm:$false -ErrorAction Stop }
        $sent.User | Should -Be "$($given[0].User)"
        @(Get-MailboxFolderPermission $folder | Where-Object { "$($_.User)" -notin 'Default', 'Anonymous' }).Count | Should -Be 0
    }
}

Describe 'A row that is piped to be taken away' {
    It 'fills all that <Name> asks for and the row has' -ForEach $takers {
        $command = Get-Command $Name
        $set = $command.ParameterSets | Where-Object { $_.IsDefault -or $command.ParameterSets.Count -eq 1 }
        $asked = @($set.Parameters | Where-Object IsMandatory)
        $asked.Name | Should -Contain 'Identity' -Because 'nothing else says what is meant'
        foreach ($parameter in $asked | Where-Object Name -In $Properties) {
            $parameter.ValueFromPipeline -or $parameter.ValueFromPipelineByPropertyName | Should -BeTrue -Because "-$($parameter.Name)"
        }
    }

    It 'has to be tried with permissions, at least' -ForEach @(@{ takers = $takers }) {
        $takers.Name | Should -Contain 'Remove-MailboxPermission'
        $takers.Name | Should -Contain 'Remove-MailboxFolderPermission'
        $takers.Name | Should -Contain 'Remove-RecipientPermission'
    }
}
