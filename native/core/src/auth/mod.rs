//! Sign-in: one file per way, and the tokens that come of it.
//!
//! The public client is the one of the original module, which administrators have consented to in their tenants.

mod authorization_code;
mod browser;
pub mod claims;
mod device_code;
mod error;
mod loopback;
mod password;
pub mod token;

use crate::{
    endpoint::Endpoint,
    fault::Fault,
    operation::Operation,
    secret::Secret,
    settings::{Flow, Settings},
};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, ClientId, DeviceAuthorizationUrl, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, Scope, TokenUrl, basic::BasicClient, http,
};
use std::{fmt, pin::Pin, time::Duration};
use token::Tokens;

/// "Microsoft Exchange REST API Based Powershell": the public client of the original module since version 2.0.6.
pub const CLIENT_ID: &str = "fb78d390-0c51-40cd-8e17-fdbfab77341b";

/// Tells the service that the client answers claims challenges (continuous access evaluation).
const CLIENT_CAPABILITIES: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

/// How long a call to the sign-in service may take. Waiting for a person is not such a call.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

type OauthClient = BasicClient<EndpointSet, EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// The sign-in service of a connection.
#[derive(Clone, Debug)]
pub struct Authority {
    http: reqwest::Client,
    endpoint: Endpoint,
}

impl Authority {
    /// The sign-in service of `endpoint`, called with `http`.
    pub fn new(http: reqwest::Client, endpoint: Endpoint) -> Self {
        Self { http, endpoint }
    }

    /// Signs in the way `settings` say. `password` is only used by the flow of that name.
    ///
    /// # Errors
    /// What the sign-in service answered, translated; or what the person did.
    pub async fn sign_in(
        &self,
        settings: &Settings,
        password: Option<Secret>,
        operation: &Operation,
    ) -> Result<Tokens, Fault> {
        let tokens = match settings.flow {
            Flow::Password => password::sign_in(self, settings, password, operation).await?,
            Flow::Browser => authorization_code::sign_in(self, settings, operation).await?,
            Flow::Device => device_code::sign_in(self, settings, operation).await?,
        };
        // With a password nobody can have taken another account; its token may well name the user otherwise (an alternate
        // sign-in name).
        if settings.flow != Flow::Password {
            claims::check_user(&tokens, settings)?;
        }
        Ok(tokens)
    }

    fn oauth(&self) -> OauthClient {
        BasicClient::new(ClientId::new(CLIENT_ID.into()))
            .set_auth_uri(AuthUrl::from_url(self.endpoint.oauth("authorize")))
            .set_token_uri(TokenUrl::from_url(self.endpoint.oauth("token")))
            .set_device_authorization_url(DeviceAuthorizationUrl::from_url(self.endpoint.oauth("devicecode")))
            .set_auth_type(AuthType::RequestBody)
    }

    fn scopes(&self) -> [Scope; 4] {
        [self.endpoint.scope.as_str(), "openid", "profile", "offline_access"].map(|scope| Scope::new(scope.into()))
    }

    /// Sends a request of the OAuth 2.0 client with the connection's HTTP client.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, SendError> {
        let mut request = reqwest::Request::try_from(request)
            .map_err(|error| SendError(Fault::internal(format!("A sign-in request could not be made: {error}."))))?;
        *request.timeout_mut() = Some(CALL_TIMEOUT);
        let url = request.url().clone();
        let fault = |error: reqwest::Error| SendError(crate::http::transport_fault(&error, &url));
        let mut response = self.http.execute(request).await.map_err(fault)?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let body = response.bytes().await.map_err(fault)?.to_vec();
        if let Some(fault) = error::passing_fault(status.as_u16(), url.host_str().unwrap_or_default()) {
            return Err(SendError(fault));
        }
        let mut answer = http::Response::new(body);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Authority {
    type Error = SendError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, SendError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// The failure of a call to the sign-in service, in the form that the OAuth 2.0 client passes through.
#[derive(Debug)]
pub struct SendError(Fault);

impl fmt::Display for SendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for SendError {}
