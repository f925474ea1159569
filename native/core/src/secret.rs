//! Text that must not be printed and is wiped from memory when dropped.

use serde::{Deserialize, Deserializer};
use std::fmt;
use zeroize::Zeroizing;

/// A password or token. `Debug` never shows its content; the memory is zeroed on drop.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of `text`, so that no second copy stays behind.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Copies UTF-8 bytes; `None` if they are not valid UTF-8.
    pub fn from_utf8(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(|text| Self::new(text.to_owned()))
    }

    /// The content, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no content.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_shows_nothing_of_the_content() {
        let shown = format!("{:?}", Secret::new("Pa55word".into()));
        assert_eq!(shown, "Secret(…)");
    }

    #[test]
    fn invalid_utf8_is_refused() {
        assert!(Secret::from_utf8(&[0xff, 0xfe]).is_none());
        assert_eq!(Secret::from_utf8("pä".as_bytes()).map(|s| s.expose().to_owned()), Some("pä".to_owned()));
    }
}
