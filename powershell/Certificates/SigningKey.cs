using System;
using System.Management.Automation;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ExchangeOnlineRs.Connecting;

namespace ExchangeOnlineRs.Certificates;

/// <summary>
/// The private key of an application's certificate, and what the sign-in service must know of it. The key only signs here; it
/// is never exported, so keys that cannot be (smart cards, key stores) serve as well.
/// </summary>
internal sealed class SigningKey : IDisposable
{
    private const int LeastRsaBits = 2048;

    /// <summary>What keys there should be, for messages.</summary>
    internal const string TakenKinds =
        "Use a certificate with an RSA key of at least 2048 bits, or an elliptic curve key on P-256, P-384 or P-521.";

    /// <summary>Clocks differ a little; a certificate made a moment ago on another machine is good.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private readonly AsymmetricAlgorithm key;

    /// <summary>Our own certificate object, which on some systems keeps the key alive; never the caller's.</summary>
    private readonly X509Certificate2? owned;

    private bool disposed;

    private SigningKey(AsymmetricAlgorithm key, string algorithm, X509Certificate2 certificate, bool ownsCertificate)
    {
        this.key = key;
        Algorithm = algorithm;
        Thumbprint = Convert.ToBase64String(certificate.GetCertHash(HashAlgorithmName.SHA256))
            .TrimEnd('=').Replace('+', '-').Replace('/', '_');
        owned = ownsCertificate ? certificate : null;
    }

    /// <summary>The name of the algorithm in a JSON Web Signature.</summary>
    internal string Algorithm { get; }

    /// <summary>The certificate's SHA-256 thumbprint, base64url.</summary>
    internal string Thumbprint { get; }

    /// <summary>The key that comes with a certificate object.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="what">What it is, as the beginning of a sentence.</param>
    /// <param name="ownsCertificate">Whether the certificate is disposed with the key, or at once if it cannot be used.</param>
    internal static SigningKey Of(X509Certificate2 certificate, string what, bool ownsCertificate)
    {
        try
        {
            if (!certificate.HasPrivateKey)
            {
                throw Refused("CertificateWithoutPrivateKey", $"{what} has no private key, and without it nobody can sign in with the certificate. "
                    + "Give a certificate with its private key: a PFX file, a PEM file that also holds the key (or -CertificateKeyFilePath beside it), or a certificate of a store that was imported with its key.");
            }

            RequireKnownKind(certificate, what);
            return Of(certificate, PrivateKey(certificate, what), what, ownsCertificate);
        }
        catch when (ownsCertificate)
        {
            certificate.Dispose();
            throw;
        }
    }

    /// <summary>A certificate and the key that was read beside it; the key is disposed if they cannot be used.</summary>
    internal static SigningKey Of(X509Certificate2 certificate, AsymmetricAlgorithm key, string what, bool ownsCertificate)
    {
        try
        {
            RequireValid(certificate, what);
            return new SigningKey(key, AlgorithmFor(key, what), certificate, ownsCertificate);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>Refuses certificates whose keys the sign-in service cannot take.</summary>
    internal static void RequireKnownKind(X509Certificate2 certificate, string what)
    {
        if (certificate.GetKeyAlgorithm() is not (Oids.Rsa or Oids.EllipticCurve))
        {
            throw Unsupported(what, certificate.PublicKey.Oid.FriendlyName ?? certificate.GetKeyAlgorithm());
        }
    }

    /// <summary>Signs, in the form that JSON Web Signatures have; returns the length.</summary>
    internal int Sign(ReadOnlySpan<byte> data, Span<byte> output)
    {
        // Not every key store's keys can be used by two threads at once.
        lock (key)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            int length = 0;
            bool done = key switch
            {
                RSA rsa => rsa.TrySignData(data, output, HashAlgorithmName.SHA256, PaddingFor(Algorithm), out length),
                ECDsa curve => curve.TrySignData(data, output, HashFor(Algorithm), DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out length),
                _ => false,
            };
            return done ? length : throw new CryptographicException("The signature is longer than any that is expected.");
        }
    }

    public void Dispose()
    {
        lock (key)
        {
            if (!disposed)
            {
                disposed = true;
                key.Dispose();
                owned?.Dispose();
            }
        }
    }

    private static AsymmetricAlgorithm PrivateKey(X509Certificate2 certificate, string what)
    {
        try
        {
            AsymmetricAlgorithm? key = certificate.GetKeyAlgorithm() == Oids.Rsa ? certificate.GetRSAPrivateKey() : certificate.GetECDsaPrivateKey();
            return key ?? throw Unsupported(what, "an elliptic curve that is not for signing");
        }
        catch (CryptographicException e)
        {
            throw Refused(
                "CertificateKeyUnavailable",
                $"The private key of the certificate cannot be used: {e.Message.TrimEnd('.')}. {what} may belong to another account, or its key may have been deleted.");
        }
    }

    private static void RequireValid(X509Certificate2 certificate, string what)
    {
        DateTime now = DateTime.Now;
        if (certificate.NotAfter < now)
        {
            throw Refused("CertificateExpired", $"{what} expired on {certificate.NotAfter:yyyy-MM-dd HH:mm}. Register a new certificate for the application and use that.");
        }

        if (certificate.NotBefore > now + ClockSkew)
        {
            throw Refused(
                "CertificateNotYetValid",
                $"{what} is valid only from {certificate.NotBefore:yyyy-MM-dd HH:mm} on, and it is {now:yyyy-MM-dd HH:mm}. Check this computer's clock, or use another certificate.");
        }
    }

    private static string AlgorithmFor(AsymmetricAlgorithm key, string what)
    {
        switch (key)
        {
            case RSA rsa when rsa.KeySize < LeastRsaBits:
                throw Refused(
                    "CertificateKeyTooShort",
                    $"{what} has an RSA key of {rsa.KeySize} bits; the sign-in service takes {LeastRsaBits} and more. Use a certificate with a longer key.");
            case RSA rsa:
                return SignsWithPss(rsa) ? "PS256" : "RS256";
            case ECDsa curve:
                // The name differs by system, the number does not.
                Oid oid = curve.ExportParameters(includePrivateParameters: false).Curve.Oid;
                return (oid.Value ?? Oids.OfCurve(oid.FriendlyName)) switch
                {
                    Oids.P256 => "ES256",
                    Oids.P384 => "ES384",
                    Oids.P521 => "ES512",
                    _ => throw Unsupported(what, $"the elliptic curve {oid.FriendlyName ?? oid.Value}"),
                };
            default:
                throw Unsupported(what, key.GetType().Name);
        }
    }

    /// <summary>
    /// Whether a key can sign as the sign-in service prefers it. Keys of older providers of Windows and of some cards cannot; the
    /// service still takes their older kind of signature.
    /// </summary>
    private static bool SignsWithPss(RSA key)
    {
        if (!OperatingSystem.IsWindows())
        {
            return true;
        }

        try
        {
            key.SignData("trial"u8.ToArray(), HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
            return true;
        }
        catch (Exception e) when (e is CryptographicException or NotSupportedException)
        {
            return false;
        }
    }

    private static RSASignaturePadding PaddingFor(string algorithm) =>
        algorithm == "RS256" ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss;

    private static HashAlgorithmName HashFor(string algorithm) => algorithm switch
    {
        "ES384" => HashAlgorithmName.SHA384,
        "ES512" => HashAlgorithmName.SHA512,
        _ => HashAlgorithmName.SHA256,
    };

    private static RefusedException Unsupported(string what, string kind) => Refused(
        "CertificateKeyUnsupported",
        $"{what} has a key of a kind that the sign-in service does not take ({kind}). {TakenKinds}");

    private static RefusedException Refused(string errorId, string message) => new(errorId, message, ErrorCategory.SecurityError);
}
