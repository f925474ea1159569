//! What a filter sees of a recipient. A few names exist only in filters, and links are compared as distinguished names.

use super::company::Company;
use super::mailbox::{Mailbox, distinguished_name};
use super::recipient::{OtherRecipient, mailbox_value};
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

impl Subject for OtherRecipient {
    fn filter_value(&self, property: &str) -> Value {
        match property {
            "DistinguishedName" | "Id" => self.get("DistinguishedName"),
            "ExchangeVersion" => Value::Int(EXCHANGE_VERSION),
            _ => link(self.company, property, self.get(property)),
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
