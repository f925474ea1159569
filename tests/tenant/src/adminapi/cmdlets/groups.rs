//! Distribution groups, dynamic ones and the view of all groups; contacts and mail users, which need no more than that.

use serde_json::Value as Json;

use super::generic::{Special, list_of};
use super::members;
use super::others::{Home, add, draft, get, remove, set};
use super::{Cmdlet, one_recipient, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::catalog::Parameter;
use crate::directory::Directory;
use crate::directory::links::{LinkKind, RecipientId};
use crate::directory::objects::{Class, Entry};
use crate::directory::others::{DISTRIBUTION_GROUP, DYNAMIC_GROUP, MAIL_CONTACT, MAIL_USER};
use crate::directory::value::Value;

/// The cmdlets of this file and of the groups' members.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Add-DistributionGroupMember", members::add),
    ("Get-DistributionGroup", |call| get(call, &[&DISTRIBUTION_GROUP], &[], show(call))),
    ("Get-DistributionGroupMember", members::get),
    ("Get-DynamicDistributionGroup", |call| get(call, &[&DYNAMIC_GROUP], &[], show(call))),
    ("Get-DynamicDistributionGroupMember", members::get_dynamic),
    ("Get-MailContact", |call| get(call, &[&MAIL_CONTACT], &["ANR"], show(call))),
    ("Get-MailUser", |call| get(call, &[&MAIL_USER], &[], show(call))),
    ("New-DistributionGroup", new_group),
    ("New-DynamicDistributionGroup", new_dynamic),
    ("New-MailContact", |call| new_outside(call, &MAIL_CONTACT)),
    ("New-MailUser", |call| new_outside(call, &MAIL_USER)),
    ("Remove-DistributionGroup", |call| remove(call, &[&DISTRIBUTION_GROUP], &["BypassSecurityGroupManagerCheck"])),
    ("Remove-DistributionGroupMember", members::remove),
    ("Remove-DynamicDistributionGroup", |call| remove(call, &[&DYNAMIC_GROUP], &[])),
    ("Remove-MailContact", |call| remove(call, &[&MAIL_CONTACT], &[])),
    ("Remove-MailUser", |call| remove(call, &[&MAIL_USER], &["PermanentlyDelete"])),
    ("Set-DistributionGroup", |call| set(call, &[&DISTRIBUTION_GROUP], Home::Inside, change_group)),
    ("Set-DynamicDistributionGroup", |call| set(call, &[&DYNAMIC_GROUP], Home::Inside, change_dynamic)),
    ("Set-MailContact", |call| set(call, &[&MAIL_CONTACT], Home::Outside, |_, _, _, _| Ok(None))),
    ("Set-MailUser", |call| set(call, &[&MAIL_USER], Home::Outside, change_mail_user)),
    ("Update-DistributionGroupMember", members::update),
];

fn show(call: &Call<'_>) -> impl Fn(&Directory, u64, &Entry, &mut String) {
    |_, _, entry, out| entry.write(out, call.select.as_deref())
}

/// The owners of a new group: those named, or nobody.
fn owners(call: &Call<'_>, directory: &Directory, parameter: &str) -> Result<Vec<String>, ApiError> {
    list_of(call, parameter)
        .iter()
        .map(|owner| Ok(directory.recipient_text(one_recipient(directory, owner)?, "Name")))
        .collect()
}

fn new_group(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let arguments = &call.arguments;
    let name = arguments.text("Name").unwrap_or("").trim().to_owned();
    let skip = ["CopyOwnerToMember", "ManagedBy", "Members", "Type"];
    let mut draft = draft(call, &directory, &DISTRIBUTION_GROUP, Home::Inside, &name, &skip)?;
    let mut first = members::named(&directory, &list_of(call, "Members"))?;
    draft.entry.set("ManagedBy", Value::List(owners(call, &directory, "ManagedBy")?));
    if arguments.switch("CopyOwnerToMember") {
        first.extend(members::named(&directory, &list_of(call, "ManagedBy"))?);
    }
    let is_security = arguments.text("Type").is_some_and(|kind| kind.eq_ignore_ascii_case("Security"));
    if arguments.switch("RoomList") && is_security {
        return Err(ApiError::cmdlet(types::VALIDATION, "A room list can't be a security group."));
    }
    if is_security {
        draft.entry.set("GroupType", Value::text("Universal, SecurityEnabled"));
        for property in ["RecipientType", "RecipientTypeDetails"] {
            draft.entry.set(property, Value::text("MailUniversalSecurityGroup"));
        }
        if arguments.get("MemberDepartRestriction").is_none() {
            draft.entry.set("MemberDepartRestriction", Value::text("Closed"));
        }
    }
    if arguments.switch("RoomList") {
        draft.entry.set("RecipientTypeDetails", Value::text("RoomList"));
    }
    if arguments.what_if {
        return Ok(Outcome::default());
    }
    let (number, outcome) = add(&mut directory, draft, show(call));
    members::deduplicate(&mut first);
    directory.set_members(number, LinkKind::Members, first);
    Ok(outcome)
}

fn change_group(_: &Directory, _: &Entry, parameter: &Parameter, json: &Json) -> Special {
    Ok(match parameter.name.as_str() {
        "RoomList" if *json == Json::Bool(true) => Some(vec![("RecipientTypeDetails", Value::text("RoomList"))]),
        _ => None,
    })
}

const CONDITIONS: [(&str, &str); 18] = [
    ("ConditionalCompany", "Company"),
    ("ConditionalDepartment", "Department"),
    ("ConditionalStateOrProvince", "StateOrProvince"),
    ("ConditionalCustomAttribute1", "CustomAttribute1"),
    ("ConditionalCustomAttribute2", "CustomAttribute2"),
    ("ConditionalCustomAttribute3", "CustomAttribute3"),
    ("ConditionalCustomAttribute4", "CustomAttribute4"),
    ("ConditionalCustomAttribute5", "CustomAttribute5"),
    ("ConditionalCustomAttribute6", "CustomAttribute6"),
    ("ConditionalCustomAttribute7", "CustomAttribute7"),
    ("ConditionalCustomAttribute8", "CustomAttribute8"),
    ("ConditionalCustomAttribute9", "CustomAttribute9"),
    ("ConditionalCustomAttribute10", "CustomAttribute10"),
    ("ConditionalCustomAttribute11", "CustomAttribute11"),
    ("ConditionalCustomAttribute12", "CustomAttribute12"),
    ("ConditionalCustomAttribute13", "CustomAttribute13"),
    ("ConditionalCustomAttribute14", "CustomAttribute14"),
    ("ConditionalCustomAttribute15", "CustomAttribute15"),
];

/// The filter that the kinds of recipients and the conditions of a group make.
fn precanned(entry: &Entry) -> String {
    let kinds: Vec<String> = entry
        .text("IncludedRecipients")
        .split(',')
        .filter_map(|kind| match kind.trim() {
            "AllRecipients" => Some("Alias -ne $null".to_owned()),
            "MailboxUsers" => Some("RecipientTypeDetails -eq 'UserMailbox'".to_owned()),
            "Resources" => {
                Some("RecipientTypeDetails -eq 'RoomMailbox') -or (RecipientTypeDetails -eq 'EquipmentMailbox'".to_owned())
            }
            "MailContacts" => Some("RecipientType -eq 'MailContact'".to_owned()),
            "MailUsers" => Some("RecipientType -eq 'MailUser'".to_owned()),
            "MailGroups" => Some(
                "RecipientType -eq 'MailUniversalDistributionGroup') -or (RecipientType -eq 'MailUniversalSecurityGroup') \
                 -or (RecipientType -eq 'DynamicDistributionGroup'"
                    .to_owned(),
            ),
            _ => None,
        })
        .map(|kind| format!("({kind})"))
        .collect();
    let mut parts = vec![format!("({})", kinds.join(" -or "))];
    for (condition, property) in CONDITIONS {
        let values: Vec<String> = entry
            .list(condition)
            .iter()
            .map(|value| format!("({property} -eq '{}')", value.replace('\'', "''")))
            .collect();
        if !values.is_empty() {
            parts.push(format!("({})", values.join(" -or ")));
        }
    }
    format!("({})", parts.join(" -and "))
}

fn finish_dynamic(entry: &mut Entry, custom: bool) -> Result<(), ApiError> {
    if custom {
        members::check_filter(&entry.text("RecipientFilter"))?;
        entry.set("IncludedRecipients", Value::Null);
        for (condition, _) in CONDITIONS {
            entry.set(condition, Value::List(vec![]));
        }
        entry.set("RecipientFilterType", Value::text("Custom"));
    } else {
        let filter = precanned(entry);
        entry.set("RecipientFilter", Value::Text(filter));
        entry.set("RecipientFilterType", Value::text("Precanned"));
    }
    Ok(())
}

fn new_dynamic(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let name = call.arguments.text("Name").unwrap_or("").trim().to_owned();
    let mut draft = draft(call, &directory, &DYNAMIC_GROUP, Home::Inside, &name, &["ManagedBy", "RecipientContainer"])?;
    if let Some(owner) = owners(call, &directory, "ManagedBy")?.into_iter().next() {
        draft.entry.set("ManagedBy", Value::Text(owner));
    }
    finish_dynamic(&mut draft.entry, call.arguments.get("RecipientFilter").is_some())?;
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    Ok(add(&mut directory, draft, show(call)).1)
}

fn change_dynamic(directory: &Directory, entry: &Entry, parameter: &Parameter, json: &Json) -> Special {
    let name = parameter.name.as_str();
    let is_condition = name == "IncludedRecipients" || CONDITIONS.iter().any(|(condition, _)| *condition == name);
    if name != "RecipientFilter" && !is_condition {
        return Ok(None);
    }
    let mut after = entry.clone();
    let schema = DYNAMIC_GROUP.schema();
    let at = schema.position(name).unwrap_or_else(|| unreachable!("{name} is a property"));
    let value = super::values::property_value(directory, parameter, entry.kind(at), &entry.value(at), json)?;
    after.change(vec![(at, value)]);
    finish_dynamic(&mut after, name == "RecipientFilter")?;
    let several = ["RecipientFilter", "RecipientFilterType", "IncludedRecipients"]
        .into_iter()
        .chain(CONDITIONS.iter().map(|(condition, _)| *condition));
    Ok(Some(several.filter(|property| after.get(property) != entry.get(property)).map(|p| (p, after.get(p))).collect()))
}

fn new_outside(call: &Call<'_>, class: &'static Class) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let arguments = &call.arguments;
    let name = arguments.text("Name").unwrap_or("").trim().to_owned();
    let login = arguments.text("MicrosoftOnlineServicesID").map(super::values::smtp_address).transpose()?;
    if let Some(login) = &login {
        super::addresses::check_domain(&directory, login)?;
        super::addresses::check_unique(&directory, None, login, "UserPrincipalName")?;
    }
    let skip = ["MicrosoftOnlineServicesID", "Password", "RemotePowerShellEnabled", "ResetPasswordOnNextLogon"];
    let mut draft = draft(call, &directory, class, Home::Outside, &name, &skip)?;
    if let Some(login) = login {
        for property in ["MicrosoftOnlineServicesID", "UserPrincipalName", "WindowsLiveID"] {
            draft.entry.set(property, Value::text(&login));
        }
        if arguments.get("ExternalEmailAddress").is_none() && arguments.get("PrimarySmtpAddress").is_none() {
            draft.entry.set("PrimarySmtpAddress", Value::text(&login));
            draft.entry.set("EmailAddresses", Value::List(vec![format!("SMTP:{login}")]));
        }
    }
    if arguments.what_if {
        return Ok(Outcome::default());
    }
    let (number, outcome) = add(&mut directory, draft, show(call));
    super::passwords::keep(call, &directory, RecipientId::Other(number));
    Ok(outcome)
}

fn change_mail_user(directory: &Directory, _: &Entry, parameter: &Parameter, json: &Json) -> Special {
    if parameter.name != "MicrosoftOnlineServicesID" {
        return Ok(None);
    }
    let login = super::values::smtp_address(json.as_str().unwrap_or(""))?;
    super::addresses::check_domain(directory, &login)?;
    let names = ["MicrosoftOnlineServicesID", "UserPrincipalName", "WindowsLiveID"];
    Ok(Some(names.into_iter().map(|name| (name, Value::text(&login))).collect()))
}
