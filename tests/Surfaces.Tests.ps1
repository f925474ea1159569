#Requires -Version 7.4
BeforeDiscovery {
    # How a call says which connection it is for.
    $script:ways = @(
        @{ Way = 'the last connection, which is to Exchange'; First = 'Compliance'; Second = 'Exchange'; Arguments = @{}; Expected = 'Exchange' }
        @{ Way = 'the last connection, which is to Compliance'; First = 'Exchange'; Second = 'Compliance'; Arguments = @{}; Expected = 'Compliance' }
        @{ Way = '-ConnectionId of Exchange'; First = 'Exchange'; Second = 'Compliance'; Named = 'Exchange'; Expected = 'Exchange' }
        @{ Way = '-ConnectionId of Compliance'; First = 'Compliance'; Second = 'Exchange'; Named = 'Compliance'; Expected = 'Compliance' }
    )
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 3
    $script:address = Get-TenantAddress -Tenant $tenant
    $catalog = (Get-Content (Join-Path $PSScriptRoot '../powershell/Catalog/cmdlets.json') -Raw | ConvertFrom-Json).cmdlets
    $approved = (Get-Content (Join-Path $PSScriptRoot '../powershell/Catalog/overrides.json') -Raw | ConvertFrom-Json).approvedNames
    $available = @{}
    foreach ($command in Get-Command -Module (Get-Module ExchangeOnlineRs) -CommandType Cmdlet) { $available[$command.Name] = $command }
    $script:cmdlets = @(foreach ($entry in $catalog) {
            $name = $approved.($entry.name) ?? $entry.name
            if ($entry.module_native -or -not $available[$name]) { continue }
            [pscustomobject]@{
                Name = $name
                Service = $entry.name
                Surface = $entry.surfaces.Count -eq 2 ? 'Both' : $entry.surfaces[0] -eq 'ExchangeOnline' ? 'Exchange' : 'Compliance'
                Command = $available[$name]
            }
        })

    # In a runspace where nobody can be asked for a parameter: that is an error there.
    $script:space = [runspacefactory]::CreateRunspace()
    $space.Open()
    $script:shell = [powershell]::Create($space)
    $null = $shell.AddCommand('Import-Module').AddParameter('Name', $env:EXORS_MODULE).Invoke()

    # Runs a cmdlet there and returns the record of its first error.
    function Invoke-There([string] $Name, [hashtable] $Values) {
        $shell.Commands.Clear()
        $shell.Streams.ClearStreams()
        try { $null = $shell.AddCommand($Name).AddParameters($Values).Invoke() } catch {
            # Around it are the exceptions of those who called.
            for ($exception = $_.Exception.InnerException; $exception; $exception = $exception.InnerException) {
                if ($exception -is [Management.Automation.IContainsErrorRecord]) { return $exception.ErrorRecord }
            }
            return $_
        }
        $shell.Streams.Error | Select-Object -First 1
    }

    function Get-Value([Management.Automation.CommandParameterInfo] $Parameter) {
        $type = [Nullable]::GetUnderlyingType($Parameter.ParameterType) ?? $Parameter.ParameterType
        switch ($type.Name) {
            'SwitchParameter' { return $true }
            'Boolean' { return $true }
            'Guid' { return [guid]'0f0e0d0c-0b0a-0908-0706-050403020100' }
            'DateTime' { return [datetime]'2026-07-31' }
            'Byte[]' { return [byte[]](1, 2) }
            'SecureString' { return ConvertTo-SecureString 'x' -AsPlainText -Force }
            'PSCredential' { return [pscredential]::new('x', (ConvertTo-SecureString 'x' -AsPlainText -Force)) }
            { $_ -match '^U?Int' } { return 1 }
            default { return 'x' }
        }
    }

    # The values that a cmdlet asks for.
    function Get-Mandatory($Cmdlet) {
        $set = @($Cmdlet.Command.ParameterSets | Where-Object IsDefault)[0] ?? $Cmdlet.Command.ParameterSets[0]
        $values = @{}
        foreach ($parameter in $set.Parameters | Where-Object IsMandatory) { $values[$parameter.Name] = Get-Value $parameter }
        if ($set.Parameters.Name -contains 'Confirm') { $values.Confirm = $false }
        $values
    }

    function Connect-To([string] $Surface, [string] $Prefix = '') {
        $more = $Prefix ? @{ Prefix = $Prefix } : @{}
        $credential = Get-TenantCredential -Tenant $tenant
        if ($Surface -eq 'Exchange') { Connect-ExchangeOnline @address @more -Credential $credential }
        else { Connect-IPPSSession -ConnectionUri $tenant.ConnectionUri -AzureADAuthorizationEndpointUri $tenant.AuthorizationUri @more -Credential $credential }
        @(Get-ConnectionInformation | Sort-Object Id)[-1].ConnectionId
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    $shell.Dispose()
    $space.Dispose()
    Stop-TestTenant $tenant
}

Describe 'A call without parameters' {
    It 'is never refused as ambiguous' {
        $cmdlets.Count | Should -BeGreaterThan 900
        $ambiguous = foreach ($cmdlet in $cmdlets) {
            $record = Invoke-There $cmdlet.Name @{ ErrorAction = 'Stop'; Verbose = $false }
            if ($record.FullyQualifiedErrorId -like 'AmbiguousParameterSet*') { $cmdlet.Name }
        }
        $ambiguous -join ', ' | Should -BeNullOrEmpty
    }

    It 'names what is missing: <Name> <Missing>' -ForEach @(
        @{ Name = 'New-AddressList'; Missing = 'Name', 'IncludedRecipients' }
        @{ Name = 'New-DynamicDistributionGroup'; Missing = 'Name', 'IncludedRecipients' }
        @{ Name = 'New-Mailbox'; Missing = 'Name', 'Shared' }
        @{ Name = 'New-ManagementRoleAssignment'; Missing = 'Role', 'User' }
        @{ Name = 'Remove-TenantAllowBlockListItems'; Missing = 'ListType', 'Entries' }
        @{ Name = 'Test-MigrationServerAvailability'; Missing = @('Endpoint') }
    ) {
        $record = Invoke-There $Name @{}
        $record.FullyQualifiedErrorId | Should -BeLike 'MissingMandatoryParameter*'
        foreach ($word in $Missing) { $record.Exception.Message | Should -Match "\b$word\b" }
    }

    It 'of other sets goes on to work: <Name>' -ForEach @(
        @{ Name = 'New-AddressList'; Values = @{ Name = 'x'; RecipientFilter = "Alias -eq 'x'" } }
        @{ Name = 'New-DynamicDistributionGroup'; Values = @{ Name = 'x'; RecipientFilter = "Alias -eq 'x'" } }
        @{ Name = 'New-Mailbox'; Values = @{ Name = 'x'; Shared = $true } }
        @{ Name = 'New-Mailbox'; Values = @{ Name = 'x'; Room = $true } }
        @{ Name = 'New-Mailbox'; Values = @{ Name = 'x'; Discovery = $true } }
        @{ Name = 'New-Mailbox'; Values = @{ Name = 'x'; InactiveMailbox = 'y' } }
        @{ Name = 'New-Mailbox'; Values = @{ Name = 'x'; MicrosoftOnlineServicesID = 'y'; Password = [securestring]::new() } }
        @{ Name = 'New-ManagementRoleAssignment'; Values = @{ Role = 'x'; SecurityGroup = 'y' } }
        @{ Name = 'New-ManagementRoleAssignment'; Values = @{ Role = 'x'; App = 'y' } }
        @{ Name = 'Remove-TenantAllowBlockListItems'; Values = @{ ListType = 'Url'; Ids = 'y' } }
        @{ Name = 'New-MailboxRestoreRequest'; Values = @{ SourceMailbox = 'x'; TargetMailbox = 'y'; AllowLegacyDNMismatch = $true } }
        @{ Name = 'New-MailboxRestoreRequest'; Values = @{ SourceStoreMailbox = 'x'; TargetMailbox = 'y' } }
        @{ Name = 'New-MigrationEndpoint'; Values = @{ Name = 'x'; IMAP = $true; RemoteServer = 'y' } }
        @{ Name = 'Test-MigrationServerAvailability'; Values = @{ ExchangeRemoteMove = $true; RemoteServer = 'y' } }
    ) {
        $quiet = (Get-Command $Name).Parameters.ContainsKey('Confirm') ? @{ Confirm = $false } : @{}
        # Bound without a doubt: what is left to complain about is the connection.
        (Invoke-There $Name ($Values + $quiet)).FullyQualifiedErrorId | Should -BeLike 'NotConnected,*'
    }
}

Describe 'A cmdlet of one service, with a session of the other' {
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'of <Missing> says what to connect to, and sends nothing' -ForEach @(
        @{ Missing = 'Compliance'; Connected = 'Exchange'; Sentence = 'You must call Connect-IPPSSession before calling any other cmdlet. This is a cmdlet of Security & Compliance, and what is open is to Exchange Online (*@*).' }
        @{ Missing = 'Exchange'; Connected = 'Compliance'; Sentence = 'You must call Connect-ExchangeOnline before calling any other cmdlet. This is a cmdlet of Exchange Online, and what is open is to Security & Compliance (*@*).' }
    ) {
        $null = Connect-To $Connected
        $concerned = @($cmdlets | Where-Object Surface -EQ $Missing)
        $concerned.Count | Should -BeGreaterThan 100
        $before = Measure-TenantRequest -Tenant $tenant
        $wrong = foreach ($cmdlet in $concerned) {
            $record = Invoke-There $cmdlet.Name (Get-Mandatory $cmdlet)
            if ($record.FullyQualifiedErrorId -notlike 'NotConnected,*' -or $record.Exception.Message -notlike $Sentence -or $record.CategoryInfo.Category -ne 'ConnectionError') {
                "$($cmdlet.Name): $($record.FullyQualifiedErrorId) $($record.Exception.Message)"
            }
        }
        $wrong -join "`n" | Should -BeNullOrEmpty
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
    }

    It 'that is sent there by its id is explained: <Name>' -ForEach @(
        @{ Connected = 'Exchange'; Name = 'Get-ComplianceSearch'; Cause = 'This is a cmdlet of Security & Compliance, and the connection {0} is to Exchange Online; Connect-IPPSSession makes one that it runs on.' }
        @{ Connected = 'Compliance'; Name = 'Get-TransportRule'; Cause = 'This is a cmdlet of Exchange Online, and the connection {0} is to Security & Compliance; Connect-ExchangeOnline makes one that it runs on.' }
    ) {
        $id = Connect-To $Connected
        $record = Invoke-There $Name @{ ConnectionId = $id }
        $record.CategoryInfo.Category | Should -Be 'PermissionDenied'
        $record.Exception.Message | Should -Match 'is not allowed to run .*403'
        $record.Exception.Message | Should -BeLike "*$($Cause -f $id)"
    }
}

Describe 'A cmdlet of both services' {
    BeforeAll {
        $script:shared = @($cmdlets | Where-Object { $_.Surface -eq 'Both' -and $_.Name -like 'Get-*' } | Where-Object { $cmdlet = $_; @($cmdlet.Command.ParameterSets | Where-Object { -not ($_.Parameters | Where-Object IsMandatory) }).Count -gt 0 })

        # Runs all of them, and gives the names of those that were not sent to this connection.
        function Get-Stray([string] $Connection, [hashtable] $Values, [scriptblock] $Run) {
            $skip = Measure-TenantRequest -Tenant $tenant
            foreach ($cmdlet in $shared) { & $Run $cmdlet $Values }
            $requests = @(Get-TenantRequest -Tenant $tenant -Skip $skip | Where-Object path -Like '*InvokeCommand*')
            foreach ($cmdlet in $shared) {
                $own = @($requests | Where-Object cmdletName -EQ $cmdlet.Service)
                if ($own.Count -eq 0 -or @($own | Where-Object connectionId -NE $Connection).Count -gt 0) { $cmdlet.Name }
            }
        }

        $script:here = { param($Cmdlet, $Values) $null = & $Cmdlet.Name @Values -ErrorAction SilentlyContinue -WarningAction SilentlyContinue }
    }
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'goes to <Way>' -ForEach $ways {
        $shared.Count | Should -BeGreaterThan 10
        $ids = @{ $First = Connect-To $First; $Second = Connect-To $Second }
        $values = $Named ? @{ ConnectionId = $ids[$Named] } : @{}
        (Get-Stray $ids[$Expected] $values $here) -join ', ' | Should -BeNullOrEmpty
        # A runspace that made no connection of its own goes by the same rule.
        (Get-Stray $ids[$Expected] $values { param($Cmdlet, $Values) $null = Invoke-There $Cmdlet.Name ($Values + @{ ErrorAction = 'SilentlyContinue' }) }) -join ', ' | Should -BeNullOrEmpty
    }

    It 'goes to the connection of its prefix' {
        $plain = Connect-To 'Exchange'
        $exchange = Connect-To 'Exchange' 'Ex'
        $compliance = Connect-To 'Compliance' 'Cc'
        $withPrefix = { param($Cmdlet, $Values) $null = & ($Cmdlet.Name -replace '-', "-$($Values.Prefix)") -ErrorAction SilentlyContinue -WarningAction SilentlyContinue }
        (Get-Stray $exchange @{ Prefix = 'Ex' } $withPrefix) -join ', ' | Should -BeNullOrEmpty
        (Get-Stray $compliance @{ Prefix = 'Cc' } $withPrefix) -join ', ' | Should -BeNullOrEmpty
        (Get-Stray $plain @{} $here) -join ', ' | Should -BeNullOrEmpty
    }
}
