//! An issuer outside of Entra ID, as a build service is one, whose tokens an application may accept.

use rsa::RsaPrivateKey;
use serde_json::{Value, json};

use super::jwt::TokenKey;
use crate::secrets::new_guid;
use crate::state::now;

/// The issuer that the application trusts.
pub const ISSUER: &str = "https://tokens.build.example";
/// The subject that the application trusts.
pub const SUBJECT: &str = "repo:contoso/exchange-automation:ref:refs/heads/main";
/// The audience that the application expects.
pub const AUDIENCE: &str = "api://AzureADTokenExchange";

/// The issuer.
pub struct Federation {
    key: TokenKey,
}

impl Federation {
    /// The issuer with that key.
    #[must_use]
    pub fn new(key: RsaPrivateKey) -> Self {
        Self { key: TokenKey::new(key) }
    }

    /// A token with that issuer, subject and audience, which ends so many seconds from now; negative is in the past.
    #[must_use]
    pub fn token(&self, issuer: &str, subject: &str, audience: &str, lifetime_seconds: i64) -> String {
        let end = now() + lifetime_seconds;
        let begin = end.min(now()) - 300;
        self.key.sign(&json!({
            "iss": issuer, "sub": subject, "aud": audience, "jti": new_guid(), "iat": begin, "nbf": begin, "exp": end
        }))
    }

    /// Checks a token's form and signature, and returns its claims.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn verify(&self, token: &str) -> Result<Value, &'static str> {
        self.key.verify(token)
    }
}
