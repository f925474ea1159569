using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ExchangeOnlineRs.Connecting;

namespace ExchangeOnlineRs.Certificates;

/// <summary>
/// Finds a certificate by its thumbprint: in the stores of the account and of the computer, and, where there is no certificate
/// store that people use (Linux) or that scripts can fill without a question (macOS), in two folders.
/// </summary>
internal sealed class CertificateSearch
{
    private const int MostShown = 12;

    private readonly string thumbprint;
    private readonly SecureString? password;
    private readonly List<string> places = new();
    private readonly List<string> seen = new();
    private readonly List<string> problems = new();
    private bool foundWithoutKey;

    private CertificateSearch(string thumbprint, SecureString? password)
    {
        this.thumbprint = thumbprint;
        this.password = password;
    }

    /// <summary>Finds the certificate of a thumbprint, SHA-1 or SHA-256, written in any way.</summary>
    internal static SigningKey Find(string text, SecureString? password)
    {
        string thumbprint = Normalise(text);
        var search = new CertificateSearch(thumbprint, password);
        return search.InStore(StoreLocation.CurrentUser)
            ?? search.InStore(StoreLocation.LocalMachine)
            ?? search.InFolders()
            ?? throw search.NotFound();
    }

    /// <summary>
    /// The folders that are looked into on Linux and macOS: the account's own, then the computer's.
    /// </summary>
    internal static IEnumerable<string> Folders()
    {
        if (OperatingSystem.IsWindows())
        {
            yield break;
        }

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string? configuration = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
        // The specification wants an absolute path and nothing else.
        if (string.IsNullOrEmpty(configuration) || !Path.IsPathRooted(configuration))
        {
            configuration = home.Length > 0 ? Path.Combine(home, ".config") : null;
        }

        if (configuration is not null)
        {
            yield return Path.Combine(configuration, "ExchangeOnlineRs", "certificates");
        }

        yield return "/etc/ExchangeOnlineRs/certificates";
    }

    /// <summary>People copy thumbprints with blanks, colons and an invisible mark at the beginning.</summary>
    private static string Normalise(string text)
    {
        var hex = new StringBuilder(64);
        foreach (char c in text)
        {
            if (char.IsAsciiHexDigit(c))
            {
                hex.Append(char.ToUpperInvariant(c));
            }
            else if (c is not (':' or '-' or ' ' or '\t' or '\u00A0' or '\uFEFF') && !char.IsControl(c)
                && char.GetUnicodeCategory(c) != System.Globalization.UnicodeCategory.Format)
            {
                throw Invalid(text);
            }
        }

        return hex.Length is 40 or 64 ? hex.ToString() : throw Invalid(text);
    }

    private static RefusedException Invalid(string text) => new(
        "InvalidCertificateThumbprint",
        $"'{text}' is no certificate thumbprint. -CertificateThumbprint takes 40 hexadecimal digits (SHA-1) or 64 (SHA-256); blanks and colons between them do no harm.",
        ErrorCategory.InvalidArgument,
        text);

    private bool Matches(X509Certificate2 certificate) =>
        (thumbprint.Length == 40 ? certificate.Thumbprint : certificate.GetCertHashString(HashAlgorithmName.SHA256))
            .Equals(thumbprint, StringComparison.OrdinalIgnoreCase);

    private SigningKey? InStore(StoreLocation location)
    {
        if (location == StoreLocation.LocalMachine && OperatingSystem.IsLinux())
        {
            // .NET has no such store there.
            return null;
        }

        string name = $"the certificate store {location}\\My";
        places.Add(name);
        using var store = new X509Store(StoreName.My, location);
        try
        {
            store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
        }
        catch (CryptographicException)
        {
            // It does not exist yet, or this account may not read it: nothing can be found in it either way.
            return null;
        }

        X509Certificate2? chosen = null;
        foreach (X509Certificate2 certificate in store.Certificates)
        {
            if (chosen is null && Matches(certificate) && HasKey(certificate))
            {
                chosen = certificate;
            }
            else
            {
                Note(certificate);
                certificate.Dispose();
            }
        }

        return chosen is null ? null : SigningKey.Of(chosen, $"The certificate {thumbprint} of {name}", ownsCertificate: true);
    }

    private bool HasKey(X509Certificate2 certificate)
    {
        foundWithoutKey |= !certificate.HasPrivateKey;
        return certificate.HasPrivateKey;
    }

    private SigningKey? InFolders()
    {
        foreach (string folder in Folders())
        {
            places.Add($"the folder {folder}");
            foreach (string file in Files(folder))
            {
                if (InFile(file) is { } key)
                {
                    return key;
                }
            }
        }

        return null;
    }

    private IEnumerable<string> Files(string folder)
    {
        string[] files;
        try
        {
            files = Directory.GetFiles(folder);
        }
        catch (DirectoryNotFoundException)
        {
            return Array.Empty<string>();
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            problems.Add(e.Message);
            return Array.Empty<string>();
        }

        Array.Sort(files, StringComparer.Ordinal);
        return Array.FindAll(files, file => Path.GetExtension(file).ToLowerInvariant() is ".pfx" or ".p12" or ".pem" or ".crt" or ".cer");
    }

    private SigningKey? InFile(string file)
    {
        List<X509Certificate2> certificates;
        byte[] content = Array.Empty<byte>();
        try
        {
            content = File.ReadAllBytes(file);
            certificates = CertificateFile.Certificates(content, password);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            string advice = e is CryptographicException && password is null ? "; -CertificatePassword opens files with a password" : string.Empty;
            problems.Add($"{file} could not be opened ({e.Message.TrimEnd('.')}{advice})");
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }

        bool matches = certificates.Exists(Matches);
        certificates.ForEach(certificate =>
        {
            Note(certificate);
            certificate.Dispose();
        });
        if (!matches)
        {
            return null;
        }

        string beside = Path.ChangeExtension(file, ".key");
        bool mayHaveKeyBeside = Path.GetExtension(file).ToLowerInvariant() is not (".pfx" or ".p12") && File.Exists(beside);
        try
        {
            return CertificateFile.Open(file, mayHaveKeyBeside ? beside : null, password);
        }
        catch (RefusedException e) when (e.ErrorId == "CertificateWithoutPrivateKey")
        {
            foundWithoutKey = true;
            return null;
        }
    }

    private void Note(X509Certificate2 certificate)
    {
        string text =$"{certificate.Thumbprint} ({(certificate.NotAfter < DateTime.Now ? "expired" : "expires")} {certificate.NotAfter:yyyy-MM-dd})";
        if (!seen.Contains(text))
        {
            seen.Add(text);
        }
    }

    private RefusedException NotFound()
    {
        string where = $"Looked into {string.Join(", ", places)}.";
        if (foundWithoutKey)
        {
            return new RefusedException(
                "CertificateWithoutPrivateKey",
                $"The certificate {thumbprint} was found, but not its private key, and without it nobody can sign in. {where} Import it with its private key, or use -CertificateFilePath.",
                ErrorCategory.SecurityError,
                thumbprint);
        }

        var text = new StringBuilder($"There is no certificate with the thumbprint {thumbprint}. {where} ");
        text.Append(seen.Count == 0 ? "There are no certificates." : "These are there: " + string.Join(", ", seen.GetRange(0, Math.Min(seen.Count, MostShown))));
        if (seen.Count > 0)
        {
            text.Append(seen.Count > MostShown ? $" and {seen.Count - MostShown} more." : ".");
        }

        if (problems.Count > 0)
        {
            text.Append(' ').Append(string.Join("; ", problems)).Append('.');
        }

        text.Append(" Use -CertificateFilePath to name a file, or -Certificate to give a certificate object.");
        return new RefusedException("CertificateNotFound", text.ToString(), ErrorCategory.ObjectNotFound, thumbprint);
    }
}
