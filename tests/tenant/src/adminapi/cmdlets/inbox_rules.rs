//! Inbox rules.

use serde_json::Value as Json;

use super::generic::{Special, changes};
use super::values::smtp_address;
use super::{Cmdlet, one_mailbox, read, refuse_unevaluated, texts, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::catalog::Parameter;
use crate::directory::Directory;
use crate::directory::objects::{Collection, Entry};
use crate::directory::value::Value;

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Disable-InboxRule", |call| switch(call, false)),
    ("Enable-InboxRule", |call| switch(call, true)),
    ("Get-InboxRule", get),
    ("New-InboxRule", new),
    ("Remove-InboxRule", remove),
    ("Set-InboxRule", set),
];

/// What a rule does.
const ACTIONS: [&str; 16] = [
    "ApplyCategory",
    "ApplySystemCategory",
    "ClearCategories",
    "ClearFlag",
    "CopyToFolder",
    "DeleteMessage",
    "DeleteSystemCategory",
    "ForwardAsAttachmentTo",
    "ForwardTo",
    "MarkAsRead",
    "MarkImportance",
    "MoveToFolder",
    "PermanentDelete",
    "PinMessage",
    "RedirectTo",
    "SoftDeleteMessage",
];
/// Properties that are neither conditions nor actions.
const ABOUT: [&str; 14] = [
    "Description",
    "Enabled",
    "ErrorType",
    "Identity",
    "InError",
    "IsValid",
    "Legacy",
    "MailboxOwnerId",
    "Name",
    "ObjectState",
    "Priority",
    "RuleIdentity",
    "StopProcessingRules",
    "SupportedByTask",
];
/// Parameters that name senders or recipients, inside or outside.
const PEOPLE: [&str; 7] =
    ["ExceptIfFrom", "ExceptIfSentTo", "ForwardAsAttachmentTo", "ForwardTo", "From", "RedirectTo", "SentTo"];

/// The mailbox of a call and what it says about the rule: the mailbox is named of its own or before a backslash.
fn mailbox_of<'a>(call: &'a Call<'_>, directory: &Directory) -> Result<(u64, Option<&'a str>), ApiError> {
    let rule = call.arguments.text("Identity").filter(|identity| !identity.is_empty());
    if let Some(mailbox) = call.arguments.text("Mailbox").filter(|mailbox| !mailbox.is_empty()) {
        return Ok((one_mailbox(directory, mailbox, false)?, rule));
    }
    if let Some((mailbox, rule)) = rule.and_then(|rule| rule.split_once('\\')) {
        return Ok((one_mailbox(directory, mailbox, false)?, Some(rule)));
    }
    // Without a mailbox the caller's own is meant.
    Ok((one_mailbox(directory, &call.caller.identity.name, false)?, rule))
}

fn one_rule(rules: &Collection, wanted: &str) -> Result<u64, ApiError> {
    let wanted = wanted.trim();
    let number = wanted.rsplit('\\').next().unwrap_or(wanted);
    rules
        .iter()
        .find(|(_, rule)| rule.has_identity(wanted) || rule.number("RuleIdentity").to_string() == number)
        .map(|(number, _)| number)
        .ok_or_else(|| {
            ApiError::cmdlet(
                types::NOT_FOUND,
                format!("The Inbox rule \"{wanted}\" can't be found. Please verify its name."),
            )
        })
}

/// What the rule says, in words.
fn description(rule: &Entry) -> String {
    let mut parts: [Vec<String>; 3] = Default::default();
    for (at, property) in rule.class().schema().properties().iter().enumerate() {
        let name = property.name.as_str();
        if ABOUT.contains(&name) {
            continue;
        }
        let text = match rule.value(at) {
            Value::Bool(true) => name.to_owned(),
            Value::List(items) if !items.is_empty() => format!("{name} '{}'", items.join("' or '")),
            Value::Text(text) if !text.is_empty() => format!("{name} '{text}'"),
            _ => continue,
        };
        let part = if ACTIONS.contains(&name) { 2 } else { usize::from(name.starts_with("ExceptIf")) };
        parts[part].push(format!("\t{text}"));
    }
    let titles = ["If the message:", "Except if the message:", "Take the following actions:"];
    let sections = titles.into_iter().zip(parts).filter(|(_, lines)| !lines.is_empty());
    sections.map(|(title, lines)| format!("{title}\r\n{}\r\n", lines.join(" and\r\n"))).collect()
}

fn show(call: &Call<'_>, rule: &Entry, out: &mut String) {
    rule.write_computed(out, call.select.as_deref(), |name| {
        (name == "Description").then(|| Value::Text(description(rule)))
    });
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &["Identity", "BypassScopeCheck", "Mailbox", "ResultSize", "SkipCount", "UseCustomRouting"],
    )?;
    let directory = read(call);
    let (index, rule) = mailbox_of(call, &directory)?;
    let rules = directory.inbox_rules(index);
    if let Some(wanted) = rule {
        let mut object = String::new();
        if let Some(rule) = rules.get(one_rule(&rules, wanted)?) {
            show(call, rule, &mut object);
        }
        return Ok(Outcome::one(object));
    }
    let skipped = call.arguments.get("SkipCount").and_then(Json::as_u64).unwrap_or(0) as usize;
    let mut sorted: Vec<&Entry> = rules.iter().map(|(_, rule)| rule).collect();
    sorted.sort_by_key(|rule| rule.number("Priority"));
    sorted.drain(..skipped.min(sorted.len()));
    call.list(|from| (from < sorted.len() as u64).then_some(from), |at, out| show(call, sorted[at as usize], out))
}

/// A sender or recipient as rules show it: inside by the directory, outside by the address.
fn person(directory: &Directory, text: &str) -> Result<String, ApiError> {
    match directory.recipient(text) {
        Ok(recipient) => {
            let legacy = directory.recipient_text(recipient, "DisplayName");
            let address = match recipient {
                crate::directory::links::RecipientId::Mailbox(index) => {
                    directory.mailbox(index).text("LegacyExchangeDN")
                }
                other => directory.recipient_text(other, "LegacyExchangeDN"),
            };
            Ok(format!("\"{legacy}\" [EX:{address}]"))
        }
        Err(0) if text.contains('@') => {
            let bare = text.split_once(':').map_or(text, |(_, bare)| bare);
            let address = smtp_address(bare)?;
            Ok(format!("\"{address}\" [SMTP:{address}]"))
        }
        Err(0) => Err(ApiError::not_found(text)),
        Err(_) => Err(ApiError::ambiguous(text)),
    }
}

fn special(directory: &Directory, parameter: &Parameter, json: &Json) -> Special {
    let Some(name) = PEOPLE.into_iter().find(|name| *name == parameter.name) else {
        return Ok(None);
    };
    let people = texts(Some(json)).unwrap_or_default();
    Ok(Some(vec![(name, Value::List(people.iter().map(|text| person(directory, text)).collect::<Result<_, _>>()?))]))
}

fn check(rule: &Entry) -> Result<(), ApiError> {
    let is_set = |name: &str| match rule.get(name) {
        Value::Bool(on) => on,
        value => !value.is_blank(),
    };
    if ACTIONS.iter().any(|name| is_set(name)) {
        return Ok(());
    }
    Err(ApiError::cmdlet(types::VALIDATION, "The Inbox rule needs at least one action."))
}

/// Puts the rule where its priority says and numbers the others anew.
fn arrange(rules: &mut Collection, moved: u64) {
    let wanted = rules.get(moved).map_or(1, |rule| rule.number("Priority").max(1));
    let mut order: Vec<(i64, u64)> = rules
        .iter()
        .filter(|(number, _)| *number != moved)
        .map(|(number, rule)| (rule.number("Priority"), number))
        .collect();
    order.sort_unstable();
    let mut numbers: Vec<u64> = order.into_iter().map(|(_, number)| number).collect();
    if rules.get(moved).is_some() {
        numbers.insert((wanted as usize - 1).min(numbers.len()), moved);
    }
    for (at, number) in numbers.into_iter().enumerate() {
        if let Some(rule) = rules.get_mut(number) {
            rule.set("Priority", Value::Int(at as i64 + 1));
        }
    }
}

fn new(call: &Call<'_>) -> Result<Outcome, ApiError> {
    if call.arguments.get("FromMessageId").is_some() {
        return Err(ApiError::not_implemented("rules made from a message"));
    }
    let mut directory = write(call);
    let (index, _) = mailbox_of(call, &directory)?;
    let name = call.arguments.text("Name").unwrap_or("").trim().to_owned();
    let rules = directory.inbox_rules(index);
    if rules.find_by("Name", &name).is_some() {
        return Err(ApiError::already_exists(&format!("An Inbox rule with the name \"{name}\" already exists.")));
    }
    // A new rule comes first unless the call says otherwise.
    let mut rule = directory.new_inbox_rule(index, &name, rules.next());
    let identity = rule.text("Identity");
    let changes = changes(call, &directory, &rule, |parameter, json| special(&directory, parameter, json))?;
    rule.change(changes);
    rule.set("Identity", Value::Text(identity));
    check(&rule)?;
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let rules = directory.inbox_rules_mut(index);
    let number = rules.add(rule);
    arrange(rules, number);
    let mut object = String::new();
    if let Some(rule) = rules.get(number) {
        show(call, rule, &mut object);
    }
    Ok(Outcome::one(object))
}

fn set(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let (index, wanted) = mailbox_of(call, &directory)?;
    let rules = directory.inbox_rules(index);
    let number = one_rule(&rules, wanted.unwrap_or(""))?;
    let mut rule = rules.get(number).cloned().unwrap_or_else(|| unreachable!("it was found just now"));
    let shown = rule.text("Name");
    let changes = changes(call, &directory, &rule, |parameter, json| special(&directory, parameter, json))?;
    let changed = rule.change(changes);
    check(&rule)?;
    if rules.find_by("Name", &rule.text("Name")).is_some_and(|other| other != number) {
        return Err(ApiError::already_exists(&format!(
            "An Inbox rule with the name \"{}\" already exists.",
            rule.text("Name")
        )));
    }
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let rules = directory.inbox_rules_mut(index);
    if let Some(slot) = rules.get_mut(number) {
        *slot = rule;
    }
    arrange(rules, number);
    Ok(Outcome::changed(changed, &shown))
}

fn remove(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "AlwaysDeleteOutlookRulesBlob", "Force", "Mailbox"])?;
    let mut directory = write(call);
    let (index, wanted) = mailbox_of(call, &directory)?;
    let number = one_rule(&directory.inbox_rules(index), wanted.unwrap_or(""))?;
    if !call.arguments.what_if {
        let rules = directory.inbox_rules_mut(index);
        rules.remove(number);
        arrange(rules, number);
    }
    Ok(Outcome::default())
}

fn switch(call: &Call<'_>, on: bool) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "AlwaysDeleteOutlookRulesBlob", "Force", "Mailbox"])?;
    let mut directory = write(call);
    let (index, wanted) = mailbox_of(call, &directory)?;
    let number = one_rule(&directory.inbox_rules(index), wanted.unwrap_or(""))?;
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    if let Some(rule) = directory.inbox_rules_mut(index).get_mut(number) {
        rule.set("Enabled", Value::Bool(on));
    }
    Ok(Outcome::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::inbox::INBOX_RULE;

    #[test]
    fn the_names_are_properties() {
        let schema = INBOX_RULE.schema();
        for name in ACTIONS.into_iter().chain(ABOUT).chain(PEOPLE) {
            assert!(schema.position(name).is_some(), "{name}");
        }
    }
}
