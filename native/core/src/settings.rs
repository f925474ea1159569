//! What a caller gives to open a connection.

use serde::Deserialize;
use std::collections::HashMap;

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
    /// Variables of the caller's environment that steer trust, proxy and browser. The process environment is not read:
    /// in PowerShell on Linux and macOS it does not see what a session has set.
    #[serde(default)]
    pub environment_variables: HashMap<String, String>,
}

impl Settings {
    /// A variable of the caller's environment; empty counts as not set.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment_variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
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
