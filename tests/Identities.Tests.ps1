#Requires -Version 7.4
<#
What objects of scripts, of files and of other modules are called when they are sent. The answers of the service are written out. `cargo xtask test` names
the module in EXORS_MODULE.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/WrittenService.psm1') -Force
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:service = Start-WrittenService
    Connect-WrittenService -Service $service

    if (-not ('OtherModule.User' -as [type])) {
        Add-Type -TypeDefinition @'
namespace OtherModule
{
    public class User { public string Id { get; set; } public string UserPrincipalName { get; set; } public string DisplayName { get; set; } }
    public class Remarked : User { public override string ToString() { return "OtherModule.Remarked (a remark)"; } }
    public class Named : User { public override string ToString() { return "named"; } }
    public class Thing { public string Id { get; set; } }
}
'@
    }

    $script:id = '5a330000-0000-4000-8000-000000000001'
    function Get-Json([hashtable] $More = @{}) {
        $row = [ordered]@{
            Identity = 'Kim'; Id = 'Kim'; Name = 'Kim'; DistinguishedName = 'CN=Kim,OU=contoso'; UserPrincipalName = 'kim@contoso.com'; PrimarySmtpAddress = 'kim@contoso.com'
            ExternalDirectoryObjectId = $id; ExchangeGuid = '5a330000-0000-4000-8000-000000000002'; Guid = '5a330000-0000-4000-8000-000000000003'; IsInactiveMailbox = $false
        }
        foreach ($key in $More.Keys) { $row[$key] = $More[$key] }
        ConvertTo-Json $row -Compress
    }
    function Get-SentIdentity([scriptblock] $Script, [string] $Parameter = 'Identity') {
        @(Get-SentCommand -Service $service -Script $Script).ForEach({ $_.Parameters[$Parameter] })
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-WrittenService $service
}

Describe 'An object of another module' {
    It 'is its user principal name, not its class: <_>' -ForEach 'User', 'Remarked' {
        $user = New-Object "OtherModule.$_" -Property @{ Id = 'x'; UserPrincipalName = 'kim@contoso.com'; DisplayName = 'Kim' }
        Get-SentIdentity { $user | Set-Mailbox -Office x } | Should -Be 'kim@contoso.com'
        Get-SentIdentity { Set-Mailbox $user -Office x } | Should -Be 'kim@contoso.com'
        Get-SentIdentity { Add-DistributionGroupMember g -Member $user } 'Member' | Should -Be 'kim@contoso.com'
        $key = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes('kim@contoso.com'))
        $service.Entities["Mailbox('$key')?isEncoded=true&PropertySet=Minimum"] = '200 {"ObjectKey":"k","Name":"Kim"}'
        ($user | Get-EXOMailbox).Name | Should -Be 'Kim'
    }

    It 'is its text where that says more than its class' {
        Get-SentIdentity { [OtherModule.Named]@{ UserPrincipalName = 'kim@contoso.com' } | Set-Mailbox -Office x } | Should -Be 'named'
        Get-SentIdentity { [mailaddress]'kim@contoso.com' | Set-Mailbox -Office x } | Should -Be 'kim@contoso.com'
        Get-SentIdentity { Set-Mailbox kim -Office ([uri]'https://contoso.com/x') } 'Office' | Should -Be 'https://contoso.com/x'
    }

    It 'is a row of a table with such a column' {
        $table = [Data.DataTable]::new()
        'Identity', 'Office' | ForEach-Object { $null = $table.Columns.Add($_) }
        $null = $table.Rows.Add('kim', 'Kyiv')
        Get-SentIdentity { $table.Rows[0] | Set-Mailbox -Office x } | Should -Be 'kim'
    }

    It 'is refused when nothing identifies it, and nothing is sent: <Command>' -ForEach @(
        @{ Command = { Get-Process -Id $PID | Remove-Mailbox -Confirm:$false -ErrorAction Stop } }
        @{ Command = { [OtherModule.Thing]@{ Id = 'x' } | Set-Mailbox -Office x -ErrorAction Stop } }
        @{ Command = { [OtherModule.Thing]@{ Id = 'x' } | Get-EXOMailbox -ErrorAction Stop } }
        @{ Command = { Add-DistributionGroupMember g -Member ([OtherModule.Thing]::new()) -ErrorAction Stop } }
        @{ Command = { [pscustomobject]@{ Office = 'x' } | Remove-Mailbox -Confirm:$false -ErrorAction Stop } }
    ) {
        $service.Reads.Clear()
        @(Get-SentCommand -Service $service -Script { $script:failure = Get-Failure $Command }).Count | Should -Be 0
        $service.Reads.Count | Should -Be 0
        $failure.FullyQualifiedErrorId | Should -BeLike 'NoIdentity,*'
        $failure.Exception.Message | Should -BeLike '*has no property that identifies it*'
    }
}

Describe 'A copy of a row' {
    BeforeAll {
        $service.Answers['Get-Mailbox'] = Get-Json
        $script:row = Get-Mailbox
        $script:folder = $TestDrive
    }

    It 'has the exact id of the row: <Case>' -ForEach @(
        @{ Case = 'Select-Object'; Copy = { $row | Select-Object * } }
        @{ Case = 'Select-Object of some'; Copy = { $row | Select-Object Name, Identity, ExternalDirectoryObjectId } }
        @{ Case = 'CLIXML'; Copy = { $row | Export-Clixml "$folder/a.xml"; Import-Clixml "$folder/a.xml" } }
        @{ Case = 'CLIXML of Select-Object'; Copy = { $row | Select-Object * | Export-Clixml "$folder/b.xml"; Import-Clixml "$folder/b.xml" } }
    ) {
        Get-SentIdentity { & $Copy | Set-Mailbox -Office x } | Should -Be $id
    }

    It 'goes by its identity where nothing says that it was a row of this organization: <Case>' -ForEach @(
        @{ Case = 'CSV'; Copy = { $row | Export-Csv "$folder/a.csv"; Import-Csv "$folder/a.csv" } }
        @{ Case = 'JSON'; Copy = { $row | ConvertTo-Json | ConvertFrom-Json } }
        @{ Case = 'an object'; Copy = { [pscustomobject]@{ Identity = 'Kim'; Name = 'Kim'; ExternalDirectoryObjectId = $id } } }
        @{ Case = 'Select-Object of an object'; Copy = { [pscustomobject]@{ Identity = 'Kim'; Name = 'Kim'; ExternalDirectoryObjectId = $id } | Select-Object * } }
    ) {
        Get-SentIdentity { & $Copy | Set-Mailbox -Office x } | Should -Be 'Kim'
    }

    It 'has an id of its own where it has none of the directory' {
        Get-SentIdentity { $row | Select-Object * -ExcludeProperty ExternalDirectoryObjectId | Set-Mailbox -Office x } | Should -Be '5a330000-0000-4000-8000-000000000002'
        Get-SentIdentity { $row | Select-Object Identity, DistinguishedName, Name, Guid | Set-Mailbox -Office x } | Should -Be '5a330000-0000-4000-8000-000000000003'
        Get-SentIdentity { $row | Select-Object Identity, Name, Guid | Set-Mailbox -Office x } | Should -Be 'Kim' -Because 'a Guid alone can be anything''s'
    }

    It 'has the mailbox''s own id where its user may have another mailbox: <Property>' -ForEach @(
        @{ Property = 'IsInactiveMailbox'; Value = $true }
        @{ Property = 'WhenSoftDeleted'; Value = '2026-01-02T03:04:05Z' }
    ) {
        $service.Answers['Get-Mailbox'] = Get-Json @{ $Property = $Value }
        try { $gone = Get-Mailbox } finally { $service.Answers['Get-Mailbox'] = Get-Json }
        $own = '5a330000-0000-4000-8000-000000000002'
        Get-SentIdentity { $gone | Set-Mailbox -Office x } | Should -Be $own
        Get-SentIdentity { $gone | Select-Object * | Set-Mailbox -Office x } | Should -Be $own
        Get-SentIdentity { $gone | Select-Object * -ExcludeProperty Identity | ForEach-Object { Set-Mailbox $_ -Office x } } | Should -Be $own
    }

    It 'is what a script calls it' {
        $copy = $row | Select-Object *
        $copy.Identity = 'zoe'
        Get-SentIdentity { $copy | Set-Mailbox -Office x } | Should -Be 'zoe'
        Get-SentIdentity { [pscustomobject]@{ Identity = 'zoe'; ExternalDirectoryObjectId = $id } | Set-Mailbox -Office x } | Should -Be 'zoe'
        Get-SentIdentity { [pscustomobject]@{ Identity = 'Kim'; Name = 'Kim' } | Set-Mailbox -Office x } | Should -Be 'Kim'
    }
}

Describe 'An object with a property that throws' {
    BeforeAll {
        function Get-Three([string] $Property, [hashtable] $More) {
            foreach ($name in 'a', 'b', 'c') {
                $object = [pscustomobject](@{ Identity = $name } + $More)
                if ($name -eq 'b') { $object | Add-Member -Force ScriptProperty $Property { throw 'no value' } }
                $object
            }
        }
    }

    It 'is sent where the call does not need the property: <_>' -ForEach 'UserPrincipalName', 'WhenSoftDeleted', 'DisplayName' {
        Get-SentIdentity { Get-Three $_ @{ ExternalDirectoryObjectId = 'b' } | Set-Mailbox -Office x } | Should -Be 'a', 'b', 'c'
    }

    It 'costs an error of its own, not the others: <Case>' -ForEach @(
        @{ Case = 'identity'; More = @{}; Property = 'Identity'; Parameter = 'Identity'; Call = { $objects | Set-Mailbox -Office x }; Sent = 'a', 'c' }
        @{ Case = 'member'; More = @{}; Property = 'Identity'; Parameter = 'Member'; Call = { $objects | ForEach-Object { Add-DistributionGroupMember g -Member $_ } }; Sent = 'a', 'c' }
        @{ Case = 'two parameters'; More = @{ Member = 'm' }; Property = 'Member'; Parameter = 'Identity'; Call = { $objects | Add-DistributionGroupMember }; Sent = 'a', 'c' }
        @{ Case = 'identity to read'; More = @{}; Property = 'Identity'; Parameter = 'Identity'; Call = { $objects | Get-Mailbox }; Sent = 'a', 'c' }
    ) {
        $ErrorActionPreference = 'Continue'
        $objects = Get-Three $Property $More
        Get-SentIdentity { $script:written = @(& $Call 2>&1) } $Parameter | Should -Be $Sent
        $problems = @($written).Where({ $_ -is [Management.Automation.ErrorRecord] })
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'UnreadableObject,*'
        $problems[0].Exception.Message | Should -BeLike '*no value*'
    }

    It 'costs no more where entities are read' {
        $ErrorActionPreference = 'Continue'
        $objects = Get-Three 'Identity' @{}
        $service.Reads.Clear()
        $written = @($objects | Get-EXOMailbox 2>&1)
        @($written).Where({ "$($_.FullyQualifiedErrorId)" -like 'UnreadableObject,*' }).Count | Should -Be 1
        $service.Reads.Count | Should -Be 2
    }
}

Describe 'A Boolean that PowerShell wrote into a filter' {
    It 'gets its dollar sign back: <Parameter> of <Cmdlet>' -ForEach @(
        @{ Cmdlet = 'New-DynamicDistributionGroup'; Parameter = 'RecipientFilter'; More = @{ Name = 'x' } }
        @{ Cmdlet = 'Set-DynamicDistributionGroup'; Parameter = 'RecipientFilter'; More = @{ Identity = 'x' } }
        @{ Cmdlet = 'New-AddressList'; Parameter = 'RecipientFilter'; More = @{ Name = 'x' } }
        @{ Cmdlet = 'Get-Recipient'; Parameter = 'RecipientPreviewFilter'; More = @{} }
        @{ Cmdlet = 'New-ManagementScope'; Parameter = 'RecipientRestrictionFilter'; More = @{ Name = 'x' } }
        @{ Cmdlet = 'Get-User'; Parameter = 'Filter'; More = @{} }
    ) {
        $parameters = $More + @{ $Parameter = "HiddenFromAddressListsEnabled -eq $false -and Office -eq '-eq True'" }
        Get-SentIdentity { & $Cmdlet @parameters } $Parameter | Should -Be 'HiddenFromAddressListsEnabled -eq $false -and Office -eq ''-eq True'''
    }

    It 'stays as it is in a query of another language' {
        Get-SentIdentity { New-MailboxSearch x -SearchQuery 'kind -eq True' } 'SearchQuery' | Should -Be 'kind -eq True'
    }
}
