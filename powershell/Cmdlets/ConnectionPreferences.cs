namespace ExchangeOnlineRs.Cmdlets;

/// <summary>What was asked for at the last connect and is of no concern to the core. Connections belong to the process.</summary>
internal static class ConnectionPreferences
{
    private static volatile bool showProgress;

    /// <summary>Whether reading cmdlets show how many objects they have received.</summary>
    internal static bool ShowProgress
    {
        get => showProgress;
        set => showProgress = value;
    }
}
