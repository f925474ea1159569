//! The HTTPS server: connections, the request log, compression and the headers that every answer has.

use std::convert::Infallible;
use std::io::Write as _;
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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::clouds::Host;
use crate::http::{Body, Reply, Request, reply, set_header};
use crate::log::{LogEntry, LogFacts};
use crate::secrets::new_guid;
use crate::state::State;
use crate::{adminapi, control, entra};

/// How much of headers is read before they are refused, in bytes.
const LARGEST_HEADERS: u32 = 1 << 20;

/// The largest request body that is read.
const LARGEST_BODY: usize = 8 << 20;

/// What every connection needs.
#[derive(Clone)]
pub(crate) struct Server {
    /// The TLS settings.
    pub(crate) acceptor: TlsAcceptor,
    /// The tenants' state.
    pub(crate) state: Arc<State>,
    /// Tells when to stop.
    pub(crate) stop: watch::Receiver<bool>,
    /// The address of the TLS listener.
    pub(crate) address: SocketAddr,
    /// Number of connections so far.
    pub(crate) sockets: Arc<AtomicU64>,
}

impl Server {
    /// Number of the next connection.
    pub(crate) fn next_socket(&self) -> u64 {
        self.sockets.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Gives every connection of a listener to a task, until told to stop.
    pub(crate) async fn accept<F, T>(mut self, listener: TcpListener, handle: F)
    where
        F: Fn(Self, TcpStream) -> T,
        T: Future<Output = ()> + Send + 'static,
    {
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let _ = stream.set_nodelay(true);
                        tokio::spawn(handle(self.clone(), stream));
                    }
                    // Out of file handles, for example: it may get better.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
                _ = self.stop.changed() => return,
            }
        }
    }

    /// Serves the sign-in host and the admin API on a connection.
    pub(crate) async fn secure(self, stream: TcpStream) {
        let socket = self.next_socket();
        if let Ok(Ok(tls)) = tokio::time::timeout(Duration::from_secs(10), self.acceptor.accept(stream)).await {
            self.serve(tls, socket, answer).await;
        }
    }

    /// Serves the managed identity endpoints on a connection.
    pub(crate) async fn plain(self, stream: TcpStream) {
        let socket = self.next_socket();
        self.serve(stream, socket, crate::managed_identity::handle).await;
    }

    async fn serve(
        mut self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        socket: u64,
        handler: fn(&State, &Request) -> Reply,
    ) {
        let (state, address) = (Arc::clone(&self.state), self.address);
        let service = service_fn(move |request| {
            let state = Arc::clone(&state);
            async move { Ok::<_, Infallible>(exchange(&state, request, address, socket, handler).await) }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        // Headers that are too long are refused as the service refuses them, rather than by the library.
        builder.http2().max_header_list_size(LARGEST_HEADERS);
        let serving = builder.serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            // How a connection ends is the client's affair.
            _ = serving => {}
            _ = self.stop.changed() => {}
        }
    }
}

/// The moment of a log line.
pub(crate) fn log_time() -> String {
    time::OffsetDateTime::now_utc()
        .format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"))
        .unwrap_or_default()
}

async fn exchange(
    state: &Arc<State>,
    request: hyper::Request<Incoming>,
    address: SocketAddr,
    socket: u64,
    handler: fn(&State, &Request) -> Reply,
) -> Reply {
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
    let authority = parts.uri.authority().map(ToString::to_string).or_else(|| header("host"));
    let mut entry = LogEntry {
        time: log_time(),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        host: authority.clone().unwrap_or_default(),
        skip_token: query.iter().any(|(name, _)| name == "$skiptoken"),
        client_request_id: header("client-request-id"),
        connection_id: header("connection-id"),
        anchor_mailbox: header("x-anchormailbox"),
        prefer: header("prefer"),
        http_version: http_version.to_owned(),
        socket,
        ..LogEntry::default()
    };
    let takes_gzip = !state.options.no_compression
        && header("accept-encoding").is_some_and(|value| {
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
            let (origin, host) = place(authority.as_deref(), address);
            let request = Request {
                method: parts.method,
                path: parts.uri.path().to_owned(),
                query,
                headers: parts.headers,
                body: body.to_bytes(),
                origin,
                host,
            };
            // Filters and keys are work for a processor, which must not hold up other connections.
            let state = Arc::clone(state);
            tokio::task::spawn_blocking(move || {
                let mut response = handler(&state, &request);
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
    entry.parameters = facts.parameters;
    entry.entity = facts.entity;
    entry.parts = facts.parts;
    entry.rows = facts.rows;
    entry.user = facts.user;
    entry.note = facts.note;
    entry.affinity_cookie = facts.affinity_cookie;
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

/// The origin as the client wrote it, if it is one of this server's names, and what the name stands for; a wrong origin
/// must not get into links.
fn place(authority: Option<&str>, address: SocketAddr) -> (String, Host) {
    let port = format!(":{}", address.port());
    if let Some(authority) = authority {
        let direct = authority.strip_suffix(&port);
        if direct.is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]")) {
            return (format!("https://{authority}"), Host::Direct);
        }
        let name = authority.strip_suffix(":443").unwrap_or(authority).to_ascii_lowercase();
        if let Some(host) = Host::named(&name) {
            return (format!("https://{name}"), host);
        }
    }
    (format!("https://{address}"), Host::Direct)
}

fn answer(state: &State, request: &Request) -> Reply {
    let first = request.path.trim_start_matches('/').split('/').next().unwrap_or("");
    let nothing = || reply(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "There is nothing at this address.");
    let (sign_in, service) = match request.host {
        Host::Direct => (true, true),
        Host::Login(_) => (true, false),
        Host::Service { .. } => (false, true),
    };
    if first == ".simulator" && request.host == Host::Direct {
        return control::handle(state, request);
    }
    if first.eq_ignore_ascii_case("adminapi") {
        return if service { adminapi::handle(state, request) } else { nothing() };
    }
    if sign_in { entra::handle(state, request).unwrap_or_else(nothing) } else { nothing() }
}

fn compress(response: &mut Reply) {
    let size = response.body().size_hint().exact().unwrap_or(0);
    if size <= 128 {
        return;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(size as usize / 8), Compression::fast());
    let written = match response.body() {
        Body::Whole(bytes) => bytes.iter().try_for_each(|bytes| encoder.write_all(bytes)),
        Body::Parts(parts) => parts.iter().try_for_each(|bytes| encoder.write_all(bytes)),
        Body::Cut(..) => return,
    };
    if let Ok(compressed) = written.and_then(|()| encoder.finish()) {
        *response.body_mut() = Body::Whole(Some(compressed.into()));
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
}
