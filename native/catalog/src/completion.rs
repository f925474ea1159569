//! What can be offered on Tab for a parameter: the values that the pages name, or objects of the organisation, whose kind its type in the
//! catalog says.

use crate::Parameter;

/// What a parameter takes.
#[derive(Debug, PartialEq, Eq)]
pub enum Completion {
    /// One of these values, and others that the pages may not name.
    Values(Vec<String>),
    /// Objects that the first of these cmdlets lists that there is.
    Objects(Vec<String>),
    /// An address in a domain of the organisation.
    Address,
}

/// How the names of parameters begin that take a list of recipients; their type says only that it is a list.
const RECIPIENT_LISTS: [&str; 6] = [
    "AcceptMessagesOnlyFrom",
    "BypassModerationFrom",
    "GrantSendOnBehalfTo",
    "ManagedBy",
    "ModeratedBy",
    "RejectMessagesFrom",
];

/// What a parameter of a cmdlet with this noun takes, as far as that is known or can be looked up.
pub fn completion(noun: &str, parameter: &Parameter) -> Option<Completion> {
    if !parameter.accepted_values.is_empty() {
        return Some(Completion::Values(parameter.accepted_values.clone()));
    }
    let type_name = parameter.type_name.trim_end_matches("[]");
    let type_name = type_name.rsplit('.').next().unwrap_or(type_name);
    if matches!(type_name, "SmtpAddress" | "ProxyAddressCollection" | "WindowsLiveId") {
        return (type_name == parameter.type_name).then_some(Completion::Address);
    }
    if matches!(parameter.name.as_str(), "RecipientDomainIs" | "ExceptIfRecipientDomainIs") {
        return Some(Completion::Objects(vec!["Get-AcceptedDomain".to_owned()]));
    }
    if type_name == "MultiValuedProperty" && RECIPIENT_LISTS.iter().any(|start| parameter.name.starts_with(start)) {
        return Some(Completion::Objects(vec!["Get-Recipient".to_owned()]));
    }
    let kind = type_name.strip_suffix("IdParameter")?;
    let listed = match kind {
        "Mailbox"
        | "GeneralMailbox"
        | "GeneralMailboxOrMailUser"
        | "MailboxOrMailUser"
        | "MailboxLocation"
        | "MailboxFolder"
        | "MailboxUserConfiguration"
        | "UnifiedGroupOrUserMailbox" => "Mailbox",
        "Recipient"
        | "GeneralRecipient"
        | "DeliveryRecipient"
        | "RecipientWithAdUserGroup"
        | "SecurityPrincipal"
        | "ExtendedSecurityPrincipal"
        | "MailboxFolderUser"
        | "PublicFolderUser"
        | "UserContact"
        | "RoleAssignee"
        | "LogonableObject" => "Recipient",
        // The groups whose members are meant.
        "DistributionGroupMember" => "DistributionGroup",
        "DynamicGroup" | "DynamicDistributionGroupMember" => "DynamicDistributionGroup",
        "RoleGroupMember" => "RoleGroup",
        // Types that several kinds of object share; on an identity the noun tells them apart.
        "Policy" | "Rule" | "ComplianceRule" | "MailboxPolicy" => "",
        other => other,
    };
    let mut listed = vec![listed];
    if parameter.name == "Identity" {
        listed.push(noun);
    }
    listed.retain(|noun| !noun.is_empty());
    listed.dedup();
    (!listed.is_empty()).then(|| Completion::Objects(listed.iter().map(|noun| format!("Get-{noun}")).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, type_name: &str) -> Parameter {
        Parameter { name: name.to_owned(), type_name: type_name.to_owned(), ..Parameter::default() }
    }

    #[test]
    fn the_type_says_what_is_offered() {
        for (noun, name, type_name, expected) in [
            ("Mailbox", "Identity", "MailboxIdParameter", "Get-Mailbox"),
            (
                "MailboxStatistics",
                "Identity",
                "GeneralMailboxOrMailUserIdParameter",
                "Get-Mailbox Get-MailboxStatistics",
            ),
            ("InboxRule", "Mailbox", "MailboxIdParameter", "Get-Mailbox"),
            ("TransportRule", "SentTo", "RecipientIdParameter[]", "Get-Recipient"),
            ("MailboxPermission", "User", "SecurityPrincipalIdParameter", "Get-Recipient"),
            ("UnifiedGroupLinks", "Identity", "UnifiedGroupIdParameter", "Get-UnifiedGroup Get-UnifiedGroupLinks"),
            ("HostedContentFilterRule", "Identity", "RuleIdParameter", "Get-HostedContentFilterRule"),
            ("SafeLinksRule", "SafeLinksPolicy", "SafeLinksPolicyIdParameter", "Get-SafeLinksPolicy"),
            ("Mailbox", "RejectMessagesFromDLMembers", "MultiValuedProperty", "Get-Recipient"),
            ("TransportRule", "RecipientDomainIs", "Word[]", "Get-AcceptedDomain"),
        ] {
            let expected = Completion::Objects(expected.split(' ').map(str::to_owned).collect());
            assert_eq!(completion(noun, &parameter(name, type_name)), Some(expected), "{noun} {name}");
        }
        assert_eq!(
            completion("Mailbox", &parameter("EmailAddresses", "ProxyAddressCollection")),
            Some(Completion::Address)
        );
        let with_values =
            Parameter { accepted_values: vec!["A".to_owned()], ..parameter("Identity", "MailboxIdParameter") };
        assert_eq!(
            completion("Mailbox", &with_values),
            Some(Completion::Values(vec!["A".to_owned()])),
            "they come first"
        );
        for (name, type_name) in
            [("DisplayName", "String"), ("Senders", "SmtpAddress[]"), ("Policy", "PolicyIdParameter")]
        {
            assert_eq!(completion("Anything", &parameter(name, type_name)), None, "{name}");
        }
    }
}
