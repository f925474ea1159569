//! Tokens of a connection, and their renewal: one renewal at a time, ahead of the end of the token's life.

use super::{Authority, CLIENT_CAPABILITIES, claims::Claims, error};
use crate::{
    fault::{Fault, FaultKind},
    http::retry,
    secret::Secret,
};
use oauth2::{RefreshToken, TokenResponse, basic::BasicTokenResponse};
use std::time::{Duration, Instant, SystemTime};
use time::OffsetDateTime;
use tokio::sync::Mutex;

/// A token is renewed this long before its end, or after three quarters of a shorter life.
const EARLY: Duration = Duration::from_secs(300);
/// Assumed life of a token whose answer does not say.
const UNKNOWN_LIFE: Duration = Duration::from_secs(3600);
/// The longest life that is believed; tokens that can be challenged live about a day.
const LONGEST_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Time between two attempts to renew a token that is still good.
const RENEWAL_PAUSE: Duration = Duration::from_secs(10);

/// The tokens of a sign-in.
#[derive(Debug)]
pub struct Tokens {
    /// Goes with every request to the service.
    pub access: Secret,
    /// Gets the next access token.
    pub refresh: Option<Secret>,
    /// What the access token says of itself.
    pub claims: Claims,
    /// End of the access token's life.
    pub expires: OffsetDateTime,
    renew_at: Instant,
}

impl Tokens {
    /// From the answer of a token request.
    ///
    /// # Errors
    /// An access token that is not a JSON web token.
    pub fn from_response(response: &BasicTokenResponse) -> Result<Self, Fault> {
        let access = Secret::new(response.access_token().secret().clone());
        let life = response.expires_in().unwrap_or(UNKNOWN_LIFE).min(LONGEST_LIFE);
        Ok(Self {
            claims: Claims::read(&access)?,
            refresh: response.refresh_token().map(|token| Secret::new(token.secret().clone())),
            access,
            expires: OffsetDateTime::from(SystemTime::now() + life),
            renew_at: Instant::now() + life.saturating_sub(EARLY.min(life / 4)),
        })
    }
}

/// The tokens of a connection, shared by all its commands.
#[derive(Debug)]
pub struct TokenSource {
    authority: Authority,
    tokens: Mutex<Tokens>,
    /// End of the current token's life, readable while a renewal holds the lock.
    expires: std::sync::Mutex<OffsetDateTime>,
}

impl TokenSource {
    /// Keeps `tokens` fresh with `authority`.
    pub fn new(authority: Authority, tokens: Tokens) -> Self {
        let expires = std::sync::Mutex::new(tokens.expires);
        Self { authority, tokens: Mutex::new(tokens), expires }
    }

    /// End of the access token's life.
    pub fn expires(&self) -> OffsetDateTime {
        *self.expires.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// An access token that is good for a request. Callers that come while it is being renewed wait for the one renewal.
    ///
    /// # Errors
    /// The renewal was refused.
    pub async fn access(&self) -> Result<Secret, Fault> {
        let mut tokens = self.tokens.lock().await;
        let mut attempt = 1;
        while Instant::now() >= tokens.renew_at {
            let Err(fault) = self.renew(&mut tokens, None).await else { break };
            if fault.is_transient() && tokens.expires > OffsetDateTime::now_utc() {
                // Renewing ahead of time is meant to survive this: while the token is good, a sign-in service that cannot be
                // reached is no reason to stop.
                tokens.renew_at = Instant::now() + RENEWAL_PAUSE;
                break;
            }
            // Asking for a token again does no harm, whatever the command that waits for it does.
            let Some(wait) = retry::wait(&fault, None, true, attempt) else { return Err(fault) };
            attempt += 1;
            tokio::time::sleep(wait).await;
        }
        Ok(tokens.access.clone())
    }

    /// Another access token than `refused`, which the service did not take; `claims` is the service's challenge, if any.
    ///
    /// # Errors
    /// The renewal was refused.
    pub async fn replace(&self, refused: &Secret, claims: Option<&str>) -> Result<Secret, Fault> {
        let mut tokens = self.tokens.lock().await;
        // Somebody else may have replaced it while this waited for the lock.
        if tokens.access.expose() == refused.expose() {
            self.renew(&mut tokens, claims).await?;
        }
        Ok(tokens.access.clone())
    }

    /// Overwrites the tokens, so that nothing of them stays in memory.
    pub async fn wipe(&self) {
        let mut tokens = self.tokens.lock().await;
        tokens.access = Secret::default();
        tokens.refresh = None;
    }

    async fn renew(&self, tokens: &mut Tokens, claims: Option<&str>) -> Result<(), Fault> {
        let user = tokens.claims.user_principal_name().map(str::to_owned);
        let Some(refresh) = &tokens.refresh else {
            return Err(Fault::new(
                FaultKind::Authentication,
                "TokenExpired",
                "The access token has expired and cannot be renewed. Run Connect-ExchangeOnline to sign in again.",
            )
            .ending_session());
        };
        let refresh = RefreshToken::new(refresh.expose().to_owned());
        let response = self
            .authority
            .oauth()
            .exchange_refresh_token(&refresh)
            .add_scopes(self.authority.scopes())
            .add_extra_param("claims", claims.unwrap_or(CLIENT_CAPABILITIES).to_owned())
            .request_async(&self.authority)
            .await
            .map_err(|failure| error::translate(failure, user.as_deref()))?;
        let mut renewed = Tokens::from_response(&response)?;
        if renewed.refresh.is_none() {
            renewed.refresh = tokens.refresh.take();
        }
        *self.expires.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = renewed.expires;
        *tokens = renewed;
        Ok(())
    }
}
