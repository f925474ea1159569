//! Small things about mailboxes: where they are, and whose doings aren't audited.

use serde_json::Value as Json;

use super::generic::identity;
use super::wildcard::Wildcard;
use super::{Cmdlet, one_mailbox, read, refuse_unevaluated, write};
use crate::adminapi::errors::ApiError;
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::organization::write_selected;
use crate::directory::value::{Kind, Value};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-MailboxAuditBypassAssociation", get_bypass),
    ("Get-MailboxLocation", get_locations),
    ("Set-MailboxAuditBypassAssociation", set_bypass),
];

fn get_bypass(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "ResultSize"])?;
    let directory = read(call);
    let wildcard = Wildcard::of(call);
    let write = |index: u64, out: &mut String| write_bypass(call, &directory, index, out);
    if wildcard.is_none() && !identity(call).is_empty() {
        let mut object = String::new();
        write(one_mailbox(&directory, identity(call), false)?, &mut object);
        return Ok(Outcome::one(object));
    }
    let is_listed = |index: u64| {
        !directory.is_removed(index)
            && wildcard.as_ref().is_none_or(|wildcard| wildcard.fits(|name| directory.mailbox(index).get(name)))
    };
    call.list(|from| (from..directory.end()).find(|index| is_listed(*index)), write)
}

fn write_bypass(call: &Call<'_>, directory: &Directory, index: u64, out: &mut String) {
    let mailbox = directory.mailbox(index);
    let bypasses = directory.audit_bypasses.contains(&index);
    let same = |name: &'static str, kind: Kind| (name, kind, mailbox.get(name));
    let properties = [
        ("ObjectId", Kind::Text, mailbox.get("Identity")),
        ("AuditBypassEnabled", Kind::Bool, Value::Bool(bypasses)),
        same("DistinguishedName", Kind::Text),
        same("ExchangeVersion", Kind::Text),
        same("Guid", Kind::Guid),
        same("Id", Kind::Text),
        same("Identity", Kind::Text),
        same("IsValid", Kind::Bool),
        same("Name", Kind::Text),
        same("ObjectState", Kind::Text),
        same("OrganizationId", Kind::Text),
        same("WhenChangedUTC", Kind::MomentUtc),
        same("WhenCreatedUTC", Kind::MomentUtc),
    ];
    write_selected(out, properties.into_iter(), call.select.as_deref());
}

fn set_bypass(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "AuditBypassEnabled"])?;
    let mut directory = write(call);
    let index = one_mailbox(&directory, identity(call), false)?;
    let name = directory.mailbox(index).text("Name");
    let wanted = call.arguments.get("AuditBypassEnabled").and_then(Json::as_bool).unwrap_or(false);
    let changed = directory.audit_bypasses.contains(&index) != wanted;
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    if wanted {
        directory.audit_bypasses.insert(index);
    } else {
        directory.audit_bypasses.remove(&index);
    }
    Ok(Outcome::changed(changed, &name))
}

fn get_locations(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["MailboxLocationType", "ResultSize", "User"])?;
    let directory = read(call);
    let index = one_mailbox(&directory, call.arguments.text("User").unwrap_or(""), false)?;
    let mailbox = directory.mailbox(index);
    let wanted = call.arguments.text("MailboxLocationType");
    let owner = mailbox.text("Identity");
    // A place is its version, the mailbox in it, its kind, the forest and the database.
    let places: Vec<Vec<String>> = mailbox
        .list("MailboxLocations")
        .iter()
        .map(|place| place.split(';').map(str::to_owned).collect::<Vec<_>>())
        .filter(|parts| parts.len() == 5 && wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(&parts[2])))
        .collect();
    call.list(
        |from| (from < places.len() as u64).then_some(from),
        |at, out| {
            let parts = &places[at as usize];
            let text = |text: &str| (Kind::Text, Value::text(text));
            let identity = format!("{owner}\\{}", parts[1]);
            let properties = [
                ("MailboxGuid", (Kind::Guid, Value::text(&parts[1]))),
                ("MailboxLocationType", text(&parts[2])),
                ("DatabaseLocation", text(&mailbox.text("Database"))),
                ("TenantGuid", (Kind::Guid, Value::text(directory.seed.named_guid("tenant")))),
                ("OwnerId", text(&owner)),
                ("Id", text(&identity)),
                ("Identity", text(&identity)),
                ("IsValid", (Kind::Bool, Value::Bool(true))),
                ("ObjectState", text("Unchanged")),
            ];
            let properties = properties.into_iter().map(|(name, (kind, value))| (name, kind, value));
            write_selected(out, properties, call.select.as_deref());
        },
    )
}
