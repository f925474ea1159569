//! The mailboxes of Microsoft 365 groups: what a mailbox has, with the names and addresses of the group.

use super::Directory;
use super::mailbox::{Changes, Mailbox, Schema};
use super::others::UNIFIED_GROUP;
use super::seed::{MailboxType, Person};
use super::value::Value;

/// The numbers of groups' mailboxes come after those of all others.
const NUMBERS: u64 = 1 << 40;

impl Directory {
    /// Reads the mailbox of a Microsoft 365 group; `None` if the number isn't one's.
    pub fn with_group_mailbox<R>(&self, number: u64, read: impl FnOnce(&Mailbox<'_>) -> R) -> Option<R> {
        let group = self.others().get(number).filter(|entry| std::ptr::eq(entry.class(), &UNIFIED_GROUP))?;
        let person = Person {
            index: NUMBERS + number,
            // It has what a mailbox without a person has: no archive, no licence and nobody who signs in.
            mailbox_type: MailboxType::Shared,
            alias: group.text("Alias"),
            name: group.text("Name"),
            display_name: group.text("DisplayName"),
            given_name: String::new(),
            family_name: String::new(),
            // No hold or forwarding follows from this number.
            hash: 1,
            ..self.seed.person(0)
        };
        let schema = Schema::get();
        let mut changes = Changes::new();
        for (at, property) in schema.properties.iter().enumerate() {
            if group.has(property.name) {
                changes.insert(at, group.get(property.name));
            }
        }
        let created = group.get("WhenCreatedUTC");
        for (name, value) in [
            ("RecipientType", Value::text("UserMailbox")),
            ("RecipientTypeDetails", Value::text("GroupMailbox")),
            ("IsShared", Value::Bool(false)),
            ("MessageCopyForSentAsEnabled", Value::Bool(false)),
            ("MessageCopyForSendOnBehalfEnabled", Value::Bool(false)),
            ("UserPrincipalName", group.get("PrimarySmtpAddress")),
            ("MicrosoftOnlineServicesID", group.get("PrimarySmtpAddress")),
            ("WindowsLiveID", group.get("PrimarySmtpAddress")),
            ("Office", Value::text("")),
            ("WhenMailboxCreated", created),
        ] {
            let at = schema.position(name).unwrap_or_else(|| unreachable!("{name} is in the schema"));
            changes.insert(at, value);
        }
        Some(read(&Mailbox { seed: &self.seed, person, changes: Some(&changes), user_changes: None }))
    }

    /// Whether a mailbox has been in use: one that was made just now is empty.
    #[must_use]
    pub fn is_in_use(&self, mailbox: &Mailbox<'_>) -> bool {
        let index = mailbox.person.index;
        match index.checked_sub(NUMBERS) {
            None => index < self.seeded(),
            Some(number) => self.others().get(number).is_some_and(|group| group.flag("HasFirstMembers")),
        }
    }
}
