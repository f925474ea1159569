//! Groups of all kinds, their members, contacts and mail users.

mod common;

use common::{Fixture, error_text};
use serde_json::{Value, json};

fn names(objects: &[Value]) -> Vec<&str> {
    objects.iter().map(|object| object["Name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_lives_from_its_making_to_its_end() {
    let fixture = Fixture::with_mailboxes(50).await;
    let token = fixture.token("admin").await;
    let made = fixture
        .ok(
            &token,
            "New-DistributionGroup",
            json!({"Name": "Night Shift", "Type": "Security", "ManagedBy": ["adele"], "Members": ["bruno.lacroix", "frontdesk"],
                "CopyOwnerToMember": true, "Notes": "On call"}),
        )
        .await;
    let made = &made[0];
    assert_eq!(made["PrimarySmtpAddress"], "NightShift@contoso.example");
    assert_eq!(made["EmailAddresses@odata.type"], "#Collection(String)");
    assert_eq!(
        made["EmailAddresses"],
        json!(["SMTP:NightShift@contoso.example", "smtp:NightShift@contoso.onmicrosoft.com"])
    );
    assert_eq!(made["RecipientTypeDetails"], "MailUniversalSecurityGroup");
    assert_eq!(made["GroupType"], "Universal, SecurityEnabled");
    assert_eq!(made["ManagedBy"], json!(["Adele Vance"]));
    assert_eq!(made["Guid@data.type"], "System.Guid");
    assert!(made.get("HasFirstMembers").is_none() && made.get("Notes").is_none(), "what is kept isn't all shown");
    let members = fixture.ok(&token, "Get-DistributionGroupMember", json!({"Identity": "night shift"})).await;
    assert_eq!(names(&members), ["Bruno Lacroix", "Front Desk", "Adele Vance"]);
    assert_eq!(members[1]["RecipientTypeDetails"], "SharedMailbox");
    let again = fixture.run(&token, "New-DistributionGroup", json!({"Name": "night shift"})).await;
    assert_eq!(again.status, 400);
    assert!(error_text(&again).contains("ADObjectAlreadyExistsException"), "{}", again.text());
    let set = json!({"Identity": "NightShift", "DisplayName": "The Night Shift", "HiddenFromAddressListsEnabled": true,
        "ManagedBy": {"@odata.type": "#Exchange.GenericHashTable", "Add": "bruno.lacroix"}, "PrimarySmtpAddress": "nights@contoso.example"});
    fixture.ok(&token, "Set-DistributionGroup", set.clone()).await;
    let shown = fixture.ok(&token, "Get-DistributionGroup", json!({"Identity": "nights@contoso.example"})).await;
    assert_eq!(shown[0]["DisplayName"], "The Night Shift");
    assert_eq!(shown[0]["ManagedBy"], json!(["Adele Vance", "Bruno Lacroix"]));
    assert_eq!(shown[0]["EmailAddresses"][0], "SMTP:nights@contoso.example");
    assert_eq!(shown[0]["HiddenFromAddressListsEnabled"], true);
    let unchanged = fixture
        .run(&token, "Set-DistributionGroup", json!({"Identity": "NightShift", "DisplayName": "The Night Shift"}))
        .await;
    assert!(unchanged.json()["@adminapi.warnings"][0].as_str().unwrap().contains("no settings of 'Night Shift'"));
    let recipient = fixture.ok(&token, "Get-Recipient", json!({"Identity": "The Night Shift"})).await;
    assert_eq!(recipient[0]["RecipientType"], "MailUniversalSecurityGroup");
    fixture.ok(&token, "Set-DistributionGroup", json!({"Identity": "NightShift", "Name": "Late Shift"})).await;
    let renamed = fixture.ok(&token, "Get-DistributionGroup", json!({"Identity": "late shift"})).await;
    assert_eq!(renamed[0]["Identity"], "Late Shift");
    assert!(renamed[0]["DistinguishedName"].as_str().unwrap().starts_with("CN=Late Shift,OU="));
    fixture.ok(&token, "Remove-DistributionGroup", json!({"Identity": "Late Shift", "WhatIf": true})).await;
    fixture.ok(&token, "Remove-DistributionGroup", json!({"Identity": "Late Shift", "Confirm": false})).await;
    let gone = fixture.run(&token, "Get-DistributionGroup", json!({"Identity": "Late Shift"})).await;
    assert_eq!(gone.status, 404);
    assert!(error_text(&gone).contains("ManagementObjectNotFoundException"));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go() {
    let fixture = Fixture::with_mailboxes(50).await;
    let token = fixture.token("admin").await;
    let of = async |group: &str| fixture.ok(&token, "Get-DistributionGroupMember", json!({"Identity": group})).await;
    let before = of("Finance Approvers").await;
    assert!(before.len() > 1, "a group has members from the start");
    assert!(names(&of("Sales Team").await).contains(&"Équipe Paris"), "a group may be in another");
    assert!(of("Headquarters Rooms").await.iter().all(|member| member["RecipientTypeDetails"] == "RoomMailbox"));
    let add = json!({"Identity": "Finance Approvers", "Member": "frontdesk"});
    fixture.ok(&token, "Add-DistributionGroupMember", add.clone()).await;
    let twice = fixture.run(&token, "Add-DistributionGroupMember", add).await;
    assert!(error_text(&twice).contains("MemberAlreadyExistsException"), "{}", twice.text());
    assert_eq!(of("Finance Approvers").await.len(), before.len() + 1);
    let remove =
        json!({"Identity": "Finance Approvers", "Member": "frontdesk", "BypassSecurityGroupManagerCheck": true});
    fixture.ok(&token, "Remove-DistributionGroupMember", remove.clone()).await;
    let twice = fixture.run(&token, "Remove-DistributionGroupMember", remove).await;
    assert!(error_text(&twice).contains("MemberNotFoundException"), "{}", twice.text());
    fixture
        .ok(
            &token,
            "Update-DistributionGroupMember",
            json!({"Identity": "Finance Approvers", "Members": ["adele", "elodie.marchand"]}),
        )
        .await;
    assert_eq!(names(&of("Finance Approvers").await), ["Adele Vance", "Élodie Marchand"]);
    fixture.ok(&token, "Remove-Mailbox", json!({"Identity": "elodie.marchand"})).await;
    assert_eq!(names(&of("Finance Approvers").await), ["Adele Vance"], "who is gone is no member");
    let unknown = fixture
        .run(&token, "Add-DistributionGroupMember", json!({"Identity": "Finance Approvers", "Member": "nobody"}))
        .await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_filtered_and_paged() {
    let fixture = Fixture::with_mailboxes(20).await;
    let token = fixture.token("admin").await;
    let all = fixture.ok(&token, "Get-DistributionGroup", json!({})).await;
    assert_eq!(
        names(&all),
        ["All Company", "Sales Team", "Équipe Paris", "Finance Approvers", "Exchange Admins", "Headquarters Rooms"]
    );
    let some = fixture
        .ok(&token, "Get-DistributionGroup", json!({"Filter": "Alias -like 'e*' -and ManagedBy -ne $null"}))
        .await;
    assert_eq!(names(&some), ["Équipe Paris", "Exchange Admins"]);
    let rooms = fixture.ok(&token, "Get-DistributionGroup", json!({"RecipientTypeDetails": ["RoomList"]})).await;
    assert_eq!(names(&rooms), ["Headquarters Rooms"]);
    let sorted = fixture
        .ok(&token, "Get-DistributionGroup", json!({"SortBy": "Name", "ManagedBy": "adele", "ResultSize": 2}))
        .await;
    assert_eq!(names(&sorted), ["All Company", "Exchange Admins"]);
    let bad = fixture.run(&token, "Get-DistributionGroup", json!({"Filter": "Department -eq 'x'"})).await;
    assert!(error_text(&bad).contains("not a recognized filterable property"));
    let adele = all[0]["ManagedBy"][0].as_str().unwrap();
    assert_eq!(adele, "Adele Vance");
    let body = common::call("Get-DistributionGroup", json!({}));
    let page = fixture.post(&token, &fixture.invoke_url(), &[("prefer", "odata.maxpagesize=4")], &body).await.json();
    fixture.ok(&token, "Remove-DistributionGroup", json!({"Identity": "All Company"})).await;
    let next = fixture
        .post(&token, page["@odata.nextLink"].as_str().unwrap(), &[("prefer", "odata.maxpagesize=4")], &body)
        .await
        .json();
    assert_eq!(
        names(next["value"].as_array().unwrap()),
        ["Exchange Admins", "Headquarters Rooms"],
        "a list survives a removal"
    );
    let group = fixture.ok(&token, "Get-Group", json!({"Identity": "Project Aurora"})).await;
    assert_eq!(group[0]["RecipientTypeDetails"], "GroupMailbox");
    assert!(group[0]["Members"].as_array().unwrap().contains(&json!("Adele Vance")));
}

#[tokio::test(flavor = "multi_thread")]
async fn unified_groups_have_owners_members_and_subscribers() {
    let fixture = Fixture::with_mailboxes(50).await;
    let token = fixture.token("admin").await;
    let made = fixture
        .ok(&token, "New-UnifiedGroup", json!({"DisplayName": "Harbour Works", "AccessType": "Private", "Owner": "adele", "Members": ["bruno.lacroix"]}))
        .await;
    assert_eq!(made[0]["PrimarySmtpAddress"], "HarbourWorks@contoso.example");
    assert_eq!(made[0]["GroupMemberCount"], 2);
    assert_eq!(made[0]["ManagedBy"], json!(["Adele Vance"]));
    assert_eq!(made[0]["SharePointSiteUrl"], "https://contoso.sharepoint.com/sites/HarbourWorks");
    let links = async |kind: &str| {
        fixture.ok(&token, "Get-UnifiedGroupLinks", json!({"Identity": "HarbourWorks", "LinkType": kind})).await
    };
    assert_eq!(names(&links("Owners").await), ["Adele Vance"]);
    let change = async |verb: &str, kind: &str, links: Value| {
        fixture
            .run(
                &token,
                &format!("{verb}-UnifiedGroupLinks"),
                json!({"Identity": "HarbourWorks", "LinkType": kind, "Links": links, "Confirm": false}),
            )
            .await
    };
    assert_eq!(
        change("Add", "Owners", json!(["elodie.marchand"])).await.status,
        400,
        "an owner has to be a member first"
    );
    assert_eq!(
        change("Add", "Members", json!(["elodie.marchand", "guest.fabrikam@fabrikam.example"])).await.status,
        200
    );
    assert_eq!(change("Add", "Owners", json!(["elodie.marchand"])).await.status, 200);
    assert_eq!(change("Remove", "Members", json!(["elodie.marchand"])).await.status, 400, "she owns the group");
    assert_eq!(change("Remove", "Owners", json!(["adele"])).await.status, 200);
    assert_eq!(change("Remove", "Owners", json!(["elodie.marchand"])).await.status, 400, "one owner has to stay");
    assert_eq!(change("Add", "Members", json!(["Sales Team"])).await.status, 400, "groups can't be members");
    let shown = fixture.ok(&token, "Get-UnifiedGroup", json!({"Filter": "DisplayName -eq 'Harbour Works'"})).await;
    assert_eq!((&shown[0]["GroupMemberCount"], &shown[0]["GroupExternalMemberCount"]), (&json!(4), &json!(1)));
    let set = json!({"Identity": "HarbourWorks", "AccessType": "Public", "HiddenFromExchangeClientsEnabled": true, "SensitivityLabelId": "0b0c2f56-8d3a-4c3f-9c48-0a9a5f9d3a11",
        "EmailAddresses": {"@odata.type": "#Exchange.GenericHashTable", "Add": ["works@contoso.example"]}});
    fixture.ok(&token, "Set-UnifiedGroup", set).await;
    let shown = fixture
        .ok(&token, "Get-UnifiedGroup", json!({"Identity": "works@contoso.example", "IncludeAllProperties": true}))
        .await;
    assert_eq!(shown[0]["AccessType"], "Public");
    assert_eq!(shown[0]["HiddenFromExchangeClientsEnabled"], true);
    for name in ["SensitivityLabelId", "SensitivityLabel"] {
        assert_eq!(shown[0][name], "0b0c2f56-8d3a-4c3f-9c48-0a9a5f9d3a11", "{name}");
    }
    fixture.ok(&token, "Set-UnifiedGroup", json!({"Identity": "HarbourWorks", "SensitivityLabelId": null})).await;
    let shown = fixture.ok(&token, "Get-UnifiedGroup", json!({"Identity": "HarbourWorks"})).await;
    assert!(shown[0]["SensitivityLabelId"].is_null() && shown[0]["SensitivityLabel"].is_null());
    fixture.ok(&token, "Remove-UnifiedGroup", json!({"Identity": "HarbourWorks", "Force": true})).await;
    assert_eq!(names(&fixture.ok(&token, "Get-UnifiedGroup", json!({})).await), ["Project Aurora"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn dynamic_groups_find_their_members() {
    let fixture = Fixture::with_mailboxes(120).await;
    let token = fixture.token("admin").await;
    let first =
        fixture.ok(&token, "Get-DynamicDistributionGroupMember", json!({"Identity": "everyone.engineering"})).await;
    assert!(!first.is_empty() && first.iter().all(|member| member["Department"] == "Engineering"));
    let custom = json!({"Name": "Paris Desk", "RecipientFilter": "City -eq 'Paris' -and RecipientTypeDetails -eq 'UserMailbox'"});
    let made = fixture.ok(&token, "New-DynamicDistributionGroup", custom).await;
    assert_eq!(made[0]["RecipientFilterType"], "Custom");
    let members = fixture.ok(&token, "Get-DynamicDistributionGroupMember", json!({"Identity": "Paris Desk"})).await;
    assert!(!members.is_empty() && members.iter().all(|member| member["City"] == "Paris"));
    fixture
        .ok(
            &token,
            "Set-DynamicDistributionGroup",
            json!({"Identity": "Paris Desk", "IncludedRecipients": "Resources"}),
        )
        .await;
    let members = fixture.ok(&token, "Get-DynamicDistributionGroupMember", json!({"Identity": "Paris Desk"})).await;
    assert!(!members.is_empty());
    assert!(
        members
            .iter()
            .all(|member| matches!(member["RecipientTypeDetails"].as_str(), Some("RoomMailbox" | "EquipmentMailbox")))
    );
    let bad = fixture
        .run(&token, "New-DynamicDistributionGroup", json!({"Name": "Bad", "RecipientFilter": "City -eq"}))
        .await;
    assert!(error_text(&bad).contains("ParsingException"), "{}", bad.text());
    let both = json!({"Name": "Both", "RecipientFilter": "City -eq 'Paris'", "IncludedRecipients": "Resources"});
    assert_eq!(
        fixture.run(&token, "New-DynamicDistributionGroup", both).await.status,
        400,
        "they are of different sets"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_and_mail_users_are_kept() {
    let fixture = Fixture::with_mailboxes(5).await;
    let token = fixture.token("helpdesk").await;
    let made = fixture
        .ok(&token, "New-MailContact", json!({"Name": "Ana Souza", "ExternalEmailAddress": "SMTP:ana@tailspin.example", "FirstName": "Ana", "LastName": "Souza"}))
        .await;
    assert_eq!(made[0]["ExternalEmailAddress"], "SMTP:ana@tailspin.example");
    assert!(made[0].get("FirstName").is_none(), "a contact's names show elsewhere");
    let recipient = fixture.ok(&token, "Get-Recipient", json!({"Identity": "ana@tailspin.example"})).await;
    assert_eq!((&recipient[0]["FirstName"], &recipient[0]["RecipientType"]), (&json!("Ana"), &json!("MailContact")));
    let same = fixture
        .run(&token, "New-MailContact", json!({"Name": "Other", "ExternalEmailAddress": "ana@tailspin.example"}))
        .await;
    assert!(error_text(&same).contains("ADObjectAlreadyExistsException"));
    fixture
        .ok(
            &token,
            "Set-MailContact",
            json!({"Identity": "Ana Souza", "CustomAttribute1": "supplier", "MailTip": "Replies slowly"}),
        )
        .await;
    let shown = fixture.ok(&token, "Get-MailContact", json!({"Filter": "CustomAttribute1 -eq 'supplier'"})).await;
    assert_eq!(names(&shown), ["Ana Souza"]);
    fixture.ok(&token, "Remove-MailContact", json!({"Identity": "Ana Souza", "Confirm": false})).await;
    assert_eq!(fixture.ok(&token, "Get-MailContact", json!({})).await.len(), 3);
    let guest = fixture.ok(&token, "Get-MailUser", json!({"Identity": "guest.fabrikam"})).await;
    assert_eq!(guest[0]["RecipientTypeDetails"], "GuestMailUser");
    fixture.ok(&token, "Remove-MailUser", json!({"Identity": "guest.fabrikam"})).await;
    assert!(fixture.ok(&token, "Get-MailUser", json!({})).await.is_empty());
    let viewer = fixture.token("viewer").await;
    assert_eq!(
        fixture
            .run(&viewer, "New-MailContact", json!({"Name": "X", "ExternalEmailAddress": "x@tailspin.example"}))
            .await
            .status,
        403
    );
}
