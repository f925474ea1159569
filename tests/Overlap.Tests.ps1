#Requires -Version 7.4
<#
Piped input: cmdlets that only read send requests ahead, and nobody can tell from their results. What overlapped is read from the times in the
tenant's log: every answer takes a while, so that a request which came earlier than that after another one did not wait for its answer.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:latency = 500
    $script:tenant = Start-TestTenant -Mailboxes 25 -Options '--latency-ms', $latency, '--log-parameters'
    Connect-TestTenant -Tenant $tenant
    $script:addresses = @((Get-Mailbox).PrimarySmtpAddress)
    $script:few = $addresses[0..7]
    # More than are ever sent ahead.
    $script:many = $addresses * 8

    # What the script made the tenant do, by time of arrival.
    function Get-Sent([string] $CmdletName, [scriptblock] $Script) {
        $before = Measure-TenantRequest -Tenant $tenant
        $null = & $Script
        @(Get-TenantRequest -Tenant $tenant -Skip $before -CmdletName $CmdletName | Sort-Object { [datetime]$_.time })
    }

    # How many requests came before the first of them could be answered, itself included.
    function Measure-Overlap([object[]] $Sent) {
        $end = ([datetime]$Sent[0].time).AddMilliseconds($latency)
        @($Sent | Where-Object { [datetime]$_.time -lt $end }).Count
    }

    # The least time between a request and the next one, in milliseconds.
    function Measure-Gap([object[]] $Sent) {
        $times = @($Sent.time | ForEach-Object { [datetime]$_ })
        (1..($times.Count - 1) | ForEach-Object { ($times[$_] - $times[$_ - 1]).TotalMilliseconds } | Measure-Object -Minimum).Minimum
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'Piped input of a cmdlet that only reads' {
    It 'is sent ahead, and the results come in its order' {
        $sent = Get-Sent Get-Mailbox { $script:result = $addresses | Get-Mailbox }
        @($result.PrimarySmtpAddress) | Should -Be $addresses
        $sent.Count | Should -Be $addresses.Count
        Measure-Overlap $sent | Should -BeGreaterThan 1
    }

    It 'is sent one by one with -ThrottleLimit 1' {
        $sent = Get-Sent Get-Mailbox { $script:result = $few[0..3] | Get-Mailbox -ThrottleLimit 1 }
        @($result.PrimarySmtpAddress) | Should -Be $few[0..3]
        Measure-Gap $sent | Should -BeGreaterOrEqual ($latency * 0.95)
    }

    It 'is sent two at a time with -ThrottleLimit 2' {
        $sent = Get-Sent Get-Mailbox { $few | Get-Mailbox -ThrottleLimit 2 }
        $times = @($sent.time | ForEach-Object { [datetime]$_ })
        foreach ($i in 2..7) { ($times[$i] - $times[$i - 2]).TotalMilliseconds | Should -BeGreaterOrEqual ($latency * 0.95) }
        Measure-Overlap $sent | Should -Be 2
    }

    It 'refuses a -ThrottleLimit that makes no sense' {
        foreach ($value in 0, 65, -1) {
            (Get-Failure { $few | Get-Mailbox -ThrottleLimit $value -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentValidationError,*'
        }
    }

    It 'does not send the parameter to the service' {
        $sent = Get-Sent Get-Mailbox { $few[0] | Get-Mailbox -ThrottleLimit 3 }
        @($sent[0].parameters.PSObject.Properties.Name) | Should -Be @('Identity')
    }

    It 'has errors at their place, with their object' {
        $wanted = $few[0], 'nobody@contoso.com', $few[1], $few[2], 'nothing@contoso.com', $few[3]
        $all = @($wanted | Get-Mailbox -ErrorAction Continue 2>&1)
        @($all | ForEach-Object { $_ -is [Management.Automation.ErrorRecord] ? $_.TargetObject : $_.PrimarySmtpAddress }) | Should -Be $wanted
        $EXO_LastExecutionStatus | Should -BeTrue
        $null = $few[0], 'nobody@contoso.com' | Get-Mailbox -ErrorAction SilentlyContinue
        $EXO_LastExecutionStatus | Should -BeFalse
    }

    It 'has the error of an object that cannot be sent at its place' {
        $all = @($few[0], ' ', $few[1] | Get-Mailbox -ErrorAction Continue 2>&1)
        $all.Count | Should -Be 3
        $all[0].PrimarySmtpAddress | Should -Be $few[0]
        $all[1].FullyQualifiedErrorId | Should -BeLike 'EmptyIdentity,*'
        $all[2].PrimarySmtpAddress | Should -Be $few[1]
    }

    It 'has verbose lines before the object they are about' {
        $before = Measure-TenantRequest -Tenant $tenant
        $all = @($few | Get-Mailbox -Verbose 4>&1)
        $asked = @{}
        foreach ($request in Get-TenantRequest -Tenant $tenant -Skip $before -CmdletName Get-Mailbox) { $asked[$request.clientRequestId] = $request.parameters.Identity }
        $lines = 0
        $last = $null
        foreach ($item in $all) {
            if ($item -isnot [Management.Automation.VerboseRecord]) {
                $item.PrimarySmtpAddress | Should -Be $asked[$last]
                $lines++
            }
            elseif ("$item" -match 'client-request-id ([0-9a-f-]+)') { $last = $Matches[1] }
        }
        $lines | Should -Be $few.Count
    }

    It 'has warnings behind the objects they are about' {
        $tables = @{ ResultSize = 2 }, @{ Identity = $few[3] }, @{ ResultSize = 1 }
        $all = @($tables | Invoke-ExchangeOnlineCommand Get-Mailbox 3>&1)
        ($all | ForEach-Object { $_ -is [Management.Automation.WarningRecord] ? 'warning' : 'mailbox' }) -join ' ' |
            Should -Be 'mailbox mailbox warning mailbox mailbox warning'
    }

    It 'keeps every page of an object together' {
        $all = @(@{ ResultSize = 'Unlimited' }, @{ Identity = $few[0] }, @{ ResultSize = 'Unlimited' } | Invoke-ExchangeOnlineCommand Get-Mailbox)
        @($all.PrimarySmtpAddress) | Should -Be ($addresses + $few[0] + $addresses)
    }
}

Describe 'A pipeline that ends early' {
    It 'sends no more when a later command has enough' {
        $sent = Get-Sent Get-Mailbox { $script:result = @($many | Get-Mailbox | Select-Object -First 1) }
        @($result.PrimarySmtpAddress) | Should -Be $addresses[0]
        $sent.Count | Should -BeLessThan $many.Count
        $count = Measure-TenantRequest -Tenant $tenant
        Start-Sleep -Milliseconds (2 * $latency)
        Measure-TenantRequest -Tenant $tenant | Should -Be $count
    }

    It 'writes nothing behind an error that stops it' {
        $script:result = [Collections.Generic.List[object]]::new()
        $sent = Get-Sent Get-Mailbox {
            $script:failure = Get-Failure {
                $few[0..1] + 'nobody@contoso.com' + $many | Get-Mailbox -ErrorAction Stop | ForEach-Object { $result.Add($_) }
            }
        }
        $failure.TargetObject | Should -Be 'nobody@contoso.com'
        @($result.PrimarySmtpAddress) | Should -Be $addresses[0..1]
        $sent.Count | Should -BeLessThan $many.Count
        $count = Measure-TenantRequest -Tenant $tenant
        Start-Sleep -Milliseconds (2 * $latency)
        Measure-TenantRequest -Tenant $tenant | Should -Be $count
        @($few | Get-Mailbox).Count | Should -Be $few.Count -Because 'the connection is as before'
    }

    It 'stops with Ctrl+C' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript({
                    param($Module, $Addresses)
                    Import-Module $Module
                    $Addresses | Get-Mailbox
                }).AddArgument($env:EXORS_MODULE).AddArgument($many)
            $before = Measure-TenantRequest -Tenant $tenant
            $running = $shell.BeginInvoke()
            $limit = [DateTime]::UtcNow.AddSeconds(20)
            # Two requests have arrived, so that several are under way.
            while ((Measure-TenantRequest -Tenant $tenant) -lt $before + 2 -and [DateTime]::UtcNow -lt $limit) { Start-Sleep -Milliseconds 20 }
            $running.IsCompleted | Should -BeFalse
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $count = Measure-TenantRequest -Tenant $tenant
            $count | Should -BeLessThan ($before + $many.Count)
            Start-Sleep -Milliseconds (2 * $latency)
            # Those that were under way are logged when the tenant has made their answers.
            Measure-TenantRequest -Tenant $tenant | Should -BeLessThan ($before + $many.Count)
        }
        finally {
            $shell.Dispose()
        }
    }
}

Describe 'A pipeline variable' {
    It 'of a cmdlet before it belongs to the result' {
        $sent = Get-Sent Get-MailboxStatistics {
            $script:pairs = @(Get-Mailbox -ResultSize 4 -WarningAction Ignore -PipelineVariable mailbox | Get-MailboxStatistics |
                    ForEach-Object { [pscustomobject]@{ Mailbox = $mailbox.DisplayName; Statistics = $_.DisplayName } })
        }
        $pairs.Count | Should -Be 4
        @($pairs.Statistics) | Should -Be @($pairs.Mailbox)
        Measure-Gap $sent | Should -BeGreaterOrEqual ($latency * 0.95)
    }

    It 'of any command before it belongs to the result' {
        $pairs = @($few[0..3] | ForEach-Object -PipelineVariable address { $_ } | Where-Object { $_ } | Get-Mailbox | ForEach-Object { "$address $($_.PrimarySmtpAddress)" })
        $pairs | Should -Be @($few[0..3] | ForEach-Object { "$_ $_" })
    }

    It 'that a script sets for each object belongs to the result' {
        $pairs = @($few[0..3] | ForEach-Object { $current = $_; $_ } | Get-Mailbox | ForEach-Object { "$current $($_.PrimarySmtpAddress)" })
        $pairs | Should -Be @($few[0..3] | ForEach-Object { "$_ $_" })
        $pairs = @($few[0..3] | ForEach-Object { Set-Variable current $_; $_ } | Get-Mailbox | ForEach-Object { "$current $($_.PrimarySmtpAddress)" })
        $pairs | Should -Be @($few[0..3] | ForEach-Object { "$_ $_" })
    }

    It 'or whatever else code keeps for each object belongs to the result: <Name>' -ForEach @(
        @{ Name = '$i++'; Pairs = { $i = -1; $few[0..3] | ForEach-Object { $i++; $_ } | Get-Mailbox | ForEach-Object { "$($few[$i]) $($_.PrimarySmtpAddress)" } } }
        @{ Name = '++$i.n'; Pairs = { $i = @{ n = -1 }; $few[0..3] | ForEach-Object { $null = ++$i.n; $_ } | Get-Mailbox | ForEach-Object { "$($few[$i.n]) $($_.PrimarySmtpAddress)" } } }
        @{ Name = 'a list'; Pairs = { $list = [Collections.ArrayList]::new(); $few[0..3] | ForEach-Object { [void]$list.Add($_); $_ } | Get-Mailbox | ForEach-Object { "$($list[-1]) $($_.PrimarySmtpAddress)" } } }
        @{ Name = 'a queue'; Pairs = { $queue = [Collections.Generic.Queue[string]]::new(); $few[0..3] | Where-Object { $queue.Enqueue($_); $true } | Get-Mailbox | ForEach-Object { "$($queue.Dequeue()) $($_.PrimarySmtpAddress) $($queue.Count)" -replace ' 0$' } } }
        @{ Name = '-OutVariable'; Pairs = { $few[0..3] | ForEach-Object { $_ } -OutVariable seen | Get-Mailbox | ForEach-Object { "$($seen[-1]) $($_.PrimarySmtpAddress)" } } }
        @{ Name = 'a calculated property'; Pairs = { $few[0..3] | Select-Object @{ n = 'Identity'; e = { $script:last = $_; $_ } } | Get-Mailbox | ForEach-Object { "$last $($_.PrimarySmtpAddress)" } } }
        @{ Name = 'a loop'; Pairs = { $few[0..3] | ForEach-Object { foreach ($one in $_) { $one } } | Get-Mailbox | ForEach-Object { "$one $($_.PrimarySmtpAddress)" } } }
        @{ Name = 'a function'; Pairs = { function Save { $script:saved = $args[0] }; $few[0..3] | ForEach-Object { Save $_; $_ } | Get-Mailbox | ForEach-Object { "$saved $($_.PrimarySmtpAddress)" } } }
        @{ Name = 'an alias'; Pairs = { $few[0..3] | ForEach-Object { sv kept $_ -Scope Script; $_ } | Get-Mailbox | ForEach-Object { "$script:kept $($_.PrimarySmtpAddress)" } } }
    ) {
        @(& $Pairs) | Should -Be @($few[0..3] | ForEach-Object { "$_ $_" })
    }

    It 'of a script that follows what it finds is what it waits for' {
        # The queue is filled by what comes out behind.
        $queue = [Collections.Generic.Queue[string]]::new()
        $queue.Enqueue($few[0])
        $found = @(& { while ($queue.Count) { $queue.Dequeue() } } | Get-Mailbox | ForEach-Object {
                $next = $few.IndexOf($_.PrimarySmtpAddress) + 1
                if ($next -lt 4) { $queue.Enqueue($few[$next]) }
                $_.PrimarySmtpAddress
            })
        $found | Should -Be $few[0..3]
    }

    It 'is no reason to wait where code only looks at the objects' {
        $sent = Get-Sent Get-Mailbox {
            $known = @{ 'nobody' = 1 }
            $script:found = @($few | Where-Object { $_ -like '*@*' -and -not $known.ContainsKey($_) } |
                    ForEach-Object { [string]::Concat($_.Trim(), '') } | Select-Object @{ n = 'Identity'; e = { "$_".ToLower() } } |
                    ForEach-Object { Write-Debug $_; if ($_) { $_.Identity } } | Get-Mailbox)
        }
        $found.Count | Should -Be $few.Count
        Measure-Overlap $sent | Should -BeGreaterThan 1
    }

    It 'of its own or of a command behind it costs nothing' {
        $sent = Get-Sent Get-Mailbox {
            $script:pairs = @($few | Get-Mailbox -PipelineVariable mailbox | ForEach-Object -PipelineVariable other { $_ } |
                    ForEach-Object { "$($mailbox.PrimarySmtpAddress) $($other.PrimarySmtpAddress)" })
        }
        $pairs | Should -Be @($few | ForEach-Object { "$_ $_" })
        Measure-Overlap $sent | Should -BeGreaterThan 1
    }
}

Describe 'Piped input of a cmdlet that changes something' {
    It 'is sent one by one' {
        $sent = Get-Sent Set-Mailbox { $few[0..3] | Set-Mailbox -CustomAttribute1 'one by one' }
        @($sent.parameters.Identity) | Should -Be $few[0..3]
        Measure-Gap $sent | Should -BeGreaterOrEqual ($latency * 0.95)
    }

    It 'is sent ahead if the caller wants it' {
        $sent = Get-Sent Set-Mailbox { $few | Set-Mailbox -CustomAttribute1 'ahead' -ThrottleLimit 8 }
        Measure-Overlap $sent | Should -BeGreaterThan 1
        @($few | Get-Mailbox | ForEach-Object CustomAttribute1) | Should -Be (@('ahead') * $few.Count)
    }

    It 'is not sent with -WhatIf' {
        $sent = Get-Sent Set-Mailbox { $few | Set-Mailbox -CustomAttribute1 'never' -ThrottleLimit 8 -WhatIf }
        $sent.Count | Should -Be 0
    }
}

Describe 'One connection' {
    It 'is shared by runspaces: together they begin as slowly as one' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Fresh' }
        $id = (Get-ConnectionInformation | Sort-Object Id)[-1].ConnectionId
        try {
            $module = $env:EXORS_MODULE
            $sent = Get-Sent Get-Mailbox {
                $script:result = 1..2 | ForEach-Object -ThrottleLimit 2 -Parallel {
                    Import-Module $using:module
                    ($using:few | Get-Mailbox -ConnectionId $using:id).PrimarySmtpAddress -join ' '
                }
            }
            @($result) | Should -Be (@($few -join ' ') * 2)
            $sent.Count | Should -Be (2 * $few.Count)
            Measure-Overlap $sent | Should -BeLessOrEqual 4
        }
        finally {
            Disconnect-ExchangeOnline -ConnectionId $id -Confirm:$false
        }
    }
}

Describe 'A service that answers ten requests a second' {
    BeforeAll {
        $script:slow = Start-TestTenant -Mailboxes 25 -Options '--throttle-per-second', '10'
        Connect-TestTenant -Tenant $slow -Parameters @{ Prefix = 'Slow' }
    }

    AfterAll {
        Get-ConnectionInformation | Where-Object ModulePrefix -EQ 'Slow' | ForEach-Object { Disconnect-ExchangeOnline -ConnectionId $_.ConnectionId -Confirm:$false }
        Stop-TestTenant $slow
    }

    It 'loses nothing and shows no error' {
        $addresses = @((Get-SlowMailbox).PrimarySmtpAddress)
        $before = Measure-TenantRequest -Tenant $slow
        $all = @($addresses + $addresses | Get-SlowMailbox -Verbose *>&1)
        @($all | Where-Object { $_ -is [Management.Automation.ErrorRecord] -or $_ -is [Management.Automation.WarningRecord] }).Count | Should -Be 0
        @($all | Where-Object { $_ -isnot [Management.Automation.VerboseRecord] } | ForEach-Object PrimarySmtpAddress) | Should -Be ($addresses + $addresses)
        @($all | Where-Object { $_ -like 'Slowing down: at most * a second.' }).Count | Should -BeGreaterThan 0
        $status = @(Get-TenantRequest -Tenant $slow -Skip $before).status
        @($status -eq 200).Count | Should -Be (2 * $addresses.Count)
        # It is refused to learn how much the service takes, and not for every request again.
        @($status -ne 200).Count | Should -BeIn (1..$addresses.Count)
    }
}
