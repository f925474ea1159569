//! `$batch`: parts that succeed and fail, tokens, addresses, pages, the throttle, and the way to a mailbox's server.

mod common;

use common::{Fixture, call, error_text};
use exo_tenant::client::Response;
use exo_tenant::{FaultKind, Options};
use serde_json::{Value, json};

const GOES_ON: (&str, &str) = ("prefer", "odata.maxpagesize=1000;odata.continue-on-error");

impl Fixture {
    fn tenant_url(&self, path: &str) -> String {
        self.url(&format!("/adminapi/beta/{}/{path}", self.tenant.facts().tenant_id))
    }

    async fn batch(&self, token: &str, headers: &[(&str, &str)], requests: Vec<Value>) -> Response {
        self.post(token, &self.tenant_url("$batch"), headers, &json!({"requests": requests})).await
    }

    /// The answers of a batch that was taken as a whole.
    async fn parts(&self, token: &str, headers: &[(&str, &str)], requests: Vec<Value>) -> Vec<Value> {
        let response = self.batch(token, headers, requests).await;
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["responses"].as_array().unwrap().clone()
    }

    fn run_part(&self, id: &str, cmdlet: &str, parameters: Value) -> Value {
        json!({"id": id, "method": "POST", "url": self.invoke_url(), "body": call(cmdlet, parameters)})
    }
}

fn identity(name: &str) -> Value {
    json!({"Identity": name})
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_answered_by_id_each_with_its_own_status() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let relative = |id: &str, url: &str| json!({"id": id, "method": "GET", "url": url});
    let tenant = fixture.tenant.facts().tenant_id.clone();
    let parts = fixture
        .parts(
            &token,
            &[GOES_ON],
            vec![
                fixture.run_part("a", "Get-Mailbox", identity("adele")),
                fixture.run_part("b", "Get-Mailbox", identity("nobody")),
                json!({"id": "c", "method": "POST", "url": format!("/adminapi/beta/{tenant}/InvokeCommand?$select=Alias"),
                       "headers": {"X-CmdletName": "Get-Mailbox", "parameter-based-routing": true},
                       "body": call("Get-Mailbox", identity("bruno.lacroix"))}),
                relative("d", "Mailbox('adele')/MailboxPermission"),
                relative("e", "Mailbox('nobody')"),
                relative("f", "InvokeCommand"),
                relative("g", "Nothing"),
            ],
        )
        .await;
    let status: Vec<(&str, u64)> =
        parts.iter().map(|part| (part["id"].as_str().unwrap(), part["status"].as_u64().unwrap())).collect();
    assert_eq!(status, [("a", 200), ("b", 404), ("c", 200), ("d", 200), ("e", 404), ("f", 405), ("g", 404)]);
    assert_eq!(parts[0]["body"]["value"][0]["Alias"], "adele");
    assert_eq!(parts[0]["body"]["@adminapi.warnings"], json!([]));
    assert_eq!(parts[0]["headers"]["Cmdlet-Name"], "Get-Mailbox");
    assert!(
        parts[1]["body"]["error"]["details"][0]["message"].as_str().unwrap().contains("'nobody' couldn't be found")
    );
    assert_eq!(parts[2]["body"]["value"], json!([{"Alias": "bruno.lacroix"}]));
    assert_eq!(parts[3]["body"]["value"][0]["User"], "NT AUTHORITY\\SELF");
    assert!(parts[5].get("body").is_none(), "an answer without a body");
    let entry = fixture.tenant.requests().pop().unwrap();
    assert!(entry.path.ends_with("/$batch"));
    assert_eq!(entry.parts.len(), 7);
    assert_eq!((entry.parts[0].cmdlet_name.as_deref(), entry.parts[0].rows), (Some("Get-Mailbox"), Some(1)));
    assert_eq!(entry.parts[3].entity.as_ref().unwrap()["cmdlet"], "Get-MailboxPermission");
}

#[tokio::test(flavor = "multi_thread")]
async fn later_parts_run_only_if_the_client_wants_it() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let requests = || {
        vec![
            fixture.run_part("1", "Get-Mailbox", identity("adele")),
            fixture.run_part("2", "Get-Mailbox", identity("nobody")),
            fixture.run_part("3", "Set-Mailbox", json!({"Identity": "adele", "CustomAttribute5": "set"})),
        ]
    };
    for prefer in ["odata.maxpagesize=1000", "odata.continue-on-error=false"] {
        let parts = fixture.parts(&token, &[("prefer", prefer)], requests()).await;
        assert_eq!(parts.len(), 2, "{prefer}");
    }
    let adele = fixture.ok(&token, "Get-Mailbox", identity("adele")).await;
    assert_eq!(adele[0]["CustomAttribute5"], "");
    assert_eq!(fixture.parts(&token, &[GOES_ON], requests()).await.len(), 3);
    let adele = fixture.ok(&token, "Get-Mailbox", identity("adele")).await;
    assert_eq!(adele[0]["CustomAttribute5"], "set");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_has_its_own_token() {
    let fixture = Fixture::with_mailboxes(30).await;
    let (admin, viewer) = (fixture.token("admin").await, fixture.token("viewer").await);
    let with = |id: &str, authorization: &str, cmdlet: &str| {
        let mut part = fixture.run_part(id, cmdlet, json!({"Identity": "adele"}));
        part["headers"] = json!({"Authorization": authorization});
        part
    };
    let parts = fixture
        .parts(
            &admin,
            &[GOES_ON],
            vec![
                with("own", &format!("Bearer {admin}"), "Get-Mailbox"),
                with("bad", "Bearer not.a.token", "Get-Mailbox"),
                with("none", "Basic x", "Get-Mailbox"),
                with("viewer", &format!("Bearer {viewer}"), "Set-Mailbox"),
                fixture.run_part("outer", "Get-Mailbox", identity("adele")),
            ],
        )
        .await;
    let status: Vec<u64> = parts.iter().map(|part| part["status"].as_u64().unwrap()).collect();
    assert_eq!(status, [200, 401, 401, 403, 200]);
    assert!(parts[1]["headers"]["www-authenticate"].as_str().unwrap().contains("invalid_token"));
    assert!(parts[3]["headers"]["x-ms-diagnostics"].as_str().unwrap().contains("Set-Mailbox"));
    assert!(parts[3]["body"].is_string(), "bytes that aren't JSON");
    let entry = fixture.tenant.requests().pop().unwrap();
    assert!(entry.parts[3].user.as_ref().unwrap().starts_with("viewer@"));
    let outer =
        fixture.batch("not.a.token", &[GOES_ON], vec![with("1", &format!("Bearer {admin}"), "Get-Mailbox")]).await;
    assert_eq!(outer.status, 401, "the batch itself needs a token");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_isnt_a_batch_is_refused() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let url = fixture.tenant_url("$batch");
    for body in [json!([]), json!({"requests": []}), json!({"requests": [{"id": "1"}]}), json!({"Requests": []})] {
        let response = fixture.post(&token, &url, &[], &body).await;
        assert_eq!(response.status, 400, "{body}");
        assert!(error_text(&response).contains("batch isn't valid"), "{}", response.text());
    }
    assert_eq!(fixture.get(&token, &url, &[]).await.status, 405);
    let text = fixture
        .client
        .send("POST", &url, &[("authorization", &format!("Bearer {token}")), ("content-type", "multipart/mixed")], "")
        .await;
    assert_eq!(text.unwrap().status, 415);
    let many = (0..11).map(|id| fixture.run_part(&id.to_string(), "Get-Mailbox", identity("adele"))).collect();
    assert_eq!(fixture.batch(&token, &[GOES_ON], many).await.status, 400);
    let foreign = fixture.invoke_url().replace("127.0.0.1", "evil.example").replace("localhost", "evil.example");
    let part = |id: &str, url: &str| json!({"id": id, "method": "POST", "url": url, "body": call("Get-Mailbox", identity("adele"))});
    let parts = fixture
        .parts(
            &token,
            &[GOES_ON],
            vec![
                part("foreign", &foreign),
                part("nested", &url),
                part("other tenant", "/adminapi/beta/elsewhere.example/InvokeCommand"),
                part("elsewhere", "/organizations/oauth2/v2.0/token"),
                json!({"id": "header", "method": "POST", "url": fixture.invoke_url(), "headers": {"a b": "c"}}),
                json!({"id": "no body", "method": "POST", "url": fixture.invoke_url()}),
            ],
        )
        .await;
    let status: Vec<u64> = parts.iter().map(|part| part["status"].as_u64().unwrap()).collect();
    assert_eq!(status, [400, 400, 401, 404, 400, 415]);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_followed_in_further_batches() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let prefer = json!({"Prefer": "odata.maxpagesize=8"});
    let mut classic = fixture.run_part("classic", "Get-Mailbox", json!({"ResultSize": "Unlimited"}));
    classic["headers"] = prefer.clone();
    let entity = json!({"id": "entity", "method": "GET", "url": "Mailbox?$select=Alias", "headers": prefer});
    let mut requests = vec![classic, entity];
    let (mut rounds, mut rows) = (0, [0, 0]);
    while !requests.is_empty() {
        let parts = fixture.parts(&token, &[GOES_ON], requests.clone()).await;
        rounds += 1;
        let mut next = Vec::new();
        for (request, part) in requests.into_iter().zip(&parts) {
            assert_eq!((&request["id"], &part["status"]), (&part["id"], &json!(200)), "{part}");
            rows[usize::from(request["id"] == "entity")] += part["body"]["value"].as_array().unwrap().len();
            if let Some(link) = part["body"]["@odata.nextLink"].as_str() {
                let mut request = request;
                request["url"] = json!(link);
                next.push(request);
            }
        }
        requests = next;
    }
    assert_eq!((rounds, rows), (4, [30, 30]));
    let entry = fixture.tenant.requests().pop().unwrap();
    assert!(entry.parts.iter().all(|part| part.url.ends_with("skiptoken=...")), "{:?}", entry.parts);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_batchs_anchor_is_the_way_to_a_mailbox() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    let mut away = fixture.run_part(
        "1",
        "Set-MailboxAutoReplyConfiguration",
        json!({"Identity": "adele", "AutoReplyState": "Enabled", "InternalMessage": "Away"}),
    );
    away["headers"] = json!({"X-AnchorMailbox": "UPN:adele@contoso.onmicrosoft.com"});
    let system = ("x-anchormailbox", "UPN:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@contoso.onmicrosoft.com");
    let parts = fixture
        .parts(&token, &[GOES_ON, system], vec![away.clone(), fixture.run_part("2", "Get-Mailbox", identity("adele"))])
        .await;
    assert_eq!((&parts[0]["status"], &parts[1]["status"]), (&json!(400), &json!(200)));
    assert!(parts[0]["body"]["error"]["details"][0]["message"].as_str().unwrap().contains("Cmdlet needs proxy"));
    let own = ("x-anchormailbox", "UPN:adele@contoso.onmicrosoft.com");
    assert_eq!(fixture.parts(&token, &[GOES_ON, own], vec![away]).await[0]["status"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_and_the_throttle_meet_parts() {
    let fixture = Fixture::with_mailboxes(30).await;
    let token = fixture.token("admin").await;
    fixture.tenant.push_faults([FaultKind::Throttled]);
    let requests = |fixture: &Fixture| {
        (0..10).map(|id| fixture.run_part(&id.to_string(), "Get-Mailbox", identity("adele"))).collect::<Vec<_>>()
    };
    let parts = fixture.parts(&token, &[GOES_ON], requests(&fixture)).await;
    let status: Vec<u64> = parts.iter().map(|part| part["status"].as_u64().unwrap()).collect();
    assert_eq!(status, [429, 200, 200, 200, 200, 200, 200, 200, 200, 200]);
    assert_eq!(parts[0]["headers"]["retry-after"], "1");
    fixture.tenant.push_faults([FaultKind::BadGatewayHtml]);
    assert_eq!(fixture.batch(&token, &[GOES_ON], requests(&fixture)).await.status, 502, "a gateway knows no parts");
    let limited = Fixture::start(Options { mailboxes: 30, throttle_per_second: Some(1), ..Options::default() }).await;
    let token = limited.token("admin").await;
    let parts = limited.parts(&token, &[GOES_ON], requests(&limited)).await;
    let refused = parts.iter().filter(|part| part["status"] == 429).count();
    assert!((1..10).contains(&refused), "{refused} of ten in one request were too many");
}
