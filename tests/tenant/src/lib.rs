//! A simulated Exchange Online tenant: the parts of Entra ID that a client signs in with, and the admin API that runs
//! cmdlets, over HTTPS on this machine.
//!
//! It is an independent reading of the published protocol and shares nothing with the client but the public cmdlet
//! catalogue. It is strict: what the published protocol and the catalogue say is refused, it refuses, and what it doesn't
//! implement it names instead of answering something plausible. Limits that neither of them states, such as the length
//! of most texts, it doesn't check.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use exo_tenant::{Options, Tenant};
//!
//! let tenant = Tenant::start(Options { mailboxes: 2500, ..Options::default() }).await?;
//! println!("{} {}", tenant.facts().connection_uri, tenant.facts().accounts[0].user_principal_name);
//! tenant.stop().await;
//! # Ok(())
//! # }
//! ```

pub mod adminapi;
pub mod catalog;
pub mod client;
pub mod directory;
pub mod entra;
mod faults;
pub mod html;
pub mod http;
pub mod log;
pub mod opath;
pub mod options;
pub mod person;
mod secrets;
mod server;
pub mod state;
mod tls;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub use log::LogEntry;
pub use options::{Fault, FaultKind, Options};
use state::State;

/// What a client needs to know of a running tenant; the ready file holds the same.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The admin API's origin.
    pub connection_uri: String,
    /// The sign-in host with the tenant `organizations`.
    pub authorization_uri: String,
    /// The absolute path of the certificate authority's certificate.
    pub ca_certificate: PathBuf,
    /// The organization's initial domain.
    pub organization: String,
    /// The tenant's id.
    pub tenant_id: String,
    /// Number of mailboxes at the start.
    pub mailboxes: u64,
    /// The accounts.
    pub accounts: Vec<AccountFacts>,
}

/// What a client needs to know of an account.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountFacts {
    /// The user principal name.
    pub user_principal_name: String,
    /// The password.
    pub password: String,
    /// The role groups' names.
    pub roles: Vec<String>,
    /// Whether sign-in needs a second factor.
    pub mfa: bool,
    /// Whether the account may sign in.
    pub enabled: bool,
}

/// A running tenant. It stops when it is dropped.
pub struct Tenant {
    state: Arc<State>,
    facts: Facts,
    ca_pem: String,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<io::Result<()>>>,
    /// The folder that was made for the certificate and goes with the tenant.
    own_folder: Option<PathBuf>,
}

impl Tenant {
    /// Starts a tenant; it listens when this returns.
    ///
    /// # Errors
    ///
    /// The address can't be listened on, or a file can't be written.
    pub async fn start(options: Options) -> io::Result<Self> {
        let ready_file = options.ready_file.clone();
        let ca_file = options.ca_file.clone();
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let state = tokio::task::spawn_blocking(move || {
            // The catalogue is read before the first request, so that no request pays for it.
            let _ = catalog::Catalog::get();
            State::new(options)
        })
        .await
        .map_err(io::Error::other)??;
        let identity = tls::identity()?;
        let (ca_certificate, own_folder) = match ca_file {
            Some(file) => (std::path::absolute(file)?, None),
            None => {
                let folder = std::env::temp_dir().join(format!("exo-tenant-{}", secrets::new_guid()));
                std::fs::create_dir(&folder)?;
                (folder.join("ca.pem"), Some(folder))
            }
        };
        write_atomically(&ca_certificate, identity.ca_pem.as_bytes())?;
        // A wildcard address can't be connected to; the loopback address reaches it as well.
        let host = match address.ip() {
            ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
            ip if ip.is_ipv6() => format!("[{ip}]"),
            ip => ip.to_string(),
        };
        let connection_uri = format!("https://{host}:{}", address.port());
        let facts = Facts {
            authorization_uri: format!("{connection_uri}/organizations"),
            connection_uri,
            ca_certificate,
            organization: directory::seed::INITIAL_DOMAIN.to_owned(),
            tenant_id: state.tenant_id.clone(),
            mailboxes: state.options.mailboxes,
            accounts: state
                .accounts
                .iter()
                .map(|account| AccountFacts {
                    user_principal_name: account.user_principal_name.clone(),
                    password: account.password.clone(),
                    roles: account.role_groups.iter().map(|group| group.name().to_owned()).collect(),
                    mfa: account.mfa,
                    enabled: account.enabled,
                })
                .collect(),
        };
        let state = Arc::new(state);
        let (stop, stopped) = watch::channel(false);
        let serving =
            tokio::spawn(server::serve(listener, TlsAcceptor::from(identity.config), Arc::clone(&state), stopped));
        let tenant = Self { state, facts, ca_pem: identity.ca_pem, stop, serving: Some(serving), own_folder };
        if let Some(file) = ready_file {
            write_atomically(&file, &serde_json::to_vec_pretty(&tenant.facts)?)?;
        }
        Ok(tenant)
    }

    /// What a client needs to know.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The certificate authority's certificate, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// An account by the part of its name before the at sign.
    #[must_use]
    pub fn account(&self, local: &str) -> Option<&AccountFacts> {
        self.facts.accounts.iter().find(|account| account.user_principal_name.split('@').next() == Some(local))
    }

    /// The request log, oldest line first.
    #[must_use]
    pub fn requests(&self) -> Vec<LogEntry> {
        self.state.log.entries()
    }

    /// Revokes an account's sessions: its refresh tokens end, and its access tokens meet a claims challenge if the
    /// client announced that it knows those.
    pub fn revoke_sessions(&self, user_principal_name: &str) {
        self.state.entra().revoke(user_principal_name);
    }

    /// Number of refresh tokens issued and not expired.
    #[must_use]
    pub fn refresh_token_count(&self) -> usize {
        self.state.entra().refresh_token_count()
    }

    /// Replaces the periodic faults.
    pub fn set_faults(&self, faults: &[Fault]) {
        self.state.faults.lock().unwrap_or_else(PoisonError::into_inner).set(faults);
    }

    /// Gives the next admin API requests these faults, one each.
    pub fn push_faults(&self, faults: impl IntoIterator<Item = FaultKind>) {
        self.state.faults.lock().unwrap_or_else(PoisonError::into_inner).push(faults);
    }

    /// Gives the next admin API request this status and JSON body in place of the service's own answer: for clients' tests
    /// of answers that the service gives rarely or should not give at all.
    pub fn push_answer(&self, status: u16, body: impl Into<String>) {
        self.state.faults.lock().unwrap_or_else(PoisonError::into_inner).push_answer(status, body.into());
    }

    /// The tenant's state, for tests that need to look inside or to make tokens of their own.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Stops the tenant and waits until it no longer listens.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        if let Some(serving) = self.serving.take() {
            let _ = serving.await;
        }
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(folder) = &self.own_folder {
            let _ = std::fs::remove_dir_all(folder);
        }
        if let Some(file) = &self.state.options.ready_file {
            // A ready file without a tenant would mislead the next reader.
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Writes a file so that a reader sees all of it or none.
fn write_atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.partial", std::process::id()));
    std::fs::write(&partial, content)?;
    std::fs::rename(&partial, path)
}
