//! Property values and how each .NET type of the service is written to the wire.

use std::fmt::Write as _;

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// Ticks (100 ns) in one second.
const TICKS_PER_SECOND: i64 = 10_000_000;

/// A property's value, free of how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// No value.
    Null,
    /// A Boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text: also GUIDs, sizes, time spans, enumeration members and identities, which the wire carries as text.
    Text(String),
    /// A multi-valued property.
    List(Vec<String>),
    /// A moment, in ticks of 100 ns since 1970-01-01 UTC.
    Moment(i64),
}

impl Value {
    /// Text from anything that can become a `String`.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The text, if the value is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text; empty if the value is none.
    #[must_use]
    pub fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            _ => String::new(),
        }
    }

    /// The items of a multi-valued property; none if the value isn't one.
    #[must_use]
    pub fn into_list(self) -> Vec<String> {
        match self {
            Self::List(items) => items,
            _ => Vec::new(),
        }
    }

    /// Whether a filter's `-eq $null` holds for the value.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            _ => false,
        }
    }
}

/// How a property is written: which side-car annotation precedes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text without a side-car.
    Text,
    /// A Boolean without a side-car.
    Bool,
    /// A number with `@data.type` `System.Int32`.
    Int32,
    /// A number with `@odata.type` `#Int64`.
    Int64,
    /// A number with `@data.type` `System.UInt64`.
    UInt64,
    /// A GUID with `@data.type` `System.Guid`.
    Guid,
    /// A moment ending in `Z` with `@data.type` `System.DateTime`.
    MomentUtc,
    /// A moment with a numeric offset and `@data.type` `System.DateTime`.
    MomentOffset,
    /// A moment with a numeric offset and no side-car, as the service writes a few of them.
    MomentBare,
    /// An array of strings with `@odata.type` `#Collection(String)`.
    List,
}

impl Kind {
    /// The side-car's suffix and value.
    #[must_use]
    pub fn sidecar(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Text | Self::Bool | Self::MomentBare => None,
            Self::Int32 => Some(("@data.type", "System.Int32")),
            Self::Int64 => Some(("@odata.type", "#Int64")),
            Self::UInt64 => Some(("@data.type", "System.UInt64")),
            Self::Guid => Some(("@data.type", "System.Guid")),
            Self::MomentUtc | Self::MomentOffset => Some(("@data.type", "System.DateTime")),
            Self::List => Some(("@odata.type", "#Collection(String)")),
        }
    }

    /// Whether the property holds a moment.
    #[must_use]
    pub fn is_moment(self) -> bool {
        matches!(self, Self::MomentUtc | Self::MomentOffset | Self::MomentBare)
    }
}

/// Appends a JSON string literal.
pub fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text);
    out.push('"');
}

/// Appends what stands between the quotation marks of a JSON string literal.
pub fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    // All that has to be escaped is one byte long.
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// Appends `"Name":value`, preceded by the side-car of its kind. A null has no type to announce, so it has no side-car.
pub fn push_property(out: &mut String, name: &str, kind: Kind, value: &Value) {
    if let Some((suffix, type_name)) = kind.sidecar()
        && *value != Value::Null
    {
        for text in ["\"", name, suffix, "\":\"", type_name, "\","] {
            out.push_str(text);
        }
    }
    for text in ["\"", name, "\":"] {
        out.push_str(text);
    }
    push_value(out, kind, value);
}

fn push_value(out: &mut String, kind: Kind, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Text(text) => push_json_string(out, text),
        Value::List(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                push_json_string(out, item);
            }
            out.push(']');
        }
        Value::Moment(ticks) => {
            out.push('"');
            push_moment(out, *ticks, if kind == Kind::MomentUtc { "Z" } else { "+00:00" });
            out.push('"');
        }
    }
}

/// Appends a moment with the seven places of the wire, and what follows it.
pub fn push_moment(out: &mut String, ticks: i64, suffix: &str) {
    let moment =
        OffsetDateTime::from_unix_timestamp(ticks.div_euclid(TICKS_PER_SECOND)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    push_digits(out, moment.year().unsigned_abs(), 4);
    for (separator, number) in [
        ('-', u8::from(moment.month())),
        ('-', moment.day()),
        ('T', moment.hour()),
        (':', moment.minute()),
        (':', moment.second()),
    ] {
        out.push(separator);
        push_digits(out, number.into(), 2);
    }
    out.push('.');
    push_digits(out, ticks.rem_euclid(TICKS_PER_SECOND) as u32, 7);
    out.push_str(suffix);
}

/// Appends a number's last digits, so many, with zeros before.
fn push_digits(out: &mut String, number: u32, count: u32) {
    for place in (0..count).rev() {
        out.push((b'0' + (number / 10_u32.pow(place) % 10) as u8) as char);
    }
}

/// A moment as the wire has it, in UTC.
#[must_use]
pub fn format_moment(ticks: i64) -> String {
    let mut text = String::new();
    push_moment(&mut text, ticks, "Z");
    text
}

/// The moment now, in ticks.
#[must_use]
pub fn now_ticks() -> i64 {
    (OffsetDateTime::now_utc().unix_timestamp_nanos() / 100) as i64
}

/// The moment of a UTC date and time, in ticks.
#[must_use]
pub fn ticks_from_unix(seconds: i64) -> i64 {
    seconds * TICKS_PER_SECOND
}

/// Reads a moment as administrators write it: ISO 8601 with or without offset, or month/day/year with an optional time
/// of day on a 12-hour or 24-hour clock. Without an offset it is UTC, the service's own time zone.
#[must_use]
pub fn parse_moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, rest) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    let date = parse_date(date)?;
    let (time, offset_seconds) = parse_time(rest)?;
    let seconds = PrimitiveDateTime::new(date, time.0).assume_utc().unix_timestamp() - offset_seconds;
    seconds.checked_mul(TICKS_PER_SECOND)?.checked_add(time.1)
}

fn parse_date(text: &str) -> Option<Date> {
    let separator = if text.contains('/') { '/' } else { '-' };
    let parts: Vec<&str> = text.split(separator).collect();
    if parts.len() != 3 || parts.iter().any(|part| part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let numbers: Vec<i32> = parts.iter().map(|part| part.parse().ok()).collect::<Option<_>>()?;
    // Year first is ISO 8601; otherwise the server's culture is en-US, which puts the month first.
    let (year, month, day) = if parts[0].len() == 4 {
        (numbers[0], numbers[1], numbers[2])
    } else if parts[2].len() == 4 {
        (numbers[2], numbers[0], numbers[1])
    } else {
        return None;
    };
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()
}

/// Time of day with its fraction in ticks, and the offset from UTC in seconds.
fn parse_time(text: &str) -> Option<((Time, i64), i64)> {
    if text.is_empty() {
        return Some(((Time::MIDNIGHT, 0), 0));
    }
    let upper = text.to_ascii_uppercase();
    let (clock, afternoon) = if let Some(clock) = upper.strip_suffix("AM") {
        (clock.trim(), Some(false))
    } else if let Some(clock) = upper.strip_suffix("PM") {
        (clock.trim(), Some(true))
    } else {
        (upper.as_str(), None)
    };
    let (clock, offset) = split_offset(clock)?;
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            let padded: String = digits.chars().chain(std::iter::repeat('0')).take(7).collect();
            (clock, padded.parse().ok()?)
        }
        Some(_) => return None,
        None => (clock, 0),
    };
    let parts: Vec<u8> = clock.split(':').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let (mut hour, minute, second) = match parts[..] {
        [hour] if afternoon.is_some() => (hour, 0, 0),
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    if let Some(afternoon) = afternoon {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + if afternoon { 12 } else { 0 };
    }
    Some(((Time::from_hms(hour, minute, second).ok()?, fraction), offset))
}

fn split_offset(clock: &str) -> Option<(&str, i64)> {
    if let Some(clock) = clock.strip_suffix('Z') {
        return Some((clock.trim_end(), 0));
    }
    let Some(at) = clock.rfind(['+', '-']) else {
        return Some((clock, 0));
    };
    let (hours, minutes) = clock[at + 1..].split_once(':').unwrap_or((&clock[at + 1..], "0"));
    let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
    Some((clock[..at].trim_end(), if clock.as_bytes()[at] == b'-' { -seconds } else { seconds }))
}

/// A size as the service shows it: four significant digits in the largest unit, then the exact count.
#[must_use]
pub fn format_size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)];
    let grouped = group_digits(bytes);
    for (unit, factor) in UNITS {
        if bytes >= factor {
            let scale: u128 = match bytes / factor {
                0..10 => 1000,
                10..100 => 100,
                100..1000 => 10,
                _ => 1,
            };
            // Half of the last digit is rounded up.
            let number = (u128::from(bytes) * scale * 2 + u128::from(factor)) / (u128::from(factor) * 2);
            let (whole, rest) = (number / scale, number % scale);
            let places = scale.ilog10() as usize;
            let text = if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:0places$}") };
            let text = if rest == 0 { text.as_str() } else { text.trim_end_matches('0') };
            return format!("{text} {unit} ({grouped} bytes)");
        }
    }
    format!("{bytes} B ({grouped} bytes)")
}

fn group_digits(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Reads a size as administrators write it: `50GB`, `1.5 TB`, `300MB`, a bare number of bytes, or the service's own
/// form with the exact count in brackets.
#[must_use]
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Some((_, rest)) = text.split_once('(') {
        let digits: String = rest.strip_suffix("bytes)")?.trim().chars().filter(|c| *c != ',').collect();
        return digits.parse().ok();
    }
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let number = text[..at].trim();
    let factor: u64 = match text[at..].to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "KB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        "TB" => 1 << 40,
        _ => return None,
    };
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(factor);
    }
    let value = number.parse::<f64>().ok()? * factor as f64;
    (value <= u64::MAX as f64).then_some(value as u64)
}

/// Reads a time span `[d.]hh:mm[:ss[.f]]` or a bare number of days, and writes it as the service does.
#[must_use]
pub fn normalise_time_span(text: &str) -> Option<String> {
    let text = text.trim();
    if let Ok(days) = text.parse::<u64>() {
        return Some(if days == 0 { "00:00:00".to_owned() } else { format!("{days}.00:00:00") });
    }
    let (days, clock) = match text.split_once('.') {
        Some((days, clock)) if clock.contains(':') => (days.parse::<u64>().ok()?, clock),
        _ => (0, text),
    };
    let clock = clock.split_once('.').map_or(clock, |(clock, _)| clock);
    let parts: Vec<u64> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] => (hours, minutes, 0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    Some(if days > 0 {
        format!("{days}.{hours:02}:{minutes:02}:{seconds:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    })
}

/// A GUID in the service's form (lower case, hyphens), if the text is one.
#[must_use]
pub fn normalise_guid(text: &str) -> Option<String> {
    uuid::Uuid::try_parse(text.trim()).ok().map(|guid| guid.hyphenated().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: Kind, value: &Value) -> String {
        let mut out = String::new();
        push_property(&mut out, "P", kind, value);
        out
    }

    #[test]
    fn sizes_are_written_as_the_service_shows_them() {
        assert_eq!(format_size(106_300_440_576), "99 GB (106,300,440,576 bytes)");
        assert_eq!(format_size(53_150_220_288), "49.5 GB (53,150,220,288 bytes)");
        assert_eq!(format_size(262_144), "256 KB (262,144 bytes)");
        assert_eq!(format_size(36_700_160), "35 MB (36,700,160 bytes)");
        assert_eq!(format_size(0), "0 B (0 bytes)");
        assert_eq!(format_size(1_334_578_302), "1.243 GB (1,334,578,302 bytes)");
        assert_eq!(format_size(334_747_402), "319.2 MB (334,747,402 bytes)");
        assert_eq!(format_size(10_789_847), "10.29 MB (10,789,847 bytes)");
        assert_eq!(format_size(1_047_552), "1023 KB (1,047,552 bytes)");
        assert_eq!(format_size(1_048_064), "1024 KB (1,048,064 bytes)", "rounding doesn't change the unit");
        assert_eq!(format_size(1_140_850_688), "1.063 GB (1,140,850,688 bytes)", "1.0625 is rounded up");
        assert_eq!(format_size(1023), "1023 B (1,023 bytes)");
    }

    #[test]
    fn sizes_are_read_in_every_usual_form() {
        assert_eq!(parse_size("50GB"), Some(50 << 30));
        assert_eq!(parse_size("1.5 GB"), Some(3 << 29));
        assert_eq!(parse_size("1024"), Some(1024));
        assert_eq!(parse_size("99 GB (106,300,440,576 bytes)"), Some(106_300_440_576));
        assert_eq!(parse_size("lots"), None);
        assert_eq!(parse_size("5XB"), None);
    }

    #[test]
    fn time_spans_are_normalised() {
        assert_eq!(normalise_time_span("14.00:00:00").as_deref(), Some("14.00:00:00"));
        assert_eq!(normalise_time_span("30").as_deref(), Some("30.00:00:00"));
        assert_eq!(normalise_time_span("6:00").as_deref(), Some("06:00:00"));
        assert_eq!(normalise_time_span("0").as_deref(), Some("00:00:00"));
        assert_eq!(normalise_time_span("25:00:00"), None);
        assert_eq!(normalise_time_span("soon"), None);
    }

    #[test]
    fn moments_are_read_and_written() {
        let ticks = parse_moment("2026-03-04T05:06:07Z").unwrap();
        assert_eq!(
            written(Kind::MomentUtc, &Value::Moment(ticks)),
            r#""P@data.type":"System.DateTime","P":"2026-03-04T05:06:07.0000000Z""#
        );
        assert_eq!(written(Kind::MomentBare, &Value::Moment(ticks)), r#""P":"2026-03-04T05:06:07.0000000+00:00""#);
        assert_eq!(parse_moment("2026-03-04T07:06:07+02:00"), Some(ticks));
        assert_eq!(parse_moment("3/4/2026 5:06:07 AM"), Some(ticks));
        assert_eq!(parse_moment("8/1/2017 2:00:00 PM"), parse_moment("2017-08-01T14:00:00"));
        assert_eq!(parse_moment("2026-03-04T05:06:07.1234567Z"), Some(ticks + 1_234_567));
        assert_eq!(parse_moment("yesterday"), None);
        assert_eq!(parse_moment("2026-13-01"), None);
    }

    #[test]
    fn values_carry_their_side_cars() {
        assert_eq!(written(Kind::Int32, &Value::Int(5)), r#""P@data.type":"System.Int32","P":5"#);
        assert_eq!(written(Kind::List, &Value::List(vec![])), "\"P@odata.type\":\"#Collection(String)\",\"P\":[]");
        assert_eq!(written(Kind::Text, &Value::text("a\"b\\c\n")), r#""P":"a\"b\\c\n""#);
        assert_eq!(written(Kind::Int32, &Value::Null), r#""P":null"#);
    }
}
