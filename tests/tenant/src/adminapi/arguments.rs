//! Checking a call's parameters against the catalogue, as the service's binder would: names, types, enumerations and
//! parameter sets. Nothing is defaulted and nothing unknown is passed over.

use serde_json::{Map, Value};

use super::errors::ApiError;
use crate::catalog::{Cmdlet, Parameter};
use crate::clouds::Surface;
use crate::directory::value::{normalise_guid, normalise_time_span, parse_moment, parse_size};
use crate::module_keys::ModuleKeys;

/// The annotation that an object inside parameters needs to survive binding.
const HASHTABLE: &str = "#Exchange.GenericHashTable";
/// The typed form of a change to a multi-valued property.
const DELTA: &str = "#Exchange.StringFieldDeltaUpdateData";
const BYTES: &str = "#Exchange.ByteArrayType";

/// A call's checked parameters.
#[derive(Debug)]
pub struct Arguments<'a> {
    bound: Vec<(&'a Parameter, &'a Value)>,
    /// Whether nothing may be changed.
    pub what_if: bool,
}

impl<'a> Arguments<'a> {
    /// The bound parameters with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&'a Parameter, &'a Value)> + '_ {
        self.bound.iter().copied()
    }

    /// A parameter's value, if it is bound.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.bound.iter().find(|(parameter, _)| parameter.name == name).map(|(_, value)| *value)
    }

    /// A parameter's text, if it is bound to text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Value::as_str)
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn switch(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Bool(true))
    }
}

/// Checks a call's parameters.
///
/// # Errors
///
/// What the service's binder says about them.
pub fn check<'a>(
    surface: Surface,
    cmdlet: &'a Cmdlet,
    parameters: &'a Map<String, Value>,
    keys: &ModuleKeys,
) -> Result<Arguments<'a>, ApiError> {
    let mut arguments = Arguments { bound: Vec::new(), what_if: false };
    let mut unknown = Vec::new();
    for (name, value) in parameters {
        if common_parameter(cmdlet, name, value, &mut arguments)? {
            continue;
        }
        match cmdlet.parameter(surface, name) {
            Some(parameter) => {
                if arguments.bound.iter().any(|(bound, _)| bound.name == parameter.name) {
                    return Err(ApiError::parameters(format!(
                        "Cannot bind parameter because parameter '{}' is specified more than once.",
                        parameter.name
                    )));
                }
                check_value(parameter, value, keys)?;
                arguments.bound.push((parameter, value));
            }
            None => unknown.push(name.as_str()),
        }
    }
    if !unknown.is_empty() {
        return Err(ApiError::parameters(format!(
            "Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters specified. {}",
            unknown.join(", ")
        )));
    }
    check_sets(cmdlet, &arguments)?;
    Ok(arguments)
}

/// The parameters that cmdlets have in common. Whether the service looks at them or passes them over isn't attested,
/// so they are tolerated where PowerShell would have them, with the types they have there.
fn common_parameter(
    cmdlet: &Cmdlet,
    name: &str,
    value: &Value,
    arguments: &mut Arguments<'_>,
) -> Result<bool, ApiError> {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    if is("WhatIf") || is("Confirm") {
        if !cmdlet.should_process {
            return Ok(false);
        }
        let Value::Bool(flag) = value else {
            return Err(cannot_convert(name, value, "System.Management.Automation.SwitchParameter"));
        };
        if is("WhatIf") {
            arguments.what_if = *flag;
        }
        return Ok(true);
    }
    if is("Verbose") || is("Debug") {
        return if value.is_boolean() {
            Ok(true)
        } else {
            Err(cannot_convert(name, value, "System.Management.Automation.SwitchParameter"))
        };
    }
    if is("WarningAction") || is("ErrorAction") {
        const MEMBERS: [&str; 7] = ["SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend", "Break"];
        let known = value.as_str().is_some_and(|text| MEMBERS.iter().any(|member| member.eq_ignore_ascii_case(text)));
        return if known {
            Ok(true)
        } else {
            Err(bad_member(name, value, "System.Management.Automation.ActionPreference", &MEMBERS))
        };
    }
    Ok(false)
}

fn check_sets(cmdlet: &Cmdlet, arguments: &Arguments<'_>) -> Result<(), ApiError> {
    for (parameter, value) in arguments.iter() {
        let mandatory = parameter.sets.values().all(|membership| membership.required);
        if mandatory && (value.is_null() || value.as_str() == Some("")) {
            let what = if value.is_null() { "null" } else { "an empty string" };
            return Err(ApiError::parameters(format!(
                "Cannot bind argument to parameter '{}' because it is {what}.",
                parameter.name
            )));
        }
    }
    let mut fewest: Option<Vec<&str>> = None;
    for set in &cmdlet.parameter_sets {
        if !arguments.iter().all(|(parameter, _)| parameter.sets.contains_key(set)) {
            continue;
        }
        let missing: Vec<&str> = cmdlet
            .parameters
            .iter()
            .filter(|parameter| parameter.sets.get(set).is_some_and(|membership| membership.required))
            .filter(|parameter| arguments.get(&parameter.name).is_none())
            .map(|parameter| parameter.name.as_str())
            .collect();
        if fewest.as_ref().is_none_or(|known| missing.len() < known.len()) {
            fewest = Some(missing);
        }
    }
    match fewest {
        Some(missing) if missing.is_empty() => Ok(()),
        Some(missing) => Err(ApiError::parameters(format!(
            "Cannot process command because of one or more missing mandatory parameters: {}.",
            missing.join(" ")
        ))),
        None if cmdlet.parameter_sets.is_empty() && arguments.bound.is_empty() => Ok(()),
        None => Err(ApiError::parameters(
            "Parameter set cannot be resolved using the specified named parameters. One or more parameters issued cannot \
             be used together or an insufficient number of parameters were provided.",
        )),
    }
}

/// What a parameter's type accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Bool,
    Integer(i64, i64),
    Number,
    Unlimited,
    Size,
    Moment,
    TimeSpan,
    Guid,
    Secure,
    Credential,
    Bytes,
    Hashtable,
    Multi,
    Text,
}

fn shape(type_name: &str) -> (Shape, bool) {
    let name = type_name.trim_matches(['<', '>']);
    let (name, array) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
    let short = name.rsplit('.').next().unwrap_or(name);
    let shape = match short {
        "Boolean" | "SwitchParameter" => Shape::Bool,
        "Byte" if array => return (Shape::Bytes, false),
        "Byte" => Shape::Integer(0, 255),
        "SByte" => Shape::Integer(-128, 127),
        "Int16" => Shape::Integer(i64::from(i16::MIN), i64::from(i16::MAX)),
        "UInt16" => Shape::Integer(0, i64::from(u16::MAX)),
        "Int32" => Shape::Integer(i64::from(i32::MIN), i64::from(i32::MAX)),
        "UInt32" => Shape::Integer(0, i64::from(u32::MAX)),
        "Int64" => Shape::Integer(i64::MIN, i64::MAX),
        "UInt64" => Shape::Integer(0, i64::MAX),
        "Double" | "Single" | "Decimal" => Shape::Number,
        "Unlimited" | "UnlimitedInt" => Shape::Unlimited,
        "ByteQuantifiedSize" => Shape::Size,
        "DateTime" | "ExDateTime" => Shape::Moment,
        "TimeSpan" | "EnhancedTimeSpan" => Shape::TimeSpan,
        "Guid" => Shape::Guid,
        "SecureString" => Shape::Secure,
        "PSCredential" => Shape::Credential,
        "PswsHashtable" | "Hashtable" => Shape::Hashtable,
        "MultiValuedProperty" => Shape::Multi,
        collection if collection.ends_with("Collection") => Shape::Multi,
        _ => Shape::Text,
    };
    (shape, array)
}

fn check_value(parameter: &Parameter, value: &Value, keys: &ModuleKeys) -> Result<(), ApiError> {
    let (shape, array) = shape(&parameter.type_name);
    if parameter.is_switch && !value.is_boolean() {
        return Err(cannot_convert(&parameter.name, value, "System.Management.Automation.SwitchParameter"));
    }
    // Null clears; it is a value of every type but the switch.
    if value.is_null() {
        return Ok(());
    }
    match (shape, value) {
        (Shape::Bytes, value) => check_bytes(parameter, value),
        (Shape::Multi, Value::Object(object)) => {
            annotated(parameter, object, &[HASHTABLE, DELTA])?;
            for (name, items) in object.iter().filter(|(name, _)| !name.starts_with('@')) {
                if !name.eq_ignore_ascii_case("Add") && !name.eq_ignore_ascii_case("Remove") {
                    return Err(cannot_convert(&parameter.name, value, &parameter.type_name));
                }
                check_items(parameter, items)?;
            }
            Ok(())
        }
        (Shape::Multi, items) => check_items(parameter, items),
        (_, Value::Array(items)) if array => {
            items.iter().try_for_each(|item| check_scalar(parameter, shape, item, keys))
        }
        (_, scalar) => check_scalar(parameter, shape, scalar, keys),
    }
}

/// The items of a multi-valued property: one text or an array of them.
fn check_items(parameter: &Parameter, items: &Value) -> Result<(), ApiError> {
    let single = std::slice::from_ref(items);
    for item in items.as_array().map_or(single, Vec::as_slice) {
        let Value::String(text) = item else {
            return Err(cannot_convert(&parameter.name, item, &parameter.type_name));
        };
        check_member(parameter, text)?;
    }
    Ok(())
}

fn check_scalar(parameter: &Parameter, shape: Shape, value: &Value, keys: &ModuleKeys) -> Result<(), ApiError> {
    let text = value.as_str();
    let ok = match shape {
        Shape::Bool => value.is_boolean(),
        Shape::Integer(least, most) => value.as_i64().is_some_and(|number| (least..=most).contains(&number)),
        Shape::Number => value.is_number(),
        Shape::Unlimited => {
            value.as_u64().is_some() || value.as_i64().is_some() || text.is_some_and(|text| !text.trim().is_empty())
        }
        Shape::Size => value.as_u64().is_some() || text.is_some_and(|text| parse_size(text).is_some()),
        Shape::Moment => text.is_some_and(|text| parse_moment(text).is_some()),
        Shape::TimeSpan => text.is_some_and(|text| normalise_time_span(text).is_some()),
        Shape::Guid => text.is_some_and(|text| normalise_guid(text).is_some()),
        Shape::Secure => {
            return match text {
                // A null or empty secure string is passed as it is.
                Some("") => Ok(()),
                Some(text) if keys.decrypt(text).is_some() => Ok(()),
                _ => Err(not_encrypted(parameter)),
            };
        }
        Shape::Credential => match value {
            // The form isn't attested: an open object with a name and a secure string is the likely one.
            Value::Object(object) => {
                annotated(parameter, object, &[HASHTABLE])?;
                let member = |wanted: &str| {
                    object
                        .iter()
                        .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                        .and_then(|(_, value)| value.as_str())
                };
                let (name, password) = (member("UserName"), member("Password"));
                if password.is_some_and(|password| !password.is_empty() && keys.decrypt(password).is_none()) {
                    return Err(not_encrypted(parameter));
                }
                name.is_some() && password.is_some() && object.len() == 3
            }
            _ => false,
        },
        Shape::Hashtable => match value {
            Value::Object(object) => {
                annotated(parameter, object, &[HASHTABLE])?;
                true
            }
            _ => false,
        },
        Shape::Text => match text {
            Some(text) => return check_member(parameter, text),
            None => false,
        },
        Shape::Bytes | Shape::Multi => unreachable!("handled with the whole value"),
    };
    if !ok {
        return Err(cannot_convert(&parameter.name, value, &parameter.type_name));
    }
    if matches!(shape, Shape::Integer(..)) && !parameter.accepted_values.is_empty() {
        return check_member(parameter, &value.to_string());
    }
    Ok(())
}

fn check_bytes(parameter: &Parameter, value: &Value) -> Result<(), ApiError> {
    let items = match value {
        Value::Array(items) => Some(items),
        Value::Object(object) => {
            annotated(parameter, object, &[BYTES])?;
            object.get("Data").and_then(Value::as_array)
        }
        _ => None,
    };
    match items {
        Some(items) if items.iter().all(|item| item.as_u64().is_some_and(|byte| byte < 256)) => Ok(()),
        _ => Err(cannot_convert(&parameter.name, value, "System.Byte[]")),
    }
}

/// An object inside parameters, and every object inside it, has to say what it is.
fn annotated(parameter: &Parameter, object: &Map<String, Value>, allowed: &[&str]) -> Result<(), ApiError> {
    let kind = object.get("@odata.type").and_then(Value::as_str);
    if !kind.is_some_and(|kind| allowed.contains(&kind)) {
        return Err(ApiError::binding(
            "Microsoft.OData.ODataException",
            format!(
                "The value of the parameter '{}' is an object without a usable '@odata.type' annotation; an open object \
                 needs '{HASHTABLE}'.",
                parameter.name
            ),
        ));
    }
    for inner in object.values().flat_map(|value| match value {
        Value::Array(items) => items.iter().collect::<Vec<_>>(),
        other => vec![other],
    }) {
        if let Value::Object(inner) = inner {
            annotated(parameter, inner, &[HASHTABLE])?;
        }
    }
    Ok(())
}

fn check_member(parameter: &Parameter, text: &str) -> Result<(), ApiError> {
    if parameter.accepted_values.is_empty() || !parameter.accepted_values_complete {
        return Ok(());
    }
    // The pages of these parameters lag behind the service: mailboxes carry audited actions by default that they don't
    // list, and what a mailbox shows has to be settable again. So any single word passes.
    let audited = matches!(parameter.name.as_str(), "AuditAdmin" | "AuditDelegate" | "AuditOwner");
    let known = |part: &str| {
        (audited && part.chars().all(char::is_alphanumeric) && !part.is_empty())
            || parameter.accepted_values.iter().any(|value| value.eq_ignore_ascii_case(part))
    };
    // Flags of one enumeration may be joined by commas.
    if known(text) || (text.contains(',') && text.split(',').all(|part| known(part.trim()))) {
        return Ok(());
    }
    let members: Vec<&str> = parameter.accepted_values.iter().map(String::as_str).collect();
    Err(bad_member(&parameter.name, &Value::from(text), &parameter.type_name, &members))
}

fn bad_member(parameter: &str, value: &Value, type_name: &str, members: &[&str]) -> ApiError {
    let shown = shown(value);
    ApiError::transformation(
        parameter,
        format!(
            "Cannot convert value \"{shown}\" to type \"{type_name}\". Error: \"Unable to match the identifier name {shown} to \
             a valid enumerator name. Specify one of the following enumerator names and try again: {}\"",
            members.join(", ")
        ),
    )
}

fn cannot_convert(parameter: &str, value: &Value, type_name: &str) -> ApiError {
    let from = match value {
        Value::Null => "null",
        Value::Bool(_) => "System.Boolean",
        Value::Number(_) => "System.Int64",
        Value::String(_) => "System.String",
        Value::Array(_) => "System.Object[]",
        Value::Object(_) => "System.Collections.Hashtable",
    };
    ApiError::transformation(
        parameter,
        format!("Cannot convert value \"{}\" of type \"{from}\" to type \"{type_name}\".", shown(value)),
    )
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn not_encrypted(parameter: &Parameter) -> ApiError {
    ApiError::transformation(&parameter.name, "The value isn't encrypted with the public key of the module file.")
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use serde_json::json;

    use super::*;
    use crate::catalog::Catalog;

    static KEYS: LazyLock<ModuleKeys> = LazyLock::new(ModuleKeys::default);

    fn error(cmdlet: &str, parameters: Value) -> Option<String> {
        let cmdlet = Catalog::get().cmdlet(Surface::Exchange, cmdlet).unwrap();
        match check(Surface::Exchange, cmdlet, parameters.as_object().unwrap(), &KEYS) {
            Ok(_) => None,
            Err(ApiError::Envelope(status, body)) => {
                assert_eq!(status, 400);
                assert_eq!(body["error"]["message"], "Invalid Operation");
                Some(body["error"]["innererror"]["internalexception"]["message"].as_str().unwrap().to_owned())
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    fn ok(cmdlet: &str, parameters: Value) {
        assert_eq!(error(cmdlet, parameters), None);
    }

    fn refused(cmdlet: &str, parameters: Value, part: &str) {
        let text = error(cmdlet, parameters).unwrap_or_else(|| panic!("accepted, but expected: {part}"));
        assert!(text.contains(part), "{text}");
    }

    #[test]
    fn types_are_strict() {
        let set = |name: &str, value: Value| json!({"Identity": "adele", name: value});
        ok("Set-Mailbox", set("HiddenFromAddressListsEnabled", json!(true)));
        refused("Set-Mailbox", set("HiddenFromAddressListsEnabled", json!("True")), "System.String");
        refused("Set-Mailbox", set("HiddenFromAddressListsEnabled", json!(1)), "Cannot convert");
        ok("Set-Mailbox", set("ResourceCapacity", json!(12)));
        refused("Set-Mailbox", set("ResourceCapacity", json!("12")), "Cannot convert");
        refused("Set-Mailbox", set("ResourceCapacity", json!(1.5)), "Cannot convert");
        refused("Set-Mailbox", set("ResourceCapacity", json!(3_000_000_000_i64)), "Cannot convert");
        ok("Set-Mailbox", set("CustomAttribute1", json!("x")));
        refused("Set-Mailbox", set("CustomAttribute1", json!(7)), "Cannot convert");
        refused("Set-Mailbox", set("CustomAttribute1", json!(["x"])), "Cannot convert");
        ok("Set-Mailbox", set("CustomAttribute1", Value::Null));
        ok("Set-Mailbox", set("ProhibitSendQuota", json!("Unlimited")));
        ok("Set-Mailbox", set("ProhibitSendQuota", json!(1024)));
        refused("Set-Mailbox", set("ProhibitSendQuota", json!(true)), "Cannot convert");
        ok("Set-Mailbox", set("LitigationHoldDate", json!("2026-01-01T00:00:00Z")));
        refused("Set-Mailbox", set("LitigationHoldDate", json!("soon")), "Cannot convert");
        ok("Set-Mailbox", set("RetainDeletedItemsFor", json!("30.00:00:00")));
        refused("Set-Mailbox", set("Force", json!("true")), "SwitchParameter");
        refused("Set-Mailbox", set("Force", Value::Null), "SwitchParameter");
    }

    #[test]
    fn multi_valued_properties_take_text_arrays_and_annotated_changes() {
        let set = |value: Value| json!({"Identity": "adele", "EmailAddresses": value});
        ok("Set-Mailbox", set(json!("smtp:a@contoso.example")));
        ok("Set-Mailbox", set(json!(["smtp:a@contoso.example"])));
        ok("Set-Mailbox", set(json!({"@odata.type": "#Exchange.GenericHashTable", "add": "a@contoso.example"})));
        ok(
            "Set-Mailbox",
            set(json!({"@odata.type": "#Exchange.StringFieldDeltaUpdateData", "Remove": ["a@contoso.example"]})),
        );
        ok("Set-Mailbox", set(json!({"@odata.type": "#Exchange.GenericHashTable"})));
        refused("Set-Mailbox", set(json!({"Add": "a@contoso.example"})), "@odata.type");
        refused(
            "Set-Mailbox",
            set(json!({"@odata.type": "#Exchange.GenericHashTable", "Append": "a"})),
            "Cannot convert",
        );
        refused("Set-Mailbox", set(json!({"@odata.type": "#Exchange.GenericHashTable", "Add": [1]})), "Cannot convert");
        refused("Set-Mailbox", set(json!([true])), "Cannot convert");
    }

    #[test]
    fn enumerations_list_their_members() {
        ok("Set-Mailbox", json!({"Identity": "a", "Type": "shared"}));
        refused("Set-Mailbox", json!({"Identity": "a", "Type": "Purple"}), "Equipment, Regular, Room, Shared");
        ok("Get-Mailbox", json!({"RecipientTypeDetails": ["UserMailbox", "SharedMailbox"]}));
        ok("Get-Mailbox", json!({"RecipientTypeDetails": "UserMailbox"}));
        refused("Get-Mailbox", json!({"RecipientTypeDetails": ["UserMailbox", "Purple"]}), "valid enumerator name");
    }

    #[test]
    fn audited_actions_are_an_open_list() {
        let set = |name: &str, value: Value| json!({"Identity": "a", name: value});
        for name in ["AuditAdmin", "AuditDelegate", "AuditOwner"] {
            ok("Set-Mailbox", set(name, json!(["UpdateComplianceTag", "MailItemsAccessed", "HardDelete"])));
            ok("Set-Mailbox", set(name, json!("UpdateComplianceTag,SearchQueryInitiated")));
            let more = json!({"@odata.type": "#Exchange.GenericHashTable", "Add": "ApplyPriorityCleanup"});
            ok("Set-Mailbox", set(name, more));
            refused("Set-Mailbox", set(name, json!("no action")), "valid enumerator name");
        }
    }

    #[test]
    fn unknown_names_and_impossible_sets_are_refused() {
        refused("Get-Mailbox", json!({"Colour": 1}), "Invalid cmdlet parameters specified. Colour");
        refused("Get-Mailbox", json!({"Identity": "a", "Anr": "b"}), "cannot be resolved");
        refused("Set-Mailbox", json!({"DisplayName": "x"}), "missing mandatory parameters: Identity");
        refused("Set-Mailbox", json!({"Identity": ""}), "empty string");
        refused("Set-Mailbox", json!({"Identity": null}), "null");
        refused("Get-Mailbox", json!({"Identity": "a", "identity": "b"}), "more than once");
        refused("Get-OrganizationConfig", json!({"Identity": "a"}), "Identity");
        ok("Get-OrganizationConfig", json!({}));
        ok("Set-OrganizationConfig", json!({"OAuth2ClientProfileEnabled": true}));
        ok("get-mailbox", json!({"identity": "adele"}));
    }

    #[test]
    fn common_parameters_are_tolerated_where_they_belong() {
        ok(
            "Set-Mailbox",
            json!({"Identity": "a", "WhatIf": true, "Confirm": false, "WarningAction": "SilentlyContinue"}),
        );
        refused("Get-Mailbox", json!({"WhatIf": true}), "WhatIf");
        refused("Set-Mailbox", json!({"Identity": "a", "Confirm": "false"}), "SwitchParameter");
        refused("Set-Mailbox", json!({"Identity": "a", "ErrorAction": "Explode"}), "ActionPreference");
    }

    #[test]
    fn secure_strings_are_encrypted() {
        let text = KEYS.encrypt("Pä55".as_bytes());
        ok("Set-Mailbox", json!({"Identity": "a", "Password": ""}));
        ok("Set-Mailbox", json!({"Identity": "a", "Password": text}));
        for bad in ["clear text", "AAAA", &KEYS.encrypt(&[0xff])] {
            refused("Set-Mailbox", json!({"Identity": "a", "Password": bad}), "encrypted");
        }
    }

    #[test]
    fn credentials_are_a_name_and_an_encrypted_password() {
        let credential = |members: Value| json!({"Credential": members});
        let text = KEYS.encrypt("Pä55".as_bytes());
        let kind = "#Exchange.GenericHashTable";
        ok("Get-MailPublicFolder", credential(json!({"@odata.type": kind, "UserName": "a", "Password": text})));
        refused(
            "Get-MailPublicFolder",
            credential(json!({"@odata.type": kind, "UserName": "a", "Password": "clear"})),
            "encrypted",
        );
        refused("Get-MailPublicFolder", credential(json!({"@odata.type": kind, "UserName": "a"})), "PSCredential");
        refused("Get-MailPublicFolder", credential(json!({"UserName": "a", "Password": text})), "@odata.type");
        refused("Get-MailPublicFolder", credential(json!("a")), "PSCredential");
    }

    #[test]
    fn byte_arrays_are_numbers() {
        let call = |data: Value| json!({"FileData": data});
        let cmdlet = Catalog::get()
            .served_cmdlets(Surface::Exchange)
            .into_iter()
            .find(|cmdlet| {
                cmdlet.parameters.iter().any(|p| {
                    p.name == "FileData" && p.type_name == "Byte[]" && p.sets.len() == cmdlet.parameter_sets.len()
                }) && cmdlet.parameters.iter().all(|p| p.name == "FileData" || !p.sets.values().any(|set| set.required))
            })
            .expect("a cmdlet that takes a file");
        ok(&cmdlet.name, call(json!([0, 255])));
        ok(&cmdlet.name, call(json!({"@odata.type": "#Exchange.ByteArrayType", "Data": [1]})));
        refused(&cmdlet.name, call(json!([256])), "System.Byte[]");
        refused(&cmdlet.name, call(json!("AAEC")), "System.Byte[]");
    }
}
