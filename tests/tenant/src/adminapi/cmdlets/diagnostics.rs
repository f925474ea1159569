//! `Export-MailboxDiagnosticLogs`.

use serde_json::json;

use super::generic::identity;
use super::{Cmdlet, one_mailbox, read, refuse_unevaluated};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::organization::write_selected;
use crate::directory::value::{Kind, Value, format_moment, now_ticks, ticks_from_unix};

/// The cmdlet of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[("Export-MailboxDiagnosticLogs", export)];

const DAY: i64 = 86_400;

fn export(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &["Identity", "ComponentName", "ExtendedProperties", "IncludeInactiveMailboxes", "ResultSize"],
    )?;
    call.result_size()?;
    let directory = read(call);
    let index = match one_mailbox(&directory, identity(call), false) {
        Err(_) if call.arguments.switch("IncludeInactiveMailboxes") => one_mailbox(&directory, identity(call), true)?,
        found => found?,
    };
    let (name, log) = match call.arguments.text("ComponentName") {
        None if call.arguments.switch("ExtendedProperties") => {
            ("ExtendedProperties", extended_properties(&directory, index))
        }
        Some(name) if name.eq_ignore_ascii_case("HoldTracking") => ("HoldTracking", holds(&directory, index)),
        Some(name) => return Err(ApiError::not_implemented(format!("the log of the component '{name}'"))),
        None => {
            return Err(ApiError::cmdlet(types::VALIDATION, "Use ComponentName or ExtendedProperties."));
        }
    };
    let text = |text: &str| (Kind::Text, Value::text(text));
    let properties = [
        ("MailboxLog", text(&log)),
        ("LogName", text(name)),
        ("Identity", text(&directory.mailbox(index).text("Identity"))),
        ("IsValid", (Kind::Bool, Value::Bool(true))),
        ("ObjectState", text("Unchanged")),
    ];
    let mut object = String::new();
    let properties = properties.into_iter().map(|(name, (kind, value))| (name, kind, value));
    write_selected(&mut object, properties, call.select.as_deref());
    Ok(Outcome::one(object))
}

/// What the assistant that applies retention noted about its last run, in the XML of the service.
fn extended_properties(directory: &Directory, index: u64) -> String {
    let hash = directory.seed.hash(71, index);
    // It comes by once in a week, on the mailbox's own day; today it may not have been here yet.
    let today = now_ticks() / ticks_from_unix(DAY);
    let day = today - 1 - (today + hash as i64 % 7).rem_euclid(7);
    let last = ticks_from_unix(day * DAY + (hash >> 8) as i64 % DAY);
    let items = hash >> 16 & 0xFF;
    let notes = [
        ("ELCLastSuccessTimestamp", format_moment(last)),
        ("ELCLastRunTotalProcessingTime", (800 + hash % 9000).to_string()),
        ("ELCLastRunUpdatedFolderCount", (hash % 5).to_string()),
        ("ELCLastRunTaggedFolderCount", "0".to_owned()),
        ("ELCLastRunUpdatedItemCount", (items / 2).to_string()),
        ("ELCLastRunArchivedFromRootItemCount", items.to_string()),
        ("ELCLastRunArchivedFromDumpsterItemCount", "0".to_owned()),
        ("ELCLastRunDeletedFromRootItemCount", (items / 3).to_string()),
        ("ELCLastRunDeletedFromDumpsterItemCount", (items / 4).to_string()),
    ];
    let notes: String = notes
        .iter()
        .map(|(name, value)| format!("<Property><Name>{name}</Name><Value>{value}</Value></Property>"))
        .collect();
    format!("<?xml version=\"1.0\" encoding=\"utf-16\"?><Properties><MailboxTable>{notes}</MailboxTable></Properties>")
}

/// The holds that were ever put on the mailbox and still are, as JSON text.
fn holds(directory: &Directory, index: u64) -> String {
    let mailbox = directory.mailbox(index);
    let mut holds: Vec<(String, u8)> = mailbox.list("InPlaceHolds").into_iter().map(|id| (id, 4)).collect();
    if mailbox.get("LitigationHoldEnabled") == Value::Bool(true) {
        holds.push(("Litigation Hold".to_owned(), 2));
    }
    let begin = match mailbox.get("LitigationHoldDate") {
        Value::Moment(ticks) => ticks,
        _ => match mailbox.get("WhenMailboxCreated") {
            Value::Moment(ticks) => ticks,
            _ => 0,
        },
    };
    let list: Vec<serde_json::Value> = holds
        .into_iter()
        .map(|(id, kind)| {
            json!({"hid": id, "ht": kind, "lsd": format_moment(begin), "osd": format_moment(begin), "ed": "0001-01-01T00:00:00.0000000"})
        })
        .collect();
    json!(list).to_string()
}
