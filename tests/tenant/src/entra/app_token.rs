//! Tokens for applications: the client credentials grant.

use serde_json::{Value, json};

use super::applications::{Application, ServicePrincipal};
use super::assertion::{self, JWT_BEARER};
use super::discovery::Authority;
use super::errors::EntraError;
use super::{MODULE_CLIENT, missing, unknown_application, unknown_resource};
use crate::http::{Form, Request};
use crate::secrets::random_text;
use crate::state::{Realm, State, end_of_life, now};

/// The application permission that the admin API asks for.
pub const MANAGE_AS_APP: &str = "Exchange.ManageAsApp";
/// What every service principal's token has among its directory roles.
const ANY_APPLICATION: &str = "0997a1d0-0d1d-4acb-b408-d5ca73121e90";

/// What an application proved its identity with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A client secret.
    Secret,
    /// An assertion, or the host that it runs on.
    Assertion,
}

/// Answers a client credentials grant: the token answer and the application's id.
pub(super) fn grant(
    state: &State,
    request: &Request,
    authority: Authority,
    form: &Form,
) -> Result<(Value, String), EntraError> {
    let client_id = form.get("client_id");
    if client_id.is_empty() {
        return Err(missing("client_id"));
    }
    let (secret, assertion) = (form.get("client_secret"), form.get("client_assertion"));
    let nothing_presented = || {
        EntraError::new(
            "invalid_client",
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    };
    if client_id.eq_ignore_ascii_case(MODULE_CLIENT) {
        return Err(if secret.is_empty() && assertion.is_empty() {
            nothing_presented()
        } else {
            EntraError::new(
                "invalid_client",
                700_025,
                "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
            )
        });
    }
    let Authority::Tenant(tenant) = authority else {
        return Err(EntraError::new(
            "invalid_request",
            50_059,
            "No tenant-identifying information found in either the request or implied by any provided credentials.",
        ));
    };
    let realm = state.realm(tenant);
    let known = state.application(client_id).and_then(|known| Some((known, known.principal(tenant)?)));
    let (application, principal) = known.ok_or_else(|| unknown_application(authority, client_id))?;
    if application.is_disabled() {
        return Err(EntraError::new(
            "unauthorized_client",
            7_000_112,
            format!("Application '{}'({}) is disabled.", application.app_id, application.name),
        ));
    }
    let proof = match (secret, assertion) {
        ("", "") => return Err(nothing_presented()),
        (secret, "") => {
            check_secret(application, secret)?;
            Proof::Secret
        }
        ("", assertion) => {
            match form.get("client_assertion_type") {
                "" => return Err(missing("client_assertion_type")),
                JWT_BEARER => {}
                other => {
                    return Err(EntraError::new(
                        "invalid_request",
                        90_023,
                        format!("Unsupported 'client_assertion_type' value '{other}'."),
                    ));
                }
            }
            assertion::check(state, &request.origin, realm, application, assertion)?;
            Proof::Assertion
        }
        _ => {
            return Err(EntraError::new(
                "invalid_request",
                90_023,
                "Only one of 'client_secret' and 'client_assertion' may be presented.",
            ));
        }
    };
    let resource = resource(state, form.get("scope"))?;
    let claims = form.get("claims");
    if !claims.is_empty() && serde_json::from_str::<Value>(claims).is_err() {
        return Err(EntraError::new("invalid_request", 90_100, "The 'claims' parameter is empty or not valid."));
    }
    let lifetime = state.options.token_lifetime_seconds;
    let body = json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": access_token(state, realm, &application.app_id, application.name, principal, resource, proof),
    });
    Ok((body, application.app_id.clone()))
}

fn check_secret(application: &Application, secret: &str) -> Result<(), EntraError> {
    let known = application.secrets.iter().find(|known| known.value == secret);
    match known {
        None => Err(EntraError::new(
            "invalid_client",
            7_000_215,
            format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, \
                 not the client secret ID, for a secret added to app '{}'.",
                application.app_id
            ),
        )),
        Some(known) if known.expired => Err(EntraError::new(
            "invalid_client",
            7_000_222,
            format!("The provided client secret keys for app '{}' are expired.", application.app_id),
        )),
        Some(_) => Ok(()),
    }
}

/// The resource of a scope that is exactly `<resource>/.default`.
fn resource<'a>(state: &State, scope: &'a str) -> Result<&'a str, EntraError> {
    if scope.is_empty() {
        return Err(missing("scope"));
    }
    let Some(resource) = scope.strip_suffix("/.default").filter(|name| !name.contains(char::is_whitespace)) else {
        return Err(EntraError::new(
            "invalid_scope",
            1_002_012,
            format!(
                "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with \
                 /.default suffixed to the resource identifier (application ID URI)."
            ),
        ));
    };
    if resource.ends_with('/') || state.cloud().surface_of(resource).is_none() {
        return Err(unknown_resource(resource));
    }
    Ok(resource)
}

/// An access token of a service principal.
pub(crate) fn access_token(
    state: &State,
    realm: &Realm,
    app_id: &str,
    name: &str,
    principal: &ServicePrincipal,
    audience: &str,
    proof: Proof,
) -> String {
    let now = now();
    let issuer = format!("https://sts.windows.net/{}/", realm.tenant_id);
    let wids: Vec<&str> =
        principal.role_groups.iter().map(|group| group.directory_role()).chain([ANY_APPLICATION]).collect();
    let mut claims = json!({
        "aud": audience,
        "iss": issuer,
        "iat": now,
        "nbf": now,
        "exp": end_of_life(state.options.token_lifetime_seconds),
        "app_displayname": name,
        "appid": app_id,
        "appidacr": match proof { Proof::Secret => "1", Proof::Assertion => "2" },
        "idp": issuer,
        "idtyp": "app",
        "oid": principal.object_id,
        "sub": principal.object_id,
        "tid": realm.tenant_id,
        "uti": random_text(16),
        "ver": "1.0",
        "wids": wids,
    });
    if principal.manages_exchange {
        claims["roles"] = json!([MANAGE_AS_APP]);
    }
    state.token_key.sign(&claims)
}
