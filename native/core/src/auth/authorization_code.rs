//! Sign-in in the system browser: the authorization code grant with PKCE and a loopback redirect (RFC 8252).

use super::{Authority, CLIENT_CAPABILITIES, browser, error, loopback::Loopback, token::Tokens};
use crate::{
    event::Event,
    fault::{Fault, FaultKind},
    operation::Operation,
    settings::Settings,
};
use oauth2::{AuthorizationCode, CsrfToken, PkceCodeChallenge, RedirectUrl};
use std::time::Duration;

pub(super) async fn sign_in(
    authority: &Authority,
    settings: &Settings,
    operation: &Operation,
) -> Result<Tokens, Fault> {
    let user = settings.user_principal_name.as_deref().filter(|user| !user.is_empty());
    let loopback = Loopback::listen().await?;
    let redirect = RedirectUrl::new(loopback.redirect_uri())
        .map_err(|error| Fault::internal(format!("The redirect address is not valid: {error}.")))?;
    let oauth = authority.oauth().set_redirect_uri(redirect);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = oauth
        .authorize_url(CsrfToken::new_random)
        .add_scopes(authority.scopes())
        .set_pkce_challenge(challenge)
        .add_extra_param("response_mode", "query")
        .add_extra_param("claims", CLIENT_CAPABILITIES);
    // With a known name the account picker would only be in the way.
    request = match user {
        Some(user) => request.add_extra_param("login_hint", user),
        None => request.add_extra_param("prompt", "select_account"),
    };
    let (address, state) = request.url();
    operation.verbose(|| format!("Waiting for the browser at {}.", loopback.redirect_uri()));
    // Starting a browser can take its time, and a text browser takes all of it.
    let opened = {
        let (address, settings) = (address.clone(), settings.clone());
        tokio::task::spawn_blocking(move || browser::open(&address, &settings)).await.unwrap_or(false)
    };
    operation.event(Event::Browser {
        text: if opened {
            format!("Sign in in the browser window that has opened. If there is none, open this address: {address}")
        } else {
            format!("No browser could be started. Open this address to sign in: {address}")
        },
        address: address.to_string(),
        opened,
    });
    let limit = Duration::from_secs(settings.sign_in_timeout_seconds);
    let answer = tokio::time::timeout(limit, loopback.wait(state.secret())).await.map_err(|_| {
        Fault::new(
            FaultKind::Timeout,
            "SignInTimeout",
            format!(
                "Nobody signed in within {} seconds. Run {} again, with -Device where no browser can be used.",
                limit.as_secs(),
                authority.connect_cmdlet,
            ),
        )
        .ending_session()
    })??;
    let code =
        answer.map_err(|refusal| error::from_answer(&refusal.error, &refusal.description, &authority.attempt(user)))?;
    let response = oauth
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(verifier)
        .request_async(&authority.calls(operation))
        .await
        .map_err(|failure| error::translate(failure, &authority.attempt(user)))?;
    Tokens::from_response(&response)
}
