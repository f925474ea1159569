using System;
using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Remoting;
using System.Runtime.InteropServices;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ExchangeOnlineRs.Native;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>Signs in and opens a connection to Exchange Online.</summary>
/// <remarks>
/// All parameters of the original are declared, on every system, so that scripts and wrappers that name or enumerate them
/// work. Some have nothing to do here and are taken without effect; ways to sign in that this version lacks say so.
/// Without a word about it a connection is silent but for one record on the information stream: the original's banner is
/// noise in every log. <c>-ShowBanner</c> shows the service's banner.
/// </remarks>
[Cmdlet(VerbsCommunications.Connect, "ExchangeOnline")]
public sealed class ConnectExchangeOnlineCommand : CoreCmdlet
{
    private const int SignInTimeoutSeconds = 300;

    /// <summary>What the core needs of the environment. It is read here, because on Linux and macOS native code does not see
    /// what PowerShell sets.</summary>
    private static readonly string[] EnvironmentNames =
    {
        "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "BROWSER",
    };

    /// <summary>The address of the service, if it is not that of the environment.</summary>
    [Parameter(Position = 0)]
    public string ConnectionUri { get; set; } = string.Empty;

    /// <summary>The address of the sign-in service, if it is not that of the environment.</summary>
    [Parameter(Position = 1)]
    public string AzureADAuthorizationEndpointUri { get; set; } = string.Empty;

    /// <summary>The cloud.</summary>
    [Parameter(Position = 2)]
    public ExchangeEnvironment ExchangeEnvironmentName { get; set; } = ExchangeEnvironment.O365Default;

    /// <summary>Taken without effect: there is no remote session.</summary>
    [Parameter(Position = 3)]
    public PSSessionOption? PSSessionOption { get; set; }

    /// <summary>The organization to work on as a partner or guest.</summary>
    [Parameter(Position = 4)]
    public string DelegatedOrganization { get; set; } = string.Empty;

    /// <summary>A prefix for the nouns of cmdlets; not supported yet.</summary>
    [Parameter(Position = 5)]
    public string Prefix { get; set; } = string.Empty;

    /// <summary>Taken without effect: cmdlets are part of the module and cost nothing at connect.</summary>
    [Parameter(Position = 6)]
    public string[] CommandName { get; set; } = { "*" };

    /// <summary>Taken without effect: views are part of the module.</summary>
    [Parameter(Position = 7)]
    public string[] FormatTypeName { get; set; } = { "*" };

    /// <summary>An access token; not supported yet.</summary>
    [Parameter]
    public string AccessToken { get; set; } = string.Empty;

    /// <summary>The application to sign in as; not supported yet.</summary>
    [Parameter]
    public string AppId { get; set; } = string.Empty;

    /// <summary>Drops the routing hint.</summary>
    [Parameter]
    public SwitchParameter BypassMailboxAnchoring { get; set; }

    /// <summary>The application's certificate; not supported yet.</summary>
    [Parameter]
    public X509Certificate2? Certificate { get; set; }

    /// <summary>The file of the application's certificate; not supported yet.</summary>
    [Parameter]
    public string CertificateFilePath { get; set; } = string.Empty;

    /// <summary>The password of the certificate's file; not supported yet.</summary>
    [Parameter]
    public SecureString? CertificatePassword { get; set; }

    /// <summary>The thumbprint of the application's certificate; not supported yet.</summary>
    [Parameter]
    public string CertificateThumbprint { get; set; } = string.Empty;

    /// <summary>User name and password, for accounts without multi-factor authentication.</summary>
    [Parameter]
    public PSCredential? Credential { get; set; }

    /// <summary>Signs in on another device, with a code.</summary>
    [Parameter]
    public SwitchParameter Device { get; set; }

    /// <summary>Taken without effect: the broker is never used.</summary>
    [Parameter]
    public SwitchParameter DisableWAM { get; set; }

    /// <summary>Taken without effect: there is no log file of cmdlets.</summary>
    [Parameter]
    public SwitchParameter EnableErrorReporting { get; set; }

    /// <summary>Taken without effect: nothing is written to a temporary module.</summary>
    [Parameter]
    public string EXOModuleBasePath { get; set; } = string.Empty;

    /// <summary>Asks for user name and password here.</summary>
    [Parameter]
    public SwitchParameter InlineCredential { get; set; }

    /// <summary>Taken without effect: help is part of the module.</summary>
    [Parameter]
    public SwitchParameter LoadCmdletHelp { get; set; }

    /// <summary>Taken without effect: there is no log file of cmdlets.</summary>
    [Parameter]
    public string LogDirectoryPath { get; set; } = string.Empty;

    /// <summary>Taken without effect: there is no log file of cmdlets.</summary>
    [Parameter]
    public LogLevel LogLevel { get; set; } = LogLevel.Default;

    /// <summary>Signs in as a managed identity; not supported yet.</summary>
    [Parameter]
    public SwitchParameter ManagedIdentity { get; set; }

    /// <summary>The application of a user-assigned managed identity; not supported yet.</summary>
    [Parameter]
    public string ManagedIdentityAccountId { get; set; } = string.Empty;

    /// <summary>The organization's primary onmicrosoft.com domain.</summary>
    [Parameter]
    public string Organization { get; set; } = string.Empty;

    /// <summary>How many objects a page has at most.</summary>
    [Parameter]
    [ValidateRange(1u, 1000u)]
    public uint PageSize { get; set; } = 1000;

    /// <summary>Shows the service's banner.</summary>
    [Parameter]
    public SwitchParameter ShowBanner { get; set; } = true;

    /// <summary>Shows how many objects a cmdlet has received.</summary>
    [Parameter]
    public bool ShowProgress { get; set; }

    /// <summary>Taken without effect: no files are generated that would need a signature.</summary>
    [Parameter]
    public X509Certificate2? SigningCertificate { get; set; }

    /// <summary>Taken without effect: help is part of the module.</summary>
    [Parameter]
    public SwitchParameter SkipLoadingCmdletHelp { get; set; } = true;

    /// <summary>Taken without effect: views are part of the module.</summary>
    [Parameter]
    public SwitchParameter SkipLoadingFormatData { get; set; }

    /// <summary>Taken without effect: there is no log file of cmdlets.</summary>
    [Parameter]
    public bool TrackPerformance { get; set; }

    /// <summary>Taken without effect: requests run side by side where that helps.</summary>
    [Parameter]
    public bool UseMultithreading { get; set; } = true;

    /// <summary>The account to sign in as.</summary>
    [Parameter]
    public string UserPrincipalName { get; set; } = string.Empty;

    /// <summary>Remote PowerShell, which the service no longer has.</summary>
    [Parameter]
    public SwitchParameter UseRPSSession { get; set; }

    /// <summary>Signs in.</summary>
    protected override void EndProcessing()
    {
        // $null for a text reaches a compiled cmdlet as null; scripts pass it on and mean "not given".
        ConnectionUri ??= string.Empty;
        AzureADAuthorizationEndpointUri ??= string.Empty;
        DelegatedOrganization ??= string.Empty;
        Organization ??= string.Empty;
        Prefix ??= string.Empty;
        UserPrincipalName ??= string.Empty;
        try
        {
            Validate();
            Connect();
            SetLastExecutionStatus(true);
        }
        catch (FaultException e)
        {
            SetLastExecutionStatus(false);
            if (!string.IsNullOrEmpty(e.Fault.Detail))
            {
                WriteVerbose(e.Fault.Detail);
            }

            ThrowTerminatingError(e.Fault.ToErrorRecord(TargetName()));
        }
        catch (NativeLibraryException e)
        {
            SetLastExecutionStatus(false);
            ThrowTerminatingError(LibraryError(e));
        }
    }

    private void Connect()
    {
        PSCredential? credential = Credential;
        string flow = credential is not null ? "password" : Device ? "device" : "browser";
        if (InlineCredential)
        {
            if (!HostFacts.CanAsk(Host))
            {
                Refuse(
                    "NonInteractiveHost",
                    "-InlineCredential asks for a user name and password, and this host cannot ask. Use -Credential.",
                    ErrorCategory.InvalidOperation);
            }

            credential = Host.UI.PromptForCredential(
                "Exchange Online",
                "Enter the user name and password to sign in with.",
                UserPrincipalName,
                string.Empty);
            if (credential is null)
            {
                Refuse("SignInCancelled", "The sign-in was cancelled.", ErrorCategory.OperationStopped);
            }

            flow = "password";
        }

        if (flow == "browser" && HostFacts.IsNonInteractive(Host))
        {
            Refuse(
                "NonInteractiveHost",
                "Signing in needs a web browser, and this PowerShell session is not interactive. Use -Credential, or -Device "
                + "where someone can read the code and enter it elsewhere.",
                ErrorCategory.InvalidOperation);
        }

        if (Bound(nameof(ConnectionUri)) && !Bound(nameof(AzureADAuthorizationEndpointUri)))
        {
            WriteInformation(
                $"Using ConnectionUri '{ConnectionUri}' with the sign-in service of {ExchangeEnvironmentName}.",
                new[] { "ExchangeOnlineRs" });
        }

        byte[] secret = credential is null ? Array.Empty<byte>() : SecretBytes(credential.Password);
        try
        {
            using var settings = new PooledBuffer();
            WriteSettings(settings, flow, credential?.UserName ?? UserPrincipalName);
            using JsonDocument end = RunOperation(NativeOperation.OpenConnection(settings.Written, secret));
            ConnectionPreferences.ShowProgress = ShowProgress;
            Announce(end.RootElement);
        }
        finally
        {
            Array.Clear(secret);
        }
    }

    /// <summary>One line, on the information stream only.</summary>
    private void Announce(JsonElement connection)
    {
        string? who = Text(connection, "userPrincipalName");
        string? where = Text(connection, "delegatedOrganization") is { Length: > 0 } delegated ? delegated : Text(connection, "organization");
        WriteInformation(
            "Connected to Exchange Online" + (string.IsNullOrEmpty(who) ? string.Empty : " as " + who)
            + (string.IsNullOrEmpty(where) ? "." : $" ({where})."),
            new[] { "ExchangeOnlineRs" });
    }

    private void Validate()
    {
        RequireHttps(ConnectionUri, nameof(ConnectionUri));
        RequireHttps(AzureADAuthorizationEndpointUri, nameof(AzureADAuthorizationEndpointUri));
        foreach (char c in Prefix)
        {
            if (!char.IsAsciiLetterOrDigit(c))
            {
                Refuse("InvalidPrefix", "Use of any special characters in the Prefix string is not supported.", ErrorCategory.InvalidArgument, Prefix);
            }
        }

        if (Prefix.Equals("EXO", StringComparison.OrdinalIgnoreCase))
        {
            Refuse("ReservedPrefix", "Prefix 'EXO' is a reserved Prefix, please use a different prefix.", ErrorCategory.InvalidArgument, Prefix);
        }

        if (UseRPSSession)
        {
            Refuse(
                "RemotePowerShellRetired",
                "-UseRPSSession asks for remote PowerShell, which Exchange Online no longer offers. Leave the parameter out: every cmdlet uses REST.",
                ErrorCategory.NotImplemented);
        }

        NotYet(Prefix.Length > 0, nameof(Prefix), "Connect without it; a later connection takes the place of an earlier one for cmdlets.");
        foreach (string parameter in new[]
        {
            nameof(AccessToken), nameof(AppId), nameof(Certificate), nameof(CertificateFilePath), nameof(CertificatePassword),
            nameof(CertificateThumbprint), nameof(ManagedIdentity), nameof(ManagedIdentityAccountId),
        })
        {
            // A script that passes an empty value on means "not that way", as with the original.
            bool given = MyInvocation.BoundParameters.TryGetValue(parameter, out object? value)
                && value is not (null or "" or SwitchParameter { IsPresent: false });
            NotYet(given, parameter, "Sign in with -UserPrincipalName (web browser), -Device (code) or -Credential (password).");
        }
    }

    private void NotYet(bool given, string parameter, string advice)
    {
        if (given)
        {
            Refuse(
                "ParameterNotSupported",
                $"-{parameter} is not supported in this version of ExchangeOnlineRs. {advice}",
                ErrorCategory.NotImplemented,
                parameter);
        }
    }

    private void RequireHttps(string address, string parameter)
    {
        if (address.Length > 0
            && !(Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttps && uri.Host.Length > 0))
        {
            // What stands before an @ may be a password; it is not repeated.
            string shown = address[(address.LastIndexOf('@') + 1)..];
            Refuse("Invalid" + parameter, $"Invalid {parameter} parameter '{shown}'", ErrorCategory.InvalidArgument, shown);
        }
    }

    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    private void Refuse(string errorId, string message, ErrorCategory category, object? target = null)
    {
        SetLastExecutionStatus(false);
        ThrowTerminatingError(new ErrorRecord(new InvalidOperationException(message), errorId, category, target));
        throw new PipelineStoppedException();
    }

    private string? TargetName() =>
        Credential?.UserName ?? (UserPrincipalName.Length > 0 ? UserPrincipalName : null);

    private bool Bound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    private void WriteSettings(PooledBuffer buffer, string flow, string userPrincipalName)
    {
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("flow", flow);
        WriteOptional(json, "userPrincipalName", userPrincipalName);
        WriteOptional(json, "connectionUri", ConnectionUri);
        WriteOptional(json, "authorizationUri", AzureADAuthorizationEndpointUri);
        json.WriteString("environment", ExchangeEnvironmentName.ToString());
        WriteOptional(json, "organization", Organization);
        WriteOptional(json, "delegatedOrganization", DelegatedOrganization);
        WriteOptional(json, "prefix", Prefix);
        json.WriteNumber("pageSize", PageSize);
        json.WriteString("moduleName", MyInvocation.MyCommand.Module?.ModuleBase ?? string.Empty);
        json.WriteBoolean("isEopSession", false);
        json.WriteBoolean("bypassMailboxAnchoring", BypassMailboxAnchoring);
        json.WriteBoolean("showBanner", Bound(nameof(ShowBanner)) && ShowBanner);
        string language = CultureInfo.CurrentUICulture.Name is { Length: > 0 } name ? name : "en-US";
        json.WriteString("clientVersion", ClientVersion);
        json.WriteString("userAgent", $"Mozilla/5.0 ({RuntimeInformation.OSDescription}; {language}) PowerShell/{PowerShellVersion()}");
        json.WriteString("language", language);
        json.WriteNumber("signInTimeoutSeconds", SignInTimeoutSeconds);
        json.WriteBoolean("verbose", WantsVerbose());
        json.WriteStartObject("environmentVariables");
        foreach (string variable in EnvironmentNames)
        {
            // Windows knows only one spelling; the first wins.
            if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
                && !(OperatingSystem.IsWindows() && char.IsLower(variable[0])))
            {
                json.WriteString(variable, value);
            }
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteString(name, value);
        }
    }

    private static string ClientVersion =>
        typeof(ConnectExchangeOnlineCommand).Assembly.GetName().Version is { } v ? $"{v.Major}.{v.Minor}.{v.Build}" : "0.0.0";

    private string PowerShellVersion() =>
        SessionState.PSVariable.GetValue("PSVersionTable") is IDictionary table && table["PSVersion"]?.ToString() is { Length: > 0 } version
            ? version
            : Host.Version.ToString();

    /// <summary>
    /// The password as UTF-8 in memory that does not move and that the caller wipes; never a string, which nobody could.
    /// </summary>
    private static unsafe byte[] SecretBytes(SecureString password)
    {
        IntPtr clear = Marshal.SecureStringToGlobalAllocUnicode(password);
        try
        {
            var characters = new ReadOnlySpan<char>((void*)clear, password.Length);
            byte[] bytes = GC.AllocateUninitializedArray<byte>(Encoding.UTF8.GetByteCount(characters), pinned: true);
            Encoding.UTF8.GetBytes(characters, bytes);
            return bytes;
        }
        finally
        {
            Marshal.ZeroFreeGlobalAllocUnicode(clear);
        }
    }
}
