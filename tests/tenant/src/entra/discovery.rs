//! What a client learns about the sign-in host before it signs in.

use hyper::StatusCode;
use serde_json::json;

use super::errors::EntraError;
use crate::clouds::Host;
use crate::directory::accounts::Account;
use crate::directory::company::{Company, TenantName};
use crate::http::{Reply, Request, json as json_reply, reply};
use crate::state::State;

/// What the tenant part of a sign-in URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Work accounts of any tenant.
    Organizations,
    /// Accounts of any kind.
    Common,
    /// One tenant.
    Tenant(TenantName),
}

impl Authority {
    /// The tenant, if it names one.
    #[must_use]
    pub fn tenant(self) -> Option<TenantName> {
        match self {
            Self::Tenant(tenant) => Some(tenant),
            Self::Organizations | Self::Common => None,
        }
    }
}

/// The tenant part of a sign-in URL: one of the two well-known words, or a tenant's id or domain.
///
/// # Errors
///
/// It names a tenant that doesn't exist in the host's cloud.
pub fn authority(state: &State, host: &Host, name: &str) -> Result<Authority, EntraError> {
    if name.eq_ignore_ascii_case("organizations") {
        return Ok(Authority::Organizations);
    }
    if name.eq_ignore_ascii_case("common") {
        return Ok(Authority::Common);
    }
    if host.is_of(state.options.cloud)
        && let Some(realm) = state.realm_named(name)
    {
        return Ok(Authority::Tenant(realm.name));
    }
    Err(EntraError::new(
        "invalid_request",
        90_002,
        format!(
            "Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct \
             cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for \
             the tenant."
        ),
    ))
}

/// The account of that name, if the host's cloud has it.
#[must_use]
pub fn account<'a>(state: &'a State, host: &Host, name: &str) -> Option<&'a Account> {
    state.account(name).filter(|_| host.is_of(state.options.cloud))
}

/// The cloud's name on a host.
fn instance(state: &State, host: &Host) -> &'static str {
    match host {
        Host::Login(clouds) if !host.is_of(state.options.cloud) => clouds[0].cloud().instance,
        _ => state.cloud().instance,
    }
}

/// The OpenID configuration.
#[must_use]
pub fn configuration(state: &State, request: &Request, authority: Authority) -> Reply {
    let origin = &request.origin;
    let (segment, issuer) = match authority {
        Authority::Organizations => ("organizations", "{tenantid}"),
        Authority::Common => ("common", "{tenantid}"),
        Authority::Tenant(tenant) => {
            let id = state.realm(tenant).tenant_id.as_str();
            (id, id)
        }
    };
    let base = format!("{origin}/{segment}");
    let issuer = format!("{origin}/{issuer}/v2.0");
    json_reply(
        StatusCode::OK,
        &json!({
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "response_modes_supported": ["query"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer,
            "request_uri_parameter_supported": false,
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "http_logout_supported": false,
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "oid"],
            "tenant_region_scope": "EU",
            "tenant_region_sub_scope": null,
            "cloud_instance_name": instance(state, &request.host),
        }),
    )
}

/// The company that has the account's domain, if the host's cloud has it, and the domain.
fn namespace(state: &State, host: &Host, user: &str) -> (Option<&'static Company>, String) {
    let domain = user.rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase();
    let known = TenantName::ALL.into_iter().map(TenantName::company).find(|company| company.has_domain(&domain));
    (known.filter(|_| host.is_of(state.options.cloud)), domain)
}

/// The home realm, in the older form.
#[must_use]
pub fn realm(state: &State, request: &Request) -> Reply {
    let login = request.query("login").unwrap_or("");
    let (company, domain) = namespace(state, &request.host, login);
    let mut body = json!({
        "State": if company.is_some() { 4 } else { 1 },
        "UserState": 1,
        "Login": login,
        "NameSpaceType": if company.is_some() { "Managed" } else { "Unknown" },
    });
    if let Some(company) = company {
        body["DomainName"] = domain.into();
        body["FederationBrandName"] = company.name.into();
        body["CloudInstanceName"] = instance(state, &request.host).into();
        body["CloudInstanceIssuerUri"] = "urn:federation:MicrosoftOnline".into();
    }
    if request.query("json") == Some("1") {
        json_reply(StatusCode::OK, &body)
    } else {
        reply(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", "The simulator answers json=1 only.")
    }
}

/// The home realm, in the form that client libraries ask for before a password sign-in.
#[must_use]
pub fn user_realm(state: &State, request: &Request, user: &str) -> Reply {
    let (company, domain) = namespace(state, &request.host, user);
    let mut body = json!({
        "ver": "1.0",
        "account_type": if company.is_some() { "Managed" } else { "Unknown" },
        "cloud_instance_name": instance(state, &request.host),
    });
    if company.is_some() {
        body["domain_name"] = domain.into();
        body["cloud_audience_urn"] = "urn:federation:MicrosoftOnline".into();
    }
    json_reply(StatusCode::OK, &body)
}
