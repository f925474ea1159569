//! Everything that the tenant's handlers share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Instant;

use rsa::RsaPrivateKey;
use time::OffsetDateTime;

use crate::clouds::Cloud;
use crate::credentials::Credentials;
use crate::directory::Directory;
use crate::directory::accounts::{Account, Presence, RoleGroup, accounts};
use crate::directory::added_accounts::AddedAccounts;
use crate::directory::company::{Company, TenantName};
use crate::directory::roles::ROLE_GROUP;
use crate::directory::seed::Seed;
use crate::entra::Entra;
use crate::entra::applications::{Application, applications};
use crate::entra::federation::Federation;
use crate::entra::jwt::TokenKey;
use crate::faults::Faults;
use crate::log::RequestLog;
use crate::managed_identity::ManagedIdentity;
use crate::module_keys::ModuleKeys;
use crate::options::Options;
use crate::secrets::random_text;

/// Number of mailboxes of the second tenant: enough to tell the directories apart.
const FABRIKAM_MAILBOXES: u64 = 7;

/// One tenant.
pub struct Realm {
    /// Which one.
    pub name: TenantName,
    /// Its id.
    pub tenant_id: String,
    /// Its directory.
    pub directory: RwLock<Directory>,
    /// The keys under which clients encrypt secure strings.
    pub module_keys: ModuleKeys,
}

impl Realm {
    fn new(name: TenantName, seed: u64, mailboxes: u64) -> Self {
        let directory = Directory::of(name.company(), seed, mailboxes);
        Self {
            name,
            tenant_id: directory.seed.named_guid("tenant"),
            directory: RwLock::new(directory),
            module_keys: ModuleKeys::default(),
        }
    }

    /// The company's names.
    #[must_use]
    pub fn company(&self) -> &'static Company {
        self.name.company()
    }

    /// Whether a text in a URL names this tenant: its id or one of its domains.
    #[must_use]
    pub fn is_named(&self, text: &str) -> bool {
        self.tenant_id.eq_ignore_ascii_case(text) || self.company().has_domain(text)
    }
}

/// The tenants' state.
pub struct State {
    /// What was chosen about them.
    pub options: Options,
    /// The tenants, the one that tests are about first.
    pub realms: [Realm; 2],
    /// The accounts that all tenants start with.
    pub accounts: Vec<Account>,
    /// The accounts that came later.
    pub added_accounts: AddedAccounts,
    /// The applications of all tenants.
    pub applications: Vec<Application>,
    /// The issuer that the applications' federated credentials trust.
    pub federation: OnceLock<Federation>,
    /// The key that signs tokens.
    pub token_key: TokenKey,
    /// The key that signs the links to further pages.
    pub page_key: ring::hmac::Key,
    /// Sign-ins under way, codes and refresh tokens.
    pub entra: Mutex<Entra>,
    /// Faults to inject.
    pub faults: Mutex<Faults>,
    /// Requests per caller in the current second.
    pub throttle: Mutex<HashMap<String, (Instant, u32)>>,
    /// The endpoints that hosts in Azure have for their managed identity.
    pub managed_identity: ManagedIdentity,
    /// What the control endpoint's callers have to present.
    pub control_key: String,
    /// The request log.
    pub log: RequestLog,
}

impl State {
    /// The state that the tenants start with.
    ///
    /// # Errors
    ///
    /// No keys could be made, or a file can't be written.
    pub fn new(options: Options) -> std::io::Result<Self> {
        // Making RSA keys takes most of the start; they are made side by side.
        let wanted = options.wants_certificates();
        let (token_key, credentials) = std::thread::scope(|scope| {
            let credentials = wanted.then(|| scope.spawn(Credentials::new));
            let failed = |_| std::io::Error::other("making a key failed");
            let token_key = RsaPrivateKey::new(&mut rand_core::OsRng, 2048).map_err(std::io::Error::other)?;
            let credentials = credentials.map(|thread| thread.join().map_err(failed)?).transpose()?;
            Ok::<_, std::io::Error>((token_key, credentials))
        })?;
        let seed = Seed::new(options.seed);
        let realms = [
            Realm::new(TenantName::Contoso, options.seed, options.mailboxes),
            Realm::new(TenantName::Fabrikam, options.seed, FABRIKAM_MAILBOXES),
        ];
        let federation = OnceLock::new();
        let (certificates, external) = credentials.map_or_else(Default::default, Credentials::into_parts);
        if let Some(key) = external {
            let _ = federation.set(Federation::new(key));
        }
        let state = Self {
            accounts: accounts(&seed),
            added_accounts: AddedAccounts::default(),
            applications: applications(&seed, certificates),
            federation,
            realms,
            token_key: TokenKey::new(token_key),
            page_key: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, random_text(32).as_bytes()),
            entra: Mutex::default(),
            faults: Mutex::new(Faults::new(&options.faults)),
            throttle: Mutex::default(),
            managed_identity: ManagedIdentity::new(&seed),
            control_key: random_text(24),
            log: RequestLog::new(options.request_log.as_deref())?,
            options,
        };
        if let Some(folder) = &state.options.credential_dir {
            crate::credentials::write(&state, folder)?;
        }
        Ok(state)
    }

    /// The account of that name, in any casing.
    #[must_use]
    pub fn account(&self, user_principal_name: &str) -> Option<&Account> {
        let wanted = user_principal_name.trim();
        let is_wanted = |account: &&Account| account.user_principal_name.eq_ignore_ascii_case(wanted);
        self.accounts.iter().find(is_wanted).or_else(|| {
            // Without the recipient there is no person any more.
            let is_there = |account: &&Account| {
                let directory = self.realm(account.tenant).directory.read().unwrap_or_else(PoisonError::into_inner);
                directory.recipient(&account.user_principal_name).is_ok()
            };
            self.added_accounts.iter().filter(is_wanted).last().filter(is_there)
        })
    }

    /// The accounts that there were from the beginning and those that came later.
    pub fn all_accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter().chain(self.added_accounts.iter())
    }

    /// Lets a person sign in with a password from now on: a new one, or one who has an account.
    pub fn keep_password(&self, account: Account) {
        let name = &account.user_principal_name;
        match self.accounts.iter().find(|known| known.user_principal_name.eq_ignore_ascii_case(name)) {
            Some(known) => self.added_accounts.set_password(known, &account.password),
            None => self.added_accounts.add(account),
        }
    }

    /// The role groups of an account in its own tenant: those it was made with, and those whose members it is one of.
    #[must_use]
    pub fn role_groups(&self, presence: &Presence<'_>) -> Vec<RoleGroup> {
        let directory = self.realm(presence.tenant).directory.read().unwrap_or_else(PoisonError::into_inner);
        let recipient = directory.recipient(&presence.user_principal_name).ok();
        let guid = recipient.map(|recipient| directory.recipient_text(recipient, "Guid"));
        let is_member = |group: &RoleGroup| {
            guid.as_ref().is_some_and(|guid| {
                let mut entries = directory.collection(&ROLE_GROUP).iter();
                entries.any(|(_, entry)| entry.text("Name") == group.name() && entry.list("Members").contains(guid))
            })
        };
        let joined = RoleGroup::ALL.into_iter().filter(is_member);
        let mut groups = presence.role_groups.to_vec();
        groups.extend(joined.filter(|group| !presence.role_groups.contains(group)));
        groups
    }

    /// The application with that client id, in any casing.
    #[must_use]
    pub fn application(&self, app_id: &str) -> Option<&Application> {
        self.applications.iter().find(|application| application.app_id.eq_ignore_ascii_case(app_id))
    }

    /// A tenant.
    #[must_use]
    pub fn realm(&self, name: TenantName) -> &Realm {
        match name {
            TenantName::Contoso => &self.realms[0],
            TenantName::Fabrikam => &self.realms[1],
        }
    }

    /// The tenant that a text in a URL names: by its id or one of its domains.
    #[must_use]
    pub fn realm_named(&self, text: &str) -> Option<&Realm> {
        self.realms.iter().find(|realm| realm.is_named(text))
    }

    /// The cloud where the tenants live.
    #[must_use]
    pub fn cloud(&self) -> &'static Cloud {
        self.options.cloud.cloud()
    }

    /// The issuer that the applications' federated credentials trust; its key is made when it is first needed.
    pub fn federation(&self) -> &Federation {
        self.federation.get_or_init(|| {
            // The system's random numbers failing is nothing that a test could go on after.
            Federation::new(RsaPrivateKey::new(&mut rand_core::OsRng, 2048).expect("an RSA key can be made"))
        })
    }

    /// The sign-in state.
    pub fn entra(&self) -> MutexGuard<'_, Entra> {
        self.entra.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a token ends that is issued now and lives for so many seconds, in whole seconds since 1970-01-01 UTC. Rounded up: a token
/// lives no shorter than `expires_in` says, which matters to those that live for a second.
#[must_use]
pub fn end_of_life(lifetime_seconds: u64) -> i64 {
    now() + 1 + lifetime_seconds as i64
}

/// Seconds since 1970-01-01 UTC.
#[must_use]
pub fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}
