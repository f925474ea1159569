using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace ExchangeOnlineRs.Formats;

/// <summary>
/// The default views, and what the engine must know of sizes. They come into a session with its first connection, as those of the
/// original do, and into another runspace with its first cmdlet of the service: always while an answer of the service is awaited,
/// so that nobody waits for them.
/// </summary>
/// <remarks>
/// The engine makes its table of views anew for each module that has some, and it takes milliseconds. So the views are put where it
/// looks for them, and the module of sizes, which is imported after that, brings them in.
/// </remarks>
internal static class DefaultViews
{
    /// <summary>Sizes are no views: they are loaded whatever is wanted, because files and jobs go by them too.</summary>
    private static readonly SessionPart Sizes = new("ExchangeOnlineRs.Sizes");

    /// <summary>What runspaces have got, or refused.</summary>
    private static readonly ConditionalWeakTable<Runspace, Loaded> Runspaces = new();

    private static readonly object Gate = new();

    /// <summary>What connections want, for runspaces that made none themselves: connections are the process's.</summary>
    private static volatile ViewChoice wanted = ViewChoice.None;

    /// <summary>Loads them into the runspace at hand for a new connection, beside those of its earlier ones.</summary>
    /// <param name="choice">
    /// The views that are wanted, in this runspace and in those that use the connection. Where it is none at all, those
    /// get none of earlier connections either.
    /// </param>
    /// <exception cref="RuntimeException">The engine would not have them. It is not tried again before the next connection.</exception>
    internal static void LoadForConnection(ViewChoice choice)
    {
        lock (Gate)
        {
            wanted = choice == ViewChoice.None ? choice : wanted.With(choice);
        }

        if (Runspace.DefaultRunspace is { } runspace)
        {
            Load(runspace, new Loaded(choice, ForConnection: true));
        }
    }

    /// <summary>Loads them into the runspace at hand for a cmdlet of the service, unless it has made a connection itself.</summary>
    /// <exception cref="RuntimeException">The engine would not have them. It is not tried again in this runspace.</exception>
    internal static void LoadForCmdlet()
    {
        if (Runspace.DefaultRunspace is not { } runspace)
        {
            return;
        }

        ViewChoice choice = wanted;
        if (!Runspaces.TryGetValue(runspace, out Loaded? loaded) || (!loaded.ForConnection && loaded.Choice != choice))
        {
            Load(runspace, new Loaded(choice, ForConnection: false));
        }
    }

    /// <summary>Takes them out of the runspace at hand.</summary>
    internal static void Unload()
    {
        if (Runspace.DefaultRunspace is { } runspace && Runspaces.Remove(runspace))
        {
            SessionViews.Remove(runspace, SessionViews.IsOurs);
            Sizes.Unload();
        }
    }

    private static void Load(Runspace runspace, Loaded loaded)
    {
        Runspaces.AddOrUpdate(runspace, loaded);
        IReadOnlyCollection<SessionStateFormatEntry> added = SessionViews.Add(runspace, loaded.Choice);
        try
        {
            Sizes.Load(again: added.Count > 0);
        }
        catch (RuntimeException e)
        {
            // What is not shown yet must look new the next time.
            SessionViews.Remove(runspace, added.Contains);
            if (e is PipelineStoppedException)
            {
                // Ctrl+C is no reason to do without them from now on.
                Runspaces.Remove(runspace);
            }

            throw;
        }
    }

    private sealed record Loaded(ViewChoice Choice, bool ForConnection);
}
