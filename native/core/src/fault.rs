//! The closed set of errors. Every failure of the core is one [`Fault`]; the caller's side has one table from
//! [`FaultKind`] to its own error categories.

use serde::Serialize;
use std::{fmt, time::Duration};

/// What kind of failure it is, as far as a caller can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FaultKind {
    /// Sign-in was refused or has ended.
    Authentication,
    /// Sign-in needs a person (multi-factor authentication, consent, a policy).
    InteractionRequired,
    /// Somebody cancelled or declined the sign-in.
    SignInCancelled,
    /// There is no connection, or not the one that was named.
    NotConnected,
    /// A setting or parameter is wrong.
    InvalidArgument,
    /// The request makes no sense in the present state.
    InvalidOperation,
    /// The object does not exist.
    NotFound,
    /// The identity fits several objects.
    Ambiguous,
    /// An object or address of that name exists already.
    AlreadyExists,
    /// The account lacks the role.
    Denied,
    /// The service asks to slow down and kept asking.
    Throttled,
    /// The service is out of order for the moment.
    ServiceUnavailable,
    /// The cmdlet failed in the service for a reason of its own.
    Service,
    /// The host could not be reached, or the connection broke.
    Network,
    /// The server's certificate is not trusted.
    Certificate,
    /// It took too long.
    Timeout,
    /// The answer is not what the protocol says.
    Protocol,
    /// The paging token was refused.
    PageExpired,
    /// The caller cancelled.
    Cancelled,
    /// A defect in the core.
    Internal,
}

/// A failure: the text for people, the id for scripts, and what is known of its origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// The kind.
    pub kind: FaultKind,
    /// The text of the error. For errors of a cmdlet it has the service's form `id|exception type|text`.
    pub message: String,
    /// The id that scripts match on.
    pub error_id: String,
    /// .NET type name of the service's exception.
    pub exception_type: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
    /// The service's id of the request, for a support call.
    pub request_id: Option<String>,
    /// The server that answered.
    pub server: Option<String>,
    /// The connection of the command that failed, once one was chosen.
    pub connection_id: Option<String>,
    /// How long the service asks to wait before the next attempt.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
    /// True when the connection (or the attempt to make one) is over, so that going on makes no sense.
    pub ends_session: bool,
    /// True when the same request would fail again whatever its kind promises: the service says that it is out of order, and
    /// nothing that it passes.
    #[serde(skip)]
    pub is_lasting: bool,
    /// More for people who look for the cause. Never a secret.
    pub detail: Option<String>,
}

impl Fault {
    /// A fault with nothing but kind, id and text.
    pub fn new(kind: FaultKind, error_id: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            error_id: error_id.into(),
            exception_type: None,
            status: None,
            request_id: None,
            server: None,
            connection_id: None,
            retry_after: None,
            ends_session: false,
            is_lasting: false,
            detail: None,
        }
    }

    /// The same fault, marked as the end of its connection.
    #[must_use]
    pub fn ending_session(mut self) -> Self {
        self.ends_session = true;
        self
    }

    /// The same fault with more for people who look for the cause.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Whether the reason may go away by itself, so that the same request can succeed a little later.
    pub fn is_transient(&self) -> bool {
        !self.is_lasting
            && matches!(
                self.kind,
                FaultKind::Throttled | FaultKind::ServiceUnavailable | FaultKind::Network | FaultKind::Timeout
            )
    }

    /// The caller cancelled the operation.
    pub fn cancelled() -> Self {
        Self::new(FaultKind::Cancelled, "OperationCancelled", "The operation was cancelled.")
    }

    /// No connection to run a cmdlet on. The text is the original module's, which scripts look for; `more` follows it.
    pub fn not_connected(connect_cmdlet: &str, more: &str) -> Self {
        Self::new(
            FaultKind::NotConnected,
            "NotConnected",
            format!("You must call {connect_cmdlet} before calling any other cmdlet.{more}"),
        )
        .ending_session()
    }

    /// The connection that was used is closed.
    pub fn connection_closed(connect_cmdlet: &str) -> Self {
        Self::new(
            FaultKind::NotConnected,
            "ConnectionClosed",
            format!("The connection was closed while the command was running. Run {connect_cmdlet} to make a new one."),
        )
        .ending_session()
    }

    /// An argument of the caller is wrong.
    pub fn invalid_argument(error_id: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(FaultKind::InvalidArgument, error_id, message)
    }

    /// The answer is not what the protocol says.
    pub fn protocol(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Protocol, "UnexpectedResponse", message)
    }

    /// A defect of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Internal, "InternalError", message)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}
