//! What can be offered on Tab for a parameter of a bulk cmdlet. All of them are texts, so the names have to tell.

use exo_catalog::{Completion, Parameter};

/// What a parameter of a bulk cmdlet with this noun takes.
pub(crate) fn completion(noun: &str, parameter: &Parameter) -> Option<Completion> {
    if !parameter.accepted_values.is_empty() {
        return Some(Completion::Values(parameter.accepted_values.clone()));
    }
    let listed = match parameter.name.as_str() {
        "Identity" | "PrimarySmtpAddress" if noun.starts_with("EXORecipient") => "Get-Recipient",
        // Devices have no list that could be searched by the beginning of a name.
        "Identity" if noun == "EXOMobileDeviceStatistics" => return None,
        "Identity" | "Mailbox" | "PrimarySmtpAddress" => "Get-Mailbox",
        "Trustee" | "User" => "Get-Recipient",
        "MailboxPlan" => "Get-MailboxPlan",
        _ => return None,
    };
    Some(Completion::Objects(vec![listed.to_owned()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_bulk_cmdlets_are_offered() {
        let of = |noun: &str, name: &str| {
            let parameter = Parameter { name: name.to_owned(), type_name: "String".to_owned(), ..Parameter::default() };
            completion(noun, &parameter)
        };
        let objects = |cmdlet: &str| Some(Completion::Objects(vec![cmdlet.to_owned()]));
        assert_eq!(of("EXOMailbox", "Identity"), objects("Get-Mailbox"));
        assert_eq!(of("EXORecipientPermission", "Identity"), objects("Get-Recipient"));
        assert_eq!(of("EXOMailboxPermission", "User"), objects("Get-Recipient"));
        assert_eq!(of("EXOMobileDeviceStatistics", "Identity"), None);
        assert_eq!(of("EXOMobileDeviceStatistics", "Mailbox"), objects("Get-Mailbox"));
        assert_eq!(of("EXOMailbox", "Filter"), None);
    }
}
