//! The life of tokens: renewal ahead of time, challenges, and the end of a sign-in.

mod common;

use common::*;
use exo_core::connection;
use exo_tenant::{FaultKind, Options};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

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
    // Nobody waited for the renewal, so it may still be under way.
    let begun = Instant::now();
    while service.token_requests() == before && begun.elapsed() < SOON {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(service.token_requests() - before, 1);
    assert!(service.statuses("Get-AcceptedDomain").iter().all(|status| *status == 200), "no call met an expired token");
}

/// Forwards connections to `target` until it is closed.
struct Forwarder {
    address: std::net::SocketAddr,
    /// Streams that are open; none when it is closed.
    streams: Arc<std::sync::Mutex<Option<Vec<std::net::TcpStream>>>>,
    /// Whether connections are taken and then nothing happens.
    stalled: Arc<AtomicBool>,
}

impl Forwarder {
    fn start(target: String) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let streams = Arc::new(std::sync::Mutex::new(Some(Vec::new())));
        let open = Arc::clone(&streams);
        let stalled = Arc::new(AtomicBool::new(false));
        let is_stalled = Arc::clone(&stalled);
        std::thread::spawn(move || {
            for inward in listener.incoming().flatten() {
                let mut open = open.lock().expect("nobody panics with it");
                let Some(open) = open.as_mut() else { return };
                if is_stalled.load(Ordering::SeqCst) {
                    open.push(inward);
                    continue;
                }
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
        Self { address, streams, stalled }
    }

    /// Breaks the connections that are open; those that come get no answer, as behind a firewall that drops everything.
    fn stall(&self) {
        self.stalled.store(true, Ordering::SeqCst);
        for stream in self.streams.lock().expect("nobody panics with it").iter_mut().flat_map(std::mem::take) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
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

/// Connects with the sign-in service behind a forwarder; gives it and the connection's id.
fn connect_through_forwarder(service: &Service) -> (Forwarder, String) {
    let target = service.tenant.facts().connection_uri.trim_start_matches("https://").to_owned();
    let forwarder = Forwarder::start(target);
    let mut settings = service.settings("password", Some("admin"));
    settings["authorizationUri"] = format!("https://{}/organizations", forwarder.address).into();
    let outcome = finish(open(&settings, &service.password("admin"))).expect("connects");
    (forwarder, outcome.result["connectionId"].as_str().expect("an id").to_owned())
}

#[test]
fn a_good_token_is_used_while_the_sign_in_service_cannot_be_reached() {
    let service = Service::start(Options { mailboxes: 5, token_lifetime_seconds: 12, ..Options::default() });
    let (forwarder, id) = connect_through_forwarder(&service);
    forwarder.close();
    let before = service.token_requests();
    std::thread::sleep(Duration::from_millis(9300));
    assert_eq!(run(&id, "Get-Mailbox", &json!({})).expect("the token is still good").rows.len(), 5);
    std::thread::sleep(Duration::from_millis(3000));
    let fault = run(&id, "Get-Mailbox", &json!({})).expect_err("now it is not");
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
    // The answer cannot change, so it is asked for once, however many commands come.
    let before = service.token_requests();
    for _ in 0..3 {
        assert_eq!(run(&id, "Get-Mailbox", &json!({})).expect_err("still revoked"), fault);
    }
    assert_eq!(service.token_requests(), before);
}

#[test]
fn nobody_waits_for_a_renewal_while_the_token_is_good() {
    let service = Service::start(Options { mailboxes: 5, token_lifetime_seconds: 20, ..Options::default() });
    let (forwarder, id) = connect_through_forwarder(&service);
    forwarder.stall();
    std::thread::sleep(Duration::from_millis(15_300));
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(run(&id, "Get-Mailbox", &json!({})).expect("the token is still good").rows.len(), 5);
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "the sign-in service hangs, not the service");
}

#[test]
fn a_role_that_is_missing_costs_no_token() {
    let service = Service::with_mailboxes(5);
    let id = service.connect("admin");
    let before = service.token_requests();
    let denied = json!({"error": {"code": "Unauthorized", "message": "User is not allowed to call Get-Mailbox"}});
    for _ in 0..3 {
        service.tenant.push_answer(401, denied.to_string());
        let fault = run(&id, "Get-Mailbox", &json!({})).expect_err("no role");
        assert!(fault["message"].as_str().is_some_and(|text| text.contains("is not allowed to call")), "{fault}");
    }
    assert_eq!(service.token_requests(), before);
    // One that is refused without a reason is replaced, but not again and again.
    for _ in 0..3 {
        service.tenant.push_answer(401, "");
        service.tenant.push_answer(401, "");
        let fault = run(&id, "Get-Mailbox", &json!({})).expect_err("refused");
        assert_eq!(fault["kind"], "authentication", "{fault}");
        assert_eq!(service.token_requests() - before, 1);
        let _ = run(&id, "Get-Mailbox", &json!({}));
    }
}
