//! Errors of the sign-in endpoints, with the codes that Entra ID publishes.

use hyper::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::http::{Reply, json as json_reply, set_header};
use crate::secrets::new_guid;

/// An error of a sign-in endpoint.
#[derive(Clone, Debug)]
pub struct EntraError {
    /// The OAuth error word.
    pub error: &'static str,
    /// The number after `AADSTS`.
    pub code: u32,
    /// The sentence.
    pub message: String,
    /// The `suberror` word, if there is one.
    pub suberror: Option<&'static str>,
}

impl EntraError {
    /// An error of word, number and sentence.
    #[must_use]
    pub fn new(error: &'static str, code: u32, message: impl Into<String>) -> Self {
        Self { error, code, message: message.into(), suberror: None }
    }

    /// `AADSTSnnnnn: sentence`, without the trace that every answer gets.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("AADSTS{}: {}", self.code, self.message)
    }

    /// The error's JSON.
    #[must_use]
    pub fn body(&self, correlation: Option<&str>) -> Value {
        let (trace, timestamp) = (new_guid(), timestamp());
        let correlation = correlation.and_then(crate::directory::value::normalise_guid).unwrap_or_else(new_guid);
        let mut body = json!({
            "error": self.error,
            "error_description": format!(
                "{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}", self.sentence()
            ),
            "error_codes": [self.code],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
        });
        if let Some(suberror) = self.suberror {
            body["suberror"] = suberror.into();
        }
        body
    }

    /// The error as the token endpoint answers it.
    #[must_use]
    pub fn reply(&self, correlation: Option<&str>) -> Reply {
        let status = if self.error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let mut reply = json_reply(status, &self.body(correlation));
        set_header(&mut reply, "cache-control", "no-store, no-cache");
        reply
    }
}

fn timestamp() -> String {
    OffsetDateTime::now_utc()
        .format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z"))
        .unwrap_or_default()
}
