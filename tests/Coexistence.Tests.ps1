#Requires -Version 7.4
<#
Other modules (Graph, Az, Teams, ExchangeOnlineManagement) bring Microsoft's identity library MSAL, each in a version of its own, and a process
has room for one. This module brings none: it works beside an MSAL that was there before it, and one that comes after it. EXORS_PACKAGES names a
folder with the package Microsoft.Identity.Client.
#>
BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'support/TestTenant.psm1') -Force
    $package = if ($env:EXORS_PACKAGES) {
        Get-ChildItem -LiteralPath $env:EXORS_PACKAGES -Filter 'microsoft.identity.client.*.nupkg' | Where-Object Name -Match '^microsoft\.identity\.client\.\d' | Select-Object -Last 1
    }
    $script:noPackage = if (-not $package) { 'there is no package Microsoft.Identity.Client here: set EXORS_PACKAGES to a folder that has it' }
    if ($noPackage) { return }

    $script:tenant = Start-TestTenant -Mailboxes 3
    $folder = Join-Path $tenant.Folder 'msal'
    $null = New-Item -ItemType Directory -Path $folder

    # Takes the newest library of a package that this .NET can load out of it.
    function Expand-Library([string] $Package, [string] $Library) {
        $archive = [IO.Compression.ZipFile]::OpenRead($Package)
        try {
            $entry = 'net8.0', 'netstandard2.0' | ForEach-Object { $archive.GetEntry("lib/$_/$Library") } | Where-Object { $_ } | Select-Object -First 1
            $path = Join-Path $folder $Library
            [IO.Compression.ZipFileExtensions]::ExtractToFile($entry, $path)
            $path
        }
        finally {
            $archive.Dispose()
        }
    }
    $msal = Expand-Library $package.FullName 'Microsoft.Identity.Client.dll'
    $abstractions = Get-ChildItem -LiteralPath $env:EXORS_PACKAGES -Filter 'microsoft.identitymodel.abstractions.*.nupkg' | Select-Object -Last 1
    $abstractions = if ($abstractions) {
        Expand-Library $abstractions.FullName 'Microsoft.IdentityModel.Abstractions.dll'
    }
    else {
        # MSAL needs the few types of this package to log with; these do nothing.
        $path = Join-Path $folder 'Microsoft.IdentityModel.Abstractions.dll'
        Add-Type -OutputAssembly $path -TypeDefinition @'
[assembly: System.Reflection.AssemblyVersion("8.14.0.0")]
namespace Microsoft.IdentityModel.Abstractions
{
    public enum EventLogLevel { LogAlways, Critical, Error, Warning, Informational, Verbose }
    public class LogEntry { public EventLogLevel EventLogLevel { get; set; } public string Message { get; set; } public string CorrelationId { get; set; } }
    public interface IIdentityLogger { bool IsEnabled(EventLogLevel eventLogLevel); void Log(LogEntry entry); }
    public sealed class NullIdentityModelLogger : IIdentityLogger
    {
        public static NullIdentityModelLogger Instance { get; } = new NullIdentityModelLogger();
        public bool IsEnabled(EventLogLevel eventLogLevel) => false;
        public void Log(LogEntry entry) { }
    }
    public abstract class TelemetryEventDetails { }
    public interface ITelemetryClient
    {
        string ClientId { get; set; }
        void Initialize();
        bool IsEnabled();
        bool IsEnabled(string eventName);
        void TrackEvent(TelemetryEventDetails eventDetails);
    }
}
'@
        $path
    }

    $script:program = Join-Path $folder 'both.ps1'
    Set-Content -LiteralPath $program -Value @'
param([string] $First, [string] $Module, [string] $Msal, [string] $Abstractions, [string] $ReadyFile)
$ErrorActionPreference = 'Stop'
$ready = [Text.Json.JsonDocument]::Parse([IO.File]::ReadAllText($ReadyFile)).RootElement
$text = { param($Element, $Name) $Element.GetProperty($Name).GetString() }
$account = $ready.GetProperty('accounts')[0]
$env:SSL_CERT_FILE = & $text $ready 'caCertificate'
# What the process needs anyhow is loaded before anything is counted.
$null = ConvertTo-Json @{ a = 1 }; $null = '{}' | ConvertFrom-Json; $null = Get-Command Out-String | Out-String
$credential = [pscredential]::new((& $text $account 'userPrincipalName'), (ConvertTo-SecureString (& $text $account 'password') -AsPlainText -Force))

$useMsal = {
    if (-not ('Microsoft.Identity.Client.PublicClientApplicationBuilder' -as [type])) {
        Add-Type -Path $Abstractions
        Add-Type -Path $Msal
    }
    $application = [Microsoft.Identity.Client.PublicClientApplicationBuilder]::Create('14d82eec-204b-4c2f-b7e8-296a70dab67e').Build()
    $null = $application.GetAccountsAsync().GetAwaiter().GetResult()
    $application.GetType().Assembly.Location
}
$useModule = {
    $before = [AppDomain]::CurrentDomain.GetAssemblies()
    Import-Module $Module
    Connect-ExchangeOnline -ConnectionUri (& $text $ready 'connectionUri') -AzureADAuthorizationEndpointUri (& $text $ready 'authorizationUri') -Credential $credential -ShowBanner:$false
    $result.mailboxes = @(Get-Mailbox | Select-Object DisplayName, PrimarySmtpAddress).Count
    $result.loaded += @([AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $before -notcontains $_ } | ForEach-Object { $_.GetName().Name })
}
$result = @{ loaded = @(); msal = @() }
if ($First -eq 'msal') { $result.msal += & $useMsal; & $useModule; $result.msal += & $useMsal }
else { & $useModule; $result.msal += & $useMsal; & $useModule }
$result.copies = @([AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq 'Microsoft.Identity.Client' }).Count
Disconnect-ExchangeOnline -Confirm:$false
ConvertTo-Json -Compress $result
'@
    $script:libraries = @{ Msal = $msal; Abstractions = $abstractions }
}

AfterAll { if (-not $noPackage) { Stop-TestTenant $tenant } }

Describe 'Beside another module''s identity library' {
    BeforeEach {
        if ($noPackage) { Set-ItResult -Skipped -Because $noPackage }
    }

    It 'works, and leaves it working, when <_> comes first' -ForEach 'msal', 'the module' {
        # A program for each: what is loaded can't be unloaded.
        $arguments = @('-First', $_, '-Module', $env:EXORS_MODULE, '-Msal', $libraries.Msal, '-Abstractions', $libraries.Abstractions, '-ReadyFile', $tenant.ReadyFile)
        $said = @(& $env:EXORS_PWSH -NoLogo -NoProfile -File $program @arguments 2>&1 | ForEach-Object { "$_" })
        $LASTEXITCODE | Should -Be 0 -Because ($said -join "`n")
        $result = $said[-1] | ConvertFrom-Json
        $result.mailboxes | Should -Be 3
        $result.loaded | Should -Contain 'ExchangeOnlineRs'
        # Nothing that another module may bring as well.
        @($result.loaded -match '^(Microsoft\.Identity|Microsoft\.IdentityModel|System\.IdentityModel|Azure\.|Microsoft\.Azure|Microsoft\.OData|Microsoft\.Spatial|Microsoft\.Graph|Newtonsoft\.|Polly|RestSharp)') | Should -BeNullOrEmpty
        # And nothing besides that is not .NET's or PowerShell's own. The classes of rows are made in memory as they are needed.
        $ours = @($result.loaded -replace '^ExchangeOnlineRs\.Rows\.[0-9a-f]{32}$', 'ExchangeOnlineRs' | Where-Object { $_ -notmatch '^(System|Microsoft\.PowerShell|Microsoft\.CSharp|Microsoft\.Win32|netstandard|mscorlib)\b' } | Sort-Object -Unique)
        $ours | Should -Be @('ExchangeOnlineRs')
        # MSAL is the one copy that the other module brought.
        $result.copies | Should -Be 1
        @($result.msal | Sort-Object -Unique) | Should -Be @($libraries.Msal)
    }
}
