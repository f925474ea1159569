//! The accounts that can sign in, with their roles.

use super::company::TenantName;
use super::seed::Seed;

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
    /// All of them.
    pub const ALL: [Self; 3] =
        [Self::OrganizationManagement, Self::ViewOnlyOrganizationManagement, Self::RecipientManagement];

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

    /// The role groups that a token's `wids` bring.
    #[must_use]
    pub fn from_directory_roles(wids: &[&str]) -> Vec<Self> {
        Self::ALL.into_iter().filter(|group| wids.contains(&group.directory_role())).collect()
    }
}

/// How an account belongs to a tenant that isn't its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// It was invited and has an object there.
    Guest,
    /// Its company administers the tenant (GDAP); it has no object there, only what its tokens say.
    Partner,
}

/// An account's access to a tenant that isn't its own.
#[derive(Clone, Debug)]
pub struct ForeignAccess {
    /// The tenant.
    pub tenant: TenantName,
    /// How.
    pub kind: Foreign,
    /// The role groups there.
    pub role_groups: Vec<RoleGroup>,
    /// The object id that tokens for the tenant carry.
    pub object_id: String,
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The tenant that has it.
    pub tenant: TenantName,
    /// The user principal name.
    pub user_principal_name: String,
    /// The name shown on the sign-in pages.
    pub display_name: String,
    /// The password.
    pub password: String,
    /// The Entra object id.
    pub object_id: String,
    /// The role groups in its own tenant.
    pub role_groups: Vec<RoleGroup>,
    /// Whether sign-in needs a second factor.
    pub mfa: bool,
    /// Whether the account may sign in at all.
    pub enabled: bool,
    /// Whether a Conditional Access policy blocks every sign-in.
    pub blocked: bool,
    /// Whether the password has to be changed first.
    pub password_expired: bool,
    /// Access to another tenant.
    pub foreign: Option<ForeignAccess>,
}

/// An account as one tenant knows it.
#[derive(Clone, Debug)]
pub struct Presence<'a> {
    /// The account.
    pub account: &'a Account,
    /// The tenant.
    pub tenant: TenantName,
    /// The user principal name there.
    pub user_principal_name: String,
    /// The object id there.
    pub object_id: &'a str,
    /// The role groups there.
    pub role_groups: &'a [RoleGroup],
    /// How it belongs there, if it isn't the account's own tenant.
    pub foreign: Option<Foreign>,
}

impl Account {
    /// The account in a tenant; `None` if it has no access there.
    #[must_use]
    pub fn presence(&self, tenant: TenantName) -> Option<Presence<'_>> {
        if tenant == self.tenant {
            return Some(Presence {
                account: self,
                tenant,
                user_principal_name: self.user_principal_name.clone(),
                object_id: &self.object_id,
                role_groups: &self.role_groups,
                foreign: None,
            });
        }
        let access = self.foreign.as_ref().filter(|access| access.tenant == tenant)?;
        let user_principal_name = match access.kind {
            Foreign::Partner => self.user_principal_name.clone(),
            Foreign::Guest => {
                format!("{}#EXT#@{}", self.user_principal_name.replace('@', "_"), tenant.company().initial_domain)
            }
        };
        Some(Presence {
            account: self,
            tenant,
            user_principal_name,
            object_id: &access.object_id,
            role_groups: &access.role_groups,
            foreign: Some(access.kind),
        })
    }
}

/// All tenants' accounts; `seed` is the seed of the first one's company.
#[must_use]
pub fn accounts(seed: &Seed) -> Vec<Account> {
    use RoleGroup::{OrganizationManagement, RecipientManagement, ViewOnlyOrganizationManagement};
    use TenantName::{Contoso, Fabrikam};
    let account = |tenant: TenantName, local: &str, display_name: &str, role_groups: &[RoleGroup]| Account {
        tenant,
        user_principal_name: format!("{local}@{}", tenant.company().initial_domain),
        display_name: format!("{} {display_name}", tenant.company().name),
        password: password(seed, local),
        object_id: seed.named_guid(&format!("account {local}")),
        role_groups: role_groups.to_vec(),
        mfa: false,
        enabled: true,
        blocked: false,
        password_expired: false,
        foreign: None,
    };
    let in_contoso = |kind, object_id: String| {
        Some(ForeignAccess { tenant: Contoso, kind, role_groups: vec![OrganizationManagement], object_id })
    };
    let mut partner = account(Fabrikam, "partner", "Partner", &[]);
    partner.foreign = in_contoso(Foreign::Partner, partner.object_id.clone());
    let mut visitor = account(Fabrikam, "visitor", "Visitor", &[]);
    visitor.foreign = in_contoso(Foreign::Guest, seed.named_guid("guest visitor"));
    vec![
        account(Contoso, "admin", "Admin", &[OrganizationManagement]),
        Account { mfa: true, ..account(Contoso, "mfa.admin", "MFA Admin", &[OrganizationManagement]) },
        account(Contoso, "viewer", "Viewer", &[ViewOnlyOrganizationManagement]),
        account(Contoso, "helpdesk", "Help Desk", &[RecipientManagement]),
        account(Contoso, "norole", "User", &[]),
        Account { enabled: false, ..account(Contoso, "disabled", "Leaver", &[OrganizationManagement]) },
        Account { blocked: true, ..account(Contoso, "blocked", "Blocked", &[OrganizationManagement]) },
        Account {
            password_expired: true,
            ..account(Contoso, "expired.password", "Newcomer", &[OrganizationManagement])
        },
        // No two accounts share the part before the at sign, so that it alone names an account.
        account(Fabrikam, "fabrikam.admin", "Admin", &[OrganizationManagement]),
        partner,
        visitor,
        account(Fabrikam, "outsider", "Outsider", &[OrganizationManagement]),
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
