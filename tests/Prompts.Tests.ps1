#Requires -Version 7.4
<#
What questions, -WhatIf and errors say a call is about. The answers of the service are written out. `cargo xtask test` names the module in EXORS_MODULE.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/WrittenService.psm1') -Force
    Import-Module (Join-Path $PSScriptRoot 'support/AnsweringHost.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:service = Start-WrittenService
    Connect-WrittenService -Service $service
    $service.Answers['Get-Mailbox'] = '{"Identity":"front","Name":"front","DisplayName":"Front Desk","PrimarySmtpAddress":"frontdesk@contoso.com",' +
    '"UserPrincipalName":"desk@contoso.com","ExternalDirectoryObjectId":"5a330000-0000-4000-8000-000000000001"}'
    $service.Answers['Get-InboxRule'] = '{"Identity":"adele\\123","Name":"Move it","RuleIdentity":123}'
    $script:desk = 'Front Desk (frontdesk@contoso.com, 5a330000-0000-4000-8000-000000000001)'
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-WrittenService $service
}

Describe 'What would be done' {
    It '<Command> is <Action> on <Target>' -ForEach @(
        @{ Command = 'Get-Mailbox front | Remove-Mailbox'; Action = 'Remove-Mailbox'; Target = 'DESK' }
        @{ Command = 'Get-Mailbox front | Select-Object * | Remove-Mailbox'; Action = 'Remove-Mailbox'; Target = 'DESK' }
        @{ Command = 'Remove-Mailbox (Get-Mailbox front)'; Action = 'Remove-Mailbox'; Target = 'DESK' }
        @{ Command = 'Remove-Mailbox front'; Action = 'Remove-Mailbox'; Target = 'front' }
        @{ Command = '[pscustomobject]@{ DisplayName = "Kim"; PrimarySmtpAddress = "kim@contoso.com" } | Remove-Mailbox'; Action = 'Remove-Mailbox'; Target = 'Kim (kim@contoso.com)' }
        @{ Command = '$m = Get-Mailbox front; $m.Identity = "zoe"; $m | Remove-Mailbox'; Action = 'Remove-Mailbox'; Target = 'zoe' }
        @{ Command = 'Get-InboxRule | Remove-InboxRule'; Action = 'Remove-InboxRule'; Target = 'Move it (adele\123)' }
        @{ Command = 'Remove-InboxRule 123 -Mailbox adele'; Action = 'Remove-InboxRule'; Target = '123, Mailbox: adele' }
        @{ Command = 'New-Mailbox -Name zz -Shared'; Action = 'New-Mailbox'; Target = 'zz' }
        @{ Command = 'New-InboxRule -Mailbox adele -Name r -DeleteMessage $true'; Action = 'New-InboxRule'; Target = 'r, Mailbox: adele' }
        @{ Command = 'Remove-MailboxPermission adele -User bob -AccessRights FullAccess'; Action = 'Remove-MailboxPermission'; Target = 'adele, User: bob' }
        @{ Command = 'Remove-MailboxPermission adele -User (Get-Mailbox front) -AccessRights FullAccess'; Action = 'Remove-MailboxPermission'; Target = 'adele, User: DESK' }
        @{ Command = 'Remove-RecipientPermission adele -Trustee bob -AccessRights SendAs'; Action = 'Remove-RecipientPermission'; Target = 'adele, Trustee: bob' }
        @{ Command = 'Remove-DistributionGroupMember Sales -Member bob'; Action = 'Remove-DistributionGroupMember'; Target = 'Sales, Member: bob' }
        @{ Command = 'Get-Mailbox front | ForEach-Object { Remove-DistributionGroupMember Sales -Member $_ }'; Action = 'Remove-DistributionGroupMember'; Target = 'Sales, Member: DESK' }
        @{ Command = 'Add-UnifiedGroupLinks Sales -LinkType Members -Links a, b, c, d'; Action = 'Add-UnifiedGroupLinks'; Target = 'Sales, Links: a; b; c and 1 more, LinkType: Members' }
        @{ Command = 'New-DkimSigningConfig -DomainName contoso.com -Enabled $true'; Action = 'New-DkimSigningConfig'; Target = 'DomainName: contoso.com, Enabled: True' }
        @{ Command = 'Set-OrganizationConfig -AuditDisabled $true'; Action = 'Set-OrganizationConfig'; Target = 'the organization' }
        @{ Command = 'Release-QuarantineMessage -Identity a\b -ReleaseToAll'; Action = 'Release-QuarantineMessage'; Target = 'a\b' }
        @{ Command = 'Unblock-QuarantineMessage -Identity a\b -ReleaseToAll'; Action = 'Unblock-QuarantineMessage'; Target = 'a\b' }
        @{ Command = 'ExchangeOnlineRs\Unblock-QuarantineMessage -Identity a\b -ReleaseToAll'; Action = 'Unblock-QuarantineMessage'; Target = 'a\b' }
        @{ Command = '& (Get-Command Remove-Mailbox) adele'; Action = 'Remove-Mailbox'; Target = 'adele' }
        @{ Command = 'Remove-Mailbox "a`r`nb"'; Action = 'Remove-Mailbox'; Target = 'a  b' }
        @{ Command = 'Remove-Mailbox "a`u{2028}b`u{2029}c`u{202E}d`u{2066}e"'; Action = 'Remove-Mailbox'; Target = 'a b c d e' }
        @{ Command = 'Remove-Mailbox ("x" * 118 + "`u{1F600}" * 2)'; Action = 'Remove-Mailbox'; Target = ('x' * 118) + '…' }
        @{ Command = 'Remove-Mailbox ("x" * 118 + "`u{1F600}")'; Action = 'Remove-Mailbox'; Target = ('x' * 118) + "`u{1F600}" }
        @{ Command = 'Invoke-ExchangeOnlineCommand Remove-MailboxPermission @{ Identity = "adele"; User = "bob" }'; Action = 'Remove-MailboxPermission'; Target = 'adele, User: bob' }
    ) {
        $service.Requests.Clear()
        $run = Invoke-WithAnswer "`$WhatIfPreference = `$true; $Command"
        "$($run.Errors)" | Should -BeNullOrEmpty
        $run.Lines -join '|' | Should -Be "What if: Performing the operation `"$Action`" on target `"$($Target.Replace('DESK', $desk))`"."
        @($service.Requests) -match "`"$Action`"" | Should -BeNullOrEmpty
        @($service.Requests).Count | Should -Be ($Command -match 'Get-(Mailbox|InboxRule)' ? 1 : 0) -Because 'what is shown is known already'
    }

    It 'does not fill the screen' {
        $run = Invoke-WithAnswer "Set-Mailbox ('x' * 4000) -Office y -WhatIf"
        $run.Lines[0].Length | Should -BeLessThan 250
        $run.Lines[0] | Should -BeLike '*"xxx*x…".'
    }
}

Describe 'A secret' {
    BeforeAll {
        $script:import = '-Mailbox a -AzureBlobStorageAccountUri "https://x/y.pst?sig=SECRETSAS&x" -AzureSharedAccessSignatureToken "?sv=SECRETSAS"'
    }

    It 'is not in what would be done, in a question or in a verbose message' {
        $shown = 'Mailbox: a, AzureBlobStorageAccountUri: https://x/y.pst?…', 'AzureBlobStorageAccountUri: https://x/y.pst?…, Mailbox: a'
        foreach ($command in "New-MailboxImportRequest $import", 'Invoke-ExchangeOnlineCommand New-MailboxImportRequest @{ Mailbox = "a"; AzureBlobStorageAccountUri = "https://x/y.pst?sig=SECRETSAS&x"; AzureSharedAccessSignatureToken = "?sv=SECRETSAS" }') {
            $run = Invoke-WithAnswer "$command -WhatIf"
            "$($run.Errors)" | Should -BeNullOrEmpty
            $run.Lines.Count | Should -Be 1
            $run.Lines[0] | Should -BeIn $shown.ForEach({ "What if: Performing the operation `"New-MailboxImportRequest`" on target `"$_`"." })
            $run = Invoke-WithAnswer "$command -Confirm" -Answers 'No'
            $run.Questions.Count | Should -Be 1
            $run.Questions[0] | Should -BeLike '*x/y.pst*'
            "$($run.Questions)$($run.Lines)" | Should -Not -BeLike '*SECRETSAS*'
        }
        $said = "$(Invoke-Expression "New-MailboxImportRequest $import -Verbose" 4>&1)"
        $said | Should -BeLike '*x/y.pst*'
        $said | Should -Not -BeLike '*SECRETSAS*'
    }

    It 'is not in a table or list' {
        $run = Invoke-WithAnswer 'Remove-DistributionGroupMember Sales -Member @{ Add = "https://x/y?sig=SECRETSAS"; Token = "SECRETSAS" } -WhatIf'
        $run.Lines[0] | Should -BeLike '*"Sales, Member: Add https://x/y?…".'
        $run = Invoke-WithAnswer 'Add-UnifiedGroupLinks Sales -LinkType Members -Links "https://x/y?sig=SECRETSAS", b -WhatIf'
        $run.Lines[0] | Should -BeLike '*Links: https://x/y?…; b,*'
    }

    It 'is in no parameter of the catalogue that a cmdlet cannot do without' {
        $names = 0
        foreach ($command in Get-Command -Module ExchangeOnlineRs* -CommandType Cmdlet) {
            if ($command.Name -like '*-ExchangeOnline*' -or $command.Name -like '*-IPPSSession') { continue }
            foreach ($set in $command.ParameterSets) {
                $needed = @($set.Parameters).Where({ $_.IsMandatory })
                $secret = $needed.Where({ $_.Name -match 'password|secret|token|credential' -and $_.ParameterType -in [string], [object], [uri] })
                if ($secret.Count -eq 0) { continue }
                $names++
                $table = $needed.ForEach({ "$($_.Name) = '$($_.Name -in $secret.Name ? 'SECRETSAS' : 'https://x/y?sig=SECRETSAS')'" }) -join '; '
                $run = Invoke-WithAnswer "Invoke-ExchangeOnlineCommand $($command.Name) @{ $table } -WhatIf"
                $run.Lines.Count | Should -Be 1 -Because "$($command.Name) $($run.Errors)"
                $run.Lines[0] | Should -Not -BeLike '*SECRETSAS*' -Because $command.Name
            }
        }
        $names | Should -BeGreaterThan 0
    }
}

Describe 'Questions' {
    It 'are about the name, and what is sent about the id' {
        $sent = @(Get-SentCommand -Service $service -Script { $script:run = Invoke-WithAnswer 'Get-Mailbox front | Remove-Mailbox' -Answers 'Yes' })
        $run.Questions.Count | Should -Be 1
        $run.Questions[0] | Should -BeLike "*Remove-Mailbox*$desk*"
        $sent.CmdletName -join ' ' | Should -Be 'Get-Mailbox Remove-Mailbox'
        $sent[1].Parameters.Identity | Should -Be '5a330000-0000-4000-8000-000000000001'
    }
}

Describe 'What is done' {
    It 'is told in the same words to whoever wants verbose messages' {
        $said = Get-Mailbox front | Set-Mailbox -Office x -Verbose 4>&1
        "$said" | Should -BeLike "*Performing the operation `"Set-Mailbox`" on target `"$desk`".*"
    }

    It 'is asked about in the same words where the caller wants to be asked: <Command>' -ForEach @(
        @{ Command = 'Get-Mailbox front | Set-Mailbox -Office x -Confirm' }
        @{ Command = '$ConfirmPreference = "Medium"; Get-Mailbox front | Set-Mailbox -Office x' }
        @{ Command = '$ConfirmPreference = "Low"; Get-Mailbox front | Set-Mailbox -Office x' }
    ) {
        $run = Invoke-WithAnswer $Command -Answers 'No'
        $run.Questions.Count | Should -Be 1
        $run.Questions[0] | Should -BeLike "*Set-Mailbox*$desk*"
    }
}

Describe 'The target of an error' {
    It 'is <Target> for <Command>' -ForEach @(
        @{ Command = 'New-Mailbox -Name zz -Shared'; Target = 'zz' }
        @{ Command = 'New-TransportRule -Name rule -PrependSubject x'; Target = 'rule' }
        @{ Command = 'New-InboxRule -Mailbox adele -Name r -DeleteMessage $true'; Target = 'adele' }
        @{ Command = 'Set-Mailbox adele -DisplayName y'; Target = 'adele' }
        @{ Command = 'Get-Mailbox front | Set-Mailbox -DisplayName y'; Target = '5a330000-0000-4000-8000-000000000001' }
        @{ Command = 'Get-EXOMailbox -UserPrincipalName no@contoso.com'; Target = 'no@contoso.com' }
        @{ Command = 'Get-EXOMailbox -ExternalDirectoryObjectId 5a330000-0000-4000-8000-000000000009'; Target = '5a330000-0000-4000-8000-000000000009' }
        @{ Command = 'Get-EXOMailboxStatistics -ExchangeGuid 5a330000-0000-4000-8000-000000000008'; Target = '5a330000-0000-4000-8000-000000000008' }
        @{ Command = 'Get-EXORecipient -PrimarySmtpAddress no@contoso.com'; Target = 'no@contoso.com' }
        @{ Command = 'Get-EXOMailbox no'; Target = 'no' }
    ) {
        foreach ($name in 'New-Mailbox', 'New-TransportRule', 'New-InboxRule', 'Set-Mailbox') {
            $service.Faults[$name] = '400 |Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException|The object "x" already exists.'
        }
        try { $run = Invoke-WithAnswer $Command } finally { $service.Faults.Clear() }
        $run.Errors.Count | Should -Be 1
        $run.Errors[0].TargetObject | Should -BeOfType [string]
        $run.Errors[0].TargetObject | Should -Be $Target
    }
}
