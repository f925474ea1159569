using System.Management.Automation;

namespace ExchangeOnlineRs.Prefixes;

/// <summary>
/// Connections belong to the process, so a runspace that imports the module also gets the commands of the prefixes in use;
/// and one that removes the module loses them.
/// </summary>
public sealed class ModuleEvents : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <summary>Called by the engine when the module is imported.</summary>
    public void OnImport()
    {
        // The usual case, which must cost nothing.
        if (PrefixedCommands.EverUsed)
        {
            PrefixedCommands.InUse().ForEach(PrefixModule.Import);
        }
    }

    /// <summary>Called by the engine when the module is removed.</summary>
    /// <param name="psModuleInfo">The module.</param>
    public void OnRemove(PSModuleInfo psModuleInfo) => PrefixModule.RemoveAll();
}
