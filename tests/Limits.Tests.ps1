#Requires -Version 7.4
BeforeDiscovery {
    $script:broken = @(
        @{ What = 'a null character'; Text = "ab`0c"; Words = 'null character at position 2' }
        @{ What = 'the first half of a character'; Text = "abc$([char]0xd83c)"; Words = 'half a character at position 3' }
        @{ What = 'the second half of a character'; Text = "$([char]0xdf75)abc"; Words = 'half a character at position 0' }
        @{ What = 'halves in the wrong order'; Text = "a$([char]0xdf75)$([char]0xd83c)"; Words = 'half a character at position 1' }
    )
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:tenant = Start-TestTenant -Mailboxes 3 -Options '--log-parameters'
    Connect-TestTenant -Tenant $tenant

    # The error of a call of which nothing may be sent.
    function Get-Refusal([scriptblock] $Script) {
        $before = Measure-TenantRequest -Tenant $tenant
        $record = Get-Failure $Script
        Measure-TenantRequest -Tenant $tenant | Should -Be $before
        $record.CategoryInfo.Category | Should -Be 'InvalidArgument'
        $global:EXO_LastExecutionStatus | Should -BeFalse
        $record
    }
}

AfterAll {
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
}

Describe 'A text with <What>' -ForEach $broken {
    It 'is refused as <Where>, and the parameter is named' -ForEach @(
        @{ Where = 'a value'; Parameter = 'Office'; Script = { Set-Mailbox adele -Office $Text -ErrorAction Stop } }
        @{ Where = 'an identity'; Parameter = 'Identity'; Script = { Get-Mailbox $Text -ErrorAction Stop } }
        @{ Where = 'a filter'; Parameter = 'Filter'; Script = { Get-Mailbox -Filter "Office -eq '$Text'" -ErrorAction Stop } }
        @{ Where = 'an item'; Parameter = 'AcceptMessagesOnlyFrom'; Script = { Set-Mailbox adele -AcceptMessagesOnlyFrom 'a', $Text -ErrorAction Stop } }
        @{ Where = 'a value of a change'; Parameter = 'EmailAddresses'; Script = { Set-Mailbox adele -EmailAddresses @{ Add = "smtp:$Text" } -ErrorAction Stop } }
        @{ Where = 'a key'; Parameter = 'EmailAddresses'; Script = { Set-Mailbox adele -EmailAddresses @{ $Text = 'x' } -ErrorAction Stop } }
        @{ Where = 'the name of an object'; Parameter = 'Identity'; Script = { Get-Mailbox -Identity ([pscustomobject]@{ PrimarySmtpAddress = $Text }) -ErrorAction Stop } }
        @{ Where = 'a value of a cmdlet by name'; Parameter = 'Some'; Script = { Invoke-ExchangeOnlineCommand Get-Nothing @{ Some = $Text } -ErrorAction Stop } }
    ) {
        $record = Get-Refusal $Script
        $record.FullyQualifiedErrorId | Should -BeLike 'InvalidText,*'
        # In a filter or an address the text begins later.
        $record.Exception.Message | Should -BeLike "*parameter '$Parameter'*$($Words -replace ' at .*')*"
        if ($Where -eq 'a value') { $record.Exception.Message | Should -BeLike "*$Words*" }
    }
}

Describe 'Half a character by itself' {
    It 'is refused' {
        $record = Get-Refusal { Set-Mailbox adele -AcceptMessagesOnlyFrom @([char]0xd83c) -ErrorAction Stop }
        $record.FullyQualifiedErrorId | Should -BeLike 'InvalidText,*'
        $record.Exception.Message | Should -BeLike "*parameter 'AcceptMessagesOnlyFrom'*"
    }
}

Describe 'A variable that is empty' {
    It 'is refused as -<Parameter>: <Command>' -ForEach @(
        @{ Parameter = 'Mailbox'; Command = { New-InboxRule -Mailbox $nothing -Name x -DeleteMessage $true -ErrorAction Stop } }
        @{ Parameter = 'Mailbox'; Command = { New-InboxRule -Mailbox ' ' -Name x -DeleteMessage $true -ErrorAction Stop } }
        @{ Parameter = 'Mailbox'; Command = { Remove-App -Mailbox $nothing x -Confirm:$false -ErrorAction Stop } }
        @{ Parameter = 'Mailbox'; Command = { Get-InboxRule -Mailbox '' -ErrorAction Stop } }
        @{ Parameter = 'Mailbox'; Command = { Invoke-ExchangeOnlineCommand New-InboxRule @{ Mailbox = $null; Name = 'x' } -ErrorAction Stop } }
        @{ Parameter = 'Identity'; Command = { Remove-Mailbox ' ' -Confirm:$false -ErrorAction Stop } }
        @{ Parameter = 'Identity'; Command = { Get-MailboxStatistics ' ' -ErrorAction Stop } }
        @{ Parameter = 'Identity'; Command = { Get-Mailbox $nothing -ErrorAction Stop }; IsLimit = $true }
        @{ Parameter = 'User'; Command = { Get-MailboxPermission adele -User $nothing -ErrorAction Stop }; IsLimit = $true }
        @{ Parameter = 'User'; Command = { Get-EXOMailboxPermission adele -User $nothing -ErrorAction Stop }; IsLimit = $true }
        @{ Parameter = 'Trustee'; Command = { Get-RecipientPermission -Trustee '' -ErrorAction Stop }; IsLimit = $true }
        @{ Parameter = 'SenderAddress'; Command = { Get-MessageTraceV2 -SenderAddress $nothing -ErrorAction Stop }; IsLimit = $true }
        @{ Parameter = 'RecipientAddress'; Command = { Get-MessageTraceV2 -RecipientAddress @('', $nothing) -ErrorAction Stop }; IsLimit = $true }
        @{ Parameter = 'UserIds'; Command = { Search-UnifiedAuditLog -StartDate 2026-01-01 -EndDate 2026-01-02 -UserIds $nothing -ErrorAction Stop }; IsLimit = $true }
        @{ Parameter = 'RecipientPreviewFilter'; Command = { Get-Recipient -RecipientPreviewFilter $nothing -ErrorAction Stop }; IsLimit = $true }
        @{ Parameter = 'Filter'; Command = { Get-Mailbox -Filter '' -ErrorAction Stop }; IsLimit = $true }
    ) {
        $nothing = $null
        $record = Get-Refusal $Command
        $record.FullyQualifiedErrorId | Should -BeLike "Empty$Parameter,*"
        $record.Exception.Message | Should -BeLike "*parameter '$Parameter'*It is empty.*"
        # Nobody is told to leave out what a cmdlet needs, or what keeps it away from other objects.
        $record.Exception.Message -match 'leave the parameter out' | Should -Be ([bool]$IsLimit)
    }

    It 'still empties what is changed' {
        Set-Mailbox adele -Office $null -ErrorAction Stop -WarningAction Ignore
        (Get-TenantRequest -Tenant $tenant -CmdletName 'Set-Mailbox')[-1].parameters.PSObject.Properties['Office'].Value | Should -BeNullOrEmpty
    }
}

Describe 'All characters that a text may have' {
    It 'arrive as they are: <Name>' -ForEach @(
        @{ Name = 'signs of JSON'; Text = '"\/{}[],:' }
        @{ Name = 'control characters'; Text = "a`tb`nc`rd$([char]1)e$([char]0x7f)f$([char]0x85)g$([char]0x2028)" }
        @{ Name = 'beyond the first plane'; Text = '🍵𝒳' }
        @{ Name = 'the last ones'; Text = "$([char]0xffff)$([char]::ConvertFromUtf32(0x10ffff))" }
    ) {
        Set-Mailbox adele -Office $Text -ErrorAction SilentlyContinue
        # Compared one by one: culture knows characters that it takes for nothing.
        $sent = (Get-TenantRequest -Tenant $tenant -CmdletName 'Set-Mailbox')[-1].parameters.Office
        [int[]]$sent.ToCharArray() -join ' ' | Should -Be ([int[]]$Text.ToCharArray() -join ' ')
    }
}

Describe 'What is too much' {
    It 'is a text of more than four million characters' {
        $record = Get-Refusal { Set-Mailbox adele -Office ('x' * (4MB + 1)) -ErrorAction Stop }
        $record.FullyQualifiedErrorId | Should -BeLike 'TextTooLong,*'
        $record.Exception.Message | Should -BeLike "*parameter 'Office'*4,194,305 characters*4,194,304*"
        # Nobody wants to see it in the error.
        $record.Exception.Message.Length | Should -BeLessThan 300
        $record.TargetObject | Should -BeNullOrEmpty
    }

    It 'is a longer item too' {
        $record = Get-Refusal { Set-Mailbox adele -EmailAddresses @{ Add = 'a', ('x' * (4MB + 1)) } -ErrorAction Stop }
        $record.FullyQualifiedErrorId | Should -BeLike 'TextTooLong,*'
        $record.Exception.Message | Should -BeLike "*parameter 'EmailAddresses'*"
    }

    It 'is a request of more than 64 MB: <What>' -ForEach @(
        @{ What = 'many texts'; Parameter = 'A'; Value = { @('x' * 4MB) * 17 } }
        @{ What = 'many texts in tables'; Parameter = 'A'; Value = { @{ B = @(@{ C = @('x' * 4MB) * 17 }) } } }
        @{ What = 'a large file'; Parameter = 'A'; Value = { , [byte[]]::new(40MB) } }
        @{ What = 'a file of large numbers'; Parameter = 'A'; Value = { $bytes = [byte[]]::new(20MB); [array]::Fill($bytes, [byte]200); , $bytes } }
        @{ What = 'a collection without an end'; Parameter = 'A'; Value = { , [Linq.Enumerable]::Repeat('x' * 1MB, [int]::MaxValue) } }
    ) {
        $value = & $Value
        $record = Get-Refusal { Invoke-ExchangeOnlineCommand Get-Nothing @{ $Parameter = $value } -ErrorAction Stop }
        $record.FullyQualifiedErrorId | Should -BeLike 'RequestTooLong,*'
        $record.Exception.Message | Should -BeLike "*parameter '$Parameter'*64 MB*"
    }

    It 'is not what a file of some megabytes makes' {
        $bytes = [byte[]]::new(8MB)
        [Random]::new(1).NextBytes($bytes)
        $before = Measure-TenantRequest -Tenant $tenant
        $record = Get-Failure { Invoke-ExchangeOnlineCommand Get-Nothing @{ FileData = $bytes; Text = 'é' * 1MB } -ErrorAction Stop }
        $record.FullyQualifiedErrorId | Should -Not -BeLike 'RequestTooLong,*'
        # Sent it was; that the tenant takes less is its own affair.
        Measure-TenantRequest -Tenant $tenant | Should -Be ($before + 1)
    }
}
