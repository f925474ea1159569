//! What a caller gives to open a connection.

use crate::{auth::signer::Algorithm, secret::Secret};
use serde::Deserialize;
use std::{collections::HashMap, fmt};

/// The way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Flow {
    /// User name and password (resource owner password credentials).
    Password,
    /// Authorization code with PKCE in the system browser.
    Browser,
    /// Device code: the person signs in on another device.
    Device,
    /// An application with a certificate (client credentials with a signed assertion).
    Certificate,
    /// An application with a secret (client credentials).
    ClientSecret,
    /// An application with a token of another issuer (workload identity federation).
    FederatedToken,
    /// The identity that Azure gives to the machine or service this runs on.
    ManagedIdentity,
    /// An access token that the caller got elsewhere.
    AccessToken,
}

impl Flow {
    /// Whether an application signs in with credentials of its own, at its organization's authority.
    pub fn is_app_only(self) -> bool {
        matches!(self, Self::Certificate | Self::ClientSecret | Self::FederatedToken)
    }

    /// Whether the token comes from elsewhere than the authority, so that its tenant is not known before it is read.
    pub fn is_token_given(self) -> bool {
        matches!(self, Self::ManagedIdentity | Self::AccessToken)
    }
}

/// The certificate of an application, without its private key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Certificate {
    /// The number by which the [signer](crate::auth::signer) knows the private key.
    pub key: u64,
    /// The signature that goes with the key.
    pub algorithm: Algorithm,
    /// SHA-256 of the certificate's DER form, base64url without padding.
    pub thumbprint: String,
}

/// Settings of a connection. Everything but the flow has a default.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// The way to sign in.
    pub flow: Flow,
    /// Who signs in; with the browser the name to suggest and the one to insist on.
    #[serde(default)]
    pub user_principal_name: Option<String>,
    /// Id of the application that signs in by itself.
    #[serde(default)]
    pub app_id: Option<String>,
    /// Its certificate.
    #[serde(default)]
    pub certificate: Option<Certificate>,
    /// The file that holds a token of another issuer; it is read for every sign-in, because whoever writes it renews it.
    #[serde(default)]
    pub federated_token_file: Option<String>,
    /// Client id of a user-assigned managed identity; none means the system-assigned one.
    #[serde(default)]
    pub managed_identity_account_id: Option<String>,
    /// Replaces the service address of the cloud. Only https.
    #[serde(default)]
    pub connection_uri: Option<String>,
    /// Replaces the sign-in address of the cloud. Only https.
    #[serde(default)]
    pub authorization_uri: Option<String>,
    /// Name of the cloud, as in `-ExchangeEnvironmentName`.
    #[serde(default = "default_environment")]
    pub environment: String,
    /// The organization, a domain.
    #[serde(default)]
    pub organization: Option<String>,
    /// The customer's organization, for partners.
    #[serde(default)]
    pub delegated_organization: Option<String>,
    /// Prefix of the cmdlets' nouns; only kept for the connection's information.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Objects per page, 1 to 1000.
    #[serde(default = "default_page_size")]
    pub page_size: u32,
    /// Name of the module that shows up in the connection's information.
    #[serde(default)]
    pub module_name: String,
    /// Whether the connection is to Security & Compliance.
    #[serde(default)]
    pub is_eop_session: bool,
    /// Leaves the routing hint out.
    #[serde(default)]
    pub bypass_mailbox_anchoring: bool,
    /// Whether the caller wants the service's greeting.
    #[serde(default)]
    pub show_banner: bool,
    /// Version of the caller.
    #[serde(default)]
    pub client_version: String,
    /// `User-Agent` of every request.
    #[serde(default)]
    pub user_agent: String,
    /// Language of the service's messages.
    #[serde(default = "default_language")]
    pub language: String,
    /// How long somebody may take to sign in, in seconds.
    #[serde(default = "default_sign_in_timeout")]
    pub sign_in_timeout_seconds: u64,
    /// Whether verbose events are wanted.
    #[serde(default)]
    pub verbose: bool,
    /// Variables of the caller's environment that steer trust, proxy, browser and managed identity. The process environment
    /// is not read: in PowerShell on Linux and macOS it does not see what a session has set.
    #[serde(default)]
    pub environment_variables: Environment,
}

/// Variables of an environment. Some hold secrets, so their values are never shown and do not stay in memory.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Environment(HashMap<String, Secret>);

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl Settings {
    /// The cmdlet that makes such a connection, for messages.
    pub fn connect_cmdlet(&self) -> &'static str {
        if self.is_eop_session { "Connect-IPPSSession" } else { "Connect-ExchangeOnline" }
    }

    /// The organization to work on and the parameter that named it.
    pub fn target_organization(&self) -> Option<(&'static str, &str)> {
        [("DelegatedOrganization", &self.delegated_organization), ("Organization", &self.organization)]
            .into_iter()
            .find_map(|(parameter, value)| {
                value.as_deref().filter(|value| !value.is_empty()).map(|value| (parameter, value))
            })
    }

    /// A variable of the caller's environment; empty counts as not set.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment_variables.0.get(name).map(Secret::expose).filter(|value| !value.is_empty())
    }
}

fn default_environment() -> String {
    "O365Default".into()
}

fn default_page_size() -> u32 {
    1000
}

fn default_language() -> String {
    "en-US".into()
}

fn default_sign_in_timeout() -> u64 {
    300
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_environment_are_not_shown() {
        let settings: Settings = serde_json::from_value(serde_json::json!({
            "flow": "managedIdentity", "environmentVariables": {"IDENTITY_HEADER": "planted-secret"}
        }))
        .expect("valid settings");
        let shown = format!("{settings:?}");
        assert!(shown.contains("IDENTITY_HEADER") && !shown.contains("planted-secret"), "{shown}");
    }

    #[test]
    fn the_delegated_organization_comes_first_and_empty_means_none() {
        let settings = |organization: &str, delegated: &str| -> Settings {
            serde_json::from_value(serde_json::json!({
                "flow": "browser", "organization": organization, "delegatedOrganization": delegated
            }))
            .expect("valid settings")
        };
        assert_eq!(settings("a", "b").target_organization(), Some(("DelegatedOrganization", "b")));
        assert_eq!(settings("a", "").target_organization(), Some(("Organization", "a")));
        assert_eq!(settings("", "").target_organization(), None);
    }
}
