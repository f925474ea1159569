//! Lists of many mailboxes, and a service that is asked too often.

mod common;

use common::{Fixture, call};
use exo_tenant::Options;
use serde_json::{Value, json};

/// The text of all pages of a list, from the first object to the last.
async fn pages(fixture: &Fixture, token: &str, query: &str, parameters: Value) -> Vec<String> {
    let body = call("Get-Mailbox", parameters);
    let mut url = format!("{}{query}", fixture.invoke_url());
    let mut pages = Vec::new();
    loop {
        let response = fixture.post(token, &url, &[("prefer", "odata.maxpagesize=70")], &body).await;
        assert_eq!(response.status, 200, "{}", response.text());
        let text = response.text();
        let (_, objects) = text.split_once("\"value\":[").unwrap();
        pages.push(objects.rsplit_once(']').unwrap().0.to_owned());
        match response.json()["@odata.nextLink"].as_str() {
            Some(link) => url = link.to_owned(),
            None => return pages,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_the_same_whether_all_its_properties_are_named_or_none() {
    let fixture = Fixture::with_mailboxes(300).await;
    let token = fixture.token("admin").await;
    let named = {
        let one = fixture.ok(&token, "Get-Mailbox", json!({"ResultSize": 1})).await;
        let names: Vec<&str> =
            one[0].as_object().unwrap().keys().map(String::as_str).filter(|name| !name.contains('@')).collect();
        assert!(names.len() > 200, "{} properties", names.len());
        format!("?$select={}", names.join(","))
    };
    let same = async || {
        let quick = pages(&fixture, &token, "", json!({"ResultSize": "Unlimited"})).await;
        let exact = pages(&fixture, &token, &named, json!({"ResultSize": "Unlimited"})).await;
        assert!(quick == exact, "the pages differ");
        quick
    };
    let before = same().await;
    assert_eq!(before.len(), 5);

    fixture.ok(&token, "Set-Mailbox", json!({"Identity": "adele", "DisplayName": "Adele \"A\" Vance"})).await;
    fixture.ok(&token, "Remove-Mailbox", json!({"Identity": "frontdesk"})).await;
    fixture.ok(&token, "New-Mailbox", json!({"Name": "Newcomer", "Shared": true})).await;
    let after = same().await;
    assert!(after[0].contains("Adele \\\"A\\\" Vance") && !after[0].contains("\"frontdesk\""));
    assert!(after[4].contains("\"Newcomer\""));
    // One has gone from the first page, so each page has moved by one; those that nobody changed are as they were.
    assert_eq!(after.join(",").matches("\"ExternalDirectoryObjectId\"").count(), 300);
    let last = before[4].rsplit_once(",{\"Database\"").unwrap().1;
    assert!(after[4].contains(last));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_compressed_unless_the_tenant_was_told_not_to() {
    for no_compression in [false, true] {
        let fixture = Fixture::start(Options { mailboxes: 50, no_compression, ..Options::default() }).await;
        let token = fixture.token("admin").await;
        let body = call("Get-Mailbox", json!({}));
        let plain = fixture.post(&token, &fixture.invoke_url(), &[], &body).await;
        assert!(plain.body.starts_with(b"{") && plain.header("content-encoding").is_empty());
        let asked = fixture.post(&token, &fixture.invoke_url(), &[("accept-encoding", "gzip")], &body).await;
        assert_eq!(asked.header("content-encoding"), if no_compression { "" } else { "gzip" });
        assert!(asked.body == plain.body, "it is the same page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_when_to_come_back_unless_the_tenant_was_told_not_to() {
    for (silent, wait) in [(false, "1"), (true, "")] {
        let options = Options {
            mailboxes: 1,
            throttle_per_second: Some(1),
            throttle_without_retry_after: silent,
            ..Options::default()
        };
        let fixture = Fixture::start(options).await;
        let token = fixture.token("admin").await;
        let mut answers = Vec::new();
        for _ in 0..20 {
            answers.push(fixture.run(&token, "Get-AcceptedDomain", json!({})).await);
        }
        let refused = answers.iter().find(|answer| answer.status == 429).expect("the limit is reached");
        assert_eq!(refused.header("retry-after"), wait);
        assert_eq!(refused.header("rate-limit-limit"), "1");
    }
}
