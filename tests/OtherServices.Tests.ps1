#Requires -Version 7.4
<#
Cmdlets of the original module that talk to services of their own, such as Viva: they are there, and say that this module is no client of
those.
#>
BeforeDiscovery {
    $catalogFolder = Join-Path $PSScriptRoot '../powershell/Catalog'
    $overrides = Get-Content (Join-Path $catalogFolder 'overrides.json') -Raw | ConvertFrom-Json
    $catalog = (Get-Content (Join-Path $catalogFolder 'cmdlets.json') -Raw | ConvertFrom-Json).cmdlets
    # What the original brings besides the cmdlets of the service, less what this module does as well.
    $others = @($catalog | Where-Object { $_.module_native -and $_.name -notin $overrides.bulk -and $_.name -notin $overrides.handWritten } | ForEach-Object {
            $name = $_.name
            @{ Name = $name; Entry = $_; Service = ($overrides.otherServices | Where-Object { $name -in $_.cmdlets }).name }
        })
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 3
    Connect-TestTenant -Tenant $tenant

    # What a cmdlet asks for, with values it can take.
    function Get-Required($Entry) {
        $set = $Entry.default_parameter_set.name
        $values = @{}
        foreach ($parameter in $Entry.parameters | Where-Object { $_.sets.$set.required }) {
            $values[$parameter.name] = switch ($parameter.type) { 'Boolean' { $true } 'Guid' { [guid]::NewGuid() } 'String[]' { , @('x') } default { 'x' } }
        }
        $values
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'A cmdlet of another service' {
    It 'is one of 22' -ForEach @(@{ others = $others }) {
        $others.Count | Should -Be 22
    }

    It '<Name> ends in an error that says whose it is, and sends nothing' -ForEach $others {
        $before = Measure-TenantRequest -Tenant $tenant
        $values = Get-Required $Entry
        if ($Entry.should_process) { $values.Confirm = $false }
        $failure = Get-Failure { & $Name @values -ErrorAction SilentlyContinue }
        $failure.FullyQualifiedErrorId | Should -Be "OtherService,ExchangeOnlineRs.Cmdlets.$($Name.Replace('-', ''))Command"
        $failure.CategoryInfo.Category | Should -Be NotImplemented
        $failure.CategoryInfo.TargetName | Should -Be $Name
        $failure.Exception | Should -BeOfType [NotSupportedException]
        $failure.Exception.Message | Should -BeLike "$Name talks to $Service, *Nothing was sent.*ExchangeOnlineManagement*"
        $failure.InvocationInfo.ScriptLineNumber | Should -BeGreaterThan 0
        $global:EXO_LastExecutionStatus | Should -BeFalse
        if ($Entry.should_process) {
            (Get-Failure { & $Name @values -WhatIf }).FullyQualifiedErrorId | Should -BeLike 'OtherService,*'
        }
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
    }

    It '<Name> is refused by Invoke-ExchangeOnlineCommand as well' -ForEach $others {
        $before = Measure-TenantRequest -Tenant $tenant
        $failure = Get-Failure { Invoke-ExchangeOnlineCommand $Name.ToLowerInvariant() -Parameter (Get-Required $Entry) -Confirm:$false -ErrorAction SilentlyContinue }
        $failure.FullyQualifiedErrorId | Should -BeLike 'OtherService,*'
        $failure.Exception.Message | Should -BeLike "$Name talks to $Service, *"
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
    }

    It '<Name> has help that says so' -ForEach $others {
        $help = Get-Help $Name
        $help.Name | Should -Be $Name
        "$($help.description.Text)" | Should -BeLike "*$Service, a service of its own*sends nothing*"
        @($help.parameters.parameter.name | Sort-Object) | Should -Be @(@($Entry.parameters.name) + @(if ($Entry.should_process) { 'WhatIf', 'Confirm' }) | Sort-Object)
    }

    It 'offers the values of its parameters' {
        $line = 'Set-MyAnalyticsFeatureConfig -PrivacyMode opt'
        [Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText | Should -Be 'opt-in', 'opt-out'
    }

    It 'belongs to no connection, so that a prefix makes none of it' {
        $address = Get-TenantAddress -Tenant $tenant
        Connect-ExchangeOnline @address -Credential (Get-TenantCredential -Tenant $tenant) -Prefix Viva
        Get-Command Get-VivaMailbox | Should -Not -BeNullOrEmpty
        Get-Command Get-VivaVivaModuleFeature -ErrorAction Ignore | Should -BeNullOrEmpty
    }
}
