//! Which server key Chromium is to trust: that of the tenant, and no other.

use std::fs;
use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use sha2::{Digest as _, Sha256};
use url::Url;

/// How long a server on this machine may take for a handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The hash of the key of the server at an address, once that server has proven a certificate of the authority in `ca_file`. Chromium has
/// no switch for one more authority, but one for keys whose certificates it takes as they are; what is asked here of the server is what
/// Chromium would have asked.
pub(crate) fn key_hash(address: &Url, ca_file: &Path) -> io::Result<String> {
    let host = address.host_str().ok_or_else(|| io::Error::other("the address has no host"))?;
    let port = address.port_or_known_default().ok_or_else(|| io::Error::other("the address has no port"))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&fs::read(ca_file)?) {
        roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let host = host.trim_matches(['[', ']']).to_owned();
    let mut stream = TcpStream::connect((host.as_str(), port))?;
    stream.set_read_timeout(Some(HANDSHAKE_TIMEOUT))?;
    stream.set_write_timeout(Some(HANDSHAKE_TIMEOUT))?;
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    let certificate = connection
        .peer_certificates()
        .and_then(|chain| chain.first())
        .ok_or_else(|| io::Error::other("the server showed no certificate"))?;
    hash_of_key(certificate)
}

/// The SHA-256 of a certificate's public key, as `--ignore-certificate-errors-spki-list` takes it.
fn hash_of_key(certificate: &CertificateDer<'_>) -> io::Result<String> {
    let certificate = webpki::EndEntityCert::try_from(certificate).map_err(io::Error::other)?;
    Ok(STANDARD.encode(Sha256::digest(&*certificate.subject_public_key_info())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PublicKeyData as _};
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::{ServerConfig, ServerConnection};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    /// An authority, and a server with a certificate of it that takes one connection.
    struct Server {
        ca_pem: String,
        key_hash: String,
        address: Url,
        thread: JoinHandle<()>,
    }

    fn server() -> Server {
        let ca_key = KeyPair::generate().expect("a key");
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_pem = ca.self_signed(&ca_key).expect("a certificate").pem();
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()])
            .expect("parameters")
            .signed_by(&key, &Issuer::new(ca, ca_key))
            .expect("a certificate");
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .expect("settings");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("https://127.0.0.1:{}/", listener.local_addr().expect("an address").port());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut connection = ServerConnection::new(Arc::new(config)).expect("a server");
            // A client that doesn't trust it ends the handshake, which is no failure of the server.
            while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
        });
        Server {
            ca_pem,
            key_hash: STANDARD.encode(Sha256::digest(key.subject_public_key_info())),
            address: address.parse().expect("an address"),
            thread,
        }
    }

    #[test]
    fn the_hash_is_that_of_a_server_with_a_certificate_of_the_authority() {
        let server = server();
        let folder = tempfile::tempdir().expect("a folder");
        let ca_file = folder.path().join("ca.pem");
        fs::write(&ca_file, &server.ca_pem).expect("written");
        assert_eq!(key_hash(&server.address, &ca_file).expect("a hash"), server.key_hash);
        server.thread.join().expect("no panic");
    }

    #[test]
    fn another_authority_s_server_is_refused() {
        let (server, other) = (server(), CertificateParams::default());
        let folder = tempfile::tempdir().expect("a folder");
        let ca_file = folder.path().join("ca.pem");
        let pem = other.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate").pem();
        fs::write(&ca_file, pem).expect("written");
        assert!(key_hash(&server.address, &ca_file).is_err());
        server.thread.join().expect("no panic");
    }
}
