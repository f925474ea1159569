//! Messages in quarantine: those of the trace that were put there, until somebody lets them go or deletes them.

use serde_json::Value as Json;

use super::generic::{identity, list_of};
use super::trace::numbered_page;
use super::{Cmdlet, read, refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::messages::Message;
use crate::directory::organization::write_selected;
use crate::directory::value::{Kind, Value, now_ticks, parse_moment, ticks_from_unix};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] =
    &[("Delete-QuarantineMessage", delete), ("Get-QuarantineMessage", get), ("Release-QuarantineMessage", release)];

/// How long messages stay, in days.
const KEPT: i64 = 30;
const DAY: i64 = 86_400;

/// The messages in quarantine, with the identity of each: the message's id and the recipient's.
fn kept(directory: &Directory) -> impl Iterator<Item = (String, Message)> {
    let now = now_ticks();
    directory
        .messages(now - ticks_from_unix(KEPT * DAY), now)
        .filter(|message| message.threat().is_some())
        .map(|message| {
            let recipient = directory.seed.named_guid(&format!("quarantine {}", message.recipient));
            (format!("{}\\{recipient}", message.trace_id), message)
        })
        .filter(|(identity, _)| !directory.deleted_quarantine.contains(identity))
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &[
            "Identity",
            "Direction",
            "EndReceivedDate",
            "MessageId",
            "Page",
            "PageSize",
            "RecipientAddress",
            "ReleaseStatus",
            "SenderAddress",
            "StartReceivedDate",
            "Subject",
            "Type",
        ],
    )?;
    let directory = read(call);
    let text = |name: &str| call.arguments.text(name).filter(|text| !text.is_empty());
    let moment = |name: &str| text(name).and_then(parse_moment);
    let (senders, recipients) = (list_of(call, "SenderAddress"), list_of(call, "RecipientAddress"));
    let (statuses, start, end) =
        (list_of(call, "ReleaseStatus"), moment("StartReceivedDate"), moment("EndReceivedDate"));
    let among =
        |list: &[String], text: &str| list.is_empty() || list.iter().any(|wanted| wanted.eq_ignore_ascii_case(text));
    let is = |name: &str, value: &str| text(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value));
    let status = |identity: &str| if directory.released.contains(identity) { "RELEASED" } else { "NOTRELEASED" };
    let found = kept(&directory).filter(|(identity, message)| {
        is("Identity", identity)
            && is("Direction", message.direction().name())
            && is("MessageId", &message.message_id)
            && is("Subject", &message.subject)
            && is("Type", quarantine_type(message))
            && among(&senders, &message.sender)
            && among(&recipients, &message.recipient)
            && among(&statuses, status(identity))
            && start.is_none_or(|start| message.received >= start)
            && end.is_none_or(|end| message.received <= end)
    });
    let organization = directory.seed.company.initial_domain;
    let outcome = numbered_page(call, found, 100, 1000, |_, (identity, message), out| {
        let text = |text: &str| (Kind::Text, Value::text(text));
        let flag = |flag: bool| (Kind::Bool, Value::Bool(flag));
        let list = |items: &[&str]| (Kind::List, Value::List(items.iter().map(|item| (*item).to_owned()).collect()));
        let is_released = directory.released.contains(identity);
        let recipients: &[&str] = &[&message.recipient];
        let properties = [
            ("ReceivedTime", (Kind::MomentUtc, Value::Moment(message.received))),
            ("Organization", text(organization)),
            ("MessageId", text(&message.message_id)),
            ("SenderAddress", text(&message.sender)),
            ("RecipientAddress", list(recipients)),
            ("Subject", text(&message.subject)),
            ("Size", (Kind::Int32, Value::Int(message.size as i64))),
            ("Type", text(quarantine_type(message))),
            ("PolicyType", text("HostedContentFilterPolicy")),
            ("PolicyName", text("Default")),
            ("TagName", text("DefaultFullAccessPolicy")),
            ("PermissionToBlockSender", flag(false)),
            ("PermissionToDelete", flag(true)),
            ("PermissionToPreview", flag(true)),
            ("PermissionToRelease", flag(true)),
            ("PermissionToRequestRelease", flag(false)),
            ("PermissionToDownload", flag(true)),
            ("Released", flag(is_released)),
            ("ReleaseStatus", text(status(identity))),
            ("SystemReleased", flag(false)),
            ("RecipientCount", (Kind::Int32, Value::Int(1))),
            ("QuarantinedUser", list(if is_released { &[] } else { recipients })),
            ("ReleasedUser", list(if is_released { recipients } else { &[] })),
            ("Reported", flag(false)),
            ("Direction", text(message.direction().name())),
            ("CustomData", (Kind::Text, Value::Null)),
            ("EntityType", text("Email")),
            ("Expires", (Kind::MomentUtc, Value::Moment(message.received + ticks_from_unix(KEPT * DAY)))),
            ("Identity", text(identity)),
        ];
        let properties = properties.into_iter().map(|(name, (kind, value))| (name, kind, value));
        write_selected(out, properties, call.select.as_deref());
    })?;
    match text("Identity") {
        Some(wanted) if outcome.rows == 0 => Err(ApiError::not_found(wanted)),
        _ => Ok(outcome),
    }
}

fn quarantine_type(message: &Message) -> &'static str {
    match message.threat().map(|threat| threat.verdict) {
        Some("Malware") => "Malware",
        _ => "HighConfPhish",
    }
}

/// The identities of a call: all of `Identities`, which goes before the `Identity` that it needs beside it.
fn wanted(call: &Call<'_>, directory: &Directory) -> Result<Vec<String>, ApiError> {
    let mut wanted = list_of(call, "Identities");
    if wanted.is_empty() {
        wanted.push(identity(call).to_owned());
    }
    let known: Vec<String> = kept(directory).map(|(identity, _)| identity).collect();
    wanted
        .into_iter()
        .map(|text| {
            let found = known.iter().find(|identity| identity.eq_ignore_ascii_case(text.trim()));
            found.cloned().ok_or_else(|| ApiError::not_found(&text))
        })
        .collect()
}

fn release(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &[
            "Identities",
            "Identity",
            "ActionType",
            "AllowSender",
            "Force",
            "ReleaseToAll",
            "ReportFalsePositive",
            "User",
        ],
    )?;
    let mut directory = write(call);
    let wanted = wanted(call, &directory)?;
    let action = call.arguments.text("ActionType").unwrap_or("Release");
    // A request is another's to answer, and a denied one changes nothing.
    if !action.eq_ignore_ascii_case("Release") {
        return Err(ApiError::not_implemented(format!("the action '{action}' of {}", call.cmdlet)));
    }
    let users = list_of(call, "User");
    for identity in &wanted {
        let recipient = kept(&directory).find(|(known, _)| known == identity).map(|(_, message)| message.recipient);
        let is_meant = |user: &String| recipient.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(user));
        if let Some(stranger) = users.iter().find(|user| !is_meant(user)) {
            return Err(ApiError::cmdlet(types::VALIDATION, format!("'{stranger}' isn't a recipient of the message.")));
        }
    }
    if users.is_empty() && call.arguments.get("ReleaseToAll") == Some(&Json::Bool(false)) {
        return Err(ApiError::parameters("Use ReleaseToAll or User to say to whom the message goes."));
    }
    if !call.arguments.what_if {
        directory.released.extend(wanted);
    }
    Ok(Outcome::default())
}

fn delete(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identities", "Identity", "EntityType", "HardDelete"])?;
    let mut directory = write(call);
    let wanted = wanted(call, &directory)?;
    if !call.arguments.what_if {
        directory.deleted_quarantine.extend(wanted);
    }
    Ok(Outcome::default())
}
