//! The compliance service: retention, labels, cases with holds, searches.

mod common;

use std::time::Duration;

use common::{Fixture, error_text};
use serde_json::{Value, json};

async fn compliance_token(fixture: &Fixture) -> String {
    let scope = [("scope", "https://ps.compliance.protection.outlook.com/.default openid")];
    let response = fixture.ropc("admin", &scope).await;
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["access_token"].as_str().unwrap().to_owned()
}

fn names(objects: &[Value]) -> Vec<&str> {
    objects.iter().map(|object| object["Name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_policies_have_places_and_a_rule() {
    let fixture = Fixture::with_mailboxes(10).await;
    let token = compliance_token(&fixture).await;
    let get = async |parameters: Value| fixture.ok(&token, "Get-RetentionCompliancePolicy", parameters).await;
    assert_eq!(
        names(&get(json!({"ExcludeTeamsPolicy": true})).await),
        ["Keep everything for seven years", "Finance papers"]
    );
    let bare = get(json!({"Identity": "Finance papers"})).await;
    assert_eq!(bare[0]["SharePointLocation"], json!([]), "places come with the details");
    let full = get(json!({"Identity": "Finance papers", "DistributionDetail": true})).await;
    assert_eq!(full[0]["SharePointLocation"], json!(["https://contoso.sharepoint.com/sites/finance"]));
    let new = json!({"Name": "Docks", "ExchangeLocation": ["sales@contoso.example"], "Comment": "Three years"});
    let made = fixture.ok(&token, "New-RetentionCompliancePolicy", new.clone()).await;
    assert_eq!(made[0]["ImmutableIdentity"], made[0]["Guid"]);
    assert!(
        error_text(&fixture.run(&token, "New-RetentionCompliancePolicy", new).await)
            .contains("ADObjectAlreadyExistsException")
    );
    let set = json!({"Identity": "Docks", "AddExchangeLocation": ["frontdesk@contoso.example"], "RemoveExchangeLocation": ["sales@contoso.example"], "Enabled": false});
    fixture.ok(&token, "Set-RetentionCompliancePolicy", set).await;
    let docks = get(json!({"Identity": "Docks", "DistributionDetail": true})).await;
    assert_eq!(
        (&docks[0]["ExchangeLocation"], &docks[0]["Enabled"], &docks[0]["HasRules"]),
        (&json!(["frontdesk@contoso.example"]), &json!(false), &json!(false))
    );
    let rule = json!({"Name": "Three years", "Policy": "Docks", "RetentionDuration": 1095, "RetentionComplianceAction": "KeepAndDelete"});
    let rule = fixture.ok(&token, "New-RetentionComplianceRule", rule).await;
    assert_eq!((&rule[0]["Policy"], &rule[0]["RetentionDuration"]), (&docks[0]["Guid"], &json!("1095")));
    let second = json!({"Name": "More", "Policy": "Docks", "RetentionDuration": 5});
    assert_eq!(fixture.run(&token, "New-RetentionComplianceRule", second).await.status, 400);
    assert_eq!(get(json!({"Identity": "Docks"})).await[0]["HasRules"], true);
    fixture.ok(&token, "Remove-RetentionCompliancePolicy", json!({"Identity": "Docks", "Confirm": false})).await;
    assert_eq!(
        names(&fixture.ok(&token, "Get-RetentionComplianceRule", json!({})).await),
        ["Seven years"],
        "a rule goes with its policy"
    );
    let mixed = json!({"Name": "Mixed", "TeamsChatLocation": ["All"]});
    let made = fixture.ok(&token, "New-RetentionCompliancePolicy", mixed).await;
    assert_eq!(made[0]["TeamsPolicy"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_ranked_and_published() {
    let fixture = Fixture::with_mailboxes(10).await;
    let token = compliance_token(&fixture).await;
    let get = async || fixture.ok(&token, "Get-Label", json!({})).await;
    let made = fixture
        .ok(&token, "New-Label", json!({"Name": "Harbour", "DisplayName": "Harbour only", "Tooltip": "For the harbour", "ContentType": "File",
            "AdvancedSettings": {"@odata.type": "#Exchange.GenericHashTable", "color": "#112233"}}))
        .await;
    assert_eq!((&made[0]["Priority"], &made[0]["Settings"]), (&json!(4), &json!(["[color, #112233]"])));
    assert_eq!(made[0]["ImmutableId"], made[0]["Guid"]);
    fixture.ok(&token, "Set-Label", json!({"Identity": "Harbour", "Priority": 0, "Tooltip": "Changed"})).await;
    let mut ranked: Vec<(i64, String)> = get()
        .await
        .iter()
        .map(|label| (label["Priority"].as_i64().unwrap(), label["Name"].as_str().unwrap().to_owned()))
        .collect();
    ranked.sort();
    assert_eq!(ranked[0], (0, "Harbour".to_owned()));
    assert_eq!(ranked[1], (1, "Public".to_owned()));
    assert_eq!(fixture.run(&token, "Set-Label", json!({"Identity": "Harbour", "Priority": 9})).await.status, 400);
    let policies = fixture.ok(&token, "Get-LabelPolicy", json!({})).await;
    assert_eq!(policies[0]["Settings"], json!(["[mandatory, true]"]));
    let published = fixture.run(&token, "Remove-Label", json!({"Identity": "Public", "Confirm": false})).await;
    assert!(error_text(&published).contains("published by the policy 'Global labels'"), "{}", published.text());
    fixture.ok(&token, "Remove-Label", json!({"Identity": "Harbour", "Confirm": false})).await;
    assert_eq!(get().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_have_holds_and_searches() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = compliance_token(&fixture).await;
    fixture.ok(&token, "New-ComplianceCase", json!({"Name": "Crane", "Description": "The broken crane"})).await;
    let hold = json!({"Name": "Crane mail", "Case": "Crane", "ExchangeLocation": ["adele@contoso.onmicrosoft.com"]});
    fixture.ok(&token, "New-CaseHoldPolicy", hold).await;
    let of_case = json!({"Case": "Crane", "DistributionDetail": true});
    let holds = fixture.ok(&token, "Get-CaseHoldPolicy", of_case).await;
    assert_eq!(
        (names(&holds), &holds[0]["ExchangeLocation"]),
        (vec!["Crane mail"], &json!(["adele@contoso.onmicrosoft.com"]))
    );
    assert_eq!(
        names(&fixture.ok(&token, "Get-CaseHoldPolicy", json!({"Case": "Harbour dispute"})).await),
        ["Hold of the harbour papers"]
    );
    assert_eq!(fixture.run(&token, "Get-CaseHoldPolicy", json!({"Case": "No such case"})).await.status, 404);
    let search = json!({"Name": "Crane search", "Case": "Crane", "ContentMatchQuery": "subject:crane", "ExchangeLocation": ["adele", "bruno.lacroix", "elodie.marchand", "frontdesk"]});
    let made = fixture.ok(&token, "New-ComplianceSearch", search).await;
    assert_eq!((&made[0]["Status"], &made[0]["Items"]), (&json!("NotStarted"), &json!(0)));
    let get = async || fixture.ok(&token, "Get-ComplianceSearch", json!({"Identity": "Crane search"})).await.remove(0);
    fixture.ok(&token, "Start-ComplianceSearch", json!({"Identity": "Crane search"})).await;
    assert!(matches!(get().await["Status"].as_str(), Some("Starting" | "InProgress")));
    assert_eq!(
        fixture.run(&token, "Start-ComplianceSearch", json!({"Identity": "Crane search"})).await.status,
        400,
        "it is running"
    );
    tokio::time::sleep(Duration::from_millis(2200)).await;
    let done = get().await;
    assert_eq!(
        (&done["Status"], &done["JobProgress"], &done["NumBindings"]),
        (&json!("Completed"), &json!(100), &json!(4))
    );
    let results = done["SuccessResults"].as_str().unwrap();
    let count: i64 =
        results.split("Item count: ").skip(1).map(|part| part.split(',').next().unwrap().parse::<i64>().unwrap()).sum();
    assert_eq!(done["Items"], count, "{results}");
    assert_eq!(done["Items@odata.type"], "#Int64");
    fixture
        .ok(
            &token,
            "Set-ComplianceSearch",
            json!({"Identity": "Crane search", "RemoveExchangeLocation": ["frontdesk"]}),
        )
        .await;
    assert_eq!(get().await["Status"], "NotStarted", "a changed search has to run again");
    fixture.ok(&token, "Set-ComplianceCase", json!({"Identity": "Crane", "Close": true})).await;
    assert_eq!(fixture.ok(&token, "Get-ComplianceCase", json!({"Identity": "Crane"})).await[0]["Status"], "Closed");
    fixture.ok(&token, "Remove-ComplianceSearch", json!({"Identity": "Crane search", "Confirm": false})).await;
    assert_eq!(fixture.ok(&token, "Get-ComplianceSearch", json!({})).await.len(), 3);
    let exchange = fixture.token("admin").await;
    assert_eq!(fixture.run(&exchange, "Get-Label", json!({})).await.status, 403, "it is another service");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_search_found_is_shown_or_taken_away() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = compliance_token(&fixture).await;
    let new = json!({"Name": "Phishing", "ExchangeLocation": ["All"], "ContentMatchQuery": "subject:win"});
    fixture.ok(&token, "New-ComplianceSearch", new).await;
    let purge = json!({"SearchName": "Phishing", "Purge": true, "PurgeType": "SoftDelete", "Confirm": false});
    let early = fixture.run(&token, "New-ComplianceSearchAction", purge.clone()).await;
    assert!(error_text(&early).contains("no results yet"), "{}", early.text());
    fixture.ok(&token, "Start-ComplianceSearch", json!({"Identity": "Phishing"})).await;
    while fixture.ok(&token, "Get-ComplianceSearch", json!({"Identity": "Phishing"})).await[0]["Status"] != "Completed"
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let made = fixture.ok(&token, "New-ComplianceSearchAction", purge.clone()).await;
    assert_eq!((&made[0]["Name"], &made[0]["Action"]), (&json!("Phishing_Purge"), &json!("Purge")));
    assert_eq!(made[0]["Results"], "");
    let twice = fixture.run(&token, "New-ComplianceSearchAction", purge).await;
    assert!(twice.text().contains("already exists"), "{}", twice.text());
    fixture.ok(&token, "New-ComplianceSearchAction", json!({"SearchName": "Phishing", "Preview": true})).await;
    let get = async |parameters: Value| fixture.ok(&token, "Get-ComplianceSearchAction", parameters).await;
    assert_eq!(names(&get(json!({})).await), ["Phishing_Purge", "Phishing_Preview"]);
    assert_eq!(names(&get(json!({"Purge": true})).await), ["Phishing_Purge"]);
    let done = loop {
        let action = get(json!({"Identity": "Phishing_Purge"})).await.remove(0);
        if action["Status"] == "Completed" {
            break action;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let results = done["Results"].as_str().unwrap();
    assert!(results.starts_with("Purge Type: SoftDelete; Item count: "), "{results}");
    let counts = results.split("Location: ").skip(1).map(|line| {
        let (_, rest) = line.split_once("Item count: ").unwrap();
        rest.split(';').next().unwrap().parse::<u64>().unwrap()
    });
    let whole = results.split("Item count: ").nth(1).unwrap().split(';').next().unwrap().parse::<u64>().unwrap();
    assert!(counts.clone().all(|count| count <= 10) && counts.sum::<u64>() == whole && whole > 0, "{results}");
    fixture.ok(&token, "Remove-ComplianceSearchAction", json!({"Identity": "Phishing_Purge", "Confirm": false})).await;
    assert_eq!(names(&get(json!({})).await), ["Phishing_Preview"]);
}
