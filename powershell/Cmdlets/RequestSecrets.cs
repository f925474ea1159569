using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ExchangeOnlineRs.Connecting;
using ExchangeOnlineRs.Native;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// The secrets of one request. The service takes them encrypted under a key of its own, and asking for that key is already a
/// call to it: nothing of the kind may happen before the caller has confirmed, nor with <c>-WhatIf</c>. So the request is
/// written with an empty text in the place of each secret, and the texts are put in just before it is sent.
/// </summary>
internal sealed class RequestSecrets
{
    /// <summary>What PKCS #1 v1.5 adds at least.</summary>
    private const int PaddingBytes = 11;

    private readonly List<(int Position, string Parameter, SecureString Secret)> places = new();

    /// <summary>Whether there is any.</summary>
    internal bool Any => places.Count > 0;

    /// <summary>Forgets all of them: another request is written.</summary>
    internal void Clear() => places.Clear();

    /// <summary>Leaves the place of a secret. One that is empty is sent as it is, which is how the service knows it.</summary>
    /// <exception cref="WireException">Its text is none that could be sent.</exception>
    internal void Leave(Utf8JsonWriter json, string parameter, SecureString secret)
    {
        json.WriteStringValue(string.Empty);
        if (secret.Length > 0)
        {
            using (var characters = new SecretCharacters(secret))
            {
                WireWriter.RequireText(parameter, characters.Span, null);
            }

            long end = json.BytesCommitted + json.BytesPending;
            places.Add((checked((int)end) - 1, parameter, secret));
        }
    }

    /// <summary>Puts the encrypted texts in their places.</summary>
    /// <param name="request">The request.</param>
    /// <param name="key">The key of the connection it goes to.</param>
    /// <param name="nameConnection">
    /// Whether the request leaves the connection to the core, which would choose anew: by now another one, with another key.
    /// </param>
    /// <exception cref="WireException">A secret is longer than the key allows.</exception>
    internal void PutInto(PooledBuffer request, SecretKey key, bool nameConnection)
    {
        for (int i = places.Count - 1; i >= 0; i--)
        {
            (int position, string parameter, SecureString secret) = places[i];
            request.Insert(position, Encrypt(parameter, secret, key.Rsa));
        }

        if (nameConnection)
        {
            request.Insert(1, Encoding.UTF8.GetBytes($"\"connectionId\":\"{key.ConnectionId:D}\","));
        }

        Clear();
    }

    private static byte[] Encrypt(string parameter, SecureString secret, RSA rsa)
    {
        using SecretBytes bytes = SecretBytes.Of(secret);
        int most = (rsa.KeySize / 8) - PaddingBytes;
        if (bytes.Span.Length > most)
        {
            throw new WireException(
                parameter,
                null,
                "SecretTooLong",
                string.Create(CultureInfo.InvariantCulture, $"It is too long: as UTF-8 it has {bytes.Span.Length} bytes, and the service takes {most} at most."));
        }

        byte[] sealedBytes = new byte[rsa.KeySize / 8];
        int written = rsa.Encrypt(bytes.Span, sealedBytes, RSAEncryptionPadding.Pkcs1);
        byte[] text = new byte[Base64.GetMaxEncodedToUtf8Length(written)];
        Base64.EncodeToUtf8(sealedBytes.AsSpan(0, written), text, out _, out int length);
        return text.AsSpan(0, length).ToArray();
    }
}

/// <summary>The service's public key for secrets, as one connection got it.</summary>
internal sealed class SecretKey : IDisposable
{
    private SecretKey(Guid connectionId, RSA rsa)
    {
        ConnectionId = connectionId;
        Rsa = rsa;
    }

    /// <summary>The connection.</summary>
    internal Guid ConnectionId { get; }

    /// <summary>The key.</summary>
    internal RSA Rsa { get; }

    /// <summary>Asks the core for the key of a connection; null means the one it would take for the command.</summary>
    internal static NativeOperation Ask(Guid? connection, string? prefix, ServiceCmdletDefinition cmdlet, bool verbose)
    {
        using var request = new PooledBuffer();
        using (var json = new Utf8JsonWriter(request))
        {
            json.WriteStartObject();
            json.WriteString("connectionId", connection?.ToString());
            json.WriteString("prefix", prefix);
            json.WriteString("surface", cmdlet.Surface.ToWire());
            json.WriteString("cmdletName", cmdlet.Name);
            json.WriteString("powerShellVersion", typeof(PSObject).Assembly.GetName().Version?.ToString(3));
            json.WriteBoolean("verbose", verbose);
            json.WriteEndObject();
        }

        return NativeOperation.FindKey(request.Written);
    }

    /// <summary>Reads the core's answer.</summary>
    internal static SecretKey Read(JsonElement answer)
    {
        var rsa = RSA.Create();
        try
        {
            rsa.ImportParameters(new RSAParameters
            {
                Modulus = answer.GetProperty("modulus").GetBytesFromBase64(),
                Exponent = answer.GetProperty("exponent").GetBytesFromBase64(),
            });
            return new SecretKey(answer.GetProperty("connectionId").GetGuid(), rsa);
        }
        catch (CryptographicException e)
        {
            rsa.Dispose();
            throw new FaultException(Fault.Internal($"The service's public key for secrets cannot be used here: {e.Message}"));
        }
        catch
        {
            rsa.Dispose();
            throw;
        }
    }

    public void Dispose() => Rsa.Dispose();
}
