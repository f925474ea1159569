//! The public key for secrets: one request for it, by whoever needs it first.

mod common;

use base64::{Engine, prelude::BASE64_STANDARD};
use common::*;
use exo_core::{
    operation::{self, OperationId},
    public_key,
};
use exo_tenant::{FaultKind, Options};
use serde_json::{Value, json};

fn ask(id: &str, cmdlet: &str) -> OperationId {
    let request = json!({"connectionId": id, "cmdletName": cmdlet, "powerShellVersion": "7.4.6"});
    public_key::start(request.to_string().as_bytes())
}

fn module_files(service: &Service) -> usize {
    service.tenant.requests().iter().filter(|request| request.path.contains("EXOModuleFile")).count()
}

#[test]
fn connecting_and_commands_without_secrets_do_not_ask_for_it() {
    let service = Service::with_mailboxes(3);
    let id = service.connect("admin");
    run(&id, "Get-Mailbox", &json!({})).expect("runs");
    assert_eq!(module_files(&service), 0);
}

#[test]
fn many_callers_share_one_request() {
    let service = Service::with_mailboxes(3);
    let id = service.connect("admin");
    let operations: Vec<_> = (0..20).map(|_| ask(&id, "New-Mailbox")).collect();
    let keys: Vec<Value> = operations.into_iter().map(|ask| finish(ask).expect("a key").result).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!(keys[0]["connectionId"], id.as_str());
    let modulus = BASE64_STANDARD.decode(keys[0]["modulus"].as_str().expect("a modulus")).expect("base64");
    assert_eq!((modulus.len(), keys[0]["exponent"].as_str()), (256, Some("AQAB")));
    assert_eq!(module_files(&service), 1);

    // Another connection asks for itself: the key can have been replaced meanwhile.
    finish(ask(&service.connect("admin"), "New-Mailbox")).expect("a key");
    assert_eq!(module_files(&service), 2);
}

#[test]
fn when_the_first_caller_gives_up_the_next_one_asks() {
    let service = Service::start(Options { mailboxes: 3, latency_ms: 300, ..Options::default() });
    let id = service.connect("admin");
    let (first, second) = (ask(&id, "New-Mailbox"), ask(&id, "Set-Mailbox"));
    operation::cancel(first);
    assert_eq!(finish(first).expect_err("cancelled")["kind"], "cancelled");
    assert_eq!(finish(second).expect("a key").result["exponent"], "AQAB");
}

#[test]
fn a_fault_is_not_kept() {
    let service = Service::with_mailboxes(3);
    let id = service.connect("admin");
    service.tenant.push_answer(404, json!({"error": {"code": "NotFound", "message": "Not now."}}).to_string());
    let fault = finish(ask(&id, "New-Mailbox")).expect_err("no file");
    assert_eq!((fault["status"].as_u64(), fault["connectionId"].as_str()), (Some(404), Some(id.as_str())));
    finish(ask(&id, "New-Mailbox")).expect("a key");
}

#[test]
fn transient_faults_are_waited_out() {
    let service = Service::with_mailboxes(3);
    let id = service.connect("admin");
    service.tenant.push_faults([FaultKind::Busy]);
    finish(ask(&id, "New-Mailbox")).expect("a key");
    assert_eq!(module_files(&service), 2);
}

#[test]
fn a_file_without_the_key_makes_the_whole_one_be_asked_for() {
    let service = Service::with_mailboxes(3);
    let id = service.connect("admin");
    let file = |content: &str| json!({"value": [{"fileName": "a.psm1", "fileContent": content}]}).to_string();
    service.tenant.push_answer(200, file("function Set-Nothing { }"));
    finish(ask(&id, "New-Mailbox")).expect("a key");
    assert_eq!(module_files(&service), 2);

    let id = service.connect("admin");
    service.tenant.push_answer(200, file(""));
    service.tenant.push_answer(200, file("<RSAKeyValue></RSAKeyValue>"));
    let fault = finish(ask(&id, "New-Mailbox")).expect_err("there is no key");
    assert_eq!(fault["errorId"], "NoPublicKey");
}

#[test]
fn a_long_file_is_not_read_to_its_end() {
    let service = Service::with_mailboxes(3);
    let id = service.connect("admin");
    let modulus = BASE64_STANDARD.encode([0xfb; 256]);
    let key = format!("<RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>");
    let filler = "# a line of the file\n".repeat(100_000);
    let content = format!("{filler}{key}{filler}");
    // Nothing closes the text: whoever reads on would find that it is no JSON.
    service.tenant.push_answer(200, json!({"fileContent": content}).to_string().replace("\"}", ""));
    assert_eq!(finish(ask(&id, "New-Mailbox")).expect("a key").result["modulus"], modulus);
    run(&id, "Get-Mailbox", &json!({})).expect("the connection goes on");
}

#[test]
fn without_a_connection_the_known_sentence_comes() {
    let request = json!({"prefix": "Nowhere", "cmdletName": "New-Mailbox"}).to_string();
    let fault = finish(public_key::start(request.as_bytes())).expect_err("nobody is connected");
    assert_eq!(fault["message"], "You must call Connect-ExchangeOnline before calling any other cmdlet.");
}
