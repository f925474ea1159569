//! A simulated Exchange Online tenant: the parts of Entra ID that a client signs in with, and the admin API that runs
//! cmdlets, over HTTPS on this machine.
//!
//! It is an independent reading of the published protocol and shares nothing with the client but the public cmdlet
//! catalogue. It is strict: what the published protocol and the catalogue say is refused, it refuses, and what it doesn't
//! implement it names instead of answering something plausible. Limits that neither of them states, such as the length
//! of most texts, it doesn't check.
//!
//! # What is simulated
//!
//! - Two tenants, [Contoso](directory::company::CONTOSO) and [Fabrikam](directory::company::FABRIKAM), each with a directory
//!   of its own; the facts and most tests are about Contoso. Fabrikam is small and is home of a partner who administers
//!   Contoso (GDAP), of a guest there, and of an account that has no access to it.
//! - Sign-in: authorization code with PKCE, device code, password, refresh tokens (good for every tenant that the account has
//!   access to), Conditional Access and expired passwords as far as a refusal goes. See [`entra`].
//! - Applications with secrets, certificates and federated credentials, and the client credentials grant. Assertions are
//!   verified for PS256, RS256, ES256 and ES384; ES512 is known as a name, but no application has such a key.
//!   Certificates are made only if [`Options::credential_dir`] or [`Options::certificates`] asks for them.
//! - The admin API of Exchange Online and of Security & Compliance: which of the two a call goes to follows from the token's
//!   audience, and from the host name if it is one of a cloud's. See [`adminapi`].
//! - Hosts of all clouds through a proxy ([`Options::proxy`]): [`clouds`] has their names. The tenants live in one cloud,
//!   [`Options::cloud`], and are unknown in the others. A compliance host outside of the tenants' region answers with the
//!   front door's redirect; the host that the redirect names doesn't exist, as a client has to make the region's host name of it.
//! - The managed identity endpoints of virtual machines, App Service, Azure Arc and Cloud Shell. See [`managed_identity`].
//! - Faults, on purpose: periodic ones and one-time ones; and a [control endpoint](control) for tests in another process.
//!
//! # What is not
//!
//! Federated realms (WS-Trust), Windows' broker, `adminapi/v2.0`, CLIXML answers, entity sets that no `Get-EXO*` cmdlet reads,
//! and all cmdlets that [`adminapi::cmdlets::implemented`] doesn't name. The cookie that a regional host sets is noted in the
//! request log, but nothing depends on it. In Cloud Shell the real endpoint gives the person's token; here it gives the
//! host's.
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
pub mod clouds;
pub mod control;
pub mod credentials;
pub mod directory;
pub mod entra;
pub mod facts;
mod faults;
pub mod html;
pub mod http;
pub mod log;
pub mod managed_identity;
pub mod module_keys;
pub mod opath;
pub mod options;
pub mod person;
mod proxy;
mod secrets;
mod server;
pub mod state;
mod tls;

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub use facts::{
    AccountFacts, ApplicationFacts, CertificateFacts, ControlFacts, Facts, FederatedFacts, IdentityFacts,
    ManagedIdentityFacts, SecretFacts, TenantFacts,
};
pub use log::{LogEntry, PartEntry};
pub use options::{Fault, FaultKind, Options};
use server::Server;
use state::State;

/// The running tenants. They stop when this is dropped.
pub struct Tenant {
    state: Arc<State>,
    facts: Facts,
    ca_pem: String,
    stop: watch::Sender<bool>,
    serving: Vec<JoinHandle<()>>,
    /// The folder that was made for files that no option names; it goes with the tenant.
    own_folder: Option<PathBuf>,
}

impl Tenant {
    /// Starts the tenants; they listen when this returns.
    ///
    /// # Errors
    ///
    /// The options don't fit together, the address can't be listened on, or a file can't be written.
    pub async fn start(options: Options) -> io::Result<Self> {
        options.validate().map_err(|message| io::Error::new(io::ErrorKind::InvalidInput, message))?;
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let loopback = async |wanted: bool| match wanted {
            true => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map(Some),
            false => Ok(None),
        };
        let proxy = loopback(options.proxy).await?;
        let host_endpoints = loopback(options.managed_identity).await?;
        let state = tokio::task::spawn_blocking(move || {
            // The catalogue is read before the first request, so that no request pays for it.
            let _ = catalog::Catalog::get();
            State::new(options)
        })
        .await
        .map_err(io::Error::other)??;
        let options = &state.options;
        let identity = tls::identity()?;
        let own_folder = if options.ca_file.is_none() || (options.managed_identity && options.arc_key_dir.is_none()) {
            let folder = std::env::temp_dir().join(format!("exo-tenant-{}", secrets::new_guid()));
            std::fs::create_dir(&folder)?;
            Some(folder)
        } else {
            None
        };
        let in_own_folder = |name: &str| own_folder.clone().unwrap_or_default().join(name);
        let ca_certificate = match &options.ca_file {
            Some(file) => std::path::absolute(file)?,
            None => in_own_folder("ca.pem"),
        };
        write_atomically(&ca_certificate, identity.ca_pem.as_bytes())?;
        let managed_identity = match &host_endpoints {
            None => None,
            Some(listener) => {
                let folder = match &options.arc_key_dir {
                    Some(folder) => std::path::absolute(folder)?,
                    None => in_own_folder("arc"),
                };
                std::fs::create_dir_all(&folder)?;
                state.managed_identity.set_arc_folder(folder.clone());
                Some(ManagedIdentityFacts {
                    system_assigned: IdentityFacts { app_id: state.managed_identity.system_assigned.app_id.clone() },
                    user_assigned: IdentityFacts { app_id: state.managed_identity.user_assigned.app_id.clone() },
                    arc_key_dir: folder,
                    environments: state.managed_identity.environments(listener.local_addr()?),
                })
            }
        };
        // A wildcard address can't be connected to; the loopback address reaches it as well.
        let host = match address.ip() {
            ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
            ip if ip.is_ipv6() => format!("[{ip}]"),
            ip => ip.to_string(),
        };
        let connection_uri = format!("https://{host}:{}", address.port());
        let tenants = facts::tenants(&state);
        let facts = Facts {
            authorization_uri: format!("{connection_uri}/organizations"),
            ca_certificate,
            organization: tenants[0].initial_domain.clone(),
            tenant_id: tenants[0].tenant_id.clone(),
            mailboxes: options.mailboxes,
            cloud: options.cloud,
            tenants,
            accounts: facts::accounts(&state),
            applications: facts::applications(&state),
            credential_dir: options.credential_dir.as_ref().map(std::path::absolute).transpose()?,
            managed_identity,
            proxy: match &proxy {
                Some(listener) => Some(format!("http://{}", listener.local_addr()?)),
                None => None,
            },
            control: ControlFacts { uri: format!("{connection_uri}{}", control::PATH), key: state.control_key.clone() },
            connection_uri,
        };
        let ready_file = options.ready_file.clone();
        let state = Arc::new(state);
        let (stop, stopped) = watch::channel(false);
        let server = Server {
            acceptor: TlsAcceptor::from(identity.config),
            state: Arc::clone(&state),
            stop: stopped,
            address,
            sockets: Arc::default(),
        };
        let mut serving = vec![tokio::spawn(server.clone().accept(listener, Server::secure))];
        serving.extend(proxy.map(|listener| tokio::spawn(server.clone().accept(listener, proxy::connection))));
        serving.extend(host_endpoints.map(|listener| tokio::spawn(server.accept(listener, Server::plain))));
        let tenant = Self { state, facts, ca_pem: identity.ca_pem, stop, serving, own_folder };
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

    /// An application by its name.
    #[must_use]
    pub fn application(&self, name: &str) -> Option<&ApplicationFacts> {
        self.facts.applications.iter().find(|application| application.name == name)
    }

    /// Does what the control endpoint does.
    ///
    /// # Errors
    ///
    /// Why it can't be done; nothing was changed then.
    pub fn control(&self, action: &control::Action) -> Result<(), String> {
        control::perform(&self.state, action)
    }

    /// Disables an application: it gets no more tokens.
    ///
    /// # Errors
    ///
    /// There is no such application.
    pub fn disable_application(&self, app_id: &str) -> Result<(), String> {
        self.control(&control::Action::DisableApp { app_id: app_id.to_owned() })
    }

    /// A token of the outside issuer that the application `automation` trusts, with that issuer, subject and audience, ending
    /// so many seconds from now. The trusted values are constants of [`entra::federation`].
    #[must_use]
    pub fn federated_token(&self, issuer: &str, subject: &str, audience: &str, lifetime_seconds: i64) -> String {
        self.state.federation().token(issuer, subject, audience, lifetime_seconds)
    }

    /// Signs data with the private key of one of the applications' certificates, named by its file without extension, as a
    /// program that has the key would: `PS256`, `RS256`, `ES256` or `ES384`.
    ///
    /// # Errors
    ///
    /// There is no such certificate, or its key isn't one for the algorithm.
    pub fn sign_with_certificate(&self, name: &str, algorithm: &str, data: &[u8]) -> io::Result<Vec<u8>> {
        self.certificate(name)?.sign(algorithm, data)
    }

    /// One of the applications' certificates, named by its file without extension.
    ///
    /// # Errors
    ///
    /// There is no such certificate; perhaps no option asked for any.
    pub fn certificate(&self, name: &str) -> io::Result<&credentials::Certificate> {
        self.state
            .applications
            .iter()
            .flat_map(|application| &application.certificates)
            .map(|known| &known.certificate)
            .find(|known| known.name == name)
            .ok_or_else(|| io::Error::other(format!("there is no certificate '{name}'")))
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
        for serving in std::mem::take(&mut self.serving) {
            let _ = serving.await;
        }
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        self.state.managed_identity.remove_arc_keys();
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
