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
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};
use time::OffsetDateTime;
use tokio::sync::watch;

/// A token is renewed this long before its end, or after three quarters of a shorter life.
const EARLY: Duration = Duration::from_secs(300);
/// Assumed life of a token whose answer does not say.
const UNKNOWN_LIFE: Duration = Duration::from_secs(3600);
/// The longest life that is believed; tokens that can be challenged live about a day.
const LONGEST_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// After a renewal that failed nobody tries again for this long: what was refused will be refused, and a sign-in service that
/// is out of order is not helped by thousands of commands that ask.
const RENEWAL_PAUSE: Duration = Duration::from_secs(10);
/// A young token that the service refuses without saying why is replaced at most this often: the next one will not be liked
/// better. An older one may have ended by the service's clock.
const REPLACEMENT_PAUSE: Duration = Duration::from_secs(60);

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
    /// Before this a token is young.
    young_until: Instant,
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
        let now = Instant::now();
        let expires = OffsetDateTime::now_utc();
        let unknown = Self { access, refresh, claims, expires, renew_at: now, young_until: now };
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
        let now = Instant::now();
        let token = Self { access, refresh: None, claims, expires, renew_at: now, young_until: now };
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
            young_until: Instant::now() + life / 4,
            ..self
        }
    }

    /// The same tokens with a life of `life` from now on, if that is shorter.
    #[must_use]
    pub fn living_at_most(self, life: Duration) -> Self {
        let life = life.min(self.left());
        self.living(life)
    }

    /// What is left of the access token's life.
    fn left(&self) -> Duration {
        Duration::try_from(self.expires - OffsetDateTime::now_utc()).unwrap_or_default()
    }

    fn is_good(&self) -> bool {
        !self.left().is_zero()
    }
}

/// How a renewal ended; nothing while it runs.
type Outcome = watch::Receiver<Option<Result<(), Fault>>>;

/// The tokens of a connection, shared by all its commands.
#[derive(Debug)]
pub struct TokenSource {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    authority: Authority,
    renewal: Renewal,
    /// Never held while something is waited for.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    tokens: Tokens,
    /// The renewal that runs.
    running: Option<Outcome>,
    /// Why the last renewal failed, and until when nobody tries again; for ever if the refresh token is worth nothing any more.
    failed: Option<(Fault, Option<Instant>)>,
    /// When a young token was last replaced because the service refused it without saying why.
    replaced: Option<Instant>,
}

impl State {
    /// The failure that still counts.
    fn failure(&self) -> Option<Fault> {
        let (fault, until) = self.failed.as_ref()?;
        until.is_none_or(|until| Instant::now() < until).then(|| fault.clone())
    }
}

impl TokenSource {
    /// Keeps the tokens of `sign_in` fresh with `authority`.
    pub fn new(authority: Authority, sign_in: SignIn) -> Self {
        let SignIn { tokens, renewal } = sign_in;
        let state = Mutex::new(State { tokens, running: None, failed: None, replaced: None });
        Self { shared: Arc::new(Shared { authority, renewal, state }) }
    }

    /// End of the access token's life.
    pub fn expires(&self) -> OffsetDateTime {
        self.shared.state().tokens.expires
    }

    /// An access token that is good for a request. While it is, nobody waits: its renewal goes on beside. When it is not, all
    /// who come wait for the one renewal and share what comes of it.
    ///
    /// # Errors
    /// The token's life is over, and the renewal failed.
    pub async fn access(&self, operation: &Arc<Operation>) -> Result<Secret, Fault> {
        loop {
            let outcome = {
                let mut state = self.shared.state();
                let is_good = state.tokens.is_good();
                let is_due =
                    Instant::now() >= state.tokens.renew_at && !matches!(self.shared.renewal, Renewal::Nowhere);
                if is_good && !is_due {
                    return Ok(state.tokens.access.clone());
                }
                let failure = if state.running.is_none() { state.failure() } else { None };
                match failure {
                    Some(_) if is_good => return Ok(state.tokens.access.clone()),
                    Some(fault) => return Err(fault),
                    None => {}
                }
                let outcome = self.shared.renewal(&mut state, None, operation);
                if is_good {
                    return Ok(state.tokens.access.clone());
                }
                outcome
            };
            end(outcome).await?;
        }
    }

    /// Another access token than `refused`, which the service did not take; `claims` is the service's challenge, if any. None
    /// if there is no use in another one: the caller brought the token, or it has just been replaced for the same reason.
    ///
    /// # Errors
    /// The renewal failed.
    pub async fn replace(
        &self,
        refused: &Secret,
        claims: Option<&str>,
        operation: &Arc<Operation>,
    ) -> Result<Option<Secret>, Fault> {
        if matches!(self.shared.renewal, Renewal::Nowhere) {
            return Ok(None);
        }
        loop {
            let outcome = {
                let mut state = self.shared.state();
                // Somebody else may have replaced it.
                if state.tokens.access.expose() != refused.expose() {
                    return Ok(Some(state.tokens.access.clone()));
                }
                match &state.running {
                    // It may answer this challenge too; if not, the next round does.
                    Some(running) => running.clone(),
                    None => {
                        if let Some((fault, None)) = &state.failed {
                            return Err(fault.clone());
                        }
                        let now = Instant::now();
                        if claims.is_none() && now < state.tokens.young_until {
                            if state.replaced.is_some_and(|last| now < last + REPLACEMENT_PAUSE) {
                                return Ok(None);
                            }
                            state.replaced = Some(now);
                        }
                        self.shared.renewal(&mut state, claims, operation)
                    }
                }
            };
            end(outcome).await?;
        }
    }

    /// Overwrites the tokens, so that nothing of them stays in memory.
    pub fn wipe(&self) {
        let mut state = self.shared.state();
        state.tokens.access = Secret::default();
        state.tokens.refresh = None;
        let closed = Fault::connection_closed(self.shared.authority.connect_cmdlet);
        state.failed = Some((closed, None));
    }
}

/// Waits for the end of a renewal.
async fn end(mut outcome: Outcome) -> Result<(), Fault> {
    match outcome.wait_for(Option::is_some).await {
        Ok(end) => end.clone().unwrap_or(Ok(())),
        Err(_) => Err(Fault::internal("The renewal of the access token ended without an answer.")),
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The renewal that runs, or a new one. It runs by itself: a command that is cancelled does not end it for the others.
    fn renewal(self: &Arc<Self>, state: &mut State, claims: Option<&str>, operation: &Arc<Operation>) -> Outcome {
        if let Some(running) = &state.running {
            return running.clone();
        }
        let (sender, outcome) = watch::channel(None);
        state.running = Some(outcome.clone());
        let (shared, claims, operation) = (Arc::clone(self), claims.map(str::to_owned), Arc::clone(operation));
        tokio::spawn(async move {
            // A task of its own: its panic must not leave a renewal that never ends.
            let work = {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move { shared.renew(claims.as_deref(), &operation).await })
            };
            let end = work.await.unwrap_or_else(|join| {
                Err(Fault::internal(format!("The renewal of the access token failed: {join}.")))
            });
            let mut state = shared.state();
            state.running = None;
            state.failed = end.as_ref().err().map(|fault| {
                let is_over = matches!(shared.renewal, Renewal::RefreshToken) && error::ends_refresh_token(fault);
                (fault.clone(), (!is_over).then(|| Instant::now() + RENEWAL_PAUSE))
            });
            drop(state);
            // Whoever waits has a receiver; nobody may.
            let _ = sender.send(Some(end));
        });
        outcome
    }

    /// Gets the next tokens, with patience for a sign-in service that is out of order.
    async fn renew(&self, claims: Option<&str>, operation: &Operation) -> Result<(), Fault> {
        operation.verbose(|| "Trying to get a new token.".to_owned());
        for attempt in 1.. {
            let fault = match self.ask(claims, operation).await {
                Ok(tokens) => return self.take(tokens),
                Err(fault) => fault,
            };
            operation.verbose(|| format!("The access token could not be renewed. {fault}"));
            // Asking for a token again does no harm, whatever the command that waits for it does.
            let Some(wait) = retry::wait(&fault, true, attempt) else { return Err(fault) };
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    async fn ask(&self, claims: Option<&str>, operation: &Operation) -> Result<Tokens, Fault> {
        match &self.renewal {
            Renewal::RefreshToken => self.refresh(claims, operation).await,
            Renewal::Application(application) => application.token(&self.authority, claims, operation).await,
            Renewal::ManagedIdentity(identity) => identity.token(true, operation).await,
            Renewal::Nowhere => Err(Fault::new(
                FaultKind::Authentication,
                "TokenExpired",
                format!(
                    "The access token has expired, and only whoever issued it can renew it. Get a new one for {} and run {} \
                     -AccessToken again.",
                    self.authority.endpoint.resource(),
                    self.authority.connect_cmdlet
                ),
            )
            .ending_session()),
        }
    }

    fn take(&self, mut renewed: Tokens) -> Result<(), Fault> {
        let mut state = self.state();
        if let Some((fault, None)) = &state.failed {
            // The connection was closed meanwhile.
            return Err(fault.clone());
        }
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
        state.tokens = renewed;
        Ok(())
    }

    async fn refresh(&self, claims: Option<&str>, operation: &Operation) -> Result<Tokens, Fault> {
        let (refresh, user) = {
            let state = self.state();
            let user = state.tokens.claims.user_principal_name().map(str::to_owned);
            (state.tokens.refresh.as_ref().map(|token| RefreshToken::new(token.expose().to_owned())), user)
        };
        let refresh = refresh.ok_or_else(|| {
            Fault::new(
                FaultKind::Authentication,
                "TokenExpired",
                format!(
                    "The access token has expired and cannot be renewed. Run {} to sign in again.",
                    self.authority.connect_cmdlet
                ),
            )
            .ending_session()
        })?;
        let response = self
            .authority
            .oauth()
            .exchange_refresh_token(&refresh)
            .add_scopes(self.authority.scopes())
            .add_extra_param("claims", claims.unwrap_or(CLIENT_CAPABILITIES).to_owned())
            .request_async(&self.authority.calls(operation))
            .await
            .map_err(|failure| {
                let attempt = self.authority.attempt(user.as_deref());
                error::translate(failure, &error::Attempt { is_renewal: true, ..attempt })
            })?;
        Tokens::from_response(&response)
    }
}
