//! Connections, and the registry of them. They belong to the process: every thread and every runspace sees the same.

use crate::{
    auth::{self, Authority, claims::Claims, token::TokenSource},
    endpoint::Endpoint,
    event::Event,
    fault::{Fault, FaultKind},
    http::{
        self,
        governor::{Governor, Permit, Requester},
        retry,
    },
    operation::{self, Operation, OperationId},
    public_key::{self, PublicKey},
    rest::{
        self, Diagnostics, InvokeHeaders,
        anchor::{self, SYSTEM_MAILBOX, Subject},
    },
    secret::Secret,
    settings::{Environment, Flow, Settings},
};
use once_cell::sync::Lazy;
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde::{Deserialize, Serialize};
use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

/// The service ends a command after 15 minutes; its answer to that may take a little longer.
pub(crate) const COMMAND_TIMEOUT: Duration = Duration::from_secs(16 * 60);
/// The greeting is a short text, and somebody waits for it.
const GREETING_TIMEOUT: Duration = Duration::from_secs(60);
/// Hops to a regional host that are followed.
const MOST_REDIRECTS: u32 = 8;

static CONNECTIONS: Lazy<RwLock<Vec<Arc<Connection>>>> = Lazy::new(RwLock::default);
static NEXT_NUMBER: AtomicU32 = AtomicU32::new(1);

/// What `Get-ConnectionInformation` shows. The order of members is the order of properties.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionInformation {
    /// A GUID.
    pub connection_id: String,
    /// `Connected` or `Broken`.
    pub state: &'static str,
    /// 1, 2, … within the process.
    pub id: u32,
    /// `ExchangeOnline_1`, `ExchangeOnlineProtection_2`.
    pub name: String,
    /// Who signed in.
    pub user_principal_name: Option<String>,
    /// Address of the service.
    pub connection_uri: String,
    /// Address of the sign-in service.
    pub azure_ad_authorization_endpoint_uri: String,
    /// End of the access token's life, RFC 3339.
    pub token_expiry_time_utc: Option<String>,
    /// Whether a certificate signed in.
    pub certificate_authentication: bool,
    /// The module.
    pub module_name: String,
    /// Prefix of the cmdlets' nouns.
    pub module_prefix: Option<String>,
    /// The organization that was asked for.
    pub organization: Option<String>,
    /// The customer's organization that was asked for.
    pub delegated_organization: Option<String>,
    /// The client application.
    pub app_id: Option<String>,
    /// Objects per page.
    pub page_size: u32,
    /// Id of the tenant.
    #[serde(rename = "tenantId")]
    pub tenant_id: String,
    /// `Active` or `Expired`.
    pub token_status: &'static str,
    /// Whether the bulk cmdlets use this connection.
    pub connection_used_for_inbuilt_cmdlets: bool,
    /// Whether it is a Security & Compliance session.
    pub is_eop_session: bool,
}

/// A signed-in connection.
#[derive(Debug)]
pub struct Connection {
    id: Uuid,
    number: u32,
    settings: Settings,
    endpoint: Endpoint,
    /// The host that serves the tenant: the endpoint's, or the regional one that it sent us to.
    service: RwLock<Url>,
    http: reqwest::Client,
    governor: Governor,
    tokens: TokenSource,
    tenant_id: String,
    app_id: Option<String>,
    user_principal_name: Option<String>,
    /// The routing hint of calls that are about no mailbox.
    anchor: String,
    /// The service's key for secrets, once one was needed.
    key: OnceCell<PublicKey>,
    broken: AtomicBool,
    closed: CancellationToken,
}

/// Starts a sign-in. `settings` is the JSON of [`Settings`]; `secret` the password, `None` if it was not UTF-8.
pub fn open(settings: &[u8], secret: Option<Secret>) -> OperationId {
    let settings: Settings = match serde_json::from_slice(settings) {
        Ok(settings) => settings,
        Err(error) => {
            return operation::failed(
                Fault::invalid_argument(
                    "InvalidSettings",
                    format!("The settings of the connection are not valid: {error}."),
                )
                .ending_session(),
            );
        }
    };
    operation::start(settings.verbose, move |operation| async move {
        let connection = connect(settings, secret, &operation).await.map_err(Fault::ending_session)?;
        let connection = Arc::new(connection);
        CONNECTIONS.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&connection));
        // Somebody who stops the sign-in in its last moment must not be left with a connection that he has never seen.
        let id = connection.id.to_string();
        let undo = move || drop(close(&[id]));
        operation.undo_unless_taken(undo.clone());
        if operation.is_cancelled() {
            undo();
            return Err(Fault::cancelled());
        }
        serde_json::to_vec(&connection.information(!connection.settings.is_eop_session))
            .map_err(|error| Fault::internal(format!("The connection's information could not be written: {error}.")))
    })
}

async fn connect(
    mut settings: Settings,
    secret: Option<Secret>,
    operation: &Arc<Operation>,
) -> Result<Connection, Fault> {
    let endpoint = Endpoint::resolve(&settings)?;
    warn_of_unknown_host(&endpoint, operation);
    let http = http::client(&settings)?;
    let authority = Authority::new(http.clone(), endpoint.clone(), &settings);
    let sign_in = authority.sign_in(&settings, secret, operation).await?;
    // The environment has done its part, and may hold a proxy's password or the secret of an identity endpoint.
    settings.environment_variables = Environment::default();
    let claims = sign_in.tokens.claims.clone();
    operation.verbose(|| {
        format!(
            "Signed in {} in tenant {}.",
            claims.user_principal_name().unwrap_or("an application"),
            claims.tenant_id
        )
    });
    let user_principal_name = claims.user_principal_name().map(str::to_owned);
    let connection = Connection {
        id: Uuid::new_v4(),
        number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
        service: RwLock::new(endpoint.service.clone()),
        endpoint,
        http,
        governor: Governor::new(),
        anchor: own_anchor(&settings, user_principal_name.as_deref(), &claims.tenant_id),
        user_principal_name,
        tenant_id: claims.tenant_id,
        app_id: claims.app_id.or_else(|| Some(auth::CLIENT_ID.to_owned())),
        tokens: TokenSource::new(authority, sign_in),
        settings,
        key: OnceCell::new(),
        broken: AtomicBool::new(false),
        closed: CancellationToken::new(),
    };
    connection.greet(operation).await?;
    Ok(connection)
}

/// An address that is no cloud's gets real tokens all the same; a slip in it should not go unnoticed.
fn warn_of_unknown_host(endpoint: &Endpoint, operation: &Operation) {
    if !endpoint.is_known && !http::is_loopback(&endpoint.service) {
        let host = endpoint.service.host_str().unwrap_or_default();
        operation.event(Event::Warning {
            text: format!(
                "'{host}' in -ConnectionUri is no known address of Exchange Online. It will get an access token."
            ),
        });
    }
}

/// The routing hint for calls that are about no mailbox: the caller's own, which is in this tenant; else the organization's.
/// Sources: the forms that public clients of the admin API use for people, applications and partners.
fn own_anchor(settings: &Settings, user: Option<&str>, tenant_id: &str) -> String {
    let is_elsewhere = settings.delegated_organization.as_deref().is_some_and(|organization| !organization.is_empty());
    if let Some(user) = user.filter(|_| !is_elsewhere) {
        return format!("UPN:{user}");
    }
    let domain = settings.target_organization().map(|(_, name)| name).filter(|name| name.contains('.'));
    match domain {
        // The compliance service finds the region of a tenant by the domain; a partner's calls go to the customer's.
        Some(domain) if settings.is_eop_session || user.is_some() => format!("UPN:{SYSTEM_MAILBOX}@{domain}"),
        _ => format!("APP:{SYSTEM_MAILBOX}@{tenant_id}"),
    }
}

/// Information on all connections, oldest first.
pub fn list() -> Vec<ConnectionInformation> {
    let connections = CONNECTIONS.read().unwrap_or_else(PoisonError::into_inner);
    let last = connections.iter().rposition(|connection| !connection.settings.is_eop_session);
    connections.iter().enumerate().map(|(index, connection)| connection.information(Some(index) == last)).collect()
}

/// Closes the connections named by `ids` and returns the ids of those that were open. Their running commands fail, their
/// tokens are wiped.
pub fn close(ids: &[String]) -> Vec<String> {
    let named = |connection: &Arc<Connection>| {
        let id = connection.id.to_string();
        ids.iter().any(|wanted| wanted.eq_ignore_ascii_case(&id))
    };
    let mut connections = CONNECTIONS.write().unwrap_or_else(PoisonError::into_inner);
    let (closing, staying) = std::mem::take(&mut *connections).into_iter().partition::<Vec<_>, _>(named);
    *connections = staying;
    drop(connections);
    closing
        .into_iter()
        .map(|connection| {
            connection.closed.cancel();
            let id = connection.id.to_string();
            connection.tokens.wipe();
            id
        })
        .collect()
}

/// The kind of session that can run a cmdlet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Surface {
    /// Exchange Online.
    #[default]
    Exchange,
    /// Security & Compliance.
    Compliance,
    /// Either.
    Any,
    /// Exchange Online, whatever the connection's prefix: cmdlets that have none themselves and work on the last connection.
    Inbuilt,
}

impl Surface {
    fn fits(self, connection: &Connection) -> bool {
        match self {
            Self::Exchange | Self::Inbuilt => !connection.settings.is_eop_session,
            Self::Compliance => connection.settings.is_eop_session,
            Self::Any => true,
        }
    }

    /// Whether a connection of another prefix than the command's will do.
    fn takes_any_prefix(self) -> bool {
        self == Self::Inbuilt
    }

    fn connect_cmdlet(self) -> &'static str {
        if self == Self::Compliance { "Connect-IPPSSession" } else { "Connect-ExchangeOnline" }
    }
}

/// The connection for a cmdlet: the one with this id; else the last one made with this prefix; else the last one without a
/// prefix, so that a plain command never reaches an organization that was given a name of its own. The latter two are of the
/// kind in `surface`; the bulk cmdlets, which have no prefix, take the last one of all as in the original.
///
/// # Errors
/// There is none.
pub fn find(id: Option<&str>, prefix: Option<&str>, surface: Surface) -> Result<Arc<Connection>, Fault> {
    let connections = CONNECTIONS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(id) = id {
        let found = connections.iter().find(|connection| connection.id.to_string().eq_ignore_ascii_case(id));
        return found.cloned().ok_or_else(|| {
            Fault::new(
                FaultKind::NotConnected,
                "ConnectionNotFound",
                format!("There is no connection with id '{id}'. Get-ConnectionInformation lists those that are open."),
            )
            .ending_session()
        });
    }
    let wanted = prefix.unwrap_or_default();
    let found = connections
        .iter()
        .rfind(|connection| {
            let is_prefix = surface.takes_any_prefix() || connection.prefix().eq_ignore_ascii_case(wanted);
            is_prefix && surface.fits(connection)
        })
        .cloned();
    found.ok_or_else(|| {
        let mut prefixes: Vec<&str> = connections
            .iter()
            .filter(|connection| wanted.is_empty() && surface.fits(connection))
            .map(|connection| connection.prefix())
            .collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        let more = if prefixes.is_empty() {
            String::new()
        } else {
            format!(
                " All open connections have a prefix ({}); use their own cmdlets, or -ConnectionId.",
                prefixes.join(", ")
            )
        };
        Fault::not_connected(surface.connect_cmdlet(), &more)
    })
}

/// What is kept of a successful answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// All of it.
    Whole,
    /// The text of the service's public key; reading ends there.
    PublicKey,
}

/// A response with its body.
#[derive(Debug)]
struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// A request to the service, as often as it takes.
#[derive(Debug)]
pub(crate) struct ServiceRequest<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// What is being done, for messages: the cmdlet's name.
    pub(crate) what: &'a str,
    /// Whether repeating it is harmless.
    pub(crate) is_read: bool,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
}

impl Connection {
    /// What `Get-ConnectionInformation` shows.
    pub fn information(&self, used_for_inbuilt_cmdlets: bool) -> ConnectionInformation {
        let broken = self.broken.load(Ordering::Relaxed);
        let expires = self.tokens.expires();
        let kind = if self.settings.is_eop_session { "ExchangeOnlineProtection" } else { "ExchangeOnline" };
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        ConnectionInformation {
            connection_id: self.id.to_string(),
            state: if broken { "Broken" } else { "Connected" },
            id: self.number,
            name: format!("{kind}_{}", self.number),
            user_principal_name: self.user_principal_name.clone(),
            connection_uri: self.endpoint.service.as_str().trim_end_matches('/').to_owned(),
            azure_ad_authorization_endpoint_uri: self.endpoint.authority.to_string(),
            token_expiry_time_utc: if broken { None } else { expires.format(&Rfc3339).ok() },
            certificate_authentication: self.settings.flow == Flow::Certificate,
            module_name: self.settings.module_name.clone(),
            module_prefix: given(&self.settings.prefix),
            organization: given(&self.settings.organization),
            delegated_organization: given(&self.settings.delegated_organization),
            app_id: self.app_id.clone(),
            page_size: self.settings.page_size,
            tenant_id: self.tenant_id.clone(),
            token_status: if !broken && expires > OffsetDateTime::now_utc() { "Active" } else { "Expired" },
            connection_used_for_inbuilt_cmdlets: used_for_inbuilt_cmdlets,
            is_eop_session: self.settings.is_eop_session,
        }
    }

    /// Prefix of the cmdlets' nouns, empty for none.
    fn prefix(&self) -> &str {
        self.settings.prefix.as_deref().unwrap_or_default()
    }

    /// Names the connection.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// The connection's settings.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Cancelled when the connection is closed.
    pub(crate) fn closed(&self) -> &CancellationToken {
        &self.closed
    }

    /// The hosts that the token may go to: the one that serves the tenant, and the front door.
    pub(crate) fn own_hosts(&self) -> [Url; 2] {
        [self.service(), self.endpoint.service.clone()]
    }

    /// The host that serves the tenant.
    pub(crate) fn service(&self) -> Url {
        self.service.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Id of the tenant.
    pub(crate) fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    /// The headers of a call. The service wants a call about a mailbox routed to that mailbox's server, and all others to the
    /// caller's.
    pub(crate) fn headers(&self, headers: InvokeHeaders<'_>, subject: Subject<'_>) -> HeaderMap {
        // A caller's own mailbox leads to a server that passes the call on. The compliance service finds the region of a tenant by
        // the domain of the hint, so that a name must not take the place of an address there.
        let takes_names = self.anchor.contains(SYSTEM_MAILBOX) && !self.settings.is_eop_session;
        let anchor = anchor::to_mailbox(subject, takes_names);
        InvokeHeaders {
            anchor: Some(anchor.as_deref().unwrap_or(&self.anchor)).filter(|_| !self.settings.bypass_mailbox_anchoring),
            connection_id: &self.id.to_string(),
            language: &self.settings.language,
            client_version: &self.settings.client_version,
            ..headers
        }
        .to_header_map()
    }

    /// The first call: shows that host, token and account are good, and brings the greeting.
    async fn greet(&self, operation: &Arc<Operation>) -> Result<(), Fault> {
        let headers = self
            .headers(InvokeHeaders { page_size: self.settings.page_size, ..Default::default() }, Subject::default());
        let url = rest::banner_url(&self.service(), &self.tenant_id);
        let request = ServiceRequest {
            method: Method::GET,
            url,
            headers,
            body: Vec::new(),
            what: self.settings.connect_cmdlet(),
            is_read: true,
            timeout: GREETING_TIMEOUT,
        };
        let body = self.send(request, operation).await?;
        if self.settings.show_banner
            && let Ok(serde_json::Value::Object(mut answer)) = serde_json::from_slice(&body)
            && let Some(serde_json::Value::String(text)) = answer.remove("value")
            && !text.trim().is_empty()
        {
            operation.event(Event::Banner { text });
        }
        Ok(())
    }

    /// The service's key for secrets, once one was needed.
    pub(crate) fn key_cell(&self) -> &OnceCell<PublicKey> {
        &self.key
    }

    /// The headers of a request for the file of these `commands`, `*` for all.
    pub(crate) fn module_file_headers(&self, commands: &str, power_shell_version: &str) -> HeaderMap {
        let anchor = Some(self.anchor.as_str()).filter(|_| !self.settings.bypass_mailbox_anchoring);
        rest::module_file_headers(commands, power_shell_version, &self.id.to_string(), anchor)
    }

    /// Sends a request: when the governor lets it, with a fresh token, again after transient faults, to the regional host if
    /// the service says so. Returns the body of a successful answer.
    pub(crate) async fn send(&self, request: ServiceRequest<'_>, operation: &Arc<Operation>) -> Result<Vec<u8>, Fault> {
        self.send_keeping(Answer::Whole, request, operation).await
    }

    /// As [`send`](Self::send), but returns only the text of the public key in the answer, empty if there is none.
    pub(crate) async fn send_for_key(
        &self,
        request: ServiceRequest<'_>,
        operation: &Arc<Operation>,
    ) -> Result<Vec<u8>, Fault> {
        self.send_keeping(Answer::PublicKey, request, operation).await
    }

    async fn send_keeping(
        &self,
        answer: Answer,
        mut request: ServiceRequest<'_>,
        operation: &Arc<Operation>,
    ) -> Result<Vec<u8>, Fault> {
        let mut attempt = 1;
        let mut redirects = 0;
        let mut token_replaced = false;
        // The host that a redirect named; kept for the connection once it has answered.
        let mut regional: Option<Url> = None;
        let mut requester = self.governor.request(operation.id());
        loop {
            // Before the token: it could expire while the request waits.
            let permit = requester.admitted().await;
            let token = self.token(operation).await?;
            let response = match self.send_once(answer, &request, &token, operation).await {
                Ok(response) => response,
                Err(fault) => {
                    drop(permit);
                    self.pause(&fault, &request, &mut attempt, operation).await?;
                    continue;
                }
            };
            if let Some(wish) = retry::pause_wanted(&response.headers) {
                self.governor.pause(wish);
            }
            if [301, 302, 307, 308].contains(&response.status.as_u16()) && redirects < MOST_REDIRECTS {
                redirects += 1;
                regional = Some(self.follow(&response, &mut request, operation)?);
                continue;
            }
            if response.status.is_success() {
                answered(permit, operation);
                if let Some(regional) = regional.take() {
                    *self.service.write().unwrap_or_else(PoisonError::into_inner) = regional;
                }
                return Ok(response.body);
            }
            let diagnostics = Diagnostics::read(&response.headers);
            let mut fault = rest::fault_of_response(
                response.status,
                &diagnostics,
                &response.body,
                request.what,
                self.user_principal_name.as_deref(),
            );
            fault.retry_after = retry::retry_after(&response.headers);
            if retry::is_refusal(&fault) {
                if try_again(&mut requester, permit, &fault, &request, operation) {
                    continue;
                }
                tell_warnings(&response, operation);
                return Err(fault);
            }
            if response.status.is_server_error() {
                // It took the request and failed, which says nothing about how many it can take.
                drop(permit);
            } else {
                answered(permit, operation);
            }
            if response.status == StatusCode::UNAUTHORIZED && !token_replaced {
                token_replaced = true;
                if self.replace_token(&token, &response.headers, &fault, operation).await? {
                    continue;
                }
                if self.settings.flow == Flow::AccessToken {
                    fault.message.push_str(&self.advice_on_token(&token));
                }
            }
            if let Err(fault) = self.pause(&fault, &request, &mut attempt, operation).await {
                tell_warnings(&response, operation);
                return Err(fault);
            }
        }
    }

    /// The fault of a command whose connection is closed under it.
    pub(crate) fn closed_fault(&self) -> Fault {
        Fault::connection_closed(self.settings.connect_cmdlet())
    }

    async fn token(&self, operation: &Arc<Operation>) -> Result<Secret, Fault> {
        if self.closed.is_cancelled() {
            return Err(self.closed_fault());
        }
        let token = self.tokens.access(operation).await.map_err(|fault| self.break_with(fault))?;
        self.broken.store(false, Ordering::Relaxed);
        Ok(token)
    }

    /// Gets another token after one was refused with `fault`, and says whether that is worth another attempt: a role that is
    /// missing stays missing, and a token of the caller stays what it is.
    async fn replace_token(
        &self,
        refused: &Secret,
        headers: &HeaderMap,
        fault: &Fault,
        operation: &Arc<Operation>,
    ) -> Result<bool, Fault> {
        let challenge =
            headers.get_all("www-authenticate").iter().find_map(|header| claims_challenge(header.to_str().ok()?));
        if challenge.is_none() && fault.message.contains("is not allowed to") {
            return Ok(false);
        }
        operation.verbose(|| "The service asked for another access token.".to_owned());
        let replaced = self.tokens.replace(refused, challenge.as_deref(), operation).await;
        let is_new = replaced.map_err(|fault| self.break_with(fault))?.is_some();
        if is_new {
            self.broken.store(false, Ordering::Relaxed);
        }
        Ok(is_new)
    }

    /// What to do about a token that the caller brought and the service refused.
    fn advice_on_token(&self, token: &Secret) -> String {
        let resource = self.endpoint.resource();
        let audience = Claims::read(token).ok().and_then(|claims| claims.audience().map(str::to_owned));
        // The same resource is written with and without a slash.
        let elsewhere = audience
            .filter(|audience| audience.trim_end_matches('/') != resource.trim_end_matches('/'))
            .map_or_else(String::new, |audience| format!(" The token was issued for '{audience}'."));
        format!(
            "{elsewhere} If another token would do, get one for {resource} and run {} -AccessToken again.",
            self.settings.connect_cmdlet()
        )
    }

    /// A refused renewal is the end of the connection; a network fault during one is not.
    fn break_with(&self, fault: Fault) -> Fault {
        if matches!(fault.kind, FaultKind::Authentication | FaultKind::InteractionRequired) {
            self.broken.store(true, Ordering::Relaxed);
        }
        fault
    }

    /// Waits before the next attempt, or gives the fault back when there is none.
    async fn pause(
        &self,
        fault: &Fault,
        request: &ServiceRequest<'_>,
        attempt: &mut u32,
        operation: &Arc<Operation>,
    ) -> Result<(), Fault> {
        let Some(wait) = retry::wait(fault, request.is_read, *attempt) else { return Err(fault.clone()) };
        *attempt += 1;
        operation.verbose(|| {
            format!(
                "{} Trying {} again in {:.1} s (attempt {attempt}).",
                fault.message,
                request.what,
                wait.as_secs_f64()
            )
        });
        tokio::time::sleep(wait).await;
        Ok(())
    }

    async fn send_once(
        &self,
        answer: Answer,
        request: &ServiceRequest<'_>,
        token: &Secret,
        operation: &Arc<Operation>,
    ) -> Result<Response, Fault> {
        let begun = Instant::now();
        let fault = |error: reqwest::Error| http::transport_fault(&error, &request.url);
        let client_request_id = Uuid::new_v4();
        operation.sending(client_request_id);
        let response = self
            .http
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone())
            .header("client-request-id", client_request_id.to_string())
            .bearer_auth(token.expose())
            .timeout(request.timeout)
            .body(request.body.clone())
            .send()
            .await
            .map_err(fault)?;
        let status = response.status();
        let headers = response.headers().clone();
        let read = match answer {
            Answer::PublicKey if status.is_success() => public_key::read(response).await,
            Answer::Whole | Answer::PublicKey => whole(response).await,
        };
        let body = match read {
            Ok(body) => body,
            // Some errors claim to be compressed and are not; their status says enough.
            Err(error) if error.is_decode() && !status.is_success() => Vec::new(),
            Err(error) => return Err(fault(error)),
        };
        operation.verbose(|| {
            http::call_line(&request.method, &request.url, status, body.len(), begun, Some(&client_request_id))
        });
        Ok(Response { status, headers, body })
    }

    /// Turns the request to the regional host that a redirect names, and returns that host.
    fn follow(
        &self,
        response: &Response,
        request: &mut ServiceRequest<'_>,
        operation: &Arc<Operation>,
    ) -> Result<Url, Fault> {
        let location = http::header(&response.headers, "location");
        let regional = regional_host(&self.endpoint.service, &self.endpoint.door, location)
            .filter(|regional| regional.host() != request.url.host() || regional.port() != request.url.port())
            .ok_or_else(|| Fault::protocol("The service sent the request to an address that is not its own."))?;
        operation.verbose(|| format!("The tenant is served by {}.", regional.host_str().unwrap_or_default()));
        let _ = request.url.set_host(regional.host_str());
        let _ = request.url.set_port(regional.port());
        Ok(regional)
    }
}

/// Whether a request that the service refused to take may be sent again; the governor says when.
fn try_again(
    requester: &mut Requester<'_>,
    permit: Permit<'_>,
    fault: &Fault,
    request: &ServiceRequest<'_>,
    operation: &Operation,
) -> bool {
    let refusal = requester.refused(permit, fault, request.is_read);
    if let Some(change) = refusal.change {
        operation.verbose(|| change.to_string());
    }
    let Some(wait) = refusal.again else { return false };
    operation.verbose(|| {
        // Attempts are counted only as long as nobody is served.
        let count = if refusal.in_vain == 0 { String::new() } else { format!(" (attempt {})", refusal.in_vain + 1) };
        format!("{} Trying {} again in {:.1} s{count}.", fault.message, request.what, wait.as_secs_f64())
    });
    true
}

/// The service took the request.
fn answered(permit: Permit<'_>, operation: &Operation) {
    if let Some(change) = permit.answered() {
        operation.verbose(|| change.to_string());
    }
}

fn tell_warnings(response: &Response, operation: &Operation) {
    for text in rest::warnings_of_error(&response.body) {
        operation.event(Event::Warning { text });
    }
}

/// The whole body. Pieces are put together as they come, so that each is copied while it is at hand, and never all are there
/// twice.
async fn whole(mut response: reqwest::Response) -> reqwest::Result<Vec<u8>> {
    /// Room for an answer of unknown length.
    const ROOM: usize = 16 << 10;
    /// Most room that is made for what the service only says will come.
    const MOST_ROOM: usize = 64 << 20;
    let room = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(ROOM).min(MOST_ROOM);
    let mut body = Vec::with_capacity(room);
    while let Some(piece) = response.chunk().await? {
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// A request that names the connection it is for.
pub(crate) trait Addressed: serde::de::DeserializeOwned + Send + 'static {
    /// The connection's id, or none for the last one that fits the prefix and the surface; those; and whether verbose events
    /// are wanted.
    fn address(&self) -> (Option<&str>, Option<&str>, Surface, bool);
}

/// Starts `work` for `request`, the JSON of an `R`, on the connection that it names: the one that is there now, whatever is
/// opened or closed later. Work ends when the connection is closed, and its faults say which connection it was.
pub(crate) fn serve<R, W, F>(request: &[u8], work: W) -> OperationId
where
    R: Addressed,
    W: FnOnce(Arc<Connection>, R, Arc<Operation>) -> F + Send + 'static,
    F: Future<Output = Result<Vec<u8>, Fault>> + Send + 'static,
{
    let request: R = match serde_json::from_slice(request) {
        Ok(request) => request,
        Err(error) => {
            return operation::failed(Fault::invalid_argument(
                "InvalidRequest",
                format!("The request is not valid: {error}."),
            ));
        }
    };
    let (id, prefix, surface, verbose) = request.address();
    let connection = match find(id, prefix, surface) {
        Ok(connection) => connection,
        Err(fault) => return operation::failed(fault),
    };
    operation::start(verbose, move |operation| async move {
        let outcome = tokio::select! {
            outcome = work(Arc::clone(&connection), request, operation) => outcome,
            () = connection.closed().cancelled() => Err(connection.closed_fault()),
        };
        outcome.map_err(|fault| Fault { connection_id: Some(connection.id().to_string()), ..fault })
    })
}

/// Where back-end servers are, beside the domain of the front door itself.
const BACK_ENDS: [&str; 3] = [".protection.outlook.com", ".protection.office365.us", ".protection.partner.outlook.cn"];

/// The regional host for a redirect to `location`, or `None` if it leads away from the service. Only the first label of the
/// named host is used, below the front door, so that the token never leaves the service's own domain.
fn regional_host(service: &Url, door: &Url, location: &str) -> Option<Url> {
    if location.is_empty() {
        return None;
    }
    let location = service.join(location).ok().filter(|location| location.scheme() == "https")?;
    if location.host() == service.host() {
        // The same host on another port: a back end behind the same name. Port 446 is the back ends' own.
        let mut same = service.clone();
        same.set_port(location.port().filter(|port| *port != 446)).ok()?;
        return Some(same);
    }
    let mut regional = door.clone();
    let (url::Host::Domain(host), url::Host::Domain(door)) = (location.host()?, door.host()?) else {
        return None;
    };
    if host == door {
        return Some(regional);
    }
    let domain: Vec<&str> = door.rsplitn(3, '.').take(2).collect();
    let [top, second] = domain.as_slice() else { return None };
    let is_own = host.ends_with(&format!(".{second}.{top}")) || BACK_ENDS.iter().any(|domain| host.ends_with(domain));
    let region = host.split('.').next().filter(|region| {
        is_own
            && !region.is_empty()
            && region.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
    })?;
    regional.set_host(Some(&format!("{region}.{door}"))).ok()?;
    Some(regional)
}

/// The claims of a challenge (`error="insufficient_claims", claims="<base64>"`), as JSON text.
fn claims_challenge(header: &str) -> Option<String> {
    use base64::{
        Engine, alphabet,
        engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    };
    // Both alphabets and both ways to end have been seen.
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const ENGINE: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    if !header.contains("insufficient_claims") {
        return None;
    }
    let (_, rest) = header.split_once("claims=\"")?;
    let (encoded, _) = rest.split_once('"')?;
    let encoded = encoded.replace('-', "+").replace('_', "/");
    let decoded = String::from_utf8(ENGINE.decode(encoded).ok()?).ok()?;
    // Our capability goes with it, or the next token would not be one that can be challenged.
    let mut claims: serde_json::Value = serde_json::from_str(&decoded).ok()?;
    let access = claims.as_object_mut()?.entry("access_token").or_insert_with(|| serde_json::json!({}));
    access.as_object_mut()?.insert("xms_cc".into(), serde_json::json!({"values": ["cp1"]}));
    Some(claims.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("valid")
    }

    #[test]
    fn redirects_stay_in_the_services_domain() {
        let front_door = url("https://outlook.office365.com/");
        let host = |location: &str| regional_host(&front_door, &front_door, location).map(|url| url.to_string());
        assert_eq!(
            host("https://eur02b.admin.protection.outlook.com:446/adminapi/x").as_deref(),
            Some("https://eur02b.outlook.office365.com/")
        );
        assert_eq!(
            host("https://eur02b.outlook.office365.com/x").as_deref(),
            Some("https://eur02b.outlook.office365.com/")
        );
        for elsewhere in
            ["", "https://evil.example/", "https://login.microsoftonline.com/", "https://evil-office365.com/"]
        {
            assert_eq!(host(elsewhere), None, "{elsewhere}");
        }
        assert_eq!(host("http://eur02b.outlook.office365.com/"), None);
        assert_eq!(host("https://192.0.2.1/"), None);
        assert_eq!(host("https://outlook.office365.com:444/x").as_deref(), Some("https://outlook.office365.com:444/"));
        let compliance = url("https://ps.compliance.protection.outlook.com/");
        assert_eq!(
            regional_host(&compliance, &compliance, "https://nam12b.admin.protection.outlook.com:446/x")
                .map(|url| url.to_string())
                .as_deref(),
            Some("https://nam12b.ps.compliance.protection.outlook.com/")
        );
        // A region that somebody gave is left for the tenant's own.
        let given = url("https://nam12b.ps.compliance.protection.outlook.com/");
        assert_eq!(
            regional_host(&given, &compliance, "https://eur02b.admin.protection.outlook.com:446/x")
                .map(|url| url.to_string())
                .as_deref(),
            Some("https://eur02b.ps.compliance.protection.outlook.com/")
        );
    }

    #[test]
    fn a_claims_challenge_is_decoded_and_keeps_our_capability() {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let encoded = BASE64_STANDARD.encode(r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#);
        let header = format!(r#"Bearer realm="", error="insufficient_claims", claims="{encoded}""#);
        let claims: serde_json::Value =
            serde_json::from_str(&claims_challenge(&header).expect("a challenge")).expect("JSON");
        assert_eq!(claims["access_token"]["nbf"]["value"], "1");
        assert_eq!(claims["access_token"]["xms_cc"]["values"][0], "cp1");
        assert_eq!(claims_challenge(r#"Bearer error="invalid_token""#), None);
    }

    #[test]
    fn without_a_connection_there_is_one_clear_fault() {
        let fault = find(None, Some("NoSuchPrefix"), Surface::Any).expect_err("no such connection");
        assert_eq!(fault.kind, FaultKind::NotConnected);
        assert_eq!(fault.message, "You must call Connect-ExchangeOnline before calling any other cmdlet.");
        let fault = find(None, Some("NoSuchPrefix"), Surface::Compliance).expect_err("no such connection");
        assert_eq!(fault.message, "You must call Connect-IPPSSession before calling any other cmdlet.");
        let fault = find(None, None, Surface::Inbuilt).expect_err("no such connection");
        assert_eq!(fault.message, "You must call Connect-ExchangeOnline before calling any other cmdlet.");
        let fault = find(Some("0-0"), None, Surface::Any).expect_err("no such connection");
        assert_eq!((fault.kind, fault.error_id.as_str()), (FaultKind::NotConnected, "ConnectionNotFound"));
    }

    #[test]
    fn calls_about_no_mailbox_are_routed_by_who_calls() {
        let of = |json: serde_json::Value, user: Option<&str>| {
            own_anchor(&serde_json::from_value(json).expect("valid settings"), user, "tenant-id")
        };
        use serde_json::json;
        assert_eq!(of(json!({"flow": "browser"}), Some("adele@contoso.com")), "UPN:adele@contoso.com");
        let app = json!({"flow": "certificate", "organization": "contoso.onmicrosoft.com"});
        assert_eq!(of(app, None), format!("APP:{SYSTEM_MAILBOX}@tenant-id"));
        let compliance =
            json!({"flow": "certificate", "organization": "contoso.onmicrosoft.com", "isEopSession": true});
        assert_eq!(of(compliance, None), format!("UPN:{SYSTEM_MAILBOX}@contoso.onmicrosoft.com"));
        let partner = json!({"flow": "browser", "delegatedOrganization": "customer.onmicrosoft.com"});
        assert_eq!(of(partner, Some("adele@partner.com")), format!("UPN:{SYSTEM_MAILBOX}@customer.onmicrosoft.com"));
    }
}
