#Requires -Version 7.4
<#
What Tab offers for the values of parameters: what the documentation lists, and what is in the organization. The answers are written out, so that it
is known what was asked. `cargo xtask test` names the module in EXORS_MODULE.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/WrittenService.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:service = Start-WrittenService

    # What Tab offers at the end of a line.
    function Get-Offer([string] $Line) {
        @([System.Management.Automation.CommandCompletion]::CompleteInput($Line, $Line.Length, @{}).CompletionMatches | Where-Object ResultType -EQ 'ParameterValue')
    }

    # What the service was asked while Tab was pressed at the end of a line.
    function Get-Asked([string] $Line) { , @(Get-SentCommand -Service $service -Script { Get-Offer $Line }) }

    # A connection of its own: nothing is known of it yet.
    function Connect-Anew([hashtable] $Parameters = @{}) {
        Disconnect-ExchangeOnline -Confirm:$false
        Connect-WrittenService -Service $service -Parameters $Parameters
    }

    $script:adele = '{"Identity":"Adele Vance","Name":"adele","DisplayName":"Adele Vance","Alias":"adele","PrimarySmtpAddress":"adele@contoso.com","RecipientTypeDetails":"UserMailbox"}'
    $script:adam = '{"Identity":"x","Name":"a.o''neil","DisplayName":"Adam O''Neil","PrimarySmtpAddress":"a.o''neil@contoso.com","RecipientTypeDetails":"SharedMailbox"}'
    $service.Answers['Get-Mailbox'] = "$adele,$adam"
    $service.Answers['Get-Recipient'] = "$adele"
    $service.Answers['Get-DistributionGroup'] = '{"Identity":"Sales","Name":"Sales","DisplayName":"Sales team","PrimarySmtpAddress":"sales@contoso.com","GroupType":"Universal"}'
    $service.Answers['Get-UnifiedGroup'] = '{"Identity":"All_1","DisplayName":"All hands","PrimarySmtpAddress":"all@contoso.com"}'
    $service.Answers['Get-TransportRule'] = '{"Identity":"Block it","Name":"Block it","State":"Enabled"},{"Identity":"365 days","Name":"365 days"},{"Identity":"Stamp","Name":"Stamp"}'
    $service.Answers['Get-AcceptedDomain'] = '{"Identity":"Main","Name":"Main","DomainName":"contoso.com","DomainType":"Authoritative"},{"Identity":"y","Name":"y","DomainName":"contoso.onmicrosoft.com"},{"Identity":"z","DomainName":"fabrikam.com"}'
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-WrittenService $service
}

Describe 'The values that the documentation lists' {
    It 'are offered, in quotes where they need them' {
        (Get-Offer 'Get-Mailbox -RecipientTypeDetails Sha').CompletionText | Should -Contain 'SharedMailbox'
        (Get-Offer "Get-Mailbox -RecipientTypeDetails 'Sha").CompletionText | Should -Contain 'SharedMailbox'
    }
}

Describe 'Objects of the organization' {
    BeforeEach { Connect-Anew }

    It 'are offered by their addresses, with names' {
        $offers = Get-Offer 'Get-Mailbox -Identity ad'
        $offers.CompletionText -join ' ' | Should -Be "'a.o''neil@contoso.com' adele@contoso.com"
        $offers.ListItemText -join ', ' | Should -Be "Adam O'Neil, Adele Vance"
        $offers[1].ToolTip | Should -Be 'Adele Vance, adele@contoso.com, UserMailbox'
    }

    It 'are looked up by what was typed, and no more than a few: <Typed>' -ForEach @(
        @{ Typed = 'ad'; Searched = 'ad' }
        @{ Typed = "'Adele V"; Searched = 'Adele V' }
        @{ Typed = 'ad*'; Searched = 'ad' }
        @{ Typed = 'adele@con'; Searched = 'adele' }
    ) {
        $asked = Get-Asked "Get-Mailbox -Identity $Typed"
        $asked.Count | Should -Be 1
        $asked[0].CmdletName | Should -Be 'Get-Mailbox'
        $asked[0].Parameters.Anr | Should -Be $Searched
        $asked[0].Parameters.ResultSize | Should -BeLessOrEqual 50
        $asked[0].Parameters.Count | Should -Be 2
    }

    It 'are offered when nothing was typed' {
        $asked = Get-Asked 'Get-Mailbox -Identity '
        $asked.Count | Should -Be 1
        $asked[0].Parameters.ContainsKey('Anr') | Should -BeFalse
        (Get-Offer 'Get-Mailbox -Identity ').Count | Should -Be 2
    }

    It 'are those whose address begins so, when an address was begun' {
        (Get-Offer 'Get-Mailbox -Identity adele@').CompletionText | Should -Be 'adele@contoso.com'
    }

    It 'are of the kind that the parameter takes: <Line>' -ForEach @(
        @{ Line = 'Set-Mailbox '; Asked = 'Get-Mailbox' }
        @{ Line = 'Get-InboxRule -Mailbox a'; Asked = 'Get-Mailbox' }
        @{ Line = 'Get-MailboxStatistics -Identity a'; Asked = 'Get-Mailbox' }
        @{ Line = 'Add-MailboxPermission -Identity x -User a'; Asked = 'Get-Recipient' }
        @{ Line = 'Get-DistributionGroupMember -Identity s'; Asked = 'Get-DistributionGroup' }
        @{ Line = 'Add-DistributionGroupMember -Identity s -Member a'; Asked = 'Get-Recipient' }
        @{ Line = 'Get-UnifiedGroupLinks -LinkType Members -Identity a'; Asked = 'Get-UnifiedGroup' }
        @{ Line = 'New-TransportRule -Name x -SentTo y,a'; Asked = 'Get-Recipient' }
        @{ Line = 'Set-Mailbox -Identity x -GrantSendOnBehalfTo y,a'; Asked = 'Get-Recipient' }
        @{ Line = 'Set-Mailbox -Identity x -ForwardingAddress a'; Asked = 'Get-Recipient' }
        @{ Line = 'Disable-TransportRule -Identity B'; Asked = 'Get-TransportRule' }
    ) {
        (Get-Asked $Line).CmdletName -join ' ' | Should -Be $Asked
    }

    It 'may have other names than addresses, and are filtered here where the service cannot' {
        (Get-Offer 'Get-TransportRule -Identity b').CompletionText | Should -Be "'Block it'"
        (Get-Offer 'Get-TransportRule -Identity 3').CompletionText | Should -Be "'365 days'" -Because 'a word that begins with a digit may be a number'
        (Get-Offer 'Get-TransportRule -Identity ').Count | Should -Be 3
        (Get-Asked 'Get-TransportRule -Identity s').Count | Should -Be 0 -Because 'the whole list is known by now'
    }

    It 'are accepted domains too' {
        (Get-Offer 'Get-AcceptedDomain -Identity c').CompletionText -join ' ' | Should -Be 'contoso.com contoso.onmicrosoft.com'
        (Get-Offer 'New-Mailbox -PrimarySmtpAddress joe@con').CompletionText -join ' ' | Should -Be 'joe@contoso.com joe@contoso.onmicrosoft.com'
        (Get-Offer 'New-Mailbox -PrimarySmtpAddress joe').Count | Should -Be 0
        (Get-Offer 'Set-Mailbox x -EmailAddresses smtp:joe@f').CompletionText | Should -Be 'smtp:joe@fabrikam.com'
    }

    It 'are asked for once in a while only, by the line as by TabExpansion2' {
        (Get-Asked 'Get-Mailbox -Identity ad').Count | Should -Be 1
        (Get-Asked 'Get-Mailbox -Identity ad').Count | Should -Be 0
        (Get-Asked 'Set-Mailbox -Identity AD').Count | Should -Be 0
        $line = 'Get-Mailbox -Identity ad'
        @((TabExpansion2 $line $line.Length).CompletionMatches).Count | Should -Be 2
        (Get-Asked 'Get-Mailbox -Identity ade').Count | Should -Be 1
        Connect-Anew
        (Get-Asked 'Get-Mailbox -Identity ad').Count | Should -Be 1 -Because 'what one connection has is not offered on another'
    }

    It 'are offered for aliases and for names with a module' {
        Set-Alias -Name mymailbox -Value Get-Mailbox
        (Get-Offer 'mymailbox -Identity ad').Count | Should -Be 2
        (Get-Offer 'ExchangeOnlineRs\Get-Mailbox -Identity ad').Count | Should -Be 2
    }

    It 'leave no trace of having been looked up' {
        $global:EXO_LastExecutionStatus = 'untouched'
        $errors = $Error.Count
        $null = Get-Offer 'Get-Mailbox -Identity ad'
        $global:EXO_LastExecutionStatus | Should -Be 'untouched'
        $Error.Count | Should -Be $errors
    }
}

Describe 'Without an answer' {
    BeforeEach { Connect-Anew }

    AfterEach {
        $service.Faults.Clear()
        $service.Delays.Clear()
    }

    It 'nothing is offered, and nothing said: the service refuses' {
        $service.Faults['Get-Mailbox'] = '403 |UnauthorizedAccessException|No.'
        $errors = $Error.Count
        (Get-Offer 'Get-Mailbox -Identity ad').Count | Should -Be 0
        $Error.Count | Should -Be $errors
        (Get-Asked 'Get-Mailbox -Identity ad').Count | Should -Be 0 -Because 'it has just refused'
    }

    It 'nothing is waited for: the service is slow' {
        $service.Delays['Get-Mailbox'] = 6000
        $watch = [Diagnostics.Stopwatch]::StartNew()
        (Get-Offer 'Get-Mailbox -Identity ad').Count | Should -Be 0
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 4
    }

    It 'nothing is offered: not connected' {
        Disconnect-ExchangeOnline -Confirm:$false
        (Get-Asked 'Get-Mailbox -Identity ad').Count | Should -Be 0
        (Get-Offer 'Get-Mailbox -Identity ad').Count | Should -Be 0
    }

    It 'nothing native is loaded for it' {
        $env:EXORS_TEST_MODULE = $env:EXORS_MODULE
        try {
            $pwsh = Join-Path $PSHOME ($IsWindows ? 'pwsh.exe' : 'pwsh')
            & $pwsh -NoLogo -NoProfile -Command @'
$env:EXORS_NATIVE = Join-Path ([IO.Path]::GetTempPath()) 'no-such-library'
Import-Module $env:EXORS_TEST_MODULE
$line = 'Get-Mailbox -Identity ad'
@([System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, @{}).CompletionMatches | Where-Object ResultType -eq 'ParameterValue').Count
'@ | Should -Be '0'
        }
        finally { $env:EXORS_TEST_MODULE = $null }
    }
}

Describe 'The connection that is asked' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'is that of the prefix' {
        Connect-Anew @{ Prefix = 'Tab' }
        (Get-Offer 'Get-TabMailbox -Identity ad').Count | Should -Be 2
        (Get-Asked 'Get-TabInboxRule -Mailbox adel').CmdletName | Should -Be 'Get-Mailbox'
        (Get-Asked 'Get-Mailbox -Identity z').Count | Should -Be 0 -Because 'there is no connection without a prefix'
    }

    It 'is offered itself where one is to be named: <Line>' -ForEach @(
        @{ Line = 'Get-Mailbox -ConnectionId '; Offered = 'ConnectionId' }
        @{ Line = 'Disconnect-ExchangeOnline -ConnectionId '; Offered = 'ConnectionId' }
        @{ Line = 'Get-ConnectionInformation -ConnectionId '; Offered = 'ConnectionId' }
        @{ Line = 'Disconnect-ExchangeOnline -ModulePrefix t'; Offered = 'ModulePrefix' }
        @{ Line = 'Get-ConnectionInformation -ModulePrefix '; Offered = 'ModulePrefix' }
    ) {
        Connect-Anew @{ Prefix = 'Tab' }
        @((Get-Offer $Line).CompletionText) | Should -Be @((Get-ConnectionInformation).$Offered)
    }

    It 'is the one that the line names, if it is known before the line runs' {
        Connect-Anew @{ Prefix = 'Tab' }
        $global:ExorsTestConnection = (Get-ConnectionInformation).ConnectionId
        try {
            (Get-Offer "Get-Mailbox -ConnectionId $ExorsTestConnection -Identity ad").Count | Should -Be 2
            (Get-Offer 'Get-Mailbox -Connection $ExorsTestConnection -Identity ad').Count | Should -Be 2
            Connect-WrittenService -Service $service
            (Get-Asked 'Get-Mailbox -ConnectionId (Get-Something) -Identity ada').Count | Should -Be 0
            (Get-Asked "Get-Mailbox -ConnectionId $([guid]::NewGuid()) -Identity ada").Count | Should -Be 0
        }
        finally { Remove-Variable -Scope Global -Name ExorsTestConnection }
    }
}

Describe 'The cmdlets' {
    It 'all offer objects where the service takes the identity of some' {
        $names = (Get-Command -Module ExchangeOnlineRs -CommandType Cmdlet).Name
        $catalog = (Get-Content (Join-Path $PSScriptRoot '../powershell/Catalog/cmdlets.json') -Raw | ConvertFrom-Json).cmdlets
        $found = 0
        foreach ($entry in $catalog | Where-Object { $_.name -in $names -and -not $_.module_native }) {
            $identity = $entry.parameters | Where-Object { $_.name -in 'Identity', 'Mailbox' -and $_.type -match '^(Mailbox|Recipient|DistributionGroup|UnifiedGroup|TransportRule|Rule)IdParameter$' -and -not $_.accepted_values }
            foreach ($parameter in $identity) {
                $found++
                $class = (Get-Command $entry.name).ImplementingType
                $property = $class.GetField($parameter.name) ?? $class.GetProperty($parameter.name)
                @($property.CustomAttributes.AttributeType.Name) | Should -Contain 'TenantObjectsAttribute' -Because "$($entry.name) -$($parameter.name)"
            }
        }
        $found | Should -BeGreaterThan 0
    }
}
