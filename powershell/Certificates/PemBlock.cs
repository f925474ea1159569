using System;
using System.Collections.Generic;
using System.Security.Cryptography;

namespace ExchangeOnlineRs.Certificates;

/// <summary>A part of a PEM file: a label, and what stands between its lines.</summary>
internal readonly struct PemBlock
{
    private PemBlock(string label, byte[] content)
    {
        Label = label;
        Content = content;
    }

    internal string Label { get; }

    /// <summary>The decoded bytes. Those of a private key are wiped by whoever reads them.</summary>
    internal byte[] Content { get; }

    /// <summary>All parts of a text; whatever stands between them is skipped, as the format has it.</summary>
    internal static List<PemBlock> In(ReadOnlySpan<char> text)
    {
        var blocks = new List<PemBlock>();
        while (PemEncoding.TryFind(text, out PemFields fields))
        {
            byte[] content = GC.AllocateUninitializedArray<byte>(fields.DecodedDataLength, pinned: true);
            if (Convert.TryFromBase64Chars(text[fields.Base64Data], content, out _))
            {
                blocks.Add(new PemBlock(text[fields.Label].ToString(), content));
            }

            text = text[fields.Location.End..];
        }

        return blocks;
    }
}
