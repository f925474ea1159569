using System.Management.Automation;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>Signs in and opens a connection to Security &amp; Compliance.</summary>
/// <remarks>
/// It knows every way to sign in that Connect-ExchangeOnline knows. The original lacks ExchangeEnvironmentName, Device,
/// InlineCredential and the managed identity here, and wants AzureADAuthorizationEndpointUri beside DelegatedOrganization.
/// </remarks>
[Cmdlet(VerbsCommunications.Connect, "IPPSSession")]
public sealed class ConnectIPPSSessionCommand : ConnectCmdlet
{
    /// <inheritdoc/>
    [Parameter]
    public override ExchangeEnvironment ExchangeEnvironmentName { get; set; } = ExchangeEnvironment.O365Default;

    /// <inheritdoc/>
    [Parameter(Position = 2)]
    public override string DelegatedOrganization { get; set; } = string.Empty;

    /// <inheritdoc/>
    [Parameter(Position = 4)]
    public override string Prefix { get; set; } = string.Empty;

    /// <inheritdoc/>
    [Parameter(Position = 5)]
    public override string[] CommandName { get; set; } = { "*" };

    /// <inheritdoc/>
    [Parameter(Position = 6)]
    public override string[] FormatTypeName { get; set; } = { "*" };

    /// <summary>Taken without effect: a session serves all cmdlets.</summary>
    [Parameter]
    public SwitchParameter EnableSearchOnlySession { get; set; }

    private protected override bool IsCompliance => true;

    private protected override string ServiceName => "Security & Compliance";
}
