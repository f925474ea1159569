#Requires -Version 7.4
<#
Questions, errors and warnings, as scripts meet them. The answers of the service are written out. `cargo xtask test` names the module in EXORS_MODULE.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/WrittenService.psm1') -Force
    Import-Module (Join-Path $PSScriptRoot 'support/AnsweringHost.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:service = Start-WrittenService
    Connect-WrittenService -Service $service

    function Get-Sent([scriptblock] $Block) { , @(Get-SentCommand -Service $service -Script $Block) }

    $script:notFound = "404 Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation couldn't be performed because object 'x' couldn't be found on 'DC1'."
    $script:exists = '400 |Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException|The object "x" already exists.'
    function Reset-Service {
        $service.Faults.Clear()
        $service.Warnings.Clear()
        $service.Answers['Get-Mailbox'] = '{"Identity":"adele","Alias":"adele"}'
        $service.Requests.Clear()
    }
    Reset-Service
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-WrittenService $service
}

Describe 'What would be done' {
    AfterEach { Reset-Service }

    It 'is said and not sent: <Command>' -ForEach @(
        @{ Command = 'Remove-Mailbox adele -WhatIf' }
        @{ Command = 'Set-Mailbox adele -Office x -WhatIf' }
        @{ Command = 'Set-OrganizationConfig -OAuth2ClientProfileEnabled $true -WhatIf' }
        @{ Command = "'adele', 'zoe' | Set-Mailbox -Office x -WhatIf" }
        @{ Command = '$WhatIfPreference = $true; Remove-Mailbox adele' }
        @{ Command = '$WhatIfPreference = $true; Set-Mailbox adele -Office x' }
        @{ Command = 'function Update-Office { [CmdletBinding(SupportsShouldProcess)] param() Set-Mailbox adele -Office x }; Update-Office -WhatIf' }
    ) {
        $sent = Get-Sent { $script:run = Invoke-WithAnswer $Command }
        $sent.Count | Should -Be 0
        $run.Errors.Count | Should -Be 0 -Because "$($run.Errors)"
        $run.Questions.Count | Should -Be 0
        @($run.Lines -match '^What if: .*(Mailbox|OrganizationConfig)').Count | Should -Be ($Command -match "'zoe'" ? 2 : 1)
    }

    It 'is sent where the caller says so in spite of the preference' {
        (Get-Sent { $WhatIfPreference = $true; Set-Mailbox adele -Office x -WhatIf:$false }).Count | Should -Be 1
    }

    It 'does not keep reading from the service' {
        (Get-Sent { $WhatIfPreference = $true; Get-Mailbox }).CmdletName | Should -Be 'Get-Mailbox'
    }
}

Describe 'Questions' {
    AfterEach { Reset-Service }

    It 'come before a removal, in one sentence that names it, and it takes one round trip' {
        $sent = Get-Sent { $script:run = Invoke-WithAnswer 'Remove-Mailbox adele' -Answers 'Yes' }
        $run.Errors.Count | Should -Be 0 -Because "$($run.Errors)"
        $run.Questions.Count | Should -Be 1
        $run.Questions[0] | Should -Match 'Remove-Mailbox.*adele'
        $sent.Count | Should -Be 1
        $sent[0].Parameters.Confirm | Should -BeFalse
        $sent[0].Parameters.Identity | Should -Be 'adele'
    }

    It 'answered with no send nothing' {
        $sent = Get-Sent { $script:run = Invoke-WithAnswer "Remove-Mailbox adele; 'after'" -Answers 'No' }
        $sent.Count | Should -Be 0
        $run.Errors.Count | Should -Be 0 -Because "$($run.Errors)"
        $run.Output | Should -Be @('after')
    }

    It 'answered with yes to all come once' {
        $sent = Get-Sent { $script:run = Invoke-WithAnswer "'a', 'b', 'c' | Remove-Mailbox" -Answers 'Yes to All' }
        $run.Questions.Count | Should -Be 1
        $sent.Count | Should -Be 3
    }

    It 'answered one by one are about one each' {
        $sent = Get-Sent { $script:run = Invoke-WithAnswer "'a', 'b', 'c' | Remove-Mailbox" -Answers 'Yes', 'No', 'Yes' }
        $run.Questions.Count | Should -Be 3
        $sent.ForEach({ $_.Parameters.Identity }) -join ' ' | Should -Be 'a c'
    }

    It 'do not come: <Command>' -ForEach @(
        @{ Command = 'Remove-Mailbox adele -Confirm:$false' }
        @{ Command = '$ConfirmPreference = "None"; Remove-Mailbox adele' }
        @{ Command = 'function Remove-Leaver { [CmdletBinding(SupportsShouldProcess)] param() Remove-Mailbox adele }; Remove-Leaver -Confirm:$false' }
        @{ Command = 'Set-Mailbox adele -Office x' }
    ) {
        $sent = Get-Sent { $script:run = Invoke-WithAnswer $Command }
        $run.Errors.Count | Should -Be 0 -Because "$($run.Errors)"
        $run.Questions.Count | Should -Be 0
        $sent.Count | Should -Be 1
    }

    It 'come before a change when the caller wants it: <Command>' -ForEach @(
        @{ Command = 'Set-Mailbox adele -Office x -Confirm' }
        @{ Command = '$ConfirmPreference = "Low"; Set-Mailbox adele -Office x' }
    ) {
        $sent = Get-Sent { $script:run = Invoke-WithAnswer $Command -Answers 'No' }
        $run.Questions.Count | Should -Be 1
        $sent.Count | Should -Be 0
    }
}

Describe 'An error of the service' {
    BeforeEach { $service.Faults['Get-Mailbox'] = $notFound }
    AfterEach { Reset-Service }

    It 'lets the script go on, and is seen in $?, $Error and -ErrorVariable' {
        $Error.Clear()
        $output = @(Get-Mailbox x -ErrorAction SilentlyContinue -ErrorVariable failed; $?; 'after')
        $output | Should -Be @($false, 'after')
        $Error.Count | Should -Be 1
        $failed.Count | Should -Be 1
        Get-Mailbox x -ErrorAction SilentlyContinue -ErrorVariable +failed
        $failed.Count | Should -Be 2
        $global:EXO_LastExecutionStatus | Should -BeFalse
    }

    It 'is on the error stream' {
        $merged = @(Get-Mailbox x -ErrorAction Continue 2>&1)
        $merged.Count | Should -Be 1
        $merged[0] | Should -BeOfType [Management.Automation.ErrorRecord]
    }

    It 'leaves nothing behind when it is ignored' {
        $Error.Clear()
        $output = @(Get-Mailbox x -ErrorAction Ignore; 'after')
        $output | Should -Be @('after')
        $Error.Count | Should -Be 0
    }

    It 'is caught with -ErrorAction Stop: by type, and by a trap' {
        $caught = try { Get-Mailbox x -ErrorAction Stop; 'after' } catch [ExchangeOnlineRs.ExchangeOnlineException] { "caught $($_.Exception.Kind)" }
        $caught | Should -Be 'caught notFound'
        $trapped = & { trap { "trapped $($_.CategoryInfo.Reason)"; continue }; Get-Mailbox x -ErrorAction Stop; 'after' }
        $trapped | Should -Be @('trapped ManagementObjectNotFoundException', 'after')
    }

    It 'obeys $ErrorActionPreference of <Scope>' -ForEach @(
        @{ Scope = 'the script block'; Script = { $ErrorActionPreference = 'Stop'; Get-Mailbox x } }
        @{ Scope = 'the function that calls'; Script = { function Get-One { $ErrorActionPreference = 'Stop'; Get-Mailbox x }; Get-One } }
        @{ Scope = 'the caller of the function'; Script = { function Get-One { Get-Mailbox x }; $ErrorActionPreference = 'Stop'; Get-One } }
        @{ Scope = 'an advanced function called with -ErrorAction'; Script = { function Get-One { [CmdletBinding()] param() Get-Mailbox x }; Get-One -ErrorAction Stop } }
        @{ Scope = 'a module function'; Script = {
                $module = New-Module -ScriptBlock { function Get-One { $ErrorActionPreference = 'Stop'; Get-Mailbox x } }
                & $module { Get-One }
            }
        }
        @{ Scope = 'a module'; Script = {
                $module = New-Module -ScriptBlock { $ErrorActionPreference = 'Stop'; function Get-One { Get-Mailbox x } }
                & $module { Get-One }
            }
        }
        @{ Scope = 'a script file'; Script = {
                $file = Join-Path $TestDrive 'stop.ps1'
                Set-Content -LiteralPath $file -Value "`$ErrorActionPreference = 'Stop'; Get-Mailbox x; 'after'"
                & $file
            }
        }
    ) {
        $caught = try { & $Script } catch { $_.CategoryInfo.Category }
        $caught | Should -Be 'ObjectNotFound'
    }

    It 'obeys $ErrorActionPreference SilentlyContinue of the caller' {
        $Error.Clear()
        $output = & { $ErrorActionPreference = 'SilentlyContinue'; Get-Mailbox x; 'after' } 2>&1
        $output | Should -Be @('after')
        $Error.Count | Should -Be 1
    }

    It 'says what, about what, and where' {
        $file = Join-Path $TestDrive 'line.ps1'
        Set-Content -LiteralPath $file -Value @('# first', '$null = 1', "Get-Mailbox -Identity 'no such' -ErrorAction SilentlyContinue -ErrorVariable global:exorsFailed")
        try {
            & $file
            $record = $global:exorsFailed[0]
        }
        finally { Remove-Variable -Scope Global -Name exorsFailed }
        $record.Exception | Should -BeOfType [ExchangeOnlineRs.ExchangeOnlineException]
        $record.Exception.Message | Should -Be ($notFound.Substring(4))
        $record.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $record.CategoryInfo.Activity | Should -Be 'Get-Mailbox'
        $record.CategoryInfo.Reason | Should -Be 'ManagementObjectNotFoundException'
        $record.TargetObject | Should -Be 'no such'
        $record.FullyQualifiedErrorId | Should -Match '^\[Server=.*,RequestId=.*,TimeStamp=.*\],Write-ErrorMessage'
        $record.InvocationInfo.MyCommand.Name | Should -Be 'Get-Mailbox'
        $record.InvocationInfo.ScriptName | Should -Be $file
        $record.InvocationInfo.ScriptLineNumber | Should -Be 3
        $record.InvocationInfo.Line | Should -Match '^Get-Mailbox -Identity'
        $record.ScriptStackTrace | Should -Match 'line\.ps1: line 3'
    }

    It 'has the words by which scripts tell it: <Kind>' -ForEach @(
        @{ Kind = 'not found'; Fault = "404 Ex41BAF5|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The specified mailbox doesn't exist."; Words = 'ManagementObjectNotFoundException'; Category = 'ObjectNotFound' }
        @{ Kind = 'exists'; Fault = '400 |Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException|The object "x" already exists.'; Words = 'ADObjectAlreadyExistsException|already exists'; Category = 'ResourceExists' }
        @{ Kind = 'ambiguous'; Fault = "400 Ex1|Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException|'X' doesn't represent a unique recipient."; Words = "doesn't represent a unique recipient"; Category = 'InvalidArgument' }
        @{ Kind = 'not found, without a class'; Fault = "400 The migration batch ""x"" can't be found."; Words = "can't be found"; Category = 'ObjectNotFound' }
        @{ Kind = 'not found, in other words'; Fault = '400 Ex94914C||Couldn''t find object "x". Please make sure that it was spelled correctly or specify a different object.'; Words = "^Ex94914C\|\|Couldn't find object"; Category = 'ObjectNotFound' }
        @{ Kind = 'out of scope'; Fault = "400 Ex9C5A01|Microsoft.Exchange.Configuration.Tasks.OperationNotAllowedException|'adele' isn't within your current write scopes. Can't perform save operation."; Words = "isn't within your current write scopes"; Category = 'PermissionDenied' }
        @{ Kind = 'denied'; Fault = '400 |System.UnauthorizedAccessException|Access is denied.'; Words = 'UnauthorizedAccess'; Category = 'PermissionDenied' }
        @{ Kind = 'another environment'; Fault = '400 This command is only allowed to run in Exchange Online Protection environment.'; Words = 'only allowed to run in Exchange Online Protection environment'; Category = 'InvalidOperation' }
        @{ Kind = 'not supported'; Fault = '400 |System.NotSupportedException|Cmdlet type is not supported.'; Words = 'Cmdlet type is not supported'; Category = 'InvalidOperation' }
        @{ Kind = 'the wrong kind of recipient'; Fault = '400 |Microsoft.Exchange.Management.Tasks.RecipientTaskException|This task does not support recipients of this type.'; Words = 'RecipientTaskException'; Category = 'InvalidOperation' }
        @{ Kind = 'an argument'; Fault = '400 |Microsoft.Exchange.Data.PropertyValidationException|Property validation failed.'; Words = 'PropertyValidationException'; Category = 'InvalidArgument' }
        @{ Kind = 'a domain'; Fault = "400 |Microsoft.Exchange.Data.Directory.SystemConfiguration.NotAcceptedDomainException|You can't use the domain."; Words = 'NotAcceptedDomainException'; Category = 'InvalidArgument' }
        @{ Kind = 'bars without anything between'; Fault = '400 ||Something is wrong.'; Words = '^\|\|Something is wrong\.$'; Category = 'NotSpecified' }
        @{ Kind = 'a plain text'; Fault = '400 Something is wrong.'; Words = '^Something is wrong\.$'; Category = 'NotSpecified|InvalidOperation|InvalidArgument' }
    ) {
        $service.Faults['Get-Mailbox'] = $Fault
        Get-Mailbox x -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].Exception.Message | Should -Match $Words
        $failed[0].CategoryInfo.Category | Should -Match "^(?:$Category)$"
    }

    It 'that only says the service is out of order is reported at once: <Text>' -ForEach @(
        @{ Text = 'A server side error has occurred because of which the operation could not be completed. Please try again after some time.' }
        @{ Text = 'The cmdlet you attempted to run is currently unavailable. Please try again later.' }
    ) {
        $service.Faults['Get-Mailbox'] = "400 $Text"
        $sent = Get-Sent { Get-Mailbox x -ErrorAction SilentlyContinue -ErrorVariable script:failed }
        $sent.Count | Should -Be 1
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceUnavailable'
        $failed[0].Exception.Message | Should -Be $Text
    }

    It 'about one object of a pipeline does not stop the others' {
        $service.Faults['Set-Mailbox'] = $notFound
        $sent = Get-Sent { 'a', 'b', 'c' | Set-Mailbox -Office x -ErrorAction SilentlyContinue -ErrorVariable script:failed }
        $sent.Count | Should -Be 3
        $failed.Count | Should -Be 3
        $failed.TargetObject -join ' ' | Should -Be 'a b c'
    }

    It 'stops the pipeline with -ErrorAction Stop' {
        $service.Faults['Set-Mailbox'] = $notFound
        $sent = Get-Sent { try { 'a', 'b', 'c' | Set-Mailbox -Office x -ErrorAction Stop } catch { $null = $_ } }
        $sent.Count | Should -Be 1
    }

    It 'of a creation is no output' {
        $service.Faults['New-Mailbox'] = $exists
        $made = New-Mailbox -Name x -Shared -ErrorAction SilentlyContinue -ErrorVariable failed
        $made | Should -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
    }

    It 'ends the command when there is no session to work on, whatever the preference' {
        Disconnect-ExchangeOnline -Confirm:$false
        try {
            $reached = @(try { 'a', 'b' | Get-Mailbox -ErrorAction SilentlyContinue; 'after' } catch { $_.CategoryInfo.Category })
            $reached -join ' ' | Should -Be 'ConnectionError'
        }
        finally { Connect-WrittenService -Service $service }
    }
}

Describe 'An error of a bulk cmdlet' {
    It 'shows what the service says, and where it happened only to those who ask' {
        $null = Get-EXOMailbox x -ErrorAction SilentlyContinue
        $address = (@($service.Reads)[-1] -split "`n")[0]
        $stack = '   at Exchange.Server.Run() in run.cs:line 3\r\n' * 50
        $service.Entities[$address] = '400 {"error":{"code":"BadRequest","message":"An error occurred while processing this request.","innererror":{"message":"boom","type":"System.NullReferenceException","stacktrace":"' + $stack + '","internalexception":{"message":"inner","stacktrace":"   at Inner.Run()"}}}}'
        try {
            $told = @(Get-EXOMailbox x -ErrorAction SilentlyContinue -ErrorVariable failed -Verbose 4>&1)
            $failed[0].Exception.Message | Should -Be 'Error while querying REST service. HttpStatusCode=400 ErrorMessage={"error":{"code":"BadRequest","message":"An error occurred while processing this request.","innererror":{"message":"boom","type":"System.NullReferenceException","internalexception":{"message":"inner"}}}}'
            $failed[0].FullyQualifiedErrorId | Should -Not -Match 'run\.cs|Inner\.Run'
            $details = $told.Where({ $_ -is [Management.Automation.VerboseRecord] }).Message -join "`n"
            $details | Should -Match 'at Exchange\.Server\.Run\(\) in run\.cs:line 3'
            $details | Should -Match 'at Inner\.Run\(\)'
        }
        finally { $null = $service.Entities.TryRemove($address, [ref]$null) }
    }
}

Describe 'Without a connection' {
    BeforeAll { Disconnect-ExchangeOnline -Confirm:$false }
    AfterAll { if (-not (Get-ConnectionInformation)) { Connect-WrittenService -Service $service } }
    AfterEach { Reset-Service }

    It 'a cmdlet of the service fails as a command that is not there: <Command>' -ForEach @(
        @{ Command = 'Get-Mailbox x' }
        @{ Command = 'Set-Mailbox x -Office y' }
        @{ Command = 'Get-EXOMailbox x' }
        @{ Command = 'Get-ComplianceSearch' }
        @{ Command = "'a', 'b' | Get-Mailbox" }
    ) {
        $caught = try { & ([scriptblock]::Create($Command)) -ErrorAction Stop } catch [Management.Automation.CommandNotFoundException] { $_ }
        $caught.Exception | Should -BeOfType [ExchangeOnlineRs.NotConnectedException]
        $caught.Exception.Kind | Should -Be 'notConnected'
        $caught.Exception.Message | Should -Match '^You must call Connect-(ExchangeOnline|IPPSSession) before calling any other cmdlet\.'
        $caught.FullyQualifiedErrorId | Should -BeLike 'NotConnected,*'
        $caught.Exception.ErrorRecord.FullyQualifiedErrorId | Should -Be 'NotConnected'
        $caught.CategoryInfo.Category | Should -Be 'ConnectionError'
        $caught.InvocationInfo.MyCommand.Name | Should -Match '^[GS]et-'
    }

    It 'a script that connects when the command is not there does so' {
        $found = try { Get-Mailbox adele -ErrorAction Stop }
        catch [System.Management.Automation.CommandNotFoundException] {
            Connect-WrittenService -Service $service
            Get-Mailbox adele -ErrorAction Stop
        }
        $found.Identity | Should -Be 'adele'
        @(Get-ConnectionInformation).Count | Should -Be 1
    }
}

Describe 'A warning of the service' {
    BeforeEach { $service.Warnings['Set-Mailbox'] = '"The command completed but nothing was changed."' }
    AfterEach { Reset-Service }

    It 'is on the warning stream, and no output' {
        $merged = @(Set-Mailbox adele -Office x 3>&1)
        $merged.Count | Should -Be 1
        $merged[0] | Should -BeOfType [Management.Automation.WarningRecord]
        $merged[0].Message | Should -Be 'The command completed but nothing was changed.'
    }

    It 'is kept in -WarningVariable, also when it is not shown' {
        $shown = @(Set-Mailbox adele -Office x -WarningVariable kept -WarningAction SilentlyContinue 3>&1)
        $shown.Count | Should -Be 0
        $kept.Count | Should -Be 1
        "$($kept[0])" | Should -Match 'nothing was changed'
    }

    It 'is not shown where the caller wants none: <Case>' -ForEach @(
        @{ Case = 'Ignore'; Script = { Set-Mailbox adele -Office x -WarningAction Ignore 3>&1 } }
        @{ Case = '$WarningPreference'; Script = { $WarningPreference = 'SilentlyContinue'; Set-Mailbox adele -Office x 3>&1 } }
        @{ Case = 'a function called with -WarningAction'; Script = { function Update-Office { [CmdletBinding()] param() Set-Mailbox adele -Office x }; Update-Office -WarningAction SilentlyContinue 3>&1 } }
    ) {
        @(& $Script).Count | Should -Be 0
    }

    It 'stops the script that wants to be stopped' {
        { Set-Mailbox adele -Office x -WarningAction Stop } | Should -Throw -ErrorId 'ActionPreferenceStop*'
    }

    It 'comes with an error too' {
        $service.Faults['Set-Mailbox'] = $notFound
        $merged = @(Set-Mailbox adele -Office x -ErrorAction SilentlyContinue -ErrorVariable failed 3>&1)
        $failed.Count | Should -Be 1
        $merged.Count | Should -Be 1
    }

    It 'says that there is more, once, and honours -WarningAction' {
        $service.Answers['Get-Mailbox'] = (1..3 | ForEach-Object { "{""Identity"":""m$_""}" }) -join ','
        $merged = @(Get-Mailbox -ResultSize 2 3>&1)
        @($merged | Where-Object { $_ -is [Management.Automation.WarningRecord] }).Message | Should -Match '^There are more results available'
        @(Get-Mailbox -ResultSize 2 -WarningAction SilentlyContinue 3>&1).Count | Should -Be 2
    }
}
