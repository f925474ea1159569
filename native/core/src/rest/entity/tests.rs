use super::*;
use crate::fault::FaultKind;
use serde_json::{Value, json};

fn request(cmdlet: BulkCmdlet, parameters: &Value) -> Result<BulkRequest, Fault> {
    let service = Url::parse("https://outlook.office365.com/").expect("valid");
    let parameters = RawValue::from_string(parameters.to_string()).expect("JSON");
    cmdlet.request(&service, "0a1b", &parameters)
}

/// The address below the tenant.
fn address(cmdlet: BulkCmdlet, parameters: Value) -> String {
    let url = request(cmdlet, &parameters).expect("a request").url;
    let rest = url.as_str().strip_prefix("https://outlook.office365.com/adminapi/beta/0a1b/");
    rest.expect("it is below the tenant").to_owned()
}

fn fault(cmdlet: BulkCmdlet, parameters: Value) -> Fault {
    request(cmdlet, &parameters).expect_err("it cannot be sent")
}

/// The identity that a key in an address stands for.
fn decoded(address: &str) -> String {
    let (_, rest) = address.split_once("('").expect("a key");
    let (encoded, _) = rest.split_once("')").expect("the end of the key");
    let encoded = encoded.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    String::from_utf8(BASE64_STANDARD.decode(encoded).expect("base64")).expect("UTF-8")
}

#[test]
fn the_nine_are_known_by_name() {
    for cmdlet in BulkCmdlet::ALL {
        assert_eq!(BulkCmdlet::named(&cmdlet.name().to_uppercase()), Some(cmdlet));
        assert!(cmdlet.model().property("Identity").is_some() || cmdlet == BulkCmdlet::MailboxStatistics);
    }
    assert_eq!(BulkCmdlet::named("Get-Mailbox"), None);
}

#[test]
fn lists_ask_for_the_minimum_unless_told_otherwise() {
    use BulkCmdlet::{CasMailbox, Mailbox, Recipient, RecipientPermission};
    assert_eq!(address(Mailbox, json!({})), "Mailbox?PropertySet=Minimum");
    assert_eq!(address(CasMailbox, json!({"ResultSize": "Unlimited"})), "CasMailbox?PropertySet=Minimum");
    assert_eq!(address(Recipient, json!({"ResultSize": 5})), "Recipient?PropertySet=Minimum");
    assert_eq!(
        address(RecipientPermission, json!({})),
        "Recipient?$expand=RecipientPermission&$select=RecipientPermission"
    );
    assert_eq!(
        address(Mailbox, json!({"PropertySets": ["quota", "Archive,Quota"], "Properties": ["office", "newthing"]})),
        "Mailbox?PropertySet=Minimum,Quota,Archive&$select=Office,newthing"
    );
    assert_eq!(address(Recipient, json!({"PropertySets": "Policy"})), "Recipient?PropertySet=Minimum,Policy");
    assert_eq!(address(Mailbox, json!({"PropertySets": "Quota,minimum"})), "Mailbox?PropertySet=Quota,Minimum");
    assert_eq!(address(Mailbox, json!({"Properties": "Office, office"})), "Mailbox?PropertySet=Minimum&$select=Office");
    assert_eq!(address(Mailbox, json!({"PropertySets": ["All", "Quota"]})), "Mailbox?PropertySet=All");
    assert_eq!(address(Recipient, json!({"Properties": ["*", "City"]})), "Recipient?PropertySet=All&$select=City");
    assert_eq!(
        address(CasMailbox, json!({"ProtocolSettings": true})),
        "CasMailbox?PropertySet=Minimum,ProtocolSettings"
    );
    assert_eq!(
        address(CasMailbox, json!({"ProtocolSettings": true, "PropertySets": ["ProtocolSettings", "Imap"]})),
        "CasMailbox?PropertySet=Minimum,ProtocolSettings,Imap"
    );
    assert_eq!(address(CasMailbox, json!({"ProtocolSettings": false})), "CasMailbox?PropertySet=Minimum");
    assert_eq!(address(Mailbox, json!({"Properties": null, "PropertySets": []})), "Mailbox?PropertySet=Minimum");
}

#[test]
fn parameters_travel_by_their_names() {
    use BulkCmdlet::{CasMailbox, Mailbox, Recipient, RecipientPermission};
    assert_eq!(
        address(
            Mailbox,
            json!({"Anr": "vance", "Archive": true, "Async": true, "Filter": "Office -eq 'A & B+C%'", "GroupMailbox": true,
                "InactiveMailboxOnly": true, "IncludeInactiveMailbox": true, "MailboxPlan": "Plan", "Migration": true,
                "OrganizationalUnit": "OU=x", "PublicFolder": true, "RecipientTypeDetails": ["UserMailbox", "RoomMailbox"],
                "SoftDeletedMailbox": true})
        ),
        "Mailbox?PropertySet=Minimum&Anr=vance&Archive=True&Async=True&Filter=Office%20-eq%20%27A%20%26%20B%2BC%25%27&\
         GroupMailbox=True&InactiveMailboxOnly=True&IncludeInactiveMailbox=True&MailboxPlan=Plan&Migration=True&\
         OrganizationalUnit=OU%3Dx&PublicFolder=True&RecipientTypeDetails=UserMailbox,RoomMailbox&SoftDeletedMailbox=True"
    );
    assert_eq!(
        address(
            CasMailbox,
            json!({"ActiveSyncDebugLogging": true, "GetImapProtocolLog": true, "GetPopProtocolLog": true,
                "IgnoreDefaultScope": true, "ReadIsOptimizedForAccessibility": true, "SendLogsTo": ["a@b", "c@d"]})
        ),
        "CasMailbox?PropertySet=Minimum&ActiveSyncDebugLogging=True&GetImapProtocolLog=True&GetPopProtocolLog=True&\
         IgnoreDefaultScope=True&ReadIsOptimizedForAccessibility=True&SendLogsTo=a%40b,c%40d"
    );
    assert_eq!(
        address(
            Recipient,
            json!({"IncludeSoftDeletedRecipients": true, "RecipientPreviewFilter": "x", "RecipientType": ["MailUser"],
                "RecipientTypeDetails": "RoomList"})
        ),
        "Recipient?PropertySet=Minimum&IncludeSoftDeletedRecipients=True&RecipientPreviewFilter=x&RecipientType=MailUser&\
         RecipientTypeDetails=RoomList"
    );
    // "t@x" is dEB4 in base64, and a@b is YUBi.
    let permissions = |parameters: Value| {
        let address = address(RecipientPermission, parameters);
        let (call, options) = address.split_once('?').expect("options");
        assert_eq!(options, "isEncoded=true&$expand=RecipientPermission&$select=RecipientPermission");
        call.strip_prefix("Recipient/Exchange.GetRecipientPermissionByFilters").expect("the function").to_owned()
    };
    assert_eq!(permissions(json!({"Trustee": "t@x"})), "(identity=null,trustee='dEB4',accessRights=null)");
    assert_eq!(
        permissions(json!({"Identity": "a@b", "Trustee": "t@x", "AccessRights": ["sendas"]})),
        "(identity='YUBi',trustee='dEB4',accessRights=%5B%22SendAs%22%5D)"
    );
    assert_eq!(
        permissions(json!({"AccessRights": "SendAs,x\"'"})),
        "(identity=null,trustee=null,accessRights=%5B%22SendAs%22,%22x%5C%22%27%22%5D)"
    );
    // A switch that is off says nothing.
    assert_eq!(address(Mailbox, json!({"Archive": false})), "Mailbox?PropertySet=Minimum");
}

#[test]
fn one_object_is_named_by_its_key() {
    use BulkCmdlet::{
        CasMailbox, Mailbox, MailboxFolderPermission, MailboxFolderStatistics, MailboxPermission, MailboxStatistics,
        MobileDeviceStatistics, Recipient, RecipientPermission,
    };
    // "a@b" is YUBi in base64.
    let a = json!({"Identity": "a@b"});
    assert_eq!(address(Mailbox, a.clone()), "Mailbox('YUBi')?isEncoded=true&PropertySet=Minimum");
    assert_eq!(address(CasMailbox, a.clone()), "CasMailbox('YUBi')?isEncoded=true&PropertySet=Minimum");
    assert_eq!(address(Recipient, a.clone()), "Recipient('YUBi')?isEncoded=true&PropertySet=Minimum");
    assert_eq!(
        address(RecipientPermission, a.clone()),
        "Recipient('YUBi')?isEncoded=true&$expand=RecipientPermission&$select=RecipientPermission"
    );
    assert_eq!(
        address(MailboxPermission, json!({"Identity": "a@b", "User": "c", "Owner": true, "SoftDeletedMailbox": true})),
        "Mailbox('YUBi')/MailboxPermission?isEncoded=true&Owner=True&SoftDeletedMailbox=True&User=c"
    );
    assert_eq!(
        address(
            MailboxStatistics,
            json!({"Identity": "a@b", "Archive": true, "IncludeMoveHistory": true,
            "IncludeMoveReport": true, "IncludeSoftDeletedRecipients": true})
        ),
        "Mailbox('YUBi')/Exchange.GetMailboxStatistics()?isEncoded=true&PropertySet=Minimum&Archive=True&\
         IncludeMoveHistory=True&IncludeMoveReport=True&IncludeSoftDeletedRecipients=True"
    );
    assert_eq!(
        address(MailboxFolderStatistics, a.clone()),
        "Mailbox('YUBi')/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'All')?\
         isEncoded=true"
    );
    assert_eq!(
        address(
            MailboxFolderStatistics,
            json!({"Identity": "a@b", "Folderscope": "inbox", "Archive": true,
            "DiagnosticInfo": "x", "IncludeOldestAndNewestItems": true, "IncludeSoftDeletedRecipients": true})
        ),
        "Mailbox('YUBi')/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'Inbox')?\
         isEncoded=true&Archive=True&DiagnosticInfo=x&IncludeOldestAndNewestItems=True&IncludeSoftDeletedRecipients=True"
    );
    assert_eq!(
        address(
            MobileDeviceStatistics,
            json!({"Mailbox": "a@b", "ActiveSync": true, "GetMailboxLog": true,
            "NotificationEmailAddresses": ["x@y"], "OWAforDevices": true, "RestApi": true, "ShowRecoveryPassword": true,
            "UniversalOutlook": true})
        ),
        "Mailbox('YUBi')/MobileDevice/Exchange.GetMobileDeviceStatistics()?isEncoded=true&ActiveSync=True&\
         GetMailboxLog=True&NotificationEmailAddresses=x%40y&OWAforDevices=True&RestApi=True&ShowRecoveryPassword=True&\
         UniversalOutlook=True"
    );
    // \ is XA== and \Calendar is XENhbGVuZGFy.
    assert_eq!(
        address(
            MailboxFolderPermission,
            json!({"Identity": "a@b:\\Calendar", "User": "Default", "GroupMailbox": true})
        ),
        "Mailbox('YUBi')/MailboxFolder('XENhbGVuZGFy')/MailboxFolderPermission?IsUsingMailboxFolderId=True&IsEncoded=True&\
         GroupMailbox=True&User=Default"
    );
    for root in ["a@b", "a@b:", "a@b:\\"] {
        assert_eq!(
            address(MailboxFolderPermission, json!({"Identity": root})),
            "Mailbox('YUBi')/MailboxFolder('XA%3D%3D')/MailboxFolderPermission?IsUsingMailboxFolderId=True&IsEncoded=True"
        );
    }
}

#[test]
fn the_most_exact_id_decides() {
    use BulkCmdlet::{Mailbox, MailboxStatistics, MobileDeviceStatistics};
    let guid = "7c7c0000-0000-4000-8000-000000000001";
    let zeros = "00000000-0000-0000-0000-000000000000";
    let all = json!({"Identity": "x", "ExternalDirectoryObjectId": guid, "UserPrincipalName": "u@x", "PrimarySmtpAddress": "p@x"});
    assert_eq!(decoded(&address(Mailbox, all)), "x", "what a person or the caller's side chose");
    assert_eq!(
        decoded(&address(Mailbox, json!({"ExternalDirectoryObjectId": guid, "UserPrincipalName": "u@x"}))),
        guid
    );
    assert_eq!(
        decoded(&address(
            Mailbox,
            json!({"ExternalDirectoryObjectId": zeros, "UserPrincipalName": "", "PrimarySmtpAddress": "p@x"})
        )),
        "p@x",
        "ids that are none are passed over"
    );
    assert_eq!(decoded(&address(MailboxStatistics, json!({"ExchangeGuid": guid}))), guid);
    assert_eq!(
        decoded(&address(
            MailboxStatistics,
            json!({"ExchangeGuid": guid, "DatabaseGuid": guid, "UserPrincipalName": "u@x"})
        )),
        "u@x"
    );
    assert_eq!(
        address(MailboxStatistics, json!({"ExchangeGuid": guid, "DatabaseGuid": guid})),
        format!("Mailbox/Exchange.GetMailboxStatisticsV2(mailboxGuid={guid},databaseGuid={guid})?PropertySet=Minimum")
    );
    // A device, or a mailbox's devices.
    for (identity, device) in [
        ("o'hara/ExchangeActiveSyncDevices/x", "o%27%27hara%2FExchangeActiveSyncDevices%2Fx"),
        ("CN=a\u{a7}b,CN=c", "CN%3Da%C2%A7b,CN%3Dc"),
        (guid, guid),
    ] {
        assert_eq!(
            address(MobileDeviceStatistics, json!({"Identity": identity})),
            format!("GetMobileDeviceStatisticsByIdentity(Identity='{device}')")
        );
    }
    assert_eq!(decoded(&address(MobileDeviceStatistics, json!({"Identity": "a@b"}))), "a@b");
    assert_eq!(decoded(&address(MobileDeviceStatistics, json!({"Identity": guid, "UserPrincipalName": "u@x"}))), "u@x");
}

#[test]
fn calls_are_routed_to_the_mailbox_they_are_about() {
    let anchor = |cmdlet, parameters: Value| request(cmdlet, &parameters).expect("a request").anchor;
    use BulkCmdlet::{Mailbox, MailboxFolderPermission, MailboxStatistics};
    assert_eq!(anchor(Mailbox, json!({})), None);
    assert_eq!(anchor(MailboxFolderPermission, json!({"Identity": "a@b:\\Calendar"})).as_deref(), Some("a@b"));
    let piped = json!({"Identity": "7c7c0000-0000-4000-8000-000000000001", "UserPrincipalName": "u@x"});
    assert_eq!(anchor(MailboxStatistics, piped).as_deref(), Some("u@x"));
    assert_eq!(anchor(MailboxStatistics, json!({"Identity": "alias"})), None);
}

#[test]
fn hostile_identities_stay_identities() {
    let long = "\u{e4}".repeat(4000);
    for identity in [
        "O'Hara",
        "a/b\\c",
        "a?b#c&d=e",
        "100% + 1",
        "J\u{f6}rg \u{1f600} \u{202e}x",
        "')/MailboxPermission?x=('",
        "..",
        "line\r\nbreak",
        long.as_str(),
    ] {
        for cmdlet in [BulkCmdlet::Mailbox, BulkCmdlet::Recipient, BulkCmdlet::MailboxStatistics] {
            let address = address(cmdlet, json!({"Identity": identity}));
            assert_eq!(decoded(&address), identity);
            assert!(address.is_ascii() && !address.contains(".."), "{address}");
            assert_eq!(address.matches("('").count(), 1, "{address}");
        }
        let folder = address(BulkCmdlet::MailboxFolderPermission, json!({"Identity": format!("a@b:\\{identity}")}));
        let (_, folder) = folder.split_once("/MailboxFolder").expect("a folder");
        assert_eq!(decoded(folder), format!("\\{identity}"));
    }
    let service = Url::parse("https://outlook.office365.com/").expect("valid");
    let parameters = RawValue::from_string("{}".into()).expect("JSON");
    let url = BulkCmdlet::Mailbox.request(&service, "../x?", &parameters).expect("a request").url;
    assert_eq!(url.as_str(), "https://outlook.office365.com/adminapi/beta/..%2Fx%3F/Mailbox?PropertySet=Minimum");
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    use BulkCmdlet::{
        Mailbox, MailboxFolderPermission, MailboxFolderStatistics, MailboxPermission, MailboxStatistics,
        MobileDeviceStatistics,
    };
    for (cmdlet, words) in [
        (MailboxFolderPermission, "Identity \"\" is not a valid value."),
        (MailboxFolderStatistics, "mandatory value to provide for running Get-ExoMailboxFolderStatistics."),
        (MailboxPermission, "mandatory value to provide for running Get-ExoMailboxPermission."),
        (MailboxStatistics, "2. ExchangeGuid and DatabaseGuid"),
        (MobileDeviceStatistics, "\"PrimarySmtpAddress\" parameter must be specified"),
    ] {
        for parameters in [json!({}), json!({"UserPrincipalName": ""})] {
            let fault = fault(cmdlet, parameters);
            assert_eq!((fault.kind, fault.error_id.as_str()), (FaultKind::InvalidArgument, "MissingIdentity"));
            assert!(fault.message.contains(words), "{fault}");
        }
    }
    // An empty variable must not turn one mailbox into all.
    for (name, value) in [
        ("Identity", json!("")),
        ("Identity", json!(null)),
        ("UserPrincipalName", json!("  ")),
        ("PrimarySmtpAddress", json!("")),
        ("ExternalDirectoryObjectId", json!("00000000-0000-0000-0000-000000000000")),
    ] {
        let fault = fault(Mailbox, json!({name: value}));
        assert_eq!(fault.error_id, format!("Empty{name}"));
        assert!(fault.message.contains(&format!("'{name}'")), "{fault}");
    }
    for (cmdlet, parameters, id, words) in [
        (Mailbox, json!({"Anr": ""}), "EmptyAnr", "'Anr'"),
        (Mailbox, json!({"RecipientTypeDetails": []}), "EmptyRecipientTypeDetails", "'RecipientTypeDetails'"),
        (Mailbox, json!({"PropertySets": ["Quotas"]}), "InvalidPropertySets", "Quota, Resource"),
        (BulkCmdlet::Recipient, json!({"PropertySets": "Quota"}), "InvalidPropertySets", "MailboxMove"),
        (Mailbox, json!({"Properties": ["Office&$top=1"]}), "InvalidProperties", "'Office&$top=1'"),
        (Mailbox, json!({"Filter": {"Add": "x"}}), "InvalidFilter", "'Filter'"),
        (Mailbox, json!({"Identity": ["a", "b"]}), "InvalidIdentity", "pipe"),
        (Mailbox, json!({"Identity": "x".repeat(4097)}), "TooLongIdentity", "4096"),
        (
            MailboxFolderStatistics,
            json!({"Identity": "a", "FolderScope": "Inboxes"}),
            "InvalidFolderScope",
            "Inbox, Journal",
        ),
        (MailboxStatistics, json!({"ExchangeGuid": "x"}), "InvalidExchangeGuid", "'x'"),
        (MailboxPermission, json!({"Identity": "a", "User": ""}), "EmptyUser", "'User'"),
        (BulkCmdlet::RecipientPermission, json!({"Trustee": ""}), "EmptyTrustee", "'Trustee'"),
        (BulkCmdlet::RecipientPermission, json!({"AccessRights": []}), "EmptyAccessRights", "'AccessRights'"),
        (MailboxFolderPermission, json!({"Identity": ":\\Calendar"}), "InvalidIdentity", ":\\Calendar"),
    ] {
        let fault = fault(cmdlet, parameters);
        assert_eq!((fault.kind, fault.error_id.as_str()), (FaultKind::InvalidArgument, id));
        assert!(fault.message.contains(words), "{fault}");
    }
}

#[test]
fn only_what_was_asked_for_of_a_function_that_gives_more() {
    let wanted = |parameters: Value| {
        let wanted = request(BulkCmdlet::MailboxStatistics, &parameters).expect("a request").wanted;
        wanted.only.map(|names| names.into_iter().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(
        wanted(json!({"Identity": "a", "Properties": ["LastLogonTime"]})).as_deref(),
        Some("deleteditemcount displayname itemcount lastlogontime mailboxguid totaldeleteditemsize totalitemsize")
    );
    assert_eq!(wanted(json!({"Identity": "a", "PropertySets": "All"})), None);
    let of = |parameters: Value| request(BulkCmdlet::Mailbox, &parameters).expect("a request").wanted;
    assert!(!of(json!({})).with_key && of(json!({"Properties": "objectkey"})).with_key);
    for cmdlet in [BulkCmdlet::MailboxPermission, BulkCmdlet::MailboxFolderPermission] {
        for (user, is_exact) in [
            ("b@c", true),
            ("DEFAULT", true),
            ("Anonymous", true),
            ("NT AUTHORITY\\SELF", true),
            ("adele", false),
            ("Adele Vance", false),
            ("7c7c0000-0000-4000-8000-000000000001", false),
        ] {
            let request = request(cmdlet, &json!({"Identity": "a", "User": user})).expect("a request");
            assert_eq!(request.wanted.user.as_deref(), is_exact.then_some(user));
        }
    }
    let permission = request(BulkCmdlet::RecipientPermission, &json!({"Trustee": "adele"}));
    assert_eq!(permission.expect("a request").wanted.user.as_deref(), Some("adele"));
}
