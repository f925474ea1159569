//! The HTTP client of a connection: verified TLS, one cookie jar, no automatic redirects.

pub(crate) mod governor;
pub mod retry;

use crate::{
    fault::{Fault, FaultKind},
    settings::Settings,
};
use once_cell::sync::Lazy;
use reqwest::{Certificate, Client, ClientBuilder, NoProxy, Proxy, header::HeaderMap, redirect::Policy};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{
    error::Error,
    path::Path,
    time::{Duration, Instant},
};
use url::Url;
use uuid::Uuid;

/// How long connecting to a host may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Idle connections are kept for the next command; the service closes them after some minutes anyway.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

static PROVIDER: Lazy<()> = Lazy::new(|| {
    // An error means that the process has one already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
});

/// What has to happen once in a process before a client is made.
pub fn prepare() {
    Lazy::force(&PROVIDER);
}

/// Makes the client of a connection.
///
/// Trust comes from the operating system, or, as with OpenSSL and .NET, from the file and directory in `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` of the caller's environment. Nothing switches verification off. The proxy is the environment's.
///
/// # Errors
/// A certificate file that cannot be read, or a proxy address that is not valid.
pub fn client(settings: &Settings) -> Result<Client, Fault> {
    prepare();
    let mut builder = Client::builder()
        .https_only(true)
        // A redirect would lose the token, or carry it to another host.
        .redirect(Policy::none())
        .cookie_store(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_keepalive(Duration::from_secs(60))
        .user_agent(&settings.user_agent);
    builder = with_trust(builder, settings)?;
    builder = with_proxy(builder, settings)?;
    builder.build().map_err(|error| {
        Fault::internal(format!("The HTTP client could not be made: {}.", chain(&error))).ending_session()
    })
}

fn with_trust(builder: ClientBuilder, settings: &Settings) -> Result<ClientBuilder, Fault> {
    let mut certificates = Vec::new();
    if let Some(file) = settings.variable("SSL_CERT_FILE") {
        certificates.extend(read_certificates(Path::new(file), "SSL_CERT_FILE")?);
    }
    if let Some(directories) = settings.variable("SSL_CERT_DIR") {
        for directory in std::env::split_paths(directories) {
            // As in OpenSSL, a directory or file in it that cannot be read holds no certificates.
            for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
                if entry.path().is_file() {
                    certificates.extend(read_certificates(&entry.path(), "SSL_CERT_DIR").unwrap_or_default());
                }
            }
        }
    }
    Ok(if certificates.is_empty() { builder } else { builder.tls_certs_only(certificates) })
}

fn read_certificates(file: &Path, variable: &str) -> Result<Vec<Certificate>, Fault> {
    let refuse = |why: String| {
        Fault::invalid_argument(
            "InvalidCertificateFile",
            format!("The certificate file '{}' named by {variable} cannot be used: {why}.", file.display()),
        )
        .ending_session()
    };
    let pem = std::fs::read(file).map_err(|error| refuse(error.to_string()))?;
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
        // Tried here, where the file can be named; the client would only say that some certificate is bad.
        RootCertStore::empty().add(certificate.clone()).map_err(|error| refuse(error.to_string()))?;
        certificates.push(Certificate::from_der(&certificate).map_err(|error| refuse(chain(&error)))?);
    }
    if certificates.is_empty() {
        return Err(refuse("it holds no PEM certificate".into()));
    }
    Ok(certificates)
}

fn with_proxy(builder: ClientBuilder, settings: &Settings) -> Result<ClientBuilder, Fault> {
    let variable = |upper: &str| settings.variable(upper).or_else(|| settings.variable(&upper.to_lowercase()));
    let Some(address) = variable("HTTPS_PROXY").or_else(|| variable("ALL_PROXY")) else {
        return Ok(builder.no_proxy());
    };
    // The address is not shown: it can hold a password.
    let refuse = || {
        Fault::invalid_argument(
            "InvalidProxy",
            "The proxy address in HTTPS_PROXY or ALL_PROXY is not valid. Give one such as http://proxy.contoso.com:8080.",
        )
        .ending_session()
    };
    // An address of a kind that the client does not know would be passed over in silence, and everything sent around the
    // proxy.
    if address.split_once("://").is_some_and(|(scheme, _)| !["http", "https"].contains(&scheme.to_lowercase().as_str()))
    {
        return Err(refuse());
    }
    let proxy = Proxy::all(address).map_err(|_| refuse())?;
    Ok(builder.proxy(proxy.no_proxy(variable("NO_PROXY").and_then(NoProxy::from_string))))
}

/// A failure below HTTP, as a fault that names the host.
pub fn transport_fault(error: &reqwest::Error, url: &Url) -> Fault {
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let cause = chain(error);
    if let Some(reason) = certificate_reason(error) {
        return Fault::new(
            FaultKind::Certificate,
            "CertificateNotTrusted",
            format!(
                "The certificate of {host} is not trusted: {reason}. Nothing was sent. If a company proxy or an internal \
                 authority issued it, add that authority to the system's trusted certificates, or name its PEM file in the \
                 environment variable SSL_CERT_FILE."
            ),
        )
        .with_detail(cause);
    }
    if error.is_timeout() {
        let what = if error.is_connect() { "could not be reached in time" } else { "did not answer in time" };
        return Fault::new(FaultKind::Timeout, "RequestTimeout", format!("{host} {what}.")).with_detail(cause);
    }
    if error.is_connect() {
        return Fault::new(
            FaultKind::Network,
            "HostUnreachable",
            format!(
                "{host} could not be reached: {}. Check the address, the network and the proxy settings.",
                root(error)
            ),
        )
        .with_detail(cause);
    }
    Fault::new(FaultKind::Network, "ConnectionBroken", format!("The connection to {host} broke: {}.", root(error)))
        .with_detail(cause)
}

/// The reason for which rustls refused a certificate, if that is what happened.
fn certificate_reason(error: &reqwest::Error) -> Option<String> {
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(current) = source {
        if let Some(tls) = current.downcast_ref::<rustls::Error>() {
            return match tls {
                rustls::Error::InvalidCertificate(reason) => Some(describe(reason)),
                _ => None,
            };
        }
        // An io::Error hides what it wraps from source(), and one may wrap another.
        source = match current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => current.source(),
        };
    }
    None
}

fn describe(reason: &rustls::CertificateError) -> String {
    use rustls::CertificateError as E;
    match reason {
        E::UnknownIssuer => "it was issued by an unknown authority".into(),
        E::Expired | E::ExpiredContext { .. } => "it has expired".into(),
        E::NotValidYet | E::NotValidYetContext { .. } => "it is not valid yet".into(),
        E::NotValidForName | E::NotValidForNameContext { .. } => "it was issued for another name".into(),
        E::Revoked => "it was revoked".into(),
        other => other.to_string(),
    }
}

/// An error with all its causes, in one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(current) = source {
        let next = current.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = current.source();
    }
    text
}

fn root(error: &dyn Error) -> String {
    let mut current = error;
    while let Some(source) = current.source() {
        current = source;
    }
    current.to_string()
}

/// Whether an address leads to this machine only.
pub fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A line for people who follow each call: what was asked of whom, and what came of it. Nothing of a query is shown.
pub fn call_line(
    method: &reqwest::Method,
    url: &Url,
    status: reqwest::StatusCode,
    bytes: usize,
    begun: Instant,
    client_request_id: Option<&Uuid>,
) -> String {
    let id = client_request_id.map_or_else(String::new, |id| format!(" (client-request-id {id})"));
    format!(
        "{method} {}{} {} {bytes} bytes in {} ms{id}",
        url.host_str().unwrap_or_default(),
        url.path(),
        status.as_u16(),
        begun.elapsed().as_millis()
    )
}

/// A header as text, empty when it is missing or not text.
pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: serde_json::Value) -> Settings {
        serde_json::from_value(serde_json::json!({"flow": "browser", "environmentVariables": variables}))
            .expect("valid")
    }

    #[test]
    fn a_missing_certificate_file_is_named() {
        let fault = client(&settings(serde_json::json!({"SSL_CERT_FILE": "no/such/file.pem"}))).expect_err("missing");
        assert_eq!(fault.kind, FaultKind::InvalidArgument);
        assert!(fault.message.contains("no/such/file.pem") && fault.message.contains("SSL_CERT_FILE"), "{fault}");
    }

    #[test]
    fn a_bad_proxy_address_is_refused_and_not_repeated() {
        for address in ["http://user:hidden@[bad", "ftp://hidden:1", "htpp://hidden", "socks5://hidden:1080"] {
            let fault = client(&settings(serde_json::json!({"HTTPS_PROXY": address}))).expect_err(address);
            assert_eq!(fault.error_id, "InvalidProxy");
            assert!(!fault.message.contains("hidden"));
        }
        for address in ["http://proxy:8080", "HTTP://proxy", "proxy:8080", "https://proxy"] {
            client(&settings(serde_json::json!({"https_proxy": address}))).expect(address);
        }
    }

    #[test]
    fn a_bad_certificate_is_named_in_a_file_and_skipped_in_a_folder() {
        let folder = std::env::temp_dir().join(format!("exo-core-certificates-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).expect("a folder");
        let file = folder.join("bad.pem");
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").expect("a file");
        let fault = client(&settings(serde_json::json!({"SSL_CERT_FILE": file}))).expect_err("no certificate");
        assert_eq!(fault.error_id, "InvalidCertificateFile");
        assert!(fault.message.contains("bad.pem"), "{fault}");
        client(&settings(serde_json::json!({"SSL_CERT_DIR": folder}))).expect("skipped");
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
