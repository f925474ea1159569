//! A small HTTP client for the scripted browser and the tests: one request per connection, no cookies, no redirects, no
//! retries, so that what goes over the wire is what the caller wrote.

use std::io::{self, Read as _};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::HeaderMap;
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A client that trusts certain authorities.
#[derive(Clone)]
pub struct Client {
    config: Arc<ClientConfig>,
    http2: bool,
    /// Host and port of the proxy for HTTPS.
    proxy: Option<String>,
}

/// A response.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
}

impl Response {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `null` if it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header's text; empty if it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

impl Client {
    /// A client that trusts the authorities of a PEM text.
    ///
    /// # Errors
    ///
    /// The text holds no certificate.
    pub fn new(pem: &str) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
        }
        if roots.is_empty() {
            return Err(io::Error::other("there is no certificate in the PEM text"));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config), http2: false, proxy: None })
    }

    /// The same client over HTTP/2.
    #[must_use]
    pub fn over_http2(&self) -> Self {
        let mut config = (*self.config).clone();
        config.alpn_protocols = vec![b"h2".to_vec()];
        Self { config: Arc::new(config), http2: true, proxy: self.proxy.clone() }
    }

    /// The same client with a proxy for HTTPS, `http://host:port`.
    ///
    /// # Errors
    ///
    /// The address isn't one of a plain HTTP proxy.
    pub fn through_proxy(&self, address: &str) -> io::Result<Self> {
        let uri: Uri = address.parse().map_err(io::Error::other)?;
        match (uri.scheme_str(), uri.host(), uri.port_u16()) {
            (Some("http"), Some(host), Some(port)) => {
                Ok(Self { proxy: Some(format!("{host}:{port}")), ..self.clone() })
            }
            _ => Err(io::Error::other(format!("'{address}' isn't the address of a proxy"))),
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// The server can't be reached or trusted, or the response ends early.
    pub async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> io::Result<Response> {
        let uri: Uri = url.parse().map_err(io::Error::other)?;
        let host =
            uri.host().ok_or_else(|| io::Error::other("the address has no host"))?.trim_matches(['[', ']']).to_owned();
        let secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let target = if self.http2 {
            uri.clone()
        } else {
            uri.path_and_query().map_or("/", |path| path.as_str()).parse().map_err(io::Error::other)?
        };
        let mut request = Request::builder().method(method).uri(target);
        if !self.http2 {
            request = request.header("host", uri.authority().map_or("", |authority| authority.as_str()));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).map_err(io::Error::other)?;
        let stream = match &self.proxy {
            Some(proxy) if secure => tunnel(proxy, &host, port).await?,
            _ => TcpStream::connect((host.as_str(), port)).await?,
        };
        if secure {
            let name = ServerName::try_from(host).map_err(io::Error::other)?;
            let tls = TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await?;
            self.exchange(tls, request).await
        } else {
            self.exchange(stream, request).await
        }
    }

    async fn exchange(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        request: Request<Full<Bytes>>,
    ) -> io::Result<Response> {
        let response = if self.http2 {
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                    .await
                    .map_err(io::Error::other)?;
            tokio::spawn(connection);
            read(sender.send_request(request).await.map_err(io::Error::other)?).await?
        } else {
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
            tokio::spawn(connection);
            read(sender.send_request(request).await.map_err(io::Error::other)?).await?
        };
        Ok(response)
    }
}

/// A connection to a host through a proxy.
async fn tunnel(proxy: &str, host: &str, port: u16) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(proxy).await?;
    stream.write_all(format!("CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n").as_bytes()).await?;
    let mut head = Vec::new();
    // The tunnel begins right after the empty line, so nothing may be read ahead.
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    match head.split(' ').nth(1) {
        Some("200") => Ok(stream),
        _ => Err(io::Error::other(format!("the proxy answers: {}", head.lines().next().unwrap_or("")))),
    }
}

async fn read(response: hyper::Response<hyper::body::Incoming>) -> io::Result<Response> {
    let (parts, body) = response.into_parts();
    let mut body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if parts.headers.get("content-encoding").is_some_and(|coding| coding == "gzip") {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain)?;
        body = plain.into();
    }
    Ok(Response { status: parts.status, headers: parts.headers, body })
}
