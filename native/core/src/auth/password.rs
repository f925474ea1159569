//! Sign-in with user name and password: the resource owner password credentials grant. It cannot do multi-factor
//! authentication; Microsoft has announced its end, and until then unattended scripts rely on it.

use super::{Authority, CLIENT_CAPABILITIES, error, token::Tokens};
use crate::{fault::Fault, operation::Operation, secret::Secret, settings::Settings};
use oauth2::{ResourceOwnerPassword, ResourceOwnerUsername};

pub(super) async fn sign_in(
    authority: &Authority,
    settings: &Settings,
    password: Option<&Secret>,
    operation: &Operation,
) -> Result<Tokens, Fault> {
    let user = settings.user_principal_name.as_deref().unwrap_or_default();
    let (false, Some(password)) = (user.is_empty(), password) else {
        return Err(Fault::invalid_argument(
            "MissingCredential",
            "The credential needs a user name and a password. Get one with Get-Credential.",
        )
        .ending_session());
    };
    operation.verbose(|| format!("Signing in {user} with user name and password at {}.", authority.endpoint.authority));
    let response = authority
        .oauth()
        .exchange_password(
            &ResourceOwnerUsername::new(user.to_owned()),
            &ResourceOwnerPassword::new(password.expose().to_owned()),
        )
        .add_scopes(authority.scopes())
        .add_extra_param("claims", CLIENT_CAPABILITIES)
        .request_async(&authority.calls(operation))
        .await
        .map_err(|failure| error::translate(failure, &authority.attempt(Some(user))))?;
    Tokens::from_response(&response)
}
