using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using ExchangeOnlineRs.Native;

namespace ExchangeOnlineRs.Logging;

/// <summary>What a log says about one run of a cmdlet. It measures from its creation to <see cref="End"/>.</summary>
internal sealed class LogEntry
{
    private readonly DateTime started = DateTime.UtcNow;
    private readonly long startedAt = Stopwatch.GetTimestamp();
    private readonly TimeSpan? processorBefore;
    private readonly string cmdletName;
    private readonly IReadOnlyDictionary<string, object> parameters;
    private TimeSpan duration;
    private TimeSpan? processor;
    private long? workingSet;

    /// <summary>Starts to measure.</summary>
    /// <param name="cmdletName">The cmdlet.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="tracksPerformance">Whether processor time and memory are measured.</param>
    internal LogEntry(string cmdletName, IReadOnlyDictionary<string, object> parameters, bool tracksPerformance)
    {
        this.cmdletName = cmdletName;
        this.parameters = parameters;
        processorBefore = tracksPerformance ? ProcessorTime() : null;
    }

    /// <summary>The connection.</summary>
    internal Guid? ConnectionId { get; set; }

    /// <summary>The id under which the service knows the request.</summary>
    internal string? RequestId { get; set; }

    /// <summary>Why it failed; null if it did not.</summary>
    internal string? ErrorMessage { get; private set; }

    /// <summary>The id of the error.</summary>
    internal string? ErrorId { get; private set; }

    /// <summary>Whether somebody stopped it.</summary>
    internal bool Stopped { get; set; }

    /// <summary>How many rows it wrote.</summary>
    internal long? RowCount { get; set; }

    /// <summary>Takes note of a failure.</summary>
    internal void Failed(string errorId, string message)
    {
        ErrorId = errorId;
        ErrorMessage = message;
    }

    /// <summary>Takes note of a failure that the core reports.</summary>
    internal void Failed(Fault fault)
    {
        Failed(fault.ErrorId, fault.Message);
        RequestId = fault.RequestId ?? RequestId;
    }

    /// <summary>Ends the measuring.</summary>
    internal void End()
    {
        duration = Stopwatch.GetElapsedTime(startedAt);
        if (processorBefore is { } before)
        {
            processor = ProcessorTime() - before;
            workingSet = Environment.WorkingSet;
        }
    }

    internal string[] ToCells(bool withValues, bool withPerformance) => new[]
    {
        started.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        cmdletName,
        ConnectionId?.ToString() ?? string.Empty,
        LogText.Parameters(parameters, withValues),
        ErrorMessage is not null ? "Failed" : Stopped ? "Stopped" : "Success",
        ErrorMessage ?? string.Empty,
        ErrorId ?? string.Empty,
        RequestId ?? string.Empty,
        Number(duration.TotalMilliseconds),
        RowCount?.ToString(CultureInfo.InvariantCulture) ?? string.Empty,
        withPerformance && processor is { } used ? Number(used.TotalMilliseconds) : string.Empty,
        withPerformance && workingSet is { } bytes ? Number(bytes / (1024.0 * 1024.0)) : string.Empty,
    };

    private static string Number(double value) => Math.Round(value).ToString("0", CultureInfo.InvariantCulture);

    private static TimeSpan ProcessorTime()
    {
        using Process process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
