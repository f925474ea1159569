//! From a parameter's JSON to a property's value.

use serde_json::Value as Json;

use crate::adminapi::errors::{ApiError, types};
use crate::catalog::Parameter;
use crate::directory::Directory;
use crate::directory::value::{Kind, Value, format_size, normalise_time_span, parse_moment, parse_size};

/// Parameters whose values are recipients: they are kept as the recipients' names.
const RECIPIENTS: &[&str] = &[
    "AcceptMessagesOnlyFrom",
    "AcceptMessagesOnlyFromDLMembers",
    "AcceptMessagesOnlyFromSendersOrMembers",
    "BookInPolicy",
    "BypassModerationFromSendersOrMembers",
    "DefaultPublicFolderMailbox",
    "ForwardingAddress",
    "GrantSendOnBehalfTo",
    "ManagedBy",
    "Manager",
    "ModeratedBy",
    "RejectMessagesFrom",
    "RejectMessagesFromDLMembers",
    "RejectMessagesFromSendersOrMembers",
    "RequestInPolicy",
    "RequestOutOfPolicy",
    "ResourceDelegates",
];

/// Parameters whose values are policies, with those that a tenant starts with; no cmdlet here makes another one.
const POLICIES: [(&str, &[&str]); 8] = [
    ("ActiveSyncMailboxPolicy", &["Default"]),
    ("AddressBookPolicy", &[]),
    ("DataEncryptionPolicy", &[]),
    ("DefaultAuthenticationPolicy", &[]),
    ("OwaMailboxPolicy", &["OwaMailboxPolicy-Default"]),
    ("RetentionPolicy", &["Default MRM Policy"]),
    ("RoleAssignmentPolicy", &["Default Role Assignment Policy"]),
    ("SharingPolicy", &["Default Sharing Policy"]),
];

/// Booleans that may be without a value.
const NULLABLE: [&str; 6] = [
    "EwsAllowEntourage",
    "EwsAllowMacOutlook",
    "EwsAllowOutlook",
    "EwsEnabled",
    "OnlineMeetingsByDefaultEnabled",
    "RecipientDelimiters",
];

/// The value that a property gets from a parameter.
///
/// # Errors
///
/// The value is refused, or names a recipient or a policy that isn't there.
pub(super) fn property_value(
    directory: &Directory,
    parameter: &Parameter,
    kind: Kind,
    current: &Value,
    json: &Json,
) -> Result<Value, ApiError> {
    let name = parameter.name.as_str();
    let item = |text: &str| -> Result<String, ApiError> {
        if let Some((_, known)) = POLICIES.iter().find(|(parameter, _)| *parameter == name) {
            let found = known.iter().find(|policy| policy.eq_ignore_ascii_case(text.trim()));
            return found.map(|policy| (*policy).to_owned()).ok_or_else(|| ApiError::not_found(text));
        }
        if !RECIPIENTS.contains(&name) {
            return Ok(text.to_owned());
        }
        Ok(directory.recipient_text(super::one_recipient(directory, text)?, "Name"))
    };
    Ok(match (kind, json) {
        (Kind::List, Json::Object(table)) if parameter.type_name.contains("Hashtable") => {
            Value::List(merged_table(current, table))
        }
        (Kind::List, json) => {
            let current = match current {
                Value::List(items) => items.clone(),
                _ => vec![],
            };
            Value::List(changed_list(current, json, item)?)
        }
        // Only the settings whose pages list $null can be without a value.
        (Kind::Bool, Json::Null) if !NULLABLE.contains(&name) => {
            return Err(ApiError::transformation(name, "Cannot convert null to type \"System.Boolean\"."));
        }
        // A text that is set to nothing is empty; everything else has no value then.
        (Kind::Text, Json::Null) if parameter.type_name == "String" => Value::text(""),
        (_, Json::Null) => Value::Null,
        (Kind::Bool, Json::Bool(flag)) => Value::Bool(*flag),
        (Kind::Int32 | Kind::Int64 | Kind::UInt64, json) => json.as_i64().map_or(Value::Null, Value::Int),
        (Kind::MomentUtc | Kind::MomentOffset | Kind::MomentBare, Json::String(text)) => {
            parse_moment(text).map_or(Value::Null, Value::Moment)
        }
        (_, Json::Number(number)) => Value::Text(sized(name, &parameter.type_name, &number.to_string())?),
        (_, Json::String(text)) => Value::Text(match parameter.type_name.rsplit('.').next().unwrap_or("") {
            "Unlimited" | "ByteQuantifiedSize" => sized(name, &parameter.type_name, text)?,
            "EnhancedTimeSpan" | "TimeSpan" => normalise_time_span(text).unwrap_or_else(|| text.clone()),
            "SmtpAddress" => smtp_address(text)?,
            _ if name == "ForwardingSmtpAddress" => {
                format!("smtp:{}", smtp_address(text.split_once(':').map_or(text.as_str(), |(_, address)| address))?)
            }
            _ if !parameter.accepted_values.is_empty() => member(parameter, text),
            _ => item(text)?,
        }),
        (_, Json::Bool(flag)) => Value::text(if *flag { "True" } else { "False" }),
        (_, other) => {
            return Err(ApiError::cmdlet(
                types::VALIDATION,
                format!("The value '{other}' can't be used for the property '{name}'."),
            ));
        }
    })
}

/// A table of settings after a change: the service shows each setting as `[key, value]`.
pub(super) fn merged_table(current: &Value, table: &serde_json::Map<String, Json>) -> Vec<String> {
    let mut items = match current {
        Value::List(items) => items.clone(),
        _ => vec![],
    };
    for (key, value) in table.iter().filter(|(key, _)| !key.starts_with('@')) {
        let begin = format!("[{}, ", key.to_lowercase());
        items.retain(|item| !item.to_lowercase().starts_with(&begin));
        match value {
            // A setting without a value is taken away.
            Json::Null => {}
            Json::String(text) => items.push(format!("{begin}{text}]")),
            other => items.push(format!("{begin}{other}]")),
        }
    }
    items
}

/// A member of an enumeration as the catalogue spells it; a number stands for the name that follows it in the list.
fn member(parameter: &Parameter, text: &str) -> String {
    let values = &parameter.accepted_values;
    match values.iter().position(|value| value.eq_ignore_ascii_case(text)) {
        Some(at) if values[at].parse::<i64>().is_ok() => values.get(at + 1).unwrap_or(&values[at]).clone(),
        Some(at) => values[at].clone(),
        None => text.to_owned(),
    }
}

/// A size, count or duration that may be unlimited, as the service writes it.
fn sized(name: &str, type_name: &str, text: &str) -> Result<String, ApiError> {
    let refuse = || ApiError::transformation(name, format!("Cannot convert value \"{text}\" to type \"{type_name}\"."));
    if text.eq_ignore_ascii_case("Unlimited") && type_name.ends_with("Unlimited") {
        return Ok("Unlimited".to_owned());
    }
    match name {
        // These count recipients, characters or days.
        "LineWrapSize" | "MaxRecipientEnvelopeLimit" | "RecipientLimits" | "RetentionDuration" => {
            text.trim().parse::<u32>().map(|count| count.to_string()).map_err(|_| refuse())
        }
        "LitigationHoldDuration" => normalise_time_span(text).ok_or_else(refuse),
        _ => parse_size(text).map(format_size).ok_or_else(refuse),
    }
}

/// Checks an SMTP address; it may be stored in any casing.
pub(super) fn smtp_address(text: &str) -> Result<String, ApiError> {
    let address = text.trim();
    let valid = address.split_once('@').is_some_and(|(local, domain)| {
        let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        !local.is_empty()
            && local.chars().all(allowed)
            && domain.contains('.')
            && domain
                .split('.')
                .all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'))
    });
    if valid {
        return Ok(address.to_owned());
    }
    Err(ApiError::cmdlet(
        types::VALIDATION,
        format!(
            "The email address '{address}' isn't correct. Please use this format: user name, the @ sign, followed by the domain name."
        ),
    ))
}

/// A list after a replacement or a change of single items.
pub(super) fn changed_list(
    current: Vec<String>,
    json: &Json,
    item: impl Fn(&str) -> Result<String, ApiError>,
) -> Result<Vec<String>, ApiError> {
    let items = |json: &Json| -> Result<Vec<String>, ApiError> {
        match json {
            Json::String(text) => Ok(vec![item(text)?]),
            Json::Array(items) => items.iter().filter_map(Json::as_str).map(&item).collect(),
            _ => Ok(vec![]),
        }
    };
    match json {
        Json::Null => Ok(vec![]),
        // An empty array changes nothing; Remove or an empty hashtable clears.
        Json::Array(list) if list.is_empty() => Ok(current),
        Json::Object(object) => {
            let part = |wanted: &str| {
                object.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
            };
            let (add, remove) = (part("Add"), part("Remove"));
            if add.is_none() && remove.is_none() {
                return Ok(vec![]);
            }
            let mut list = current;
            for gone in remove.map(&items).transpose()?.unwrap_or_default() {
                list.retain(|known| known.to_lowercase() != gone.to_lowercase());
            }
            for new in add.map(&items).transpose()?.unwrap_or_default() {
                if !list.iter().any(|known| known.to_lowercase() == new.to_lowercase()) {
                    list.push(new);
                }
            }
            Ok(list)
        }
        other => items(other),
    }
}
