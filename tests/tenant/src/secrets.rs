//! Random text and the tenant's keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand_core::{OsRng, RngCore as _};

/// Random bytes as text that needs no encoding in a URL.
#[must_use]
pub(crate) fn random_text(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    OsRng.fill_bytes(&mut buffer);
    URL_SAFE_NO_PAD.encode(buffer)
}

/// A random number below a limit; good enough for codes that people read.
#[must_use]
pub(crate) fn random_below(limit: u32) -> u32 {
    (OsRng.next_u64() % u64::from(limit)) as u32
}

/// A new random GUID.
#[must_use]
pub(crate) fn new_guid() -> String {
    uuid::Uuid::new_v4().hyphenated().to_string()
}
