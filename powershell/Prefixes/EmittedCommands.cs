namespace ExchangeOnlineRs.Prefixes;

/// <summary>
/// Whether commands were ever emitted in this process, for a prefix or from a catalog file. It stands alone so that an import of the
/// module, which has to ask, need not load what emits them.
/// </summary>
internal static class EmittedCommands
{
    private static volatile bool everEmitted;

    /// <summary>Whether there may be commands that a runspace which imports the module has to get.</summary>
    internal static bool EverEmitted => everEmitted;

    /// <summary>From now on there are.</summary>
    internal static void Announce() => everEmitted = true;
}
