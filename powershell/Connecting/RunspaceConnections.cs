using System;
using System.Collections.Generic;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using ExchangeOnlineRs.Cmdlets;

namespace ExchangeOnlineRs.Connecting;

/// <summary>
/// Which connections were made in which runspace. Connections serve the whole process, but a script means those that it made
/// itself: what another runspace connects or disconnects meanwhile must not lead its commands to another organization.
/// </summary>
internal static class RunspaceConnections
{
    private static readonly ConditionalWeakTable<Runspace, List<Made>> Runspaces = new();

    /// <summary>Notes a connection that was made in the runspace at hand.</summary>
    internal static void Add(Guid id, string prefix, bool isCompliance)
    {
        if (Runspace.DefaultRunspace is { } runspace)
        {
            List<Made> made = Runspaces.GetOrCreateValue(runspace);
            lock (made)
            {
                made.RemoveAll(static one => OpenConnections.Find(one.Id) is null);
                made.Add(new Made(id, prefix, isCompliance));
            }
        }
    }

    /// <summary>
    /// The last open connection of this runspace with this prefix (empty for none) and of a kind that fits; null if it has made
    /// none, and the connections of the process count.
    /// </summary>
    internal static Guid? Last(string prefix, ServiceSurface surface)
    {
        if (Runspace.DefaultRunspace is not { } runspace || !Runspaces.TryGetValue(runspace, out List<Made>? made))
        {
            return null;
        }

        lock (made)
        {
            return made.FindLast(one =>
                surface.TakesPrefix(prefix, one.Prefix)
                && (surface == ServiceSurface.Any || one.IsCompliance == (surface == ServiceSurface.Compliance))
                && OpenConnections.Find(one.Id) is not null)?.Id;
        }
    }

    private sealed record Made(Guid Id, string Prefix, bool IsCompliance);
}
