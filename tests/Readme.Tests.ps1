#Requires -Version 7.4
BeforeDiscovery {
    # Every fenced block of commands in README.md, in order. Blocks of other languages (text, json) show output and the like.
    $lines = Get-Content -LiteralPath (Join-Path $PSScriptRoot '../README.md')
    $blocks = [Collections.Generic.List[hashtable]]::new()
    $current = $null
    for ($i = 0; $i -lt $lines.Count; $i++) {
        if ($current) {
            if ($lines[$i] -match '^```\s*$') {
                $current.Text = $current.Lines -join "`n"
                $current.First = "line $($current.Line): $($current.Lines[0])"
                $blocks.Add($current)
                $current = $null
            }
            else { $current.Lines.Add($lines[$i]) }
        }
        elseif ($lines[$i] -match '^```(powershell|sh|console|bash|pwsh|ps1|shell)\s*$') {
            $current = @{ Language = $Matches[1]; Line = $i + 2; Lines = [Collections.Generic.List[string]]::new() }
        }
        elseif ($lines[$i] -match '^```\S') {
            $i++
            while ($lines[$i] -notmatch '^```\s*$') { $i++ }
        }
    }

    # The blocks that are not run here, each with the reason why that is no gap.
    $profileLines = $blocks | Where-Object { $_.Text -match '^\$companion = ' }
    $companion = $blocks | Where-Object { $_.Text -match 'Import-Module ExchangeOnlineManagement' }
    $notRun = @{
        $profileLines.Text = 'it is for a session of its own: "brings the companion" below runs it in one'
        $companion.Text = 'it is for a session of its own: "brings the companion" below runs it in one'
        'cargo xtask test'              = 'it is what runs these tests'
        'cargo xtask build'             = 'it compiles for minutes with optimisation; the module under test came from the same code without it'
        'cargo xtask demo --shell'      = 'it waits for a person'
        'cargo xtask tenant -- --help'  = 'it only lists options'
        'Connect-ExchangeOnline -Device' = 'it waits for a person; Connect.Tests.ps1 signs in that way'
        'Connect-ExchangeOnline -ExchangeEnvironmentName O365USGovGCCHigh -UserPrincipalName admin@contoso.us' = 'it leaves this machine'
    }
    $powershell = @($blocks | Where-Object { $_.Language -eq 'powershell' -and -not $notRun.ContainsKey($_.Text.Trim()) })
    $cargo = @($blocks | Where-Object { $_.Language -ne 'powershell' -and -not $notRun.ContainsKey($_.Text.Trim()) })
}

Describe 'README.md' {
    BeforeAll {
        Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
        $script:tenant = Start-TestTenant -Mailboxes 12 -Credentials -ManagedIdentity
        Set-TestBrowser -Tenant $tenant -As 'admin'
        # Where nobody can sign in, most of this could not be tried.
        $script:earlierCi = $env:CI
        $env:CI = ''
        $address = Get-TenantAddress -Tenant $tenant
        $PSDefaultParameterValues['Connect-ExchangeOnline:ConnectionUri'] = $address.ConnectionUri
        $PSDefaultParameterValues['Connect-ExchangeOnline:AzureADAuthorizationEndpointUri'] = $address.AzureADAuthorizationEndpointUri
        $PSDefaultParameterValues['Connect-IPPSSession:ConnectionUri'] = $address.ConnectionUri
        $PSDefaultParameterValues['Connect-IPPSSession:AzureADAuthorizationEndpointUri'] = $address.AzureADAuthorizationEndpointUri
        # The person at the prompt, the vault, and another module.
        function global:Get-Credential { Get-TenantCredential -Tenant $tenant -Name 'admin' }
        $application = Get-TenantApplication -Tenant $tenant -Name 'automation'
        $certificate = $application.Certificates | Where-Object { $_.Registered -and $_.Kind -eq 'RSA' } | Select-Object -First 1
        $password = ConvertTo-SecureString 'of the file' -AsPlainText -Force
        $pfx = New-TestPfx -Certificate $certificate -Path (Join-Path $tenant.Folder 'automation.pfx') -Password $password
        $secret = ($application.Secrets | Where-Object State -EQ 'valid' | Select-Object -First 1).Value
        function global:Get-Secret([string] $Name) {
            ConvertTo-SecureString ($Name -eq 'ExchangeAutomation' ? 'of the file' : $secret) -AsPlainText -Force
        }
        $valid = @{ grant_type = 'client_credentials'; client_id = $application.AppId; client_secret = $secret }
        $tokens = "https://$(([uri]$tenant.AuthorizationUri).Authority)/$((Get-TenantOrganization -Tenant $tenant).TenantId)/oauth2/v2.0/token"
        function global:Get-AzAccessToken([string] $ResourceUrl) {
            # The tenant has a certificate authority of its own, and this is not what is tested.
            $answer = Invoke-RestMethod -Uri $tokens -Method Post -Body ($valid + @{ scope = "$ResourceUrl/.default" }) -SkipCertificateCheck -NoProxy
            @{ Token = $answer.access_token }
        }
        # What the README calls by a name of its own, and where it is here.
        $here = @{
            '2f1c4a7e-9d3b-4c58-8e6f-0a1b2c3d4e5f'     = $application.AppId
            './exchange-automation.pfx'                = "'$pfx'"
            './token.jwt'                              = "'$(($application.Federated | Where-Object TokenFile -Match 'automation-token\.jwt$').TokenFile)'"
            './logs'                                   = "'$(Join-Path $tenant.Folder 'logs')'"
        }
        $loaded = Get-TestCertificate -Certificate $certificate
        $here['0123456789ABCDEF0123456789ABCDEF01234567'] = $loaded.Thumbprint
        # A folder of certificates as the README describes it.
        $script:earlierConfiguration = $env:XDG_CONFIG_HOME
        $env:XDG_CONFIG_HOME = Join-Path $tenant.Folder 'configuration'
        $folder = New-Item -ItemType Directory -Path (Join-Path $env:XDG_CONFIG_HOME 'ExchangeOnlineRs/certificates') -Force
        $null = New-TestPfx -Certificate $certificate -Path (Join-Path $folder.FullName 'automation.pfx')
        $loaded.Dispose()
        $script:earlierPath = $env:PSModulePath
        # So that "install" does not install into the home folder of whoever runs the tests.
        $env:PSModulePath = (Join-Path $tenant.Folder 'Modules') + [IO.Path]::PathSeparator + $env:PSModulePath
        Push-Location -LiteralPath (Join-Path $PSScriptRoot '..')
        Import-Module $env:EXORS_MODULE
    }

    AfterAll {
        Disconnect-ExchangeOnline -Confirm:$false
        Pop-Location
        $env:PSModulePath = $earlierPath
        Remove-Item Function:\Get-Credential, Function:\Get-Secret, Function:\Get-AzAccessToken
        $env:XDG_CONFIG_HOME = $earlierConfiguration
        $env:CI = $earlierCi
        $PSDefaultParameterValues.Remove('Connect-ExchangeOnline:ConnectionUri')
        $PSDefaultParameterValues.Remove('Connect-ExchangeOnline:AzureADAuthorizationEndpointUri')
        $PSDefaultParameterValues.Remove('Connect-IPPSSession:ConnectionUri')
        $PSDefaultParameterValues.Remove('Connect-IPPSSession:AzureADAuthorizationEndpointUri')
        Stop-TestTenant $tenant
        $env:BROWSER = $null
    }

    It 'has blocks to run' -ForEach @{ Count = $powershell.Count + $cargo.Count } {
        $Count | Should -BeGreaterThan 5
    }

    It 'lists no exception that it does not have: <Text>' -ForEach @($notRun.Keys | ForEach-Object { @{ Text = $_ } }) {
        $readme = (Get-Content -LiteralPath 'README.md') -join "`n"
        $readme | Should -Match "(?m)^``````(powershell|sh)\n$([regex]::Escape($Text))\n``````"
    }

    It 'PowerShell, <First>' -ForEach $powershell {
        # By thumbprint a certificate can only be put where it is found on these systems.
        if ($IsWindows -and $Text -match '-CertificateThumbprint') { Set-ItResult -Skipped -Because 'the store of this account is not ours to change' }
        if ($Text -match '-DelegatedOrganization') { Set-TestBrowser -Tenant $tenant -As 'partner' -Organization 'Fabrikam' } else { Set-TestBrowser -Tenant $tenant -As 'admin' }
        foreach ($name in $here.Keys) { $Text = $Text.Replace($name, $here[$name]) }
        if ($Text -notmatch 'Connect-(ExchangeOnline|IPPSSession)' -and -not (Get-ConnectionInformation)) {
            Connect-ExchangeOnline -Credential (Get-Credential) -ShowBanner:$false
        }
        $ErrorActionPreference = 'Stop'
        $run = { . ([scriptblock]::Create($Text)) }
        if ($Text -match '-ManagedIdentity') { { Use-ManagedIdentity -Tenant $tenant -Kind 'imds' -Script $run } | Should -Not -Throw }
        else { $run | Should -Not -Throw }
        # Installing over an installed module is how to update it.
        if ($Text -match 'Copy-Item') { { . ([scriptblock]::Create($Text)) } | Should -Not -Throw }
    }

    It 'finds the largest mailboxes' -ForEach @($powershell | Where-Object Text -Match 'Sort-Object .*TotalItemSize') {
        if (-not (Get-ConnectionInformation)) { Connect-ExchangeOnline -Credential (Get-Credential) -ShowBanner:$false }
        $shown = @(. ([scriptblock]::Create($Text)))
        $bytes = @(foreach ($mailbox in Get-Mailbox -ResultSize Unlimited) { (Get-MailboxStatistics $mailbox).TotalItemSize.Value.ToBytes() }) | Sort-Object -Descending
        $shown.Count | Should -Be 3
        @($shown.TotalItemSize.Value | ForEach-Object { $_.ToBytes() }) | Should -Be @($bytes | Select-Object -First 3)
    }

    It 'updates the module under sessions that use it' -Skip:$IsWindows -ForEach @($powershell | Where-Object Text -Match 'Copy-Item') {
        . ([scriptblock]::Create($Text))
        $account = Get-TenantAccount -Tenant $tenant -Name 'admin'
        $session = Join-Path $tenant.Folder 'session.ps1'
        Set-Content -LiteralPath $session -Value @'
param($Address, $SignIn, $User, $Go)
Import-Module ExchangeOnlineRs
$credential = [pscredential]::new($User, (ConvertTo-SecureString $env:EXORS_TEST_PASSWORD -AsPlainText -Force))
Connect-ExchangeOnline -ConnectionUri $Address -AzureADAuthorizationEndpointUri $SignIn -Credential $credential -ShowBanner:$false
"before $(@(Get-Mailbox -ResultSize 5 -WarningAction SilentlyContinue).Count)"
[Console]::Out.Flush()
$null = [Console]::In.ReadLine()
"after $(@(Get-Mailbox -ResultSize 3 -WarningAction SilentlyContinue).Count)"
# What was never used before comes from the old files too.
try { Get-ComplianceSearch -ErrorAction Stop } catch { $_.FullyQualifiedErrorId -replace ',.*' }
"loaded from $((Get-Module ExchangeOnlineRs).ModuleBase)"
'@
        $start = [Diagnostics.ProcessStartInfo]::new(($env:EXORS_PWSH ? $env:EXORS_PWSH : (Join-Path $PSHOME 'pwsh')))
        foreach ($argument in '-NoLogo', '-NoProfile', '-File', $session, $tenant.ConnectionUri, $tenant.AuthorizationUri, $account.UserPrincipalName) { $start.ArgumentList.Add($argument) }
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        $start.Environment['EXORS_TEST_PASSWORD'] = $account.Password
        $process = [Diagnostics.Process]::Start($start)
        $problems = $process.StandardError.ReadToEndAsync()
        $first = $process.StandardOutput.ReadLineAsync()
        $rest = $null
        # Whatever happens here, the session ends: it is told so, and then made to. Only then is all known that it had to say.
        try {
            if ($first.Wait(60000) -and $first.Result -eq 'before 5') {
                $rest = $process.StandardOutput.ReadToEndAsync()
                . ([scriptblock]::Create($Text))
                $process.StandardInput.WriteLine()
            }
        } finally {
            $process.StandardInput.Close()
            $ended = $process.WaitForExit(60000)
            if (-not $ended) { $process.Kill($true) }
        }
        $said = $problems.Result
        $ended | Should -BeTrue -Because "the session ends with its input; its errors are: $said"
        $first.Result | Should -Be 'before 5' -Because $said
        $process.ExitCode | Should -Be 0 -Because $said
        foreach ($line in 'after 3', 'NotConnected', "loaded from $(Join-Path $folder ExchangeOnlineRs)") {
            $rest.Result -split '\r?\n' | Should -Contain $line -Because $said
        }
    }

    It 'brings the companion of the installed module with the lines for a profile' -ForEach @{
        Install = ($powershell | Where-Object Text -Match 'Copy-Item').Text; Lines = $profileLines.Text; Check = $companion.Text
    } {
        . ([scriptblock]::Create($Install))
        $account = Get-TenantAccount -Tenant $tenant -Name 'admin'
        $session = Join-Path $tenant.Folder 'profile.ps1'
        # What most scripts say: who finds the module loaded takes that for a connection.
        Set-Content -LiteralPath $session -Value (@'
param($Address, $SignIn, $User)
{0}
if ('ExchangeOnlineManagement' -notin (Get-Module).Name) {{
    $credential = [pscredential]::new($User, (ConvertTo-SecureString $env:EXORS_TEST_PASSWORD -AsPlainText -Force))
    Connect-ExchangeOnline -ConnectionUri $Address -AzureADAuthorizationEndpointUri $SignIn -Credential $credential -ShowBanner:$false
}}
@(Get-Mailbox -ResultSize 5 -WarningAction SilentlyContinue).Count
{1}
(Get-Module ExchangeOnlineManagement).Path
'@ -f $Lines, $Check)
        $env:EXORS_TEST_PASSWORD = $account.Password
        try {
            $output = @(& ($env:EXORS_PWSH ? $env:EXORS_PWSH : (Join-Path $PSHOME 'pwsh')) -NoLogo -NoProfile -File $session $tenant.ConnectionUri $tenant.AuthorizationUri $account.UserPrincipalName 2>&1 | ForEach-Object { "$_" })
        } finally { $env:EXORS_TEST_PASSWORD = $null }
        $output | Should -Be @('5', 'True', (Join-Path $folder 'ExchangeOnlineRs/companion/ExchangeOnlineManagement/ExchangeOnlineManagement.psd1'))
    }

    It 'cargo, <First>' -ForEach $cargo {
        # Each is `cargo xtask …`, and this xtask is already built.
        foreach ($line in $Lines) {
            $line | Should -Match '^cargo xtask ' -Because 'other commands have to be listed with a reason'
            $arguments = @(($line -replace '^cargo xtask ', '') -split ' ')
            $output = & $env:EXORS_XTASK @arguments 2>&1 | Out-String
            $LASTEXITCODE | Should -Be 0 -Because $output
        }
    }

    It 'build.ps1 does the same, and fails when the task does' {
        $pwsh = if ($env:EXORS_PWSH) { $env:EXORS_PWSH } else { Join-Path $PSHOME 'pwsh' }
        $output = & $pwsh -NoLogo -NoProfile -ExecutionPolicy Bypass -File ./build.ps1 Tools 2>&1 | Out-String
        $LASTEXITCODE | Should -Be 0 -Because $output
        $output | Should -Match 'PowerShell \d+\.\d+'
        $output = & $pwsh -NoLogo -NoProfile -ExecutionPolicy Bypass -File ./build.ps1 -Task Demo -ArgumentList '--no-such-option' 2>&1 | Out-String
        $LASTEXITCODE | Should -Not -Be 0
        $output | Should -Match 'no-such-option'
    }
}
