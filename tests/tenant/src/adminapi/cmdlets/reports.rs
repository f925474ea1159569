//! Reports on mail flow, all counted from the messages that the trace shows too.

use std::collections::BTreeMap;

use super::generic::list_of;
use super::trace::{Span, numbered_page, period};
use super::{Cmdlet, read, refuse_unevaluated};
use crate::adminapi::errors::ApiError;
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::messages::{Direction, Message};
use crate::directory::organization::write_selected;
use crate::directory::value::{Kind, Value};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] =
    &[("Get-MailDetailATPReport", get_threats), ("Get-MailTrafficSummaryReport", get_summary)];

/// How far back reports go, in days. The pages name 90 for some of them and nothing for the others.
const SPAN: Span = Span { oldest: 90, longest: None };

fn is_among(list: &[String], text: &str) -> bool {
    list.is_empty() || list.iter().any(|wanted| wanted.eq_ignore_ascii_case(text))
}

/// The domain that a report on the organization's domains counts a message under.
fn own_domain(message: &Message) -> &str {
    let address = if message.direction() == Direction::Outbound { &message.sender } else { &message.recipient };
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// `Get-MailDetailATPReport`: the messages that the protection found a threat in. No object of it is published whole: the
/// names are those of the page and of the scripts that read it.
fn get_threats(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &[
            "Direction",
            "Domain",
            "EndDate",
            "EventType",
            "MessageId",
            "MessageTraceId",
            "Page",
            "PageSize",
            "RecipientAddress",
            "SenderAddress",
            "StartDate",
        ],
    )?;
    let (start, end) = period(call, SPAN)?;
    let (directions, domains, events) =
        (list_of(call, "Direction"), list_of(call, "Domain"), list_of(call, "EventType"));
    let (ids, traces) = (list_of(call, "MessageId"), list_of(call, "MessageTraceId"));
    let (senders, recipients) = (list_of(call, "SenderAddress"), list_of(call, "RecipientAddress"));
    let directory = read(call);
    let found = directory.messages(start, end).filter_map(|message| {
        let threat = message.threat()?;
        let wanted = is_among(&directions, message.direction().name())
            && is_among(&domains, own_domain(&message))
            && is_among(&events, threat.event)
            && is_among(&ids, &message.message_id)
            && is_among(&traces, &message.trace_id)
            && is_among(&senders, &message.sender)
            && is_among(&recipients, &message.recipient);
        wanted.then_some((message, threat))
    });
    let organization = directory.seed.company.initial_domain;
    numbered_page(call, found, 1000, 5000, |index, (message, threat), out| {
        let text = |text: &str| (Kind::Text, Value::text(text));
        let when = |ticks: i64| (Kind::MomentUtc, Value::Moment(ticks));
        let properties = [
            ("Organization", text(organization)),
            ("Date", when(message.received)),
            ("MessageId", text(&message.message_id)),
            ("MessageTraceId", (Kind::Guid, Value::text(&message.trace_id))),
            ("Domain", text(own_domain(message))),
            ("Subject", text(&message.subject)),
            ("MessageSize", (Kind::Int32, Value::Int(message.size as i64))),
            ("Direction", text(message.direction().name())),
            ("SenderAddress", text(&message.sender)),
            ("RecipientAddress", text(&message.recipient)),
            ("SenderIP", (Kind::Text, message.from_ip.as_ref().map_or(Value::Null, Value::text))),
            ("EventType", text(threat.event)),
            ("VerdictSource", text(threat.source)),
            ("VerdictType", text(threat.verdict)),
            ("ThreatName", text(threat.name)),
            ("Action", text(message.status)),
            ("StartDate", when(start)),
            ("EndDate", when(end)),
            ("Index", (Kind::Int32, Value::Int(index as i64))),
        ];
        let properties = properties.into_iter().map(|(name, (kind, value))| (name, kind, value));
        write_selected(out, properties, call.select.as_deref());
    })
}

/// Whose name a category counts, and whether a message counts.
type Category = (fn(&Message) -> String, fn(&Message) -> bool);

fn category(name: &str) -> Option<Category> {
    let recipient: fn(&Message) -> String = |message| message.recipient.clone();
    let sender: fn(&Message) -> String = |message| message.sender.clone();
    Some(match name.to_ascii_lowercase().as_str() {
        "topmailsender" => (sender, |message| message.direction() == Direction::Outbound),
        "topmailrecipient" => (recipient, |message| message.direction() == Direction::Inbound),
        "topintraorgsender" => (sender, |message| message.direction() == Direction::Internal),
        "topintraorgrecipient" => (recipient, |message| message.direction() == Direction::Internal),
        "topspamrecipient" => (recipient, |message| message.is_inbound() && message.status == "FilteredAsSpam"),
        "topmalwarerecipient" => (recipient, |message| message.is_inbound() && message.is_threat("Malware", false)),
        "topmalwareatprecipient" => (recipient, |message| message.is_inbound() && message.is_threat("Malware", true)),
        "topmalware" => (
            |message| message.threat().map_or_else(String::new, |threat| threat.name.to_owned()),
            |message| message.is_threat("Malware", false) || message.is_threat("Malware", true),
        ),
        "topphishrecipient" => (recipient, |message| message.is_inbound() && message.is_threat("Phish", false)),
        "topphishatprecipient" => (recipient, |message| message.is_inbound() && message.is_threat("Phish", true)),
        "topintraorgspamrecipient" => {
            (recipient, |message| message.direction() == Direction::Internal && message.status == "FilteredAsSpam")
        }
        "topintraorgmalwarerecipient" => {
            (recipient, |message| message.direction() == Direction::Internal && message.is_threat("Malware", false))
        }
        "topintraorgmalwareatprecipient" => {
            (recipient, |message| message.direction() == Direction::Internal && message.is_threat("Malware", true))
        }
        "topintraorgphishrecipient" => {
            (recipient, |message| message.direction() == Direction::Internal && message.is_threat("Phish", false))
        }
        "topintraorgphishatprecipient" => {
            (recipient, |message| message.direction() == Direction::Internal && message.is_threat("Phish", true))
        }
        _ => return None,
    })
}

/// `Get-MailTrafficSummaryReport`: who or what comes most often, in columns that have no names.
fn get_summary(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Category", "Domain", "EndDate", "Page", "PageSize", "StartDate"])?;
    let name = call.arguments.text("Category").unwrap_or("");
    // Nothing here counts what rules, policies and labels do.
    let Some((named, counts)) = category(name) else {
        return Err(ApiError::not_implemented(format!("the category '{name}' of {}", call.cmdlet)));
    };
    let (start, end) = period(call, SPAN)?;
    let domains = list_of(call, "Domain");
    let directory = read(call);
    let mut numbers: BTreeMap<String, i64> = BTreeMap::new();
    for message in directory.messages(start, end) {
        if counts(&message) && is_among(&domains, own_domain(&message)) {
            *numbers.entry(named(&message)).or_default() += 1;
        }
    }
    let mut sorted: Vec<(String, i64)> = numbers.into_iter().collect();
    sorted.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    numbered_page(call, sorted.into_iter(), 1000, 5000, |_, (name, number), out| {
        let text = |text: &str| (Kind::Text, Value::text(text));
        let properties = [("C1", text(name)), ("C2", text(&number.to_string())), ("C3", text(""))];
        let properties = properties.into_iter().map(|(name, (kind, value))| (name, kind, value));
        write_selected(out, properties, call.select.as_deref());
    })
}
