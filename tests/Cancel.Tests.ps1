#Requires -Version 7.4
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    # Every answer takes three seconds: what ends sooner was really cancelled.
    $script:tenant = Start-TestTenant -Mailboxes 5 -Options '--latency-ms', '3000'
    $script:address = Get-TenantAddress -Tenant $tenant

    # Starts a script in a runspace of its own, stops it as Ctrl+C does, and says how long stopping took.
    function Measure-Stop([scriptblock] $Script, [object[]] $Arguments, [int] $After = 700) {
        $shell = [powershell]::Create()
        # With this session's host: a host that can't talk to anybody would have no use for a browser.
        $shell.Runspace = [runspacefactory]::CreateRunspace($Host)
        $shell.Runspace.Open()
        try {
            $null = $shell.AddScript($Script)
            foreach ($argument in $Arguments) { $null = $shell.AddArgument($argument) }
            $running = $shell.BeginInvoke()
            Start-Sleep -Milliseconds $After
            $running.IsCompleted | Should -BeFalse -Because "it must still run to be stopped; errors: $($shell.Streams.Error.ReadAll())"
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $watch.Elapsed.TotalMilliseconds
        }
        finally {
            $shell.Runspace.Dispose()
            $shell.Dispose()
        }
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
    $env:BROWSER = $null
}

Describe 'Ctrl+C' {
    It 'ends a sign-in within a second' {
        $took = Measure-Stop -Arguments $env:EXORS_MODULE, $address, (Get-TenantCredential -Tenant $tenant) -Script {
            param($Module, $Address, $Credential)
            Import-Module $Module
            Connect-ExchangeOnline @Address -Credential $Credential
        }
        $took | Should -BeLessThan 1000
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }

    It 'ends a sign-in that waits for the browser within a second' {
        # A "browser" that does nothing: the person closed it.
        $env:BROWSER = if ($IsWindows) { 'where.exe' } else { '/bin/true' }
        $took = Measure-Stop -After 4500 -Arguments $env:EXORS_MODULE, $address, (Get-TenantAccount -Tenant $tenant -Name 'mfa.admin').UserPrincipalName -Script {
            param($Module, $Address, $User)
            Import-Module $Module
            Connect-ExchangeOnline @Address -UserPrincipalName $User
        }
        $took | Should -BeLessThan 1000
        Get-ConnectionInformation | Should -BeNullOrEmpty
    }

    It 'ends a command within a second and leaves the connection usable' {
        Connect-TestTenant -Tenant $tenant
        $took = Measure-Stop -Arguments $env:EXORS_MODULE -Script {
            param($Module)
            Import-Module $Module
            Get-Mailbox
        }
        $took | Should -BeLessThan 1000
        (Get-ConnectionInformation).State | Should -Be 'Connected'
        @(Get-Mailbox).Count | Should -Be 5
    }
}
