using System.Management.Automation;

namespace ExchangeOnlineRs.Formats;

/// <summary>
/// Takes the default views out of the session, for the one place where only a script can ask for it: what the engine runs when it
/// removes a module without an assembly. It is no command of the module, and has no name that anybody could call.
/// </summary>
[Cmdlet(VerbsCommon.Remove, "DefaultView")]
internal sealed class UnloadDefaultViewsCommand : PSCmdlet
{
    /// <summary>The command as scripts call it.</summary>
    internal static CmdletInfo Info => new("Remove-DefaultView", typeof(UnloadDefaultViewsCommand));

    /// <inheritdoc/>
    protected override void EndProcessing() => DefaultViews.Unload();
}
