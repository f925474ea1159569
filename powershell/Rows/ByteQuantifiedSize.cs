using System;
using System.Globalization;
using System.Text;

namespace ExchangeOnlineRs;

/// <summary>
/// A size as Exchange Online writes it, such as <c>50 GB (53,687,091,200 bytes)</c>: its text, its bytes, and an order.
/// </summary>
/// <remarks>
/// It is what <c>.Value</c> of a size property gives. It compares with other sizes, with numbers of bytes (<c>5GB</c>) and
/// with text, and its text is the service's own, for <c>-replace</c> and <c>-match</c>.
/// </remarks>
public sealed class ByteQuantifiedSize : IComparable, IComparable<ByteQuantifiedSize>, IEquatable<ByteQuantifiedSize>
{
    private static readonly string[] Units = { "B", "KB", "MB", "GB", "TB" };

    /// <summary>
    /// The other side of a comparison can be what no size is: a negative number, which is less than every size, or no limit,
    /// which is more.
    /// </summary>
    private static readonly ByteQuantifiedSize Negative = new(Describe(0), 0, -1);
    private static readonly ByteQuantifiedSize Unlimited = new("Unlimited", ulong.MaxValue, 1);

    private readonly string text;
    private readonly ulong bytes;
    private readonly sbyte rank;

    private ByteQuantifiedSize(string text, ulong bytes, sbyte rank = 0)
    {
        this.text = text;
        this.bytes = bytes;
        this.rank = rank;
    }

    /// <summary>Makes a size of a number of bytes.</summary>
    /// <param name="bytes">The number of bytes.</param>
    public ByteQuantifiedSize(ulong bytes)
        : this(Describe(bytes), bytes)
    {
    }

    /// <summary>A size of a number of bytes, so that <c>-gt 5GB</c> compares.</summary>
    /// <param name="bytes">The number of bytes.</param>
    public static implicit operator ByteQuantifiedSize(long bytes) => bytes < 0 ? Negative : new((ulong)bytes);

    /// <summary>A size of a number of bytes.</summary>
    /// <param name="bytes">The number of bytes.</param>
    public static implicit operator ByteQuantifiedSize(ulong bytes) => new(bytes);

    /// <summary>A size of a number of bytes.</summary>
    /// <param name="bytes">The number of bytes.</param>
    public static implicit operator ByteQuantifiedSize(int bytes) => bytes < 0 ? Negative : new((ulong)bytes);

    /// <summary>A size of a number of bytes; the fraction is dropped.</summary>
    /// <param name="bytes">The number of bytes.</param>
    public static implicit operator ByteQuantifiedSize(double bytes) => bytes switch
    {
        < 0 or double.NaN => Negative,
        >= ulong.MaxValue => new(ulong.MaxValue),
        _ => new((ulong)bytes),
    };

    /// <summary>How many times a number of bytes goes into a size, so that <c>/ 1GB</c> gives gigabytes.</summary>
    /// <param name="size">The size.</param>
    /// <param name="bytes">The number of bytes.</param>
    /// <returns>The quotient.</returns>
    public static double operator /(ByteQuantifiedSize size, double bytes) => size.IsUnlimited ? double.PositiveInfinity : size.bytes / bytes;

    /// <summary>The number of bytes.</summary>
    /// <param name="size">The size.</param>
    public static explicit operator ulong(ByteQuantifiedSize size) => size.bytes;

    /// <summary>The number of bytes.</summary>
    /// <param name="size">The size.</param>
    public static explicit operator long(ByteQuantifiedSize size) => checked((long)size.bytes);

    /// <summary>The number of bytes.</summary>
    /// <param name="size">The size.</param>
    public static explicit operator double(ByteQuantifiedSize size) => size.bytes;

    /// <summary>Reads a size: the service's own form, a number with an optional unit, or <c>Unlimited</c>.</summary>
    /// <param name="value">The text, such as <c>50 GB (53,687,091,200 bytes)</c>, <c>50GB</c> or <c>1024</c>.</param>
    /// <returns>The size.</returns>
    /// <exception cref="FormatException">The text is no size.</exception>
    public static ByteQuantifiedSize Parse(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (TryParseServiceForm(value, out ByteQuantifiedSize? size))
        {
            return size!;
        }

        string trimmed = value.Trim();
        if (trimmed.Equals(Unlimited.text, StringComparison.OrdinalIgnoreCase))
        {
            return Unlimited;
        }

        int digits = 0;
        while (digits < trimmed.Length && (char.IsAsciiDigit(trimmed[digits]) || trimmed[digits] == '.'))
        {
            digits++;
        }

        string unit = trimmed[digits..].Trim();
        int power = unit.Length == 0 || unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)
            ? 0
            : Array.FindIndex(Units, u => u.Equals(unit, StringComparison.OrdinalIgnoreCase));
        if (power < 0 || !decimal.TryParse(trimmed.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
        {
            throw new FormatException($"'{value}' is not a size.");
        }

        try
        {
            return new ByteQuantifiedSize((ulong)(number * (1UL << (10 * power))));
        }
        catch (OverflowException e)
        {
            throw new FormatException($"'{value}' is more than a size can be.", e);
        }
    }

    /// <summary>The number of bytes.</summary>
    /// <returns>The number of bytes.</returns>
    public ulong ToBytes() => bytes;

    /// <summary>The number of whole kilobytes.</summary>
    /// <returns>The number of whole kilobytes.</returns>
    public ulong ToKB() => bytes >> 10;

    /// <summary>The number of whole megabytes.</summary>
    /// <returns>The number of whole megabytes.</returns>
    public ulong ToMB() => bytes >> 20;

    /// <summary>The number of whole gigabytes.</summary>
    /// <returns>The number of whole gigabytes.</returns>
    public ulong ToGB() => bytes >> 30;

    /// <summary>The number of whole terabytes.</summary>
    /// <returns>The number of whole terabytes.</returns>
    public ulong ToTB() => bytes >> 40;

    /// <summary>The service's text.</summary>
    /// <returns>The text, such as <c>50 GB (53,687,091,200 bytes)</c>.</returns>
    public override string ToString() => text;

    /// <inheritdoc/>
    public int CompareTo(ByteQuantifiedSize? other) => other is null ? 1 : (rank, bytes).CompareTo((other.rank, other.bytes));

    /// <inheritdoc/>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        ByteQuantifiedSize other => CompareTo(other),
        string other => CompareTo(Parse(other)),
        _ => throw new ArgumentException("A size compares with a size, a number of bytes or a text."),
    };

    /// <inheritdoc/>
    public bool Equals(ByteQuantifiedSize? other) => other is not null && rank == other.rank && bytes == other.bytes;

    /// <summary>Equal to another size of as many bytes, and to its own text.</summary>
    /// <param name="obj">A size or a text.</param>
    /// <returns>Whether they are equal.</returns>
    public override bool Equals(object? obj) => obj switch
    {
        ByteQuantifiedSize other => Equals(other),
        string other => string.Equals(text, other, StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    /// <inheritdoc/>
    public override int GetHashCode() => bytes.GetHashCode();

    /// <summary>Whether it stands for the lack of a limit.</summary>
    internal bool IsUnlimited => rank > 0;

    /// <summary>Whether it stands for a negative number.</summary>
    internal bool IsNegative => rank < 0;

    /// <summary>
    /// Whether UTF-8 text can be a size at all: this is asked of every text property, so it looks at the two ends only.
    /// </summary>
    internal static bool CanBe(ReadOnlySpan<byte> utf8) =>
        utf8.Length is >= 11 and <= 64 && utf8[0] is >= (byte)'0' and <= (byte)'9' && utf8.EndsWith(" bytes)"u8);

    /// <summary>Reads exactly the service's form: <c>number unit (grouped digits bytes)</c>.</summary>
    internal static bool TryParseServiceForm(string value, out ByteQuantifiedSize? size)
    {
        size = null;
        int i = 0;
        int n = value.Length;
        int start = i;
        while (i < n && char.IsAsciiDigit(value[i]))
        {
            i++;
        }

        if (i == start)
        {
            return false;
        }

        if (i < n && value[i] == '.')
        {
            int fraction = ++i;
            while (i < n && char.IsAsciiDigit(value[i]))
            {
                i++;
            }

            if (i == fraction)
            {
                return false;
            }
        }

        if (i >= n || value[i++] != ' ')
        {
            return false;
        }

        int unitEnd = value.IndexOf(' ', i);
        if (unitEnd < 0 || Array.IndexOf(Units, value[i..unitEnd]) < 0)
        {
            return false;
        }

        ReadOnlySpan<char> rest = value.AsSpan(unitEnd);
        if (!rest.StartsWith(" (", StringComparison.Ordinal) || !rest.EndsWith(" bytes)", StringComparison.Ordinal) || rest.Length < 10)
        {
            return false;
        }

        ulong bytes = 0;
        bool any = false;
        foreach (char c in rest[2..^7])
        {
            if (c == ',')
            {
                continue;
            }

            if (!char.IsAsciiDigit(c) || bytes > (ulong.MaxValue - 9) / 10)
            {
                return false;
            }

            any = true;
            bytes = (bytes * 10) + (ulong)(c - '0');
        }

        if (any)
        {
            size = new ByteQuantifiedSize(value, bytes);
        }

        return any;
    }

    private static string Describe(ulong bytes)
    {
        int unit = 0;
        double number = bytes;
        while (number >= 1024 && unit < Units.Length - 1)
        {
            number /= 1024;
            unit++;
        }

        return new StringBuilder()
            .Append(number.ToString("0.####", CultureInfo.InvariantCulture))
            .Append(' ').Append(Units[unit]).Append(" (")
            .Append(bytes.ToString("#,0", CultureInfo.InvariantCulture))
            .Append(" bytes)")
            .ToString();
    }
}
