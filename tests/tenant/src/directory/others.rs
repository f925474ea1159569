//! Recipients without a mailbox: the kinds of groups, contacts and mail users, and those that a company starts with.

use std::sync::OnceLock;

use super::company::Company;
use super::mailbox::distinguished_name;
use super::objects::{Class, Entry};
use super::seed::Seed;
use super::value::Value;
use crate::clouds::Surface;

const IDENTITIES: &[&str] = &[
    "Name",
    "Alias",
    "DisplayName",
    "DistinguishedName",
    "ExternalDirectoryObjectId",
    "Guid",
    "LegacyExchangeDN",
    "PrimarySmtpAddress",
    "SamAccountName",
    "UserPrincipalName",
    "ExchangeGuid",
];

/// Recipients are kept together, so that no kind has objects of its own to start with.
fn none(_: &'static Class, _: &Seed) -> Vec<Entry> {
    Vec::new()
}

/// Distribution groups, security groups and room lists.
pub static DISTRIBUTION_GROUP: Class = Class {
    noun: "DistributionGroup",
    surface: Surface::Exchange,
    shape: Some("DistributionGroup"),
    settable_by: &[],
    orders: &[
        "BypassSecurityGroupManagerCheck",
        "ForceUpgrade",
        "IgnoreNamingPolicy",
        "ResetMigrationToUnifiedGroup",
        "RoomList",
        "UpdateMemberCount",
    ],
    in_directory: true,
    directory_class: "Group",
    table: "
AddressListMembership L [\\Groups(VLV)|\\All Distribution Lists|\\All Recipients(VLV)|\\All Groups(VLV)|\\Default Global Address List]
EmailAddresses L []
ExternalDirectoryObjectId T
GroupType T Universal
LastExchangeChangedTime O null
LegacyExchangeDN T
MailTip T null
MaxReceiveSize T Unlimited
MaxSendSize T Unlimited
MemberDepartRestriction T Open
MemberJoinRestriction T Closed
OrganizationalUnit T
PoliciesExcluded L [{26491cfc-9e50-4857-861b-0cb8df22b5d7}]
PoliciesIncluded L []
RecipientType T MailUniversalDistributionGroup
RecipientTypeDetails T MailUniversalDistributionGroup
ReportToManagerEnabled B false
ReportToOriginatorEnabled B true
RequireSenderAuthenticationEnabled B true
SamAccountName T
SendModerationNotifications T Always
~HasFirstMembers B false
~Notes T
",
    identities: IDENTITIES,
    first: none,
    schema: OnceLock::new(),
};

/// Microsoft 365 groups.
pub static UNIFIED_GROUP: Class = Class {
    noun: "UnifiedGroup",
    surface: Surface::Exchange,
    shape: Some("UnifiedGroup"),
    settable_by: &[],
    orders: &["ForceUpgrade", "ExecutingUser", "ExoErrorAsWarning", "SuppressWarmupMessage"],
    in_directory: true,
    directory_class: "Group",
    table: "
AcceptMessagesOnlyFrom L []
AcceptMessagesOnlyFromDLMembers L []
AccessType T Public
AddressListMembership L [\\Groups(VLV)|\\All Recipients(VLV)|\\All Groups(VLV)|\\GroupMailboxes(VLV)|\\Default Global Address List]
AuditLogAgeLimit T 90.00:00:00
AutoSubscribeNewMembers B false
CalendarUrl T null
Classification T null
ConnectorsEnabled B true
DataEncryptionPolicy T null
EmailAddresses L []
ExchangeGuid G
ExpirationTime O null
GroupExternalMemberCount I 0
GroupMemberCount I 0
GroupSKU T Basic
GroupType T Universal
InformationBarrierMode T null
IsMemberAllowedToEditContent B true
Language T en-US
LastExchangeChangedTime O null
LegacyExchangeDN T
MailTip T null
MailboxRegion T null
ManagedBy L []
MaxReceiveSize T Unlimited
MaxSendSize T Unlimited
PoliciesExcluded L [{26491cfc-9e50-4857-861b-0cb8df22b5d7}]
PoliciesIncluded L []
RecipientType T MailUniversalDistributionGroup
RecipientTypeDetails T GroupMailbox
RejectMessagesFrom L []
RejectMessagesFromDLMembers L []
ReportToManagerEnabled B false
ReportToOriginatorEnabled B true
RequireSenderAuthenticationEnabled B true
ResourceProvisioningOptions L []
SensitivityLabel G null
SensitivityLabelId G null
SharePointDocumentsUrl T null
SharePointNotebookUrl T null
SharePointSiteUrl T null
SubscriptionEnabled B true
UnifiedGroupWelcomeMessageEnabled B true
WhenSoftDeleted O null
~HasFirstMembers B false
",
    identities: IDENTITIES,
    first: none,
    schema: OnceLock::new(),
};

/// Groups whose members are those whom a filter finds.
pub static DYNAMIC_GROUP: Class = Class {
    noun: "DynamicDistributionGroup",
    surface: Surface::Exchange,
    shape: None,
    settable_by: &["Set-DynamicDistributionGroup"],
    orders: &["ForceMembershipRefresh", "ForceUpgrade", "UpdateMemberCount"],
    in_directory: true,
    directory_class: "ms-Exch-Dynamic-Distribution-List",
    table: "
AddressListMembership L [\\Groups(VLV)|\\All Distribution Lists|\\All Recipients(VLV)|\\All Groups(VLV)|\\Default Global Address List]
ExternalDirectoryObjectId T
EmailAddresses L []
IncludedRecipients T null
LastExchangeChangedTime O null
LdapRecipientFilter T
LegacyExchangeDN T
MailTip T null
ManagedBy T null
MaxReceiveSize T Unlimited
MaxSendSize T Unlimited
OrganizationalUnit T
PoliciesExcluded L [{26491cfc-9e50-4857-861b-0cb8df22b5d7}]
PoliciesIncluded L []
RecipientContainer T
RecipientFilterApplied B false
RecipientFilterType T
RecipientType T DynamicDistributionGroup
RecipientTypeDetails T DynamicDistributionGroup
ReportToManagerEnabled B false
ReportToOriginatorEnabled B true
RequireSenderAuthenticationEnabled B true
SendModerationNotifications T Always
",
    identities: IDENTITIES,
    first: none,
    schema: OnceLock::new(),
};

/// People outside with an address in the company's address book.
pub static MAIL_CONTACT: Class = Class {
    noun: "MailContact",
    surface: Surface::Exchange,
    shape: None,
    settable_by: &["Set-MailContact"],
    orders: &["ForceUpgrade"],
    in_directory: true,
    directory_class: "Person",
    table: "
AddressListMembership L [\\Contacts(VLV)|\\All Contacts|\\All Recipients(VLV)|\\Default Global Address List]
ExternalDirectoryObjectId T
HasPicture B false
HasSpokenName B false
IsDirSynced B false
LastExchangeChangedTime O null
LegacyExchangeDN T
MacAttachmentFormat T BinHex
MailTip T null
MaxReceiveSize T Unlimited
MaxRecipientPerMessage T Unlimited
MaxSendSize T Unlimited
MessageBodyFormat T TextAndHtml
MessageFormat T Mime
OrganizationalUnit T
PoliciesExcluded L [{26491cfc-9e50-4857-861b-0cb8df22b5d7}]
PoliciesIncluded L []
PrimarySmtpAddress T
RecipientType T MailContact
RecipientTypeDetails T MailContact
SendModerationNotifications T Always
UseMapiRichTextFormat T UseDefaultSettings
~FirstName T
~Initials T
~LastName T
",
    identities: IDENTITIES,
    first: none,
    schema: OnceLock::new(),
};

/// People with an account here and their mail elsewhere, guests among them.
pub static MAIL_USER: Class = Class {
    noun: "MailUser",
    surface: Surface::Exchange,
    shape: None,
    settable_by: &["Set-MailUser"],
    orders: &[
        "EnableLitigationHoldForMigration",
        "ExcludeFromAllHolds",
        "ExcludeFromAllOrgHolds",
        "ExcludeFromOrgHolds",
        "FederatedIdentity",
        "ForceUpgrade",
        "HVEAccount",
        "Password",
        "RecalculateInactiveMailUser",
        "RemoveComplianceTagHoldApplied",
        "RemoveDelayHoldApplied",
        "RemoveDelayReleaseHoldApplied",
        "RemoveDisabledArchive",
        "RemoveLitigationHoldEnabled",
        "RemoveMailboxProvisioningConstraint",
        "RemoveOrphanedHolds",
        "UnblockForwardSyncPostCrossTenantMigration",
    ],
    in_directory: true,
    directory_class: "Person",
    table: "
AccountDisabled B false
AddressListMembership L [\\All Users|\\All Recipients(VLV)|\\Default Global Address List]
ArchiveStatus T None
ExternalDirectoryObjectId T
HasPicture B false
IsDirSynced B false
IsSoftDeletedByDisable B false
IsSoftDeletedByRemove B false
LastExchangeChangedTime O null
LegacyExchangeDN T
LitigationHoldEnabled B false
MacAttachmentFormat T BinHex
MailTip T null
MaxReceiveSize T Unlimited
MaxSendSize T Unlimited
MessageBodyFormat T TextAndHtml
MessageFormat T Mime
OrganizationalUnit T
PersistedCapabilities L []
PoliciesExcluded L [{26491cfc-9e50-4857-861b-0cb8df22b5d7}]
PoliciesIncluded L []
RecipientLimits T Unlimited
RecipientType T MailUser
RecipientTypeDetails T MailUser
SamAccountName T
SendModerationNotifications T Always
SKUAssigned B null
UsageLocation T null
UseMapiRichTextFormat T UseDefaultSettings
UserPrincipalName T
WhenMailboxCreated O null
WhenSoftDeleted O null
WindowsLiveID T
~FirstName T
~Initials T
~LastName T
",
    identities: IDENTITIES,
    first: none,
    schema: OnceLock::new(),
};

/// What a new recipient is called.
pub struct Naming<'a> {
    /// The unique name.
    pub name: &'a str,
    /// The name shown.
    pub display_name: &'a str,
    /// The alias.
    pub alias: &'a str,
    /// The primary address.
    pub primary: &'a str,
    /// The proxy addresses.
    pub addresses: Vec<String>,
    /// The Entra object.
    pub entra: &'a str,
}

/// Gives a recipient what all recipients have.
pub fn dress(entry: &mut Entry, company: &Company, naming: &Naming<'_>) {
    entry.set("DistinguishedName", Value::text(distinguished_name(company, naming.name)));
    let guid = entry.text("Guid");
    for (property, text) in [
        ("Alias", naming.alias),
        ("DisplayName", naming.display_name),
        ("PrimarySmtpAddress", naming.primary),
        ("WindowsEmailAddress", naming.primary),
        ("ExternalDirectoryObjectId", naming.entra),
        ("OrganizationalUnit", &company.unit()),
        ("RecipientContainer", &company.unit()),
    ] {
        entry.set(property, Value::text(text));
    }
    entry.set("EmailAddresses", Value::List(naming.addresses.clone()));
    entry.set("SamAccountName", Value::text(format!("${}", guid.replace('-', "").to_uppercase())));
    entry.set(
        "LegacyExchangeDN",
        Value::Text(format!(
            "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={}-{}",
            guid.replace('-', ""),
            naming.alias
        )),
    );
}

/// The company's first groups, contacts and mail users.
#[must_use]
pub fn first_recipients(seed: &Seed) -> Vec<Entry> {
    let list: [(&'static Class, &str, &str, &str); 12] = [
        (&DISTRIBUTION_GROUP, "All Company", "allcompany", "MailUniversalDistributionGroup"),
        (&DISTRIBUTION_GROUP, "Sales Team", "salesteam", "MailUniversalDistributionGroup"),
        (&DISTRIBUTION_GROUP, "Équipe Paris", "equipe.paris", "MailUniversalDistributionGroup"),
        (&DISTRIBUTION_GROUP, "Finance Approvers", "finance.approvers", "MailUniversalSecurityGroup"),
        (&DISTRIBUTION_GROUP, "Exchange Admins", "exchange.admins", "MailUniversalSecurityGroup"),
        (&UNIFIED_GROUP, "Project Aurora", "project.aurora", "GroupMailbox"),
        (&DYNAMIC_GROUP, "Everyone in Engineering", "everyone.engineering", "DynamicDistributionGroup"),
        (&DISTRIBUTION_GROUP, "Headquarters Rooms", "headquarters.rooms", "RoomList"),
        (&MAIL_CONTACT, "Fabrikam Orders", "fabrikam.orders", "MailContact"),
        (&MAIL_CONTACT, "Tailspin Press Office", "tailspin.press", "MailContact"),
        (&MAIL_CONTACT, "Margie's Travel", "margies.travel", "MailContact"),
        (&MAIL_USER, "Guest of Fabrikam", "guest.fabrikam", "GuestMailUser"),
    ];
    let Company { initial_domain, vanity_domain, .. } = *seed.company;
    let outside_domain = seed.company.outside_domain();
    list.into_iter()
        .map(|(class, name, alias, details)| {
            let outside = matches!(class.noun, "MailContact" | "MailUser");
            let primary = format!("{alias}@{}", if outside { outside_domain } else { vanity_domain });
            let mut addresses = vec![format!("SMTP:{primary}")];
            if !outside {
                addresses.push(format!("smtp:{alias}@{initial_domain}"));
            }
            let mut entry = Entry::first(class, seed, name);
            let entra = seed.named_guid(&format!("entra {alias}"));
            dress(
                &mut entry,
                seed.company,
                &Naming { name, display_name: name, alias, primary: &primary, addresses, entra: &entra },
            );
            entry.set("RecipientTypeDetails", Value::text(details));
            entry.set("HasFirstMembers", Value::Bool(true));
            finish_first(&mut entry, seed, details, &primary);
            entry
        })
        .collect()
}

fn finish_first(entry: &mut Entry, seed: &Seed, details: &str, primary: &str) {
    let owner = seed.person(0).name;
    match details {
        "MailUniversalSecurityGroup" => {
            entry.set("RecipientType", Value::text(details));
            entry.set("GroupType", Value::text("Universal, SecurityEnabled"));
            entry.set("MemberDepartRestriction", Value::text("Closed"));
            entry.set("ManagedBy", Value::List(vec![owner]));
        }
        "GroupMailbox" => {
            entry.set("AccessType", Value::text("Private"));
            entry.set("Notes", Value::text("Plans and papers of the project Aurora"));
            add_site(entry, seed);
        }
        "DynamicDistributionGroup" => {
            entry.set("ManagedBy", Value::Text(owner));
            entry.set("IncludedRecipients", Value::text("MailboxUsers"));
            entry.set("ConditionalDepartment", Value::List(vec!["Engineering".to_owned()]));
            entry.set("RecipientFilterType", Value::text("Precanned"));
            entry.set(
                "RecipientFilter",
                Value::text("((RecipientType -eq 'UserMailbox') -and (Department -eq 'Engineering'))"),
            );
        }
        "MailContact" | "GuestMailUser" => {
            entry.set("ExternalEmailAddress", Value::Text(format!("SMTP:{primary}")));
            entry.set("HiddenFromAddressListsEnabled", Value::Bool(details == "GuestMailUser"));
            let login = format!("{}#EXT#@{}", primary.replace('@', "_"), seed.company.initial_domain);
            for property in ["UserPrincipalName", "WindowsLiveID", "MicrosoftOnlineServicesID"] {
                entry.set(property, Value::text(&login));
            }
        }
        _ => entry.set("ManagedBy", Value::List(vec![owner])),
    }
}

/// Gives a Microsoft 365 group its site and its mailbox.
pub fn add_site(entry: &mut Entry, seed: &Seed) {
    let tenant = seed.company.initial_domain.split('.').next().unwrap_or("");
    let site = format!("https://{tenant}.sharepoint.com/sites/{}", entry.text("Alias"));
    entry.set("SharePointDocumentsUrl", Value::Text(format!("{site}/Shared Documents")));
    entry.set("SharePointNotebookUrl", Value::Null);
    entry.set("SharePointSiteUrl", Value::Text(site));
    entry.set("ExchangeGuid", Value::Text(seed.named_guid(&format!("group mailbox {}", entry.text("Guid")))));
}
