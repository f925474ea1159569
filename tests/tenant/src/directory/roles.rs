//! Role groups and the management roles that they bring.

use super::objects::{Class, Entry, directory_class as class};
use super::seed::Seed;
use super::value::Value;

/// Properties of a role group. Its members are kept by the principals' identities, which aren't shown.
const GROUP_TABLE: &str = "
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
~IsBuiltIn B false
";

/// Properties of a management role.
const ROLE_TABLE: &str = "
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
";

/// Properties of a role assignment.
const ASSIGNMENT_TABLE: &str = "
AssignmentMethod T Direct
CustomRecipientWriteScope T
Delegating B false
RecipientWriteScope T Organization
Role T
RoleAssignee T
RoleAssigneeType T User
";

/// Which recipients somebody with a role may change.
pub static MANAGEMENT_SCOPE: Class = class(
    "ManagementScope",
    &[],
    &["Force", "RecipientRestrictionFilter"],
    "ms-Exch-Scope",
    "
Exclusive B false
RecipientFilter T
RecipientRoot T null
ScopeRestrictionType T RecipientScope
ServerFilter T
",
    |class, seed| {
        vec![
            Entry::first(class, seed, "People of Engineering")
                .with("RecipientFilter", Value::text("Department -eq 'Engineering'")),
        ]
    },
);

/// A role group of Exchange Online.
pub static ROLE_GROUP: Class =
    class("RoleGroup", &[], &[], "Group", GROUP_TABLE, |class, seed| first_groups(class, seed, &ROLE_GROUPS));

/// A role group of the compliance service, which has others.
pub static COMPLIANCE_ROLE_GROUP: Class =
    class("ComplianceRoleGroup", &[], &[], "Group", GROUP_TABLE, |class, seed| {
        first_groups(class, seed, &COMPLIANCE_ROLE_GROUPS)
    })
    .of_compliance();

/// A management role of Exchange Online.
pub static MANAGEMENT_ROLE: Class =
    class("ManagementRole", &[], &[], "ms-Exch-Role", ROLE_TABLE, |class, seed| first_roles(class, seed, &ROLE_GROUPS));

/// A role that somebody has without a role group in between; what role groups have is theirs.
pub static ROLE_ASSIGNMENT: Class =
    class("ManagementRoleAssignment", &[], &[], "ms-Exch-Role-Assignment", ASSIGNMENT_TABLE, |_, _| Vec::new());

/// A management role of the compliance service.
pub static COMPLIANCE_ROLE: Class = class("ComplianceRole", &[], &[], "ms-Exch-Role", ROLE_TABLE, |class, seed| {
    first_roles(class, seed, &COMPLIANCE_ROLE_GROUPS)
})
.of_compliance();

/// Name, description and roles of a role group.
type Group = (&'static str, &'static str, &'static [&'static str]);

fn first_groups(class: &'static Class, seed: &Seed, groups: &[Group]) -> Vec<Entry> {
    let first = |(name, description, roles): &Group| {
        let mut group = Entry::first(class, seed, name)
            .with("DisplayName", Value::text(*name))
            .with("Description", Value::text(*description))
            .with("ManagedBy", Value::List(vec!["Organization Management".to_owned()]))
            .with("IsBuiltIn", Value::Bool(true));
        give_roles(&mut group, roles.iter().map(|role| (*role).to_owned()).collect());
        group
    };
    groups.iter().map(first).collect()
}

/// Gives a role group its roles, and what follows from them and from its name.
pub fn give_roles(group: &mut Entry, roles: Vec<String>) {
    let name = group.text("Name");
    let assignments = roles.iter().map(|role| format!("{role}-{name}")).collect();
    group.set("RoleAssignments", Value::List(assignments));
    group.set("Roles", Value::List(roles));
    group.set("SamAccountName", Value::text(name.replace(' ', "")));
}

fn first_roles(class: &'static Class, seed: &Seed, groups: &[Group]) -> Vec<Entry> {
    let mut names: Vec<&str> = groups.iter().flat_map(|(.., roles)| roles.iter().copied()).collect();
    names.sort_unstable();
    names.dedup();
    let first = |name: &str| {
        Entry::first(class, seed, name)
            .with("RoleType", Value::text(name.replace([' ', '-', '&'], "")))
            .with("Description", Value::text(format!("What the role {name} allows")))
    };
    names.into_iter().map(first).collect()
}

/// The role groups of Exchange Online.
pub const ROLE_GROUPS: [Group; 9] = [
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

/// The role groups of the compliance service.
pub const COMPLIANCE_ROLE_GROUPS: [Group; 6] = [
    (
        "Organization Management",
        "Its members may give permissions and manage everything that is kept",
        &[
            "Audit Logs",
            "Case Management",
            "Compliance Administrator",
            "Compliance Search",
            "Hold",
            "Organization Configuration",
            "Quarantine",
            "Record Management",
            "Retention Management",
            "Role Management",
            "Search And Purge",
            "Security Administrator",
            "Service Assurance View",
            "View-Only Audit Logs",
        ],
    ),
    (
        "Compliance Administrator",
        "Its members may manage what is kept and how it is protected",
        &[
            "Case Management",
            "Compliance Administrator",
            "Compliance Search",
            "Hold",
            "Record Management",
            "Retention Management",
            "View-Only Audit Logs",
        ],
    ),
    (
        "eDiscovery Manager",
        "Its members may search, hold and export",
        &["Case Management", "Compliance Search", "Export", "Hold", "Preview", "Review", "RMS Decrypt"],
    ),
    ("Records Management", "Its members may manage records", &["Record Management", "Retention Management"]),
    ("Reviewer", "Its members may look at the results of cases", &["Review"]),
    ("Security Reader", "Its members may look at the protection", &["Security Reader", "Service Assurance View"]),
];
