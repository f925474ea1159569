//! Role groups with their members, management roles and who has which.

use super::generic::{get_computed, identity, list_of, one, set};
use super::recipient::write_recipient;
use super::values::changed_list;
use super::{Cmdlet, one_recipient, read, refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::clouds::Surface;
use crate::directory::Directory;
use crate::directory::links::RecipientId;
use crate::directory::objects::{Class, Entry};
use crate::directory::roles::{COMPLIANCE_ROLE, COMPLIANCE_ROLE_GROUP, MANAGEMENT_ROLE, ROLE_GROUP, give_roles};
use crate::directory::value::Value;

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Add-RoleGroupMember", |call| change_member(call, true)),
    ("Get-ManagementRole", get_role),
    ("Get-RoleGroup", get_group),
    ("Get-RoleGroupMember", get_member),
    ("New-RoleGroup", new_group),
    ("Remove-RoleGroup", remove_group),
    ("Remove-RoleGroupMember", |call| change_member(call, false)),
    ("Set-RoleGroup", set_group),
    ("Update-RoleGroupMember", update_members),
];

/// The role groups of the service that was called.
fn groups_of(call: &Call<'_>) -> &'static Class {
    match call.caller.surface {
        Surface::Exchange => &ROLE_GROUP,
        Surface::Compliance => &COMPLIANCE_ROLE_GROUP,
    }
}

/// The management roles of the service that was called.
fn roles_of(call: &Call<'_>) -> &'static Class {
    match call.caller.surface {
        Surface::Exchange => &MANAGEMENT_ROLE,
        Surface::Compliance => &COMPLIANCE_ROLE,
    }
}

/// The members of a role group, by recipient.
pub(super) fn members(directory: &Directory, group: &Entry) -> Vec<RecipientId> {
    let names = group.list("Members");
    names.iter().filter_map(|name| directory.recipient(name).ok()).collect()
}

/// What a role group shows as its members: their names.
fn shown_members(directory: &Directory, group: &Entry, property: &str) -> Option<Value> {
    (property == "Members").then(|| {
        let names = members(directory, group).into_iter().map(|id| directory.recipient_text(id, "Name"));
        Value::List(names.collect())
    })
}

fn get_group(call: &Call<'_>) -> Result<Outcome, ApiError> {
    get_computed(call, groups_of(call), &[], |_, _| true, shown_members)
}

fn get_member(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "ResultSize"])?;
    let directory = read(call);
    let groups = directory.collection(groups_of(call));
    let members = groups.get(one(groups, identity(call))?).map(|group| members(&directory, group)).unwrap_or_default();
    call.list(
        |from| (from < members.len() as u64).then_some(from),
        |at, out| write_recipient(&directory, members[at as usize], out, call.select.as_deref()),
    )
}

fn change_member(call: &Call<'_>, add: bool) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "BypassSecurityGroupManagerCheck", "Member"])?;
    let mut directory = write(call);
    let number = one(directory.collection(groups_of(call)), identity(call))?;
    let member = one_recipient(&directory, call.arguments.text("Member").unwrap_or(""))?;
    let name = directory.recipient_text(member, "Name");
    let group =
        directory.collection(groups_of(call)).get(number).unwrap_or_else(|| unreachable!("it was found just now"));
    let current = members(&directory, group);
    let (title, mut kept) = (group.text("Name"), group.list("Members"));
    if current.contains(&member) == add {
        let (exception, text) = if add {
            (
                "MemberAlreadyExistsException",
                format!("The recipient \"{name}\" is already a member of the group \"{title}\"."),
            )
        } else {
            ("MemberNotFoundException", format!("The recipient \"{name}\" isn't a member of the group \"{title}\"."))
        };
        return Err(ApiError::cmdlet(&format!("Microsoft.Exchange.Management.Tasks.{exception}"), text));
    }
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    // The GUID stays when the member is renamed.
    let guid = directory.recipient_text(member, "Guid");
    if add {
        kept.push(guid);
    } else {
        kept.retain(|known| *known != guid);
    }
    if let Some(group) = directory.collection_mut(groups_of(call)).get_mut(number) {
        group.set("Members", Value::List(kept));
    }
    Ok(Outcome::default())
}

/// Makes a role group.
fn new_group(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Name", "Description", "DisplayName", "Force", "ManagedBy", "Members", "Roles"])?;
    let mut directory = write(call);
    let class = groups_of(call);
    let name = call.arguments.text("Name").unwrap_or("").trim();
    if name.is_empty() || name.chars().count() > 64 {
        return Err(ApiError::cmdlet(
            types::VALIDATION,
            format!("The value '{name}' isn't valid for the property 'Name'."),
        ));
    }
    if directory.collection(class).find_by("Name", name).is_some() {
        return Err(ApiError::already_exists(&format!("The role group '{name}' already exists.")));
    }
    let known = directory.collection(roles_of(call));
    let mut roles = Vec::new();
    for role in list_of(call, "Roles") {
        let role = known.get(one(known, &role)?).map(|role| role.text("Name"));
        roles.extend(role.filter(|role| !roles.contains(role)));
    }
    let mut members = Vec::new();
    for member in list_of(call, "Members") {
        members.push(directory.recipient_text(one_recipient(&directory, &member)?, "Guid"));
    }
    let mut owners = Vec::new();
    for name in list_of(call, "ManagedBy") {
        owners.push(owner(&directory, class, &name)?);
    }
    if owners.is_empty() {
        owners.push("Organization Management".to_owned());
    }
    let mut group = Entry::created(class, &directory.seed, name, directory.collection(class).next());
    let text = |parameter: &str, otherwise: &str| Value::text(call.arguments.text(parameter).unwrap_or(otherwise));
    group.set("Description", text("Description", ""));
    group.set("DisplayName", text("DisplayName", name));
    group.set("ManagedBy", Value::List(owners));
    group.set("Members", Value::List(members));
    give_roles(&mut group, roles);
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let mut object = String::new();
    let shown = |property: &str| shown_members(&directory, &group, property);
    group.write_computed(&mut object, call.select.as_deref(), shown);
    directory.collection_mut(class).add(group);
    Ok(Outcome::one(object))
}

/// The name of who owns a role group; role groups may own one another.
fn owner(directory: &Directory, class: &'static Class, name: &str) -> Result<String, ApiError> {
    let groups = directory.collection(class);
    match groups.find(name)[..] {
        [number] => Ok(groups.get(number).map(|group| group.text("Name")).unwrap_or_default()),
        _ => Ok(directory.recipient_text(one_recipient(directory, name)?, "Name")),
    }
}

/// Changes what a role group is called, what is said of it and who owns it.
fn set_group(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let class = groups_of(call);
    set(call, class, |directory, group, parameter, json| match parameter.name.as_str() {
        "BypassSecurityGroupManagerCheck" | "Force" => Ok(Some(vec![])),
        "ManagedBy" => {
            let owners = changed_list(group.list("ManagedBy"), json, |name| owner(directory, class, name))?;
            if owners.is_empty() {
                return Err(ApiError::cmdlet(types::VALIDATION, "A role group needs an owner."));
            }
            Ok(Some(vec![("ManagedBy", Value::List(owners))]))
        }
        "Name" => {
            let name = json.as_str().map(str::trim).filter(|name| !name.is_empty() && name.chars().count() <= 64);
            let Some(name) = name else {
                return Err(ApiError::cmdlet(
                    types::VALIDATION,
                    format!("The value {json} isn't valid for the property 'Name'."),
                ));
            };
            // What was named after the group goes by its new name.
            let (old, mut renamed) = (group.text("Name"), group.list("RoleAssignments"));
            for assignment in &mut renamed {
                if let Some(role) = assignment.strip_suffix(&format!("-{old}")) {
                    *assignment = format!("{role}-{name}");
                }
            }
            Ok(Some(vec![
                ("Name", Value::text(name)),
                ("SamAccountName", Value::text(name.replace(' ', ""))),
                ("RoleAssignments", Value::List(renamed)),
            ]))
        }
        _ => Ok(None),
    })
}

/// Removes a role group that somebody made.
fn remove_group(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "BypassSecurityGroupManagerCheck", "Force"])?;
    let mut directory = write(call);
    let class = groups_of(call);
    let number = one(directory.collection(class), identity(call))?;
    if directory.collection(class).get(number).is_some_and(|group| group.flag("IsBuiltIn")) {
        return Err(ApiError::cmdlet(
            "Microsoft.Exchange.Configuration.Tasks.TaskInvalidOperationException",
            format!("The role group '{}' is built in and can't be removed.", identity(call)),
        ));
    }
    if !call.arguments.what_if {
        directory.collection_mut(class).remove(number);
    }
    Ok(Outcome::default())
}

/// Replaces the members of a role group, or adds and removes some.
fn update_members(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "BypassSecurityGroupManagerCheck", "Members"])?;
    let mut directory = write(call);
    let class = groups_of(call);
    let number = one(directory.collection(class), identity(call))?;
    let current = directory.collection(class).get(number).map(|group| group.list("Members")).unwrap_or_default();
    let guid = |text: &str| Ok(directory.recipient_text(one_recipient(&directory, text)?, "Guid"));
    let members = match call.arguments.get("Members") {
        Some(json) => changed_list(current, json, guid)?,
        None => current,
    };
    if !call.arguments.what_if
        && let Some(group) = directory.collection_mut(class).get_mut(number)
    {
        group.set("Members", Value::List(members));
    }
    Ok(Outcome::default())
}

fn get_role(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let kind = call.arguments.text("RoleType");
    get_computed(
        call,
        roles_of(call),
        &["RoleType"],
        |_, role| kind.is_none_or(|kind| role.text("RoleType").eq_ignore_ascii_case(kind)),
        |_, _, _| None,
    )
}
