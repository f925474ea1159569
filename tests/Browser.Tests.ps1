#Requires -Version 7.4
<#
The browser sign-in with a real browser. `cargo xtask test` names it in EXORS_CHROMIUM, and in EXORS_CHROMIUM_DRIVER the program that starts it
without a window and signs in through the tenant's pages. The pictures of the last page are kept in the folder that EXORS_SCREENSHOTS names.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    Import-Module $env:EXORS_MODULE -Force
    $script:noBrowser = if (-not $env:EXORS_CHROMIUM) { 'there is no Chromium here: set EXORS_CHROMIUM to one' }
    # With CI=true the module takes it for granted that nobody is there to sign in.
    $script:ci = $env:CI
    $env:CI = ''
    if ($noBrowser) { return }

    $script:tenant = Start-TestTenant -Mailboxes 3
    $script:address = Get-TenantAddress -Tenant $tenant
    $script:account = Get-TenantAccount -Tenant $tenant -Name 'mfa.admin'
    $script:screenshots = $env:EXORS_SCREENSHOTS
    $null = New-Item -ItemType Directory -Path $screenshots -Force

    # Signs in with the real browser, and returns the error, if there is one, and what the browser saw.
    function Connect-ByBrowser([string] $Name, [hashtable] $Variables = @{}) {
        $output = Join-Path $screenshots $Name
        Remove-Item -Path "$output-*.png", "$output.json" -ErrorAction Ignore
        Set-TestBrowser -Tenant $tenant -As 'mfa.admin' -Program $env:EXORS_CHROMIUM_DRIVER -Variables (
            @{ EXORS_CHROMIUM = $env:EXORS_CHROMIUM; DRIVEN_CHROMIUM_OUTPUT = $output } + $Variables)
        $record = $null
        try { Connect-ExchangeOnline @address -UserPrincipalName $account.UserPrincipalName } catch { $record = $_ }
        # Signing in is over before the browser is closed; its report is the last it does.
        $limit = [Diagnostics.Stopwatch]::StartNew()
        while (-not (Test-Path -LiteralPath "$output.json")) {
            if ($limit.Elapsed.TotalSeconds -gt 60) { throw "The browser left no report. The sign-in said: $record" }
            Start-Sleep -Milliseconds 50
        }
        $report = Get-Content -LiteralPath "$output.json" -Raw | ConvertFrom-Json
        if ($report.problem) { throw "The browser says: $($report.problem). The sign-in said: $record" }
        [pscustomobject]@{ Error = $record; Report = $report; Light = "$output-light.png"; Dark = "$output-dark.png" }
    }

    # The numbers of a PNG: its size, and how many colours and how light it is. Reads what browsers write: 8 bits, without interlacing.
    function Measure-Picture([string] $Path) {
        $bytes = [IO.File]::ReadAllBytes($Path)
        [Convert]::ToHexString($bytes[0..7]) | Should -Be '89504E470D0A1A0A'
        $number = { param($At) [Buffers.Binary.BinaryPrimitives]::ReadInt32BigEndian([byte[]]$bytes[$At..($At + 3)]) }
        $width, $height = (& $number 16), (& $number 20)
        $bytes[24] | Should -Be 8 -Because 'only 8 bits for each channel are read here'
        $bytes[28] | Should -Be 0 -Because 'interlaced pictures are not read here'
        $channels = switch ($bytes[25]) { 2 { 3 } 6 { 4 } default { throw "The colour type $_ is not read here." } }
        $packed = [IO.MemoryStream]::new()
        for ($at = 8; $at -lt $bytes.Length; $at += 12 + $length) {
            $length = & $number $at
            if ([Text.Encoding]::ASCII.GetString($bytes, $at + 4, 4) -eq 'IDAT') { $packed.Write($bytes, $at + 8, $length) }
        }
        $packed.Position = 0
        $plain = [IO.MemoryStream]::new()
        [IO.Compression.ZLibStream]::new($packed, [IO.Compression.CompressionMode]::Decompress).CopyTo($plain)
        $rows = $plain.ToArray()
        # Each row begins with the way in which it was filtered, relative to the pixel on its left and the row above.
        $stride = $width * $channels
        $above = [int[]]::new($stride)
        $colours = [Collections.Generic.HashSet[int]]::new()
        [long]$light = 0
        for ($y = 0; $y -lt $height; $y++) {
            $start = $y * ($stride + 1)
            $filter = $rows[$start]
            $row = [int[]]::new($stride)
            for ($x = 0; $x -lt $stride; $x++) {
                $left = 0; $corner = 0
                if ($x -ge $channels) { $left = $row[$x - $channels]; $corner = $above[$x - $channels] }
                $up = $above[$x]
                $guess = 0
                if ($filter -eq 1) { $guess = $left }
                elseif ($filter -eq 2) { $guess = $up }
                elseif ($filter -eq 3) { $guess = ($left + $up) -shr 1 }
                elseif ($filter -eq 4) {
                    $toLeft = [Math]::Abs($up - $corner); $toUp = [Math]::Abs($left - $corner); $toCorner = [Math]::Abs($left + $up - 2 * $corner)
                    $guess = ($toLeft -le $toUp -and $toLeft -le $toCorner) ? $left : ($toUp -le $toCorner ? $up : $corner)
                }
                $row[$x] = ($rows[$start + 1 + $x] + $guess) -band 255
            }
            for ($x = 0; $x -lt $stride; $x += $channels) {
                $null = $colours.Add($row[$x] * 65536 + $row[$x + 1] * 256 + $row[$x + 2])
                $light += $row[$x] + $row[$x + 1] + $row[$x + 2]
            }
            $above = $row
        }
        [pscustomobject]@{ Width = $width; Height = $height; Colours = $colours.Count; Lightness = $light / (765.0 * $width * $height) }
    }

    function Assert-Picture($Seen) {
        $light, $dark = (Measure-Picture $Seen.Light), (Measure-Picture $Seen.Dark)
        foreach ($picture in $light, $dark) {
            $picture.Width | Should -BeGreaterThan 300
            $picture.Height | Should -BeGreaterThan 300
            # Page, card, and letters with their soft edges.
            $picture.Colours | Should -BeGreaterThan 10
        }
        $light.Lightness | Should -BeGreaterThan 0.8
        $dark.Lightness | Should -BeLessThan 0.3
    }

    function Assert-SelfContained($Seen) {
        $page = $Seen.Report.last
        $page.origin | Should -Match '^http://localhost:\d+$'
        # The page itself was loaded, and nothing besides.
        @($page.requests).Count | Should -Be 1
        $page.requests[0].kind | Should -Be 'Document'
        $page.requests[0].origin | Should -Be $page.origin
        @($page.complaints | Where-Object { $_.StartsWith($page.origin) }) | Should -BeNullOrEmpty
    }
}

AfterAll {
    $env:CI = $ci
    if ($noBrowser) { return }
    Disconnect-ExchangeOnline -Confirm:$false
    Stop-TestTenant $tenant
    $env:BROWSER = $null
}

Describe 'Signing in with a real browser' {
    BeforeEach {
        if ($noBrowser) { Set-ItResult -Skipped -Because $noBrowser }
    }
    AfterEach { Disconnect-ExchangeOnline -Confirm:$false }

    It 'connects an account with a second factor and shows a page that says so' {
        $seen = Connect-ByBrowser 'success'
        $seen.Error | Should -BeNullOrEmpty
        (Get-ConnectionInformation).UserPrincipalName | Should -Be $account.UserPrincipalName
        @(Get-Mailbox).Count | Should -Be 3
        $seen.Report.pages | Should -Be @('Enter your password', 'Approve sign in request')
        $seen.Report.last.title | Should -Be 'You are signed in'
        $seen.Report.last.text | Should -Match '^You are signed in\b'
        $seen.Report.last.text | Should -Match 'PowerShell'
        Assert-SelfContained $seen
        Assert-Picture $seen
    }

    It 'fails with the reason and shows a page that says so when <Name>' -ForEach @(
        @{ Name = 'the person cancels'; File = 'cancelled'; Variables = @{ SCRIPTED_BROWSER_ACTION = 'cancel' }; Code = 'AADSTS65004' }
        @{ Name = 'the second factor is denied'; File = 'denied'; Variables = @{ SCRIPTED_BROWSER_MFA = 'deny' }; Code = 'AADSTS500121' }
    ) {
        $seen = Connect-ByBrowser $File $Variables
        $seen.Error | Should -Not -BeNullOrEmpty
        ($seen.Error.FullyQualifiedErrorId -split ',')[0] | Should -Be 'SignInCancelled'
        $seen.Error.CategoryInfo.Category | Should -Be 'OperationStopped'
        $seen.Error.Exception.Message | Should -Match "\b$Code\b"
        Get-ConnectionInformation | Should -BeNullOrEmpty
        $seen.Report.last.title | Should -Be 'You are not signed in'
        $seen.Report.last.text | Should -Match '^You are not signed in\b'
        $seen.Report.last.text | Should -Match 'PowerShell'
        Assert-SelfContained $seen
        Assert-Picture $seen
    }

    It 'refuses a page whose certificate is of no authority that it was told' {
        # So the tests above can't pass with a browser that takes any certificate.
        $other = Join-Path $tenant.Folder 'other.pem'
        $key = [Security.Cryptography.RSA]::Create(2048)
        $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new('CN=other', $key, 'SHA256', [Security.Cryptography.RSASignaturePadding]::Pkcs1)
        $certificate = $request.CreateSelfSigned([DateTimeOffset]::UtcNow.AddDays(-1), [DateTimeOffset]::UtcNow.AddDays(1))
        [IO.File]::WriteAllText($other, $certificate.ExportCertificatePem())
        $output = Join-Path $tenant.Folder 'untrusted'
        $start = [Diagnostics.ProcessStartInfo]::new($env:EXORS_CHROMIUM_DRIVER, $tenant.AuthorizationUri)
        foreach ($variable in @{ EXORS_CHROMIUM = $env:EXORS_CHROMIUM; DRIVEN_CHROMIUM_OUTPUT = $output; SSL_CERT_FILE = $other; SCRIPTED_BROWSER_ACTION = 'cancel' }.GetEnumerator()) {
            $start.Environment[$variable.Key] = $variable.Value
        }
        $start.RedirectStandardError = $true
        $process = [Diagnostics.Process]::Start($start)
        $said = $process.StandardError.ReadToEnd()
        $process.WaitForExit()
        $process.ExitCode | Should -Not -Be 0
        $said | Should -Match 'trusted'
    }

    It 'leaves no browser and no files behind' {
        $before = @(Get-ChildItem -LiteralPath ([IO.Path]::GetTempPath()) -Filter 'exors-chromium-*').Name
        $null = Connect-ByBrowser 'tidy'
        Remove-Item -Path (Join-Path $screenshots 'tidy*')
        @(Get-ChildItem -LiteralPath ([IO.Path]::GetTempPath()) -Filter 'exors-chromium-*' | Where-Object Name -NotIn $before) | Should -BeNullOrEmpty
        if ($IsLinux) {
            # The profile's folder is on the command line of every process of that browser.
            @(Get-Process | Where-Object { "$($_.CommandLine)" -match 'exors-chromium-' }) | Should -BeNullOrEmpty
        }
    }
}
