//! The applications' key material: certificates with their keys, and tokens of the outside issuer; in files if wanted.

use std::io;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256,
};
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, RsaKeyPair};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::entra::applications::{AppCertificate, MadeCertificates};
use crate::entra::federation::{AUDIENCE, ISSUER, SUBJECT};
use crate::state::State;

/// What kind of key a certificate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, 2048 bits.
    Rsa,
    /// The elliptic curve P-256.
    P256,
    /// The elliptic curve P-384.
    P384,
}

/// A self-signed certificate and its private key.
#[derive(Clone)]
pub struct Certificate {
    /// The name of its files, without extension.
    pub name: &'static str,
    /// The kind of key.
    pub kind: KeyKind,
    /// The certificate, PEM.
    pub pem: String,
    /// The private key, PKCS#8 PEM.
    pub key_pem: String,
    der: Vec<u8>,
    public_key: Vec<u8>,
    key: Vec<u8>,
}

impl std::fmt::Debug for Certificate {
    /// Without the private key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Certificate {} ({:?})", self.name, self.kind)
    }
}

impl Certificate {
    fn new(name: &'static str, kind: KeyKind) -> io::Result<Self> {
        let pair = match kind {
            KeyKind::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            KeyKind::P384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
            KeyKind::Rsa => {
                let key = RsaPrivateKey::new(&mut rand_core::OsRng, 2048).map_err(io::Error::other)?;
                let der = key.to_pkcs8_der().map_err(io::Error::other)?;
                KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(der.as_bytes()), &PKCS_RSA_SHA256)
            }
        }
        .map_err(io::Error::other)?;
        let now = time::OffsetDateTime::now_utc();
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        parameters.not_before = now - Duration::from_secs(86_400);
        parameters.not_after = now + Duration::from_secs(30 * 86_400);
        let certificate = parameters.self_signed(&pair).map_err(io::Error::other)?;
        let key = pair.serialize_der();
        Ok(Self {
            name,
            kind,
            pem: certificate.pem(),
            key_pem: pem("PRIVATE KEY", &key),
            der: certificate.der().to_vec(),
            public_key: pair.public_key_raw().to_vec(),
            key,
        })
    }

    /// The SHA-256 of the certificate as the assertion header `x5t#S256` has it.
    #[must_use]
    pub fn x5t_s256(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &self.der))
    }

    /// The SHA-1 of the certificate as the older assertion header `x5t` has it.
    #[must_use]
    pub fn x5t(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.der))
    }

    /// The SHA-1 of the certificate in hexadecimal digits, as certificate stores show it.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.der);
        hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// Signs data with one of the algorithms of JSON Web Signatures.
    ///
    /// # Errors
    ///
    /// The key isn't one for the algorithm.
    pub fn sign(&self, algorithm: &str, data: &[u8]) -> io::Result<Vec<u8>> {
        let random = SystemRandom::new();
        let refuse = |_| io::Error::other("the key can't be used");
        let failed = |_| io::Error::other("signing failed");
        let rsa: &dyn signature::RsaEncoding = match (algorithm, self.kind) {
            ("PS256", KeyKind::Rsa) => &signature::RSA_PSS_SHA256,
            ("RS256", KeyKind::Rsa) => &signature::RSA_PKCS1_SHA256,
            ("ES256", KeyKind::P256) | ("ES384", KeyKind::P384) => {
                let curve = if self.kind == KeyKind::P256 {
                    &signature::ECDSA_P256_SHA256_FIXED_SIGNING
                } else {
                    &signature::ECDSA_P384_SHA384_FIXED_SIGNING
                };
                let key = EcdsaKeyPair::from_pkcs8(curve, &self.key, &random).map_err(refuse)?;
                return Ok(key.sign(&random, data).map_err(failed)?.as_ref().to_vec());
            }
            _ => return Err(io::Error::other(format!("a key of kind {:?} isn't for {algorithm}", self.kind))),
        };
        let key = RsaKeyPair::from_pkcs8(&self.key).map_err(refuse)?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(rsa, &random, data, &mut signature).map_err(failed)?;
        Ok(signature)
    }

    /// Whether a signature of an algorithm of JSON Web Signatures was made with the certificate's key; false too if the
    /// key isn't one for the algorithm.
    #[must_use]
    pub fn verifies(&self, algorithm: &str, data: &[u8], signature: &[u8]) -> bool {
        let verification: &dyn signature::VerificationAlgorithm = match (algorithm, self.kind) {
            ("PS256", KeyKind::Rsa) => &signature::RSA_PSS_2048_8192_SHA256,
            ("RS256", KeyKind::Rsa) => &signature::RSA_PKCS1_2048_8192_SHA256,
            ("ES256", KeyKind::P256) => &signature::ECDSA_P256_SHA256_FIXED,
            ("ES384", KeyKind::P384) => &signature::ECDSA_P384_SHA384_FIXED,
            _ => return false,
        };
        signature::UnparsedPublicKey::new(verification, &self.public_key).verify(data, signature).is_ok()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in base64.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// The key material that is made at the start.
#[derive(Default)]
pub(crate) struct Credentials {
    certificates: MadeCertificates,
    external: Option<RsaPrivateKey>,
}

impl Credentials {
    /// Makes the key material, the slow RSA keys side by side.
    pub(crate) fn new() -> io::Result<Self> {
        const CERTIFICATES: [(&str, &str, KeyKind, bool); 9] = [
            ("automation", "automation", KeyKind::Rsa, true),
            ("automation", "automation-p256", KeyKind::P256, true),
            ("automation", "automation-p384", KeyKind::P384, true),
            ("automation", "automation-unregistered", KeyKind::Rsa, false),
            ("reporting", "reporting", KeyKind::P256, true),
            ("norole", "norole", KeyKind::P256, true),
            ("nopermission", "nopermission", KeyKind::P256, true),
            ("partner-app", "partner-app", KeyKind::P256, true),
            ("partner-app", "partner-app-p384", KeyKind::P384, true),
        ];
        std::thread::scope(|scope| {
            let external = scope.spawn(|| RsaPrivateKey::new(&mut rand_core::OsRng, 2048));
            let making = CERTIFICATES.map(|(owner, name, kind, registered)| {
                let make = move || {
                    Certificate::new(name, kind).map(|certificate| (owner, AppCertificate { certificate, registered }))
                };
                scope.spawn(make)
            });
            let failed = |_| io::Error::other("making a key failed");
            let mut certificates = MadeCertificates::new();
            for thread in making {
                certificates.push(thread.join().map_err(failed)??);
            }
            let external = external.join().map_err(failed)?.map_err(io::Error::other)?;
            Ok(Self { certificates, external: Some(external) })
        })
    }

    /// The certificates and the outside issuer's key.
    pub(crate) fn into_parts(self) -> (MadeCertificates, Option<RsaPrivateKey>) {
        (self.certificates, self.external)
    }
}

/// A file with a token of the outside issuer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenFile {
    /// The file's name.
    pub(crate) file: &'static str,
    /// What is right or wrong with the token.
    pub(crate) state: &'static str,
    /// The token's issuer.
    pub(crate) issuer: &'static str,
    /// The token's subject.
    pub(crate) subject: &'static str,
    /// The token's audience.
    pub(crate) audience: &'static str,
    lifetime: i64,
}

/// The files with tokens of the outside issuer.
pub(crate) const TOKEN_FILES: [TokenFile; 5] = {
    const GOOD: TokenFile = TokenFile {
        file: "automation-token.jwt",
        state: "good",
        issuer: ISSUER,
        subject: SUBJECT,
        audience: AUDIENCE,
        lifetime: 86_400,
    };
    [
        GOOD,
        TokenFile {
            file: "automation-token-wrong-subject.jwt",
            state: "wrong-subject",
            subject: "repo:contoso/another-repository:ref:refs/heads/main",
            ..GOOD
        },
        TokenFile {
            file: "automation-token-wrong-issuer.jwt",
            state: "wrong-issuer",
            issuer: "https://tokens.elsewhere.example",
            ..GOOD
        },
        TokenFile {
            file: "automation-token-wrong-audience.jwt",
            state: "wrong-audience",
            audience: "api://SomethingElse",
            ..GOOD
        },
        TokenFile { file: "automation-token-expired.jwt", state: "expired", lifetime: -3600, ..GOOD },
    ]
};

/// Writes certificates, keys and tokens to a folder, which is made if there is none.
pub(crate) fn write(state: &State, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for application in &state.applications {
        for AppCertificate { certificate, .. } in &application.certificates {
            std::fs::write(folder.join(format!("{}.pem", certificate.name)), &certificate.pem)?;
            write_secret(&folder.join(format!("{}.key", certificate.name)), &certificate.key_pem)?;
        }
    }
    for file in TOKEN_FILES {
        let token = state.federation().token(file.issuer, file.subject, file.audience, file.lifetime);
        write_secret(&folder.join(file.file), &token)?;
    }
    Ok(())
}

/// Writes a file that only its owner may read.
pub(crate) fn write_secret(path: &Path, content: &str) -> io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(content.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_keys_and_the_algorithms_own() {
        for (kind, algorithm) in [(KeyKind::P256, "ES256"), (KeyKind::P384, "ES384")] {
            let (ours, other) = (Certificate::new("a", kind).unwrap(), Certificate::new("b", kind).unwrap());
            let signature = ours.sign(algorithm, b"data").unwrap();
            assert!(ours.verifies(algorithm, b"data", &signature));
            assert!(!ours.verifies(algorithm, b"date", &signature));
            assert!(!other.verifies(algorithm, b"data", &signature));
            assert!(!ours.verifies("PS256", b"data", &signature));
            assert!(ours.sign("PS256", b"data").is_err());
        }
    }

    #[test]
    fn rsa_keys_sign_both_ways() {
        let certificate = Certificate::new("r", KeyKind::Rsa).unwrap();
        for (algorithm, other) in [("PS256", "RS256"), ("RS256", "PS256")] {
            let signature = certificate.sign(algorithm, b"data").unwrap();
            assert!(certificate.verifies(algorithm, b"data", &signature));
            assert!(!certificate.verifies(other, b"data", &signature));
        }
        assert_eq!(certificate.thumbprint().len(), 40);
    }
}
