//! Adaptive scopes with their members, the members of cases, retention of applications, and holds taken from one place.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::compliance::{case_of, new_signed, set_deltas, without_places};
use super::generic::{get, get_computed, identity, list_of, one, plain, remove, set};
use super::members::compile;
use super::recipient::{at_position, holds, list_recipients, positions};
use super::roles::members as recipients_of;
use super::{Cmdlet, one_mailbox, one_recipient, read, refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::catalog::Parameter;
use crate::directory::Directory;
use crate::directory::compliance::{CASE_HOLD_POLICY, COMPLIANCE_CASE, RETENTION_POLICY, sign};
use crate::directory::governance::{ADAPTIVE_SCOPE, APP_RETENTION_POLICY, HOLD_REMOVAL};
use crate::directory::links::RecipientId;
use crate::directory::objects::{Class, Entry};
use crate::directory::organization::write_selected;
use crate::directory::value::{Kind, Value};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Add-ComplianceCaseMember", |call| change_member(call, true)),
    ("Get-AdaptiveScope", get_scope),
    ("Get-AdaptiveScopeMembers", get_scope_members),
    ("Get-AppRetentionCompliancePolicy", get_app_retention),
    ("Get-ComplianceCaseMember", get_members),
    ("Invoke-HoldRemovalAction", hold_removal),
    ("New-AdaptiveScope", new_scope),
    ("New-AppRetentionCompliancePolicy", |call| new_signed(call, &APP_RETENTION_POLICY, |_, _| Ok(()))),
    ("Remove-AdaptiveScope", |call| remove(call, &ADAPTIVE_SCOPE)),
    ("Remove-AppRetentionCompliancePolicy", |call| remove(call, &APP_RETENTION_POLICY)),
    ("Remove-ComplianceCaseMember", |call| change_member(call, false)),
    ("Set-AdaptiveScope", set_scope),
    ("Set-AppRetentionCompliancePolicy", |call| set_deltas(call, &APP_RETENTION_POLICY)),
    ("Update-ComplianceCaseMember", update_members),
];

/// How a condition of a scope compares.
const OPERATORS: [&str; 4] = ["Equals", "NotEquals", "StartsWith", "NotStartsWith"];

fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::cmdlet(types::VALIDATION, text.into())
}

/// A member of a hashtable, its name in any casing.
fn member<'a>(table: &'a Map<String, Json>, wanted: &str) -> Option<&'a Json> {
    table.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
}

/// A condition of a scope: property, operator, value.
type Condition = (String, String, String);

/// The conditions of a scope, and whether all of them have to hold.
fn conditions(json: &Json) -> Result<(Vec<Condition>, bool), ApiError> {
    let table = json.as_object().ok_or_else(|| invalid("FilterConditions has to be a hashtable."))?;
    let listed = member(table, "Conditions").ok_or_else(|| invalid("FilterConditions has no Conditions."))?;
    let conjunction = member(table, "Conjunction").and_then(Json::as_str).unwrap_or("");
    let all = conjunction.eq_ignore_ascii_case("And");
    if !all && !conjunction.eq_ignore_ascii_case("Or") {
        return Err(invalid(format!("The conjunction '{conjunction}' is neither And nor Or.")));
    }
    let single = std::slice::from_ref(listed);
    let mut conditions = Vec::new();
    for condition in listed.as_array().map_or(single, Vec::as_slice) {
        let text = |name: &str| {
            let found = condition.as_object().and_then(|table| member(table, name)).and_then(Json::as_str);
            found.map(str::to_owned).ok_or_else(|| invalid(format!("A condition has no {name}.")))
        };
        let operator = text("Operator")?;
        let Some(operator) = OPERATORS.iter().find(|known| known.eq_ignore_ascii_case(&operator)) else {
            return Err(invalid(format!("The operator '{operator}' is none of {}.", OPERATORS.join(", "))));
        };
        conditions.push((text("Name")?, (*operator).to_owned(), text("Value")?));
    }
    Ok((conditions, all))
}

/// A hashtable without the annotations of its way here.
fn bare(json: &Json) -> Json {
    match json {
        Json::Object(table) => Json::Object(
            table
                .iter()
                .filter(|(name, _)| !name.starts_with('@'))
                .map(|(name, value)| (name.clone(), bare(value)))
                .collect(),
        ),
        Json::Array(items) => Json::Array(items.iter().map(bare).collect()),
        other => other.clone(),
    }
}

/// Checks what a scope is made of; what a filter of people or groups says has to be readable.
fn check_scope(call: &Call<'_>, location: &str) -> Result<(), ApiError> {
    if let Some(json) = call.arguments.get("FilterConditions") {
        conditions(json)?;
    }
    // Queries for sites are in the language of the search for content.
    if let Some(query) = call.arguments.text("RawQuery").filter(|_| location != "Site") {
        compile(query)?;
    }
    Ok(())
}

fn of_unit(call: &Call<'_>, scope: &Entry) -> bool {
    let wanted = list_of(call, "AdministrativeUnits");
    wanted.is_empty()
        || scope.list("AdministrativeUnits").iter().any(|unit| wanted.iter().any(|one| one.eq_ignore_ascii_case(unit)))
}

fn get_scope(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let kinds = list_of(call, "LocationTypes");
    get(call, &ADAPTIVE_SCOPE, &["AdministrativeUnits", "LocationTypes"], |scope| {
        let kind = scope.text("LocationType");
        of_unit(call, scope) && (kinds.is_empty() || kinds.iter().any(|wanted| wanted.eq_ignore_ascii_case(&kind)))
    })
}

/// The properties that a scope gets from its conditions or its query, and from its administrative unit.
fn scope_changes(parameter: &Parameter, json: &Json) -> Option<Vec<(&'static str, Value)>> {
    match parameter.name.as_str() {
        "FilterConditions" => {
            Some(vec![("FilterConditions", Value::Text(bare(json).to_string())), ("RawQuery", Value::text(""))])
        }
        "RawQuery" => {
            Some(vec![("RawQuery", Value::text(json.as_str().unwrap_or(""))), ("FilterConditions", Value::text(""))])
        }
        "AdministrativeUnit" => {
            Some(vec![("AdministrativeUnits", Value::List(json.as_str().map(str::to_owned).into_iter().collect()))])
        }
        _ => None,
    }
}

fn new_scope(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let location = call.arguments.text("LocationType").unwrap_or("");
    if location.eq_ignore_ascii_case("Unknown") {
        return Err(invalid("A scope is of users, groups or sites."));
    }
    check_scope(call, location)?;
    new_signed(call, &ADAPTIVE_SCOPE, |_, scope| {
        for (parameter, json) in call.arguments.iter() {
            for (name, value) in scope_changes(parameter, json).unwrap_or_default() {
                scope.set(name, value);
            }
        }
        Ok(())
    })
}

fn set_scope(call: &Call<'_>) -> Result<Outcome, ApiError> {
    set(call, &ADAPTIVE_SCOPE, |_, scope, parameter, json| {
        check_scope(call, &scope.text("LocationType"))?;
        match scope_changes(parameter, json) {
            Some(changes) => Ok(Some(changes)),
            None => plain(parameter, json),
        }
    })
}

/// Who is in a scope now: mailboxes or Microsoft 365 groups. The tenant has no sites of its own to look for.
fn found_by(directory: &Directory, scope: &Entry) -> Result<Vec<RecipientId>, ApiError> {
    let wanted = match scope.text("LocationType").as_str() {
        "User" => "UserMailbox",
        "Group" => "GroupMailbox",
        _ => return Ok(Vec::new()),
    };
    let all: Vec<RecipientId> = positions(directory, 0)
        .map(at_position)
        .filter(|id| !matches!(id, RecipientId::Mailbox(index) if directory.is_removed(*index)))
        .filter(|id| directory.recipient_text(*id, "RecipientTypeDetails") == wanted)
        .collect();
    let query = scope.text("RawQuery");
    if !query.is_empty() {
        let filter = compile(&query)?;
        return Ok(all.into_iter().filter(|id| holds(directory, &filter, *id)).collect());
    }
    let json: Json = serde_json::from_str(&scope.text("FilterConditions"))
        .map_err(|_| invalid("The conditions of the scope can't be read."))?;
    let (conditions, together) = conditions(&json)?;
    let fits = |id: &RecipientId, (name, operator, value): &Condition| {
        let text = directory.recipient_text(*id, name).to_lowercase();
        let value = value.to_lowercase();
        match operator.as_str() {
            "Equals" => text == value,
            "NotEquals" => text != value,
            "StartsWith" => text.starts_with(&value),
            _ => !text.starts_with(&value),
        }
    };
    Ok(all
        .into_iter()
        .filter(|id| {
            if together {
                conditions.iter().all(|condition| fits(id, condition))
            } else {
                conditions.iter().any(|condition| fits(id, condition))
            }
        })
        .collect())
}

/// Who is in a scope. Nobody is kept in mind who has left, so that only those who are there have been added.
fn get_scope_members(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "PageResultSize", "State"])?;
    let most = match call.arguments.get("PageResultSize") {
        None => u64::MAX,
        Some(Json::String(text)) if text.eq_ignore_ascii_case("Unlimited") => u64::MAX,
        Some(value) => value
            .as_u64()
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
            .filter(|count| *count > 0)
            .ok_or_else(|| ApiError::transformation("PageResultSize", "Use a number from 1, or Unlimited."))?,
    };
    let directory = read(call);
    let scopes = directory.collection(&ADAPTIVE_SCOPE);
    let number = one(scopes, identity(call))?;
    let scope = scopes.get(number).unwrap_or_else(|| unreachable!("it was found just now"));
    let left = call.arguments.text("State").is_some_and(|state| state.eq_ignore_ascii_case("Removed"));
    let members = if left { Vec::new() } else { found_by(&directory, scope)? };
    call.list(
        |from| (from < (members.len() as u64).min(most)).then_some(from),
        |at, out| {
            let id = members[at as usize];
            let text = |name: &str| Value::Text(directory.recipient_text(id, name));
            // A group signs in nowhere: its address stands for its name.
            let login = if matches!(id, RecipientId::Mailbox(_)) { "WindowsLiveID" } else { "PrimarySmtpAddress" };
            let properties = [
                ("DisplayName", Kind::Text, text("DisplayName")),
                ("EventDateTime", Kind::MomentUtc, scope.get("WhenChangedUTC")),
                ("Identity", Kind::Text, text("ExternalDirectoryObjectId")),
                ("LocationType", Kind::Text, scope.get("LocationType")),
                ("ObjectId", Kind::Text, text("ExternalDirectoryObjectId")),
                ("State", Kind::Text, Value::text("Added")),
                ("UPN", Kind::Text, text(login)),
            ];
            write_selected(out, properties.into_iter(), call.select.as_deref());
        },
    )
}

fn get_app_retention(call: &Call<'_>) -> Result<Outcome, ApiError> {
    get_computed(
        call,
        &APP_RETENTION_POLICY,
        &["DistributionDetail", "ErrorPolicyOnly", "RetentionRuleTypes"],
        |_, policy| policy.text("DistributionStatus") != "Success" || !call.arguments.switch("ErrorPolicyOnly"),
        |_, policy, name| without_places(call, policy, name),
    )
}

/// The number of the case that a call names.
fn case_number(call: &Call<'_>, directory: &Directory) -> Result<u64, ApiError> {
    let (guid, _) = case_of(directory, call.arguments.text("Case").unwrap_or(""))?;
    one(directory.collection(&COMPLIANCE_CASE), &guid)
}

fn get_members(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Case", "ResultSize"])?;
    let directory = read(call);
    // Without a case, the members of all cases.
    let numbers: Vec<u64> = match call.arguments.text("Case") {
        Some(_) => vec![case_number(call, &directory)?],
        None => directory.collection(&COMPLIANCE_CASE).iter().map(|(number, _)| number).collect(),
    };
    let mut found: Vec<RecipientId> = Vec::new();
    for case in numbers.into_iter().filter_map(|number| directory.collection(&COMPLIANCE_CASE).get(number)) {
        for member in recipients_of(&directory, case) {
            if !found.contains(&member) {
                found.push(member);
            }
        }
    }
    list_recipients(call, &directory, &found)
}

fn change_member(call: &Call<'_>, add: bool) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Case", "Member"])?;
    let mut directory = write(call);
    let number = case_number(call, &directory)?;
    let recipient = one_recipient(&directory, call.arguments.text("Member").unwrap_or(""))?;
    let (name, guid) = (directory.recipient_text(recipient, "Name"), directory.recipient_text(recipient, "Guid"));
    let cases = directory.collection_mut(&COMPLIANCE_CASE);
    let case = cases.get_mut(number).unwrap_or_else(|| unreachable!("it was found just now"));
    let (title, mut kept) = (case.text("Name"), case.list("Members"));
    if kept.contains(&guid) == add {
        let what = if add { "is already" } else { "isn't" };
        let kind = if add { "MemberAlreadyExistsException" } else { "MemberNotFoundException" };
        return Err(ApiError::cmdlet(
            &format!("Microsoft.Exchange.Management.Tasks.{kind}"),
            format!("The recipient \"{name}\" {what} a member of the case \"{title}\"."),
        ));
    }
    if add {
        kept.push(guid);
    } else {
        kept.retain(|known| *known != guid);
    }
    if !call.arguments.what_if {
        case.set("Members", Value::List(kept));
    }
    Ok(Outcome::default())
}

fn update_members(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Case", "Members"])?;
    let mut directory = write(call);
    let number = case_number(call, &directory)?;
    let mut kept = Vec::new();
    for member in list_of(call, "Members") {
        let guid = directory.recipient_text(one_recipient(&directory, &member)?, "Guid");
        if !kept.contains(&guid) {
            kept.push(guid);
        }
    }
    if !call.arguments.what_if
        && let Some(case) = directory.collection_mut(&COMPLIANCE_CASE).get_mut(number)
    {
        case.set("Members", Value::List(kept));
    }
    Ok(Outcome::default())
}

/// Whether a list of places names a mailbox or a site.
fn covers(directory: &Directory, policy: &Entry, property: &str, place: &str) -> bool {
    let is_place = |text: &String| {
        text.eq_ignore_ascii_case(place)
            || (property == "ExchangeLocation"
                && one_mailbox(directory, text, false)
                    .is_ok_and(|index| directory.mailbox(index).text("PrimarySmtpAddress").eq_ignore_ascii_case(place)))
    };
    policy.list(property).iter().any(is_place)
}

/// The ids of the holds on a place that name it themselves. What covers all places doesn't stand on each of them.
fn holds_on(directory: &Directory, property: &str, place: &str) -> Vec<String> {
    let removed: BTreeSet<String> = directory
        .collection(&HOLD_REMOVAL)
        .iter()
        .filter(|(_, removal)| removal.text("Location").eq_ignore_ascii_case(place))
        .map(|(_, removal)| removal.text("HoldId"))
        .collect();
    let of = |class: &'static Class, begin: &'static str, end: &'static str| {
        directory
            .collection(class)
            .iter()
            .filter(|(_, policy)| policy.flag("Enabled") && covers(directory, policy, property, place))
            .map(move |(_, policy)| {
                let guid = policy.text("Guid");
                match property {
                    "ExchangeLocation" => {
                        format!("{begin}{}{end}", if end.is_empty() { guid } else { guid.replace('-', "") })
                    }
                    _ => guid,
                }
            })
    };
    of(&RETENTION_POLICY, "mbx", ":2")
        .chain(of(&CASE_HOLD_POLICY, "UniH", ""))
        .filter(|id| !removed.contains(id))
        .collect()
}

/// `Invoke-HoldRemovalAction`. Scripts use what it lists as the ids of holds; here each is an object whose identity is the id.
fn hold_removal(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Action", "ExchangeLocation", "Force", "HoldId", "SharePointLocation"])?;
    let (mailbox, site) = (call.arguments.text("ExchangeLocation"), call.arguments.text("SharePointLocation"));
    let mut directory = write(call);
    let (property, place) = match (mailbox, site) {
        (Some(mailbox), None) => {
            let index = one_mailbox(&directory, mailbox, false)?;
            ("ExchangeLocation", directory.mailbox(index).text("PrimarySmtpAddress"))
        }
        (None, Some(site)) => ("SharePointLocation", site.to_owned()),
        _ => return Err(invalid("Name either a mailbox with ExchangeLocation or a site with SharePointLocation.")),
    };
    let action = call.arguments.text("Action").unwrap_or("");
    let ids: Vec<String> = if action.eq_ignore_ascii_case("GetHolds") {
        holds_on(&directory, property, &place)
    } else if action.eq_ignore_ascii_case("GetHoldRemovals") {
        let removals = directory.collection(&HOLD_REMOVAL).iter().map(|(_, removal)| removal);
        removals.filter(|one| one.text("Location").eq_ignore_ascii_case(&place)).map(|one| one.text("HoldId")).collect()
    } else {
        let wanted = call.arguments.text("HoldId").unwrap_or("");
        let known = holds_on(&directory, property, &place);
        let Some(id) = known.into_iter().find(|id| id.eq_ignore_ascii_case(wanted)) else {
            return Err(ApiError::not_found(wanted));
        };
        if !call.arguments.what_if {
            let number = directory.collection(&HOLD_REMOVAL).next();
            let mut removal = Entry::created(&HOLD_REMOVAL, &directory.seed, &id, number);
            sign(&mut removal, &call.caller.identity.name);
            removal.set("HoldId", Value::text(&id));
            removal.set("Location", Value::text(&place));
            directory.collection_mut(&HOLD_REMOVAL).add(removal);
        }
        Vec::new()
    };
    call.list(
        |from| (from < ids.len() as u64).then_some(from),
        |at, out| {
            let properties = [
                ("HoldId", Kind::Text, Value::text(&ids[at as usize])),
                ("Identity", Kind::Text, Value::text(&ids[at as usize])),
                ("Location", Kind::Text, Value::text(&place)),
            ];
            write_selected(out, properties.into_iter(), call.select.as_deref());
        },
    )
}
