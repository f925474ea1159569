//! Role groups and the management roles that they bring.

use std::sync::OnceLock;

use super::objects::{Class, Entry};
use super::seed::Seed;
use super::value::Value;
use crate::clouds::Surface;

const fn class(
    noun: &'static str,
    directory_class: &'static str,
    table: &'static str,
    first: fn(&'static Class, &Seed) -> Vec<Entry>,
) -> Class {
    Class {
        noun,
        surface: Surface::Exchange,
        shape: None,
        settable_by: &[],
        orders: &[],
        in_directory: true,
        directory_class,
        table,
        identities: &["Name", "Identity", "DistinguishedName", "Guid"],
        first,
        schema: OnceLock::new(),
    }
}

/// A role group. Its members are kept by the principals' identities, which aren't shown.
pub static ROLE_GROUP: Class = class(
    "RoleGroup",
    "Group",
    "
Capabilities L []
Description T
DisplayName T
ExternalDirectoryObjectId T
IsReadOnly B false
LinkedGroup T null
ManagedBy L []
Members L []
RoleAssignments L []
RoleGroupType T Standard
Roles L []
SamAccountName T
",
    |class, seed| {
        ROLE_GROUPS
            .iter()
            .map(|(name, description, roles)| {
                let roles = Value::List(roles.iter().map(|role| (*role).to_owned()).collect());
                let assignments = match &roles {
                    Value::List(roles) => roles.iter().map(|role| format!("{role}-{name}")).collect(),
                    _ => vec![],
                };
                Entry::first(class, seed, name)
                    .with("DisplayName", Value::text(*name))
                    .with("Description", Value::text(*description))
                    .with("Roles", roles)
                    .with("RoleAssignments", Value::List(assignments))
                    .with("ManagedBy", Value::List(vec!["Organization Management".to_owned()]))
                    .with("SamAccountName", Value::text(name.replace(' ', "")))
            })
            .collect()
    },
);

/// A management role.
pub static MANAGEMENT_ROLE: Class = class(
    "ManagementRole",
    "ms-Exch-Role",
    "
Description T
ImplicitConfigReadScope T OrganizationConfig
ImplicitConfigWriteScope T OrganizationConfig
ImplicitRecipientReadScope T Organization
ImplicitRecipientWriteScope T Organization
IsDeprecated B false
IsEndUserRole B false
IsRootRole B true
MailboxPlanIndex T
Parent T null
RoleEntries L []
RoleType T
",
    |class, seed| {
        let mut names: Vec<&str> = ROLE_GROUPS.iter().flat_map(|(.., roles)| roles.iter().copied()).collect();
        names.sort_unstable();
        names.dedup();
        names
            .into_iter()
            .map(|name| {
                Entry::first(class, seed, name)
                    .with("RoleType", Value::text(name.replace([' ', '-', '&'], "")))
                    .with("Description", Value::text(format!("What the role {name} allows")))
            })
            .collect()
    },
);

/// Name, description and roles of the role groups.
pub const ROLE_GROUPS: [(&str, &str, &[&str]); 9] = [
    (
        "Organization Management",
        "Its members may manage everything in the organization",
        &[
            "Audit Logs",
            "Distribution Groups",
            "Federated Sharing",
            "Journaling",
            "Legal Hold",
            "Mail Recipient Creation",
            "Mail Recipients",
            "Mail Tips",
            "Message Tracking",
            "Migration",
            "Move Mailboxes",
            "Organization Client Access",
            "Organization Configuration",
            "Organization Transport Settings",
            "Public Folders",
            "Recipient Policies",
            "Remote and Accepted Domains",
            "Reset Password",
            "Retention Management",
            "Role Management",
            "Security Admin",
            "Transport Hygiene",
            "Transport Rules",
            "User Options",
            "View-Only Audit Logs",
            "View-Only Configuration",
            "View-Only Recipients",
        ],
    ),
    (
        "Recipient Management",
        "Its members may manage recipients",
        &[
            "Distribution Groups",
            "Mail Recipient Creation",
            "Mail Recipients",
            "Message Tracking",
            "Migration",
            "Move Mailboxes",
            "Recipient Policies",
            "Reset Password",
        ],
    ),
    (
        "View-Only Organization Management",
        "Its members may look at everything in the organization",
        &["View-Only Configuration", "View-Only Recipients"],
    ),
    (
        "Compliance Management",
        "Its members may manage the rules that the company has to keep",
        &[
            "Audit Logs",
            "Journaling",
            "Message Tracking",
            "Retention Management",
            "Transport Rules",
            "View-Only Audit Logs",
        ],
    ),
    ("Discovery Management", "Its members may search mailboxes", &["Legal Hold", "Mailbox Search"]),
    (
        "Help Desk",
        "Its members may help people with their mailboxes",
        &["Reset Password", "User Options", "View-Only Recipients"],
    ),
    (
        "Hygiene Management",
        "Its members may manage the protection against spam",
        &["Transport Hygiene", "View-Only Configuration", "View-Only Recipients"],
    ),
    (
        "Records Management",
        "Its members may manage what is kept",
        &["Audit Logs", "Journaling", "Message Tracking", "Retention Management", "Transport Rules"],
    ),
    ("Security Reader", "Its members may look at the protection", &["Security Reader", "View-Only Configuration"]),
];
