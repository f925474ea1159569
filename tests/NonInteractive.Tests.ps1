#Requires -Version 7.4
<#
Where nobody can sign in, a sign-in that needs somebody fails at once and says what to use instead. No tenant is needed.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:pwsh = Join-Path $PSHOME ($IsWindows ? 'pwsh.exe' : 'pwsh')
    $script:names = 'CI', 'BROWSER', 'DISPLAY', 'WAYLAND_DISPLAY', 'EXORS_TEST_COMMAND'
    $script:earlier = @{}
    foreach ($name in $names) { $earlier[$name] = [Environment]::GetEnvironmentVariable($name) }

    # Nothing listens there: whoever gets as far as the network fails in another way.
    $script:nowhere = @{ ConnectionUri = 'https://127.0.0.1:9/'; AzureADAuthorizationEndpointUri = 'https://127.0.0.1:9/organizations' }

    function Set-Variables([hashtable] $Variables) {
        foreach ($name in $names) { [Environment]::SetEnvironmentVariable($name, $Variables[$name] ?? [NullString]::Value) }
    }

    # Connects in a PowerShell of its own and tells: error id, message, seconds.
    function Invoke-Connect([string[]] $Options, [string] $Command = 'Connect-ExchangeOnline @nowhere') {
        $env:EXORS_TEST_COMMAND = $Command
        $script = @'
$nowhere = @{ ConnectionUri = 'https://127.0.0.1:9/'; AzureADAuthorizationEndpointUri = 'https://127.0.0.1:9/organizations' }
Import-Module $env:EXORS_MODULE
$watch = [Diagnostics.Stopwatch]::StartNew()
try { . ([scriptblock]::Create($env:EXORS_TEST_COMMAND)) } catch { ($_.FullyQualifiedErrorId -split ',')[0]; $_.Exception.Message }
$watch.Elapsed.TotalSeconds
'@
        $output = @('' | & $pwsh -NoLogo -NoProfile @Options -Command $script 2>&1 | ForEach-Object { "$_" })
        [pscustomobject]@{ Id = $output[0]; Message = $output[1]; Seconds = [double]$output[-1] }
    }
}

AfterAll { Set-Variables $earlier }

Describe 'Without a person' {
    AfterEach { Set-Variables $earlier }

    It 'a sign-in in the browser fails at once: <Case>' -ForEach @(
        @{ Case = '-NonInteractive'; Options = @('-NonInteractive'); Variables = @{ BROWSER = 'true'; DISPLAY = ':0' }; Says = '-NonInteractive'; Device = $false }
        @{ Case = '-noni'; Options = @('-noni'); Variables = @{ BROWSER = 'true'; DISPLAY = ':0' }; Says = '-NonInteractive'; Device = $false }
        @{ Case = 'a build server'; Options = @(); Variables = @{ CI = 'true'; BROWSER = 'true'; DISPLAY = ':0' }; Says = 'CI'; Device = $false }
        @{ Case = 'no terminal'; Options = @(); Variables = @{ DISPLAY = ':0' }; Says = 'terminal'; Device = $true }
    ) {
        Set-Variables $Variables
        $result = Invoke-Connect $Options
        $result.Id | Should -Be 'NonInteractiveHost'
        $result.Message | Should -Match ([regex]::Escape($Says))
        foreach ($way in '-AppId', '-CertificateThumbprint', '-ManagedIdentity', '-AccessToken', '-Credential') { $result.Message | Should -Match $way }
        $result.Message -match '-Device' | Should -Be $Device
        $result.Seconds | Should -BeLessThan 1
    }

    It 'Connect-IPPSSession fails in the same way' {
        Set-Variables @{ CI = '1' }
        $record = Get-Failure { Connect-IPPSSession @nowhere }
        $record.FullyQualifiedErrorId | Should -BeLike 'NonInteractiveHost,*'
    }

    It 'a code is not waited for either: <Case>' -ForEach @(
        @{ Case = '-NonInteractive'; Options = @('-NonInteractive'); Variables = @{} }
        @{ Case = 'a build server'; Options = @(); Variables = @{ CI = '1' } }
    ) {
        Set-Variables $Variables
        $result = Invoke-Connect $Options 'Connect-ExchangeOnline @nowhere -Device'
        $result.Id | Should -Be 'NonInteractiveHost'
        $result.Message | Should -Match '-Device needs a person'
        $result.Message | Should -Match '-AppId'
        $result.Seconds | Should -BeLessThan 1
    }

    It 'a code is shown where there is only no terminal: a container''s log is read' {
        Set-Variables @{}
        # It gets as far as the network.
        (Invoke-Connect @() 'Connect-ExchangeOnline @nowhere -Device').Id | Should -Be 'HostUnreachable'
    }

    It 'nobody is asked for a password: <Case>' -ForEach @(
        @{ Case = '-NonInteractive'; Options = @('-NonInteractive'); Variables = @{} }
        @{ Case = 'a build server'; Options = @(); Variables = @{ CI = 'TRUE' } }
    ) {
        Set-Variables $Variables
        $result = Invoke-Connect $Options 'Connect-ExchangeOnline @nowhere -InlineCredential'
        $result.Id | Should -Be 'NonInteractiveHost'
        $result.Message | Should -Match '-Credential'
        $result.Seconds | Should -BeLessThan 1
    }

    It 'a background job fails at once' {
        Set-Variables @{ BROWSER = 'true' }
        $job = Start-Job {
            param($Module, $Nowhere)
            Import-Module $Module
            try { Connect-ExchangeOnline @Nowhere } catch { ($_.FullyQualifiedErrorId -split ',')[0] }
        } -ArgumentList $env:EXORS_MODULE, $nowhere
        try {
            Receive-Job $job -Wait | Should -Be 'NonInteractiveHost'
        }
        finally {
            Remove-Job $job -Force
        }
    }

    It 'a system without a display says so, and names -Device' -Skip:(-not $IsLinux -or (Test-Path -LiteralPath /proc/version) -and (Get-Content -LiteralPath /proc/version -Raw) -match 'microsoft') {
        Set-Variables @{}
        # A program that hosts PowerShell: what its console looks like says nothing.
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript({
                    param($Module, $Nowhere)
                    Import-Module $Module
                    try { Connect-ExchangeOnline @Nowhere } catch { $_.Exception.Message }
                }).AddArgument($env:EXORS_MODULE).AddArgument($nowhere)
            $shell.Invoke() | Should -Match 'no display.*-Device'
        }
        finally {
            $shell.Dispose()
        }
    }

    It 'what needs no person goes on: <Case>' -ForEach @(
        @{ Case = 'a password'; Parameters = @{ Credential = [pscredential]::new('a@contoso.onmicrosoft.com', (ConvertTo-SecureString 'x' -AsPlainText -Force)) } }
        @{ Case = 'a secret'; Parameters = @{ AppId = [guid]::Empty; Organization = 'contoso.onmicrosoft.com'; ClientSecret = (ConvertTo-SecureString 'x' -AsPlainText -Force) } }
    ) {
        Set-Variables @{ CI = 'true' }
        (Get-Failure { Connect-ExchangeOnline @nowhere @Parameters }).FullyQualifiedErrorId | Should -BeLike 'HostUnreachable,*'
    }

    It 'what belongs to a script is not taken for a switch of PowerShell' {
        Set-Variables @{}
        $file = Join-Path (New-TestFolder) 'mine.ps1'
        try {
            Set-Content -LiteralPath $file -Value @'
param([switch] $NonInteractive)
Import-Module $env:EXORS_MODULE
try { Connect-ExchangeOnline -ConnectionUri https://127.0.0.1:9/ -AzureADAuthorizationEndpointUri https://127.0.0.1:9/organizations -Device } catch { ($_.FullyQualifiedErrorId -split ',')[0] }
'@
            @(& $pwsh -NoLogo -NoProfile -File $file -NonInteractive)[0] | Should -Be 'HostUnreachable'
        }
        finally {
            Remove-Item -LiteralPath (Split-Path $file) -Recurse -Force
        }
    }
}
