using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ExchangeOnlineRs.Connecting;

namespace ExchangeOnlineRs.Certificates;

/// <summary>
/// Reads a certificate with its private key from files: PFX, or PEM with the key in the same file or in one beside it. The key
/// stays in memory wherever the system can do so.
/// </summary>
internal static class CertificateFile
{
    /// <summary>On Windows and Linux a key need not touch the disk; macOS knows keys only in keychains and uses a temporary one.</summary>
    private static readonly X509KeyStorageFlags KeyStorage =
        OperatingSystem.IsMacOS() ? X509KeyStorageFlags.DefaultKeySet : X509KeyStorageFlags.EphemeralKeySet;

    /// <summary>The way .NET says, on every system, that a password is wrong.</summary>
    private const int WrongPassword = unchecked((int)0x80070056);

    /// <summary>Opens a certificate for signing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="keyPath">The file of its private key, or null.</param>
    /// <param name="password">The password of the PFX file or of the encrypted key, or null.</param>
    internal static SigningKey Open(string path, string? keyPath, SecureString? password)
    {
        byte[] content = Read(path, "CertificateFilePath");
        try
        {
            string what = $"The certificate of '{path}'";
            if (IsPem(content))
            {
                return OpenPem(content, keyPath is null ? null : Read(keyPath, "CertificateKeyFilePath"), path, keyPath, what, password);
            }

            return ContentType(content) switch
            {
                X509ContentType.Pfx when keyPath is not null => throw Refused(
                    "CertificateKeyFileNotExpected",
                    $"'{path}' is a PFX file, which holds its private key. Leave -CertificateKeyFilePath out."),
                X509ContentType.Pfx => SigningKey.Of(OpenPfx(content, path, password), what, ownsCertificate: true),
                X509ContentType.Cert when keyPath is not null => Pair(
                    new List<X509Certificate2> { new(content) }, Read(keyPath, "CertificateKeyFilePath"), keyPath, what, password),
                X509ContentType.Cert => throw NoKey(path),
                _ => throw Unreadable(path, "it is neither a PFX nor a PEM file"),
            };
        }
        catch (CryptographicException e)
        {
            throw Unreadable(path, e.Message);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>The certificates in a file, without their keys; an empty list if there is none that can be read.</summary>
    /// <remarks>For PFX files the password is tried, then none.</remarks>
    internal static List<X509Certificate2> Certificates(byte[] content, SecureString? password)
    {
        if (IsPem(content))
        {
            using var text = new SecretCharacters(content);
            return PemCertificates(text.Span);
        }

        if (ContentType(content) is not X509ContentType.Pfx)
        {
            return new List<X509Certificate2> { new(content) };
        }

        try
        {
            return new List<X509Certificate2> { new(content, password, KeyStorage) };
        }
        catch (CryptographicException) when (password is not null)
        {
            return new List<X509Certificate2> { new(content, (string?)null, KeyStorage) };
        }
    }

    private static X509ContentType ContentType(byte[] content)
    {
        try
        {
            return X509Certificate2.GetCertContentType(content);
        }
        catch (CryptographicException)
        {
            return X509ContentType.Unknown;
        }
    }

    private static X509Certificate2 OpenPfx(byte[] content, string path, SecureString? password)
    {
        try
        {
            return new X509Certificate2(content, password, KeyStorage);
        }
        catch (CryptographicException e) when (e.HResult == WrongPassword)
        {
            throw password is null
                ? Refused("CertificatePasswordMissing", $"'{path}' is protected by a password. Give it with -CertificatePassword.", ErrorCategory.AuthenticationError)
                : PasswordWrong(path);
        }
        catch (CryptographicException e)
        {
            // The password was right, so it is the key: .NET does not tell of which kind it is.
            throw Refused(
                "CertificateKeyUnsupported",
                $"The private key in '{path}' cannot be loaded ({e.Message.TrimEnd('.')}). The file is damaged, or the key is of a kind that the sign-in service does not take. {SigningKey.TakenKinds}");
        }
    }

    private static SigningKey OpenPem(byte[] content, byte[]? keyContent, string path, string? keyPath, string what, SecureString? password)
    {
        List<X509Certificate2> certificates;
        using (var text = new SecretCharacters(content))
        {
            certificates = PemCertificates(text.Span);
        }

        if (certificates.Count == 0)
        {
            throw Unreadable(path, "it holds no certificate");
        }

        return Pair(certificates, keyContent ?? content, keyPath ?? path, what, password);
    }

    /// <summary>
    /// The key in a file, and the certificate among these that belongs to it: a file often holds those of the issuers as well.
    /// </summary>
    private static SigningKey Pair(List<X509Certificate2> certificates, byte[] keyContent, string keyPath, string what, SecureString? password)
    {
        X509Certificate2? chosen = null;
        AsymmetricAlgorithm? key = null;
        try
        {
            SigningKey.RequireKnownKind(certificates[0], what);
            key = PrivateKeyFile.Open(keyContent, keyPath, certificates, password);
            byte[] publicKey = key.ExportSubjectPublicKeyInfo();
            chosen = certificates.Find(certificate => certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(publicKey))
                ?? throw Refused("CertificateKeyMismatch", $"The private key in '{keyPath}' does not belong to the certificate. {what} needs its own key.");
            AsymmetricAlgorithm given = key;
            key = null;
            return SigningKey.Of(chosen, given, what, ownsCertificate: false);
        }
        finally
        {
            key?.Dispose();
            certificates.ForEach(certificate => certificate.Dispose());
            CryptographicOperations.ZeroMemory(keyContent);
        }
    }

    private static List<X509Certificate2> PemCertificates(ReadOnlySpan<char> text)
    {
        var certificates = new List<X509Certificate2>();
        foreach (PemBlock block in PemBlock.In(text))
        {
            if (block.Label == "CERTIFICATE")
            {
                certificates.Add(new X509Certificate2(block.Content));
            }
        }

        return certificates;
    }

    internal static bool IsPem(ReadOnlySpan<byte> content) =>
        content.IndexOf("-----BEGIN "u8) >= 0 || content.IndexOf("-\0-\0-\0-\0-\0B\0E\0G\0I\0N\0"u8) >= 0;

    internal static byte[] Read(string path, string parameter)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Refused(
                parameter == "CertificateFilePath" ? "CertificateFileNotFound" : "CertificateKeyFileNotFound",
                $"There is no file '{path}', which -{parameter} names.",
                ErrorCategory.ObjectNotFound);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw Directory.Exists(path)
                ? Refused("CertificateFileNotFound", $"-{parameter} names the folder '{path}'; it must name a file.", ErrorCategory.ObjectNotFound)
                : Refused("CertificateFileUnreadable", $"The file '{path}', which -{parameter} names, cannot be read: {e.Message}", ErrorCategory.PermissionDenied);
        }
    }

    internal static RefusedException NoKey(string path) => Refused(
        "CertificateWithoutPrivateKey",
        $"'{path}' holds no private key, and without it nobody can sign in with the certificate. Name the file of the key with -CertificateKeyFilePath, or use a PFX file.");

    internal static RefusedException PasswordWrong(string path) => Refused(
        "CertificatePasswordWrong",
        $"The password in -CertificatePassword is not that of '{path}'.",
        ErrorCategory.AuthenticationError);

    internal static RefusedException Unreadable(string path, string why) =>
        Refused("CertificateFileUnreadable", $"The certificate file '{path}' cannot be read: {why.TrimEnd('.')}.", ErrorCategory.InvalidData);

    internal static RefusedException Refused(string errorId, string message, ErrorCategory category = ErrorCategory.SecurityError) =>
        new(errorId, message, category);
}
