using System;
using System.Management.Automation;

namespace ExchangeOnlineRs;

/// <summary>Makes a size again of what is left of one after a file of <c>Export-Clixml</c> or a job.</summary>
/// <remarks>The engine asks for it because the types file names the size as what such an object is to become.</remarks>
public sealed class ByteQuantifiedSizeConverter : PSTypeConverter
{
    private const string TypeName = "Deserialized.ExchangeOnlineRs.ByteQuantifiedSize";

    /// <inheritdoc/>
    public override bool CanConvertFrom(object sourceValue, Type destinationType) =>
        sourceValue is PSObject source && destinationType == typeof(ByteQuantifiedSize) && source.TypeNames.Contains(TypeName);

    /// <inheritdoc/>
    public override object ConvertFrom(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase)
    {
        if (sourceValue is PSObject source && CanConvertFrom(sourceValue, destinationType))
        {
            return ByteQuantifiedSize.Parse(source.Properties[nameof(ByteQuantifiedSize.Text)]?.Value as string ?? source.ToString());
        }

        throw new PSInvalidCastException($"'{sourceValue}' is no size that was in a file or a job.");
    }

    /// <inheritdoc/>
    public override bool CanConvertTo(object sourceValue, Type destinationType) => false;

    /// <inheritdoc/>
    public override object ConvertTo(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        throw new PSInvalidCastException($"A size does not become {destinationType} here.");
}
