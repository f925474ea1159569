//! Recipients of any kind under one name, and who belongs to which group.

use super::Directory;
use super::recipient::{mailbox_value, other_value};
use super::seed::MailboxType;
use super::value::Value;

/// How many mailboxes are looked at for the first members of groups: enough for a test, and no more work for a million.
const FIRST_MEMBERS_AMONG: u64 = 120;

/// A recipient: a mailbox or something without one, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecipientId {
    /// A mailbox.
    Mailbox(u64),
    /// A group, contact or mail user.
    Other(u64),
}

/// How somebody belongs to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// As a member.
    Members,
    /// As an owner.
    Owners,
    /// As somebody who gets the group's mail too.
    Subscribers,
}

impl Directory {
    /// The recipients that an identity names.
    #[must_use]
    pub fn recipients(&self, identity: &str) -> Vec<RecipientId> {
        let mut found: Vec<RecipientId> = self.find(identity, false).into_iter().map(RecipientId::Mailbox).collect();
        found.extend(self.others().find(identity).into_iter().map(RecipientId::Other));
        found
    }

    /// The recipient that an identity names.
    ///
    /// # Errors
    ///
    /// How many recipients it names, if not one.
    pub fn recipient(&self, identity: &str) -> Result<RecipientId, usize> {
        match self.recipients(identity)[..] {
            [recipient] => Ok(recipient),
            ref several => Err(several.len()),
        }
    }

    /// Whether the recipient is still there.
    #[must_use]
    pub fn exists(&self, recipient: RecipientId) -> bool {
        match recipient {
            RecipientId::Mailbox(index) => index < self.end() && !self.is_removed(index),
            RecipientId::Other(number) => self.others().get(number).is_some(),
        }
    }

    /// A property of a recipient, as `Get-Recipient` shows it.
    #[must_use]
    pub fn recipient_value(&self, recipient: RecipientId, name: &str) -> Value {
        match recipient {
            RecipientId::Mailbox(index) => mailbox_value(&self.mailbox(index), name),
            RecipientId::Other(number) => {
                self.others().get(number).map_or(Value::Null, |other| other_value(other, name))
            }
        }
    }

    /// A property's text of a recipient; empty if it has none.
    #[must_use]
    pub fn recipient_text(&self, recipient: RecipientId, name: &str) -> String {
        self.recipient_value(recipient, name).into_text()
    }

    /// Who belongs to a group, without those who are gone.
    #[must_use]
    pub fn members(&self, group: u64, kind: LinkKind) -> Vec<RecipientId> {
        let mut members = match self.links.get(&(group, kind)) {
            Some(members) => members.clone(),
            None => self.first_members(group, kind),
        };
        members.retain(|member| self.exists(*member));
        members
    }

    /// Says who belongs to a group from now on.
    pub fn set_members(&mut self, group: u64, kind: LinkKind, members: Vec<RecipientId>) {
        self.links.insert((group, kind), members);
    }

    fn first_members(&self, group: u64, kind: LinkKind) -> Vec<RecipientId> {
        let Some(entry) = self.others().get(group).filter(|entry| entry.flag("HasFirstMembers")) else {
            return Vec::new();
        };
        let details = entry.text("RecipientTypeDetails");
        let persons = || (0..self.seeded().min(FIRST_MEMBERS_AMONG)).map(|index| self.seed.person(index));
        let pick = |wanted: MailboxType, one_in: u64| -> Vec<RecipientId> {
            persons()
                .filter(|person| person.mailbox_type == wanted)
                .filter(|person| person.index == 0 || self.seed.hash(31 + group, person.index).is_multiple_of(one_in))
                .map(|person| RecipientId::Mailbox(person.index))
                .collect()
        };
        match (details.as_str(), kind) {
            ("RoomList", LinkKind::Members) => pick(MailboxType::Room, 1),
            (_, LinkKind::Owners) => vec![RecipientId::Mailbox(0)],
            (_, LinkKind::Subscribers) => pick(MailboxType::User, 9),
            (_, LinkKind::Members) => {
                let mut members = pick(MailboxType::User, if group == 0 { 1 } else { 3 });
                // One group inside another, as every company has it.
                if group == 1 {
                    members.push(RecipientId::Other(2));
                }
                members
            }
        }
    }
}
