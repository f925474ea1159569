//! The clouds' own host names through the proxy: sign-in hosts, Exchange hosts, compliance hosts with their regions.

mod common;

use common::{CLIENT, CONTOSO, Fixture, call, claims};
use exo_tenant::client::{Client, Response};
use exo_tenant::clouds::CloudName;
use exo_tenant::person::{Action, End, Person, walk};
use exo_tenant::{FaultKind, Options};
use serde_json::{Value, json};

const FRONT_DOOR: &str = "https://ps.compliance.protection.outlook.com";
const REGION: &str = "https://eur02b.ps.compliance.protection.outlook.com";

/// A tenant in a cloud, seen through the proxy.
struct Cloud {
    fixture: Fixture,
    client: Client,
}

impl Cloud {
    async fn start(cloud: CloudName) -> Self {
        let fixture = Fixture::start(Options { mailboxes: 3, proxy: true, cloud, ..Options::default() }).await;
        let client = fixture.client.through_proxy(fixture.tenant.facts().proxy.as_ref().unwrap()).unwrap();
        Self { fixture, client }
    }

    async fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Response {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.client.send("POST", url, &[("content-type", "application/x-www-form-urlencoded")], body).await.unwrap()
    }

    /// A password grant at a sign-in host.
    async fn sign_in(&self, host: &str, authority: &str, resource: &str) -> Response {
        let (user, password) = (self.fixture.upn("admin"), self.fixture.password("admin"));
        let scope = format!("{resource}/.default openid profile offline_access");
        let fields = [
            ("grant_type", "password"),
            ("client_id", CLIENT),
            ("username", user.as_str()),
            ("password", password.as_str()),
            ("scope", scope.as_str()),
        ];
        self.post_form(&format!("https://{host}/{authority}/oauth2/v2.0/token"), &fields).await
    }

    async fn token(&self, host: &str, resource: &str) -> String {
        let response = self.sign_in(host, "organizations", resource).await;
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["access_token"].as_str().unwrap().to_owned()
    }

    async fn app_token(&self, resource: &str) -> String {
        let application = self.fixture.tenant.application("automation").unwrap();
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", application.app_id.as_str()),
            ("client_secret", application.secrets[0].value.as_str()),
            ("scope", &format!("{resource}/.default")),
        ];
        let response =
            self.post_form(&format!("https://login.microsoftonline.com/{CONTOSO}/oauth2/v2.0/token"), &fields).await;
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["access_token"].as_str().unwrap().to_owned()
    }

    async fn get(&self, token: &str, url: &str, headers: &[(&str, &str)]) -> Response {
        let authorization = format!("Bearer {token}");
        let headers = [headers, &[("authorization", authorization.as_str())]].concat();
        self.client.send("GET", url, &headers, "").await.unwrap()
    }

    async fn run(&self, token: &str, origin: &str, cmdlet: &str) -> Response {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let url = format!("{origin}/adminapi/beta/{CONTOSO}/InvokeCommand");
        // This machine's own address isn't reached through the proxy.
        let client = if origin.contains("//127.0.0.1") { &self.fixture.client } else { &self.client };
        client.send("POST", &url, &headers, call(cmdlet, json!({})).to_string()).await.unwrap()
    }
}

fn aadsts(response: &Response) -> u64 {
    response.json()["error_codes"][0].as_u64().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cloud_has_its_hosts_and_resources() {
    use CloudName::{O365China, O365Default, O365GermanyCloud, O365USGovDoD, O365USGovGCCHigh};
    for (cloud, login, service, resource) in [
        (O365Default, "login.microsoftonline.com", "outlook.office365.com", "https://outlook.office365.com"),
        (O365USGovGCCHigh, "login.microsoftonline.us", "outlook.office365.us", "https://outlook.office365.us"),
        (O365USGovDoD, "login.microsoftonline.us", "webmail.apps.mil", "https://outlook-dod.office365.us"),
        (O365China, "login.chinacloudapi.cn", "partner.outlook.cn", "https://partner.outlook.cn"),
        (O365GermanyCloud, "login.microsoftonline.de", "outlook.office.de", "https://outlook.office.de"),
    ] {
        let there = Cloud::start(cloud).await;
        let token = there.token(login, resource).await;
        assert_eq!(claims(&token)["aud"], resource);
        let response = there.run(&token, &format!("https://{service}"), "Get-OrganizationConfig").await;
        assert_eq!(response.status, 200, "{cloud:?}: {}", response.text());
        assert!(response.text().contains(&format!("https://{service}/adminapi/beta/")), "links are the host's own");
        let region = format!("https://any01.{service}");
        assert_eq!(there.run(&token, &region, "Get-OrganizationConfig").await.status, 200, "{region}");
        // The address without a proxy is in the same cloud.
        assert_eq!(there.run(&token, &there.fixture.tenant.facts().connection_uri, "Get-Mailbox").await.status, 200);
        // Another cloud's sign-in host doesn't know tenant and user; another cloud's resource isn't in this one.
        let other = if cloud == O365Default { "login.chinacloudapi.cn" } else { "login.microsoftonline.com" };
        let foreign = if cloud == O365Default { "https://partner.outlook.cn" } else { "https://outlook.office365.com" };
        assert_eq!(aadsts(&there.sign_in(other, CONTOSO, resource).await), 90_002, "{cloud:?}");
        assert_eq!(aadsts(&there.sign_in(other, "organizations", resource).await), 50_034, "{cloud:?}");
        assert_eq!(aadsts(&there.sign_in(login, "organizations", foreign).await), 500_011, "{cloud:?}");
        assert_eq!(there.run(&token, foreign, "Get-OrganizationConfig").await.status, 401, "{cloud:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_answers_only_what_is_its_own() {
    let there = Cloud::start(CloudName::O365Default).await;
    let login = "https://login.microsoftonline.com";
    let token = there.token("login.microsoftonline.com", "https://outlook.office365.com").await;
    assert_eq!(there.run(&token, login, "Get-OrganizationConfig").await.status, 404);
    let discovery = "/organizations/v2.0/.well-known/openid-configuration";
    assert_eq!(
        there.client.send("GET", &format!("https://outlook.office365.com{discovery}"), &[], "").await.unwrap().status,
        404
    );
    let body = there.client.send("GET", &format!("{login}{discovery}"), &[], "").await.unwrap().json();
    assert_eq!(body["token_endpoint"], format!("{login}/organizations/oauth2/v2.0/token"));
    assert_eq!(body["cloud_instance_name"], "microsoftonline.com");
    let device = there
        .post_form(
            &format!("{login}/organizations/oauth2/v2.0/devicecode"),
            &[("client_id", CLIENT), ("scope", common::SCOPE)],
        )
        .await;
    assert_eq!(device.json()["verification_uri"], format!("{login}/devicelogin"));
    let control = there.client.send("POST", &format!("{login}/.simulator"), &[], "").await.unwrap();
    assert_eq!(control.status, 404, "the control endpoint is at the tenant's own address");
    // A refusal names the sign-in host, not the service's.
    let refusal = there.run("none", "https://outlook.office365.com", "Get-Mailbox").await;
    let header = refusal.header("www-authenticate").to_owned();
    assert!(
        header.contains("authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\""),
        "{header}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_at_the_clouds_own_host() {
    let there = Cloud::start(CloudName::O365USGovGCCHigh).await;
    let challenge = "c".repeat(43);
    let query: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("client_id", CLIENT),
            ("response_type", "code"),
            ("redirect_uri", "http://localhost:53124"),
            ("scope", "https://outlook.office365.us/.default openid"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ])
        .finish();
    let person = Person {
        user: there.fixture.upn("mfa.admin"),
        password: there.fixture.password("mfa.admin"),
        approves: true,
        action: Action::SignIn,
        user_code: None,
    };
    let url = |host: &str| format!("https://{host}/organizations/oauth2/v2.0/authorize?{query}");
    let end = walk(&there.client, &url("login.microsoftonline.us"), &person, false, |_| ()).await.unwrap();
    assert!(matches!(&end, End::Sent(url) if url.contains("?code=")), "{end:?}");
    let problem = walk(&there.client, &url("login.microsoftonline.com"), &person, false, |_| ()).await.unwrap_err();
    assert!(problem.to_string().contains("couldn't find an account"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_compliance_front_door_sends_the_client_to_its_region() {
    let there = Cloud::start(CloudName::O365Default).await;
    let token = there.token("login.microsoftonline.com", FRONT_DOOR).await;
    let path = format!("/AdminApi/v1.0/{CONTOSO}/EXOModuleFile?Version=3.9.0");
    for host in [FRONT_DOOR, "https://nam12b.ps.compliance.protection.outlook.com"] {
        let response = there.get(&token, &format!("{host}{path}"), &[]).await;
        assert_eq!(response.status, 302, "{host}");
        let expected = format!("https://eur02b.admin.protection.outlook.com:446{path}");
        assert_eq!(response.header("location"), expected, "{host}");
        assert!(there.client.send("GET", &expected, &[], "").await.is_err(), "that host isn't for clients");
    }
    let response = there.get(&token, &format!("{REGION}{path}"), &[]).await;
    assert_eq!(response.status, 200, "{}", response.text());
    let exported = response.json()["value"][0]["exportedCmdlets"].as_str().unwrap().to_owned();
    let exported: Vec<&str> = exported.split(',').collect();
    assert!(exported.contains(&"Get-ComplianceSearch") && exported.contains(&"Get-Recipient"));
    assert!(!exported.contains(&"Get-Mailbox"));
    let cookie = response.header("set-cookie").split(';').next().unwrap().to_owned();
    let response = there.get(&token, &format!("{REGION}{path}"), &[("cookie", &cookie)]).await;
    assert!(response.header("set-cookie").is_empty(), "the client has the cookie already");
    let log = there.fixture.tenant.requests();
    let at_region: Vec<bool> = log
        .iter()
        .filter(|entry| entry.host == "eur02b.ps.compliance.protection.outlook.com")
        .map(|entry| entry.affinity_cookie)
        .collect();
    assert_eq!(at_region, [false, true]);
    // Without a token nobody is told a region.
    assert_eq!(there.get("none", &format!("{FRONT_DOOR}{path}"), &[]).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_has_to_name_its_organization_at_the_front_door() {
    let there = Cloud::start(CloudName::O365Default).await;
    let token = there.app_token(FRONT_DOOR).await;
    let url = format!("{FRONT_DOOR}/adminapi/beta/{CONTOSO}/EXOBanner('AutogenSession')");
    let id = there.fixture.tenant.facts().tenant_id.clone();
    for (anchor, status) in [
        ("UPN:OAuthUser@contoso.onmicrosoft.com".to_owned(), 302),
        ("UPN:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@contoso.onmicrosoft.com".to_owned(), 302),
        ("UPN:OAuthUser@fabrikam.onmicrosoft.com".to_owned(), 400),
        ("UPN:OAuthUser@contoso.example".to_owned(), 400),
        (format!("APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{id}"), 400),
        (String::new(), 400),
    ] {
        let response = there.get(&token, &url, &[("x-anchormailbox", anchor.as_str())]).await;
        assert_eq!(response.status.as_u16(), status, "{anchor}");
    }
    let region = format!("{REGION}/adminapi/beta/{CONTOSO}/EXOBanner('AutogenSession')");
    assert_eq!(there.get(&token, &region, &[]).await.status, 200, "the region needs no hint");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_takes_its_own_tokens_and_runs_its_own_cmdlets() {
    let there = Cloud::start(CloudName::O365Default).await;
    let exchange = there.token("login.microsoftonline.com", "https://outlook.office365.com").await;
    let compliance = there.token("login.microsoftonline.com", FRONT_DOOR).await;
    let direct = there.fixture.tenant.facts().connection_uri.clone();
    for (token, origin, cmdlet, status) in [
        (&exchange, "https://outlook.office365.com", "Get-Mailbox", 200),
        (&exchange, REGION, "Get-Recipient", 401),
        (&compliance, "https://outlook.office365.com", "Get-Recipient", 401),
        (&compliance, REGION, "Get-Recipient", 200),
        (&compliance, REGION, "Get-ComplianceSearch", 200),
        (&compliance, REGION, "Get-Mailbox", 403),
        (&compliance, direct.as_str(), "Get-Recipient", 200),
        (&compliance, direct.as_str(), "Get-ComplianceSearch", 200),
        (&compliance, direct.as_str(), "Get-Mailbox", 403),
        (&exchange, direct.as_str(), "Get-ComplianceSearch", 403),
    ] {
        let response = there.run(token, origin, cmdlet).await;
        assert_eq!(response.status.as_u16(), status, "{cmdlet} at {origin}: {}", response.text());
    }
    let searches = there.run(&compliance, REGION, "Get-ComplianceSearch").await.json()["value"].clone();
    assert!(searches.as_array().is_some_and(|searches| !searches.is_empty()), "{searches}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_clouds_compliance_hosts_are_there() {
    let there = Cloud::start(CloudName::O365USGovDoD).await;
    let resource = "https://ps.compliance.protection.office365.us";
    let token = there.token("login.microsoftonline.us", resource).await;
    let front_door = there.run(&token, resource, "Get-Recipient").await;
    let location = front_door.header("location").to_owned();
    assert!(location.starts_with("https://l5.admin.protection.office365.us:446/"), "{location}");
    let documented = "https://l5.ps.compliance.protection.office365.us";
    assert_eq!(there.run(&token, documented, "Get-Recipient").await.status, 200);
    let there = Cloud::start(CloudName::O365China).await;
    let resource = "https://ps.compliance.protection.partner.outlook.cn";
    let token = there.token("login.partner.microsoftonline.cn", resource).await;
    assert_eq!(there.run(&token, resource, "Get-Recipient").await.status, 302);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_front_door_may_send_the_client_to_a_region_too() {
    let there = Cloud::start(CloudName::O365Default).await;
    let token = there.token("login.microsoftonline.com", "https://outlook.office365.com").await;
    there.fixture.tenant.push_faults([FaultKind::Redirect302]);
    let response = there.run(&token, "https://outlook.office365.com", "Get-Mailbox").await;
    assert_eq!(response.status, 302);
    assert!(response.header("location").starts_with("https://eur02b.admin.protection.outlook.com:446/adminapi/"));
    assert_eq!(there.run(&token, "https://eur02b.outlook.office365.com", "Get-Mailbox").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_leads_to_the_simulated_hosts_only() {
    let there = Cloud::start(CloudName::O365Default).await;
    let refused = async |url: &str| there.client.send("GET", url, &[], "").await.unwrap_err().to_string();
    for url in [
        "https://example.com/",
        "https://eur02b.admin.protection.outlook.com/",
        "https://login.microsoftonline.com:446/",
        "https://a.b.outlook.office365.com/",
        &there.fixture.tenant.facts().connection_uri,
    ] {
        let problem = refused(url).await;
        assert!(problem.contains("502"), "{url}: {problem}");
    }
    let proxy = there.fixture.tenant.facts().proxy.clone().unwrap();
    let plain = there.fixture.client.send("GET", &format!("{proxy}/"), &[], "").await.unwrap();
    assert_eq!(plain.status, 405);
    let url = "https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration";
    assert_eq!(there.client.send("GET", url, &[], "").await.unwrap().status, 200);
    let http2 = there.client.over_http2();
    assert_eq!(http2.send("GET", url, &[], "").await.unwrap().status, 200);
    let log = there.fixture.tenant.requests();
    let connects: Vec<(&str, u16)> =
        log.iter().filter(|entry| entry.method == "CONNECT").map(|entry| (entry.path.as_str(), entry.status)).collect();
    assert_eq!(connects[0], ("example.com:443", 502));
    assert_eq!(connects.last(), Some(&("login.microsoftonline.com:443", 200)));
    assert!(log.iter().any(|entry| entry.method == "GET" && entry.host == "login.microsoftonline.com"));
    assert!(there.fixture.client.through_proxy("https://x").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn links_to_further_pages_keep_the_region() {
    let there = Cloud::start(CloudName::O365Default).await;
    let token = there.token("login.microsoftonline.com", FRONT_DOOR).await;
    let authorization = format!("Bearer {token}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
        ("prefer", "odata.maxpagesize=2"),
    ];
    let body = call("Get-Recipient", json!({"ResultSize": "Unlimited"})).to_string();
    let mut url = format!("{REGION}/adminapi/beta/{CONTOSO}/InvokeCommand");
    let mut count = 0;
    loop {
        let page: Value = there.client.send("POST", &url, &headers, body.clone()).await.unwrap().json();
        count += page["value"].as_array().unwrap().len();
        match page["@odata.nextLink"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => break,
        }
        assert!(url.starts_with(&format!("{REGION}/adminapi/beta/")), "{url}");
    }
    assert_eq!(count, 15, "three mailboxes and twelve other recipients");
}
