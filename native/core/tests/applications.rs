//! Sign-ins without a person: applications with a certificate, a secret or a token of another issuer, managed identities, and
//! access tokens that the caller brings.

mod common;

use common::*;
use exo_core::{auth::signer, connection};
use exo_tenant::{Options, credentials::Certificate};
use once_cell::sync::Lazy;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Keeps the private keys, as the module's managed side does.
static KEYS: Lazy<Mutex<HashMap<u64, (Certificate, String)>>> = Lazy::new(|| {
    signer::set(std::sync::Arc::new(Keys));
    Mutex::default()
});
static NEXT_KEY: AtomicU64 = AtomicU64::new(1);

struct Keys;

impl signer::Signer for Keys {
    fn sign(&self, key: u64, data: &[u8]) -> Result<Vec<u8>, String> {
        let keys = KEYS.lock().expect("nobody panics with it");
        let (certificate, algorithm) = keys.get(&key).ok_or("the key is gone.")?;
        certificate.sign(algorithm, data).map_err(|error| error.to_string())
    }
}

fn tenant() -> Service {
    Service::start(Options { mailboxes: 5, certificates: true, ..Options::default() })
}

/// Settings of an application of the tenant, without a credential.
fn application(service: &Service, name: &str, flow: &str) -> Value {
    let facts = service.tenant.application(name).expect("the tenant has this application");
    let mut settings = service.settings(flow, None);
    settings["appId"] = facts.app_id.clone().into();
    settings["organization"] = service.tenant.facts().organization.clone().into();
    settings
}

/// Settings of an application with one of the tenant's certificates.
fn with_certificate(service: &Service, name: &str, certificate: &str, algorithm: &str) -> Value {
    let certificate = service.tenant.certificate(certificate).expect("the tenant has this certificate");
    let key = NEXT_KEY.fetch_add(1, Ordering::Relaxed);
    KEYS.lock().expect("nobody panics with it").insert(key, (certificate.clone(), algorithm.to_owned()));
    let mut settings = application(service, name, "certificate");
    settings["certificate"] = json!({"key": key, "algorithm": algorithm, "thumbprint": certificate.x5t_s256()});
    settings
}

fn secret(service: &Service, name: &str, state: &str) -> String {
    let secrets = &service.tenant.application(name).expect("the tenant has this application").secrets;
    secrets.iter().find(|secret| secret.state == state).expect("it has such a secret").value.clone()
}

/// Connects and runs a command; gives the connection's information.
fn connects(settings: &Value, secret: &str) -> Value {
    let information = finish(open(settings, secret)).expect("connects").result;
    let id = information["connectionId"].as_str().expect("an id");
    assert_eq!(run(id, "Get-Mailbox", &json!({})).expect("runs").rows.len(), 5);
    information
}

fn refused(settings: &Value, secret: &str) -> Value {
    let fault = finish(open(settings, secret)).expect_err("refused");
    assert_eq!(fault["endsSession"], true, "{fault}");
    assert!(secret.is_empty() || !fault.to_string().contains(secret), "a secret in {fault}");
    fault
}

fn message(fault: &Value) -> &str {
    fault["message"].as_str().expect("a text")
}

#[test]
fn certificates_sign_in_with_every_kind_of_key() {
    let service = tenant();
    for (certificate, algorithm) in
        [("automation", "PS256"), ("automation-p256", "ES256"), ("automation-p384", "ES384")]
    {
        let information = connects(&with_certificate(&service, "automation", certificate, algorithm), "");
        assert_eq!(information["certificateAuthentication"], true);
        assert_eq!(information["userPrincipalName"], Value::Null);
        assert_eq!(information["appId"], service.tenant.application("automation").expect("there").app_id);
        assert_eq!(information["organization"], service.tenant.facts().organization);
        assert_eq!(information["tenantId"], service.tenant.facts().tenant_id);
    }
    let anchors: Vec<_> = service.tenant.requests().into_iter().filter_map(|entry| entry.anchor_mailbox).collect();
    assert!(
        !anchors.is_empty() && anchors.iter().all(|anchor| anchor.starts_with("APP:SystemMailbox{")),
        "{anchors:?}"
    );
}

#[test]
fn certificates_that_are_not_good_are_told_apart() {
    let service = tenant();
    let fault = refused(&with_certificate(&service, "automation", "automation-unregistered", "PS256"), "");
    assert_eq!(fault["errorId"], "AADSTS700027", "{fault}");
    assert!(message(&fault).contains("not among those registered"), "{fault}");

    let mut settings = with_certificate(&service, "automation", "automation", "PS256");
    settings["appId"] = "11111111-2222-3333-4444-555555555555".into();
    let fault = refused(&settings, "");
    assert_eq!(fault["errorId"], "AADSTS700016", "{fault}");
    assert!(message(&fault).contains("-AppId"), "{fault}");

    let mut settings = with_certificate(&service, "automation", "automation", "PS256");
    settings["organization"] = "nowhere.onmicrosoft.com".into();
    let fault = refused(&settings, "");
    assert_eq!(fault["errorId"], "AADSTS90002", "{fault}");

    let mut settings = with_certificate(&service, "automation", "automation", "PS256");
    settings["certificate"]["key"] = u64::MAX.into();
    let fault = refused(&settings, "");
    assert_eq!(
        (&fault["errorId"], message(&fault).ends_with("the key is gone.")),
        (&json!("CertificateCannotSign"), true)
    );

    for (member, hint) in [("appId", "-AppId"), ("organization", "-Organization"), ("certificate", "certificate")] {
        let mut settings = with_certificate(&service, "automation", "automation", "PS256");
        settings[member] = Value::Null;
        let fault = refused(&settings, "");
        assert_eq!((&fault["kind"], &fault["errorId"]), (&json!("invalidArgument"), &json!("MissingAppCredential")));
        assert!(message(&fault).contains(hint), "{fault}");
    }
}

#[test]
fn roles_and_permissions_of_an_application() {
    let service = tenant();
    let norole = refused(&application(&service, "norole", "clientSecret"), &secret(&service, "norole", "valid"));
    assert_eq!(norole["kind"], "denied", "{norole}");
    assert!(message(&norole).contains("isn't supported in this scenario"), "{norole}");
    let nopermission =
        refused(&application(&service, "nopermission", "clientSecret"), &secret(&service, "nopermission", "valid"));
    assert_eq!(nopermission["kind"], "authentication", "{nopermission}");
    assert!(message(&nopermission).contains("Exchange.ManageAsApp"), "{nopermission}");

    let settings = application(&service, "reporting", "clientSecret");
    let information = connects(&settings, &secret(&service, "reporting", "valid"));
    let id = information["connectionId"].as_str().expect("an id");
    let fault = run(id, "Set-Mailbox", &json!({"Identity": "adele", "Office": "x"})).expect_err("it may only read");
    assert_eq!(fault["kind"], "denied", "{fault}");
}

#[test]
fn client_secrets_sign_in_or_say_why_not() {
    let service = tenant();
    let settings = application(&service, "automation", "clientSecret");
    let information = connects(&settings, &secret(&service, "automation", "valid"));
    assert_eq!(information["certificateAuthentication"], false);
    let fault = refused(&settings, "Planted-Secret");
    assert_eq!(fault["errorId"], "AADSTS7000215", "{fault}");
    let fault = refused(&settings, &secret(&service, "automation", "expired"));
    assert_eq!(fault["errorId"], "AADSTS7000222", "{fault}");
    assert_eq!(refused(&settings, "")["errorId"], "MissingAppCredential");
    service.tenant.disable_application(settings["appId"].as_str().expect("an id")).expect("disabled");
    assert_eq!(refused(&settings, &secret(&service, "automation", "valid"))["errorId"], "AADSTS7000112");
}

#[test]
fn federated_tokens_are_read_anew_and_compared_by_the_service() {
    use exo_tenant::entra::federation::{AUDIENCE, ISSUER, SUBJECT};
    let service = tenant();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    let mut settings = application(&service, "automation", "federatedToken");
    settings["federatedTokenFile"] = file.to_string_lossy().into();
    let write = |issuer: &str, subject: &str, audience: &str, life: i64| {
        let token = service.tenant.federated_token(issuer, subject, audience, life);
        std::fs::write(&file, format!("{token}\n")).expect("written");
    };
    write(ISSUER, SUBJECT, AUDIENCE, 600);
    connects(&settings, "");
    for (issuer, subject, audience, life, id) in [
        ("https://elsewhere.example", SUBJECT, AUDIENCE, 600, "AADSTS700211"),
        (ISSUER, "repo:somebody/else", AUDIENCE, 600, "AADSTS700213"),
        (ISSUER, SUBJECT, "api://else", 600, "AADSTS700212"),
        (ISSUER, SUBJECT, AUDIENCE, -600, "AADSTS700024"),
    ] {
        write(issuer, subject, audience, life);
        assert_eq!(refused(&settings, "")["errorId"], id);
    }
    for text in ["", "planted-secret", "a.b c.d"] {
        std::fs::write(&file, text).expect("written");
        let fault = refused(&settings, "");
        assert_eq!(fault["errorId"], "InvalidFederatedTokenFile");
        assert!(text.is_empty() || !message(&fault).contains(text), "{fault}");
    }
    std::fs::remove_file(&file).expect("removed");
    let fault = refused(&settings, "");
    assert!(message(&fault).contains(&*file.to_string_lossy()), "{fault}");
}

#[test]
fn applications_sign_in_again_when_their_token_ends() {
    let service =
        Service::start(Options { mailboxes: 5, certificates: true, token_lifetime_seconds: 2, ..Options::default() });
    let information = connects(&with_certificate(&service, "automation", "automation", "PS256"), "");
    let id = information["connectionId"].as_str().expect("an id");
    let before = service.token_requests();
    std::thread::sleep(Duration::from_millis(2100));
    assert_eq!(run(id, "Get-Mailbox", &json!({})).expect("runs").rows.len(), 5);
    assert_eq!(service.token_requests() - before, 1);

    // What is mended in Entra works again without a new connection.
    let app_id = service.tenant.application("automation").expect("there").app_id.clone();
    service.tenant.disable_application(&app_id).expect("disabled");
    std::thread::sleep(Duration::from_millis(2100));
    let fault = run(id, "Get-Mailbox", &json!({})).expect_err("disabled");
    assert_eq!((&fault["errorId"], &fault["endsSession"]), (&json!("AADSTS7000112"), &json!(true)), "{fault}");
    let state = || connection::list().into_iter().find(|known| known.connection_id == id).expect("listed").state;
    assert_eq!(state(), "Broken");
}

fn identity(service: &Service, host: &str) -> Value {
    let facts = service.tenant.facts().managed_identity.as_ref().expect("offered");
    let mut settings = service.settings("managedIdentity", None);
    for (name, value) in &facts.environments[host] {
        settings["environmentVariables"][name] = value.clone().into();
    }
    settings["organization"] = service.tenant.facts().organization.clone().into();
    settings
}

#[test]
fn managed_identities_of_every_host() {
    let service = Service::start(Options { mailboxes: 5, managed_identity: true, ..Options::default() });
    let facts = service.tenant.facts().managed_identity.clone().expect("offered");
    // The Arc agent's folder is fixed; its challenge has tests of its own.
    for host in ["imds", "appService", "legacyAppService", "cloudShell"] {
        let mut settings = identity(&service, host);
        let information = connects(&settings, "");
        assert_eq!(information["appId"], facts.system_assigned.app_id, "{host}");
        assert_eq!(information["certificateAuthentication"], false);
        settings["managedIdentityAccountId"] = facts.user_assigned.app_id.clone().into();
        if host == "cloudShell" {
            assert_eq!(refused(&settings, "")["errorId"], "UserAssignedIdentityNotAvailable");
            continue;
        }
        assert_eq!(connects(&settings, "")["appId"], facts.user_assigned.app_id, "{host}");
        let unknown = "11111111-2222-3333-4444-555555555555";
        settings["managedIdentityAccountId"] = unknown.into();
        let fault = refused(&settings, "");
        assert_eq!(fault["errorId"], "ManagedIdentityRefused", "{host}: {fault}");
        assert!(message(&fault).contains(unknown), "{fault}");
    }
}

#[test]
fn a_managed_identity_that_is_not_there_or_not_of_the_organization() {
    let service = Service::start(Options { mailboxes: 5, managed_identity: true, ..Options::default() });
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let mut settings = service.settings("managedIdentity", None);
    settings["environmentVariables"]["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = format!("http://{free}").into();
    let begun = std::time::Instant::now();
    let fault = refused(&settings, "");
    assert_eq!(fault["errorId"], "ManagedIdentityUnavailable", "{fault}");
    assert!(begun.elapsed() < Duration::from_secs(5), "nobody should wait for what is not there");

    let mut settings = identity(&service, "appService");
    settings["environmentVariables"]["IDENTITY_HEADER"] = "planted-secret".into();
    let fault = refused(&settings, "");
    assert_eq!(fault["errorId"], "ManagedIdentityRefused");
    assert!(!fault.to_string().contains("planted-secret"), "{fault}");

    let mut settings = identity(&service, "imds");
    settings["organization"] = "fabrikam.onmicrosoft.com".into();
    let fault = refused(&settings, "");
    assert_eq!(fault["errorId"], "OrganizationMismatch", "{fault}");
}

/// An access token of the tenant for an account.
fn access_token(service: &Service, user: &str) -> String {
    let facts = service.tenant.facts();
    let form = [
        ("grant_type", "password".to_owned()),
        ("client_id", exo_core::auth::CLIENT_ID.to_owned()),
        ("username", service.upn(user)),
        ("password", service.password(user)),
        ("scope", "https://outlook.office365.com/.default".to_owned()),
    ];
    exo_core::http::prepare();
    let ca = reqwest::Certificate::from_pem(service.tenant.ca_pem().as_bytes()).expect("a certificate");
    let address = format!("{}/oauth2/v2.0/token", facts.authorization_uri);
    let answer = service.runtime.block_on(async {
        let client = reqwest::Client::builder().tls_certs_only([ca]).build().expect("a client");
        client.post(address).form(&form).send().await.expect("answers").text().await.expect("a text")
    });
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    answer["access_token"].as_str().expect("a token").to_owned()
}

#[test]
fn an_access_token_serves_as_long_as_it_lives() {
    let service = Service::start(Options { mailboxes: 5, token_lifetime_seconds: 3, ..Options::default() });
    let token = access_token(&service, "admin");
    let mut settings = service.settings("accessToken", Some("admin"));
    settings["organization"] = service.tenant.facts().organization.clone().into();
    let information = connects(&settings, &token);
    assert_eq!(information["userPrincipalName"], service.upn("admin"));
    // The tenant rounds the end of a life up to a second.
    std::thread::sleep(Duration::from_millis(4200));
    let id = information["connectionId"].as_str().expect("an id");
    let fault = run(id, "Get-Mailbox", &json!({})).expect_err("its life is over");
    assert_eq!((&fault["errorId"], &fault["endsSession"]), (&json!("TokenExpired"), &json!(true)), "{fault}");
    assert!(message(&fault).contains("-AccessToken"), "{fault}");
    assert_eq!(refused(&settings, &token)["errorId"], "AccessTokenExpired");
}

#[test]
fn an_access_token_of_another_user_or_tenant_makes_no_connection() {
    let service = Service::with_mailboxes(5);
    let token = access_token(&service, "admin");
    let fault = refused(&service.settings("accessToken", Some("viewer")), &token);
    assert_eq!(fault["errorId"], "SignedInUserMismatch", "{fault}");
    for (member, parameter) in [("organization", "-Organization"), ("delegatedOrganization", "-DelegatedOrganization")]
    {
        let mut settings = service.settings("accessToken", None);
        settings[member] = "fabrikam.onmicrosoft.com".into();
        let fault = refused(&settings, &token);
        assert_eq!(fault["errorId"], "OrganizationMismatch", "{fault}");
        assert!(message(&fault).contains(parameter), "{fault}");
        let fabrikam =
            service.tenant.facts().tenants.iter().find(|tenant| tenant.initial_domain.starts_with("fabrikam"));
        settings[member] = fabrikam.expect("the other tenant").tenant_id.clone().into();
        assert_eq!(refused(&settings, &token)["errorId"], "OrganizationMismatch");
    }
    let mut settings = service.settings("accessToken", None);
    settings["organization"] = "nowhere.onmicrosoft.com".into();
    assert_eq!(refused(&settings, &token)["errorId"], "AADSTS90002");
    for text in ["planted-secret", "a.b.c", "Bearer x.y.z"] {
        let settings = service.settings("accessToken", None);
        assert_eq!(refused(&settings, text)["kind"], "protocol");
    }
    assert_eq!(refused(&service.settings("accessToken", None), "")["errorId"], "MissingAccessToken");
}
