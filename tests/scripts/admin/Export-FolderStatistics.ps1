#Requires -Version 7.4

<#
.SYNOPSIS
Writes one line for each mailbox: its fullest folder, its newest message, its deleted items, and its archive if it has one.
#>
[CmdletBinding()]
param(
    # Where to write the lines.
    [Parameter(Mandatory)] [string] $CsvPath,
    # How to connect: parameters of Connect-ExchangeOnline.
    [hashtable] $Connection = @{}
)

Connect-ExchangeOnline @Connection
[array]$mbx = Get-EXOMailbox -ResultSize Unlimited -RecipientTypeDetails UserMailbox -PropertySets Archive | Sort-Object DisplayName
$count = 0
$lines = foreach ($m in $mbx) {
    $count++
    Write-Progress -Activity 'Reading folders' -Status $m.DisplayName -PercentComplete ($count / $mbx.Count * 100)
    [array]$folders = Get-EXOMailboxFolderStatistics -Identity $m.ExternalDirectoryObjectId -IncludeOldestAndNewestItems
    $largest = $folders | Sort-Object { $_.FolderSize.Value.ToBytes() } -Descending | Select-Object -First 1
    $inbox = $folders | Where-Object FolderType -EQ 'Inbox'
    $deleted = $folders | Where-Object { $_.FolderPath -eq '/Deleted Items' }
    # Only who has an archive is asked for it.
    $archive = if ($m.ArchiveStatus -eq 'Active') { Get-EXOMailboxStatistics -Identity $m.UserPrincipalName -Archive }
    [PSCustomObject]@{
        Name         = $m.DisplayName
        Address      = $m.PrimarySmtpAddress
        Folders      = $folders.Count
        Items        = ($folders | Measure-Object ItemsInFolder -Sum).Sum
        Largest      = $largest.FolderPath
        LargestMB    = [math]::Round(($largest.FolderSize.ToString().Split('(')[1].Split(' ')[0].Replace(',', '') / 1MB), 2)
        Newest       = if ($inbox.NewestItemReceivedDate) { Get-Date $inbox.NewestItemReceivedDate -Format 's' }
        Deleted      = $deleted.ItemsInFolder
        ArchiveItems = $archive.ItemCount
        ArchiveSize  = if ($archive) { $archive.TotalItemSize.Value.ToString().Split('(')[0].Trim() }
    }
}
Write-Progress -Activity 'Reading folders' -Completed
$lines | Export-Csv -NoTypeInformation -Path $CsvPath
Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore -ErrorAction SilentlyContinue
