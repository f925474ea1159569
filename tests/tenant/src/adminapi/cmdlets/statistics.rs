//! What is in a mailbox: sizes, folders, devices. All of it follows from the seed.

use super::generic::identity;
use super::{Cmdlet, one_mailbox, read, refuse_unevaluated};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::contents::{Folder, device_statistics, folder_statistics, folders, mailbox_statistics};
use crate::directory::organization::write_selected;

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-MailboxFolderStatistics", get_folders),
    ("Get-MailboxStatistics", get),
    ("Get-MobileDeviceStatistics", get_devices),
];

/// The mailbox of a call, and whether its archive is meant.
fn mailbox_of(call: &Call<'_>, directory: &Directory) -> Result<(u64, bool), ApiError> {
    let soft_deleted = call.arguments.switch("IncludeSoftDeletedRecipients");
    let index = match one_mailbox(directory, identity(call), false) {
        Err(_) if soft_deleted => one_mailbox(directory, identity(call), true)?,
        found => found?,
    };
    let archive = call.arguments.switch("Archive");
    if archive && directory.mailbox(index).text("ArchiveStatus") != "Active" {
        return Err(ApiError::cmdlet(
            types::NOT_FOUND,
            format!("The user '{}' doesn't have an archive mailbox.", directory.mailbox(index).text("Name")),
        ));
    }
    Ok((index, archive))
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Archive", "IncludeSoftDeletedRecipients", "UseCustomRouting"])?;
    let directory = read(call);
    let (index, archive) = mailbox_of(call, &directory)?;
    let mut object = String::new();
    let properties = mailbox_statistics(&directory, index, archive);
    write_selected(&mut object, properties.iter().map(|(n, k, v)| (n.as_str(), *k, v.clone())), call.select.as_deref());
    Ok(Outcome::one(object))
}

fn in_scope(folder: &Folder, scope: Option<&str>) -> bool {
    match scope {
        None => true,
        Some(scope) if scope.eq_ignore_ascii_case("All") => !folder.is_recoverable(),
        Some(scope) if scope.eq_ignore_ascii_case("RecoverableItems") => folder.is_recoverable(),
        // Some scopes have other names than the kinds of folders.
        Some(scope) if scope.eq_ignore_ascii_case("Personal") => folder.folder_type == "User Created",
        Some(scope) if scope.eq_ignore_ascii_case("RssSubscriptions") => folder.folder_type == "RssSubscription",
        Some(scope) => folder.folder_type.eq_ignore_ascii_case(scope),
    }
}

fn get_folders(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &[
            "Identity",
            "Archive",
            "FolderScope",
            "IncludeOldestAndNewestItems",
            "IncludeSoftDeletedRecipients",
            "ResultSize",
            "SkipCount",
            "UseCustomRouting",
        ],
    )?;
    let directory = read(call);
    let (index, archive) = mailbox_of(call, &directory)?;
    let scope = call.arguments.text("FolderScope");
    let with_dates = call.arguments.switch("IncludeOldestAndNewestItems");
    let skipped = call.arguments.get("SkipCount").and_then(serde_json::Value::as_u64).unwrap_or(0) as usize;
    let folders: Vec<Folder> = folders(&directory, index, archive);
    if let Some(scope) = scope
        && !scope.eq_ignore_ascii_case("RecoverableItems")
        && !scope.eq_ignore_ascii_case("All")
        && !folders.iter().any(|folder| folder.folder_type.eq_ignore_ascii_case(scope))
        && !Folder::is_known_scope(scope)
    {
        return Err(ApiError::transformation("FolderScope", format!("'{scope}' is no kind of folder.")));
    }
    let shown: Vec<&Folder> = folders.iter().filter(|folder| in_scope(folder, scope)).skip(skipped).collect();
    call.list(
        |from| (from < shown.len() as u64).then_some(from),
        |at, out| {
            let properties = folder_statistics(&directory, index, &folders, shown[at as usize], with_dates);
            write_selected(out, properties.iter().map(|(n, k, v)| (n.as_str(), *k, v.clone())), call.select.as_deref());
        },
    )
}

fn get_devices(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Mailbox", "ActiveSync", "UseCustomRouting"])?;
    let directory = read(call);
    let arguments = &call.arguments;
    let (owner, device) = match arguments.text("Mailbox") {
        Some(mailbox) => (mailbox, None),
        None => {
            let text = identity(call);
            // A device is named by its mailbox, the folder of its protocol, and itself.
            let Some((owner, device)) = text.split_once('\\') else {
                return Err(ApiError::not_found(text));
            };
            (owner, Some(device))
        }
    };
    let index = one_mailbox(&directory, owner, false)?;
    let mut devices = device_statistics(&directory, index);
    if let Some(device) = device {
        let is_named =
            |identity: &str| identity.split_once('\\').is_some_and(|(_, own)| own.eq_ignore_ascii_case(device));
        devices.retain(|properties| {
            properties.iter().any(|(name, _, value)| name == "Identity" && value.as_text().is_some_and(is_named))
        });
        if devices.is_empty() {
            return Err(ApiError::not_found(identity(call)));
        }
    }
    call.list(
        |from| (from < devices.len() as u64).then_some(from),
        |at, out| {
            let properties = devices[at as usize].iter().map(|(n, k, v)| (n.as_str(), *k, v.clone()));
            write_selected(out, properties, call.select.as_deref());
        },
    )
}
