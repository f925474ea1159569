//! The core against the simulated tenant: every way to sign in, every kind of failure, paging, retries, tokens.

use exo_core::{
    command, connection,
    operation::{self, OperationId, Step},
    secret::Secret,
};
use exo_tenant::{
    FaultKind, Options, Tenant,
    client::Client,
    person::{Action, End, Person, walk},
};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

const SOON: Duration = Duration::from_secs(60);
const MORE_RESULTS: &str = "There are more results available than are currently displayed. To view them, increase the \
                            value for the ResultSize parameter.";

/// A tenant with a runtime of its own: the core has to come along with whatever thread calls it.
struct Service {
    runtime: Runtime,
    tenant: Tenant,
}

/// What an operation gave.
#[derive(Default)]
struct Outcome {
    rows: Vec<Value>,
    pages: usize,
    events: Vec<Value>,
    result: Value,
}

impl std::fmt::Debug for Outcome {
    /// Without the rows: a failed test is to be read by somebody.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} rows on {} pages, {:?}, {}", self.rows.len(), self.pages, self.events, self.result)
    }
}

impl Outcome {
    fn warnings(&self) -> Vec<&str> {
        self.events
            .iter()
            .filter(|event| event["kind"] == "warning")
            .filter_map(|event| event["text"].as_str())
            .collect()
    }

    fn names(&self) -> HashSet<&str> {
        self.rows.iter().filter_map(|row| row["Name"].as_str()).collect()
    }
}

impl Service {
    fn start(options: Options) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let tenant = runtime.block_on(Tenant::start(options)).expect("the tenant starts");
        Self { runtime, tenant }
    }

    fn with_mailboxes(mailboxes: u64) -> Self {
        Self::start(Options { mailboxes, ..Options::default() })
    }

    fn settings(&self, flow: &str, user: Option<&str>) -> Value {
        let facts = self.tenant.facts();
        json!({
            "flow": flow, "userPrincipalName": user.map(|user| self.upn(user)), "connectionUri": facts.connection_uri,
            "authorizationUri": facts.authorization_uri, "userAgent": "exo-core tests", "clientVersion": "0",
            // A program that does nothing: the tests play the person themselves.
            "environmentVariables": {"SSL_CERT_FILE": facts.ca_certificate, "BROWSER": "true"}, "signInTimeoutSeconds": 30
        })
    }

    fn upn(&self, user: &str) -> String {
        self.tenant.account(user).map_or_else(|| user.to_owned(), |account| account.user_principal_name.clone())
    }

    fn password(&self, user: &str) -> String {
        self.tenant.account(user).expect("the tenant has this account").password.clone()
    }

    /// Connects with user name and password and gives the connection's id.
    fn connect(&self, user: &str) -> String {
        let outcome = finish(open(&self.settings("password", Some(user)), &self.password(user))).expect("connects");
        outcome.result["connectionId"].as_str().expect("an id").to_owned()
    }

    /// Signs in through the browser as `person`; `None` when nobody comes.
    fn browse(&self, settings: &Value, person: Option<&Person>) -> Result<Outcome, Value> {
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

    fn person(&self, user: &str) -> Person {
        Person {
            user: self.upn(user),
            password: self.password(user),
            approves: true,
            action: Action::SignIn,
            user_code: None,
        }
    }

    /// How often `cmdlet` was asked for, and with which result.
    fn statuses(&self, cmdlet: &str) -> Vec<u16> {
        self.tenant
            .requests()
            .iter()
            .filter(|entry| entry.cmdlet_name.as_deref() == Some(cmdlet))
            .map(|entry| entry.status)
            .collect()
    }

    fn token_requests(&self) -> usize {
        self.tenant.requests().iter().filter(|entry| entry.path.ends_with("/oauth2/v2.0/token")).count()
    }

    fn invocations(&self) -> usize {
        self.tenant.requests().iter().filter(|entry| entry.path.ends_with("/InvokeCommand")).count()
    }
}

fn open(settings: &Value, secret: &str) -> OperationId {
    connection::open(settings.to_string().as_bytes(), Some(Secret::new(secret.to_owned())))
}

fn start(connection: &str, cmdlet: &str, parameters: &Value, more: &Value) -> OperationId {
    let mut request = json!({"connectionId": connection, "cmdletName": cmdlet, "parameters": parameters,
        "isRead": cmdlet.starts_with("Get-")});
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    command::start(request.to_string().as_bytes())
}

fn run(connection: &str, cmdlet: &str, parameters: &Value) -> Result<Outcome, Value> {
    finish(start(connection, cmdlet, parameters, &json!({})))
}

fn payload(operation: OperationId) -> Value {
    serde_json::from_slice(&operation::take_payload(operation)).unwrap_or_default()
}

fn finish(operation: OperationId) -> Result<Outcome, Value> {
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

#[test]
fn a_password_connects_and_disconnecting_ends_it() {
    let service = Service::with_mailboxes(5);
    let mut settings = service.settings("password", Some("admin"));
    settings["showBanner"] = true.into();
    let outcome = finish(open(&settings, &service.password("admin"))).expect("connects");
    let information = &outcome.result;
    assert_eq!(information["state"], "Connected");
    assert_eq!(information["tokenStatus"], "Active");
    assert_eq!(information["userPrincipalName"], service.upn("admin"));
    assert_eq!(information["tenantId"], service.tenant.facts().tenant_id);
    assert_eq!(information["connectionUri"], service.tenant.facts().connection_uri);
    assert!(outcome.events.iter().any(|event| event["kind"] == "banner"), "{:?}", outcome.events);
    let id = information["connectionId"].as_str().expect("an id").to_owned();
    assert!(connection::list().iter().any(|known| known.connection_id == id));
    assert_eq!(run(&id, "Get-Mailbox", &json!({})).expect("runs").rows.len(), 5);
    assert_eq!(connection::close(std::slice::from_ref(&id)), std::slice::from_ref(&id));
    assert!(connection::close(std::slice::from_ref(&id)).is_empty());
    assert_eq!(run(&id, "Get-Mailbox", &json!({})).expect_err("closed")["kind"], "notConnected");
}

#[test]
fn refused_passwords_are_told_apart_and_leave_no_connection() {
    let service = Service::with_mailboxes(5);
    let kept = service.connect("admin");
    let admin = service.password("admin");
    let wrong = "Planted-Secret-1";
    for (user, password, kind, id, text) in [
        ("admin", wrong, "authentication", "AADSTS50126", "user name or password"),
        ("nobody@contoso.onmicrosoft.com", wrong, "authentication", "AADSTS50034", "nobody@contoso.onmicrosoft.com"),
        ("mfa.admin", &service.password("mfa.admin"), "interactionRequired", "AADSTS50076", "-UserPrincipalName"),
        ("disabled", &service.password("disabled"), "authentication", "AADSTS50057", "disabled"),
        ("admin", "", "invalidArgument", "MissingCredential", "Get-Credential"),
    ] {
        let fault = finish(open(&service.settings("password", Some(user)), password)).expect_err(user);
        assert_eq!((&fault["kind"], &fault["errorId"]), (&json!(kind), &json!(id)), "{fault}");
        let message = fault["message"].as_str().expect("a text");
        assert!(message.contains(text), "{message}");
        assert!(fault["endsSession"].as_bool().expect("a flag"));
        assert!(!fault.to_string().contains(wrong) && !fault.to_string().contains(&admin), "{fault}");
    }
    let fault = finish(open(&service.settings("password", Some("norole")), &service.password("norole")))
        .expect_err("no role, no connection");
    assert_eq!(fault["kind"], "denied", "{fault}");
    assert!(fault["message"].as_str().is_some_and(|text| text.contains("isn't supported in this scenario")), "{fault}");
    assert_eq!(run(&kept, "Get-AcceptedDomain", &json!({})).expect("the old connection is usable").pages, 1);
}

#[test]
fn the_browser_signs_in_with_a_second_factor() {
    let service = Service::with_mailboxes(3);
    let settings = service.settings("browser", Some("mfa.admin"));
    let outcome = service.browse(&settings, Some(&service.person("mfa.admin"))).expect("connects");
    assert_eq!(outcome.result["userPrincipalName"], service.upn("mfa.admin"));
    let id = outcome.result["connectionId"].as_str().expect("an id");
    assert_eq!(run(id, "Get-Mailbox", &json!({})).expect("runs").rows.len(), 3);
}

#[test]
fn a_cancelled_a_declined_and_a_forgotten_sign_in() {
    let service = Service::with_mailboxes(3);
    let settings = service.settings("browser", Some("mfa.admin"));
    let cancelling = Person { action: Action::Cancel, ..service.person("mfa.admin") };
    let fault = service.browse(&settings, Some(&cancelling)).expect_err("cancelled");
    assert_eq!((&fault["kind"], &fault["errorId"]), (&json!("signInCancelled"), &json!("SignInCancelled")), "{fault}");

    let mut settings = settings;
    settings["signInTimeoutSeconds"] = 1.into();
    let fault = service.browse(&settings, None).expect_err("nobody came");
    assert_eq!((&fault["kind"], &fault["errorId"]), (&json!("timeout"), &json!("SignInTimeout")));
}

#[test]
fn another_account_than_asked_for_makes_no_connection() {
    let service = Service::with_mailboxes(3);
    let settings = service.settings("browser", Some("viewer"));
    // The person goes back to the first page and takes another account, as a browser session may do silently.
    let mut other = settings.clone();
    other["userPrincipalName"] = Value::Null;
    let operation = open(&settings, "");
    assert!(matches!(operation::next(operation, SOON), Step::Event));
    let address = payload(operation)["address"].as_str().expect("an address").to_owned();
    let hint = format!("login_hint={}", service.upn("viewer").replace('@', "%40"));
    assert!(address.contains(&hint), "{address}");
    let address = address.replace(&hint, "prompt=select_account");
    let client = Client::new(service.tenant.ca_pem()).expect("a browser");
    service.runtime.block_on(walk(&client, &address, &service.person("admin"), true, |_| {})).expect("signs in");
    let fault = finish(operation).expect_err("somebody else");
    assert_eq!(fault["errorId"], "SignedInUserMismatch", "{fault}");
}

#[test]
fn a_device_code_signs_in_and_expires() {
    let service = Service::start(Options {
        mailboxes: 3,
        device_code_interval_seconds: 1,
        device_code_lifetime_seconds: 6,
        ..Options::default()
    });
    let settings = service.settings("device", None);
    let outcome = service.browse(&settings, Some(&service.person("admin"))).expect("connects");
    assert_eq!(outcome.result["userPrincipalName"], service.upn("admin"));
    let fault = service.browse(&settings, None).expect_err("nobody entered the code");
    assert_eq!(fault["kind"], "timeout", "{fault}");
    assert!(fault["message"].as_str().is_some_and(|text| text.contains("expired")), "{fault}");
}

#[test]
fn an_untrusted_certificate_ends_it_before_anything_is_sent() {
    let service = Service::with_mailboxes(3);
    let mut settings = service.settings("password", Some("admin"));
    settings["environmentVariables"] = json!({});
    let fault = finish(open(&settings, &service.password("admin"))).expect_err("not trusted");
    assert_eq!(
        (&fault["kind"], &fault["errorId"]),
        (&json!("certificate"), &json!("CertificateNotTrusted")),
        "{fault}"
    );
    assert!(fault["message"].as_str().is_some_and(|text| text.contains("unknown authority")), "{fault}");
    assert!(service.tenant.requests().is_empty(), "nothing may reach a server that is not trusted");
}

#[test]
fn an_unreachable_host_is_named() {
    let service = Service::with_mailboxes(3);
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let mut settings = service.settings("password", Some("admin"));
    settings["authorizationUri"] = format!("https://{free}/organizations").into();
    let begun = Instant::now();
    let fault = finish(open(&settings, "irrelevant")).expect_err("nobody listens");
    assert_eq!((&fault["kind"], &fault["errorId"]), (&json!("network"), &json!("HostUnreachable")), "{fault}");
    assert!(fault["message"].as_str().is_some_and(|text| text.contains(&free.to_string())), "{fault}");
    assert!(begun.elapsed() < Duration::from_secs(10), "somebody waits at a prompt");
}

#[test]
fn all_pages_come_and_none_twice() {
    let service = Service::with_mailboxes(2500);
    let id = service.connect("admin");
    let unlimited = json!({"ResultSize": "Unlimited"});
    let all = finish(start(&id, "Get-Mailbox", &unlimited, &json!({"resultSize": "unlimited"}))).expect("runs");
    assert_eq!((all.rows.len(), all.names().len(), all.pages), (2500, 2500, 3));
    assert!(all.warnings().is_empty(), "{:?}", all.warnings());

    let small = finish(start(&id, "Get-Mailbox", &unlimited, &json!({"resultSize": "unlimited", "pageSize": 300})));
    let small = small.expect("runs");
    assert_eq!((small.names(), small.pages), (all.names(), 9));
}

#[test]
fn the_default_is_a_thousand_objects_and_a_hint() {
    let service = Service::with_mailboxes(1200);
    let id = service.connect("admin");
    let outcome = run(&id, "Get-Mailbox", &json!({})).expect("runs");
    assert_eq!((outcome.rows.len(), outcome.warnings()), (1000, vec![MORE_RESULTS]));
    let outcome = finish(start(&id, "Get-Mailbox", &json!({}), &json!({"pageSize": 400}))).expect("runs");
    assert_eq!((outcome.rows.len(), outcome.warnings()), (1000, vec![MORE_RESULTS]), "the hint comes once");
    for (size, rows, hints) in [(7, 7, 1), (1100, 1100, 1), (1200, 1200, 0), (5000, 1200, 0)] {
        let outcome = finish(start(&id, "Get-Mailbox", &json!({"ResultSize": size}), &json!({"resultSize": size})));
        let outcome = outcome.expect("runs");
        assert_eq!((outcome.rows.len(), outcome.warnings().len()), (rows, hints), "-ResultSize {size}");
    }
}

#[test]
fn a_consumer_that_stops_after_the_first_page_costs_one_request() {
    let service = Service::with_mailboxes(2500);
    let id = service.connect("admin");
    let before = service.invocations();
    let operation = start(&id, "Get-Mailbox", &json!({"ResultSize": "Unlimited"}), &json!({"resultSize": "unlimited"}));
    assert!(matches!(operation::next(operation, SOON), Step::Page(_)));
    std::thread::sleep(Duration::from_millis(300));
    operation::close(operation);
    assert_eq!(service.invocations() - before, 1);
}

#[test]
fn a_page_that_is_asked_for_too_late_says_what_is_missing() {
    let service = Service::start(Options { mailboxes: 1500, page_token_lifetime_seconds: 1, ..Options::default() });
    let id = service.connect("admin");
    let operation = start(&id, "Get-Mailbox", &json!({"ResultSize": "Unlimited"}), &json!({"resultSize": "unlimited"}));
    assert!(matches!(operation::next(operation, SOON), Step::Page(_)));
    std::thread::sleep(Duration::from_secs(3));
    let fault = finish(operation).expect_err("the token has expired");
    assert_eq!(fault["kind"], "pageExpired");
    let message = fault["message"].as_str().expect("a text");
    assert!(message.contains("Expired or Invalid pagination request") && message.contains("Page 2"), "{message}");
}

#[test]
fn pages_without_objects_are_followed() {
    let service = Service::with_mailboxes(5);
    let id = service.connect("admin");
    let facts = service.tenant.facts();
    let link = |token: &str| {
        format!("{}/adminapi/beta/{}/InvokeCommand?%24skiptoken={token}", facts.connection_uri, facts.tenant_id)
    };
    let answer = |rows: Value, next: Option<&str>| {
        let mut body = json!({"value": rows});
        if let Some(next) = next {
            body["@odata.nextLink"] = next.into();
        }
        service.tenant.push_answer(200, body.to_string());
    };
    answer(json!([]), Some(&link("a")));
    answer(json!([null]), Some(&link("b")));
    answer(json!([{"Name": "first"}]), Some(&link("c")));
    answer(json!([]), Some(&link("d")));
    answer(json!([{"Name": "second"}]), None);
    let outcome = run(&id, "Get-Mailbox", &json!({})).expect("runs");
    assert_eq!((outcome.rows.len(), outcome.pages), (2, 2));

    answer(json!([]), Some(&link("a")));
    answer(json!([]), Some(&link("a")));
    let fault = run(&id, "Get-Mailbox", &json!({})).expect_err("a chain without end");
    assert_eq!(fault["kind"], "protocol", "{fault}");

    answer(json!([{"Name": "first"}]), Some("https://elsewhere.example/next"));
    let fault = run(&id, "Get-Mailbox", &json!({})).expect_err("another host");
    assert_eq!(fault["errorId"], "ForeignNextLink", "{fault}");
}

#[test]
fn warnings_that_come_with_an_error_are_given() {
    let service = Service::with_mailboxes(5);
    let id = service.connect("admin");
    let error = json!({"error": {"message": "Error executing cmdlet", "details": [{"message": "Ex1|Ns.Some|text"}],
        "@adminapi.warnings": ["look out"]}});
    service.tenant.push_answer(400, error.to_string());
    let operation = start(&id, "Get-Mailbox", &json!({}), &json!({}));
    assert!(matches!(operation::next(operation, SOON), Step::Event));
    assert_eq!(payload(operation), json!({"kind": "warning", "text": "look out"}));
    assert_eq!(finish(operation).expect_err("failed")["message"], "Ex1|Ns.Some|text");
}

#[test]
fn what_is_set_is_read_back() {
    let service = Service::with_mailboxes(5);
    let id = service.connect("admin");
    let read =
        || run(&id, "Get-OrganizationConfig", &json!({})).expect("runs").rows[0]["OAuth2ClientProfileEnabled"].clone();
    assert_eq!(read(), false);
    for value in [true, false] {
        run(&id, "Set-OrganizationConfig", &json!({"OAuth2ClientProfileEnabled": value})).expect("sets");
        assert_eq!(read(), value);
    }
}

#[test]
fn failures_of_cmdlets_are_told_apart() {
    let service = Service::with_mailboxes(60);
    let (admin, viewer) = (service.connect("admin"), service.connect("viewer"));
    for (connection, cmdlet, parameters, kind, text) in [
        (&admin, "Get-Mailbox", json!({"Identity": "nobody"}), "notFound", "couldn't be found on"),
        (&admin, "Get-Mailbox", json!({"Identity": "Alex Kim"}), "ambiguous", "doesn't represent a unique recipient"),
        (&admin, "Get-Mailbox", json!({"Colour": "blue"}), "invalidArgument", "Colour"),
        (&admin, "Get-Mailbox", json!({"RecipientTypeDetails": ["Wizard"]}), "invalidArgument", "SharedMailbox"),
        (
            &viewer,
            "Set-OrganizationConfig",
            json!({"OAuth2ClientProfileEnabled": true}),
            "denied",
            "Set-OrganizationConfig",
        ),
    ] {
        let fault = run(connection, cmdlet, &parameters).expect_err(text);
        assert_eq!(fault["kind"], kind, "{fault}");
        assert!(fault["message"].as_str().is_some_and(|message| message.contains(text)), "{fault}");
        let id = fault["errorId"].as_str().expect("an id");
        assert!(id.starts_with("[Server=") && id.ends_with("],Write-ErrorMessage"), "{id}");
        assert_eq!(fault["endsSession"], false, "the connection stays good: {fault}");
    }
}

#[test]
fn reads_survive_transient_faults() {
    let service = Service::with_mailboxes(5);
    let id = service.connect("admin");
    for kind in [
        FaultKind::BadGatewayHtml,
        FaultKind::Busy,
        FaultKind::Transient400,
        FaultKind::CutConnection,
        FaultKind::ThrottledText,
    ] {
        let before = service.invocations();
        service.tenant.push_faults([kind]);
        let outcome = run(&id, "Get-Mailbox", &json!({})).unwrap_or_else(|fault| panic!("{kind:?}: {fault}"));
        assert_eq!(outcome.rows.len(), 5, "{kind:?}");
        assert_eq!(service.invocations() - before, 2, "{kind:?}: once in vain, once for real");
    }
}

#[test]
fn writes_are_repeated_only_when_the_service_did_not_take_them() {
    let service = Service::with_mailboxes(5);
    let id = service.connect("admin");
    let write = || run(&id, "Set-OrganizationConfig", &json!({"OAuth2ClientProfileEnabled": true}));
    for kind in [FaultKind::Throttled, FaultKind::Busy] {
        service.tenant.push_faults([kind]);
        write().unwrap_or_else(|fault| panic!("{kind:?}: {fault}"));
    }
    for kind in [FaultKind::BadGatewayHtml, FaultKind::CutConnection] {
        let before = service.invocations();
        service.tenant.push_faults([kind]);
        let fault = write().expect_err("nobody knows whether it happened");
        assert!(["serviceUnavailable", "network"].contains(&fault["kind"].as_str().unwrap_or_default()), "{fault}");
        assert_eq!(service.invocations() - before, 1, "{kind:?}");
    }
}

#[test]
fn a_claims_challenge_is_answered_with_a_new_token() {
    let service = Service::with_mailboxes(5);
    let id = service.connect("admin");
    let before = service.token_requests();
    service.tenant.push_faults([FaultKind::ClaimsChallenge]);
    assert_eq!(run(&id, "Get-Mailbox", &json!({})).expect("runs").rows.len(), 5);
    assert_eq!(service.token_requests() - before, 1);
}

#[test]
fn tokens_are_renewed_ahead_of_time_and_once_for_all_who_wait() {
    let service = Service::start(Options { mailboxes: 5, token_lifetime_seconds: 4, ..Options::default() });
    let id = Arc::new(service.connect("admin"));
    let before = service.token_requests();
    std::thread::sleep(Duration::from_millis(3300));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let id = Arc::clone(&id);
            std::thread::spawn(move || run(&id, "Get-AcceptedDomain", &json!({})).expect("runs").rows.len())
        })
        .collect();
    for thread in threads {
        assert!(thread.join().expect("no panic") > 0);
    }
    assert_eq!(service.token_requests() - before, 1);
    assert!(service.statuses("Get-AcceptedDomain").iter().all(|status| *status == 200), "no call met an expired token");
}

/// Forwards connections to `target` until it is closed.
struct Forwarder {
    address: std::net::SocketAddr,
    /// Streams that are open; none when it is closed.
    streams: Arc<std::sync::Mutex<Option<Vec<std::net::TcpStream>>>>,
}

impl Forwarder {
    fn start(target: String) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let streams = Arc::new(std::sync::Mutex::new(Some(Vec::new())));
        let open = Arc::clone(&streams);
        std::thread::spawn(move || {
            for inward in listener.incoming().flatten() {
                let mut open = open.lock().expect("nobody panics with it");
                let Some(open) = open.as_mut() else { return };
                let outward = std::net::TcpStream::connect(&target).expect("the tenant listens");
                open.push(inward.try_clone().expect("a handle"));
                for (mut from, mut to) in
                    [(inward.try_clone().expect("a handle"), outward.try_clone().expect("a handle")), (outward, inward)]
                {
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Both);
                    });
                }
            }
        });
        Self { address, streams }
    }

    /// Breaks the connections that are open and takes no more.
    fn close(&self) {
        let open = self.streams.lock().expect("nobody panics with it").take();
        for stream in open.into_iter().flatten() {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        // Wakes the thread that accepts, so that it sees the end.
        let _ = std::net::TcpStream::connect(self.address);
    }
}

#[test]
fn a_good_token_is_used_while_the_sign_in_service_cannot_be_reached() {
    let service = Service::start(Options { mailboxes: 5, token_lifetime_seconds: 12, ..Options::default() });
    let target = service.tenant.facts().connection_uri.trim_start_matches("https://").to_owned();
    let forwarder = Forwarder::start(target);
    let mut settings = service.settings("password", Some("admin"));
    settings["authorizationUri"] = format!("https://{}/organizations", forwarder.address).into();
    let outcome = finish(open(&settings, &service.password("admin"))).expect("connects");
    let id = outcome.result["connectionId"].as_str().expect("an id");
    forwarder.close();
    let before = service.token_requests();
    std::thread::sleep(Duration::from_millis(9300));
    assert_eq!(run(id, "Get-Mailbox", &json!({})).expect("the token is still good").rows.len(), 5);
    std::thread::sleep(Duration::from_millis(3000));
    let fault = run(id, "Get-Mailbox", &json!({})).expect_err("now it is not");
    assert_eq!(fault["kind"], "network", "{fault}");
    assert_eq!(service.token_requests(), before);
    let information = connection::list().into_iter().find(|known| known.connection_id == id).expect("still listed");
    assert_eq!(information.state, "Connected", "the network may come back");
}

#[test]
fn a_revoked_sign_in_breaks_the_connection_with_one_clear_fault() {
    let service = Service::start(Options { mailboxes: 5, token_lifetime_seconds: 2, ..Options::default() });
    let id = service.connect("admin");
    service.tenant.revoke_sessions(&service.upn("admin"));
    std::thread::sleep(Duration::from_millis(2100));
    let fault = run(&id, "Get-Mailbox", &json!({})).expect_err("revoked");
    assert_eq!((&fault["kind"], &fault["endsSession"]), (&json!("authentication"), &json!(true)), "{fault}");
    assert!(fault["message"].as_str().is_some_and(|text| text.contains("Run Connect-ExchangeOnline")), "{fault}");
    let information = connection::list().into_iter().find(|known| known.connection_id == id).expect("still listed");
    assert_eq!((information.state, information.token_status), ("Broken", "Expired"));
    assert!(information.token_expiry_time_utc.is_none());
}

#[test]
fn cancelling_and_closing_end_a_running_call_at_once() {
    let service = Service::start(Options { mailboxes: 5, latency_ms: 1500, ..Options::default() });
    let id = service.connect("admin");
    let begun = Instant::now();
    let operation = start(&id, "Get-Mailbox", &json!({}), &json!({}));
    std::thread::sleep(Duration::from_millis(50));
    operation::cancel(operation);
    assert_eq!(finish(operation).expect_err("cancelled")["kind"], "cancelled");
    assert!(begun.elapsed() < Duration::from_millis(1200), "{:?}", begun.elapsed());

    let operation = start(&id, "Get-Mailbox", &json!({}), &json!({}));
    connection::close(std::slice::from_ref(&id));
    assert_eq!(finish(operation).expect_err("closed")["errorId"], "ConnectionClosed");
}

#[test]
fn verbose_lines_tell_each_call_and_no_secret() {
    let service = Service::with_mailboxes(5);
    let mut settings = service.settings("password", Some("admin"));
    settings["verbose"] = true.into();
    let password = service.password("admin");
    let outcome = finish(open(&settings, &password)).expect("connects");
    let id = outcome.result["connectionId"].as_str().expect("an id");
    let mut lines = outcome.events.clone();
    lines.extend(finish(start(id, "Get-Mailbox", &json!({}), &json!({"verbose": true}))).expect("runs").events);
    let text = json!(lines).to_string();
    assert!(text.contains("POST") && text.contains("/InvokeCommand 200"), "{text}");
    assert!(!text.contains(&password) && !text.contains("eyJ"), "{text}");
}
