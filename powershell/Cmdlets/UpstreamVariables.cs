using System;
using System.Collections;
using System.Linq;
using System.Management.Automation;
using System.Reflection;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// Whether a command before a cmdlet in its pipeline may set a variable for each object: by -PipelineVariable, by -OutVariable, or in
/// code of a script. Such a variable says what object the pipeline is at, and a command behind the cmdlet may use it: the result that
/// arrives there must then belong to that very object, so that the cmdlet may not take in further objects before it has written
/// the results of this one. Code of a script may also wait for the results, as a loop does that follows what it finds.
/// </summary>
/// <remarks>
/// The engine tells no cmdlet who is before it, so its own objects are asked: the runtime of the cmdlet, the pipeline it
/// belongs to and the commands in that. They have been the same since pipeline variables exist. An engine that is built
/// otherwise gets the careful answer, which costs time and no correctness; so does a cmdlet that is not run by the engine's
/// pipeline at all.
/// </remarks>
internal static class UpstreamVariables
{
    private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    private static readonly Type? Runtime = typeof(PSObject).Assembly.GetType("System.Management.Automation.MshCommandRuntime");
    private static readonly PropertyInfo? PipelineOfRuntime = Runtime?.GetProperty("PipelineProcessor", Hidden);
    private static readonly PropertyInfo? VariableOfRuntime = Runtime?.GetProperty("PipelineVariable", Hidden);
    private static readonly PropertyInfo? CommandsOfPipeline = PipelineOfRuntime?.PropertyType.GetProperty("Commands", Hidden);
    private static readonly Type? Processor = typeof(PSObject).Assembly.GetType("System.Management.Automation.CommandProcessorBase");
    private static readonly PropertyInfo? RuntimeOfCommand = Processor?.GetProperty("CommandRuntime", Hidden);
    private static readonly PropertyInfo? CommandOfProcessor = Processor?.GetProperty("Command", Hidden);

    /// <summary>Whether there is one, or may be one.</summary>
    internal static bool MayExist(PSCmdlet cmdlet)
    {
        try
        {
            if (VariableOfRuntime is null || RuntimeOfCommand is null || Runtime?.IsInstanceOfType(cmdlet.CommandRuntime) != true
                || CommandsOfPipeline?.GetValue(PipelineOfRuntime?.GetValue(cmdlet.CommandRuntime)) is not IEnumerable commands)
            {
                return true;
            }

            foreach (object command in commands)
            {
                object? runtime = RuntimeOfCommand.GetValue(command);
                if (ReferenceEquals(runtime, cmdlet.CommandRuntime))
                {
                    return false;
                }

                // A function or a script block is none of the compiled cmdlets.
                if (VariableOfRuntime.GetValue(runtime) is string { Length: > 0 }
                    || CommandOfProcessor?.GetValue(command) is not Cmdlet upstream || upstream.GetType().Name == "PSScriptCmdlet"
                    || (upstream is PSCmdlet { MyInvocation.BoundParameters: { } bound }
                        && (bound.ContainsKey("OutVariable") || bound.Values.Any(value => KeepsState(value, cmdlet)))))
                {
                    return true;
                }
            }

            // The cmdlet is not among the commands of its own pipeline.
            return true;
        }
        catch (Exception e) when (e is TargetException or TargetInvocationException or ArgumentException or MemberAccessException)
        {
            return true;
        }
    }

    /// <summary>Whether an argument has code that keeps something, as in <c>ForEach-Object { $mailbox = $_; $_ }</c>.</summary>
    private static bool KeepsState(object? argument, PSCmdlet cmdlet) => argument switch
    {
        PSObject wrapped when wrapped.BaseObject is not PSCustomObject => KeepsState(wrapped.BaseObject, cmdlet),
        ScriptBlock code => UpstreamCode.KeepsState(code, cmdlet.InvokeCommand),
        // Calculated properties are tables with code in them.
        IDictionary table => table.Values.Cast<object?>().Any(value => KeepsState(value, cmdlet)),
        object[] values => values.Any(value => KeepsState(value, cmdlet)),
        _ => false,
    };
}
