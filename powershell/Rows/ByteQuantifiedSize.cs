using System;
using System.Buffers;
using System.ComponentModel;
using System.Globalization;
using System.Text;

namespace ExchangeOnlineRs;

/// <summary>
/// A size as Exchange Online writes it, such as <c>50 GB (53,687,091,200 bytes)</c>: its text, its bytes, and an order.
/// </summary>
/// <remarks>
/// It is what <c>.Value</c> of a size property gives. It compares with other sizes, with numbers of bytes (<c>5GB</c>) and
/// with text, and its text is the service's own, for <c>-replace</c> and <c>-match</c>. It has two properties, because that
/// is what JSON, files of <c>Export-Clixml</c> and jobs carry; shown, it is its text.
/// </remarks>
[TypeConverter(typeof(ByteQuantifiedSizeConverter))]
public sealed partial class ByteQuantifiedSize : IComparable, IComparable<ByteQuantifiedSize>, IEquatable<ByteQuantifiedSize>
{
    private static readonly string[] Units = { "B", "KB", "MB", "GB", "TB" };

    /// <summary>What stands between digits somewhere: point, comma, blanks that break and that do not, apostrophes.</summary>
    private static readonly SearchValues<char> Separators = SearchValues.Create(",. \u00a0\u202f'\u2019");

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

    /// <summary>The size of both together, for <c>$total += …</c>.</summary>
    /// <param name="left">A size.</param>
    /// <param name="right">Another size.</param>
    /// <returns>The sum.</returns>
    /// <exception cref="OverflowException">The sum is more than a size can be, or one of them stands for a negative number.</exception>
    public static ByteQuantifiedSize operator +(ByteQuantifiedSize left, ByteQuantifiedSize right)
    {
        RequireAmount(left, nameof(left));
        RequireAmount(right, nameof(right));
        return left.IsUnlimited || right.IsUnlimited ? Unlimited : new(checked(left.bytes + right.bytes));
    }

    /// <summary>A size and a number of bytes together.</summary>
    /// <param name="size">The size.</param>
    /// <param name="bytes">The number of bytes; it may be negative.</param>
    /// <returns>The sum.</returns>
    /// <exception cref="OverflowException">The sum is less or more than a size can be.</exception>
    public static ByteQuantifiedSize operator +(ByteQuantifiedSize size, double bytes)
    {
        RequireAmount(size, nameof(size));
        return size.IsUnlimited ? Unlimited : new(checked((ulong)((Int128)size.bytes + (Int128)bytes)));
    }

    /// <summary>A number of bytes and a size together, for a total that begins with 0.</summary>
    /// <param name="bytes">The number of bytes; it may be negative.</param>
    /// <param name="size">The size.</param>
    /// <returns>The sum.</returns>
    /// <exception cref="OverflowException">The sum is less or more than a size can be.</exception>
    public static ByteQuantifiedSize operator +(double bytes, ByteQuantifiedSize size) => size + bytes;

    /// <summary>The text of a size with other text after it.</summary>
    /// <param name="size">The size.</param>
    /// <param name="text">The other text.</param>
    /// <returns>Both texts.</returns>
    public static string operator +(ByteQuantifiedSize size, string text) => size?.text + text;

    /// <summary>How many bytes one size has more than another; negative if it has less.</summary>
    /// <param name="left">The size.</param>
    /// <param name="right">What is taken away.</param>
    /// <returns>The number of bytes.</returns>
    /// <exception cref="OverflowException">The difference is no 64-bit number, as with a size that stands for no limit or for a negative number.</exception>
    public static long operator -(ByteQuantifiedSize left, ByteQuantifiedSize right)
    {
        RequireAmount(left, nameof(left));
        RequireAmount(right, nameof(right));
        return checked((long)((Int128)left.bytes - right.bytes));
    }

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
    public ulong Bytes => bytes;

    /// <summary>The service's text.</summary>
    public string Text => text;

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

    /// <summary>
    /// Equal to another size of as many bytes, and to its own text, which is for <c>-eq</c>. The hash code is that of sizes: in a
    /// table whose keys are texts, look a size up by its text.
    /// </summary>
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
        utf8.Length is >= 11 and <= 96 && utf8[0] is >= (byte)'0' and <= (byte)'9' && utf8.EndsWith(" bytes)"u8);

    /// <summary>
    /// Reads exactly the service's form: <c>number unit (grouped digits bytes)</c>. Numbers may be written as in any country;
    /// the bytes are whole, so that whatever stands between their digits groups them.
    /// </summary>
    internal static bool TryParseServiceForm(string value, out ByteQuantifiedSize? size)
    {
        const string End = " bytes)";
        size = null;
        int open = value.IndexOf('(', StringComparison.Ordinal);
        if (open < 4 || value[open - 1] != ' ' || !value.EndsWith(End, StringComparison.Ordinal) || value.Length < open + 1 + End.Length)
        {
            return false;
        }

        ReadOnlySpan<char> shown = value.AsSpan(0, open - 1);
        int unit = shown.LastIndexOf(' ');
        if (unit < 1 || !IsUnit(shown[(unit + 1)..]) || !TryReadDigits(shown[..unit], out _)
            || !TryReadDigits(value.AsSpan(open + 1, value.Length - open - 1 - End.Length), out ulong bytes))
        {
            return false;
        }

        size = new ByteQuantifiedSize(value, bytes);
        return true;
    }

    /// <summary>What stands for a negative number knows no amount: it is there to be compared with.</summary>
    private static void RequireAmount(ByteQuantifiedSize size, string name)
    {
        ArgumentNullException.ThrowIfNull(size, name);
        if (size.IsNegative)
        {
            throw new OverflowException("A negative number of bytes is no size. It can be compared with one, and added to one as a number, but not turned into one first.");
        }
    }

    private static bool IsUnit(ReadOnlySpan<char> text)
    {
        foreach (string unit in Units)
        {
            if (text.SequenceEqual(unit))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The digits as one number, with or without a separator between any two of them.</summary>
    private static bool TryReadDigits(ReadOnlySpan<char> text, out ulong number)
    {
        number = 0;
        bool afterDigit = false;
        foreach (char c in text)
        {
            if (char.IsAsciiDigit(c))
            {
                if (number > (ulong.MaxValue - 9) / 10)
                {
                    return false;
                }

                number = (number * 10) + (ulong)(c - '0');
                afterDigit = true;
            }
            else if (afterDigit && Separators.Contains(c))
            {
                afterDigit = false;
            }
            else
            {
                return false;
            }
        }

        return afterDigit;
    }

    /// <summary>A size as text, with four significant digits.</summary>
    private static string Describe(ulong bytes)
    {
        int unit = 0;
        double number = bytes;
        while (number >= 1024 && unit < Units.Length - 1)
        {
            number /= 1024;
            unit++;
        }

        // As the service writes them: 1.243 GB, 12.43 GB, 124.3 GB, 1012 GB.
        int decimals = number < 10 ? 3 : number < 100 ? 2 : number < 1000 ? 1 : 0;
        return new StringBuilder()
            .Append(Math.Round(number, decimals, MidpointRounding.AwayFromZero).ToString("0.###", CultureInfo.InvariantCulture))
            .Append(' ').Append(Units[unit]).Append(" (")
            .Append(bytes.ToString("#,0", CultureInfo.InvariantCulture))
            .Append(" bytes)")
            .ToString();
    }
}
