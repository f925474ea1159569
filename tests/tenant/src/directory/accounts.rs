//! The accounts that can sign in, with their roles.

use super::seed::{INITIAL_DOMAIN, Seed};

/// A role group of Exchange, as far as the simulator knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleGroup {
    /// May run everything.
    OrganizationManagement,
    /// May read everything.
    ViewOnlyOrganizationManagement,
    /// May manage recipients.
    RecipientManagement,
}

impl RoleGroup {
    /// The role group's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OrganizationManagement => "Organization Management",
            Self::ViewOnlyOrganizationManagement => "View-Only Organization Management",
            Self::RecipientManagement => "Recipient Management",
        }
    }

    /// The template id of the Entra directory role that brings the role group; it is what `wids` carries.
    #[must_use]
    pub fn directory_role(self) -> &'static str {
        match self {
            Self::OrganizationManagement => "29232cdf-9323-42fd-ade2-1d097af3e4de",
            Self::ViewOnlyOrganizationManagement => "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
            Self::RecipientManagement => "31392ffb-586c-42d1-9346-e59415a2cc4e",
        }
    }
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user principal name.
    pub user_principal_name: String,
    /// The name shown on the sign-in pages.
    pub display_name: String,
    /// The password.
    pub password: String,
    /// The Entra object id.
    pub object_id: String,
    /// The role groups.
    pub role_groups: Vec<RoleGroup>,
    /// Whether sign-in needs a second factor.
    pub mfa: bool,
    /// Whether the account may sign in at all.
    pub enabled: bool,
}

/// The tenant's accounts.
#[must_use]
pub fn accounts(seed: &Seed) -> Vec<Account> {
    use RoleGroup::{OrganizationManagement, RecipientManagement, ViewOnlyOrganizationManagement};
    let account = |local: &str, display_name: &str, role_groups: &[RoleGroup], mfa, enabled| Account {
        user_principal_name: format!("{local}@{INITIAL_DOMAIN}"),
        display_name: display_name.to_owned(),
        password: password(seed, local),
        object_id: seed.named_guid(&format!("account {local}")),
        role_groups: role_groups.to_vec(),
        mfa,
        enabled,
    };
    vec![
        account("admin", "Contoso Admin", &[OrganizationManagement], false, true),
        account("mfa.admin", "Contoso MFA Admin", &[OrganizationManagement], true, true),
        account("viewer", "Contoso Viewer", &[ViewOnlyOrganizationManagement], false, true),
        account("helpdesk", "Contoso Help Desk", &[RecipientManagement], false, true),
        account("norole", "Contoso User", &[], false, true),
        account("disabled", "Contoso Leaver", &[OrganizationManagement], false, false),
    ]
}

fn password(seed: &Seed, local: &str) -> String {
    const WORDS: [&str; 16] = [
        "Harbour", "Kestrel", "Lantern", "Meadow", "Nimbus", "Orchard", "Pebble", "Quarry", "Ripple", "Saffron",
        "Thicket", "Umber", "Velvet", "Willow", "Yonder", "Zephyr",
    ];
    let number = local.bytes().fold(17, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let hash = seed.hash(99, number);
    // Signs that a careless form encoder or JSON writer would spoil are part of every password.
    format!(
        "{}+{:04}&{}%é",
        WORDS[(hash % 16) as usize],
        (hash >> 8) % 10_000,
        WORDS[((hash >> 32) % 16) as usize].to_lowercase()
    )
}
