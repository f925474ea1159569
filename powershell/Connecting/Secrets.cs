using System;
using System.Runtime.InteropServices;
using System.Security;
using System.Security.Cryptography;
using System.Text;

namespace ExchangeOnlineRs.Connecting;

/// <summary>A secret as UTF-8, in memory that does not move and that is wiped at the end.</summary>
internal sealed class SecretBytes : IDisposable
{
    private readonly byte[] bytes;

    private SecretBytes(byte[] bytes) => this.bytes = bytes;

    internal ReadOnlySpan<byte> Span => bytes;

    /// <summary>No secret: for the ways to sign in that need none.</summary>
    internal static SecretBytes None() => new(Array.Empty<byte>());

    internal static SecretBytes Of(SecureString secret)
    {
        using var characters = new SecretCharacters(secret);
        return Of(characters.Span);
    }

    internal static SecretBytes Of(ReadOnlySpan<char> characters)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(Encoding.UTF8.GetByteCount(characters), pinned: true);
        Encoding.UTF8.GetBytes(characters, bytes);
        return new SecretBytes(bytes);
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(bytes);
}

/// <summary>
/// A secret as characters, in memory that does not move and that is wiped at the end; never a string, which nobody could wipe.
/// </summary>
internal sealed class SecretCharacters : IDisposable
{
    private readonly char[] characters;

    internal unsafe SecretCharacters(SecureString secret)
    {
        IntPtr clear = Marshal.SecureStringToGlobalAllocUnicode(secret);
        try
        {
            var source = new ReadOnlySpan<char>((void*)clear, secret.Length);
            characters = GC.AllocateUninitializedArray<char>(source.Length, pinned: true);
            source.CopyTo(characters);
        }
        finally
        {
            Marshal.ZeroFreeGlobalAllocUnicode(clear);
        }
    }

    /// <summary>Text of a file. A mark at its beginning says which encoding it has; without one it is UTF-8.</summary>
    internal SecretCharacters(ReadOnlySpan<byte> text)
    {
        Encoding encoding = Encoding.UTF8;
        if (text.StartsWith(Encoding.UTF8.Preamble))
        {
            text = text[Encoding.UTF8.Preamble.Length..];
        }
        else if (text.StartsWith(Encoding.Unicode.Preamble))
        {
            encoding = Encoding.Unicode;
            text = text[Encoding.Unicode.Preamble.Length..];
        }

        characters = GC.AllocateUninitializedArray<char>(encoding.GetCharCount(text), pinned: true);
        encoding.GetChars(text, characters);
    }

    internal ReadOnlySpan<char> Span => characters;

    public void Dispose() => CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(characters.AsSpan()));
}
