//! `Get-MessageTraceV2`.

use serde_json::Value as Json;

use super::generic::list_of;
use super::{Cmdlet, read, refuse_unevaluated};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::messages::Message;
use crate::directory::organization::write_selected;
use crate::directory::value::{Kind, Value, format_moment, normalise_guid, now_ticks, parse_moment, ticks_from_unix};

/// The cmdlet of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[("Get-MessageTraceV2", get)];

const EVALUATED: [&str; 13] = [
    "EndDate",
    "FromIP",
    "MessageId",
    "MessageTraceId",
    "RecipientAddress",
    "ResultSize",
    "SenderAddress",
    "StartDate",
    "StartingRecipientAddress",
    "Status",
    "Subject",
    "SubjectFilterType",
    "ToIP",
];
const DAY: i64 = 86_400;

fn refuse(text: impl AsRef<str>) -> ApiError {
    ApiError::cmdlet(types::VALIDATION, text)
}

/// Whether an address is one of the list; an asterisk at its beginning stands for anything.
fn is_among(list: &[String], address: &str) -> bool {
    list.is_empty()
        || list.iter().any(|wanted| match wanted.strip_prefix('*') {
            Some(end) => address.to_lowercase().ends_with(&end.to_lowercase()),
            None => wanted.eq_ignore_ascii_case(address),
        })
}

fn period(call: &Call<'_>) -> Result<(i64, i64), ApiError> {
    let moment = |name: &str| call.arguments.text(name).and_then(parse_moment);
    let now = now_ticks();
    let (start, end) = match (moment("StartDate"), moment("EndDate")) {
        (Some(start), Some(end)) => (start, end),
        // Without a period the last two days are meant.
        (None, None) => (now - ticks_from_unix(2 * DAY), now),
        _ => return Err(refuse("Use StartDate and EndDate together.")),
    };
    if start > end {
        return Err(refuse("The start date must be earlier than the end date."));
    }
    // An hour's grace: "90 days ago" was computed before the call.
    if start < now - ticks_from_unix(90 * DAY + 3600) {
        return Err(refuse("The start date is more than 90 days ago."));
    }
    if end - start > ticks_from_unix(10 * DAY) {
        return Err(refuse("The period from StartDate to EndDate is longer than 10 days."));
    }
    Ok((start, end.min(now)))
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &EVALUATED)?;
    let (start, end) = period(call)?;
    let size = match call.arguments.get("ResultSize").map(Json::as_i64) {
        None => 1000,
        Some(Some(size @ 1..=5000)) => size as usize,
        _ => return Err(refuse("The value of ResultSize must be from 1 to 5000.")),
    };
    let text = |name: &str| call.arguments.text(name).filter(|text| !text.is_empty());
    let (senders, recipients) = (list_of(call, "SenderAddress"), list_of(call, "RecipientAddress"));
    let (statuses, ids) = (list_of(call, "Status"), list_of(call, "MessageId"));
    let trace = text("MessageTraceId").and_then(normalise_guid);
    let subject = text("Subject").map(str::to_lowercase);
    let how = text("SubjectFilterType").unwrap_or("Contains").to_lowercase();
    let continued = text("StartingRecipientAddress").map(str::to_lowercase);
    let is = |wanted: Option<&str>, value: Option<&str>| wanted.is_none_or(|wanted| value == Some(wanted));
    let directory = read(call);
    let mut found = directory.messages(start, end).filter(|message| {
        // The moment of the last message seen goes on after its last recipient seen.
        continued.as_ref().is_none_or(|after| message.received < end || message.recipient.to_lowercase() > *after)
            && is_among(&senders, &message.sender)
            && is_among(&recipients, &message.recipient)
            && is_among(&statuses, message.status)
            && is_among(&ids, &message.message_id)
            && trace.as_ref().is_none_or(|trace| message.trace_id == *trace)
            && is(text("FromIP"), message.from_ip.as_deref())
            && is(text("ToIP"), message.to_ip.as_deref())
            && subject.as_ref().is_none_or(|wanted| {
                let subject = message.subject.to_lowercase();
                match how.as_str() {
                    "startswith" => subject.starts_with(wanted),
                    "endswith" => subject.ends_with(wanted),
                    _ => subject.contains(wanted),
                }
            })
    });
    let page: Vec<Message> = found.by_ref().take(size).collect();
    let mut objects = String::new();
    for (number, message) in page.iter().enumerate() {
        if number > 0 {
            objects.push(',');
        }
        write_message(call, directory.seed.company.initial_domain, message, &mut objects);
    }
    let mut warnings = Vec::new();
    if let Some(last) = page.last().filter(|_| found.next().is_some()) {
        warnings.push(next_command(call, start, last, size));
    }
    Ok(Outcome { objects, rows: page.len() as u64, warnings, next_link: None })
}

/// The command that goes on after a message, as the service says it.
fn next_command(call: &Call<'_>, start: i64, last: &Message, size: usize) -> String {
    let mut command = format!(
        "Get-MessageTraceV2 -StartDate \"{}\" -EndDate \"{}\" -StartingRecipientAddress {} -ResultSize {size}",
        format_moment(start),
        format_moment(last.received),
        last.recipient
    );
    for name in ["SenderAddress", "RecipientAddress", "Status", "MessageId"] {
        let list = list_of(call, name);
        if !list.is_empty() {
            command.push_str(&format!(" -{name} {}", list.join(",")));
        }
    }
    for name in ["MessageTraceId", "Subject", "SubjectFilterType", "FromIP", "ToIP"] {
        if let Some(text) = call.arguments.text(name) {
            command.push_str(&format!(" -{name} \"{text}\""));
        }
    }
    format!("There are more results, use the following command to get more. {command}")
}

fn write_message(call: &Call<'_>, organization: &str, message: &Message, out: &mut String) {
    let text = |text: &str| (Kind::Text, Value::text(text));
    let ip = |ip: &Option<String>| (Kind::Text, ip.as_ref().map_or(Value::Null, Value::text));
    let properties = [
        ("Organization", text(organization)),
        ("MessageId", text(&message.message_id)),
        ("Received", (Kind::MomentUtc, Value::Moment(message.received))),
        ("SenderAddress", text(&message.sender)),
        ("RecipientAddress", text(&message.recipient)),
        ("Subject", text(&message.subject)),
        ("Status", text(message.status)),
        ("ToIP", ip(&message.to_ip)),
        ("FromIP", ip(&message.from_ip)),
        ("Size", (Kind::Int32, Value::Int(message.size as i64))),
        ("MessageTraceId", (Kind::Guid, Value::text(&message.trace_id))),
    ];
    write_selected(
        out,
        properties.into_iter().map(|(name, (kind, value))| (name, kind, value)),
        call.select.as_deref(),
    );
}
