//! `Get-Mailbox`, `Set-Mailbox`, `New-Mailbox`, `Remove-Mailbox`.

use serde_json::Value as Json;

use super::addresses::{
    address_changes, alias_of, check_addresses, check_alias, check_domain, check_unique, email_addresses, is_alias,
    with_primary,
};
use super::others::one_other;
use super::values::{property_value, smtp_address};
use super::wildcard::Wildcard;
use super::{filter_within_unit, one_mailbox, read, refuse_unevaluated, resolves, texts, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::company::Company;
use crate::directory::filtering::MailboxSubject;
use crate::directory::links::RecipientId;
use crate::directory::mailbox::{Mailbox, Schema};
use crate::directory::others::UNIFIED_GROUP;
use crate::directory::seed::{MailboxType, Person};
use crate::directory::value::{Value, now_ticks, parse_size};

const EVALUATED: [&str; 13] = [
    "Identity",
    "Anr",
    "Archive",
    "Filter",
    "GroupMailbox",
    "InactiveMailboxOnly",
    "IncludeInactiveMailbox",
    "MailboxPlan",
    "OrganizationalUnit",
    "RecipientTypeDetails",
    "ResultSize",
    "SoftDeletedMailbox",
    "SortBy",
];
const SORTABLE: [&str; 5] = ["Name", "DisplayName", "Alias", "Office", "ServerLegacyDN"];

/// `Get-Mailbox`
pub(super) fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &EVALUATED)?;
    let directory = read(call);
    let arguments = &call.arguments;
    let schema = Schema::get();
    let select: Option<Vec<usize>> = call.select.as_ref().map(|names| {
        let mut positions: Vec<usize> = names.iter().filter_map(|name| schema.position(name)).collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    });
    let filter = filter_within_unit(call)?;
    let details = texts(arguments.get("RecipientTypeDetails"));
    let plan = arguments.text("MailboxPlan");
    let anr = arguments.text("Anr");
    let with_archive = arguments.switch("Archive");
    let only_removed = arguments.switch("SoftDeletedMailbox");
    let only_inactive = arguments.switch("InactiveMailboxOnly");
    let inactive_too = arguments.switch("IncludeInactiveMailbox");
    let in_scope = |index: u64| {
        let removed = directory.is_removed(index);
        let inactive = removed && directory.mailbox(index).get("IsInactiveMailbox") == Value::Bool(true);
        match (only_inactive, only_removed) {
            (true, _) => inactive,
            (false, true) => removed,
            (false, false) => !removed || (inactive_too && inactive),
        }
    };
    let wildcard = Wildcard::of(call);
    let picks = details.is_some()
        || plan.is_some()
        || with_archive
        || anr.is_some()
        || filter.is_some()
        || wildcard.as_ref().is_some_and(|wildcard| !wildcard.is_everything());
    let belongs = |index: u64| {
        if !in_scope(index) {
            return false;
        }
        // Making a mailbox only to find that all are wanted would cost as much as writing it.
        if !picks {
            return true;
        }
        let mailbox = directory.mailbox(index);
        details.as_ref().is_none_or(|list| {
            let text = mailbox.text("RecipientTypeDetails");
            list.iter().any(|wanted| wanted.eq_ignore_ascii_case(&text))
        }) && plan.is_none_or(|plan| mailbox.text("MailboxPlan").eq_ignore_ascii_case(plan))
            && wildcard.as_ref().is_none_or(|wildcard| wildcard.fits(|name| mailbox.get(name)))
            && (!with_archive || mailbox.text("ArchiveStatus") == "Active")
            && anr.is_none_or(|wanted| {
                let names: Vec<String> = ["Name", "DisplayName", "Alias", "UserPrincipalName", "PrimarySmtpAddress"]
                    .into_iter()
                    .map(|name| mailbox.text(name))
                    .chain([mailbox.person.given_name.clone(), mailbox.person.family_name.clone()])
                    .collect();
                resolves(wanted, &names)
            })
            && filter
                .as_ref()
                .is_none_or(|filter| filter.holds(&MailboxSubject { mailbox: &mailbox, as_recipient: false }))
    };
    // The mailboxes of groups are listed for themselves.
    if arguments.switch("GroupMailbox") {
        return get_of_groups(call, &directory, select.as_deref(), |mailbox| {
            anr.is_none_or(|wanted| {
                resolves(wanted, &["Name", "DisplayName", "Alias", "PrimarySmtpAddress"].map(|name| mailbox.text(name)))
            }) && wildcard.as_ref().is_none_or(|wildcard| wildcard.fits(|name| mailbox.get(name)))
                && filter.as_ref().is_none_or(|filter| filter.holds(&MailboxSubject { mailbox, as_recipient: false }))
                && details.as_ref().is_none_or(|list| list.iter().any(|kind| kind.eq_ignore_ascii_case("GroupMailbox")))
                && !(with_archive || only_removed || only_inactive || plan.is_some())
        });
    }
    let write = |index: u64, out: &mut String| directory.write_mailbox(index, select.as_deref(), out);
    if let Some(identity) = arguments.text("Identity").filter(|text| !text.is_empty() && wildcard.is_none()) {
        let mut found = directory.find(identity, false);
        found.extend(directory.find(identity, true));
        found.retain(|index| in_scope(*index));
        let index = match found[..] {
            [index] => index,
            [] => return Err(ApiError::not_found(identity)),
            _ => return Err(ApiError::ambiguous(identity)),
        };
        if !belongs(index) {
            return Ok(Outcome::default());
        }
        let mut object = String::new();
        write(index, &mut object);
        return Ok(Outcome::one(object));
    }
    if let Some(property) = arguments.text("SortBy") {
        let Some(property) = SORTABLE.into_iter().find(|known| known.eq_ignore_ascii_case(property)) else {
            return Err(ApiError::not_implemented(format!("sorting mailboxes by '{property}'")));
        };
        let mut sorted: Vec<(String, u64)> = (0..directory.end())
            .filter(|index| belongs(*index))
            .map(|index| (directory.mailbox(index).text(property).to_lowercase(), index))
            .collect();
        sorted.sort();
        return call
            .list(|from| (from < sorted.len() as u64).then_some(from), |at, out| write(sorted[at as usize].1, out));
    }
    let end = directory.end();
    call.list(|from| (from..end).find(|index| belongs(*index)), write)
}

/// Lists the mailboxes of Microsoft 365 groups that `belongs` lets through, or shows one.
fn get_of_groups(
    call: &Call<'_>,
    directory: &Directory,
    select: Option<&[usize]>,
    belongs: impl Fn(&Mailbox<'_>) -> bool,
) -> Result<Outcome, ApiError> {
    let is_shown = |number: u64| directory.with_group_mailbox(number, &belongs) == Some(true);
    let write = |number: u64, out: &mut String| {
        directory.with_group_mailbox(number, |mailbox| mailbox.write(out, select));
    };
    let identity = call.arguments.text("Identity").filter(|text| !text.is_empty() && !text.contains('*'));
    if let Some(identity) = identity {
        let number = one_other(directory, identity, &[&UNIFIED_GROUP])?;
        let mut object = String::new();
        if !is_shown(number) {
            return Ok(Outcome::default());
        }
        write(number, &mut object);
        return Ok(Outcome::one(object));
    }
    call.list(|from| directory.others().from(from).map(|(number, _)| number).find(|number| is_shown(*number)), write)
}

/// Switches of `Set-Mailbox` that turn a property off.
const TURN_OFF: [(&str, &str); 3] = [
    ("RemoveDelayHoldApplied", "DelayHoldApplied"),
    ("RemoveDelayReleaseHoldApplied", "DelayReleaseHoldApplied"),
    ("RemoveComplianceTagHoldApplied", "ComplianceTagHoldApplied"),
];
/// Parameters of `Set-Mailbox` that leave nothing to see in the object.
const WITHOUT_TRACE: [&str; 8] = [
    "ApplyMandatoryProperties",
    "ClearThrottlingPolicyAssignment",
    "EnableRoomMailboxAccount",
    "Force",
    "Password",
    "ProvideConsent",
    "RoomMailboxPassword",
    "UpdateEnforcedTimestamp",
];

/// `Set-Mailbox`
pub(super) fn set(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let arguments = &call.arguments;
    let identity = arguments.text("Identity").unwrap_or("");
    let index = one_mailbox(&directory, identity, arguments.switch("InactiveMailbox"))?;
    let schema = Schema::get();
    let position = |name: &str| schema.position(name).unwrap_or_else(|| unreachable!("{name} is in the schema"));
    let mut changes: Vec<(usize, Value)> = Vec::new();
    let mut ordered = false;
    {
        let mailbox = directory.mailbox(index);
        for (parameter, json) in arguments.iter() {
            let name = parameter.name.as_str();
            if matches!(name, "Identity" | "InactiveMailbox") || (parameter.is_switch && *json == Json::Bool(false)) {
                continue;
            }
            if WITHOUT_TRACE.contains(&name) {
                ordered |= matches!(name, "Password" | "RoomMailboxPassword");
                continue;
            }
            if let Some((_, property)) = TURN_OFF.iter().find(|(order, _)| *order == name) {
                changes.push((position(property), Value::Bool(false)));
                continue;
            }
            match name {
                "Type" => changes
                    .extend(type_changes(json.as_str().unwrap_or(""))?.map(|(name, value)| (position(name), value))),
                "EmailAddresses" => {
                    let addresses = email_addresses(&mailbox.list("EmailAddresses"), json)?;
                    check_addresses(&directory, Some(RecipientId::Mailbox(index)), &addresses)?;
                    changes.extend(address_changes(&addresses).map(|(name, value)| (position(name), value)));
                    changes.push((position("EmailAddresses"), Value::List(addresses)));
                }
                "WindowsEmailAddress" | "MicrosoftOnlineServicesID" if json.is_string() => {
                    let address = smtp_address(json.as_str().unwrap_or(""))?;
                    check_domain(&directory, &address)?;
                    if name == "WindowsEmailAddress" {
                        let addresses = with_primary(&mailbox.list("EmailAddresses"), &address);
                        check_addresses(&directory, Some(RecipientId::Mailbox(index)), &addresses)?;
                        changes.extend(address_changes(&addresses).map(|(name, value)| (position(name), value)));
                        changes.push((position("EmailAddresses"), Value::List(addresses)));
                    } else {
                        check_unique(&directory, Some(RecipientId::Mailbox(index)), &address, "UserPrincipalName")?;
                        for property in ["MicrosoftOnlineServicesID", "UserPrincipalName", "WindowsLiveID"] {
                            changes.push((position(property), Value::text(&address)));
                        }
                    }
                }
                _ => {
                    let Some(at) = schema.position(name) else {
                        return Err(ApiError::not_implemented(format!("the parameter '{name}' of {}", call.cmdlet)));
                    };
                    let current = mailbox.value(at);
                    let value = property_value(&directory, parameter, schema.properties[at].kind, &current, json)?;
                    if name == "DisplayName" && value.is_blank() {
                        return Err(ApiError::cmdlet(
                            types::VALIDATION,
                            "The value '' isn't valid for the property 'DisplayName'.",
                        ));
                    }
                    if matches!(name, "Name" | "Alias") {
                        let text = value.as_text().unwrap_or("");
                        if text.is_empty() || text.chars().count() > 64 || (name == "Alias" && !is_alias(text)) {
                            return Err(ApiError::cmdlet(
                                types::VALIDATION,
                                format!("The value '{text}' isn't valid for the property '{name}'."),
                            ));
                        }
                        check_unique(&directory, Some(RecipientId::Mailbox(index)), text, name)?;
                    }
                    changes.push((at, value));
                }
            }
        }
        check_quotas(&mailbox, &changes)?;
        // Who put a mailbox on hold, and when, is kept unless the call says it.
        if let Some((_, Value::Bool(on))) = changes.iter().find(|(at, _)| *at == position("LitigationHoldEnabled")) {
            let on = *on;
            let mut follow = |name: &str, value: Value| {
                let said = changes.iter().any(|(at, _)| *at == position(name));
                if !said && (!on || mailbox.get(name).is_blank()) {
                    changes.push((position(name), value));
                }
            };
            let caller = call.caller.identity.name.as_str();
            follow("LitigationHoldOwner", Value::text(if on { caller } else { "" }));
            follow("LitigationHoldDate", if on { Value::Moment(now_ticks()) } else { Value::Null });
        }
    }
    if arguments.what_if {
        return Ok(Outcome::default());
    }
    let name = directory.mailbox(index).text("Name");
    let changed = directory.change(index, changes);
    super::passwords::keep(call, &directory, RecipientId::Mailbox(index));
    Ok(Outcome::changed(changed || ordered, &name))
}

/// Checks that a mailbox warns before it stops sending, and stops sending before it stops receiving.
fn check_quotas(mailbox: &Mailbox<'_>, changes: &[(usize, Value)]) -> Result<(), ApiError> {
    let schema = Schema::get();
    let quota = |name: &str| {
        let at = schema.position(name)?;
        let changed = changes.iter().rev().find(|(changed, _)| *changed == at).map(|(_, value)| value.clone());
        let is_changed = changed.is_some();
        let text = changed.unwrap_or_else(|| mailbox.value(at)).as_text()?.to_owned();
        // What isn't a size is Unlimited.
        let bytes = parse_size(&text).unwrap_or(u64::MAX);
        Some((bytes, text, is_changed))
    };
    for (low, high) in [("IssueWarningQuota", "ProhibitSendQuota"), ("ProhibitSendQuota", "ProhibitSendReceiveQuota")] {
        if let (Some((below, low_text, low_changed)), Some((above, high_text, high_changed))) =
            (quota(low), quota(high))
            && (low_changed || high_changed)
            && below > above
        {
            return Err(ApiError::cmdlet(
                types::VALIDATION,
                format!(
                    "The value of property '{high}' must be greater than or equal to that of property '{low}'. {high}: \
                     '{high_text}', {low}: '{low_text}'."
                ),
            ));
        }
    }
    Ok(())
}

/// The properties that change with a mailbox's type.
fn type_changes(type_name: &str) -> Result<impl Iterator<Item = (&'static str, Value)>, ApiError> {
    let (details, shared, resource) = match type_name.to_lowercase().as_str() {
        "regular" => ("UserMailbox", false, None),
        "shared" => ("SharedMailbox", true, None),
        "room" => ("RoomMailbox", false, Some("Room")),
        "equipment" => ("EquipmentMailbox", false, Some("Equipment")),
        other => return Err(ApiError::not_implemented(format!("mailboxes of the type '{other}'"))),
    };
    Ok([
        ("RecipientTypeDetails", Value::text(details)),
        ("IsShared", Value::Bool(shared)),
        ("IsResource", Value::Bool(resource.is_some())),
        ("ResourceType", resource.map_or(Value::Null, Value::text)),
        ("AccountDisabled", Value::Bool(shared || resource.is_some())),
    ]
    .into_iter())
}

const NEW_EVALUATED: [&str; 17] = [
    "Name",
    "Alias",
    "DisplayName",
    "Equipment",
    "FirstName",
    "Force",
    "LastName",
    "MicrosoftOnlineServicesID",
    "Office",
    "Password",
    "Phone",
    "PrimarySmtpAddress",
    "ResetPasswordOnNextLogon",
    "ResourceCapacity",
    "Room",
    "Shared",
    "Initials",
];

/// `New-Mailbox`
pub(super) fn new(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &NEW_EVALUATED)?;
    let mut directory = write(call);
    let Company { initial_domain, vanity_domain, .. } = directory.seed.company;
    let arguments = &call.arguments;
    let text = |name: &str| arguments.text(name).map(str::trim).filter(|text| !text.is_empty());
    let name = text("Name").unwrap_or("").to_owned();
    let login = text("MicrosoftOnlineServicesID").map(smtp_address).transpose()?;
    let alias = match text("Alias") {
        Some(alias) => alias.to_owned(),
        None => match &login {
            Some(login) => login.split('@').next().unwrap_or("").to_owned(),
            None => alias_of(&name),
        },
    };
    check_alias(&alias)?;
    let address = match text("PrimarySmtpAddress") {
        Some(address) => smtp_address(address)?,
        None => login.clone().unwrap_or_else(|| format!("{alias}@{vanity_domain}")),
    };
    let login = login.unwrap_or_else(|| address.clone());
    check_domain(&directory, &login)?;
    check_unique(&directory, None, &name, "Name")?;
    check_unique(&directory, None, &alias, "Alias")?;
    check_unique(&directory, None, &login, "UserPrincipalName")?;
    let mut addresses = vec![format!("SMTP:{address}")];
    if !address.to_lowercase().ends_with(initial_domain) {
        addresses.push(format!("smtp:{alias}@{initial_domain}"));
    }
    check_addresses(&directory, None, &addresses)?;
    let mailbox_type = if arguments.switch("Shared") {
        MailboxType::Shared
    } else if arguments.switch("Room") {
        MailboxType::Room
    } else if arguments.switch("Equipment") {
        MailboxType::Equipment
    } else {
        MailboxType::User
    };
    if arguments.what_if {
        return Ok(Outcome::default());
    }
    let seeded = directory.seed.person(0);
    let person = Person {
        mailbox_type,
        alias,
        display_name: text("DisplayName").unwrap_or(&name).to_owned(),
        name,
        given_name: text("FirstName").unwrap_or("").to_owned(),
        family_name: text("LastName").unwrap_or("").to_owned(),
        // No archive, hold or forwarding follows from this number.
        hash: 1,
        ..seeded
    };
    let schema = Schema::get();
    let now = Value::Moment(now_ticks());
    let mut changes: Vec<(&str, Value)> = vec![
        ("UserPrincipalName", Value::text(&login)),
        ("MicrosoftOnlineServicesID", Value::text(&login)),
        ("WindowsLiveID", Value::text(&login)),
        ("EmailAddresses", Value::List(addresses.clone())),
        ("Office", Value::text(text("Office").unwrap_or(""))),
        ("CustomAttribute2", Value::text("")),
        ("WhenMailboxCreated", now.clone()),
        ("WhenCreated", now.clone()),
        ("WhenCreatedUTC", now.clone()),
        ("WhenChanged", now.clone()),
        ("WhenChangedUTC", now),
    ];
    changes.extend(address_changes(&addresses));
    if let Some(capacity) = arguments.get("ResourceCapacity").and_then(Json::as_i64) {
        changes.push(("ResourceCapacity", Value::Int(capacity)));
    }
    let changes = changes
        .into_iter()
        .map(|(name, value)| (schema.position(name).unwrap_or_else(|| unreachable!("{name} is in the schema")), value))
        .collect();
    let index = directory.create(person, changes);
    super::passwords::keep(call, &directory, RecipientId::Mailbox(index));
    let mut object = String::new();
    directory.mailbox(index).write(&mut object, None);
    Ok(Outcome::one(object))
}

/// `Remove-Mailbox`
pub(super) fn remove(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Force"])?;
    let mut directory = write(call);
    let identity = call.arguments.text("Identity").unwrap_or("");
    let index = one_mailbox(&directory, identity, false)?;
    if !call.arguments.what_if {
        // A mailbox on hold stays, as an inactive one.
        let on_hold = directory.mailbox(index).get("LitigationHoldEnabled") == Value::Bool(true);
        let at = Schema::get().position("IsInactiveMailbox").unwrap_or_else(|| unreachable!("it is in the schema"));
        directory.change(index, vec![(at, Value::Bool(on_hold))]);
        directory.remove(index);
    }
    Ok(Outcome::default())
}
