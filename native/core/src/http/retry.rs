//! When and after how long a request is repeated.
//!
//! Reads are repeated after network failures, time-outs of the server, throttling and faults that the service calls
//! transient. Writes are repeated only when they cannot have happened: the service refused to take them (429, or 503 with
//! `Retry-After`), or no connection was made.

use crate::fault::{Fault, FaultKind};
use reqwest::header::HeaderMap;
use std::time::{Duration, SystemTime};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Attempts in all. One that the service refused to take counts only if nobody else on the connection is served either.
pub const ATTEMPTS: u32 = 5;
/// Attempts to reach a host: somebody may be waiting at a prompt for an address that does not exist.
const CONNECT_ATTEMPTS: u32 = 3;
pub(crate) const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A service that asks for a longer pause than this gets its way, but not for hours.
pub(crate) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);

/// How long to wait before attempt `attempt + 1` after `fault` ended attempt `attempt` (from 1), or `None` to give up.
///
/// The service's own wish in the fault comes first; `is_read` says whether repeating is harmless.
pub fn wait(fault: &Fault, is_read: bool, attempt: u32) -> Option<Duration> {
    let attempts = if fault.error_id == "HostUnreachable" { CONNECT_ATTEMPTS } else { ATTEMPTS };
    if attempt >= attempts {
        return None;
    }
    let not_taken = match fault.kind {
        FaultKind::Throttled => true,
        FaultKind::ServiceUnavailable => fault.retry_after.is_some() && fault.status == Some(503),
        FaultKind::Network => fault.error_id == "HostUnreachable",
        _ => false,
    };
    if !(not_taken || is_read && fault.is_transient()) {
        return None;
    }
    Some(fault.retry_after.map_or_else(|| backoff(attempt), |wish| wish.min(LONGEST_RETRY_AFTER)))
}

/// 1, 2, 4 … 30 seconds, each a fifth shorter or longer at random, so that many clients do not come back together.
fn backoff(attempt: u32) -> Duration {
    let base = FIRST_WAIT.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(LONGEST_WAIT);
    let jitter = f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 255.0;
    base.mul_f64(0.8 + 0.4 * jitter)
}

/// Whether the service did not even look at the request, because it gets too many.
pub(crate) fn is_refusal(fault: &Fault) -> bool {
    fault.kind == FaultKind::Throttled || fault.status == Some(503)
}

/// Whether a refusal is about how many requests are under way, not about how many there were in a time.
pub(crate) fn is_too_many_at_once(fault: &Fault) -> bool {
    fault.message.contains("concurrent")
}

/// The pause that the service asks everybody on the connection for: [`retry_after`], or the time when it counts anew if
/// nothing is left until then.
pub(crate) fn pause_wanted(headers: &HeaderMap) -> Option<Duration> {
    if let Some(wish) = retry_after(headers) {
        return Some(wish);
    }
    if super::header(headers, "rate-limit-remaining").trim() != "0" {
        return None;
    }
    let reset = OffsetDateTime::parse(super::header(headers, "rate-limit-reset").trim(), &Rfc3339).ok()?;
    Some(Duration::try_from(reset - OffsetDateTime::now_utc()).unwrap_or_default())
}

/// The pause that the service asks for: seconds or a date in `Retry-After`.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = super::header(headers, "retry-after").trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(kind: FaultKind, status: u16) -> Fault {
        Fault { status: Some(status), ..Fault::new(kind, "x", "x") }
    }

    /// The fault with the service's wish to wait.
    fn asking(fault: Fault, seconds: u64) -> Fault {
        Fault { retry_after: Some(Duration::from_secs(seconds)), ..fault }
    }

    #[test]
    fn reads_are_repeated_after_transient_faults_only() {
        for kind in [FaultKind::Throttled, FaultKind::ServiceUnavailable, FaultKind::Network, FaultKind::Timeout] {
            assert!(wait(&fault(kind, 500), true, 1).is_some(), "{kind:?}");
        }
        for kind in [FaultKind::NotFound, FaultKind::Denied, FaultKind::Authentication, FaultKind::Certificate] {
            assert!(wait(&fault(kind, 400), true, 1).is_none(), "{kind:?}");
        }
    }

    #[test]
    fn writes_are_repeated_only_when_they_were_not_taken() {
        assert!(wait(&fault(FaultKind::Throttled, 429), false, 1).is_some());
        assert!(wait(&asking(fault(FaultKind::ServiceUnavailable, 503), 1), false, 1).is_some());
        assert!(wait(&fault(FaultKind::ServiceUnavailable, 503), false, 1).is_none());
        assert!(wait(&asking(fault(FaultKind::ServiceUnavailable, 502), 1), false, 1).is_none());
        assert!(wait(&fault(FaultKind::Network, 0), false, 1).is_none());
        assert!(wait(&fault(FaultKind::Timeout, 0), false, 1).is_none());
        assert!(wait(&Fault::new(FaultKind::Network, "HostUnreachable", "x"), false, 1).is_some());
    }

    #[test]
    fn it_ends_and_waits_longer_each_time() {
        assert!(wait(&fault(FaultKind::Timeout, 500), true, ATTEMPTS).is_none());
        assert!(wait(&Fault::new(FaultKind::Network, "HostUnreachable", "x"), true, 3).is_none());
        let second = backoff(2);
        assert!(second >= Duration::from_millis(1600) && second <= Duration::from_millis(2400), "{second:?}");
        assert!(backoff(60) <= Duration::from_secs(36));
    }

    #[test]
    fn nothing_left_until_the_service_counts_anew() {
        let headers = |left: &str, reset: &str| {
            HeaderMap::from_iter([
                ("rate-limit-remaining".parse().unwrap(), left.parse().unwrap()),
                ("rate-limit-reset".parse().unwrap(), reset.parse().unwrap()),
            ])
        };
        let soon = (OffsetDateTime::now_utc() + Duration::from_secs(60)).format(&Rfc3339).expect("a date");
        assert!(pause_wanted(&headers("0", &soon)).is_some_and(|wait| wait.as_secs().abs_diff(60) <= 2));
        assert_eq!(pause_wanted(&headers("1", &soon)), None);
        assert_eq!(pause_wanted(&headers("0", "soon")), None);
        assert_eq!(pause_wanted(&headers("0", "2020-01-01T00:00:00Z")), Some(Duration::ZERO));
    }

    #[test]
    fn retry_after_in_seconds_and_as_a_date() {
        let headers = |text: &str| HeaderMap::from_iter([("retry-after".parse().unwrap(), text.parse().unwrap())]);
        assert_eq!(retry_after(&headers("7")), Some(Duration::from_secs(7)));
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60));
        assert!(retry_after(&headers(&date)).is_some_and(|wait| wait.as_secs().abs_diff(60) <= 2));
        assert_eq!(retry_after(&headers("Thu, 01 Jan 1970 00:00:00 GMT")), Some(Duration::ZERO));
        assert_eq!(retry_after(&headers("soon")), None);
        assert_eq!(wait(&asking(fault(FaultKind::Throttled, 429), 9), true, 1), Some(Duration::from_secs(9)));
    }
}
