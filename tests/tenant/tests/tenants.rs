//! The second tenant, its people in the first one, and what the control endpoint does to both.

mod common;

use common::{CLIENT, CONTOSO, FABRIKAM, Fixture, SCOPE, call, claims, error_text};
use exo_tenant::client::Response;
use exo_tenant::control::Action;
use exo_tenant::person::{self, End, Person, walk};
use serde_json::{Value, json};

impl Fixture {
    /// A password grant at a tenant's own authority.
    async fn sign_in(&self, local: &str, authority: &str) -> Response {
        let (user, password) = (self.upn(local), self.password(local));
        let fields = [
            ("grant_type", "password"),
            ("client_id", CLIENT),
            ("username", user.as_str()),
            ("password", password.as_str()),
            ("scope", SCOPE),
        ];
        self.form(&format!("/{authority}/oauth2/v2.0/token"), &fields).await
    }

    async fn sign_in_token(&self, local: &str, authority: &str) -> (String, Value) {
        let response = self.sign_in(local, authority).await;
        assert_eq!(response.status, 200, "{local} at {authority}: {}", response.text());
        let body = response.json();
        (body["access_token"].as_str().unwrap().to_owned(), body)
    }

    async fn run_in(&self, token: &str, tenant: &str, cmdlet: &str) -> Response {
        let url = self.url(&format!("/adminapi/beta/{tenant}/InvokeCommand"));
        self.post(token, &url, &[], &call(cmdlet, json!({}))).await
    }

    async fn control(&self, key: &str, body: &Value) -> (u16, String) {
        let headers = [("content-type", "application/json"), ("x-simulator-key", key)];
        let response =
            self.client.send("POST", &self.tenant.facts().control.uri, &headers, body.to_string()).await.unwrap();
        (response.status.as_u16(), response.json()["error"].as_str().unwrap_or_default().to_owned())
    }
}

fn aadsts(response: &Response) -> u64 {
    response.json()["error_codes"][0].as_u64().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tenant_has_data_of_its_own() {
    let fixture = Fixture::with_mailboxes(20).await;
    let tenants = &fixture.tenant.facts().tenants;
    assert_eq!(tenants.len(), 2);
    assert_ne!(tenants[0].tenant_id, tenants[1].tenant_id);
    for (user, tenant) in [("admin", &tenants[0]), ("fabrikam.admin", &tenants[1])] {
        let (token, _) = fixture.sign_in_token(user, "organizations").await;
        assert_eq!(claims(&token)["tid"], tenant.tenant_id);
        for name in [&tenant.tenant_id, &tenant.initial_domain, &tenant.vanity_domain] {
            let response = fixture.run_in(&token, name, "Get-OrganizationConfig").await;
            let body = response.json();
            assert_eq!(body["value"][0]["DisplayName"], format!("{:?}", tenant.name), "{name}: {}", response.text());
            assert_eq!(body["value"][0]["Identity"], tenant.initial_domain.as_str());
        }
        let mailboxes = fixture.run_in(&token, &tenant.tenant_id, "Get-Mailbox").await.json();
        let mailboxes = mailboxes["value"].as_array().unwrap().clone();
        assert_eq!(mailboxes.len(), if user == "admin" { 20 } else { 7 });
        for mailbox in &mailboxes {
            let (_, domain) = mailbox["UserPrincipalName"].as_str().unwrap().rsplit_once('@').unwrap();
            assert!([&tenant.initial_domain, &tenant.vanity_domain].iter().any(|known| *known == domain), "{domain}");
            let unit = mailbox["OrganizationalUnit"].as_str().unwrap();
            assert!(unit.ends_with(&tenant.initial_domain), "{unit}");
        }
        let domains = fixture.run_in(&token, &tenant.tenant_id, "Get-AcceptedDomain").await.json();
        assert_eq!(domains["value"][0]["DomainName"], tenant.initial_domain.as_str());
        let other = tenants.iter().find(|other| other.name != tenant.name).unwrap();
        for name in [&other.tenant_id, &other.initial_domain, &other.vanity_domain] {
            assert_eq!(fixture.run_in(&token, name, "Get-OrganizationConfig").await.status, 401, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_one_tenant_is_none_in_the_other() {
    let fixture = Fixture::with_mailboxes(3).await;
    let (ours, _) = fixture.sign_in_token("admin", CONTOSO).await;
    let (theirs, _) = fixture.sign_in_token("fabrikam.admin", FABRIKAM).await;
    fixture.ok(&ours, "Set-OrganizationConfig", json!({"AppsForOfficeEnabled": false})).await;
    let setting = async |token: &str, tenant: &str| {
        fixture.run_in(token, tenant, "Get-OrganizationConfig").await.json()["value"][0]["AppsForOfficeEnabled"].clone()
    };
    assert_eq!(setting(&ours, CONTOSO).await, false);
    assert_eq!(setting(&theirs, FABRIKAM).await, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_names_each_tenant() {
    let fixture = Fixture::with_mailboxes(1).await;
    for tenant in &fixture.tenant.facts().tenants {
        for name in [&tenant.tenant_id, &tenant.initial_domain, &tenant.vanity_domain] {
            let url = fixture.url(&format!("/{name}/v2.0/.well-known/openid-configuration"));
            let body = fixture.client.send("GET", &url, &[], "").await.unwrap().json();
            let expected = format!("{}/{}", fixture.tenant.facts().connection_uri, tenant.tenant_id);
            assert_eq!(body["token_endpoint"], format!("{expected}/oauth2/v2.0/token"), "{name}");
            assert_eq!(body["issuer"], format!("{expected}/v2.0"));
        }
        let url = fixture.url(&format!("/getuserrealm.srf?login=a@{}&json=1", tenant.vanity_domain));
        let body = fixture.client.send("GET", &url, &[], "").await.unwrap().json();
        assert_eq!(body["FederationBrandName"], format!("{:?}", tenant.name));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_administers_the_other_tenant() {
    let fixture = Fixture::with_mailboxes(3).await;
    let upn = fixture.upn("partner");
    let contoso = &fixture.tenant.facts().tenants[0];
    let (token, body) = fixture.sign_in_token("partner", CONTOSO).await;
    let said = claims(&token);
    assert_eq!((&said["upn"], &said["tid"]), (&json!(upn), &json!(contoso.tenant_id)));
    assert!(said["idp"].as_str().unwrap().contains(&fixture.tenant.facts().tenants[1].tenant_id));
    let response = fixture.run_in(&token, CONTOSO, "Get-OrganizationConfig").await;
    assert_eq!(response.json()["value"][0]["DisplayName"], "Contoso");
    // A token without directory roles says nothing of the partner's.
    let mut without = said.clone();
    without["wids"] = json!([]);
    let without = fixture.tenant.state().token_key.sign(&without);
    let banner = fixture.url(&format!("/adminapi/beta/{}/EXOBanner('AutogenSession')", contoso.tenant_id));
    let refused = fixture.get(&without, &banner, &[]).await;
    assert_eq!(refused.status, 403);
    assert!(error_text(&refused).contains(&format!("The role assigned to user '{upn}'")), "{}", refused.text());
    // At home the partner has no role.
    let (home, _) = fixture.sign_in_token("partner", "organizations").await;
    assert_eq!(fixture.run_in(&home, FABRIKAM, "Get-OrganizationConfig").await.status, 403);
    // The refresh token is good for both tenants.
    let refresh = async |token: &Value, authority: &str| {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT),
            ("refresh_token", token.as_str().unwrap()),
            ("scope", SCOPE),
        ];
        fixture.form(&format!("/{authority}/oauth2/v2.0/token"), &fields).await
    };
    for (authority, tenant) in [("organizations", 1), (FABRIKAM, 1), ("contoso.example", 0)] {
        let response = refresh(&body["refresh_token"], authority).await.json();
        let token = response["access_token"].as_str().unwrap();
        assert_eq!(claims(token)["tid"], fixture.tenant.facts().tenants[tenant].tenant_id, "{authority}");
    }
    let (_, stranger) = fixture.sign_in_token("outsider", "organizations").await;
    assert_eq!(aadsts(&refresh(&stranger["refresh_token"], CONTOSO).await), 50_020);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_has_a_name_of_the_tenants_own() {
    let fixture = Fixture::with_mailboxes(3).await;
    let (token, body) = fixture.sign_in_token("visitor", CONTOSO).await;
    let said = claims(&token);
    let name = "visitor_fabrikam.onmicrosoft.com#EXT#@contoso.onmicrosoft.com";
    assert_eq!((said["upn"].as_str(), said["unique_name"].as_str()), (Some(name), Some(name)));
    assert!(said["preferred_username"].is_null());
    assert!(claims(body["id_token"].as_str().unwrap())["preferred_username"].is_null());
    let home = fixture.sign_in_token("visitor", FABRIKAM).await.0;
    assert_eq!(claims(&home)["upn"], fixture.upn("visitor"));
    assert_ne!(claims(&home)["oid"], said["oid"]);
    assert_eq!(fixture.run_in(&token, CONTOSO, "Get-OrganizationConfig").await.status, 200);
    assert_eq!(fixture.tenant.requests().last().unwrap().user.as_deref(), Some(name));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_access_gets_no_token() {
    let fixture = Fixture::with_mailboxes(1).await;
    for (user, authority, code) in [
        ("outsider", CONTOSO, 50_020),
        ("fabrikam.admin", CONTOSO, 50_020),
        ("admin", FABRIKAM, 50_020),
        ("blocked", CONTOSO, 53_003),
        ("blocked", "organizations", 53_003),
        ("expired.password", "organizations", 50_055),
        ("disabled", "organizations", 50_057),
    ] {
        let response = fixture.sign_in(user, authority).await;
        assert_eq!((response.status.as_u16(), aadsts(&response)), (400, code), "{user} at {authority}");
        assert_eq!(response.json()["error"], "invalid_grant");
    }
    assert_eq!(fixture.sign_in("outsider", FABRIKAM).await.status, 200);
    // A wrong password says nothing about the account.
    assert_eq!(aadsts(&fixture.ropc("blocked", &[("password", "wrong")]).await), 50_126);
    assert_eq!(aadsts(&fixture.ropc("expired.password", &[("password", "wrong")]).await), 50_126);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sign_in_page_knows_the_tenant_it_is_for() {
    let fixture = Fixture::with_mailboxes(1).await;
    let visit = async |local: &str, authority: &str| {
        let challenge = "c".repeat(43);
        let query: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", CLIENT),
                ("response_type", "code"),
                ("redirect_uri", "http://localhost:53124"),
                ("scope", SCOPE),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let person = Person {
            user: fixture.upn(local),
            password: fixture.password(local),
            approves: true,
            action: person::Action::SignIn,
            user_code: None,
        };
        let url = fixture.url(&format!("/{authority}/oauth2/v2.0/authorize?{query}"));
        walk(&fixture.client, &url, &person, false, |_| ()).await
    };
    for (user, authority) in [("admin", CONTOSO), ("visitor", CONTOSO), ("partner", CONTOSO), ("outsider", FABRIKAM)] {
        let End::Sent(url) = visit(user, authority).await.unwrap() else { panic!("{user} isn't sent back") };
        assert!(url.contains("?code="), "{user}: {url}");
    }
    for (user, authority, code) in
        [("outsider", CONTOSO, "50020"), ("blocked", "organizations", "53003"), ("expired.password", CONTOSO, "50055")]
    {
        let problem = visit(user, authority).await.unwrap_err().to_string();
        assert!(problem.contains(&format!("AADSTS{code}")), "{user}: {problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_of_the_partner_works_in_both_tenants() {
    let fixture = Fixture::with_mailboxes(3).await;
    let application = fixture.tenant.application("partner-app").unwrap();
    assert_eq!(application.consented_in.len(), 1);
    let (ours, theirs) =
        (fixture.app_token("partner-app", CONTOSO).await, fixture.app_token("partner-app", FABRIKAM).await);
    assert_ne!(claims(&ours)["oid"], claims(&theirs)["oid"]);
    for (token, tenant, other, name) in
        [(&ours, CONTOSO, FABRIKAM, "Contoso"), (&theirs, FABRIKAM, CONTOSO, "Fabrikam")]
    {
        let response = fixture.run_in(token, tenant, "Get-OrganizationConfig").await;
        assert_eq!(response.json()["value"][0]["DisplayName"], name, "{}", response.text());
        assert_eq!(fixture.run_in(token, other, "Get-OrganizationConfig").await.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_endpoint_does_what_the_library_does() {
    let fixture = Fixture::with_mailboxes(1).await;
    let key = fixture.tenant.facts().control.key.clone();
    let token = fixture.token("admin").await;
    let status = async || fixture.run(&token, "Get-OrganizationConfig", json!({})).await.status.as_u16();
    let done = (200, String::new());

    assert_eq!(
        fixture.control(&key, &json!({"action": "pushFaults", "faults": ["busy-503", "expired-401"]})).await,
        done
    );
    assert_eq!((status().await, status().await, status().await), (503, 401, 200));
    assert_eq!(fixture.control(&key, &json!({"action": "setFaults", "faults": ["busy-503:2"]})).await, done);
    assert_eq!((status().await, status().await, status().await), (200, 503, 200));
    assert_eq!(fixture.control(&key, &json!({"action": "setFaults", "faults": []})).await, done);
    assert_eq!((status().await, status().await), (200, 200));

    let capable = json!({"access_token": {"xms_cc": {"values": ["cp1"]}}}).to_string();
    let capable =
        fixture.ropc("admin", &[("claims", &capable)]).await.json()["access_token"].as_str().unwrap().to_owned();
    let revoke = json!({"action": "revokeSessions", "user": fixture.upn("admin")});
    assert_eq!(fixture.control(&key, &revoke).await, done);
    assert_eq!(fixture.run(&capable, "Get-OrganizationConfig", json!({})).await.status, 401);
    let application = fixture.tenant.application("automation").unwrap();
    let fields = [("client_id", application.app_id.as_str()), ("client_secret", &application.secrets[0].value)];
    for (action, code) in [("disableApp", 7_000_112), ("enableApp", 0)] {
        assert_eq!(fixture.control(&key, &json!({"action": action, "appId": application.app_id})).await, done);
        assert_eq!(aadsts(&fixture.app_grant(CONTOSO, &fields).await), code, "{action}");
    }
    fixture.tenant.control(&Action::DisableApp { app_id: application.app_id.clone() }).unwrap();
    assert_eq!(aadsts(&fixture.app_grant(CONTOSO, &fields).await), 7_000_112);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_endpoint_is_not_for_everybody() {
    let fixture = Fixture::with_mailboxes(1).await;
    let key = fixture.tenant.facts().control.key.clone();
    let action = json!({"action": "setFaults", "faults": []});
    assert_eq!(fixture.control("", &action).await.0, 403);
    assert_eq!(fixture.control("wrong", &action).await.0, 403);
    let uri = &fixture.tenant.facts().control.uri;
    let headers = [("x-simulator-key", key.as_str())];
    assert_eq!(fixture.client.send("GET", uri, &headers, "").await.unwrap().status, 405);
    assert_eq!(fixture.client.send("POST", uri, &headers, action.to_string()).await.unwrap().status, 415);
    for (body, word) in [
        (json!({"action": "explode"}), "explode"),
        (json!({"action": "setFaults"}), "faults"),
        (json!({"action": "setFaults", "faults": ["busy-503:0"]}), "number of requests"),
        (json!({"action": "pushFaults", "faults": ["busy-503:7"]}), "unknown fault"),
        (json!({"action": "revokeSessions", "user": "nobody@contoso.example"}), "nobody"),
        (json!({"action": "disableApp", "appId": "nobody"}), "nobody"),
        (json!({"action": "disableApp", "app_id": "nobody"}), "app"),
        (json!({"action": "setArcKeyBytes", "bytes": 0}), "bytes"),
        (json!([]), ""),
    ] {
        let (status, message) = fixture.control(&key, &body).await;
        assert_eq!(status, 400, "{body}");
        assert!(message.contains(word), "{body}: {message}");
    }
    assert_eq!(fixture.control(&key, &action).await.0, 200);
    assert!(fixture.tenant.requests().iter().all(|entry| !serde_json::to_string(entry).unwrap().contains(&key)));
}
