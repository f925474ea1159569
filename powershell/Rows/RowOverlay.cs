using System;
using System.Collections.Generic;

namespace ExchangeOnlineRs.Rows;

/// <summary>What is kept of a row beside the page: assigned values, and collections once decoded.</summary>
internal sealed class RowOverlay
{
    private const int Few = 6;

    // Most rows keep nothing, many one or two values; a dictionary from the start would be larger than the row's page slice.
    private (int Slot, object? Value)[] few = new (int, object?)[2];
    private int count;
    private Dictionary<int, object?>? many;

    internal bool TryGet(int slot, out object? value)
    {
        lock (this)
        {
            if (many is not null)
            {
                return many.TryGetValue(slot, out value);
            }

            int i = Find(slot);
            value = i < 0 ? null : few[i].Value;
            return i >= 0;
        }
    }

    /// <summary>Keeps a value and returns the one that is kept: the first to arrive, unless it is an assignment.</summary>
    internal object? Keep(int slot, object? value, bool replace)
    {
        lock (this)
        {
            if (many is not null)
            {
                if (replace)
                {
                    many[slot] = value;
                    return value;
                }

                return many.TryAdd(slot, value) ? value : many[slot];
            }

            int i = Find(slot);
            if (i >= 0)
            {
                if (replace)
                {
                    few[i].Value = value;
                }

                return few[i].Value;
            }

            if (count == Few)
            {
                many = new Dictionary<int, object?>(Few * 4);
                for (int k = 0; k < count; k++)
                {
                    many.Add(few[k].Slot, few[k].Value);
                }

                few = Array.Empty<(int, object?)>();
                many.Add(slot, value);
                return value;
            }

            if (count == few.Length)
            {
                Array.Resize(ref few, Math.Min(Few, count * 2));
            }

            few[count++] = (slot, value);
            return value;
        }
    }

    /// <summary>The same values, kept apart.</summary>
    internal RowOverlay Copy()
    {
        lock (this)
        {
            return new RowOverlay
            {
                few = many is null ? ((int, object?)[])few.Clone() : Array.Empty<(int, object?)>(),
                count = count,
                many = many is null ? null : new Dictionary<int, object?>(many),
            };
        }
    }

    private int Find(int slot)
    {
        for (int i = 0; i < count; i++)
        {
            if (few[i].Slot == slot)
            {
                return i;
            }
        }

        return -1;
    }
}
