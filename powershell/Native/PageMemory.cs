using System;
using System.Threading;

namespace ExchangeOnlineRs.Native;

/// <summary>
/// Counts the memory of the core's pages and has garbage collected when it has grown. The collector sees only the small objects
/// that stand for them.
/// </summary>
/// <remarks>
/// The runtime's own means, <c>GC.AddMemoryPressure</c>, makes a full collection for nearly every page of a long list, which costs
/// an eighth of the time. A page that a pipeline has passed is young, so a collection of the young frees it. Pages that stay all the
/// same are kept by somebody; then the next collection waits until there are half as many again, and a full one until there are
/// twice as many.
/// </remarks>
internal static class PageMemory
{
    /// <summary>Bytes of pages that come before a collection.</summary>
    private const long Allowance = 24L << 20;

    /// <summary>Bytes of pages that come before a full collection.</summary>
    private const long FullAllowance = 256L << 20;

    private static long used;
    private static long limit = Allowance;
    private static long fullLimit = FullAllowance;

    /// <summary>A page has come.</summary>
    internal static void Add(long bytes)
    {
        long now = Interlocked.Add(ref used, bytes);
        if (now <= Volatile.Read(ref limit))
        {
            return;
        }

        // Finalizers run beside this; what they free lowers the limit again.
        Volatile.Write(ref limit, now + Math.Max(Allowance, now / 2));
        if (now > Volatile.Read(ref fullLimit))
        {
            Volatile.Write(ref fullLimit, (2 * now) + FullAllowance);
            GC.Collect(2, GCCollectionMode.Forced, blocking: false);
        }
        else
        {
            GC.Collect(1, GCCollectionMode.Forced, blocking: true);
        }
    }

    /// <summary>A page is gone.</summary>
    internal static void Remove(long bytes)
    {
        long now = Interlocked.Add(ref used, -bytes);
        Lower(ref limit, now + Allowance);
        Lower(ref fullLimit, (2 * now) + FullAllowance);
    }

    private static void Lower(ref long bound, long to)
    {
        if (to < Volatile.Read(ref bound))
        {
            Volatile.Write(ref bound, to);
        }
    }
}
