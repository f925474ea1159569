//! Sign-in on another device: the device authorization grant (RFC 8628).

use super::{Authority, CLIENT_CAPABILITIES, SendError, error, token::Tokens};
use crate::{event::Event, fault::Fault, operation::Operation, settings::Settings};
use oauth2::{RequestTokenError, StandardDeviceAuthorizationResponse, basic::BasicErrorResponse};

pub(super) async fn sign_in(
    authority: &Authority,
    settings: &Settings,
    operation: &Operation,
) -> Result<Tokens, Fault> {
    let user = settings.user_principal_name.as_deref();
    operation.verbose(|| format!("Asking {} for a device code.", authority.endpoint.authority));
    let oauth = authority.oauth();
    let details: Result<StandardDeviceAuthorizationResponse, RequestTokenError<SendError, BasicErrorResponse>> =
        oauth.exchange_device_code().add_scopes(authority.scopes()).request_async(&authority.calls(operation)).await;
    let details = details.map_err(|failure| error::translate(failure, &authority.attempt(user)))?;
    let code = details.user_code().secret().clone();
    let address = details.verification_uri().to_string();
    operation.event(Event::DeviceCode {
        // The wording that the sign-in service uses for this and that people know.
        message: format!(
            "To sign in, use a web browser to open the page {address} and enter the code {code} to authenticate."
        ),
        user_code: code,
        verification_uri: address,
    });
    let response = oauth
        .exchange_device_access_token(&details)
        .add_extra_param("claims", CLIENT_CAPABILITIES)
        .request_async(&authority.calls(operation), tokio::time::sleep, Some(details.expires_in()))
        .await
        .map_err(|failure| error::translate(failure, &authority.attempt(user)))?;
    Tokens::from_response(&response)
}
