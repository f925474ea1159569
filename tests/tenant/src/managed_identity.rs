//! The endpoints from which a program on a host in Azure gets tokens for the host's identity: virtual machines, App
//! Service in two versions, Azure Arc and Cloud Shell. Plain HTTP, as there.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use hyper::{Method, StatusCode};
use serde_json::json;

use crate::credentials::write_secret;
use crate::directory::accounts::RoleGroup;
use crate::directory::company::TenantName;
use crate::directory::seed::Seed;
use crate::entra::app_token::{Proof, access_token};
use crate::entra::applications::ServicePrincipal;
use crate::entra::unknown_resource;
use crate::http::{Reply, Request, json as json_reply, reply, set_header};
use crate::log::LogFacts;
use crate::secrets::{new_guid, random_text};
use crate::state::{State, now};

const IMDS_PATH: &str = "/metadata/identity/oauth2/token";
const APP_SERVICE_PATH: &str = "/msi/token";
const LEGACY_APP_SERVICE_PATH: &str = "/legacy/token";
const ARC_PATH: &str = "/arc/metadata/identity/oauth2/token";
const CLOUD_SHELL_PATH: &str = "/cloudshell/oauth2/token";
/// Bytes of a key file of Azure Arc, unless a test wants others.
const ARC_KEY_BYTES: usize = 96;

/// An identity that a host has.
pub struct HostIdentity {
    /// Its client id.
    pub app_id: String,
    /// Its name.
    pub name: &'static str,
    /// What it is in the tenant.
    pub principal: ServicePrincipal,
}

/// The host's identities and the secrets of its endpoints.
pub struct ManagedIdentity {
    /// The identity that goes with the host.
    pub system_assigned: HostIdentity,
    /// An identity of its own that was given to the host.
    pub user_assigned: HostIdentity,
    identity_header: String,
    msi_secret: String,
    arc_folder: OnceLock<PathBuf>,
    /// The key files that wait to be read, with their content.
    arc_keys: Mutex<HashMap<PathBuf, String>>,
    arc_key_bytes: AtomicUsize,
}

impl ManagedIdentity {
    /// The identities that a seed makes.
    #[must_use]
    pub fn new(seed: &Seed) -> Self {
        let identity = |name: &'static str, role_group| HostIdentity {
            app_id: seed.named_guid(&format!("managed identity {name}")),
            name,
            principal: ServicePrincipal {
                tenant: TenantName::Contoso,
                object_id: seed.named_guid(&format!("managed identity principal {name}")),
                manages_exchange: true,
                role_groups: vec![role_group],
            },
        };
        Self {
            system_assigned: identity("host", RoleGroup::OrganizationManagement),
            user_assigned: identity("shared-identity", RoleGroup::OrganizationManagement),
            identity_header: random_text(24),
            msi_secret: random_text(24),
            arc_folder: OnceLock::new(),
            arc_keys: Mutex::default(),
            arc_key_bytes: AtomicUsize::new(ARC_KEY_BYTES),
        }
    }

    /// The identity with that client id.
    #[must_use]
    pub fn identity(&self, app_id: &str) -> Option<&HostIdentity> {
        [&self.system_assigned, &self.user_assigned]
            .into_iter()
            .find(|identity| identity.app_id.eq_ignore_ascii_case(app_id))
    }

    /// Sets the folder of Azure Arc's key files, once.
    pub(crate) fn set_arc_folder(&self, folder: PathBuf) {
        let _ = self.arc_folder.set(folder);
    }

    /// Sets the size of the key files to come; a careful client reads no more than 4096 bytes.
    pub fn set_arc_key_bytes(&self, bytes: usize) {
        self.arc_key_bytes.store(bytes, Ordering::Relaxed);
    }

    /// The environment variables of each kind of host, by the kind's name.
    pub(crate) fn environments(&self, address: SocketAddr) -> BTreeMap<&'static str, BTreeMap<&'static str, String>> {
        let at = |path: &str| format!("http://{address}{path}");
        BTreeMap::from([
            ("imds", BTreeMap::from([("AZURE_POD_IDENTITY_AUTHORITY_HOST", at(""))])),
            (
                "appService",
                BTreeMap::from([
                    ("IDENTITY_ENDPOINT", at(APP_SERVICE_PATH)),
                    ("IDENTITY_HEADER", self.identity_header.clone()),
                ]),
            ),
            (
                "legacyAppService",
                BTreeMap::from([
                    ("MSI_ENDPOINT", at(LEGACY_APP_SERVICE_PATH)),
                    ("MSI_SECRET", self.msi_secret.clone()),
                ]),
            ),
            ("arc", BTreeMap::from([("IDENTITY_ENDPOINT", at(ARC_PATH)), ("IMDS_ENDPOINT", at("/arc"))])),
            ("cloudShell", BTreeMap::from([("MSI_ENDPOINT", at(CLOUD_SHELL_PATH))])),
        ])
    }

    fn arc_challenge(&self) -> Reply {
        let refuse =
            |text: &str| reply(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", text.to_owned());
        let Some(folder) = self.arc_folder.get() else {
            return refuse("There is no folder for key files.");
        };
        let path = folder.join(format!("{}.key", new_guid()));
        let size = self.arc_key_bytes.load(Ordering::Relaxed);
        let mut key = random_text(size);
        key.truncate(size);
        if let Err(error) = write_secret(&path, &key) {
            return refuse(&format!("The key file can't be written: {error}"));
        }
        let mut response = error(StatusCode::UNAUTHORIZED, "unauthorized_client", "Missing Basic Authorization header");
        set_header(&mut response, "www-authenticate", &format!("Basic realm={}", path.display()));
        self.arc_keys.lock().unwrap_or_else(PoisonError::into_inner).insert(path, key);
        response
    }

    /// Spends a key that the client has read: its file goes.
    fn spend_arc_key(&self, key: &str) -> bool {
        let mut keys = self.arc_keys.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = keys.iter().find(|(_, known)| known.as_str() == key).map(|(path, _)| path.clone()) else {
            return false;
        };
        keys.remove(&path);
        remove(&path);
        true
    }

    /// Removes the key files that nobody has read.
    pub(crate) fn remove_arc_keys(&self) {
        for path in self.arc_keys.lock().unwrap_or_else(PoisonError::into_inner).drain().map(|(path, _)| path) {
            remove(&path);
        }
    }
}

/// Removes a key file. Its folder may be gone already; nothing depends on it any more.
fn remove(path: &Path) {
    let _ = std::fs::remove_file(path);
}

fn error(status: StatusCode, word: &str, description: &str) -> Reply {
    json_reply(status, &json!({"error": word, "error_description": description}))
}

fn bad(description: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, "invalid_request", description)
}

/// What differs between the kinds of host.
struct Kind {
    name: &'static str,
    method: Method,
    api_version: Option<&'static str>,
    /// The parameter that chooses among several identities, where there can be several.
    client_id: Option<&'static str>,
}

/// Answers a request to one of the endpoints.
pub(crate) fn handle(state: &State, request: &Request) -> Reply {
    let identity = &state.managed_identity;
    let kind = |name, method, api_version, client_id| Kind { name, method, api_version, client_id };
    let kind = match request.path.as_str() {
        IMDS_PATH => kind("imds", Method::GET, Some("2018-02-01"), Some("client_id")),
        APP_SERVICE_PATH => kind("appService", Method::GET, Some("2019-08-01"), Some("client_id")),
        LEGACY_APP_SERVICE_PATH => kind("legacyAppService", Method::GET, Some("2017-09-01"), Some("clientid")),
        ARC_PATH => kind("arc", Method::GET, Some("2019-11-01"), None),
        CLOUD_SHELL_PATH => kind("cloudShell", Method::POST, None, None),
        _ => return reply(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "There is nothing at this address."),
    };
    let mut facts = LogFacts { note: Some(kind.name.to_owned()), ..LogFacts::default() };
    let mut response = match admitted(identity, request, &kind).and_then(|()| token(state, request, &kind)) {
        Ok((response, user)) => {
            facts.user = Some(user);
            response
        }
        Err(refusal) => refusal,
    };
    response.extensions_mut().insert(facts);
    response
}

/// Checks that the request comes from the host itself, each kind in its own way.
fn admitted(identity: &ManagedIdentity, request: &Request, kind: &Kind) -> Result<(), Reply> {
    if request.method != kind.method {
        return Err(error(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", "The method is not allowed."));
    }
    // What came through a proxy can't be the host's own.
    if request.header("x-forwarded-for").is_some() {
        return Err(bad("The header X-Forwarded-For is not allowed."));
    }
    let presents = |header: &str, secret: &str| match request.header(header) {
        Some(given) if given == secret => Ok(()),
        _ => Err(error(
            StatusCode::UNAUTHORIZED,
            "unauthorized_client",
            &format!("The header {header} is missing or wrong."),
        )),
    };
    match kind.name {
        "appService" => return presents("X-IDENTITY-HEADER", &identity.identity_header),
        "legacyAppService" => return presents("secret", &identity.msi_secret),
        _ => {}
    }
    if !request.header("metadata").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err(bad("Required metadata header not specified"));
    }
    if kind.name == "arc" {
        // A bad question gets no key.
        parameters(request, kind)?;
        return match request.header("authorization") {
            None => Err(identity.arc_challenge()),
            Some(value) if value.strip_prefix("Basic ").is_some_and(|key| identity.spend_arc_key(key)) => Ok(()),
            Some(_) => {
                Err(error(StatusCode::UNAUTHORIZED, "unauthorized_client", "The key is wrong or was used before."))
            }
        };
    }
    Ok(())
}

/// The checked parameters: the resource, and the client id if one is given.
fn parameters(request: &Request, kind: &Kind) -> Result<(String, Option<String>), Reply> {
    let given: Vec<(String, String)> = if kind.method == Method::POST {
        if request.media_type() != "application/x-www-form-urlencoded" {
            return Err(bad("The body is no form."));
        }
        form_urlencoded::parse(&request.body).into_owned().collect()
    } else {
        request.query.clone()
    };
    let (mut resource, mut client_id, mut version) = (None, None, None);
    for (name, value) in given {
        let slot = match name.as_str() {
            "resource" => &mut resource,
            "api-version" if kind.api_version.is_some() => &mut version,
            name if Some(name) == kind.client_id => &mut client_id,
            "client_id" | "clientid" => return Err(bad("Only the system-assigned identity can be used here.")),
            other => return Err(bad(&format!("The parameter '{other}' is not known."))),
        };
        if slot.replace(value).is_some() {
            return Err(bad("A parameter comes more than once."));
        }
    }
    if version.as_deref() != kind.api_version {
        return Err(bad(&format!(
            "The api-version '{}' is missing or not supported; use {}.",
            version.unwrap_or_default(),
            kind.api_version.unwrap_or("none")
        )));
    }
    match resource {
        Some(resource) if !resource.is_empty() => Ok((resource, client_id)),
        _ => Err(bad("The parameter 'resource' is missing.")),
    }
}

fn token(state: &State, request: &Request, kind: &Kind) -> Result<(Reply, String), Reply> {
    let (resource, client_id) = parameters(request, kind)?;
    let identities = &state.managed_identity;
    let identity = match client_id {
        None => &identities.system_assigned,
        Some(id) => identities.identity(&id).ok_or_else(|| bad("Identity not found"))?,
    };
    if state.cloud().surface_of(&resource).is_none() {
        let refusal = unknown_resource(&resource);
        return Err(error(StatusCode::BAD_REQUEST, refusal.error, &refusal.sentence()));
    }
    let realm = state.realm(identity.principal.tenant);
    let (app_id, lifetime) = (&identity.app_id, state.options.token_lifetime_seconds);
    let token = access_token(state, realm, app_id, identity.name, &identity.principal, &resource, Proof::Assertion);
    let body = json!({
        "access_token": token,
        "client_id": app_id,
        "expires_in": lifetime.to_string(),
        "expires_on": (now() + lifetime as i64).to_string(),
        "not_before": now().to_string(),
        "resource": resource,
        "token_type": "Bearer",
    });
    Ok((json_reply(StatusCode::OK, &body), app_id.clone()))
}
