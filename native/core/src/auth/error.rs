//! From answers of the sign-in service to faults that a person can act on.
//!
//! The service's sentence stays as it is, with its AADSTS code, correlation id and time, because scripts and support look
//! for them; a sentence that says what to do comes first.

use super::SendError;
use crate::{
    fault::{Fault, FaultKind},
    settings::Flow,
};
use oauth2::{ErrorResponseType, RequestTokenError, StandardErrorResponse};
use serde::Deserialize;
use std::{fmt::Display, time::Duration};

/// What a message about a failed sign-in can name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt<'a> {
    /// The person, if known.
    pub(super) user: Option<&'a str>,
    /// The application that signs in by itself.
    pub(super) app_id: Option<&'a str>,
    /// The way to sign in.
    pub(super) flow: Flow,
    /// Whether a token of an earlier sign-in was to be renewed.
    pub(super) is_renewal: bool,
    /// The cmdlet to run again.
    pub(super) connect_cmdlet: &'a str,
}

impl Attempt<'_> {
    /// Who signs in, for the middle of a sentence.
    fn who(&self) -> String {
        match (self.user, self.app_id) {
            (Some(user), _) => format!("'{user}'"),
            (None, Some(id)) => format!("application '{id}'"),
            (None, None) => "the account".to_owned(),
        }
    }
}

/// Translates a failed token request.
pub(super) fn translate<T>(
    error: RequestTokenError<SendError, StandardErrorResponse<T>>,
    attempt: &Attempt<'_>,
) -> Fault
where
    T: ErrorResponseType + AsRef<str> + Display + 'static,
{
    match error {
        RequestTokenError::Request(SendError(fault)) => fault,
        RequestTokenError::ServerResponse(response) => from_answer(
            response.error().as_ref(),
            response.error_description().map(String::as_str).unwrap_or_default(),
            attempt,
        ),
        // The parser's own words can quote the answer, and that can hold a token.
        RequestTokenError::Parse(..) => unreadable(attempt),
        RequestTokenError::Other(text) => Fault::protocol(format!("Sign-in failed: {text}.")).ending_session(),
    }
}

/// Translates the body of an error answer that no OAuth 2.0 client has read.
pub(super) fn from_body(body: &[u8], attempt: &Attempt<'_>) -> Fault {
    match serde_json::from_slice::<Answer>(body) {
        Ok(answer) => from_answer(&answer.error, &answer.error_description, attempt),
        Err(_) => unreadable(attempt),
    }
}

/// An error answer of the sign-in service.
#[derive(Deserialize)]
struct Answer {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// Something else than the sign-in service has answered. During a renewal the address is known to be right, so it will pass.
fn unreadable(attempt: &Attempt<'_>) -> Fault {
    let message = "The answer of the sign-in service could not be read. Check AzureADAuthorizationEndpointUri, and whether a proxy \
                   answers in its place.";
    if attempt.is_renewal {
        Fault::new(FaultKind::ServiceUnavailable, "UnexpectedResponse", message)
    } else {
        Fault::protocol(message).ending_session()
    }
}

/// The fault for a status that says nothing of the sign-in, only that the service cannot take it now. The body may be
/// anything, a gateway's page included; a sentence of the sign-in service in it is kept, for its code and correlation id.
pub(super) fn passing_fault(status: u16, host: &str, retry_after: Option<Duration>, body: &[u8]) -> Option<Fault> {
    let (kind, error_id, what) = match status {
        408 | 504 => (FaultKind::Timeout, "RequestTimeout", "took too long"),
        429 => (FaultKind::Throttled, "SignInThrottled", "is throttling sign-ins"),
        500..=599 => (FaultKind::ServiceUnavailable, "SignInServiceUnavailable", "is out of order for the moment"),
        _ => return None,
    };
    let said = serde_json::from_slice::<Answer>(body)
        .ok()
        .filter(|answer| !answer.error_description.is_empty())
        .map_or_else(String::new, |answer| format!(" {}", answer.error_description));
    let message = format!("The sign-in service {host} {what} (HTTP {status}). Please try again after some time.{said}");
    Some(Fault { status: Some(status), retry_after, ..Fault::new(kind, error_id, message) })
}

/// Whether a refused renewal means that the refresh token is worth nothing any more, so that asking again is of no use.
/// Everything else may be different next time: a policy looks at the place and the hour, and a proxy may have answered.
pub(super) fn ends_refresh_token(fault: &Fault) -> bool {
    const ENDED: [&str; 12] = [
        "AADSTS70000",
        "AADSTS70008",
        "AADSTS70043",
        "AADSTS70044",
        "AADSTS50057",
        "AADSTS50089",
        "AADSTS50132",
        "AADSTS50133",
        "AADSTS50173",
        "AADSTS700082",
        "AADSTS700084",
        "TokenExpired",
    ];
    ENDED.contains(&fault.error_id.as_str())
}

/// Translates an error answer: `error` is the OAuth code, `description` the sentence that begins with an AADSTS code.
pub(super) fn from_answer(error: &str, description: &str, attempt: &Attempt<'_>) -> Fault {
    let code = aadsts_code(description);
    let (kind, advice) = code
        .and_then(|code| {
            of_person(code, attempt).or_else(|| of_application(code, attempt)).or_else(|| of_place(code, attempt))
        })
        .unwrap_or_else(|| of_oauth(error, attempt));
    let error_id = match (kind, code) {
        (FaultKind::SignInCancelled, _) => "SignInCancelled".to_owned(),
        (_, Some(code)) => format!("AADSTS{code}"),
        _ => error.to_owned(),
    };
    let again =
        if attempt.is_renewal && kind != FaultKind::ServiceUnavailable && !advice.contains(attempt.connect_cmdlet) {
            format!(" Run {} to sign in again.", attempt.connect_cmdlet)
        } else {
            String::new()
        };
    let said = if description.is_empty() { format!("({error})") } else { description.to_owned() };
    let fault = Fault::new(kind, error_id, format!("{advice}{again} {said}"));
    // Everything else is an answer; this is only a bad moment.
    if fault.is_transient() { fault } else { fault.ending_session() }
}

type Advice = (FaultKind, String);

/// Codes about a person's account. Sources here and below: the reference of Entra's authentication and authorization errors.
fn of_person(code: u32, attempt: &Attempt<'_>) -> Option<Advice> {
    use FaultKind::{Authentication, InteractionRequired, SignInCancelled};
    let (who, cmdlet) = (attempt.who(), attempt.connect_cmdlet);
    Some(match code {
        50126 => (Authentication, format!("The user name or password of {who} is wrong.")),
        50034 => (
            Authentication,
            format!("There is no user {who} in the directory. Check the user principal name and the cloud."),
        ),
        50053 => (Authentication, format!("Sign-in of {who} is locked after too many attempts.")),
        50055 => (Authentication, format!("The password of {who} has expired. Change it and try again.")),
        50056 => (Authentication, format!("{} cannot sign in with a password here.", capitalised(&who))),
        50057 => (Authentication, format!("The account {who} is disabled.")),
        50105 => (Authentication, format!("{} is not assigned to this client. Assign it in Entra.", capitalised(&who))),
        50020 | 51004 | 90072 => (
            Authentication,
            format!(
                "{} is no user, guest or partner of this organization. Check -DelegatedOrganization and \
                 -AzureADAuthorizationEndpointUri, and the relationship in the partner center.",
                capitalised(&who)
            ),
        ),
        50072 | 50074 | 50076 | 50079 | 50158 if attempt.is_renewal => (
            InteractionRequired,
            format!("{} has to prove the sign-in once more. Run {cmdlet} to sign in again.", capitalised(&who)),
        ),
        50072 | 50074 | 50076 | 50079 | 50158 if attempt.flow == Flow::Password => (
            InteractionRequired,
            format!(
                "{} needs multi-factor authentication, which -Credential cannot do. Use {cmdlet} -UserPrincipalName instead, or \
                 an app with a certificate for unattended jobs.",
                capitalised(&who)
            ),
        ),
        50072 | 50074 | 50076 | 50079 | 50158 => {
            (InteractionRequired, format!("{} needs multi-factor authentication.", capitalised(&who)))
        }
        50058 | 16000 => (
            InteractionRequired,
            format!("There is no single signed-in account to go on with. Run {cmdlet} -UserPrincipalName."),
        ),
        50097 | 50131 | 53000..=53004 | 53011 | 530_003 | 530_032 | 530_034 | 530_035 => (
            if attempt.app_id.is_some() { Authentication } else { InteractionRequired },
            format!("A Conditional Access policy blocks the sign-in of {who} in this way or from this place."),
        ),
        65001 => (
            InteractionRequired,
            "The organization has not consented to this client. Sign in once in the browser as an administrator."
                .into(),
        ),
        65004 | 500_121 => (SignInCancelled, "The sign-in was declined.".into()),
        700_082 | 50173 | 50132 | 50133 | 70008 | 70043 | 70044 | 700_084 => {
            (Authentication, format!("The sign-in of {who} has ended. Run {cmdlet} to sign in again."))
        }
        _ => return None,
    })
}

/// Codes about an application and what it proves itself with.
fn of_application(code: u32, attempt: &Attempt<'_>) -> Option<Advice> {
    use FaultKind::Authentication;
    let who = attempt.who();
    let advice = match code {
        700_016 if attempt.app_id.is_some() => format!(
            "{} is not known in this organization. Check -AppId, -Organization and -ExchangeEnvironmentName, and that an \
             administrator has consented to it.",
            capitalised(&who)
        ),
        700_016 => {
            "The client application is not known in this directory or cloud. Check -ExchangeEnvironmentName.".into()
        }
        7_000_112 => format!("{} is disabled in this organization.", capitalised(&who)),
        7_000_215 => {
            format!("The client secret of {who} is wrong. Give the secret's value, not its id, or use a certificate.",)
        }
        7_000_222 => format!("The client secret of {who} has expired. Create a new one, or use a certificate."),
        7_000_216 | 7_000_218 => {
            format!("{} needs a certificate, -ClientSecret or -FederatedTokenFilePath.", capitalised(&who))
        }
        700_027 => format!(
            "The certificate is not among those registered for {who}, or has expired. Upload its public part to the \
             application's certificates in Entra.",
        ),
        700_024 => format!(
            "The proof that {who} sent is outside of its time. Check the clock of this machine, or the federated token's life."
        ),
        50013 | 700_023 | 700_030 => format!("The proof that {who} sent is not valid."),
        5_002_738 | 5_002_730 => {
            format!(
                "The sign-in service does not take the kind of key that {who} signs with. Use a certificate with an RSA key."
            )
        }
        700_211 | 700_212 | 700_213 | 70021 => format!(
            "No federated credential of {who} matches the token. Compare its issuer, subject and audience with the credential in \
             Entra.",
        ),
        7_000_229 => format!("{} has no service principal in this organization yet.", capitalised(&who)),
        _ => return None,
    };
    Some((Authentication, advice))
}

/// Codes about the place that a sign-in goes to.
fn of_place(code: u32, attempt: &Attempt<'_>) -> Option<Advice> {
    use FaultKind::Authentication;
    Some(match code {
        90002 | 900_023 => (
            Authentication,
            "The organization was not found. Check -Organization, -DelegatedOrganization or -AzureADAuthorizationEndpointUri, \
             and -ExchangeEnvironmentName."
                .into(),
        ),
        50059 | 50128 | 50194 => (
            Authentication,
            format!("The sign-in of {} names no organization. Give -Organization.", attempt.who()),
        ),
        500_011 | 65005 | 50001 => (
            Authentication,
            "Exchange Online is not there in this organization or cloud. Check -ExchangeEnvironmentName and -ConnectionUri.".into(),
        ),
        90038 => (
            Authentication,
            "The organization is in another national cloud. Give its name with -ExchangeEnvironmentName.".into(),
        ),
        90006 | 90012 | 90024 | 90033 | 50087 => unavailable(),
        90055 | 50196 => (
            FaultKind::Throttled,
            "The sign-in service has had too many sign-ins from here in a short time. Please try again later.".into(),
        ),
        _ => return None,
    })
}

/// Answers without a code that is known.
fn of_oauth(error: &str, attempt: &Attempt<'_>) -> Advice {
    let cmdlet = attempt.connect_cmdlet;
    match error {
        "access_denied" | "authorization_declined" => {
            (FaultKind::SignInCancelled, "The sign-in was cancelled.".to_owned())
        }
        "expired_token" => {
            (FaultKind::Timeout, format!("The code has expired before somebody signed in. Run {cmdlet} again."))
        }
        "interaction_required" | "login_required" | "consent_required" => {
            (FaultKind::InteractionRequired, format!("The sign-in needs a person. Use {cmdlet} -UserPrincipalName."))
        }
        "temporarily_unavailable" | "server_error" => unavailable(),
        _ => (FaultKind::Authentication, format!("The sign-in of {} was refused.", attempt.who())),
    }
}

fn unavailable() -> (FaultKind, String) {
    (FaultKind::ServiceUnavailable, "The sign-in service is out of order for the moment. Please try again.".into())
}

/// The text with its first letter large, for the beginning of a sentence.
pub(super) fn capitalised(text: &str) -> String {
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

    fn attempt(user: Option<&str>) -> Attempt<'_> {
        Attempt {
            user,
            app_id: None,
            flow: Flow::Password,
            is_renewal: false,
            connect_cmdlet: "Connect-ExchangeOnline",
        }
    }

    #[test]
    fn the_code_becomes_the_id_and_the_service_text_stays() {
        let description = "AADSTS50126: Error validating credentials due to invalid username or password. Trace ID: 1 \
                           Correlation ID: 2 Timestamp: 2026-03-04 05:06:07Z";
        let fault = from_answer("invalid_grant", description, &attempt(Some("adele@contoso.com")));
        assert_eq!((fault.kind, fault.error_id.as_str()), (FaultKind::Authentication, "AADSTS50126"));
        assert!(fault.message.starts_with("The user name or password of 'adele@contoso.com' is wrong."));
        assert!(fault.message.ends_with(description));
        assert!(fault.ends_session);
    }

    #[test]
    fn multi_factor_authentication_names_the_way_out() {
        let fault = from_answer("interaction_required", "AADSTS50076: …", &attempt(None));
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
            let fault = passing_fault(status, "login.example", None, b"<html>").expect("a passing fault");
            assert_eq!((fault.kind, fault.ends_session), (kind, false));
        }
        assert!([200, 400].iter().all(|status| passing_fault(*status, "login.example", None, b"").is_none()));
        for fault in [
            from_answer("server_error", "text", &attempt(None)),
            from_answer("invalid_grant", "AADSTS90033: …", &attempt(None)),
        ] {
            assert_eq!((fault.kind, fault.ends_session), (FaultKind::ServiceUnavailable, false));
        }
    }

    #[test]
    fn only_a_dead_refresh_token_is_given_up() {
        let renewal = Attempt { is_renewal: true, ..attempt(Some("a@b.c")) };
        for code in [50173, 700_082, 70008] {
            assert!(
                ends_refresh_token(&from_answer("invalid_grant", &format!("AADSTS{code}: text"), &renewal)),
                "{code}"
            );
        }
        for code in [53003, 50076, 90024, 90055, 50196, 1] {
            assert!(
                !ends_refresh_token(&from_answer("invalid_grant", &format!("AADSTS{code}: text"), &renewal)),
                "{code}"
            );
        }
        let page = from_body(b"<html>Welcome to the hotel</html>", &renewal);
        assert!(!ends_refresh_token(&page) && page.is_transient() && !page.ends_session);
    }

    #[test]
    fn the_sentence_of_a_service_out_of_order_is_kept() {
        let body = br#"{"error":"temporarily_unavailable","error_description":"AADSTS90033: text Correlation ID: 1"}"#;
        let fault = passing_fault(503, "login.example", Some(Duration::from_secs(7)), body).expect("a passing fault");
        assert!(
            fault.message.ends_with("Correlation ID: 1") && fault.retry_after == Some(Duration::from_secs(7)),
            "{fault}"
        );
    }

    #[test]
    fn answers_without_a_code() {
        let fault = from_answer("access_denied", "", &attempt(None));
        assert_eq!((fault.kind, fault.error_id.as_str()), (FaultKind::SignInCancelled, "SignInCancelled"));
        assert_eq!(from_answer("something_new", "text", &attempt(None)).error_id, "something_new");
        assert_eq!(aadsts_code("AADSTS: no number"), None);
    }

    #[test]
    fn an_application_is_told_what_to_mend() {
        let app = Attempt { app_id: Some("0-1"), flow: Flow::Certificate, ..attempt(None) };
        for (code, hint) in [
            (700_016, "-AppId"),
            (7_000_215, "not its id"),
            (7_000_222, "expired"),
            (700_027, "registered for application '0-1'"),
            (700_024, "clock"),
            (700_213, "subject"),
            (50059, "-Organization"),
        ] {
            let fault = from_answer("invalid_client", &format!("AADSTS{code}: text"), &app);
            assert_eq!(
                (fault.kind, fault.error_id.as_str()),
                (FaultKind::Authentication, format!("AADSTS{code}").as_str())
            );
            assert!(fault.message.contains(hint) && fault.message.ends_with("text"), "{fault}");
        }
    }

    #[test]
    fn a_renewal_names_the_command_to_run_once() {
        let renewal = Attempt { is_renewal: true, connect_cmdlet: "Connect-IPPSSession", ..attempt(Some("a@b.c")) };
        for code in [50173, 700_082, 50076, 50057, 53003, 1] {
            let fault = from_answer("invalid_grant", &format!("AADSTS{code}: text"), &renewal);
            assert_eq!(fault.message.matches("Connect-IPPSSession").count(), 1, "{fault}");
            assert!(!fault.message.contains("-Credential"), "{fault}");
        }
    }

    #[test]
    fn what_is_no_answer_is_not_repeated() {
        let fault = from_body(b"<html>planted</html>", &attempt(None));
        assert!(!fault.message.contains("planted") && fault.kind == FaultKind::Protocol);
        let fault = from_body(
            br#"{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant 'x' not found."}"#,
            &attempt(None),
        );
        assert_eq!(fault.error_id, "AADSTS90002");
    }
}
