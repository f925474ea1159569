using System;
using System.Buffers;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>A growing buffer of borrowed memory, wiped before it goes back: requests carry what administrators type.</summary>
internal sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    private byte[] bytes = ArrayPool<byte>.Shared.Rent(1024);
    private int length;

    internal ReadOnlySpan<byte> Written => bytes.AsSpan(0, length);

    public void Advance(int count) => length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return bytes.AsMemory(length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return bytes.AsSpan(length);
    }

    /// <summary>Puts bytes between those that are there.</summary>
    internal void Insert(int position, ReadOnlySpan<byte> inserted)
    {
        Ensure(inserted.Length);
        Span<byte> rest = bytes.AsSpan(position, length - position);
        rest.CopyTo(bytes.AsSpan(position + inserted.Length));
        inserted.CopyTo(bytes.AsSpan(position));
        length += inserted.Length;
    }

    public void Dispose()
    {
        byte[] old = bytes;
        bytes = Array.Empty<byte>();
        GiveBack(old, length);
        length = 0;
    }

    private static void GiveBack(byte[] array, int used)
    {
        if (array.Length > 0)
        {
            array.AsSpan(0, used).Clear();
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    private void Ensure(int sizeHint)
    {
        int needed = checked(length + Math.Max(sizeHint, 256));
        if (needed > bytes.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, bytes.Length * 2));
            bytes.AsSpan(0, length).CopyTo(larger);
            byte[] old = bytes;
            bytes = larger;
            GiveBack(old, length);
        }
    }
}
