//! Permissions, rules, policies, roles, the audit log and the trace of messages.

mod common;

use std::collections::BTreeSet;

use common::{Fixture, error_text};
use serde_json::{Value, json};

fn texts(objects: &[Value], name: &str) -> Vec<String> {
    objects.iter().map(|object| object[name].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_are_given_and_taken() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let get = async |mailbox: &str| fixture.ok(&token, "Get-MailboxPermission", json!({"Identity": mailbox})).await;
    assert_eq!(texts(&get("adele").await, "User"), ["NT AUTHORITY\\SELF"]);
    assert_eq!(get("adele").await[0]["AccessRights"], json!(["FullAccess", "ReadPermission"]));
    assert_eq!(get("sales").await.len(), 2, "somebody keeps a shared mailbox");
    let full = json!({"Identity": "adele", "User": "bruno.lacroix", "AccessRights": ["FullAccess"], "InheritanceType": "All", "AutoMapping": false});
    let given = fixture.ok(&token, "Add-MailboxPermission", full.clone()).await;
    assert_eq!(given[0]["User"], "bruno.lacroix@contoso.example");
    let twice = fixture.run(&token, "Add-MailboxPermission", full.clone()).await.json();
    assert!(twice["@adminapi.warnings"][0].as_str().unwrap().contains("already present"));
    let named =
        fixture.ok(&token, "Get-MailboxPermission", json!({"Identity": "adele", "User": "Bruno Lacroix"})).await;
    assert_eq!(named.len(), 1);
    let taken = json!({"Identity": "adele", "User": "bruno.lacroix", "AccessRights": ["FullAccess"], "Confirm": false});
    fixture.ok(&token, "Remove-MailboxPermission", taken.clone()).await;
    assert_eq!(get("adele").await.len(), 1);
    let again = fixture.run(&token, "Remove-MailboxPermission", taken).await.json();
    assert!(again["@adminapi.warnings"][0].as_str().unwrap().contains("isn't present"));
    let send = json!({"Identity": "Sales Team", "Trustee": "adele", "AccessRights": ["SendAs"]});
    fixture.ok(&token, "Add-RecipientPermission", send.clone()).await;
    let who = fixture.ok(&token, "Get-RecipientPermission", json!({"Identity": "Sales Team"})).await;
    assert_eq!(texts(&who, "Trustee"), ["NT AUTHORITY\\SELF", "adele@contoso.onmicrosoft.com"]);
    let mine = fixture.ok(&token, "Get-RecipientPermission", json!({"Trustee": "adele"})).await;
    assert!(texts(&mine, "Identity").contains(&"Sales Team".to_owned()));
    let all = fixture.ok(&token, "Get-RecipientPermission", json!({"ResultSize": "Unlimited"})).await;
    assert!(all.len() > 42, "thirty mailboxes and twelve others, some with two rows");
    let body = common::call("Get-RecipientPermission", json!({}));
    let (mut paged, mut url) = (Vec::new(), fixture.invoke_url());
    loop {
        let page = fixture.post(&token, &url, &[("prefer", "odata.maxpagesize=7")], &body).await.json();
        paged.extend(page["value"].as_array().unwrap().iter().cloned());
        match page["@odata.nextLink"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(paged, all, "pages make the whole");
    fixture.ok(&token, "Remove-RecipientPermission", send).await;
    assert_eq!(fixture.ok(&token, "Get-RecipientPermission", json!({"Identity": "Sales Team"})).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_shared() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let calendar = "adele:\\Calendar";
    let rows = fixture.ok(&token, "Get-MailboxFolderPermission", json!({"Identity": calendar})).await;
    assert_eq!(texts(&rows, "User"), ["Default", "Anonymous"]);
    assert_eq!(rows[0]["AccessRights"], json!(["AvailabilityOnly"]));
    let add = json!({"Identity": calendar, "User": "bruno.lacroix", "AccessRights": ["Editor"], "SharingPermissionFlags": "Delegate"});
    let made = fixture.ok(&token, "Add-MailboxFolderPermission", add.clone()).await;
    assert_eq!((&made[0]["User"], &made[0]["SharingPermissionFlags"]), (&json!("Bruno Lacroix"), &json!("Delegate")));
    assert!(
        error_text(&fixture.run(&token, "Add-MailboxFolderPermission", add).await)
            .contains("UserAlreadyExistsInPermissionEntry")
    );
    fixture
        .ok(
            &token,
            "Set-MailboxFolderPermission",
            json!({"Identity": calendar, "User": "Default", "AccessRights": ["Reviewer"]}),
        )
        .await;
    let one = fixture.ok(&token, "Get-MailboxFolderPermission", json!({"Identity": calendar, "User": "default"})).await;
    assert_eq!(one[0]["AccessRights"], json!(["Reviewer"]));
    fixture
        .ok(
            &token,
            "Remove-MailboxFolderPermission",
            json!({"Identity": calendar, "User": "bruno.lacroix", "Confirm": false}),
        )
        .await;
    let gone = fixture
        .run(&token, "Get-MailboxFolderPermission", json!({"Identity": calendar, "User": "bruno.lacroix"}))
        .await;
    assert!(error_text(&gone).contains("no existing permission entry"), "{}", gone.text());
    let wrong = fixture
        .run(
            &token,
            "Set-MailboxFolderPermission",
            json!({"Identity": calendar, "User": "Default", "AccessRights": ["Everything"]}),
        )
        .await;
    assert!(error_text(&wrong).contains("Unable to match the identifier name Everything"));
    assert_eq!(
        fixture.run(&token, "Get-MailboxFolderPermission", json!({"Identity": "adele:\\Nowhere"})).await.status,
        404
    );
    let root = fixture.ok(&token, "Get-MailboxFolderPermission", json!({"Identity": "adele"})).await;
    assert_eq!(root[0]["FolderName"], "Top of Information Store");
}

#[tokio::test(flavor = "multi_thread")]
async fn inbox_rules_are_ordered_and_described() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let get = async || fixture.ok(&token, "Get-InboxRule", json!({"Mailbox": "adele"})).await;
    assert_eq!(get().await[0]["Name"], "Newsletters");
    assert_eq!(get().await[0]["RuleIdentity@data.type"], "System.UInt64");
    let made = fixture
        .ok(&token, "New-InboxRule", json!({"Mailbox": "adele", "Name": "To Bruno", "From": ["boss@partner.example"], "ForwardTo": ["bruno.lacroix"], "StopProcessingRules": true}))
        .await;
    let forward = made[0]["ForwardTo"][0].as_str().unwrap();
    assert!(forward.starts_with("\"Bruno Lacroix\" [EX:/o=ExchangeLabs/"), "{forward}");
    assert_eq!(made[0]["From"], json!(["\"boss@partner.example\" [SMTP:boss@partner.example]"]));
    assert!(made[0]["Description"].as_str().unwrap().contains("Take the following actions:\r\n\tForwardTo"));
    assert_eq!(texts(&get().await, "Name"), ["To Bruno", "Newsletters"], "the newest rule comes first");
    let identity = made[0]["Identity"].as_str().unwrap();
    fixture.ok(&token, "Set-InboxRule", json!({"Identity": identity, "Priority": 2, "MarkAsRead": true})).await;
    assert_eq!(texts(&get().await, "Name"), ["Newsletters", "To Bruno"]);
    fixture
        .ok(&token, "Disable-InboxRule", json!({"Mailbox": "adele", "Identity": "To Bruno", "Confirm": false}))
        .await;
    assert_eq!(get().await[1]["Enabled"], false);
    fixture.ok(&token, "Enable-InboxRule", json!({"Mailbox": "adele", "Identity": "To Bruno"})).await;
    assert_eq!(get().await[1]["Enabled"], true);
    let nothing = fixture
        .run(&token, "New-InboxRule", json!({"Mailbox": "adele", "Name": "Idle", "From": ["x@partner.example"]}))
        .await;
    assert!(error_text(&nothing).contains("at least one action"), "{}", nothing.text());
    fixture.ok(&token, "Remove-InboxRule", json!({"Mailbox": "adele", "Identity": "Newsletters", "Force": true})).await;
    assert_eq!(get().await[0]["Priority"], 1);
    assert!(
        error_text(&fixture.run(&token, "Get-InboxRule", json!({"Mailbox": "adele", "Identity": "Newsletters"})).await)
            .contains("can't be found")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn transport_rules_keep_their_order() {
    let fixture = Fixture::with_mailboxes(5).await;
    let token = fixture.token("admin").await;
    let get = async |parameters: Value| fixture.ok(&token, "Get-TransportRule", parameters).await;
    assert_eq!(texts(&get(json!({})).await, "State"), ["Enabled", "Enabled", "Disabled"]);
    assert_eq!(texts(&get(json!({"State": "Disabled"})).await, "Name"), ["Redirect leavers"]);
    let first = &get(json!({"Identity": "External sender notice"})).await[0];
    assert!(first["Actions"][0].as_str().unwrap().ends_with("PrependSubjectAction"));
    assert_eq!(first["Exceptions"], Value::Null);
    let rule = json!({"Name": "Stop", "SenderDomainIs": ["bad.example", "worse.example"], "DeleteMessage": true, "Priority": 0, "Enabled": false, "Mode": "Audit"});
    let made = fixture.ok(&token, "New-TransportRule", rule.clone()).await;
    assert_eq!(
        (&made[0]["State"], &made[0]["Mode"], &made[0]["Priority"]),
        (&json!("Disabled"), &json!("Audit"), &json!(0))
    );
    assert_eq!(get(json!({"Identity": "External sender notice"})).await[0]["Priority"], 1);
    assert!(
        error_text(&fixture.run(&token, "New-TransportRule", rule).await).contains("ADObjectAlreadyExistsException")
    );
    fixture.ok(&token, "Enable-TransportRule", json!({"Identity": "Stop", "Mode": "Enforce"})).await;
    fixture
        .ok(
            &token,
            "Set-TransportRule",
            json!({"Identity": "Stop", "ExceptIfFrom": ["adele@contoso.onmicrosoft.com"], "Comments": "Checked"}),
        )
        .await;
    let rule = &get(json!({"Identity": "stop"})).await[0];
    assert_eq!(
        (&rule["State"], &rule["Mode"], &rule["Comments"]),
        (&json!("Enabled"), &json!("Enforce"), &json!("Checked"))
    );
    assert!(rule["Description"].as_str().unwrap().contains("Except if the message:"));
    fixture.ok(&token, "Disable-TransportRule", json!({"Identity": "Stop", "Confirm": false})).await;
    fixture.ok(&token, "Remove-TransportRule", json!({"Identity": "Stop", "Confirm": false})).await;
    assert_eq!(get(json!({"Identity": "External sender notice"})).await[0]["Priority"], 0);
    let none = fixture.run(&token, "New-TransportRule", json!({"Name": "Idle", "FromScope": "InOrganization"})).await;
    assert_eq!(none.status, 400);
    let high =
        fixture.run(&token, "New-TransportRule", json!({"Name": "High", "DeleteMessage": true, "Priority": 9})).await;
    assert!(error_text(&high).contains("out of range"));
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_and_connectors_are_kept() {
    let fixture = Fixture::with_mailboxes(5).await;
    let token = fixture.token("admin").await;
    let one = async |cmdlet: &str, parameters: Value| fixture.ok(&token, cmdlet, parameters).await.remove(0);
    fixture
        .ok(
            &token,
            "Set-TransportConfig",
            json!({"SmtpClientAuthenticationDisabled": false, "MaxRecipientEnvelopeLimit": 1000}),
        )
        .await;
    assert_eq!(one("Get-TransportConfig", json!({})).await["SmtpClientAuthenticationDisabled"], false);
    assert_eq!(one("Get-TransportConfig", json!({})).await["MaxRecipientEnvelopeLimit"], "1000");
    fixture.ok(&token, "Set-AdminAuditLogConfig", json!({"UnifiedAuditLogIngestionEnabled": false})).await;
    assert_eq!(one("Get-AdminAuditLogConfig", json!({})).await["UnifiedAuditLogIngestionEnabled"], false);
    fixture.ok(&token, "New-RemoteDomain", json!({"Name": "Tailspin", "DomainName": "*.tailspin.example"})).await;
    assert!(
        error_text(
            &fixture
                .run(&token, "New-RemoteDomain", json!({"Name": "Twice", "DomainName": "*.tailspin.example"}))
                .await
        )
        .contains("already exists")
    );
    fixture
        .ok(
            &token,
            "Set-RemoteDomain",
            json!({"Identity": "Tailspin", "AutoForwardEnabled": false, "TNEFEnabled": true}),
        )
        .await;
    let domain = one("Get-RemoteDomain", json!({"Identity": "Tailspin"})).await;
    assert_eq!((&domain["AutoForwardEnabled"], &domain["TNEFEnabled"]), (&json!(false), &json!(true)));
    assert_eq!(fixture.run(&token, "Remove-RemoteDomain", json!({"Identity": "Default"})).await.status, 400);
    fixture.ok(&token, "Remove-RemoteDomain", json!({"Identity": "Tailspin"})).await;
    assert_eq!(texts(&fixture.ok(&token, "Get-RemoteDomain", json!({})).await, "DomainName"), ["*"]);
    let connector = json!({"Name": "From the post room", "SenderDomains": ["*"], "ConnectorType": "OnPremises", "SenderIPAddresses": ["203.0.113.7"]});
    fixture.ok(&token, "New-InboundConnector", connector).await;
    fixture.ok(&token, "Set-InboundConnector", json!({"Identity": "From the post room", "Enabled": false})).await;
    assert_eq!(one("Get-InboundConnector", json!({})).await["Enabled"], false);
    fixture.ok(&token, "Remove-InboundConnector", json!({"Identity": "From the post room"})).await;
    assert!(fixture.ok(&token, "Get-InboundConnector", json!({})).await.is_empty());
    fixture
        .ok(
            &token,
            "New-OutboundConnector",
            json!({"Name": "Rules", "IsTransportRuleScoped": true, "SmartHosts": ["smtp.tailspin.example"]}),
        )
        .await;
    assert_eq!(fixture.ok(&token, "Get-OutboundConnector", json!({"IsTransportRuleScoped": false})).await.len(), 0);
    assert_eq!(one("Get-HostedContentFilterPolicy", json!({"Identity": "Default"})).await["SpamAction"], "MoveToJmf");
    fixture
        .ok(
            &token,
            "Set-HostedContentFilterPolicy",
            json!({"Identity": "Default", "SpamAction": "Quarantine",
        "AllowedSenderDomains": {"@odata.type": "#Exchange.GenericHashTable", "Add": ["tailspin.example"]}}),
        )
        .await;
    let filter = one("Get-HostedContentFilterPolicy", json!({})).await;
    assert_eq!(
        (&filter["SpamAction"], &filter["AllowedSenderDomains"]),
        (&json!("Quarantine"), &json!(["tailspin.example"]))
    );
    assert_eq!(one("Get-AntiPhishPolicy", json!({})).await["Name"], "Office365 AntiPhish Default");
    assert_eq!(one("Get-SafeLinksPolicy", json!({})).await["EnableSafeLinksForEmail"], true);
    fixture
        .ok(&token, "Set-AcceptedDomain", json!({"Identity": "contoso.example", "SendingFromDomainDisabled": true}))
        .await;
    assert_eq!(
        one("Get-AcceptedDomain", json!({"Identity": "contoso.example"})).await["SendingFromDomainDisabled"],
        true
    );
    assert_eq!(
        one("Get-AcceptedDomain", json!({"Identity": "contoso.onmicrosoft.com"})).await["SendingFromDomainDisabled"],
        false
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_have_groups_and_groups_members() {
    let fixture = Fixture::with_mailboxes(5).await;
    let token = fixture.token("admin").await;
    let groups = fixture.ok(&token, "Get-RoleGroup", json!({})).await;
    assert!(texts(&groups, "Name").contains(&"Recipient Management".to_owned()));
    let add = json!({"Identity": "Help Desk", "Member": "adele"});
    fixture.ok(&token, "Add-RoleGroupMember", add.clone()).await;
    assert!(
        error_text(&fixture.run(&token, "Add-RoleGroupMember", add.clone()).await)
            .contains("MemberAlreadyExistsException")
    );
    let members = fixture.ok(&token, "Get-RoleGroupMember", json!({"Identity": "Help Desk"})).await;
    assert_eq!(texts(&members, "Name"), ["Adele Vance"]);
    assert_eq!(
        fixture.ok(&token, "Get-RoleGroup", json!({"Identity": "Help Desk"})).await[0]["Members"],
        json!(["Adele Vance"])
    );
    let hers = fixture.ok(&token, "Get-ManagementRoleAssignment", json!({"RoleAssignee": "adele"})).await;
    assert_eq!(texts(&hers, "Role"), ["Reset Password", "User Options", "View-Only Recipients"]);
    let effective = fixture
        .ok(&token, "Get-ManagementRoleAssignment", json!({"Role": "User Options", "GetEffectiveUsers": true}))
        .await;
    assert_eq!(texts(&effective, "EffectiveUserName"), ["Adele Vance"]);
    assert_eq!(
        fixture.ok(&token, "Get-ManagementRole", json!({"Identity": "Mail Recipients"})).await[0]["RoleType"],
        "MailRecipients"
    );
    assert_eq!(fixture.run(&token, "Get-ManagementRole", json!({"Identity": "Nothing"})).await.status, 404);
    fixture.ok(&token, "Remove-RoleGroupMember", add).await;
    assert!(fixture.ok(&token, "Get-RoleGroupMember", json!({"Identity": "Help Desk"})).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_searched_in_sessions() {
    let fixture = Fixture::with_mailboxes(50).await;
    let token = fixture.token("admin").await;
    let today = time::OffsetDateTime::now_utc().date();
    let day = |ago: i64| (today - time::Duration::days(ago)).to_string();
    let search = async |more: Value| {
        let mut parameters = json!({"StartDate": day(31), "EndDate": day(1)});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fixture.run(&token, "Search-UnifiedAuditLog", parameters).await
    };
    let records = async |more: Value| {
        let response = search(more).await;
        assert_eq!(response.status, 200, "{}", response.text());
        assert!(response.json().get("@odata.nextLink").is_none());
        response.json()["value"].as_array().unwrap().clone()
    };
    assert_eq!(records(json!({})).await.len(), 100, "the default");
    let all = records(json!({"ResultSize": 5000})).await;
    assert_eq!(all.len(), 30 * 144, "one record in ten minutes");
    assert_eq!((&all[0]["ResultIndex"], &all[0]["ResultCount"]), (&json!(1), &json!(30 * 144)));
    assert!(
        all.windows(2).all(|pair| pair[0]["CreationDate"].as_str() >= pair[1]["CreationDate"].as_str()),
        "newest first"
    );
    assert_eq!(all, records(json!({"ResultSize": 5000})).await, "the log doesn't change");
    let identities =
        |records: &[Value]| records.iter().map(|record| record["Identity"].to_string()).collect::<BTreeSet<_>>();
    let mut collected = Vec::new();
    loop {
        let page = records(json!({"SessionId": "one", "SessionCommand": "ReturnLargeSet", "ResultSize": 2000})).await;
        if page.is_empty() {
            break;
        }
        assert_eq!(page[0]["ResultIndex"], collected.len() + 1);
        collected.extend(page);
    }
    assert_eq!(identities(&collected), identities(&all));
    assert!(
        records(json!({"SessionId": "one", "SessionCommand": "ReturnLargeSet"})).await.is_empty(),
        "a session ends"
    );
    let moved = records(json!({
        "SessionId": "one", "SessionCommand": "ReturnLargeSet", "StartDate": day(20), "ResultSize": 5000
    }));
    let moved = moved.await;
    assert_eq!((moved.len(), &moved[0]["ResultIndex"]), (19 * 144, &json!(1)), "another window is another search");
    let preview = records(json!({"SessionId": "one", "SessionCommand": "ReturnNextPreviewPage"})).await;
    assert_eq!(preview[0], all[0], "and so is another command");
    let block = records(json!({"SessionCommand": "ReturnLargeSet", "ResultSize": 5000})).await;
    assert_eq!(identities(&block), identities(&all), "a large set without a session is one block");
    let again = records(json!({"SessionCommand": "ReturnLargeSet", "ResultSize": 5000})).await;
    assert_eq!(again, block, "which doesn't go on");
    let first = records(json!({"SessionCommand": "ReturnLargeSet"})).await;
    assert_eq!(first, block[..100], "of the size that was asked for");
    let sent = records(json!({"Operations": ["Send", "SendAs"], "ResultSize": 5000})).await;
    assert!(!sent.is_empty() && sent.len() < all.len());
    for record in &sent {
        let data: Value = serde_json::from_str(record["AuditData"].as_str().unwrap()).unwrap();
        assert_eq!(data["Operation"], record["Operations"]);
        assert_eq!(data["UserId"], record["UserIds"]);
        assert!(record["CreationDate"].as_str().unwrap().starts_with(data["CreationTime"].as_str().unwrap()));
    }
    let user = sent[0]["UserIds"].as_str().unwrap();
    let hers = records(json!({"UserIds": [user], "RecordType": "ExchangeItem", "ResultSize": 5000})).await;
    assert!(
        !hers.is_empty()
            && hers.iter().all(|record| record["UserIds"] == user && record["RecordType"] == "ExchangeItem")
    );
    for wrong in [json!({"ResultSize": 5001}), json!({"ResultSize": 0}), json!({"StartDate": day(0)})] {
        assert_eq!(search(wrong.clone()).await.status, 400, "{wrong}");
    }
    let none = fixture.token("helpdesk").await;
    assert_eq!(
        fixture.run(&none, "Search-UnifiedAuditLog", json!({"StartDate": day(2), "EndDate": day(1)})).await.status,
        403
    );
    let future = json!({"StartDate": day(-2), "EndDate": day(-5)});
    assert!(fixture.ok(&token, "Search-UnifiedAuditLog", future).await.is_empty(), "what is to come isn't in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_traced_in_rounds() {
    let fixture = Fixture::with_mailboxes(50).await;
    let token = fixture.token("admin").await;
    let today = time::OffsetDateTime::now_utc().date();
    let day = |ago: i64| (today - time::Duration::days(ago)).to_string();
    let trace = async |parameters: Value| {
        let response = fixture.run(&token, "Get-MessageTraceV2", parameters).await;
        assert_eq!(response.status, 200, "{}", response.text());
        let body = response.json();
        assert!(body.get("@odata.nextLink").is_none());
        (body["value"].as_array().unwrap().clone(), body["@adminapi.warnings"][0].as_str().map(str::to_owned))
    };
    let (all, warning) = trace(json!({"StartDate": day(5), "EndDate": day(1), "ResultSize": 5000})).await;
    assert!(all.len() > 4 * 360 && warning.is_none(), "a message in four minutes, some to several people");
    let (mut rounds, mut parameters) = (Vec::new(), json!({"StartDate": day(5), "EndDate": day(1), "ResultSize": 333}));
    loop {
        let (page, warning) = trace(parameters.clone()).await;
        let last = page.last().unwrap().clone();
        rounds.extend(page);
        let Some(warning) = warning else { break };
        assert!(
            warning.contains(&format!("-StartingRecipientAddress {}", last["RecipientAddress"].as_str().unwrap())),
            "{warning}"
        );
        assert!(warning.contains(&format!("-EndDate {}", last["Received"])), "{warning}");
        parameters["EndDate"] = last["Received"].clone();
        parameters["StartingRecipientAddress"] = last["RecipientAddress"].clone();
    }
    assert_eq!(rounds, all, "nothing is lost and nothing comes twice");
    let (failed, _) =
        trace(json!({"StartDate": day(5), "EndDate": day(1), "Status": ["Failed"], "ResultSize": 5000})).await;
    assert!(!failed.is_empty() && failed.iter().all(|message| message["Status"] == "Failed"));
    let sender = all[0]["SenderAddress"].as_str().unwrap();
    let (hers, _) =
        trace(json!({"StartDate": day(5), "EndDate": day(1), "SenderAddress": [sender], "ResultSize": 5000})).await;
    assert!(!hers.is_empty() && hers.iter().all(|message| message["SenderAddress"] == sender));
    let (begin, _) =
        trace(json!({"StartDate": day(5), "EndDate": day(1), "Subject": "invoice", "SubjectFilterType": "StartsWith"}))
            .await;
    assert!(
        !begin.is_empty() && begin.iter().all(|message| message["Subject"].as_str().unwrap().starts_with("Invoice"))
    );
    let now = time::OffsetDateTime::now_utc();
    let moment = |when: time::OffsetDateTime| {
        when.format(&time::format_description::well_known::Rfc3339).expect("a moment of this century")
    };
    let (ten, later) = (moment(now - time::Duration::days(10)), moment(now + time::Duration::milliseconds(30)));
    let (whole, _) = trace(json!({"StartDate": ten, "EndDate": later, "ResultSize": 5000})).await;
    assert!(whole.len() > all.len(), "the clock is read once for each end of ten days");
    let hour_more = moment(now - time::Duration::days(10) - time::Duration::hours(1));
    let (longer, _) = trace(json!({"StartDate": hour_more, "EndDate": later, "ResultSize": 5000})).await;
    assert!(longer.len() >= whole.len(), "the clock was put back within ten days");
    let two_hours_more = moment(now - time::Duration::days(10) - time::Duration::hours(2));
    let (oldest, _) = trace(json!({"StartDate": day(90), "EndDate": day(81), "ResultSize": 5000})).await;
    assert!(oldest.last().unwrap()["Received"].as_str().unwrap().starts_with(&day(90)), "from midnight on");
    for wrong in [
        json!({"StartDate": day(13), "EndDate": day(1)}),
        json!({"StartDate": two_hours_more, "EndDate": later}),
        json!({"StartDate": day(95), "EndDate": day(91)}),
        json!({"StartDate": day(1), "EndDate": day(2)}),
        json!({"StartDate": day(1)}),
        json!({"ResultSize": 5001}),
    ] {
        assert_eq!(fixture.run(&token, "Get-MessageTraceV2", wrong.clone()).await.status, 400, "{wrong}");
    }
    let help = fixture.token("helpdesk").await;
    assert_eq!(fixture.run(&help, "Get-MessageTraceV2", json!({})).await.status, 200, "recipients' keepers may trace");
    assert_eq!(
        fixture.run(&help, "Search-Mailbox", json!({"Identity": "adele"})).await.status,
        403,
        "it has been retired"
    );
}
