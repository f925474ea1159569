//! Sign-in: one file per way, and the tokens that come of it.
//!
//! The public client is the one of the original module, which administrators have consented to in their tenants.

mod access_token;
mod authorization_code;
mod browser;
pub mod claims;
mod client_credentials;
mod device_code;
mod error;
mod loopback;
mod managed_identity;
mod password;
pub mod signer;
mod tenant;
pub mod token;

use crate::{
    endpoint::Endpoint,
    fault::Fault,
    http::retry,
    operation::Operation,
    secret::Secret,
    settings::{Flow, Settings},
};
use client_credentials::Application;
use managed_identity::ManagedIdentity;
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, ClientId, DeviceAuthorizationUrl, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, Scope, TokenUrl, basic::BasicClient, http,
};
use std::{
    fmt,
    pin::Pin,
    time::{Duration, Instant},
};
use token::Tokens;
use uuid::Uuid;

/// "Microsoft Exchange REST API Based Powershell": the public client of the original module since version 2.0.6.
pub const CLIENT_ID: &str = "fb78d390-0c51-40cd-8e17-fdbfab77341b";

/// Tells the service that the client answers claims challenges (continuous access evaluation).
const CLIENT_CAPABILITIES: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

/// How long a call to the sign-in service may take. Waiting for a person is not such a call.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

type OauthClient = BasicClient<EndpointSet, EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// A sign-in that succeeded.
#[derive(Debug)]
pub struct SignIn {
    /// The first tokens.
    pub tokens: Tokens,
    /// Where the next ones come from.
    pub renewal: Renewal,
}

/// Where the next access token comes from when one ends.
#[derive(Debug)]
pub enum Renewal {
    /// The refresh token among the tokens.
    RefreshToken,
    /// The application signs in again.
    Application(Application),
    /// The machine is asked again.
    ManagedIdentity(ManagedIdentity),
    /// Nowhere: the caller brought the token.
    Nowhere,
}

/// The sign-in service of a connection.
#[derive(Clone, Debug)]
pub struct Authority {
    http: reqwest::Client,
    endpoint: Endpoint,
    client_id: String,
    flow: Flow,
    /// The cmdlet to run again when a sign-in is over.
    connect_cmdlet: &'static str,
}

impl Authority {
    /// The sign-in service of `endpoint`, called with `http`.
    pub fn new(http: reqwest::Client, endpoint: Endpoint, settings: &Settings) -> Self {
        let app_id = settings.app_id.as_deref().filter(|id| settings.flow.is_app_only() && !id.is_empty());
        Self {
            http,
            endpoint,
            client_id: app_id.unwrap_or(CLIENT_ID).to_owned(),
            flow: settings.flow,
            connect_cmdlet: settings.connect_cmdlet(),
        }
    }

    /// Signs in the way `settings` say, and makes sure that the tokens are of the organization and the user that were asked
    /// for. `secret` is the password, client secret or access token of the flow that needs one.
    ///
    /// # Errors
    /// What the sign-in service answered, translated; what the person did; or that somebody else signed in.
    pub async fn sign_in(
        &self,
        settings: &Settings,
        secret: Option<Secret>,
        operation: &Operation,
    ) -> Result<SignIn, Fault> {
        let secret = secret.filter(|secret| !secret.is_empty());
        let (tokens, renewal) = match settings.flow {
            Flow::Password => {
                let secret = secret.as_ref();
                // A password that got no answer may have been counted; only what was not taken is sent again.
                let tokens =
                    patiently(operation, false, || password::sign_in(self, settings, secret, operation)).await?;
                (tokens, Renewal::RefreshToken)
            }
            Flow::Browser => (authorization_code::sign_in(self, settings, operation).await?, Renewal::RefreshToken),
            Flow::Device => (device_code::sign_in(self, settings, operation).await?, Renewal::RefreshToken),
            Flow::Certificate | Flow::ClientSecret | Flow::FederatedToken => {
                let application = Application::new(settings, secret)?;
                let tokens = patiently(operation, true, || application.token(self, None, operation)).await?;
                (tokens, Renewal::Application(application))
            }
            Flow::ManagedIdentity => {
                let identity = ManagedIdentity::find(settings, &self.endpoint)?;
                let tokens = patiently(operation, true, || identity.token(false, operation)).await?;
                (tokens, Renewal::ManagedIdentity(identity))
            }
            Flow::AccessToken => (access_token::take(settings, &self.endpoint, secret)?, Renewal::Nowhere),
        };
        claims::check_user(&tokens, settings)?;
        patiently(operation, true, || tenant::check(self, &tokens, settings, operation)).await?;
        Ok(SignIn { tokens, renewal })
    }

    fn oauth(&self) -> OauthClient {
        BasicClient::new(ClientId::new(self.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(self.endpoint.oauth("authorize")))
            .set_token_uri(TokenUrl::from_url(self.endpoint.oauth("token")))
            .set_device_authorization_url(DeviceAuthorizationUrl::from_url(self.endpoint.oauth("devicecode")))
            .set_auth_type(AuthType::RequestBody)
    }

    fn scopes(&self) -> [Scope; 4] {
        [self.endpoint.scope.as_str(), "openid", "profile", "offline_access"].map(|scope| Scope::new(scope.into()))
    }

    /// What failures of a sign-in are told with.
    fn attempt<'a>(&'a self, user: Option<&'a str>) -> error::Attempt<'a> {
        error::Attempt {
            user: user.filter(|user| !user.is_empty()),
            app_id: self.flow.is_app_only().then_some(self.client_id.as_str()),
            flow: self.flow,
            is_renewal: false,
            connect_cmdlet: self.connect_cmdlet,
        }
    }

    /// This service as the HTTP client of the OAuth 2.0 client, telling `operation` of each call.
    fn calls<'a>(&'a self, operation: &'a Operation) -> Calls<'a> {
        Calls { authority: self, operation }
    }
}

/// Repeats a step of a sign-in while the service is out of order. A host that cannot be reached at all is told at once: somebody
/// may be waiting at a prompt.
async fn patiently<T, F: Future<Output = Result<T, Fault>>>(
    operation: &Operation,
    is_harmless: bool,
    step: impl Fn() -> F,
) -> Result<T, Fault> {
    let mut attempt = 1;
    loop {
        let fault = match step().await {
            Err(fault) => fault,
            done => return done,
        };
        let wait = retry::wait(&fault, is_harmless, attempt).filter(|_| fault.status.is_some());
        let Some(wait) = wait else { return Err(fault) };
        attempt += 1;
        operation.verbose(|| format!("{fault} Trying again in {:.1} s (attempt {attempt}).", wait.as_secs_f64()));
        tokio::time::sleep(wait).await;
    }
}

/// Calls of the sign-in service on behalf of an operation.
#[derive(Clone, Copy)]
struct Calls<'a> {
    authority: &'a Authority,
    operation: &'a Operation,
}

impl Calls<'_> {
    /// Sends a request with the connection's HTTP client.
    async fn send(self, request: HttpRequest) -> Result<HttpResponse, SendError> {
        let mut request = reqwest::Request::try_from(request)
            .map_err(|error| SendError(Fault::internal(format!("A sign-in request could not be made: {error}."))))?;
        *request.timeout_mut() = Some(CALL_TIMEOUT);
        let id = Uuid::new_v4();
        if let Ok(value) = id.to_string().parse() {
            request.headers_mut().insert("client-request-id", value);
        }
        let begun = Instant::now();
        let (method, url) = (request.method().clone(), request.url().clone());
        let fault = |error: reqwest::Error| SendError(crate::http::transport_fault(&error, &url));
        let mut response = self.authority.http.execute(request).await.map_err(fault)?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let body = response.bytes().await.map_err(fault)?.to_vec();
        self.operation.verbose(|| crate::http::call_line(&method, &url, status, body.len(), begun, Some(&id)));
        let host = url.host_str().unwrap_or_default();
        if let Some(fault) = error::passing_fault(status.as_u16(), host, retry::retry_after(&headers), &body) {
            return Err(SendError(fault));
        }
        let mut answer = http::Response::new(body);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Calls<'_> {
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
