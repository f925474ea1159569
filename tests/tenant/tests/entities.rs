//! The entity endpoints: what they show, of what type, in which order, and what they refuse.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{Fixture, error_text};
use exo_tenant::Options;
use exo_tenant::client::Response;
use serde_json::{Value, json};

/// A text in the path of a URL.
fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A key in base64, escaped.
fn encoded(identity: &str) -> String {
    escaped(&STANDARD.encode(identity))
}

impl Fixture {
    async fn entities(&self, token: &str, path: &str) -> Response {
        self.paged_entities(token, path, &[]).await
    }

    async fn paged_entities(&self, token: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let url = self.url(&format!("/adminapi/beta/{}/{path}", self.tenant.facts().tenant_id));
        self.get(token, &url, headers).await
    }

    async fn entity(&self, token: &str, path: &str) -> Value {
        let response = self.entities(token, path).await;
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        response.json()
    }

    async fn refused(&self, token: &str, path: &str) {
        let response = self.entities(token, path).await;
        assert_eq!(response.status, 400, "{path}: {}", response.text());
        assert!(!error_text(&response).is_empty(), "{path}: {}", response.text());
    }
}

/// The names of the first object's members, in the order of the wire.
fn names_in_order(text: &str) -> Vec<String> {
    let start = text.find("\"value\":[{").map_or(0, |at| at + "\"value\":[".len());
    let mut names = Vec::new();
    let (mut depth, mut quoted, mut word, mut escape) = (0, false, String::new(), false);
    for character in text[start..].chars() {
        if quoted {
            match character {
                '\\' if !escape => escape = true,
                '"' if !escape => quoted = false,
                other => {
                    word.push(other);
                    escape = false;
                }
            }
            continue;
        }
        match character {
            '"' => (quoted, word) = (true, String::new()),
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            ':' if depth == 1 => names.push(word.clone()),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_has_the_default_set_in_the_order_of_the_model() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let response = fixture.entities(&token, "Mailbox").await;
    let minimum = [
        "ExternalDirectoryObjectId",
        "UserPrincipalName",
        "Alias",
        "DisplayName",
        "EmailAddresses",
        "PrimarySmtpAddress",
        "RecipientType",
        "RecipientTypeDetails",
        "Identity",
        "Id",
        "ExchangeVersion",
        "Name",
        "DistinguishedName",
        "OrganizationId",
        "Guid",
    ];
    assert_eq!(names_in_order(&response.text()), minimum);
    let list = response.json();
    assert_eq!(list["value"].as_array().unwrap().len(), 30);
    assert!(list["@odata.context"].as_str().unwrap().contains("/$metadata#Mailbox(ExternalDirectoryObjectId,"));
    let adele = fixture.entity(&token, "Mailbox('adele')").await;
    assert_eq!(adele["UserPrincipalName"], "adele@contoso.onmicrosoft.com");
    assert!(adele["@odata.context"].as_str().unwrap().ends_with("/$entity"));
    assert!(adele.as_object().unwrap().keys().all(|name| !name.contains("@data.type")), "types come from the model");
    let sets = fixture.entity(&token, "Mailbox('adele')?PropertySet=Quota,archive").await;
    assert_eq!(sets["ProhibitSendQuota"], "99 GB (106,300,440,576 bytes)");
    assert!(sets["ArchiveStatus"].is_string() && sets["Alias"].is_null());
    let some = fixture.entities(&token, "mailbox('adele')?$select=Guid,alias,ResourceCapacity,IsShared").await;
    assert_eq!(names_in_order(&some.text())[1..], ["IsShared", "ResourceCapacity", "Alias", "Guid"]);
    let all = fixture.entity(&token, "Mailbox('adele')?PropertySet=All").await;
    assert!(all.as_object().unwrap().len() > 200);
    for gone in
        ["RunspaceId", "AdminDisplayVersion", "OriginatingServer", "IsValid", "ObjectState", "EnforcedTimestamps"]
    {
        assert!(all.get(gone).is_none(), "{gone}");
    }
    assert_eq!((&all["SCLDeleteThreshold"], &all["IsShared"]), (&Value::Null, &json!(false)));
    assert!(all["WhenCreated"].as_str().unwrap().ends_with("+00:00"));
    let both = fixture.entity(&token, "Mailbox('adele')?PropertySet=Minimum&$select=Office").await;
    assert!(both["Office"].is_string() && both["Alias"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_plain_or_in_base64() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    fixture.ok(&token, "New-Mailbox", json!({"Name": "Maeve O'Brien", "Alias": "maeve", "Shared": true})).await;
    for path in [
        "Mailbox('Maeve%20O''Brien')".to_owned(),
        "Mailbox(%27maeve%27)".to_owned(),
        "Mailbox(ObjectKey='maeve')".to_owned(),
        format!("Mailbox('{}')?isEncoded=true", encoded("Maeve O'Brien")),
        format!("MAILBOX('{}')?IsEncoded=True", encoded("maeve@contoso.example")),
    ] {
        assert_eq!(fixture.entity(&token, &path).await["Alias"], "maeve", "{path}");
    }
    for path in [
        "Mailbox(maeve)",
        "Mailbox('maeve'",
        "Mailbox('Maeve%20O'Brien')",
        "Mailbox('')",
        "Mailbox('maeve','adele')",
        "Mailbox('bWFldmU')?isEncoded=true",
        "Mailbox('bWFldmU=')?isEncoded=true",
        "Mailbox('maeve@contoso.example')?isEncoded=true",
        "Mailbox('a+b%2F')?isEncoded=true",
        "Mailbox('a/b=')?isEncoded=true",
        "Mailbox('bWFldmU%3D')?isEncoded=1",
    ] {
        fixture.refused(&token, path).await;
    }
    let missing = fixture.entities(&token, "Mailbox('nobody@contoso.example')").await;
    assert_eq!(missing.status, 404);
    let error = &missing.json()["error"];
    assert_eq!((&error["code"], &error["message"]), (&json!("NotFound"), &json!("An server side error occured.")));
    assert!(error_text(&missing).contains("'nobody@contoso.example' couldn't be found"));
    let entry = fixture.tenant.requests().pop().unwrap();
    let entity = entry.entity.unwrap();
    assert_eq!((&entity["set"], &entity["keys"]), (&json!("Mailbox"), &json!(["nobody@contoso.example"])));
    assert_eq!(entry.cmdlet_name, None, "no cmdlet was named");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_and_cut_off() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    let names = async |path: &str| -> Vec<String> {
        let list = fixture.entity(&token, path).await;
        list["value"].as_array().unwrap().iter().map(|row| row["Name"].as_str().unwrap().to_owned()).collect()
    };
    let shared = names("Mailbox?RecipientTypeDetails=SharedMailbox").await;
    assert!(!shared.is_empty() && shared.len() < 30);
    assert_eq!(names("Mailbox?$filter=RecipientTypeDetails%20eq%20'SharedMailbox'").await, shared);
    assert_eq!(names("Mailbox?Filter=RecipientTypeDetails%20-eq%20'SharedMailbox'").await, shared);
    let shared_a =
        names("Mailbox?Filter=Alias%20-like%20's*'&$filter=RecipientTypeDetails%20eq%20'SharedMailbox'").await;
    assert!(!shared_a.is_empty() && shared_a.len() <= shared.len());
    assert_eq!(names("Mailbox?Anr=Adele").await, ["Adele Vance"]);
    let both = names("Mailbox?RecipientTypeDetails=SharedMailbox,RoomMailbox").await;
    assert!(both.len() > shared.len());
    let three = fixture.entity(&token, "Mailbox?$top=3").await;
    assert_eq!(three["value"].as_array().unwrap().len(), 3);
    assert!(three["@odata.nextLink"].is_null());
    for path in [
        "Mailbox?$top=0",
        "Mailbox?$top=many",
        "Mailbox?$orderby=Name",
        "Mailbox?$count=true",
        "Mailbox?ResultSize=3",
        "Mailbox?Unknown=1",
        "Mailbox?Archive=yes",
        "Mailbox?PropertySet=Everything",
        "Mailbox?$select=Nothing",
        "Mailbox?$select=RunspaceId",
        "Mailbox?$filter=Nothing%20eq%20'x'",
        "Mailbox?$filter=Alias%20-eq%20'x'",
        "Mailbox?Filter=Department%20-eq%20'x'",
        "Mailbox?RecipientTypeDetails=Nothing",
        "Mailbox?$expand=MailboxPermission",
        "Mailbox?Archive=true&archive=true",
        "Mailbox('adele')?$top=1",
        "Mailbox('adele')?$filter=Alias%20eq%20'adele'",
        "Mailbox('adele')?Anr=adele",
        "Mailbox?Migration=true",
        "Place",
    ] {
        fixture.refused(&token, path).await;
    }
    for path in ["Nothing", "Mailbox('adele')/Nothing", "Mailbox/GetMailboxStatistics()", "User('adele')/Mailbox"] {
        assert_eq!(fixture.entities(&token, path).await.status, 404, "{path}");
    }
    let url = fixture.url(&format!("/adminapi/beta/{}/Mailbox", fixture.tenant.facts().tenant_id));
    assert_eq!(fixture.post(&token, &url, &[], &json!({})).await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_followed_by_get_and_bound_to_the_question() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let prefer = [("prefer", "odata.maxpagesize=7")];
    let first = fixture.paged_entities(&token, "Mailbox?$select=Alias&$top=20", &prefer).await.json();
    let mut aliases: Vec<Value> = first["value"].as_array().unwrap().clone();
    let mut link = first["@odata.nextLink"].as_str().map(str::to_owned);
    let kept = link.clone().unwrap();
    let mut pages = 1;
    while let Some(url) = link {
        let page = fixture.get(&token, &url, &prefer).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let page = page.json();
        aliases.extend(page["value"].as_array().unwrap().iter().cloned());
        link = page["@odata.nextLink"].as_str().map(str::to_owned);
        pages += 1;
    }
    assert_eq!((pages, aliases.len()), (3, 20));
    assert!(aliases.iter().all(|row| row.as_object().unwrap().len() == 1), "the selection stays");
    aliases.sort_by_key(|row| row["Alias"].as_str().unwrap().to_owned());
    aliases.dedup();
    assert_eq!(aliases.len(), 20);
    for other in [
        kept.replace("Alias", "Name"),
        kept.replace("/Mailbox?", "/Recipient?"),
        kept.replace("top=20", "top=30"),
        format!("{kept}x"),
    ] {
        let refused = fixture.get(&token, &other, &prefer).await;
        assert_eq!(refused.status, 400, "{other}");
        assert!(error_text(&refused).contains("Expired or Invalid pagination request"));
    }
    let stranger = fixture.token("viewer").await;
    assert_eq!(fixture.get(&stranger, &kept, &prefer).await.status, 400, "a link belongs to its caller");
    let short = Fixture::start(Options { mailboxes: 30, page_token_lifetime_seconds: 0, ..Options::default() }).await;
    let token = short.token("admin").await;
    let first = short.paged_entities(&token, "Mailbox", &prefer).await.json();
    let late = short.get(&token, first["@odata.nextLink"].as_str().unwrap(), &prefer).await;
    assert_eq!(late.status, 400);
    let pages = fixture.tenant.requests().into_iter().filter(|entry| entry.skip_token && entry.status == 200);
    assert!(pages.clone().count() == 2 && pages.clone().all(|entry| entry.entity.unwrap()["query"]["$top"] == "20"));
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_are_numbers() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let path = format!(
        "Mailbox('{}')/Exchange.GetMailboxStatistics()?isEncoded=true",
        encoded("adele@contoso.onmicrosoft.com")
    );
    let minimum = fixture.entities(&token, &path).await;
    let wanted = [
        "@odata.context",
        "DisplayName",
        "MailboxGuid",
        "DeletedItemCount",
        "ItemCount",
        "TotalDeletedItemSize",
        "TotalItemSize",
    ];
    assert_eq!(names_in_order(&minimum.text()), wanted);
    let minimum = minimum.json();
    let classic = fixture.ok(&token, "Get-MailboxStatistics", json!({"Identity": "adele"})).await.remove(0);
    assert_eq!(minimum["ItemCount"], classic["ItemCount"]);
    let bytes = minimum["TotalItemSize"].as_u64().unwrap();
    let (_, shown) = classic["TotalItemSize"].as_str().unwrap().split_once('(').unwrap();
    assert_eq!(shown.replace(',', ""), format!("{bytes} bytes)"));
    let all = fixture.entity(&token, &format!("{path}&PropertySet=All")).await;
    assert!(all["LastLogonTime"].is_string() && all["DatabaseProhibitSendQuota"].is_null());
    assert_eq!(all["FoldersCountReceiveQuota"], 10000);
    let mailbox = fixture.entity(&token, "Mailbox('adele')?$select=ExchangeGuid,DatabaseGuid").await;
    let (guid, database) = (mailbox["ExchangeGuid"].as_str().unwrap(), mailbox["DatabaseGuid"].as_str().unwrap());
    let path = format!("Mailbox/Exchange.GetMailboxStatisticsV2(mailboxGuid={guid},databaseGuid={database})");
    assert_eq!(fixture.entity(&token, &path).await["ItemCount"], classic["ItemCount"]);
    let elsewhere = format!("Mailbox/Exchange.GetMailboxStatisticsV2(mailboxGuid={guid},databaseGuid={guid})");
    assert_eq!(fixture.entities(&token, &elsewhere).await.status, 404);
    fixture
        .refused(&token, &format!("Mailbox/Exchange.GetMailboxStatisticsV2(mailboxGuid='{guid}',databaseGuid={guid})"))
        .await;
    fixture.refused(&token, &format!("Mailbox/Exchange.GetMailboxStatisticsV2(mailboxGuid={guid})")).await;
    fixture.refused(&token, "Mailbox('adele')/Exchange.GetMailboxStatistics(x=1)").await;
    fixture.refused(&token, "Mailbox('adele')/Exchange.GetMailboxStatistics()?$filter=ItemCount%20gt%201").await;
    fixture.refused(&token, "Mailbox('frontdesk')/Exchange.GetMailboxStatistics()?Archive=true").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_and_their_permissions() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let path = |scope: &str| {
        format!(
            "Mailbox('adele')/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'{scope}')"
        )
    };
    let inbox = fixture.entity(&token, &path("Inbox")).await;
    let rows = inbox["value"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["FolderPath"]), (1, &json!("/Inbox")));
    assert!(
        rows[0]["FolderSize"].is_u64()
            && rows[0]["ItemsInFolder"].is_u64()
            && rows[0]["NewestItemReceivedDate"].is_null()
    );
    let dated = fixture.entity(&token, &format!("{}?IncludeOldestAndNewestItems=True", path("Inbox"))).await;
    assert!(dated["value"][0]["NewestItemReceivedDate"].is_string());
    let all = fixture.entity(&token, &path("All")).await["value"].as_array().unwrap().len();
    assert!(all > 10);
    assert_eq!(fixture.entity(&token, &path("RssSubscriptions")).await["value"].as_array().unwrap().len(), 1);
    assert_eq!(fixture.entity(&token, &path("Personal")).await["value"][0]["FolderType"], "User Created");
    fixture.refused(&token, &path("Nowhere")).await;
    fixture
        .refused(&token, "Mailbox('adele')/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope='All')")
        .await;

    let shared = json!({"Identity": "adele:\\Calendar", "User": "bruno.lacroix", "AccessRights": ["Editor"], "SharingPermissionFlags": "Delegate"});
    fixture.ok(&token, "Add-MailboxFolderPermission", shared).await;
    let path = format!(
        "Mailbox('{}')/MailboxFolder('{}')/MailboxFolderPermission?IsUsingMailboxFolderId=True&IsEncoded=True",
        encoded("adele@contoso.onmicrosoft.com"),
        encoded("\\Calendar")
    );
    let list = fixture.entity(&token, &path).await;
    let rows = list["value"].as_array().unwrap();
    let bruno = rows.iter().find(|row| row["User"] == "Bruno Lacroix").unwrap();
    assert_eq!(bruno["MailboxFolderUser"]["UserPrincipalName"], "bruno.lacroix@contoso.example");
    assert_eq!((&bruno["AccessRights"], &bruno["SharingPermissionFlags"]), (&json!(["Editor"]), &json!("Delegate")));
    assert_eq!(bruno["MailboxFolderIdentity"], "Adele Vance:\\Calendar");
    assert!(rows.iter().any(|row| row["MailboxFolderUser"]["UserType"] == "Default"));
    let one = fixture.entity(&token, &format!("{path}&User=bruno.lacroix")).await;
    assert_eq!(one["value"].as_array().unwrap().len(), 1);
    let root = fixture.entity(&token, "Mailbox('adele')/MailboxFolder('%5C')/MailboxFolderPermission").await;
    assert_eq!(root["value"][0]["FolderName"], "Top of Information Store");
    let none = fixture.entities(&token, "Mailbox('adele')/MailboxFolder('%5CNowhere')/MailboxFolderPermission").await;
    assert_eq!(none.status, 404);
    let logged = fixture.tenant.requests().pop().unwrap().entity.unwrap();
    assert_eq!(logged["keys"], json!(["adele", "\\Nowhere"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_are_those_that_cmdlets_set() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let full = json!({"Identity": "adele", "User": "bruno.lacroix", "AccessRights": ["FullAccess"]});
    fixture.ok(&token, "Add-MailboxPermission", full).await;
    let denied = json!({"Identity": "adele", "User": "bruno.lacroix", "AccessRights": ["DeleteItem"], "Deny": true});
    fixture.ok(&token, "Add-MailboxPermission", denied).await;
    let list = fixture.entities(&token, "Mailbox('adele')/MailboxPermission").await;
    assert_eq!(names_in_order(&list.text()), ["PermissionId", "MailboxIdentity", "User", "IsOwner", "PermissionList"]);
    let list = list.json();
    let rows = list["value"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["User"]), (2, &json!("NT AUTHORITY\\SELF")));
    let bruno = &rows[1]["PermissionList"];
    let row = |right: &str, deny: bool| json!({"AccessRights": [right], "IsInherited": false, "Deny": deny, "InheritanceType": "All"});
    assert_eq!(*bruno, json!([row("FullAccess", false), row("DeleteItem", true)]));
    let one = fixture.entity(&token, "Mailbox('adele')/MailboxPermission?User=bruno.lacroix").await;
    assert_eq!(one["value"].as_array().unwrap().len(), 1);
    let owner = fixture.entity(&token, "Mailbox('adele')/MailboxPermission?Owner=true").await;
    assert_eq!((&owner["value"][0]["IsOwner"], &owner["value"][0]["PermissionList"]), (&json!(true), &json!([])));
    fixture.refused(&token, "Mailbox('adele')/MailboxPermission?PropertySet=All").await;
    fixture.refused(&token, "Mailbox('adele')/MailboxPermission?$filter=User%20eq%20'x'").await;

    let send = json!({"Identity": "Sales Team", "Trustee": "adele", "AccessRights": ["SendAs"], "Confirm": false});
    fixture.ok(&token, "Add-RecipientPermission", send).await;
    let team = fixture
        .entity(&token, "Recipient('Sales%20Team')?$expand=RecipientPermission&$select=RecipientPermission")
        .await;
    assert_eq!(team.as_object().unwrap().len(), 2, "the context and the permissions");
    let trustees: Vec<&Value> =
        team["RecipientPermission"].as_array().unwrap().iter().map(|row| &row["Trustee"]).collect();
    assert!(trustees.contains(&&json!("adele@contoso.onmicrosoft.com")), "{team}");
    assert_eq!(team["RecipientPermission"][0]["AccessRights"], json!(["SendAs"]));
    let all = fixture.entity(&token, "Recipient?$expand=RecipientPermission&$select=Name,RecipientPermission").await;
    assert!(
        all["value"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["RecipientPermission"][0]["Trustee"] == "NT AUTHORITY\\SELF")
    );
    let filters = |identity: &str, trustee: &str| {
        format!(
            "Recipient/Exchange.GetRecipientPermissionByFilters(identity={identity},trustee={trustee},accessRights=null)"
        )
    };
    let found = fixture.entity(&token, &filters("null", "'adele'")).await;
    let names: Vec<&Value> = found["value"].as_array().unwrap().iter().map(|row| &row["Name"]).collect();
    assert!(names.contains(&&json!("Sales Team")) && names.len() < 10, "{names:?}");
    assert!(
        found["value"].as_array().unwrap().iter().all(|row| row["RecipientPermission"].as_array().unwrap().len() == 1)
    );
    let one = fixture.entity(&token, &filters("'Sales%20Team'", "null")).await;
    assert_eq!(one["value"].as_array().unwrap().len(), 1);
    // "Sales Team" and "adele".
    let encoded = filters("'U2FsZXMgVGVhbQ%3D%3D'", "'YWRlbGU%3D'");
    let same = fixture.entity(&token, &format!("{encoded}?isEncoded=true")).await;
    assert_eq!(same["value"][0]["Name"], "Sales Team", "{same}");
    assert_eq!(fixture.entities(&token, &encoded).await.status, 404, "base64 without the option is a name");
    fixture.refused(&token, &format!("{}?isEncoded=true", filters("'Sales%20Team'", "null"))).await;
    assert_eq!(fixture.entities(&token, &filters("null", "'nobody'")).await.status, 404);
    fixture.refused(&token, &filters("adele", "null")).await;
    fixture.refused(&token, &filters("null", "null").replace("accessRights=null", "accessRights=['FullAccess']")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_entities() {
    let fixture = Fixture::with_mailboxes(60).await;
    let token = fixture.token("admin").await;
    fixture.ok(&token, "Set-CASMailbox", json!({"Identity": "adele", "PopEnabled": false})).await;
    let protocols = fixture.entity(&token, "CasMailbox('adele')").await;
    assert_eq!((protocols.as_object().unwrap().len(), &protocols["PopEnabled"]), (18, &json!(false)));
    let pop = fixture.entity(&token, "CasMailbox?$filter=PopEnabled%20eq%20false&PropertySet=Pop").await;
    assert!(pop["value"].as_array().unwrap().iter().all(|row| row["PopEnabled"] == false));
    let group = fixture.entity(&token, "Recipient('Sales%20Team')").await;
    assert_eq!((group.as_object().unwrap().len(), &group["DisplayName"]), (13, &json!("Sales Team")));
    let archive = fixture.entity(&token, "Recipient?PropertySet=Archive&$top=2").await;
    assert_eq!(archive["value"][0].as_object().unwrap().len(), 5);
    let user = fixture.entity(&token, "User('adele')?PropertySet=All").await;
    assert!(user["WhenCreated"].is_i64() && user["RemotePowerShellEnabled"] == true && user["City"].is_string());
    let devices = fixture.entity(&token, "CasMailbox?$select=HasActiveSyncDevicePartnership,Identity").await;
    let with =
        devices["value"].as_array().unwrap().iter().find(|row| row["HasActiveSyncDevicePartnership"] == true).unwrap();
    let key = encoded(with["Identity"].as_str().unwrap());
    let path = format!("Mailbox('{key}')/MobileDevice/Exchange.GetMobileDeviceStatistics()/?IsEncoded=True");
    let devices = fixture.entity(&token, &path).await;
    let device = &devices["value"][0];
    assert!(device["NumberOfFoldersSynced"].is_u64() && device["LastSuccessSync"].is_string());
    let identity = escaped(device["Identity"].as_str().unwrap());
    let again = fixture.entity(&token, &format!("GetMobileDeviceStatisticsByIdentity(Identity='{identity}')")).await;
    assert_eq!(again["DeviceID"], device["DeviceID"]);
    let sets = fixture.entity(&token, "").await;
    let sets = sets["value"].as_array().unwrap();
    assert_eq!(sets.len(), 51);
    assert!(sets.iter().any(|set| *set == json!({"name": "CasMailbox", "kind": "EntitySet", "url": "CasMailbox"})));
}

#[tokio::test(flavor = "multi_thread")]
async fn soft_deleted_and_inactive_mailboxes_are_asked_for_by_name() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    fixture.ok(&token, "Remove-Mailbox", json!({"Identity": "bruno.lacroix", "Confirm": false})).await;
    assert_eq!(fixture.entities(&token, "Mailbox('bruno.lacroix')").await.status, 404);
    let gone = fixture.entity(&token, "Mailbox('bruno.lacroix')?SoftDeletedMailbox=True").await;
    assert_eq!(gone["Alias"], "bruno.lacroix");
    let listed = fixture.entity(&token, "Mailbox?SoftDeletedMailbox=true&PropertySet=SoftDelete").await;
    assert_eq!(listed["value"].as_array().unwrap().len(), 1);
    assert!(listed["value"][0]["WhenSoftDeleted"].is_string());
    let none = fixture.entity(&token, "Mailbox?SoftDeletedMailbox=false&Filter=Alias%20-eq%20'bruno.lacroix'").await;
    assert_eq!(none["value"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_faults_and_the_throttle_apply() {
    let fixture = Fixture::with_mailboxes(30).await;
    let nobody = fixture.token("norole").await;
    let refused = fixture.entities(&nobody, "Mailbox('adele')").await;
    assert_eq!(refused.status, 401, "{}", refused.text());
    assert_eq!(refused.json()["error"]["message"], "User is not allowed to call Get-Mailbox");
    let statistics = fixture.entities(&nobody, "Mailbox('adele')/Exchange.GetMailboxStatistics()").await;
    assert_eq!(statistics.json()["error"]["message"], "User is not allowed to call Get-MailboxStatistics");
    let reader = fixture.token("viewer").await;
    assert_eq!(fixture.entities(&reader, "Mailbox('adele')").await.status, 200);
    assert_eq!(fixture.entities("no.token", "Mailbox").await.status, 401);
    let elsewhere = fixture.url("/adminapi/beta/elsewhere.example/Mailbox");
    assert_eq!(fixture.get(&reader, &elsewhere, &[]).await.status, 401);
    let domain = fixture.url("/AdminApi/v1.0/contoso.onmicrosoft.com/Mailbox('adele')");
    assert_eq!(fixture.get(&reader, &domain, &[]).await.status, 200);
    let fixture = Fixture::start(Options { mailboxes: 30, throttle_per_second: Some(1), ..Options::default() }).await;
    let viewer = fixture.token("viewer").await;
    let mut limited = false;
    for _ in 0..600 {
        limited = limited || fixture.entities(&viewer, "Mailbox('adele')").await.status == 429;
    }
    assert!(limited, "never two requests in a second");
}
