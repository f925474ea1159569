using System;
using System.Threading;
using ExchangeOnlineRs.Rows;

namespace ExchangeOnlineRs;

/// <summary>
/// A row of an answer. Its properties are decoded from the page when they are read; what a script assigns is kept beside.
/// </summary>
/// <remarks>
/// For every set of property names there is a class made at run time that derives from this one, so that a row is an
/// ordinary .NET object to PowerShell wherever it goes. This class has no public member that would show as a property.
/// </remarks>
public abstract class Row : ICloneable
{
    private readonly int index;
    private RowPage page;
    private RowOverlay? overlay;

    /// <summary>Makes a row.</summary>
    /// <param name="page">The page it is on.</param>
    /// <param name="index">Its place there.</param>
    protected Row(RowPage page, int index)
    {
        this.page = page;
        this.index = index;
    }

    /// <summary>Where the values are; another one after <see cref="MoveTo"/>.</summary>
    private RowPage Page => Volatile.Read(ref page);

    /// <summary>The identity, as scripts expect of Exchange's objects.</summary>
    /// <returns>The identity or, for objects that have none, the name or the type.</returns>
    public override string ToString()
    {
        RowClass shape = Page.ClassOfRow(index);
        return TextOf(shape.IdentitySlot) ?? TextOf(shape.NameSlot) ?? shape.TypeName;
    }

    /// <summary>
    /// A row of its own, for <c>PSObject.Copy()</c>, which copies only what can be cloned. As in any such copy, a collection that
    /// was read or assigned before is the same one in both. The copy does not need the page, which does not know of it.
    /// </summary>
    object ICloneable.Clone()
    {
        var copy = (Row)MemberwiseClone();
        copy.page = Page.Keep(index);
        copy.overlay = Volatile.Read(ref overlay)?.Copy();
        return copy;
    }

    /// <summary>Reads a property.</summary>
    /// <param name="slot">Its number.</param>
    /// <returns>Its value.</returns>
    protected object? GetSlot(int slot)
    {
        RowOverlay? known = Volatile.Read(ref overlay);
        if (known is not null && known.TryGet(slot, out object? kept))
        {
            return kept;
        }

        object? value = Page.Value(index, slot);

        // Texts and numbers are decoded again when read again: that costs less than the memory of keeping them for every
        // row. A collection must be the same one each time, or a change to it would be lost.
        return ValueReader.IsMutable(value) && value is not object?[] { Length: 0 } ? Keep(slot, value, replace: false) : value;
    }

    /// <summary>Sets a property; the page itself never changes.</summary>
    /// <param name="slot">Its number.</param>
    /// <param name="value">Its value.</param>
    protected void SetSlot(int slot, object? value) => Keep(slot, value, replace: true);

    /// <summary>Reads from another place from now on, which has the same values.</summary>
    internal void MoveTo(RowPage other) => Volatile.Write(ref page, other);

    /// <summary>A property by name as text; null when there is none, or it is empty.</summary>
    internal string? TextOf(string name) => Page.ClassOfRow(index).TryGetSlot(name, out int slot) ? TextOf(slot) : null;

    /// <summary>The same as it came from the service, whatever a script assigned.</summary>
    internal string? OwnTextOf(string name)
    {
        RowPage own = Page;
        return own.ClassOfRow(index).TryGetSlot(name, out int slot) && own.Text(index, slot) is { Length: > 0 } text ? text : null;
    }

    /// <summary>The identity that a script assigned; null when the row's is its own, or the assigned one is empty.</summary>
    internal string? AssignedIdentity()
    {
        int slot = Page.ClassOfRow(index).IdentitySlot;

        // Collections are kept because they were read.
        return slot >= 0 && Volatile.Read(ref overlay) is { } known && known.TryGet(slot, out object? kept) && !ValueReader.IsMutable(kept)
            && kept?.ToString() is { } text && !string.IsNullOrWhiteSpace(text)
            ? text
            : null;
    }

    private string? TextOf(int slot)
    {
        if (slot < 0)
        {
            return null;
        }

        string? text = Volatile.Read(ref overlay) is { } known && known.TryGet(slot, out object? kept)
            ? kept?.ToString()
            : Page.Text(index, slot);
        return string.IsNullOrEmpty(text) ? null : text;
    }

    private object? Keep(int slot, object? value, bool replace)
    {
        RowOverlay target = Volatile.Read(ref overlay)
            ?? Interlocked.CompareExchange(ref overlay, new RowOverlay(), null)
            ?? overlay!;
        return target.Keep(slot, value, replace);
    }
}
