using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// Whether code that gets the objects of a pipeline only looks at them, or may keep something that a command further behind can read: a
/// variable, a counter, a list.
/// </summary>
/// <remarks>
/// Nothing is run to find out. Of what can't be known it says that it keeps something: a function, a script, a method of an
/// object that is not the pipeline's, unless its name says that it only tells something.
/// </remarks>
internal static class UpstreamCode
{
    /// <summary>Cmdlets that set variables, or run text in which anything may stand.</summary>
    private static readonly HashSet<string> Setters = new(StringComparer.OrdinalIgnoreCase)
    {
        "Set-Variable", "New-Variable", "Clear-Variable", "Remove-Variable", "Set-Item", "New-Item", "Set-Content", "Add-Content", "Tee-Object",
        "Invoke-Expression", "Invoke-Command", "New-Alias", "Set-Alias", "Import-Module", "Import-Alias",
    };

    /// <summary>Common parameters with the name of a variable that the command sets, and their aliases.</summary>
    private static readonly string[] VariableParameters =
    {
        "OutVariable", "PipelineVariable", "ErrorVariable", "WarningVariable", "InformationVariable", "ov", "pv", "ev", "wv", "iv",
    };

    /// <summary>How the names of methods begin that tell something and change nothing.</summary>
    private static readonly string[] Telling =
    {
        "Contains", "Get", "Is", "To", "IndexOf", "LastIndexOf", "StartsWith", "EndsWith", "Equals", "CompareTo", "Trim", "Substring", "Split",
        "Replace", "Match", "Pad", "Format", "AddTicks", "AddMilliseconds", "AddSeconds", "AddMinutes", "AddHours", "AddDays", "AddMonths", "AddYears",
    };

    /// <summary>Whether the code keeps something, or may do so.</summary>
    /// <param name="code">The code.</param>
    /// <param name="commands">Tells what the names of commands in it stand for.</param>
    internal static bool KeepsState(ScriptBlock code, CommandInvocationIntrinsics commands) =>
        code.Ast.Find(part => MayKeep(part, commands), searchNestedScriptBlocks: true) is not null;

    private static bool MayKeep(Ast part, CommandInvocationIntrinsics commands) => part switch
    {
        AssignmentStatementAst or ForEachStatementAst or FunctionDefinitionAst => true,
        UnaryExpressionAst counted => counted.TokenKind
            is TokenKind.PlusPlus or TokenKind.MinusMinus or TokenKind.PostfixPlusPlus or TokenKind.PostfixMinusMinus,
        // [ref] gives a variable away to be set.
        ConvertExpressionAst { Type.TypeName.Name: var name } => name.Equals("ref", StringComparison.OrdinalIgnoreCase),
        InvokeMemberExpressionAst call => !IsOfObject(call.Expression) && !OnlyTells(call),
        CommandAst command => MaySet(command, commands),
        CommandParameterAst parameter => IsVariableParameter(parameter.ParameterName),
        _ => false,
    };

    /// <summary>Whether it is the pipeline's object, a part of it, or a value that stands in the code.</summary>
    private static bool IsOfObject(ExpressionAst value) => value switch
    {
        VariableExpressionAst variable => variable.VariablePath.UserPath is "_" || variable.VariablePath.UserPath.Equals("PSItem", StringComparison.OrdinalIgnoreCase),
        ConstantExpressionAst or ExpandableStringExpressionAst => true,
        // A static method; those of .NET that keep something are not what pipelines are made of.
        TypeExpressionAst => true,
        MemberExpressionAst { Static: true } => false,
        MemberExpressionAst member => IsOfObject(member.Expression),
        IndexExpressionAst element => IsOfObject(element.Target),
        ConvertExpressionAst converted => IsOfObject(converted.Child),
        ParenExpressionAst { Pipeline: PipelineAst { PipelineElements: { Count: 1 } elements } } =>
            elements[0] is CommandExpressionAst inner && IsOfObject(inner.Expression),
        BinaryExpressionAst => true,
        _ => false,
    };

    private static bool OnlyTells(InvokeMemberExpressionAst call) =>
        call.Member is StringConstantExpressionAst { Value: var name } && Array.Exists(Telling, start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase));

    private static bool MaySet(CommandAst command, CommandInvocationIntrinsics commands)
    {
        // Without a name it is code in a variable, or text that becomes a name.
        if (command.GetCommandName() is not { } name || command.InvocationOperator == TokenKind.Dot)
        {
            return true;
        }

        CommandInfo? found = commands.GetCommand(name, CommandTypes.Alias | CommandTypes.Function | CommandTypes.Cmdlet);
        while (found is AliasInfo alias)
        {
            found = alias.ReferencedCommand;
        }

        return found is not CmdletInfo cmdlet || Setters.Contains(cmdlet.Name);
    }

    private static bool IsVariableParameter(string name) =>
        // Parameters may be shortened, and -o is not -OutVariable but may be: it costs only time.
        Array.Exists(VariableParameters, full => full.StartsWith(name, StringComparison.OrdinalIgnoreCase) && name.Length > 1);
}
