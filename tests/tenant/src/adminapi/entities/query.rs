//! The query of an entity request: OData's options, and the parameters of cmdlets by name.

use serde_json::{Map, Value as Json};

use super::filter::to_opath;
use super::model::{Entity, Selection};
use crate::adminapi::errors::ApiError;

/// How a parameter is written in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As text.
    Text,
    /// As texts with commas between them.
    List,
    /// As `True` or `False`.
    Switch,
}

/// A parameter of a cmdlet that a query may name.
pub type Parameter = (&'static str, Form);

/// What may be asked of an endpoint.
pub struct Asked {
    /// What the endpoint answers with.
    pub entity: Entity,
    /// The parameters that it takes.
    pub parameters: &'static [Parameter],
    /// Whether the answer is a list that may be filtered and cut off.
    pub is_list: bool,
    /// Whether the permissions of recipients may come with the answer.
    pub can_expand: bool,
}

/// A query that was read.
#[derive(Debug)]
pub struct Query {
    /// Which properties are asked for.
    pub selection: Selection,
    /// Whether the permissions of recipients are asked for too.
    pub expand: bool,
    /// The parameters of the cmdlet.
    pub parameters: Map<String, Json>,
}

const NAVIGATION: &str = "RecipientPermission";

/// Whether the keys in the path are in base64.
///
/// # Errors
///
/// The option has a value that isn't a Boolean.
pub fn is_encoded(query: &[(String, String)]) -> Result<bool, ApiError> {
    match query.iter().find(|(name, _)| name.eq_ignore_ascii_case("isEncoded")) {
        Some((name, value)) => boolean(name, value),
        None => Ok(false),
    }
}

/// Reads a query; what isn't known is refused.
///
/// # Errors
///
/// An unknown or repeated option, or one with a bad value.
pub fn read(query: &[(String, String)], asked: &Asked) -> Result<Query, ApiError> {
    let mut parameters = Map::new();
    let (mut sets, mut select, mut expand, mut filter) = (None, None, false, None);
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in query {
        if seen.contains(&name.to_ascii_lowercase()) {
            return Err(ApiError::odata(format!("The query option '{name}' was specified more than once.")));
        }
        seen.push(name.to_ascii_lowercase());
        match name.as_str() {
            "$skiptoken" => {}
            "$select" => select = Some(value.as_str()),
            "$expand" if asked.can_expand && value.trim().eq_ignore_ascii_case(NAVIGATION) => expand = true,
            "$expand" => {
                return Err(ApiError::odata(format!(
                    "Could not find a property named '{value}' to expand on type 'Exchange.{}'.",
                    asked.entity.name()
                )));
            }
            "$filter" if asked.is_list => filter = Some(to_opath(value, asked.entity)?),
            "$top" if asked.is_list => {
                let count = value.parse::<u64>().ok().filter(|count| *count > 0);
                let count = count.ok_or_else(|| bad_value(name, value))?;
                parameters.insert("ResultSize".to_owned(), Json::from(count));
            }
            _ if name.eq_ignore_ascii_case("PropertySet") && asked.entity.has_sets() => sets = Some(value.as_str()),
            _ if name.eq_ignore_ascii_case("isEncoded") => {}
            _ => {
                let known = asked.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                let Some((known, form)) = known else {
                    return Err(ApiError::odata(format!("The query parameter '{name}' is not supported.")));
                };
                parameters.insert((*known).to_owned(), parameter(name, value, *form)?);
            }
        }
    }
    if let Some(filter) = filter {
        let both = match parameters.get("Filter").and_then(Json::as_str) {
            Some(own) => format!("({filter}) -and ({own})"),
            None => filter,
        };
        parameters.insert("Filter".to_owned(), Json::String(both));
    }
    Ok(Query { selection: selection(asked, sets, select, expand)?, expand, parameters })
}

/// The selected properties; a selected navigation property isn't one of them.
fn selection(asked: &Asked, sets: Option<&str>, select: Option<&str>, expand: bool) -> Result<Selection, ApiError> {
    let Some(text) = select.filter(|_| expand) else {
        return Selection::read(asked.entity, sets, select);
    };
    let own: Vec<&str> = text.split(',').filter(|name| !name.trim().eq_ignore_ascii_case(NAVIGATION)).collect();
    if own.is_empty() && sets.is_none() {
        return Ok(Selection::Some(vec![]));
    }
    Selection::read(asked.entity, sets, Some(own.join(",")).as_deref().filter(|own| !own.is_empty()))
}

fn parameter(name: &str, value: &str, form: Form) -> Result<Json, ApiError> {
    Ok(match form {
        Form::Text => Json::from(value),
        Form::List => value.split(',').map(|item| Json::from(item.trim())).collect(),
        Form::Switch => Json::Bool(boolean(name, value)?),
    })
}

fn boolean(name: &str, value: &str) -> Result<bool, ApiError> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(bad_value(name, value)),
    }
}

fn bad_value(name: &str, value: &str) -> ApiError {
    ApiError::odata(format!("The query option '{name}' has an invalid value: '{value}'."))
}
