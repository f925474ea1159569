//! The service's public key for secrets.
//!
//! Passwords go to the service encrypted, under an RSA key that it publishes inside the file of commands it makes for its
//! own module. The file is large and nothing else of it is needed: it is read until the key has been seen and then dropped.
//! It is asked for when a command first has a secret to send, once for each connection, never when connecting.
//!
//! The encryption itself is the caller's work, so that secrets do not come here at all.

use crate::{
    connection::{self, Addressed, Connection, ServiceRequest, Surface},
    fault::{Fault, FaultKind},
    operation::{Operation, OperationId},
    rest,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// The service makes the file on demand, which takes it up to half a minute for an administrator with every role.
const TIMEOUT: Duration = Duration::from_secs(300);
/// Most bytes of the file that are looked at; the longest that are known have about ten million.
const MOST_BYTES: usize = 128 << 20;
/// Key lengths that are taken, in bytes of the modulus: 1,024 to 16,384 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 128..=2048;

const BEGIN: &[u8] = b"<RSAKeyValue>";
const END: &[u8] = b"</RSAKeyValue>";
/// Longest text between the two: a key of the greatest length, with room for line breaks.
const MOST_TEXT: usize = 4096;

/// Who asks for a key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// The connection; none means the last one that fits `prefix` and `surface`.
    #[serde(default)]
    pub connection_id: Option<String>,
    /// The prefix the connection was made with; none means one without.
    #[serde(default)]
    pub prefix: Option<String>,
    /// The kind of session that can run the cmdlet.
    #[serde(default)]
    pub surface: Surface,
    /// Name of the cmdlet that has a secret to send.
    pub cmdlet_name: String,
    /// Version of the PowerShell it runs in.
    #[serde(default)]
    pub power_shell_version: String,
    /// Whether verbose events are wanted.
    #[serde(default)]
    pub verbose: bool,
}

/// An RSA public key: big-endian numbers as base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicKey {
    /// The modulus.
    pub modulus: String,
    /// The exponent.
    pub exponent: String,
}

/// A key and the connection it belongs to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    connection_id: Uuid,
    #[serde(flatten)]
    key: &'a PublicKey,
}

/// Starts looking a key up; `request` is the JSON of a [`Request`]. The result of the operation is the key as JSON:
/// `connectionId`, `modulus`, `exponent`.
pub fn start(request: &[u8]) -> OperationId {
    connection::serve(request, |connection, request: Request, operation| async move {
        // Whoever comes first asks the service, all others wait for its answer; if he gives up, the next one asks.
        let key = connection.key_cell().get_or_try_init(|| fetch(&connection, &request, &operation)).await?;
        serde_json::to_vec(&Found { connection_id: connection.id(), key })
            .map_err(|error| Fault::internal(format!("The key could not be written: {error}.")))
    })
}

impl Addressed for Request {
    fn address(&self) -> (Option<&str>, Option<&str>, Surface, bool) {
        (self.connection_id.as_deref(), self.prefix.as_deref(), self.surface, self.verbose)
    }
}

async fn fetch(connection: &Connection, request: &Request, operation: &Arc<Operation>) -> Result<PublicKey, Fault> {
    operation.verbose(|| "Getting the service's public key for secrets.".to_owned());
    // The file for one cmdlet is a small part of the whole. Should it come without the key, the whole one is asked for.
    for commands in [request.cmdlet_name.as_str(), "*"] {
        let call = ServiceRequest {
            method: Method::GET,
            url: rest::module_file_url(&connection.service(), connection.tenant_id()),
            headers: connection.module_file_headers(commands, &request.power_shell_version),
            body: Vec::new(),
            what: &request.cmdlet_name,
            is_read: true,
            timeout: TIMEOUT,
        };
        if let Some(key) = PublicKey::parse(&connection.send_for_key(call, operation).await?) {
            return Ok(key);
        }
    }
    Err(Fault::new(
        FaultKind::Protocol,
        "NoPublicKey",
        "The service did not say under which public key secrets are to be encrypted, so nothing was sent.",
    ))
}

/// Reads an answer until a key has been found, and gives its text; nothing if there is none.
pub(crate) async fn read(mut response: reqwest::Response) -> reqwest::Result<Vec<u8>> {
    let mut finder = KeyFinder::default();
    let mut seen = 0;
    while seen < MOST_BYTES
        && let Some(chunk) = response.chunk().await?
    {
        seen += chunk.len();
        if let Some(text) = finder.push(&chunk) {
            return Ok(text);
        }
    }
    Ok(Vec::new())
}

impl PublicKey {
    /// The key in the text of an `RSAKeyValue` element, if it is one that can be used.
    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let number = |begin: &str, end: &str| {
            let inner = text.split_once(begin)?.1.split_once(end)?.0;
            BASE64_STANDARD.decode(inner.replace(char::is_whitespace, "")).ok()
        };
        let mut modulus = number("<Modulus>", "</Modulus>")?;
        let exponent = number("<Exponent>", "</Exponent>")?;
        // Some writers put a zero before a number whose first bit is set.
        let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
        modulus.drain(..zeros);
        let power =
            exponent.iter().try_fold(0_u64, |value, byte| value.checked_mul(256)?.checked_add((*byte).into()))?;
        let is_usable =
            MODULUS_BYTES.contains(&modulus.len()) && modulus.last()? & 1 == 1 && power >= 3 && power & 1 == 1;
        is_usable.then(|| Self { modulus: BASE64_STANDARD.encode(modulus), exponent: BASE64_STANDARD.encode(exponent) })
    }
}

/// Where a [`KeyFinder`] is within the JSON text.
#[derive(Default)]
enum Escape {
    #[default]
    None,
    /// After a backslash.
    Begun,
    /// After `\u` and some of its digits.
    Unicode { digits: u8, value: u32 },
}

/// Finds the text of a key in a JSON answer that comes in pieces. Brackets and signs of base64 can be written as escapes
/// there, and line breaks are.
#[derive(Default)]
struct KeyFinder {
    escape: Escape,
    /// How many bytes of [`BEGIN`] have just been seen.
    matched: usize,
    /// What follows it.
    text: Option<Vec<u8>>,
}

impl KeyFinder {
    /// Takes the next piece; gives the text between the brackets once it is complete and holds a usable key.
    fn push(&mut self, piece: &[u8]) -> Option<Vec<u8>> {
        piece.iter().find_map(|byte| {
            let byte = self.unescape(*byte)?;
            self.take(byte)
        })
    }

    fn unescape(&mut self, byte: u8) -> Option<u8> {
        match self.escape {
            Escape::None if byte == b'\\' => {
                self.escape = Escape::Begun;
                None
            }
            Escape::None => Some(byte),
            Escape::Begun => {
                self.escape = Escape::None;
                match byte {
                    b'u' => {
                        self.escape = Escape::Unicode { digits: 0, value: 0 };
                        None
                    }
                    b'n' | b'r' | b't' => Some(b' '),
                    other => Some(other),
                }
            }
            Escape::Unicode { digits, value } => {
                let value = value << 4 | char::from(byte).to_digit(16).unwrap_or(0);
                self.escape = Escape::Unicode { digits: digits + 1, value };
                if digits < 3 {
                    return None;
                }
                self.escape = Escape::None;
                // Nothing outside of ASCII belongs to a key.
                Some(u8::try_from(value).ok().filter(u8::is_ascii).unwrap_or(b'?'))
            }
        }
    }

    fn take(&mut self, byte: u8) -> Option<Vec<u8>> {
        // The bracket that begins the tag is nowhere else in it, so a mismatch can only begin anew with itself.
        self.matched = if BEGIN[self.matched] == byte { self.matched + 1 } else { usize::from(byte == BEGIN[0]) };
        if self.matched == BEGIN.len() {
            self.matched = 0;
            self.text = Some(Vec::new());
            return None;
        }
        let text = self.text.as_mut()?;
        text.push(byte);
        if text.ends_with(END) {
            return self.text.take().filter(|text| PublicKey::parse(text).is_some());
        }
        if text.len() > MOST_TEXT {
            self.text = None;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn element(modulus: &[u8]) -> String {
        let modulus = BASE64_STANDARD.encode(modulus);
        format!("<RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>")
    }

    fn find(answer: &[u8], piece: usize) -> Option<PublicKey> {
        let mut finder = KeyFinder::default();
        answer.chunks(piece).find_map(|piece| finder.push(piece)).and_then(|text| PublicKey::parse(&text))
    }

    #[test]
    fn a_key_is_found_wherever_the_pieces_begin() {
        let content = format!("# Ä <RSAKey <<RSAKeyValue> {} {}", "x".repeat(9000), element(&[0xfb; 256]));
        let answer = json!({"value": [{"fileName": "a.psm1", "fileContent": content}]}).to_string();
        let expected = PublicKey { modulus: BASE64_STANDARD.encode([0xfb; 256]), exponent: "AQAB".into() };
        for piece in [1, 2, 3, 7, 64, 1 << 20] {
            assert_eq!(find(answer.as_bytes(), piece), Some(expected.clone()), "pieces of {piece}");
        }
    }

    #[test]
    fn escapes_and_line_breaks_of_json_do_not_hide_it() {
        let escaped = element(&[0xff; 256])
            .replace("<Mod", "\\r\\n\\t<Mod")
            .replace('<', "\\u003c")
            .replace('>', "\\u003E")
            .replace('/', "\\/")
            .replace('+', "\\u002B");
        let key = find(escaped.as_bytes(), 5).expect("a key");
        assert_eq!(key.modulus, BASE64_STANDARD.encode([0xff; 256]));
    }

    #[test]
    fn what_is_no_usable_key_is_passed_over() {
        let good = element(&[0x0b; 256]);
        for bad in [
            element(&[0x0b; 16]),
            element(&[0x0c; 256]),
            element(&[0x0b; 256]).replace("AQAB", "AQ=="),
            "<RSAKeyValue><Modulus>$modulus</Modulus></RSAKeyValue>".to_owned(),
            "<RSAKeyValue>".to_owned(),
        ] {
            assert_eq!(find(bad.as_bytes(), 100), None, "{bad}");
            for between in [0, MOST_TEXT] {
                let both = format!("{bad}{}{good}", " ".repeat(between));
                assert!(find(both.as_bytes(), 100).is_some(), "{bad} and {between} blanks");
            }
        }
    }

    #[test]
    fn a_zero_before_the_modulus_is_no_part_of_it() {
        let mut number = vec![0];
        number.extend([0xfb; 256]);
        assert_eq!(PublicKey::parse(element(&number).as_bytes()), PublicKey::parse(element(&[0xfb; 256]).as_bytes()));
    }
}
