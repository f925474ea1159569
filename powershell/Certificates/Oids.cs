using System;

namespace ExchangeOnlineRs.Certificates;

/// <summary>The registered numbers of kinds of keys and of curves.</summary>
internal static class Oids
{
    internal const string Rsa = "1.2.840.113549.1.1.1";
    internal const string EllipticCurve = "1.2.840.10045.2.1";
    internal const string P256 = "1.2.840.10045.3.1.7";
    internal const string P384 = "1.3.132.0.34";
    internal const string P521 = "1.3.132.0.35";

    /// <summary>Windows names the curves of its key stores without their numbers.</summary>
    internal static string? OfCurve(string? name) => name?.ToUpperInvariant() switch
    {
        "NISTP256" or "ECDSA_P256" or "ECDH_P256" or "SECP256R1" => P256,
        "NISTP384" or "ECDSA_P384" or "ECDH_P384" or "SECP384R1" => P384,
        "NISTP521" or "ECDSA_P521" or "ECDH_P521" or "SECP521R1" => P521,
        _ => null,
    };
}
