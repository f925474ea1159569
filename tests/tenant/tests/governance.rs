//! Adaptive scopes, members of cases, retention of applications, holds on single places, deleted items, and scopes of roles.

mod common;

use common::{Fixture, error_text};
use serde_json::{Value, json};

const HASHTABLE: &str = "#Exchange.GenericHashTable";

async fn compliance_token(fixture: &Fixture) -> String {
    let scope = [("scope", "https://ps.compliance.protection.outlook.com/.default openid")];
    let response = fixture.ropc("admin", &scope).await;
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["access_token"].as_str().unwrap().to_owned()
}

fn texts<'a>(objects: &'a [Value], name: &str) -> Vec<&'a str> {
    objects.iter().map(|object| object[name].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn adaptive_scopes_follow_their_people() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = compliance_token(&fixture).await;
    let exchange = fixture.token("admin").await;
    let members = async |scope: &str| {
        fixture.ok(&token, "Get-AdaptiveScopeMembers", json!({"Identity": scope, "PageResultSize": "Unlimited"})).await
    };
    let filter = "Department -eq 'Engineering' -and RecipientTypeDetails -eq 'UserMailbox'";
    let people = fixture.ok(&exchange, "Get-Recipient", json!({"Filter": filter, "ResultSize": "Unlimited"})).await;
    let first = members("Engineering everywhere").await;
    assert!(people.len() > 2, "{}", people.len());
    assert_eq!(texts(&first, "ObjectId"), texts(&people, "ExternalDirectoryObjectId"));
    assert!(first.iter().all(|member| member["State"] == "Added" && member["LocationType"] == "User"));
    let some = json!({"Identity": "Engineering everywhere", "PageResultSize": 2});
    assert_eq!(fixture.ok(&token, "Get-AdaptiveScopeMembers", some).await.len(), 2);
    let left = json!({"Identity": "Engineering everywhere", "State": "Removed"});
    assert!(fixture.ok(&token, "Get-AdaptiveScopeMembers", left).await.is_empty());
    assert_eq!(texts(&members("Groups of projects").await, "DisplayName"), ["Project Aurora"]);

    let condition = |name: &str, operator: &str, value: &str| json!({"@odata.type": HASHTABLE, "Name": name, "Operator": operator, "Value": value});
    let of = |conditions: Value, conjunction: &str| json!({"@odata.type": HASHTABLE, "Conditions": conditions, "Conjunction": conjunction});
    let both =
        of(json!([condition("Department", "Equals", "Engineering"), condition("City", "NotEquals", "Paris")]), "And");
    let new = json!({"Name": "Elsewhere", "LocationType": "User", "FilterConditions": both, "Comment": "Away"});
    let made = fixture.ok(&token, "New-AdaptiveScope", new.clone()).await.remove(0);
    assert_eq!((&made["LocationType"], &made["ImmutableId"]), (&json!("User"), &made["Guid"]));
    assert!(!made["FilterConditions"].as_str().unwrap().contains("odata"), "{made}");
    assert!(error_text(&fixture.run(&token, "New-AdaptiveScope", new).await).contains("already exists"));
    let elsewhere = members("Elsewhere").await;
    let expected = people.iter().filter(|person| person["City"] != "Paris").count();
    assert_eq!(elsewhere.len(), expected);

    let query = json!({"Identity": "Elsewhere", "RawQuery": "Department -eq 'Engineering' -and City -eq 'Paris'"});
    fixture.ok(&token, "Set-AdaptiveScope", query).await;
    assert_eq!(members("Elsewhere").await.len(), people.len() - expected);
    let shown = fixture.ok(&token, "Get-AdaptiveScope", json!({"Identity": "Elsewhere"})).await;
    assert_eq!((&shown[0]["FilterConditions"], &shown[0]["Comment"]), (&json!(""), &json!("Away")));

    for (conditions, complaint) in [
        (of(condition("City", "Contains", "Paris"), "And"), "operator 'Contains'"),
        (of(condition("City", "Equals", "Paris"), "Both"), "conjunction 'Both'"),
        (json!({"@odata.type": HASHTABLE, "Conjunction": "And"}), "no Conditions"),
    ] {
        let wrong = json!({"Identity": "Elsewhere", "FilterConditions": conditions});
        let refused = fixture.run(&token, "Set-AdaptiveScope", wrong).await;
        assert!(error_text(&refused).contains(complaint), "{}", refused.text());
    }
    fixture.ok(&token, "Remove-AdaptiveScope", json!({"Identity": "Elsewhere", "Confirm": false})).await;
    assert_eq!(
        texts(&fixture.ok(&token, "Get-AdaptiveScope", json!({})).await, "Name"),
        ["Engineering everywhere", "Groups of projects"]
    );
    let groups = fixture.ok(&token, "Get-AdaptiveScope", json!({"LocationTypes": ["Group"]})).await;
    assert_eq!(texts(&groups, "Name"), ["Groups of projects"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_have_members() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = compliance_token(&fixture).await;
    let members = async |case: &str| fixture.ok(&token, "Get-ComplianceCaseMember", json!({"Case": case})).await;
    assert_eq!(members("Harbour dispute").await.len(), 1);
    fixture.ok(&token, "New-ComplianceCase", json!({"Name": "Crane"})).await;
    let makers: Vec<String> =
        members("Crane").await.iter().map(|one| one["Name"].as_str().unwrap().to_owned()).collect();
    let bruno = json!({"Case": "Crane", "Member": "bruno.lacroix"});
    fixture.ok(&token, "Add-ComplianceCaseMember", bruno.clone()).await;
    let now = members("Crane").await;
    assert_eq!(now.len(), makers.len() + 1);
    assert!(now.last().unwrap()["WindowsLiveID"].as_str().unwrap().starts_with("bruno.lacroix@"));
    let twice = fixture.run(&token, "Add-ComplianceCaseMember", bruno.clone()).await;
    assert!(error_text(&twice).contains("MemberAlreadyExistsException"), "{}", twice.text());
    fixture
        .ok(
            &token,
            "Remove-ComplianceCaseMember",
            json!({"Case": "Crane", "Member": "bruno.lacroix", "Confirm": false}),
        )
        .await;
    assert_eq!(members("Crane").await.len(), makers.len());
    let gone = fixture.run(&token, "Remove-ComplianceCaseMember", bruno).await;
    assert!(error_text(&gone).contains("MemberNotFoundException"), "{}", gone.text());
    let update = json!({"Case": "Crane", "Members": ["adele", "bruno.lacroix"], "Confirm": false});
    fixture.ok(&token, "Update-ComplianceCaseMember", update).await;
    assert_eq!(members("Crane").await.len(), 2);
    assert_eq!(fixture.run(&token, "Get-ComplianceCaseMember", json!({"Case": "No such case"})).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_have_retention_policies() {
    let fixture = Fixture::with_mailboxes(10).await;
    let token = compliance_token(&fixture).await;
    let get = async |parameters: Value| fixture.ok(&token, "Get-AppRetentionCompliancePolicy", parameters).await;
    assert_eq!(texts(&get(json!({})).await, "Name"), ["Private channels"]);
    let new = json!({"Name": "Yammer", "Applications": ["User:Yammer", "Group:Yammer"], "ExchangeLocation": ["All"]});
    fixture.ok(&token, "New-AppRetentionCompliancePolicy", new).await;
    let bare = get(json!({"Identity": "Yammer"})).await.remove(0);
    assert_eq!(
        (&bare["Applications"], &bare["ExchangeLocation"]),
        (&json!(["User:Yammer", "Group:Yammer"]), &json!([])),
        "places come with the details"
    );
    let set = json!({"Identity": "Yammer", "AddModernGroupLocation": ["All"], "RemoveExchangeLocation": ["All"], "Enabled": false});
    fixture.ok(&token, "Set-AppRetentionCompliancePolicy", set).await;
    let full = get(json!({"Identity": "Yammer", "DistributionDetail": true})).await.remove(0);
    assert_eq!(
        (&full["ModernGroupLocation"], &full["ExchangeLocation"], &full["Enabled"]),
        (&json!(["All"]), &json!([]), &json!(false))
    );
    fixture.ok(&token, "Remove-AppRetentionCompliancePolicy", json!({"Identity": "Yammer", "Confirm": false})).await;
    assert_eq!(get(json!({})).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_are_taken_from_one_place() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = compliance_token(&fixture).await;
    let run = async |action: &str, more: Value| {
        let mut parameters = json!({"Action": action});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fixture.ok(&token, "Invoke-HoldRemovalAction", parameters).await
    };
    let site = json!({"SharePointLocation": "https://contoso.sharepoint.com/sites/finance"});
    let policy = fixture.ok(&token, "Get-RetentionCompliancePolicy", json!({"Identity": "Finance papers"})).await;
    let holds = run("GetHolds", site.clone()).await;
    assert_eq!(texts(&holds, "Identity"), [policy[0]["Guid"].as_str().unwrap()]);
    let mailbox = json!({"ExchangeLocation": "bruno.lacroix"});
    let holds = run("GetHolds", mailbox.clone()).await;
    assert_eq!(holds.len(), 1, "what covers everybody isn't on the mailbox itself");
    let id = holds[0]["HoldId"].as_str().unwrap();
    let case = fixture.ok(&token, "Get-CaseHoldPolicy", json!({})).await;
    assert_eq!(id, format!("UniH{}", case[0]["Guid"].as_str().unwrap()));
    run("RemoveHold", json!({"ExchangeLocation": "bruno.lacroix", "HoldId": id, "WhatIf": true})).await;
    assert_eq!(run("GetHolds", mailbox.clone()).await.len(), 1);
    run("RemoveHold", json!({"ExchangeLocation": "bruno.lacroix", "HoldId": id, "Force": true})).await;
    assert!(run("GetHolds", mailbox.clone()).await.is_empty());
    assert_eq!(texts(&run("GetHoldRemovals", mailbox).await, "HoldId"), [id]);
    assert_eq!(run("GetHolds", site.clone()).await.len(), 1, "another place keeps its own");
    let again = json!({"Action": "RemoveHold", "ExchangeLocation": "bruno.lacroix", "HoldId": id});
    assert_eq!(fixture.run(&token, "Invoke-HoldRemovalAction", again).await.status, 404);
    assert_eq!(fixture.run(&token, "Invoke-HoldRemovalAction", json!({"Action": "GetHolds"})).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_items_come_back() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let folder = async |path: &str| {
        let all = fixture.ok(&token, "Get-MailboxFolderStatistics", json!({"Identity": "adele"})).await;
        all.iter().find(|folder| folder["FolderPath"] == path).unwrap()["ItemsInFolder"].as_i64().unwrap()
    };
    let get = async |more: Value| {
        let mut parameters = json!({"Identity": "adele", "ResultSize": "Unlimited"});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fixture.ok(&token, "Get-RecoverableItems", parameters).await
    };
    let deletions = get(json!({"SourceFolder": "RecoverableItems"})).await;
    assert_eq!(deletions.len() as i64, folder("/Deletions").await);
    let meetings = get(json!({"SourceFolder": "RecoverableItems", "FilterItemType": "IPM.Appointment"})).await;
    assert!(!meetings.is_empty() && meetings.len() < deletions.len());
    assert!(meetings.iter().all(|item| item["LastParentPath"] == "Calendar"));
    let moment = deletions[3]["LastModifiedTime"].as_str().unwrap();
    let later = get(json!({"SourceFolder": "RecoverableItems", "FilterStartTime": moment})).await;
    assert!(later.iter().any(|item| item["EntryID"] == deletions[3]["EntryID"]));
    assert!(later.len() < deletions.len());
    let pages = get(json!({"SourceFolder": "RecoverableItems", "SkipCount": 2})).await;
    assert_eq!(pages[0]["EntryID"], deletions[2]["EntryID"]);

    let (calendar, before) = (folder("/Calendar").await, folder("/Deletions").await);
    let one = json!({"Identity": "adele", "EntryID": meetings[0]["EntryID"]});
    let restored = fixture.ok(&token, "Restore-RecoverableItems", one.clone()).await;
    assert_eq!(
        (&restored[0]["WasRestoredSuccessfully"], &restored[0]["RestoredToFolderPath"]),
        (&json!(true), &json!("Calendar"))
    );
    assert_eq!((folder("/Calendar").await, folder("/Deletions").await), (calendar + 1, before - 1));
    assert!(fixture.ok(&token, "Restore-RecoverableItems", one).await.is_empty(), "it is there no more");
    let left = get(json!({"SourceFolder": "RecoverableItems"})).await;
    let expected: Vec<&Value> = deletions.iter().filter(|item| item["EntryID"] != meetings[0]["EntryID"]).collect();
    assert_eq!(left.iter().collect::<Vec<_>>(), expected);

    let archive = folder("/Archive").await;
    let several = json!({"Identity": "adele", "SourceFolder": "PurgedItems", "ResultSize": 2, "RestoreTargetFolder": "\\Archive", "NoOutput": true});
    assert!(fixture.ok(&token, "Restore-RecoverableItems", several).await.is_empty());
    assert_eq!(folder("/Archive").await, archive + 2);
    let nowhere = json!({"Identity": "adele", "RestoreTargetFolder": "Nowhere"});
    assert_eq!(fixture.run(&token, "Restore-RecoverableItems", nowhere).await.status, 404);
    let backwards = json!({"Identity": "adele", "FilterStartTime": "2026-05-02T00:00:00Z", "FilterEndTime": "2026-05-01T00:00:00Z"});
    assert_eq!(fixture.run(&token, "Get-RecoverableItems", backwards).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn public_folders_take_mail_and_old_searches_go() {
    let fixture = Fixture::with_mailboxes(20).await;
    let token = fixture.token("admin").await;
    let folders = fixture.ok(&token, "Get-MailPublicFolder", json!({"ResultSize": "Unlimited"})).await;
    assert_eq!(
        texts(&folders, "PrimarySmtpAddress"),
        ["harbour.reports@contoso.example", "old.orders@contoso.example"]
    );
    fixture
        .ok(&token, "Set-MailPublicFolder", json!({"Identity": "old.orders", "HiddenFromAddressListsEnabled": true}))
        .await;
    let hidden = json!({"Filter": "HiddenFromAddressListsEnabled -eq $true"});
    assert_eq!(texts(&fixture.ok(&token, "Get-MailPublicFolder", hidden).await, "Name"), ["Old Orders"]);
    assert_eq!(
        texts(&fixture.ok(&token, "Get-MailPublicFolder", json!({"Anr": "harb"})).await, "Alias"),
        ["harbour.reports"]
    );

    let searches = fixture.ok(&token, "Get-MailboxSearch", json!({})).await;
    let hold = searches[0]["InPlaceHoldIdentity"].as_str().unwrap();
    let by_hold = fixture.ok(&token, "Get-MailboxSearch", json!({"InPlaceHoldIdentity": hold})).await;
    assert_eq!(texts(&by_hold, "Name"), ["Tender of 2016"]);
    assert_eq!(fixture.run(&token, "Get-MailboxSearch", json!({"InPlaceHoldIdentity": "0"})).await.status, 404);
    fixture.ok(&token, "Remove-MailboxSearch", json!({"Identity": "Tender of 2016", "Confirm": false})).await;
    assert!(fixture.ok(&token, "Get-MailboxSearch", json!({})).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_groups_could_become_microsoft_365_groups() {
    let fixture = Fixture::with_mailboxes(20).await;
    let token = fixture.token("admin").await;
    let eligible = async || fixture.ok(&token, "Get-EligibleDistributionGroupForMigration", json!({})).await;
    let names = |groups: &[Value]| -> Vec<String> { texts(groups, "Name").into_iter().map(str::to_owned).collect() };
    let before = names(&eligible().await);
    assert!(!before.is_empty());
    assert!(
        !before.iter().any(|name| ["Finance Approvers", "Headquarters Rooms"].contains(&name.as_str())),
        "{before:?}"
    );
    let made = json!({"Name": "Dockers", "ManagedBy": ["adele"], "Members": ["bruno.lacroix"]});
    fixture.ok(&token, "New-DistributionGroup", made).await;
    assert!(names(&eligible().await).contains(&"Dockers".to_owned()));
    let of = json!({"ManagedBy": "adele"});
    let owned = fixture.ok(&token, "Get-EligibleDistributionGroupForMigration", of).await;
    assert!(names(&owned).contains(&"Dockers".to_owned()));
    fixture
        .ok(&token, "New-DistributionGroup", json!({"Name": "Harbour", "ManagedBy": ["adele"], "Members": ["Dockers"]}))
        .await;
    let after = names(&eligible().await);
    assert!(
        !after.contains(&"Dockers".to_owned()) && !after.contains(&"Harbour".to_owned()),
        "one lies in the other: {after:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn role_assignments_are_bound_to_scopes() {
    let fixture = Fixture::with_mailboxes(20).await;
    let token = fixture.token("admin").await;
    let first = fixture.ok(&token, "Get-ManagementScope", json!({})).await;
    assert_eq!(texts(&first, "Name"), ["People of Engineering"]);
    let paris = json!({"Name": "Paris", "RecipientRestrictionFilter": "City -eq 'Paris'"});
    let made = fixture.ok(&token, "New-ManagementScope", paris.clone()).await.remove(0);
    assert_eq!((&made["RecipientFilter"], &made["Exclusive"]), (&json!("City -eq 'Paris'"), &json!(false)));
    assert_eq!(fixture.run(&token, "New-ManagementScope", paris).await.status, 400, "it is there already");
    let wrong = json!({"Name": "Wrong", "RecipientRestrictionFilter": "City -eqq 'Paris'"});
    assert!(error_text(&fixture.run(&token, "New-ManagementScope", wrong).await).contains("ParsingException"));
    let own = json!({"Name": "Board", "RecipientRestrictionFilter": "Title -eq 'Director'", "Exclusive": true});
    fixture.ok(&token, "New-ManagementScope", own).await;

    let name = "Helper of Paris";
    let bound = json!({"Name": name, "Role": "Mail Recipients", "User": "adele", "CustomRecipientWriteScope": "Paris"});
    let shown = fixture.ok(&token, "New-ManagementRoleAssignment", bound).await.remove(0);
    let is = |shown: &Value, kind: &str, scope: &str| {
        assert_eq!((&shown["RecipientWriteScope"], &shown["CustomRecipientWriteScope"]), (&json!(kind), &json!(scope)));
    };
    is(&shown, "CustomRecipientScope", "Paris");
    let get = async |parameters: Value| fixture.ok(&token, "Get-ManagementRoleAssignment", parameters).await;
    assert_eq!(texts(&get(json!({"CustomRecipientWriteScope": "Paris"})).await, "Name"), [name]);
    assert_eq!(texts(&get(json!({"RecipientWriteScope": "CustomRecipientScope"})).await, "Name"), [name]);
    fixture.ok(&token, "Set-ManagementScope", json!({"Identity": "Paris", "Name": "Paris and around"})).await;
    is(&get(json!({"Identity": name})).await[0], "CustomRecipientScope", "Paris and around");
    let used =
        fixture.run(&token, "Remove-ManagementScope", json!({"Identity": "Paris and around", "Confirm": false})).await;
    assert!(error_text(&used).contains("bound to it"), "{}", used.text());
    let orphans = fixture.ok(&token, "Get-ManagementScope", json!({"Orphan": true})).await;
    assert_eq!(texts(&orphans, "Name"), ["People of Engineering", "Board"]);

    let set = async |more: Value| {
        let mut parameters = json!({"Identity": name});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fixture.run(&token, "Set-ManagementRoleAssignment", parameters).await
    };
    let refused = set(json!({"CustomRecipientWriteScope": "Board"})).await;
    assert!(error_text(&refused).contains("is exclusive"), "{}", refused.text());
    assert_eq!(set(json!({"ExclusiveRecipientWriteScope": "Board"})).await.status, 200);
    is(&get(json!({"Exclusive": true})).await[0], "ExclusiveRecipientScope", "Board");
    assert_eq!(set(json!({"RecipientRelativeWriteScope": "Organization"})).await.status, 200);
    is(&get(json!({"Identity": name})).await[0], "Organization", "");
    fixture.ok(&token, "Remove-ManagementScope", json!({"Identity": "Paris and around", "Confirm": false})).await;
    assert_eq!(fixture.ok(&token, "Get-ManagementScope", json!({})).await.len(), 2);
}
