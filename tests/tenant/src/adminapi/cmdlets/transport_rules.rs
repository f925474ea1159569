//! Mail flow rules.

use serde_json::Value as Json;

use super::Cmdlet;
use super::generic::{changes, get_computed, identity, one, plain};
use super::{refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::configuration::TRANSPORT_RULE;
use crate::directory::objects::{Collection, Entry};
use crate::directory::value::Value;

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Disable-TransportRule", |call| switch(call, "Disabled")),
    ("Enable-TransportRule", |call| switch(call, "Enabled")),
    ("Get-TransportRule", get),
    ("New-TransportRule", new),
    ("Remove-TransportRule", remove),
    ("Set-TransportRule", set),
];

/// What a rule does; the other properties are conditions, exceptions or about the rule.
const ACTIONS: [&str; 32] = [
    "AddManagerAsRecipientType",
    "AddToRecipients",
    "ApplyClassification",
    "ApplyHtmlDisclaimerText",
    "ApplyOME",
    "ApplyRightsProtectionTemplate",
    "BlindCopyTo",
    "CopyTo",
    "DeleteMessage",
    "Disconnect",
    "GenerateIncidentReport",
    "GenerateNotification",
    "LogEventText",
    "ModerateMessageByManager",
    "ModerateMessageByUser",
    "NotifySender",
    "PrependSubject",
    "Quarantine",
    "RedirectMessageTo",
    "RejectMessageEnhancedStatusCode",
    "RejectMessageReasonText",
    "RemoveHeader",
    "RemoveOME",
    "RemoveOMEv2",
    "RemoveRMSAttachmentEncryption",
    "RouteMessageOutboundConnector",
    "RouteMessageOutboundRequireTls",
    "SetAuditSeverity",
    "SetHeaderName",
    "SetSCL",
    "SmtpRejectMessageRejectStatusCode",
    "StopRuleProcessing",
];
/// Properties that go with an action or are about the rule.
const ABOUT: [&str; 41] = [
    "ActivationDate",
    "Actions",
    "AdminDisplayName",
    "ApplyHtmlDisclaimerFallbackAction",
    "ApplyHtmlDisclaimerLocation",
    "ApplyRightsProtectionCustomizationTemplate",
    "Comments",
    "Conditions",
    "Description",
    "DistinguishedName",
    "DlpPolicy",
    "ExchangeObjectId",
    "ExchangeVersion",
    "Exceptions",
    "ExpiryDate",
    "Guid",
    "Id",
    "Identity",
    "ImmutableId",
    "IncidentReportContent",
    "IsValid",
    "ManuallyModified",
    "Mode",
    "Name",
    "ObjectCategory",
    "ObjectClass",
    "ObjectState",
    "OrganizationId",
    "OrganizationalUnitRoot",
    "OriginatingServer",
    "Priority",
    "RecipientAddressType",
    "RuleErrorAction",
    "RuleVersion",
    "SenderAddressLocation",
    "SetHeaderValue",
    "SmtpRejectMessageRejectText",
    "State",
    "WhenChanged",
    "WhenChangedUTC",
    "WhenCreated",
];

/// The names of the conditions, exceptions and actions in use.
fn in_use(rule: &Entry) -> [Vec<(String, Value)>; 3] {
    let mut parts: [Vec<(String, Value)>; 3] = Default::default();
    for (at, property) in rule.class().schema().properties().iter().enumerate() {
        let name = property.name.as_str();
        let value = rule.value(at);
        let used = match &value {
            Value::Bool(on) => *on,
            Value::Int(_) | Value::Moment(_) => false,
            value => !value.is_blank(),
        };
        if ABOUT.contains(&name) || name == "WhenCreatedUTC" || !used {
            continue;
        }
        let part = if ACTIONS.contains(&name) { 2 } else { usize::from(name.starts_with("ExceptIf")) };
        parts[part].push((name.to_owned(), value));
    }
    parts
}

fn computed(rule: &Entry, name: &str) -> Option<Value> {
    let part = match name {
        "Conditions" => 0,
        "Exceptions" => 1,
        "Actions" => 2,
        "Description" => {
            let titles = ["If the message:", "Except if the message:", "Take the following actions:"];
            let sections = titles.into_iter().zip(in_use(rule)).filter(|(_, used)| !used.is_empty());
            let lines = |used: Vec<(String, Value)>| -> Vec<String> {
                used.into_iter()
                    .map(|(name, value)| match value {
                        Value::List(items) => format!("\t{name} '{}'", items.join("' or '")),
                        Value::Text(text) => format!("\t{name} '{text}'"),
                        _ => format!("\t{name}"),
                    })
                    .collect()
            };
            return Some(Value::Text(
                sections.map(|(title, used)| format!("{title}\r\n{}\r\n", lines(used).join("\r\nand\r\n"))).collect(),
            ));
        }
        _ => return None,
    };
    let kind = |name: &str| {
        let bare = name.trim_start_matches("ExceptIf");
        let tail = if part == 2 { "Action" } else { "Predicate" };
        format!("Microsoft.Exchange.MessagingPolicies.Rules.Tasks.{bare}{tail}")
    };
    let used = in_use(rule)[part].iter().map(|(name, _)| kind(name)).collect::<Vec<_>>();
    Some(if used.is_empty() && part < 2 { Value::Null } else { Value::List(used) })
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let state = call.arguments.text("State");
    let policy = call.arguments.text("DlpPolicy");
    let belongs = |_: &Directory, rule: &Entry| {
        state.is_none_or(|state| rule.text("State").eq_ignore_ascii_case(state))
            && policy.is_none_or(|policy| rule.text("DlpPolicy").eq_ignore_ascii_case(policy))
    };
    get_computed(call, &TRANSPORT_RULE, &["DlpPolicy", "State"], belongs, |_, rule, name| computed(rule, name))
}

fn check(rule: &Entry) -> Result<(), ApiError> {
    if in_use(rule)[2].is_empty() {
        return Err(ApiError::cmdlet(types::VALIDATION, "The rule needs at least one action."));
    }
    Ok(())
}

/// Numbers the rules anew, with one of them at the place that its priority asks for.
fn arrange(rules: &mut Collection, moved: Option<u64>) {
    let mut order: Vec<(i64, u64)> = rules
        .iter()
        .filter(|(number, _)| Some(*number) != moved)
        .map(|(number, rule)| (rule.number("Priority"), number))
        .collect();
    order.sort_unstable();
    let mut numbers: Vec<u64> = order.into_iter().map(|(_, number)| number).collect();
    if let Some(moved) = moved
        && let Some(rule) = rules.get(moved)
    {
        let wanted = rule.number("Priority").max(0) as usize;
        numbers.insert(wanted.min(numbers.len()), moved);
    }
    for (at, number) in numbers.into_iter().enumerate() {
        if let Some(rule) = rules.get_mut(number) {
            rule.set("Priority", Value::Int(at as i64));
        }
    }
}

fn check_priority(call: &Call<'_>, highest: usize) -> Result<(), ApiError> {
    match call.arguments.get("Priority").and_then(Json::as_i64) {
        Some(priority) if priority < 0 || priority as usize > highest => Err(ApiError::cmdlet(
            types::VALIDATION,
            format!("The priority {priority} is out of range. It can be from 0 to {highest}."),
        )),
        _ => Ok(()),
    }
}

fn new(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let name = call.arguments.text("Name").unwrap_or("").trim().to_owned();
    let rules = directory.collection(&TRANSPORT_RULE);
    if rules.find_by("Name", &name).is_some() {
        return Err(ApiError::already_exists(&format!("The rule '{name}' already exists. Choose another name.")));
    }
    let count = rules.iter().count();
    check_priority(call, count)?;
    let mut rule = Entry::created(&TRANSPORT_RULE, &directory.seed, &name, rules.next());
    // A rule without a priority comes last.
    rule.set("Priority", Value::Int(count as i64));
    let changes = changes(call, &directory, &rule, plain)?;
    rule.change(changes);
    rule.set("ImmutableId", rule.get("Guid"));
    if call.arguments.get("Enabled") == Some(&Json::Bool(false)) {
        rule.set("State", Value::text("Disabled"));
    }
    check(&rule)?;
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let rules = directory.collection_mut(&TRANSPORT_RULE);
    let number = rules.add(rule);
    arrange(rules, Some(number));
    let mut object = String::new();
    if let Some(rule) = rules.get(number) {
        rule.write_computed(&mut object, call.select.as_deref(), |name| computed(rule, name));
    }
    Ok(Outcome::one(object))
}

fn set(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let rules = directory.collection(&TRANSPORT_RULE);
    let number = one(rules, identity(call))?;
    check_priority(call, rules.iter().count() - 1)?;
    let mut rule = rules.get(number).cloned().unwrap_or_else(|| unreachable!("it was found just now"));
    let shown = rule.text("Name");
    let changes = changes(call, &directory, &rule, plain)?;
    let changed = rule.change(changes);
    let name = rule.text("Name");
    if rules.find_by("Name", &name).is_some_and(|other| other != number) {
        return Err(ApiError::already_exists(&format!("The rule '{name}' already exists. Choose another name.")));
    }
    rule.rename(&name);
    check(&rule)?;
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let rules = directory.collection_mut(&TRANSPORT_RULE);
    if let Some(slot) = rules.get_mut(number) {
        *slot = rule;
    }
    arrange(rules, Some(number));
    Ok(Outcome::changed(changed, &shown))
}

fn remove(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity"])?;
    let mut directory = write(call);
    let number = one(directory.collection(&TRANSPORT_RULE), identity(call))?;
    if !call.arguments.what_if {
        let rules = directory.collection_mut(&TRANSPORT_RULE);
        rules.remove(number);
        arrange(rules, None);
    }
    Ok(Outcome::default())
}

fn switch(call: &Call<'_>, state: &str) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Mode"])?;
    let mut directory = write(call);
    let number = one(directory.collection(&TRANSPORT_RULE), identity(call))?;
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    if let Some(rule) = directory.collection_mut(&TRANSPORT_RULE).get_mut(number) {
        rule.set("State", Value::text(state));
        if let Some(mode) = call.arguments.text("Mode") {
            rule.set("Mode", Value::text(mode));
        }
    }
    Ok(Outcome::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_properties() {
        for name in ACTIONS.into_iter().chain(ABOUT) {
            assert!(TRANSPORT_RULE.schema().position(name).is_some(), "{name}");
        }
    }
}
