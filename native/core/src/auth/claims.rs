//! What an access token says of itself.
//!
//! The token is opaque to a client by the rules of OAuth; Exchange's own clients nevertheless read tenant and user from it,
//! because the service's addresses need them. The signature is not checked: the token came over verified TLS from the
//! sign-in service, and the service that takes it checks it.

use super::token::Tokens;
use crate::{
    fault::{Fault, FaultKind},
    secret::Secret,
    settings::{Flow, Settings},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use time::OffsetDateTime;

/// The claims that matter.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    /// Id of the tenant.
    #[serde(rename = "tid")]
    pub tenant_id: String,
    upn: Option<String>,
    unique_name: Option<String>,
    preferred_username: Option<String>,
    /// Id of the client application.
    #[serde(rename = "appid")]
    pub app_id: Option<String>,
    /// What the token is for.
    aud: Option<String>,
    /// End of its life, seconds since 1970.
    exp: Option<i64>,
}

impl Claims {
    /// Reads the payload of a JSON web token.
    ///
    /// # Errors
    /// It is no such token, or lacks the tenant.
    pub fn read(token: &Secret) -> Result<Self, Fault> {
        let refuse = || {
            Fault::protocol("The access token names no tenant; it is none of Entra ID for Exchange and cannot be used.")
                .ending_session()
        };
        let payload = token.expose().split('.').nth(1).ok_or_else(refuse)?;
        let payload = BASE64_URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).map_err(|_| refuse())?;
        serde_json::from_slice(&payload).map_err(|_| refuse())
    }

    /// What the token is for.
    pub fn audience(&self) -> Option<&str> {
        self.aud.as_deref()
    }

    /// End of the token's life.
    pub fn expires(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.exp?).ok()
    }

    /// Who signed in; `None` for an application.
    pub fn user_principal_name(&self) -> Option<&str> {
        self.upn.as_deref().or(self.unique_name.as_deref()).or(self.preferred_username.as_deref())
    }
}

/// Refuses a sign-in by somebody else than was asked for: the browser may have offered another account.
pub(super) fn check_user(tokens: &Tokens, settings: &Settings) -> Result<(), Fault> {
    // With a password nobody can have taken another account; its token may well name the user otherwise (an alternate sign-in
    // name).
    if settings.flow == Flow::Password {
        return Ok(());
    }
    let asked = settings.user_principal_name.as_deref().filter(|asked| !asked.is_empty());
    // The app-only ways have no user, whatever a script passes along.
    let Some(asked) = asked.filter(|_| !settings.flow.is_app_only() && settings.flow != Flow::ManagedIdentity) else {
        return Ok(());
    };
    let got = tokens.claims.user_principal_name().unwrap_or("an application");
    if asked.eq_ignore_ascii_case(got) || is_guest_name(got, asked) {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Authentication,
        "SignedInUserMismatch",
        format!(
            "'{got}' signed in, but '{asked}' was asked for. No connection was made. Run {} again and choose the right \
             account, or leave -UserPrincipalName out.",
            settings.connect_cmdlet()
        ),
    )
    .ending_session())
}

/// Whether `name` is what `user` is called as a guest of another organization:
/// `adele_contoso.com#EXT#@fabrikam.onmicrosoft.com` for `adele@contoso.com`.
fn is_guest_name(name: &str, user: &str) -> bool {
    name.to_lowercase().split_once("#ext#@").is_some_and(|(guest, _)| guest == user.to_lowercase().replace('@', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &serde_json::Value) -> Secret {
        Secret::new(format!("e30.{}.sig", BASE64_URL_SAFE_NO_PAD.encode(payload.to_string())))
    }

    #[test]
    fn the_user_has_three_possible_names() {
        for name in ["upn", "unique_name", "preferred_username"] {
            let claims = Claims::read(&token(&serde_json::json!({"tid": "t", name: "adele@contoso.com"}))).expect(name);
            assert_eq!(claims.user_principal_name(), Some("adele@contoso.com"));
        }
    }

    #[test]
    fn a_guest_is_known_by_the_name_at_home() {
        let guest = "Adele_contoso.com#EXT#@fabrikam.onmicrosoft.com";
        assert!(is_guest_name(guest, "adele@contoso.com"));
        assert!(!is_guest_name(guest, "adele@contoso.org") && !is_guest_name("adele@contoso.com", "adele@contoso.com"));
    }

    #[test]
    fn tokens_without_tenant_or_form_are_refused_without_being_shown() {
        for text in ["opaque", "a.b.c", "e30.e30.x"] {
            let fault = Claims::read(&Secret::new(text.into())).expect_err(text);
            assert!(!fault.message.contains(text), "{fault}");
        }
    }
}
