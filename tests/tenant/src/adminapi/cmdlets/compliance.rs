//! Retention, labels, cases and holds of the compliance service.

use serde_json::Value as Json;

use super::generic::{Special, get_computed, list_of, new, one, plain, remove, set};
use super::values::changed_list;
use super::{Cmdlet, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::catalog::Parameter;
use crate::directory::Directory;
use crate::directory::compliance::{
    CASE_HOLD_POLICY, CASE_HOLD_RULE, COMPLIANCE_CASE, COMPLIANCE_TAG, LABEL, LABEL_POLICY, RETENTION_POLICY,
    RETENTION_RULE, sign,
};
use crate::directory::objects::{Class, Entry};
use crate::directory::value::{Kind, Value, now_ticks};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-CaseHoldPolicy", get_hold),
    ("Get-CaseHoldRule", |call| get_rule(call, &CASE_HOLD_RULE, &CASE_HOLD_POLICY)),
    ("Get-ComplianceCase", get_case),
    ("Get-ComplianceTag", get_tag),
    ("Get-Label", |call| get_computed(call, &LABEL, LABEL_SWITCHES, |_, _| true, |_, _, _| None)),
    ("Get-LabelPolicy", |call| get_computed(call, &LABEL_POLICY, &["ForceValidate"], |_, _| true, |_, _, _| None)),
    ("Get-RetentionCompliancePolicy", get_retention),
    ("Get-RetentionComplianceRule", |call| get_rule(call, &RETENTION_RULE, &RETENTION_POLICY)),
    ("New-CaseHoldPolicy", new_hold),
    ("New-CaseHoldRule", |call| new_rule(call, &CASE_HOLD_RULE, &CASE_HOLD_POLICY)),
    ("New-ComplianceCase", new_case),
    ("New-ComplianceTag", new_tag),
    ("New-Label", new_label),
    ("New-LabelPolicy", new_label_policy),
    ("New-RetentionCompliancePolicy", new_retention),
    ("New-RetentionComplianceRule", |call| new_rule(call, &RETENTION_RULE, &RETENTION_POLICY)),
    ("Remove-CaseHoldPolicy", |call| remove_with_rules(call, &CASE_HOLD_POLICY, &CASE_HOLD_RULE)),
    ("Remove-CaseHoldRule", |call| remove(call, &CASE_HOLD_RULE)),
    ("Remove-ComplianceCase", |call| remove(call, &COMPLIANCE_CASE)),
    ("Remove-ComplianceTag", |call| remove(call, &COMPLIANCE_TAG)),
    ("Remove-Label", remove_label),
    ("Remove-LabelPolicy", |call| remove(call, &LABEL_POLICY)),
    ("Remove-RetentionCompliancePolicy", |call| remove_with_rules(call, &RETENTION_POLICY, &RETENTION_RULE)),
    ("Remove-RetentionComplianceRule", |call| remove(call, &RETENTION_RULE)),
    ("Set-CaseHoldPolicy", |call| set_deltas(call, &CASE_HOLD_POLICY)),
    ("Set-CaseHoldRule", |call| set_deltas(call, &CASE_HOLD_RULE)),
    ("Set-ComplianceCase", set_case),
    ("Set-ComplianceTag", set_tag),
    ("Set-Label", set_label),
    ("Set-LabelPolicy", |call| set_deltas(call, &LABEL_POLICY)),
    ("Set-RetentionCompliancePolicy", |call| set_deltas(call, &RETENTION_POLICY)),
    ("Set-RetentionComplianceRule", |call| set_deltas(call, &RETENTION_RULE)),
];

const LABEL_SWITCHES: &[&str] =
    &["IncludeDetailedLabelActions", "ReturnModernLabelScheme", "SkipValidations", "ValidateContentTypeRemoval"];

/// Makes an object that knows who made it.
pub(super) fn new_signed(
    call: &Call<'_>,
    class: &'static Class,
    finish: impl FnOnce(&Directory, &mut Entry) -> Result<(), ApiError>,
) -> Result<Outcome, ApiError> {
    new(call, class, |directory, entry| {
        sign(entry, &call.caller.identity.name);
        finish(directory, entry)
    })
}

/// The places of a policy are shown with the details of its distribution only.
pub(super) fn without_places(call: &Call<'_>, entry: &Entry, name: &str) -> Option<Value> {
    let is_place = name.ends_with("Location") || name.ends_with("LocationException");
    (is_place && !call.arguments.switch("DistributionDetail") && !entry.list(name).is_empty())
        .then(|| Value::List(vec![]))
}

fn get_retention(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let on = |name: &str| call.arguments.switch(name);
    get_computed(
        call,
        &RETENTION_POLICY,
        &["DistributionDetail", "ErrorPolicyOnly", "ExcludeTeamsPolicy", "RetentionRuleTypes", "TeamsPolicyOnly"],
        |_, policy| {
            let of_teams = policy.flag("TeamsPolicy");
            let excluded = if of_teams { on("ExcludeTeamsPolicy") } else { on("TeamsPolicyOnly") };
            let failed = policy.text("DistributionStatus") != "Success";
            !excluded && (failed || !on("ErrorPolicyOnly"))
        },
        |directory, policy, name| match name {
            "HasRules" => Some(Value::Bool(rules_of(directory, &RETENTION_RULE, policy).next().is_some())),
            "RetentionRuleTypes" if on("RetentionRuleTypes") => Some(Value::List(
                rules_of(directory, &RETENTION_RULE, policy)
                    .map(|rule| rule.text("RetentionComplianceAction"))
                    .collect(),
            )),
            _ => without_places(call, policy, name),
        },
    )
}

/// The rules of a policy.
fn rules_of<'a>(
    directory: &'a Directory,
    rules: &'static Class,
    policy: &Entry,
) -> impl Iterator<Item = &'a Entry> + use<'a> {
    let guid = policy.text("Guid");
    directory.collection(rules).iter().map(|(_, rule)| rule).filter(move |rule| rule.text("Policy") == guid)
}

fn get_rule(call: &Call<'_>, class: &'static Class, policies: &'static Class) -> Result<Outcome, ApiError> {
    let policy = match call.arguments.text("Policy") {
        Some(policy) => {
            let directory = super::read(call);
            let policies = directory.collection(policies);
            policies.get(one(policies, policy)?).map(|policy| policy.text("Guid"))
        }
        None => None,
    };
    get_computed(
        call,
        class,
        &["Policy"],
        |_, rule| policy.as_ref().is_none_or(|policy| rule.text("Policy") == *policy),
        |_, _, _| None,
    )
}

fn new_rule(call: &Call<'_>, class: &'static Class, policies: &'static Class) -> Result<Outcome, ApiError> {
    if call.arguments.get("Name").is_none() {
        return Err(ApiError::not_implemented("rules that only publish or apply a label"));
    }
    new_signed(call, class, |directory, rule| {
        let policies = directory.collection(policies);
        let number = one(policies, call.arguments.text("Policy").unwrap_or(""))?;
        if let Some(policy) = policies.get(number) {
            if rules_of(directory, class, policy).next().is_some() {
                return Err(ApiError::already_exists(&format!(
                    "The policy '{}' already has a rule; it can have only one.",
                    policy.text("Name")
                )));
            }
            rule.set("Policy", policy.get("Guid"));
        }
        Ok(())
    })
}

fn new_retention(call: &Call<'_>) -> Result<Outcome, ApiError> {
    new_signed(call, &RETENTION_POLICY, |_, policy| {
        let teams = ["TeamsChannelLocation", "TeamsChatLocation"].iter().any(|name| !policy.list(name).is_empty());
        let others = [
            "ExchangeLocation",
            "SharePointLocation",
            "OneDriveLocation",
            "ModernGroupLocation",
            "PublicFolderLocation",
        ];
        if teams && others.iter().any(|name| !policy.list(name).is_empty()) {
            return Err(ApiError::cmdlet(
                types::VALIDATION,
                "A policy for Teams can't have other locations. Make two policies.",
            ));
        }
        policy.set("TeamsPolicy", Value::Bool(teams));
        if teams {
            policy.set("Workload", Value::text("Teams"));
        }
        Ok(())
    })
}

/// Removes a policy; its rules go with it.
fn remove_with_rules(call: &Call<'_>, class: &'static Class, rules: &'static Class) -> Result<Outcome, ApiError> {
    super::refuse_unevaluated(call, &["Identity", "ForceDeletion"])?;
    let mut directory = write(call);
    let policies = directory.collection(class);
    let number = one(policies, call.arguments.text("Identity").unwrap_or(""))?;
    let guid = policies.get(number).map(|policy| policy.text("Guid")).unwrap_or_default();
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let of_policy: Vec<u64> = directory
        .collection(rules)
        .iter()
        .filter(|(_, rule)| rule.text("Policy") == guid)
        .map(|(number, _)| number)
        .collect();
    for rule in of_policy {
        directory.collection_mut(rules).remove(rule);
    }
    directory.collection_mut(class).remove(number);
    Ok(Outcome::default())
}

/// The list that `Add<Property>` and `Remove<Property>` of a call leave; `None` if the parameter is neither.
pub(super) fn delta(call: &Call<'_>, entry: &Entry, parameter: &Parameter) -> Special {
    let name = parameter.name.as_str();
    let Some(property) = name.strip_prefix("Add").or(name.strip_prefix("Remove")) else {
        return Ok(None);
    };
    let schema = entry.class().schema();
    let Some(at) = schema.position(property).filter(|at| schema.properties()[*at].kind == Kind::List) else {
        return Ok(None);
    };
    let change = serde_json::json!({
        "Add": list_of(call, &format!("Add{property}")),
        "Remove": list_of(call, &format!("Remove{property}")),
    });
    let list = changed_list(entry.list(property), &change, |text| Ok(text.to_owned()))?;
    Ok(Some(vec![(schema.properties()[at].name.as_str(), Value::List(list))]))
}

fn settings(entry: &Entry, parameter: &Parameter, json: &Json) -> Special {
    if !matches!(parameter.name.as_str(), "AdvancedSettings" | "Setting") {
        return Ok(None);
    }
    let Json::Object(table) = json else {
        return Ok(Some(vec![]));
    };
    Ok(Some(vec![("Settings", Value::List(super::values::merged_table(&entry.get("Settings"), table)))]))
}

/// Changes an object whose lists are changed by parameters of their own.
pub(super) fn set_deltas(call: &Call<'_>, class: &'static Class) -> Result<Outcome, ApiError> {
    set(call, class, |_, entry, parameter, json| {
        if matches!(parameter.name.as_str(), "RetryDistribution" | "EnforceSimulationPolicy" | "StartSimulation") {
            return Ok(Some(vec![]));
        }
        match delta(call, entry, parameter)? {
            Some(several) => Ok(Some(several)),
            None => settings(entry, parameter, json),
        }
    })
}

fn get_tag(call: &Call<'_>) -> Result<Outcome, ApiError> {
    get_computed(
        call,
        &COMPLIANCE_TAG,
        &["IncludingLabelState"],
        |_, _| true,
        |_, tag, name| (name == "IsReviewTag").then(|| Value::Bool(!tag.list("ReviewerEmail").is_empty())),
    )
}

/// Makes a retention label: what keeps or deletes has to say for how long and from when on.
fn new_tag(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let given = |name: &str| call.arguments.get(name).is_some_and(|value| !value.is_null());
    let needed = ["RetentionAction", "RetentionDuration", "RetentionType"];
    if let Some(missing) = needed.iter().find(|name| !given(name))
        && needed.iter().any(|name| given(name))
    {
        return Err(ApiError::cmdlet(
            types::VALIDATION,
            format!("RetentionAction, RetentionDuration and RetentionType belong together: {missing} is missing."),
        ));
    }
    new_signed(call, &COMPLIANCE_TAG, |_, tag| {
        if !given("RetentionAction") {
            for name in needed {
                tag.set(name, Value::Null);
            }
            tag.set("HasRetentionAction", Value::Bool(false));
        }
        Ok(())
    })
}

fn set_tag(call: &Call<'_>) -> Result<Outcome, ApiError> {
    set(call, &COMPLIANCE_TAG, |_, _, parameter, json| plain(parameter, json))
}

fn new_label(call: &Call<'_>) -> Result<Outcome, ApiError> {
    new_signed(call, &LABEL, |directory, label| {
        let labels = directory.collection(&LABEL);
        if labels.find_by("DisplayName", &label.text("DisplayName")).is_some() {
            return Err(ApiError::already_exists(&format!(
                "A label with the display name '{}' already exists.",
                label.text("DisplayName")
            )));
        }
        if let Some(parent) = call.arguments.text("ParentId").filter(|parent| !parent.is_empty()) {
            let number = one(labels, parent)?;
            if let Some(parent) = labels.get(number) {
                label.set("ParentId", parent.get("Guid"));
                label.set("ParentLabelDisplayName", parent.get("DisplayName"));
            }
        }
        // The newest label is the strictest one.
        let highest = labels.iter().map(|(_, label)| label.number("Priority")).max();
        label.set("Priority", Value::Int(highest.map_or(0, |highest| highest + 1)));
        for (parameter, json) in call.arguments.iter() {
            for (name, value) in settings(label, parameter, json)?.unwrap_or_default() {
                label.set(name, value);
            }
        }
        label.set("IsLabelGroup", Value::Bool(call.arguments.switch("IsLabelGroup")));
        Ok(())
    })
}

fn set_label(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let outcome = set(call, &LABEL, |directory, label, parameter, json| {
        if parameter.name == "Priority" {
            let count = directory.collection(&LABEL).iter().count() as i64;
            if !json.as_i64().is_some_and(|priority| (0..count).contains(&priority)) {
                return Err(ApiError::cmdlet(
                    types::VALIDATION,
                    format!("The priority {json} is out of range. It can be from 0 to {}.", count - 1),
                ));
            }
        }
        settings(label, parameter, json)
    })?;
    if call.arguments.get("Priority").is_some() && !call.arguments.what_if {
        let mut directory = write(call);
        let labels = directory.collection_mut(&LABEL);
        let moved = one(labels, call.arguments.text("Identity").unwrap_or(""))?;
        let wanted = labels.get(moved).map_or(0, |label| label.number("Priority"));
        let mut order: Vec<(i64, u64)> = labels
            .iter()
            .filter(|(number, _)| *number != moved)
            .map(|(number, label)| (label.number("Priority"), number))
            .collect();
        order.sort_unstable();
        let mut numbers: Vec<u64> = order.into_iter().map(|(_, number)| number).collect();
        numbers.insert((wanted as usize).min(numbers.len()), moved);
        for (at, number) in numbers.into_iter().enumerate() {
            if let Some(label) = labels.get_mut(number) {
                label.set("Priority", Value::Int(at as i64));
            }
        }
    }
    Ok(outcome)
}

fn remove_label(call: &Call<'_>) -> Result<Outcome, ApiError> {
    {
        let directory = super::read(call);
        let labels = directory.collection(&LABEL);
        let number = one(labels, call.arguments.text("Identity").unwrap_or(""))?;
        let (name, guid) = labels.get(number).map(|label| (label.text("Name"), label.text("Guid"))).unwrap_or_default();
        let policies = directory.collection(&LABEL_POLICY);
        if let Some((_, policy)) = policies.iter().find(|(_, policy)| policy.list("Labels").contains(&name)) {
            return Err(ApiError::cmdlet(
                types::VALIDATION,
                format!(
                    "The label '{name}' is published by the policy '{}' and can't be removed.",
                    policy.text("Name")
                ),
            ));
        }
        if labels.iter().any(|(_, other)| other.text("ParentId") == guid) {
            return Err(ApiError::cmdlet(types::VALIDATION, format!("The label '{name}' has labels under it.")));
        }
    }
    remove(call, &LABEL)
}

fn new_label_policy(call: &Call<'_>) -> Result<Outcome, ApiError> {
    new_signed(call, &LABEL_POLICY, |directory, policy| {
        let labels = directory.collection(&LABEL);
        let mut names = Vec::new();
        for label in list_of(call, "Labels") {
            let number = one(labels, &label)?;
            names.extend(labels.get(number).map(|label| label.text("Name")));
        }
        policy.set("Labels", Value::List(names));
        for (parameter, json) in call.arguments.iter() {
            for (name, value) in settings(policy, parameter, json)?.unwrap_or_default() {
                policy.set(name, value);
            }
        }
        Ok(())
    })
}

fn get_case(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let kind = call.arguments.text("CaseType");
    get_computed(
        call,
        &COMPLIANCE_CASE,
        &["CaseType"],
        |_, case| kind.is_none_or(|kind| case.text("CaseType").eq_ignore_ascii_case(kind)),
        |_, _, _| None,
    )
}

/// Makes a case; who makes it is its first member.
fn new_case(call: &Call<'_>) -> Result<Outcome, ApiError> {
    new_signed(call, &COMPLIANCE_CASE, |directory, case| {
        // An application is nobody's recipient, and so no member.
        if let Ok(maker) = directory.recipient(&call.caller.identity.name) {
            case.set("Members", Value::List(vec![directory.recipient_text(maker, "Guid")]));
        }
        Ok(())
    })
}

fn set_case(call: &Call<'_>) -> Result<Outcome, ApiError> {
    if call.arguments.switch("Close") && call.arguments.switch("Reopen") {
        return Err(ApiError::cmdlet(types::VALIDATION, "A case can't be closed and reopened at once."));
    }
    set(call, &COMPLIANCE_CASE, |_, _, parameter, json| {
        let on = *json == Json::Bool(true);
        Ok(match parameter.name.as_str() {
            "Close" if on => Some(vec![
                ("Status", Value::text("Closed")),
                ("ClosedBy", Value::text(&call.caller.identity.name)),
                ("ClosedDateTime", Value::Moment(now_ticks())),
            ]),
            "Reopen" if on => Some(vec![
                ("Status", Value::text("Active")),
                ("ClosedBy", Value::text("")),
                ("ClosedDateTime", Value::Null),
            ]),
            _ => return plain(parameter, json),
        })
    })
}

/// The GUID of the case that a call names.
pub(super) fn case_of(directory: &Directory, case: &str) -> Result<(String, String), ApiError> {
    let cases = directory.collection(&COMPLIANCE_CASE);
    let number = one(cases, case)?;
    Ok(cases.get(number).map(|case| (case.text("Guid"), case.text("Name"))).unwrap_or_default())
}

fn get_hold(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let case = match call.arguments.text("Case") {
        Some(case) => Some(case_of(&super::read(call), case)?.0),
        None => None,
    };
    get_computed(
        call,
        &CASE_HOLD_POLICY,
        &["Case", "DistributionDetail", "IncludeBindings"],
        |_, hold| case.as_ref().is_none_or(|case| hold.text("CaseId") == *case),
        |_, hold, name| {
            if call.arguments.switch("IncludeBindings") { None } else { without_places(call, hold, name) }
        },
    )
}

fn new_hold(call: &Call<'_>) -> Result<Outcome, ApiError> {
    new_signed(call, &CASE_HOLD_POLICY, |directory, hold| {
        let (guid, _) = case_of(directory, call.arguments.text("Case").unwrap_or(""))?;
        hold.set("CaseId", Value::Text(guid));
        Ok(())
    })
}
