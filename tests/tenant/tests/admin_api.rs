//! The admin API: who may call, how a call has to look, paging, roles, changes, faults.

mod common;

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use common::{Fixture, call, error_text};
use exo_tenant::clouds::Surface;
use exo_tenant::{Fault, FaultKind, Options};
use serde_json::{Value, json};

const MORE: &str = "There are more results available than are currently displayed.";

fn guids(objects: &[Value]) -> Vec<String> {
    objects.iter().map(|object| object["Guid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_checked() {
    let fixture = Fixture::with_mailboxes(5).await;
    let good = fixture.token("admin").await;
    let status = async |token: &str| {
        let response = fixture.run(token, "Get-OrganizationConfig", json!({})).await;
        (response.status.as_u16(), response.header("www-authenticate").to_owned())
    };
    assert_eq!(status(&good).await.0, 200);
    let key = &fixture.tenant.state().token_key;
    let claims = key.verify(&good).unwrap();
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        key.sign(&claims)
    };
    assert_eq!(status(&with("x", json!(1))).await.0, 200, "its own signature passes");
    for (name, value) in [
        ("aud", json!("https://graph.microsoft.com")),
        ("exp", json!(1_700_000_000)),
        ("nbf", json!(4_000_000_000_i64)),
        ("iss", json!("https://sts.windows.net/elsewhere/")),
        ("tid", json!("11111111-2222-4333-8444-555555555555")),
        ("upn", json!("nobody@contoso.onmicrosoft.com")),
        ("oid", json!("11111111-2222-4333-8444-555555555555")),
        ("scp", json!("User.Read")),
    ] {
        let (status, header) = status(&with(name, value)).await;
        assert_eq!(status, 401, "{name}");
        assert!(header.starts_with("Bearer "), "{name}");
    }
    let mut tampered = good.clone().into_bytes();
    let last = tampered.len() - 5;
    tampered[last] = if tampered[last] == b'A' { b'B' } else { b'A' };
    assert_eq!(status(&String::from_utf8(tampered).unwrap()).await.0, 401);
    assert_eq!(status("").await.0, 401);
    let url = fixture.url("/adminapi/beta/elsewhere.example/InvokeCommand");
    assert_eq!(fixture.post(&good, &url, &[], &call("Get-OrganizationConfig", json!({}))).await.status, 401);
    let url = fixture.url("/AdminAPI/v1.0/CONTOSO.onmicrosoft.com/invokeCommand");
    assert_eq!(fixture.post(&good, &url, &[], &call("Get-OrganizationConfig", json!({}))).await.status, 200);
    let url = fixture.url("/adminapi/v9/contoso.onmicrosoft.com/InvokeCommand");
    assert_eq!(fixture.post(&good, &url, &[], &call("Get-OrganizationConfig", json!({}))).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_refused() {
    let fixture = Fixture::start(Options { mailboxes: 1, token_lifetime_seconds: 1, ..Options::default() }).await;
    let token = fixture.token("admin").await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let response = fixture.run(&token, "Get-OrganizationConfig", json!({})).await;
    assert_eq!(response.status, 401);
    assert!(response.header("x-ms-diagnostics").contains("token_expired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_has_to_be_exactly_right() {
    let fixture = Fixture::with_mailboxes(5).await;
    let token = fixture.token("admin").await;
    let url = fixture.invoke_url();
    for body in [
        json!({"cmdletInput": {"CmdletName": "Get-Mailbox"}}),
        json!({"CmdletInput": {"cmdletName": "Get-Mailbox"}}),
        json!({"CmdletInput": {"CmdletName": "Get-Mailbox", "parameters": {}}}),
        json!({"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": null}}),
        json!({"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": []}}),
        json!({"CmdletInput": {"CmdletName": 5}}),
        json!({"CmdletInput": {"CmdletName": "Get-Mailbox"}, "More": 1}),
        json!([]),
    ] {
        let response = fixture.post(&token, &url, &[], &body).await;
        assert_eq!(response.status, 400, "{body}");
        assert_eq!(response.json()["error"]["message"], "Invalid Operation", "{body}");
    }
    let response = fixture.post(&token, &url, &[], &json!({"CmdletInput": {"CmdletName": "Get-AcceptedDomain"}})).await;
    assert_eq!(response.status, 200, "parameters may be left out");
    let authorization = format!("Bearer {token}");
    for media_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let headers = [("authorization", authorization.as_str()), ("content-type", media_type)];
        assert_eq!(fixture.client.send("POST", &url, &headers, "{}").await.unwrap().status, 415);
    }
    assert_eq!(fixture.get(&token, &url, &[]).await.status, 405);
    let many =
        fixture.post(&token, &url, &[("prefer", "odata.maxpagesize=1001")], &call("Get-Mailbox", json!({}))).await;
    assert_eq!(many.status, 400);
    let none = fixture.post(&token, &url, &[("prefer", "odata.maxpagesize=0")], &call("Get-Mailbox", json!({}))).await;
    assert_eq!(none.status, 400);
    let clixml = fixture.post(&token, &url, &[("x-responseformat", "clixml")], &call("Get-Mailbox", json!({}))).await;
    assert_eq!(clixml.status, 400);
    assert!(error_text(&clixml).contains("clixml"));
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_do_not_fit_are_refused_in_the_services_words() {
    let fixture = Fixture::with_mailboxes(5).await;
    let token = fixture.token("admin").await;
    let unknown = fixture.run(&token, "Get-Mailbox", json!({"Colour": "red"})).await;
    assert_eq!(unknown.status, 400);
    let expected: Value = serde_json::from_str(
        r##"{"error": {"code": "BadRequest", "message": "Invalid Operation",
            "details": [{"code": "Client", "target": "", "message": "|Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException|Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters specified. Colour"}],
            "innererror": {"message": "Invalid Operation", "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException", "stacktrace": "",
                "internalexception": {"message": "Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters specified. Colour", "type": "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException", "stacktrace": ""}},
            "adminapi.warnings@odata.type": "#Collection(String)", "@adminapi.warnings": []}}"##,
    )
    .unwrap();
    assert_eq!(unknown.json(), expected);
    let member = fixture.run(&token, "Set-Mailbox", json!({"Identity": "adele", "Type": "Purple"})).await;
    assert_eq!(member.status, 400);
    assert!(member.json()["error"].get("details").is_none());
    assert!(error_text(&member).contains("Unable to match the identifier name Purple"), "{}", member.text());
    for size in [json!(0), json!(-1), json!("none"), json!("0")] {
        let response = fixture.run(&token, "Get-Mailbox", json!({"ResultSize": size})).await;
        assert_eq!(response.status, 400, "{size}");
    }
    let switch = fixture.run(&token, "Get-Mailbox", json!({"PublicFolder": true})).await;
    assert_eq!(switch.status, 400);
    assert!(error_text(&switch).contains("doesn't implement the parameter 'PublicFolder'"), "{}", error_text(&switch));
    assert_eq!(fixture.run(&token, "Get-Mailbox", json!({"PublicFolder": false})).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_have_the_services_form() {
    let fixture = Fixture::with_mailboxes(5).await;
    let token = fixture.token("admin").await;
    let response = fixture.run(&token, "Get-Mailbox", json!({"Identity": "ADELE@contoso.onmicrosoft.com"})).await;
    assert_eq!(response.status, 200);
    assert!(response.header("content-type").starts_with("application/json;odata.metadata="));
    for name in ["request-id", "x-feserver", "x-beserver", "date"] {
        assert!(!response.header(name).is_empty(), "{name}");
    }
    let body = response.json();
    assert_eq!(body["@adminapi.warnings"], json!([]));
    assert_eq!(body["adminapi.warnings@odata.type"], "#Collection(String)");
    assert!(body["@odata.context"].as_str().unwrap().ends_with("/$metadata#Collection(Exchange.GenericHashTable)"));
    assert!(body.get("@odata.nextLink").is_none());
    let adele = &body["value"][0];
    assert_eq!(adele["Identity"], "Adele Vance");
    assert_eq!(adele["EmailAddresses@odata.type"], "#Collection(String)");
    assert_eq!(adele["EmailAddresses"][0], "SMTP:adele@contoso.onmicrosoft.com");
    assert_eq!(adele["Guid@data.type"], "System.Guid");
    assert_eq!(adele["WhenChangedUTC@data.type"], "System.DateTime");
    assert!(adele["WhenChangedUTC"].as_str().unwrap().ends_with(".0000000Z"));
    assert!(adele.get("ExternalDirectoryObjectId@data.type").is_none());
    assert_eq!(adele["RetainDeletedItemsFor"], "14.00:00:00");
    assert!(adele["ProhibitSendQuota"].as_str().unwrap().ends_with(" bytes)"));
    assert_eq!(adele["InPlaceHolds"], json!([]));
    assert_eq!(adele["ForwardingAddress"], Value::Null);
    let text = response.text();
    assert!(text.find("\"Guid@data.type\"").unwrap() < text.find("\"Guid\":").unwrap(), "the side-car comes first");
    let selected = fixture
        .post(
            &token,
            &format!("{}?%24select=displayname,Guid", fixture.invoke_url()),
            &[],
            &call("Get-Mailbox", json!({"Identity": "adele"})),
        )
        .await
        .json();
    let keys: BTreeSet<&str> = selected["value"][0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, BTreeSet::from(["DisplayName", "Guid", "Guid@data.type"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_over_pages() {
    let fixture = Fixture::with_mailboxes(2500).await;
    let token = fixture.token("admin").await;
    let body = call("Get-Mailbox", json!({"ResultSize": "Unlimited"}));
    for (page_size, by_get) in [(1000, false), (1000, true), (333, false)] {
        let prefer = format!("odata.maxpagesize={page_size}");
        let headers = [("prefer", prefer.as_str()), ("accept-encoding", "gzip")];
        let mut seen = Vec::new();
        let mut url = fixture.invoke_url();
        let mut pages = 0;
        loop {
            let response = if by_get && pages > 0 {
                fixture.get(&token, &url, &headers).await
            } else {
                fixture.post(&token, &url, &headers, &body).await
            };
            assert_eq!(response.status, 200);
            assert_eq!(response.header("content-encoding"), "gzip");
            let page = response.json();
            // The service warns on every page that it links on from, even if all results were asked for.
            let warnings = page["@adminapi.warnings"].as_array().unwrap();
            assert_eq!(warnings.len(), usize::from(page["@odata.nextLink"].is_string()), "{warnings:?}");
            assert!(warnings.iter().all(|text| text.as_str().unwrap().starts_with(MORE)), "{warnings:?}");
            seen.extend(guids(page["value"].as_array().unwrap()));
            pages += 1;
            match page["@odata.nextLink"].as_str() {
                Some(link) => link.clone_into(&mut url),
                None => break,
            }
        }
        assert_eq!(pages, 2500_usize.div_ceil(page_size));
        assert_eq!(seen.len(), 2500);
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 2500);
    }
    let log = fixture.tenant.requests();
    assert!(log.iter().any(|entry| entry.skip_token
        && entry.rows == Some(1000)
        && entry.cmdlet_name.as_deref() == Some("Get-Mailbox")));
    assert!(log.iter().all(|entry| !entry.path.contains("skiptoken")));
}

#[tokio::test(flavor = "multi_thread")]
async fn result_size_decides_how_many_come() {
    let fixture = Fixture::with_mailboxes(2500).await;
    let token = fixture.token("admin").await;
    let get = async |parameters: Value| fixture.run(&token, "Get-Mailbox", parameters).await.json();
    let warned = |page: &Value| page["@adminapi.warnings"][0].as_str().is_some_and(|text| text.starts_with(MORE));
    let page = get(json!({})).await;
    assert_eq!(page["value"].as_array().unwrap().len(), 1000);
    assert!(warned(&page) && page["@odata.nextLink"].is_string(), "a warning and a link");
    let page = get(json!({"ResultSize": 7})).await;
    assert_eq!(page["value"].as_array().unwrap().len(), 7);
    assert!(warned(&page) && page.get("@odata.nextLink").is_none());
    let page = get(json!({"ResultSize": "12"})).await;
    assert_eq!(page["value"].as_array().unwrap().len(), 12);
    let body = call("Get-Mailbox", json!({"ResultSize": 1200}));
    let first = get(json!({"ResultSize": 1200})).await;
    assert!(warned(&first), "a link comes with the warning");
    let second = fixture.post(&token, first["@odata.nextLink"].as_str().unwrap(), &[], &body).await.json();
    assert_eq!(second["value"].as_array().unwrap().len(), 200);
    assert!(warned(&second) && second.get("@odata.nextLink").is_none());
    let quiet = fixture
        .post(&token, &fixture.invoke_url(), &[("warningaction", "SilentlyContinue")], &call("Get-Mailbox", json!({})))
        .await;
    assert_eq!(quiet.json()["@adminapi.warnings"], json!([]));
    assert!(quiet.json()["@odata.nextLink"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn page_links_are_bound_to_call_and_caller() {
    let fixture = Fixture::with_mailboxes(50).await;
    let token = fixture.token("admin").await;
    let prefer = [("prefer", "odata.maxpagesize=10")];
    let body = call("Get-Mailbox", json!({"ResultSize": "Unlimited"}));
    let first = fixture.post(&token, &fixture.invoke_url(), &prefer, &body).await.json();
    let link = first["@odata.nextLink"].as_str().unwrap();
    assert!(link.starts_with(&fixture.invoke_url()) && link.contains("?%24skiptoken="), "{link}");
    let refused = |response: exo_tenant::client::Response| {
        assert_eq!(response.status, 400);
        assert_eq!(error_text(&response), "Expired or Invalid pagination request. Default Expiry time is 00:30:00");
        assert!(response.json()["error"].get("details").is_none());
    };
    refused(fixture.post(&token, link, &prefer, &call("Get-Mailbox", json!({"ResultSize": 40}))).await);
    refused(fixture.post(&token, link, &prefer, &call("Get-Recipient", json!({"ResultSize": "Unlimited"}))).await);
    let viewer = fixture.token("viewer").await;
    refused(fixture.post(&viewer, link, &prefer, &body).await);
    refused(fixture.get(&viewer, link, &prefer).await);
    let mut altered = link.to_owned();
    altered.pop();
    refused(fixture.post(&token, &altered, &prefer, &body).await);
    // Another spelling of the same call is the same call.
    let same = json!({"CmdletInput": {"Parameters": {"ResultSize": "Unlimited"}, "CmdletName": "Get-Mailbox"}});
    assert_eq!(fixture.post(&token, link, &prefer, &same).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn page_links_end() {
    let fixture = Fixture::start(Options { mailboxes: 20, page_token_lifetime_seconds: 0, ..Options::default() }).await;
    let token = fixture.token("admin").await;
    let prefer = [("prefer", "odata.maxpagesize=10")];
    let body = call("Get-Mailbox", json!({}));
    let first = fixture.post(&token, &fixture.invoke_url(), &prefer, &body).await.json();
    let response = fixture.post(&token, first["@odata.nextLink"].as_str().unwrap(), &prefer, &body).await;
    assert!(error_text(&response).starts_with("Expired or Invalid pagination request."));
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_decide_what_may_run() {
    let fixture = Fixture::with_mailboxes(5).await;
    let exported = async |local: &str| {
        let token = fixture.token(local).await;
        let url =
            fixture.url(&format!("/AdminApi/v1.0/{}/EXOModuleFile?Version=3.9.0", fixture.tenant.facts().tenant_id));
        let response = fixture.get(&token, &url, &[]).await;
        let cmdlets = response.json()["value"][0]["exportedCmdlets"].as_str().unwrap_or("").to_owned();
        (response, cmdlets.split(',').map(str::to_owned).collect::<HashSet<_>>())
    };
    let (response, admin) = exported("admin").await;
    assert!(response.json()["value"][0]["fileContent"].as_str().unwrap().contains("<RSAKeyValue><Modulus>"));
    assert!(admin.len() > 600 && admin.contains("Set-OrganizationConfig"));
    let (_, viewer) = exported("viewer").await;
    assert!(viewer.contains("Get-Mailbox") && !viewer.contains("Set-Mailbox"));
    let (_, helpdesk) = exported("helpdesk").await;
    assert!(helpdesk.contains("Set-Mailbox") && !helpdesk.contains("Set-OrganizationConfig"));
    let (refused, _) = exported("norole").await;
    assert_eq!(refused.status, 403);
    assert!(
        error_text(&refused)
            .contains("The role assigned to user 'norole@contoso.onmicrosoft.com' isn't supported in this scenario.")
    );

    let viewer = fixture.token("viewer").await;
    let refused = fixture.run(&viewer, "Set-Mailbox", json!({"Identity": "adele", "Office": "X"})).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.len() > 1000 && refused.body.iter().all(|byte| *byte == 0));
    assert!(refused.header("x-ms-diagnostics").starts_with("2000003;reason=\""));
    assert_eq!(fixture.run(&viewer, "Get-Mailbox", json!({})).await.status, 200);
    let helpdesk = fixture.token("helpdesk").await;
    assert_eq!(fixture.run(&helpdesk, "Set-Mailbox", json!({"Identity": "adele", "Office": "X"})).await.status, 200);
    assert_eq!(fixture.run(&helpdesk, "Set-OrganizationConfig", json!({"FocusedInboxOn": false})).await.status, 403);

    let admin = fixture.token("admin").await;
    let unknown = fixture.run(&admin, "Get-Nothing", json!({})).await;
    assert_eq!((unknown.status.as_u16(), unknown.body.len(), unknown.header("x-ms-diagnostics")), (403, 0, ""));
    let native = fixture.run(&admin, "Get-EXOMailbox", json!({})).await;
    assert_eq!((native.status.as_u16(), native.body.len()), (403, 0));
    let elsewhere = fixture.run(&admin, "Get-JournalRule", json!({"Bogus": 1})).await;
    assert_eq!(elsewhere.status, 400, "arguments are checked first");
    let elsewhere = fixture.run(&admin, "Get-JournalRule", json!({})).await;
    assert_eq!(elsewhere.status, 403);
    assert!(!elsewhere.header("x-ms-diagnostics").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_banner_is_text() {
    let fixture = Fixture::with_mailboxes(1).await;
    let token = fixture.token("admin").await;
    let url = fixture.url("/adminapi/beta/contoso.onmicrosoft.com/EXOBanner('AutogenSession')?Version=3.9.0");
    let response = fixture.get(&token, &url, &[]).await;
    assert_eq!(response.status, 200);
    assert!(response.json()["value"].as_str().unwrap().contains("simulated"));
    let nobody = fixture.token("norole").await;
    assert_eq!(fixture.get(&nobody, &url, &[]).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_have_to_exist_and_quotas_to_follow_one_another() {
    let fixture = Fixture::with_mailboxes(5).await;
    let token = fixture.token("admin").await;
    let set = async |name: &str, value: Value| {
        fixture.run(&token, "Set-Mailbox", json!({"Identity": "adele", name: value})).await
    };
    for (name, value) in [
        ("RetentionPolicy", json!("default mrm policy")),
        ("RetentionPolicy", json!(null)),
        ("SharingPolicy", json!("Default Sharing Policy")),
        ("RoleAssignmentPolicy", json!("Default Role Assignment Policy")),
        ("AddressBookPolicy", json!(null)),
        ("IssueWarningQuota", json!("99GB")),
        ("ProhibitSendReceiveQuota", json!("Unlimited")),
        ("ProhibitSendQuota", json!("Unlimited")),
    ] {
        let response = set(name, value.clone()).await;
        assert_eq!(response.status, 200, "{name} {value}: {}", response.text());
    }
    for (name, value) in [
        ("RetentionPolicy", json!("Default Sharing Policy")),
        ("SharingPolicy", json!("nowhere")),
        ("RoleAssignmentPolicy", json!("nowhere")),
        ("AddressBookPolicy", json!("nowhere")),
    ] {
        let response = set(name, value.clone()).await;
        assert_eq!(response.status, 404, "{name} {value}");
        assert!(error_text(&response).contains(value.as_str().unwrap()), "{}", response.text());
    }
    let response =
        fixture.run(&token, "Set-OrganizationConfig", json!({"DefaultAuthenticationPolicy": "nowhere"})).await;
    assert_eq!(response.status, 404);
    for (name, value, text) in [
        ("IssueWarningQuota", json!("Unlimited"), None),
        ("ProhibitSendReceiveQuota", json!("200GB"), Some("'ProhibitSendQuota'")),
        ("ProhibitSendQuota", json!("1GB"), Some("'IssueWarningQuota'")),
        ("DisplayName", json!(""), Some("'DisplayName'")),
        ("DisplayName", json!(null), Some("'DisplayName'")),
    ] {
        let response = set(name, value.clone()).await;
        assert_eq!(response.status == 200, text.is_none(), "{name} {value}: {}", response.text());
        assert!(text.is_none_or(|text| error_text(&response).contains(text)), "{}", response.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_is_seen() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    let set = async |parameters: Value| {
        let mut all = json!({"Identity": "adele@contoso.onmicrosoft.com"});
        all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        fixture.run(&token, "Set-Mailbox", all).await
    };
    let get = async || fixture.ok(&token, "Get-Mailbox", json!({"Identity": "adele"})).await.remove(0);
    let before = get().await;
    let response = set(json!({
        "CustomAttribute1": "Ünïcode \"quoted\"", "HiddenFromAddressListsEnabled": true, "ProhibitSendQuota": "49.5GB",
        "IssueWarningQuota": "49GB",
        "LitigationHoldEnabled": true, "RetainDeletedItemsFor": "30", "ForwardingAddress": "Bruno Lacroix",
        "ForwardingSmtpAddress": "adele@fabrikam.example", "DeliverToMailboxAndForward": true, "Type": "Shared",
        "GrantSendOnBehalfTo": ["bruno.lacroix", "elodie.marchand@contoso.example"], "MailTip": "Away", "MaxSendSize": 1024,
        "RecipientLimits": 77, "AuditOwner": {"@odata.type": "#Exchange.GenericHashTable", "Remove": "Send"},
        "StartDateForRetentionHold": "2026-01-02T03:04:05+01:00", "ResourceCapacity": 3, "Confirm": false,
    }))
    .await;
    assert_eq!((response.status.as_u16(), response.json()["value"].clone()), (200, json!([])), "{}", response.text());
    assert_eq!(response.json()["@adminapi.warnings"], json!([]));
    let after = get().await;
    for (name, value) in [
        ("CustomAttribute1", json!("Ünïcode \"quoted\"")),
        ("HiddenFromAddressListsEnabled", json!(true)),
        ("ProhibitSendQuota", json!("49.5 GB (53,150,220,288 bytes)")),
        ("LitigationHoldEnabled", json!(true)),
        ("LitigationHoldOwner", json!("admin@contoso.onmicrosoft.com")),
        ("RetainDeletedItemsFor", json!("30.00:00:00")),
        ("ForwardingAddress", json!("Bruno Lacroix")),
        ("ForwardingSmtpAddress", json!("smtp:adele@fabrikam.example")),
        ("RecipientTypeDetails", json!("SharedMailbox")),
        ("IsShared", json!(true)),
        ("GrantSendOnBehalfTo", json!(["Bruno Lacroix", "Élodie Marchand"])),
        ("MaxSendSize", json!("1 KB (1,024 bytes)")),
        ("RecipientLimits", json!("77")),
        ("StartDateForRetentionHold", json!("2026-01-02T02:04:05.0000000+00:00")),
        ("ResourceCapacity", json!(3)),
    ] {
        assert_eq!(after[name], value, "{name}");
    }
    assert!(!after["AuditOwner"].as_array().unwrap().contains(&json!("Send")));
    assert_ne!(before["WhenChangedUTC"], after["WhenChangedUTC"]);
    assert_eq!(before["Guid"], after["Guid"]);
    // Setting the same again changes nothing, and says so.
    let again = set(json!({"HiddenFromAddressListsEnabled": true})).await.json();
    assert_eq!(
        again["@adminapi.warnings"][0],
        "The command completed successfully but no settings of 'Adele Vance' have been modified."
    );
    // Null clears; an empty array doesn't, an empty hashtable does.
    set(json!({"ForwardingAddress": null, "CustomAttribute1": null, "GrantSendOnBehalfTo": []})).await;
    let cleared = get().await;
    assert_eq!((&cleared["ForwardingAddress"], &cleared["CustomAttribute1"]), (&Value::Null, &json!("")));
    assert_eq!(cleared["GrantSendOnBehalfTo"].as_array().unwrap().len(), 2);
    set(json!({"GrantSendOnBehalfTo": {"@odata.type": "#Exchange.GenericHashTable"}})).await;
    assert_eq!(get().await["GrantSendOnBehalfTo"], json!([]));
    assert_eq!(set(json!({"HiddenFromAddressListsEnabled": null})).await.status, 400);
    let what_if = set(json!({"CustomAttribute1": "no", "WhatIf": true})).await;
    assert_eq!(what_if.status, 200);
    assert_eq!(get().await["CustomAttribute1"], "");
    // The list shows the same as the single object.
    let listed = fixture.ok(&token, "Get-Mailbox", json!({"ResultSize": 1})).await.remove(0);
    assert_eq!(listed, get().await);
    let filtered = fixture.ok(&token, "Get-Mailbox", json!({"Filter": "RecipientLimits -eq 77"})).await;
    assert_eq!(guids(&filtered), guids(&[listed]));
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_addresses_are_guarded() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    let set = async |value: Value| {
        fixture.run(&token, "Set-Mailbox", json!({"Identity": "adele", "EmailAddresses": value})).await
    };
    let delta = |key: &str, address: &str| json!({"@odata.type": "#Exchange.GenericHashTable", key: address});
    let addresses = async || {
        let adele = fixture.ok(&token, "Get-Mailbox", json!({"Identity": "adele"})).await.remove(0);
        (adele["EmailAddresses"].clone(), adele["PrimarySmtpAddress"].clone())
    };
    assert_eq!(set(delta("Add", "second@contoso.example")).await.status, 200);
    assert!(addresses().await.0.as_array().unwrap().contains(&json!("smtp:second@contoso.example")));
    assert_eq!(fixture.ok(&token, "Get-Mailbox", json!({"Identity": "SECOND@contoso.example"})).await.len(), 1);
    let taken = set(delta("Add", "smtp:frontdesk@contoso.example")).await;
    assert_eq!(taken.status, 400);
    let body = taken.json();
    assert_eq!(body["error"]["details"][0]["code"], "Context");
    let context: Value = serde_json::from_str(body["error"]["details"][0]["message"].as_str().unwrap()).unwrap();
    assert_eq!(context["TypeName"], "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException");
    assert!(context["Message"].as_str().unwrap().contains("already exists"));
    let foreign = set(delta("Add", "adele@fabrikam.example")).await;
    assert!(error_text(&foreign).contains("accepted domain"));
    let invalid = set(delta("Add", "not an address")).await;
    assert_eq!(invalid.status, 400);
    let primary = set(delta("Remove", "adele@contoso.onmicrosoft.com")).await;
    assert!(error_text(&primary).contains("primary SMTP address"));
    assert_eq!(set(delta("Add", "SMTP:second@contoso.example")).await.status, 200);
    let (list, primary) = addresses().await;
    assert_eq!((&list[0], &primary), (&json!("SMTP:second@contoso.example"), &json!("second@contoso.example")));
    assert!(list.as_array().unwrap().contains(&json!("smtp:adele@contoso.onmicrosoft.com")));
    let two = set(json!(["SMTP:a@contoso.example", "SMTP:b@contoso.example"])).await;
    assert_eq!(two.status, 400);
    assert_eq!(set(json!(["a.new@contoso.example", "smtp:b.new@contoso.example"])).await.status, 200);
    assert_eq!(addresses().await.0, json!(["SMTP:a.new@contoso.example", "smtp:b.new@contoso.example"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_that_name_none_or_two_are_refused() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    for cmdlet in ["Get-Mailbox", "Set-Mailbox", "Remove-Mailbox", "Get-Recipient"] {
        let missing = fixture.run(&token, cmdlet, json!({"Identity": "nobody@contoso.onmicrosoft.com"})).await;
        assert_eq!(missing.status, 404, "{cmdlet}");
        assert_eq!(missing.json()["error"]["code"], "NotFound");
        let text = error_text(&missing);
        assert!(
            text.starts_with("Ex")
                && text.contains("|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|"),
            "{text}"
        );
        assert!(text.contains("object 'nobody@contoso.onmicrosoft.com' couldn't be found on '"), "{text}");
        let two = fixture.run(&token, cmdlet, json!({"Identity": "Alex Kim"})).await;
        assert_eq!(two.status, 400, "{cmdlet}");
        assert!(
            error_text(&two).ends_with("|'Alex Kim' doesn't represent a unique recipient."),
            "{}",
            error_text(&two)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_their_errors() {
    let fixture = Fixture::with_mailboxes(400).await;
    let token = fixture.token("admin").await;
    let all = fixture.ok(&token, "Get-Mailbox", json!({"ResultSize": "Unlimited"})).await;
    let filtered = fixture
        .ok(
            &token,
            "Get-Mailbox",
            json!({"Filter": "{(Office -like 'Paris*') -and -not (LitigationHoldEnabled -eq $true)}"}),
        )
        .await;
    let expected: Vec<Value> = all
        .iter()
        .filter(|mailbox| {
            mailbox["Office"].as_str().unwrap().starts_with("Paris") && mailbox["LitigationHoldEnabled"] == false
        })
        .cloned()
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(guids(&filtered), guids(&expected));
    let shared =
        fixture.ok(&token, "Get-Mailbox", json!({"RecipientTypeDetails": ["SharedMailbox", "RoomMailbox"]})).await;
    assert!(!shared.is_empty() && shared.iter().all(|mailbox| mailbox["RecipientTypeDetails"] != "UserMailbox"));
    let sorted = fixture.ok(&token, "Get-Mailbox", json!({"SortBy": "DisplayName"})).await;
    let names: Vec<String> =
        sorted.iter().map(|mailbox| mailbox["DisplayName"].as_str().unwrap().to_lowercase()).collect();
    assert!(names.is_sorted() && names.len() == 400);
    let anr = fixture.ok(&token, "Get-Mailbox", json!({"Anr": "adele v"})).await;
    assert_eq!(anr.len(), 1);
    let wrong = fixture.run(&token, "Get-Mailbox", json!({"Filter": "Department -eq 'Sales'"})).await;
    assert_eq!(wrong.status, 400);
    assert!(
        error_text(&wrong).contains("\"Department\" is not a recognized filterable property."),
        "{}",
        error_text(&wrong)
    );
    let sales = fixture.ok(&token, "Get-Recipient", json!({"Filter": "Department -eq 'Sales'"})).await;
    assert!(!sales.is_empty() && sales.iter().all(|recipient| recipient["Department"] == "Sales"));
    let forwarded = all.iter().find(|mailbox| mailbox["ForwardingAddress"].is_string()).expect("somebody forwards");
    let target = fixture.ok(&token, "Get-Mailbox", json!({"Identity": forwarded["ForwardingAddress"]})).await.remove(0);
    let filter =
        format!("ForwardingAddress -eq '{}'", target["DistinguishedName"].as_str().unwrap().replace('\'', "''"));
    assert!(
        guids(&fixture.ok(&token, "Get-Mailbox", json!({"Filter": filter})).await)
            .contains(&guids(std::slice::from_ref(forwarded))[0])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn recipients_are_of_all_kinds() {
    let fixture = Fixture::with_mailboxes(20).await;
    let token = fixture.token("admin").await;
    let all = fixture.ok(&token, "Get-Recipient", json!({})).await;
    assert_eq!(all.len(), 32);
    let kinds: HashSet<&str> = all.iter().map(|recipient| recipient["RecipientType"].as_str().unwrap()).collect();
    assert!(
        kinds.contains("UserMailbox") && kinds.contains("MailContact") && kinds.contains("MailUniversalSecurityGroup")
    );
    let contacts = fixture.ok(&token, "Get-Recipient", json!({"RecipientTypeDetails": "MailContact"})).await;
    assert_eq!(contacts.len(), 3);
    let group = fixture.ok(&token, "Get-Recipient", json!({"Identity": "salesteam@contoso.onmicrosoft.com"})).await;
    assert_eq!(group[0]["DisplayName"], "Sales Team");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organization_is_set_and_read() {
    let fixture = Fixture::with_mailboxes(1).await;
    let token = fixture.token("admin").await;
    let get = async || fixture.ok(&token, "Get-OrganizationConfig", json!({})).await.remove(0);
    let before = get().await;
    assert_eq!(before["OAuth2ClientProfileEnabled"], false);
    assert_eq!(before["MailTipsLargeAudienceThreshold@data.type"], "System.Int32");
    fixture
        .ok(&token, "Set-OrganizationConfig", json!({
            "OAuth2ClientProfileEnabled": true, "MailTipsLargeAudienceThreshold": 50, "DefaultPublicFolderProhibitPostQuota": "5GB",
            "DefaultGroupAccessType": "public", "EwsAllowList": {"@odata.type": "#Exchange.GenericHashTable", "Add": ["Outlook*"]},
            "EwsEnabled": null, "Confirm": false
        }))
        .await;
    let after = get().await;
    for (name, value) in [
        ("OAuth2ClientProfileEnabled", json!(true)),
        ("MailTipsLargeAudienceThreshold", json!(50)),
        ("DefaultPublicFolderProhibitPostQuota", json!("5 GB (5,368,709,120 bytes)")),
        ("DefaultGroupAccessType", json!("Public")),
        ("EwsAllowList", json!(["Outlook*"])),
        ("EwsEnabled", Value::Null),
    ] {
        assert_eq!(after[name], value, "{name}");
    }
    fixture.ok(&token, "Set-OrganizationConfig", json!({"OAuth2ClientProfileEnabled": false, "WhatIf": true})).await;
    assert_eq!(get().await["OAuth2ClientProfileEnabled"], true);
    let domains = fixture.ok(&token, "Get-AcceptedDomain", json!({})).await;
    assert_eq!(domains.len(), 2);
    assert_eq!(fixture.run(&token, "Get-AcceptedDomain", json!({"Identity": "fabrikam.example"})).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_of_the_organization_and_of_a_mailbox_can_be_set() {
    let fixture = Fixture::with_mailboxes(5).await;
    let token = fixture.token("admin").await;
    let catalog = exo_tenant::catalog::Catalog::get();
    let sample = |type_name: &str, values: &[String]| -> Option<Value> {
        if let Some(value) = values.iter().find(|value| value.parse::<i64>().is_err() && !value.starts_with('$')) {
            return Some(json!(value));
        }
        Some(match type_name.rsplit('.').next().unwrap() {
            "Boolean" | "SwitchParameter" => json!(true),
            "Int16" | "Int32" | "UInt32" => {
                json!(values.first().and_then(|value| value.parse::<i64>().ok()).unwrap_or(7))
            }
            "Unlimited" | "ByteQuantifiedSize" => json!("100"),
            "EnhancedTimeSpan" => json!("2.00:00:00"),
            "DateTime" => json!("2026-05-06T07:08:09Z"),
            "SecureString" => return None,
            "MultiValuedProperty" | "ProxyAddressCollection" => json!(["adele@contoso.onmicrosoft.com"]),
            "String" | "Uri" | "SmtpAddress" | "ProxyAddress" => json!("adele@contoso.onmicrosoft.com"),
            _ => json!("Adele Vance"),
        })
    };
    for (cmdlet, object) in [("Set-OrganizationConfig", "OrganizationConfig"), ("Set-Mailbox", "Mailbox")] {
        let get = format!("Get-{object}");
        for parameter in &catalog.cmdlet(Surface::Exchange, cmdlet).unwrap().parameters {
            let name = parameter.name.as_str();
            let is_property = catalog.object(object).contains_key(name);
            if !is_property || matches!(name, "Identity" | "Alias" | "Name") {
                continue;
            }
            let Some(value) = sample(&parameter.type_name, &parameter.accepted_values) else {
                continue;
            };
            let value = match name {
                // The tenant has no such policies.
                "AddressBookPolicy" | "DataEncryptionPolicy" | "DefaultAuthenticationPolicy" => continue,
                "RetentionPolicy" => json!("Default MRM Policy"),
                "RoleAssignmentPolicy" => json!("Default Role Assignment Policy"),
                "SharingPolicy" => json!("Default Sharing Policy"),
                _ => value,
            };
            let mut parameters = json!({name: value});
            let mut target = json!({});
            if object == "Mailbox" {
                parameters["Identity"] = json!("adele@contoso.onmicrosoft.com");
                target["Identity"] = json!("adele@contoso.onmicrosoft.com");
            } else if parameter.sets.contains_key("ShortenEventScopeParameter") && parameter.sets.len() == 1 {
                parameters["ShortenEventScopeDefault"] = json!("EndEarly");
            }
            let response = fixture.run(&token, cmdlet, parameters).await;
            assert_eq!(response.status, 200, "{cmdlet} -{name} {value}: {}", error_text(&response));
            let shown = fixture.ok(&token, &get, target).await.remove(0);
            assert!(!shown[name].is_null(), "{name} was set to {value}");
            if value.is_boolean() || value.is_i64() {
                assert_eq!(shown[name], value, "{name}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mailboxes_come_and_go() {
    let fixture = Fixture::with_mailboxes(10).await;
    let token = fixture.token("admin").await;
    let new = json!({"Shared": true, "Name": "Café Orders", "Alias": "cafe.orders", "DisplayName": "Café Orders"});
    let created = fixture.ok(&token, "New-Mailbox", new.clone()).await.remove(0);
    assert_eq!(created["RecipientTypeDetails"], "SharedMailbox");
    assert_eq!(created["PrimarySmtpAddress"], "cafe.orders@contoso.example");
    let again = fixture.run(&token, "New-Mailbox", new).await;
    assert!(error_text(&again).contains("ADObjectAlreadyExistsException"), "{}", again.text());
    let missing = fixture
        .run(&token, "New-Mailbox", json!({"Name": "X", "MicrosoftOnlineServicesID": "x@contoso.example"}))
        .await;
    assert!(error_text(&missing).contains("missing mandatory parameters: Password"), "{}", error_text(&missing));
    assert_eq!(fixture.ok(&token, "Get-Mailbox", json!({"Identity": "café orders"})).await.len(), 1);
    assert_eq!(fixture.ok(&token, "Get-Mailbox", json!({})).await.len(), 11);
    fixture.ok(&token, "Remove-Mailbox", json!({"Identity": "cafe.orders", "WhatIf": true})).await;
    fixture.ok(&token, "Remove-Mailbox", json!({"Identity": "cafe.orders", "Confirm": false})).await;
    assert_eq!(fixture.run(&token, "Get-Mailbox", json!({"Identity": "cafe.orders"})).await.status, 404);
    assert_eq!(fixture.ok(&token, "Get-Mailbox", json!({})).await.len(), 10);
    let removed = fixture.ok(&token, "Get-Mailbox", json!({"SoftDeletedMailbox": true})).await;
    assert_eq!(removed[0]["IsSoftDeletedByRemove"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_compressed_when_asked_for() {
    let fixture = Fixture::with_mailboxes(200).await;
    let token = fixture.token("admin").await;
    let body = call("Get-Mailbox", json!({}));
    let plain = fixture.post(&token, &fixture.invoke_url(), &[], &body).await;
    let packed = fixture.post(&token, &fixture.invoke_url(), &[("accept-encoding", "br, gzip;q=0.8")], &body).await;
    let refused = fixture.post(&token, &fixture.invoke_url(), &[("accept-encoding", "gzip;q=0")], &body).await;
    assert_eq!(plain.header("content-encoding"), "");
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(refused.header("content-encoding"), "");
    assert_eq!(plain.json()["value"], packed.json()["value"]);
    let sizes: Vec<u64> = fixture
        .tenant
        .requests()
        .iter()
        .filter(|entry| entry.rows == Some(200))
        .map(|entry| entry.response_bytes)
        .collect();
    assert!(sizes[1] * 5 < sizes[0], "{sizes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_serves_the_same() {
    let fixture = Fixture::with_mailboxes(3).await;
    let token = fixture.token("admin").await;
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let body = call("Get-Mailbox", json!({}));
    let response =
        fixture.client.over_http2().send("POST", &fixture.invoke_url(), &headers, body.to_string()).await.unwrap();
    assert_eq!(response.json()["value"].as_array().unwrap().len(), 3);
    assert_eq!(fixture.tenant.requests().last().unwrap().http_version, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_are_throttled() {
    let fixture = Fixture::start(Options { mailboxes: 1, throttle_per_second: Some(3), ..Options::default() }).await;
    let token = fixture.token("admin").await;
    let other = fixture.token("viewer").await;
    let mut refused = None;
    for _ in 0..30 {
        let response = fixture.run(&token, "Get-AcceptedDomain", json!({})).await;
        if response.status == 429 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("the limit is reached");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!((refused.header("rate-limit-limit"), refused.header("rate-limit-remaining")), ("3", "0"));
    assert_eq!(fixture.run(&other, "Get-AcceptedDomain", json!({})).await.status, 200, "others are not held up");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(fixture.run(&token, "Get-AcceptedDomain", json!({})).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_come_when_told() {
    let fixture = Fixture::with_mailboxes(1).await;
    let token = fixture.token("admin").await;
    let run = async || fixture.run(&token, "Get-AcceptedDomain", json!({})).await;
    fixture.tenant.push_faults([
        FaultKind::BadGatewayHtml,
        FaultKind::Throttled,
        FaultKind::ThrottledText,
        FaultKind::Busy,
        FaultKind::Transient400,
    ]);
    let html = run().await;
    assert_eq!((html.status.as_u16(), html.header("content-type")), (502, "text/html; charset=us-ascii"));
    assert_eq!(run().await.header("retry-after"), "1");
    let text = run().await;
    assert!(
        text.status == 429
            && text.text().starts_with("You have reached the maximum number of concurrent requests per tenant.")
    );
    assert_eq!(run().await.status, 503);
    let transient = run().await;
    assert!(transient.status == 400 && error_text(&transient).contains("ServerBusyException"));
    fixture.tenant.push_faults([FaultKind::ClaimsChallenge, FaultKind::ExpiredToken401, FaultKind::Forbidden403]);
    assert!(run().await.header("www-authenticate").contains("insufficient_claims"));
    assert!(run().await.header("www-authenticate").contains("invalid_token"));
    assert!(run().await.body.iter().all(|byte| *byte == 0));
    fixture.tenant.push_faults([FaultKind::Redirect302]);
    let moved = run().await;
    assert_eq!(moved.status, 302);
    let target = moved.header("location").to_owned();
    assert!(target.starts_with("https://localhost:"), "{target}");
    assert_eq!(fixture.post(&token, &target, &[], &call("Get-AcceptedDomain", json!({}))).await.status, 200);
    fixture.tenant.push_faults([FaultKind::CutConnection]);
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let body = call("Get-AcceptedDomain", json!({})).to_string();
    assert!(fixture.client.send("POST", &fixture.invoke_url(), &headers, body).await.is_err());
    assert_eq!(run().await.status, 200, "the fault is over");
    fixture.tenant.set_faults(&[Fault { kind: FaultKind::Busy, every: 2 }]);
    assert_eq!(
        [run().await.status.as_u16(), run().await.status.as_u16(), run().await.status.as_u16()],
        [200, 503, 200]
    );
    fixture.tenant.set_faults(&[]);
    assert_eq!(run().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_no_secrets() {
    let file = std::env::temp_dir().join(format!("exo-tenant-log-{}.jsonl", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let fixture = Fixture::start(Options { mailboxes: 5, request_log: Some(file.clone()), ..Options::default() }).await;
    let token = fixture.token("admin").await;
    fixture
        .post(
            &token,
            &fixture.invoke_url(),
            &[("client-request-id", "abc"), ("connection-id", "def")],
            &call("Get-Mailbox", json!({})),
        )
        .await;
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["note"], "password");
    let line = &lines[1];
    assert_eq!((&line["cmdletName"], &line["rows"], &line["status"]), (&json!("Get-Mailbox"), &json!(5), &json!(200)));
    assert_eq!((&line["clientRequestId"], &line["connectionId"]), (&json!("abc"), &json!("def")));
    assert_eq!(line["user"], "admin@contoso.onmicrosoft.com");
    assert!(!text.contains(&token) && !text.contains(&fixture.password("admin")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_makes_the_same_company_again() {
    let page = async |seed: u64| {
        let fixture = Fixture::start(Options { mailboxes: 300, seed, ..Options::default() }).await;
        let token = fixture.token("admin").await;
        (
            fixture.password("admin"),
            fixture.tenant.facts().tenant_id.clone(),
            fixture.ok(&token, "Get-Mailbox", json!({})).await,
        )
    };
    let (first, same, other) = (page(7).await, page(7).await, page(8).await);
    assert_eq!(first, same);
    assert_ne!((&first.0, &first.1), (&other.0, &other.1));
    assert_ne!(guids(&first.2), guids(&other.2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_mailboxes_cost_nothing_until_they_are_asked_for() {
    let begin = Instant::now();
    let fixture = Fixture::with_mailboxes(1_000_000).await;
    // Most of it is the making of keys, whose time varies widely.
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    let token = fixture.token("admin").await;
    let last = {
        let directory = fixture.tenant.state().realms[0].directory.read().unwrap();
        let mailbox = directory.mailbox(999_999);
        (
            mailbox.text("UserPrincipalName"),
            mailbox.text("ExternalDirectoryObjectId"),
            mailbox.text("DistinguishedName"),
        )
    };
    for identity in [&last.0, &last.1, &last.2] {
        let begin = Instant::now();
        let found = fixture.ok(&token, "Get-Mailbox", json!({"Identity": identity})).await;
        assert_eq!(found[0]["UserPrincipalName"], last.0.as_str());
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    }
    let page = fixture.run(&token, "Get-Mailbox", json!({"ResultSize": "Unlimited"})).await.json();
    assert_eq!(page["value"].as_array().unwrap().len(), 1000);
    assert!(page["@odata.nextLink"].is_string());
}
