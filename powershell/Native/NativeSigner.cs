using System;
using System.Text;
using ExchangeOnlineRs.Native.Generated;

namespace ExchangeOnlineRs.Native;

/// <summary>Signs with the key of that number; returns the length of the signature in the output.</summary>
/// <exception cref="Exception">There is no signature; the message says why, without any secret.</exception>
internal delegate int SignWithKey(ulong key, ReadOnlySpan<byte> data, Span<byte> output);

/// <summary>Tells the core who signs for the certificates of applications.</summary>
internal static class NativeSigner
{
    private static readonly object Gate = new();

    /// <summary>
    /// The core keeps calling this one for as long as the process lives, so it must never be collected or disposed.
    /// </summary>
    private static Sign? registered;

    /// <summary>Registers the signer at the first call; all later ones do nothing.</summary>
    internal static void Register(SignWithKey signer)
    {
        NativeCore.EnsureLoaded();
        lock (Gate)
        {
            if (registered is null)
            {
                var sign = new Sign((key, data, output) => Call(signer, key, data, output));
                Interop.exo_signer_set(sign);
                registered = sign;
            }
        }
    }

    /// <summary>Called on threads of the core. Nothing may be thrown across: why there is no signature is written instead.</summary>
    private static unsafe int Call(SignWithKey signer, ulong key, SliceByte data, SliceMutByte output)
    {
        fixed (byte* start = output.ReadOnlySpan)
        {
            var room = new Span<byte>(start, output.Count);
            try
            {
                return signer(key, data.ReadOnlySpan, room);
            }
            catch (Exception e)
            {
                // Cut where a character ends, should the sentence be too long.
                Encoding.UTF8.GetEncoder().Convert(e.Message, room, flush: true, out _, out int length, out _);
                return -length;
            }
        }
    }
}
