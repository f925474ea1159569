//! The rules of the border: unknown ids, late calls, bad input, many threads. What needs a service is in `tests/service.rs`.

mod caller;

use exo_native::{
    Sign, StepKind, exo_catalog_settle, exo_command_start, exo_connection_close, exo_connection_key,
    exo_connection_open, exo_operation_cancel, exo_operation_close, exo_operation_next, exo_operation_payload,
    exo_page_close, exo_page_view, exo_shape_names, exo_signer_set,
};
use interoptopus::ffi;
use serde_json::json;

#[test]
fn unknown_ids_do_nothing() {
    for id in [0, u64::MAX] {
        assert_eq!(exo_operation_next(id, 0).kind, StepKind::Failed);
        assert_eq!(caller::payload(id)["kind"], "internal");
        exo_operation_cancel(id);
        exo_operation_close(id);
        let view = exo_page_view(id);
        assert!(view.bytes.is_null() && view.rows.is_null() && view.row_count == 0 && view.slot_count == 0);
        exo_page_close(id);
    }
    assert!(exo_shape_names(u32::MAX).into_vec().is_empty());
    assert!(!caller::close("00000000-0000-0000-0000-000000000000"));
}

#[test]
fn bad_input_is_a_fault_and_not_a_crash() {
    for request in ["", "{", "[]", "null", r#"{"cmdletName":"Get-Mailbox"}"#, r#"{"cmdletName":1}"#] {
        let operation = exo_command_start(ffi::Slice::from_slice(request.as_bytes()));
        let fault = caller::finish(operation).expect_err(request);
        assert_eq!(fault["kind"], "invalidArgument", "{request}: {fault}");
        let fault = caller::finish(exo_connection_key(ffi::Slice::from_slice(request.as_bytes()))).expect_err(request);
        let expected = if request.contains("Get-Mailbox") { "notConnected" } else { "invalidArgument" };
        assert_eq!(fault["kind"], expected, "{request}: {fault}");
    }
    let operation = exo_connection_open(ffi::Slice::from_slice(b"{\"flow\":\"magic\"}"), ffi::Slice::from_slice(b""));
    let fault = caller::finish(operation).expect_err("there is no such flow");
    assert_eq!((&fault["kind"], &fault["endsSession"]), (&json!("invalidArgument"), &json!(true)));
    assert!(exo_connection_close(ffi::Slice::from_slice(b"not JSON")).into_vec() == b"[]");
}

#[test]
fn a_catalog_is_settled_and_what_is_none_is_a_fault() {
    let settle = |file: &str| -> serde_json::Value {
        let answer = exo_catalog_settle(ffi::Slice::from_slice(file.as_bytes())).into_vec();
        serde_json::from_slice(&answer).expect("JSON")
    };
    let file = json!({"cmdlets": [{"name": "Get-Thing", "surfaces": ["ExchangeOnline"], "parameters": []}, {}]});
    let settled = settle(&file.to_string());
    assert_eq!(
        (&settled["cmdlets"][0]["name"], &settled["problems"][0]["name"]),
        (&json!("Get-Thing"), &json!("Entry 2"))
    );
    for file in ["", "{", "[]", "null", "{}"] {
        let fault = settle(file);
        assert_eq!(
            (&fault["kind"], &fault["errorId"]),
            (&json!("invalidArgument"), &json!("InvalidCatalog")),
            "{file}"
        );
        assert!(fault.get("cmdlets").is_none(), "{file}: {fault}");
    }
}

#[test]
fn a_password_that_is_not_utf8_is_refused_without_being_shown() {
    let settings = json!({"flow": "password", "userPrincipalName": "a@contoso.com"}).to_string();
    let operation =
        exo_connection_open(ffi::Slice::from_slice(settings.as_bytes()), ffi::Slice::from_slice(&[0x70, 0xff, 0x77]));
    let fault = caller::finish(operation).expect_err("not a password");
    assert_eq!(fault["errorId"], "MissingCredential");
}

#[test]
fn a_command_without_a_connection_fails_with_the_known_sentence() {
    let fault = caller::finish(caller::start(&json!({"cmdletName": "Get-Mailbox", "parameters": {}})))
        .expect_err("nobody is connected");
    assert_eq!(fault["kind"], "notConnected");
    assert_eq!(fault["message"], "You must call Connect-ExchangeOnline before calling any other cmdlet.");
    let id = "00000000-0000-0000-0000-000000000000";
    let fault =
        caller::finish(caller::start(&json!({"cmdletName": "Get-Mailbox", "parameters": {}, "connectionId": id})))
            .expect_err("there is no such connection");
    assert_eq!((&fault["kind"], &fault["errorId"]), (&json!("notConnected"), &json!("ConnectionNotFound")));
    assert!(fault["message"].as_str().is_some_and(|text| text.contains(id)), "{fault}");
}

#[test]
fn late_calls_after_close_find_nothing() {
    let operation = exo_command_start(ffi::Slice::from_slice(b"{"));
    exo_operation_close(operation);
    exo_operation_close(operation);
    assert_eq!(exo_operation_next(operation, 0).kind, StepKind::Failed);
    assert!(!exo_operation_payload(operation).into_vec().is_empty());
}

#[test]
fn many_threads_may_start_drain_cancel_and_close() {
    let threads: Vec<_> = (0..8)
        .map(|_| {
            std::thread::spawn(|| {
                for _ in 0..200 {
                    let operation = exo_command_start(ffi::Slice::from_slice(b"{"));
                    let canceller = std::thread::spawn(move || exo_operation_cancel(operation));
                    assert_eq!(exo_operation_next(operation, 10_000).kind, StepKind::Failed);
                    exo_operation_close(operation);
                    canceller.join().expect("cancel never panics");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no thread panics");
    }
}

#[test]
fn a_signer_that_cannot_sign_is_quoted_and_one_that_breaks_the_rules_does_no_harm() {
    let settings = json!({"flow": "certificate", "appId": "11111111-1111-1111-1111-111111111111",
        "organization": "contoso.onmicrosoft.com",
        // Nobody listens there, should anything be sent in spite of all.
        "authorizationUri": "https://127.0.0.1:9/organizations",
        "certificate": {"key": 7, "algorithm": "PS256", "thumbprint": "AAAA"}})
    .to_string();
    let connect = || {
        let operation = exo_connection_open(ffi::Slice::from_slice(settings.as_bytes()), ffi::Slice::from_slice(b""));
        caller::finish(operation).expect_err("there is no signature, so nothing is sent")
    };
    let fault = connect();
    assert_eq!(fault["kind"], "internal", "nobody signs yet: {fault}");

    exo_signer_set(Sign::from_fn(|key, data, mut output| {
        assert_eq!(key, 7);
        assert_eq!(data.as_slice().iter().filter(|byte| **byte == b'.').count(), 1, "header and payload");
        let text = "the card was taken out.".as_bytes();
        output.as_slice_mut()[..text.len()].copy_from_slice(text);
        -i32::try_from(text.len()).expect("a short text")
    }));
    let fault = connect();
    assert_eq!(fault["errorId"], "CertificateCannotSign");
    assert!(fault["message"].as_str().is_some_and(|text| text.ends_with("the card was taken out.")), "{fault}");

    for length in [0, i32::MIN, i32::MAX] {
        exo_signer_set(Sign::from_fn(move |_, _, _| length));
        let fault = connect();
        assert!(
            ["CertificateCannotSign", "HostUnreachable", "CertificateNotTrusted"]
                .iter()
                .any(|id| fault["errorId"] == *id),
            "{fault}"
        );
    }
}
