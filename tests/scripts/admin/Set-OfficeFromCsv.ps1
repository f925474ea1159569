#Requires -Version 7.4

<#
.SYNOPSIS
Sets the office of people as a list says, and writes down what was done.
.DESCRIPTION
The list has the columns Mailbox and Office. Who is not found is noted and left out; with -WhatIf nothing is changed.
.EXAMPLE
./Set-OfficeFromCsv.ps1 -Path moves.csv -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [string] $Path,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)

Connect-ExchangeOnline @Connection
foreach ($line in Import-Csv -LiteralPath $Path) {
    $result = 'Unchanged'
    $message = ''
    try {
        $mailbox = Get-Mailbox -Identity $line.Mailbox -ErrorAction Stop
        if ($mailbox.Office -ne $line.Office) {
            if ($PSCmdlet.ShouldProcess($mailbox.DisplayName, "Set the office to $($line.Office)")) {
                $mailbox | Set-Mailbox -Office $line.Office -ErrorAction Stop
                $result = 'Changed'
            }
            else { $result = 'Would change' }
        }
    }
    catch {
        if ($_.Exception.Message -match "ManagementObjectNotFoundException|couldn't be found") { $result = 'Not found' }
        else {
            $result = 'Failed'
            $message = ($_.Exception.Message -split '\|')[-1]
        }
    }
    [pscustomobject]@{ Mailbox = $line.Mailbox; Office = $line.Office; Result = $result; Message = $message }
}
Disconnect-ExchangeOnline -Confirm:$false -WhatIf:$false -InformationAction Ignore -ErrorAction SilentlyContinue
