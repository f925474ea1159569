//! A connection with an access token that the caller got elsewhere. It lasts as long as the token does.

use super::token::Tokens;
use crate::{
    endpoint::Endpoint,
    fault::{Fault, FaultKind},
    secret::Secret,
    settings::Settings,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Takes `token` as it is.
///
/// # Errors
/// There is none, it is no token for Exchange that can be read, or its life is over.
pub(super) fn take(settings: &Settings, endpoint: &Endpoint, token: Option<Secret>) -> Result<Tokens, Fault> {
    let cmdlet = settings.connect_cmdlet();
    let token = token.ok_or_else(|| {
        Fault::invalid_argument("MissingAccessToken", "-AccessToken is empty. Give an access token, without 'Bearer'.")
            .ending_session()
    })?;
    let tokens = Tokens::from_access_token(token)?;
    if tokens.expires <= OffsetDateTime::now_utc() {
        return Err(Fault::new(
            FaultKind::Authentication,
            "AccessTokenExpired",
            format!(
                "The access token has expired at {}. Get a new one for {} and run {cmdlet} again.",
                tokens.expires.format(&Rfc3339).unwrap_or_default(),
                endpoint.resource()
            ),
        )
        .ending_session());
    }
    Ok(tokens)
}
