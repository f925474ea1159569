//! The accounts that come while the tenant runs: a new mailbox with a password is a person who can sign in.

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use super::accounts::Account;

/// Accounts after the first ones. None is ever taken out, so that whoever looks one up can keep it; of two with the same
/// name the later one counts.
#[derive(Default)]
pub struct AddedAccounts {
    first: OnceLock<Box<Node>>,
    /// Passwords that replace those of the first accounts, by object id.
    passwords: RwLock<HashMap<String, String>>,
}

struct Node {
    account: Account,
    next: OnceLock<Box<Node>>,
}

impl AddedAccounts {
    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        std::iter::successors(self.first.get(), |node| node.next.get()).map(|node| &node.account)
    }

    /// Adds one.
    pub fn add(&self, account: Account) {
        let mut slot = &self.first;
        let mut node = Box::new(Node { account, next: OnceLock::new() });
        loop {
            // Another thread may have been quicker; then it goes behind that one's.
            match slot.set(node) {
                Ok(()) => return,
                Err(back) => node = back,
            }
            while let Some(taken) = slot.get() {
                slot = &taken.next;
            }
        }
    }

    /// Replaces an account's password.
    pub fn set_password(&self, account: &Account, password: &str) {
        let mut passwords = self.passwords.write().unwrap_or_else(PoisonError::into_inner);
        passwords.insert(account.object_id.clone(), password.to_owned());
    }

    /// Whether that is an account's password now.
    #[must_use]
    pub fn is_password(&self, account: &Account, password: &str) -> bool {
        let passwords = self.passwords.read().unwrap_or_else(PoisonError::into_inner);
        passwords.get(&account.object_id).unwrap_or(&account.password) == password
    }
}
