//! What a client learns about the sign-in host before it signs in.

use hyper::StatusCode;
use serde_json::json;

use super::errors::EntraError;
use crate::directory::seed::{INITIAL_DOMAIN, VANITY_DOMAIN};
use crate::http::{Reply, Request, json as json_reply, reply};
use crate::state::State;

/// The tenant part of a sign-in URL: one of the two well-known words, or the tenant's id or domain.
///
/// # Errors
///
/// It names a tenant that doesn't exist.
pub fn tenant_segment(state: &State, name: &str) -> Result<String, EntraError> {
    let lower = name.to_ascii_lowercase();
    if lower == "organizations" || lower == "common" {
        return Ok(lower);
    }
    if state.is_tenant(name) {
        return Ok(state.tenant_id.clone());
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

/// The OpenID configuration.
#[must_use]
pub fn configuration(request: &Request, tenant: &str) -> Reply {
    let origin = &request.origin;
    let base = format!("{origin}/{tenant}");
    let issuer = match tenant {
        "organizations" | "common" => format!("{origin}/{{tenantid}}/v2.0"),
        id => format!("{origin}/{id}/v2.0"),
    };
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
            "cloud_instance_name": "microsoftonline.com",
        }),
    )
}

fn namespace(state: &State, user: &str) -> (&'static str, String) {
    let domain = user.rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase();
    let known = [INITIAL_DOMAIN, VANITY_DOMAIN].contains(&domain.as_str()) || state.account(user).is_some();
    (if known { "Managed" } else { "Unknown" }, domain)
}

/// The home realm, in the older form.
#[must_use]
pub fn realm(state: &State, request: &Request) -> Reply {
    let login = request.query("login").unwrap_or("");
    let (kind, domain) = namespace(state, login);
    let mut body =
        json!({"State": if kind == "Managed" { 4 } else { 1 }, "UserState": 1, "Login": login, "NameSpaceType": kind});
    if kind == "Managed" {
        body["DomainName"] = domain.into();
        body["FederationBrandName"] = "Contoso".into();
        body["CloudInstanceName"] = "microsoftonline.com".into();
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
pub fn user_realm(state: &State, user: &str) -> Reply {
    let (kind, domain) = namespace(state, user);
    let mut body = json!({"ver": "1.0", "account_type": kind, "cloud_instance_name": "microsoftonline.com"});
    if kind == "Managed" {
        body["domain_name"] = domain.into();
        body["cloud_audience_urn"] = "urn:federation:MicrosoftOnline".into();
    }
    json_reply(StatusCode::OK, &body)
}
