using System;
using System.ComponentModel;

namespace ExchangeOnlineRs.Rows;

/// <summary>
/// Where rows get their values from: the page of the answer they came with, or, for a row that outlived it, a copy of its own.
/// It is public only because the classes that are made at run time live in assemblies of their own; none of its members is.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class RowPage
{
    private protected RowPage(string typeName) => TypeName = typeName;

    /// <summary>The first type name of the rows.</summary>
    private protected string TypeName { get; }

    /// <summary>The class of a row's shape.</summary>
    internal abstract RowClass ClassOfRow(int index);

    /// <summary>Decodes one property of a row.</summary>
    internal abstract object? Value(int index, int slot);

    /// <summary>Decodes one property of a row as text, without making a value of its type first.</summary>
    internal abstract string? Text(int index, int slot);

    /// <summary>The row with nothing but itself, for whoever keeps it longer than the others.</summary>
    internal abstract RowPage Keep(int index);

    private protected static object? Decode(ReadOnlySpan<byte> json, ValueTag tag, RowClass shape, int slot)
    {
        bool utc = tag is ValueTag.DateTime or ValueTag.None && shape.IsUtc(slot);
        return ValueReader.Read(json, tag, utc);
    }
}
