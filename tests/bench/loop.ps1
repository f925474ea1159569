#Requires -Version 7.4
<#
.SYNOPSIS
Reads mailboxes as scripts do without a module: Invoke-RestMethod in a loop that follows the links.
.DESCRIPTION
Reads lines from standard input, does what each one says, and answers with a line of JSON, as contender.ps1 does.
#>
[CmdletBinding()]
param(
    # What the tenant wrote when it was ready.
    [Parameter(Mandatory)] [string] $ReadyFile
)
$ErrorActionPreference = 'Stop'

Import-Module (Join-Path $PSScriptRoot 'Answers.psm1')
$ready = Get-Content -LiteralPath $ReadyFile -Raw | ConvertFrom-Json
$account = $ready.accounts[0]
$form = @{
    grant_type = 'password'
    client_id  = 'fb78d390-0c51-40cd-8e17-fdbfab77341b'
    username   = $account.userPrincipalName
    password   = $account.password
    scope      = 'https://outlook.office365.com/.default openid profile offline_access'
}
# The tenant's certificate is known to nobody; checking it would cost a handshake's worth and no more.
$common = @{ Method = 'Post'; SkipCertificateCheck = $true }
$token = (Invoke-RestMethod @common -Uri "$($ready.authorizationUri)/oauth2/v2.0/token" -Body $form).access_token
$headers = @{
    Authorization        = "Bearer $token"
    Prefer               = 'odata.maxpagesize=1000'
    'X-ResponseFormat'   = 'json'
    'X-CmdletName'       = 'Get-Mailbox'
    'X-AnchorMailbox'    = "UPN:$($account.userPrincipalName)"
}

function Read-Mailbox([string] $ResultSize) {
    $body = @{ CmdletInput = @{ CmdletName = 'Get-Mailbox'; Parameters = @{ ResultSize = $ResultSize } } } | ConvertTo-Json -Depth 5
    $uri = "$($ready.connectionUri)/adminapi/beta/$($ready.tenantId)/InvokeCommand"
    while ($uri) {
        $page = Invoke-RestMethod @common -Uri $uri -Headers $headers -ContentType 'application/json' -Body $body
        $page.value
        $uri = $page.'@odata.nextLink'
    }
}

# A re-written cmdlet isn't signed by the makers of PowerShell.
$signed = (Get-Command Invoke-RestMethod).ImplementingType.Assembly.GetName().GetPublicKeyToken().Count -gt 0
$cmdlets = $signed ? "the cmdlets of PowerShell $($PSVersionTable.PSVersion)" : 're-written cmdlets of a stand-in for PowerShell'

while ($null -ne ($line = [Console]::In.ReadLine())) {
    $what, $argument, $file = $line -split ' ', 3
    $watch = [Diagnostics.Stopwatch]::StartNew()
    switch ($what) {
        'addresses' {
            $addresses = Read-Mailbox $argument | ForEach-Object { $_.PrimarySmtpAddress }
            $watch.Stop()
            Write-Answer $watch -Address $addresses -With $cmdlets
        }
        'csv' {
            Read-Mailbox $argument | Select-Object -Property (Get-CsvProperty) | Export-Csv -LiteralPath $file
            $watch.Stop()
            Write-Answer $watch -Address (Import-Csv -LiteralPath $file).PrimarySmtpAddress -With $cmdlets
        }
        default { throw "'$line' is nothing that can be measured." }
    }
}
