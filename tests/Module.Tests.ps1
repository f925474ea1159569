#Requires -Version 7.4
<#
What is true of the module before anything is connected: what it exports, how it comes in, what its parameters are. No tenant is needed.
`cargo xtask test` names the module in EXORS_MODULE.
#>
BeforeAll {
    $script:manifest = $env:EXORS_MODULE
    $script:folder = Split-Path $manifest
    $script:pwsh = Join-Path $PSHOME ($IsWindows ? 'pwsh.exe' : 'pwsh')
    Import-Module $manifest -Force

    # Runs a command in a PowerShell of its own, where nothing is loaded yet.
    function Invoke-Fresh([string] $Command) {
        # The names of files travel in the environment: a profile folder may have quotes, dollars and spaces.
        $env:EXORS_TEST_MODULE = $manifest
        @(& $pwsh -NoLogo -NoProfile -Command $Command 2>&1 | ForEach-Object { "$_" })
    }
}

AfterAll { $env:EXORS_TEST_MODULE = $null }

Describe 'The manifest' {
    BeforeAll {
        $script:data = Import-PowerShellDataFile -LiteralPath $manifest
        $script:names = @($data.CmdletsToExport | Select-Object -Skip 1)
    }

    It 'is for PowerShell 7.4 and newer' {
        $data.PowerShellVersion | Should -Be '7.4'
        $data.CompatiblePSEditions | Should -Be @('Core')
    }

    It 'lists what it exports, so that nothing must be loaded to know' {
        foreach ($key in 'FunctionsToExport', 'VariablesToExport') { @($data[$key]).Count | Should -Be 0 -Because $key }
        # What comes first matches every cmdlet; the names are for those who read the manifest.
        $data.CmdletsToExport[0] | Should -Be '*'
        $names.Count | Should -BeGreaterThan 8
        $names -match '[*?]' | Should -BeNullOrEmpty
        # In the order of the characters' numbers, whatever the culture.
        $sorted = [string[]]$names
        [array]::Sort($sorted, [StringComparer]::Ordinal)
        [Linq.Enumerable]::SequenceEqual([string[]]$names, $sorted) | Should -BeTrue
    }

    It 'exports exactly that' {
        $commands = @(Get-Command -Module ExchangeOnlineRs -CommandType Cmdlet).Name
        Compare-Object $commands $names | Should -BeNullOrEmpty
        (@(Get-Command -Module ExchangeOnlineRs -CommandType Alias).Name | Sort-Object) -join ' ' | Should -Be ((@($data.AliasesToExport) | Sort-Object) -join ' ')
    }

    It 'needs no other module and brings one assembly' {
        $data.RequiredModules | Should -BeNullOrEmpty
        $data.RequiredAssemblies | Should -BeNullOrEmpty
        @(Get-ChildItem -LiteralPath $folder -Recurse -Filter *.dll | Where-Object DirectoryName -NotMatch 'runtimes').Name | Should -Be @('ExchangeOnlineRs.dll')
    }

    It 'has the files it names' {
        Join-Path $folder $data.RootModule | Should -Exist
        foreach ($format in $data.FormatsToProcess) { Join-Path $folder $format | Should -Exist }
    }
}

Describe 'Finding the module where PowerShell looks for modules' {
    BeforeAll {
        # What PowerShell knows of modules from earlier sessions must not answer.
        $script:before = $env:PSModulePath, $env:PSModuleAnalysisCachePath
        $env:PSModulePath = (Split-Path $folder) + [IO.Path]::PathSeparator + $env:PSModulePath
        $env:PSModuleAnalysisCachePath = Join-Path $TestDrive 'analysis'
    }

    AfterAll { $env:PSModulePath, $env:PSModuleAnalysisCachePath = $before }

    It 'brings <Name> when it is first used' -ForEach @(
        @{ Name = 'Get-Mailbox'; Type = 'Cmdlet'; Arguments = '' }
        @{ Name = 'Set-TransportRule'; Type = 'Cmdlet'; Arguments = '-Identity r' }
        @{ Name = 'Validate-OutboundConnector'; Type = 'Alias'; Arguments = '-Identity c -Recipients a@contoso.com' }
    ) {
        $output = Invoke-Fresh @"
@(Get-Module ExchangeOnlineRs).Count
try { $Name $Arguments } catch { `$_.Exception.Message }
`$command = Get-Command $Name
"`$(`$command.CommandType) `$(`$command.Source)"
@(Get-Module ExchangeOnlineRs).Count
"@
        $output | Should -Be @('0', 'You must call Connect-ExchangeOnline before calling any other cmdlet.', "$Type ExchangeOnlineRs", '1')
    }

    It 'knows the commands by a part of their name' {
        Invoke-Fresh '(Get-Command Get-*AuditBypassAssociation).Name; @(Get-Module ExchangeOnlineRs).Count' | Should -Be @('Get-MailboxAuditBypassAssociation', '0')
    }

    It 'lists every command without loading the assembly' {
        $data = Import-PowerShellDataFile -LiteralPath $manifest
        $output = Invoke-Fresh @'
$module = Get-Module -ListAvailable ExchangeOnlineRs
$module.ExportedCmdlets.Keys -join ' '
$module.ExportedAliases.Keys -join ' '
[AppDomain]::CurrentDomain.GetAssemblies().GetName().Name -contains 'ExchangeOnlineRs'
'@
        Compare-Object ($output[0] -split ' ') @($data.CmdletsToExport | Select-Object -Skip 1) | Should -BeNullOrEmpty
        Compare-Object ($output[1] -split ' ') $data.AliasesToExport | Should -BeNullOrEmpty
        $output[2] | Should -Be 'False'
    }
}

Describe 'Importing' {
    It 'prints nothing' {
        Invoke-Fresh 'Import-Module $env:EXORS_TEST_MODULE; Import-Module $env:EXORS_TEST_MODULE -Force' | Should -BeNullOrEmpty
    }

    It 'takes a prefix of the engine, or single cmdlets, and removes them again' {
        Invoke-Fresh @'
Import-Module $env:EXORS_TEST_MODULE -Prefix Cloud
(Get-Command Get-CloudMailbox).Name
@(Get-Command Get-Mailbox -ListImported -ErrorAction Ignore).Count
try { Get-CloudMailbox } catch { $_.CategoryInfo.Category }
Remove-Module ExchangeOnlineRs
Import-Module $env:EXORS_TEST_MODULE -Cmdlet Get-Mailbox
(Get-Command -Module ExchangeOnlineRs -ListImported).Name -join ' '
Remove-Module ExchangeOnlineRs
@(Get-Command -ListImported | Where-Object Source -Like 'ExchangeOnline*').Count
'@ | Should -Be @('Get-CloudMailbox', '0', 'ConnectionError', 'Get-Mailbox', '0')
    }

    It 'has approved verbs only' {
        $approved = @((Get-Verb).Verb)
        @(Get-Command -Module ExchangeOnlineRs -CommandType Cmdlet | Where-Object Verb -NotIn $approved).Name | Should -BeNullOrEmpty
    }

    It 'loads nothing native before it is needed' {
        # The library does not exist, and nobody notices until a cmdlet needs it.
        $output = Invoke-Fresh @'
$env:EXORS_NATIVE = Join-Path ([IO.Path]::GetTempPath()) 'no-such-library'
Import-Module $env:EXORS_TEST_MODULE
Get-ConnectionInformation
Disconnect-ExchangeOnline -Confirm:$false
'still well'
try { Get-AcceptedDomain } catch { $_.FullyQualifiedErrorId; $_.Exception.Message }
'@
        $output[0] | Should -Be 'still well'
        $output[1] | Should -Match '^NativeLibraryUnavailable,'
        $output[2] | Should -Match 'no-such-library' -Because 'it says what was tried'
    }

    It 'loads none of the assemblies that clash between modules' {
        $clashing = Invoke-Fresh @'
Import-Module $env:EXORS_TEST_MODULE
$null = Get-Command -Module ExchangeOnlineRs | ForEach-Object Parameters
[AppDomain]::CurrentDomain.GetAssemblies() | ForEach-Object { $_.GetName().Name } | Where-Object { $_ -match '^(Microsoft\.Identity|Microsoft\.IdentityModel|Azure\.|Microsoft\.OData)' }
'@
        $clashing | Should -BeNullOrEmpty
    }

    It 'leaves nothing behind in the session' {
        Invoke-Fresh @'
$before = @(Get-Variable -Scope Global).Name + @(Get-ChildItem function:).Name
Import-Module $env:EXORS_TEST_MODULE
@(Get-Variable -Scope Global).Name + @(Get-ChildItem function:).Name | Where-Object { $_ -notin $before -and $_ -notin 'before', '_', 'PSItem' }
'@ | Should -BeNullOrEmpty
    }
}

Describe 'Connect-ExchangeOnline' {
    BeforeAll { $script:command = Get-Command Connect-ExchangeOnline }

    It 'has -<Name> of type <Type>' -ForEach @(
        @{ Name = 'ConnectionUri'; Type = 'String'; Position = 0 }
        @{ Name = 'AzureADAuthorizationEndpointUri'; Type = 'String'; Position = 1 }
        @{ Name = 'ExchangeEnvironmentName'; Type = 'ExchangeEnvironment'; Position = 2 }
        @{ Name = 'PSSessionOption'; Type = 'PSSessionOption'; Position = 3 }
        @{ Name = 'DelegatedOrganization'; Type = 'String'; Position = 4 }
        @{ Name = 'Prefix'; Type = 'String'; Position = 5 }
        @{ Name = 'CommandName'; Type = 'String[]'; Position = 6 }
        @{ Name = 'FormatTypeName'; Type = 'String[]'; Position = 7 }
        @{ Name = 'AccessToken'; Type = 'String' }
        @{ Name = 'AppId'; Type = 'String' }
        @{ Name = 'BypassMailboxAnchoring'; Type = 'SwitchParameter' }
        @{ Name = 'Certificate'; Type = 'X509Certificate2' }
        @{ Name = 'CertificateFilePath'; Type = 'String' }
        @{ Name = 'CertificatePassword'; Type = 'SecureString' }
        @{ Name = 'CertificateThumbprint'; Type = 'String' }
        @{ Name = 'Credential'; Type = 'PSCredential' }
        @{ Name = 'Device'; Type = 'SwitchParameter' }
        @{ Name = 'DisableWAM'; Type = 'SwitchParameter' }
        @{ Name = 'EnableErrorReporting'; Type = 'SwitchParameter' }
        @{ Name = 'EXOModuleBasePath'; Type = 'String' }
        @{ Name = 'InlineCredential'; Type = 'SwitchParameter' }
        @{ Name = 'LoadCmdletHelp'; Type = 'SwitchParameter' }
        @{ Name = 'LogDirectoryPath'; Type = 'String' }
        @{ Name = 'LogLevel'; Type = 'LogLevel' }
        @{ Name = 'ManagedIdentity'; Type = 'SwitchParameter' }
        @{ Name = 'ManagedIdentityAccountId'; Type = 'String' }
        @{ Name = 'Organization'; Type = 'String' }
        @{ Name = 'PageSize'; Type = 'UInt32' }
        @{ Name = 'ShowBanner'; Type = 'SwitchParameter' }
        @{ Name = 'ShowProgress'; Type = 'Boolean' }
        @{ Name = 'SigningCertificate'; Type = 'X509Certificate2' }
        @{ Name = 'SkipLoadingCmdletHelp'; Type = 'SwitchParameter' }
        @{ Name = 'SkipLoadingFormatData'; Type = 'SwitchParameter' }
        @{ Name = 'TrackPerformance'; Type = 'Boolean' }
        @{ Name = 'UseMultithreading'; Type = 'Boolean' }
        @{ Name = 'UserPrincipalName'; Type = 'String' }
        @{ Name = 'UseRPSSession'; Type = 'SwitchParameter' }
    ) {
        $parameter = $command.Parameters[$Name]
        $parameter | Should -Not -BeNullOrEmpty
        $parameter.ParameterType.Name | Should -Be $Type
        $attribute = $parameter.Attributes.Where({ $_ -is [Parameter] })[0]
        $attribute.Mandatory | Should -BeFalse
        if ($null -eq $Position) { $attribute.Position | Should -BeLessThan 0 } else { $attribute.Position | Should -Be $Position }
    }

    It 'has one parameter set, and the five clouds' {
        $command.ParameterSets.Count | Should -Be 1
        [enum]::GetNames($command.Parameters['ExchangeEnvironmentName'].ParameterType) -join ' ' | Should -Be 'O365Default O365GermanyCloud O365China O365USGovGCCHigh O365USGovDoD'
    }

    It 'refuses: <Expected>' -ForEach @(
        @{ Arguments = @{ Prefix = 'a-b' }; Expected = 'Use of any special characters in the Prefix string is not supported.' }
        @{ Arguments = @{ Prefix = 'exo' }; Expected = "Prefix 'EXO' is a reserved Prefix, please use a different prefix." }
        @{ Arguments = @{ ConnectionUri = 'http://x' }; Expected = "Invalid ConnectionUri parameter 'http://x'" }
        @{ Arguments = @{ AzureADAuthorizationEndpointUri = 'x' }; Expected = "Invalid AzureADAuthorizationEndpointUri parameter 'x'" }
    ) {
        $failure = $null
        try { Connect-ExchangeOnline @Arguments } catch { $failure = $_ }
        $failure.Exception.Message | Should -Be $Expected
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
    }

    It 'explains that remote PowerShell is gone' {
        { Connect-ExchangeOnline -UseRPSSession } | Should -Throw '*REST*'
    }

    It 'adds its own parameters for applications: -<Name>' -ForEach @(
        @{ Name = 'ClientSecret'; Type = 'SecureString' }
        @{ Name = 'FederatedTokenFilePath'; Type = 'String' }
        @{ Name = 'CertificateKeyFilePath'; Type = 'String' }
    ) {
        foreach ($cmdlet in 'Connect-ExchangeOnline', 'Connect-IPPSSession') {
            (Get-Command $cmdlet).Parameters[$Name].ParameterType.Name | Should -Be $Type -Because $cmdlet
        }
    }
}

Describe 'Connect-IPPSSession' {
    BeforeAll { $script:command = Get-Command Connect-IPPSSession }

    It 'has -<Name>' -ForEach @(
        @{ Name = 'ConnectionUri'; Type = 'String'; Position = 0 }
        @{ Name = 'AzureADAuthorizationEndpointUri'; Type = 'String'; Position = 1 }
        @{ Name = 'DelegatedOrganization'; Type = 'String'; Position = 2 }
        @{ Name = 'PSSessionOption'; Type = 'PSSessionOption'; Position = 3 }
        @{ Name = 'Prefix'; Type = 'String'; Position = 4 }
        @{ Name = 'CommandName'; Type = 'String[]'; Position = 5 }
        @{ Name = 'FormatTypeName'; Type = 'String[]'; Position = 6 }
        @{ Name = 'AccessToken'; Type = 'String' }
        @{ Name = 'AppId'; Type = 'String' }
        @{ Name = 'BypassMailboxAnchoring'; Type = 'SwitchParameter' }
        @{ Name = 'Certificate'; Type = 'X509Certificate2' }
        @{ Name = 'CertificateFilePath'; Type = 'String' }
        @{ Name = 'CertificatePassword'; Type = 'SecureString' }
        @{ Name = 'CertificateThumbprint'; Type = 'String' }
        @{ Name = 'Credential'; Type = 'PSCredential' }
        @{ Name = 'DisableWAM'; Type = 'SwitchParameter' }
        @{ Name = 'EnableErrorReporting'; Type = 'SwitchParameter' }
        @{ Name = 'EnableSearchOnlySession'; Type = 'SwitchParameter' }
        @{ Name = 'EXOModuleBasePath'; Type = 'String' }
        @{ Name = 'LogDirectoryPath'; Type = 'String' }
        @{ Name = 'LogLevel'; Type = 'LogLevel' }
        @{ Name = 'Organization'; Type = 'String' }
        @{ Name = 'ShowBanner'; Type = 'SwitchParameter' }
        @{ Name = 'UserPrincipalName'; Type = 'String' }
        @{ Name = 'UseRPSSession'; Type = 'SwitchParameter' }
    ) {
        $parameter = $command.Parameters[$Name]
        $parameter | Should -Not -BeNullOrEmpty
        $parameter.ParameterType.Name | Should -Be $Type
        $attribute = $parameter.Attributes.Where({ $_ -is [Parameter] })[0]
        $attribute.Mandatory | Should -BeFalse
        if ($null -eq $Position) { $attribute.Position | Should -BeLessThan 0 } else { $attribute.Position | Should -Be $Position }
    }

    It 'has one parameter set' {
        $command.ParameterSets.Count | Should -Be 1
    }
}

Describe 'Disconnect-ExchangeOnline and Get-ConnectionInformation' {
    It 'have the sets of the original' {
        (Get-Command Disconnect-ExchangeOnline).ParameterSets.Name | Sort-Object | Should -Be @('ConnectionId', 'DefaultParameterSet', 'ModulePrefix')
        (Get-Command Get-ConnectionInformation).ParameterSets.Name | Sort-Object | Should -Be @('ConnectionId', 'Default', 'ModulePrefix')
    }

    It 'do nothing when nothing is connected' {
        Get-ConnectionInformation | Should -BeNullOrEmpty
        { Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction Stop } | Should -Not -Throw
    }

    It 'claim nothing when no connection was chosen' {
        $said = Disconnect-ExchangeOnline -ConnectionId ([guid]::NewGuid()) -Confirm:$false -Verbose 4>&1 6>&1
        "$said" | Should -Not -Match 'Disconnected'
        "$said" | Should -Match 'nothing was closed'
        "$(Disconnect-ExchangeOnline -ModulePrefix 'none' -Confirm:$false 6>&1)" | Should -BeNullOrEmpty
    }

    It 'never ask where nobody can answer' {
        $output = @(& $pwsh -NoLogo -NoProfile -NonInteractive -Command 'Import-Module $env:EXORS_TEST_MODULE; Disconnect-ExchangeOnline -InformationAction Continue 6>&1; "after"')
        $output -join '|' | Should -Be 'Disconnected successfully !|after'
    }
}

Describe 'The cmdlets of the service' {
    It 'offer the documented values on Tab, and take others' {
        $line = 'Get-Mailbox -RecipientTypeDetails Sha'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain 'SharedMailbox'
        (Get-Command Get-Mailbox).Parameters['RecipientTypeDetails'].Attributes.Where({ $_ -is [ValidateSet] }).Count | Should -Be 0
    }

    It 'do not reach the service without a connection' {
        $failure = $null
        try { Get-Mailbox } catch { $failure = $_ }
        $failure.Exception.Message | Should -Be 'You must call Connect-ExchangeOnline before calling any other cmdlet.'
        $failure.CategoryInfo.Category | Should -Be 'ConnectionError'
    }

    It 'take a connection by its id, and not a blank one' {
        $parameter = (Get-Command Get-Mailbox).Parameters['ConnectionId']
        $parameter.Aliases | Should -Contain 'Connection'
        foreach ($value in $null, '', 'nonsense', @()) {
            $failure = $null
            try { Get-Mailbox -ConnectionId $value -ErrorAction Stop } catch { $failure = $_ }
            $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidConnectionId,*' -Because 'an empty variable must not mean another connection'
        }
    }
}
