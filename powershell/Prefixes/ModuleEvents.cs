using System.Management.Automation;
using System.Runtime.CompilerServices;
using ExchangeOnlineRs.Additions;
using ExchangeOnlineRs.Formats;

namespace ExchangeOnlineRs.Prefixes;

/// <summary>
/// Connections belong to the process, so a runspace that imports the module also gets the commands of the prefixes in use and
/// those that a catalog file added; and one that removes the module loses them.
/// </summary>
public sealed class ModuleEvents : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <summary>Called by the engine when the module is imported.</summary>
    public void OnImport()
    {
        // Mostly there are none, and then finding out must cost nothing.
        if (EmittedCommands.EverEmitted)
        {
            ImportEmitted();
        }
    }

    /// <summary>Called by the engine when the module is removed.</summary>
    /// <param name="psModuleInfo">The module.</param>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        if (PrefixModule.FindSharer(psModuleInfo) is { } sharer)
        {
            // The engine will not call this again for a module that has no assembly of its own.
            sharer.OnRemove ??= PrefixModule.Removal();
            return;
        }

        PrefixModule.RemoveAll();
        DefaultViews.Unload();
    }

    // Inlined, it would make every import load what emits commands.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ImportEmitted()
    {
        PrefixedCommands.InUse().ForEach(PrefixModule.Import);
        if (AddedCommands.Assembly is { } added)
        {
            PrefixModule.Import(added);
        }
    }
}
