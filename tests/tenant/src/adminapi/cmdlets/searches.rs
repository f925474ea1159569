//! Content searches of the compliance service.

use super::compliance::{case_of, delta, new_signed};
use super::generic::{get_computed, one, remove, set};
use super::{Cmdlet, refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::compliance::COMPLIANCE_SEARCH;
use crate::directory::objects::Entry;
use crate::directory::value::{Value, now_ticks};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-ComplianceSearch", get),
    ("New-ComplianceSearch", new),
    ("Remove-ComplianceSearch", |call| remove(call, &COMPLIANCE_SEARCH)),
    ("Set-ComplianceSearch", change),
    ("Start-ComplianceSearch", start),
    ("Stop-ComplianceSearch", stop),
];

/// How long a search is being prepared and how long it takes, in ticks: long enough that a script sees it at work.
const PREPARED: i64 = 5_000_000;
pub(super) const DONE: i64 = 20_000_000;
/// How many mailboxes a search looks into.
const LOOKED_INTO: u64 = 200;

/// How far a search, or what is done with it, has come.
pub(super) fn status(search: &Entry) -> &'static str {
    let started = search.number("StartedTicks");
    if started == 0 {
        return match search.text("Status").as_str() {
            "Stopped" => "Stopped",
            _ => "NotStarted",
        };
    }
    match now_ticks() - started {
        elapsed if elapsed < PREPARED => "Starting",
        elapsed if elapsed < DONE => "InProgress",
        _ => "Completed",
    }
}

/// What a search found: address, number of items, bytes.
pub(super) fn found(directory: &Directory, search: &Entry) -> Vec<(String, u64, u64)> {
    let query = search.text("ContentMatchQuery");
    let salt = query.bytes().fold(97, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let places = search.list("ExchangeLocation");
    let excluded = search.list("ExchangeLocationExclusion");
    let mut mailboxes: Vec<u64> = if places.iter().any(|place| place.eq_ignore_ascii_case("All")) {
        (0..directory.end().min(LOOKED_INTO)).collect()
    } else {
        places.iter().flat_map(|place| directory.find(place, false)).collect()
    };
    let out: Vec<u64> = excluded.iter().flat_map(|place| directory.find(place, false)).collect();
    mailboxes.retain(|index| !directory.is_removed(*index) && !out.contains(index));
    mailboxes
        .into_iter()
        .map(|index| {
            let hash = directory.seed.hash(101, index ^ salt);
            let items = if hash.is_multiple_of(3) { 0 } else { hash % 40 };
            (directory.mailbox(index).text("PrimarySmtpAddress"), items, items * (20_000 + hash % 50_000))
        })
        .collect()
}

fn computed(directory: &Directory, search: &Entry, name: &str) -> Option<Value> {
    let state = status(search);
    let done = state == "Completed";
    let started = search.number("StartedTicks");
    match name {
        "Status" => Some(Value::text(state)),
        "JobStartTime" if started > 0 => Some(Value::Moment(started)),
        "JobEndTime" if done => Some(Value::Moment(started + DONE)),
        "JobProgress" => Some(Value::Int(match state {
            "Completed" => 100,
            "InProgress" => 50,
            _ => 0,
        })),
        "Items" if done => Some(Value::Int(found(directory, search).iter().map(|(_, items, _)| *items as i64).sum())),
        "Size" if done => Some(Value::Int(found(directory, search).iter().map(|(.., size)| *size as i64).sum())),
        "NumBindings" if done => Some(Value::Int(found(directory, search).len() as i64)),
        "SuccessResults" if done => {
            let lines: Vec<String> = found(directory, search)
                .into_iter()
                .map(|(address, items, size)| format!("Location: {address}, Item count: {items}, Total size: {size}"))
                .collect();
            Some(Value::Text(format!("{{{}}}", lines.join(";\r\n"))))
        }
        _ => None,
    }
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let case = match call.arguments.text("Case") {
        Some(case) => Some(case_of(&super::read(call), case)?.0),
        None => None,
    };
    get_computed(
        call,
        &COMPLIANCE_SEARCH,
        &["Case"],
        |_, search| case.as_ref().is_none_or(|case| search.text("CaseId") == *case),
        computed,
    )
}

/// Checks that the mailboxes of a search are there.
fn check_places(directory: &Directory, search: &Entry) -> Result<(), ApiError> {
    if search.flag("AllowNotFoundExchangeLocationsEnabled") {
        return Ok(());
    }
    for place in search.list("ExchangeLocation") {
        if !place.eq_ignore_ascii_case("All") && directory.recipients(&place).is_empty() {
            return Err(ApiError::not_found(&place));
        }
    }
    Ok(())
}

fn new(call: &Call<'_>) -> Result<Outcome, ApiError> {
    new_signed(call, &COMPLIANCE_SEARCH, |directory, search| {
        if let Some(case) = call.arguments.text("Case").filter(|case| !case.is_empty()) {
            let (guid, name) = case_of(directory, case)?;
            search.set("CaseId", Value::Text(guid));
            search.set("CaseName", Value::Text(name));
        }
        let guid = search.get("Guid");
        search.set("Identity", guid);
        check_places(directory, search)
    })
}

fn change(call: &Call<'_>) -> Result<Outcome, ApiError> {
    {
        let directory = super::read(call);
        let searches = directory.collection(&COMPLIANCE_SEARCH);
        let number = one(searches, call.arguments.text("Identity").unwrap_or(""))?;
        if searches.get(number).is_some_and(|search| matches!(status(search), "Starting" | "InProgress")) {
            return Err(running(call));
        }
    }
    // A changed search has to be run again.
    set(call, &COMPLIANCE_SEARCH, |_, search, parameter, _| {
        Ok(delta(call, search, parameter)?.map(|mut several| {
            several.push(("StartedTicks", Value::Int(0)));
            several
        }))
    })
}

fn running(call: &Call<'_>) -> ApiError {
    ApiError::cmdlet(
        types::VALIDATION,
        format!(
            "The search '{}' is running. Wait until it is done, or stop it.",
            call.arguments.text("Identity").unwrap_or("")
        ),
    )
}

fn start(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Force", "RetryOnError"])?;
    let mut directory = write(call);
    let searches = directory.collection(&COMPLIANCE_SEARCH);
    let number = one(searches, call.arguments.text("Identity").unwrap_or(""))?;
    if searches.get(number).is_some_and(|search| matches!(status(search), "Starting" | "InProgress")) {
        return Err(running(call));
    }
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let run = directory.seed.named_guid(&format!("search run {number} {}", now_ticks()));
    if let Some(search) = directory.collection_mut(&COMPLIANCE_SEARCH).get_mut(number) {
        search.set("StartedTicks", Value::Int(now_ticks()));
        search.set("RunBy", Value::text(&call.caller.identity.name));
        search.set("JobRunId", Value::Text(run));
    }
    Ok(Outcome::default())
}

fn stop(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity"])?;
    let mut directory = write(call);
    let searches = directory.collection(&COMPLIANCE_SEARCH);
    let number = one(searches, call.arguments.text("Identity").unwrap_or(""))?;
    let runs = searches.get(number).is_some_and(|search| matches!(status(search), "Starting" | "InProgress"));
    if call.arguments.what_if || !runs {
        return Ok(Outcome::default());
    }
    if let Some(search) = directory.collection_mut(&COMPLIANCE_SEARCH).get_mut(number) {
        search.set("StartedTicks", Value::Int(0));
        search.set("Status", Value::text("Stopped"));
    }
    Ok(Outcome::default())
}
