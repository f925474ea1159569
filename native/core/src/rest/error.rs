//! Error responses: the envelope with its two forms of details, and answers that are no JSON at all.

use crate::{
    fault::{Fault, FaultKind},
    http::header,
    rest::entity::BulkCmdlet,
};
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

/// What the headers of a response say of its origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    /// Id of the request.
    pub request_id: String,
    /// Server that answered.
    pub server: String,
    /// When it answered, as the `Date` header has it.
    pub date: String,
    /// Why the service refused, from `x-ms-diagnostics`.
    pub reason: String,
    /// `X-ExceptionType`.
    pub exception_type: String,
}

impl Diagnostics {
    /// Reads the headers of a response.
    pub fn read(headers: &HeaderMap) -> Self {
        let first = |names: &[&str]| {
            names
                .iter()
                .map(|name| header(headers, name))
                .find(|value| !value.is_empty())
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            request_id: first(&["request-id", "x-ms-request-id", "client-request-id"]),
            server: first(&["x-targetbeserver", "x-beserver", "x-feserver"]),
            date: first(&["date"]),
            reason: reason(header(headers, "x-ms-diagnostics")),
            exception_type: first(&["x-exceptiontype"]),
        }
    }

    /// The id that the original gives to errors of a cmdlet, and scripts parse.
    pub fn error_id(&self) -> String {
        format!("[Server={},RequestId={},TimeStamp={}],Write-ErrorMessage", self.server, self.request_id, self.date)
    }
}

/// The quoted reason of `2000003;reason="…";error_category="…"`.
fn reason(diagnostics: &str) -> String {
    diagnostics
        .split_once("reason=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or_else(String::new, |(reason, _)| reason.to_owned())
}

/// The error of a cmdlet as the service tells it: id, exception type, text.
#[derive(Debug, Default, PartialEq, Eq)]
struct CmdletError {
    id: String,
    exception_type: String,
    text: String,
    /// Whether the service itself wrote it with bars.
    has_bars: bool,
}

impl CmdletError {
    /// The name of the exception's class without its namespace.
    fn class_name(&self) -> &str {
        self.exception_type.rsplit('.').next().unwrap_or_default()
    }

    /// The original's form. Parts that are missing leave their bars, as scripts that split on them expect.
    fn message(&self) -> String {
        if !self.has_bars && self.id.is_empty() && self.exception_type.is_empty() {
            return self.text.clone();
        }
        format!("{}|{}|{}", self.id, self.exception_type, self.text)
    }
}

/// The fault for a response with an error status.
///
/// `what` names the cmdlet or step, `user` the account (none for an application), for answers in which the service says neither.
pub fn fault_of_response(
    status: StatusCode,
    diagnostics: &Diagnostics,
    body: &[u8],
    what: &str,
    user: Option<&str>,
) -> Fault {
    let error = serde_json::from_slice::<Value>(body).ok().and_then(|body| read_error(&body));
    let (kind, message, exception_type, is_lasting) = match error {
        Some(error) => {
            let exception_type = Some(&error.exception_type).filter(|name| !name.is_empty()).cloned();
            let kind = kind_of(status, &error);
            (
                kind,
                error.message(),
                exception_type,
                kind == FaultKind::ServiceUnavailable && !is_passing(status, &error),
            )
        }
        None => {
            let (kind, message) = without_envelope(status, diagnostics, body, what, user);
            (kind, message, None, false)
        }
    };
    let exception_type =
        exception_type.or_else(|| Some(&diagnostics.exception_type).filter(|name| !name.is_empty()).cloned());
    let fault = Fault {
        exception_type,
        status: Some(status.as_u16()),
        request_id: Some(diagnostics.request_id.clone()),
        server: Some(diagnostics.server.clone()),
        is_lasting,
        ..Fault::new(kind, diagnostics.error_id(), message)
    };
    if BulkCmdlet::named(what).is_some() { as_query_fault(fault, status, body) } else { fault }
}

/// The class that the original's bulk cmdlets throw.
const QUERY_EXCEPTION: &str = "Microsoft.Exchange.Management.RestApiClient.RestClientException";

/// A fault in the words of the original's bulk cmdlets, which show the answer itself; scripts look for both the status and
/// what is in it. Their id is the message. Where in the service it happened is for support, and goes to the detail.
fn as_query_fault(fault: Fault, status: StatusCode, body: &[u8]) -> Fault {
    const MOST: usize = 4096;
    let answer = std::str::from_utf8(body).unwrap_or_default().trim();
    let is_json = answer.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(answer).is_ok();
    let (answer, stacks) = if is_json { without_stacks(answer) } else { (answer.to_owned(), Vec::new()) };
    // The service escapes apostrophes; "couldn't be found" is to be found all the same.
    let answer = answer.replace("\\u0027", "'");
    let answer = if answer.starts_with('{') { &answer[..answer.floor_char_boundary(MOST)] } else { &fault.message };
    let message =
        format!("Error while querying REST service. HttpStatusCode={} ErrorMessage={answer}", status.as_u16());
    let detail: Vec<String> = fault.exception_type.clone().or(fault.detail).into_iter().chain(stacks).collect();
    Fault {
        detail: Some(detail.join("\n")).filter(|detail| !detail.is_empty()),
        exception_type: Some(QUERY_EXCEPTION.to_owned()),
        error_id: message.clone(),
        message,
        ..fault
    }
}

/// JSON text without its members named `stacktrace`, however deep, and the texts of those. The rest stays as it was written.
fn without_stacks(json: &str) -> (String, Vec<String>) {
    let (mut rest, mut kept, mut stacks) = (json, String::with_capacity(json.len()), Vec::new());
    while let Some(quote) = rest.find('"') {
        let (before, text) = rest.split_at(quote);
        let (name, after) = text.split_at(text_length(text));
        kept.push_str(before);
        let value = after.trim_start().strip_prefix(':').map(str::trim_start).filter(|value| value.starts_with('"'));
        let Some(value) = value.filter(|_| name.trim_matches('"').eq_ignore_ascii_case("stacktrace")) else {
            kept.push_str(name);
            rest = after;
            continue;
        };
        let (stack, after) = value.split_at(text_length(value));
        stacks.extend(serde_json::from_str::<String>(stack).ok().filter(|stack| !stack.is_empty()));
        rest = after.trim_start();
        // The comma that parted it from its neighbour goes with it: the one after it, or else the one before.
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None if kept.trim_end().ends_with(',') => kept.truncate(kept.trim_end().len() - 1),
            None => {}
        }
    }
    kept.push_str(rest);
    (kept, stacks)
}

/// How long the JSON text at the start of `text` is, with its quotes.
fn text_length(text: &str) -> usize {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    if matches!(values.next(), Some(Ok(_))) { values.byte_offset() } else { text.len() }
}

/// A member by name, whatever its case: readers of this service have met both forms of several members.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    member(value, name).and_then(Value::as_str).unwrap_or_default()
}

/// The warnings that came with an error.
pub fn warnings_of_error(body: &[u8]) -> Vec<String> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let warnings = member(&body, "error").and_then(|error| member(error, "@adminapi.warnings"));
    warnings.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn read_error(body: &Value) -> Option<CmdletError> {
    let error = member(body, "error")?;
    let detail = member(error, "details").and_then(|details| details.get(0)).map(|detail| text(detail, "message"));
    let internal = member(error, "innererror").and_then(|inner| member(inner, "internalexception"));
    if let Some(detail) = detail.filter(|detail| !detail.is_empty()) {
        return Some(read_detail(detail));
    }
    if let Some(internal) = internal.filter(|internal| !text(internal, "message").is_empty()) {
        return Some(CmdletError {
            id: String::new(),
            exception_type: text(internal, "type").to_owned(),
            text: text(internal, "message").to_owned(),
            has_bars: false,
        });
    }
    Some(CmdletError { text: text(error, "message").to_owned(), ..Default::default() })
        .filter(|error| !error.text.is_empty())
}

/// A detail is `id|type|text`, or a JSON object in a string, or plain text.
fn read_detail(detail: &str) -> CmdletError {
    if let Ok(context) = serde_json::from_str::<Value>(detail)
        && !text(&context, "message").is_empty()
    {
        return CmdletError {
            id: String::new(),
            exception_type: text(&context, "typename").to_owned(),
            text: text(&context, "message").to_owned(),
            has_bars: false,
        };
    }
    let mut parts = detail.splitn(3, '|');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(id), Some(exception_type), Some(text)) => {
            CmdletError { id: id.into(), exception_type: exception_type.into(), text: text.into(), has_bars: true }
        }
        _ => CmdletError { text: detail.into(), ..Default::default() },
    }
}

/// Whether the service calls a failure one that passes, so that the same request can succeed a little later.
fn is_passing(status: StatusCode, error: &CmdletError) -> bool {
    const MARKS: [&str; 4] =
        ["CmdletProxyNotAvailable", "ServerBusyException", "TransientException", "BackendCommunicationException"];
    status.is_server_error() || MARKS.iter().any(|mark| error.class_name().contains(mark) || error.text.contains(mark))
}

/// The kind of an error, by what is surest first: what the service does with the request, its class names, its words.
fn kind_of(status: StatusCode, error: &CmdletError) -> FaultKind {
    let name = error.class_name();
    let text = error.text.to_lowercase().replace('\u{2019}', "'");
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    let is_named = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if says(&["expired or invalid pagination request"]) {
        FaultKind::PageExpired
    } else if status == StatusCode::TOO_MANY_REQUESTS || says(&["maximum number of concurrent requests"]) {
        FaultKind::Throttled
    } else if status == StatusCode::REQUEST_TIMEOUT {
        FaultKind::Timeout
    } else if is_passing(status, error) || says(&["server side error", "currently unavailable"]) {
        FaultKind::ServiceUnavailable
    } else if says(&["doesn't represent a unique", "matches multiple entries"]) || is_named(&["AmbiguousException"]) {
        FaultKind::Ambiguous
    } else if status == StatusCode::NOT_FOUND
        || is_named(&["NotFoundException"])
        || says(&["couldn't be found", "can't be found", "couldn't find object"])
    {
        FaultKind::NotFound
    } else if is_named(&["AlreadyExists"]) || says(&["already exists"]) || name == "ProxyAddressExistsException" {
        FaultKind::AlreadyExists
    } else if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
        || says(&["write scope"])
        || is_named(&["UnauthorizedAccess", "AccessDenied"])
    {
        FaultKind::Denied
    } else if is_invalid_argument(name) {
        FaultKind::InvalidArgument
    } else if says(&["doesn't exist", "couldn't find"]) {
        FaultKind::NotFound
    } else if is_named(&["InvalidOperation", "NotSupported", "RecipientTask"])
        || says(&["only allowed to run", "cmdlet type is not supported"])
    {
        FaultKind::InvalidOperation
    } else {
        FaultKind::Service
    }
}

fn is_invalid_argument(class_name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "ParameterTransformationException",
        "AmbiguousParameterSetException",
        "ParameterBindingException",
        "ParameterBindingValidationException",
        "ArgumentException",
        "InvalidPropertyValueException",
        "DataValidationException",
        "InvalidFilterException",
        "FormatException",
    ];
    const BEGINNINGS: [&str; 3] = ["Parsing", "PropertyValidation", "NotAcceptedDomain"];
    NAMES.contains(&class_name) || BEGINNINGS.iter().any(|beginning| class_name.starts_with(beginning))
}

/// Answers without the envelope: empty bodies, NUL bytes, HTML of a proxy, plain text.
fn without_envelope(
    status: StatusCode,
    diagnostics: &Diagnostics,
    body: &[u8],
    what: &str,
    user: Option<&str>,
) -> (FaultKind, String) {
    let plain = std::str::from_utf8(body).unwrap_or_default().trim_matches(|c: char| c == '\0' || c.is_whitespace());
    let plain = if plain.starts_with('<') { "" } else { &plain[..plain.floor_char_boundary(1024)] };
    let reason = if diagnostics.reason.is_empty() { plain } else { &diagnostics.reason };
    let reason = if reason.is_empty() { String::new() } else { format!(" The service says: {reason}") };
    match status {
        _ if plain.contains("maximum number of concurrent requests") => (FaultKind::Throttled, plain.to_owned()),
        StatusCode::FORBIDDEN => (
            FaultKind::Denied,
            format!(
                "{} is not allowed to run {what} (HTTP 403). It needs a role that includes it; roles that were given a \
                 moment ago take effect after up to an hour.{reason}",
                user.unwrap_or("The application")
            ),
        ),
        StatusCode::UNAUTHORIZED => (
            FaultKind::Authentication,
            match user {
                Some(user) => {
                    format!("The service did not accept the access token of {user} for {what} (HTTP 401).{reason}")
                }
                None => format!(
                    "The service did not accept the application's access token for {what} (HTTP 401). The application \
                     needs the permission Exchange.ManageAsApp of Office 365 Exchange Online with the consent of an \
                     administrator, and a directory role.{reason}"
                ),
            },
        ),
        StatusCode::NOT_FOUND => (
            FaultKind::Protocol,
            format!(
                "There is no Exchange Online service at this address ({what}: HTTP 404). Check -ConnectionUri.{reason}"
            ),
        ),
        StatusCode::TOO_MANY_REQUESTS => {
            (FaultKind::Throttled, format!("The service is throttling requests of this account ({what}).{reason}"))
        }
        StatusCode::REQUEST_TIMEOUT => (FaultKind::Timeout, format!("The service took too long over {what}.{reason}")),
        status if status.is_server_error() => (
            FaultKind::ServiceUnavailable,
            format!(
                "The service could not complete {what} (HTTP {}). Please try again after some time.{reason}",
                status.as_u16()
            ),
        ),
        status => (
            FaultKind::Protocol,
            format!("The service answered {what} in an unexpected way (HTTP {}).{reason}", status.as_u16()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "adele@contoso.com";

    fn diagnostics() -> Diagnostics {
        Diagnostics {
            request_id: "f0".into(),
            server: "SIM01".into(),
            date: "Thu, 18 Jan 2024 09:25:27 GMT".into(),
            ..Default::default()
        }
    }

    fn fault(status: u16, body: &str) -> Fault {
        let status = StatusCode::from_u16(status).expect("a status");
        fault_of_response(status, &diagnostics(), body.as_bytes(), "Get-Mailbox", Some(USER))
    }

    #[test]
    fn the_form_with_bars() {
        let fault = fault(
            404,
            r#"{"error":{"code":"NotFound","message":"Error executing cmdlet","details":[{"code":"Client","target":"",
            "message":"Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation couldn't be performed because object 'x' couldn't be found on 'DC'."}],
            "innererror":{"internalexception":{"message":"useless","type":"Useless"}}}}"#,
        );
        assert_eq!(fault.kind, FaultKind::NotFound);
        assert_eq!(
            fault.message,
            "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation couldn't be performed because object 'x' couldn't be found on 'DC'."
        );
        assert_eq!(
            fault.error_id,
            "[Server=SIM01,RequestId=f0,TimeStamp=Thu, 18 Jan 2024 09:25:27 GMT],Write-ErrorMessage"
        );
        assert!(!fault.ends_session);
    }

    #[test]
    fn the_form_with_a_context_object() {
        let fault = fault(
            400,
            r#"{"error":{"details":[{"code":"Context","message":"{\"Message\": \"The object 'CN=Sales' already exists.\", \"TypeName\": \"Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException\"}"}]}}"#,
        );
        assert_eq!(fault.kind, FaultKind::AlreadyExists);
        assert_eq!(
            fault.message,
            "|Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException|The object 'CN=Sales' already exists."
        );
        assert_eq!(
            fault.exception_type.as_deref(),
            Some("Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException")
        );
    }

    #[test]
    fn the_form_without_details_and_with_other_casing() {
        let fault = fault(
            400,
            r#"{"error":{"message":"Invalid Operation","innerError":{"internalException":{"message":"Expired or Invalid pagination request. Default Expiry time is 00:30:00","type":"System.Exception"}}}}"#,
        );
        assert_eq!(fault.kind, FaultKind::PageExpired);
        assert!(fault.message.contains("00:30:00"));
    }

    #[test]
    fn ambiguity_transience_and_bad_parameters_are_told_apart() {
        let of = |detail: &str| {
            fault(400, &serde_json::json!({"error": {"details": [{"message": detail}]}}).to_string()).kind
        };
        assert_eq!(
            of("Ex1|Ns.ManagementObjectAmbiguousException|'Alex' doesn't represent a unique recipient."),
            FaultKind::Ambiguous
        );
        assert_eq!(of("|Ns.ServerBusyException|busy"), FaultKind::ServiceUnavailable);
        assert_eq!(
            of(
                "|Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException|Parameter set cannot be resolved"
            ),
            FaultKind::InvalidArgument
        );
        assert_eq!(of("|Ns.Other|text"), FaultKind::Service);
        assert_eq!(of("plain text"), FaultKind::Service);
    }

    /// The texts that administrators meet, each with a class where one was seen, and without.
    #[test]
    fn everyday_errors_have_a_kind() {
        use FaultKind::{
            AlreadyExists, Ambiguous, Denied, InvalidArgument, InvalidOperation, NotFound, Service, ServiceUnavailable,
        };
        // The kind, the one without the class, the class, and the words.
        let cases = [
            (
                NotFound,
                NotFound,
                "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
                "The operation couldn't be performed because object 'x' couldn't be found on 'DC1'.",
            ),
            (
                NotFound,
                NotFound,
                "Ex41BAF5|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
                "The specified mailbox doesn't exist.",
            ),
            (
                NotFound,
                NotFound,
                "Ex94914C|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
                "Couldn't find object \"x\". Please make sure that it was spelled correctly or specify a different object.",
            ),
            (
                NotFound,
                NotFound,
                "ExBDDC58|Microsoft.Exchange.Migration.MigrationPermanentException",
                "The migration batch \"x\" can't be found.",
            ),
            (NotFound, NotFound, "|", "The migration batch \"x\" can\u{2019}t be found."),
            (
                Ambiguous,
                Ambiguous,
                "|Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException",
                "'X' doesn't represent a unique recipient.",
            ),
            (Ambiguous, Ambiguous, "|", "object: 'finance' matches multiple entries"),
            (
                AlreadyExists,
                AlreadyExists,
                "|Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException",
                "The object \"x\" already exists.",
            ),
            (
                Denied,
                Denied,
                "Ex9C5A01|Microsoft.Exchange.Configuration.Tasks.OperationNotAllowedException",
                "'adele' isn't within your current write scopes. Can't perform save operation.",
            ),
            (Denied, Service, "|System.UnauthorizedAccessException", "Access is denied."),
            (
                ServiceUnavailable,
                ServiceUnavailable,
                "|",
                "A server side error has occurred because of which the operation \
                could not be completed. Please try again after some time. If the problem still persists, please reach out to \
                MS support.",
            ),
            (
                ServiceUnavailable,
                ServiceUnavailable,
                "|",
                "The cmdlet you attempted to run is currently unavailable. Please \
                try again later.",
            ),
            (InvalidOperation, InvalidOperation, "|System.NotSupportedException", "Cmdlet type is not supported."),
            (
                InvalidOperation,
                InvalidOperation,
                "|Microsoft.Exchange.Management.Tasks.OnlyAllowedInEopException",
                "This command is only allowed to run in Exchange Online Protection environment.",
            ),
            (
                InvalidOperation,
                Service,
                "|Microsoft.Exchange.Configuration.Tasks.TaskInvalidOperationException",
                "The state of the object does not allow it.",
            ),
            (
                InvalidOperation,
                Service,
                "|Microsoft.Exchange.Management.Tasks.RecipientTaskException",
                "This task does not support recipients of this type.",
            ),
            (
                Service,
                Service,
                "|System.NullReferenceException",
                "Object reference not set to an instance of an object.",
            ),
            (
                InvalidArgument,
                Service,
                "|Microsoft.Exchange.Data.PropertyValidationException",
                "Property validation failed.",
            ),
            (InvalidArgument, Service, "|Microsoft.Exchange.Data.ParsingException", "Cannot parse the filter."),
            (
                InvalidArgument,
                NotFound,
                "|Microsoft.Exchange.Data.ParsingInvalidFilterException",
                "The property 'X' doesn't exist.",
            ),
            (
                InvalidArgument,
                Service,
                "|Microsoft.Exchange.Data.Directory.SystemConfiguration.NotAcceptedDomainException",
                "You can't use the domain because it's not an accepted domain for your organization.",
            ),
            (InvalidArgument, Service, "|System.FormatException", "Input string was not in a correct format."),
        ];
        for (with_class, without_class, head, text) in cases {
            let of = |detail: &str| {
                fault(400, &serde_json::json!({"error": {"details": [{"message": detail}]}}).to_string())
            };
            let whole = of(&format!("{head}|{text}"));
            assert_eq!((whole.kind, whole.message), (with_class, format!("{head}|{text}")));
            assert_eq!(of(text).kind, without_class, "{text}");
            assert_eq!(of(&format!("||{text}")).kind, without_class, "{text}");
        }
    }

    #[test]
    fn a_service_that_only_says_that_it_is_out_of_order_is_not_asked_again() {
        let of = |status: u16, text: &str| {
            fault(status, &serde_json::json!({"error": {"details": [{"message": text}]}}).to_string())
        };
        for text in ["A server side error has occurred.", "The cmdlet is currently unavailable."] {
            assert!(!of(400, text).is_transient(), "{text}");
            assert!(of(500, text).is_transient(), "{text}");
        }
        assert!(of(400, "|Ns.ServerBusyException|A server side error has occurred.").is_transient());
    }

    #[test]
    fn bars_without_anything_between_stay() {
        let of = |detail: &str| {
            fault(400, &serde_json::json!({"error": {"details": [{"message": detail}]}}).to_string()).message
        };
        for text in ["||Couldn't find object \"x\".", "Ex1||only an id", "|Ns.Class|only a class", "a | b", "plain"] {
            assert_eq!(of(text), text);
        }
    }

    #[test]
    fn refusals_without_a_reason_name_their_status() {
        for (status, user, mark) in
            [(403, Some(USER), "(HTTP 403)"), (401, Some(USER), "(HTTP 401)"), (401, None, "(HTTP 401)")]
        {
            let status = StatusCode::from_u16(status).expect("a status");
            let fault = fault_of_response(status, &diagnostics(), b"", "Set-Mailbox", user);
            assert!(fault.message.contains(mark), "{fault}");
        }
    }

    #[test]
    fn nul_bytes_with_a_reason_in_the_headers() {
        let diagnostics = Diagnostics { reason: "not in role".into(), ..diagnostics() };
        let fault =
            fault_of_response(StatusCode::FORBIDDEN, &diagnostics, &[0; 2048], "Set-OrganizationConfig", Some(USER));
        assert_eq!(fault.kind, FaultKind::Denied);
        assert!(
            fault.message.starts_with("adele@contoso.com is not allowed to run Set-OrganizationConfig (HTTP 403)."),
            "{fault}"
        );
        assert!(fault.message.ends_with("The service says: not in role"), "{fault}");
    }

    #[test]
    fn html_of_a_proxy_is_not_shown() {
        let fault = fault(502, "<html><body>Bad gateway</body></html>");
        assert_eq!(fault.kind, FaultKind::ServiceUnavailable);
        assert!(!fault.message.contains("<html>"));
    }

    #[test]
    fn the_concurrency_refusal_is_throttling_whatever_its_status() {
        let text = "You have reached the maximum number of concurrent requests per tenant. Please wait and try again";
        assert_eq!(fault(400, text).kind, FaultKind::Throttled);
    }

    #[test]
    fn bulk_cmdlets_show_the_answer_itself() {
        let of = |status: u16, body: &str| {
            let status = StatusCode::from_u16(status).expect("valid");
            fault_of_response(status, &diagnostics(), body.as_bytes(), "Get-EXOMailbox", Some(USER))
        };
        let body = r#"{"error":{"code":"Unauthorized","message":"User is not allowed to call Get-Mailbox","innererror":{"message":"x"}}}"#;
        let denied = of(401, body);
        assert_eq!(denied.kind, FaultKind::Denied);
        assert_eq!(
            denied.message,
            format!("Error while querying REST service. HttpStatusCode=401 ErrorMessage={body}")
        );
        assert_eq!(denied.error_id, denied.message);
        assert_eq!(denied.exception_type.as_deref(), Some(QUERY_EXCEPTION));
        let missing = of(
            404,
            r#"{"error":{"code":"NotFound","message":"object \u0027x\u0027 couldn\u0027t be found on \u0027DC\u0027."}}"#,
        );
        assert_eq!(missing.kind, FaultKind::NotFound);
        assert!(missing.message.contains("object 'x' couldn't be found on 'DC'."), "{missing}");
        let proxy = of(502, "<html>Bad gateway</html>");
        assert_eq!(proxy.kind, FaultKind::ServiceUnavailable);
        assert!(proxy.message.contains("HttpStatusCode=502") && !proxy.message.contains("<html>"), "{proxy}");
    }

    #[test]
    fn bulk_cmdlets_show_no_stacks() {
        let of = |body: &str| {
            fault_of_response(StatusCode::BAD_REQUEST, &diagnostics(), body.as_bytes(), "Get-EXOMailbox", Some(USER))
        };
        let fault = of(
            r#"{"error":{"code":"BadRequest","message":"An error occurred. \"stacktrace\": \"no\"","innererror":{"message":"boom","type":"X.Y","stacktrace":"   at A.B() in a \"b\"\r\n   at C.D()","internalexception":{"StackTrace" : "   at E.F()" , "message":"stacktrace"}}}}"#,
        );
        assert_eq!(
            fault.message,
            r#"Error while querying REST service. HttpStatusCode=400 ErrorMessage={"error":{"code":"BadRequest","message":"An error occurred. \"stacktrace\": \"no\"","innererror":{"message":"boom","type":"X.Y","internalexception":{ "message":"stacktrace"}}}}"#
        );
        assert_eq!(fault.error_id, fault.message);
        let detail = fault.detail.expect("the stacks");
        assert!(detail.contains("   at A.B() in a \"b\"\r\n   at C.D()\n   at E.F()"), "{detail}");
        let last = of(r#"{"error":{"message":"boom","stacktrace":"at A"}}"#);
        assert!(last.message.ends_with(r#"ErrorMessage={"error":{"message":"boom"}}"#), "{last}");
        let only = of(r#"{"error":{"message":"boom","innererror":{"stacktrace":"at A"}}}"#);
        assert!(only.message.ends_with(r#""innererror":{}}}"#), "{only}");
        let null = of(r#"{"error":{"message":"boom","stacktrace":null}}"#);
        assert!(null.message.ends_with(r#""stacktrace":null}}"#), "{null}");
    }

    #[test]
    fn reasons_in_diagnostics() {
        assert_eq!(reason("2000003;reason=\"No role\";error_category=\"x\""), "No role");
        assert_eq!(reason("2000003"), "");
    }
}
