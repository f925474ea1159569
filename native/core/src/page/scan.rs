//! A scanner of JSON text (RFC 8259): it checks the grammar and finds where values begin and end, and makes nothing of them.
//!
//! The text has to be UTF-8; that is checked once for the whole of it, elsewhere. Nesting costs memory, not stack.

use std::ops::Range;

/// Where the text stopped being JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// Offset in bytes.
    pub at: usize,
    /// What should have been there.
    pub expected: &'static str,
}

/// A string in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// The bytes between the quotes.
    pub content: Range<usize>,
    /// Whether there is a backslash in it.
    pub escaped: bool,
}

/// Reads through JSON text from the start to the end.
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The brackets that have to close what is open.
    open: Vec<u8>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, open: Vec::new() }
    }

    /// Offset of the next byte.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes back to an offset that [`Scanner::at`] gave.
    pub(super) fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The next byte, which stays.
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Takes the bytes of `literal` if they come next.
    pub(super) fn take(&mut self, literal: &[u8]) -> bool {
        let is_next = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(literal));
        if is_next {
            self.at += literal.len();
        }
        is_next
    }

    /// Takes white space, if there is any.
    pub(super) fn white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Takes `byte`, which has to come next.
    pub(super) fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(self.malformed(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// Takes the name of a member with its colon, and the white space up to the value.
    pub(super) fn name(&mut self) -> Result<Text, Malformed> {
        if self.peek() != Some(b'"') {
            return Err(self.malformed("a name"));
        }
        let name = self.text()?;
        self.white_space();
        self.expect(b':', "a colon")?;
        self.white_space();
        Ok(name)
    }

    /// After a member or an element: takes a comma and the white space up to the next one and says `true`, or takes `close` and says
    /// `false`.
    pub(super) fn goes_on(&mut self, close: u8) -> Result<bool, Malformed> {
        self.white_space();
        let next = self.peek();
        if next != Some(b',') && next != Some(close) {
            return Err(self.malformed("a comma or the closing bracket"));
        }
        self.at += 1;
        let more = next == Some(b',');
        if more {
            self.white_space();
        }
        Ok(more)
    }

    /// Takes a value of any kind and says where it is.
    pub(super) fn value(&mut self) -> Result<Range<usize>, Malformed> {
        let start = self.at;
        match self.peek() {
            Some(b'{' | b'[') => self.nested()?,
            _ => self.scalar()?,
        }
        Ok(start..self.at)
    }

    /// Takes a string; the quote that opens it is known to come next.
    pub(super) fn text(&mut self) -> Result<Text, Malformed> {
        let start = self.at + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Text { content: start..self.at - 1, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(self.malformed("a closing quote")),
            }
        }
    }

    pub(super) fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { at: self.at, expected }
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u')
                if self
                    .bytes
                    .get(self.at + 2..self.at + 6)
                    .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) =>
            {
                self.at += 6;
            }
            _ => return Err(self.malformed("an escape sequence")),
        }
        Ok(())
    }

    fn scalar(&mut self) -> Result<(), Malformed> {
        let is_known = match self.peek() {
            Some(b'"') => return self.text().map(drop),
            Some(b'-' | b'0'..=b'9') => return self.number(),
            Some(b't') => self.take(b"true"),
            Some(b'f') => self.take(b"false"),
            Some(b'n') => self.take(b"null"),
            _ => false,
        };
        if is_known { Ok(()) } else { Err(self.malformed("a value")) }
    }

    fn number(&mut self) -> Result<(), Malformed> {
        self.take(b"-");
        // A zero stands alone.
        if !self.take(b"0") {
            self.digits()?;
        }
        if self.take(b".") {
            self.digits()?;
        }
        if self.take(b"e") || self.take(b"E") {
            let _ = self.take(b"+") || self.take(b"-");
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.malformed("a digit")) } else { Ok(()) }
    }

    /// Takes an object or an array with all that is in it.
    fn nested(&mut self) -> Result<(), Malformed> {
        self.open.clear();
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    self.white_space();
                    self.open.push(b'}');
                    if !self.take(b"}") {
                        self.name()?;
                        continue;
                    }
                    self.open.pop();
                }
                Some(b'[') => {
                    self.at += 1;
                    self.white_space();
                    self.open.push(b']');
                    if !self.take(b"]") {
                        continue;
                    }
                    self.open.pop();
                }
                _ => self.scalar()?,
            }
            loop {
                let Some(&close) = self.open.last() else { return Ok(()) };
                self.white_space();
                if self.peek() == Some(close) {
                    self.at += 1;
                    self.open.pop();
                    continue;
                }
                self.expect(b',', "a comma or the closing bracket")?;
                self.white_space();
                if close == b'}' {
                    self.name()?;
                }
                break;
            }
        }
    }
}

/// Length of the run of bytes at the start of `bytes` that mean themselves in a string: no quote, no backslash, no control
/// character. Eight at a time, since most of an answer is such text.
fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH_BITS: u64 = ONES << 7;
    const QUOTES: u64 = ONES * b'"' as u64;
    const BACKSLASHES: u64 = ONES * b'\\' as u64;
    const BLANKS: u64 = ONES * b' ' as u64;
    /// The high bit of each byte that is below the byte of `limit`; bytes above the lowest such byte can be wrong.
    const fn below(word: u64, limit: u64) -> u64 {
        word.wrapping_sub(limit) & !word
    }
    let mut run = 0;
    let mut words = bytes.chunks_exact(8);
    for chunk in &mut words {
        let word = chunk.iter().rev().fold(0, |word: u64, byte| word << 8 | u64::from(*byte));
        let ends = (below(word ^ QUOTES, ONES) | below(word ^ BACKSLASHES, ONES) | below(word, BLANKS)) & HIGH_BITS;
        if ends != 0 {
            return run + ends.trailing_zeros() as usize / 8;
        }
        run += 8;
    }
    let rest = words.remainder();
    run + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::IgnoredAny;

    /// Whether the whole of `text` is one value.
    fn is_value(text: &[u8]) -> bool {
        let mut scanner = Scanner::new(text);
        scanner.value().is_ok_and(|range| range == (0..text.len()))
    }

    #[test]
    fn a_run_ends_at_every_byte_that_ends_it() {
        for end in 0..=255_u8 {
            for before in 0..20 {
                let bytes = [vec![b'x'; before], vec![end, b'"'], vec![b'y'; 9]].concat();
                let expected = if matches!(end, b'"' | b'\\' | ..b' ') { before } else { before + 1 };
                assert_eq!(plain_run(&bytes), expected, "byte {end} after {before}");
            }
        }
        assert_eq!(plain_run(b""), 0);
        assert_eq!(plain_run("日本語の名前です".as_bytes()), 24);
    }

    #[test]
    fn the_grammar_is_that_of_another_reader() {
        let texts: &[&str] = &[
            "0",
            "-0",
            "01",
            "-",
            "1.",
            "1.0",
            ".5",
            "1e",
            "1e5",
            "1E+5",
            "1e-",
            "1.5e400",
            "+1",
            "0x1",
            "12345678901234567890123",
            "true",
            "tru",
            "false",
            "null",
            "nul",
            "True",
            "NaN",
            "\"\"",
            "\"a",
            "\"\\",
            "\"\\\"",
            "\"\\\"\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\uD83D\\uDE00\"",
            "\"\t\"",
            "\"\u{7f}\"",
            "\"é\"",
            "[]",
            "[ ]",
            "[1]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1, [2, {\"a\": []}] ]",
            "[1}",
            "{}",
            "{ }",
            "{\"a\":1}",
            "{\"a\" : 1 , \"b\":[{}]}",
            "{\"a\":1,}",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{1:1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":1]",
            "[[[[]]]]",
            "[[[[]]]",
            "{\"a\":{\"b\":{\"c\":{}}}}",
            "",
            "/**/1",
            "'a'",
        ];
        for text in texts {
            let other = serde_json::from_str::<IgnoredAny>(text).is_ok();
            assert_eq!(is_value(text.as_bytes()), other, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let mut scanner = Scanner::new(br#"{"a":1,"b":tru}"#);
        assert_eq!(scanner.value(), Err(Malformed { at: 11, expected: "a value" }));
    }
}
