using System;
using System.Globalization;
using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading;
using ExchangeOnlineRs.Native;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// What every cmdlet of the module shares: one operation of the core at a time, its messages on the caller's streams, and
/// Ctrl+C that stops it at once.
/// </summary>
public abstract class CoreCmdlet : PSCmdlet
{
    /// <summary>
    /// How long a wait may last before the engine's own stop flag is looked at. Ctrl+C does not depend on it: it cancels
    /// the operation, which ends the wait.
    /// </summary>
    private protected const uint WaitMilliseconds = 2000;

    private NativeOperation? current;

    // Generated classes add a field for every parameter of the service; nothing else here is visible to them by accident.
    private protected CoreCmdlet()
    {
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => Volatile.Read(ref current)?.Cancel();

    /// <summary>Runs an operation that makes no pages to its end.</summary>
    /// <param name="operation">The operation; it is closed here, however this ends.</param>
    /// <param name="meanwhile">What is done while it runs.</param>
    /// <returns>The document of the end.</returns>
    /// <exception cref="FaultException">The operation failed.</exception>
    private protected JsonDocument RunOperation(NativeOperation operation, Action? meanwhile = null)
    {
        using NativeOperation owned = operation;
        StoppedByUser = owned;
        try
        {
            meanwhile?.Invoke();
            JsonDocument? end;
            while (TakeStep(owned, WaitMilliseconds, out _, out end) != OperationStep.Done)
            {
            }

            return end!;
        }
        finally
        {
            StoppedByUser = null;
        }
    }

    /// <summary>The operation that Ctrl+C cancels.</summary>
    private protected NativeOperation? StoppedByUser
    {
        set => Volatile.Write(ref current, value);
    }

    /// <summary>Takes what an operation has next and shows it, if it is a message.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="waitMilliseconds">How long to wait if there is nothing yet.</param>
    /// <param name="page">The page, if it is one.</param>
    /// <param name="end">The document of the end, if that has come.</param>
    /// <exception cref="FaultException">The operation failed.</exception>
    private protected OperationStep TakeStep(NativeOperation operation, uint waitMilliseconds, out PageHandle? page, out JsonDocument? end)
    {
        if (Stopping)
        {
            throw new PipelineStoppedException();
        }

        end = null;
        OperationStep step = operation.Next(waitMilliseconds, out page);
        switch (step)
        {
            case OperationStep.Event:
                using (JsonDocument payload = operation.Payload())
                {
                    ShowEvent(payload.RootElement);
                }

                break;
            case OperationStep.Done:
                end = operation.Payload();
                break;
            case OperationStep.Failed:
                using (JsonDocument payload = operation.Payload())
                {
                    throw Failure(Fault.Parse(payload.RootElement));
                }
        }

        return step;
    }

    /// <summary>What was bound to a parameter whose property stores nothing; null or the type's default value if nothing was.</summary>
    /// <param name="parameter">The parameter's name.</param>
    /// <typeparam name="T">The parameter's type.</typeparam>
    private protected T? BoundValue<T>([CallerMemberName] string parameter = "") =>
        MyInvocation.BoundParameters.TryGetValue(parameter, out object? value) && value is T bound ? bound : default;

    /// <summary>Whether verbose messages will be shown; the core makes none otherwise.</summary>
    private protected bool WantsVerbose()
    {
        if (MyInvocation.BoundParameters.TryGetValue("Verbose", out object? verbose) && verbose is SwitchParameter given)
        {
            return given.IsPresent;
        }

        return GetVariableValue("VerbosePreference") is { } preference
            && !string.Equals(preference.ToString(), nameof(ActionPreference.SilentlyContinue), StringComparison.OrdinalIgnoreCase)
            && !string.Equals(preference.ToString(), nameof(ActionPreference.Ignore), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Brings the default views into the session; what goes wrong is no reason to stop.</summary>
    private protected void LoadViews(Action load)
    {
        try
        {
            load();
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            WriteWarning($"The default views could not be loaded, so that objects are shown as lists of all properties: {e.Message}");
        }
    }

    /// <summary>Shows a sentence as Write-Host does: on the host, and on the information stream for whoever redirects it.</summary>
    private protected void ShowOnHost(string text, ConsoleColor? color = null)
    {
        var message = new HostInformationMessage { Message = text };
        if (color is { } foreground)
        {
            message.ForegroundColor = foreground;
        }

        WriteInformation(message, new[] { "PSHOST" });
    }

    /// <summary>Sets the variable by which scripts of the original learn how the last cmdlet ended.</summary>
    private protected void SetLastExecutionStatus(bool succeeded) =>
        SessionState.PSVariable.Set("global:EXO_LastExecutionStatus", succeeded);

    /// <summary>
    /// A message of the core. A sign-in that waits for a person must be seen, so it goes to the host; the rest goes to its
    /// stream.
    /// </summary>
    private protected virtual void ShowEvent(JsonElement message)
    {
        string text = Text(message, "text") ?? string.Empty;
        switch (Text(message, "kind"))
        {
            case "verbose":
                WriteVerbose(text);
                break;
            case "warning":
                WriteWarning(text);
                break;
            case "deviceCode":
                ShowOnHost(Text(message, "message") ?? string.Create(
                    CultureInfo.InvariantCulture,
                    $"To sign in, open {Text(message, "verificationUri")} in a web browser and enter the code {Text(message, "userCode")}."));
                break;
            case "browser":
                ShowOnHost(BrowserSentence(text, Text(message, "address")));
                break;
            case "banner":
                ShowOnHost(text, ConsoleColor.Yellow);
                break;
            default:
                WriteInformation(text, new[] { "ExchangeOnlineRs" });
                break;
        }
    }

    private protected static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static string BrowserSentence(string text, string? address) =>
        string.IsNullOrEmpty(address) || text.Contains(address, StringComparison.Ordinal) ? text
        : string.IsNullOrEmpty(text) ? $"Waiting for the sign-in in the web browser. If no window opened, go to {address}"
        : $"{text} {address}";

    private Exception Failure(Fault fault) =>
        fault.IsCancelled && Stopping ? new PipelineStoppedException() : new FaultException(fault);
}
