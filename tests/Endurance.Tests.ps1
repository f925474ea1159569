#Requires -Version 7.4
<#
A long day at work: connections that outlive many tokens, under load from several runspaces, one of them revoked in the middle. A minute takes
a second here: tokens live one second, and the three hours take three minutes. That is with `cargo xtask test --long`, which sets EXORS_LONG;
without it there is a tenth of everything.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force

    $script:scale = $env:EXORS_LONG ? 1.0 : 0.1
    $script:seconds = 180 * $scale
    $script:runspaces = 4
    $script:callsOfEach = [int](5000 * $scale / $runspaces)
    $script:tenant = Start-TestTenant -Mailboxes 25 -Options '--token-lifetime-seconds', '1'
    $script:good = Get-TenantAccount -Tenant $tenant -Name 'admin'
    $script:revoked = Get-TenantAccount -Tenant $tenant -Name 'viewer'

    Connect-TestTenant -Tenant $tenant -As $good.Name
    Connect-TestTenant -Tenant $tenant -As $revoked.Name -Parameters @{ Prefix = 'Revoked' }
    $addresses = @((Get-Mailbox).PrimarySmtpAddress)
    $module = $env:EXORS_MODULE
    $settings = @{ Calls = $callsOfEach; Seconds = $seconds }
    $script:before = Measure-TenantRequest -Tenant $tenant

    $script:started = [DateTime]::UtcNow
    $job = 1..$runspaces | ForEach-Object -ThrottleLimit $runspaces -AsJob -Parallel {
        Import-Module $using:module
        $addresses, $settings, $first = $using:addresses, $using:settings, $_
        $clock = [Diagnostics.Stopwatch]::StartNew()
        for ($i = 0; $i -lt $settings.Calls; $i++) {
            # Evenly over the time, whatever a call takes.
            $due = $i * $settings.Seconds / $settings.Calls - $clock.Elapsed.TotalSeconds
            if ($due -gt 0) { Start-Sleep -Milliseconds (1000 * $due) }
            $wanted = $addresses[($first + $i) % $addresses.Count]
            # Every fourth call is on the connection that will be revoked.
            $onRevoked = $i % 4 -eq 3
            $call = [pscustomobject]@{
                Runspace = $first; OnRevoked = $onRevoked; Begun = [DateTime]::UtcNow; Ended = $null; Right = $false; Thrown = $null; Written = @()
            }
            $written = $null
            try {
                $mailbox = if ($onRevoked) { Get-RevokedMailbox -Identity $wanted -ErrorVariable written } else { Get-Mailbox -Identity $wanted -ErrorVariable written }
                $call.Right = @($mailbox).Count -eq 1 -and $mailbox.PrimarySmtpAddress -eq $wanted
            }
            catch {
                $call.Thrown = $_
            }
            $call.Written = @($written | Where-Object { $_ -is [Management.Automation.ErrorRecord] })
            $call.Ended = [DateTime]::UtcNow
            $call
        }
    }
    Start-Sleep -Seconds ($seconds / 2)
    $script:revokedAt = [DateTime]::UtcNow
    Invoke-TenantControl -Tenant $tenant -Action revokeSessions -Parameters @{ user = $revoked.UserPrincipalName }
    $script:calls = @($job | Receive-Job -Wait -AutoRemoveJob)
    $script:ended = [DateTime]::UtcNow

    $script:onGood = @($calls | Where-Object { -not $_.OnRevoked })
    $script:onRevoked = @($calls | Where-Object OnRevoked)
    $script:requests = @(Get-TenantRequest -Tenant $tenant -Skip $before)
    $script:commands = @($requests | Where-Object { $_.PSObject.Properties['cmdletName'] -and $_.status -eq 200 })
    $script:renewals = @($requests | Where-Object path -Like '*/oauth2/v2.0/token')

    function Get-Renewal($Account) {
        @($renewals | Where-Object { $_.status -eq 200 -and $_.PSObject.Properties['user'] -and $_.user -eq $Account.UserPrincipalName })
    }

    # The requests of the service that were refused because of the token, of one connection.
    function Get-Refused($Account) {
        $id = (Get-ConnectionInformation | Where-Object UserPrincipalName -EQ $Account.UserPrincipalName).ConnectionId
        @($requests | Where-Object { $_.status -eq 401 -and $_.PSObject.Properties['connectionId'] -and $_.connectionId -eq $id })
    }

    # Each renewal must have had its reason: a token whose life is nearly over, or one that the service had refused since.
    function Assert-Renewal($Account, [DateTime] $Until) {
        $all = @(Get-Renewal $Account)
        $refused = @(Get-Refused $Account | ForEach-Object { [DateTime]$_.time })
        for ($i = 1; $i -lt $all.Count; $i++) {
            $earlier, $time = [DateTime]$all[$i - 1].time, [DateTime]$all[$i].time
            if (($time - $earlier).TotalSeconds -lt 0.7) {
                @($refused | Where-Object { $_ -ge $earlier -and $_ -le $time }).Count | Should -BeGreaterThan 0 -Because "the renewal of $earlier was good until after $time"
            }
        }
        # And no token can have served longer than it lived: a second, and what passes until the next call.
        $all.Count | Should -BeGreaterThan (($Until - $started).TotalSeconds / 2)
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'A long day with short tokens' {
    It 'makes all calls' {
        $calls.Count | Should -Be ($runspaces * $callsOfEach)
        $onRevoked.Count | Should -BeGreaterThan ($calls.Count / 5)
    }

    It 'loses no call of the connection that stays good' {
        @($onGood | Where-Object Thrown | ForEach-Object { "$($_.Begun): $($_.Thrown)" }) | Should -BeNullOrEmpty
        @($onGood | Where-Object { $_.Written.Count } | ForEach-Object { "$($_.Begun): $($_.Written)" }) | Should -BeNullOrEmpty
        @($onGood | Where-Object { -not $_.Right }) | Should -BeNullOrEmpty
    }

    It 'loses no call of the other before it was revoked' {
        @($onRevoked | Where-Object { $_.Ended -lt $revokedAt -and -not $_.Right }) | Should -BeNullOrEmpty
        @($onRevoked | Where-Object Ended -LT $revokedAt).Count | Should -BeGreaterThan ($onRevoked.Count / 4)
    }

    It 'gives every caller one clear error per call once it was revoked, and no object' {
        # Those under way at that moment may have gone either way.
        $after = @($onRevoked | Where-Object Begun -GT $revokedAt.AddSeconds(1))
        $after.Count | Should -BeGreaterThan ($onRevoked.Count / 4)
        @($after.Runspace | Sort-Object -Unique).Count | Should -Be $runspaces
        foreach ($call in $after) {
            $call.Right | Should -BeFalse
            $call.Thrown | Should -Not -BeNullOrEmpty
            $call.Thrown.Exception.Message | Should -Match 'Connect-ExchangeOnline'
            $call.Thrown.CategoryInfo.Category | Should -Be 'AuthenticationError'
        }
        @($after.Thrown.FullyQualifiedErrorId | Sort-Object -Unique).Count | Should -Be 1
    }

    It 'asks for the revoked renewal once, whoever waits for it' {
        $refused = @($renewals | Where-Object status -NE 200)
        $refused.Count | Should -Be 1
        $refused[0].status | Should -Be 400
        $refused[0].note | Should -Match 'invalid_grant'
    }

    It 'has run each command exactly once' {
        # The log has what was answered, the callers have what they got: none lost, none doubled.
        @($commands | Where-Object user -EQ $good.UserPrincipalName).Count | Should -Be $onGood.Count
        @($commands | Where-Object user -EQ $revoked.UserPrincipalName).Count | Should -Be @($onRevoked | Where-Object Right).Count
        $commands.Count | Should -Be @($calls | Where-Object Right).Count
        @($commands.clientRequestId | Sort-Object -Unique).Count | Should -Be $commands.Count
    }

    It 'renews each token once, when its life is over' {
        Assert-Renewal $good $ended
        Assert-Renewal $revoked $revokedAt
    }

    It 'keeps the good connection and shows the other as broken' {
        @(Get-ConnectionInformation | Where-Object State -EQ 'Connected').UserPrincipalName | Should -Be @($good.UserPrincipalName)
        (Get-ConnectionInformation | Where-Object UserPrincipalName -EQ $revoked.UserPrincipalName).State | Should -Be 'Broken'
    }
}
