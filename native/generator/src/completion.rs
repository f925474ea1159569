//! What can be offered on Tab for a parameter that names objects of the organisation: its type in the catalog says which.

use crate::catalog::Parameter;

/// What a parameter takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Offer {
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

/// What a parameter of a cmdlet with this noun takes, as far as that can be looked up.
pub(crate) fn offer(noun: &str, parameter: &Parameter) -> Option<Offer> {
    let type_name = parameter.type_name.trim_end_matches("[]");
    let type_name = type_name.rsplit('.').next().unwrap_or(type_name);
    if matches!(type_name, "SmtpAddress" | "ProxyAddressCollection" | "WindowsLiveId") {
        return (type_name == parameter.type_name).then_some(Offer::Address);
    }
    if matches!(parameter.name.as_str(), "RecipientDomainIs" | "ExceptIfRecipientDomainIs") {
        return Some(Offer::Objects(vec!["Get-AcceptedDomain".to_owned()]));
    }
    if type_name == "MultiValuedProperty" && RECIPIENT_LISTS.iter().any(|start| parameter.name.starts_with(start)) {
        return Some(Offer::Objects(vec!["Get-Recipient".to_owned()]));
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
    (!listed.is_empty()).then(|| Offer::Objects(listed.iter().map(|noun| format!("Get-{noun}")).collect()))
}

/// What a parameter of a bulk cmdlet takes. All of them are texts, so the names have to tell.
pub(crate) fn offer_of_bulk(noun: &str, parameter: &Parameter) -> Option<Offer> {
    let listed = match parameter.name.as_str() {
        "Identity" | "PrimarySmtpAddress" if noun.starts_with("EXORecipient") => "Get-Recipient",
        // Devices have no list that could be searched by the beginning of a name.
        "Identity" if noun == "EXOMobileDeviceStatistics" => return None,
        "Identity" | "Mailbox" | "PrimarySmtpAddress" => "Get-Mailbox",
        "Trustee" | "User" => "Get-Recipient",
        "MailboxPlan" => "Get-MailboxPlan",
        _ => return None,
    };
    Some(Offer::Objects(vec![listed.to_owned()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, type_name: &str) -> Parameter {
        Parameter {
            name: name.to_owned(),
            aliases: Vec::new(),
            type_name: type_name.to_owned(),
            accepted_values: Vec::new(),
            bindings: Vec::new(),
        }
    }

    #[test]
    fn names_say_what_bulk_cmdlets_are_offered() {
        let of = |noun: &str, name: &str| offer_of_bulk(noun, &parameter(name, "String"));
        let objects = |cmdlet: &str| Some(Offer::Objects(vec![cmdlet.to_owned()]));
        assert_eq!(of("EXOMailbox", "Identity"), objects("Get-Mailbox"));
        assert_eq!(of("EXORecipientPermission", "Identity"), objects("Get-Recipient"));
        assert_eq!(of("EXOMailboxPermission", "User"), objects("Get-Recipient"));
        assert_eq!(of("EXOMobileDeviceStatistics", "Identity"), None);
        assert_eq!(of("EXOMobileDeviceStatistics", "Mailbox"), objects("Get-Mailbox"));
        assert_eq!(of("EXOMailbox", "Filter"), None);
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
            let expected = Offer::Objects(expected.split(' ').map(str::to_owned).collect());
            assert_eq!(offer(noun, &parameter(name, type_name)), Some(expected), "{noun} {name}");
        }
        assert_eq!(offer("Mailbox", &parameter("EmailAddresses", "ProxyAddressCollection")), Some(Offer::Address));
        for (name, type_name) in
            [("DisplayName", "String"), ("Senders", "SmtpAddress[]"), ("Policy", "PolicyIdParameter")]
        {
            assert_eq!(offer("Anything", &parameter(name, type_name)), None, "{name}");
        }
    }
}
