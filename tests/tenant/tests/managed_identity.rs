//! The endpoints of hosts in Azure: who is admitted, which identity they give a token for, and how they refuse.

mod common;

use std::path::PathBuf;

use common::{Fixture, call, claims};
use exo_tenant::client::Response;
use exo_tenant::control::Action;
use exo_tenant::{ManagedIdentityFacts, Options};
use serde_json::{Value, json};

const RESOURCE: &str = "https://outlook.office365.com/";

/// A request to an endpoint, right as it is; tests spoil it.
struct Question {
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, String)>,
    query: Vec<(&'static str, String)>,
    form: Vec<(&'static str, String)>,
}

impl Question {
    fn new(facts: &ManagedIdentityFacts, kind: &str) -> Self {
        let variable = |name: &str| facts.environments[kind][name].clone();
        let metadata = vec![("metadata", "true".to_owned())];
        let versioned = |version: &str| vec![("api-version", version.to_owned()), ("resource", RESOURCE.to_owned())];
        let get = |url: String, headers, version: &str| Self {
            method: "GET",
            url,
            headers,
            query: versioned(version),
            form: Vec::new(),
        };
        match kind {
            "imds" => get(
                format!("{}/metadata/identity/oauth2/token", variable("AZURE_POD_IDENTITY_AUTHORITY_HOST")),
                metadata,
                "2018-02-01",
            ),
            "appService" => get(
                variable("IDENTITY_ENDPOINT"),
                vec![("x-identity-header", variable("IDENTITY_HEADER"))],
                "2019-08-01",
            ),
            "legacyAppService" => get(variable("MSI_ENDPOINT"), vec![("secret", variable("MSI_SECRET"))], "2017-09-01"),
            "arc" => get(variable("IDENTITY_ENDPOINT"), metadata, "2019-11-01"),
            "cloudShell" => Self {
                method: "POST",
                url: variable("MSI_ENDPOINT"),
                headers: vec![metadata[0].clone(), ("content-type", "application/x-www-form-urlencoded".to_owned())],
                query: Vec::new(),
                form: vec![("resource", RESOURCE.to_owned())],
            },
            other => panic!("unknown kind {other}"),
        }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        let fields = if self.method == "POST" { &mut self.form } else { &mut self.query };
        fields.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            fields.push((name, value.to_owned()));
        }
        self
    }

    fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            self.headers.push((name, value.to_owned()));
        }
        self
    }

    async fn ask(&self, fixture: &Fixture) -> Response {
        let encode = |fields: &[(&str, String)]| -> String {
            form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
        };
        let url =
            if self.query.is_empty() { self.url.clone() } else { format!("{}?{}", self.url, encode(&self.query)) };
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fixture.client.send(self.method, &url, &headers, encode(&self.form)).await.unwrap()
    }
}

async fn start() -> (Fixture, ManagedIdentityFacts) {
    let fixture = Fixture::start(Options { mailboxes: 2, managed_identity: true, ..Options::default() }).await;
    let facts = fixture.tenant.facts().managed_identity.clone().unwrap();
    (fixture, facts)
}

/// The key file that a challenge names, and its content.
fn challenged(response: &Response) -> (PathBuf, String) {
    assert_eq!(response.status, 401, "{}", response.text());
    let path = PathBuf::from(response.header("www-authenticate").strip_prefix("Basic realm=").unwrap());
    let key = std::fs::read_to_string(&path).unwrap();
    (path, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_host_gives_its_identitys_token() {
    let (fixture, facts) = start().await;
    for kind in ["imds", "appService", "legacyAppService", "arc", "cloudShell"] {
        let mut question = Question::new(&facts, kind);
        if kind == "arc" {
            let (_, key) = challenged(&question.ask(&fixture).await);
            question = question.with_header("authorization", &format!("Basic {key}"));
        }
        let response = question.ask(&fixture).await;
        assert_eq!(response.status, 200, "{kind}: {}", response.text());
        let body = response.json();
        for name in ["expires_in", "expires_on"] {
            assert!(body[name].as_str().unwrap().parse::<i64>().unwrap() > 0, "{kind} {name}");
        }
        assert_eq!((&body["resource"], &body["token_type"]), (&json!(RESOURCE), &json!("Bearer")));
        assert_eq!(body["client_id"], facts.system_assigned.app_id);
        let token = body["access_token"].as_str().unwrap();
        assert_eq!(claims(token)["appid"], facts.system_assigned.app_id);
        let answer = fixture.run(token, "Get-OrganizationConfig", json!({})).await;
        assert_eq!(answer.status, 200, "{kind}");
        let log = fixture.tenant.requests();
        assert!(log.iter().any(|entry| entry.note.as_deref() == Some(kind) && entry.status == 200), "{kind} is logged");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_is_chosen_by_its_client_id() {
    let (fixture, facts) = start().await;
    for (kind, parameter) in [("imds", "client_id"), ("appService", "client_id"), ("legacyAppService", "clientid")] {
        let asked = async |id: &str| Question::new(&facts, kind).with(parameter, id).ask(&fixture).await;
        let chosen = asked(&facts.user_assigned.app_id).await;
        assert_eq!(chosen.status, 200, "{}", chosen.text());
        assert_eq!(claims(chosen.json()["access_token"].as_str().unwrap())["appid"], facts.user_assigned.app_id);
        assert_eq!(asked(&facts.system_assigned.app_id).await.json()["client_id"], facts.system_assigned.app_id);
        let nobody = asked("11111111-2222-4333-8444-555555555555").await;
        assert_eq!(nobody.status, 400);
        assert_eq!(
            nobody.json(),
            json!({"error": "invalid_request", "error_description": "Identity not found"}),
            "{kind}"
        );
    }
    for kind in ["arc", "cloudShell"] {
        let refused = Question::new(&facts, kind).with("client_id", &facts.user_assigned.app_id).ask(&fixture).await;
        assert_eq!(refused.status, 400, "{kind}");
        assert!(refused.json()["error_description"].as_str().unwrap().contains("system-assigned"), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_are_not_right_are_refused() {
    let (fixture, facts) = start().await;
    let status = async |question: Question| {
        let response = question.ask(&fixture).await;
        assert!(response.json()["access_token"].is_null());
        (response.status.as_u16(), response.json()["error"].clone())
    };
    let bad = (400, json!("invalid_request"));
    let stranger = (401, json!("unauthorized_client"));
    for kind in ["imds", "appService", "legacyAppService", "arc", "cloudShell"] {
        let question = || Question::new(&facts, kind);
        assert_eq!(status(question().with("resource", "")).await, bad, "{kind}");
        assert_eq!(status(question().with("colour", "red")).await, bad, "{kind}");
        assert_eq!(status(question().with_header("x-forwarded-for", "10.0.0.1")).await, bad, "{kind}");
        if kind != "arc" {
            for resource in ["https://graph.microsoft.com/", "https://outlook.office365.us/"] {
                let answer = status(question().with("resource", resource)).await;
                assert_eq!(answer, (400, json!("invalid_resource")), "{kind} {resource}");
            }
        }
        if kind != "cloudShell" {
            assert_eq!(status(question().with("api-version", "")).await, bad, "{kind}");
            assert_eq!(status(question().with("api-version", "2016-01-01")).await, bad, "{kind}");
        }
        let mut other = question();
        other.method = if other.method == "GET" { "POST" } else { "GET" };
        assert_eq!(other.ask(&fixture).await.status, 405, "{kind}");
    }
    for kind in ["imds", "arc", "cloudShell"] {
        for value in ["", "false"] {
            assert_eq!(status(Question::new(&facts, kind).with_header("metadata", value)).await, bad, "{kind}");
        }
    }
    for value in ["", "wrong"] {
        let question = Question::new(&facts, "appService").with_header("x-identity-header", value);
        assert_eq!(status(question).await, stranger, "{value}");
        let question = Question::new(&facts, "legacyAppService").with_header("secret", value);
        assert_eq!(status(question).await, stranger, "{value}");
    }
    let nothing = format!("{}/nothing", facts.environments["imds"]["AZURE_POD_IDENTITY_AUTHORITY_HOST"]);
    assert_eq!(fixture.client.send("GET", &nothing, &[], "").await.unwrap().status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn arc_proves_that_the_client_can_read_a_file() {
    let folder = std::env::temp_dir().join(format!("exo-tenant-arc-{}", std::process::id()));
    let options =
        Options { mailboxes: 1, managed_identity: true, arc_key_dir: Some(folder.clone()), ..Options::default() };
    let fixture = Fixture::start(options).await;
    let facts = fixture.tenant.facts().managed_identity.clone().unwrap();
    assert_eq!(facts.arc_key_dir, folder);
    let (path, key) = challenged(&Question::new(&facts, "arc").ask(&fixture).await);
    assert!(path.starts_with(&folder) && path.extension().is_some_and(|extension| extension == "key"), "{path:?}");
    assert!(key.len() <= 4096);
    let with_key = async |key: &str| {
        let question = Question::new(&facts, "arc").with_header("authorization", &format!("Basic {key}"));
        question.ask(&fixture).await.status.as_u16()
    };
    assert_eq!(with_key("wrong").await, 401);
    assert_eq!(with_key(&key).await, 200);
    assert!(!path.exists(), "a key is good for one token");
    assert_eq!(with_key(&key).await, 401);
    fixture.tenant.control(&Action::SetArcKeyBytes { bytes: 4097 }).unwrap();
    let (path, key) = challenged(&Question::new(&facts, "arc").ask(&fixture).await);
    assert_eq!(key.len(), 4097);
    fixture.tenant.stop().await;
    assert!(!path.exists(), "no key file stays");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_for_the_resource_that_was_asked_for() {
    let (fixture, facts) = start().await;
    let resource = "https://ps.compliance.protection.outlook.com";
    let body = Question::new(&facts, "imds").with("resource", resource).ask(&fixture).await.json();
    let token = body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(claims(&token)["aud"], resource);
    let run = async |cmdlet: &str| {
        fixture.post(&token, &fixture.invoke_url(), &[], &call(cmdlet, json!({}))).await.status.as_u16()
    };
    assert_eq!(run("Get-Recipient").await, 200);
    assert_eq!(run("Get-Mailbox").await, 403, "that is the other service's");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_are_in_the_ready_files_form() {
    let (fixture, _) = start().await;
    let facts: Value = serde_json::to_value(fixture.tenant.facts()).unwrap();
    let managed = &facts["managedIdentity"];
    assert!(managed["systemAssigned"]["appId"].is_string() && managed["userAssigned"]["appId"].is_string());
    for (kind, variable) in [
        ("imds", "AZURE_POD_IDENTITY_AUTHORITY_HOST"),
        ("appService", "IDENTITY_ENDPOINT"),
        ("legacyAppService", "MSI_ENDPOINT"),
        ("arc", "IMDS_ENDPOINT"),
        ("cloudShell", "MSI_ENDPOINT"),
    ] {
        assert!(managed[kind][variable].as_str().unwrap().starts_with("http://127.0.0.1:"), "{kind}");
    }
    let without = Fixture::with_mailboxes(1).await;
    assert!(without.tenant.facts().managed_identity.is_none());
}
