//! Whether the tokens are of the organization that was asked for. A sign-in in another one must not make a connection: the
//! cmdlets that follow would change somebody else's mailboxes.

use super::{Authority, error, token::Tokens};
use crate::{
    fault::{Fault, FaultKind},
    operation::Operation,
    settings::Settings,
};
use oauth2::http;
use serde::Deserialize;
use uuid::Uuid;

/// Compares the tenant of `tokens` with the organization in `settings`.
///
/// # Errors
/// They differ, or the sign-in service does not know the organization.
pub(super) async fn check(
    authority: &Authority,
    tokens: &Tokens,
    settings: &Settings,
    operation: &Operation,
) -> Result<(), Fault> {
    let Some((parameter, asked)) = settings.target_organization() else { return Ok(()) };
    let got = tokens.claims.tenant_id.as_str();
    let is_same = if Uuid::parse_str(asked).is_ok() {
        asked.eq_ignore_ascii_case(got)
    } else if !settings.flow.is_token_given() && authority.endpoint.tenant() == Some(asked) {
        // An authority of one tenant gives tokens of that tenant only.
        true
    } else {
        find(authority, asked, operation).await?.eq_ignore_ascii_case(got)
    };
    if is_same {
        return Ok(());
    }
    let who = tokens.claims.user_principal_name().map_or_else(|| "The token".to_owned(), |user| format!("'{user}'"));
    Err(Fault::new(
        FaultKind::Authentication,
        "OrganizationMismatch",
        format!(
            "{who} belongs to tenant {got}, but -{parameter} asks for '{asked}'. No connection was made. Sign in with an account \
             of that organization, or correct -{parameter}.",
        ),
    )
    .ending_session())
}

#[derive(Deserialize)]
struct Configuration {
    token_endpoint: String,
}

/// Asks the sign-in service for the tenant id of a domain. The answer is public.
async fn find(authority: &Authority, domain: &str, operation: &Operation) -> Result<String, Fault> {
    let url = authority.endpoint.discovery(domain);
    let request = http::Request::get(url.as_str())
        .body(Vec::new())
        .map_err(|error| Fault::internal(format!("A request could not be made: {error}.")))?;
    let response = authority.calls(operation).send(request).await.map_err(|error| error.0)?;
    if !response.status().is_success() {
        return Err(error::from_body(response.body(), &authority.attempt(None)));
    }
    let tenant = serde_json::from_slice::<Configuration>(response.body())
        .ok()
        .and_then(|configuration| url::Url::parse(&configuration.token_endpoint).ok())
        .and_then(|endpoint| {
            endpoint.path_segments()?.find(|segment| Uuid::parse_str(segment).is_ok()).map(str::to_owned)
        });
    tenant.ok_or_else(|| {
        Fault::protocol(format!(
            "{} does not say which tenant '{domain}' is. Give the tenant's id instead of a domain.",
            url.host_str().unwrap_or_default()
        ))
        .ending_session()
    })
}
