using System;

namespace ExchangeOnlineRs.Rows;

/// <summary>A row that outlived its page, with a copy of its part of it. There is one row, whatever its index was.</summary>
internal sealed class KeptRow : RowPage
{
    private readonly RowClass shape;
    private readonly byte[] json;
    private readonly uint[] offsets;
    private readonly byte[] types;

    internal KeptRow(string typeName, RowClass shape, byte[] json, uint[] offsets, byte[] types)
        : base(typeName)
    {
        this.shape = shape;
        this.json = json;
        this.offsets = offsets;
        this.types = types;
    }

    /// <inheritdoc/>
    internal override RowClass ClassOfRow(int index) => shape;

    /// <inheritdoc/>
    internal override object? Value(int index, int slot) =>
        slot < offsets.Length ? Decode(Slice(slot), (ValueTag)types[slot], shape, slot) : null;

    /// <inheritdoc/>
    internal override string? Text(int index, int slot) => slot < offsets.Length ? ValueReader.ReadText(Slice(slot)) : null;

    /// <inheritdoc/>
    internal override RowPage Keep(int index) => this;

    private ReadOnlySpan<byte> Slice(int slot) => offsets[slot] <= json.Length ? json.AsSpan((int)offsets[slot]) : default;
}
