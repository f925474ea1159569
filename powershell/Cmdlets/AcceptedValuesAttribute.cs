using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;
using ExchangeOnlineRs.Completion;
using ExchangeOnlineRs.Prefixes;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// The values the documentation lists for a parameter, offered on Tab. They do not restrict: the service is ahead of its
/// documentation, and it is the service that judges.
/// </summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class AcceptedValuesAttribute : ArgumentCompleterAttribute
{
    /// <summary>Lists the values.</summary>
    /// <param name="values">The values.</param>
    public AcceptedValuesAttribute(params string[] values)
        : base(typeof(AcceptedValuesCompleter)) => Values = values;

    /// <summary>The values.</summary>
    public IReadOnlyList<string> Values { get; }
}

/// <summary>Completes from <see cref="AcceptedValuesAttribute"/>.</summary>
public sealed class AcceptedValuesCompleter : IArgumentCompleter
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
        foreach (string value in ValuesOf(commandName, parameterName))
        {
            if (value.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            {
                yield return CompletionText.Result(value, value, value);
            }
        }
    }

    private static IReadOnlyList<string> ValuesOf(string commandName, string parameterName)
    {
        string name = commandName[(commandName.LastIndexOf('\\') + 1)..];
        Type? cmdlet = PrefixedCommands.FindCmdlet(name)?.Type ?? ModuleCommands.ClassOf(name);
        return ServiceCmdletClass.MemberOf(cmdlet, parameterName)?.GetCustomAttribute<AcceptedValuesAttribute>()?.Values ?? Array.Empty<string>();
    }
}
