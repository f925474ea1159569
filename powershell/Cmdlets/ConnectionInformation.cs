using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using ExchangeOnlineRs.Cmdlets;
using ExchangeOnlineRs.Native;

// The type name is part of the contract: views and scripts go by it.
namespace Microsoft.Exchange.Management.ExoPowershellSnapin;

/// <summary>A connection, as <c>Get-ConnectionInformation</c> shows it.</summary>
public sealed class ConnectionInformation
{
    private ConnectionInformation(JsonElement json)
    {
        ConnectionId = Guid.TryParse(Text(json, "connectionId"), out Guid id) ? id : Guid.Empty;
        State = Text(json, "state");
        Id = Number(json, "id");
        Name = Text(json, "name");
        UserPrincipalName = Text(json, "userPrincipalName");
        ConnectionUri = Text(json, "connectionUri");
        AzureAdAuthorizationEndpointUri = Text(json, "azureAdAuthorizationEndpointUri");
        TokenExpiryTimeUTC = DateTimeOffset.TryParse(
            Text(json, "tokenExpiryTimeUtc"),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out DateTimeOffset expiry)
            ? expiry
            : null;
        CertificateAuthentication = Flag(json, "certificateAuthentication");
        ModuleName = Text(json, "moduleName");
        ModulePrefix = Text(json, "modulePrefix");
        Organization = Text(json, "organization");
        DelegatedOrganization = Text(json, "delegatedOrganization");
        AppId = Text(json, "appId");
        PageSize = (uint)Math.Max(0, Number(json, "pageSize"));
        TenantID = Text(json, "tenantId");
        TokenStatus = Text(json, "tokenStatus");
        ConnectionUsedForInbuiltCmdlets = Flag(json, "connectionUsedForInbuiltCmdlets");
        IsEopSession = Flag(json, "isEopSession");
    }

    /// <summary>The connection's id.</summary>
    public Guid ConnectionId { get; }

    /// <summary>Connected or Broken.</summary>
    public string State { get; }

    /// <summary>The connection's number.</summary>
    public int Id { get; }

    /// <summary>The connection's name.</summary>
    public string Name { get; }

    /// <summary>The account.</summary>
    public string UserPrincipalName { get; }

    /// <summary>The address of the service.</summary>
    public string ConnectionUri { get; }

    /// <summary>The address of the sign-in service.</summary>
    public string AzureAdAuthorizationEndpointUri { get; }

    /// <summary>When the access token ends; it is renewed before.</summary>
    public DateTimeOffset? TokenExpiryTimeUTC { get; }

    /// <summary>Whether a certificate signed in.</summary>
    public bool CertificateAuthentication { get; }

    /// <summary>The path of the module.</summary>
    public string ModuleName { get; }

    /// <summary>The prefix of nouns.</summary>
    public string ModulePrefix { get; }

    /// <summary>The organization.</summary>
    public string Organization { get; }

    /// <summary>The organization worked on as a partner or guest.</summary>
    public string DelegatedOrganization { get; }

    /// <summary>The application.</summary>
    public string AppId { get; }

    /// <summary>How many objects a page has at most.</summary>
    public uint PageSize { get; }

    /// <summary>The tenant's id.</summary>
    public string TenantID { get; }

    /// <summary>Active or Expired.</summary>
    public string TokenStatus { get; }

    /// <summary>Whether cmdlets use this connection.</summary>
    public bool ConnectionUsedForInbuiltCmdlets { get; }

    /// <summary>Whether it is a connection to Security &amp; Compliance.</summary>
    public bool IsEopSession { get; }

    /// <summary>All connections of the process. Where nothing native has happened yet there is none.</summary>
    internal static List<ConnectionInformation> All()
    {
        var all = new List<ConnectionInformation>();
        if (NativeCore.IsLoaded)
        {
            using JsonDocument document = NativeCore.ListConnections();
            if (document.RootElement.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement json in document.RootElement.EnumerateArray())
                {
                    all.Add(new ConnectionInformation(json));
                }
            }
        }

        return all;
    }

    /// <summary>
    /// The connection that a command without <c>-ConnectionId</c> works on, by the rule of the core: the last one of its
    /// prefix that offers cmdlets of this surface. Null if there is none.
    /// </summary>
    internal static ConnectionInformation? Serving(string prefix, ServiceSurface surface) =>
        All().FindLast(connection => surface.TakesPrefix(prefix, connection.ModulePrefix) && connection.Serves(surface));

    /// <summary>Whether it offers the cmdlets of this surface.</summary>
    internal bool Serves(ServiceSurface surface) => surface == ServiceSurface.Any || IsEopSession == (surface == ServiceSurface.Compliance);

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? string.Empty : string.Empty;

    private static int Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : 0;

    private static bool Flag(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;
}
