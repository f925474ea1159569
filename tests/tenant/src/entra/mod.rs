//! Entra ID: the sign-in pages, the device flow and the token endpoint.

pub mod app_token;
pub mod applications;
mod assertion;
pub mod authorize;
pub mod device;
pub mod discovery;
pub mod errors;
pub mod federation;
pub mod jwt;
pub mod pages;
pub mod token;

use std::collections::HashMap;

use hyper::{Method, StatusCode};

use crate::clouds::{Cloud, is_any_resource};
use crate::directory::accounts::Presence;
use crate::directory::company::TenantName;
use crate::http::{Reply, Request, reply};
use crate::state::{State, now};
use discovery::Authority;
use errors::EntraError;

/// The public client of the Exchange Online module.
pub const MODULE_CLIENT: &str = "fb78d390-0c51-40cd-8e17-fdbfab77341b";
/// The name under which the sign-in pages show it.
pub const MODULE_CLIENT_NAME: &str = "Microsoft Exchange REST API Based Powershell";

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
    /// The tenant that the tokens are for.
    pub tenant: TenantName,
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
        (Method::GET, [_, "userrealm", user]) => discovery::user_realm(state, request, user),
        (
            Method::GET,
            ["common", "discovery", "keys"] | [_, "discovery", "v2.0", "keys"] | [_, "discovery", "keys"],
        ) => crate::http::json(StatusCode::OK, &state.token_key.key_set()),
        (
            Method::GET,
            [_, "v2.0", ".well-known", "openid-configuration"] | [_, ".well-known", "openid-configuration"],
        ) => match discovery::authority(state, &request.host, tenant) {
            Ok(authority) => discovery::configuration(state, request, authority),
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

/// Checks the client id of a request that a person's sign-in begins with or ends in: the module's own, public client.
fn check_client(state: &State, authority: Authority, client_id: &str) -> Result<(), EntraError> {
    if client_id.is_empty() {
        return Err(missing("client_id"));
    }
    if client_id.eq_ignore_ascii_case(MODULE_CLIENT) {
        return Ok(());
    }
    let known = state.application(client_id).is_some_and(|application| match authority {
        Authority::Tenant(tenant) => application.principal(tenant).is_some(),
        Authority::Organizations | Authority::Common => true,
    });
    if known {
        // The applications of the tenant are for unattended work: nobody signs in to them.
        return Err(EntraError::new(
            "invalid_client",
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        ));
    }
    Err(unknown_application(authority, client_id))
}

/// The error for an application that the tenant doesn't have.
fn unknown_application(authority: Authority, client_id: &str) -> EntraError {
    EntraError::new(
        "unauthorized_client",
        700_016,
        format!(
            "Application with identifier '{client_id}' was not found in the directory '{}'. This can happen if the \
             application has not been installed by the administrator of the tenant or consented to by any user in the \
             tenant. You may have sent your authentication request to the wrong tenant.",
            authority.tenant().unwrap_or(TenantName::Contoso).company().name
        ),
    )
}

/// The account as the tenant that the authority names knows it; in its own tenant if the authority names none.
///
/// # Errors
///
/// It has no access to the tenant.
fn presence<'a>(
    state: &State,
    authority: Authority,
    account: &'a crate::directory::accounts::Account,
) -> Result<Presence<'a>, EntraError> {
    let tenant = authority.tenant().unwrap_or(account.tenant);
    account.presence(tenant).ok_or_else(|| {
        EntraError::new(
            "invalid_grant",
            50_020,
            format!(
                "User account '{}' from identity provider 'https://sts.windows.net/{}/' does not exist in tenant '{}' and \
                 cannot access the application '{MODULE_CLIENT}'({MODULE_CLIENT_NAME}) in that tenant. The account needs \
                 to be added as an external user in the tenant first. Sign out and sign in again with a different Azure \
                 Active Directory user account.",
                account.user_principal_name,
                state.realm(account.tenant).tenant_id,
                tenant.company().name
            ),
        )
    })
}

/// Checks that the scopes ask for one of the cloud's resources and for nothing unknown; returns the resource.
fn check_scope(cloud: &Cloud, scope: &str) -> Result<String, EntraError> {
    let mut resource = None;
    let mut clean = true;
    for word in scope.split_ascii_whitespace() {
        match word.strip_suffix("/.default") {
            Some(name) if !name.ends_with('/') && is_any_resource(name) && resource.is_none() => resource = Some(name),
            _ => clean &= matches!(word, "openid" | "profile" | "offline_access" | "email"),
        }
    }
    match resource.filter(|_| clean) {
        Some(name) if cloud.surface_of(name).is_some() => Ok(name.to_owned()),
        Some(name) => Err(unknown_resource(name)),
        None => Err(EntraError::new(
            "invalid_scope",
            70_011,
            format!(
                "The provided request must include a 'scope' input parameter. The provided value for the input parameter \
                 'scope' is not valid. The scope '{scope}' is not valid."
            ),
        )),
    }
}

/// The error for a resource that the tenant's cloud doesn't have.
pub(crate) fn unknown_resource(resource: &str) -> EntraError {
    EntraError::new(
        "invalid_resource",
        500_011,
        format!(
            "The resource principal named {resource} was not found in the tenant. This can happen if the application has \
             not been installed by the administrator of the tenant or consented to by any user in the tenant. You might \
             have sent your authentication request to the wrong tenant."
        ),
    )
}

fn missing(parameter: &str) -> EntraError {
    EntraError::new(
        "invalid_request",
        900_144,
        format!("The request body must contain the following parameter: '{parameter}'."),
    )
}
