#Requires -Version 7.4
<#
The companion module: ExchangeOnlineRs under the name ExchangeOnlineManagement, for scripts that look for a module of that name. What it does to
a session is tried in sessions of their own; prefixes and connections in this one, against the simulated tenant.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    $script:folder = Split-Path $env:EXORS_MODULE
    $script:companionFolder = Join-Path $folder 'companion'
    $script:companion = Join-Path $companionFolder 'ExchangeOnlineManagement/ExchangeOnlineManagement.psd1'
    $script:data = Import-PowerShellDataFile -LiteralPath $companion
    $script:pwsh = Join-Path $PSHOME ($IsWindows ? 'pwsh.exe' : 'pwsh')

    # Runs a script in a PowerShell of its own, which finds the companion unless told otherwise. The names of files travel in the environment.
    function Invoke-Fresh([string] $Script, [switch] $NotFound) {
        $earlier = $env:PSModulePath
        $file = Join-Path $TestDrive 'fresh.ps1'
        Set-Content -LiteralPath $file -Value $Script
        try {
            $env:EXORS_TEST_MODULE = $env:EXORS_MODULE
            $env:EXORS_TEST_COMPANION = $companion
            $env:PSModulePath = ($NotFound ? (Split-Path $folder) : $companionFolder) + [IO.Path]::PathSeparator + $earlier
            @(& $pwsh -NoLogo -NoProfile -File $file 2>&1 | ForEach-Object { "$_" })
        }
        finally {
            $env:PSModulePath = $earlier
            $env:EXORS_TEST_MODULE = $env:EXORS_TEST_COMPANION = $null
        }
    }
}

Describe 'The companion' {
    It 'is a manifest and nothing else' {
        @(Get-ChildItem -LiteralPath (Split-Path $companion) -Recurse -Force).Name | Should -Be @('ExchangeOnlineManagement.psd1')
        foreach ($key in 'RootModule', 'ScriptsToProcess', 'TypesToProcess', 'RequiredAssemblies', 'RequiredModules') { $data[$key] | Should -BeNullOrEmpty -Because $key }
        @($data.NestedModules) | Should -Be @('../../ExchangeOnlineRs.psd1')
    }

    It 'lists the same commands as the module itself, so that nothing must be loaded to know' {
        $own = Import-PowerShellDataFile -LiteralPath $env:EXORS_MODULE
        $data.CmdletsToExport.Count | Should -BeGreaterThan 8
        $data.CmdletsToExport -join ' ' | Should -Be ($own.CmdletsToExport -join ' ')
        $data.AliasesToExport -join ' ' | Should -Be ($own.AliasesToExport -join ' ')
        $data.PowerShellVersion | Should -Be $own.PowerShellVersion
    }

    It 'says what it is, and does not pass for the original' {
        $data.Description | Should -Match 'ExchangeOnlineRs'
        $data.GUID | Should -Not -Be 'b5eced50-afa4-455b-847a-d8fb64140a22'
        $data.Author | Should -Not -Match 'Microsoft'
    }

    It 'is only found by those who ask for it' {
        Invoke-Fresh -NotFound @'
Import-Module ExchangeOnlineRs
@(Get-Module -ListAvailable ExchangeOnlineRs).Count
@(Get-Module -ListAvailable ExchangeOnlineManagement | Where-Object Path -like "$(Split-Path $env:EXORS_TEST_MODULE)*").Count
@(Get-Module -All).Name -contains 'ExchangeOnlineManagement'
'@ | Should -Be @('1', '0', 'False')
    }
}

Describe 'A script that looks for ExchangeOnlineManagement' {
    It 'finds it: <Idiom>' -ForEach @(
        @{ Idiom = 'installed'; Script = '(Get-Module -Name ExchangeOnlineManagement -ListAvailable).Count' }
        @{ Idiom = 'installed, by wildcard'; Script = '@(Get-Module ExchangeOnline* -ListAvailable | Where-Object Name -eq ExchangeOnlineManagement).Count' }
        @{ Idiom = 'installed, new enough'; Script = '@(Get-Module ExchangeOnlineManagement -ListAvailable | Where-Object { $_.Version -ge [version]"3.7.2" -and $_.Version.Major -eq 3 }).Count' }
        @{ Idiom = 'imported'; Script = 'Import-Module ExchangeOnlineManagement; @(Get-Module | Select-Object -ExpandProperty Name | Where-Object { $_ -eq "ExchangeOnlineManagement" }).Count' }
        @{ Idiom = 'imported, at least 3.0.0'; Script = 'Import-Module ExchangeOnlineManagement -MinimumVersion 3.0.0 -ErrorAction Stop; @(Get-Module -Name ExchangeOnlineManagement).Count' }
        @{ Idiom = 'imported, this version'; Script = 'Import-Module ExchangeOnlineManagement -RequiredVersion (Import-PowerShellDataFile $env:EXORS_TEST_COMPANION).ModuleVersion -ErrorAction Stop; @(Get-Module -Name ExchangeOnlineManagement).Count' }
        @{ Idiom = 'imported, fully qualified'; Script = 'Import-Module -FullyQualifiedName @{ ModuleName = "ExchangeOnlineManagement"; ModuleVersion = "3.4.0" } -ErrorAction Stop; @(Get-Module ExchangeOnlineManagement).Count' }
        @{ Idiom = 'imported by path'; Script = 'Import-Module $env:EXORS_TEST_COMPANION -ErrorAction Stop; @(Get-Module ExchangeOnlineManagement).Count' }
        @{ Idiom = 'imported again'; Script = 'Import-Module ExchangeOnlineManagement; Import-Module ExchangeOnlineManagement -Force; @(Get-Module ExchangeOnlineManagement).Count' }
        @{ Idiom = 'required'; Script = "#Requires -Modules ExchangeOnlineManagement`n@(Get-Module ExchangeOnlineManagement).Count" }
        @{ Idiom = 'required, new enough'; Script = "#Requires -Modules @{ ModuleName = 'ExchangeOnlineManagement'; ModuleVersion = '3.2.0' }`n@(Get-Module ExchangeOnlineManagement).Count" }
        @{ Idiom = 'used'; Script = "using module ExchangeOnlineManagement`n@(Get-Module ExchangeOnlineManagement).Count" }
        @{ Idiom = 'loaded by its first command'; Script = '$null = Get-ConnectionInformation; @(Get-Module ExchangeOnlineManagement).Count' }
    ) {
        Invoke-Fresh $Script | Should -Be @('1')
    }

    It 'goes the way of scripts that import it when it is not loaded' {
        Invoke-Fresh @'
$modules = Get-Module | Select-Object -ExpandProperty Name
if ($modules -notcontains 'ExchangeOnlineManagement') {
    if ((Get-Module -ListAvailable -Name ExchangeOnlineManagement).Count -eq 0) { throw 'It would be installed now.' }
    Import-Module ExchangeOnlineManagement
}
[bool](Get-Command Connect-ExchangeOnline -Module ExchangeOnlineManagement)
(Get-Module).Name -contains 'ExchangeOnlineManagement'
'@ | Should -Be @('True', 'True')
    }

    It 'gets every command under that name' {
        Invoke-Fresh @'
Import-Module ExchangeOnlineManagement
$command = Get-Command Get-Mailbox
"$($command.Source) $($command.Version) $($command.CommandType)"
$all = @((Import-PowerShellDataFile $env:EXORS_TEST_COMPANION).CmdletsToExport -ne '*')
@(Get-Command -Module ExchangeOnlineManagement -CommandType Cmdlet).Count -eq $all.Count
(Get-Module ExchangeOnlineManagement).ExportedCmdlets.Count -eq $all.Count
try { ExchangeOnlineManagement\Get-Mailbox } catch { $_.Exception.Message }
'@ | Should -Be @("ExchangeOnlineManagement $($data.ModuleVersion) Cmdlet", 'True', 'True', 'You must call Connect-ExchangeOnline before calling any other cmdlet.')
    }

    It 'sees nothing printed and nothing left in its session' {
        Invoke-Fresh @'
$before = @(Get-Variable -Scope Global).Name + @(Get-ChildItem function:).Name
Import-Module ExchangeOnlineManagement
@(Get-Variable -Scope Global).Name + @(Get-ChildItem function:).Name | Where-Object { $_ -notin $before -and $_ -notin 'before', '_', 'PSItem' }
'@ | Should -BeNullOrEmpty
    }
}

Describe 'Removing the companion' {
    It 'leaves nothing' {
        Invoke-Fresh -NotFound @'
Import-Module $env:EXORS_TEST_COMPANION
Remove-Module ExchangeOnlineManagement
@(Get-Module -All | Where-Object Name -like 'ExchangeOnline*').Count
@(Get-Command Connect-ExchangeOnline -All -ErrorAction Ignore | Where-Object Source -eq ExchangeOnlineManagement).Count
'@ | Should -Be @('0', '0')
    }

    It 'leaves the module itself, and the other way round: <First> first, <Removed> removed' -ForEach @(
        foreach ($first in 'ExchangeOnlineManagement', 'ExchangeOnlineRs') {
            foreach ($removed in 'ExchangeOnlineManagement', 'ExchangeOnlineRs') { @{ First = $first; Removed = $removed } }
        }
    ) {
        $kept = 'ExchangeOnlineManagement', 'ExchangeOnlineRs' | Where-Object { $_ -ne $Removed }
        $imports = '$env:EXORS_TEST_COMPANION', '$env:EXORS_TEST_MODULE'
        if ($First -eq 'ExchangeOnlineRs') { [array]::Reverse($imports) }
        $output = Invoke-Fresh -NotFound @"
Import-Module $($imports[0]); Import-Module $($imports[1])
@((Get-Module ExchangeOnline*).Name | Sort-Object) -join ' '
try { Get-Mailbox } catch { `$_.Exception.Message }
Remove-Module $Removed
(Get-Module ExchangeOnline*).Name
(Get-Command Get-Mailbox).Source
try { Get-Mailbox } catch { `$_.Exception.Message }
Remove-Module $kept
@(Get-Module -All | Where-Object Name -like 'ExchangeOnline*').Count
"@
        $notConnected = 'You must call Connect-ExchangeOnline before calling any other cmdlet.'
        $output | Should -Be @('ExchangeOnlineManagement ExchangeOnlineRs', $notConnected, $kept, $kept, $notConnected, '0')
    }
}

Describe 'A connection of the companion' {
    BeforeAll {
        Remove-Module ExchangeOnlineRs -ErrorAction Ignore
        Import-Module $companion
        $script:tenant = Start-TestTenant -Mailboxes 6
    }

    AfterEach {
        Disconnect-ExchangeOnline -Confirm:$false
        Import-Module $companion
    }

    AfterAll {
        Stop-TestTenant $tenant
        Remove-Module ExchangeOnlineManagement -ErrorAction Ignore
    }

    It 'works, and shows objects in their views' {
        Connect-TestTenant -Tenant $tenant
        $mailboxes = @(Get-Mailbox)
        $mailboxes.Count | Should -Be 6
        @(($mailboxes[0] | Out-String -Width 160).Trim() -split '\r?\n')[0] | Should -Match '^Name\s+Alias\s+Database\s+ProhibitSendQuota\s+ExternalDirectoryObjectId\s*$'
        (Get-Command Get-Mailbox).Source | Should -Be 'ExchangeOnlineManagement'
    }

    It 'is shared with the module itself' {
        Connect-TestTenant -Tenant $tenant
        Import-Module $env:EXORS_MODULE
        @(ExchangeOnlineRs\Get-Mailbox).Count | Should -Be 6
        @(ExchangeOnlineManagement\Get-Mailbox).Count | Should -Be 6
        @(Get-ConnectionInformation).Count | Should -Be 1
        Remove-Module ExchangeOnlineRs
        @(Get-Mailbox).Count | Should -Be 6
        @(Get-Mailbox | Out-String -Width 160) -split '\r?\n' | Should -Not -BeNullOrEmpty
    }

    It 'may have a prefix, which stays as long as one of the two modules does: <Kept> is kept' -ForEach @(
        @{ Kept = 'ExchangeOnlineManagement'; Removed = 'ExchangeOnlineRs' }
        @{ Kept = 'ExchangeOnlineRs'; Removed = 'ExchangeOnlineManagement' }
    ) {
        Import-Module $env:EXORS_MODULE
        Connect-TestTenant -Tenant $tenant -Parameters @{ Prefix = 'Swap'; CommandName = 'Get-Mailbox' }
        @(Get-SwapMailbox).Count | Should -Be 6
        Get-FormatData -TypeName '*.Mailbox', 'ExchangeOnlineRs.*' -PowerShellVersion 7.4 | Should -HaveCount 2
        Remove-Module $Removed
        @(Get-SwapMailbox).Count | Should -Be 6
        Remove-Module $Kept
        Get-Command Get-SwapMailbox -ErrorAction Ignore | Should -BeNullOrEmpty
        Get-FormatData -TypeName '*Microsoft.Exchange.*', 'ExchangeOnlineRs.*' -PowerShellVersion 7.4 | Should -BeNullOrEmpty
        Import-Module $companion
        @(Get-SwapMailbox).Count | Should -Be 6 -Because 'connections belong to the process'
    }
}
