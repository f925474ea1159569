using System.Management.Automation;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>Signs in and opens a connection to Exchange Online.</summary>
[Cmdlet(VerbsCommunications.Connect, "ExchangeOnline")]
public sealed class ConnectExchangeOnlineCommand : ConnectCmdlet
{
    /// <inheritdoc/>
    [Parameter(Position = 2)]
    public override ExchangeEnvironment ExchangeEnvironmentName { get; set; } = ExchangeEnvironment.O365Default;

    /// <inheritdoc/>
    [Parameter(Position = 4)]
    public override string DelegatedOrganization { get; set; } = string.Empty;

    /// <inheritdoc/>
    [Parameter(Position = 5)]
    public override string Prefix { get; set; } = string.Empty;

    /// <inheritdoc/>
    [Parameter(Position = 6)]
    public override string[] CommandName { get; set; } = { "*" };

    /// <inheritdoc/>
    [Parameter(Position = 7)]
    public override string[] FormatTypeName { get; set; } = { "*" };

    /// <summary>Taken without effect: help is part of the module.</summary>
    [Parameter]
    public SwitchParameter LoadCmdletHelp { get; set; }

    /// <summary>How many objects a page has at most.</summary>
    [Parameter]
    [ValidateRange(1u, 1000u)]
    public uint PageSize { get; set; } = 1000;

    /// <summary>Shows how many objects a cmdlet has received.</summary>
    [Parameter]
    public bool ShowProgress { get; set; }

    /// <summary>Taken without effect: help is part of the module.</summary>
    [Parameter]
    public SwitchParameter SkipLoadingCmdletHelp { get; set; } = true;

    /// <summary>Does without the default views: objects are then shown as lists of all properties.</summary>
    [Parameter]
    public SwitchParameter SkipLoadingFormatData { get; set; }

    /// <summary>Adds processor time and memory to the log of cmdlets.</summary>
    [Parameter]
    public bool TrackPerformance { get; set; }

    /// <summary>Taken without effect: requests run side by side where that helps.</summary>
    [Parameter]
    public bool UseMultithreading { get; set; } = true;

    private protected override bool IsCompliance => false;

    private protected override string ServiceName => "Exchange Online";

    private protected override uint ObjectsPerPage => PageSize;

    private protected override bool ShowsProgress => ShowProgress;

    private protected override bool WantsViews => !SkipLoadingFormatData;

    private protected override bool TracksPerformance => TrackPerformance;
}
