//! People who sign in to the simulated tenant: with a password, in the browser, with a device code.

mod common;

use common::*;
use exo_core::{
    connection,
    operation::{self, Step},
};
use exo_tenant::{
    Options,
    client::Client,
    person::{Action, Person, walk},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

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
