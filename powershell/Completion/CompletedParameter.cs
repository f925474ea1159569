using System;
using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;
using ExchangeOnlineRs.Cmdlets;
using ExchangeOnlineRs.Prefixes;
using Microsoft.Exchange.Management.ExoPowershellSnapin;

namespace ExchangeOnlineRs.Completion;

/// <summary>The parameter whose value is being typed, on the command that PowerShell would run.</summary>
internal sealed class CompletedParameter
{
    private readonly Type cmdlet;
    private readonly CommandAst command;
    private readonly IDictionary bound;

    private CompletedParameter(Type cmdlet, MemberInfo member, CommandAst command, IDictionary bound)
    {
        this.cmdlet = cmdlet;
        this.command = command;
        this.bound = bound;
        Member = member;
    }

    /// <summary>The member behind it.</summary>
    internal MemberInfo Member { get; }

    /// <summary>Finds it. The command may be written with its module, with a prefix, or as an alias: PowerShell knows.</summary>
    internal static CompletedParameter? Find(string commandName, string parameterName, CommandAst command, IDictionary bound)
    {
        using PowerShell shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand("Microsoft.PowerShell.Core\\Get-Command").AddParameter("Name", commandName).AddParameter("ErrorAction", ActionPreference.Ignore);
        foreach (PSObject found in shell.Invoke())
        {
            CommandInfo? info = found.BaseObject is AliasInfo alias ? alias.ResolvedCommand : found.BaseObject as CommandInfo;
            if (info is CmdletInfo { ImplementingType: { } type }
                && ServiceCmdletClass.MemberOf(type, parameterName) is { } member)
            {
                return new CompletedParameter(type, member, command, bound);
            }
        }

        return null;
    }

    /// <summary>
    /// The open connection that the command would work on, if a cmdlet of this surface can use it. Where the line names a
    /// connection that is not known before it runs, there is none: what another organization has must not be offered.
    /// </summary>
    internal Guid? Connection(ServiceSurface surface)
    {
        if (cmdlet.IsSubclassOf(typeof(BulkCmdlet)))
        {
            surface = ServiceSurface.Inbuilt;
        }

        if (bound.Contains(nameof(ServiceCmdlet.ConnectionId)))
        {
            try
            {
                Guid id = ConnectionReference.Read(bound[nameof(ServiceCmdlet.ConnectionId)]);
                return ConnectionInformation.All().Exists(open => open.ConnectionId == id && open.Serves(surface)) ? id : null;
            }
            catch (WireException)
            {
                // The command would refuse it too, and say why.
                return null;
            }
        }

        return NamesConnection()
            ? null
            : ConnectionInformation.Serving(CommandPrefixAttribute.Of(cmdlet) ?? string.Empty, surface)?.ConnectionId;
    }

    private bool NamesConnection()
    {
        foreach (CommandElementAst element in command.CommandElements)
        {
            if (element is CommandParameterAst { ParameterName: { Length: > 2 } name }
                && nameof(ServiceCmdlet.ConnectionId).StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
