using System.Management.Automation;

namespace Minimal;

/// <summary>The least that makes an assembly a module.</summary>
[Cmdlet(VerbsCommon.Get, "Nothing")]
public sealed class GetNothingCommand : PSCmdlet
{
}
