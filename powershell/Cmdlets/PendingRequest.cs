using System;
using System.Management.Automation;
using ExchangeOnlineRs.Logging;
using ExchangeOnlineRs.Native;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// One object of the pipeline: the request that was sent for it, and what is to be said about it when it is its turn. Closing
/// it also cancels the request.
/// </summary>
internal sealed class PendingRequest : IDisposable
{
    private readonly CmdletLog? log;
    private bool isClosed;

    /// <summary>For a request that is on its way, or could not be started.</summary>
    /// <param name="identity">What it is about.</param>
    /// <param name="log">Where the run is logged; null for nowhere.</param>
    /// <param name="entry">What will be logged.</param>
    internal PendingRequest(string? identity, CmdletLog? log = null, LogEntry? entry = null)
    {
        Identity = identity;
        this.log = log;
        Entry = entry;
    }

    /// <summary>What it is about, for messages.</summary>
    internal string? Identity { get; }

    /// <summary>What will be logged.</summary>
    internal LogEntry? Entry { get; }

    /// <summary>The work of the core; null if it was never started.</summary>
    internal NativeOperation? Operation { get; set; }

    /// <summary>Why the core did not start it.</summary>
    internal FaultException? Failure { get; set; }

    /// <summary>Why it was not given to the core.</summary>
    internal ErrorRecord? Refused { get; set; }

    /// <summary>Rows that were written.</summary>
    internal long Written { get; set; }

    /// <summary>Whether all rows could be read.</summary>
    internal bool IsComplete { get; set; } = true;

    /// <summary>Whether there is a progress bar.</summary>
    internal bool ShowsProgress { get; set; }

    /// <summary>Ends the work and logs the run. Returns what is wrong with the log, if something is.</summary>
    internal string? Close()
    {
        if (isClosed)
        {
            return null;
        }

        isClosed = true;
        Operation?.Dispose();
        if (Entry is null)
        {
            return null;
        }

        Entry.End();
        return log?.Add(Entry);
    }

    /// <summary>Ends it without a word: a pipeline that is on its way out takes no more records.</summary>
    public void Dispose() => Close();
}
