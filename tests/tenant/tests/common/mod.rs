//! What the tests share: a tenant with a client, and the calls that they make.

#![allow(dead_code, reason = "no test needs all of it")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use exo_tenant::client::{Client, Response};
use exo_tenant::{Options, Tenant};
use serde_json::{Value, json};

pub(crate) const CLIENT: &str = "fb78d390-0c51-40cd-8e17-fdbfab77341b";
pub(crate) const SCOPE: &str = "https://outlook.office365.com/.default openid profile offline_access";

pub(crate) const APP_SCOPE: &str = "https://outlook.office365.com/.default";
pub(crate) const CONTOSO: &str = "contoso.onmicrosoft.com";
pub(crate) const FABRIKAM: &str = "fabrikam.onmicrosoft.com";

pub(crate) struct Fixture {
    pub(crate) tenant: Tenant,
    pub(crate) client: Client,
}

impl Fixture {
    pub(crate) async fn start(options: Options) -> Self {
        let tenant = Tenant::start(options).await.expect("the tenant starts");
        let client = Client::new(tenant.ca_pem()).expect("a client");
        Self { tenant, client }
    }

    pub(crate) async fn with_mailboxes(mailboxes: u64) -> Self {
        Self::start(Options { mailboxes, ..Options::default() }).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.tenant.facts().connection_uri)
    }

    pub(crate) fn upn(&self, local: &str) -> String {
        self.tenant.account(local).unwrap().user_principal_name.clone()
    }

    pub(crate) fn password(&self, local: &str) -> String {
        self.tenant.account(local).unwrap().password.clone()
    }

    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.client.send("POST", &self.url(path), &headers, body).await.unwrap()
    }

    pub(crate) async fn ropc(&self, local: &str, more: &[(&str, &str)]) -> Response {
        let (user, password) = (self.upn(local), self.password(local));
        let mut fields = vec![
            ("grant_type", "password"),
            ("client_id", CLIENT),
            ("username", &user),
            ("password", &password),
            ("scope", SCOPE),
        ];
        for (name, value) in more {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        self.form("/organizations/oauth2/v2.0/token", &fields).await
    }

    /// The token endpoint's answer to an application.
    pub(crate) async fn app_grant(&self, tenant: &str, fields: &[(&str, &str)]) -> Response {
        let mut all = vec![("grant_type", "client_credentials"), ("scope", APP_SCOPE)];
        for (name, value) in fields {
            all.retain(|(known, _)| known != name);
            all.push((name, value));
        }
        all.retain(|(_, value)| !value.is_empty());
        self.form(&format!("/{tenant}/oauth2/v2.0/token"), &all).await
    }

    /// An application's access token for a tenant, for its secret.
    pub(crate) async fn app_token(&self, name: &str, tenant: &str) -> String {
        let application = self.tenant.application(name).unwrap();
        let fields =
            [("client_id", application.app_id.as_str()), ("client_secret", application.secrets[0].value.as_str())];
        let response = self.app_grant(tenant, &fields).await;
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// An access token; a second factor is not asked for.
    pub(crate) async fn token(&self, local: &str) -> String {
        let response = self.ropc(local, &[]).await;
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn invoke_url(&self) -> String {
        self.url(&format!("/adminapi/beta/{}/InvokeCommand", self.tenant.facts().tenant_id))
    }

    pub(crate) async fn post(&self, token: &str, url: &str, headers: &[(&str, &str)], body: &Value) -> Response {
        let authorization = format!("Bearer {token}");
        let mut all = vec![("authorization", authorization.as_str()), ("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.client.send("POST", url, &all, body.to_string()).await.unwrap()
    }

    pub(crate) async fn get(&self, token: &str, url: &str, headers: &[(&str, &str)]) -> Response {
        let authorization = format!("Bearer {token}");
        let mut all = vec![("authorization", authorization.as_str())];
        all.extend_from_slice(headers);
        self.client.send("GET", url, &all, "").await.unwrap()
    }

    pub(crate) async fn run(&self, token: &str, cmdlet: &str, parameters: Value) -> Response {
        self.post(token, &self.invoke_url(), &[], &call(cmdlet, parameters)).await
    }

    /// Runs a cmdlet that succeeds; its objects.
    pub(crate) async fn ok(&self, token: &str, cmdlet: &str, parameters: Value) -> Vec<Value> {
        let response = self.run(token, cmdlet, parameters).await;
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["value"].as_array().unwrap().clone()
    }
}

/// A token's claims, unchecked.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

pub(crate) fn call(cmdlet: &str, parameters: Value) -> Value {
    json!({"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}})
}

/// The text that a client would show for an error: from the details, else from the inner exception.
pub(crate) fn error_text(response: &Response) -> String {
    let body = response.json();
    let error = &body["error"];
    error["details"][0]["message"]
        .as_str()
        .or_else(|| error["innererror"]["internalexception"]["message"].as_str())
        .unwrap_or_default()
        .to_owned()
}
