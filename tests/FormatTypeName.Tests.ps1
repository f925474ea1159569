#Requires -Version 7.4
<#
Which default views a connection brings: -FormatTypeName of the two cmdlets that connect. Each case has a session of its own, as views stay in one.
Views.Tests.ps1 has the views themselves. `cargo xtask test` names the module in EXORS_MODULE.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module (Join-Path $PSScriptRoot 'support/WrittenService.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:service = Start-WrittenService
    $service.Answers['Get-AcceptedDomain'] = '{"@odata.type":"#Exchange.GenericHashTable","Name":"contoso.com","DomainName":"contoso.com","DomainType":"Authoritative","Default":true,"Secret":"x"}'
    $service.Answers['Get-Mailbox'] = '{"@odata.type":"#Exchange.GenericHashTable","Name":"adele","Alias":"adele","Secret":"x"}'

    # New sessions of the process, which connect and show what views they have.
    $script:start = {
        param($Module, $Address)
        $ErrorActionPreference = 'Stop'
        Import-Module $Module
        $credential = [pscredential]::new('admin@contoso.com', (ConvertTo-SecureString 'p' -AsPlainText -Force))
        $to = @{ ConnectionUri = $Address; AzureADAuthorizationEndpointUri = "$Address/organizations"; Credential = $credential }
        function Get-View { (Get-FormatData -TypeName '*Microsoft.Exchange.*' -PowerShellVersion 7.4).TypeNames | Where-Object { $_ -and $_ -notlike 'Deserialized.*' } | ForEach-Object { $_.Split('.')[-1] } | Sort-Object }
    }
    function New-Session {
        $shell = [powershell]::Create()
        $null = $shell.AddScript($start, $false).AddArgument($env:EXORS_MODULE).AddArgument($service.Address).Invoke()
        if ($shell.HadErrors) { throw $shell.Streams.Error[0] }
        $shell
    }
    function Invoke-Session($Shell, [scriptblock] $Script, [object[]] $Values) {
        $Shell.Commands.Clear()
        $Shell.Streams.ClearStreams()
        $null = $Shell.AddScript($Script, $false)
        foreach ($value in $Values) { $null = $Shell.AddArgument($value) }
        $Shell.Invoke()
    }
    function Invoke-NewSession([scriptblock] $Script, [object[]] $Values) {
        $shell = New-Session
        try { Invoke-Session $shell $Script $Values } finally { $shell.Dispose() }
    }
    $script:every = @(Invoke-NewSession { Connect-ExchangeOnline @to; Get-View })
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-WrittenService $service
}

Describe 'The views that -FormatTypeName names' {
    It 'are <Views>, for <Names>' -ForEach @(
        @{ Names = 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'; Views = 'Mailbox' }
        @{ Names = 'Microsoft.Exchange.Data.Directory.Management.Mailbox'; Views = 'Mailbox' }
        @{ Names = 'MICROSOFT.exchange.data.directory.management.MAILBOX'; Views = 'Mailbox' }
        @{ Names = ' *.Mailbox '; Views = 'Mailbox' }
        @{ Names = '*.MailUser'; Views = 'MailUser' }
        @{ Names = '*.Management.Mail[bc]*'; Views = 'Mailbox MailContact' }
        @{ Names = '*.AcceptedDomain', '*.Mailbox', '*.NoSuchThing'; Views = 'AcceptedDomain Mailbox' }
        @{ Names = '', '*.Mailbox', $null; Views = 'Mailbox' }
    ) {
        $found = Invoke-NewSession { param($Names) Connect-ExchangeOnline @to -FormatTypeName $Names; Get-View } @(, $Names)
        $found -join ' ' | Should -Be $Views
    }

    It 'are all, for <Case>' -ForEach @(
        @{ Case = 'nothing'; Names = $null }
        @{ Case = 'no name'; Names = @() }
        @{ Case = 'an empty name'; Names = '' }
        @{ Case = '*'; Names = '*' }
        @{ Case = '* among others'; Names = '*.Mailbox', '*' }
        @{ Case = 'what all names begin with'; Names = 'Deserialized.*' }
        @{ Case = 'what all names begin with without that'; Names = 'Microsoft.Exchange*' }
    ) {
        $every.Count | Should -BeGreaterThan 30
        $found = Invoke-NewSession { param($Names) Connect-ExchangeOnline @to -FormatTypeName $Names; Get-View } @(, $Names)
        $found -join ' ' | Should -Be ($every -join ' ')
    }

    It 'show the rows that they are for, with both heads of the type name, and no others' {
        $shown = Invoke-NewSession {
            Connect-ExchangeOnline @to -FormatTypeName *.AcceptedDomain
            Get-AcceptedDomain | Out-String -Width 200
            [pscustomobject]@{ PSTypeName = 'Microsoft.Exchange.Data.Directory.SystemConfiguration.AcceptedDomain'; Name = 'n'; DomainName = 'd'; DomainType = 't'; Default = $true; Secret = 's' } | Out-String -Width 200
            [pscustomobject]@{ PSTypeName = 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'; Name = 'n'; Secret = 's' } | Out-String -Width 200
        }
        $shown[0] | Should -Match '(?m)^Name\s+DomainName\s+DomainType\s+Default\s*$'
        $shown[1] | Should -Match '(?m)^Name\s+DomainName\s+DomainType\s+Default\s*$'
        $shown[2] | Should -Match 'Secret'
    }

    It 'are those of Connect-IPPSSession, too' {
        (Invoke-NewSession { Connect-IPPSSession @to -FormatTypeName *.ComplianceSearch; Get-View }) -join ' ' | Should -Be 'ComplianceSearch'
    }

    It 'are none, with a note, where no view is for such a name' {
        $shell = New-Session
        try {
            Invoke-Session $shell { Connect-ExchangeOnline @to -FormatTypeName NoSuch.*, Other -Verbose; Get-View } | Should -BeNullOrEmpty
            "$($shell.Streams.Verbose)" | Should -Match 'no default view for -FormatTypeName NoSuch\.\*, Other'
            $shell.Streams.Warning | Should -BeNullOrEmpty
            $null = Invoke-Session $shell { Connect-ExchangeOnline @to -FormatTypeName *.Mailbox -Verbose }
            "$($shell.Streams.Verbose)" | Should -Not -Match 'no default view'
        } finally { $shell.Dispose() }
    }

    It 'are refused before anything is sent where the name is no pattern: <Name>' -ForEach @(@{ Name = '*.Mail[box' }, @{ Name = '[' }) {
        $before = $service.Requests.Count
        $said = Invoke-NewSession {
            param($Name)
            foreach ($skip in $false, $true) {
                try { Connect-ExchangeOnline @to -FormatTypeName '*.User', $Name -SkipLoadingFormatData:$skip } catch { $_.FullyQualifiedErrorId; "$_" }
            }
            Get-View
        } @($Name)
        $said.Count | Should -Be 4
        $said[0] | Should -Be 'InvalidFormatTypeName,ExchangeOnlineRs.Cmdlets.ConnectExchangeOnlineCommand'
        $said[1] | Should -Match ('-FormatTypeName.*' + [regex]::Escape("'$Name'"))
        $said[2] | Should -Be $said[0]
        $service.Requests.Count | Should -Be $before
    }
}

Describe 'Several connections' {
    It 'have the views of all' {
        $found = Invoke-NewSession {
            Connect-ExchangeOnline @to -FormatTypeName *.Mailbox
            (Get-View) -join ' '
            Connect-ExchangeOnline @to -FormatTypeName *.AcceptedDomain, *.Mailbox
            (Get-View) -join ' '
            Get-AcceptedDomain | Out-String -Width 200
            Connect-IPPSSession @to -FormatTypeName *.ComplianceSearch
            (Get-View) -join ' '
            Connect-ExchangeOnline @to
            (Get-View) -join ' '
        }
        $found[0] | Should -Be 'Mailbox'
        $found[1] | Should -Be 'AcceptedDomain Mailbox'
        $found[2] | Should -Match '(?m)^Name\s+DomainName\s+DomainType\s+Default\s*$'
        $found[3] | Should -Be 'AcceptedDomain ComplianceSearch Mailbox'
        $found[4] | Should -Be ($every -join ' ')
    }

    It 'of which one wants no views leave those that are there, and load none' {
        $found = Invoke-NewSession {
            Connect-ExchangeOnline @to -SkipLoadingFormatData -FormatTypeName *.Mailbox
            (Get-View) -join ' '
            Connect-ExchangeOnline @to -FormatTypeName *.Mailbox
            (Get-View) -join ' '
            Connect-ExchangeOnline @to -SkipLoadingFormatData -FormatTypeName *.User
            (Get-View) -join ' '
            (Get-FormatData -TypeName ExchangeOnlineRs.ByteQuantifiedSize -PowerShellVersion 7.4).TypeNames.Count
        }
        $found | Should -Be @('', 'Mailbox', 'Mailbox', 2)
    }

    It 'are none of the business of a session that asked for its own views' {
        $first = New-Session
        try {
            $null = Invoke-Session $first { Connect-ExchangeOnline @to -FormatTypeName *.Mailbox }
            $null = Invoke-NewSession { Connect-ExchangeOnline @to }
            (Invoke-Session $first { $null = Get-AcceptedDomain; Get-View }) -join ' ' | Should -Be 'Mailbox'
        } finally { $first.Dispose() }
    }
}

Describe 'A session that uses the connections of others' {
    It 'has with its first cmdlet what they want, and later what is new' {
        # As no views are wanted here, what connections wanted before is forgotten.
        Connect-WrittenService -Service $service -Parameters @{ SkipLoadingFormatData = $true }
        $user = New-Session
        try {
            $view = { $null = Get-AcceptedDomain; (Get-View) -join ' ' }
            Invoke-Session $user { (Get-View) -join ' ' } | Should -Be ''
            Invoke-Session $user $view | Should -Be ''
            Connect-WrittenService -Service $service -Parameters @{ FormatTypeName = '*.Mailbox' }
            Invoke-Session $user { (Get-View) -join ' ' } | Should -Be ''
            Invoke-Session $user $view | Should -Be 'Mailbox'
            Connect-WrittenService -Service $service -Parameters @{ FormatTypeName = '*.User' }
            Invoke-Session $user $view | Should -Be 'Mailbox User'
            $other = New-Session
            try { Invoke-Session $other $view | Should -Be 'Mailbox User' } finally { $other.Dispose() }
            Connect-WrittenService -Service $service -Parameters @{ SkipLoadingFormatData = $true }
            $last = New-Session
            try { Invoke-Session $last $view | Should -Be '' } finally { $last.Dispose() }
        } finally { $user.Dispose() }
    }
}

Describe 'What views leave alone' {
    It 'are the commands, modules and files of the session' {
        # Other tests come and go in the folder for temporary files, so this session has a process and such a folder of its own.
        $temporary = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'temporary')).FullName
        $opening = Join-Path $TestDrive 'opening.ps1'
        Set-Content -LiteralPath $opening -Value $start.ToString()
        $program = Join-Path $TestDrive 'state.ps1'
        Set-Content -LiteralPath $program -Value {
            param($Opening, $Module, $Address)
            . $Opening $Module $Address
            $state = {
                ((Get-Command).Name | Sort-Object -Unique) -join ' '
                (Get-Module).Name -join ' '
                (Get-ChildItem -LiteralPath ([IO.Path]::GetTempPath()) -Recurse -Force -Name | Sort-Object) -join ' '
            }
            # Both connections bring what is no view.
            Connect-ExchangeOnline @to -ShowBanner:$false -SkipLoadingFormatData
            # The first look loads modules of PowerShell.
            $null = & $state
            $before = @(& $state)
            Connect-ExchangeOnline @to -ShowBanner:$false -FormatTypeName *.Mailbox
            @{ Before = $before; After = @(& $state); Views = @(Get-View); Folder = [IO.Path]::GetTempPath() } | ConvertTo-Json -Compress
        }.ToString()
        $pwsh = Join-Path $PSHOME ($IsWindows ? 'pwsh.exe' : 'pwsh')
        $said = @(Invoke-WithEnvironment @{ TMPDIR = $temporary; TMP = $temporary; TEMP = $temporary } {
            & $pwsh -NoLogo -NoProfile -File $program $opening $env:EXORS_MODULE $service.Address 2>&1 | ForEach-Object { "$_" }
        })
        $said.Count | Should -Be 1 -Because ($said -join "`n")
        $session = $said[0] | ConvertFrom-Json
        $session.Folder.TrimEnd('/', '\') | Should -Be $temporary
        $session.Views | Should -Be @('Mailbox')
        $session.After | Should -Be $session.Before
        $session.Before[0] | Should -Match 'Get-Mailbox'
        $session.Before[0] | Should -Not -Match 'DefaultView'
    }

    It 'are the views of others' {
        $file = Join-Path $TestDrive 'own.format.ps1xml'
        $text = '<Configuration><ViewDefinitions><View><Name>own</Name><ViewSelectedBy><TypeName>Own.Thing</TypeName></ViewSelectedBy><TableControl><TableHeaders><TableColumnHeader/></TableHeaders>' +
        '<TableRowEntries><TableRowEntry><TableColumnItems><TableColumnItem><PropertyName>Shown</PropertyName></TableColumnItem></TableColumnItems></TableRowEntry></TableRowEntries></TableControl></View></ViewDefinitions></Configuration>'
        Set-Content -LiteralPath $file -Value $text
        New-ModuleManifest -Path (Join-Path $TestDrive 'Own.psd1') -FormatsToProcess 'own.format.ps1xml'
        $found = Invoke-NewSession {
            param($Manifest)
            $own = { @(Get-FormatData -TypeName Own.Thing -PowerShellVersion 7.4).Count }
            Import-Module $Manifest
            & $own
            Connect-ExchangeOnline @to -FormatTypeName *.Mailbox
            & $own
            Remove-Module Own
            & $own
            (Get-View) -join ' '
            Import-Module $Manifest
            (Get-View) -join ' '
            Remove-Module ExchangeOnlineRs
            & $own
            (Get-View) -join ' '
            @([runspace]::DefaultRunspace.InitialSessionState.Formats | Where-Object FormatData).Count
        } @(Join-Path $TestDrive 'Own.psd1')
        $found | Should -Be @(1, 1, 0, 'Mailbox', 'Mailbox', 1, '', 0)
    }
}
