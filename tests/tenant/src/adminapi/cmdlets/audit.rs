//! `Search-UnifiedAuditLog`.

use serde_json::Value as Json;

use super::generic::list_of;
use super::{Cmdlet, refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::audit::{Record, Session};
use crate::directory::organization::write_selected;
use crate::directory::value::{Kind, Value, now_ticks, parse_moment, ticks_from_unix};
use crate::state::now;

/// The cmdlet of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[("Search-UnifiedAuditLog", search)];

/// How many records a search gives in all, sorted or not.
const PREVIEW_LIMIT: usize = 5000;
const LARGE_LIMIT: usize = 50_000;
/// How long a search may rest between two calls, in seconds, and how many there may be.
const SESSION_LIFE: i64 = 3600;
const SESSION_COUNT: usize = 1000;
/// How long records are kept.
const KEPT_DAYS: i64 = 365;

fn refuse(text: impl AsRef<str>) -> ApiError {
    ApiError::cmdlet(types::VALIDATION, text)
}

fn moment(call: &Call<'_>, name: &str) -> i64 {
    call.arguments.text(name).and_then(parse_moment).unwrap_or(0)
}

fn among(list: &[String], text: &str) -> bool {
    list.is_empty() || list.iter().any(|item| item.eq_ignore_ascii_case(text))
}

fn search(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &[
            "EndDate",
            "FreeText",
            "Formatted",
            "HighCompleteness",
            "IPAddresses",
            "ObjectIds",
            "Operations",
            "RecordType",
            "ResultSize",
            "SessionCommand",
            "SessionId",
            "StartDate",
            "UserIds",
        ],
    )?;
    let arguments = &call.arguments;
    let (start, end) = (moment(call, "StartDate"), moment(call, "EndDate"));
    if start >= end {
        return Err(refuse("The start date must be earlier than the end date."));
    }
    let oldest = now_ticks() - ticks_from_unix(KEPT_DAYS * 86_400);
    let size = match arguments.get("ResultSize").map(Json::as_i64) {
        None => 100,
        Some(Some(size @ 1..=5000)) => size as usize,
        _ => return Err(refuse("The value of ResultSize must be from 1 to 5000.")),
    };
    let command = arguments.text("SessionCommand");
    let session_id = arguments.text("SessionId").filter(|id| !id.is_empty());
    let large = command.is_some_and(|command| command.eq_ignore_ascii_case("ReturnLargeSet"));
    let (users, operations) = (list_of(call, "UserIds"), list_of(call, "Operations"));
    let (objects, addresses) = (list_of(call, "ObjectIds"), list_of(call, "IPAddresses"));
    let kind = arguments.text("RecordType");
    let words = arguments.text("FreeText").map(str::to_lowercase);
    let mut directory = write(call);
    let fits = |record: &Record| {
        among(&users, &record.user)
            && among(&operations, record.operation)
            && among(&addresses, &record.address)
            && (objects.is_empty() || objects.iter().any(|object| record.object.eq_ignore_ascii_case(object)))
            && kind.is_none_or(|kind| {
                record.record_type.eq_ignore_ascii_case(kind) || record.record_number.to_string() == kind
            })
            && words.as_ref().is_none_or(|words| directory.audit_data(record).to_lowercase().contains(words))
    };
    let mut found: Vec<Record> =
        directory.audit_records(start.max(oldest), end.min(now_ticks())).filter(fits).collect();
    if large {
        // A large set comes as it is found, not by date.
        found.sort_by_cached_key(|record| record.id.clone());
    }
    let total = found.len();
    found.truncate(if large { LARGE_LIMIT } else { PREVIEW_LIMIT });
    let mut given = 0;
    if let Some(id) = session_id {
        let search = description(call);
        let sessions = &mut directory.audit_sessions;
        sessions.retain(|_, session| session.used + SESSION_LIFE > now());
        let key = format!("{} {}", call.caller.identity.object_id, id.to_lowercase());
        if sessions.len() >= SESSION_COUNT && !sessions.contains_key(&key) {
            return Err(ApiError::cmdlet(
                "Microsoft.Exchange.Data.Storage.ServerBusyException",
                "There are too many searches of the audit log at the same time.",
            ));
        }
        let session = sessions.entry(key).or_insert_with(|| Session { search: search.clone(), given: 0, used: now() });
        // Scripts move the window of a search on and keep its id. What the service does then is not published; it is
        // assumed that a search begins anew, as those scripts expect.
        if session.search != search {
            *session = Session { search, given: 0, used: now() };
        }
        given = session.given;
        session.given = (given + size).min(found.len());
        session.used = now();
    }
    let mut objects = String::new();
    let mut rows = 0;
    for (at, record) in found.iter().enumerate().skip(given).take(size) {
        if rows > 0 {
            objects.push(',');
        }
        rows += 1;
        let text = |text: &str| (Kind::Text, Value::text(text));
        let number = |number: usize| (Kind::Int32, Value::Int(number as i64));
        let properties = [
            ("RecordType", text(record.record_type)),
            ("CreationDate", (Kind::MomentUtc, Value::Moment(record.when - record.when.rem_euclid(10_000_000)))),
            ("UserIds", text(&record.user)),
            ("Operations", text(record.operation)),
            ("AuditData", (Kind::Text, Value::Text(directory.audit_data(record)))),
            ("ResultIndex", number(at + 1)),
            ("ResultCount", number(total)),
            ("Identity", text(&record.id)),
            ("IsValid", (Kind::Bool, Value::Bool(true))),
            ("ObjectState", text("Unchanged")),
        ];
        let properties = properties.into_iter().map(|(name, (kind, value))| (name, kind, value));
        write_selected(&mut objects, properties, call.select.as_deref());
    }
    Ok(Outcome { objects, rows, ..Outcome::default() })
}

/// What a search asks for; the number of results may change from call to call.
fn description(call: &Call<'_>) -> String {
    let mut parts: Vec<String> = call
        .arguments
        .iter()
        .filter(|(parameter, _)| !matches!(parameter.name.as_str(), "ResultSize" | "SessionId"))
        .map(|(parameter, value)| format!("{}={value}", parameter.name))
        .collect();
    parts.sort();
    parts.join(" ")
}
