using System;
using System.Collections.Generic;
using System.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ExchangeOnlineRs.Connecting;

namespace ExchangeOnlineRs.Certificates;

/// <summary>Reads the private key of a PEM file: PKCS#8, encrypted or not, or the older forms for RSA and elliptic curves.</summary>
internal static class PrivateKeyFile
{
    /// <summary>Opens the first private key of a file as one of the kinds that the certificates have.</summary>
    internal static AsymmetricAlgorithm Open(byte[] content, string path, List<X509Certificate2> certificates, SecureString? password)
    {
        using var text = new SecretCharacters(content);
        List<PemBlock> blocks = PemBlock.In(text.Span);
        try
        {
            foreach (PemBlock block in blocks)
            {
                if (block.Label.EndsWith("PRIVATE KEY", StringComparison.Ordinal) && block.Label != "OPENSSH PRIVATE KEY")
                {
                    return Import(block, path, certificates, password);
                }
            }

            if (text.Span.IndexOf("Proc-Type: 4,ENCRYPTED") >= 0)
            {
                throw CertificateFile.Refused(
                    "CertificateKeyUnsupported",
                    $"The private key in '{path}' is encrypted in an outdated way. Convert it with: openssl pkcs8 -topk8 -in <old file> -out <new file>");
            }

            throw CertificateFile.NoKey(path);
        }
        finally
        {
            blocks.ForEach(block => CryptographicOperations.ZeroMemory(block.Content));
        }
    }

    private static AsymmetricAlgorithm Import(PemBlock block, string path, List<X509Certificate2> certificates, SecureString? password)
    {
        bool encrypted = block.Label == "ENCRYPTED PRIVATE KEY";
        if (encrypted && password is null)
        {
            throw CertificateFile.Refused(
                "CertificatePasswordMissing",
                $"The private key in '{path}' is protected by a password. Give it with -CertificatePassword.",
                System.Management.Automation.ErrorCategory.AuthenticationError);
        }

        CryptographicException? failure = null;
        foreach (string kind in Kinds(block.Label, certificates))
        {
            AsymmetricAlgorithm key = kind == Oids.Rsa ? RSA.Create() : ECDsa.Create();
            try
            {
                Import(key, block, password);
                return key;
            }
            catch (CryptographicException e)
            {
                key.Dispose();
                failure = e;
            }
        }

        throw encrypted
            ? CertificateFile.PasswordWrong(path)
            : CertificateFile.Refused(
                "CertificateKeyMismatch",
                $"The private key in '{path}' cannot be used with the certificate: {(failure?.Message ?? "it is of another kind").TrimEnd('.')}.");
    }

    private static void Import(AsymmetricAlgorithm key, PemBlock block, SecureString? password)
    {
        switch (block.Label, key)
        {
            case ("ENCRYPTED PRIVATE KEY", _):
                using (var characters = new SecretCharacters(password!))
                {
                    key.ImportEncryptedPkcs8PrivateKey(characters.Span, block.Content, out _);
                }

                break;
            case ("RSA PRIVATE KEY", RSA rsa):
                rsa.ImportRSAPrivateKey(block.Content, out _);
                break;
            case ("EC PRIVATE KEY", ECDsa curve):
                curve.ImportECPrivateKey(block.Content, out _);
                break;
            default:
                key.ImportPkcs8PrivateKey(block.Content, out _);
                break;
        }
    }

    /// <summary>The kinds of key to try: what the label says, else those of the certificates.</summary>
    private static IEnumerable<string> Kinds(string label, List<X509Certificate2> certificates)
    {
        var kinds = new List<string>();
        foreach (X509Certificate2 certificate in certificates)
        {
            string kind = certificate.GetKeyAlgorithm();
            bool fits = label switch
            {
                "RSA PRIVATE KEY" => kind == Oids.Rsa,
                "EC PRIVATE KEY" => kind == Oids.EllipticCurve,
                _ => kind is Oids.Rsa or Oids.EllipticCurve,
            };
            if (fits && !kinds.Contains(kind))
            {
                kinds.Add(kind);
            }
        }

        return kinds;
    }
}
