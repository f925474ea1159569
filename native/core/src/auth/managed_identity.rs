//! The identity that Azure gives to the machine or service this runs on. Its tokens come from an address that only this
//! machine can reach, over plain HTTP, without a secret to keep.
//!
//! Sources: the documentation of managed identities for virtual machines (2018-02-01), App Service and Functions (2019-08-01,
//! before that 2017-09-01), Azure Arc (2019-11-01) and Cloud Shell. Azure Automation offers the interface of App Service.

use super::{error::capitalised, token::Tokens};
use crate::{
    endpoint::Endpoint,
    fault::{Fault, FaultKind},
    http::{self, retry},
    operation::Operation,
    secret::Secret,
    settings::Settings,
};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use url::Url;

/// Where virtual machines find their metadata service.
const VIRTUAL_MACHINE: &str = "http://169.254.169.254";
/// Where the Azure Arc agent listens when no variable says so.
const ARC_AGENT: &str = "http://127.0.0.1:40342/metadata/identity/oauth2/token";
/// Outside of Azure nothing answers at these addresses; nobody should wait long to learn that.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// A longer key of the Arc agent is no such key.
const LARGEST_ARC_KEY: u64 = 4096;

/// Where tokens come from, and how to ask there.
#[derive(Debug)]
enum Host {
    /// The metadata service of a virtual machine.
    VirtualMachine,
    /// App Service, Functions, Container Apps and Automation. The secret shows that the caller runs inside.
    AppService(Secret),
    /// App Service before 2019.
    LegacyAppService(Secret),
    /// The agent of a server outside of Azure. It proves itself by a key that it writes to `keys`.
    Arc { keys: PathBuf },
    /// Cloud Shell, as the person in front of it.
    CloudShell,
}

impl Host {
    /// The name for people.
    fn name(&self) -> &'static str {
        match self {
            Self::VirtualMachine => "the metadata service of virtual machines",
            Self::AppService(_) | Self::LegacyAppService(_) => "the identity endpoint of the app",
            Self::Arc { .. } => "the Azure Arc agent",
            Self::CloudShell => "Cloud Shell",
        }
    }
}

/// A managed identity and the way to its tokens.
#[derive(Debug)]
pub struct ManagedIdentity {
    host: Host,
    address: Url,
    /// Client id of a user-assigned identity.
    client_id: Option<String>,
    resource: String,
    http: Client,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    /// Seconds, as text or number.
    expires_in: Option<serde_json::Value>,
}

/// The two forms of an error: that of OAuth, and App Service's own.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    error: serde_json::Value,
    error_description: String,
    message: String,
}

impl ManagedIdentity {
    /// Finds out where this runs, from the variables that Azure sets there.
    ///
    /// # Errors
    /// The address in a variable is not valid, or the place has no user-assigned identities.
    pub(super) fn find(settings: &Settings, endpoint: &Endpoint) -> Result<Self, Fault> {
        let variable = |name| settings.variable(name);
        let secret = |text: &str| Secret::new(text.to_owned());
        let (host, address) = if let Some(identity) = variable("IDENTITY_ENDPOINT") {
            match (variable("IDENTITY_HEADER"), variable("IMDS_ENDPOINT")) {
                (Some(header), _) => (Host::AppService(secret(header)), address("IDENTITY_ENDPOINT", identity)?),
                (None, Some(_)) => {
                    let address = address("IDENTITY_ENDPOINT", identity)?;
                    // The agent is on this machine; its key must not go to another.
                    if !http::is_loopback(&address) {
                        return Err(unavailable(
                            "IDENTITY_ENDPOINT does not lead to an Azure Arc agent on this machine",
                        ));
                    }
                    (Host::Arc { keys: arc_keys(settings) }, address)
                }
                (None, None) => {
                    return Err(unavailable(
                        "IDENTITY_ENDPOINT is set, but neither IDENTITY_HEADER nor IMDS_ENDPOINT is",
                    ));
                }
            }
        } else if let Some(msi) = variable("MSI_ENDPOINT") {
            let host = variable("MSI_SECRET").map_or(Host::CloudShell, |text| Host::LegacyAppService(secret(text)));
            (host, address("MSI_ENDPOINT", msi)?)
        } else if arc_agent(settings).is_file() {
            (Host::Arc { keys: arc_keys(settings) }, address("", ARC_AGENT)?)
        } else {
            // The variable is that of the pod identity webhook, which the Azure SDKs follow too.
            let name = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
            let mut address = address(name, variable(name).unwrap_or(VIRTUAL_MACHINE))?;
            address.set_path("/metadata/identity/oauth2/token");
            (Host::VirtualMachine, address)
        };
        let client_id = settings.managed_identity_account_id.clone().filter(|id| !id.is_empty());
        if client_id.is_some() && matches!(host, Host::Arc { .. } | Host::CloudShell) {
            return Err(Fault::invalid_argument(
                "UserAssignedIdentityNotAvailable",
                format!(
                    "{} has no user-assigned identities. Leave -ManagedIdentityAccountId out.",
                    if matches!(host, Host::CloudShell) { "Cloud Shell" } else { "Azure Arc" }
                ),
            )
            .ending_session());
        }
        Ok(Self { host, address, client_id, resource: endpoint.resource(), http: client()? })
    }

    /// Asks for a token, once. `is_renewal` says that this has worked before.
    ///
    /// # Errors
    /// Nothing answers, or what it answers.
    pub(super) async fn token(&self, is_renewal: bool, operation: &Operation) -> Result<Tokens, Fault> {
        operation.verbose(|| format!("Asking {} at {} for a token.", self.host.name(), self.address));
        let fault = match self.ask(operation).await {
            Ok(tokens) => return Ok(tokens),
            Err(fault) => fault,
        };
        // Nobody there means something else before the first token than after it.
        if fault.error_id == "HostUnreachable" && !is_renewal {
            let cause = fault.detail.unwrap_or(fault.message);
            return Err(unavailable(&format!("nothing answers at {}", self.address)).with_detail(cause));
        }
        Err(if fault.is_transient() { fault } else { fault.ending_session() })
    }

    async fn ask(&self, operation: &Operation) -> Result<Tokens, Fault> {
        let (mut status, mut headers, mut body) = self.call(None, operation).await?;
        if let (Host::Arc { keys }, StatusCode::UNAUTHORIZED) = (&self.host, status) {
            let key = arc_key(&headers, keys)?;
            (status, headers, body) = self.call(Some(&key), operation).await?;
        }
        if !status.is_success() {
            return Err(Fault { retry_after: retry::retry_after(&headers), ..self.refusal(status, body.expose()) });
        }
        let answer: Answer = serde_json::from_str(body.expose()).map_err(|_| self.unexpected())?;
        let life = answer.expires_in.as_ref().and_then(seconds);
        let tokens = Tokens::from_access_token(Secret::new(answer.access_token))?;
        Ok(match life {
            // Tokens are kept there for a while, so the token itself may know better.
            Some(life) => tokens.living_at_most(life),
            None => tokens,
        })
    }

    async fn call(
        &self,
        key: Option<&Secret>,
        operation: &Operation,
    ) -> Result<(StatusCode, HeaderMap, Secret), Fault> {
        let begun = Instant::now();
        let request = self.request(key).build().map_err(|error| {
            Fault::internal(format!("The request for a managed identity could not be made: {}.", http::chain(&error)))
        })?;
        let (method, url) = (request.method().clone(), request.url().clone());
        let fault = |error: reqwest::Error| {
            let fault = http::transport_fault(&error, &url);
            // Outside of Azure connecting often ends by time-out rather than by refusal.
            if error.is_connect() { Fault { error_id: "HostUnreachable".to_owned(), ..fault } } else { fault }
        };
        let response = self.http.execute(request).await.map_err(fault)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.text().await.map_err(fault)?;
        operation.verbose(|| http::call_line(&method, &url, status, body.len(), begun, None));
        Ok((status, headers, Secret::new(body)))
    }

    fn request(&self, key: Option<&Secret>) -> RequestBuilder {
        let version = match self.host {
            Host::VirtualMachine => "2018-02-01",
            Host::AppService(_) => "2019-08-01",
            Host::LegacyAppService(_) => "2017-09-01",
            Host::Arc { .. } => "2019-11-01",
            Host::CloudShell => {
                let form = [("resource", self.resource.as_str())];
                return self.http.request(Method::POST, self.address.clone()).header("Metadata", "true").form(&form);
            }
        };
        let mut request = self
            .http
            .request(Method::GET, self.address.clone())
            .query(&[("api-version", version), ("resource", &self.resource)]);
        if let Some(id) = &self.client_id {
            let name = if matches!(self.host, Host::LegacyAppService(_)) { "clientid" } else { "client_id" };
            request = request.query(&[(name, id)]);
        }
        match &self.host {
            Host::AppService(secret) => request.header("X-IDENTITY-HEADER", secret.expose()),
            Host::LegacyAppService(secret) => request.header("secret", secret.expose()),
            _ => match key {
                Some(key) => {
                    request.header("Metadata", "true").header("Authorization", format!("Basic {}", key.expose()))
                }
                None => request.header("Metadata", "true"),
            },
        }
    }

    fn refusal(&self, status: StatusCode, body: &str) -> Fault {
        let problem: Problem = serde_json::from_str(body).unwrap_or_default();
        let said = [problem.error_description.as_str(), problem.message.as_str(), problem.error.as_str().unwrap_or("")]
            .into_iter()
            .find(|text| !text.is_empty())
            .map_or_else(String::new, |text| format!(" It says: {text}"));
        // The metadata service tells clients to come back after these; 404 and 410 are an update of itself.
        let kind = match status.as_u16() {
            429 => FaultKind::Throttled,
            404 | 410 | 500..=599 => FaultKind::ServiceUnavailable,
            _ => FaultKind::Authentication,
        };
        let advice = match &self.client_id {
            Some(id) => format!("Check that the identity {id} in -ManagedIdentityAccountId is assigned here"),
            None => "Check that a system-assigned identity is switched on here, or name a user-assigned one with \
                     -ManagedIdentityAccountId"
                .to_owned(),
        };
        Fault {
            status: Some(status.as_u16()),
            ..Fault::new(
                kind,
                "ManagedIdentityRefused",
                format!("{} gave no token (HTTP {}). {advice}.{said}", capitalised(self.host.name()), status.as_u16()),
            )
        }
    }

    fn unexpected(&self) -> Fault {
        Fault::protocol(format!(
            "{} at {} answered with something that is no token.",
            capitalised(self.host.name()),
            self.address
        ))
    }
}

/// No proxy may come between: the address is the machine's own. Redirects lead nowhere good.
fn client() -> Result<Client, Fault> {
    http::prepare();
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(|error| Fault::internal(format!("The HTTP client could not be made: {}.", http::chain(&error))))
}

fn address(variable: &str, text: &str) -> Result<Url, Fault> {
    Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host()).ok_or_else(|| {
        Fault::invalid_argument(
            "InvalidManagedIdentityEndpoint",
            format!("The environment variable {variable} does not hold an address: '{text}'."),
        )
        .ending_session()
    })
}

fn unavailable(why: &str) -> Fault {
    Fault::new(
        FaultKind::Authentication,
        "ManagedIdentityUnavailable",
        format!(
            "There is no managed identity here: {why}. -ManagedIdentity works inside Azure only (virtual machines, App Service, \
             Functions, Automation, Cloud Shell, servers with Azure Arc). Elsewhere use -AppId with a certificate."
        ),
    )
    .ending_session()
}

/// Seconds as a number or as text.
fn seconds(value: &serde_json::Value) -> Option<Duration> {
    let seconds = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
    Some(Duration::from_secs(seconds))
}

/// Where the Arc agent puts its keys; nothing else is ever read on its word.
fn arc_keys(settings: &Settings) -> PathBuf {
    if cfg!(windows) {
        Path::new(settings.variable("ProgramData").unwrap_or(r"C:\ProgramData"))
            .join(r"AzureConnectedMachineAgent\Tokens")
    } else {
        "/var/opt/azcmagent/tokens".into()
    }
}

/// The Arc agent's program, by which it is known where no variable tells of it.
fn arc_agent(settings: &Settings) -> PathBuf {
    if cfg!(windows) {
        Path::new(settings.variable("ProgramFiles").unwrap_or(r"C:\Program Files"))
            .join(r"AzureConnectedMachineAgent\himds.exe")
    } else {
        "/opt/azcmagent/bin/himds".into()
    }
}

/// Reads the key whose file the agent names. Only those who may read it can get a token.
fn arc_key(headers: &HeaderMap, keys: &Path) -> Result<Secret, Fault> {
    let refuse = |why: String| {
        Fault::new(
            FaultKind::Authentication,
            "AzureArcChallenge",
            format!("The Azure Arc agent's challenge was not met: {why}."),
        )
        .ending_session()
    };
    let challenge = http::header(headers, "www-authenticate");
    let path = challenge
        .split_once("realm=")
        .map(|(_, path)| Path::new(path.trim().trim_matches('"')))
        .ok_or_else(|| refuse("it names no key file".to_owned()))?;
    if path.parent() != Some(keys) || path.extension().is_none_or(|extension| extension != "key") {
        return Err(refuse(format!("it names '{}', which is no key file in '{}'", path.display(), keys.display())));
    }
    let length = path.metadata().map_err(|error| refuse(readable(path, &error)))?.len();
    if length > LARGEST_ARC_KEY {
        return Err(refuse(format!("the key file '{}' is too large", path.display())));
    }
    let key = Secret::new(std::fs::read_to_string(path).map_err(|error| refuse(readable(path, &error)))?);
    Ok(Secret::new(key.expose().trim().to_owned()))
}

fn readable(path: &Path, error: &std::io::Error) -> String {
    format!(
        "the key file '{}' cannot be read ({error}); run as root or as a member of the group himds (on Windows as an \
         administrator or a member of Hybrid Agent Extension Applications)",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn find(variables: serde_json::Value, account: Option<&str>) -> Result<ManagedIdentity, Fault> {
        let settings: Settings = serde_json::from_value(json!({
            "flow": "managedIdentity", "managedIdentityAccountId": account, "environmentVariables": variables
        }))
        .expect("valid settings");
        ManagedIdentity::find(&settings, &Endpoint::resolve(&settings).expect("resolves"))
    }

    #[test]
    fn the_place_is_known_by_its_variables() {
        for (variables, name, version) in [
            (json!({}), "the metadata service of virtual machines", "2018-02-01"),
            (
                json!({"IDENTITY_ENDPOINT": "http://localhost:8081/msi/token", "IDENTITY_HEADER": "h"}),
                "the identity endpoint of the app",
                "2019-08-01",
            ),
            (
                json!({"IDENTITY_ENDPOINT": "http://localhost:40342/token", "IMDS_ENDPOINT": "http://localhost:40342"}),
                "the Azure Arc agent",
                "2019-11-01",
            ),
            (
                json!({"MSI_ENDPOINT": "http://localhost:1/msi", "MSI_SECRET": "s"}),
                "the identity endpoint of the app",
                "2017-09-01",
            ),
        ] {
            let identity = find(variables, None).expect(name);
            assert_eq!(identity.host.name(), name);
            let request = identity.request(None).build().expect("a request");
            assert!(request.url().query().is_some_and(|query| query.contains(version)), "{}", request.url());
            assert!(
                request
                    .url()
                    .query_pairs()
                    .any(|(name, value)| name == "resource" && value == "https://outlook.office365.com/"),
                "{}",
                request.url()
            );
        }
        let shell = find(json!({"MSI_ENDPOINT": "http://localhost:50342/oauth2/token"}), None).expect("Cloud Shell");
        assert_eq!(shell.request(None).build().expect("a request").method(), Method::POST);
    }

    #[test]
    fn what_cannot_work_is_refused_before_anything_is_sent() {
        let arc = json!({"IDENTITY_ENDPOINT": "http://localhost:1/token", "IMDS_ENDPOINT": "x"});
        for (variables, account, error_id) in [
            (arc, Some("id"), "UserAssignedIdentityNotAvailable"),
            (json!({"IDENTITY_ENDPOINT": "http://localhost:1/token"}), None, "ManagedIdentityUnavailable"),
            (
                json!({"IDENTITY_ENDPOINT": "http://192.0.2.1/token", "IMDS_ENDPOINT": "x"}),
                None,
                "ManagedIdentityUnavailable",
            ),
            (json!({"MSI_ENDPOINT": "nonsense"}), None, "InvalidManagedIdentityEndpoint"),
            (json!({"MSI_ENDPOINT": "file:///etc/passwd"}), None, "InvalidManagedIdentityEndpoint"),
        ] {
            assert_eq!(find(variables, account).expect_err(error_id).error_id, error_id);
        }
    }

    #[test]
    fn the_key_of_the_arc_agent_is_read_from_its_folder_only() {
        let folder = std::env::temp_dir().join(format!("exo-core-arc-{}", Uuid::new_v4()));
        std::fs::create_dir(&folder).expect("a folder");
        let file = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).expect("a file");
            folder.join(name)
        };
        let read = |path: &Path| {
            let mut headers = HeaderMap::new();
            let challenge = format!("Basic realm={}", path.display());
            headers.insert("www-authenticate", challenge.parse().expect("a header"));
            arc_key(&headers, &folder)
        };
        let good = file("1.key", "the-key\n");
        assert_eq!(read(&good).expect("read").expose(), "the-key");
        for bad in [file("1.txt", "x"), file("2.key", &"x".repeat(5000)), folder.join("no.key"), "/etc/passwd".into()] {
            assert_eq!(read(&bad).expect_err("refused").error_id, "AzureArcChallenge");
        }
        assert!(read(&folder.join("../outside.key")).is_err());
        assert!(arc_key(&HeaderMap::new(), &folder).is_err());
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn seconds_come_as_numbers_and_as_text() {
        assert_eq!(seconds(&json!(60)), Some(Duration::from_secs(60)));
        assert_eq!(seconds(&json!("3599")), Some(Duration::from_secs(3599)));
        assert_eq!(seconds(&json!("soon")), None);
    }
}
