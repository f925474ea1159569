//! Identities with wildcards: they list what fits by name or address.

mod common;

use common::{Fixture, call};
use serde_json::{Value, json};

fn names(objects: &[Value]) -> Vec<&str> {
    objects.iter().map(|object| object["Name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn wildcards_list_what_fits() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    for (cmdlet, identity) in [
        ("Get-Mailbox", "ad*"),
        ("Get-Recipient", "Ad*"),
        ("Get-User", "A*"),
        ("Get-CASMailbox", "*adele*"),
        ("Get-DistributionGroup", "*Team"),
        ("Get-MailContact", "*press*"),
        ("Get-RoleGroup", "*Org*"),
        ("Get-TransportRule", "*notice"),
        ("Get-AcceptedDomain", "*.onmicrosoft.com"),
        ("Get-UnifiedGroup", "project*"),
    ] {
        let all = fixture.ok(&token, cmdlet, json!({"ResultSize": "Unlimited"})).await;
        let everything = fixture.ok(&token, cmdlet, json!({"Identity": "*", "ResultSize": "Unlimited"})).await;
        assert_eq!(everything, all, "{cmdlet} *");
        let found = fixture.ok(&token, cmdlet, json!({"Identity": identity, "ResultSize": "Unlimited"})).await;
        let part = identity.trim_matches('*').to_lowercase();
        let fits = |object: &&Value| {
            ["Name", "DisplayName", "Alias", "PrimarySmtpAddress", "EmailAddresses", "UserPrincipalName"].iter().any(
                |name| {
                    let texts: Vec<String> = match &object[*name] {
                        Value::String(text) => vec![text.to_lowercase()],
                        Value::Array(items) => items
                            .iter()
                            .filter_map(|item| item.as_str()?.to_lowercase().strip_prefix("smtp:").map(str::to_owned))
                            .collect(),
                        _ => vec![],
                    };
                    texts.iter().any(|text| match (identity.starts_with('*'), identity.ends_with('*')) {
                        (true, true) => text.contains(&part),
                        (true, false) => text.ends_with(&part),
                        _ => text.starts_with(&part),
                    })
                },
            )
        };
        let expected: Vec<Value> = all.iter().filter(fits).cloned().collect();
        assert_eq!(names(&found), names(&expected), "{cmdlet} {identity}");
        assert!(!found.is_empty() && (found.len() < all.len() || all.len() == 1), "{cmdlet} {identity}");
        assert!(
            fixture.ok(&token, cmdlet, json!({"Identity": "zz*nothing*"})).await.is_empty(),
            "{cmdlet}: nothing fits, which is no error"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wildcards_are_paged_and_filtered() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    let all = fixture.ok(&token, "Get-Mailbox", json!({"Identity": "*a*", "ResultSize": "Unlimited"})).await;
    assert!(all.len() > 25);
    let body = call("Get-Mailbox", json!({"Identity": "*a*", "ResultSize": "Unlimited"}));
    let (mut pages, mut rows, mut url) = (0, Vec::new(), fixture.invoke_url());
    loop {
        let page = fixture.post(&token, &url, &[("prefer", "odata.maxpagesize=10")], &body).await.json();
        rows.extend(page["value"].as_array().unwrap().clone());
        pages += 1;
        match page["@odata.nextLink"].as_str() {
            Some(link) => url = link.to_owned(),
            None => break,
        }
    }
    assert_eq!((pages, &rows), (all.len().div_ceil(10), &all));
    let few = fixture.run(&token, "Get-Mailbox", json!({"Identity": "*a*", "ResultSize": 3})).await.json();
    assert_eq!(few["value"].as_array().unwrap()[..], all[..3]);
    assert!(few["@adminapi.warnings"][0].as_str().unwrap().starts_with("There are more results"));
    let rooms = json!({"Identity": "*a*", "RecipientTypeDetails": ["RoomMailbox"]});
    let rooms = fixture.ok(&token, "Get-Mailbox", rooms).await;
    assert!(!rooms.is_empty() && rooms.iter().all(|room| room["RecipientTypeDetails"] == "RoomMailbox"));
    let url = fixture.url(&format!("/adminapi/beta/{}/Mailbox('ad*')", fixture.tenant.facts().tenant_id));
    assert_eq!(fixture.get(&token, &url, &[]).await.status, 404, "a key names one entity");
    assert_eq!(fixture.run(&token, "Set-Mailbox", json!({"Identity": "ad*", "Office": "x"})).await.status, 404);
}
