using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace ExchangeOnlineRs.Formats;

/// <summary>
/// The default views among those that a runspace has from all sides. The engine shows objects by them when it makes its table of
/// views the next time, which it does for each module of views that comes or goes.
/// </summary>
internal static class SessionViews
{
    private static readonly HashSet<ExtendedTypeDefinition> Ours = DefinitionsOf(DefaultViewList.All);

    /// <summary>Adds the views that the runspace does not have. The answer is what was added.</summary>
    internal static IReadOnlyCollection<SessionStateFormatEntry> Add(Runspace runspace, ViewChoice choice)
    {
        InitialSessionStateEntryCollection<SessionStateFormatEntry> all = runspace.InitialSessionState.Formats;
        HashSet<ExtendedTypeDefinition> missing = DefinitionsOf(choice.Views);
        foreach (SessionStateFormatEntry entry in all)
        {
            if (entry.Formattable is not null)
            {
                // A host can give its runspaces a table that they share; the engine has nothing beside it.
                return [];
            }

            if (entry.FormatData is { } there)
            {
                missing.Remove(there);
            }
        }

        var added = new List<SessionStateFormatEntry>(missing.Count);
        foreach (ExtendedTypeDefinition definition in missing)
        {
            added.Add(new SessionStateFormatEntry(definition));
        }

        all.Add(added);
        return added;
    }

    /// <summary>Takes views out of the runspace.</summary>
    internal static void Remove(Runspace runspace, Predicate<SessionStateFormatEntry> unwanted)
    {
        InitialSessionStateEntryCollection<SessionStateFormatEntry> all = runspace.InitialSessionState.Formats;
        for (int i = all.Count - 1; i >= 0; i--)
        {
            if (unwanted(all[i]))
            {
                all.RemoveItem(i);
            }
        }
    }

    /// <summary>Whether it is one of the default views, and not of somebody else.</summary>
    internal static bool IsOurs(SessionStateFormatEntry entry) => entry.FormatData is { } definition && Ours.Contains(definition);

    private static HashSet<ExtendedTypeDefinition> DefinitionsOf(IEnumerable<DefaultView> views)
    {
        var definitions = new HashSet<ExtendedTypeDefinition>();
        foreach (DefaultView view in views)
        {
            definitions.Add(view.Definition);
        }

        return definitions;
    }
}
