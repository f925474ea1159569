using System;
using System.Collections.Generic;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// The requests of a pipeline that were sent ahead, in the order of their objects. Only the first of them is asked for its
/// results, so that none of the others makes more than its first page. The pipeline's thread fills and empties it; any
/// thread may cancel what is in it.
/// </summary>
internal sealed class RequestWindow : IDisposable
{
    private readonly object gate = new();
    private readonly Queue<PendingRequest> requests = new();

    /// <summary>Makes an empty window.</summary>
    /// <param name="size">How many requests it holds.</param>
    internal RequestWindow(int size) => Size = size;

    /// <summary>How many requests it holds.</summary>
    internal int Size { get; }

    /// <summary>How many it has.</summary>
    internal int Count => requests.Count;

    /// <summary>The request whose turn it is.</summary>
    internal PendingRequest? First => requests.TryPeek(out PendingRequest? first) ? first : null;

    /// <summary>Takes a request in as the last one.</summary>
    internal void Add(PendingRequest request)
    {
        lock (gate)
        {
            requests.Enqueue(request);
        }
    }

    /// <summary>Lets the first one go, which has ended.</summary>
    internal void RemoveFirst()
    {
        lock (gate)
        {
            requests.Dequeue();
        }
    }

    /// <summary>Asks the core to stop all of them, from any thread.</summary>
    internal void Cancel()
    {
        lock (gate)
        {
            foreach (PendingRequest request in requests)
            {
                request.Operation?.Cancel();
            }
        }
    }

    /// <summary>Stops all of them and forgets them. Their results will not be written any more.</summary>
    public void Dispose()
    {
        // All at once, before the first is waited for or logged.
        Cancel();
        while (First is { } request)
        {
            RemoveFirst();
            request.Dispose();
        }
    }
}
