//! The way to a server: the header `X-AnchorMailbox`, which says whose server a request is for.

use std::sync::PoisonError;

use hyper::StatusCode;
use serde_json::{Map, Value as Json, json};

use super::Caller;
use super::errors::ApiError;
use crate::directory::Directory;
use crate::directory::links::RecipientId;
use crate::directory::value::normalise_guid;
use crate::http::{Reply, Request, reply};

/// The header.
const HEADER: &str = "x-anchormailbox";

/// The longest header that gets through: the default of the web server of Windows, in bytes. What the service itself has
/// set isn't published.
const LONGEST_HEADER: usize = 16_384;

/// Cmdlets that write into the mailbox itself, so that they must run at the mailbox's server. `Set-Mailbox` does so with
/// some parameters only, and which isn't known.
const BOUND_TO_MAILBOX: [&str; 9] = [
    "Set-CASMailbox",
    "Set-CalendarProcessing",
    "Set-Clutter",
    "Set-FocusedInbox",
    "Set-MailboxAuditBypassAssociation",
    "Set-MailboxAutoReplyConfiguration",
    "Set-MailboxCalendarConfiguration",
    "Set-MailboxMessageConfiguration",
    "Set-MailboxRegionalConfiguration",
];

/// The refusal of a request with a header that is too long; the web server gives it before anybody looks at the token.
pub(super) fn too_long(request: &Request) -> Option<Reply> {
    let long = request.headers.iter().any(|(name, value)| name.as_str().len() + value.len() > LONGEST_HEADER);
    long.then(|| {
        reply(
            StatusCode::BAD_REQUEST,
            "text/html; charset=us-ascii",
            "<!DOCTYPE html><html><head><title>Bad Request</title></head><body><h2>Bad Request - Request Too Long</h2><hr>\
             <p>HTTP Error 400. The size of the request headers is too long.</p></body></html>",
        )
    })
}

/// Checks that a hint which says that it is an address is one: what follows an address, such as a folder, makes it one
/// that no server has. A hint without a prefix may be any identity.
///
/// How the service words this refusal is not published: the code is what a sister service, Outlook's REST API, calls a
/// wrong hint, and the sentence is made up here.
pub(super) fn check_form(request: &Request) -> Result<(), ApiError> {
    let Some(anchor) = request.header(HEADER) else {
        return Ok(());
    };
    let Some((prefix, address)) = anchor.split_once(':') else {
        return Ok(());
    };
    let is_address = ["UPN", "SMTP", "AAD-UPN", "AAD-SMTP"].iter().any(|known| known.eq_ignore_ascii_case(prefix));
    let broken = |c: char| matches!(c, '\\' | ':' | ';' | ',' | '"' | '<' | '>') || c.is_whitespace() || c.is_control();
    if !is_address || !(address.is_empty() || address.contains(broken)) {
        return Ok(());
    }
    let shown: String = anchor.chars().take(200).collect();
    Err(ApiError::Envelope(
        StatusCode::BAD_REQUEST,
        json!({"error": {
            "code": "ErrorIncorrectRoutingHint",
            "message": format!("The routing hint '{shown}' isn't valid: '{prefix}:' is followed by an address."),
        }}),
    ))
}

/// Checks that a call by an application came to a server where its cmdlet can run. People's calls are passed on from
/// their own server to the mailbox's; a call without a hint is routed by its parameters.
pub(super) fn check_application(
    request: &Request,
    caller: &Caller<'_>,
    cmdlet: &str,
    parameters: Option<&Map<String, Json>>,
) -> Result<(), ApiError> {
    match request.header(HEADER) {
        Some(anchor) if caller.identity.is_application => check_server(anchor, caller, cmdlet, parameters),
        _ => Ok(()),
    }
}

/// Checks that a part of a batch is for a server that the whole batch came to, whoever calls.
pub(super) fn check_part(batch: &Request, caller: &Caller<'_>, body: Option<&Json>) -> Result<(), ApiError> {
    let input = body.and_then(|body| body.get("CmdletInput"));
    let cmdlet = input.and_then(|input| input["CmdletName"].as_str());
    match (batch.header(HEADER), input, cmdlet) {
        (Some(anchor), Some(input), Some(cmdlet)) => {
            check_server(anchor, caller, cmdlet, input["Parameters"].as_object())
        }
        _ => Ok(()),
    }
}

/// Checks that the hint leads to the server of the mailbox into which the cmdlet writes.
fn check_server(
    anchor: &str,
    caller: &Caller<'_>,
    cmdlet: &str,
    parameters: Option<&Map<String, Json>>,
) -> Result<(), ApiError> {
    if !BOUND_TO_MAILBOX.iter().any(|bound| bound.eq_ignore_ascii_case(cmdlet)) {
        return Ok(());
    }
    let identity = parameters
        .and_then(|parameters| parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case("Identity")))
        .and_then(|(_, value)| value.as_str());
    let directory = caller.realm.directory.read().unwrap_or_else(PoisonError::into_inner);
    // A mailbox that isn't there is the cmdlet's to complain about.
    let Some(wanted) = identity.and_then(|identity| server(&directory, identity)) else {
        return Ok(());
    };
    let hint = anchor.split_once(':').map_or(anchor, |(_, hint)| hint);
    // An object's or a mailbox's GUID may come with its tenant.
    let hint = hint.split_once('@').and_then(|(id, _)| normalise_guid(id)).unwrap_or_else(|| hint.to_owned());
    if server(&directory, &hint).as_ref() == Some(&wanted) {
        return Ok(());
    }
    Err(ApiError::cmdlet(
        "Microsoft.Exchange.Configuration.Tasks.CmdletProxyNotAvailableException",
        format!(
            "CmdletProxyNotAvailableException: Cmdlet needs proxy. Required Server FQDN: {wanted}.simpr01a001.prod.outlook.com."
        ),
    ))
}

/// The server of a mailbox.
fn server(directory: &Directory, identity: &str) -> Option<String> {
    match directory.recipient(identity) {
        Ok(RecipientId::Mailbox(index)) => Some(directory.mailbox(index).text("ServerName")),
        _ => None,
    }
}
