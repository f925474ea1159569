using System;
using System.Management.Automation.Host;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>Whether there is anybody to ask.</summary>
internal static class HostFacts
{
    /// <summary>
    /// Whether no person is there: no one would see a browser window. A program that hosts PowerShell without a user
    /// interface of its own is not meant, it may well have a desktop.
    /// </summary>
    /// <remarks>
    /// PowerShell does not tell a cmdlet about <c>-NonInteractive</c>, so the command line is looked at. Redirected input is
    /// no sign: many an interactive terminal redirects it.
    /// </remarks>
    internal static bool IsNonInteractive(PSHost host)
    {
        if (host.Name == "ServerRemoteHost" || !Environment.UserInteractive)
        {
            return true;
        }

        foreach (string argument in Environment.GetCommandLineArgs())
        {
            // PowerShell takes any beginning of the word that no other switch shares.
            string word = argument.TrimStart('-', '/');
            if (word.Length >= 4 && word.Length < argument.Length && "noninteractive".StartsWith(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a question can be put to a person here.</summary>
    internal static bool CanAsk(PSHost host) => host.UI is not null && host.Name != "Default Host" && !IsNonInteractive(host);
}
