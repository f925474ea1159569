//! Microsoft 365 groups with their links, and the view of all groups as security principals.

use serde_json::Value as Json;

use super::generic::{Special, identity, list_of};
use super::members::{deduplicate, named};
use super::others::{Home, add, draft, get, one_other, remove, set};
use super::recipient::list_recipients;
use super::{Cmdlet, read, refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::catalog::Parameter;
use crate::directory::Directory;
use crate::directory::links::{LinkKind, RecipientId};
use crate::directory::objects::Entry;
use crate::directory::organization::write_selected;
use crate::directory::others::{DISTRIBUTION_GROUP, UNIFIED_GROUP, add_site};
use crate::directory::value::{Kind, Value};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Add-UnifiedGroupLinks", |call| change_links(call, Change::Add)),
    ("Get-Group", |call| get(call, &[&DISTRIBUTION_GROUP, &UNIFIED_GROUP], &[], show_group(call))),
    ("Get-UnifiedGroup", |call| get(call, &[&UNIFIED_GROUP], &["IncludeAllProperties"], show(call))),
    ("Get-UnifiedGroupLinks", get_links),
    ("New-UnifiedGroup", new),
    ("Remove-UnifiedGroup", |call| remove(call, &[&UNIFIED_GROUP], &["Force"])),
    ("Remove-UnifiedGroupLinks", |call| change_links(call, Change::Remove)),
    ("Set-UnifiedGroup", |call| set(call, &[&UNIFIED_GROUP], Home::Inside, change)),
];

fn show(call: &Call<'_>) -> impl Fn(&Directory, u64, &Entry, &mut String) {
    |directory, number, entry, out| {
        entry.write_computed(out, call.select.as_deref(), |name| computed(directory, number, name));
    }
}

/// What follows from the group's links.
fn computed(directory: &Directory, number: u64, name: &str) -> Option<Value> {
    let members = || directory.members(number, LinkKind::Members);
    let owners = |property: &str| {
        let owners = directory.members(number, LinkKind::Owners);
        Value::List(owners.into_iter().map(|owner| directory.recipient_text(owner, property)).collect())
    };
    match name {
        "GroupMemberCount" => Some(Value::Int(members().len() as i64)),
        "GroupExternalMemberCount" => {
            let guests = members()
                .into_iter()
                .filter(|member| directory.recipient_text(*member, "RecipientTypeDetails") == "GuestMailUser");
            Some(Value::Int(guests.count() as i64))
        }
        "ManagedBy" => Some(owners("Name")),
        "ManagedByDetails" => Some(owners("DisplayName")),
        // The service shows the label under both names.
        "SensitivityLabel" => directory.others().get(number).map(|group| group.get("SensitivityLabelId")),
        _ => None,
    }
}

/// The object of `Get-Group`: what a group is apart from its mail.
fn show_group(call: &Call<'_>) -> impl Fn(&Directory, u64, &Entry, &mut String) {
    |directory, number, entry, out| {
        const SAME: [(&str, Kind); 27] = [
            ("DisplayName", Kind::Text),
            ("DistinguishedName", Kind::Text),
            ("ExchangeObjectId", Kind::Guid),
            ("ExchangeVersion", Kind::Text),
            ("ExternalDirectoryObjectId", Kind::Text),
            ("GroupType", Kind::Text),
            ("Guid", Kind::Guid),
            ("Id", Kind::Text),
            ("Identity", Kind::Text),
            ("IsDirSynced", Kind::Bool),
            ("IsValid", Kind::Bool),
            ("Name", Kind::Text),
            ("Notes", Kind::Text),
            ("ObjectCategory", Kind::Text),
            ("ObjectClass", Kind::List),
            ("ObjectState", Kind::Text),
            ("OrganizationId", Kind::Text),
            ("OrganizationalUnit", Kind::Text),
            ("OriginatingServer", Kind::Text),
            ("RecipientType", Kind::Text),
            ("RecipientTypeDetails", Kind::Text),
            ("SamAccountName", Kind::Text),
            ("SimpleDisplayName", Kind::Text),
            ("WhenChanged", Kind::MomentOffset),
            ("WhenChangedUTC", Kind::MomentUtc),
            ("WhenCreated", Kind::MomentOffset),
            ("WhenCreatedUTC", Kind::MomentUtc),
        ];
        let is_unified = std::ptr::eq(entry.class(), &UNIFIED_GROUP);
        let of_links = |name: &str| if is_unified { computed(directory, number, name) } else { None };
        let members: Vec<String> = directory
            .members(number, LinkKind::Members)
            .into_iter()
            .map(|member| directory.recipient_text(member, "Name"))
            .collect();
        let mut properties: Vec<(&str, Kind, Value)> =
            SAME.into_iter().map(|(name, kind)| (name, kind, entry.get(name))).collect();
        let address = entry.get("PrimarySmtpAddress");
        properties.extend([
            ("ManagedBy", Kind::List, of_links("ManagedBy").unwrap_or_else(|| entry.get("ManagedBy"))),
            ("Members", Kind::List, Value::List(members)),
            ("WindowsEmailAddress", Kind::Text, address),
        ]);
        properties.sort_by_key(|(name, ..)| *name);
        write_selected(out, properties.into_iter(), call.select.as_deref());
    }
}

fn link_kind(call: &Call<'_>) -> LinkKind {
    match call.arguments.text("LinkType").unwrap_or("").to_lowercase().as_str() {
        "owners" => LinkKind::Owners,
        "subscribers" => LinkKind::Subscribers,
        _ => LinkKind::Members,
    }
}

fn get_links(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "LinkType", "ResultSize"])?;
    let directory = read(call);
    let group = one_other(&directory, identity(call), &[&UNIFIED_GROUP])?;
    list_recipients(call, &directory, &directory.members(group, link_kind(call)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Add,
    Remove,
}

fn task_error(text: String) -> ApiError {
    ApiError::cmdlet("Microsoft.Exchange.Configuration.Tasks.RecipientTaskException", text)
}

fn change_links(call: &Call<'_>, change: Change) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "LinkType", "Links"])?;
    let mut directory = write(call);
    let group = one_other(&directory, identity(call), &[&UNIFIED_GROUP])?;
    let kind = link_kind(call);
    let links = named(&directory, &list_of(call, "Links"))?;
    let is_person = |link: &RecipientId| {
        matches!(link, RecipientId::Mailbox(_)) || directory.recipient_text(*link, "RecipientType") == "MailUser"
    };
    if let Some(link) = links.iter().find(|link| !is_person(link)) {
        let name = directory.recipient_text(*link, "Name");
        return Err(task_error(format!("'{name}' can't be linked to the group: only users can be.")));
    }
    let members = directory.members(group, LinkKind::Members);
    let mut current = directory.members(group, kind);
    match change {
        Change::Add => {
            // Who isn't a member can neither own the group nor subscribe to it.
            if let Some(link) = links.iter().find(|link| kind != LinkKind::Members && !members.contains(link)) {
                let name = directory.recipient_text(*link, "Name");
                return Err(task_error(format!(
                    "Only members can be owners or subscribers of the group. Add '{name}' as a member first."
                )));
            }
            current.extend(links);
            deduplicate(&mut current);
        }
        Change::Remove => {
            let owners = directory.members(group, LinkKind::Owners);
            if let Some(link) = links.iter().find(|link| kind == LinkKind::Members && owners.contains(link)) {
                let name = directory.recipient_text(*link, "Name");
                return Err(task_error(format!(
                    "'{name}' is an owner of the group. Remove the ownership before the membership."
                )));
            }
            current.retain(|link| !links.contains(link));
            if kind == LinkKind::Owners && current.is_empty() {
                return Err(task_error("The group needs at least one owner.".to_owned()));
            }
        }
    }
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    if change == Change::Remove && kind == LinkKind::Members {
        let mut subscribers = directory.members(group, LinkKind::Subscribers);
        subscribers.retain(|link| current.contains(link));
        directory.set_members(group, LinkKind::Subscribers, subscribers);
    }
    directory.set_members(group, kind, current);
    Ok(Outcome::default())
}

fn new(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let arguments = &call.arguments;
    if arguments.get("DlIdentity").is_some() {
        return Err(ApiError::not_implemented("the upgrade of a distribution group"));
    }
    let text = |name: &str| arguments.text(name).map(str::trim).filter(|text| !text.is_empty());
    let Some(display_name) = text("DisplayName").or(text("Name")) else {
        return Err(ApiError::cmdlet(types::VALIDATION, "The property 'DisplayName' can't be empty."));
    };
    // Two groups may share a display name; the directory's name gets a tail that keeps them apart.
    let name = match text("Name") {
        Some(name) => name.to_owned(),
        None => {
            let number = directory.others().next();
            let tail = directory.seed.named_guid(&format!("unified group {display_name} {number}"));
            format!(
                "{}_{:.10}",
                super::addresses::alias_of(text("Alias").unwrap_or(display_name)),
                tail.replace('-', "")
            )
        }
    };
    let skip = ["EmailAddresses", "ManagedBy", "Members", "Owner", "AutoSubscribeNewMembers"];
    let mut named_draft = draft(call, &directory, &UNIFIED_GROUP, Home::Inside, &name, &skip)?;
    named_draft.entry.set("DisplayName", Value::text(display_name));
    if text("Alias").is_none() {
        let alias = super::addresses::alias_of(display_name);
        super::addresses::check_unique(&directory, None, &alias, "Alias")?;
        if text("PrimarySmtpAddress").is_none() && !alias.is_empty() {
            let company = directory.seed.company;
            let addresses = vec![
                format!("SMTP:{alias}@{}", company.vanity_domain),
                format!("smtp:{alias}@{}", company.initial_domain),
            ];
            super::addresses::check_addresses(&directory, None, &addresses)?;
            named_draft.entry.set("PrimarySmtpAddress", Value::text(format!("{alias}@{}", company.vanity_domain)));
            named_draft.entry.set("EmailAddresses", Value::List(addresses));
        }
        named_draft.entry.set("Alias", Value::text(alias));
    }
    named_draft.entry.set("AutoSubscribeNewMembers", Value::Bool(arguments.switch("AutoSubscribeNewMembers")));
    add_site(&mut named_draft.entry, &directory.seed);
    let mut owners = named(&directory, &list_of(call, "ManagedBy"))?;
    owners.extend(named(&directory, &list_of(call, "Owner"))?);
    deduplicate(&mut owners);
    let mut members = named(&directory, &list_of(call, "Members"))?;
    members.extend(owners.iter().copied());
    deduplicate(&mut members);
    if arguments.what_if {
        return Ok(Outcome::default());
    }
    let number = directory.others().next();
    directory.set_members(number, LinkKind::Owners, owners);
    if arguments.switch("AutoSubscribeNewMembers") {
        directory.set_members(number, LinkKind::Subscribers, members.clone());
    }
    directory.set_members(number, LinkKind::Members, members);
    Ok(add(&mut directory, named_draft, show(call)).1)
}

fn change(_: &Directory, _: &Entry, parameter: &Parameter, json: &Json) -> Special {
    Ok(match (parameter.name.as_str(), json) {
        // Cleared by an empty text as well as by null.
        ("SensitivityLabelId" | "Classification", Json::Null) => match parameter.name.as_str() {
            "Classification" => Some(vec![("Classification", Value::Null)]),
            _ => Some(vec![("SensitivityLabelId", Value::Null)]),
        },
        _ => None,
    })
}
