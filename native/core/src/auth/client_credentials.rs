//! Sign-in of an application: the client credentials grant, with a certificate (RFC 7523), a secret, or a token of another
//! issuer (workload identity federation).

use super::{Authority, CLIENT_CAPABILITIES, error, signer, token::Tokens};
use crate::{
    fault::Fault,
    operation::Operation,
    secret::Secret,
    settings::{Certificate, Flow, Settings},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use oauth2::{ClientSecret, Scope};
use serde_json::json;
use std::path::PathBuf;
use time::OffsetDateTime;
use uuid::Uuid;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Life of an assertion in seconds; the reference recommends five to ten minutes.
const ASSERTION_LIFE: i64 = 600;
/// A token of another issuer is some kilobytes.
const LARGEST_FEDERATED_TOKEN: u64 = 64 * 1024;

/// An application and what it proves itself with. It stays with the connection: there are no refresh tokens here.
#[derive(Debug)]
pub struct Application {
    app_id: String,
    credential: Credential,
}

#[derive(Debug)]
enum Credential {
    Certificate(Certificate),
    Secret(Secret),
    FederatedTokenFile(PathBuf),
}

impl Application {
    /// The application in `settings`; `secret` is its client secret in the flow of that name.
    ///
    /// # Errors
    /// A part is missing.
    pub(super) fn new(settings: &Settings, secret: Option<Secret>) -> Result<Self, Fault> {
        let missing = |what: &str, parameters: &str| {
            Fault::invalid_argument(
                "MissingAppCredential",
                format!("Signing in as an application needs {what}. Give {parameters}."),
            )
            .ending_session()
        };
        let app_id = settings.app_id.clone().filter(|id| !id.is_empty());
        let app_id = app_id.ok_or_else(|| missing("the application's id", "-AppId"))?;
        if settings.target_organization().is_none() {
            return Err(missing(
                "the organization to sign in to",
                "-Organization with its primary domain, such as contoso.onmicrosoft.com",
            ));
        }
        let credential = match settings.flow {
            Flow::Certificate => settings.certificate.clone().map(Credential::Certificate),
            Flow::ClientSecret => secret.map(Credential::Secret),
            _ => settings
                .federated_token_file
                .as_deref()
                .filter(|path| !path.is_empty())
                .map(|path| Credential::FederatedTokenFile(path.into())),
        };
        let credential = credential
            .ok_or_else(|| missing("a credential", "a certificate, -ClientSecret or -FederatedTokenFilePath"))?;
        Ok(Self { app_id, credential })
    }

    /// Signs in; `claims` is the service's challenge, if there is one.
    ///
    /// # Errors
    /// What the sign-in service answered, or why there is no proof to send it.
    pub(super) async fn token(
        &self,
        authority: &Authority,
        claims: Option<&str>,
        operation: &Operation,
    ) -> Result<Tokens, Fault> {
        operation.verbose(|| {
            let proof = match &self.credential {
                Credential::Certificate(certificate) => format!("a certificate ({})", certificate.algorithm.name()),
                Credential::Secret(_) => "a client secret".to_owned(),
                Credential::FederatedTokenFile(path) => format!("the token in '{}'", path.display()),
            };
            format!("Signing in application {} with {proof} at {}.", self.app_id, authority.endpoint.authority)
        });
        let oauth = match &self.credential {
            Credential::Secret(secret) => {
                authority.oauth().set_client_secret(ClientSecret::new(secret.expose().to_owned()))
            }
            _ => authority.oauth(),
        };
        // Only the resource: an application has no profile and gets no refresh token.
        let mut request = oauth
            .exchange_client_credentials()
            .add_scope(Scope::new(authority.endpoint.scope.clone()))
            .add_extra_param("claims", claims.unwrap_or(CLIENT_CAPABILITIES).to_owned());
        let assertion = match &self.credential {
            Credential::Certificate(certificate) => Some(self.assertion(certificate, authority).await?),
            Credential::FederatedTokenFile(path) => Some(read_token(path).await?),
            Credential::Secret(_) => None,
        };
        if let Some(assertion) = &assertion {
            request = request
                .add_extra_param("client_assertion_type", ASSERTION_TYPE)
                .add_extra_param("client_assertion", assertion.expose().to_owned());
        }
        let response = request
            .request_async(&authority.calls(operation))
            .await
            .map_err(|failure| error::translate(failure, &authority.attempt(None)))?;
        Tokens::from_response(&response)
    }

    /// A signed statement that the application is who it says, for the token endpoint only.
    async fn assertion(&self, certificate: &Certificate, authority: &Authority) -> Result<Secret, Fault> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let header = json!({
            "alg": certificate.algorithm.name(), "typ": "JWT", "x5t#S256": certificate.thumbprint,
        });
        let payload = json!({
            "aud": authority.endpoint.oauth("token").as_str(), "iss": self.app_id, "sub": self.app_id,
            "jti": Uuid::new_v4().to_string(), "nbf": now, "iat": now, "exp": now + ASSERTION_LIFE,
        });
        let encode = |part: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let mut jwt = format!("{}.{}", encode(&header), encode(&payload));
        let signature = signer::sign(certificate.key, jwt.clone().into_bytes()).await.map_err(Fault::ending_session)?;
        jwt.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
        Ok(Secret::new(jwt))
    }
}

/// Reads a token of another issuer. Whatever is in the file, it is never shown.
async fn read_token(path: &std::path::Path) -> Result<Secret, Fault> {
    let refuse = |why: String| {
        Fault::invalid_argument(
            "InvalidFederatedTokenFile",
            format!(
                "The federated token file '{}' cannot be used: {why}. Check -FederatedTokenFilePath, or the environment \
                 variable AZURE_FEDERATED_TOKEN_FILE.",
                path.display()
            ),
        )
        .ending_session()
    };
    let metadata = tokio::fs::metadata(path).await.map_err(|error| refuse(error.to_string()))?;
    if metadata.len() > LARGEST_FEDERATED_TOKEN {
        return Err(refuse("it is too large to be a token".to_owned()));
    }
    let text = Secret::new(tokio::fs::read_to_string(path).await.map_err(|error| refuse(error.to_string()))?);
    let token = text.expose().trim();
    if token.split('.').count() != 3 || token.contains(char::is_whitespace) {
        return Err(refuse("it does not hold a JSON web token".to_owned()));
    }
    Ok(Secret::new(token.to_owned()))
}
