//! Signing in: the pages, PKCE, codes, the device flow, the password grant, refresh tokens.

mod common;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{CLIENT, Fixture, SCOPE};
use exo_tenant::Options;
use exo_tenant::html::parse;
use exo_tenant::person::{Action, End, Person, walk};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const REDIRECT: &str = "http://localhost:53124";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-0123456789";
const TOKEN: &str = "/organizations/oauth2/v2.0/token";

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

impl Fixture {
    fn person(&self, local: &str) -> Person {
        Person {
            user: self.upn(local),
            password: self.password(local),
            approves: true,
            action: Action::SignIn,
            user_code: None,
        }
    }

    fn authorize_url(&self, changes: &[(&str, &str)]) -> String {
        let challenge = challenge();
        let mut fields = vec![
            ("client_id", CLIENT),
            ("response_type", "code"),
            ("response_mode", "query"),
            ("redirect_uri", REDIRECT),
            ("scope", SCOPE),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("state", "a state & more"),
        ];
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            if !value.is_empty() {
                fields.push((name, value));
            }
        }
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.url(&format!("/organizations/oauth2/v2.0/authorize?{query}"))
    }

    async fn walk(&self, person: &Person, changes: &[(&str, &str)]) -> (Vec<String>, std::io::Result<End>) {
        let mut titles = Vec::new();
        let end =
            walk(&self.client, &self.authorize_url(changes), person, false, |title| titles.push(title.to_owned()))
                .await;
        (titles, end)
    }

    async fn code(&self, person: &Person) -> String {
        let (_, end) = self.walk(person, &[]).await;
        field(&end.unwrap(), "code")
    }

    async fn redeem(&self, code: &str, changes: &[(&str, &str)]) -> (u16, Value) {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
            ("scope", SCOPE),
            ("client_info", "1"),
        ];
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        let response = self.form(TOKEN, &fields).await;
        (response.status.as_u16(), response.json())
    }

    async fn refresh(&self, token: &Value) -> Value {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT),
            ("refresh_token", token.as_str().unwrap()),
            ("scope", SCOPE),
        ];
        self.form(TOKEN, &fields).await.json()
    }
}

fn field(end: &End, name: &str) -> String {
    let End::Sent(url) = end else {
        panic!("not sent back: {end:?}");
    };
    assert!(url.starts_with("http://localhost:53124/?"), "{url}");
    let query = url.split_once('?').unwrap().1;
    form_urlencoded::parse(query.as_bytes())
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn assert_error(body: &Value, error: &str, code: u64) {
    assert_eq!(body["error"], error, "{body}");
    assert_eq!(body["error_codes"][0], code, "{body}");
    let description = body["error_description"].as_str().unwrap();
    assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
    assert!(
        description.contains("Trace ID: ")
            && description.contains("Correlation ID: ")
            && description.contains("Timestamp: ")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_and_the_code_becomes_tokens() {
    let fixture = Fixture::with_mailboxes(5).await;
    let (titles, end) = fixture.walk(&fixture.person("admin"), &[("nonce", "n1")]).await;
    let end = end.unwrap();
    assert_eq!(titles, ["Sign in to your account", "Enter your password"]);
    assert_eq!(field(&end, "state"), "a state & more");
    let (status, body) = fixture.redeem(&field(&end, "code"), &[]).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 4523);
    let access = claims(&body["access_token"]);
    assert_eq!(access["aud"], "https://outlook.office365.com");
    assert_eq!(access["upn"], "admin@contoso.onmicrosoft.com");
    assert_eq!(access["tid"], fixture.tenant.facts().tenant_id);
    assert_eq!(access["iss"], format!("https://sts.windows.net/{}/", fixture.tenant.facts().tenant_id));
    assert_eq!(access["scp"], "AdminApi.AccessAsUser.All");
    assert_eq!(access["appid"], CLIENT);
    assert!(access["wids"].as_array().unwrap().iter().any(|role| role == "29232cdf-9323-42fd-ade2-1d097af3e4de"));
    assert!(access.get("xms_cc").is_none(), "the client announced nothing");
    let id = claims(&body["id_token"]);
    assert_eq!((id["aud"].as_str(), id["nonce"].as_str()), (Some(CLIENT), Some("n1")));
    assert_eq!(id["preferred_username"], "admin@contoso.onmicrosoft.com");
    let info: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body["client_info"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(info["utid"], fixture.tenant.facts().tenant_id);
    let token = body["access_token"].as_str().unwrap();
    assert_eq!(fixture.ok(token, "Get-Mailbox", serde_json::json!({})).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_where_it_is_needed() {
    let fixture = Fixture::with_mailboxes(5).await;
    let person = fixture.person("mfa.admin");
    let (titles, end) = fixture.walk(&person, &[]).await;
    assert_eq!(titles, ["Sign in to your account", "Enter your password", "Approve sign in request"]);
    let (status, body) = fixture.redeem(&field(&end.unwrap(), "code"), &[]).await;
    assert_eq!(status, 200);
    assert_eq!(claims(&body["access_token"])["amr"], serde_json::json!(["pwd", "mfa"]));

    let (_, end) = fixture.walk(&Person { approves: false, ..person }, &[]).await;
    let end = end.unwrap();
    assert_eq!(field(&end, "error"), "access_denied");
    assert!(field(&end, "error_description").starts_with("AADSTS500121: "));
    assert_eq!(field(&end, "state"), "a state & more");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_tells_the_client() {
    let fixture = Fixture::with_mailboxes(5).await;
    let person = Person { action: Action::Cancel, ..fixture.person("admin") };
    let (_, end) = fixture.walk(&person, &[]).await;
    let end = end.unwrap();
    assert_eq!((field(&end, "error").as_str(), field(&end, "error_subcode").as_str()), ("access_denied", "cancel"));
    assert!(field(&end, "error_description").starts_with("AADSTS65004: "));
    assert_eq!(field(&end, "code"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_names_and_passwords_stay_on_the_page() {
    let fixture = Fixture::with_mailboxes(5).await;
    let wrong = Person { password: "guess".into(), ..fixture.person("admin") };
    let problem = fixture.walk(&wrong, &[]).await.1.unwrap_err().to_string();
    assert!(problem.contains("password is incorrect"), "{problem}");
    let unknown = Person { user: "nobody@contoso.onmicrosoft.com".into(), ..fixture.person("admin") };
    let problem = fixture.walk(&unknown, &[]).await.1.unwrap_err().to_string();
    assert!(problem.contains("couldn't find an account"), "{problem}");
    let problem = fixture.walk(&fixture.person("disabled"), &[]).await.1.unwrap_err().to_string();
    assert!(problem.contains("AADSTS50057"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_hint_skips_the_account_page_unless_the_account_is_to_be_chosen() {
    let fixture = Fixture::with_mailboxes(5).await;
    let person = fixture.person("admin");
    let hint = ("login_hint", person.user.as_str());
    assert_eq!(fixture.walk(&person, &[hint]).await.0, ["Enter your password"]);
    let (titles, end) = fixture.walk(&person, &[hint, ("prompt", "select_account")]).await;
    assert_eq!(titles, ["Sign in to your account", "Enter your password"]);
    assert!(end.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_authorization_requests_are_refused_where_it_is_safe_to() {
    let fixture = Fixture::with_mailboxes(5).await;
    let person = fixture.person("admin");
    // Without a known client and redirect URI, the answer is a page and nobody is sent anywhere.
    for (change, code) in [
        (("client_id", "11111111-2222-4333-8444-555555555555"), "AADSTS700016"),
        (("redirect_uri", "https://evil.example/"), "AADSTS50011"),
        (("redirect_uri", "http://localhost:1/elsewhere"), "AADSTS50011"),
    ] {
        let problem = fixture.walk(&person, &[change]).await.1.unwrap_err().to_string();
        assert!(problem.contains(code), "{problem}");
    }
    for (change, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "https://graph.microsoft.com/.default"), "invalid_scope"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("prompt", "none"), "login_required"),
    ] {
        let end = fixture.walk(&person, &[change]).await.1.unwrap();
        assert_eq!(field(&end, "error"), error);
        assert_eq!(field(&end, "state"), "a state & more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_bound_to_verifier_and_redirect_and_work_once() {
    let fixture = Fixture::with_mailboxes(5).await;
    let person = fixture.person("admin");
    let code = fixture.code(&person).await;
    let other = "another-verifier-of-at-least-forty-three-characters-0123";
    let (status, body) = fixture.redeem(&code, &[("code_verifier", other)]).await;
    assert_eq!(status, 400);
    assert_error(&body, "invalid_grant", 501_481);
    assert_eq!(fixture.redeem(&code, &[]).await.0, 400, "a wrong verifier spends the code");

    let code = fixture.code(&person).await;
    let (_, body) = fixture.redeem(&code, &[("redirect_uri", "http://localhost:53124/")]).await;
    assert_error(&body, "invalid_grant", 500_112);
    assert_eq!(fixture.redeem(&code, &[]).await.0, 200);
    let (_, body) = fixture.redeem(&code, &[]).await;
    assert_error(&body, "invalid_grant", 54_005);
    let (_, body) = fixture.redeem("1.invented", &[]).await;
    assert_eq!(body["error"], "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_browser_is_refused() {
    let fixture = Fixture::with_mailboxes(5).await;
    let page = fixture.client.send("GET", &fixture.authorize_url(&[]), &[], "").await.unwrap();
    let form = &exo_tenant::html::parse(&page.text()).forms[0];
    assert_eq!(form.buttons[0].text, "Next", "Enter presses the first button");
    let body = form.body(form.button("Next").unwrap());
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = fixture.client.send("POST", &fixture.url(&form.action), &headers, body).await.unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("AADSTS50089"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browsers_back_button_leads_to_a_page_that_goes_on() {
    let fixture = Fixture::with_mailboxes(5).await;
    let first = fixture.client.send("GET", &fixture.authorize_url(&[]), &[], "").await.unwrap();
    let cookie = first.header("set-cookie").split(';').next().unwrap().to_owned();
    let send = async |page: &str, fields: &[(&str, &str)], pressed: &str| {
        let mut form = parse(page).forms.remove(0);
        for (label, value) in fields {
            form.field_mut(label).unwrap().value = (*value).to_owned();
        }
        let body = form.body(form.button(pressed).unwrap());
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie.as_str())];
        fixture.client.send("POST", &fixture.url(&form.action), &headers, body).await.unwrap()
    };
    let account = first.text();
    let password = send(&account, &[("Account name", &fixture.upn("admin"))], "Next").await.text();
    // Before the password is known, the account may be chosen anew.
    let other = send(&account, &[("Account name", &fixture.upn("mfa.admin"))], "Next").await.text();
    assert_eq!(parse(&other).title, "Enter your password");
    assert!(other.contains(&fixture.upn("mfa.admin")), "{other}");
    let mfa = send(&password, &[("Password", &fixture.password("mfa.admin"))], "Sign in").await.text();
    assert_eq!(parse(&mfa).title, "Approve sign in request");
    // Afterwards the person finds the page on which the sign-in waits.
    for (page, label, pressed) in [(&account, "Account name", "Next"), (&password, "Password", "Sign in")] {
        let again = send(page, &[(label, "x")], pressed).await;
        assert_eq!(again.status, 200);
        assert_eq!(parse(&again.text()).title, "Approve sign in request");
    }
    let end = send(&mfa, &[], "Approve").await;
    assert!(end.header("location").contains("code="), "{}", end.header("location"));
    let again =
        fixture.client.send("GET", &fixture.authorize_url(&[]), &[("cookie", &cookie)], "").await.unwrap().text();
    let password = send(&again, &[("Account name", &fixture.upn("admin"))], "Next").await.text();
    assert_eq!(parse(&password).title, "Enter your password");
    let end = send(&again, &[], "Cancel").await;
    assert!(end.header("location").contains("error=access_denied"), "{}", end.header("location"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_grant_names_what_is_wrong() {
    let fixture = Fixture::with_mailboxes(5).await;
    for (local, change, status, error, code) in [
        ("admin", ("password", "wrong"), 400, "invalid_grant", 50_126),
        ("admin", ("username", "nobody@contoso.onmicrosoft.com"), 400, "invalid_grant", 50_034),
        ("mfa.admin", ("x", "y"), 400, "invalid_grant", 50_076),
        ("disabled", ("x", "y"), 400, "invalid_grant", 50_057),
        ("admin", ("client_id", "11111111-2222-4333-8444-555555555555"), 400, "unauthorized_client", 700_016),
        ("admin", ("scope", "openid"), 400, "invalid_scope", 70_011),
        ("admin", ("scope", "https://graph.microsoft.com/.default"), 400, "invalid_scope", 70_011),
        ("admin", ("client_id", ""), 400, "invalid_request", 900_144),
        ("admin", ("grant_type", "implicit"), 400, "unsupported_grant_type", 70_003),
        ("admin", ("grant_type", "client_credentials"), 401, "invalid_client", 7_000_218),
    ] {
        let response = fixture.ropc(local, &[change]).await;
        assert_eq!(response.status, status, "{change:?}");
        assert_error(&response.json(), error, code);
    }
    let fields =
        [("grant_type", "password"), ("client_id", CLIENT), ("username", "a"), ("password", "b"), ("scope", SCOPE)];
    assert_error(&fixture.form("/common/oauth2/v2.0/token", &fields).await.json(), "invalid_request", 9_001_023);
    assert_error(
        &fixture.form("/elsewhere.example/oauth2/v2.0/token", &fields).await.json(),
        "invalid_request",
        90_002,
    );
    let json =
        fixture.client.send("POST", &fixture.url(TOKEN), &[("content-type", "application/json")], "{}").await.unwrap();
    assert_error(&json.json(), "invalid_request", 900_144);
    for tenant in ["contoso.onmicrosoft.com", "contoso.example", fixture.tenant.facts().tenant_id.as_str()] {
        let fields = [
            ("grant_type", "password"),
            ("client_id", CLIENT),
            ("username", &fixture.upn("admin")),
            ("password", &fixture.password("admin")),
            ("scope", "https://outlook.office365.com/.default"),
        ];
        let body = fixture.form(&format!("/{tenant}/oauth2/v2.0/token"), &fields).await.json();
        assert!(body["access_token"].is_string(), "{tenant}: {body}");
        assert!(body.get("refresh_token").is_none() && body.get("id_token").is_none(), "nobody asked for them");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_device_flow_waits_for_the_person() {
    let options = Options { mailboxes: 5, device_code_interval_seconds: 1, ..Options::default() };
    let fixture = Fixture::start(options).await;
    let poll = async |code: &Value| {
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", CLIENT),
            ("device_code", code.as_str().unwrap()),
        ];
        fixture.form(TOKEN, &fields).await.json()
    };
    let begin = async || {
        fixture.form("/organizations/oauth2/v2.0/devicecode", &[("client_id", CLIENT), ("scope", SCOPE)]).await.json()
    };
    let device = begin().await;
    assert_eq!(device["interval"], 1);
    assert_eq!(device["expires_in"], 900);
    let (page, user_code) = (device["verification_uri"].as_str().unwrap(), device["user_code"].as_str().unwrap());
    assert!(device["message"].as_str().unwrap().contains(user_code));
    assert_eq!(poll(&device["device_code"]).await["error"], "authorization_pending");
    assert_eq!(poll(&device["device_code"]).await["error"], "slow_down");
    let person = Person { user_code: Some(user_code.to_lowercase()), ..fixture.person("mfa.admin") };
    let mut titles = Vec::new();
    let end = walk(&fixture.client, page, &person, true, |title| titles.push(title.to_owned())).await.unwrap();
    assert!(matches!(end, End::Page(page) if page.title == "Signed in"));
    assert_eq!(
        titles,
        [
            "Enter code",
            "Sign in to your account",
            "Enter your password",
            "Approve sign in request",
            "Confirm sign in on another device",
            "Signed in"
        ]
    );
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let tokens = poll(&device["device_code"]).await;
    assert_eq!(claims(&tokens["access_token"])["upn"], "mfa.admin@contoso.onmicrosoft.com");
    assert!(tokens["refresh_token"].is_string());
    assert_eq!(poll(&device["device_code"]).await["error"], "bad_verification_code", "the code has been used");
    assert_eq!(poll(&"invented".into()).await["error"], "bad_verification_code");

    let device = begin().await;
    let user_code = device["user_code"].as_str().map(str::to_owned);
    let person = Person { user_code, action: Action::Cancel, ..fixture.person("admin") };
    walk(&fixture.client, page, &person, true, |_| ()).await.unwrap();
    assert_eq!(poll(&device["device_code"]).await["error"], "authorization_declined");

    // Cancel on the page with the code declines as well.
    let device = begin().await;
    let enter = async |code: &str, pressed: &str| {
        let mut form = parse(&fixture.client.send("GET", page, &[], "").await.unwrap().text()).forms.remove(0);
        form.field_mut("Code").unwrap().value = code.to_owned();
        let body = form.body(form.button(pressed).unwrap());
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        fixture.client.send("POST", &fixture.url(&form.action), &headers, body).await.unwrap().text()
    };
    let wrong = enter("WRONGCODE", "Next").await;
    assert!(wrong.contains("aria-invalid=\"true\" aria-describedby=\"error\""), "{wrong}");
    assert_eq!(parse(&enter("", "Cancel").await).title, "Sign in cancelled");
    assert_eq!(poll(&device["device_code"]).await["error"], "authorization_pending");
    assert_eq!(parse(&enter(device["user_code"].as_str().unwrap(), "Cancel").await).title, "Sign in cancelled");
    assert_eq!(poll(&device["device_code"]).await["error"], "authorization_declined");

    let person = Person { user_code: Some("WRONGCODE".into()), ..fixture.person("admin") };
    let problem = walk(&fixture.client, page, &person, true, |_| ()).await.unwrap_err().to_string();
    assert!(problem.contains("code didn't work"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_code_ends() {
    let options = Options { mailboxes: 1, device_code_lifetime_seconds: 0, ..Options::default() };
    let fixture = Fixture::start(options).await;
    let device =
        fixture.form("/organizations/oauth2/v2.0/devicecode", &[("client_id", CLIENT), ("scope", SCOPE)]).await.json();
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", CLIENT),
        ("device_code", device["device_code"].as_str().unwrap()),
    ];
    assert_eq!(fixture.form(TOKEN, &fields).await.json()["error"], "expired_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_bring_new_ones_until_they_are_revoked() {
    let fixture = Fixture::with_mailboxes(5).await;
    let first = fixture.ropc("admin", &[]).await.json();
    let second = fixture.refresh(&first["refresh_token"]).await;
    assert!(second["access_token"].is_string(), "{second}");
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert!(fixture.refresh(&second["refresh_token"]).await["access_token"].is_string());
    fixture.tenant.revoke_sessions("admin@contoso.onmicrosoft.com");
    assert_error(&fixture.refresh(&second["refresh_token"]).await, "invalid_grant", 50_173);
    assert_eq!(fixture.refresh(&"1.invented".into()).await["error"], "invalid_grant");
    assert_eq!(fixture.ropc("admin", &[]).await.status, 200, "signing in anew works");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_session_meets_a_claims_challenge_if_the_client_knows_those() {
    let fixture = Fixture::with_mailboxes(5).await;
    let capable = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
    let aware = fixture.ropc("admin", &[("claims", capable)]).await.json();
    let plain = fixture.token("admin").await;
    assert_eq!(claims(&aware["access_token"])["xms_cc"], serde_json::json!(["cp1"]));
    let aware = aware["access_token"].as_str().unwrap();
    fixture.tenant.revoke_sessions("ADMIN@contoso.onmicrosoft.com");
    let refused = fixture.run(aware, "Get-OrganizationConfig", serde_json::json!({})).await;
    assert_eq!(refused.status, 401);
    let challenge = refused.header("www-authenticate");
    assert!(challenge.contains("error=\"insufficient_claims\""), "{challenge}");
    let encoded = challenge.split_once("claims=\"").unwrap().1.trim_end_matches('"');
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
    let decoded: Value = serde_json::from_slice(&decoded).unwrap();
    assert_eq!(decoded["access_token"]["nbf"]["essential"], true);
    assert_eq!(fixture.run(&plain, "Get-OrganizationConfig", serde_json::json!({})).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_and_realms_answer() {
    let fixture = Fixture::with_mailboxes(1).await;
    let get = async |path: &str| fixture.client.send("GET", &fixture.url(path), &[], "").await.unwrap().json();
    let configuration = get("/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration").await;
    let token_endpoint = configuration["token_endpoint"].as_str().unwrap();
    assert!(token_endpoint.contains(&fixture.tenant.facts().tenant_id), "{token_endpoint}");
    let keys = fixture.client.send("GET", configuration["jwks_uri"].as_str().unwrap(), &[], "").await.unwrap().json();
    assert_eq!(keys["keys"][0]["kty"], "RSA");
    assert_eq!(get("/nowhere.example/v2.0/.well-known/openid-configuration").await["error_codes"][0], 90_002);
    assert_eq!(get("/common/userrealm/admin@contoso.example?api-version=1.0").await["account_type"], "Managed");
    assert_eq!(get("/getuserrealm.srf?login=a@nowhere.example&json=1").await["NameSpaceType"], "Unknown");
}
