using System;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Threading;
using ExchangeOnlineRs.Native;

namespace ExchangeOnlineRs.Certificates;

/// <summary>
/// The keys of open connections by number. The core knows the numbers only, and asks for a signature whenever it needs a new
/// token.
/// </summary>
internal static class SigningKeys
{
    private static readonly ConcurrentDictionary<ulong, SigningKey> Keys = new();
    private static long lastNumber;

    /// <summary>How many keys there are.</summary>
    internal static int Count => Keys.Count;

    /// <summary>Takes a key over and returns its number.</summary>
    internal static ulong Add(SigningKey key)
    {
        NativeSigner.Register(Sign);
        ulong number = (ulong)Interlocked.Increment(ref lastNumber);
        Keys[number] = key;
        return number;
    }

    /// <summary>Disposes a key; nothing happens for an unknown number.</summary>
    internal static void Remove(ulong number)
    {
        if (Keys.TryRemove(number, out SigningKey? key))
        {
            key.Dispose();
        }
    }

    private static int Sign(ulong number, ReadOnlySpan<byte> data, Span<byte> output)
    {
        if (!Keys.TryGetValue(number, out SigningKey? key))
        {
            throw new InvalidOperationException("its connection has been closed.");
        }

        try
        {
            return key.Sign(data, output);
        }
        catch (ObjectDisposedException)
        {
            throw new InvalidOperationException("its connection has been closed.");
        }
        catch (CryptographicException e) when (OperatingSystem.IsWindows())
        {
            // Keys of providers from before Windows Vista sign only in an old way that the service is about to refuse.
            throw new InvalidOperationException(
                $"{e.Message.TrimEnd('.')}. If it is in an old cryptographic provider, import the certificate again with: certutil -csp \"Microsoft Software Key Storage Provider\" -importpfx <file>",
                e);
        }
    }
}
