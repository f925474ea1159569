#Requires -Version 7.4
<#
Dates on a machine that is not in the zone of Greenwich, in a shell of its own, whose zone is New York's. `cargo xtask test` names the module in
EXORS_MODULE. Windows takes the zone from its settings only, and a system without zones has none to take.
#>
BeforeDiscovery {
    $zone = $null
    $script:canTravel = -not $IsWindows -and [TimeZoneInfo]::TryFindSystemTimeZoneById('America/New_York', [ref]$zone)
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    $script:tenant = Start-TestTenant -Options '--log-parameters'

    # What the script says in New York, as text.
    function Get-FromNewYork([string] $Script) {
        $program = Join-Path $TestDrive 'newyork.ps1'
        Set-Content -LiteralPath $program -Value (@'
param($Support, $Module, $ReadyFile)
$ErrorActionPreference = 'Stop'
Import-Module $Support
Import-Module $Module
[cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture
$tenant = Read-TenantReadyFile -Path $ReadyFile
if ([TimeZoneInfo]::Local.GetUtcOffset([datetime]'2026-07-15') -ne [timespan]::FromHours(-4)) { throw "This is $([TimeZoneInfo]::Local.Id)." }
Connect-TestTenant -Tenant $tenant
'@ + "`n$Script`nexit 0")
        $pwsh = if ($env:EXORS_PWSH) { $env:EXORS_PWSH } else { Join-Path $PSHOME 'pwsh' }
        $support = Join-Path $PSScriptRoot 'support/TestTenant.psm1'
        $earlier = $env:TZ
        try {
            $env:TZ = 'America/New_York'
            $said = @(& $pwsh -NoLogo -NoProfile -ExecutionPolicy Bypass -File $program $support $env:EXORS_MODULE $tenant.ReadyFile 2>&1 | ForEach-Object { "$_" })
        }
        finally {
            $env:TZ = $earlier
        }
        $LASTEXITCODE | Should -Be 0 -Because ($said -join "`n")
        $said
    }

    function Get-LastSent([string] $CmdletName) {
        (Get-TenantRequest -Tenant $tenant -CmdletName $CmdletName | Select-Object -Last 1).parameters
    }
}

AfterAll {
    Stop-TestTenant $tenant
}

Describe 'Dates in New York' -Skip:(-not $canTravel) {
    It 'of the service are local, and UTC in the twin' {
        $local, $utc, $difference = Get-FromNewYork @'
$mailbox = Get-Mailbox adele
$mailbox.WhenCreated.ToString('o')
$mailbox.WhenCreatedUTC.ToString('o')
($mailbox.WhenCreatedUTC - $mailbox.WhenCreated).TotalHours
'@
        $utc | Should -BeLike '*Z'
        $local | Should -BeLike '*-0[45]:00'
        [datetimeoffset]$local | Should -Be ([datetimeoffset]$utc)
        $difference | Should -BeIn '4', '5'
    }

    It 'of a message trace are UTC, as its page says' {
        $received = Get-FromNewYork '(Get-MessageTraceV2 -ResultSize 1 -WarningAction Ignore).Received.ToString("o")'
        $received | Should -BeLike '*Z'
    }

    It 'are sent as the instant that they are in New York' {
        $null = Get-FromNewYork @'
Set-MailboxAutoReplyConfiguration adele -AutoReplyState Scheduled -StartTime '2026-07-15 09:00' -EndTime ([datetime]::new(2026, 7, 15, 17, 0, 0, [DateTimeKind]::Utc))
'@
        $sent = Get-LastSent Set-MailboxAutoReplyConfiguration
        ([datetime]$sent.StartTime).ToUniversalTime().ToString('s') | Should -Be '2026-07-15T13:00:00'
        ([datetime]$sent.EndTime).ToUniversalTime().ToString('s') | Should -Be '2026-07-15T17:00:00'
    }

    It 'are UTC for the audit log where they name no zone' {
        $null = Get-FromNewYork "Search-UnifiedAuditLog -StartDate '2026-11-20' -EndDate ([datetime]'2026-11-21 14:30')"
        $sent = Get-LastSent Search-UnifiedAuditLog
        ([datetime]$sent.StartDate).ToUniversalTime().ToString('s') | Should -Be '2026-11-20T00:00:00'
        ([datetime]$sent.EndDate).ToUniversalTime().ToString('s') | Should -Be '2026-11-21T14:30:00'
    }

    It 'are the instant that they are for the audit log where they name or know their zone' {
        $null = Get-FromNewYork "Search-UnifiedAuditLog -StartDate '2026-11-20T08:00:00+01:00' -EndDate ([datetime]::new(2026, 11, 21, 14, 30, 0, [DateTimeKind]::Local))"
        $sent = Get-LastSent Search-UnifiedAuditLog
        ([datetime]$sent.StartDate).ToUniversalTime().ToString('s') | Should -Be '2026-11-20T07:00:00'
        ([datetime]$sent.EndDate).ToUniversalTime().ToString('s') | Should -Be '2026-11-21T19:30:00'
    }

    It 'that are none are refused by PowerShell' {
        $said = Get-FromNewYork "try { Search-UnifiedAuditLog -StartDate 'soon' -EndDate '2026-11-21' } catch { `$_.FullyQualifiedErrorId }"
        $said | Should -BeLike 'CannotConvertArgument*,ExchangeOnlineRs.Cmdlets.SearchUnifiedAuditLogCommand'
    }
}
