using System;

namespace ExchangeOnlineRs.Native.Generated;

internal partial class VecByte
{
    /// <summary>
    /// The bytes, read in place; valid until the vector is disposed. The generated indexer copies byte by byte and is
    /// never used.
    /// </summary>
    internal unsafe ReadOnlySpan<byte> Span => _ptr == IntPtr.Zero ? default : new((void*)_ptr, checked((int)_len));
}
