//! The C ABI against the simulated tenant: pages read through their pointers, their life, many threads, no leak.

mod caller;

use exo_native::{
    StepKind, exo_operation_cancel, exo_operation_close, exo_operation_next, exo_page_close, exo_page_view,
};
use exo_tenant::{Options, Tenant};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

struct Service {
    _runtime: Runtime,
    _tenant: Tenant,
    connection: String,
}

fn connect(options: Options) -> Service {
    let runtime = Runtime::new().expect("a runtime");
    let tenant = runtime.block_on(Tenant::start(options)).expect("the tenant starts");
    let facts = tenant.facts();
    let account = tenant.account("admin").expect("the tenant has an administrator");
    let settings = json!({
        "flow": "password", "userPrincipalName": account.user_principal_name, "connectionUri": facts.connection_uri,
        "authorizationUri": facts.authorization_uri, "environmentVariables": {"SSL_CERT_FILE": facts.ca_certificate}
    });
    let information = caller::finish(caller::open(&settings, &account.password)).expect("connects").result;
    let connection = information["connectionId"].as_str().expect("an id").to_owned();
    assert!(caller::connections().iter().any(|known| known["connectionId"] == connection.as_str()));
    Service { _runtime: runtime, _tenant: tenant, connection }
}

#[test]
fn every_property_of_every_row_is_found() {
    let service = connect(Options { mailboxes: 1200, ..Options::default() });
    let outcome = caller::finish(caller::start(&json!({
        "connectionId": service.connection, "cmdletName": "Get-Mailbox", "parameters": {"ResultSize": "Unlimited"},
        "resultSize": "unlimited", "isRead": true
    })))
    .expect("runs");
    assert_eq!((outcome.pages, outcome.rows.len()), (2, 1200));
    let names: HashSet<&str> = outcome.rows.iter().filter_map(|row| row["Name"].as_str()).collect();
    assert_eq!(names.len(), 1200);
    for row in &outcome.rows {
        assert!(row.len() > 200, "a mailbox has all its properties");
        assert!(row.keys().all(|name| !name.contains('@')), "side-cars are no properties");
        assert!(row["EmailAddresses"].as_array().is_some_and(|addresses| !addresses.is_empty()));
    }
    assert!(caller::close(&service.connection));
}

#[test]
fn a_page_outlives_its_operation_and_its_connection() {
    let service = connect(Options { mailboxes: 5, ..Options::default() });
    let operation = caller::start_on(&service.connection, "Get-Mailbox", json!({}), Value::Null);
    let step = exo_operation_next(operation, 60_000);
    assert_eq!(step.kind, StepKind::Page);
    exo_operation_close(operation);
    assert!(caller::close(&service.connection));
    assert_eq!(caller::read_page(step.page).len(), 5);
    exo_page_close(step.page);
    assert!(exo_page_view(step.page).bytes.is_null());
}

#[test]
fn cancel_from_another_thread_ends_a_call_at_once() {
    let service = connect(Options { mailboxes: 5, latency_ms: 2000, ..Options::default() });
    let operation = caller::start_on(&service.connection, "Get-Mailbox", json!({}), Value::Null);
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        exo_operation_cancel(operation);
    });
    let begun = Instant::now();
    assert_eq!(caller::finish(operation).expect_err("cancelled")["kind"], "cancelled");
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
    canceller.join().expect("cancel never panics");
}

#[test]
fn threads_share_a_connection() {
    let service = connect(Options { mailboxes: 50, ..Options::default() });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let operation = caller::start_on(&service.connection, "Get-Mailbox", json!({}), Value::Null);
                    assert_eq!(caller::finish(operation).expect("runs").rows.len(), 50);
                }
            });
        }
    });
}

/// Resident memory of this process in bytes.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux tells it");
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number");
    pages * 4096
}

#[test]
#[cfg(target_os = "linux")]
fn pages_and_operations_are_given_back() {
    let service = connect(Options { mailboxes: 200, ..Options::default() });
    // About 2 MB a call: a page that is kept would show long before the end.
    let call = || caller::finish(caller::start_on(&service.connection, "Get-Mailbox", json!({}), Value::Null));
    for _ in 0..20 {
        call().expect("runs");
    }
    let before = resident();
    for _ in 0..100 {
        call().expect("runs");
        let abandoned = caller::start_on(&service.connection, "Get-Mailbox", json!({}), Value::Null);
        exo_operation_close(abandoned);
    }
    let growth = resident().saturating_sub(before);
    assert!(growth < 64 << 20, "{} MB more after 100 calls of 2 MB", growth >> 20);
}
