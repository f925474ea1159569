namespace ExchangeOnlineRs.Connecting;

/// <summary>A way to sign in.</summary>
internal enum SignInFlow
{
    /// <summary>A person, in the web browser.</summary>
    Browser,

    /// <summary>A person, on another device.</summary>
    Device,

    /// <summary>A person's name and password.</summary>
    Password,

    /// <summary>An application with a certificate.</summary>
    Certificate,

    /// <summary>An application with a client secret.</summary>
    ClientSecret,

    /// <summary>An application with a token of another issuer (workload identity federation).</summary>
    FederatedToken,

    /// <summary>The managed identity of the machine.</summary>
    ManagedIdentity,

    /// <summary>A token that the caller has already.</summary>
    AccessToken,
}
