//! What signing in and calling cost when nothing but HTTP is done: the least that any client can need.
//!
//! Reads lines from standard input, does what each one says, and answers with the milliseconds it took:
//!
//! | Line | What is done |
//! |---|---|
//! | `connect` | a new client with a new TLS connection: token, greeting, and one mailbox |
//! | `call` | one more call on a connection that is open: one mailbox by its identity |

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use reqwest::{Certificate, Client, Response};
use serde_json::{Value, json};

/// The public client that administrators have consented to.
const CLIENT_ID: &str = "fb78d390-0c51-40cd-8e17-fdbfab77341b";
const SCOPE: &str = "https://outlook.office365.com/.default openid profile offline_access";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let ready_file = std::env::args().nth(1).context("usage: bare-client READY-FILE")?;
    rustls::crypto::ring::default_provider().install_default().ok().context("TLS is set up already")?;
    let tenant = Tenant::read(Path::new(&ready_file))?;
    let mut open = None;
    for line in std::io::stdin().lock().lines() {
        let took = match line?.as_str() {
            "connect" => {
                let started = Instant::now();
                Session::connect(&tenant).await?.mailbox(json!({"ResultSize": 1})).await?;
                started.elapsed()
            }
            "call" => {
                if open.is_none() {
                    let session = Session::connect(&tenant).await?;
                    let mailbox = session.mailbox(json!({"ResultSize": 1})).await?;
                    open = Some((session, mailbox["PrimarySmtpAddress"].clone()));
                }
                let (session, address) = open.as_ref().context("a session is open")?;
                let started = Instant::now();
                session.mailbox(json!({"Identity": address})).await?;
                started.elapsed()
            }
            other => bail!("'{other}' is nothing that can be measured"),
        };
        println!("{}", milliseconds(took));
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Where the service is, and who signs in.
struct Tenant {
    service: String,
    authority: String,
    tenant_id: String,
    certificate: Certificate,
    user: String,
    password: String,
}

impl Tenant {
    fn read(ready_file: &Path) -> Result<Self> {
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
struct Session<'a> {
    tenant: &'a Tenant,
    client: Client,
    token: String,
}

impl<'a> Session<'a> {
    async fn connect(tenant: &'a Tenant) -> Result<Self> {
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

    /// Runs `Get-Mailbox` and returns the one that it brought.
    async fn mailbox(&self, parameters: Value) -> Result<Value> {
        let body = json!({"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": parameters}}).to_string();
        let request = self.client.post(self.address("beta", "InvokeCommand")).bearer_auth(&self.token);
        let request = request
            .header("content-type", "application/json; charset=utf-8")
            .header("accept", "application/json")
            .header("prefer", "odata.maxpagesize=1000")
            .header("x-responseformat", "json")
            .header("x-serializationlevel", "Partial")
            .header("x-cmdletname", "Get-Mailbox")
            .header("x-anchormailbox", format!("UPN:{}", self.tenant.user));
        let mut answer = json_of(request.body(body).send().await?).await?;
        match answer["value"].as_array_mut() {
            Some(mailboxes) if mailboxes.len() == 1 => Ok(mailboxes.remove(0)),
            other => bail!("not one mailbox came, but {:?}", other.map(|mailboxes| mailboxes.len())),
        }
    }
}

/// The body of an answer that is a success.
async fn json_of(response: Response) -> Result<Value> {
    let (status, address) = (response.status(), response.url().clone());
    let body = response.bytes().await?;
    if !status.is_success() {
        bail!("{address} answered {status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(serde_json::from_slice(&body)?)
}
