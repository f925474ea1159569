//! Looking at deleted items and restoring them.

use super::generic::identity;
use super::{Cmdlet, one_mailbox, read, refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::contents::folders;
use crate::directory::organization::write_selected;
use crate::directory::recoverable::{Item, items};
use crate::directory::value::{Kind, Value, parse_moment};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[("Get-RecoverableItems", get), ("Restore-RecoverableItems", restore)];

/// What says which items are meant.
const FILTERS: [&str; 10] = [
    "Identity",
    "EntryID",
    "FilterEndTime",
    "FilterItemType",
    "FilterStartTime",
    "LastParentFolderID",
    "MaxParallelSize",
    "ResultSize",
    "SourceFolder",
    "SubjectContains",
];

fn moment(call: &Call<'_>, name: &str) -> Option<i64> {
    call.arguments.text(name).and_then(parse_moment)
}

/// Whether a call means an item.
fn is_meant(call: &Call<'_>, item: &Item) -> bool {
    let text = |name: &str| call.arguments.text(name).filter(|text| !text.is_empty());
    text("EntryID").is_none_or(|id| item.entry_id.eq_ignore_ascii_case(id))
        && text("LastParentFolderID").is_none_or(|id| item.last_parent_id.eq_ignore_ascii_case(id))
        && text("SubjectContains").is_none_or(|part| item.subject.to_lowercase().contains(&part.to_lowercase()))
        // IPM.Note means its kinds too: IPM.Note.Microsoft.Voicemail.
        && text("FilterItemType").is_none_or(|class| item.item_class.to_lowercase().starts_with(&class.to_lowercase()))
        && moment(call, "FilterStartTime").is_none_or(|start| item.modified >= start)
        && moment(call, "FilterEndTime").is_none_or(|end| item.modified <= end)
}

/// The mailbox that a call means, and the items of it, in order.
fn meant(call: &Call<'_>, directory: &Directory) -> Result<(u64, Vec<Item>), ApiError> {
    if let (Some(start), Some(end)) = (moment(call, "FilterStartTime"), moment(call, "FilterEndTime"))
        && start > end
    {
        return Err(ApiError::cmdlet(types::VALIDATION, "The start of the time span is after its end."));
    }
    let index = one_mailbox(directory, identity(call), false)?;
    let mut found = items(directory, &directory.mailbox(index), call.arguments.text("SourceFolder"));
    found.retain(|item| is_meant(call, item));
    Ok((index, found))
}

/// A path as these cmdlets write it.
fn shown_path(path: &str) -> String {
    path.trim_start_matches('/').replace('/', "\\")
}

/// An item. No object is published whole: the names are those that scripts read.
fn write_item(call: &Call<'_>, owner: &str, item: &Item, restored_to: Option<&str>, out: &mut String) {
    let text = |text: &str| (Kind::Text, Value::text(text));
    let mut properties = vec![
        ("EntryID", text(&item.entry_id)),
        ("Identity", text(owner)),
        ("ItemClass", text(item.item_class)),
        ("LastModifiedTime", (Kind::MomentUtc, Value::Moment(item.modified))),
        ("LastParentFolderID", text(&item.last_parent_id)),
        ("LastParentPath", text(&shown_path(item.last_parent))),
        ("PolicyTag", (Kind::Text, Value::Null)),
        ("SourceFolder", text(item.source.name)),
        ("Subject", text(&item.subject)),
    ];
    if let Some(path) = restored_to {
        properties.push(("RestoredToFolderPath", text(&shown_path(path))));
        properties.push(("WasRestoredSuccessfully", (Kind::Bool, Value::Bool(true))));
    }
    properties.sort_by_key(|(name, _)| *name);
    let properties = properties.into_iter().map(|(name, (kind, value))| (name, kind, value));
    write_selected(out, properties, call.select.as_deref());
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let mut evaluated = FILTERS.to_vec();
    evaluated.push("SkipCount");
    refuse_unevaluated(call, &evaluated)?;
    let directory = read(call);
    let skipped = call.arguments.get("SkipCount").and_then(serde_json::Value::as_u64).unwrap_or(0);
    let (index, found) = meant(call, &directory)?;
    let found: Vec<Item> = found.into_iter().skip(skipped as usize).collect();
    let owner = directory.mailbox(index).text("Identity");
    call.list(
        |from| (from < found.len() as u64).then_some(from),
        |at, out| write_item(call, &owner, &found[at as usize], None, out),
    )
}

/// The folder of a mailbox that a path names, in either form.
fn target(directory: &Directory, index: u64, wanted: &str) -> Result<&'static str, ApiError> {
    let path = format!("/{}", wanted.trim_matches(['/', '\\']).replace('\\', "/"));
    let all = folders(directory, &directory.mailbox(index), false);
    let found = all.iter().find(|folder| folder.path.eq_ignore_ascii_case(&path) && !folder.is_recoverable());
    found.map(|folder| folder.path).ok_or_else(|| ApiError::not_found(wanted))
}

/// Restores what is meant, at most as many items as a list would show.
fn restore(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let mut evaluated = FILTERS.to_vec();
    evaluated.extend(["NoOutput", "RestoreTargetFolder"]);
    refuse_unevaluated(call, &evaluated)?;
    let mut directory = write(call);
    let (index, found) = meant(call, &directory)?;
    let owner = directory.mailbox(index).text("Identity");
    let chosen = match call.arguments.text("RestoreTargetFolder") {
        Some(wanted) if !found.is_empty() => Some(target(&directory, index, wanted)?),
        _ => None,
    };
    let target_of = |item: &Item| chosen.unwrap_or(item.last_parent);
    let mut outcome = call.list(
        |from| (from < found.len() as u64).then_some(from),
        |at, out| {
            let item = &found[at as usize];
            write_item(call, &owner, item, Some(target_of(item)), out);
        },
    )?;
    // The next page would find other items than those that this one left.
    if outcome.next_link.take().is_some() {
        return Err(ApiError::not_implemented("restoring more items at once than a page has"));
    }
    for item in found.iter().take(outcome.rows as usize) {
        directory.restored.add(index, &item.entry_id, target_of(item));
    }
    if call.arguments.switch("NoOutput") {
        return Ok(Outcome::default());
    }
    Ok(outcome)
}
