//! Which cmdlets a role group may run.

use crate::directory::accounts::RoleGroup;

/// Nouns of the cmdlets that manage recipients.
const RECIPIENT_NOUNS: [&str; 37] = [
    "AcceptedDomain",
    "AddressBookPolicy",
    "CalendarProcessing",
    "CASMailbox",
    "CASMailboxPlan",
    "Contact",
    "DistributionGroup",
    "DistributionGroupMember",
    "DynamicDistributionGroup",
    "DynamicDistributionGroupMember",
    "Group",
    "InboxRule",
    "Mailbox",
    "MailboxAutoReplyConfiguration",
    "MailboxCalendarConfiguration",
    "MailboxFolderPermission",
    "MailboxFolderStatistics",
    "MailboxJunkEmailConfiguration",
    "MailboxLocation",
    "MailboxMessageConfiguration",
    "MailboxPermission",
    "MailboxPlan",
    "MailboxRegionalConfiguration",
    "MailboxStatistics",
    "MailContact",
    "MailUser",
    "MobileDevice",
    "MobileDeviceStatistics",
    "MessageTraceV2",
    "MoveRequest",
    "OrganizationConfig",
    "Place",
    "Recipient",
    "RecipientPermission",
    "UnifiedGroup",
    "UnifiedGroupLinks",
    "User",
];

/// Whether one of the role groups may run the cmdlet.
#[must_use]
pub fn may_run(role_groups: &[RoleGroup], cmdlet: &str) -> bool {
    role_groups.iter().any(|group| group_may_run(*group, cmdlet))
}

fn group_may_run(group: RoleGroup, cmdlet: &str) -> bool {
    let (verb, noun) = cmdlet.split_once('-').unwrap_or(("", cmdlet));
    let reads = verb.eq_ignore_ascii_case("Get");
    match group {
        RoleGroup::OrganizationManagement => true,
        RoleGroup::ViewOnlyOrganizationManagement => reads,
        RoleGroup::RecipientManagement => {
            let managed = RECIPIENT_NOUNS.iter().any(|known| known.eq_ignore_ascii_case(noun));
            let read_only =
                ["OrganizationConfig", "AcceptedDomain"].iter().any(|known| known.eq_ignore_ascii_case(noun));
            managed && (reads || !read_only)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_groups_differ() {
        use RoleGroup::{OrganizationManagement, RecipientManagement, ViewOnlyOrganizationManagement};
        assert!(group_may_run(OrganizationManagement, "Set-OrganizationConfig"));
        assert!(group_may_run(ViewOnlyOrganizationManagement, "Get-Mailbox"));
        assert!(!group_may_run(ViewOnlyOrganizationManagement, "Set-Mailbox"));
        assert!(group_may_run(RecipientManagement, "Set-Mailbox"));
        assert!(group_may_run(RecipientManagement, "get-organizationconfig"));
        assert!(!group_may_run(RecipientManagement, "Set-OrganizationConfig"));
        assert!(!group_may_run(RecipientManagement, "Get-TransportRule"));
    }
}
