//! What signing in and calling cost when nothing but HTTP is done: the least that any client can need.
//!
//! Reads lines from standard input, does what each one says, and answers with a line of JSON: `milliseconds` is the time it took.
//!
//! | Line | What is done |
//! |---|---|
//! | `connect` | a new client with a new TLS connection: token, greeting, and one mailbox |
//! | `call` | one more call on a connection that is open: one mailbox by its identity |
//! | `first` | the first page of all mailboxes, and the first address on it |
//! | `stream SIZE` | so many mailboxes or all (`Unlimited`), page after page: `rows`, and the `checksum` of their addresses |
//! | `rehearse SIZE` | the same, and what another program needs to fetch the same pages: `links`, `sizes`, `headers`, `body` |

mod pages;
mod session;

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use session::{Session, Tenant};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let ready_file = std::env::args().nth(1).context("usage: bare-client READY-FILE")?;
    rustls::crypto::ring::default_provider().install_default().ok().context("TLS is set up already")?;
    let tenant = Tenant::read(Path::new(&ready_file))?;
    let mut open = Open { tenant: &tenant, session: None };
    for line in std::io::stdin().lock().lines() {
        println!("{}", answer(&mut open, &line?).await?);
        std::io::stdout().flush()?;
    }
    Ok(())
}

async fn answer(open: &mut Open<'_>, line: &str) -> Result<Value> {
    let (what, argument) = line.split_once(' ').unwrap_or((line, ""));
    let took = match what {
        "connect" => {
            let started = Instant::now();
            Session::connect(open.tenant).await?.mailbox(&json!({"ResultSize": 1})).await?;
            started.elapsed()
        }
        "call" => {
            let (session, address) = open.session().await?;
            let started = Instant::now();
            session.mailbox(&json!({"Identity": address})).await?;
            started.elapsed()
        }
        "first" => {
            let (session, _) = open.session().await?;
            let started = Instant::now();
            pages::first_address(session).await?;
            started.elapsed()
        }
        "stream" => {
            let (session, _) = open.session().await?;
            let started = Instant::now();
            let seen = pages::read(session, argument).await?;
            let took = milliseconds(started.elapsed());
            return Ok(json!({"milliseconds": took, "rows": seen.rows, "checksum": seen.checksum()}));
        }
        "rehearse" => {
            let (session, _) = open.session().await?;
            let started = Instant::now();
            let seen = pages::read(session, argument).await?;
            return Ok(json!({
                "milliseconds": milliseconds(started.elapsed()),
                "rows": seen.rows,
                "links": seen.links,
                "sizes": seen.sizes,
                "headers": session.headers().map(|(name, value)| format!("{name}: {value}")),
                "body": session::body(&pages::parameters(argument)?),
                "checksum": seen.checksum(),
            }));
        }
        other => bail!("'{other}' is nothing that can be measured"),
    };
    Ok(json!({"milliseconds": milliseconds(took)}))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The session that is made once and used from then on, and an address that it knows.
struct Open<'a> {
    tenant: &'a Tenant,
    session: Option<(Session<'a>, Value)>,
}

impl<'a> Open<'a> {
    async fn session(&mut self) -> Result<&(Session<'a>, Value)> {
        if self.session.is_none() {
            let session = Session::connect(self.tenant).await?;
            let address = session.mailbox(&json!({"ResultSize": 1})).await?["PrimarySmtpAddress"].clone();
            self.session = Some((session, address));
        }
        self.session.as_ref().context("a session is open")
    }
}
