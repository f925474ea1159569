//! Links to further pages: opaque to the client, signed, and bound to the call, the caller and a time.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use ring::hmac;
use serde::{Deserialize, Serialize};

/// Where a list goes on, and for which call of whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageToken {
    /// The tenant as the URL named it, in lower case.
    pub tenant: String,
    /// The caller's object id.
    pub caller: String,
    /// The call, in canonical form. It travels in the link so that a GET of the link needs nothing else.
    pub call: String,
    /// The `$select` of the first page.
    pub select: Option<String>,
    /// The position to go on from.
    pub position: u64,
    /// How many results the pages before had.
    pub emitted: u64,
    /// When the link ends, in seconds since 1970.
    pub expires: i64,
}

impl PageToken {
    /// The link's `$skiptoken`.
    #[must_use]
    pub fn seal(&self, key: &hmac::Key) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        // Writing to memory can't fail.
        let _ = encoder.write_all(&text);
        let mut sealed = encoder.finish().unwrap_or_default();
        let tag = hmac::sign(key, &sealed);
        sealed.extend_from_slice(tag.as_ref());
        BASE64URL.encode(sealed)
    }

    /// Reads a `$skiptoken`; `None` if it is altered or too old.
    #[must_use]
    pub fn open(text: &str, key: &hmac::Key, now: i64) -> Option<Self> {
        let sealed = BASE64URL.decode(text).ok()?;
        let (compressed, tag) = sealed.split_at_checked(sealed.len().checked_sub(32)?)?;
        hmac::verify(key, compressed, tag).ok()?;
        let mut json = Vec::new();
        DeflateDecoder::new(compressed).read_to_end(&mut json).ok()?;
        let token: Self = serde_json::from_slice(&json).ok()?;
        (token.expires > now).then_some(token)
    }
}

/// How many results a call wants in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultSize {
    /// It doesn't say: a client takes a thousand then.
    Default,
    /// That many.
    Exactly(u64),
    /// All.
    Unlimited,
}

/// One page's results.
pub struct Page {
    /// The objects' JSON, separated by commas.
    pub objects: String,
    /// Number of objects.
    pub rows: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
    /// Whether the list goes on after these results: on a page that a link leads to, or only for a larger `ResultSize`.
    pub more: bool,
}

/// Makes a page of a list.
///
/// `find` gives the first position from a position on that belongs to the list, `write` appends its object.
pub fn page(
    result_size: ResultSize,
    page_size: u64,
    position: u64,
    emitted: u64,
    mut find: impl FnMut(u64) -> Option<u64>,
    mut write: impl FnMut(u64, &mut String),
) -> Page {
    let limit = match result_size {
        ResultSize::Exactly(count) => count.saturating_sub(emitted),
        ResultSize::Default | ResultSize::Unlimited => u64::MAX,
    };
    let mut objects = String::new();
    let (mut rows, mut position) = (0, position);
    while rows < page_size.min(limit) {
        let Some(found) = find(position) else {
            break;
        };
        if rows > 0 {
            objects.push(',');
        }
        write(found, &mut objects);
        rows += 1;
        if rows == 1 {
            // Room for as many again, with a little more for longer ones, so that a long page isn't copied as it grows.
            let more = page_size.min(limit) - 1;
            objects.reserve((objects.len() + objects.len() / 16) * more as usize);
        }
        position = found + 1;
    }
    let more = rows == page_size.min(limit) && find(position).is_some();
    // Without a `ResultSize` the service gives a link too; it is the client that stops at a thousand.
    let linked = more && !matches!(result_size, ResultSize::Exactly(count) if emitted + rows >= count);
    Page { objects, rows, next: linked.then_some(position), more }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> PageToken {
        PageToken {
            tenant: "t".into(),
            caller: "c".into(),
            call: "{}".into(),
            select: None,
            position: 1000,
            emitted: 1000,
            expires: 100,
        }
    }

    #[test]
    fn links_are_signed_and_end() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
        let sealed = token().seal(&key);
        assert_eq!(PageToken::open(&sealed, &key, 99), Some(token()));
        assert_eq!(PageToken::open(&sealed, &key, 100), None, "too old");
        assert_eq!(PageToken::open(&sealed, &hmac::Key::new(hmac::HMAC_SHA256, b"other"), 0), None);
        let mut altered = sealed.clone();
        altered.replace_range(3..4, if &altered[3..4] == "A" { "B" } else { "A" });
        assert_eq!(PageToken::open(&altered, &key, 0), None);
        assert_eq!(PageToken::open("", &key, 0), None);
    }

    fn run(
        result_size: ResultSize,
        page_size: u64,
        position: u64,
        emitted: u64,
        count: u64,
    ) -> (u64, Option<u64>, bool) {
        let page = page(result_size, page_size, position, emitted, |from| (from < count).then_some(from), |_, _| ());
        (page.rows, page.next, page.more)
    }

    #[test]
    fn pages_end_where_the_result_size_says() {
        use ResultSize::{Default, Exactly, Unlimited};
        assert_eq!(run(Unlimited, 1000, 0, 0, 2500), (1000, Some(1000), true));
        assert_eq!(run(Unlimited, 1000, 2000, 2000, 2500), (500, None, false));
        assert_eq!(run(Unlimited, 1000, 0, 0, 1000), (1000, None, false));
        assert_eq!(run(Exactly(50), 1000, 0, 0, 2500), (50, None, true));
        assert_eq!(run(Exactly(50), 1000, 0, 0, 50), (50, None, false));
        assert_eq!(run(Exactly(1500), 1000, 0, 0, 2500), (1000, Some(1000), true));
        assert_eq!(run(Exactly(1500), 1000, 1000, 1000, 2500), (500, None, true));
        assert_eq!(run(Default, 1000, 0, 0, 2500), (1000, Some(1000), true));
        assert_eq!(run(Default, 100, 0, 0, 2500), (100, Some(100), true));
        assert_eq!(run(Default, 100, 900, 900, 2500), (100, Some(1000), true));
        assert_eq!(run(Default, 1000, 0, 0, 1000), (1000, None, false));
        assert_eq!(run(Default, 1000, 0, 0, 0), (0, None, false));
    }
}
