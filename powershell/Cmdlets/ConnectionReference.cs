using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using Microsoft.Exchange.Management.ExoPowershellSnapin;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>Reads what people give to <c>-ConnectionId</c>: an id, its text, or the connection itself.</summary>
internal static class ConnectionReference
{
    /// <summary>The id of the connection.</summary>
    /// <exception cref="WireException">It names no connection. An empty variable must not mean another connection.</exception>
    internal static Guid Read(object? value)
    {
        object? given = value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;
        if (given is IList { Count: 1 } list)
        {
            return Read(list[0]);
        }

        return given switch
        {
            Guid id when id != Guid.Empty => id,
            ConnectionInformation connection => connection.ConnectionId,
            string text when Guid.TryParse(text, out Guid id) && id != Guid.Empty => id,
            // One that was read from a file, or came from another process.
            PSObject other when other.Properties[nameof(ConnectionInformation.ConnectionId)]?.Value is { } inner and not PSObject { BaseObject: PSCustomObject } =>
                Read(inner),
            _ => throw new WireException(
                "ConnectionId",
                value,
                "InvalidConnectionId",
                "It names no connection. Give one connection of Get-ConnectionInformation, or its ConnectionId."),
        };
    }
}

/// <summary>Offers the open connections on Tab: their ids, or their prefixes where one is wanted.</summary>
public sealed class OpenConnectionCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters)
    {
        string word = wordToComplete.Trim('\'', '"');
        bool byPrefix = parameterName.Equals(nameof(ConnectionInformation.ModulePrefix), StringComparison.OrdinalIgnoreCase);
        foreach (ConnectionInformation connection in ConnectionInformation.All())
        {
            string offered = byPrefix ? connection.ModulePrefix : connection.ConnectionId.ToString();
            if (offered.Length > 0 && offered.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            {
                string who = connection.UserPrincipalName.Length > 0 ? connection.UserPrincipalName : connection.AppId;
                yield return new CompletionResult(
                    offered,
                    $"{connection.Name} {who}",
                    CompletionResultType.ParameterValue,
                    $"{connection.Name}, {who}, {(connection.DelegatedOrganization.Length > 0 ? connection.DelegatedOrganization : connection.Organization)}");
            }
        }
    }
}
