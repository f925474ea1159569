using System;
using System.IO;
using System.Management.Automation.Host;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// Whether there is anybody to ask, and anything to show a sign-in page on. All of it is looked at when it is needed: a
/// script may change its environment.
/// </summary>
internal static class HostFacts
{
    /// <summary>Why no person can sign in in a web browser here, as the beginning of a sentence; null where one can.</summary>
    internal static string? WhyNoBrowser(PSHost host)
    {
        if (WhyNobody(host) is { } reason)
        {
            return reason;
        }

        if (host.Name == "ServerRemoteHost")
        {
            return "This is a remote PowerShell session or a background job, which has no screen";
        }

        // Whoever names a browser knows that there is one.
        if (IsSet("BROWSER"))
        {
            return null;
        }

        if (host.Name == "ConsoleHost" && Console.IsInputRedirected && Console.IsOutputRedirected && Console.IsErrorRedirected)
        {
            return "This PowerShell session has no terminal, so probably nobody is there";
        }

        return OperatingSystem.IsLinux() && !IsSet("DISPLAY") && !IsSet("WAYLAND_DISPLAY") && !IsWindowsSubsystem()
            ? "This system has no display (DISPLAY, WAYLAND_DISPLAY and BROWSER are not set)"
            : null;
    }

    /// <summary>
    /// Why nobody can read a code here and enter it elsewhere; null where somebody may. Not a missing terminal: the code of a
    /// container is read in its log.
    /// </summary>
    internal static string? WhyNoDevice(PSHost host) => WhyNobody(host);

    /// <summary>Whether a question can be put to a person here.</summary>
    internal static bool CanAsk(PSHost host) =>
        host.UI is not null && host.Name is not ("Default Host" or "ServerRemoteHost") && WhyNobody(host) is null;

    /// <summary>
    /// What makes it certain that no person is there. A program that hosts PowerShell without a user interface of its own is
    /// not meant: it may well have a desktop.
    /// </summary>
    private static string? WhyNobody(PSHost host)
    {
        if (!Environment.UserInteractive)
        {
            return "This PowerShell session belongs to a service, which has no desktop";
        }

        if (host.Name != "ServerRemoteHost" && SaysNonInteractive(Environment.GetCommandLineArgs()))
        {
            return "PowerShell was started with -NonInteractive";
        }

        return Environment.GetEnvironmentVariable("CI") is { } ci && (ci == "1" || ci.Equals("true", StringComparison.OrdinalIgnoreCase))
            ? "The environment variable CI says that this is an automated build"
            : null;
    }

    /// <summary>
    /// PowerShell does not tell a cmdlet about <c>-NonInteractive</c>, so the command line is looked at, up to the script or
    /// command: what follows belongs to that.
    /// </summary>
    private static bool SaysNonInteractive(string[] arguments)
    {
        for (int i = 1; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            string word = argument.TrimStart('-', '/');
            bool isSwitch = word.Length > 0 && word.Length < argument.Length;
            // PowerShell takes any beginning of a word that no other switch shares.
            if (isSwitch && word.Length >= 4 && "noninteractive".StartsWith(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }

            bool startsCommand = isSwitch
                && ("command".StartsWith(word, StringComparison.OrdinalIgnoreCase) || "file".StartsWith(word, StringComparison.OrdinalIgnoreCase));
            if (startsCommand || argument.EndsWith(".ps1", StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>In the Windows Subsystem for Linux the browser of Windows opens.</summary>
    private static bool IsWindowsSubsystem()
    {
        if (IsSet("WSL_DISTRO_NAME") || IsSet("WSL_INTEROP"))
        {
            return true;
        }

        try
        {
            return File.ReadAllText("/proc/version").Contains("microsoft", StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Where this file cannot be read, it is no such system.
            return false;
        }
    }

    private static bool IsSet(string variable) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));
}
