using System;
using System.Collections.Generic;
using System.Threading;

namespace ExchangeOnlineRs.Rows;

/// <summary>
/// Moves rows that a script keeps from their pages when little else of a page is alive: one mailbox kept of a thousand must not
/// hold the memory of a thousand.
/// </summary>
/// <remarks>
/// What is alive only the garbage collector knows, so pages are looked at after it ran: those that were given lately when more
/// pages follow, the others after a full collection.
/// </remarks>
internal static class RetainedPages
{
    /// <summary>A page of which more than a fourth is alive stays: copying would cost more than it frees.</summary>
    private const int WorthwhileShare = 4;

    /// <summary>How many pages are given before the last ones are looked at.</summary>
    private const int Interval = 4;

    /// <summary>Pages that were looked at so often are kept by intent, and wait for a full collection.</summary>
    private const int LooksAtYoung = 3;

    private static readonly List<Entry> Young = new();
    private static readonly List<Entry> Old = new();
    private static int sinceLook;
    private static int collections;
    private static int watching;

    /// <summary>All rows of a page that are wanted have been made. From now on the page is only there for them.</summary>
    internal static void Add(NativePage page)
    {
        if (!PageIsWorthIt(page))
        {
            return;
        }

        if (Interlocked.Exchange(ref watching, 1) == 0)
        {
            _ = new FullCollection();
        }

        lock (Young)
        {
            Young.Add(new Entry(page));
            int collected = GC.CollectionCount(0);
            if (++sinceLook < Interval || collected == collections)
            {
                return;
            }

            sinceLook = 0;
            collections = collected;
            TryLook(Young, forget: LooksAtYoung);
        }
    }

    /// <summary>Whether a page holds so much more than a row that it is worth watching.</summary>
    internal static bool PageIsWorthIt(NativePage page) => page.Count >= WorthwhileShare;

    private static void LookAtAll()
    {
        lock (Young)
        {
            TryLook(Old, forget: int.MaxValue);
            TryLook(Young, forget: LooksAtYoung);
        }
    }

    private static void TryLook(List<Entry> entries, int forget)
    {
        try
        {
            Look(entries, forget);
        }
        catch (OutOfMemoryException)
        {
            // There is no room for copies. The rows can stay where they are; the script is not to be hurt by an economy.
        }
    }

    private static void Look(List<Entry> entries, int forget) => entries.RemoveAll(entry =>
    {
        // A page that is gone needs nothing, and one whose rows were moved is about to go.
        if (!entry.Page.TryGetTarget(out NativePage? page) || MoveFrom(page))
        {
            return true;
        }

        if (++entry.Looks < forget)
        {
            return false;
        }

        Old.Add(entry);
        return true;
    });

    /// <summary>Moves the living rows of a page if they are few, and says whether it did.</summary>
    /// <remarks>
    /// The page is not freed here: somebody may be reading from it. Without its rows it goes by itself.
    /// </remarks>
    private static bool MoveFrom(NativePage page)
    {
        long size = 0;
        var living = new List<(Row Row, int Index)>();
        for (int i = 0; i < page.Count; i++)
        {
            if (page.Living(i) is { } row)
            {
                size += page.SizeOf(i);
                if (size * WorthwhileShare > page.Size)
                {
                    return false;
                }

                living.Add((row, i));
            }
        }

        foreach ((Row row, int index) in living)
        {
            row.MoveTo(page.Keep(index));
        }

        return true;
    }

    private sealed class Entry
    {
        internal Entry(NativePage page) => Page = new WeakReference<NativePage>(page);

        internal WeakReference<NativePage> Page { get; }

        internal int Looks { get; set; }
    }

    /// <summary>Nobody has it, so that each full collection finds it, and it comes back for the next.</summary>
    private sealed class FullCollection
    {
        ~FullCollection()
        {
            ThreadPool.UnsafeQueueUserWorkItem(static _ => LookAtAll(), null);
            GC.ReRegisterForFinalize(this);
        }
    }
}
