//! Applications: secrets, certificates, federated credentials, what their tokens say and what they may do.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{CLIENT, CONTOSO, FABRIKAM, Fixture, call, claims, error_text};
use exo_tenant::client::Response;
use exo_tenant::entra::federation::{AUDIENCE, ISSUER, SUBJECT};
use exo_tenant::state::now;
use exo_tenant::{Options, Tenant};
use serde_json::{Value, json};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn code(response: &Response) -> (u16, u64) {
    (response.status.as_u16(), response.json()["error_codes"][0].as_u64().unwrap_or(0))
}

/// An assertion in the making: what is right, for a test to spoil.
struct Assertion {
    certificate: &'static str,
    algorithm: &'static str,
    header: Value,
    claims: Value,
}

impl Assertion {
    fn new(tenant: &Tenant, app: &str, certificate: &'static str, algorithm: &'static str) -> Self {
        let app_id = &tenant.application(app).unwrap().app_id;
        let thumbprint = tenant.certificate(certificate).unwrap().x5t_s256();
        Self {
            certificate,
            algorithm,
            header: json!({"alg": algorithm, "typ": "JWT", "x5t#S256": thumbprint}),
            claims: json!({
                "aud": format!("{}/{CONTOSO}/oauth2/v2.0/token", tenant.facts().connection_uri),
                "iss": app_id,
                "sub": app_id,
                "jti": "6f1c2c1e-6f0e-4f6b-8d35-0c6f4a1f7c11",
                "iat": now(),
                "nbf": now(),
                "exp": now() + 600,
            }),
        }
    }

    fn sign(&self, tenant: &Tenant) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(self.header.to_string()),
            URL_SAFE_NO_PAD.encode(self.claims.to_string())
        );
        let signature = tenant.sign_with_certificate(self.certificate, self.algorithm, signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Fixture {
    async fn with_certificates() -> Self {
        Self::start(Options { mailboxes: 3, certificates: true, ..Options::default() }).await
    }

    fn app_id(&self, name: &str) -> String {
        self.tenant.application(name).unwrap().app_id.clone()
    }

    async fn assert(&self, tenant: &str, app: &str, assertion: &str) -> Response {
        let fields = [
            ("client_id", self.app_id(app)),
            ("client_assertion_type", JWT_BEARER.to_owned()),
            ("client_assertion", assertion.to_owned()),
        ];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.app_grant(tenant, &fields).await
    }

    async fn assertion(&self, change: impl FnOnce(&mut Assertion)) -> Response {
        let mut assertion = Assertion::new(&self.tenant, "automation", "automation", "PS256");
        change(&mut assertion);
        self.assert(CONTOSO, "automation", &assertion.sign(&self.tenant)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_checked() {
    let fixture = Fixture::with_mailboxes(1).await;
    let application = fixture.tenant.application("automation").unwrap();
    let (id, good, old) =
        (application.app_id.as_str(), application.secrets[0].value.as_str(), application.secrets[1].value.as_str());
    let status = async |tenant: &str, fields: &[(&str, &str)]| code(&fixture.app_grant(tenant, fields).await);
    let tenant_id = fixture.tenant.facts().tenant_id.as_str();
    for tenant in [CONTOSO, "contoso.example", tenant_id] {
        assert_eq!(status(tenant, &[("client_id", id), ("client_secret", good)]).await, (200, 0), "{tenant}");
    }
    assert_eq!(application.secrets[1].state, "expired");
    for (tenant, fields, expected) in [
        (CONTOSO, [("client_id", id), ("client_secret", "wrong")], (401, 7_000_215)),
        (CONTOSO, [("client_id", id), ("client_secret", old)], (401, 7_000_222)),
        (CONTOSO, [("client_id", id), ("client_secret", "")], (401, 7_000_218)),
        (CONTOSO, [("client_id", ""), ("client_secret", good)], (400, 900_144)),
        (CONTOSO, [("client_id", "11111111-2222-4333-8444-555555555555"), ("client_secret", good)], (400, 700_016)),
        (FABRIKAM, [("client_id", id), ("client_secret", good)], (400, 700_016)),
        ("organizations", [("client_id", id), ("client_secret", good)], (400, 50_059)),
        ("common", [("client_id", id), ("client_secret", good)], (400, 50_059)),
        ("nowhere.example", [("client_id", id), ("client_secret", good)], (400, 90_002)),
        (CONTOSO, [("client_id", CLIENT), ("client_secret", good)], (401, 700_025)),
        (CONTOSO, [("client_id", CLIENT), ("client_secret", "")], (401, 7_000_218)),
    ] {
        assert_eq!(status(tenant, &fields).await, expected, "{tenant} {fields:?}");
    }
    for (scope, expected) in [
        ("https://outlook.office365.com/.default openid", (400, 1_002_012)),
        ("https://outlook.office365.com/Exchange.ManageAsApp", (400, 1_002_012)),
        ("https://outlook.office365.com//.default", (400, 500_011)),
        ("https://outlook.office365.us/.default", (400, 500_011)),
        ("https://graph.microsoft.com/.default", (400, 500_011)),
        ("", (400, 900_144)),
        ("https://ps.compliance.protection.outlook.com/.default", (200, 0)),
    ] {
        let fields = [("client_id", id), ("client_secret", good), ("scope", scope)];
        assert_eq!(status(CONTOSO, &fields).await, expected, "{scope}");
    }
    // Nobody signs in to an application for unattended work.
    let fields = [("client_id", id), ("scope", common::SCOPE)];
    assert_eq!(code(&fixture.form("/organizations/oauth2/v2.0/devicecode", &fields).await), (401, 7_000_218));
    assert_eq!(code(&fixture.ropc("admin", &[("client_id", id)]).await), (401, 7_000_218));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applications_token_is_not_a_users() {
    let fixture = Fixture::with_mailboxes(1).await;
    let application = fixture.tenant.application("automation").unwrap();
    let fields = [("client_id", application.app_id.as_str()), ("client_secret", &application.secrets[0].value)];
    let body = fixture.app_grant(CONTOSO, &fields).await.json();
    assert!(body["refresh_token"].is_null() && body["id_token"].is_null() && body["scope"].is_null());
    let claims = claims(body["access_token"].as_str().unwrap());
    assert_eq!(claims["idtyp"], "app");
    assert_eq!(claims["appid"], application.app_id);
    assert_eq!(claims["appidacr"], "1");
    assert_eq!(claims["roles"], json!(["Exchange.ManageAsApp"]));
    assert_eq!(claims["tid"], fixture.tenant.facts().tenant_id);
    assert_eq!(claims["aud"], "https://outlook.office365.com");
    assert!(claims["wids"].as_array().unwrap().contains(&json!("29232cdf-9323-42fd-ade2-1d097af3e4de")));
    for name in ["upn", "scp", "unique_name", "preferred_username"] {
        assert!(claims[name].is_null(), "{name}");
    }
    let log = fixture.tenant.requests();
    assert_eq!(log.last().unwrap().user.as_deref(), Some(application.app_id.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_application_gets_no_more_tokens() {
    let fixture = Fixture::with_mailboxes(1).await;
    let token = fixture.app_token("automation", CONTOSO).await;
    let application = fixture.tenant.application("automation").unwrap();
    fixture.tenant.disable_application(&application.app_id).unwrap();
    let fields = [("client_id", application.app_id.as_str()), ("client_secret", &application.secrets[0].value)];
    assert_eq!(code(&fixture.app_grant(CONTOSO, &fields).await), (400, 7_000_112));
    assert_eq!(fixture.run(&token, "Get-OrganizationConfig", json!({})).await.status, 200, "a token lives on");
    assert!(fixture.tenant.disable_application("nobody").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn assertions_of_every_algorithm_are_verified() {
    let fixture = Fixture::with_certificates().await;
    for (certificate, algorithm) in
        [("automation", "PS256"), ("automation", "RS256"), ("automation-p256", "ES256"), ("automation-p384", "ES384")]
    {
        let mut assertion = Assertion::new(&fixture.tenant, "automation", certificate, algorithm);
        let response = fixture.assert(CONTOSO, "automation", &assertion.sign(&fixture.tenant)).await;
        assert_eq!(response.status, 200, "{algorithm}: {}", response.text());
        assert_eq!(claims(response.json()["access_token"].as_str().unwrap())["appidacr"], "2");
        // The older thumbprint, alone and next to the newer one.
        let old = fixture.tenant.certificate(certificate).unwrap().x5t();
        assertion.header["x5t"] = old.clone().into();
        assert_eq!(fixture.assert(CONTOSO, "automation", &assertion.sign(&fixture.tenant)).await.status, 200);
        assertion.header.as_object_mut().unwrap().remove("x5t#S256");
        assert_eq!(fixture.assert(CONTOSO, "automation", &assertion.sign(&fixture.tenant)).await.status, 200);
        // A signature over something else.
        let mut spoilt = assertion.sign(&fixture.tenant);
        let other = URL_SAFE_NO_PAD.encode(json!({"iss": "x"}).to_string());
        let parts: Vec<&str> = spoilt.split('.').collect();
        spoilt = format!("{}.{other}.{}", parts[0], parts[2]);
        assert_eq!(code(&fixture.assert(CONTOSO, "automation", &spoilt).await), (401, 700_027), "{algorithm}");
        // An algorithm that isn't the key's.
        for wrong in ["PS256", "RS256", "ES256", "ES384", "ES512", "none", "HS256"] {
            if wrong != algorithm {
                assertion.header["alg"] = wrong.into();
                let response = fixture.assert(CONTOSO, "automation", &assertion.sign(&fixture.tenant)).await;
                assert_eq!(code(&response), (401, 700_027), "{algorithm} called {wrong}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_has_to_be_exactly_right() {
    let fixture = Fixture::with_certificates().await;
    assert_eq!(fixture.assertion(|_| ()).await.status, 200);
    let tenant_id = fixture.tenant.facts().tenant_id.clone();
    let origin = fixture.tenant.facts().connection_uri.clone();
    let by_id = format!("{origin}/{tenant_id}/oauth2/v2.0/token");
    assert_eq!(fixture.assertion(|a| a.claims["aud"] = by_id.into()).await.status, 200);
    let other_id = fixture.tenant.facts().tenants[1].tenant_id.clone();
    let set = |name: &'static str, value: Value| move |assertion: &mut Assertion| assertion.claims[name] = value;
    for (name, value, expected) in [
        ("aud", json!("https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token"), 700_023),
        ("aud", json!(format!("{origin}/organizations/oauth2/v2.0/token")), 700_023),
        ("aud", json!(format!("{origin}/{other_id}/oauth2/v2.0/token")), 700_023),
        ("aud", json!(format!("{origin}/{CONTOSO}/v2.0")), 700_023),
        ("iss", json!("11111111-2222-4333-8444-555555555555"), 700_021),
        ("sub", json!("11111111-2222-4333-8444-555555555555"), 700_021),
        ("sub", Value::Null, 700_021),
        ("exp", json!(now() - 400), 700_024),
        ("exp", json!(now() + 7200), 700_024),
        ("exp", Value::Null, 700_024),
        ("nbf", json!(now() + 500), 700_024),
        ("nbf", Value::Null, 700_024),
    ] {
        let response = fixture.assertion(set(name, value.clone())).await;
        assert_eq!(code(&response), (401, expected), "{name} {value}");
    }
    assert_eq!(code(&fixture.assertion(set("jti", Value::Null)).await), (401, 50_027));
    let header = |name: &'static str, value: Value| move |assertion: &mut Assertion| assertion.header[name] = value;
    for (name, value) in
        [("typ", Value::Null), ("x5t#S256", json!("AAAA")), ("x5t#S256", json!(5)), ("x5t", json!("AAAA"))]
    {
        assert_eq!(code(&fixture.assertion(header(name, value.clone())).await), (401, 700_027), "{name} {value}");
    }
    let no_thumbprint = fixture.assertion(|assertion| {
        assertion.header.as_object_mut().unwrap().remove("x5t#S256");
    });
    assert_eq!(code(&no_thumbprint.await), (401, 700_027));
    for text in ["", "a.b", "a.b.c", "..."] {
        let expected = if text.is_empty() { (401, 7_000_218) } else { (400, 50_027) };
        assert_eq!(code(&fixture.assert(CONTOSO, "automation", text).await), expected, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_belong_to_one_application() {
    let fixture = Fixture::with_certificates().await;
    let unregistered = Assertion::new(&fixture.tenant, "automation", "automation-unregistered", "PS256");
    assert_eq!(code(&fixture.assert(CONTOSO, "automation", &unregistered.sign(&fixture.tenant)).await), (401, 700_027));
    let other = Assertion::new(&fixture.tenant, "automation", "reporting", "ES256");
    assert_eq!(code(&fixture.assert(CONTOSO, "automation", &other.sign(&fixture.tenant)).await), (401, 700_027));
    let stranger = Assertion::new(&fixture.tenant, "automation", "automation", "PS256");
    assert_eq!(code(&fixture.assert(CONTOSO, "reporting", &stranger.sign(&fixture.tenant)).await), (401, 700_027));
    let partner = Assertion::new(&fixture.tenant, "partner-app", "partner-app", "ES256");
    let response = fixture.assert(CONTOSO, "partner-app", &partner.sign(&fixture.tenant)).await;
    assert_eq!(response.status, 200, "{}", response.text());
    let fields = [
        ("client_id", fixture.app_id("automation")),
        (
            "client_assertion",
            Assertion::new(&fixture.tenant, "automation", "automation", "PS256").sign(&fixture.tenant),
        ),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(code(&fixture.app_grant(CONTOSO, &fields).await), (400, 900_144), "the type is missing");
    let wrong = [fields.as_slice(), &[("client_assertion_type", "saml")]].concat();
    assert_eq!(code(&fixture.app_grant(CONTOSO, &wrong).await), (400, 90_023));
    let both = [fields.as_slice(), &[("client_assertion_type", JWT_BEARER), ("client_secret", "x")]].concat();
    assert_eq!(code(&fixture.app_grant(CONTOSO, &both).await), (400, 90_023));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_the_trusted_issuer_are_accepted() {
    let fixture = Fixture::with_mailboxes(1).await;
    let grant = async |app: &str, token: &str| code(&fixture.assert(CONTOSO, app, token).await);
    let token = |issuer, subject, audience, life| fixture.tenant.federated_token(issuer, subject, audience, life);
    let good = token(ISSUER, SUBJECT, AUDIENCE, 600);
    assert_eq!(grant("automation", &good).await, (200, 0));
    assert_eq!(grant("reporting", &good).await, (401, 700_211), "it trusts nobody");
    for (spoilt, expected) in [
        (token("https://elsewhere.example", SUBJECT, AUDIENCE, 600), 700_211),
        (token(ISSUER, "another", AUDIENCE, 600), 700_213),
        (token(ISSUER, SUBJECT, "another", 600), 700_212),
        (token(ISSUER, SUBJECT, AUDIENCE, -400), 700_024),
    ] {
        assert_eq!(grant("automation", &spoilt).await, (401, expected));
    }
    let parts: Vec<&str> = good.split('.').collect();
    let forged = format!("{}.{}.{}", parts[0], parts[1], URL_SAFE_NO_PAD.encode([1; 256]));
    assert_eq!(grant("automation", &forged).await, (401, 700_027));
}

#[tokio::test(flavor = "multi_thread")]
async fn permission_and_role_decide_what_an_application_may_do() {
    let fixture = Fixture::with_mailboxes(3).await;
    let base = fixture.url(&format!("/adminapi/v1.0/{}", fixture.tenant.facts().tenant_id));
    let addresses = [format!("{base}/EXOModuleFile?Version=3.9.0"), format!("{base}/EXOBanner('AutogenSession')")];
    let first_calls = async |token: &str| {
        let mut answers = vec![fixture.run(token, "Get-OrganizationConfig", json!({})).await];
        for address in &addresses {
            answers.push(fixture.get(token, address, &[]).await);
        }
        answers
    };
    for answer in first_calls(&fixture.app_token("automation", CONTOSO).await).await {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    for answer in first_calls(&fixture.app_token("nopermission", CONTOSO).await).await {
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").starts_with("Bearer "));
    }
    let id = fixture.app_id("norole");
    for answer in first_calls(&fixture.app_token("norole", CONTOSO).await).await {
        assert_eq!(answer.status, 403);
        let text = format!(
            "The role assigned to application {id} isn't supported in this scenario. Please check online documentation for \
             assigning correct Directory Roles to Azure AD Application for EXO App-Only Authentication."
        );
        assert!(error_text(&answer).ends_with(&text), "{}", answer.text());
    }
    let reporting = fixture.app_token("reporting", CONTOSO).await;
    fixture.ok(&reporting, "Get-Mailbox", json!({})).await;
    let refused = fixture.run(&reporting, "Set-OrganizationConfig", json!({"AppsForOfficeEnabled": false})).await;
    assert_eq!(refused.status, 403);
    assert!(refused.header("x-ms-diagnostics").contains(&fixture.app_id("reporting")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applications_token_is_checked() {
    let fixture = Fixture::with_mailboxes(1).await;
    let good = fixture.app_token("automation", CONTOSO).await;
    let key = &fixture.tenant.state().token_key;
    for (name, value, status) in [
        ("x", json!(1), 200),
        ("appid", json!(fixture.app_id("reporting")), 401),
        ("oid", json!("11111111-2222-4333-8444-555555555555"), 401),
        ("roles", json!(["Mail.Read"]), 401),
        ("roles", json!("Exchange.ManageAsApp"), 401),
        ("idtyp", json!("user"), 401),
        ("tid", json!(fixture.tenant.facts().tenants[1].tenant_id), 401),
        ("wids", json!([]), 403),
    ] {
        let mut claims = claims(&good);
        claims[name] = value.clone();
        let response = fixture.run(&key.sign(&claims), "Get-OrganizationConfig", json!({})).await;
        assert_eq!(response.status, status, "{name} {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_routing_hint_is_taken() {
    let fixture = Fixture::with_mailboxes(1).await;
    let token = fixture.app_token("automation", CONTOSO).await;
    let id = &fixture.tenant.facts().tenant_id;
    let system = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}";
    for anchor in [
        format!("APP:{system}@{id}"),
        format!("APP:{system}@{CONTOSO}"),
        format!("UPN:{system}@{CONTOSO}"),
        format!("UPN:SystemMailbox{{8cc370d3-822a-4ab8-a926-bb94bd0641a9}}@{CONTOSO}"),
        format!("UPN:OAuthUser@{CONTOSO}"),
        format!("TID:{id}"),
    ] {
        let headers = [("x-anchormailbox", anchor.as_str())];
        let body = call("Get-OrganizationConfig", json!({}));
        let response = fixture.post(&token, &fixture.invoke_url(), &headers, &body).await;
        assert_eq!(response.status, 200, "{anchor}");
        assert_eq!(fixture.tenant.requests().last().unwrap().anchor_mailbox.as_deref(), Some(anchor.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_into_a_mailbox_need_the_way_to_its_server() {
    let fixture = Fixture::with_mailboxes(30).await;
    let application = fixture.app_token("automation", CONTOSO).await;
    let person = fixture.token("admin").await;
    let id = &fixture.tenant.facts().tenant_id;
    let system = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}";
    let adele = fixture.ok(&person, "Get-Mailbox", json!({"Identity": "adele"})).await.remove(0);
    let away = call(
        "Set-MailboxAutoReplyConfiguration",
        json!({"Identity": "adele", "AutoReplyState": "Enabled", "InternalMessage": "Away"}),
    );
    let send = async |token: &str, anchor: &str, body: &Value| {
        fixture.post(token, &fixture.invoke_url(), &[("x-anchormailbox", anchor)], body).await
    };
    for anchor in [format!("APP:{system}@{id}"), format!("UPN:OAuthUser@{CONTOSO}"), format!("TID:{id}")] {
        let refused = send(&application, &anchor, &away).await;
        assert_eq!(refused.status, 400, "{anchor}");
        assert!(error_text(&refused).contains("CmdletProxyNotAvailableException"), "{}", refused.text());
        assert!(error_text(&refused).contains("Required Server FQDN"), "{}", refused.text());
        assert_eq!(send(&person, &anchor, &away).await.status, 200, "a person's call is passed on");
        let read = call("Get-MailboxAutoReplyConfiguration", json!({"Identity": "adele"}));
        assert_eq!(send(&application, &anchor, &read).await.status, 200, "reading needs no way");
        let hidden = call("Set-Mailbox", json!({"Identity": "adele", "Office": anchor}));
        assert_eq!(send(&application, &anchor, &hidden).await.status, 200, "that is in the directory");
    }
    assert_eq!(
        fixture.run(&application, "Set-CASMailbox", json!({"Identity": "adele", "PopEnabled": false})).await.status,
        200
    );
    let of = |name: &str| adele[name].as_str().unwrap().to_owned();
    for anchor in [
        format!("UPN:{}", of("UserPrincipalName")),
        format!("SMTP:{}", of("PrimarySmtpAddress")),
        of("UserPrincipalName"),
        "adele".to_owned(),
        format!("MBX:{}@{id}", of("ExchangeGuid")),
        format!("OID:{}@{id}", of("ExternalDirectoryObjectId")),
    ] {
        assert_eq!(send(&application, &anchor, &away).await.status, 200, "{anchor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_routing_hints_are_refused() {
    let fixture = Fixture::with_mailboxes(3).await;
    let token = fixture.token("admin").await;
    let body = call("Get-OrganizationConfig", json!({}));
    for anchor in [
        format!("UPN:adele@{CONTOSO}:\\Calendar"),
        format!("SMTP:adele@{CONTOSO}\\17"),
        format!("AAD-UPN:adele @{CONTOSO}"),
        "UPN:".to_owned(),
    ] {
        let refused = fixture.post(&token, &fixture.invoke_url(), &[("x-anchormailbox", &anchor)], &body).await;
        assert_eq!(refused.status, 400, "{anchor}");
        assert_eq!(refused.json()["error"]["code"], "ErrorIncorrectRoutingHint");
    }
    // Without a prefix it may be any identity.
    let bare = format!("adele@{CONTOSO}:\\Calendar");
    let taken = fixture.post(&token, &fixture.invoke_url(), &[("x-anchormailbox", &bare)], &body).await;
    assert_eq!(taken.status, 200);
    let long = format!("UPN:{}@{CONTOSO}", "x".repeat(20_000));
    let authorization = format!("Bearer {token}");
    for client in [fixture.client.clone(), fixture.client.over_http2()] {
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
            ("x-anchormailbox", long.as_str()),
        ];
        let refused = client.send("POST", &fixture.invoke_url(), &headers, body.to_string()).await.unwrap();
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains("The size of the request headers is too long"), "{}", refused.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_written_and_fit_the_facts() {
    let folder = std::env::temp_dir().join(format!("exo-tenant-credentials-{}", std::process::id()));
    let options = Options { mailboxes: 1, credential_dir: Some(folder.clone()), ..Options::default() };
    let fixture = Fixture::start(options).await;
    let facts = fixture.tenant.facts();
    assert_eq!(facts.credential_dir.as_ref(), Some(&folder));
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    for application in &facts.applications {
        assert!(application.certificates.iter().any(|certificate| certificate.registered), "{}", application.name);
        for certificate in &application.certificates {
            assert_eq!(read(&certificate.file), certificate.pem);
            assert_eq!(read(&certificate.key_file), certificate.key_pem);
            assert!(certificate.pem.starts_with("-----BEGIN CERTIFICATE-----\n"));
            assert!(certificate.key_pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        }
    }
    let automation = fixture.tenant.application("automation").unwrap();
    assert_eq!(automation.certificates.iter().filter(|certificate| !certificate.registered).count(), 1);
    for file in &automation.federated {
        let expected = match file.state {
            "good" => (200, 0),
            "wrong-issuer" => (401, 700_211),
            "wrong-subject" => (401, 700_213),
            "wrong-audience" => (401, 700_212),
            "expired" => (401, 700_024),
            other => panic!("unknown state {other}"),
        };
        assert_eq!(code(&fixture.assert(CONTOSO, "automation", &read(&file.token_file)).await), expected, "{file:?}");
        let claims = claims(&read(&file.token_file));
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["aud"]),
            (&json!(file.issuer), &json!(file.subject), &json!(file.audience))
        );
    }
    assert_eq!(automation.federated.len(), 5);
    fixture.tenant.stop().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_option_there_are_no_certificates() {
    let fixture = Fixture::with_mailboxes(1).await;
    assert!(fixture.tenant.facts().applications.iter().all(|application| application.certificates.is_empty()));
    assert!(fixture.tenant.certificate("automation").is_err());
}
