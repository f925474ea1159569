//! What a filter sees of a recipient. A few names exist only in filters, and links are compared as distinguished names.

use super::Directory;
use super::company::Company;
use super::links::LinkKind;
use super::mailbox::{Mailbox, distinguished_name};
use super::objects::Entry;
use super::recipient::{mailbox_value, other_value};
use super::seed::FOREST_SUFFIX;
use super::value::Value;
use crate::opath::Subject;

/// The stored number of object version 0.20 (15.0.0.0), which is what a filter compares.
const EXCHANGE_VERSION: i64 = 44_220_983_382_016;

/// Links to recipients: stored as distinguished names, shown as names.
const RECIPIENT_LINKS: [&str; 11] = [
    "AcceptMessagesOnlyFrom",
    "AcceptMessagesOnlyFromDLMembers",
    "ArbitrationMailbox",
    "DefaultPublicFolderMailbox",
    "ForwardingAddress",
    "GrantSendOnBehalfTo",
    "ManagedBy",
    "Manager",
    "ModeratedBy",
    "RejectMessagesFrom",
    "RejectMessagesFromDLMembers",
];
/// Links to configuration objects.
const CONFIGURATION_LINKS: [&str; 13] = [
    "ActiveSyncMailboxPolicy",
    "AddressBookPolicy",
    "AddressListMembership",
    "ArchiveDatabase",
    "Database",
    "ManagedFolderMailboxPolicy",
    "MailboxPlan",
    "OfflineAddressBook",
    "OWAMailboxPolicy",
    "RetentionPolicy",
    "RoleAssignmentPolicy",
    "SharingPolicy",
    "ThrottlingPolicy",
];

/// A mailbox as a filter sees it, with the coarse properties of `Get-Recipient` or without.
pub struct MailboxSubject<'a> {
    /// The mailbox.
    pub mailbox: &'a Mailbox<'a>,
    /// Whether the recipient object's own properties count.
    pub as_recipient: bool,
}

impl Subject for MailboxSubject<'_> {
    fn filter_value(&self, property: &str) -> Value {
        let mailbox = self.mailbox;
        match property {
            "DistinguishedName" | "Id" => mailbox.get("DistinguishedName"),
            "ExchangeVersion" => Value::Int(EXCHANGE_VERSION),
            "LanguagesRaw" => Value::Text(mailbox.list("Languages").join(",")),
            "RequireAllSendersAreAuthenticated" => mailbox.get("RequireSenderAuthenticationEnabled"),
            "DeletedItemFlags" => Value::text("DatabaseDefault"),
            "IsDirSynced" => Value::Bool(false),
            "MasterAccountSid" if !mailbox.text("LinkedMasterAccount").is_empty() => Value::text("S-1-5-10"),
            _ => link(
                mailbox.seed.company,
                property,
                if self.as_recipient { mailbox_value(mailbox, property) } else { mailbox.get(property) },
            ),
        }
    }
}

/// A recipient without a mailbox as a filter sees it.
pub struct OtherSubject<'a> {
    /// The directory that has it.
    pub directory: &'a Directory,
    /// Its number.
    pub number: u64,
    /// The recipient.
    pub other: &'a Entry,
    /// Whether the recipient object's own properties count.
    pub as_recipient: bool,
}

impl Subject for OtherSubject<'_> {
    fn filter_value(&self, property: &str) -> Value {
        let other = self.other;
        let directory = self.directory;
        match property {
            "DistinguishedName" | "Id" => other.get("DistinguishedName"),
            "ExchangeVersion" => Value::Int(EXCHANGE_VERSION),
            "IsDirSynced" => Value::Bool(false),
            "Members" => Value::List(
                directory
                    .members(self.number, LinkKind::Members)
                    .into_iter()
                    .map(|member| directory.recipient_text(member, "DistinguishedName"))
                    .collect(),
            ),
            "GroupMemberCount" => Value::Int(directory.members(self.number, LinkKind::Members).len() as i64),
            _ if self.as_recipient => link(directory.seed.company, property, other_value(other, property)),
            _ => link(directory.seed.company, property, other.get(property)),
        }
    }
}

fn link(company: &Company, property: &str, value: Value) -> Value {
    let stored = |text: &str| {
        if RECIPIENT_LINKS.contains(&property) {
            distinguished_name(company, text)
        } else {
            format!(
                "CN={},CN=Configuration,CN={},CN=ConfigurationUnits,{FOREST_SUFFIX}",
                text.trim_start_matches('\\'),
                company.initial_domain
            )
        }
    };
    if !RECIPIENT_LINKS.contains(&property) && !CONFIGURATION_LINKS.contains(&property) {
        return value;
    }
    match value {
        Value::Text(text) if !text.is_empty() => Value::Text(stored(&text)),
        Value::List(items) => Value::List(items.iter().map(|item| stored(item)).collect()),
        other => other,
    }
}
