//! Where a connection goes: clouds, the compliance service, organizations of customers and hosts, and which connection a
//! command runs on.

mod common;

use common::*;
use exo_core::{command, connection};
use exo_tenant::{
    Options,
    clouds::CloudName,
    person::{Action, Person},
};
use serde_json::{Value, json};

/// Settings that reach the tenant by the real names of a cloud, through the tenant's proxy.
fn by_name(service: &Service, flow: &str, user: Option<&str>) -> Value {
    let facts = service.tenant.facts();
    let mut settings = service.settings(flow, user);
    settings["connectionUri"] = Value::Null;
    settings["authorizationUri"] = Value::Null;
    settings["environmentVariables"]["HTTPS_PROXY"] = facts.proxy.clone().expect("there is a proxy").into();
    settings
}

fn connects(settings: &Value, secret: &str) -> (String, Value) {
    let information = finish(open(settings, secret)).expect("connects").result;
    (information["connectionId"].as_str().expect("an id").to_owned(), information)
}

/// The host names that the tenant's proxy was asked for, in order and without repetition.
fn hosts(service: &Service) -> Vec<String> {
    let requests = service.tenant.requests();
    let mut hosts: Vec<String> =
        requests.iter().filter(|entry| entry.method == "CONNECT").map(|entry| entry.path.clone()).collect();
    hosts.dedup();
    hosts
}

#[test]
fn every_cloud_is_reached_by_its_names() {
    for (cloud, name, service_host, login_host) in [
        (CloudName::O365Default, "O365Default", "outlook.office365.com", "login.microsoftonline.com"),
        (CloudName::O365USGovGCCHigh, "O365USGovGCCHigh", "outlook.office365.us", "login.microsoftonline.us"),
        (CloudName::O365USGovDoD, "O365USGovDoD", "outlook-dod.office365.us", "login.microsoftonline.us"),
        (CloudName::O365China, "O365China", "partner.outlook.cn", "login.chinacloudapi.cn"),
        (CloudName::O365GermanyCloud, "O365GermanyCloud", "outlook.office.de", "login.microsoftonline.de"),
    ] {
        let service = Service::start(Options { mailboxes: 3, proxy: true, cloud, ..Options::default() });
        let mut settings = by_name(&service, "password", Some("admin"));
        settings["environment"] = name.into();
        let (id, information) = connects(&settings, &service.password("admin"));
        assert_eq!(information["connectionUri"], format!("https://{service_host}"));
        assert_eq!(information["azureAdAuthorizationEndpointUri"], format!("https://{login_host}/organizations"));
        assert_eq!(run(&id, "Get-Mailbox", &json!({})).expect("runs").rows.len(), 3);
        assert_eq!(hosts(&service), [format!("{login_host}:443"), format!("{service_host}:443")]);

        // The address alone tells the cloud too.
        let mut settings = by_name(&service, "password", Some("admin"));
        settings["connectionUri"] = format!("https://{service_host}/powershell-liveid/").into();
        connects(&settings, &service.password("admin"));
    }
}

#[test]
fn another_cloud_does_not_know_the_account() {
    let service = Service::start(Options { mailboxes: 3, proxy: true, ..Options::default() });
    let mut settings = by_name(&service, "password", Some("admin"));
    settings["environment"] = "O365China".into();
    let fault = finish(open(&settings, &service.password("admin"))).expect_err("nobody there");
    assert_eq!(fault["kind"], "authentication", "{fault}");
    assert!(fault["errorId"].as_str().is_some_and(|id| id.starts_with("AADSTS")), "{fault}");
    assert!(fault["message"].as_str().is_some_and(|text| text.contains("cloud")), "{fault}");
}

#[test]
fn the_compliance_service_sends_the_connection_to_its_region() {
    let service = Service::start(Options { mailboxes: 3, proxy: true, ..Options::default() });
    let mut settings = by_name(&service, "password", Some("admin"));
    settings["isEopSession"] = true.into();
    let (id, information) = connects(&settings, &service.password("admin"));
    assert_eq!(information["connectionUri"], "https://ps.compliance.protection.outlook.com");
    assert_eq!(information["isEopSession"], true);
    assert_eq!(information["connectionUsedForInbuiltCmdlets"], false);
    assert!(information["name"].as_str().is_some_and(|name| name.starts_with("ExchangeOnlineProtection_")));
    assert!(!run(&id, "Get-Recipient", &json!({})).expect("it is there too").rows.is_empty());
    let hosts = hosts(&service);
    assert_eq!(
        hosts.last().map(String::as_str),
        Some("eur02b.ps.compliance.protection.outlook.com:443"),
        "after the first answer everything goes to the region: {hosts:?}"
    );
    assert!(hosts.iter().all(|host| !host.contains(":446")), "{hosts:?}");
    let fault = run(&id, "Get-Mailbox", &json!({})).expect_err("it has no mailboxes");
    assert_eq!(fault["kind"], "denied", "{fault}");
}

/// Signs in as a person of any of the tenants.
fn sign_in_as(service: &Service, settings: &Value, user: &str) -> Result<Outcome, Value> {
    let accounts = &service.tenant.facts().accounts;
    let account = accounts.iter().find(|account| account.user_principal_name == user).expect("there is this account");
    let person = Person {
        user: user.to_owned(),
        password: account.password.clone(),
        approves: true,
        action: Action::SignIn,
        user_code: None,
    };
    service.browse(settings, Some(&person))
}

fn organization_name(id: &str) -> Value {
    run(id, "Get-OrganizationConfig", &json!({})).expect("runs").rows[0]["Name"].clone()
}

#[test]
fn partners_and_guests_work_on_the_organization_they_name() {
    let service = Service::with_mailboxes(3);
    let contoso = service.tenant.facts().organization.clone();
    for (user, organization, name) in [
        ("partner@fabrikam.onmicrosoft.com", Some(contoso.as_str()), contoso.as_str()),
        ("visitor@fabrikam.onmicrosoft.com", Some(&service.tenant.facts().tenant_id), contoso.as_str()),
        ("fabrikam.admin@fabrikam.onmicrosoft.com", None, "fabrikam.onmicrosoft.com"),
    ] {
        let mut settings = service.settings("browser", Some(user));
        settings["delegatedOrganization"] = organization.map_or(Value::Null, Into::into);
        let information = sign_in_as(&service, &settings, user).expect(user).result;
        let id = information["connectionId"].as_str().expect("an id");
        assert_eq!(organization_name(id), name, "{user}");
        assert_eq!(information["tenantId"] == service.tenant.facts().tenant_id, organization.is_some());
        assert_eq!(information["delegatedOrganization"], organization.map_or(Value::Null, Into::into));
    }
    let anchors: Vec<String> = service
        .tenant
        .requests()
        .into_iter()
        .filter(|entry| entry.cmdlet_name.as_deref() == Some("Get-OrganizationConfig"))
        .filter_map(|entry| entry.anchor_mailbox)
        .collect();
    let system = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}";
    assert_eq!(
        anchors,
        [
            format!("UPN:{system}@{contoso}"),
            format!("APP:{system}@{}", service.tenant.facts().tenant_id),
            "UPN:fabrikam.admin@fabrikam.onmicrosoft.com".to_owned()
        ]
    );
}

#[test]
fn an_outsider_gets_no_connection_to_the_organization() {
    let service = Service::with_mailboxes(3);
    let outsider = service.upn("outsider");
    let mut settings = service.settings("password", Some("outsider"));
    settings["delegatedOrganization"] = service.tenant.facts().organization.clone().into();
    let fault = finish(open(&settings, &service.password("outsider"))).expect_err(&outsider);
    assert_eq!(fault["errorId"], "AADSTS50020", "{fault}");
    assert!(fault["message"].as_str().is_some_and(|text| text.contains("-DelegatedOrganization")), "{fault}");
    // Without the customer's name the account would land at home in silence; -Organization makes sure that it does not.
    let mut settings = service.settings("password", Some("outsider"));
    settings["organization"] = service.tenant.facts().organization.clone().into();
    let fault = finish(open(&settings, &service.password("outsider"))).expect_err("another tenant");
    assert_eq!(fault["errorId"], "OrganizationMismatch", "{fault}");
}

/// Runs `Get-OrganizationConfig` on the connection that the core chooses, and gives the organization's name.
fn chosen(request: Value) -> Result<Value, Value> {
    let mut all = json!({"cmdletName": "Get-OrganizationConfig", "parameters": {}, "isRead": true});
    for (name, value) in request.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    finish(command::start(all.to_string().as_bytes())).map(|outcome| outcome.rows[0]["Name"].clone())
}

#[test]
fn commands_find_their_connection_by_id_prefix_and_kind() {
    let service = Service::with_mailboxes(3);
    let contoso = service.tenant.facts().organization.clone();
    let fabrikam = "fabrikam.onmicrosoft.com";
    let connect = |user: &str, prefix: Option<&str>| {
        let accounts = &service.tenant.facts().accounts;
        let account = accounts.iter().find(|account| account.user_principal_name == user).expect("an account");
        let mut settings = service.settings("password", None);
        settings["userPrincipalName"] = user.into();
        settings["prefix"] = prefix.map_or(Value::Null, Into::into);
        connects(&settings, &account.password).0
    };
    // The prefixes of this test are its own: other tests of this program have connections too.
    let first = connect(&service.upn("admin"), Some("Choice1"));
    let second = connect("fabrikam.admin@fabrikam.onmicrosoft.com", Some("Choice2"));
    assert_eq!(chosen(json!({"prefix": "choice1"})).expect("runs"), contoso);
    assert_eq!(chosen(json!({"prefix": "Choice2"})).expect("runs"), fabrikam);
    assert_eq!(chosen(json!({"connectionId": first})).expect("runs"), contoso);
    assert_eq!(chosen(json!({"connectionId": second, "prefix": "Choice1"})).expect("runs"), fabrikam);
    let third = connect("fabrikam.admin@fabrikam.onmicrosoft.com", Some("Choice1"));
    assert_eq!(chosen(json!({"prefix": "Choice1"})).expect("the last one"), fabrikam);
    assert_eq!(connection::close(&[third]).len(), 1);
    assert_eq!(chosen(json!({"prefix": "Choice1"})).expect("the one that is left"), contoso);
    let fault = chosen(json!({"prefix": "Choice1", "surface": "compliance"})).expect_err("there is none");
    assert_eq!(
        fault["message"],
        format!(
            "You must call Connect-IPPSSession before calling any other cmdlet. This is a cmdlet of Security & Compliance, \
             and what is open is to Exchange Online ({}).",
            service.upn("admin")
        )
    );
    assert_eq!(connection::close(&[first, second]).len(), 2);
    assert_eq!(chosen(json!({"prefix": "Choice1"})).expect_err("closed")["errorId"], "NotConnected");
}
