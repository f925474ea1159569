//! Makes the index of a response body in one pass: the text is checked, and where rows and property values begin is noted.
//!
//! Rows of one answer look alike. What stands between the values of a row (names, side-cars, punctuation) is compared with
//! what stood there in the row before; only where it differs are names read.

use super::{
    Page, Row, ValueType,
    scan::{Malformed, Scanner, Text},
    shape::{self, Shape, ShapeId},
};
use crate::fault::{Fault, FaultKind};
use serde::de::{Deserializer as _, Visitor};
use serde_json::Value;
use std::{borrow::Cow, fmt, ops::Range, sync::Arc};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Indexes the body of a successful response. An empty body is a page without rows.
///
/// # Errors
/// The body is not JSON of the documented form, or longer than 4 GiB.
pub fn index(mut bytes: Vec<u8>) -> Result<Page, Fault> {
    // JSON has no byte order mark, but servers and proxies have been seen to put one before it.
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Page::empty());
    }
    if u32::try_from(bytes.len()).is_err() {
        return Err(Fault::protocol("The service sent a page of more than 4 GiB. Use a smaller page size."));
    }
    if let Err(error) = std::str::from_utf8(&bytes) {
        return Err(unreadable(&error));
    }
    let mut envelope = Envelope::new(&bytes);
    envelope.read().map_err(|Malformed { at, expected }| {
        unreadable(&format_args!("{expected} was expected at byte {at} of {}", bytes.len()))
    })?;
    let Envelope { rows, next_link, warnings, error, .. } = envelope;
    if let Some(error) = error {
        let text = error.get("message").and_then(Value::as_str).unwrap_or("the service gave no reason").to_owned();
        return Err(Fault::new(FaultKind::Service, "ErrorInResult", text));
    }
    let Rows { mut rows, mut offsets, mut types, .. } = rows;
    // A page can stay for long; it is not to hold room for rows that never came.
    rows.shrink_to_fit();
    offsets.shrink_to_fit();
    types.shrink_to_fit();
    Ok(Page { bytes, rows, value_offsets: offsets, value_types: types, next_link, warnings })
}

/// The link to the next page, if it is the last member of the response, where the service puts it. It is found without reading
/// the rest: what stands between the last comma and the bracket that closes the whole cannot be part of anything else.
pub fn last_link(bytes: &[u8]) -> Option<String> {
    const NAME: &[u8] = br#""@odata.nextLink""#;
    const LONGEST: usize = 8192;
    let body = bytes.trim_ascii_end().strip_suffix(b"}")?;
    let end = &body[body.len().saturating_sub(LONGEST)..];
    let at = end.windows(NAME.len()).rposition(|window| window == NAME)?;
    // A quote after a comma opens a name; any other could close a text.
    end[..at].trim_ascii_end().strip_suffix(b",")?;
    let value = end[at + NAME.len()..].trim_ascii_start().strip_prefix(b":")?;
    serde_json::from_slice(value).ok()
}

fn unreadable(reason: &dyn fmt::Display) -> Fault {
    Fault::protocol(format!("The service's answer could not be read: {reason}."))
}

/// The members of a response that matter; everything else is skipped. Of members that come twice the last one counts.
struct Envelope<'a> {
    bytes: &'a [u8],
    scanner: Scanner<'a>,
    rows: Rows,
    next_link: Option<String>,
    warnings: Vec<String>,
    /// Errors come with an error status; one that comes with a good status must still not pass for an empty result.
    error: Option<Value>,
}

impl<'a> Envelope<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            scanner: Scanner::new(bytes),
            rows: Rows::default(),
            next_link: None,
            warnings: Vec::new(),
            error: None,
        }
    }

    fn read(&mut self) -> Result<(), Malformed> {
        self.scanner.white_space();
        self.scanner.expect(b'{', "a response object")?;
        self.scanner.white_space();
        let mut more = !self.scanner.take(b"}");
        while more {
            let name = self.scanner.name()?;
            match &*decoded(self.bytes, &name) {
                "value" => self.elements()?,
                "@odata.nextLink" => self.next_link = self.small("a link")?,
                "@adminapi.warnings" => self.warnings = texts(self.small("warnings")?),
                "error" => self.error = self.small("an error")?,
                _ => {
                    self.scanner.value()?;
                }
            }
            more = self.scanner.goes_on(b'}')?;
        }
        self.scanner.white_space();
        if self.scanner.at() == self.bytes.len() { Ok(()) } else { Err(self.scanner.malformed("the end")) }
    }

    /// Decodes the value of a member that is small.
    fn small<T: serde::de::DeserializeOwned>(&mut self, expected: &'static str) -> Result<T, Malformed> {
        let value = self.scanner.value()?;
        serde_json::from_slice(&self.bytes[value.clone()]).map_err(|_| Malformed { at: value.start, expected })
    }

    fn elements(&mut self) -> Result<(), Malformed> {
        self.rows = Rows::default();
        if self.scanner.take(b"null") {
            return Ok(());
        }
        self.scanner.expect(b'[', "an array of objects")?;
        self.scanner.white_space();
        let mut more = !self.scanner.take(b"]");
        while more {
            self.rows.add(self.bytes, &mut self.scanner)?;
            more = self.scanner.goes_on(b']')?;
        }
        Ok(())
    }
}

/// Stands in a [`Part`] for a value that belongs to no property.
const NO_SLOT: u32 = u32::MAX;

/// A piece of a row that is the same in rows alike, and the value that follows it.
struct Part {
    /// The piece, in the bytes of the page.
    literal: Range<usize>,
    /// Which slot the value fills, or [`NO_SLOT`].
    slot: u32,
}

/// What rows alike have in common.
struct Pattern {
    shape: ShapeId,
    parts: Vec<Part>,
    /// What follows the last value, up to the closing bracket.
    tail: Range<usize>,
    /// The types of the slots.
    types: Vec<u8>,
}

#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    offsets: Vec<u32>,
    types: Vec<u8>,
    /// Of the row before.
    pattern: Option<Pattern>,
    /// Of the last row that had one: rows whose side-cars differ have the same names still.
    shape: Option<Arc<Shape>>,
}

/// One property of a row.
struct Property<'a> {
    name: Cow<'a, str>,
    offset: usize,
    value_type: ValueType,
    /// Which of the row's side-cars gave the type, counted from 1; 0 for none.
    side_car: usize,
}

/// A side-car that waits for its property: the property's name, the type, and which one it is.
type SideCar<'a> = (Cow<'a, str>, ValueType, usize);

impl Rows {
    /// Takes one element of the result.
    fn add(&mut self, bytes: &[u8], scanner: &mut Scanner<'_>) -> Result<(), Malformed> {
        let start = scanner.at();
        let first_slot = self.offsets.len() as u32;
        let shape = if scanner.peek() != Some(b'{') {
            // Some cmdlets put null elements between their results.
            if scanner.take(b"null") {
                return Ok(());
            }
            scanner.value()?;
            shape::NONE
        } else if let Some(shape) = self.alike(bytes, scanner)? {
            shape
        } else {
            self.read(bytes, scanner)?
        };
        self.rows.push(Row { start: start as u32, length: (scanner.at() - start) as u32, shape, first_slot });
        Ok(())
    }

    /// Takes a row that has the pattern of the one before, and says which shape that is.
    fn alike(&mut self, bytes: &[u8], scanner: &mut Scanner<'_>) -> Result<Option<ShapeId>, Malformed> {
        let Some(pattern) = &self.pattern else { return Ok(None) };
        let start = scanner.at();
        let first = self.offsets.len();
        self.offsets.resize(first + pattern.types.len(), 0);
        for part in &pattern.parts {
            if !scanner.take(&bytes[part.literal.clone()]) {
                scanner.back_to(start);
                self.offsets.truncate(first);
                return Ok(None);
            }
            let offset = scanner.at();
            scanner.value()?;
            if part.slot != NO_SLOT {
                self.offsets[first + part.slot as usize] = offset as u32;
            }
        }
        if !scanner.take(&bytes[pattern.tail.clone()]) {
            scanner.back_to(start);
            self.offsets.truncate(first);
            return Ok(None);
        }
        self.types.extend_from_slice(&pattern.types);
        Ok(Some(pattern.shape))
    }

    /// Takes a row name by name, and keeps its pattern for the next.
    fn read(&mut self, bytes: &[u8], scanner: &mut Scanner<'_>) -> Result<ShapeId, Malformed> {
        let mut literal = scanner.at();
        let mut parts = Vec::new();
        let mut found: Vec<Property<'_>> = Vec::with_capacity(self.shape.as_ref().map_or(0, |shape| shape.names.len()));
        // A side-car stands before its value as a rule; one that comes after it is applied at the end.
        let mut side_cars = 0;
        let mut pending: Option<SideCar<'_>> = None;
        let mut late: Vec<SideCar<'_>> = Vec::new();
        scanner.expect(b'{', "an object")?;
        scanner.white_space();
        let mut more = !scanner.take(b"}");
        while more {
            let name = decoded(bytes, &scanner.name()?);
            let value = scanner.value()?;
            match split_annotation(&name) {
                Some((property, Annotation::Type)) => {
                    // The type stays part of the pattern. Decoration that is no text decorates nothing; it must not cost
                    // the row.
                    if !property.is_empty() {
                        late.extend(pending.take());
                        side_cars += 1;
                        pending = Some((property, type_named(&bytes[value]), side_cars));
                    }
                }
                Some((_, Annotation::Other)) => {
                    parts.push(Part { literal: literal..value.start, slot: NO_SLOT });
                    literal = value.end;
                }
                None => {
                    let (value_type, side_car) = match pending.take() {
                        Some((property, value_type, number)) if property == name => (value_type, number),
                        other => {
                            late.extend(other);
                            (ValueType::None, 0)
                        }
                    };
                    // The slot is known when all names are.
                    parts.push(Part { literal: literal..value.start, slot: found.len() as u32 });
                    literal = value.end;
                    found.push(Property { name, offset: value.start, value_type, side_car });
                }
            }
            more = scanner.goes_on(b'}')?;
        }
        late.extend(pending);
        for (property, value_type, number) in late {
            // The last side-car of a name counts, as the last value does.
            for found in found.iter_mut().filter(|found| found.name == property && found.side_car < number) {
                (found.value_type, found.side_car) = (value_type, number);
            }
        }
        Ok(self.fill(&found, parts, literal..scanner.at()))
    }

    fn fill(&mut self, found: &[Property<'_>], mut parts: Vec<Part>, tail: Range<usize>) -> ShapeId {
        let same = self.shape.as_ref().is_some_and(|shape| {
            shape.names.len() == found.len()
                && shape.names.iter().zip(found).all(|(name, property)| **name == *property.name)
        });
        if !same {
            self.shape = Some(shape::intern(found.iter().map(|property| property.name.as_ref().into()).collect()));
        }
        self.pattern = None;
        let Some(shape) = self.shape.as_ref().filter(|shape| shape.id != shape::NONE) else { return shape::NONE };
        let first = self.offsets.len();
        self.offsets.resize(first + shape.width as usize, 0);
        self.types.resize(first + shape.width as usize, ValueType::None as u8);
        let has_twins = shape.width as usize != found.len();
        for (property, slot) in found.iter().zip(&shape.slots) {
            let twins = found.iter().filter(|other| has_twins && other.name == property.name);
            let typed = twins.max_by_key(|twin| twin.side_car).unwrap_or(property);
            self.offsets[first + *slot as usize] = property.offset as u32;
            self.types[first + *slot as usize] = typed.value_type as u8;
        }
        for part in parts.iter_mut().filter(|part| part.slot != NO_SLOT) {
            part.slot = shape.slots[part.slot as usize];
        }
        self.pattern = Some(Pattern { shape: shape.id, parts, tail, types: self.types[first..].to_vec() });
        shape.id
    }
}

/// The text of a string; of half a surrogate pair, which is no character, a replacement character is made.
fn decoded<'a>(bytes: &'a [u8], text: &Text) -> Cow<'a, str> {
    if !text.escaped {
        return String::from_utf8_lossy(&bytes[text.content.clone()]);
    }
    struct Bytes;
    impl Visitor<'_> for Bytes {
        type Value = String;
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a string")
        }
        fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<String, E> {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
    }
    let quoted = &bytes[text.content.start - 1..text.content.end + 1];
    Cow::Owned(serde_json::Deserializer::from_slice(quoted).deserialize_bytes(Bytes).unwrap_or_default())
}

/// The type that the value of a side-car names.
fn type_named(value: &[u8]) -> ValueType {
    serde_json::from_slice::<String>(value).map_or(ValueType::Unknown, |name| ValueType::from_name(&name))
}

/// The texts of an array; what else is in it, or instead of it, is left out.
fn texts(value: Value) -> Vec<String> {
    let Value::Array(values) = value else { return Vec::new() };
    values.into_iter().filter_map(|value| if let Value::String(text) = value { Some(text) } else { None }).collect()
}

enum Annotation {
    /// The type of a property: `data.type` or `odata.type`.
    Type,
    Other,
}

/// Splits `Name@annotation`; `None` for a name without `@`.
fn split_annotation<'a>(name: &Cow<'a, str>) -> Option<(Cow<'a, str>, Annotation)> {
    let at = name.find('@')?;
    let annotation = match &name[at + 1..] {
        "data.type" | "odata.type" => Annotation::Type,
        _ => Annotation::Other,
    };
    let property = match name {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..at]),
        Cow::Owned(text) => Cow::Owned(text[..at].to_owned()),
    };
    Some((property, annotation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Reads a row back through the index, the way a reader outside does: one JSON value from each slot's offset.
    fn row(page: &Page, number: usize) -> Vec<(String, Value, u8)> {
        let row = page.rows[number];
        let end = (row.start + row.length) as usize;
        let names = shape::names(row.shape).expect("the row has a shape");
        names
            .into_iter()
            .enumerate()
            .map(|(slot, name)| {
                let slot = row.first_slot as usize + slot;
                let text = &page.bytes[page.value_offsets[slot] as usize..end];
                let value = serde_json::Deserializer::from_slice(text)
                    .into_iter::<Value>()
                    .next()
                    .expect("a value")
                    .expect("valid JSON");
                (name, value, page.value_types[slot])
            })
            .collect()
    }

    #[test]
    fn values_and_types_are_found() {
        let body = r##"{"@odata.context":"x","adminapi.warnings@odata.type":"#Collection(String)","@adminapi.warnings":["w"],
            "value":[{"@odata.type":"#Exchange.GenericHashTable","Name":"Adele","Addresses@odata.type":"#Collection(String)",
            "Addresses":["SMTP:a@b","smtp:\"c\""],"When@data.type":"System.DateTime","When":"2026-03-04T05:06:07.0000000Z",
            "Nothing":null,"Count@data.type":"System.Int32","Count":-3}],"@odata.nextLink":"https://h/next"}"##;
        let page = index(body.as_bytes().to_vec()).expect("indexes");
        assert_eq!(page.warnings, ["w"]);
        assert_eq!(page.next_link.as_deref(), Some("https://h/next"));
        assert_eq!(
            row(&page, 0),
            [
                ("Name".into(), json!("Adele"), ValueType::None as u8),
                ("Addresses".into(), json!(["SMTP:a@b", "smtp:\"c\""]), ValueType::StringCollection as u8),
                ("When".into(), json!("2026-03-04T05:06:07.0000000Z"), ValueType::DateTime as u8),
                ("Nothing".into(), Value::Null, ValueType::None as u8),
                ("Count".into(), json!(-3), ValueType::Int32 as u8),
            ]
        );
    }

    #[test]
    fn rows_alike_share_a_shape_and_others_do_not() {
        let page =
            index(br#"{"value":[{"a":1,"b":2},{"a":3,"b":4},{"b":5,"a":6},null,"text",{"a":7,"b":8}]}"#.to_vec())
                .expect("indexes");
        assert_eq!(page.rows.len(), 5, "null elements are left out");
        assert_eq!(page.rows[0].shape, page.rows[1].shape);
        assert_ne!(page.rows[0].shape, page.rows[2].shape);
        assert_eq!(page.rows[3].shape, shape::NONE);
        assert_eq!(page.rows[4].shape, page.rows[0].shape);
        assert_eq!(row(&page, 4)[1].1, json!(8));
    }

    #[test]
    fn the_last_of_duplicate_names_wins() {
        let page = index(br#"{"value":[{"a":1,"b":true,"a":2}]}"#.to_vec()).expect("indexes");
        assert_eq!(row(&page, 0), [("a".into(), json!(2), 0), ("b".into(), json!(true), 0)]);
    }

    #[test]
    fn escaped_names_and_late_side_cars() {
        let body = r#"{"value":[{"\u0041\"b":1,"Id":"0","Id@data.type":"System.Guid"}]}"#;
        let page = index(body.as_bytes().to_vec()).expect("indexes");
        assert_eq!(row(&page, 0), [("A\"b".into(), json!(1), 0), ("Id".into(), json!("0"), ValueType::Guid as u8)]);
    }

    #[test]
    fn a_link_at_the_end_is_found_and_no_other() {
        let at_end = br#"{"value":[{"a":1}] , "@odata.nextLink" : "https://h/n?\u0061=1" } "#;
        assert_eq!(last_link(at_end).as_deref(), Some("https://h/n?a=1"));
        for body in [
            r#"{"@odata.nextLink":"https://h/n","value":[]}"#,
            r#"{"value":[{"a":1,"@odata.nextLink":"https://h/n"}]}"#,
            r#"{"value":[],"x":{"a":1,"@odata.nextLink":"https://h/n"}}"#,
            r#"{"value":[],"x":",\"@odata.nextLink\":\"https://h/n\""}"#,
            r#"{"value":[],"x":",","@odata.nextLink":null}"#,
            r#"{"value":[],"@odata.nextLink":"https://h/n","x":1}"#,
            r#"{"value":[]}"#,
            "}",
            "",
        ] {
            assert_eq!(last_link(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn hostile_bodies_are_refused_and_never_misread() {
        for body in [
            &b"{"[..],
            b"[]",
            b"\"text\"",
            b"{\"value\":3}",
            b"{\"value\":[{\"a\":}]}",
            b"{\"value\":[{\"a\":1]}",
            b"{\"value\":[{a:1}]}",
            b"{\"value\":[{\"a\":\"\xff\"}]}",
            b"{\"value\":[{\"a\":\"\\ud800x\"}]} trailing",
            b"<html>502</html>",
        ] {
            let fault = index(body.to_vec()).expect_err(&String::from_utf8_lossy(body));
            assert_eq!(fault.kind, crate::fault::FaultKind::Protocol);
        }
    }

    #[test]
    fn odd_decoration_costs_no_row() {
        let body = br#"{"@adminapi.warnings":["w",null,3],"value":[{"A@data.type":null,"A":1,"B@odata.type":{"x":[]},"B":"b"}]}"#;
        let page = index(body.to_vec()).expect("indexes");
        assert_eq!(page.warnings, ["w"]);
        let unknown = ValueType::Unknown as u8;
        assert_eq!(row(&page, 0), [("A".into(), json!(1), unknown), ("B".into(), json!("b"), unknown)]);
        assert!(index(br#"{"@adminapi.warnings":"w","value":[]}"#.to_vec()).expect("indexes").warnings.is_empty());
    }

    #[test]
    fn an_error_with_a_good_status_is_an_error() {
        let fault = index(br#"{"error":{"code":"x","message":"boom"}}"#.to_vec()).expect_err("an error");
        assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::Service, "boom"));
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        let page = index([BYTE_ORDER_MARK, br#"{"value":[{"a":1}]}"#].concat()).expect("indexes");
        assert_eq!(row(&page, 0), [("a".into(), json!(1), 0)]);
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let body = format!("{{\"value\":[{{\"a\":{}1{},\"b\":2}}]}}", "[".repeat(100_000), "]".repeat(100_000));
        let page = index(body.into_bytes()).expect("indexes");
        let second = page.value_offsets[page.rows[0].first_slot as usize + 1] as usize;
        assert_eq!(page.bytes[second], b'2');
    }

    #[test]
    fn an_empty_body_is_an_empty_page() {
        assert!(index(Vec::new()).expect("indexes").rows.is_empty());
        assert!(index(b" \r\n".to_vec()).expect("indexes").rows.is_empty());
        assert!(index(BYTE_ORDER_MARK.to_vec()).expect("indexes").rows.is_empty());
        assert!(index(b"{\"value\":[]}".to_vec()).expect("indexes").rows.is_empty());
        assert!(index(b"{\"value\":null}".to_vec()).expect("indexes").rows.is_empty());
    }

    #[test]
    fn truncation_drops_rows_only() {
        let mut page = index(br#"{"value":[{"a":1},{"a":2},{"a":3}]}"#.to_vec()).expect("indexes");
        page.truncate(2);
        assert_eq!(page.rows.len(), 2);
        assert_eq!(row(&page, 1)[0].1, json!(2));
    }

    #[test]
    fn type_names_of_both_kinds() {
        for (name, expected) in [
            ("System.DateTime", ValueType::DateTime),
            ("#Int64", ValueType::Int64),
            ("#Guid", ValueType::Guid),
            ("System.Boolean", ValueType::Boolean),
            ("#Collection(String)", ValueType::StringCollection),
            ("#Collection(Exchange.GenericHashTable)", ValueType::Collection),
            ("#Exchange.GenericHashTable", ValueType::Object),
            ("System.Version", ValueType::Unknown),
        ] {
            assert_eq!(ValueType::from_name(name), expected, "{name}");
        }
    }
}
