//! `Get-MessageTraceV2`, and `Get-MessageTrace`, which counts pages instead of going on from a message.

use serde_json::Value as Json;

use super::generic::list_of;
use super::{Cmdlet, read, refuse_unevaluated};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::messages::Message;
use crate::directory::organization::write_selected;
use crate::directory::value::{Kind, Value, format_moment, normalise_guid, now_ticks, parse_moment, ticks_from_unix};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[("Get-MessageTrace", get_counted), ("Get-MessageTraceV2", get)];

/// How long ago a period may begin and how long it may be, in days; without the latter it may be all that is kept.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) oldest: i64,
    pub(super) longest: Option<i64>,
}

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
/// What a period may be longer than its days, in seconds. Ten days by the clock on the wall have an hour more when the
/// clock is put back in between, and scripts read the clock once for each end, a few moments apart.
const GRACE: i64 = 3_600 + 5 * 60;

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

/// The period of a call, nothing of it to come.
pub(super) fn period(call: &Call<'_>, span: Span) -> Result<(i64, i64), ApiError> {
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
    // A day's grace, because "90 days ago" is cut to its midnight, or was meant in another time zone.
    if start < now - ticks_from_unix((span.oldest + 1) * DAY) {
        return Err(refuse(format!("The start date is more than {} days ago.", span.oldest)));
    }
    if let Some(longest) = span.longest.filter(|longest| end - start > ticks_from_unix(longest * DAY + GRACE)) {
        return Err(refuse(format!("The period from StartDate to EndDate is longer than {longest} days.")));
    }
    Ok((start, end.min(now)))
}

/// What a trace looks for.
struct Sought<'a> {
    senders: Vec<String>,
    recipients: Vec<String>,
    statuses: Vec<String>,
    ids: Vec<String>,
    trace: Option<String>,
    from_ip: Option<&'a str>,
    to_ip: Option<&'a str>,
    subject: Option<String>,
    how: String,
}

impl<'a> Sought<'a> {
    fn of(call: &'a Call<'_>) -> Self {
        let text = |name: &str| call.arguments.text(name).filter(|text| !text.is_empty());
        Self {
            senders: list_of(call, "SenderAddress"),
            recipients: list_of(call, "RecipientAddress"),
            statuses: list_of(call, "Status"),
            ids: list_of(call, "MessageId"),
            trace: text("MessageTraceId").and_then(normalise_guid),
            from_ip: text("FromIP"),
            to_ip: text("ToIP"),
            subject: text("Subject").map(str::to_lowercase),
            how: text("SubjectFilterType").unwrap_or("Contains").to_lowercase(),
        }
    }

    fn fits(&self, message: &Message) -> bool {
        let is = |wanted: Option<&str>, value: Option<&str>| wanted.is_none_or(|wanted| value == Some(wanted));
        is_among(&self.senders, &message.sender)
            && is_among(&self.recipients, &message.recipient)
            && is_among(&self.statuses, message.status)
            && is_among(&self.ids, &message.message_id)
            && self.trace.as_ref().is_none_or(|trace| message.trace_id == *trace)
            && is(self.from_ip, message.from_ip.as_deref())
            && is(self.to_ip, message.to_ip.as_deref())
            && self.subject.as_ref().is_none_or(|wanted| {
                let subject = message.subject.to_lowercase();
                match self.how.as_str() {
                    "startswith" => subject.starts_with(wanted),
                    "endswith" => subject.ends_with(wanted),
                    _ => subject.contains(wanted),
                }
            })
    }
}

/// Answers the page of a report that `Page` and `PageSize` ask for; each object is told its number in the report. Without
/// a size a page has `usual` objects, and none has more than `most`.
pub(super) fn numbered_page<T>(
    call: &Call<'_>,
    found: impl Iterator<Item = T>,
    usual: usize,
    most: i64,
    write: impl Fn(usize, &T, &mut String),
) -> Result<Outcome, ApiError> {
    let number = |name: &str, default: usize, most: i64| match call.arguments.get(name).map(Json::as_i64) {
        None => Ok(default),
        Some(Some(number)) if (1..=most).contains(&number) => Ok(number as usize),
        _ => Err(refuse(format!("The value of {name} must be from 1 to {most}."))),
    };
    let (page, size) = (number("Page", 1, 1000)?, number("PageSize", usual, most)?);
    let mut outcome = Outcome::default();
    for (index, item) in found.enumerate().skip((page - 1) * size).take(size) {
        if outcome.rows > 0 {
            outcome.objects.push(',');
        }
        outcome.rows += 1;
        write(index, &item, &mut outcome.objects);
    }
    Ok(outcome)
}

fn get_counted(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &[
            "EndDate",
            "FromIP",
            "MessageId",
            "MessageTraceId",
            "Page",
            "PageSize",
            "RecipientAddress",
            "SenderAddress",
            "StartDate",
            "Status",
            "ToIP",
        ],
    )?;
    let (start, end) = period(call, Span { oldest: 10, longest: None })?;
    let sought = Sought::of(call);
    let directory = read(call);
    let organization = directory.seed.company.initial_domain;
    let found = directory.messages(start, end).filter(|message| sought.fits(message));
    numbered_page(call, found, 1000, 5000, |index, message, out| {
        let more = [
            ("StartDate", Kind::MomentUtc, Value::Moment(start)),
            ("EndDate", Kind::MomentUtc, Value::Moment(end)),
            ("Index", Kind::Int32, Value::Int(index as i64)),
        ];
        write_message(call, organization, message, &more, out);
    })
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &EVALUATED)?;
    let (start, end) = period(call, Span { oldest: 90, longest: Some(10) })?;
    let size = match call.arguments.get("ResultSize").map(Json::as_i64) {
        None => 1000,
        Some(Some(size @ 1..=5000)) => size as usize,
        _ => return Err(refuse("The value of ResultSize must be from 1 to 5000.")),
    };
    let sought = Sought::of(call);
    let continued = call.arguments.text("StartingRecipientAddress").filter(|text| !text.is_empty());
    let continued = continued.map(str::to_lowercase);
    let directory = read(call);
    let mut found = directory.messages(start, end).filter(|message| {
        // The moment of the last message seen goes on after its last recipient seen.
        continued.as_ref().is_none_or(|after| message.received < end || message.recipient.to_lowercase() > *after)
            && sought.fits(message)
    });
    let page: Vec<Message> = found.by_ref().take(size).collect();
    let mut objects = String::new();
    for (number, message) in page.iter().enumerate() {
        if number > 0 {
            objects.push(',');
        }
        write_message(call, directory.seed.company.initial_domain, message, &[], &mut objects);
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

fn write_message(
    call: &Call<'_>,
    organization: &str,
    message: &Message,
    more: &[(&str, Kind, Value)],
    out: &mut String,
) {
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
    let properties = properties.into_iter().map(|(name, (kind, value))| (name, kind, value));
    write_selected(out, properties.chain(more.iter().cloned()), call.select.as_deref());
}
