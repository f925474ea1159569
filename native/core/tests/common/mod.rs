//! What the tests against the simulated tenant share: a tenant, and operations run to their end.

// Each test program uses a part of it.
#![allow(dead_code, unreachable_pub)]

use exo_core::{
    command, connection,
    operation::{self, OperationId, Step},
    secret::Secret,
};
use exo_tenant::{
    Options, Tenant,
    client::Client,
    person::{Action, End, Person, walk},
};
use serde_json::{Value, json};
use std::{collections::HashSet, time::Duration};
use tokio::runtime::Runtime;

pub const SOON: Duration = Duration::from_secs(60);
pub const MORE_RESULTS: &str = "There are more results available than are currently displayed. To view them, increase the \
                            value for the ResultSize parameter.";

/// A tenant with a runtime of its own: the core has to come along with whatever thread calls it.
pub struct Service {
    pub runtime: Runtime,
    pub tenant: Tenant,
}

/// What an operation gave.
#[derive(Default)]
pub struct Outcome {
    pub rows: Vec<Value>,
    pub pages: usize,
    pub events: Vec<Value>,
    pub result: Value,
}

impl std::fmt::Debug for Outcome {
    /// Without the rows: a failed test is to be read by somebody.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} rows on {} pages, {:?}, {}", self.rows.len(), self.pages, self.events, self.result)
    }
}

impl Outcome {
    pub fn warnings(&self) -> Vec<&str> {
        self.events
            .iter()
            .filter(|event| event["kind"] == "warning")
            .filter_map(|event| event["text"].as_str())
            .collect()
    }

    pub fn names(&self) -> HashSet<&str> {
        self.rows.iter().filter_map(|row| row["Name"].as_str()).collect()
    }
}

impl Service {
    pub fn start(options: Options) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let tenant = runtime.block_on(Tenant::start(options)).expect("the tenant starts");
        Self { runtime, tenant }
    }

    pub fn with_mailboxes(mailboxes: u64) -> Self {
        Self::start(Options { mailboxes, ..Options::default() })
    }

    pub fn settings(&self, flow: &str, user: Option<&str>) -> Value {
        let facts = self.tenant.facts();
        json!({
            "flow": flow, "userPrincipalName": user.map(|user| self.upn(user)), "connectionUri": facts.connection_uri,
            "authorizationUri": facts.authorization_uri, "userAgent": "exo-core tests", "clientVersion": "0",
            // A program that does nothing: the tests play the person themselves.
            "environmentVariables": {"SSL_CERT_FILE": facts.ca_certificate, "BROWSER": "true"}, "signInTimeoutSeconds": 30
        })
    }

    pub fn upn(&self, user: &str) -> String {
        self.tenant.account(user).map_or_else(|| user.to_owned(), |account| account.user_principal_name.clone())
    }

    pub fn password(&self, user: &str) -> String {
        self.tenant.account(user).expect("the tenant has this account").password.clone()
    }

    /// Connects with user name and password and gives the connection's id.
    pub fn connect(&self, user: &str) -> String {
        let outcome = finish(open(&self.settings("password", Some(user)), &self.password(user))).expect("connects");
        outcome.result["connectionId"].as_str().expect("an id").to_owned()
    }

    /// Signs in through the browser as `person`; `None` when nobody comes.
    pub fn browse(&self, settings: &Value, person: Option<&Person>) -> Result<Outcome, Value> {
        let operation = open(settings, "");
        assert!(matches!(operation::next(operation, SOON), Step::Event));
        let event = payload(operation);
        if event["kind"] == "browser" {
            assert_eq!(event["opened"], true);
        }
        if let Some(person) = person {
            let address =
                event["address"].as_str().or(event["verificationUri"].as_str()).expect("an address").to_owned();
            let mut person = person.clone();
            person.user_code = event["userCode"].as_str().map(str::to_owned);
            let client = Client::new(self.tenant.ca_pem()).expect("a browser");
            let end = self.runtime.block_on(walk(&client, &address, &person, true, |_| {})).expect("the pages work");
            match (event["kind"].as_str(), end) {
                (Some("browser"), End::Redirected { response, .. }) => assert!(response.text().contains("signed in")),
                (Some("deviceCode"), End::Page(_)) => {}
                other => panic!("unexpected end of the sign-in: {other:?}"),
            }
        }
        finish(operation)
    }

    pub fn person(&self, user: &str) -> Person {
        Person {
            user: self.upn(user),
            password: self.password(user),
            approves: true,
            action: Action::SignIn,
            user_code: None,
        }
    }

    /// How often `cmdlet` was asked for, and with which result.
    pub fn statuses(&self, cmdlet: &str) -> Vec<u16> {
        self.tenant
            .requests()
            .iter()
            .filter(|entry| entry.cmdlet_name.as_deref() == Some(cmdlet))
            .map(|entry| entry.status)
            .collect()
    }

    pub fn token_requests(&self) -> usize {
        self.tenant.requests().iter().filter(|entry| entry.path.ends_with("/oauth2/v2.0/token")).count()
    }

    pub fn invocations(&self) -> usize {
        self.tenant.requests().iter().filter(|entry| entry.path.ends_with("/InvokeCommand")).count()
    }
}

pub fn open(settings: &Value, secret: &str) -> OperationId {
    connection::open(settings.to_string().as_bytes(), Some(Secret::new(secret.to_owned())))
}

pub fn start(connection: &str, cmdlet: &str, parameters: &Value, more: &Value) -> OperationId {
    let mut request = json!({"connectionId": connection, "cmdletName": cmdlet, "parameters": parameters,
        "isRead": cmdlet.starts_with("Get-")});
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    command::start(request.to_string().as_bytes())
}

pub fn run(connection: &str, cmdlet: &str, parameters: &Value) -> Result<Outcome, Value> {
    finish(start(connection, cmdlet, parameters, &json!({})))
}

pub fn payload(operation: OperationId) -> Value {
    serde_json::from_slice(&operation::take_payload(operation)).unwrap_or_default()
}

pub fn finish(operation: OperationId) -> Result<Outcome, Value> {
    let mut outcome = Outcome::default();
    let end = loop {
        match operation::next(operation, SOON) {
            Step::Pending => panic!("nothing for {SOON:?}"),
            Step::Event => outcome.events.push(payload(operation)),
            Step::Page(page) => {
                outcome.pages += 1;
                let text =
                    |row: &exo_core::page::Row| &page.bytes[row.start as usize..(row.start + row.length) as usize];
                outcome
                    .rows
                    .extend(page.rows.iter().map(|row| serde_json::from_slice::<Value>(text(row)).expect("JSON")));
            }
            Step::Done => break Ok(payload(operation)),
            Step::Failed => break Err(payload(operation)),
        }
    };
    operation::close(operation);
    end.map(|result| Outcome { result, ..outcome })
}
