# What the contenders in PowerShell share: how they answer, and what they write to files.

function Write-Answer {
    <#
    .SYNOPSIS
    Answers with the time that something took and what came of it.
    #>
    [CmdletBinding()]
    param(
        # A stopwatch that was stopped, or a time.
        [Parameter(Mandatory, Position = 0)] [object] $Watch,
        # The addresses that came, in their order.
        [string[]] $Address,
        # How many objects came, where addresses are not looked at.
        [long] $Rows,
        # What it was done with.
        [string] $With
    )
    $time = if ($Watch -is [timespan]) { $Watch } else { $Watch.Elapsed }
    $answer = [ordered]@{ milliseconds = $time.TotalMilliseconds }
    if ($PSBoundParameters.ContainsKey('Address')) {
        $bytes = [Text.Encoding]::UTF8.GetBytes(($Address -join "`n") + "`n")
        $answer.rows = $Address.Count
        $answer.checksum = [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($bytes))
    }
    if ($PSBoundParameters.ContainsKey('Rows')) { $answer.rows = $Rows }
    if ($With) { $answer.with = $With }
    [Console]::Out.WriteLine(($answer | ConvertTo-Json -Compress))
}

function Get-CsvProperty {
    <#
    .SYNOPSIS
    The 20 properties of an export as administrators make it.
    #>
    'DisplayName', 'PrimarySmtpAddress', 'UserPrincipalName', 'Alias', 'RecipientTypeDetails', 'ExchangeGuid', 'Guid',
    'ExternalDirectoryObjectId', 'WhenCreated', 'WhenChanged', 'ArchiveStatus', 'ArchiveGuid', 'LitigationHoldEnabled',
    'RetentionPolicy', 'ForwardingSmtpAddress', 'DeliverToMailboxAndForward', 'HiddenFromAddressListsEnabled',
    'ProhibitSendQuota', 'IssueWarningQuota', 'Office'
}

Export-ModuleMember -Function Write-Answer, Get-CsvProperty
