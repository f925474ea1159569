using System;
using System.Runtime.InteropServices;
using ExchangeOnlineRs.Native.Generated;

namespace ExchangeOnlineRs.Native;

/// <summary>
/// A page of rows in the core's memory. Rows keep it alive; when the last one is gone the finalizer frees it. The garbage
/// collector does not see how much memory hangs on this small object: <see cref="PageMemory"/> does.
/// </summary>
internal sealed unsafe class PageHandle : SafeHandle
{
    /// <summary>In <see cref="RowEntry.Shape"/>: the row is no object, or of a shape that has no number.</summary>
    internal const uint NoShape = 0xFFFFFFFF;

    private readonly long size;
    private GCHandle[]? watched;

    internal PageHandle(ulong id)
        : base(IntPtr.Zero, ownsHandle: true)
    {
        SetHandle(unchecked((IntPtr)(long)id));
        PageView view = Interop.exo_page_view(id);
        Bytes = (byte*)view.bytes;
        Length = checked((long)view.bytes_length);
        Rows = (RowEntry*)view.rows;
        RowCount = checked((int)view.row_count);
        Offsets = (uint*)view.value_offsets;
        Types = (byte*)view.value_types;
        SlotCount = checked((long)view.slot_count);
        size = Length + ((long)RowCount * sizeof(RowEntry)) + (SlotCount * (sizeof(uint) + sizeof(byte)));
        PageMemory.Add(size);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == IntPtr.Zero;

    internal byte* Bytes { get; }

    internal long Length { get; }

    internal RowEntry* Rows { get; }

    internal int RowCount { get; }

    internal uint* Offsets { get; }

    internal byte* Types { get; }

    internal long SlotCount { get; }

    /// <summary>Remembers what was made for a row, without keeping it.</summary>
    internal void Watch(int row, Row made)
    {
        watched ??= new GCHandle[RowCount];
        if (!watched[row].IsAllocated)
        {
            watched[row] = GCHandle.Alloc(made, GCHandleType.Weak);
        }
    }

    /// <summary>Whether something was made for a row.</summary>
    internal bool IsWatched(int row) => watched is not null && watched[row].IsAllocated;

    /// <summary>What was made for a row, if somebody still has it.</summary>
    internal Row? Watched(int row) => IsWatched(row) ? (Row?)watched![row].Target : null;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        foreach (GCHandle handle in watched ?? Array.Empty<GCHandle>())
        {
            if (handle.IsAllocated)
            {
                handle.Free();
            }
        }

        Interop.exo_page_close(unchecked((ulong)(long)handle));
        PageMemory.Remove(size);

        return true;
    }
}

/// <summary>One row of a page's index, as the core lays it out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct RowEntry
{
    /// <summary>Where the row's JSON value starts.</summary>
    internal readonly uint Offset;

    /// <summary>How long it is.</summary>
    internal readonly uint Length;

    /// <summary>Its shape, or <see cref="PageHandle.NoShape"/>.</summary>
    internal readonly uint Shape;

    /// <summary>The slot of its first property.</summary>
    internal readonly uint FirstSlot;
}
