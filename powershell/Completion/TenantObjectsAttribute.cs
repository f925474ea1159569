using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;
using ExchangeOnlineRs.Cmdlets;

namespace ExchangeOnlineRs.Completion;

/// <summary>The parameter names objects of the organization; those that are there are offered on Tab.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class TenantObjectsAttribute : ArgumentCompleterAttribute
{
    /// <summary>Says who lists the objects.</summary>
    /// <param name="cmdlets">Cmdlets; the first one that exists is asked.</param>
    public TenantObjectsAttribute(params string[] cmdlets)
        : base(typeof(TenantObjectCompleter)) => Cmdlets = cmdlets;

    /// <summary>Cmdlets that list the objects; the first one that exists is asked.</summary>
    public IReadOnlyList<string> Cmdlets { get; }

    /// <summary>The first one that exists.</summary>
    internal ServiceCmdletClass? Listing()
    {
        foreach (string cmdlet in Cmdlets)
        {
            if (ServiceCmdletCatalog.Find(cmdlet) is { } listing)
            {
                return listing;
            }
        }

        return null;
    }
}

/// <summary>Completes from <see cref="TenantObjectsAttribute"/>.</summary>
public sealed class TenantObjectCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters)
    {
        CompletedParameter? parameter = CompletedParameter.Find(commandName, parameterName, commandAst, fakeBoundParameters);
        if (parameter?.Member.GetCustomAttribute<TenantObjectsAttribute>()?.Listing() is { } listing
            && parameter.Connection(listing.Surface) is { } connection)
        {
            foreach (TenantObject found in TenantLookup.Find(connection, listing, CompletionText.Unquoted(wordToComplete)))
            {
                yield return CompletionText.Result(found.Value, found.Name, found.Description);
            }
        }
    }
}
