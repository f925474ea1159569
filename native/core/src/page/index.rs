//! Makes the index of a response body. The JSON is read and checked by serde_json; only positions are kept.

use super::{
    Page, Row, ValueType,
    shape::{self, Shape},
};
use crate::fault::{Fault, FaultKind};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use std::{borrow::Cow, fmt, sync::Arc};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The members of a response that matter; everything else is skipped.
struct Envelope<'a> {
    rows: Vec<&'a RawValue>,
    next_link: Option<String>,
    warnings: Vec<String>,
    /// Errors come with an error status; one that comes with a good status must still not pass for an empty result.
    error: Option<Value>,
}

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
    let envelope: Envelope<'_> = serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))?;
    if let Some(error) = envelope.error {
        let text = error.get("message").and_then(Value::as_str).unwrap_or("the service gave no reason").to_owned();
        return Err(Fault::new(FaultKind::Service, "ErrorInResult", text));
    }
    let base = bytes.as_ptr() as usize;
    let mut rows = Vec::with_capacity(envelope.rows.len());
    let mut slots = Slots::default();
    for raw in &envelope.rows {
        let text = raw.get();
        // Some cmdlets put null elements between their results.
        if text == "null" {
            continue;
        }
        let first_slot = slots.offsets.len() as u32;
        let shape = if text.starts_with('{') { slots.add_row(text, base)? } else { shape::NONE };
        rows.push(Row { start: (text.as_ptr() as usize - base) as u32, length: text.len() as u32, shape, first_slot });
    }
    let Envelope { next_link, warnings, .. } = envelope;
    let Slots { offsets, types, .. } = slots;
    Ok(Page { bytes, rows, value_offsets: offsets, value_types: types, next_link, warnings })
}

fn unreadable(error: &serde_json::Error) -> Fault {
    Fault::protocol(format!("The service's answer could not be read: {error}."))
}

#[derive(Default)]
struct Slots {
    offsets: Vec<u32>,
    types: Vec<u8>,
    /// Rows of one page mostly look alike: the shape of the row before is tried first.
    last: Option<Arc<Shape>>,
}

/// One property of a row: name, offset of the value, type.
struct Property<'a>(Cow<'a, str>, u32, ValueType);

struct Properties<'a> {
    found: Vec<Property<'a>>,
    base: usize,
}

impl Slots {
    fn add_row(&mut self, text: &str, base: usize) -> Result<shape::ShapeId, Fault> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let capacity = self.last.as_ref().map_or(0, |shape| shape.names.len());
        let properties = deserializer
            .deserialize_map(Properties { found: Vec::with_capacity(capacity), base })
            .map_err(|error| unreadable(&error))?;
        let same = self.last.as_ref().is_some_and(|shape| {
            shape.names.len() == properties.len()
                && shape.names.iter().zip(&properties).all(|(name, property)| **name == *property.0)
        });
        if !same {
            self.last = Some(shape::intern(properties.iter().map(|property| property.0.as_ref().into()).collect()));
        }
        let Some(shape) = self.last.as_ref() else { return Ok(shape::NONE) };
        if shape.id == shape::NONE {
            return Ok(shape::NONE);
        }
        let first = self.offsets.len();
        self.offsets.resize(first + shape.width as usize, 0);
        self.types.resize(first + shape.width as usize, ValueType::None as u8);
        for (Property(_, offset, value_type), slot) in properties.iter().zip(&shape.slots) {
            self.offsets[first + *slot as usize] = *offset;
            self.types[first + *slot as usize] = *value_type as u8;
        }
        Ok(shape.id)
    }
}

impl<'de> Visitor<'de> for Properties<'de> {
    type Value = Vec<Property<'de>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        // A side-car stands before its value as a rule; one that comes after it is applied at the end.
        let mut pending: Option<(Cow<'de, str>, ValueType)> = None;
        let mut late: Vec<(Cow<'de, str>, ValueType)> = Vec::new();
        while let Some(Key(name)) = map.next_key()? {
            if let Some((property, annotation)) = split_annotation(&name) {
                if annotation == "data.type" || annotation == "odata.type" {
                    // Decoration that is no text decorates nothing; it must not cost the row.
                    let value: &'de RawValue = map.next_value()?;
                    let value_type = serde_json::from_str::<Key<'_>>(value.get())
                        .map_or(ValueType::Unknown, |key| ValueType::from_name(&key.0));
                    if !property.is_empty() {
                        late.extend(pending.take());
                        pending = Some((property, value_type));
                    }
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
                continue;
            }
            let raw: &'de RawValue = map.next_value()?;
            let value_type = match pending.take() {
                Some((property, value_type)) if property == name => value_type,
                other => {
                    late.extend(other);
                    ValueType::None
                }
            };
            self.found.push(Property(name, (raw.get().as_ptr() as usize - self.base) as u32, value_type));
        }
        late.extend(pending);
        for (property, value_type) in late {
            for found in self.found.iter_mut().filter(|found| found.0 == property) {
                found.2 = value_type;
            }
        }
        Ok(self.found)
    }
}

/// The texts of an array; what else is in it, or instead of it, is left out.
fn texts(value: Value) -> Vec<String> {
    let Value::Array(values) = value else { return Vec::new() };
    values.into_iter().filter_map(|value| if let Value::String(text) = value { Some(text) } else { None }).collect()
}

/// Splits `Name@annotation`; `None` for a name without `@`.
fn split_annotation<'a>(name: &Cow<'a, str>) -> Option<(Cow<'a, str>, &'static str)> {
    let at = name.find('@')?;
    let annotation = match &name[at + 1..] {
        "data.type" => "data.type",
        "odata.type" => "odata.type",
        _ => "",
    };
    let property = match name {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..at]),
        Cow::Owned(text) => Cow::Owned(text[..at].to_owned()),
    };
    Some((property, annotation))
}

/// A string that is borrowed from the body where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Envelope<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a response object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut envelope = Envelope { rows: Vec::new(), next_link: None, warnings: Vec::new(), error: None };
                while let Some(Key(name)) = map.next_key()? {
                    match name.as_ref() {
                        "value" => envelope.rows = map.next_value::<Option<_>>()?.unwrap_or_default(),
                        "@odata.nextLink" => envelope.next_link = map.next_value()?,
                        "@adminapi.warnings" => {
                            envelope.warnings = texts(map.next_value()?);
                        }
                        "error" => envelope.error = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(envelope)
            }
        }
        deserializer.deserialize_map(Members)
    }
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
            ("#Collection(String)", ValueType::StringCollection),
            ("#Collection(Exchange.GenericHashTable)", ValueType::Collection),
            ("#Exchange.GenericHashTable", ValueType::Object),
            ("System.Version", ValueType::Unknown),
        ] {
            assert_eq!(ValueType::from_name(name), expected, "{name}");
        }
    }
}
