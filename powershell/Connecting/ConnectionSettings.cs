using System;
using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ExchangeOnlineRs.Certificates;

namespace ExchangeOnlineRs.Connecting;

/// <summary>What the core needs to open a connection, as the JSON that it reads. No secret is in it.</summary>
internal sealed class ConnectionSettings
{
    private const int SignInTimeoutSeconds = 300;

    /// <summary>
    /// What the core needs of the environment. It is read here, because on Linux and macOS native code does not see what
    /// PowerShell sets.
    /// </summary>
    private static readonly string[] EnvironmentNames =
    {
        // Trust, proxy, browser.
        "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "BROWSER",
        // Where a managed identity is found, and where its agent keeps its proofs.
        "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET", "AZURE_POD_IDENTITY_AUTHORITY_HOST",
        "ProgramData", "ProgramFiles",
    };

    internal required SignInFlow Flow { get; init; }

    internal required string UserPrincipalName { get; init; }

    internal required string ConnectionUri { get; init; }

    internal required string AuthorizationUri { get; init; }

    internal required ExchangeEnvironment Environment { get; init; }

    internal required string Organization { get; init; }

    internal required string DelegatedOrganization { get; init; }

    internal required string Prefix { get; init; }

    internal required uint PageSize { get; init; }

    internal required string ModuleName { get; init; }

    internal required bool IsCompliance { get; init; }

    internal required bool BypassMailboxAnchoring { get; init; }

    internal required bool ShowBanner { get; init; }

    internal required string PowerShellVersion { get; init; }

    internal required bool Verbose { get; init; }

    internal required string AppId { get; init; }

    /// <summary>The certificate's key, and the number by which the core asks for signatures.</summary>
    internal (SigningKey Key, ulong Number)? Certificate { get; init; }

    internal required string FederatedTokenFile { get; init; }

    internal required string ManagedIdentityAccountId { get; init; }

    /// <summary>Writes the JSON.</summary>
    internal void Write(IBufferWriter<byte> buffer)
    {
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("flow", JsonNamingPolicy.CamelCase.ConvertName(Flow.ToString()));
        WriteOptional(json, "userPrincipalName", UserPrincipalName);
        WriteOptional(json, "connectionUri", ConnectionUri);
        WriteOptional(json, "authorizationUri", AuthorizationUri);
        json.WriteString("environment", Environment.ToString());
        WriteOptional(json, "organization", Organization);
        WriteOptional(json, "delegatedOrganization", DelegatedOrganization);
        WriteOptional(json, "prefix", Prefix);
        json.WriteNumber("pageSize", PageSize);
        json.WriteString("moduleName", ModuleName);
        json.WriteBoolean("isEopSession", IsCompliance);
        json.WriteBoolean("bypassMailboxAnchoring", BypassMailboxAnchoring);
        json.WriteBoolean("showBanner", ShowBanner);
        WriteCaller(json);
        json.WriteNumber("signInTimeoutSeconds", SignInTimeoutSeconds);
        json.WriteBoolean("verbose", Verbose);
        WriteApplication(json);
        WriteEnvironment(json);
        json.WriteEndObject();
        json.Flush();
    }

    private void WriteCaller(Utf8JsonWriter json)
    {
        string language = CultureInfo.CurrentUICulture.Name is { Length: > 0 } name ? name : "en-US";
        Version? version = typeof(ConnectionSettings).Assembly.GetName().Version;
        json.WriteString("clientVersion", version is null ? "0.0.0" : version.ToString(3));
        json.WriteString("userAgent", $"Mozilla/5.0 ({RuntimeInformation.OSDescription}; {language}) PowerShell/{PowerShellVersion}");
        json.WriteString("language", language);
    }

    private void WriteApplication(Utf8JsonWriter json)
    {
        WriteOptional(json, "appId", AppId);
        if (Certificate is var (key, number))
        {
            json.WriteStartObject("certificate");
            json.WriteNumber("key", number);
            json.WriteString("algorithm", key.Algorithm);
            json.WriteString("thumbprint", key.Thumbprint);
            json.WriteEndObject();
        }

        WriteOptional(json, "federatedTokenFile", FederatedTokenFile);
        WriteOptional(json, "managedIdentityAccountId", ManagedIdentityAccountId);
    }

    private static void WriteEnvironment(Utf8JsonWriter json)
    {
        json.WriteStartObject("environmentVariables");
        foreach (string variable in EnvironmentNames)
        {
            // Windows knows only one spelling; the first wins.
            if (System.Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
                && !(OperatingSystem.IsWindows() && char.IsLower(variable[0])))
            {
                json.WriteString(variable, value);
            }
        }

        json.WriteEndObject();
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
}
