//! Running a cmdlet of the service: one request for each page, no more objects than were asked for, and the hint about
//! further results once at the end.

use crate::{
    connection::{self, Addressed, COMMAND_TIMEOUT, Connection, ServiceRequest, Surface},
    event::Event,
    fault::{Fault, FaultKind},
    operation::{Destination, Operation, OperationId},
    page::{self, StoredPage},
    rest::{
        self, InvokeHeaders,
        anchor::Subject,
        entity::{BulkCmdlet, Wanted},
    },
};
use reqwest::{Method, header::HeaderMap};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;
use url::Url;
use uuid::Uuid;

/// Objects that a cmdlet gives when nobody says how many, as in the original.
const DEFAULT_RESULT_SIZE: u64 = 1000;
/// Most objects that the service puts on a page.
const LARGEST_PAGE: u32 = 1000;

/// How many objects are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultSize {
    /// At most so many.
    Limited(u64),
    /// All.
    Unlimited,
}

impl<'de> Deserialize<'de> for ResultSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Number(number) if number > 0 => Ok(Self::Limited(number)),
            Form::Text(text) if text.eq_ignore_ascii_case("unlimited") => Ok(Self::Unlimited),
            _ => Err(de::Error::custom("resultSize is a number above 0 or \"unlimited\"")),
        }
    }
}

/// A cmdlet to run.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// The connection; none means the last one that fits `prefix` and `surface`.
    #[serde(default)]
    pub connection_id: Option<String>,
    /// The prefix the connection was made with; none means one without.
    #[serde(default)]
    pub prefix: Option<String>,
    /// The kind of session that can run the cmdlet.
    #[serde(default)]
    pub surface: Surface,
    /// Name of the cmdlet, for example `Get-Mailbox`.
    pub cmdlet_name: String,
    /// The parameters in the wire form of the service; they are sent as they are.
    pub parameters: Box<RawValue>,
    /// How many objects are wanted; none means the service's default with a hint when there are more.
    #[serde(default)]
    pub result_size: Option<ResultSize>,
    /// Objects per page; none means the connection's.
    #[serde(default)]
    pub page_size: Option<u32>,
    /// `-ErrorAction` of the caller.
    #[serde(default)]
    pub error_action: Option<String>,
    /// The object that the call is about: its identity, or an address that is known of it.
    #[serde(default)]
    pub anchor: Option<String>,
    /// The mailbox in which that object is, where the caller names it.
    #[serde(default)]
    pub mailbox: Option<String>,
    /// Whether the cmdlet only reads, so that repeating it is harmless.
    #[serde(default)]
    pub is_read: bool,
    /// Whether verbose events are wanted.
    #[serde(default)]
    pub verbose: bool,
}

/// Starts the command in `request`, the JSON of a [`Request`]. It runs on the connection that is there now, whatever is
/// opened or closed later.
pub fn start(request: &[u8]) -> OperationId {
    connection::serve(request, |connection, request: Request, operation| async move {
        run(&connection, &request, &operation).await?;
        let end = End { connection_id: connection.id(), request_id: operation.last_request() };
        serde_json::to_vec(&end)
            .map_err(|error| Fault::internal(format!("The end of the command could not be written: {error}.")))
    })
}

impl Addressed for Request {
    fn address(&self) -> (Option<&str>, Option<&str>, Surface, bool) {
        (self.connection_id.as_deref(), self.prefix.as_deref(), self.surface, self.verbose)
    }
}

/// What is known of a command when it has ended well.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct End {
    /// The connection it ran on.
    connection_id: Uuid,
    /// Id of its last request.
    request_id: Option<Uuid>,
}

/// What is sent for each page; only the address changes from one to the next.
struct Call {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
    answer: Answer,
}

/// What an answer looks like.
enum Answer {
    /// Rows with their types beside them.
    Invoked,
    /// Entities.
    Read(Wanted),
}

impl Answer {
    fn page(&self, bytes: Vec<u8>) -> Result<page::Page, Fault> {
        match self {
            Self::Invoked => page::index(bytes),
            Self::Read(wanted) => page::index_entities(bytes, wanted),
        }
    }
}

impl Call {
    fn of(request: &Request, connection: &Connection) -> Result<Self, Fault> {
        let page_size = request.page_size.unwrap_or(connection.settings().page_size).clamp(1, LARGEST_PAGE);
        if let Some(cmdlet) = BulkCmdlet::named(&request.cmdlet_name) {
            return Self::of_bulk(cmdlet, request, connection, page_size);
        }
        let headers = connection.headers(
            InvokeHeaders {
                cmdlet_name: &request.cmdlet_name,
                page_size,
                error_action: request.error_action.as_deref(),
                ..Default::default()
            },
            Subject {
                cmdlet: &request.cmdlet_name,
                identity: request.anchor.as_deref(),
                mailbox: request.mailbox.as_deref(),
                is_read: request.is_read,
            },
        );
        Ok(Self {
            method: Method::POST,
            url: rest::invoke_url(&connection.service(), connection.tenant_id()),
            headers,
            body: rest::invoke_body(&request.cmdlet_name, &request.parameters)?,
            answer: Answer::Invoked,
        })
    }

    /// A bulk cmdlet reads entities with `GET`.
    fn of_bulk(cmdlet: BulkCmdlet, request: &Request, connection: &Connection, page_size: u32) -> Result<Self, Fault> {
        if connection.settings().is_eop_session {
            return Err(Fault::not_connected("Connect-ExchangeOnline", " Security & Compliance has no such cmdlets."));
        }
        let read = cmdlet.request(&connection.service(), connection.tenant_id(), &request.parameters)?;
        // Here the size of a page is all that tells the service how many objects are wanted.
        let page_size = match request.result_size {
            // Permissions come inside of recipients, most of which have none that anybody gave.
            Some(ResultSize::Limited(number)) if cmdlet != BulkCmdlet::RecipientPermission => {
                u32::try_from(number).map_or(page_size, |number| number.min(page_size))
            }
            _ => page_size,
        };
        let mut headers = connection.headers(
            InvokeHeaders {
                cmdlet_name: cmdlet.name(),
                page_size,
                error_action: request.error_action.as_deref(),
                ..Default::default()
            },
            Subject { cmdlet: cmdlet.name(), identity: read.anchor.as_deref(), mailbox: None, is_read: true },
        );
        // There is no body, and answers have one form only.
        for name in ["content-type", "x-responseformat", "x-serializationlevel"] {
            headers.remove(name);
        }
        Ok(Self { method: Method::GET, url: read.url, headers, body: Vec::new(), answer: Answer::Read(read.wanted) })
    }

    /// Turns to the next page.
    fn turn_to(&mut self, connection: &Connection, link: &str) -> Result<(), Fault> {
        let next = rest::next_page_url(&connection.own_hosts(), link)?;
        if next == self.url {
            return Err(Fault::protocol("The service named the same page as the next one."));
        }
        self.url = next;
        Ok(())
    }

    /// Sends for page `number`.
    fn fetch(
        &self,
        connection: &Arc<Connection>,
        request: &Request,
        number: u64,
        operation: &Arc<Operation>,
    ) -> Fetching {
        let (connection, operation) = (Arc::clone(connection), Arc::clone(operation));
        let what = request.cmdlet_name.clone();
        // The next page only reads, whatever the cmdlet is.
        let is_read = request.is_read || number > 1;
        let (method, url) = (self.method.clone(), self.url.clone());
        let (headers, body) = (self.headers.clone(), self.body.clone());
        Fetching(AbortOnDropHandle::new(tokio::spawn(async move {
            let request = ServiceRequest { method, url, headers, body, what: &what, is_read, timeout: COMMAND_TIMEOUT };
            connection.send(request, &operation).await
        })))
    }
}

async fn run(connection: &Arc<Connection>, request: &Request, operation: &Arc<Operation>) -> Result<(), Fault> {
    let mut left = match request.result_size {
        None => DEFAULT_RESULT_SIZE,
        Some(ResultSize::Limited(number)) => number,
        Some(ResultSize::Unlimited) => u64::MAX,
    };
    let mut call = Call::of(request, connection)?;
    let mut fetched: Option<Fetching> = None;
    // Counted apart: a page without objects is followed but never given, so nobody asks for the one after it.
    let mut given = 0;
    for number in 1.. {
        let destination = operation.page_wanted(given + 1).await;
        let fetching = fetched.take().unwrap_or_else(|| call.fetch(connection, request, number, operation));
        let bytes = fetching.body().await.map_err(|fault| explain_expiry(fault, number))?;
        // While this page is read the next one is on its way, if it is sure to be wanted.
        if operation.is_page_wanted(given + 2) && left > LARGEST_PAGE.into() {
            // A link that leads nowhere is an error after the page that it came with.
            if let Some(link) = page::last_link(&bytes)
                && call.turn_to(connection, &link).is_ok()
            {
                fetched = Some(call.fetch(connection, request, number + 1, operation));
            }
        }
        let mut page = call.answer.page(bytes)?;
        let cut = page.rows.len() as u64 > left;
        page.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= page.rows.len() as u64;
        let next_link = page.next_link.take();
        let (hints, warnings): (Vec<_>, Vec<_>) =
            std::mem::take(&mut page.warnings).into_iter().partition(|text| rest::is_more_results_warning(text));
        for text in warnings {
            operation.event(Event::Warning { text });
        }
        if !page.rows.is_empty() {
            given += 1;
            match destination {
                Destination::Consumer => operation.page(page),
                Destination::Store => {
                    let packing = tokio::task::spawn_blocking(move || StoredPage::pack(page));
                    let page = packing.await.map_err(|error| Fault::internal(error.to_string()))??;
                    operation.store(page);
                }
            }
        }
        match next_link {
            Some(_) if left > 0 && fetched.is_some() => {}
            Some(link) if left > 0 => call.turn_to(connection, &link)?,
            next_link => {
                // The hint belongs to the end of a result that was cut short; on pages that are followed it is noise.
                if cut || next_link.is_some() || !hints.is_empty() {
                    let text = hints.into_iter().next().unwrap_or_else(|| rest::MORE_RESULTS_WARNING.to_owned());
                    operation.event(Event::Warning { text });
                }
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A page that is on its way. Dropping it gives it up.
struct Fetching(AbortOnDropHandle<Result<Vec<u8>, Fault>>);

impl Fetching {
    /// The body, when it is here.
    async fn body(self) -> Result<Vec<u8>, Fault> {
        self.0.await.unwrap_or_else(|error| Err(Fault::internal(format!("The native core failed: {error}."))))
    }
}

/// A refused page token is explained: the service's own text only names the time.
fn explain_expiry(fault: Fault, page_number: u64) -> Fault {
    if fault.kind != FaultKind::PageExpired || page_number == 1 {
        return fault;
    }
    let message = format!(
        "{} Page {page_number} was asked for too late; the objects after it are missing. Collect the result in a variable \
         first and work on it afterwards.",
        fault.message
    );
    Fault { message, ..fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(json: serde_json::Value) -> Result<Request, serde_json::Error> {
        serde_json::from_value(json)
    }

    #[test]
    fn result_sizes() {
        let of = |size: serde_json::Value| {
            request(serde_json::json!({"cmdletName": "Get-Mailbox", "parameters": {}, "resultSize": size}))
                .map(|request| request.result_size)
        };
        assert_eq!(of(serde_json::json!(null)).expect("none"), None);
        assert_eq!(of(serde_json::json!(5)).expect("a number"), Some(ResultSize::Limited(5)));
        assert_eq!(of(serde_json::json!("UNLIMITED")).expect("a word"), Some(ResultSize::Unlimited));
        for size in [serde_json::json!(0), serde_json::json!(-1), serde_json::json!("many"), serde_json::json!([])] {
            assert!(of(size).is_err());
        }
    }

    #[test]
    fn unknown_members_are_refused() {
        let error = request(serde_json::json!({"cmdletName": "Get-Mailbox", "parameters": {}, "resultsize": 1}))
            .expect_err("a slip in the name");
        assert!(error.to_string().contains("resultsize"), "{error}");
    }

    #[test]
    fn a_late_page_says_what_is_missing() {
        let expired = Fault::new(FaultKind::PageExpired, "x", "Expired.");
        assert!(explain_expiry(expired.clone(), 3).message.contains("Page 3"));
        assert_eq!(explain_expiry(expired.clone(), 1), expired);
    }
}
