//! Turning on and off what belongs to a mailbox: its archive.

use super::generic::{identity, list_of};
use super::{Cmdlet, one_mailbox, refuse_unevaluated, write};
use crate::adminapi::errors::ApiError;
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::mailbox::Schema;
use crate::directory::value::Value;

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[("Disable-Mailbox", disable), ("Enable-Mailbox", enable)];

const NO_GUID: &str = "00000000-0000-0000-0000-000000000000";

fn task_error(text: String) -> ApiError {
    ApiError::cmdlet("Microsoft.Exchange.Configuration.Tasks.RecipientTaskException", text)
}

fn change(directory: &mut Directory, index: u64, changes: Vec<(&'static str, Value)>) {
    let schema = Schema::get();
    let at = |name: &str| schema.position(name).unwrap_or_else(|| unreachable!("{name} is in the schema"));
    directory.change(index, changes.into_iter().map(|(name, value)| (at(name), value)).collect());
}

/// The places of a mailbox, with its archive or without.
fn locations(directory: &Directory, index: u64, archive: Option<&str>) -> Value {
    let mailbox = directory.mailbox(index);
    let mut places = mailbox.list("MailboxLocations");
    places.retain(|place| !place.contains(";MainArchive;"));
    if let Some(guid) = archive {
        let database = mailbox.text("DatabaseGuid");
        places.push(format!("1;{guid};MainArchive;simpr01a001.prod.outlook.com;{database}"));
    }
    Value::List(places)
}

fn enable(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Archive", "ArchiveName", "AutoExpandingArchive", "Force"])?;
    let mut directory = write(call);
    let index = one_mailbox(&directory, identity(call), false)?;
    let mailbox = directory.mailbox(index);
    let (name, has_archive) = (mailbox.text("Name"), mailbox.text("ArchiveStatus") == "Active");
    let changes = if call.arguments.switch("AutoExpandingArchive") {
        if !has_archive {
            return Err(task_error(format!("The mailbox '{name}' has no archive that could expand.")));
        }
        vec![("AutoExpandingArchiveEnabled", Value::Bool(true))]
    } else if call.arguments.switch("Archive") {
        if has_archive {
            return Err(task_error(format!("The mailbox '{name}' already has an archive.")));
        }
        // Who gets an archive back within its time of grace gets the one that there was.
        let guid = match mailbox.text("DisabledArchiveGuid") {
            old if old != NO_GUID => old,
            _ => directory.seed.named_guid(&format!("archive {}", mailbox.text("ExchangeGuid"))),
        };
        let mut names = list_of(call, "ArchiveName");
        if names.is_empty() {
            names.push(format!("In-Place Archive -{}", mailbox.text("DisplayName")));
        }
        vec![
            ("ArchiveDatabase", mailbox.get("Database")),
            ("ArchiveDatabaseGuid", mailbox.get("DatabaseGuid")),
            ("ArchiveGuid", Value::text(&guid)),
            ("ArchiveName", Value::List(names)),
            ("ArchiveStatus", Value::text("Active")),
            ("ArchiveState", Value::text("Local")),
            ("DisabledArchiveDatabase", Value::Null),
            ("DisabledArchiveGuid", Value::text(NO_GUID)),
            ("MailboxLocations", locations(&directory, index, Some(&guid))),
        ]
    } else {
        // A licence gives a mailbox in the service, not this cmdlet.
        return Err(task_error(format!("'{name}' already has a mailbox.")));
    };
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    change(&mut directory, index, changes);
    let mut object = String::new();
    directory.write_mailbox(index, None, &mut object);
    Ok(Outcome::one(object))
}

fn disable(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Archive"])?;
    let mut directory = write(call);
    let index = one_mailbox(&directory, identity(call), false)?;
    if !call.arguments.switch("Archive") {
        return Err(ApiError::not_implemented("disabling a whole mailbox"));
    }
    let mailbox = directory.mailbox(index);
    if mailbox.text("ArchiveStatus") != "Active" {
        return Err(task_error(format!("The mailbox '{}' has no archive.", mailbox.text("Name"))));
    }
    let changes = vec![
        ("ArchiveDatabase", Value::Null),
        ("ArchiveDatabaseGuid", Value::text(NO_GUID)),
        ("ArchiveGuid", Value::text(NO_GUID)),
        ("ArchiveName", Value::List(vec![])),
        ("ArchiveStatus", Value::text("None")),
        ("ArchiveState", Value::text("None")),
        ("AutoExpandingArchiveEnabled", Value::Bool(false)),
        ("DisabledArchiveDatabase", mailbox.get("ArchiveDatabase")),
        ("DisabledArchiveGuid", mailbox.get("ArchiveGuid")),
        ("MailboxLocations", locations(&directory, index, None)),
    ];
    if !call.arguments.what_if {
        change(&mut directory, index, changes);
    }
    Ok(Outcome::default())
}
