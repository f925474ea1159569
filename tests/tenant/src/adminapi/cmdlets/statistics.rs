//! What is in a mailbox: sizes, folders, devices. All of it follows from the seed.

use super::generic::identity;
use super::others::one_other;
use super::{Cmdlet, one_mailbox, read, refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::contents::{
    Folder, Shown, Wipe, device, device_owner, device_statistics, folder_statistics, folders, mailbox_statistics,
};
use crate::directory::mailbox::Mailbox;
use crate::directory::organization::write_selected;
use crate::directory::others::UNIFIED_GROUP;
use crate::directory::value::{normalise_guid, now_ticks};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Clear-MobileDevice", clear_device),
    ("Get-MailboxFolderStatistics", get_folders),
    ("Get-MailboxStatistics", get),
    ("Get-MobileDevice", get_devices),
    ("Get-MobileDeviceStatistics", get_device_statistics),
    ("Remove-MobileDevice", remove_device),
];

/// Reads the mailbox of a call, which may be a Microsoft 365 group's, and is told whether its archive is meant.
fn of_mailbox(
    call: &Call<'_>,
    directory: &Directory,
    read: impl Fn(&Mailbox<'_>, bool) -> Result<Outcome, ApiError>,
) -> Result<Outcome, ApiError> {
    let archive = call.arguments.switch("Archive");
    let read = |mailbox: &Mailbox<'_>| {
        if archive && mailbox.text("ArchiveStatus") != "Active" {
            return Err(ApiError::cmdlet(
                types::NOT_FOUND,
                format!("The user '{}' doesn't have an archive mailbox.", mailbox.text("Name")),
            ));
        }
        read(mailbox, archive)
    };
    let index = match one_mailbox(directory, identity(call), false) {
        Err(_) if call.arguments.switch("IncludeSoftDeletedRecipients") => one_mailbox(directory, identity(call), true),
        found => found,
    };
    match (index, one_other(directory, identity(call), &[&UNIFIED_GROUP])) {
        (Ok(index), _) => read(&directory.mailbox(index)),
        (Err(error), Err(_)) => Err(error),
        (Err(error), Ok(number)) => directory.with_group_mailbox(number, read).unwrap_or(Err(error)),
    }
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Archive", "IncludeSoftDeletedRecipients", "UseCustomRouting"])?;
    let directory = read(call);
    of_mailbox(call, &directory, |mailbox, archive| {
        let mut object = String::new();
        write_shown(call, &mailbox_statistics(&directory, mailbox, archive), &mut object);
        Ok(Outcome::one(object))
    })
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
    of_mailbox(call, &directory, |mailbox, archive| {
        let scope = call.arguments.text("FolderScope");
        let with_dates = call.arguments.switch("IncludeOldestAndNewestItems");
        let skipped = call.arguments.get("SkipCount").and_then(serde_json::Value::as_u64).unwrap_or(0) as usize;
        let folders: Vec<Folder> = folders(&directory, mailbox, archive);
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
                let properties = folder_statistics(&directory, mailbox, &folders, shown[at as usize], with_dates);
                write_selected(
                    out,
                    properties.iter().map(|(n, k, v)| (n.as_str(), *k, v.clone())),
                    call.select.as_deref(),
                );
            },
        )
    })
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
    if let Some((owner, wanted)) = text.split_once('\\') {
        let index = one_mailbox(directory, owner, false)?;
        let is_wanted = |device: &Vec<Shown>| {
            value_of(device, "Identity").split_once('\\').is_some_and(|(_, own)| own.eq_ignore_ascii_case(wanted))
        };
        let found = device_statistics(directory, index).into_iter().find(is_wanted);
        return found.map(|device| vec![(index, device)]).ok_or_else(|| ApiError::not_found(text));
    }
    // Its own names say whose it is, but for the GUID, which has to be looked for.
    let owners = match (owner_of(directory, text), normalise_guid(text)) {
        (Some(index), _) => index..index + 1,
        (None, Some(_)) => 0..directory.end(),
        (None, None) => 0..0,
    };
    let found = owners.filter(|index| !directory.is_removed(*index)).find_map(|index| {
        let devices = device_statistics(directory, index);
        devices.into_iter().find(|device| is_named(directory, index, device, text)).map(|device| (index, device))
    });
    found.map(|device| vec![device]).ok_or_else(|| ApiError::not_found(text))
}

/// The mailbox of the device that a distinguished name, a name or a device id names.
fn owner_of(directory: &Directory, text: &str) -> Option<u64> {
    if let Some((device, owner)) = text.split_once(',')
        && device.get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case("CN="))
    {
        let (container, owner) = owner.split_once(',')?;
        return match directory.find(owner, false)[..] {
            [index] if container.eq_ignore_ascii_case("CN=ExchangeActiveSyncDevices") => Some(index),
            _ => None,
        };
    }
    device_owner(text.rsplit('§').next().unwrap_or(text)).filter(|index| *index < directory.end())
}

fn is_named(directory: &Directory, index: u64, statistics: &[Shown], text: &str) -> bool {
    let device = device(directory, index, statistics);
    ["DeviceId", "DistinguishedName", "Guid", "Name"]
        .iter()
        .any(|name| value_of(&device, name).to_lowercase() == text.trim().to_lowercase())
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

/// Asks for a device to be wiped when it comes next, or takes that back.
fn clear_device(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "AccountOnly", "Cancel", "NotificationEmailAddresses"])?;
    let mut directory = write(call);
    for (_, device) in devices_of(call, &directory)? {
        let id = value_of(&device, "DeviceID");
        if call.arguments.what_if {
            continue;
        }
        if call.arguments.switch("Cancel") {
            directory.wipes.remove(&id);
        } else {
            let account_only = call.arguments.switch("AccountOnly");
            let wipe = Wipe { when: now_ticks(), by: call.caller.identity.name.clone(), account_only };
            directory.wipes.insert(id, wipe);
        }
    }
    Ok(Outcome::default())
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
