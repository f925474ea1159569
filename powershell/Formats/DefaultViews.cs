using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace ExchangeOnlineRs.Formats;

/// <summary>
/// The default views, and what the engine must know of sizes. They come into a session with its first connection, as those of the
/// original do, and into another runspace with its first cmdlet of the service: always while an answer of the service is awaited,
/// so that nobody waits for them.
/// </summary>
internal static class DefaultViews
{
    /// <summary>The modules that they are, as a list for the engine.</summary>
    internal const string ModuleNames = ViewsName + ", " + SizesName;

    private const string ViewsName = "ExchangeOnlineRs.Formats";
    private const string SizesName = "ExchangeOnlineRs.Sizes";

    private static readonly SessionPart Views = new(ViewsName);

    /// <summary>Sizes are no views: they are loaded whatever is wanted, because files and jobs go by them too.</summary>
    private static readonly SessionPart Sizes = new(SizesName);

    private static volatile bool areWanted = true;

    /// <summary>Loads them into the runspace at hand for a new connection.</summary>
    /// <param name="wanted">
    /// Whether the views are wanted, in this runspace and in those that use the connection: connections are the process's.
    /// </param>
    /// <exception cref="RuntimeException">The engine would not have them. It is not tried again before the next connection.</exception>
    internal static void LoadForConnection(bool wanted)
    {
        areWanted = wanted;
        if (Runspace.DefaultRunspace is { } runspace)
        {
            Sizes.Load(runspace);
            if (wanted)
            {
                Views.Load(runspace);
            }
        }
    }

    /// <summary>Loads them into the runspace at hand for a cmdlet of the service, if it has none.</summary>
    /// <exception cref="RuntimeException">The engine would not have them. It is not tried again in this runspace.</exception>
    internal static void LoadForCmdlet()
    {
        if (Runspace.DefaultRunspace is { } runspace)
        {
            Sizes.LoadOnce(runspace);
            if (areWanted)
            {
                Views.LoadOnce(runspace);
            }
        }
    }

    /// <summary>Takes them out of the runspace at hand.</summary>
    internal static void Unload()
    {
        if (Runspace.DefaultRunspace is { } runspace)
        {
            Sizes.Unload(runspace);
            Views.Unload(runspace);
        }
    }
}
