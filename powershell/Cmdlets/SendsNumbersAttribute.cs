using System;

namespace ExchangeOnlineRs.Cmdlets;

/// <summary>
/// On a parameter without a .NET type of its own whose numbers go to the service as numbers: limits, sizes and tables. All
/// others of that kind are text there.
/// </summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class SendsNumbersAttribute : Attribute
{
}
