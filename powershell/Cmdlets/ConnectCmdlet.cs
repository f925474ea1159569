using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Remoting;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using ExchangeOnlineRs.Certificates;
using ExchangeOnlineRs.Connecting;
using ExchangeOnlineRs.Formats;
using ExchangeOnlineRs.Logging;
using ExchangeOnlineRs.Native;
using ExchangeOnlineRs.Prefixes;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>What the two cmdlets that open a connection share: most parameters, and everything that is done.</summary>
/// <remarks>
/// All parameters of the original are declared, on every system, so that scripts and wrappers that name or enumerate them
/// work; some have nothing to do here and are taken without effect. An empty value means "not given": scripts pass variables
/// on that may hold nothing. Without a word about it a connection is silent but for one record on the information stream: the
/// original's banner is noise in every log. <c>-ShowBanner</c> shows the service's banner.
/// </remarks>
public abstract class ConnectCmdlet : CoreCmdlet
{
    // The parameters whose places differ between the two cmdlets are declared there.
    private protected ConnectCmdlet()
    {
    }

    /// <summary>The address of the service, if it is not that of the cloud.</summary>
    [Parameter(Position = 0)]
    public string ConnectionUri { get; set; } = string.Empty;

    /// <summary>The address of the sign-in service, if it is not that of the cloud.</summary>
    [Parameter(Position = 1)]
    public string AzureADAuthorizationEndpointUri { get; set; } = string.Empty;

    /// <summary>The cloud.</summary>
    public abstract ExchangeEnvironment ExchangeEnvironmentName { get; set; }

    /// <summary>Taken without effect: there is no remote session.</summary>
    [Parameter(Position = 3)]
    public PSSessionOption? PSSessionOption { get; set; }

    /// <summary>The organization to work on as a partner or guest.</summary>
    public abstract string DelegatedOrganization { get; set; }

    /// <summary>A prefix for the nouns of cmdlets.</summary>
    public abstract string Prefix { get; set; }

    /// <summary>The cmdlets that get the prefix.</summary>
    public abstract string[] CommandName { get; set; }

    /// <summary>The types whose default views are wanted, by name and with wildcards.</summary>
    public abstract string[] FormatTypeName { get; set; }

    /// <summary>An access token that was got elsewhere. It is used as it is and cannot be renewed. Say what it is for with
    /// <c>-Organization</c>, <c>-DelegatedOrganization</c> or <c>-UserPrincipalName</c>.</summary>
    [Parameter]
    public string AccessToken { get; set; } = string.Empty;

    /// <summary>The application to sign in as. It needs a certificate, a secret or a federated token, and
    /// <c>-Organization</c>.</summary>
    [Parameter]
    public string AppId { get; set; } = string.Empty;

    /// <summary>Drops the routing hint.</summary>
    [Parameter]
    public SwitchParameter BypassMailboxAnchoring { get; set; }

    /// <summary>The application's certificate, with its private key. It stays the caller's.</summary>
    [Parameter]
    public X509Certificate2? Certificate { get; set; }

    /// <summary>The file of the application's certificate: PFX, or PEM with the private key in it or in
    /// <c>-CertificateKeyFilePath</c>.</summary>
    [Parameter]
    public string CertificateFilePath { get; set; } = string.Empty;

    /// <summary>The PEM file of the private key that belongs to <c>-CertificateFilePath</c>. The original has no such
    /// parameter.</summary>
    [Parameter]
    public string CertificateKeyFilePath { get; set; } = string.Empty;

    /// <summary>The password of the certificate's PFX file or of its encrypted PEM key.</summary>
    [Parameter]
    public SecureString? CertificatePassword { get; set; }

    /// <summary>The thumbprint (SHA-1 or SHA-256) of the application's certificate, which is looked for in the certificate
    /// stores and, on Linux and macOS, in the folders for certificates.</summary>
    [Parameter]
    public string CertificateThumbprint { get; set; } = string.Empty;

    /// <summary>The application's secret. The original has no such parameter.</summary>
    [Parameter]
    public SecureString? ClientSecret { get; set; }

    /// <summary>User name and password, for accounts without multi-factor authentication.</summary>
    [Parameter]
    public PSCredential? Credential { get; set; }

    /// <summary>Signs in on another device, with a code.</summary>
    [Parameter]
    public SwitchParameter Device { get; set; }

    /// <summary>Taken without effect: the broker is never used.</summary>
    [Parameter]
    public SwitchParameter DisableWAM { get; set; }

    /// <summary>Writes a log of the connection's cmdlets.</summary>
    [Parameter]
    public SwitchParameter EnableErrorReporting { get; set; }

    /// <summary>Taken without effect: nothing is written to a temporary module.</summary>
    [Parameter]
    public string EXOModuleBasePath { get; set; } = string.Empty;

    /// <summary>The file with a token of another issuer, by which the application proves itself (workload identity
    /// federation); it is read anew for each sign-in. Without it, and without any other credential of the application, the
    /// file in the environment variable <c>AZURE_FEDERATED_TOKEN_FILE</c> is used. The original has no such parameter.</summary>
    [Parameter]
    public string FederatedTokenFilePath { get; set; } = string.Empty;

    /// <summary>Asks for user name and password here.</summary>
    [Parameter]
    public SwitchParameter InlineCredential { get; set; }

    /// <summary>The folder of the log of cmdlets.</summary>
    [Parameter]
    public string LogDirectoryPath { get; set; } = string.Empty;

    /// <summary>How much the log of cmdlets holds.</summary>
    [Parameter]
    public LogLevel LogLevel { get; set; } = LogLevel.Default;

    /// <summary>Signs in as the managed identity of this machine or service. It needs <c>-Organization</c>.</summary>
    [Parameter]
    public SwitchParameter ManagedIdentity { get; set; }

    /// <summary>The application (client) id of a user-assigned managed identity.</summary>
    [Parameter]
    public string ManagedIdentityAccountId { get; set; } = string.Empty;

    /// <summary>The organization's primary onmicrosoft.com domain.</summary>
    [Parameter]
    public string Organization { get; set; } = string.Empty;

    /// <summary>Shows the service's banner.</summary>
    [Parameter]
    public SwitchParameter ShowBanner { get; set; } = true;

    /// <summary>Taken without effect: no files are generated that would need a signature.</summary>
    [Parameter]
    public X509Certificate2? SigningCertificate { get; set; }

    /// <summary>The account to sign in as.</summary>
    [Parameter]
    public string UserPrincipalName { get; set; } = string.Empty;

    /// <summary>Remote PowerShell, which the service no longer has.</summary>
    [Parameter]
    public SwitchParameter UseRPSSession { get; set; }

    /// <summary>Whether the connection is one to Security &amp; Compliance.</summary>
    private protected abstract bool IsCompliance { get; }

    /// <summary>How people call the service.</summary>
    private protected abstract string ServiceName { get; }

    /// <summary>How many objects a page has at most.</summary>
    private protected virtual uint ObjectsPerPage => 1000;

    /// <summary>Whether cmdlets show how many objects they have received.</summary>
    private protected virtual bool ShowsProgress => false;

    /// <summary>Whether objects are shown in their default views.</summary>
    private protected virtual bool WantsViews => true;

    /// <summary>Whether the log also says what cmdlets take of processor and memory.</summary>
    private protected virtual bool TracksPerformance => false;

    /// <summary>Signs in.</summary>
    protected override void EndProcessing()
    {
        CmdletLog? log = null;
        LogEntry? entry = null;
        try
        {
            TakeEmptyAsNotGiven();
            RefuseWhatCannotBe();
            ViewChoice views = ChosenViews();
            SignInFlow flow = SignInChoice.Choose(this);
            RefuseWithoutPerson(flow);
            if (EnableErrorReporting)
            {
                log = CmdletLog.Create(LogFolder(), LogLevel, TracksPerformance);
                entry = new LogEntry(MyInvocation.MyCommand.Name, new Dictionary<string, object>(MyInvocation.BoundParameters), TracksPerformance) { Stopped = true };
                ShowOnHost($"Writing cmdlet logs to {log.FilePath}", ConsoleColor.Yellow);
            }

            Connect(flow, views, log, entry);
            SetLastExecutionStatus(true);
        }
        catch (FaultException e)
        {
            SetLastExecutionStatus(false);
            if (!string.IsNullOrEmpty(e.Fault.Detail))
            {
                WriteVerbose(e.Fault.Detail);
            }

            entry?.Failed(e.Fault);
            ThrowTerminatingError(e.Fault.ToErrorRecord(TargetName()));
        }
        catch (RefusedException e)
        {
            SetLastExecutionStatus(false);
            entry?.Failed(e.ErrorId, e.Message);
            ThrowTerminatingError(e.ToErrorRecord());
        }
        catch (NativeLibraryException e)
        {
            SetLastExecutionStatus(false);
            entry?.Failed(NativeLibraryException.ErrorId, e.Message);
            ThrowTerminatingError(e.ToErrorRecord());
        }
        finally
        {
            if (entry is not null)
            {
                entry.End();
                // A log that can be made but not written to is reported by the first cmdlet.
                log!.Add(entry);
            }
        }
    }

    private void Connect(SignInFlow flow, ViewChoice views, CmdletLog? log, LogEntry? entry)
    {
        PSCredential? asked = InlineCredential ? AskForCredential() : null;
        ulong keyNumber = 0;
        bool connected = false;
        try
        {
            PSCredential? credential = asked ?? Credential;
            SigningKey? key = flow == SignInFlow.Certificate ? OpenKey() : null;
            keyNumber = key is null ? 0 : SigningKeys.Add(key);
            using SecretBytes secret = Secret(flow, credential);
            using var buffer = new PooledBuffer();
            Settings(flow, credential, key, keyNumber).Write(buffer);
            TellWhichAddress();
            using JsonDocument end = RunOperation(NativeOperation.OpenConnection(buffer.Written, secret.Span), () => LoadViews(() => DefaultViews.LoadForConnection(views)));
            if (!Guid.TryParse(Text(end.RootElement, "connectionId"), out Guid id))
            {
                throw new FaultException(Fault.Internal("The native core made a connection without an id."));
            }

            OpenConnections.Add(id, new OpenConnection(keyNumber, log));
            RunspaceConnections.Add(id, Prefix, IsCompliance);
            connected = true;
            AddPrefixedCommands(id);
            ConnectionPreferences.ShowProgress = ShowsProgress;
            if (entry is not null)
            {
                entry.ConnectionId = id;
                entry.Stopped = false;
            }

            Announce(end.RootElement);
        }
        finally
        {
            asked?.Password.Dispose();
            if (!connected)
            {
                SigningKeys.Remove(keyNumber);
            }
        }
    }

    /// <summary>
    /// A connection with a prefix is for the prefixed commands, and for bulk cmdlets if such are wanted. One that would have neither
    /// is closed again: no script could mean it, but the bulk cmdlets of others would work on it.
    /// </summary>
    private void AddPrefixedCommands(Guid connection)
    {
        if (Prefix.Length == 0)
        {
            return;
        }

        PrefixedChoice choice;
        try
        {
            choice = PrefixedCommands.Open(Prefix, connection, CommandName, IsCompliance);
            if (choice.Assembly is not null)
            {
                PrefixModule.Import(choice.Assembly);
            }
        }
        catch (Exception e) when (e is not PipelineStoppedException)
        {
            CloseAgain(connection);
            throw new RefusedException(
                "PrefixedCommandsUnavailable",
                $"The cmdlets with the prefix '{Prefix}' could not be made, so the connection was closed again: {e.Message}",
                ErrorCategory.InvalidOperation,
                Prefix);
        }

        if (choice.Assembly is null && (IsCompliance || !CommandName.Any(IsBulk)))
        {
            CloseAgain(connection);
            throw new RefusedException(
                "NoPrefixedCommands",
                $"No cmdlet of {ServiceName} would have the prefix '{Prefix}', so the connection was closed again. " + WhyNone(choice),
                ErrorCategory.InvalidArgument,
                Prefix);
        }

        TellWhatHasNoPrefix(choice);
    }

    private static void CloseAgain(Guid connection)
    {
        NativeCore.CloseConnections(new[] { connection.ToString() });
        OpenConnections.Forget(new[] { connection });
    }

    private static bool IsBulk(string name) => !string.IsNullOrEmpty(name) && ModuleCommands.HasBulk(name);

    private static string WhyNone(PrefixedChoice choice)
    {
        var reasons = new List<string>();
        if (choice.Unmatched.Count > 0)
        {
            reasons.Add($"None matches -CommandName {string.Join(", ", choice.Unmatched)}.");
        }

        if (choice.LeftOut.Count > 0)
        {
            reasons.Add($"These would have the names of other cmdlets: {string.Join(", ", choice.LeftOut)}. Use another prefix.");
        }

        return string.Join(" ", reasons);
    }

    private void TellWhatHasNoPrefix(PrefixedChoice choice)
    {
        if (choice.LeftOut.Count > 0)
        {
            WriteWarning(
                $"The prefix '{Prefix}' would give cmdlets of this connection the names of others: {string.Join(", ", choice.LeftOut)}. "
                + "They are left out, and those names mean what they always do. Another prefix, or -ConnectionId, reaches them.");
        }

        // Scripts that list what they use list bulk cmdlets too, and find them.
        List<string> unmatched = choice.Unmatched.Where(name => choice.Assembly is null || !IsBulk(name)).ToList();
        if (unmatched.Count > 0)
        {
            WriteWarning(
                $"No cmdlet of {ServiceName} matches -CommandName {string.Join(", ", unmatched)}. "
                + "Bulk cmdlets (Get-EXO*) have no prefix: they work on the last connection to Exchange Online, whatever its prefix.");
        }
    }

    /// <summary>$null for a text reaches a compiled cmdlet as null; scripts pass it on and mean "not given".</summary>
    private void TakeEmptyAsNotGiven()
    {
        ConnectionUri ??= string.Empty;
        AzureADAuthorizationEndpointUri ??= string.Empty;
        DelegatedOrganization ??= string.Empty;
        Prefix ??= string.Empty;
        CommandName ??= Array.Empty<string>();
        AccessToken = WithoutScheme(AccessToken ?? string.Empty);
        AppId = AppId?.Trim() ?? string.Empty;
        CertificateFilePath ??= string.Empty;
        CertificateKeyFilePath ??= string.Empty;
        CertificateThumbprint ??= string.Empty;
        FederatedTokenFilePath ??= string.Empty;
        LogDirectoryPath ??= string.Empty;
        ManagedIdentityAccountId = ManagedIdentityAccountId?.Trim() ?? string.Empty;
        Organization = Organization?.Trim() ?? string.Empty;
        UserPrincipalName ??= string.Empty;
        Credential = Credential == PSCredential.Empty ? null : Credential;
    }

    /// <summary>Tokens are often kept in the form of the header that carries them.</summary>
    private static string WithoutScheme(string token)
    {
        token = token.Trim();
        return token.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? token["Bearer ".Length..].TrimStart() : token;
    }

    private void RefuseWhatCannotBe()
    {
        RequireHttps(ConnectionUri, nameof(ConnectionUri));
        RequireHttps(AzureADAuthorizationEndpointUri, nameof(AzureADAuthorizationEndpointUri));
        RequireGoodPrefix();
        if (UseRPSSession)
        {
            throw new RefusedException(
                "RemotePowerShellRetired",
                "-UseRPSSession asks for remote PowerShell, which Exchange Online no longer offers. Leave the parameter out: every cmdlet uses REST.",
                ErrorCategory.NotImplemented);
        }

        if (!EnableErrorReporting && (LogDirectoryPath.Length > 0 || LogLevel == LogLevel.All || TracksPerformance))
        {
            WriteWarning("Without -EnableErrorReporting there is no log of cmdlets: -LogDirectoryPath, -LogLevel and -TrackPerformance have no effect.");
        }
    }

    private void RequireGoodPrefix()
    {
        foreach (char c in Prefix)
        {
            if (!char.IsAsciiLetterOrDigit(c))
            {
                throw new RefusedException(
                    "InvalidPrefix", "Use of any special characters in the Prefix string is not supported.", ErrorCategory.InvalidArgument, Prefix);
            }
        }

        if (Prefix.Equals("EXO", StringComparison.OrdinalIgnoreCase))
        {
            throw new RefusedException(
                "ReservedPrefix", "Prefix 'EXO' is a reserved Prefix, please use a different prefix.", ErrorCategory.InvalidArgument, Prefix);
        }
    }

    private static void RequireHttps(string address, string parameter)
    {
        if (address.Length > 0
            && !(Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttps && uri.Host.Length > 0))
        {
            // What stands before an @ may be a password; it is not repeated.
            string shown = address[(address.LastIndexOf('@') + 1)..];
            throw new RefusedException("Invalid" + parameter, $"Invalid {parameter} parameter '{shown}'", ErrorCategory.InvalidArgument, shown);
        }
    }

    /// <summary>A sign-in that waits for a person where nobody is would hang until its time is up.</summary>
    private void RefuseWithoutPerson(SignInFlow flow)
    {
        const string Unattended = "-AppId with -CertificateThumbprint or -CertificateFilePath (and -Organization), -ManagedIdentity, -AccessToken or -Credential";
        string? message = flow switch
        {
            SignInFlow.Browser when HostFacts.WhyNoBrowser(Host) is { } reason => HostFacts.WhyNoDevice(Host) is null
                ? $"{reason}, and signing in needs a web browser. Use -Device where somebody can read a code and enter it elsewhere, or sign in without a person: {Unattended}."
                : $"{reason}, and signing in needs a person at a web browser. Sign in without a person: {Unattended}.",
            SignInFlow.Device when HostFacts.WhyNoDevice(Host) is { } reason =>
                $"{reason}, and -Device needs a person who enters a code. Sign in without a person: {Unattended}.",
            SignInFlow.Password when InlineCredential && !HostFacts.CanAsk(Host) =>
                $"-InlineCredential asks for a user name and password, and this host cannot ask. Use {Unattended}.",
            _ => null,
        };
        if (message is not null)
        {
            throw new RefusedException("NonInteractiveHost", message, ErrorCategory.InvalidOperation);
        }
    }

    /// <summary>The default views that are wanted. Names that are no patterns are told even where no views are wanted.</summary>
    private ViewChoice ChosenViews()
    {
        ViewChoice choice = ViewChoice.Of(FormatTypeName);
        if (!WantsViews)
        {
            return ViewChoice.None;
        }

        if (choice.Views.Count == 0)
        {
            WriteVerbose(
                $"There is no default view for -FormatTypeName {string.Join(", ", FormatTypeName)}, so none is loaded, and objects are shown as lists of all properties.");
        }

        return choice;
    }

    private PSCredential AskForCredential() =>
        Host.UI.PromptForCredential(ServiceName, "Enter the user name and password to sign in with.", UserPrincipalName, string.Empty)
        ?? throw new RefusedException("SignInCancelled", "The sign-in was cancelled.", ErrorCategory.OperationStopped);

    private SigningKey OpenKey()
    {
        SecureString? password = CertificatePassword is { Length: > 0 } ? CertificatePassword : null;
        return Certificate is not null ? SigningKey.Of(Certificate, "The certificate in -Certificate", ownsCertificate: false)
            : CertificateFilePath.Length > 0
                ? CertificateFile.Open(
                    FileSystemPath(CertificateFilePath, nameof(CertificateFilePath)),
                    CertificateKeyFilePath.Length > 0 ? FileSystemPath(CertificateKeyFilePath, nameof(CertificateKeyFilePath)) : null,
                    password)
            : CertificateSearch.Find(CertificateThumbprint, password);
    }

    private SecretBytes Secret(SignInFlow flow, PSCredential? credential) => flow switch
    {
        SignInFlow.Password => SecretBytes.Of(credential!.Password),
        SignInFlow.ClientSecret => SecretBytes.Of(ClientSecret!),
        SignInFlow.AccessToken => SecretBytes.Of(AccessToken),
        _ => SecretBytes.None(),
    };

    private ConnectionSettings Settings(SignInFlow flow, PSCredential? credential, SigningKey? key, ulong keyNumber) => new()
    {
        Flow = flow,
        UserPrincipalName = credential?.UserName ?? UserPrincipalName,
        ConnectionUri = ConnectionUri,
        AuthorizationUri = AzureADAuthorizationEndpointUri,
        Environment = ExchangeEnvironmentName,
        Organization = Organization,
        DelegatedOrganization = DelegatedOrganization,
        Prefix = Prefix,
        PageSize = ObjectsPerPage,
        ModuleName = Prefix.Length > 0 ? PrefixedCommands.ModuleNameOf(PrefixedCommands.AsWrittenFirst(Prefix)) : MyInvocation.MyCommand.Module?.ModuleBase ?? string.Empty,
        IsCompliance = IsCompliance,
        BypassMailboxAnchoring = BypassMailboxAnchoring,
        ShowBanner = Bound(nameof(ShowBanner)) && ShowBanner,
        PowerShellVersion = PowerShellVersion(),
        Verbose = WantsVerbose(),
        AppId = AppId,
        Certificate = key is null ? null : (key, keyNumber),
        FederatedTokenFile = flow == SignInFlow.FederatedToken ? FederatedTokenFile() : string.Empty,
        ManagedIdentityAccountId = ManagedIdentityAccountId,
    };

    private string FederatedTokenFile()
    {
        string path = FileSystemPath(FederatedTokenFilePath, nameof(FederatedTokenFilePath));
        return File.Exists(path) ? path : throw new RefusedException(
            "FederatedTokenFileNotFound",
            $"There is no file '{path}' with a federated token. Check -FederatedTokenFilePath, or the environment variable {SignInChoice.FederatedTokenVariable}.",
            ErrorCategory.ObjectNotFound,
            path);
    }

    private string LogFolder() =>
        LogDirectoryPath.Length == 0 ? CmdletLog.DefaultFolder : FileSystemPath(LogDirectoryPath, nameof(LogDirectoryPath));

    /// <summary>PowerShell's location is not the process's, and its drives are not the system's.</summary>
    private string FileSystemPath(string path, string parameter)
    {
        try
        {
            string resolved = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            return provider.Name == "FileSystem" ? resolved : throw new RefusedException(
                "NotAFilePath",
                $"-{parameter} must name a file, and '{path}' belongs to {provider.Name}.",
                ErrorCategory.InvalidArgument,
                path);
        }
        catch (Exception e) when (e is ProviderNotFoundException or System.Management.Automation.DriveNotFoundException or ProviderInvocationException or NotSupportedException)
        {
            throw new RefusedException("NotAFilePath", $"-{parameter} names no file: {e.Message}", ErrorCategory.ObjectNotFound, path);
        }
    }

    private void TellWhichAddress()
    {
        if (ConnectionUri.Length > 0 && AzureADAuthorizationEndpointUri.Length == 0)
        {
            WriteInformation(
                $"Using ConnectionUri '{ConnectionUri}' with the sign-in service of its cloud.",
                new[] { "ExchangeOnlineRs" });
        }
    }

    /// <summary>One line, on the information stream only.</summary>
    private void Announce(JsonElement connection)
    {
        string? who = Text(connection, "userPrincipalName") is { Length: > 0 } user ? user : Text(connection, "appId");
        string? where = Text(connection, "delegatedOrganization") is { Length: > 0 } delegated ? delegated : Text(connection, "organization");
        WriteInformation(
            $"Connected to {ServiceName}" + (string.IsNullOrEmpty(who) ? string.Empty : " as " + who)
            + (string.IsNullOrEmpty(where) ? "." : $" ({where})."),
            new[] { "ExchangeOnlineRs" });
    }

    private string? TargetName()
    {
        string name = Credential?.UserName ?? (UserPrincipalName.Length > 0 ? UserPrincipalName : AppId);
        return name.Length > 0 ? name : null;
    }

    private bool Bound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    private string PowerShellVersion() =>
        SessionState.PSVariable.GetValue("PSVersionTable") is IDictionary table && table["PSVersion"]?.ToString() is { Length: > 0 } version
            ? version
            : Host.Version.ToString();
}
