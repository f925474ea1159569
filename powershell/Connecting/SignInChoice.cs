using System;
using System.Collections.Generic;
using System.Management.Automation;
using ExchangeOnlineRs.Cmdlets;

namespace ExchangeOnlineRs.Connecting;

/// <summary>
/// Which way to sign in the parameters mean. Combinations that mean nothing, or two things at once, are refused here, before
/// anything is sent: a sign-in as somebody else than meant is worse than none.
/// </summary>
internal static class SignInChoice
{
    /// <summary>Where a pod of Kubernetes finds the token that its cluster gave it.</summary>
    internal const string FederatedTokenVariable = "AZURE_FEDERATED_TOKEN_FILE";

    /// <summary>The way that the parameters mean.</summary>
    /// <exception cref="RefusedException">They mean none, or several.</exception>
    internal static SignInFlow Choose(ConnectCmdlet given)
    {
        RefuseStrays(given);
        List<string> credentials = ApplicationCredentials(given);
        RefuseSeveralWays(given, credentials);
        if (given.ManagedIdentity)
        {
            RequireOrganization(given, "-ManagedIdentity");
            return SignInFlow.ManagedIdentity;
        }

        if (given.AccessToken.Length > 0)
        {
            RequireTenantOfToken(given);
            return SignInFlow.AccessToken;
        }

        if (given.AppId.Length > 0 || credentials.Count > 0)
        {
            return Application(given, credentials);
        }

        return given.Credential is not null || given.InlineCredential ? SignInFlow.Password
            : given.Device ? SignInFlow.Device
            : SignInFlow.Browser;
    }

    private static SignInFlow Application(ConnectCmdlet given, List<string> credentials)
    {
        if (given.AppId.Length == 0)
        {
            throw new RefusedException(
                "AppIdMissing",
                $"-{credentials[0]} signs in as an application, but not which one. Give its application (client) id with -AppId, and its -Organization.");
        }

        if (credentials.Count > 1)
        {
            throw new RefusedException(
                "SeveralAppCredentials",
                $"-{string.Join(" and -", credentials)} are different ways to prove who the application is. Leave all but one out.");
        }

        RequireOrganization(given, "-AppId");
        if (credentials.Count == 0)
        {
            if (Environment.GetEnvironmentVariable(FederatedTokenVariable) is { Length: > 0 } file)
            {
                given.FederatedTokenFilePath = file;
                return SignInFlow.FederatedToken;
            }

            throw new RefusedException(
                "AppCredentialMissing",
                "-AppId names an application, but nothing proves that this is it. Add -CertificateThumbprint, -CertificateFilePath, -Certificate, -ClientSecret or "
                + $"-FederatedTokenFilePath (or set {FederatedTokenVariable}). Leave -AppId out to sign in as a person.");
        }

        return credentials[0] switch
        {
            nameof(ConnectCmdlet.ClientSecret) => SignInFlow.ClientSecret,
            nameof(ConnectCmdlet.FederatedTokenFilePath) => SignInFlow.FederatedToken,
            _ => SignInFlow.Certificate,
        };
    }

    /// <summary>Parameters that say something about another one, which is not there.</summary>
    private static void RefuseStrays(ConnectCmdlet given)
    {
        if (given.ManagedIdentityAccountId.Length > 0 && !given.ManagedIdentity)
        {
            throw new RefusedException(
                "ManagedIdentityMissing",
                "-ManagedIdentityAccountId chooses one of several managed identities. Add -ManagedIdentity to sign in with it.");
        }

        if (given.CertificateKeyFilePath.Length > 0 && given.CertificateFilePath.Length == 0)
        {
            throw new RefusedException(
                "CertificateFileMissing",
                "-CertificateKeyFilePath names the private key of a certificate. Name the certificate itself with -CertificateFilePath.");
        }

        if (given.CertificatePassword is { Length: > 0 } && given.CertificateFilePath.Length == 0 && given.CertificateThumbprint.Length == 0)
        {
            throw new RefusedException(
                "CertificatePasswordWithoutFile",
                "-CertificatePassword opens the file of a certificate. Name the file with -CertificateFilePath.");
        }
    }

    private static void RefuseSeveralWays(ConnectCmdlet given, List<string> credentials)
    {
        var ways = new List<string>();
        void Add(bool isGiven, string parameter)
        {
            if (isGiven)
            {
                ways.Add("-" + parameter);
            }
        }

        Add(given.Credential is not null, nameof(given.Credential));
        Add(given.InlineCredential, nameof(given.InlineCredential));
        Add(given.Device, nameof(given.Device));
        Add(given.ManagedIdentity, nameof(given.ManagedIdentity));
        Add(given.AccessToken.Length > 0, nameof(given.AccessToken));
        // Beside a token the application's id is no more than a remark.
        if (credentials.Count > 0)
        {
            Add(true, credentials[0]);
        }
        else
        {
            Add(given.AppId.Length > 0 && given.AccessToken.Length == 0, nameof(given.AppId));
        }

        if (ways.Count > 1)
        {
            string advice = given.ManagedIdentity && given.AppId.Length > 0
                ? " A user-assigned managed identity is chosen with -ManagedIdentityAccountId."
                : string.Empty;
            throw new RefusedException(
                "SeveralWaysToSignIn",
                $"{string.Join(" and ", ways)} are different ways to sign in. Leave all but one out.{advice}");
        }
    }

    private static void RequireOrganization(ConnectCmdlet given, string parameter)
    {
        if (given.Organization.Length == 0 && given.DelegatedOrganization.Length == 0)
        {
            throw new RefusedException(
                "OrganizationMissing",
                $"{parameter} signs in without a person, so it must be said where. Give the organization's primary onmicrosoft.com domain with -Organization, for example contoso.onmicrosoft.com.");
        }
    }

    private static void RequireTenantOfToken(ConnectCmdlet given)
    {
        if (given.Organization.Length == 0 && given.DelegatedOrganization.Length == 0 && given.UserPrincipalName.Length == 0)
        {
            throw new RefusedException(
                "AccessTokenWithoutOrganization",
                "-AccessToken needs to be told what it is for. Add -Organization (or -DelegatedOrganization), or -UserPrincipalName for the token of a person.");
        }
    }

    private static List<string> ApplicationCredentials(ConnectCmdlet given)
    {
        var names = new List<string>();
        void Add(bool isGiven, string parameter)
        {
            if (isGiven)
            {
                names.Add(parameter);
            }
        }

        Add(given.Certificate is not null, nameof(given.Certificate));
        Add(given.CertificateFilePath.Length > 0, nameof(given.CertificateFilePath));
        Add(given.CertificateThumbprint.Length > 0, nameof(given.CertificateThumbprint));
        Add(given.ClientSecret is { Length: > 0 }, nameof(given.ClientSecret));
        Add(given.FederatedTokenFilePath.Length > 0, nameof(given.FederatedTokenFilePath));
        return names;
    }
}
