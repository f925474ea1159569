//! The path of an entity request: segments with a key or with a function's arguments, as OData writes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use crate::adminapi::errors::ApiError;

/// One segment: a name, and what is in its brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The name, without the namespace of functions.
    pub name: String,
    /// Whether the name had the namespace `Exchange`.
    pub qualified: bool,
    /// What is in the brackets; `None` without brackets.
    pub brackets: Option<Vec<Argument>>,
    /// The segment as it came, percent signs not decoded.
    raw: String,
}

/// A key or an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name; a key may have none.
    pub name: Option<String>,
    /// Its value.
    pub value: Literal,
}

/// A value in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// Text in quotes, which are taken off.
    Text(String),
    /// A member of an enumeration: the type's name and the member's.
    Member(String, String),
    /// `null`
    Null,
    /// Anything without quotes: a GUID, a number, a list.
    Bare(String),
}

impl Segment {
    /// Whether the segment has that name, in any casing.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether the segment calls that function.
    #[must_use]
    pub fn calls(&self, function: &str) -> bool {
        self.is(function) && self.brackets.is_some()
    }

    /// The key in the segment's brackets, decoded if it is in base64.
    ///
    /// # Errors
    ///
    /// There is no key, or it isn't written as OData and the service want it.
    pub fn key(&self, key_name: &str, encoded: bool) -> Result<String, ApiError> {
        let [argument] = self.brackets.as_deref().unwrap_or_default() else {
            return Err(syntax(&self.raw, "there must be one key"));
        };
        if argument.name.as_ref().is_some_and(|name| !name.eq_ignore_ascii_case(key_name)) {
            return Err(syntax(&self.raw, &format!("the key is '{key_name}'")));
        }
        let Literal::Text(text) = &argument.value else {
            return Err(syntax(&self.raw, "a key of type Edm.String is written in single quotes"));
        };
        let key = if encoded { self.decoded(text)? } else { text.clone() };
        if key.trim().is_empty() {
            return Err(syntax(&self.raw, "the key is empty"));
        }
        Ok(key)
    }

    /// A key that is base64, padded, with its special characters escaped: they mean something in a URL.
    fn decoded(&self, text: &str) -> Result<String, ApiError> {
        let written = self.raw.replace("%27", "'");
        let inner =
            written.split_once('\'').and_then(|(_, rest)| rest.rsplit_once('\'')).map_or("", |(inner, _)| inner);
        if inner.contains(['+', '=']) {
            return Err(syntax(&self.raw, "the characters '+', '/' and '=' of a base64 key must be escaped"));
        }
        self.from_base64(text)
    }

    /// A text of this segment that is base64, padded.
    ///
    /// # Errors
    ///
    /// It isn't base64 of UTF-8 text.
    pub fn from_base64(&self, text: &str) -> Result<String, ApiError> {
        let bytes =
            STANDARD.decode(text).map_err(|error| syntax(&self.raw, &format!("the key isn't base64: {error}")))?;
        String::from_utf8(bytes).map_err(|_| syntax(&self.raw, "the key isn't base64 of UTF-8 text"))
    }
}

fn syntax(segment: &str, what: &str) -> ApiError {
    ApiError::odata(format!("Bad Request - Error in query syntax: the segment '{segment}' isn't valid, {what}."))
}

/// Reads the path after the tenant, percent signs not decoded.
///
/// # Errors
///
/// A segment that isn't written as OData wants it.
pub fn parse(raw: &[&str]) -> Result<Vec<Segment>, ApiError> {
    raw.iter().map(|raw| segment(raw)).collect()
}

fn segment(raw: &str) -> Result<Segment, ApiError> {
    let text = percent_decode_str(raw).decode_utf8().map_err(|_| syntax(raw, "it isn't UTF-8 text"))?;
    let (name, brackets) = match text.split_once('(') {
        None if text.contains([')', '\'']) => return Err(syntax(raw, "a bracket or quote doesn't belong there")),
        None => (text.as_ref(), None),
        Some((name, rest)) => {
            let inner = rest.strip_suffix(')').ok_or_else(|| syntax(raw, "the closing bracket is missing"))?;
            (name, Some(arguments(raw, inner)?))
        }
    };
    let (qualified, name) = match name.split_once('.') {
        Some((namespace, name)) if namespace.eq_ignore_ascii_case("Exchange") => (true, name),
        Some(_) => return Err(syntax(raw, "the namespace is unknown")),
        None => (false, name),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(syntax(raw, "the name isn't one"));
    }
    Ok(Segment { name: name.to_owned(), qualified, brackets, raw: raw.to_owned() })
}

/// What is in the brackets: nothing, a key, or arguments by name.
fn arguments(raw: &str, inner: &str) -> Result<Vec<Argument>, ApiError> {
    if inner.trim().is_empty() {
        return Ok(vec![]);
    }
    parts(inner)
        .ok_or_else(|| syntax(raw, "a quote in a text is written twice, and the text ends with a quote"))?
        .into_iter()
        .map(|part| {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) if !name.contains('\'') => (Some(name.trim().to_owned()), value),
                _ => (None, part),
            };
            Ok(Argument { name, value: literal(value.trim()).ok_or_else(|| syntax(raw, "a value can't be read"))? })
        })
        .collect()
}

/// The parts between the commas that are outside of quotes and square brackets; `None` if a quote isn't closed.
fn parts(inner: &str) -> Option<Vec<&str>> {
    let (mut quoted, mut depth, mut start) = (false, 0_usize, 0);
    let mut parts = Vec::new();
    for (at, character) in inner.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.checked_sub(1)?,
            ',' if !quoted && depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    (!quoted && depth == 0).then_some(parts)
}

fn literal(text: &str) -> Option<Literal> {
    if text == "null" {
        return Some(Literal::Null);
    }
    if text.starts_with('[') {
        return Some(Literal::Bare(text.to_owned()));
    }
    match text.split_once('\'') {
        Some(("", rest)) => unquoted(rest).map(Literal::Text),
        Some((type_name, rest)) => Some(Literal::Member(type_name.to_owned(), unquoted(rest)?)),
        None if text.is_empty() => None,
        None => Some(Literal::Bare(text.to_owned())),
    }
}

/// A text whose opening quote is gone: doubled quotes inside stand for one, a single one ends it.
fn unquoted(rest: &str) -> Option<String> {
    let inner = rest.strip_suffix('\'')?;
    let halves = inner.replace("''", "\0");
    (!halves.contains('\'')).then(|| halves.replace('\0', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(raw: &str, encoded: bool) -> Option<String> {
        segment(raw).and_then(|segment| segment.key("ObjectKey", encoded)).ok()
    }

    #[test]
    fn keys_are_read_as_odata_writes_them() {
        assert_eq!(key("Mailbox('adele@contoso.example')", false).as_deref(), Some("adele@contoso.example"));
        assert_eq!(key("Mailbox(%27Adele%20Vance%27)", false).as_deref(), Some("Adele Vance"));
        assert_eq!(key("Mailbox(ObjectKey='adele')", false).as_deref(), Some("adele"));
        assert_eq!(key("Mailbox('Ren%C3%A9e O''Brien')", false).as_deref(), Some("Renée O'Brien"));
        for bad in [
            "Mailbox(adele)",
            "Mailbox('adele'",
            "Mailbox('O'Brien')",
            "Mailbox('adele)",
            "Mailbox('')",
            "Mailbox()",
            "Mailbox('a','b')",
            "Mailbox(Identity='adele')",
            "Mailbox('%FF')",
        ] {
            assert_eq!(key(bad, false), None, "{bad}");
        }
    }

    #[test]
    fn base64_keys_must_be_whole_and_escaped() {
        assert_eq!(key("Mailbox('YWRlbGU%3D')", true).as_deref(), Some("adele"));
        assert_eq!(key("Mailbox('w7_Dvw')", true), None, "that is the alphabet for URLs");
        // "þÿ>" has all three special characters in base64.
        assert_eq!(key("Mailbox('w77Dvz4%3D')", true).as_deref(), Some("þÿ>"));
        assert_eq!(key("Mailbox('Pz8%2FPj4%2B')", true).as_deref(), Some("???>>>"));
        for bad in [
            "Mailbox('YWRlbGU=')",
            "Mailbox('YWRlbGU')",
            "Mailbox('Pz8%2FPj4+')",
            "Mailbox('adele')",
            "Mailbox('/w%3D%3D')",
        ] {
            assert_eq!(key(bad, true), None, "{bad}");
        }
        assert!(segment("Mailbox('Pz8").is_err(), "a slash that isn't escaped ends the segment");
    }

    #[test]
    fn functions_have_arguments_by_name() {
        let call =
            segment("Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'All')").expect("a call");
        assert!(call.qualified && call.calls("getmailboxfolderstatistics"));
        let brackets = call.brackets.expect("arguments");
        assert_eq!(brackets[0].name.as_deref(), Some("folderscope"));
        assert_eq!(brackets[0].value, Literal::Member("Exchange.ElcFolderType".into(), "All".into()));
        let call = segment("GetRecipientPermissionByFilters(identity='a,b',trustee=null,accessRights=['SendAs','x'])");
        let brackets = call.expect("a call").brackets.expect("arguments");
        assert_eq!(brackets.len(), 3);
        assert_eq!(brackets[0].value, Literal::Text("a,b".into()));
        assert_eq!(brackets[1].value, Literal::Null);
        assert_eq!(brackets[2].value, Literal::Bare("['SendAs','x']".into()));
        assert!(segment("Elsewhere.GetMailboxStatistics()").is_err());
        assert!(segment("Mail box").is_err());
    }
}
