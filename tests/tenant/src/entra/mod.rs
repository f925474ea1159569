//! Entra ID: the sign-in pages, the device flow and the token endpoint.

pub mod authorize;
pub mod device;
pub mod discovery;
pub mod errors;
pub mod jwt;
pub mod pages;
pub mod token;

use std::collections::HashMap;

use hyper::{Method, StatusCode};

use crate::http::{Reply, Request, reply};
use crate::state::{State, now};
use errors::EntraError;

/// The public client of the Exchange Online module.
pub const MODULE_CLIENT: &str = "fb78d390-0c51-40cd-8e17-fdbfab77341b";
/// The name under which the sign-in pages show it.
pub const MODULE_CLIENT_NAME: &str = "Microsoft Exchange REST API Based Powershell";
/// The resource that tokens are for.
pub const RESOURCE: &str = "https://outlook.office365.com";

/// How long a sign-in page may stay open.
const FLOW_LIFETIME: i64 = 900;
/// How long an authorization code lives.
const CODE_LIFETIME: i64 = 600;
/// How long a refresh token lives.
const REFRESH_LIFETIME: i64 = 90 * 86_400;

/// Sign-ins under way, codes and refresh tokens.
#[derive(Default)]
pub struct Entra {
    flows: HashMap<String, authorize::Flow>,
    codes: HashMap<String, Code>,
    devices: HashMap<String, device::Device>,
    refresh_tokens: HashMap<String, RefreshToken>,
    /// Per account: how often its sessions have been revoked. Tokens carry the number they were issued under.
    epochs: HashMap<String, u64>,
}

impl Entra {
    /// The number that an account's valid tokens carry.
    #[must_use]
    pub fn epoch(&self, user_principal_name: &str) -> u64 {
        self.epochs.get(&user_principal_name.to_lowercase()).copied().unwrap_or(0)
    }

    /// Revokes an account's sessions: refresh tokens end, and access tokens of clients that know claims challenges too.
    pub fn revoke(&mut self, user_principal_name: &str) {
        *self.epochs.entry(user_principal_name.to_lowercase()).or_default() += 1;
    }

    /// Number of refresh tokens issued and not expired.
    #[must_use]
    pub fn refresh_token_count(&self) -> usize {
        self.refresh_tokens.len()
    }

    fn prune(&mut self) {
        let now = now();
        self.flows.retain(|_, flow| flow.expires > now);
        self.codes.retain(|_, code| code.expires + CODE_LIFETIME > now);
        self.devices.retain(|_, device| device.expires + 3600 > now);
        self.refresh_tokens.retain(|_, token| token.expires > now);
    }
}

/// What a client asked for when the sign-in began.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The account.
    pub user: String,
    /// The scopes, as asked for.
    pub scope: String,
    /// Whether a second factor was given.
    pub mfa: bool,
    /// The epoch of the account's sessions.
    pub epoch: u64,
}

struct Code {
    grant: Grant,
    client_id: String,
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    claims: Option<String>,
    expires: i64,
    redeemed: bool,
}

struct RefreshToken {
    grant: Grant,
    expires: i64,
}

/// Answers a request to the sign-in host, if its path is one of the sign-in host's.
pub fn handle(state: &State, request: &Request) -> Option<Reply> {
    let segments = request.segments();
    let lower: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let path: Vec<&str> = lower.iter().map(String::as_str).collect();
    let tenant = segments.first().map_or("", String::as_str);
    Some(match (request.method.clone(), path.as_slice()) {
        (Method::GET, ["getuserrealm.srf"]) => discovery::realm(state, request),
        (Method::GET, [_, "userrealm", user]) => discovery::user_realm(state, user),
        (
            Method::GET,
            ["common", "discovery", "keys"] | [_, "discovery", "v2.0", "keys"] | [_, "discovery", "keys"],
        ) => crate::http::json(StatusCode::OK, &state.token_key.key_set()),
        (
            Method::GET,
            [_, "v2.0", ".well-known", "openid-configuration"] | [_, ".well-known", "openid-configuration"],
        ) => match discovery::tenant_segment(state, tenant) {
            Ok(tenant) => discovery::configuration(request, &tenant),
            Err(error) => error.reply(request.header("client-request-id")),
        },
        (Method::GET, [_, "oauth2", "v2.0", "authorize"]) => authorize::begin(state, request, tenant),
        (Method::POST, [_, "login"]) => authorize::step(state, request, tenant),
        (Method::GET, [_, "oauth2", "deviceauth"] | ["devicelogin"] | [_, "devicelogin"]) => {
            device::page(state, request)
        }
        (Method::POST, [_, "oauth2", "deviceauth"] | ["devicelogin"] | [_, "devicelogin"]) => {
            device::enter(state, request)
        }
        (Method::POST, [_, "oauth2", "v2.0", "devicecode"]) => device::code(state, request, tenant),
        (Method::POST, [_, "oauth2", "v2.0", "token"]) => token::token(state, request, tenant),
        (_, [_, "oauth2", "v2.0", "token" | "devicecode"]) => EntraError::new(
            "invalid_request",
            900_561,
            format!("The endpoint only accepts POST requests. Received a {} request.", request.method),
        )
        .reply(request.header("client-request-id")),
        (Method::GET, ["favicon.ico"]) => reply(StatusCode::NOT_FOUND, "text/plain", ""),
        _ => return None,
    })
}

/// Checks the client id of a request.
fn check_client(client_id: &str) -> Result<(), EntraError> {
    if client_id.is_empty() {
        return Err(missing("client_id"));
    }
    if client_id.eq_ignore_ascii_case(MODULE_CLIENT) {
        return Ok(());
    }
    Err(EntraError::new(
        "unauthorized_client",
        700_016,
        format!(
            "Application with identifier '{client_id}' was not found in the directory 'Contoso'. This can happen if the \
             application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
        ),
    ))
}

/// Checks that the scopes ask for the resource and for nothing unknown.
fn check_scope(scope: &str) -> Result<(), EntraError> {
    let default = format!("{RESOURCE}/.default");
    let known = |word: &str| matches!(word, "openid" | "profile" | "offline_access" | "email") || word == default;
    let mut words = scope.split_ascii_whitespace();
    if words.clone().any(|word| word == default) && words.all(known) {
        return Ok(());
    }
    Err(EntraError::new(
        "invalid_scope",
        70_011,
        format!(
            "The provided request must include a 'scope' input parameter. The provided value for the input parameter \
             'scope' is not valid. The scope '{scope}' is not valid."
        ),
    ))
}

fn missing(parameter: &str) -> EntraError {
    EntraError::new(
        "invalid_request",
        900_144,
        format!("The request body must contain the following parameter: '{parameter}'."),
    )
}
