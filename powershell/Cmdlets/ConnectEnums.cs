namespace ExchangeOnlineRs;

/// <summary>The clouds Exchange Online runs in.</summary>
public enum ExchangeEnvironment
{
    /// <summary>The worldwide cloud.</summary>
    O365Default,

    /// <summary>The former German cloud.</summary>
    O365GermanyCloud,

    /// <summary>The cloud operated by 21Vianet in China.</summary>
    O365China,

    /// <summary>United States government, GCC High.</summary>
    O365USGovGCCHigh,

    /// <summary>United States government, DoD.</summary>
    O365USGovDoD,
}

/// <summary>How much the log of cmdlets says. Every run has its row at both levels.</summary>
public enum LogLevel
{
    /// <summary>The names of parameters.</summary>
    Default,

    /// <summary>The values of parameters too; secrets never.</summary>
    All,
}
