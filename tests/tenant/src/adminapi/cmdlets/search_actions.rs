//! What is done with what a content search found.

use super::compliance::case_of;
use super::generic::{get_computed, list_of, one, remove};
use super::searches::{DONE, found, status};
use super::{Cmdlet, read, refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::compliance::{COMPLIANCE_ACTION, COMPLIANCE_SEARCH, sign};
use crate::directory::objects::Entry;
use crate::directory::value::{Value, now_ticks};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-ComplianceSearchAction", get),
    ("New-ComplianceSearchAction", new),
    ("Remove-ComplianceSearchAction", |call| remove(call, &COMPLIANCE_ACTION)),
];

/// Taking away more than this many items of a mailbox at once isn't possible.
const MOST_PURGED: u64 = 10;

fn computed(directory: &Directory, action: &Entry, name: &str) -> Option<Value> {
    let state = status(action);
    let done = state == "Completed";
    let started = action.number("StartedTicks");
    match name {
        "Status" => Some(Value::text(state)),
        "JobStartTime" => Some(Value::Moment(started)),
        "JobEndTime" if done => Some(Value::Moment(started + DONE)),
        "JobProgress" => Some(Value::Int(if done { 100 } else { 0 })),
        "Results" if done => Some(Value::Text(results(directory, action))),
        _ => None,
    }
}

/// What an action did, as the text that scripts take apart.
fn results(directory: &Directory, action: &Entry) -> String {
    let searches = directory.collection(&COMPLIANCE_SEARCH);
    let Some(search) = searches.find_by("Name", &action.text("SearchName")).and_then(|number| searches.get(number))
    else {
        return String::new();
    };
    let found = found(directory, search);
    if action.text("Action") == "Purge" {
        let taken = |items: u64| items.min(MOST_PURGED);
        let items: u64 = found.iter().map(|(_, items, _)| taken(*items)).sum();
        let lines: Vec<String> = found
            .iter()
            .filter(|(_, items, _)| *items > 0)
            .map(|(address, items, size)| {
                format!(
                    "Location: {address}; Item count: {}; Total size: {}; Failed count: 0",
                    taken(*items),
                    size / items * taken(*items)
                )
            })
            .collect();
        return format!(
            "Purge Type: {}; Item count: {items}; Total size: {}; Details: {{{}}}",
            action.text("PurgeType"),
            found
                .iter()
                .filter(|(_, items, _)| *items > 0)
                .map(|(_, items, size)| size / items * taken(*items))
                .sum::<u64>(),
            lines.join(";\r\n")
        );
    }
    let lines: Vec<String> = found
        .iter()
        .flat_map(|(address, items, size)| {
            (0..(*items).min(MOST_PURGED)).map(move |item| {
                format!("Location: {address}; Sender: sender{item}@fabrikam.example; Subject: Message {item}; Type: Email; Size: {}", size / items)
            })
        })
        .collect();
    format!("{{{}}}", lines.join(";\r\n"))
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let case = match call.arguments.text("Case") {
        Some(case) => Some(case_of(&read(call), case)?.0),
        None => None,
    };
    // Without a switch all actions are shown, with one those of its kind.
    let kinds: Vec<&str> =
        ["Preview", "Purge", "Export"].into_iter().filter(|kind| call.arguments.switch(kind)).collect();
    get_computed(
        call,
        &COMPLIANCE_ACTION,
        &["Case", "Details", "Export", "Preview", "Purge"],
        |_, action| {
            case.as_ref().is_none_or(|case| action.text("CaseId") == *case)
                && (kinds.is_empty() || kinds.contains(&action.text("Action").as_str()))
        },
        computed,
    )
}

fn new(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["SearchName", "Force", "Preview", "Purge", "PurgeType"])?;
    let mut directory = write(call);
    let [wanted] = &list_of(call, "SearchName")[..] else {
        return Err(ApiError::not_implemented("an action on several searches"));
    };
    let searches = directory.collection(&COMPLIANCE_SEARCH);
    let Some(search) = searches.get(one(searches, wanted)?) else {
        return Err(ApiError::not_found(wanted));
    };
    let title = search.text("Name");
    let (case_id, case_name) = (search.get("CaseId"), search.get("CaseName"));
    if status(search) != "Completed" {
        return Err(ApiError::cmdlet(
            types::VALIDATION,
            format!("The search '{title}' has no results yet. Run it, and wait until it is completed."),
        ));
    }
    let kind = if call.arguments.switch("Purge") { "Purge" } else { "Preview" };
    let name = format!("{title}_{kind}");
    let actions = directory.collection(&COMPLIANCE_ACTION);
    if actions.find_by("Name", &name).is_some() {
        return Err(ApiError::already_exists(&format!("The action '{name}' already exists. Remove it first.")));
    }
    let purge_type = call.arguments.text("PurgeType");
    if kind == "Purge" && purge_type.is_none() {
        return Err(ApiError::cmdlet(types::VALIDATION, "The parameter 'PurgeType' says how items are taken away."));
    }
    let mut action = Entry::created(&COMPLIANCE_ACTION, &directory.seed, &name, actions.next());
    sign(&mut action, &call.caller.identity.name);
    for (property, value) in [
        ("Action", Value::text(kind)),
        ("CaseId", case_id),
        ("CaseName", case_name),
        ("JobRunId", Value::text(directory.seed.named_guid(&format!("action run {}", now_ticks())))),
        ("PurgeType", Value::text(purge_type.unwrap_or(""))),
        ("RunBy", Value::text(&call.caller.identity.name)),
        ("SearchName", Value::text(&title)),
        ("StartedTicks", Value::Int(now_ticks())),
    ] {
        action.set(property, value);
    }
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let mut object = String::new();
    action.write_computed(&mut object, call.select.as_deref(), |name| computed(&directory, &action, name));
    directory.collection_mut(&COMPLIANCE_ACTION).add(action);
    Ok(Outcome::one(object))
}
