using System;
using ExchangeOnlineRs.Native;

namespace ExchangeOnlineRs.Rows;

/// <summary>A page of rows in the core's memory. Each row keeps it alive, unless it is <see cref="RetainedPages">moved</see>.</summary>
internal sealed unsafe class NativePage : RowPage
{
    private readonly PageHandle handle;
    private RowClass? lastClass;

    internal NativePage(PageHandle handle, string typeName)
        : base(typeName)
        => this.handle = handle;

    internal int Count => handle.RowCount;

    /// <summary>Bytes of the answer.</summary>
    internal long Size => handle.Length;

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
            // A row that nobody watches could not be moved from the page when the page goes.
            Row made = create(handle.IsWatched(index) ? Keep(index) : this, index);
            if (RetainedPages.PageIsWorthIt(this))
            {
                handle.Watch(index, made);
            }

            row = made;
        }
        else
        {
            row = json[0] == (byte)'{'
                ? PlainRow.Create(TypeName, ValueReader.ReadMembers(json))
                : ValueReader.Read(json, ValueTag.None, utc: false);
        }

        GC.KeepAlive(handle);
        return row;
    }

    /// <summary>The row that was made for a place, if somebody still has it.</summary>
    internal Row? Living(int index) => handle.Watched(index);

    /// <summary>Bytes of a row.</summary>
    internal long SizeOf(int index) => handle.Rows[index].Length;

    /// <inheritdoc/>
    internal override RowClass ClassOfRow(int index)
    {
        RowClass shape = ClassOf(handle.Rows[index].Shape);
        GC.KeepAlive(handle);
        return shape;
    }

    /// <inheritdoc/>
    internal override object? Value(int index, int slot)
    {
        ReadOnlySpan<byte> json = ValueAt(index, slot, out ValueTag tag);
        object? value = json.IsEmpty ? null : Decode(json, tag, ClassOf(handle.Rows[index].Shape), slot);
        GC.KeepAlive(handle);
        return value;
    }

    /// <inheritdoc/>
    internal override string? Text(int index, int slot)
    {
        ReadOnlySpan<byte> json = ValueAt(index, slot, out _);
        string? text = json.IsEmpty ? null : ValueReader.ReadText(json);
        GC.KeepAlive(handle);
        return text;
    }

    /// <inheritdoc/>
    internal override RowPage Keep(int index)
    {
        RowEntry entry = handle.Rows[index];
        RowClass shape = ClassOf(entry.Shape);
        byte[] json = Slice(entry.Offset, entry.Offset + (long)entry.Length).ToArray();
        int width = (int)Math.Clamp(handle.SlotCount - entry.FirstSlot, 0, shape.Width);
        var offsets = new uint[width];
        for (int slot = 0; slot < width; slot++)
        {
            offsets[slot] = handle.Offsets[entry.FirstSlot + slot] - entry.Offset;
        }

        byte[] types = new ReadOnlySpan<byte>(handle.Types + entry.FirstSlot, width).ToArray();
        GC.KeepAlive(handle);
        return new KeptRow(TypeName, shape, json, offsets, types);
    }

    /// <summary>A value and what follows it in the row; empty if there is none. The caller keeps the handle alive.</summary>
    private ReadOnlySpan<byte> ValueAt(int index, int slot, out ValueTag tag)
    {
        RowEntry entry = handle.Rows[index];
        long place = (long)entry.FirstSlot + slot;
        if (place >= handle.SlotCount)
        {
            tag = ValueTag.None;
            return default;
        }

        tag = (ValueTag)handle.Types[place];
        return Slice(handle.Offsets[place], entry.Offset + (long)entry.Length);
    }

    private RowClass ClassOf(uint shape)
    {
        // Rows of one answer are nearly always of one shape.
        RowClass? known = lastClass;
        if (known is null || known.Shape != shape)
        {
            lastClass = known = RowClass.Of(TypeName, shape);
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
