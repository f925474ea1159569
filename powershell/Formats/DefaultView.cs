using System;
using System.Management.Automation;

namespace ExchangeOnlineRs.Formats;

/// <summary>How objects of one type are shown.</summary>
internal sealed class DefaultView
{
    /// <summary>Rows carry this before the name of their type; objects that scripts make may go without.</summary>
    private const string Head = "Deserialized.";

    private readonly string typeName;

    private DefaultView(string typeName, FormatViewDefinition shown)
    {
        this.typeName = typeName;
        Definition = new ExtendedTypeDefinition(Head + typeName, new[] { shown });
        Definition.TypeNames.Add(typeName);
    }

    /// <summary>The view as the engine takes it. It is made once, so that it can be told from those of others.</summary>
    internal ExtendedTypeDefinition Definition { get; }

    /// <summary>Views as tables of some properties, one for each type.</summary>
    internal static DefaultView[] Table(string name, string[] typeNames, params Column[] columns)
    {
        TableControlBuilder table = TableControl.Create(outOfBand: false, autoSize: false, hideTableHeaders: false);
        foreach (Column column in columns)
        {
            table.AddHeader(Alignment.Undefined, column.Width, column.Label);
        }

        TableRowDefinitionBuilder row = table.StartRowDefinition(wrap: false, entrySelectedByType: null, entrySelectedByCondition: null);
        foreach (Column column in columns)
        {
            row.AddPropertyColumn(column.Property, Alignment.Undefined, format: null);
        }

        return Of(name, typeNames, row.EndRowDefinition().EndTable());
    }

    /// <summary>Views as lists of some properties, one for each type.</summary>
    internal static DefaultView[] List(string name, string[] typeNames, params string[] properties)
    {
        ListEntryBuilder entry = ListControl.Create(outOfBand: false).StartEntry(entrySelectedByType: null, entrySelectedByCondition: null);
        foreach (string property in properties)
        {
            entry.AddItemProperty(property, label: null, format: null);
        }

        return Of(name, typeNames, entry.EndEntry().EndList());
    }

    /// <summary>Whether a pattern means the type, by its name with or without what rows put before it.</summary>
    internal bool IsFor(WildcardPattern pattern) => pattern.IsMatch(typeName) || pattern.IsMatch(Head + typeName);

    private static DefaultView[] Of(string name, string[] typeNames, PSControl control)
    {
        var shown = new FormatViewDefinition(name, control);
        return Array.ConvertAll(typeNames, typeName => new DefaultView(typeName, shown));
    }

    /// <summary>A column of a table. Without a width it takes what is left, and without a label its head is the property's name.</summary>
    internal readonly record struct Column(string Property, int Width = 0, string? Label = null);
}
