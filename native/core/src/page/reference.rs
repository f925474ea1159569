//! A plain decoder of responses, and generated answers on which the index has to agree with it to the byte.

use super::{Page, ValueType, index, last_link, shape};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;

/// A property: name, text of the value, number of the type.
type Property = (String, String, u8);
/// A row: its text, and its properties if it is an object.
type Row = (String, Option<Vec<Property>>);

/// The members of an object in their order, duplicates included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// What a response says, read in the plainest way. `None`: it is no response.
fn decode(text: &str) -> Option<Vec<Row>> {
    let envelope: Members<'_> = serde_json::from_str(text).ok()?;
    let value = envelope.0.iter().rev().find(|(name, _)| name == "value");
    let Some((_, value)) = value else { return Some(Vec::new()) };
    let elements: Option<Vec<&RawValue>> = serde_json::from_str(value.get()).ok()?;
    elements.unwrap_or_default().into_iter().filter(|element| element.get() != "null").map(decode_row).collect()
}

fn decode_row(element: &RawValue) -> Option<Row> {
    let text = element.get();
    if !text.starts_with('{') {
        return Some((text.to_owned(), None));
    }
    let members: Members<'_> = serde_json::from_str(text).ok()?;
    let mut properties: Vec<Property> = Vec::new();
    for (name, value) in members.0.iter().filter(|(name, _)| !name.contains('@')) {
        match properties.iter_mut().find(|(known, ..)| known == name) {
            Some(known) => known.1 = value.get().to_owned(),
            None => properties.push((name.clone(), value.get().to_owned(), 0)),
        }
    }
    // Without a name before it, the type is that of the object.
    for property in properties.iter_mut().filter(|(name, ..)| !name.is_empty()) {
        let mut side_cars = members.0.iter().filter(|(name, _)| {
            name.strip_prefix(&property.0).is_some_and(|rest| rest == "@data.type" || rest == "@odata.type")
        });
        if let Some((_, value)) = side_cars.next_back() {
            let known = serde_json::from_str(value.get()).map(|name: String| ValueType::from_name(&name));
            property.2 = known.unwrap_or(ValueType::Unknown) as u8;
        }
    }
    Some((text.to_owned(), Some(properties)))
}

/// What the index of a page says.
fn indexed(page: &Page) -> Vec<Row> {
    let text = |range: std::ops::Range<usize>| String::from_utf8(page.bytes[range].to_vec()).expect("UTF-8");
    page.rows
        .iter()
        .map(|row| {
            let (start, end) = (row.start as usize, (row.start + row.length) as usize);
            let properties = shape::names(row.shape).map(|names| {
                let slots = row.first_slot as usize..;
                names
                    .into_iter()
                    .zip(slots)
                    .map(|(name, slot)| {
                        let rest = &page.bytes[page.value_offsets[slot] as usize..end];
                        let value = serde_json::Deserializer::from_slice(rest).into_iter::<&RawValue>().next();
                        let value = value.expect("a value begins here").expect("valid JSON").get().to_owned();
                        (name, value, page.value_types[slot])
                    })
                    .collect()
            });
            (text(start..end), properties)
        })
        .collect()
}

fn white_space() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(""), 1 => Just(" "), 1 => Just("\r\n\t ")]
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,40}".prop_map(|text| serde_json::to_string(&text).expect("JSON")),
        "\\PC{0,12}".prop_map(|text| serde_json::to_string(&text).expect("JSON")),
        select(vec![
            "null",
            "true",
            "false",
            "0",
            "-0",
            "1.5e400",
            "-12345678901234567890123456789.5E-7",
            "9007199254740993",
            r#""""#,
            r#""\u0000""#,
            r#""\u65e5\uD83D\uDE00""#,
            r#""\\\"\/\b\f\n\r\t""#,
            r#""ends with a backslash \\""#,
            r#""2026-07-15T16:40:06.0000000Z""#,
            r#""50 GB (53,687,091,200 bytes)""#,
            r#"",\"a\":1}""#,
        ])
        .prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (vec(inner.clone(), 0..4), white_space())
                .prop_map(|(items, space)| format!("[{space}{}{space}]", items.join(","))),
            (vec((name(), inner), 0..4), white_space()).prop_map(|(members, space)| object(&members, space)),
        ]
    })
}

/// Few names, so that they come twice, with side-cars before, after and without their property.
fn name() -> impl Strategy<Value = String> {
    select(vec![
        "a",
        "b",
        "Name",
        "A\\\"b",
        "\\u0061",
        "Ä日本",
        "",
        "a@data.type",
        "b@odata.type",
        "Name@data.type",
        "Name@odata.type",
        "@odata.type",
        "@odata.id",
        "a@other",
        "value",
        "error",
    ])
    .prop_map(str::to_owned)
}

fn object(members: &[(String, String)], space: &str) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("{space}\"{name}\"{space}:{space}{value}{space}")).collect();
    format!("{{{}}}", members.join(","))
}

fn typed(name: String, value: String, type_name: Option<&'static str>) -> (String, String) {
    let value = type_name.filter(|_| name.ends_with(".type")).map_or(value, |type_name| format!("\"{type_name}\""));
    (name, value)
}

fn member() -> impl Strategy<Value = (String, String)> {
    let types = select(vec!["System.Guid", "#Int64", "#Collection(String)", "System.DateTime", "x"]);
    (name(), value(), option::weighted(0.8, types)).prop_map(|(name, value, type_name)| typed(name, value, type_name))
}

/// Rows that are mostly alike, as those of an answer are: the names of a first one with other values.
fn rows() -> impl Strategy<Value = Vec<String>> {
    vec(member(), 0..7).prop_flat_map(|first| {
        let names: Vec<(String, String)> = first.clone();
        let alike = (vec(value(), names.len()), white_space()).prop_map(move |(values, space)| {
            let members: Vec<(String, String)> = names
                .iter()
                .zip(values)
                .map(|((name, old), new)| (name.clone(), if name.ends_with(".type") { old.clone() } else { new }))
                .collect();
            object(&members, space)
        });
        let other = (vec(member(), 0..7), white_space()).prop_map(|(members, space)| object(&members, space));
        vec(prop_oneof![7 => alike, 2 => other, 1 => value()], 0..8)
    })
}

fn answer() -> impl Strategy<Value = String> {
    (rows(), white_space(), any::<bool>()).prop_map(|(rows, space, link)| {
        let link = if link { r#","@adminapi.warnings":["w"],"@odata.nextLink":"https://h/n""# } else { "" };
        format!(
            "{space}{{\"@odata.context\":\"x\",{space}\"value\":[{space}{}{space}]{link}}}",
            rows.join(&format!("{space},{space}"))
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_agrees_with_a_plain_decoder(text in answer()) {
        let expected = decode(&text).expect("the answer is JSON");
        let page = index(text.clone().into_bytes()).expect("the answer is JSON");
        prop_assert_eq!(indexed(&page), expected);
        prop_assert_eq!(page.next_link.is_some(), text.contains("nextLink"));
        // Found before the rest is read, it is the same; or it is not found.
        let early = last_link(text.as_bytes());
        prop_assert!(early.is_none() || early == page.next_link);
    }

    #[test]
    fn broken_answers_are_refused_as_a_plain_decoder_does(text in answer(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let is_json = std::str::from_utf8(&bytes).is_ok() && serde_json::from_slice::<IgnoredAny>(&bytes).is_ok();
        match index(bytes.clone()) {
            Ok(page) => {
                prop_assert!(is_json);
                let text = std::str::from_utf8(&bytes).expect("UTF-8");
                // The plain decoder takes no half of a surrogate pair in a name.
                if let Some(expected) = decode(text) {
                    prop_assert_eq!(indexed(&page), expected);
                }
            }
            Err(_) => {
                let expected = std::str::from_utf8(&bytes).ok().and_then(decode);
                prop_assert!(expected.is_none() || !is_documented(&bytes), "refused: {}", String::from_utf8_lossy(&bytes));
            }
        }
    }
}

/// Whether the members beside the rows are of their documented types; one that is not is refused, which the plain decoder
/// does not look at.
fn is_documented(bytes: &[u8]) -> bool {
    let Ok(envelope) = serde_json::from_slice::<serde_json::Value>(bytes) else { return false };
    let link = &envelope["@odata.nextLink"];
    (link.is_null() || link.is_string()) && envelope["error"].is_null()
}
