using System;
using System.ComponentModel;
using ExchangeOnlineRs.Native;

namespace ExchangeOnlineRs.Rows;

/// <summary>
/// A page of rows. It is public only because the classes that are made at run time live in assemblies of their own; none
/// of its members is.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed unsafe class RowPage
{
    private readonly PageHandle handle;
    private readonly string typeName;
    private RowClass? lastClass;

    internal RowPage(PageHandle handle, string typeName)
    {
        this.handle = handle;
        this.typeName = typeName;
    }

    internal int Count => handle.RowCount;

    /// <summary>Makes the object for a row; null for the empty elements some cmdlets put into their answer.</summary>
    internal object? Row(int index)
    {
        RowEntry entry = handle.Rows[index];
        ReadOnlySpan<byte> json = Slice(entry.Offset, entry.Offset + (long)entry.Length);
        if (json.IsEmpty || json[0] == (byte)'n')
        {
            return null;
        }

        object? row;
        if (entry.Shape != PageHandle.NoShape && ClassOf(entry.Shape) is { Create: { } create })
        {
            row = create(this, index);
        }
        else
        {
            row = json[0] == (byte)'{'
                ? PlainRow.Create(typeName, ValueReader.ReadMembers(json))
                : ValueReader.Read(json, ValueTag.None, utc: false);
        }

        GC.KeepAlive(handle);
        return row;
    }

    /// <summary>The class of a row's shape.</summary>
    internal RowClass ClassOfRow(int index) => ClassOf(handle.Rows[index].Shape);

    /// <summary>Decodes one property of a row.</summary>
    internal object? Value(int index, int slot)
    {
        RowEntry entry = handle.Rows[index];
        long place = (long)entry.FirstSlot + slot;
        if (place >= handle.SlotCount)
        {
            return null;
        }

        var tag = (ValueTag)handle.Types[place];
        bool utc = tag is ValueTag.DateTime or ValueTag.None && ClassOf(entry.Shape).IsUtc(slot);
        object? value = ValueReader.Read(Slice(handle.Offsets[place], entry.Offset + (long)entry.Length), tag, utc);
        GC.KeepAlive(handle);
        return value;
    }

    /// <summary>Decodes one property of a row as text, without making a value of its type first.</summary>
    internal string? Text(int index, int slot)
    {
        RowEntry entry = handle.Rows[index];
        long place = (long)entry.FirstSlot + slot;
        if (place >= handle.SlotCount)
        {
            return null;
        }

        string? text = ValueReader.ReadText(Slice(handle.Offsets[place], entry.Offset + (long)entry.Length));
        GC.KeepAlive(handle);
        return text;
    }

    private RowClass ClassOf(uint shape)
    {
        // Rows of one answer are nearly always of one shape.
        RowClass? known = lastClass;
        if (known is null || known.Shape != shape)
        {
            lastClass = known = RowClass.Of(typeName, shape);
        }

        return known;
    }

    private ReadOnlySpan<byte> Slice(long start, long end)
    {
        if (start < 0 || end > handle.Length || start > end)
        {
            return default;
        }

        return new ReadOnlySpan<byte>(handle.Bytes + start, checked((int)(end - start)));
    }
}
