//! From answers of the sign-in service to faults that a person can act on.
//!
//! The service's sentence stays as it is, with its AADSTS code, correlation id and time, because scripts and support look
//! for them; a sentence that says what to do comes first.

use super::SendError;
use crate::fault::{Fault, FaultKind};
use oauth2::{ErrorResponseType, RequestTokenError, StandardErrorResponse};
use std::fmt::Display;

/// Translates a failed token request of `user` (who may be unknown).
pub(super) fn translate<T>(error: RequestTokenError<SendError, StandardErrorResponse<T>>, user: Option<&str>) -> Fault
where
    T: ErrorResponseType + AsRef<str> + Display + 'static,
{
    match error {
        RequestTokenError::Request(SendError(fault)) => fault,
        RequestTokenError::ServerResponse(response) => from_answer(
            response.error().as_ref(),
            response.error_description().map(String::as_str).unwrap_or_default(),
            user,
        ),
        RequestTokenError::Parse(error, _) => Fault::protocol(format!(
            "The answer of the sign-in service could not be read ({error}). Check AzureADAuthorizationEndpointUri."
        ))
        .ending_session(),
        RequestTokenError::Other(text) => Fault::protocol(format!("Sign-in failed: {text}.")).ending_session(),
    }
}

/// The fault for a status that says nothing of the sign-in, only that the service cannot take it now. The body may be
/// anything, a gateway's page included.
pub(super) fn passing_fault(status: u16, host: &str) -> Option<Fault> {
    let (kind, error_id, what) = match status {
        408 | 504 => (FaultKind::Timeout, "RequestTimeout", "took too long"),
        429 => (FaultKind::Throttled, "SignInThrottled", "is throttling sign-ins"),
        500..=599 => (FaultKind::ServiceUnavailable, "SignInServiceUnavailable", "is out of order for the moment"),
        _ => return None,
    };
    let message = format!("The sign-in service {host} {what} (HTTP {status}). Please try again after some time.");
    Some(Fault { status: Some(status), ..Fault::new(kind, error_id, message) })
}

/// Translates an error answer: `error` is the OAuth code, `description` the sentence that begins with an AADSTS code.
pub(super) fn from_answer(error: &str, description: &str, user: Option<&str>) -> Fault {
    let code = aadsts_code(description);
    let user =
        user.filter(|user| !user.is_empty()).map_or_else(|| "the account".to_owned(), |user| format!("'{user}'"));
    let (kind, advice) = match code {
        Some(50126) => (FaultKind::Authentication, format!("The user name or password of {user} is wrong.")),
        Some(50034) => (
            FaultKind::Authentication,
            format!("There is no user {user} in the directory. Check the user principal name."),
        ),
        Some(50053) => (FaultKind::Authentication, format!("Sign-in of {user} is locked after too many attempts.")),
        Some(50055) => {
            (FaultKind::Authentication, format!("The password of {user} has expired. Change it and try again."))
        }
        Some(50057) => (FaultKind::Authentication, format!("The account {user} is disabled.")),
        Some(50076 | 50079 | 50158 | 50072 | 50074) => (
            FaultKind::InteractionRequired,
            format!(
                "{} needs multi-factor authentication, which -Credential cannot do. Use Connect-ExchangeOnline \
                 -UserPrincipalName instead, or an app with a certificate for unattended jobs.",
                capitalised(&user)
            ),
        ),
        Some(53000..=53004) => (
            FaultKind::InteractionRequired,
            format!("A Conditional Access policy blocks the sign-in of {user} in this way or from this place."),
        ),
        Some(65001) => (
            FaultKind::InteractionRequired,
            "The organization has not consented to this client. Sign in once in the browser as an administrator."
                .into(),
        ),
        Some(65004 | 500_121) => (FaultKind::SignInCancelled, "The sign-in was declined.".into()),
        Some(90002) => (
            FaultKind::Authentication,
            "The organization was not found. Check -Organization or -AzureADAuthorizationEndpointUri.".into(),
        ),
        Some(700_016) => (
            FaultKind::Authentication,
            "The client application is not known in this directory or cloud. Check -ExchangeEnvironmentName.".into(),
        ),
        Some(700_082 | 50173 | 70008 | 70043 | 70044 | 700_084) => (
            FaultKind::Authentication,
            format!("The sign-in of {user} has ended. Run Connect-ExchangeOnline to sign in again."),
        ),
        Some(90033) => unavailable(),
        _ => match error {
            "access_denied" | "authorization_declined" => {
                (FaultKind::SignInCancelled, "The sign-in was cancelled.".to_owned())
            }
            "expired_token" => (
                FaultKind::Timeout,
                "The code has expired before somebody signed in. Run Connect-ExchangeOnline again.".into(),
            ),
            "interaction_required" | "login_required" | "consent_required" => (
                FaultKind::InteractionRequired,
                "The sign-in needs a person. Use Connect-ExchangeOnline -UserPrincipalName.".into(),
            ),
            "temporarily_unavailable" | "server_error" => unavailable(),
            _ => (FaultKind::Authentication, format!("The sign-in of {user} was refused.")),
        },
    };
    let error_id = match (kind, code) {
        (FaultKind::SignInCancelled, _) => "SignInCancelled".to_owned(),
        (_, Some(code)) => format!("AADSTS{code}"),
        _ => error.to_owned(),
    };
    let message =
        if description.is_empty() { format!("{advice} ({error})") } else { format!("{advice} {description}") };
    let fault = Fault::new(kind, error_id, message);
    // Everything else is an answer; this is only a bad moment.
    if kind == FaultKind::ServiceUnavailable { fault } else { fault.ending_session() }
}

fn unavailable() -> (FaultKind, String) {
    (FaultKind::ServiceUnavailable, "The sign-in service is out of order for the moment. Please try again.".into())
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// The number behind `AADSTS` at the beginning of a description.
fn aadsts_code(description: &str) -> Option<u32> {
    let rest = description.split_once("AADSTS")?.1;
    let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_becomes_the_id_and_the_service_text_stays() {
        let description = "AADSTS50126: Error validating credentials due to invalid username or password. Trace ID: 1 \
                           Correlation ID: 2 Timestamp: 2026-03-04 05:06:07Z";
        let fault = from_answer("invalid_grant", description, Some("adele@contoso.com"));
        assert_eq!((fault.kind, fault.error_id.as_str()), (FaultKind::Authentication, "AADSTS50126"));
        assert!(fault.message.starts_with("The user name or password of 'adele@contoso.com' is wrong."));
        assert!(fault.message.ends_with(description));
        assert!(fault.ends_session);
    }

    #[test]
    fn multi_factor_authentication_names_the_way_out() {
        let fault = from_answer("interaction_required", "AADSTS50076: …", None);
        assert_eq!(fault.kind, FaultKind::InteractionRequired);
        assert!(fault.message.contains("-UserPrincipalName"), "{fault}");
        assert!(fault.message.starts_with("The account needs"), "{fault}");
    }

    #[test]
    fn a_bad_moment_of_the_service_does_not_end_a_connection() {
        for (status, kind) in [
            (429, FaultKind::Throttled),
            (503, FaultKind::ServiceUnavailable),
            (502, FaultKind::ServiceUnavailable),
            (504, FaultKind::Timeout),
        ] {
            let fault = passing_fault(status, "login.example").expect("a passing fault");
            assert_eq!((fault.kind, fault.ends_session), (kind, false));
        }
        assert!(passing_fault(400, "login.example").is_none() && passing_fault(200, "login.example").is_none());
        for fault in [from_answer("server_error", "text", None), from_answer("invalid_grant", "AADSTS90033: …", None)]
        {
            assert_eq!((fault.kind, fault.ends_session), (FaultKind::ServiceUnavailable, false));
        }
    }

    #[test]
    fn answers_without_a_code() {
        let fault = from_answer("access_denied", "", None);
        assert_eq!((fault.kind, fault.error_id.as_str()), (FaultKind::SignInCancelled, "SignInCancelled"));
        assert_eq!(from_answer("something_new", "text", None).error_id, "something_new");
        assert_eq!(aadsts_code("AADSTS: no number"), None);
    }
}
