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
    $notRun = @{
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
        $script:tenant = Start-TestTenant -Mailboxes 12
        Set-TestBrowser -Tenant $tenant -As 'admin'
        $address = Get-TenantAddress -Tenant $tenant
        $PSDefaultParameterValues['Connect-ExchangeOnline:ConnectionUri'] = $address.ConnectionUri
        $PSDefaultParameterValues['Connect-ExchangeOnline:AzureADAuthorizationEndpointUri'] = $address.AzureADAuthorizationEndpointUri
        # The person at the prompt.
        function global:Get-Credential { Get-TenantCredential -Tenant $tenant -Name 'admin' }
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
        Remove-Item Function:\Get-Credential
        $PSDefaultParameterValues.Remove('Connect-ExchangeOnline:ConnectionUri')
        $PSDefaultParameterValues.Remove('Connect-ExchangeOnline:AzureADAuthorizationEndpointUri')
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
        if ($Text -notmatch 'Connect-ExchangeOnline' -and -not (Get-ConnectionInformation)) {
            Connect-ExchangeOnline -Credential (Get-Credential) -ShowBanner:$false
        }
        $ErrorActionPreference = 'Stop'
        { . ([scriptblock]::Create($Text)) } | Should -Not -Throw
        # Installing over an installed module is how to update it.
        if ($Text -match 'Copy-Item') { { . ([scriptblock]::Create($Text)) } | Should -Not -Throw }
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
