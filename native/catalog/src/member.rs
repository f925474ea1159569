//! What a parameter is in C#: the type and the attributes of its member.

use serde::Serialize;

use crate::{Completion, Parameter};

/// Members of `PSCmdlet` that a parameter may be called like; hiding them is then meant.
const INHERITED: [&str; 18] = [
    "CommandOrigin",
    "CommandRuntime",
    "CommonParameters",
    "CurrentPSTransaction",
    "Events",
    "Host",
    "InvokeCommand",
    "InvokeProvider",
    "JobManager",
    "JobRepository",
    "MyInvocation",
    "OptionalCommonParameters",
    "PagingParameters",
    "ParameterSetName",
    "SessionState",
    "ShouldContinue",
    "ShouldProcess",
    "Stopping",
];

/// Whether a parameter is called like a member of `PSCmdlet`. The engine looks for a property first, ignoring case, and would find that
/// one, which it can't set.
pub fn hides_member(parameter: &str) -> bool {
    INHERITED.iter().any(|member| member.eq_ignore_ascii_case(parameter))
}

/// An attribute of a parameter's member beside those that bind it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Attribute {
    /// Its name in C#, as seen from the namespace of the module.
    pub name: &'static str,
    /// What it is told.
    pub texts: Vec<String>,
}

/// The attributes of a parameter: its other names, what is to happen to its value on the way, and what is offered on Tab.
pub fn attributes(parameter: &Parameter, completion: Option<Completion>) -> Vec<Attribute> {
    let type_name = &parameter.type_name;
    let plain = |name, is_so: bool| is_so.then(|| Attribute { name, texts: Vec::new() });
    let told = |name, texts: Vec<String>| (!texts.is_empty()).then_some(Attribute { name, texts });
    [
        told("Alias", parameter.aliases.clone()),
        plain("ValidateResultSize", is_paging(parameter)),
        plain("SendsNumbers", sends_numbers(type_name)),
        plain("BooleanValue", csharp_type(type_name) == "bool?"),
        plain("UtcDate", parameter.is_utc),
        plain("FlagList", takes_flags(type_name)),
        completion.and_then(|completion| match completion {
            Completion::Values(values) => told("AcceptedValues", values),
            Completion::Objects(cmdlets) => told("Completion.TenantObjects", cmdlets),
            Completion::Address => plain("Completion.TenantAddress", true),
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// `-ResultSize` of the kind that takes `Unlimited` is about paging, which the core does; the few whole-number ones are
/// limits of the service's own.
pub fn is_paging(parameter: &Parameter) -> bool {
    parameter.name == "ResultSize" && short_name(&parameter.type_name).starts_with("Unlimited")
}

/// Whether numbers of a parameter that is an `object` here stay numbers on the wire. Elsewhere the service reads text: a mailbox can have
/// the alias 12345.
fn sends_numbers(type_name: &str) -> bool {
    const TYPES: [&str; 8] =
        ["ByteQuantifiedSize", "Decimal", "Double", "Hashtable", "Object", "PSObject", "PswsHashtable", "Single"];
    let name = short_name(type_name);
    TYPES.contains(&name.strip_suffix("[]").unwrap_or(name)) || name.starts_with("Unlimited")
}

/// Whether the service's type is an enumeration whose members can be put together, so that a list of them is one value. The catalog does not
/// tell such enumerations from others. The names of some do, and of two more the online reference says that several values may be given,
/// separated by commas, where it has a type that is no list. Of others that have accepted values it does not say so: they may be plain, or
/// really lists, and what is given to them is sent as it is.
fn takes_flags(type_name: &str) -> bool {
    let name = short_name(type_name);
    name.ends_with("Flags") || matches!(name, "DaysOfWeek" | "WellKnownRecipientType")
}

/// The C# type of a parameter. An identity is never text alone: a piped object has to arrive whole, so that its most exact id can be used.
pub fn parameter_type(parameter: &Parameter) -> &'static str {
    match csharp_type(&parameter.type_name) {
        "string" if parameter.name == "Identity" => "object",
        "string[]" if parameter.name == "Identity" => "object[]",
        other => other,
    }
}

/// The C# type for a type of the catalog.
///
/// Simple values have their own types, so that PowerShell converts and complains as it does everywhere. They are nullable
/// because `$null` clears a setting of the service and must get there. Everything else (identities, multi-valued
/// properties, enumerations, sizes) is `object`: the service knows its types better than any list of ours, and an object
/// from another cmdlet arrives whole, so that its most exact identity can be used.
fn csharp_type(type_name: &str) -> &'static str {
    match short_name(type_name) {
        "SwitchParameter" => "SwitchParameter",
        "Boolean" | "Bool" => "bool?",
        "Int16" => "short?",
        "Int32" => "int?",
        "Int64" => "long?",
        "UInt16" => "ushort?",
        "UInt32" => "uint?",
        "UInt64" => "ulong?",
        "DateTime" | "ExDateTime" => "System.DateTime?",
        "Guid" => "System.Guid?",
        "String" => "string",
        "String[]" => "string[]",
        "Byte[]" => "byte[]",
        "PSCredential" => "PSCredential",
        "SecureString" => "System.Security.SecureString",
        name if name.ends_with("[]") => "object[]",
        _ => "object",
    }
}

/// `System.Boolean` → `Boolean`; generic arguments stay where they are.
fn short_name(type_name: &str) -> &str {
    let head = type_name.split(['`', '<']).next().unwrap_or(type_name);
    let start = head.rfind('.').map_or(0, |dot| dot + 1);
    &type_name[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_types_are_nullable_and_the_rest_is_left_to_the_service() {
        for (catalog, expected) in [
            ("SwitchParameter", "SwitchParameter"),
            ("System.Boolean", "bool?"),
            ("Int32", "int?"),
            ("System.DateTime", "System.DateTime?"),
            ("String[]", "string[]"),
            ("RecipientIdParameter[]", "object[]"),
            ("MailboxIdParameter", "object"),
            ("Unlimited", "object"),
            ("Microsoft.Exchange.Management.RestApiClient.Unlimited`1[System.UInt32]", "object"),
        ] {
            assert_eq!(csharp_type(catalog), expected, "{catalog}");
        }
    }

    #[test]
    fn enumerations_that_can_be_put_together_are_known_by_name() {
        for (catalog, expected) in [
            ("MailboxFolderPermissionFlags", true),
            ("Microsoft.Exchange.Data.MailboxWorkloadFlags", true),
            ("WellKnownRecipientType", true),
            ("MailboxRights[]", false),
            ("RetentionAction", false),
            ("MultiValuedProperty", false),
        ] {
            assert_eq!(takes_flags(catalog), expected, "{catalog}");
        }
    }
}
