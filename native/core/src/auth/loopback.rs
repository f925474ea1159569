//! The loopback address that the browser is sent back to after sign-in (RFC 8252 §7.3).

use crate::fault::{Fault, FaultKind};
use std::{borrow::Cow, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// Largest request that is read; a code is about 1 KB, a cookie of another local page may come with it.
const LARGEST_REQUEST: usize = 64 * 1024;
/// A browser may open connections that it never uses.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The error that the sign-in service sent instead of a code.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: String,
    pub(super) description: String,
}

/// What came back from the browser: the authorization code, or the refusal.
type Answer = Result<String, Refusal>;

/// A listener for one sign-in.
#[derive(Debug)]
pub(super) struct Loopback {
    /// IPv4, and IPv6 where the machine has it: `localhost` may lead to either.
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Loopback {
    pub(super) async fn listen() -> Result<Self, Fault> {
        let refuse = |error: std::io::Error| {
            Fault::new(
                FaultKind::InvalidOperation,
                "LoopbackUnavailable",
                format!("No local port could be opened for the browser sign-in ({error}). Use -Device instead."),
            )
            .ending_session()
        };
        let first = TcpListener::bind(("127.0.0.1", 0)).await.map_err(refuse)?;
        let port = first.local_addr().map_err(refuse)?.port();
        let mut listeners = vec![first];
        if let Ok(second) = TcpListener::bind(("::1", port)).await {
            listeners.push(second);
        }
        Ok(Self { listeners, port })
    }

    /// The address to register for the sign-in: any port of `http://localhost` is allowed for public clients.
    pub(super) fn redirect_uri(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Waits until the browser comes back with `state`. Requests without it (another page, a guess) do not end the wait.
    pub(super) async fn wait(&self, state: &str) -> Result<Answer, Fault> {
        let (sender, mut answers) = tokio::sync::mpsc::channel(1);
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listeners[0].accept() => accepted,
                accepted = accept_second(&self.listeners) => accepted,
                // The page that says so is out by now; connections that the browser opened in vain are dropped.
                Some(answer) = answers.recv() => return Ok(answer),
            };
            let (stream, _) = accepted.map_err(|error| {
                Fault::new(
                    FaultKind::Network,
                    "LoopbackBroken",
                    format!("The local port of the sign-in broke: {error}."),
                )
                .ending_session()
            })?;
            let (sender, state) = (sender.clone(), state.to_owned());
            connections.spawn(async move {
                // A connection that breaks or sends nothing useful is the browser's affair, not the sign-in's.
                if let Ok(Some(answer)) = tokio::time::timeout(READ_TIMEOUT, serve(stream, &state)).await {
                    let _ = sender.try_send(answer);
                }
            });
        }
    }
}

async fn accept_second(listeners: &[TcpListener]) -> std::io::Result<(TcpStream, std::net::SocketAddr)> {
    match listeners.get(1) {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Answers one request; the answer of the sign-in, if this request brought it.
async fn serve(mut stream: TcpStream, state: &str) -> Option<Answer> {
    let target = read_target(&mut stream).await?;
    let url = Url::parse("http://localhost").and_then(|base| base.join(&target)).ok()?;
    if url.path() != "/" {
        respond(&mut stream, "404 Not Found", "Not found", "There is nothing here.").await;
        return None;
    }
    let parameter = |name: &str| {
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value).filter(|value| !value.is_empty())
    };
    let (code, error) = (parameter("code"), parameter("error"));
    if parameter("state").as_deref() != Some(state) || code.is_none() && error.is_none() {
        respond(
            &mut stream,
            "400 Bad Request",
            "Not this sign-in",
            "This address does not belong to the sign-in that is waiting.",
        )
        .await;
        return None;
    }
    if let Some(error) = error {
        let description = parameter("error_description").map(Cow::into_owned).unwrap_or_default();
        respond(
            &mut stream,
            "200 OK",
            "You are not signed in",
            "The sign-in did not succeed. Go back to PowerShell to see why. You can close this window.",
        )
        .await;
        return Some(Err(Refusal { error: error.into_owned(), description }));
    }
    let code = code?.into_owned();
    respond(
        &mut stream,
        "200 OK",
        "You are signed in",
        "Go back to PowerShell: it goes on by itself. You can close this window.",
    )
    .await;
    Some(Ok(code))
}

/// Reads the head of a request and gives its target, for example `/?code=…`.
async fn read_target(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::with_capacity(4096);
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&head) {
            Ok(httparse::Status::Complete(_)) if request.method == Some("GET") => {
                return request.path.map(str::to_owned);
            }
            Ok(httparse::Status::Partial) if head.len() < LARGEST_REQUEST => {}
            _ => return None,
        }
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
}

async fn respond(stream: &mut TcpStream, status: &str, title: &str, text: &str) {
    let body = PAGE.replace("{title}", title).replace("{text}", text);
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nReferrer-Policy: no-referrer\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    // Whether the person sees the page does not change the sign-in.
    let _ = stream.write_all(response.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// Self-contained, light and dark. The texts are ours, never from the request.
const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 16px/1.5 system-ui, sans-serif;
  background: light-dark(#f3f4f6, #15181d); color: light-dark(#1c2026, #e8eaed); }
main { max-width: 26rem; margin: 1rem; padding: 2rem 2.25rem; border-radius: 12px; background: light-dark(#fff, #20242b);
  box-shadow: 0 1px 3px rgb(0 0 0 / 20%); }
h1 { margin: 0 0 .5rem; font-size: 1.4rem; }
p { margin: 0; }
small { display: block; margin-top: 1.5rem; opacity: .7; }
</style>
</head>
<body><main><h1>{title}</h1><p>{text}</p><small>ExchangeOnlineRs</small></main></body>
</html>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(port: u16, target: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the listener is there");
        stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    async fn sign_in(targets: &[&str]) -> (Answer, Vec<String>) {
        let loopback = Loopback::listen().await.expect("a port");
        let port = loopback.port;
        let waiting = tokio::spawn(async move { loopback.wait("the-state").await.expect("an answer") });
        let mut pages = Vec::new();
        for target in targets {
            pages.push(get(port, target).await);
        }
        (waiting.await.expect("no panic"), pages)
    }

    #[tokio::test]
    async fn the_code_is_taken_from_the_right_request_only() {
        let (answer, pages) = sign_in(&[
            "/favicon.ico",
            "/?code=forged&state=other",
            "/?state=the-state",
            "/?code=the%2Bcode&state=the-state",
        ])
        .await;
        assert_eq!(answer.expect("a code"), "the+code");
        assert!(pages[0].starts_with("HTTP/1.1 404"));
        assert!(pages[1].starts_with("HTTP/1.1 400"));
        assert!(pages[2].starts_with("HTTP/1.1 400"));
        assert!(pages[3].contains("<h1>You are signed in</h1>"));
        assert!(!pages[3].contains("http://") && !pages[3].contains("https://"), "the page must load nothing");
    }

    #[tokio::test]
    async fn a_refusal_is_passed_on_and_never_written_into_the_page() {
        let (answer, pages) =
            sign_in(&["/?error=access_denied&error_description=%3Cscript%3EAADSTS65004&state=the-state"]).await;
        let refusal = answer.expect_err("refused");
        assert_eq!((refusal.error.as_str(), refusal.description.as_str()), ("access_denied", "<script>AADSTS65004"));
        assert!(pages[0].contains("You are not signed in") && !pages[0].contains("<script>"));
    }
}
