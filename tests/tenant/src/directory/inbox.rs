//! The inbox rules of mailboxes.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::Directory;
use super::objects::{Class, Collection, Entry};
use super::seed::{MailboxType, Seed};
use super::value::Value;
use crate::clouds::Surface;

fn none(_: &'static Class, _: &Seed) -> Vec<Entry> {
    Vec::new()
}

/// An inbox rule.
pub static INBOX_RULE: Class = Class {
    noun: "InboxRule",
    surface: Surface::Exchange,
    shape: Some("InboxRule"),
    settable_by: &[],
    orders: &["AlwaysDeleteOutlookRulesBlob", "Force", "FromMessageId", "Mailbox", "ValidateOnly"],
    in_directory: false,
    directory_class: "",
    table: "
ApplyCategory L []
Enabled B true
ErrorType T None
ExceptIfReceivedAfterDate U null
ExceptIfReceivedBeforeDate U null
ExceptIfWithinSizeRangeMaximum T null
ExceptIfWithinSizeRangeMinimum T null
FlaggedForAction T null
IsValid B true
MoveToFolder T null
CopyToFolder T null
ObjectState T Unchanged
Priority I 1
ReceivedAfterDate U null
ReceivedBeforeDate U null
RuleIdentity K 0
StopProcessingRules B true
SupportedByTask B true
WithImportance T null
WithSensitivity T null
WithinSizeRangeMaximum T null
WithinSizeRangeMinimum T null
",
    identities: &["Name", "Identity"],
    first: none,
    schema: OnceLock::new(),
};

impl Directory {
    /// A rule of a mailbox, not yet among its rules.
    #[must_use]
    pub fn new_inbox_rule(&self, index: u64, name: &str, number: u64) -> Entry {
        let owner = self.mailbox(index).text("Identity");
        // Numbers of real rules are larger than a double holds exactly.
        let identity = (self.seed.hash(71, index * 1024 + number) >> 1) | (1 << 62);
        let mut rule = Entry::first(&INBOX_RULE, &self.seed, name);
        rule.set("RuleIdentity", Value::Int(identity as i64));
        rule.set("Identity", Value::text(format!("{owner}\\{identity}")));
        rule.set("MailboxOwnerId", Value::text(owner));
        rule
    }

    fn first_inbox_rules(&self, index: u64) -> Collection {
        let mailbox = self.mailbox(index);
        if mailbox.person.mailbox_type != MailboxType::User || index >= self.seeded() {
            return Collection::default();
        }
        let hash = self.seed.hash(73, index);
        let mut rules = Vec::new();
        if index == 0 || hash.is_multiple_of(3) {
            rules.push(
                self.new_inbox_rule(index, "Newsletters", 0)
                    .with("SubjectContainsWords", Value::List(vec!["newsletter".to_owned(), "digest".to_owned()]))
                    .with("MoveToFolder", Value::text("Archive"))
                    .with("MarkAsRead", Value::Bool(true)),
            );
        }
        if hash.is_multiple_of(7) {
            let address = format!("{}@{}", mailbox.person.alias, self.seed.company.outside_domain());
            rules.push(
                self.new_inbox_rule(index, "Copy home", 1)
                    .with("ForwardTo", Value::List(vec![format!("\"{address}\" [SMTP:{address}]")]))
                    .with("Priority", Value::Int(rules.len() as i64 + 1)),
            );
        }
        Collection::of(rules)
    }

    /// A mailbox's rules.
    #[must_use]
    pub fn inbox_rules(&self, index: u64) -> Cow<'_, Collection> {
        match self.inbox_rules.get(&index) {
            Some(rules) => Cow::Borrowed(rules),
            None => Cow::Owned(self.first_inbox_rules(index)),
        }
    }

    /// A mailbox's rules, to be changed.
    pub fn inbox_rules_mut(&mut self, index: u64) -> &mut Collection {
        let first = self.inbox_rules(index).into_owned();
        self.inbox_rules.entry(index).or_insert(first)
    }
}
