using System;

namespace ExchangeOnlineRs.Prefixes;

/// <summary>The cmdlet classes of one prefix.</summary>
internal sealed class PrefixedAssembly : EmittedAssembly
{
    internal PrefixedAssembly(string prefix, Type[] types)
        : base(PrefixedCommands.ModuleNameOf(prefix), types) => Prefix = prefix;

    /// <summary>The prefix.</summary>
    internal string Prefix { get; }
}
