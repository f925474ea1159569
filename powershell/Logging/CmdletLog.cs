using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Management.Automation;
using System.Text;
using ExchangeOnlineRs.Connecting;

namespace ExchangeOnlineRs.Logging;

/// <summary>
/// The log of one connection's cmdlets: a CSV file with a row for every request to the service.
/// </summary>
/// <remarks>
/// Name and place of the file are those of the original. Which columns the original writes is not documented; these are our own.
/// The file is opened for each row, so that it can be read, moved or deleted at any time.
/// </remarks>
internal sealed class CmdletLog
{
    private static readonly string[] Columns =
    {
        "Timestamp", "CmdletName", "ConnectionId", "CmdletParameters", "Status", "ErrorMessage", "ErrorId", "RequestId",
        "DurationMs", "RowCount", "CpuTimeMs", "WorkingSetMB",
    };

    /// <summary>Several runspaces may use one connection.</summary>
    private readonly object gate = new();
    private readonly LogLevel level;
    private bool failed;

    private CmdletLog(string path, LogLevel level, bool tracksPerformance)
    {
        FilePath = path;
        this.level = level;
        TracksPerformance = tracksPerformance;
    }

    /// <summary>The file.</summary>
    internal string FilePath { get; }

    /// <summary>Whether rows say what they took of processor and memory.</summary>
    internal bool TracksPerformance { get; }

    /// <summary>The folder when none is named.</summary>
    internal static string DefaultFolder => Path.Combine(Path.GetTempPath(), "EXOCmdletTelemetry");

    /// <summary>Makes the file, with the names of its columns.</summary>
    /// <exception cref="RefusedException">It cannot be written.</exception>
    internal static CmdletLog Create(string folder, LogLevel level, bool tracksPerformance)
    {
        try
        {
            Directory.CreateDirectory(folder);
            string name = "EXOCmdletTelemetry-" + DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
            for (int number = 1; ; number++)
            {
                string path = Path.Combine(folder, name + (number == 1 ? string.Empty : $"-{number}") + ".csv");
                try
                {
                    // Each connection has a file of its own, also when two are made within a second.
                    using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
                    Write(file, Columns);
                    return new CmdletLog(path, level, tracksPerformance);
                }
                catch (IOException) when (File.Exists(path))
                {
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new RefusedException(
                "LogNotWritable",
                $"The log of cmdlets cannot be written in '{folder}': {e.Message.TrimEnd('.')}. Name another folder with -LogDirectoryPath, or leave -EnableErrorReporting out.",
                ErrorCategory.WriteError,
                folder);
        }
    }

    /// <summary>Adds a row. A log that cannot be written must not break a cmdlet: the first time it fails, a warning is returned.</summary>
    internal string? Add(LogEntry entry)
    {
        lock (gate)
        {
            try
            {
                using var file = new FileStream(FilePath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
                if (file.Length == 0)
                {
                    // Somebody deleted it.
                    Write(file, Columns);
                }

                Write(file, entry.ToCells(level == LogLevel.All, TracksPerformance));
                failed = false;
                return null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                bool again = failed;
                failed = true;
                return again ? null : $"The log of cmdlets '{FilePath}' cannot be written: {e.Message}";
            }
        }
    }

    /// <summary>
    /// All cells are quoted: nothing in them ends a cell or a row, and no reader takes one for something else than text.
    /// </summary>
    private static void Write(FileStream file, IReadOnlyList<string> cells)
    {
        var row = new StringBuilder();
        for (int i = 0; i < cells.Count; i++)
        {
            row.Append(i == 0 ? "\"" : ",\"").Append(cells[i].Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
        }

        file.Write(Encoding.UTF8.GetBytes(row.Append("\r\n").ToString()));
    }
}
