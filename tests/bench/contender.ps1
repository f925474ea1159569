#Requires -Version 7.4
<#
.SYNOPSIS
Does with the module what the other programs here do without it.
.DESCRIPTION
Reads lines from standard input, does what each one says, and answers with a line of JSON: milliseconds is the time it took, rows and
checksum say what came. The command that was measured stands beside each line's name below.
#>
[CmdletBinding()]
param(
    # The module's manifest.
    [Parameter(Mandatory)] [string] $Module,
    # What the tenant wrote when it was ready.
    [Parameter(Mandatory)] [string] $ReadyFile
)
$ErrorActionPreference = 'Stop'

Import-Module $Module
Import-Module (Join-Path $PSScriptRoot 'Answers.psm1')
$ready = Get-Content -LiteralPath $ReadyFile -Raw | ConvertFrom-Json
$env:SSL_CERT_FILE = $ready.caCertificate
$account = $ready.accounts[0]
$credential = [pscredential]::new($account.userPrincipalName, (ConvertTo-SecureString $account.password -AsPlainText -Force))
$address = @{ ConnectionUri = $ready.connectionUri; AzureADAuthorizationEndpointUri = $ready.authorizationUri; ShowBanner = $false }
# A list that is cut short on purpose says so in a warning.
$WarningPreference = 'SilentlyContinue'

function Assert-One([object[]] $Mailbox) {
    if ($Mailbox.Count -ne 1) { throw "$($Mailbox.Count) mailboxes came." }
}

while ($null -ne ($line = [Console]::In.ReadLine())) {
    $what, $argument, $file = $line -split ' ', 3
    if ($what -ne 'connect' -and -not (Get-ConnectionInformation)) {
        Connect-ExchangeOnline @address -Credential $credential
    }
    $watch = [Diagnostics.Stopwatch]::StartNew()
    switch ($what) {
        'connect' {
            Connect-ExchangeOnline @address -Credential $credential
            $mailbox = Get-Mailbox -ResultSize 1
            $watch.Stop()
            Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore
            Assert-One $mailbox
            Write-Answer $watch
        }
        'call' {
            if (-not $identity) { $identity = (Get-Mailbox -ResultSize 1).PrimarySmtpAddress }
            $watch.Restart()
            $mailbox = Get-Mailbox -Identity $identity
            $watch.Stop()
            Assert-One $mailbox
            Write-Answer $watch
        }
        'addresses' {
            $addresses = Get-Mailbox -ResultSize $argument | ForEach-Object { $_.PrimarySmtpAddress }
            $watch.Stop()
            Write-Answer $watch -Address $addresses
        }
        'first' {
            $first = Get-Mailbox -ResultSize Unlimited |
                ForEach-Object { [pscustomobject]@{ Address = $_.PrimarySmtpAddress; At = $watch.Elapsed } } |
                Select-Object -First 1
            if (-not $first.Address) { throw 'No mailbox came.' }
            Write-Answer $first.At
        }
        'count' {
            $count = 0
            Get-Mailbox -ResultSize $argument | ForEach-Object { $count++ }
            $watch.Stop()
            Write-Answer $watch -Rows $count
        }
        'keep' {
            $kept = Get-Mailbox -ResultSize $argument
            $addresses = foreach ($mailbox in $kept) {
                $seen = $mailbox.DisplayName, $mailbox.RecipientTypeDetails, $mailbox.WhenCreated, $mailbox.EmailAddresses
                if ($seen.Count -lt 4) { throw "The mailbox $mailbox lacks a property." }
                $mailbox.PrimarySmtpAddress
            }
            $watch.Stop()
            Write-Answer $watch -Address $addresses
            # What is kept is measured from outside until the next line comes.
        }
        'release' {
            $kept = $mailbox = $seen = $addresses = $null
            Write-Answer $watch
        }
        'csv' {
            Get-Mailbox -ResultSize $argument | Select-Object -Property (Get-CsvProperty) | Export-Csv -LiteralPath $file
            $watch.Stop()
            Write-Answer $watch -Address (Import-Csv -LiteralPath $file).PrimarySmtpAddress
        }
        'statistics' {
            $mailboxes = Get-Mailbox -ResultSize $argument
            $limit = if ($file) { @{ ThrottleLimit = [int]$file } } else { @{} }
            $watch.Restart()
            $statistics = $mailboxes | Get-EXOMailboxStatistics @limit
            $watch.Stop()
            # Each answer belongs to its mailbox, in the order of the mailboxes.
            $asked, $answered = (@($mailboxes.ExchangeGuid) -join ' '), (@($statistics.MailboxGuid) -join ' ')
            if ($asked -ne $answered) { throw "The statistics aren't those of the mailboxes." }
            Write-Answer $watch -Rows @($statistics).Count
        }
        'clean' {
            [GC]::Collect(2, [GCCollectionMode]::Aggressive, $true, $true)
            [GC]::WaitForPendingFinalizers()
            [GC]::Collect(2, [GCCollectionMode]::Aggressive, $true, $true)
            Write-Answer $watch
        }
        default { throw "'$line' is nothing that can be measured." }
    }
}
