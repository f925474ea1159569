//! Signatures with private keys that the core never sees.
//!
//! A certificate's key may live in a store that gives signatures but not the key (a smart card, a TPM, a Windows key that is
//! not exportable). So the caller keeps all keys, and the core asks it for each signature.

use crate::fault::Fault;
use once_cell::sync::Lazy;
use serde::Deserialize;
use std::sync::{Arc, PoisonError, RwLock};

/// The kind of signature, by its name in a JSON Web Signature (RFC 7518 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, for keys whose store knows no PSS.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// ECDSA on P-521 with SHA-512.
    #[serde(rename = "ES512")]
    Es512,
}

impl Algorithm {
    /// The name in the header of a JSON Web Signature.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
        }
    }
}

/// Whoever keeps the private keys.
pub trait Signer: Send + Sync {
    /// Signs `data` with the key that the caller knows as `key`, with the algorithm that goes with that key. ECDSA signatures
    /// are r and s one after the other, as JSON Web Signatures have them.
    ///
    /// # Errors
    /// Why there is no signature, as a sentence for people without any secret.
    fn sign(&self, key: u64, data: &[u8]) -> Result<Vec<u8>, String>;
}

static SIGNER: Lazy<RwLock<Option<Arc<dyn Signer>>>> = Lazy::new(RwLock::default);

/// Says who signs from now on, in the whole process.
pub fn set(signer: Arc<dyn Signer>) {
    *SIGNER.write().unwrap_or_else(PoisonError::into_inner) = Some(signer);
}

/// Signs `data` with `key`. A key store may take its time (or ask a card), so this runs beside the runtime's own threads.
pub(super) async fn sign(key: u64, data: Vec<u8>) -> Result<Vec<u8>, Fault> {
    let signer = SIGNER.read().unwrap_or_else(PoisonError::into_inner).clone();
    let signer = signer.ok_or_else(|| Fault::internal("Nobody was named who signs with certificates.".to_owned()))?;
    let signature = tokio::task::spawn_blocking(move || signer.sign(key, &data))
        .await
        .map_err(|error| Fault::internal(format!("Signing failed: {error}.")))?;
    signature.map_err(|reason| {
        Fault::invalid_argument(
            "CertificateCannotSign",
            format!("The certificate's private key could not sign the request for a token: {reason}"),
        )
    })
}
