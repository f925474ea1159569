using System;
using System.Collections.Generic;
using System.Management.Automation;

namespace ExchangeOnlineRs.Rows;

/// <summary>
/// The row of last resort, decoded at once: for answers of very many shapes, and for property names that a class cannot
/// have. Type names and text are those of any other row.
/// </summary>
internal sealed class PlainRow
{
    private readonly string text;

    private PlainRow(string text) => this.text = text;

    /// <summary>The identity.</summary>
    public override string ToString() => text;

    internal static PSObject Create(string typeName, List<(string Name, object? Value)> members)
    {
        string? identity = null;
        string? name = null;
        foreach ((string key, object? value) in members)
        {
            if (key.Equals("Identity", StringComparison.OrdinalIgnoreCase))
            {
                identity = value?.ToString();
            }
            else if (key.Equals("Name", StringComparison.OrdinalIgnoreCase))
            {
                name = value?.ToString();
            }
        }

        string text = !string.IsNullOrEmpty(identity) ? identity : !string.IsNullOrEmpty(name) ? name : typeName;
        var row = new PSObject(new PlainRow(text));
        row.TypeNames.Insert(0, typeName);
        foreach ((string key, object? value) in members)
        {
            row.Properties.Add(new PSNoteProperty(key, value), preValidated: true);
        }

        return row;
    }
}
