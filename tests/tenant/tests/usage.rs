//! What public scripts use most: the tenant runs it, with state behind it.

mod common;

use std::collections::BTreeSet;

use common::{Fixture, error_text};
use exo_tenant::adminapi::cmdlets::implemented;
use serde_json::{Value, json};

/// The sixty cmdlets that public scripts call most often, counted in two large collections of them, the most used first.
const MOST_USED: [&str; 60] = [
    "Connect-ExchangeOnline",
    "Get-EXOMailbox",
    "Search-UnifiedAuditLog",
    "Disconnect-ExchangeOnline",
    "Get-Mailbox",
    "Set-Mailbox",
    "Get-UnifiedGroup",
    "Get-DistributionGroup",
    "Connect-IPPSSession",
    "Get-OrganizationConfig",
    "Set-UnifiedGroup",
    "Get-EXOMailboxFolderStatistics",
    "Get-Recipient",
    "Get-ConnectionInformation",
    "Get-User",
    "Get-MessageTraceV2",
    "Get-AcceptedDomain",
    "Get-RetentionCompliancePolicy",
    "Get-Label",
    "Get-DistributionGroupMember",
    "Set-DistributionGroup",
    "Set-MailboxMessageConfiguration",
    "Get-EXORecipient",
    "Get-UnifiedGroupLinks",
    "Get-EXOMailboxFolderPermission",
    "Get-EXOMailboxStatistics",
    "Get-MailDetailATPReport",
    "Get-DynamicDistributionGroup",
    "Add-UnifiedGroupLinks",
    "Get-InboxRule",
    "Get-ComplianceSearch",
    "Get-MailboxStatistics",
    "Get-MailboxAutoReplyConfiguration",
    "Get-CaseHoldPolicy",
    "Set-OrganizationConfig",
    "Get-TransportRule",
    "Search-Mailbox",
    "Get-EXOMailboxPermission",
    "New-TransportRule",
    "Set-RetentionCompliancePolicy",
    "Get-ComplianceSearchAction",
    "Set-DynamicDistributionGroup",
    "Get-MessageTrace",
    "New-UnifiedGroup",
    "Remove-UnifiedGroupLinks",
    "Get-MobileDevice",
    "Add-DistributionGroupMember",
    "Get-MailboxPermission",
    "Get-EXORecipientPermission",
    "Remove-ComplianceSearch",
    "New-ComplianceSearch",
    "Start-ComplianceSearch",
    "Set-Label",
    "Remove-DistributionGroupMember",
    "Set-MailboxAutoReplyConfiguration",
    "Disable-InboxRule",
    "Get-RecipientPermission",
    "Get-MailTrafficSummaryReport",
    "Get-EXOMobileDeviceStatistics",
    "Remove-ComplianceSearchAction",
];

/// Those of them that no service runs under their own name, and why.
const EXCEPTIONS: [(&str, &str); 13] = [
    ("Connect-ExchangeOnline", "the module's own: it signs in and reads the module file"),
    ("Connect-IPPSSession", "the module's own: it signs in and reads the module file"),
    ("Disconnect-ExchangeOnline", "the module's own"),
    ("Get-ConnectionInformation", "the module's own: it asks nobody"),
    ("Search-Mailbox", "retired: no catalogue of the service has it any more"),
    ("Get-EXOMailbox", "Get-Mailbox"),
    ("Get-EXOMailboxFolderPermission", "Get-MailboxFolderPermission"),
    ("Get-EXOMailboxFolderStatistics", "Get-MailboxFolderStatistics"),
    ("Get-EXOMailboxPermission", "Get-MailboxPermission"),
    ("Get-EXOMailboxStatistics", "Get-MailboxStatistics"),
    ("Get-EXOMobileDeviceStatistics", "Get-MobileDeviceStatistics"),
    ("Get-EXORecipient", "Get-Recipient"),
    ("Get-EXORecipientPermission", "Get-RecipientPermission"),
];

#[test]
fn the_most_used_cmdlets_are_there() {
    let all: BTreeSet<&str> = implemented().collect();
    for name in MOST_USED {
        let missing = match EXCEPTIONS.iter().find(|(exception, _)| *exception == name) {
            None => !all.contains(name),
            // The entity endpoints of the bulk cmdlets run the cmdlets that these are the faster form of.
            Some((_, of)) if name.starts_with("Get-EXO") => !all.contains(of),
            Some(_) => all.contains(name),
        };
        assert!(!missing, "{name}");
    }
    assert_eq!(MOST_USED.iter().collect::<BTreeSet<_>>().len(), MOST_USED.len());
}

fn names(objects: &[Value]) -> Vec<&str> {
    objects.iter().map(|object| object["Name"].as_str().unwrap()).collect()
}

/// Some days ago, as a date.
fn day(ago: i64) -> String {
    (time::OffsetDateTime::now_utc().date() - time::Duration::days(ago)).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_count_the_messages_of_the_trace() {
    let fixture = Fixture::with_mailboxes(50).await;
    let token = fixture.token("admin").await;
    let window = |more: Value| {
        let mut all = json!({"StartDate": day(9), "EndDate": day(0), "PageSize": 5000});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let v2 = json!({"StartDate": day(9), "EndDate": day(0), "ResultSize": 5000});
    let traced = fixture.ok(&token, "Get-MessageTraceV2", v2).await;
    let pages = async |size: usize, page: usize| {
        fixture.ok(&token, "Get-MessageTrace", window(json!({"PageSize": size, "Page": page}))).await
    };
    let (first, second) = (pages(700, 1).await, pages(700, 2).await);
    assert_eq!((first.len(), second.len()), (700, 700));
    for (at, message) in first.iter().chain(&second).enumerate() {
        for name in ["MessageTraceId", "RecipientAddress", "Received", "Status"] {
            assert_eq!(message[name], traced[at][name], "{at}");
        }
        assert_eq!(message["Index"], at);
    }
    let whole = pages(5000, 1).await.len();
    assert_eq!(whole, traced.len());
    assert!(pages(5000, 2).await.is_empty());
    for wrong in [json!({"PageSize": 5001}), json!({"Page": 0}), json!({"StartDate": day(40), "EndDate": day(35)})] {
        assert_eq!(fixture.run(&token, "Get-MessageTrace", window(wrong.clone())).await.status, 400, "{wrong}");
    }
    let quarantined: Vec<&Value> = traced.iter().filter(|message| message["Status"] == "Quarantined").collect();
    let threats = fixture.ok(&token, "Get-MailDetailATPReport", window(json!({}))).await;
    assert!(threats.len() > 3);
    assert_eq!(threats.len(), quarantined.len());
    for (threat, message) in threats.iter().zip(quarantined) {
        assert_eq!(threat["MessageTraceId"], message["MessageTraceId"]);
        assert_eq!(threat["Direction"], "Inbound");
        assert!(threat["VerdictSource"].is_string() && threat["EventType"].is_string());
    }
    let event = threats[0]["EventType"].clone();
    let same = window(json!({"EventType": [event], "Direction": ["Inbound"]}));
    let same = fixture.ok(&token, "Get-MailDetailATPReport", same).await;
    let expected: Vec<Value> = threats.iter().filter(|threat| threat["EventType"] == event).cloned().collect();
    assert_eq!(
        same.iter().map(|threat| &threat["MessageTraceId"]).collect::<Vec<_>>(),
        expected.iter().map(|threat| &threat["MessageTraceId"]).collect::<Vec<_>>()
    );
    let outbound = window(json!({"Direction": ["Outbound"]}));
    assert!(fixture.ok(&token, "Get-MailDetailATPReport", outbound).await.is_empty());
    let summary = async |category: &str| {
        fixture.ok(&token, "Get-MailTrafficSummaryReport", window(json!({"Category": category}))).await
    };
    let senders = summary("TopMailSender").await;
    let counts: Vec<i64> = senders.iter().map(|row| row["C2"].as_str().unwrap().parse().unwrap()).collect();
    assert!(counts.is_sorted_by(|one, other| one >= other));
    let sent = traced.iter().filter(|message| message["ToIP"].is_string()).count();
    assert_eq!(counts.iter().sum::<i64>(), sent as i64);
    let of_top = traced
        .iter()
        .filter(|message| message["ToIP"].is_string() && message["SenderAddress"] == senders[0]["C1"])
        .count();
    assert_eq!(of_top as i64, counts[0]);
    let malware = summary("TopMalware").await;
    let found: usize = malware.iter().map(|row| row["C2"].as_str().unwrap().parse::<usize>().unwrap()).sum();
    assert_eq!(found, threats.iter().filter(|threat| threat["VerdictType"] == "Malware").count());
    let two = window(json!({"Category": "TopMailSender", "PageSize": 2, "Page": 2}));
    assert_eq!(fixture.ok(&token, "Get-MailTrafficSummaryReport", two).await[..], senders[2..4]);
    let hits = fixture.run(&token, "Get-MailTrafficSummaryReport", window(json!({"Category": "InboundDLPHits"}))).await;
    assert!(error_text(&hits).contains("doesn't implement the category"), "{}", hits.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_labels_are_made_changed_and_removed() {
    let fixture = Fixture::with_mailboxes(3).await;
    let scope = [("scope", "https://ps.compliance.protection.outlook.com/.default openid")];
    let token = fixture.ropc("admin", &scope).await.json()["access_token"].as_str().unwrap().to_owned();
    let get = async |parameters: Value| fixture.ok(&token, "Get-ComplianceTag", parameters).await;
    assert_eq!(names(&get(json!({})).await), ["Contracts", "Board papers", "Drafts"]);
    assert_eq!(get(json!({"Identity": "Contracts"})).await[0]["RetentionDuration"], "2555");
    let new = json!({"Name": "Ship logs", "RetentionAction": "Keep", "RetentionDuration": 30, "RetentionType": "ModificationAgeInDays", "Comment": "A month"});
    let made = fixture.ok(&token, "New-ComplianceTag", new.clone()).await;
    assert_eq!(
        (&made[0]["RetentionDuration"], &made[0]["RetentionType"]),
        (&json!("30"), &json!("ModificationAgeInDays"))
    );
    assert_eq!(fixture.run(&token, "New-ComplianceTag", new).await.status, 400, "it is there already");
    let half = json!({"Name": "Half", "RetentionAction": "Keep"});
    assert!(error_text(&fixture.run(&token, "New-ComplianceTag", half).await).contains("belong together"));
    let review =
        json!({"Identity": "Ship logs", "RetentionDuration": "Unlimited", "ReviewerEmail": ["adele@contoso.example"]});
    fixture.ok(&token, "Set-ComplianceTag", review).await;
    let shown = get(json!({"Identity": made[0]["Guid"]})).await;
    assert_eq!((&shown[0]["RetentionDuration"], &shown[0]["IsReviewTag"]), (&json!("Unlimited"), &json!(true)));
    fixture.ok(&token, "Remove-ComplianceTag", json!({"Identity": "Ship logs", "Confirm": false})).await;
    assert_eq!(fixture.run(&token, "Get-ComplianceTag", json!({"Identity": "Ship logs"})).await.status, 404);
    let exchange = fixture.token("admin").await;
    assert_eq!(fixture.ok(&exchange, "Get-ComplianceTag", json!({})).await.len(), 3, "Exchange shows them too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_says_what_retention_and_holds_did() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    let log = async |parameters: Value| fixture.ok(&token, "Export-MailboxDiagnosticLogs", parameters).await.remove(0);
    let properties = log(json!({"Identity": "adele", "ExtendedProperties": true})).await;
    let text = properties["MailboxLog"].as_str().unwrap();
    let (_, rest) = text.split_once("<Name>ELCLastSuccessTimestamp</Name><Value>").expect("the assistant was here");
    assert!(rest[..10] <= *day(0) && rest[..10] >= *day(9), "{rest}");
    assert_eq!(properties["LogName"], "ExtendedProperties");
    fixture.ok(&token, "Set-Mailbox", json!({"Identity": "adele", "LitigationHoldEnabled": true})).await;
    let holds = log(json!({"Identity": "adele", "ComponentName": "HoldTracking"})).await;
    let holds: Vec<Value> = serde_json::from_str(holds["MailboxLog"].as_str().unwrap()).unwrap();
    assert!(holds.iter().any(|hold| hold["hid"] == "Litigation Hold"));
    let nothing = json!({"Identity": "adele", "ExtendedProperties": false});
    let nothing = fixture.run(&token, "Export-MailboxDiagnosticLogs", nothing).await;
    assert!(error_text(&nothing).contains("Use ComponentName"));
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_are_turned_on_and_off() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    let without = json!({"Filter": "ArchiveStatus -eq 'None' -and RecipientTypeDetails -eq 'UserMailbox'"});
    let mailbox = fixture.ok(&token, "Get-Mailbox", without).await.remove(0);
    let identity = json!({"Identity": mailbox["Guid"]});
    let with = |more: Value| {
        let mut all = identity.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let get = async || fixture.ok(&token, "Get-Mailbox", identity.clone()).await.remove(0);
    assert_eq!(fixture.run(&token, "Get-MailboxStatistics", with(json!({"Archive": true}))).await.status, 400);
    assert_eq!(fixture.run(&token, "Enable-Mailbox", with(json!({"AutoExpandingArchive": true}))).await.status, 400);
    fixture.ok(&token, "Enable-Mailbox", with(json!({"Archive": true, "WhatIf": true}))).await;
    assert_eq!(get().await["ArchiveStatus"], "None");
    let shown = fixture.ok(&token, "Enable-Mailbox", with(json!({"Archive": true}))).await.remove(0);
    assert_eq!((&shown["ArchiveStatus"], &shown["ArchiveState"]), (&json!("Active"), &json!("Local")));
    let archive = get().await["ArchiveGuid"].clone();
    assert_eq!(archive, shown["ArchiveGuid"]);
    let statistics = fixture.ok(&token, "Get-MailboxStatistics", with(json!({"Archive": true}))).await;
    assert_eq!((&statistics[0]["MailboxGuid"], &statistics[0]["IsArchiveMailbox"]), (&archive, &json!(true)));
    assert_eq!(get().await["MailboxLocations"].as_array().unwrap().len(), 2);
    assert_eq!(fixture.run(&token, "Enable-Mailbox", with(json!({"Archive": true}))).await.status, 400, "it has one");
    fixture.ok(&token, "Enable-Mailbox", with(json!({"AutoExpandingArchive": true}))).await;
    assert_eq!(get().await["AutoExpandingArchiveEnabled"], true);
    fixture.ok(&token, "Disable-Mailbox", with(json!({"Archive": true, "Confirm": false}))).await;
    let off = get().await;
    assert_eq!((&off["ArchiveStatus"], &off["DisabledArchiveGuid"]), (&json!("None"), &archive));
    fixture.ok(&token, "Enable-Mailbox", with(json!({"Archive": true}))).await;
    assert_eq!(get().await["ArchiveGuid"], archive, "the one that there was comes back");
}

#[tokio::test(flavor = "multi_thread")]
async fn role_groups_are_changed() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let new = json!({"Name": "Dock Admins", "Roles": ["Mail Recipients"], "Members": ["adele"]});
    fixture.ok(&token, "New-RoleGroup", new).await;
    let set = json!({"Identity": "Dock Admins", "Name": "Pier Admins", "DisplayName": "Pier", "Description": "They keep the pier", "ManagedBy": ["adele", "Organization Management"]});
    fixture.ok(&token, "Set-RoleGroup", set).await;
    let group = fixture.ok(&token, "Get-RoleGroup", json!({"Identity": "Pier Admins"})).await.remove(0);
    assert_eq!(group["Description"], "They keep the pier");
    assert_eq!(group["ManagedBy"], json!(["Adele Vance", "Organization Management"]));
    assert_eq!((&group["Members"], &group["Roles"]), (&json!(["Adele Vance"]), &json!(["Mail Recipients"])));
    assert_eq!(group["RoleAssignments"], json!(["Mail Recipients-Pier Admins"]));
    assert_eq!(fixture.run(&token, "Get-RoleGroup", json!({"Identity": "Dock Admins"})).await.status, 404);
    let taken = json!({"Identity": "Pier Admins", "Name": "Help Desk"});
    assert_eq!(fixture.run(&token, "Set-RoleGroup", taken).await.status, 400);
    let nobody = json!({"Identity": "Pier Admins", "ManagedBy": null});
    assert!(error_text(&fixture.run(&token, "Set-RoleGroup", nobody).await).contains("needs an owner"));
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_given_and_taken_away() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let get = async |parameters: Value| fixture.ok(&token, "Get-ManagementRoleAssignment", parameters).await;
    let all = get(json!({})).await.len();
    let user = json!({"Role": "Mail Recipients", "User": "adele"});
    let made = fixture.ok(&token, "New-ManagementRoleAssignment", user.clone()).await.remove(0);
    assert_eq!(made["Name"], "Mail Recipients-Adele Vance");
    assert_eq!((&made["RoleAssigneeType"], &made["AssignmentMethod"]), (&json!("User"), &json!("Direct")));
    assert_eq!(fixture.run(&token, "New-ManagementRoleAssignment", user).await.status, 400, "she has it already");
    assert_eq!(
        names(&get(json!({"RoleAssignee": "adele", "AssignmentMethod": ["Direct"]})).await),
        ["Mail Recipients-Adele Vance"]
    );
    fixture.ok(&token, "Set-Mailbox", json!({"Identity": "adele", "Name": "Adele Smith"})).await;
    assert_eq!(get(json!({"RoleAssignee": "adele"})).await[0]["RoleAssignee"], "Adele Smith", "she is the same");
    let group = json!({"Name": "Desk journals", "Role": "Journaling", "SecurityGroup": "Help Desk"});
    fixture.ok(&token, "New-ManagementRoleAssignment", group).await;
    let desk = fixture.ok(&token, "Get-RoleGroup", json!({"Identity": "Help Desk"})).await.remove(0);
    assert!(desk["Roles"].as_array().unwrap().contains(&json!("Journaling")));
    let shown = get(json!({"RoleAssignee": "Help Desk", "Role": "Journaling"})).await;
    assert_eq!((names(&shown), &shown[0]["RoleAssigneeType"]), (vec!["Desk journals"], &json!("RoleGroup")));
    let security = json!({"Role": "Mail Tips", "SecurityGroup": "Finance Approvers"});
    fixture.ok(&token, "New-ManagementRoleAssignment", security).await;
    let members = fixture.ok(&token, "Get-DistributionGroupMember", json!({"Identity": "Finance Approvers"})).await;
    let users = get(json!({"RoleAssignee": "Finance Approvers", "GetEffectiveUsers": true})).await;
    assert_eq!(
        users.iter().map(|user| user["EffectiveUserName"].as_str().unwrap()).collect::<Vec<_>>(),
        names(&members)
    );
    let policy = json!({"Role": "User Options", "Policy": "Default Role Assignment Policy"});
    fixture.ok(&token, "New-ManagementRoleAssignment", policy).await;
    assert_eq!(get(json!({"Identity": "*-Default Role Assignment Policy"})).await.len(), 1);
    assert_eq!(get(json!({})).await.len(), all + 4);
    for wrong in [
        json!({"Role": "Mail Recipients", "SecurityGroup": "Sales Team"}),
        json!({"Role": "Mail Recipients", "User": "Sales Team"}),
    ] {
        assert_eq!(fixture.run(&token, "New-ManagementRoleAssignment", wrong.clone()).await.status, 400, "{wrong}");
    }
    for name in ["Mail Recipients-Adele Vance", "Desk journals", "Mail Tips-Finance Approvers"] {
        fixture.ok(&token, "Remove-ManagementRoleAssignment", json!({"Identity": name, "WhatIf": true})).await;
        assert_eq!(get(json!({"Identity": name})).await.len(), 1);
        fixture.ok(&token, "Remove-ManagementRoleAssignment", json!({"Identity": name, "Confirm": false})).await;
        assert_eq!(fixture.run(&token, "Get-ManagementRoleAssignment", json!({"Identity": name})).await.status, 404);
    }
    let desk = fixture.ok(&token, "Get-RoleGroup", json!({"Identity": "Help Desk"})).await.remove(0);
    assert_eq!(desk["Roles"].as_array().unwrap().len(), desk["RoleAssignments"].as_array().unwrap().len());
    assert!(!desk["Roles"].as_array().unwrap().contains(&json!("Journaling")));
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_have_mailboxes() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    let group = fixture.ok(&token, "Get-UnifiedGroup", json!({"Identity": "Project Aurora"})).await.remove(0);
    let mailboxes = fixture.ok(&token, "Get-Mailbox", json!({"GroupMailbox": true})).await;
    assert_eq!(mailboxes.len(), 1);
    for name in ["Name", "Alias", "PrimarySmtpAddress", "ExchangeGuid", "ExternalDirectoryObjectId", "Guid"] {
        assert_eq!(mailboxes[0][name], group[name], "{name}");
    }
    assert_eq!(
        (&mailboxes[0]["RecipientTypeDetails"], &mailboxes[0]["ArchiveStatus"]),
        (&json!("GroupMailbox"), &json!("None"))
    );
    let one = json!({"GroupMailbox": true, "Identity": group["ExternalDirectoryObjectId"]});
    assert_eq!(fixture.ok(&token, "Get-Mailbox", one).await, mailboxes);
    let none = json!({"GroupMailbox": true, "Filter": "Alias -eq 'nothing'"});
    assert!(fixture.ok(&token, "Get-Mailbox", none).await.is_empty());
    let plain = json!({"Identity": group["Guid"]});
    assert_eq!(fixture.run(&token, "Get-Mailbox", plain).await.status, 404, "it has to be asked for");
    for name in ["ExternalDirectoryObjectId", "PrimarySmtpAddress", "Guid", "Alias"] {
        let identity = json!({"Identity": group[name]});
        let statistics = fixture.ok(&token, "Get-MailboxStatistics", identity.clone()).await.remove(0);
        assert_eq!(
            (&statistics["MailboxTypeDetail"], &statistics["DisplayName"]),
            (&json!("GroupMailbox"), &group["DisplayName"])
        );
        let folders = fixture.ok(&token, "Get-MailboxFolderStatistics", identity).await;
        let items: i64 = folders
            .iter()
            .filter(|folder| folder["RecoverableItemsFolder"] == false)
            .map(|folder| folder["ItemsInFolder"].as_i64().unwrap())
            .sum();
        assert!(items > 0);
        assert_eq!(statistics["ItemCount"], items, "{name}");
    }
    let empty =
        fixture.ok(&token, "New-UnifiedGroup", json!({"DisplayName": "Empty", "Alias": "emptygroup"})).await.remove(0);
    let statistics = fixture.ok(&token, "Get-MailboxStatistics", json!({"Identity": empty["Guid"]})).await;
    assert_eq!(statistics[0]["ItemCount"], 0);
    assert_eq!(
        fixture.ok(&token, "Get-Mailbox", json!({"GroupMailbox": true, "ResultSize": "Unlimited"})).await.len(),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filter_of_a_dynamic_group_is_previewed() {
    let fixture = Fixture::with_mailboxes(120).await;
    let token = fixture.token("admin").await;
    let group = fixture.ok(&token, "Get-DynamicDistributionGroup", json!({})).await.remove(0);
    let members = json!({"Identity": group["Name"], "ResultSize": "Unlimited"});
    let members = fixture.ok(&token, "Get-DynamicDistributionGroupMember", members).await;
    let preview = json!({"RecipientPreviewFilter": group["RecipientFilter"], "ResultSize": "Unlimited"});
    let preview = fixture.ok(&token, "Get-Recipient", preview).await;
    assert_eq!(names(&preview), names(&members));
    assert!(!preview.is_empty());
    let bad = fixture.run(&token, "Get-Recipient", json!({"RecipientPreviewFilter": "Colour -eq 'red'"})).await;
    assert!(error_text(&bad).contains("filterable property"), "{}", bad.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn places_tags_and_bypasses_of_mailboxes() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let adele = fixture.ok(&token, "Get-Mailbox", json!({"Identity": "adele"})).await.remove(0);
    let places = fixture.ok(&token, "Get-MailboxLocation", json!({"User": "adele"})).await;
    assert_eq!(places.len(), adele["MailboxLocations"].as_array().unwrap().len());
    let primary = json!({"User": "adele", "MailboxLocationType": "Primary"});
    assert_eq!(fixture.ok(&token, "Get-MailboxLocation", primary).await[0]["MailboxGuid"], adele["ExchangeGuid"]);
    let tags = fixture.ok(&token, "Get-RetentionPolicyTag", json!({})).await;
    let policy = fixture.ok(&token, "Get-RetentionPolicy", json!({})).await.remove(0);
    assert_eq!(json!(names(&tags)), policy["RetentionPolicyTagLinks"]);
    let personal = fixture.ok(&token, "Get-RetentionPolicyTag", json!({"Types": ["Personal"]})).await;
    assert_eq!(personal.len(), 3);
    let bypass = async || {
        let identity = json!({"Identity": "adele"});
        fixture.ok(&token, "Get-MailboxAuditBypassAssociation", identity).await.remove(0)["AuditBypassEnabled"].clone()
    };
    assert_eq!(bypass().await, false);
    let set = json!({"Identity": "adele", "AuditBypassEnabled": true});
    fixture.ok(&token, "Set-MailboxAuditBypassAssociation", set).await;
    assert_eq!(bypass().await, true);
    let all = fixture.ok(&token, "Get-MailboxAuditBypassAssociation", json!({"ResultSize": "Unlimited"})).await;
    assert_eq!(all.len(), 30);
    assert_eq!(all.iter().filter(|one| one["AuditBypassEnabled"] == true).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn quarantined_messages_are_released_and_deleted() {
    let fixture = Fixture::with_mailboxes(50).await;
    let token = fixture.token("admin").await;
    let get = async |parameters: Value| fixture.ok(&token, "Get-QuarantineMessage", parameters).await;
    let all = get(json!({"PageSize": 1000})).await;
    let window = json!({"StartDate": day(9), "EndDate": day(0), "Status": ["Quarantined"], "PageSize": 5000});
    let traced = fixture.ok(&token, "Get-MessageTrace", window).await;
    let received = json!({"StartReceivedDate": day(9), "EndReceivedDate": day(0), "PageSize": 1000});
    assert_eq!(get(received).await.len(), traced.len());
    assert!(all.len() > traced.len() && all.iter().all(|message| message["ReleaseStatus"] == "NOTRELEASED"));
    assert_eq!(get(json!({"PageSize": 3, "Page": 2})).await[..], all[3..6]);
    let (first, second) = (&all[0]["Identity"], &all[1]["Identity"]);
    let stranger = json!({"Identity": first, "User": ["nobody@contoso.example"]});
    assert_eq!(fixture.run(&token, "Release-QuarantineMessage", stranger).await.status, 400);
    fixture.ok(&token, "Release-QuarantineMessage", json!({"Identity": first, "ReleaseToAll": true})).await;
    let released = get(json!({"ReleaseStatus": ["RELEASED"]})).await;
    assert_eq!((released.len(), &released[0]["Identity"]), (1, first));
    assert_eq!(released[0]["ReleasedUser"], all[0]["RecipientAddress"]);
    let both = json!({"Identity": first, "Identities": [first, second]});
    fixture.ok(&token, "Delete-QuarantineMessage", both).await;
    assert_eq!(fixture.run(&token, "Get-QuarantineMessage", json!({"Identity": second})).await.status, 404);
    assert_eq!(get(json!({"PageSize": 1000})).await[..], all[2..]);
}
