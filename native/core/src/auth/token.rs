//! Tokens of a connection, and their renewal: one renewal at a time, ahead of the end of the token's life.

use super::{Authority, CLIENT_CAPABILITIES, Renewal, SignIn, claims::Claims, error};
use crate::{
    fault::{Fault, FaultKind},
    http::retry,
    operation::Operation,
    secret::Secret,
};
use oauth2::{RefreshToken, TokenResponse, basic::BasicTokenResponse};
use std::{
    sync::PoisonError,
    time::{Duration, Instant, SystemTime},
};
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
        let claims = Claims::read(&access)?;
        let refresh = response.refresh_token().map(|token| Secret::new(token.secret().clone()));
        let unknown = Self { access, refresh, claims, expires: OffsetDateTime::now_utc(), renew_at: Instant::now() };
        Ok(unknown.living(response.expires_in().unwrap_or(UNKNOWN_LIFE)))
    }

    /// An access token alone, whose life is what it says itself.
    ///
    /// # Errors
    /// It is not a JSON web token, or does not say when it ends.
    pub fn from_access_token(access: Secret) -> Result<Self, Fault> {
        let claims = Claims::read(&access)?;
        let expires = claims.expires().ok_or_else(|| {
            Fault::protocol("The access token does not say when it ends; it cannot be used for Exchange.")
                .ending_session()
        })?;
        let token = Self { access, refresh: None, claims, expires, renew_at: Instant::now() };
        let life = token.left();
        Ok(if life.is_zero() { token } else { token.living(life) })
    }

    /// The same tokens with a life of `life` from now on.
    #[must_use]
    pub fn living(self, life: Duration) -> Self {
        let life = life.min(LONGEST_LIFE);
        Self {
            expires: OffsetDateTime::from(SystemTime::now() + life),
            renew_at: Instant::now() + life.saturating_sub(EARLY.min(life / 4)),
            ..self
        }
    }

    /// What is left of the access token's life.
    fn left(&self) -> Duration {
        Duration::try_from(self.expires - OffsetDateTime::now_utc()).unwrap_or_default()
    }

    fn is_good(&self) -> bool {
        !self.left().is_zero()
    }
}

/// The tokens of a connection, shared by all its commands.
#[derive(Debug)]
pub struct TokenSource {
    authority: Authority,
    renewal: Renewal,
    state: Mutex<State>,
    /// End of the current token's life, readable while a renewal holds the lock.
    expires: std::sync::Mutex<OffsetDateTime>,
}

#[derive(Debug)]
struct State {
    tokens: Tokens,
    /// Why the refresh token is worth nothing any more. Asking again would get the same answer, for every command of every
    /// runspace; the sign-in service may take that for an attack.
    ended: Option<Fault>,
}

impl TokenSource {
    /// Keeps the tokens of `sign_in` fresh with `authority`.
    pub fn new(authority: Authority, sign_in: SignIn) -> Self {
        let SignIn { tokens, renewal } = sign_in;
        let expires = std::sync::Mutex::new(tokens.expires);
        Self { authority, renewal, state: Mutex::new(State { tokens, ended: None }), expires }
    }

    /// End of the access token's life.
    pub fn expires(&self) -> OffsetDateTime {
        *self.expires.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An access token that is good for a request. Callers that come while it is being renewed wait for the one renewal.
    ///
    /// # Errors
    /// The renewal was refused and the token's life is over.
    pub async fn access(&self, operation: &Operation) -> Result<Secret, Fault> {
        let mut state = self.state.lock().await;
        let mut attempt = 1;
        while Instant::now() >= state.tokens.renew_at {
            let Err(fault) = self.renew(&mut state, None, operation).await else { break };
            if state.tokens.is_good() {
                // Renewing ahead of time is meant to survive this: while the token is good, a sign-in service that cannot be
                // reached, or will not renew it, is no reason to stop.
                operation.verbose(|| format!("The access token could not be renewed yet. {fault}"));
                state.tokens.renew_at = Instant::now() + RENEWAL_PAUSE.min(state.tokens.left());
                break;
            }
            // Asking for a token again does no harm, whatever the command that waits for it does.
            let Some(wait) = retry::wait(&fault, None, true, attempt) else { return Err(fault) };
            attempt += 1;
            tokio::time::sleep(wait).await;
        }
        Ok(state.tokens.access.clone())
    }

    /// Another access token than `refused`, which the service did not take; `claims` is the service's challenge, if any.
    ///
    /// # Errors
    /// The renewal was refused.
    pub async fn replace(
        &self,
        refused: &Secret,
        claims: Option<&str>,
        operation: &Operation,
    ) -> Result<Secret, Fault> {
        let mut state = self.state.lock().await;
        // Somebody else may have replaced it while this waited for the lock.
        if state.tokens.access.expose() == refused.expose() {
            self.renew(&mut state, claims, operation).await?;
        }
        Ok(state.tokens.access.clone())
    }

    /// Overwrites the tokens, so that nothing of them stays in memory.
    pub async fn wipe(&self) {
        let mut state = self.state.lock().await;
        state.tokens.access = Secret::default();
        state.tokens.refresh = None;
    }

    async fn renew(&self, state: &mut State, claims: Option<&str>, operation: &Operation) -> Result<(), Fault> {
        if let Some(fault) = &state.ended {
            return Err(fault.clone());
        }
        operation.verbose(|| "Trying to get a new token.".to_owned());
        let renewed = match &self.renewal {
            Renewal::RefreshToken => self.refresh(state, claims, operation).await,
            Renewal::Application(application) => application.token(&self.authority, claims, operation).await,
            Renewal::ManagedIdentity(identity) => identity.token(operation).await,
            Renewal::Nowhere => Err(self.cannot_renew(&state.tokens)),
        };
        let mut renewed = match renewed {
            Ok(renewed) => renewed,
            Err(fault) => {
                if matches!(self.renewal, Renewal::RefreshToken) && fault.ends_session {
                    state.ended = Some(fault.clone());
                }
                return Err(fault);
            }
        };
        if renewed.claims.tenant_id != state.tokens.claims.tenant_id {
            return Err(Fault::new(
                FaultKind::Authentication,
                "OrganizationMismatch",
                format!(
                    "The renewed token is of tenant {}, the connection of tenant {}. It was not used. Run {} again.",
                    renewed.claims.tenant_id, state.tokens.claims.tenant_id, self.authority.connect_cmdlet
                ),
            )
            .ending_session());
        }
        if renewed.refresh.is_none() {
            renewed.refresh = state.tokens.refresh.take();
        }
        *self.expires.lock().unwrap_or_else(PoisonError::into_inner) = renewed.expires;
        state.tokens = renewed;
        Ok(())
    }

    async fn refresh(&self, state: &State, claims: Option<&str>, operation: &Operation) -> Result<Tokens, Fault> {
        let Some(refresh) = &state.tokens.refresh else { return Err(self.cannot_renew(&state.tokens)) };
        let refresh = RefreshToken::new(refresh.expose().to_owned());
        let response = self
            .authority
            .oauth()
            .exchange_refresh_token(&refresh)
            .add_scopes(self.authority.scopes())
            .add_extra_param("claims", claims.unwrap_or(CLIENT_CAPABILITIES).to_owned())
            .request_async(&self.authority.calls(operation))
            .await
            .map_err(|failure| {
                let attempt = self.authority.attempt(state.tokens.claims.user_principal_name());
                error::translate(failure, &error::Attempt { is_renewal: true, ..attempt })
            })?;
        Tokens::from_response(&response)
    }

    fn cannot_renew(&self, tokens: &Tokens) -> Fault {
        let (cmdlet, resource) = (self.authority.connect_cmdlet, self.authority.endpoint.resource());
        let message = if matches!(self.renewal, Renewal::RefreshToken) {
            format!("The access token has expired and cannot be renewed. Run {cmdlet} to sign in again.")
        } else if tokens.is_good() {
            format!(
                "The service did not take the access token, which was issued for '{}'. Get one for {resource} and run {cmdlet} \
                 -AccessToken again.",
                tokens.claims.audience().unwrap_or("nobody in particular")
            )
        } else {
            format!(
                "The access token has expired, and only whoever issued it can renew it. Get a new one for {resource} and run \
                 {cmdlet} -AccessToken again."
            )
        };
        Fault::new(FaultKind::Authentication, "TokenExpired", message).ending_session()
    }
}
