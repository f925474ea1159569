//! Persons without a mailbox, role groups of both services, and devices that come and go.

mod common;

use common::{Fixture, call, error_text};
use exo_tenant::client::Response;
use serde_json::{Value, json};

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["Name"].as_str().unwrap()).collect()
}

impl Fixture {
    async fn compliance_token(&self) -> String {
        let scope = "https://ps.compliance.protection.outlook.com/.default openid offline_access";
        let response = self.ropc("admin", &[("scope", scope)]).await;
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["access_token"].as_str().unwrap().to_owned()
    }

    async fn fails(&self, token: &str, cmdlet: &str, parameters: Value, part: &str) -> Response {
        let response = self.run(token, cmdlet, parameters).await;
        assert!(!response.status.is_success(), "{}", response.text());
        assert!(error_text(&response).contains(part), "{}", response.text());
        response
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_without_a_mailbox_are_users_too() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let all = fixture.ok(&token, "Get-User", json!({"ResultSize": "Unlimited"})).await;
    let mailboxes = all.iter().filter(|user| user["RecipientType"] == "UserMailbox").count();
    assert_eq!(mailboxes, 30);
    assert!(names(&all).contains(&"viewer") && names(&all).contains(&"Guest of Fabrikam"), "{:?}", names(&all));
    assert!(!names(&all).contains(&"partner"), "a partner isn't in the directory");
    let admin = fixture.ok(&token, "Get-User", json!({"Identity": fixture.upn("admin")})).await;
    assert_eq!((&admin[0]["RecipientType"], &admin[0]["AccountDisabled"]), (&json!("User"), &json!(false)));
    let by_id = json!({"Identity": admin[0]["ExternalDirectoryObjectId"]});
    assert_eq!(fixture.ok(&token, "Get-User", by_id).await[0]["UserPrincipalName"], fixture.upn("admin"));
    let disabled = fixture.ok(&token, "Get-User", json!({"Identity": fixture.upn("disabled")})).await;
    assert_eq!(
        (&disabled[0]["RecipientTypeDetails"], &disabled[0]["AccountDisabled"]),
        (&json!("DisabledUser"), &json!(true))
    );
    let guests = fixture.ok(&token, "Get-User", json!({"RecipientTypeDetails": "GuestMailUser"})).await;
    assert!(guests.len() >= 2 && guests.iter().all(|guest| guest["RecipientType"] == "MailUser"));
    let filter = format!("UserPrincipalName -eq '{}'", fixture.upn("helpdesk"));
    assert_eq!(fixture.ok(&token, "Get-User", json!({"Filter": filter})).await.len(), 1);
    let sorted = fixture.ok(&token, "Get-User", json!({"SortBy": "Name", "ResultSize": "Unlimited"})).await;
    assert_eq!(sorted.len(), all.len());
    assert!(names(&sorted).windows(2).all(|pair| pair[0].to_lowercase() <= pair[1].to_lowercase()));
    let mut paged = Vec::new();
    let mut url = Some(fixture.invoke_url());
    while let Some(next) = url {
        let prefer = [("prefer", "odata.maxpagesize=16")];
        let body = call("Get-User", json!({"ResultSize": "Unlimited"}));
        let page = fixture.post(&token, &next, &prefer, &body).await.json();
        paged.extend(page["value"].as_array().unwrap().iter().map(|row| row["Name"].clone()));
        url = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(paged, all.iter().map(|row| row["Name"].clone()).collect::<Vec<_>>());
    fixture.fails(&token, "Get-User", json!({"Identity": "nobody"}), "couldn't be found").await;
    let protocols = fixture.ok(&token, "Get-CASMailbox", json!({"ResultSize": "Unlimited"})).await;
    assert_eq!(protocols.len(), 30, "protocols belong to mailboxes");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_has_its_own_role_groups() {
    let fixture = Fixture::with_mailboxes(30).await;
    let exchange = fixture.token("admin").await;
    let compliance = fixture.compliance_token().await;
    let of_compliance = fixture.ok(&compliance, "Get-RoleGroup", json!({})).await;
    assert!(names(&of_compliance).contains(&"eDiscovery Manager"));
    assert!(!names(&fixture.ok(&exchange, "Get-RoleGroup", json!({})).await).contains(&"eDiscovery Manager"));
    for (token, role) in [(&exchange, "Mail Recipients"), (&compliance, "Case Management")] {
        let new = json!({"Name": "Night Shift", "Description": "At night", "Roles": [role], "Members": ["adele"], "Confirm": false});
        let made = fixture.ok(token, "New-RoleGroup", new.clone()).await;
        assert_eq!((&made[0]["Roles"], &made[0]["Members"]), (&json!([role]), &json!(["Adele Vance"])));
        assert_eq!(made[0]["RoleAssignments"], json!([format!("{role}-Night Shift")]));
        let twice = fixture.run(token, "New-RoleGroup", new).await;
        assert!(twice.text().contains("already exists"), "{}", twice.text());
        let member = |name: &str| json!({"Identity": "Night Shift", "Member": name, "Confirm": false});
        fixture.ok(token, "Add-RoleGroupMember", member("bruno.lacroix")).await;
        fixture.fails(token, "Add-RoleGroupMember", member("bruno.lacroix"), "already a member").await;
        fixture.ok(token, "Remove-RoleGroupMember", member("adele")).await;
        let identity = json!({"Identity": "Night Shift"});
        let members = fixture.ok(token, "Get-RoleGroupMember", identity.clone()).await;
        assert_eq!(names(&members), ["Bruno Lacroix"]);
        let update = json!({"Identity": "Night Shift", "Members": ["adele", "elodie.marchand"], "Confirm": false});
        fixture.ok(token, "Update-RoleGroupMember", update).await;
        let group = fixture.ok(token, "Get-RoleGroup", identity.clone()).await;
        assert_eq!(group[0]["Members"], json!(["Adele Vance", "Élodie Marchand"]));
        let change =
            json!({"@odata.type": "#Exchange.GenericHashTable", "Remove": ["adele"], "Add": ["bruno.lacroix"]});
        let update = json!({"Identity": "Night Shift", "Members": change, "Confirm": false});
        fixture.ok(token, "Update-RoleGroupMember", update).await;
        assert_eq!(fixture.ok(token, "Get-RoleGroupMember", identity.clone()).await.len(), 2);
        fixture
            .fails(token, "New-RoleGroup", json!({"Name": "Day Shift", "Roles": ["Nothing"]}), "couldn't be found")
            .await;
        fixture.fails(token, "Remove-RoleGroup", json!({"Identity": "Organization Management"}), "built in").await;
        fixture.ok(token, "Remove-RoleGroup", json!({"Identity": "Night Shift", "Confirm": false})).await;
        fixture.fails(token, "Get-RoleGroup", identity, "couldn't be found").await;
    }
    let roles = fixture.ok(&compliance, "Get-ManagementRole", json!({})).await;
    assert!(names(&roles).contains(&"Case Management") && !names(&roles).contains(&"Mail Recipients"));
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_listed_and_removed() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    let all = fixture.ok(&token, "Get-MobileDevice", json!({"ResultSize": "Unlimited"})).await;
    let device = &all[0];
    assert!(all.len() > 3 && device["DeviceId"].is_string() && device["IsManaged"] == false);
    let again = fixture.ok(&token, "Get-MobileDevice", json!({"Identity": device["Identity"]})).await;
    assert_eq!((again.len(), &again[0]), (1, device));
    let owner = device["UserDisplayName"].clone();
    let before = fixture.ok(&token, "Get-MobileDevice", json!({"Mailbox": owner})).await.len();
    fixture.ok(&token, "Remove-MobileDevice", json!({"Identity": device["Identity"], "Confirm": false})).await;
    assert_eq!(fixture.ok(&token, "Get-MobileDevice", json!({"Mailbox": owner})).await.len(), before - 1);
    assert_eq!(fixture.ok(&token, "Get-MobileDeviceStatistics", json!({"Mailbox": owner})).await.len(), before - 1);
    fixture.fails(&token, "Get-MobileDevice", json!({"Identity": device["Identity"]}), "couldn't be found").await;
    assert_eq!(fixture.ok(&token, "Get-MobileDevice", json!({"ResultSize": "Unlimited"})).await.len(), all.len() - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_has_several_names() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    let all = fixture.ok(&token, "Get-MobileDevice", json!({"ResultSize": "Unlimited"})).await;
    for device in [&all[0], &all[all.len() - 1]] {
        for name in ["Identity", "Guid", "DistinguishedName", "Name", "DeviceId"] {
            let identity = json!({"Identity": device[name]});
            let found = fixture.ok(&token, "Get-MobileDevice", identity.clone()).await;
            assert_eq!((found.len(), &found[0]), (1, device), "{name}");
            let statistics = fixture.ok(&token, "Get-MobileDeviceStatistics", identity).await;
            assert_eq!((statistics.len(), &statistics[0]["Guid"]), (1, &device["Guid"]), "{name}");
            let text: String =
                form_urlencoded::byte_serialize(device[name].as_str().unwrap().replace('\'', "''").as_bytes())
                    .collect();
            let path = format!("GetMobileDeviceStatisticsByIdentity(Identity='{}')", text.replace('+', "%20"));
            let url = fixture.url(&format!("/adminapi/beta/{}/{path}", fixture.tenant.facts().tenant_id));
            let entity = fixture.get(&token, &url, &[]).await;
            assert_eq!(entity.status, 200, "{name} {}", entity.text());
            assert_eq!(entity.json()["DeviceID"], device["DeviceId"], "{name}");
        }
    }
    for nothing in
        ["no device", "00000000-0000-0000-0000-000000000001", "CN=a,CN=b,DC=c", "0123456789ABCDEF0123456789ABCDEF"]
    {
        fixture.fails(&token, "Get-MobileDevice", json!({"Identity": nothing}), "couldn't be found").await;
    }
    let wiped = json!({"Identity": all[0]["Guid"]});
    let statistics = async || fixture.ok(&token, "Get-MobileDeviceStatistics", wiped.clone()).await.remove(0);
    let ask = async |more: Value| {
        let mut parameters = wiped.clone();
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fixture.ok(&token, "Clear-MobileDevice", parameters).await;
    };
    ask(json!({"WhatIf": true})).await;
    assert_eq!(statistics().await["Status"], "DeviceOk");
    ask(json!({"Confirm": false})).await;
    let pending = statistics().await;
    assert_eq!(pending["Status"], "DeviceWipePending");
    assert!(pending["DeviceWipeRequestTime"].is_string() && pending["LastDeviceWipeRequestor"].is_string());
    ask(json!({"AccountOnly": true})).await;
    assert_eq!(statistics().await["Status"], "AccountOnlyDeviceWipePending");
    ask(json!({"Cancel": true})).await;
    assert_eq!(statistics().await["Status"], "DeviceOk");
    fixture.ok(&token, "Remove-MobileDevice", wiped.clone()).await;
    fixture.fails(&token, "Get-MobileDevice", wiped.clone(), "couldn't be found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_of_mailboxes_and_cmdlets_that_are_gone() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let policy = fixture.ok(&token, "Get-RetentionPolicy", json!({})).await;
    let adele = fixture.ok(&token, "Get-Mailbox", json!({"Identity": "adele"})).await;
    assert_eq!((policy.len(), &policy[0]["Name"]), (1, &adele[0]["RetentionPolicy"]));
    for gone in ["Search-Mailbox", "New-AcceptedDomain", "Remove-AcceptedDomain"] {
        assert_eq!(fixture.run(&token, gone, json!({"Identity": "adele"})).await.status, 403, "{gone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_let_in_or_kept_out_is_kept() {
    let fixture = Fixture::with_mailboxes(10).await;
    let token = fixture.token("admin").await;
    let new = json!({"ListType": "Sender", "Block": true, "Entries": ["fabrikam.example", "Eve@litware.example"], "NoExpiration": true});
    let made = fixture.ok(&token, "New-TenantAllowBlockListItems", new.clone()).await;
    assert_eq!(
        (made.len(), &made[1]["Value"], &made[1]["ExpirationDate"]),
        (2, &json!("eve@litware.example"), &Value::Null)
    );
    let twice = fixture.run(&token, "New-TenantAllowBlockListItems", new).await;
    assert!(twice.text().contains("already exists"), "{}", twice.text());
    let allow = json!({"ListType": "Sender", "Allow": true, "Entries": ["litware.example"], "Notes": "A partner"});
    let allowed = fixture.ok(&token, "New-TenantAllowBlockListItems", allow).await;
    assert!(allowed[0]["ExpirationDate"].is_string(), "an entry ends if nobody says otherwise");
    let get =
        async |token: &str, parameters: Value| fixture.ok(token, "Get-TenantAllowBlockListItems", parameters).await;
    assert_eq!(get(&token, json!({"ListType": "Sender"})).await.len(), 3);
    assert_eq!(get(&token, json!({"ListType": "Sender", "Block": true})).await.len(), 2);
    assert_eq!(get(&token, json!({"ListType": "Sender", "NoExpiration": true})).await.len(), 2);
    assert!(get(&token, json!({"ListType": "Url"})).await.is_empty());
    let compliance = fixture.compliance_token().await;
    assert_eq!(get(&compliance, json!({"ListType": "Sender"})).await.len(), 3, "both services have one list");
    let set = json!({"ListType": "Sender", "Entries": ["litware.example"], "Block": true, "Notes": "No partner"});
    assert_eq!(fixture.ok(&token, "Set-TenantAllowBlockListItems", set).await[0]["Action"], "Block");
    let by_id = json!({"ListType": "Sender", "Ids": [made[0]["Identity"]]});
    fixture.ok(&token, "Remove-TenantAllowBlockListItems", by_id.clone()).await;
    fixture.fails(&token, "Remove-TenantAllowBlockListItems", by_id, "couldn't be found").await;
    let left = get(&token, json!({"ListType": "Sender"})).await;
    assert_eq!(left.iter().map(|row| &row["Value"]).collect::<Vec<_>>(), ["eve@litware.example", "litware.example"]);
    for bad in [
        json!({"ListType": "FileHash", "Block": true, "Entries": ["abc"]}),
        json!({"ListType": "Sender", "Entries": ["a.example"]}),
        json!({"ListType": "Sender", "Block": true, "Allow": true, "Entries": ["a.example"]}),
        json!({"ListType": "Sender", "Block": true, "Entries": ["a.example"], "ExpirationDate": "2020-01-01"}),
    ] {
        fixture.fails(&token, "New-TenantAllowBlockListItems", bad, "DataValidationException").await;
    }
}
