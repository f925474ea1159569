//! The keys under which clients encrypt secure strings.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};

/// How many keys are good at a time: the one that the module file has, and the one before it, which clients that are
/// connected already go on using.
const KEPT: usize = 2;

/// A tenant's keys. The first is made when somebody asks for it: most tests never do, and making one takes a while.
#[derive(Default)]
pub struct ModuleKeys {
    /// The newest is the last.
    keys: Mutex<Vec<RsaPrivateKey>>,
}

impl ModuleKeys {
    fn keys(&self) -> MutexGuard<'_, Vec<RsaPrivateKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest key's public half, as the module file has it.
    #[must_use]
    pub fn xml(&self) -> String {
        let mut keys = self.keys();
        if keys.is_empty() {
            keys.push(new_key());
        }
        let key = &keys[keys.len() - 1];
        let number = |number: &rsa::BigUint| STANDARD.encode(number.to_bytes_be());
        format!(
            "<RSAKeyValue><Modulus>{}</Modulus><Exponent>{}</Exponent></RSAKeyValue>",
            number(key.n()),
            number(key.e())
        )
    }

    /// Puts another key into module files to come. The one before it stays good.
    pub fn rotate(&self) {
        let mut keys = self.keys();
        keys.push(new_key());
        let surplus = keys.len().saturating_sub(KEPT);
        keys.drain(..surplus);
    }

    /// The clear text of a secure string that was encrypted under a key that is good.
    #[must_use]
    pub fn decrypt(&self, text: &str) -> Option<String> {
        let sealed = STANDARD.decode(text).ok()?;
        let clear = self.keys().iter().rev().find_map(|key| key.decrypt(Pkcs1v15Encrypt, &sealed).ok())?;
        String::from_utf8(clear).ok()
    }
}

fn new_key() -> RsaPrivateKey {
    // The system's random numbers failing is nothing that a test could go on after.
    RsaPrivateKey::new(&mut rand_core::OsRng, 2048).expect("an RSA key can be made")
}

#[cfg(test)]
impl ModuleKeys {
    /// Encrypts as a client does.
    pub(crate) fn encrypt(&self, clear: &[u8]) -> String {
        let _ = self.xml();
        let keys = self.keys();
        let public = rsa::RsaPublicKey::from(&keys[keys.len() - 1]);
        STANDARD.encode(public.encrypt(&mut rand_core::OsRng, Pkcs1v15Encrypt, clear).expect("it is short"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_before_the_newest_stays_good_and_older_ones_do_not() {
        let keys = ModuleKeys::default();
        assert_eq!(keys.decrypt("AAAA"), None, "before there is any key");
        let (first, text) = (keys.xml(), keys.encrypt("Pä55".as_bytes()));
        assert_eq!((keys.xml(), keys.decrypt(&text).as_deref()), (first.clone(), Some("Pä55")));
        keys.rotate();
        assert_ne!(keys.xml(), first);
        assert_eq!(keys.decrypt(&text).as_deref(), Some("Pä55"));
        keys.rotate();
        assert_eq!(keys.decrypt(&text), None);
    }

    #[test]
    fn what_is_no_encrypted_text_is_none() {
        let keys = ModuleKeys::default();
        let text = keys.encrypt(&[0xff, 0xfe]);
        for bad in [text.as_str(), "clear text", "AAAA", ""] {
            assert_eq!(keys.decrypt(bad), None, "{bad}");
        }
    }
}
