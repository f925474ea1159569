//! `$batch`: several requests in one, as OData's JSON format has it. Each part is a request by itself, with its own
//! token, its own faults and its own share of the throttle; only the way to a server is the whole batch's.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use bytes::Bytes;
use hyper::body::Body as _;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::{Map, Value as Json};

use super::errors::ApiError;
use super::{Caller, anchor, part};
use crate::directory::value::push_json_string;
use crate::http::{Body, Reply, Request, reply};
use crate::log::{LogFacts, PartEntry};
use crate::secrets::new_guid;
use crate::state::State;

/// The most requests of a batch. The service's own limit isn't published; no public client sends more.
const LARGEST: usize = 10;

/// One request of a batch, its members checked.
struct Item<'a> {
    id: &'a str,
    method: &'a str,
    url: &'a str,
    headers: Option<&'a Map<String, Json>>,
    body: Option<&'a Json>,
}

/// Answers a batch.
#[must_use]
pub fn post(state: &State, request: &Request, caller: &Caller<'_>) -> Reply {
    if request.media_type() != "application/json" {
        return ApiError::Bare(StatusCode::UNSUPPORTED_MEDIA_TYPE).reply();
    }
    let Ok(body) = serde_json::from_slice::<Json>(&request.body) else {
        return ApiError::odata("Unable to read the request body as a JSON object.").reply();
    };
    let items = match items(&body) {
        Ok(items) => items,
        Err(error) => return error.reply(),
    };
    let goes_on = continues_on_error(request);
    let mut text = String::from("{\"responses\":[");
    let mut parts = Vec::new();
    for item in items {
        let mut response = answer(state, request, caller, &item);
        let facts = response.extensions_mut().remove::<LogFacts>().unwrap_or_default();
        let status = response.status();
        if !parts.is_empty() {
            text.push(',');
        }
        push_response(&mut text, item.id, response, &facts);
        parts.push(PartEntry {
            id: item.id.to_owned(),
            method: item.method.to_owned(),
            url: without_token(item.url),
            status: status.as_u16(),
            cmdlet_name: facts.cmdlet_name,
            parameters: facts.parameters,
            entity: facts.entity,
            rows: facts.rows,
            user: facts.user,
            note: facts.note,
        });
        if !goes_on && (status.is_client_error() || status.is_server_error()) {
            break;
        }
    }
    text.push_str("]}");
    let mut response = reply(StatusCode::OK, "application/json;odata.metadata=minimal;odata.streaming=true", text);
    response.extensions_mut().insert(LogFacts { parts, ..LogFacts::default() });
    response
}

/// A link's token is long and says nothing to a reader of the log.
fn without_token(url: &str) -> String {
    ["$skiptoken=", "%24skiptoken="]
        .into_iter()
        .find_map(|name| url.find(name).map(|at| format!("{}...", &url[..at + name.len()])))
        .unwrap_or_else(|| url.to_owned())
}

/// The requests of a batch. A batch that isn't one is refused as a whole.
fn items(body: &Json) -> Result<Vec<Item<'_>>, ApiError> {
    let refuse = |what: &str| Err(ApiError::odata(format!("The batch isn't valid: {what}.")));
    let requests = match body.as_object() {
        Some(object) if object.len() == 1 => object.get("requests").and_then(Json::as_array),
        _ => None,
    };
    let Some(requests) = requests else {
        return refuse("its only member is the array 'requests'");
    };
    if requests.is_empty() || requests.len() > LARGEST {
        return refuse(&format!("it has {} requests, not 1 to {LARGEST}", requests.len()));
    }
    let mut items: Vec<Item<'_>> = Vec::new();
    for request in requests {
        let Some(object) = request.as_object() else {
            return refuse("a request isn't an object");
        };
        for name in object.keys() {
            match name.as_str() {
                "id" | "method" | "url" | "headers" | "body" => {}
                "atomicityGroup" | "dependsOn" | "if" => {
                    return Err(ApiError::not_implemented(format!("the member '{name}' of a request of a batch")));
                }
                _ => return refuse(&format!("a request has the unknown member '{name}'")),
            }
        }
        let text = |name: &str| object.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
        let (Some(id), Some(method), Some(url)) = (text("id"), text("method"), text("url")) else {
            return refuse("a request needs 'id', 'method' and 'url', which are texts");
        };
        if items.iter().any(|known| known.id == id) {
            return refuse(&format!("two requests have the id '{id}'"));
        }
        let headers = match object.get("headers") {
            None => None,
            Some(Json::Object(headers)) => Some(headers),
            Some(_) => return refuse("the member 'headers' of a request isn't an object"),
        };
        items.push(Item { id, method, url, headers, body: object.get("body") });
    }
    Ok(items)
}

/// Whether the parts after one that failed are to be run too.
fn continues_on_error(request: &Request) -> bool {
    let values = request.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split([',', ';'])).any(|preference| {
        let (name, value) = preference.split_once('=').unwrap_or((preference, "true"));
        let name = name.trim().to_ascii_lowercase();
        matches!(name.as_str(), "odata.continue-on-error" | "continue-on-error")
            && value.trim().eq_ignore_ascii_case("true")
    })
}

/// Answers one part.
fn answer(state: &State, batch: &Request, caller: &Caller<'_>, item: &Item<'_>) -> Reply {
    let request = match request_of(batch, caller, item) {
        Ok(request) => request,
        Err(error) => return error.reply(),
    };
    part(state, &request, |caller| anchor::check_part(batch, caller, item.body))
}

/// The part as a request.
fn request_of(batch: &Request, caller: &Caller<'_>, item: &Item<'_>) -> Result<Request, ApiError> {
    let refuse = |what: &str| ApiError::odata(format!("The request '{}' of the batch isn't valid: {what}.", item.id));
    let method =
        Method::from_bytes(item.method.to_ascii_uppercase().as_bytes()).map_err(|_| refuse("its method isn't one"))?;
    let target = target(&batch.origin, &caller.base, item.url)
        .ok_or_else(|| refuse(&format!("its address '{}' isn't one of this service", without_token(item.url))))?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut headers = HeaderMap::new();
    for (name, value) in item.headers.into_iter().flatten() {
        // Public clients send switches as Booleans.
        let value = match value {
            Json::String(text) => text.clone(),
            Json::Bool(_) | Json::Number(_) => value.to_string(),
            _ => return Err(refuse(&format!("its header '{name}' isn't a text"))),
        };
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value)) else {
            return Err(refuse(&format!("its header '{name}' can't be one")));
        };
        headers.append(name, value);
    }
    // What a part says about its own way doesn't help: it is where the batch is.
    headers.remove("x-anchormailbox");
    if let Some(anchor) = batch.headers.get("x-anchormailbox") {
        headers.insert("x-anchormailbox", anchor.clone());
    }
    // A part without a token of its own goes by that of the batch.
    if let Some(token) = batch.headers.get("authorization").filter(|_| !headers.contains_key("authorization")) {
        headers.insert("authorization", token.clone());
    }
    if !headers.contains_key(CONTENT_TYPE) && item.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(Request {
        method,
        path: path.to_owned(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers,
        body: item.body.map_or_else(Bytes::new, |body| body.to_string().into()),
        origin: batch.origin.clone(),
        host: batch.host.clone(),
    })
}

/// The path and query of an address: absolute on the batch's own host, from the host's root, or from the tenant's.
fn target(origin: &str, base: &str, url: &str) -> Option<String> {
    if url.contains('#') || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    if url.contains("://") && !url.starts_with(['/', '?']) && url.split(['/', '?', '(']).next()?.ends_with(':') {
        let authority_end = url.find("://")? + 3 + url.split_once("://")?.1.find('/')?;
        let (own, rest) = url.split_at(authority_end);
        let own = own.to_ascii_lowercase();
        let own = own.strip_suffix(":443").unwrap_or(&own);
        return (own == origin.to_ascii_lowercase()).then(|| rest.to_owned());
    }
    if url.starts_with('/') {
        return (!url.starts_with("//")).then(|| url.to_owned());
    }
    let tenant = base.strip_prefix(origin)?;
    Some(format!("{tenant}/{url}"))
}

/// Appends a part's answer: JSON as it is, other text as a text, and everything else in base64.
fn push_response(out: &mut String, id: &str, response: Reply, facts: &LogFacts) {
    out.push_str("{\"id\":");
    push_json_string(out, id);
    out.push_str(&format!(",\"status\":{},\"headers\":{{\"request-id\":", response.status().as_u16()));
    push_json_string(out, &new_guid());
    if let Some(name) = &facts.cmdlet_name {
        out.push_str(",\"Cmdlet-Name\":");
        push_json_string(out, name);
    }
    for (name, value) in response.headers() {
        if let Ok(value) = value.to_str() {
            out.push(',');
            push_json_string(out, name.as_str());
            out.push(':');
            push_json_string(out, value);
        }
    }
    out.push('}');
    let media_type =
        response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let bytes = whole(response.into_body());
    if !bytes.is_empty() {
        out.push_str(",\"body\":");
        match std::str::from_utf8(&bytes) {
            Ok(text) if media_type.starts_with("application/json") => out.push_str(text),
            Ok(text) if media_type.starts_with("text/") => push_json_string(out, text),
            _ => push_json_string(out, &BASE64URL.encode(&bytes)),
        }
    }
    out.push('}');
}

/// The bytes of a body. It is in memory, so that nothing has to be waited for.
fn whole(mut body: Body) -> Vec<u8> {
    let mut context = Context::from_waker(Waker::noop());
    let mut bytes = Vec::new();
    while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut body).poll_frame(&mut context) {
        bytes.extend(frame.into_data().unwrap_or_default());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_own_host_are_taken() {
        let origin = "https://outlook.office365.com";
        let base = format!("{origin}/adminapi/beta/t");
        let target = |url: &str| target(origin, &base, url);
        let wanted = Some("/adminapi/beta/t/InvokeCommand?$select=A".to_owned());
        assert_eq!(target("https://Outlook.office365.com/adminapi/beta/t/InvokeCommand?$select=A"), wanted);
        assert_eq!(target("https://outlook.office365.com:443/adminapi/beta/t/InvokeCommand?$select=A"), wanted);
        assert_eq!(target("/adminapi/beta/t/InvokeCommand?$select=A"), wanted);
        assert_eq!(target("InvokeCommand?$select=A"), wanted);
        assert_eq!(target("Mailbox('x://y')"), Some("/adminapi/beta/t/Mailbox('x://y')".to_owned()));
        for bad in [
            "https://outlook.office365.com.evil.example/adminapi/beta/t/InvokeCommand",
            "https://user@outlook.office365.com/adminapi/beta/t/InvokeCommand",
            "https://evil.example/adminapi/beta/t/InvokeCommand",
            "http://outlook.office365.com/adminapi/beta/t/InvokeCommand",
            "https://outlook.office365.com",
            "//evil.example/adminapi",
            "/adminapi/beta/t/InvokeCommand#x",
            "/adminapi/beta/t/Invoke Command",
        ] {
            assert_eq!(target(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_batch_is_checked_as_a_whole() {
        let count = |text: &str| {
            let body: Json = serde_json::from_str(text).expect("JSON");
            items(&body).ok().map(|items| items.len())
        };
        assert_eq!(count(r#"{"requests":[{"id":"1","method":"GET","url":"Mailbox"}]}"#), Some(1));
        for bad in [
            r"[]",
            r#"{"requests":[]}"#,
            r#"{"requests":[1]}"#,
            r#"{"requests":[{"id":1,"method":"GET","url":"Mailbox"}]}"#,
            r#"{"requests":[{"id":"1","method":"GET"}]}"#,
            r#"{"requests":[{"id":"1","method":"GET","url":"a"},{"id":"1","method":"GET","url":"b"}]}"#,
            r#"{"requests":[{"id":"1","method":"GET","url":"a","more":1}]}"#,
            r#"{"requests":[{"id":"1","method":"GET","url":"a","dependsOn":["0"]}]}"#,
            r#"{"requests":[{"id":"1","method":"GET","url":"a","headers":[]}]}"#,
            r#"{"requests":[{"id":"1","method":"GET","url":"a"}],"more":1}"#,
        ] {
            assert_eq!(count(bad), None, "{bad}");
        }
        let many: Vec<String> =
            (0..11).map(|id| format!(r#"{{"id":"{id}","method":"GET","url":"Mailbox"}}"#)).collect();
        assert_eq!(count(&format!(r#"{{"requests":[{}]}}"#, many.join(","))), None);
    }
}
