//! Who may do what in a folder of a mailbox.

use super::generic::{identity, list_of};
use super::{Cmdlet, one_mailbox, one_recipient, read, refuse_unevaluated, write};
use crate::adminapi::errors::ApiError;
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::contents::folders;
use crate::directory::organization::write_selected;
use crate::directory::permissions::FolderPermission;
use crate::directory::value::{Kind, Value};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Add-MailboxFolderPermission", |call| change(call, Change::Add)),
    ("Get-MailboxFolderPermission", get),
    ("Remove-MailboxFolderPermission", |call| change(call, Change::Remove)),
    ("Set-MailboxFolderPermission", |call| change(call, Change::Set)),
];

/// Roles and single rights.
const RIGHTS: [&str; 21] = [
    "Author",
    "Contributor",
    "Editor",
    "NonEditingAuthor",
    "Owner",
    "PublishingAuthor",
    "PublishingEditor",
    "Reviewer",
    "AvailabilityOnly",
    "LimitedDetails",
    "None",
    "CreateItems",
    "CreateSubfolders",
    "DeleteAllItems",
    "DeleteOwnedItems",
    "EditAllItems",
    "EditOwnedItems",
    "FolderContact",
    "FolderOwner",
    "FolderVisible",
    "ReadItems",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Add,
    Set,
    Remove,
}

/// The mailbox and the path of the folder that an identity `mailbox:\folder` names; without a folder it is the root.
fn folder(directory: &Directory, identity: &str) -> Result<(u64, &'static str), ApiError> {
    let (mailbox, path) = identity.split_once(":\\").unwrap_or((identity.trim_end_matches(':'), ""));
    let index = one_mailbox(directory, mailbox, false)?;
    let wanted = if path.is_empty() {
        "/Top of Information Store".to_owned()
    } else {
        format!("/{}", path.trim_matches('\\').replace('\\', "/"))
    };
    let found = folders(directory, &directory.mailbox(index), false)
        .into_iter()
        .find(|folder| folder.path.eq_ignore_ascii_case(&wanted));
    match found {
        Some(folder) => Ok((index, folder.path)),
        None => Err(ApiError::not_found(identity)),
    }
}

/// How a user is shown: Default and Anonymous as they are, everybody else by display name.
fn shown(directory: &Directory, user: &str) -> Result<String, ApiError> {
    for known in ["Default", "Anonymous"] {
        if known.eq_ignore_ascii_case(user.trim()) {
            return Ok(known.to_owned());
        }
    }
    Ok(directory.recipient_text(one_recipient(directory, user)?, "DisplayName"))
}

fn folder_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn write_row(call: &Call<'_>, owner: &str, path: &str, row: &FolderPermission, out: &mut String) {
    let identity = format!("{owner}:\\{}", path.trim_start_matches('/').replace('/', "\\"));
    let flags = row.flags.as_ref().map_or(Value::Null, Value::text);
    let properties = [
        ("Identity", Kind::Text, Value::text(identity)),
        ("FolderName", Kind::Text, Value::text(folder_name(path))),
        ("User", Kind::Text, Value::text(&row.user)),
        ("AccessRights", Kind::List, Value::List(row.rights.clone())),
        ("SharingPermissionFlags", Kind::Text, flags),
        ("IsValid", Kind::Bool, Value::Bool(true)),
        ("ObjectState", Kind::Text, Value::text("New")),
    ];
    write_selected(out, properties.into_iter(), call.select.as_deref());
}

fn no_such_user(user: &str, path: &str) -> ApiError {
    ApiError::cmdlet(
        "Microsoft.Exchange.Management.StoreTasks.UserNotFoundInPermissionEntryException",
        format!("There is no existing permission entry found for user: {user} on the folder '{}'.", folder_name(path)),
    )
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "ResultSize", "SkipCount", "UseCustomRouting", "User"])?;
    let directory = read(call);
    let (index, path) = folder(&directory, identity(call))?;
    let mut rows = directory.folder_permissions(index, path);
    if let Some(user) = call.arguments.text("User") {
        let user = shown(&directory, user)?;
        rows.retain(|row| row.user == user);
        if rows.is_empty() {
            return Err(no_such_user(&user, path));
        }
    }
    let skipped = call.arguments.get("SkipCount").and_then(serde_json::Value::as_u64).unwrap_or(0) as usize;
    rows.drain(..skipped.min(rows.len()));
    let owner = directory.mailbox(index).text("Identity");
    call.list(
        |from| (from < rows.len() as u64).then_some(from),
        |at, out| write_row(call, &owner, path, &rows[at as usize], out),
    )
}

/// The rights of a call: one role, or several single rights.
fn rights(call: &Call<'_>) -> Result<Vec<String>, ApiError> {
    list_of(call, "AccessRights")
        .iter()
        .map(|right| {
            RIGHTS.into_iter().find(|known| known.eq_ignore_ascii_case(right)).map(str::to_owned).ok_or_else(|| {
                ApiError::transformation(
                    "AccessRights",
                    format!(
                        "Cannot convert value \"{right}\" to type \"MailboxFolderAccessRight\". Error: \"Unable to match the \
                         identifier name {right} to a valid enumerator name. Specify one of the following enumerator names \
                         and try again: {}\"",
                        RIGHTS.join(", ")
                    ),
                )
            })
        })
        .collect()
}

fn change(call: &Call<'_>, change: Change) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &["Identity", "AccessRights", "Force", "SendNotificationToUser", "SharingPermissionFlags", "User"],
    )?;
    let mut directory = write(call);
    let (index, path) = folder(&directory, identity(call))?;
    let user = shown(&directory, call.arguments.text("User").unwrap_or(""))?;
    let mut rows = directory.folder_permissions(index, path);
    let at = rows.iter().position(|row| row.user == user);
    let flags = call.arguments.text("SharingPermissionFlags").map(str::to_owned);
    let is_calendar = path.starts_with("/Calendar");
    if flags.is_some() && !is_calendar {
        return Err(ApiError::cmdlet(
            "Microsoft.Exchange.Management.StoreTasks.InvalidSharingPermissionFlagsException",
            "SharingPermissionFlags can be used with calendar folders only.",
        ));
    }
    let row = match (change, at) {
        (Change::Add, Some(_)) => {
            return Err(ApiError::cmdlet(
                "Microsoft.Exchange.Management.StoreTasks.UserAlreadyExistsInPermissionEntryException",
                format!("An existing permission entry was found for user: {user}."),
            ));
        }
        (Change::Set | Change::Remove, None) => return Err(no_such_user(&user, path)),
        (Change::Add, None) => {
            rows.push(FolderPermission { user, rights: rights(call)?, flags });
            rows.last().cloned()
        }
        (Change::Set, Some(at)) => {
            rows[at].rights = rights(call)?;
            rows[at].flags = flags.or_else(|| rows[at].flags.clone());
            None
        }
        (Change::Remove, Some(at)) => {
            if matches!(rows[at].user.as_str(), "Default" | "Anonymous") {
                rows[at].rights = vec!["None".to_owned()];
            } else {
                rows.remove(at);
            }
            None
        }
    };
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    directory.set_folder_permissions(index, path, rows);
    Ok(match row {
        Some(row) => {
            let mut object = String::new();
            write_row(call, &directory.mailbox(index).text("Identity"), path, &row, &mut object);
            Outcome::one(object)
        }
        None => Outcome::default(),
    })
}
