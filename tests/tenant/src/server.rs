//! The HTTPS server: connections, the request log, compression and the headers that every answer has.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_ENCODING, HeaderValue, VARY};
use hyper::service::service_fn;
use hyper::{StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use time::macros::format_description;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::http::{Body, Reply, Request, reply, set_header};
use crate::log::{LogEntry, LogFacts};
use crate::secrets::new_guid;
use crate::state::State;
use crate::{adminapi, entra};

/// The largest request body that is read.
const LARGEST_BODY: usize = 8 << 20;

/// Serves until told to stop.
pub(crate) async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    state: Arc<State>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let sockets = AtomicU64::new(0);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Out of file handles, for example: it may get better.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = stop.changed() => return Ok(()),
        };
        let socket = sockets.fetch_add(1, Ordering::Relaxed) + 1;
        let (acceptor, state, stop) = (acceptor.clone(), Arc::clone(&state), stop.clone());
        tokio::spawn(connection(stream, acceptor, state, stop, address, socket));
    }
}

async fn connection(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    state: Arc<State>,
    mut stop: watch::Receiver<bool>,
    address: SocketAddr,
    socket: u64,
) {
    let _ = stream.set_nodelay(true);
    let Ok(Ok(tls)) = tokio::time::timeout(Duration::from_secs(10), acceptor.accept(stream)).await else {
        return;
    };
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(exchange(&state, request, address, socket).await) }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let serving = builder.serve_connection(TokioIo::new(tls), service);
    tokio::select! {
        // How a connection ends is the client's affair.
        _ = serving => {}
        _ = stop.changed() => {}
    }
}

async fn exchange(state: &Arc<State>, request: hyper::Request<Incoming>, address: SocketAddr, socket: u64) -> Reply {
    let begin = Instant::now();
    let http_version = match request.version() {
        Version::HTTP_2 => "2",
        _ => "1.1",
    };
    let (parts, body) = request.into_parts();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let query: Vec<(String, String)> = parts
        .uri
        .query()
        .map(|query| form_urlencoded::parse(query.as_bytes()).into_owned().collect())
        .unwrap_or_default();
    let mut entry = LogEntry {
        time: time::OffsetDateTime::now_utc()
            .format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"))
            .unwrap_or_default(),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        skip_token: query.iter().any(|(name, _)| name == "$skiptoken"),
        client_request_id: header("client-request-id"),
        connection_id: header("connection-id"),
        anchor_mailbox: header("x-anchormailbox"),
        prefer: header("prefer"),
        http_version: http_version.to_owned(),
        socket,
        ..LogEntry::default()
    };
    let authority = parts.uri.authority().map(ToString::to_string).or_else(|| header("host"));
    let takes_gzip = header("accept-encoding").is_some_and(|value| {
        value.split(',').any(|coding| {
            let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
            name.trim().eq_ignore_ascii_case("gzip") && !matches!(quality.trim(), "q=0" | "q=0.0")
        })
    });
    let mut response = match Limited::new(body, LARGEST_BODY).collect().await {
        Err(_) => reply(StatusCode::PAYLOAD_TOO_LARGE, "text/plain; charset=utf-8", "The request is too large."),
        Ok(body) => {
            if state.options.latency_ms > 0 {
                tokio::time::sleep(Duration::from_millis(state.options.latency_ms)).await;
            }
            let request = Request {
                method: parts.method,
                path: parts.uri.path().to_owned(),
                query,
                headers: parts.headers,
                body: body.to_bytes(),
                origin: origin(authority.as_deref(), address),
            };
            // Filters and keys are work for a processor, which must not hold up other connections.
            let state = Arc::clone(state);
            tokio::task::spawn_blocking(move || {
                let mut response = answer(&state, &request);
                if takes_gzip {
                    compress(&mut response);
                }
                response
            })
            .await
            .unwrap_or_else(|_| {
                reply(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", "The simulator failed.")
            })
        }
    };
    let facts = response.extensions_mut().remove::<LogFacts>().unwrap_or_default();
    entry.status = response.status().as_u16();
    entry.cmdlet_name = facts.cmdlet_name;
    entry.rows = facts.rows;
    entry.user = facts.user;
    entry.note = facts.note;
    entry.response_bytes = response.body().size_hint().exact().unwrap_or(0);
    entry.duration_ms = (begin.elapsed().as_secs_f64() * 1e5).round() / 100.0;
    let request_id = new_guid();
    set_header(&mut response, "request-id", &request_id);
    set_header(&mut response, "x-ms-request-id", &request_id);
    set_header(&mut response, "x-feserver", "SIMPR01CA0001");
    set_header(&mut response, "x-beserver", "SIMPR01MB0001");
    set_header(&mut response, "x-content-type-options", "nosniff");
    if let Some(id) = &entry.client_request_id {
        set_header(&mut response, "client-request-id", id);
    }
    state.log.push(entry);
    response
}

/// The origin as the client wrote it, if it is one of this server's names; a wrong one must not get into links.
fn origin(authority: Option<&str>, address: SocketAddr) -> String {
    let port = format!(":{}", address.port());
    authority
        .filter(|authority| {
            authority.strip_suffix(&port).is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"))
        })
        .map_or_else(|| format!("https://{address}"), |authority| format!("https://{authority}"))
}

fn answer(state: &State, request: &Request) -> Reply {
    let first = request.path.trim_start_matches('/').split('/').next().unwrap_or("");
    if first.eq_ignore_ascii_case("adminapi") {
        return adminapi::handle(state, request);
    }
    entra::handle(state, request).unwrap_or_else(|| {
        reply(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "There is nothing at this address.")
    })
}

fn compress(response: &mut Reply) {
    let compressed = match response.body() {
        Body::Whole(Some(bytes)) if bytes.len() > 128 => {
            let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
            encoder.write_all(bytes).and_then(|()| encoder.finish())
        }
        _ => return,
    };
    if let Ok(compressed) = compressed {
        *response.body_mut() = Body::Whole(Some(compressed.into()));
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
}
