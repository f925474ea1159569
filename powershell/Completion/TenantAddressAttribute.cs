using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using ExchangeOnlineRs.Cmdlets;

namespace ExchangeOnlineRs.Completion;

/// <summary>The parameter takes an address in the organization; after the @ its domains are offered on Tab.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class TenantAddressAttribute : ArgumentCompleterAttribute
{
    /// <summary>Marks the parameter.</summary>
    public TenantAddressAttribute()
        : base(typeof(TenantAddressCompleter))
    {
    }
}

/// <summary>Completes the domain of an address.</summary>
public sealed class TenantAddressCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters)
    {
        string word = CompletionText.Unquoted(wordToComplete);
        int at = word.IndexOf('@', StringComparison.Ordinal) + 1;
        if (at > 1
            && ServiceCmdletCatalog.Find("Get-AcceptedDomain") is { } listing
            && CompletedParameter.Find(commandName, parameterName, commandAst, fakeBoundParameters)?.Connection(listing.Surface) is { } connection)
        {
            foreach (TenantObject domain in TenantLookup.Find(connection, listing, word[at..]))
            {
                yield return CompletionText.Result(word[..at] + domain.Value, domain.Value, domain.Description);
            }
        }
    }
}
