//! The values of parameters as texts of an address.

use crate::fault::Fault;
use serde_json::{Map, Value, value::RawValue};
use uuid::Uuid;

/// No object has an identity that is longer; as part of an address it would only be cut off somewhere.
const LONGEST_IDENTITY: usize = 4096;

/// Why nothing will not do.
pub(super) const EMPTY: &str = "It is empty. Give a value, or leave the parameter out to get all.";

/// A parameter that cannot be sent.
pub(super) fn refuse(name: &str, id: &str, why: &str) -> Fault {
    Fault::invalid_argument(format!("{id}{name}"), format!("Cannot send the value of parameter '{name}'. {why}"))
}

/// The parameters of a call; what is taken out is done with.
#[derive(Debug)]
pub(super) struct Parameters(Map<String, Value>);

impl Parameters {
    pub(super) fn read(parameters: &RawValue) -> Result<Self, Fault> {
        serde_json::from_str(parameters.get()).map(Self).map_err(|error| {
            Fault::invalid_argument("InvalidRequest", format!("The parameters are not a JSON object: {error}."))
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.keys().any(|key| key.eq_ignore_ascii_case(name))
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let key = self.0.keys().find(|key| key.eq_ignore_ascii_case(name))?.clone();
        self.0.remove(&key)
    }

    /// A text; nothing if it was not given.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        self.take(name).map(|value| single(name, &value)).transpose()
    }

    /// A text that stays among the parameters.
    pub(super) fn peek(&self, name: &str) -> Result<Option<String>, Fault> {
        let value = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        value.map(|value| single(name, value)).transpose()
    }

    /// An id; nothing if it was not given or is empty, as some are on objects that are piped.
    pub(super) fn identity(&mut self, name: &str) -> Result<Option<String>, Fault> {
        let Some(value) = self.take(name).filter(|value| !is_empty(value)) else { return Ok(None) };
        let text = single(name, &value)?;
        if text.chars().count() > LONGEST_IDENTITY {
            return Err(refuse(name, "TooLong", &format!("It has more than {LONGEST_IDENTITY} characters.")));
        }
        Ok(Some(text).filter(|text| Uuid::parse_str(text).is_err() || !is_no_guid(text)))
    }

    /// A GUID; nothing if it was not given or is all zeros.
    pub(super) fn guid(&mut self, name: &str) -> Result<Option<String>, Fault> {
        let Some(text) = self.identity(name)? else { return Ok(None) };
        match Uuid::parse_str(&text) {
            Ok(guid) => Ok(Some(guid.to_string())),
            Err(_) => Err(refuse(name, "Invalid", &format!("'{text}' is not a GUID."))),
        }
    }

    /// Names: a list, or a text with commas between them.
    pub(super) fn list(&mut self, name: &str) -> Result<Vec<String>, Fault> {
        let Some(value) = self.take(name) else { return Ok(Vec::new()) };
        let texts = match &value {
            Value::Null => Vec::new(),
            Value::Array(items) => items.iter().map(|item| text_of(name, item)).collect::<Result<_, _>>()?,
            other => vec![text_of(name, other)?],
        };
        let names = texts.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|name| !name.is_empty());
        Ok(names.map(str::to_owned).collect())
    }

    /// A switch.
    pub(super) fn take_switch(&mut self, name: &str) -> Result<bool, Fault> {
        match self.take(name) {
            None | Some(Value::Null | Value::Bool(false)) => Ok(false),
            Some(Value::Bool(true)) => Ok(true),
            Some(_) => Err(refuse(name, "Invalid", "It is a switch.")),
        }
    }

    /// All that are left, as options of their own names. A switch that is off is not sent: it is off anyway.
    pub(super) fn rest(self) -> Result<Vec<(String, String)>, Fault> {
        let mut options = Vec::new();
        for (name, value) in self.0 {
            // The number of objects is a matter of pages.
            if name.eq_ignore_ascii_case("ResultSize") || value == Value::Bool(false) {
                continue;
            }
            let text = match &value {
                Value::Bool(_) => "True".to_owned(),
                Value::Array(items) if !is_empty(&value) => {
                    items.iter().map(|item| text_of(&name, item)).collect::<Result<Vec<_>, _>>()?.join(",")
                }
                other => single(&name, other)?,
            };
            options.push((name, text));
        }
        Ok(options)
    }
}

fn is_no_guid(text: &str) -> bool {
    Uuid::parse_str(text).is_ok_and(|guid| guid.is_nil())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        _ => false,
    }
}

/// One text, not empty: what is empty by mistake must not turn the data of one into everybody's.
fn single(name: &str, value: &Value) -> Result<String, Fault> {
    if is_empty(value) {
        return Err(refuse(name, "Empty", EMPTY));
    }
    match value {
        Value::Array(items) if items.len() == 1 => text_of(name, &items[0]),
        Value::Array(_) => Err(refuse(name, "Invalid", "It is a list; give one value, or pipe them.")),
        other => text_of(name, other),
    }
}

fn text_of(name: &str, value: &Value) -> Result<String, Fault> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(if *flag { "True" } else { "False" }.to_owned()),
        Value::Null => Err(refuse(name, "Empty", EMPTY)),
        Value::Array(_) | Value::Object(_) => Err(refuse(name, "Invalid", "It is neither text nor a list of texts.")),
    }
}
