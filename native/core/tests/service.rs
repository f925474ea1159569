//! Commands against the simulated tenant: paging, failures, retries, cancelling.

mod common;

use common::*;
use exo_core::{
    connection,
    operation::{self, Step},
};
use exo_tenant::{FaultKind, Options};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

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

#[test]
fn the_end_of_a_command_says_which_connection_and_request_it_was() {
    let service = Service::with_mailboxes(3);
    let id = service.connect("admin");
    let outcome = run(&id, "Get-AcceptedDomain", &json!({})).expect("runs");
    let fault = run(&id, "Get-Mailbox", &json!({"Identity": "nobody"})).expect_err("not found");
    assert_eq!((&outcome.result["connectionId"], &fault["connectionId"]), (&json!(id), &json!(id)));
    let requests = service.tenant.requests();
    let sent = requests.iter().find(|entry| entry.cmdlet_name.as_deref() == Some("Get-AcceptedDomain"));
    assert_eq!(outcome.result["requestId"].as_str(), sent.and_then(|entry| entry.client_request_id.as_deref()));
}

#[test]
fn a_sign_in_that_nobody_waits_for_leaves_no_connection() {
    let service = Service::with_mailboxes(3);
    let operation = open(&service.settings("password", Some("admin")), &service.password("admin"));
    let user = service.upn("admin");
    let uri = service.tenant.facts().connection_uri.clone();
    let is_there = || {
        connection::list()
            .iter()
            .any(|known| known.user_principal_name.as_deref() == Some(user.as_str()) && known.connection_uri == uri)
    };
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < SOON, "it connects without being waited for");
        std::thread::sleep(Duration::from_millis(10));
    }
    operation::close(operation);
    assert!(!is_there());
}
