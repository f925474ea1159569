using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using ExchangeOnlineRs.Certificates;
using ExchangeOnlineRs.Logging;
using ExchangeOnlineRs.Prefixes;

namespace ExchangeOnlineRs.Connecting;

/// <summary>What this side keeps for an open connection; all else the core knows.</summary>
/// <param name="Key">The number of the certificate's key, or 0.</param>
/// <param name="Log">The log of its cmdlets, if one was asked for.</param>
internal sealed record OpenConnection(ulong Key, CmdletLog? Log);

/// <summary>The open connections of the process, as far as they are a matter of this side.</summary>
internal static class OpenConnections
{
    private static readonly ConcurrentDictionary<Guid, OpenConnection> Connections = new();
    private static volatile bool anyLog;
    private static volatile bool anyPerformance;

    /// <summary>Whether some connection keeps a log; without one nothing needs to be measured.</summary>
    internal static bool AnyLog => anyLog;

    /// <summary>Whether some log also says what cmdlets take of processor and memory.</summary>
    internal static bool AnyPerformance => anyPerformance;

    internal static void Add(Guid id, OpenConnection connection)
    {
        Connections[id] = connection;
        CountLogs();
    }

    internal static OpenConnection? Find(Guid id) => Connections.TryGetValue(id, out OpenConnection? connection) ? connection : null;

    /// <summary>Forgets connections that the core has closed: their keys, logs and prefixes.</summary>
    internal static void Forget(IReadOnlyCollection<Guid> ids)
    {
        foreach (Guid id in ids)
        {
            if (Connections.TryRemove(id, out OpenConnection? connection))
            {
                SigningKeys.Remove(connection.Key);
            }
        }

        CountLogs();
        PrefixedCommands.Close(ids);
    }

    private static void CountLogs()
    {
        bool log = false;
        bool performance = false;
        foreach (OpenConnection connection in Connections.Values)
        {
            log |= connection.Log is not null;
            performance |= connection.Log is { TracksPerformance: true };
        }

        anyLog = log;
        anyPerformance = performance;
    }
}
