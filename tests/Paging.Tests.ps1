#Requires -Version 7.4
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 20000
    Connect-TestTenant -Tenant $tenant
    $script:moreResults = 'There are more results available than are currently displayed. To view them, increase the value for the ResultSize parameter.'

    function Get-PageRequest([int] $Skip) { @(Get-TenantRequest -Tenant $tenant -Skip $Skip -CmdletName 'Get-Mailbox') }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'A tenant of 20,000 mailboxes' {
    It 'gives 1,000 and a warning unless told otherwise' {
        $found = @(Get-Mailbox -WarningVariable warned 3>$null)
        $found.Count | Should -Be 1000
        @($warned).Count | Should -Be 1
        "$warned" | Should -Be $moreResults
    }

    It 'gives all, each once, with -ResultSize Unlimited, and no warning' {
        $seen = [Collections.Generic.HashSet[string]]::new()
        $count = 0
        Get-Mailbox -ResultSize Unlimited -WarningVariable warned | ForEach-Object {
            $count++
            $null = $seen.Add("$($_.ExternalDirectoryObjectId)")
        }
        $count | Should -Be 20000
        $seen.Count | Should -Be 20000
        @($warned).Count | Should -Be 0
    }

    It 'gives the first object when the first pages are here, not the last' {
        $before = Measure-TenantRequest -Tenant $tenant
        $asked = 0
        $first = Get-Mailbox -ResultSize unlimited | Select-Object -First 1 | ForEach-Object {
            $asked = (Get-PageRequest $before).Count
            $_
        }
        @($first).Count | Should -Be 1
        $asked | Should -BeGreaterThan 0
        $asked | Should -BeLessOrEqual 2
    }

    It 'asks for one page when five objects are enough' {
        $before = Measure-TenantRequest -Tenant $tenant
        $found = @(Get-Mailbox -ResultSize Unlimited | Select-Object -First 5)
        # What is under way when the pipeline stops would arrive by now.
        Start-Sleep -Milliseconds 700
        $found.Count | Should -Be 5
        (Get-PageRequest $before).Count | Should -Be 1
    }

    It 'gives exactly as many as asked: <Size>' -ForEach @(
        @{ Size = 1 }
        @{ Size = 999 }
        @{ Size = 1000 }
        @{ Size = 2500 }
    ) {
        $found = @(Get-Mailbox -ResultSize $Size -WarningVariable warned 3>$null)
        $found.Count | Should -Be $Size
        @($found.ExternalDirectoryObjectId | Sort-Object -Unique).Count | Should -Be $Size
        "$warned" | Should -Be $moreResults
    }

    It 'a warning that is not shown can still be collected' {
        $null = Get-Mailbox -ResultSize 2 -WarningAction SilentlyContinue -WarningVariable warned
        "$warned" | Should -Be $moreResults
    }

    It 'refuses a size that is none: <_>' -ForEach 0, -1, 'many' {
        { Get-Mailbox -ResultSize $_ -ErrorAction Stop } | Should -Throw
    }

    It 'takes the connection''s page size' {
        Connect-TestTenant -Tenant $tenant -Parameters @{ PageSize = 100 }
        $id = (Get-ConnectionInformation | Sort-Object Id)[-1].ConnectionId
        try {
            (Get-ConnectionInformation -ConnectionId $id).PageSize | Should -Be 100
            $before = Measure-TenantRequest -Tenant $tenant
            @(Get-Mailbox -ResultSize 250 -WarningAction SilentlyContinue).Count | Should -Be 250
            $pages = Get-PageRequest $before
            $pages.Count | Should -Be 3
            $pages | ForEach-Object { $_.rows | Should -BeLessOrEqual 100 }
        }
        finally {
            Disconnect-ExchangeOnline -ConnectionId $id -Confirm:$false
        }
    }

    It 'finds pages that were fetched while it was busy as they were: <Name>' -ForEach @(
        @{ Name = 'Get-Mailbox'; More = @{} }
        @{ Name = 'Get-EXOMailbox'; More = @{ PropertySets = 'Minimum', 'Delivery', 'Quota', 'Archive' } }
    ) {
        Connect-TestTenant -Tenant $tenant -Parameters @{ PageSize = 100 }
        $id = (Get-ConnectionInformation | Sort-Object Id)[-1].ConnectionId
        try {
            $at = 0
            # Somebody who works for seconds on the thirtieth object; the pages after the next are stored meanwhile.
            $rows = @(& $Name -ResultSize 700 @More -WarningAction SilentlyContinue | ForEach-Object {
                    if (++$at -eq 30) { Start-Sleep -Seconds 7 }
                    $_
                })
            $rows.Count | Should -Be 700
            $quick = @(& $Name -ResultSize 700 @More -WarningAction SilentlyContinue)
            foreach ($i in 30, 150, 250, 350, 450, 650) {
                $rows[$i].PSObject.Properties.Name -join ' ' | Should -Be ($quick[$i].PSObject.Properties.Name -join ' ')
                $rows[$i] | ConvertTo-Json -Depth 3 | Should -Be ($quick[$i] | ConvertTo-Json -Depth 3)
            }
        }
        finally {
            Disconnect-ExchangeOnline -ConnectionId $id -Confirm:$false
        }
    }

    It 'filters over all pages' {
        $found = @(Get-Mailbox -ResultSize Unlimited -RecipientTypeDetails RoomMailbox)
        $found.Count | Should -BeGreaterThan 0
        @($found.RecipientTypeDetails | Sort-Object -Unique) | Should -Be @('RoomMailbox')
    }
}
