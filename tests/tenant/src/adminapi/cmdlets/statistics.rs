//! What is in a mailbox: sizes, folders, devices. All of it follows from the seed.

use super::generic::identity;
use super::{Cmdlet, one_mailbox, read, refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::contents::{
    Folder, Shown, device, device_statistics, folder_statistics, folders, mailbox_statistics,
};
use crate::directory::organization::write_selected;

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-MailboxFolderStatistics", get_folders),
    ("Get-MailboxStatistics", get),
    ("Get-MobileDevice", get_devices),
    ("Get-MobileDeviceStatistics", get_device_statistics),
    ("Remove-MobileDevice", remove_device),
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

/// A device of a mailbox, as its statistics.
type Device = (u64, Vec<Shown>);

/// The devices of a mailbox, or the one that an identity names: its mailbox, the folder of its protocol, and itself.
fn devices_of(call: &Call<'_>, directory: &Directory) -> Result<Vec<Device>, ApiError> {
    if let Some(mailbox) = call.arguments.text("Mailbox") {
        let index = one_mailbox(directory, mailbox, false)?;
        return Ok(device_statistics(directory, index).into_iter().map(|device| (index, device)).collect());
    }
    let text = identity(call);
    let Some((owner, wanted)) = text.split_once('\\') else {
        return Err(ApiError::not_found(text));
    };
    let index = one_mailbox(directory, owner, false)?;
    let is_wanted = |device: &Vec<Shown>| {
        value_of(device, "Identity").split_once('\\').is_some_and(|(_, own)| own.eq_ignore_ascii_case(wanted))
    };
    let found = device_statistics(directory, index).into_iter().find(is_wanted);
    found.map(|device| vec![(index, device)]).ok_or_else(|| ApiError::not_found(text))
}

fn value_of(device: &[Shown], name: &str) -> String {
    let found = device.iter().find(|(known, ..)| known == name);
    found.map(|(_, _, value)| value.clone().into_text()).unwrap_or_default()
}

fn write_shown(call: &Call<'_>, properties: &[Shown], out: &mut String) {
    write_selected(out, properties.iter().map(|(n, k, v)| (n.as_str(), *k, v.clone())), call.select.as_deref());
}

fn get_device_statistics(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Mailbox", "ActiveSync", "UseCustomRouting"])?;
    let directory = read(call);
    let devices = devices_of(call, &directory)?;
    call.list(
        |from| (from < devices.len() as u64).then_some(from),
        |at, out| write_shown(call, &devices[at as usize].1, out),
    )
}

/// How many devices a mailbox may have, in the list of all.
const DEVICES: u64 = 4;

fn get_devices(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Mailbox", "ActiveSync", "ResultSize"])?;
    let directory = read(call);
    let write = |index: u64, statistics: &[Shown], out: &mut String| {
        write_shown(call, &device(&directory, index, statistics), out);
    };
    if call.arguments.text("Mailbox").is_some() || !identity(call).is_empty() {
        let devices = devices_of(call, &directory)?;
        return call.list(
            |from| (from < devices.len() as u64).then_some(from),
            |at, out| write(devices[at as usize].0, &devices[at as usize].1, out),
        );
    }
    // A place in the list of all devices is a mailbox's number and the device's.
    call.list(
        |from| {
            (from / DEVICES..directory.end()).find_map(|index| {
                let first = if index == from / DEVICES { from % DEVICES } else { 0 };
                let is_there =
                    !directory.is_removed(index) && first < device_statistics(&directory, index).len() as u64;
                is_there.then_some(index * DEVICES + first)
            })
        },
        |at, out| write(at / DEVICES, &device_statistics(&directory, at / DEVICES)[(at % DEVICES) as usize], out),
    )
}

fn remove_device(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity"])?;
    let mut directory = write(call);
    for (_, device) in devices_of(call, &directory)? {
        if !call.arguments.what_if {
            directory.removed_devices.insert(value_of(&device, "DeviceID"));
        }
    }
    Ok(Outcome::default())
}
