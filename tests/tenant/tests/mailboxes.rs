//! What belongs to a mailbox besides the mailbox object.

mod common;

use common::{Fixture, error_text};
use serde_json::{Value, json};

fn bytes(size: &Value) -> u64 {
    let text = size.as_str().unwrap();
    let (_, count) = text.split_once('(').unwrap();
    count.trim_end_matches(" bytes)").replace(',', "").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_are_the_sums_of_the_folders() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    for mailbox in ["adele", "sales", "bruno.lacroix"] {
        let whole = fixture.ok(&token, "Get-MailboxStatistics", json!({"Identity": mailbox})).await.remove(0);
        let folders = fixture.ok(&token, "Get-MailboxFolderStatistics", json!({"Identity": mailbox})).await;
        let is_recoverable = |folder: &&Value| folder["RecoverableItemsFolder"] == true;
        let visible = || folders.iter().filter(|folder| !is_recoverable(folder));
        assert_eq!(whole["ItemCount"], visible().map(|folder| folder["ItemsInFolder"].as_u64().unwrap()).sum::<u64>());
        assert_eq!(bytes(&whole["TotalItemSize"]), visible().map(|folder| bytes(&folder["FolderSize"])).sum::<u64>());
        let root = folders.iter().find(|folder| folder["FolderType"] == "Root").unwrap();
        assert_eq!(root["ItemsInFolderAndSubfolders"], whole["ItemCount"]);
        let deleted: u64 = folders.iter().filter(is_recoverable).map(|folder| bytes(&folder["FolderSize"])).sum();
        assert_eq!(bytes(&whole["TotalDeletedItemSize"]), deleted);
    }
    let inbox = json!({"Identity": "adele", "FolderScope": "Inbox", "IncludeOldestAndNewestItems": true});
    let inbox = fixture.ok(&token, "Get-MailboxFolderStatistics", inbox).await;
    assert_eq!(inbox.len(), 1);
    assert_eq!((&inbox[0]["FolderPath"], &inbox[0]["Identity"]), (&json!("/Inbox"), &json!("Adele Vance\\Inbox")));
    assert!(inbox[0]["NewestItemReceivedDate"].as_str() > inbox[0]["OldestItemReceivedDate"].as_str());
    let made = json!({"Name": "New One", "MicrosoftOnlineServicesID": "new.one@contoso.example"});
    fixture.ok(&token, "New-Mailbox", json!({"Name": made["Name"], "Shared": true})).await;
    let empty = fixture.ok(&token, "Get-MailboxStatistics", json!({"Identity": "NewOne"})).await;
    assert_eq!((&empty[0]["ItemCount"], &empty[0]["TotalItemSize"]), (&json!(0), &json!("0 B (0 bytes)")));
    let none = fixture.run(&token, "Get-MailboxStatistics", json!({"Identity": "frontdesk", "Archive": true})).await;
    assert_eq!(none.status, 400, "it has no archive");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_kept_and_checked() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let get = async |noun: &str, identity: &str| {
        fixture.ok(&token, &format!("Get-{noun}"), json!({"Identity": identity})).await.remove(0)
    };
    fixture
        .ok(
            &token,
            "Set-CASMailbox",
            json!({"Identity": "adele", "ImapEnabled": false, "PopEnabled": false, "OWAEnabled": false}),
        )
        .await;
    let protocols = get("CASMailbox", "adele").await;
    assert_eq!(
        (&protocols["ImapEnabled"], &protocols["OWAEnabled"], &protocols["MAPIEnabled"]),
        (&json!(false), &json!(false), &json!(true))
    );
    let off = fixture.ok(&token, "Get-CASMailbox", json!({"Filter": "OWAEnabled -eq $false"})).await;
    assert_eq!(off.len(), 1);
    assert_eq!(off[0]["Name"], "Adele Vance");
    let all = fixture.ok(&token, "Get-CASMailbox", json!({"ResultSize": "Unlimited"})).await;
    assert_eq!(all.len(), 30);
    let scheduled = json!({"Identity": "adele", "AutoReplyState": "Scheduled", "StartTime": "2026-12-20T08:00:00", "EndTime": "2026-12-19T08:00:00", "InternalMessage": "Away"});
    let refused = fixture.run(&token, "Set-MailboxAutoReplyConfiguration", scheduled).await;
    assert!(error_text(&refused).contains("later than their start"), "{}", refused.text());
    let scheduled = json!({"Identity": "adele", "AutoReplyState": "Scheduled", "StartTime": "2026-12-20T08:00:00", "EndTime": "2027-01-04T08:00:00", "InternalMessage": "Away"});
    fixture.ok(&token, "Set-MailboxAutoReplyConfiguration", scheduled).await;
    let away = get("MailboxAutoReplyConfiguration", "adele").await;
    assert_eq!((&away["AutoReplyState"], &away["InternalMessage"]), (&json!("Scheduled"), &json!("Away")));
    assert_eq!(
        (&away["EndTime"], &away["EndTime@data.type"]),
        (&json!("2027-01-04T08:00:00.0000000Z"), &json!("System.DateTime"))
    );
    let signature = json!({"Identity": "adele", "SignatureHTML": "<p>Adele</p>", "AutoAddSignature": true, "AutoAddSignatureOnReply": true});
    fixture.ok(&token, "Set-MailboxMessageConfiguration", signature).await;
    let outlook = get("MailboxMessageConfiguration", "adele").await;
    assert_eq!((&outlook["SignatureHtml"], &outlook["AutoAddSignature"]), (&json!("<p>Adele</p>"), &json!(true)));
    fixture
        .ok(
            &token,
            "Set-MailboxRegionalConfiguration",
            json!({"Identity": "adele", "Language": "de-DE", "TimeZone": "W. Europe Standard Time"}),
        )
        .await;
    let region = get("MailboxRegionalConfiguration", "adele").await;
    assert_eq!((&region["DateFormat"], &region["TimeZone"]), (&json!("dd.MM.yyyy"), &json!("W. Europe Standard Time")));
    let junk = json!({"@odata.type": "#Exchange.GenericHashTable", "Add": ["fabrikam.example"]});
    let junk = json!({"Identity": "adele", "BlockedSendersAndDomains": junk, "Enabled": false});
    fixture.ok(&token, "Set-MailboxJunkEmailConfiguration", junk).await;
    let junk = get("MailboxJunkEmailConfiguration", "adele").await;
    assert_eq!((&junk["BlockedSendersAndDomains"], &junk["Enabled"]), (&json!(["fabrikam.example"]), &json!(false)));
    assert_eq!(get("CalendarProcessing", "boardroom").await["AutomateProcessing"], "AutoAccept");
    let room = json!({"Identity": "boardroom", "AllBookInPolicy": false, "BookInPolicy": ["adele", "Sales Team"], "BookingWindowInDays": 30});
    fixture.ok(&token, "Set-CalendarProcessing", room).await;
    let room = get("CalendarProcessing", "boardroom").await;
    assert_eq!(
        (&room["BookInPolicy"], &room["BookingWindowInDays"]),
        (&json!(["Adele Vance", "Sales Team"]), &json!(30))
    );
    assert_eq!(get("CalendarProcessing", "adele").await["BookInPolicy"], json!([]), "each mailbox has its own");
    let same = fixture.run(&token, "Set-CASMailbox", json!({"Identity": "adele", "OWAEnabled": false})).await.json();
    assert!(same["@adminapi.warnings"][0].as_str().unwrap().contains("no settings"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_properties_show_everywhere() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let set = json!({"Identity": "adele", "Title": "Harbour Master", "Department": "Docks", "Office": "Pier 4", "Manager": "bruno.lacroix"});
    fixture.ok(&token, "Set-User", set).await;
    let user = fixture.ok(&token, "Get-User", json!({"Identity": "adele"})).await.remove(0);
    assert_eq!(
        (&user["Title"], &user["Manager"], &user["RecipientType"]),
        (&json!("Harbour Master"), &json!("Bruno Lacroix"), &json!("UserMailbox"))
    );
    let found = fixture.ok(&token, "Get-User", json!({"Filter": "Department -eq 'Docks'"})).await;
    assert_eq!(found.len(), 1);
    let recipient = fixture.ok(&token, "Get-Recipient", json!({"Filter": "Title -like 'Harbour*'"})).await;
    assert_eq!(recipient[0]["Department"], "Docks");
    assert_eq!(fixture.ok(&token, "Get-Mailbox", json!({"Identity": "adele"})).await[0]["Office"], "Pier 4");
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_belong_to_mailboxes() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    let with = fixture.ok(&token, "Get-CASMailbox", json!({"ResultSize": "Unlimited"})).await;
    let (mut some, mut none) = (0, 0);
    for mailbox in &with {
        let devices = fixture.ok(&token, "Get-MobileDeviceStatistics", json!({"Mailbox": mailbox["Guid"]})).await;
        assert_eq!(mailbox["HasActiveSyncDevicePartnership"] == true, !devices.is_empty());
        if let Some(device) = devices.first() {
            let again = fixture.ok(&token, "Get-MobileDeviceStatistics", json!({"Identity": device["Identity"]})).await;
            assert_eq!(again[0]["DeviceID"], device["DeviceID"]);
            some += 1;
        } else {
            none += 1;
        }
    }
    assert!(some > 0 && none > 0);
}
