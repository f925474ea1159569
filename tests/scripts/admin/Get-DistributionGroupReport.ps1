#Requires -Version 7.4

<#
.SYNOPSIS
Lists distribution groups with their owners and members, and marks those that nobody owns or nobody is in.
#>
[CmdletBinding()]
param(
    # Only groups that need a look.
    [switch] $OnlyProblems,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)

Connect-ExchangeOnline @Connection
[array]$groups = Get-DistributionGroup -ResultSize Unlimited -ErrorAction Stop
$i = 0
$report = foreach ($group in $groups | Sort-Object DisplayName) {
    $i++
    Write-Progress -Activity 'Reading groups' -Status $group.DisplayName -PercentComplete (100 * $i / $groups.Count)
    [array]$members = Get-DistributionGroupMember -Identity $group.PrimarySmtpAddress -ResultSize Unlimited -ErrorAction SilentlyContinue
    $problems = @(
        if ($group.ManagedBy.Count -eq 0) { 'no owner' }
        if ($members.Count -eq 0) { 'no members' }
    )
    [pscustomobject][ordered]@{
        Name     = $group.DisplayName
        Address  = $group.PrimarySmtpAddress
        Type     = $group.RecipientTypeDetails
        Owners   = $group.ManagedBy -join '; '
        Members  = ($members | Sort-Object DisplayName | Select-Object -ExpandProperty DisplayName) -join '; '
        Count    = $members.Count
        External = [bool]($group.RequireSenderAuthenticationEnabled -eq $false)
        Problems = $problems -join ', '
    }
}
Write-Progress -Activity 'Reading groups' -Completed
Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction SilentlyContinue
if ($OnlyProblems) { $report | Where-Object Problems } else { $report }
