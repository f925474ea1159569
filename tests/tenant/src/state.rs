//! Everything that the tenant's handlers share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use rsa::RsaPrivateKey;
use time::OffsetDateTime;

use crate::directory::Directory;
use crate::directory::accounts::{Account, accounts};
use crate::directory::seed::{INITIAL_DOMAIN, VANITY_DOMAIN};
use crate::entra::Entra;
use crate::entra::jwt::TokenKey;
use crate::faults::Faults;
use crate::log::RequestLog;
use crate::options::Options;
use crate::secrets::random_text;

/// The tenant's state.
pub struct State {
    /// What was chosen about it.
    pub options: Options,
    /// Its id.
    pub tenant_id: String,
    /// Its accounts.
    pub accounts: Vec<Account>,
    /// The key that signs tokens.
    pub token_key: TokenKey,
    /// The key under which clients encrypt secure strings.
    pub module_key: RsaPrivateKey,
    /// The key that signs the links to further pages.
    pub page_key: ring::hmac::Key,
    /// The directory.
    pub directory: RwLock<Directory>,
    /// Sign-ins under way, codes and refresh tokens.
    pub entra: Mutex<Entra>,
    /// Faults to inject.
    pub faults: Mutex<Faults>,
    /// Requests per account in the current second.
    pub throttle: Mutex<HashMap<String, (Instant, u32)>>,
    /// The request log.
    pub log: RequestLog,
}

impl State {
    /// The state that a tenant starts with.
    ///
    /// # Errors
    ///
    /// No keys could be made, or the request log's file can't be opened.
    pub fn new(options: Options) -> std::io::Result<Self> {
        // The two keys take most of the start; they are made side by side.
        let make = || RsaPrivateKey::new(&mut rand_core::OsRng, 2048);
        let second = std::thread::spawn(make);
        let first = make().map_err(std::io::Error::other)?;
        let second =
            second.join().map_err(|_| std::io::Error::other("making a key failed"))?.map_err(std::io::Error::other)?;
        let directory = Directory::new(options.seed, options.mailboxes);
        Ok(Self {
            tenant_id: directory.seed.named_guid("tenant"),
            accounts: accounts(&directory.seed),
            token_key: TokenKey::new(first),
            module_key: second,
            page_key: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, random_text(32).as_bytes()),
            directory: RwLock::new(directory),
            entra: Mutex::default(),
            faults: Mutex::new(Faults::new(&options.faults)),
            throttle: Mutex::default(),
            log: RequestLog::new(options.request_log.as_deref())?,
            options,
        })
    }

    /// The account of that name, in any casing.
    #[must_use]
    pub fn account(&self, user_principal_name: &str) -> Option<&Account> {
        let wanted = user_principal_name.trim();
        self.accounts.iter().find(|account| account.user_principal_name.eq_ignore_ascii_case(wanted))
    }

    /// Whether a text in a URL names this tenant: its id or one of its domains.
    #[must_use]
    pub fn is_tenant(&self, name: &str) -> bool {
        [self.tenant_id.as_str(), INITIAL_DOMAIN, VANITY_DOMAIN]
            .into_iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    }

    /// The sign-in state.
    pub fn entra(&self) -> MutexGuard<'_, Entra> {
        self.entra.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seconds since 1970-01-01 UTC.
#[must_use]
pub fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}
