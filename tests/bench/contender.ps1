#Requires -Version 7.4
<#
.SYNOPSIS
Does with the module what bare-client does without it.
.DESCRIPTION
Reads lines from standard input, does what each one says, and answers with the milliseconds it took. See src/main.rs for the lines.
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
$ready = Get-Content -LiteralPath $ReadyFile -Raw | ConvertFrom-Json
$env:SSL_CERT_FILE = $ready.caCertificate
$account = $ready.accounts[0]
$credential = [pscredential]::new($account.userPrincipalName, (ConvertTo-SecureString $account.password -AsPlainText -Force))
$address = @{ ConnectionUri = $ready.connectionUri; AzureADAuthorizationEndpointUri = $ready.authorizationUri; ShowBanner = $false }

while ($null -ne ($line = [Console]::In.ReadLine())) {
    switch ($line) {
        'connect' {
            $watch = [Diagnostics.Stopwatch]::StartNew()
            Connect-ExchangeOnline @address -Credential $credential
            $mailbox = Get-Mailbox -ResultSize 1 -WarningAction SilentlyContinue
            $watch.Stop()
            Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore
        }
        'call' {
            if (-not (Get-ConnectionInformation)) {
                Connect-ExchangeOnline @address -Credential $credential
                $identity = (Get-Mailbox -ResultSize 1 -WarningAction SilentlyContinue).PrimarySmtpAddress
            }
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $mailbox = Get-Mailbox -Identity $identity
            $watch.Stop()
        }
        default { throw "'$line' is nothing that can be measured." }
    }
    if (@($mailbox).Count -ne 1) { throw "$(@($mailbox).Count) mailboxes came." }
    [Console]::Out.WriteLine($watch.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture))
}
