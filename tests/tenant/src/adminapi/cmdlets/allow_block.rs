//! The tenant's list of what is let in or kept out.

use super::generic::list_of;
use super::{Cmdlet, read, refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::configuration::ALLOW_BLOCK_ITEM;
use crate::directory::objects::Entry;
use crate::directory::value::{Value, now_ticks, parse_moment, ticks_from_unix};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-TenantAllowBlockListItems", get),
    ("New-TenantAllowBlockListItems", new),
    ("Remove-TenantAllowBlockListItems", remove),
    ("Set-TenantAllowBlockListItems", set),
];

/// How long an entry lives whose call doesn't say it.
const DAYS: i64 = 30;

fn belongs(call: &Call<'_>, entry: &Entry) -> bool {
    let is = |parameter: &str, property: &str| {
        call.arguments.text(parameter).is_none_or(|wanted| wanted.eq_ignore_ascii_case(&entry.text(property)))
    };
    // An entry of the usual kind is meant where no kind is named.
    let kinds = list_of(call, "ListSubType");
    let kind = entry.text("ListSubType");
    is("ListType", "ListType")
        && (kinds.iter().any(|wanted| wanted.eq_ignore_ascii_case(&kind)) || (kinds.is_empty() && kind == "Tenant"))
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &["ListType", "Allow", "Block", "Entry", "ExpirationDate", "ListSubType", "NoExpiration"],
    )?;
    let directory = read(call);
    let action = action(call)?;
    let until = call.arguments.text("ExpirationDate").and_then(parse_moment);
    let unlimited = call.arguments.switch("NoExpiration");
    let wanted = |entry: &Entry| {
        let expires = entry.get("ExpirationDate");
        belongs(call, entry)
            && action.is_none_or(|action| entry.text("Action") == action)
            && call.arguments.text("Entry").is_none_or(|value| value.eq_ignore_ascii_case(&entry.text("Value")))
            && (!unlimited || expires == Value::Null)
            && until.is_none_or(|until| matches!(expires, Value::Moment(at) if at <= until))
    };
    let items = directory.collection(&ALLOW_BLOCK_ITEM);
    call.list(
        |from| items.from(from).find(|(_, entry)| wanted(entry)).map(|(number, _)| number),
        |at, out| {
            if let Some(entry) = items.get(at) {
                entry.write(out, call.select.as_deref());
            }
        },
    )
}

/// Whether entries are let in or kept out, if the call says it.
fn action(call: &Call<'_>) -> Result<Option<&'static str>, ApiError> {
    match (call.arguments.switch("Allow"), call.arguments.switch("Block")) {
        (true, true) => Err(ApiError::cmdlet(types::VALIDATION, "Use either Allow or Block, not both.")),
        (true, false) => Ok(Some("Allow")),
        (false, true) => Ok(Some("Block")),
        (false, false) => Ok(None),
    }
}

/// When entries end: never, when the call says, or after some days.
fn expiration(call: &Call<'_>) -> Result<Value, ApiError> {
    if call.arguments.switch("NoExpiration") {
        return Ok(Value::Null);
    }
    let now = now_ticks();
    match call.arguments.text("ExpirationDate") {
        None => Ok(Value::Moment(now + ticks_from_unix(DAYS * 86_400))),
        Some(text) => match parse_moment(text).filter(|at| *at > now) {
            Some(at) => Ok(Value::Moment(at)),
            None => {
                Err(ApiError::cmdlet(types::VALIDATION, format!("The expiration date '{text}' isn't in the future.")))
            }
        },
    }
}

/// An entry as the list keeps it.
fn checked(kind: &str, text: &str) -> Result<String, ApiError> {
    let value = text.trim().to_lowercase();
    let valid = match kind.to_ascii_lowercase().as_str() {
        "filehash" => value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "ip" => value.split('/').next().is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok()),
        _ => value.contains('.') && !value.contains(char::is_whitespace) && !value.starts_with('.'),
    };
    if valid {
        return Ok(value);
    }
    Err(ApiError::cmdlet(types::VALIDATION, format!("The entry '{text}' isn't valid for the list '{kind}'.")))
}

fn new(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &[
            "ListType",
            "Allow",
            "Block",
            "Entries",
            "ExpirationDate",
            "ListSubType",
            "NoExpiration",
            "Notes",
            "SubmissionID",
        ],
    )?;
    let mut directory = write(call);
    let kind = call.arguments.text("ListType").unwrap_or("");
    let Some(action) = action(call)? else {
        return Err(ApiError::cmdlet(types::VALIDATION, "Either Allow or Block is needed."));
    };
    let expires = expiration(call)?;
    let mut made = Vec::new();
    for text in list_of(call, "Entries") {
        let value = checked(kind, &text)?;
        let items = directory.collection(&ALLOW_BLOCK_ITEM);
        let is_same = |entry: &Entry| belongs(call, entry) && entry.text("Value") == value;
        if items.iter().any(|(_, entry)| is_same(entry)) || made.iter().any(is_same) {
            return Err(ApiError::already_exists(&format!("The entry '{text}' already exists in the list.")));
        }
        let number = items.next() + made.len() as u64;
        let mut entry = Entry::created(&ALLOW_BLOCK_ITEM, &directory.seed, &value, number);
        let id = directory.seed.named_guid(&format!("list entry {number}")).replace('-', "");
        let now = Value::Moment(now_ticks());
        for (property, value) in [
            ("Action", Value::text(action)),
            ("CreatedDateTime", now.clone()),
            ("ExpirationDate", expires.clone()),
            ("Identity", Value::text(id)),
            ("LastModifiedDateTime", now),
            ("ListSubType", Value::text(call.arguments.text("ListSubType").unwrap_or("Tenant"))),
            ("ListType", Value::text(kind)),
            ("ModifiedBy", Value::text(&call.caller.identity.name)),
            ("Notes", Value::text(call.arguments.text("Notes").unwrap_or(""))),
            ("SubmissionID", Value::text(call.arguments.text("SubmissionID").unwrap_or(""))),
            ("Value", Value::text(&value)),
        ] {
            entry.set(property, value);
        }
        made.push(entry);
    }
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let mut outcome = Outcome { rows: made.len() as u64, ..Outcome::default() };
    for entry in made {
        if !outcome.objects.is_empty() {
            outcome.objects.push(',');
        }
        entry.write(&mut outcome.objects, call.select.as_deref());
        directory.collection_mut(&ALLOW_BLOCK_ITEM).add(entry);
    }
    Ok(outcome)
}

/// The entries that a call names by value or by id.
fn named(call: &Call<'_>, directory: &Directory) -> Result<Vec<u64>, ApiError> {
    let items = directory.collection(&ALLOW_BLOCK_ITEM);
    let by_value = call.arguments.get("Entries").is_some();
    let texts = list_of(call, if by_value { "Entries" } else { "Ids" });
    let property = if by_value { "Value" } else { "Identity" };
    let find = |text: &String| {
        let is_it = |entry: &Entry| belongs(call, entry) && entry.text(property).eq_ignore_ascii_case(text.trim());
        items.iter().find(|(_, entry)| is_it(entry)).map(|(number, _)| number).ok_or_else(|| ApiError::not_found(text))
    };
    texts.iter().map(find).collect()
}

fn remove(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["ListType", "Entries", "Ids", "ListSubType"])?;
    let mut directory = write(call);
    let numbers = named(call, &directory)?;
    if !call.arguments.what_if {
        for number in numbers {
            directory.collection_mut(&ALLOW_BLOCK_ITEM).remove(number);
        }
    }
    Ok(Outcome::default())
}

fn set(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &["ListType", "Allow", "Block", "Entries", "ExpirationDate", "Ids", "ListSubType", "NoExpiration", "Notes"],
    )?;
    let mut directory = write(call);
    let numbers = named(call, &directory)?;
    let mut changes: Vec<(&str, Value)> = Vec::new();
    if let Some(action) = action(call)? {
        changes.push(("Action", Value::text(action)));
    }
    if call.arguments.switch("NoExpiration") || call.arguments.get("ExpirationDate").is_some() {
        changes.push(("ExpirationDate", expiration(call)?));
    }
    if let Some(notes) = call.arguments.text("Notes") {
        changes.push(("Notes", Value::text(notes)));
    }
    changes.push(("LastModifiedDateTime", Value::Moment(now_ticks())));
    changes.push(("ModifiedBy", Value::text(&call.caller.identity.name)));
    let mut outcome = Outcome::default();
    if call.arguments.what_if {
        return Ok(outcome);
    }
    for number in numbers {
        let Some(entry) = directory.collection_mut(&ALLOW_BLOCK_ITEM).get_mut(number) else {
            continue;
        };
        for (property, value) in &changes {
            entry.set(property, value.clone());
        }
        if outcome.rows > 0 {
            outcome.objects.push(',');
        }
        entry.write(&mut outcome.objects, call.select.as_deref());
        outcome.rows += 1;
    }
    Ok(outcome)
}
