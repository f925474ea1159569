//! Permissions on mailboxes, recipients and folders. Those that a tenant starts with follow from the seed; what is
//! changed is kept.

use std::collections::HashMap;

use super::Directory;
use super::links::RecipientId;
use super::seed::MailboxType;

/// The owner of a mailbox, as permissions name it.
pub const SELF: &str = "NT AUTHORITY\\SELF";

/// What somebody may do with a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Who.
    pub user: String,
    /// What.
    pub rights: Vec<String>,
    /// Whether it is denied.
    pub deny: bool,
    /// How it is inherited.
    pub inheritance: String,
}

/// What somebody may do in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderPermission {
    /// Who.
    pub user: String,
    /// What.
    pub rights: Vec<String>,
    /// How a calendar is shared.
    pub flags: Option<String>,
}

/// The permissions that were changed.
#[derive(Default)]
pub struct Permissions {
    mailboxes: HashMap<u64, Vec<Permission>>,
    send_as: HashMap<RecipientId, Vec<String>>,
    folders: HashMap<(u64, &'static str), Vec<FolderPermission>>,
}

impl Directory {
    /// Who runs a shared mailbox from the start.
    fn first_keeper(&self, index: u64) -> Option<u64> {
        let mailbox = self.mailbox(index);
        (mailbox.person.mailbox_type == MailboxType::Shared && index < self.seeded()).then_some(index / 2)
    }

    /// Who may open a mailbox.
    #[must_use]
    pub fn mailbox_permissions(&self, index: u64) -> Vec<Permission> {
        if let Some(known) = self.permissions.mailboxes.get(&index) {
            return known.clone();
        }
        let row = |user: String, rights: &[&str]| Permission {
            user,
            rights: rights.iter().map(|right| (*right).to_owned()).collect(),
            deny: false,
            inheritance: "All".to_owned(),
        };
        let mut rows = vec![row(SELF.to_owned(), &["FullAccess", "ReadPermission"])];
        if let Some(keeper) = self.first_keeper(index) {
            rows.push(row(self.mailbox(keeper).text("UserPrincipalName"), &["FullAccess"]));
        }
        rows
    }

    /// Says who may open a mailbox from now on.
    pub fn set_mailbox_permissions(&mut self, index: u64, rows: Vec<Permission>) {
        self.permissions.mailboxes.insert(index, rows);
    }

    /// Who may send as a recipient.
    #[must_use]
    pub fn send_as(&self, recipient: RecipientId) -> Vec<String> {
        if let Some(known) = self.permissions.send_as.get(&recipient) {
            return known.clone();
        }
        let mut users = vec![SELF.to_owned()];
        if let RecipientId::Mailbox(index) = recipient
            && let Some(keeper) = self.first_keeper(index)
        {
            users.push(self.mailbox(keeper).text("UserPrincipalName"));
        }
        users
    }

    /// Says who may send as a recipient from now on.
    pub fn set_send_as(&mut self, recipient: RecipientId, users: Vec<String>) {
        self.permissions.send_as.insert(recipient, users);
    }

    /// Who may do what in a folder.
    #[must_use]
    pub fn folder_permissions(&self, index: u64, path: &'static str) -> Vec<FolderPermission> {
        if let Some(known) = self.permissions.folders.get(&(index, path)) {
            return known.clone();
        }
        let row = |user: &str, right: &str, flags: Option<&str>| FolderPermission {
            user: user.to_owned(),
            rights: vec![right.to_owned()],
            flags: flags.map(str::to_owned),
        };
        let is_calendar = path == "/Calendar";
        let everybody = if is_calendar { "AvailabilityOnly" } else { "None" };
        let mut rows = vec![row("Default", everybody, None), row("Anonymous", "None", None)];
        // Some people let a colleague keep their calendar.
        if is_calendar && index > 1 && index < self.seeded() && self.seed.hash(67, index).is_multiple_of(5) {
            rows.push(row(&self.mailbox(index / 2).text("DisplayName"), "Editor", Some("Delegate")));
        }
        rows
    }

    /// Says who may do what in a folder from now on.
    pub fn set_folder_permissions(&mut self, index: u64, path: &'static str, rows: Vec<FolderPermission>) {
        self.permissions.folders.insert((index, path), rows);
    }
}
