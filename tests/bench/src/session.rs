//! Signing in and calling with nothing but HTTP.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use reqwest::{Certificate, Client, Response};
use serde_json::{Value, json};

/// The public client that administrators have consented to.
const CLIENT_ID: &str = "fb78d390-0c51-40cd-8e17-fdbfab77341b";
const SCOPE: &str = "https://outlook.office365.com/.default openid profile offline_access";

/// Where the service is, and who signs in.
pub(crate) struct Tenant {
    service: String,
    authority: String,
    tenant_id: String,
    certificate: Certificate,
    user: String,
    password: String,
}

impl Tenant {
    pub(crate) fn read(ready_file: &Path) -> Result<Self> {
        let ready: Value = serde_json::from_slice(&std::fs::read(ready_file)?)?;
        let text = |pointer: &str| {
            let text = ready.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            text.with_context(|| format!("the ready file has no {pointer}"))
        };
        Ok(Self {
            service: text("/connectionUri")?,
            authority: text("/authorizationUri")?,
            tenant_id: text("/tenantId")?,
            certificate: Certificate::from_pem(&std::fs::read(text("/caCertificate")?)?)?,
            user: text("/accounts/0/userPrincipalName")?,
            password: text("/accounts/0/password")?,
        })
    }
}

/// A client that is signed in.
pub(crate) struct Session<'a> {
    tenant: &'a Tenant,
    client: Client,
    token: String,
}

impl<'a> Session<'a> {
    pub(crate) async fn connect(tenant: &'a Tenant) -> Result<Self> {
        let client = Client::builder().tls_certs_only([tenant.certificate.clone()]).cookie_store(true).build()?;
        let fields = [
            ("grant_type", "password"),
            ("client_id", CLIENT_ID),
            ("username", &tenant.user),
            ("password", &tenant.password),
            ("scope", SCOPE),
        ];
        let sent = client.post(format!("{}/oauth2/v2.0/token", tenant.authority)).form(&fields).send();
        let answer = json_of(sent.await?).await?;
        let token = answer["access_token"].as_str().context("the answer has no token")?.to_owned();
        let session = Self { tenant, client, token };
        let greeting = session.address("v1.0", "EXOBanner('AutogenSession')?Version=0.1.0");
        json_of(session.client.get(greeting).bearer_auth(&session.token).send().await?).await?;
        Ok(session)
    }

    fn address(&self, version: &str, what: &str) -> String {
        format!("{}/adminapi/{version}/{}/{what}", self.tenant.service, self.tenant.tenant_id)
    }

    /// Where cmdlets are run.
    pub(crate) fn invoke_address(&self) -> String {
        self.address("beta", "InvokeCommand")
    }

    /// Runs `Get-Mailbox`, or goes on with it at a link, and returns the answer's body.
    pub(crate) async fn get_mailbox(&self, address: &str, parameters: &Value) -> Result<Bytes> {
        let mut request = self.client.post(address);
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        body_of(request.body(body(parameters)).send().await?).await
    }

    /// The headers of a call of `Get-Mailbox`.
    pub(crate) fn headers(&self) -> [(&'static str, String); 8] {
        [
            ("authorization", format!("Bearer {}", self.token)),
            ("content-type", "application/json; charset=utf-8".to_owned()),
            ("accept", "application/json".to_owned()),
            ("prefer", "odata.maxpagesize=1000".to_owned()),
            ("x-responseformat", "json".to_owned()),
            ("x-serializationlevel", "Partial".to_owned()),
            ("x-cmdletname", "Get-Mailbox".to_owned()),
            ("x-anchormailbox", format!("UPN:{}", self.tenant.user)),
        ]
    }

    /// Runs `Get-Mailbox` and returns the one that it brought.
    pub(crate) async fn mailbox(&self, parameters: &Value) -> Result<Value> {
        let body = self.get_mailbox(&self.invoke_address(), parameters).await?;
        let mut answer: Value = serde_json::from_slice(&body)?;
        match answer["value"].as_array_mut() {
            Some(mailboxes) if mailboxes.len() == 1 => Ok(mailboxes.remove(0)),
            other => bail!("not one mailbox came, but {:?}", other.map(|mailboxes| mailboxes.len())),
        }
    }
}

/// The body of a call of `Get-Mailbox`.
pub(crate) fn body(parameters: &Value) -> String {
    json!({"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": parameters}}).to_string()
}

/// The body of an answer that is a success.
async fn body_of(response: Response) -> Result<Bytes> {
    let (status, address) = (response.status(), response.url().clone());
    let body = response.bytes().await?;
    if !status.is_success() {
        bail!("{address} answered {status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(body)
}

async fn json_of(response: Response) -> Result<Value> {
    Ok(serde_json::from_slice(&body_of(response).await?)?)
}
