//! Entries as they are in a catalog: JSON of the form of `cmdlets.json`, in which whatever is not so may be left out. What no class can be
//! made of is refused here, by its name.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::{ALL_SETS, Binding, SURFACES, Surface};

const MOST_PARAMETERS: usize = 1000;

/// A file that has no catalog in it, and why.
#[derive(Debug)]
pub struct NoCatalog(String);

impl fmt::Display for NoCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoCatalog {}

/// An entry that no cmdlet can be made of.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// Its name, or its place if it has none.
    pub name: String,
    /// What is wrong, and what to do about it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// An entry of a catalog.
#[derive(Debug)]
pub struct Entry {
    /// The name the service knows.
    pub name: String,
    /// Where the service offers it, by the catalog's names.
    pub surfaces: Vec<String>,
    /// The same as the module tells it apart.
    pub surface: Surface,
    /// Whether it is a cmdlet of the original module itself, and none of the service.
    pub module_native: bool,
    /// The set that is meant when nothing tells, if the catalog knows.
    pub default_set: Option<String>,
    /// Its sets; at least one.
    pub sets: Vec<String>,
    /// Where the service offers a set, if that is not wherever it offers the cmdlet.
    pub set_surfaces: Vec<(String, Vec<String>)>,
    /// Whether it has `-WhatIf` and `-Confirm`.
    pub should_process: bool,
    /// Whether it asks without being told to.
    pub confirm_impact_high: bool,
    /// Its parameters, in the order of the catalog.
    pub parameters: Vec<StatedParameter>,
}

/// A parameter as an entry states it.
#[derive(Debug, Clone, Default)]
pub struct StatedParameter {
    /// Its name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Its type as the service calls it.
    pub type_name: String,
    /// The values it takes, as far as the pages name them.
    pub accepted_values: Vec<String>,
    /// Whether it is a date that is UTC where it names no zone.
    pub is_utc: bool,
    /// Where the service offers it; empty is wherever it offers the cmdlet.
    pub surfaces: Vec<String>,
    /// Its part in each of its sets, in the order of the cmdlet's sets.
    pub bindings: Vec<(String, Binding)>,
    /// Whether somebody has looked how it is piped, so that nothing has to be guessed. Then it may take the object beside another
    /// parameter; see [`crate::sharing_object`].
    pub pipeline_is_sure: bool,
}

impl StatedParameter {
    /// Its part in a set.
    pub fn binding(&self, set: &str) -> Option<&Binding> {
        self.bindings.iter().find(|(name, _)| name == set).map(|(_, binding)| binding)
    }

    pub(crate) fn binding_mut(&mut self, set: &str) -> Option<&mut Binding> {
        self.bindings.iter_mut().find(|(name, _)| name == set).map(|(_, binding)| binding)
    }
}

/// The entries of a catalog, each for itself.
///
/// # Errors
/// When it is no JSON, or no catalog.
pub fn read(file: &[u8]) -> Result<Vec<Result<Entry, Problem>>, NoCatalog> {
    let no_json = |error: &dyn fmt::Display| NoCatalog(format!("The file is no JSON: {error}."));
    // Entries stay as they are written until their turn: one that cannot be read is no reason to refuse the others.
    let members: BTreeMap<String, &RawValue> = match serde_json::from_slice(file) {
        Ok(members) => members,
        Err(error) if error.is_data() => {
            return Err(NoCatalog("The file is no catalog: it is an object with a list called cmdlets.".to_owned()));
        }
        Err(error) => return Err(no_json(&error)),
    };
    let entries: Vec<&RawValue> = members
        .get("cmdlets")
        .and_then(|entries| serde_json::from_str(entries.get()).ok())
        .ok_or_else(|| NoCatalog("The file has no cmdlets that are a list.".to_owned()))?;
    // Classes are called like cmdlets without the dash.
    let mut classes = HashSet::new();
    let read = entries.into_iter().enumerate().map(|(i, entry)| {
        let mut name = format!("Entry {}", i + 1);
        let stated = entry_of(entry, &mut name).and_then(|stated| {
            let is_new = classes.insert(name.replace('-', "").to_ascii_lowercase());
            require(is_new, || format!("{name} is there twice; take one of them out.")).map(|()| stated)
        });
        stated.map_err(|message| Problem { name, message })
    });
    Ok(read.collect())
}

/// An entry; `name` becomes its name as soon as that is known.
fn entry_of(json: &RawValue, name: &mut String) -> Result<Entry, String> {
    let value: Value = match serde_json::from_str(json.get()) {
        Ok(value) => value,
        Err(error) => {
            if let Some(stated) = readable_name(json) {
                *name = stated;
            }
            return Err(format!(
                "{name}: a name or value in it is no text, number or list that can be read: {error}, counted from where the entry begins."
            ));
        }
    };
    let stated = text(&value, "name", name)?;
    require(is_cmdlet_name(stated), || {
        format!("'{stated}' is no name of a cmdlet: that is a verb, a dash and a noun, in letters and digits.")
    })?;
    stated.clone_into(name);
    let name = name.as_str();

    let mut sets = texts(&value, "parameter_sets", name)?;
    if sets.is_empty() {
        sets.push(ALL_SETS.to_owned());
    }
    let distinct: HashSet<String> = sets.iter().map(|set| set.to_lowercase()).collect();
    require(distinct.len() == sets.len(), || {
        format!("{name}: a parameter set is there twice; take it out of parameter_sets once.")
    })?;
    let mut set_surfaces = Vec::new();
    for (set, _) in value.get("parameter_set_surfaces").and_then(Value::as_object).into_iter().flatten() {
        set_surfaces.push((set.clone(), texts(&value["parameter_set_surfaces"], set, name)?));
    }
    let default_set = match value.get("default_parameter_set").filter(|stated| !stated.is_null()) {
        Some(Value::Object(stated)) if stated.get("name").is_none_or(Value::is_null) => None,
        Some(stated) => Some(text(stated, "name", &format!("{name}: default_parameter_set"))?.to_owned()),
        None => None,
    };
    if let Some(set) = default_set.as_ref().filter(|set| !sets.contains(set)) {
        return Err(format!(
            "{name}: the default set '{set}' is not among its sets; add it to parameter_sets, or leave default_parameter_set out."
        ));
    }
    let surfaces = texts(&value, "surfaces", name)?;
    let surface = Surface::of(&surfaces)
        .ok_or_else(|| format!("{name}: surfaces are {} and {}; name one or both.", SURFACES[0], SURFACES[1]))?;

    let stated = list(&value, "parameters", name)?;
    require(stated.len() <= MOST_PARAMETERS, || {
        format!("{name} has {} parameters; more than {MOST_PARAMETERS} are not taken.", stated.len())
    })?;
    let mut parameters = Vec::new();
    for parameter in stated {
        parameters.push(parameter_of(parameter, name, &sets)?);
    }
    let module_native = flag(&value, "module_native", name)?;
    count_from_zero(&mut parameters, module_native);
    Ok(Entry {
        name: name.to_owned(),
        surfaces,
        surface,
        module_native,
        default_set,
        sets,
        set_surfaces,
        should_process: flag(&value, "should_process", name)?,
        confirm_impact_high: flag(&value, "confirm_impact_high", name)?,
        parameters,
    })
}

/// The name of an entry in which something else cannot be read.
fn readable_name(entry: &RawValue) -> Option<String> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(entry.get()).ok()?;
    let name: String = serde_json::from_str(members.get("name")?.get()).ok()?;
    is_cmdlet_name(&name).then_some(name)
}

fn parameter_of(json: &Value, cmdlet: &str, sets: &[String]) -> Result<StatedParameter, String> {
    let name = text(json, "name", &format!("A parameter of {cmdlet}"))?;
    require(is_identifier(name), || {
        format!("{cmdlet}: '{name}' is no name of a parameter: that is letters, digits and underscores.")
    })?;
    let location = format!("{cmdlet} -{name}");
    let mut aliases = texts(json, "aliases", &location)?;
    // The pages give some parameters the aliases that -WhatIf and -Confirm have everywhere.
    aliases.retain(|alias| alias != "wi" && alias != "cf");
    if let Some(alias) = aliases.iter().find(|alias| !is_identifier(alias)) {
        return Err(format!("{location} has an alias '{alias}' that is no name; take it out."));
    }
    let type_name =
        if flag(json, "is_switch", &location)? { "SwitchParameter" } else { text(json, "type", &location)? };
    require(!type_name.is_empty(), || format!("{location} has no type; say what the service calls it."))?;
    let mut bindings = Vec::new();
    match json.get("sets") {
        // What says nothing of sets is optional in all of them.
        None => bindings.extend(sets.iter().map(|set| (set.clone(), Binding::default()))),
        Some(stated) => {
            let stated = stated.as_object().ok_or_else(|| format!("{location} has no sets that are an object."))?;
            if let Some(set) = stated.keys().find(|set| !sets.contains(set)) {
                return Err(format!(
                    "{location} is in a set '{set}' that the cmdlet does not have; add it to parameter_sets, or take it out."
                ));
            }
            for set in sets {
                if let Some(binding) = stated.get(set) {
                    bindings.push((set.clone(), binding_of(binding, &location)?));
                }
            }
        }
    }
    Ok(StatedParameter {
        name: name.to_owned(),
        aliases,
        type_name: type_name.to_owned(),
        accepted_values: texts(json, "accepted_values", &location)?,
        is_utc: flag(json, "utc", &location)?,
        surfaces: texts(json, "surfaces", &location)?,
        bindings,
        pipeline_is_sure: false,
    })
}

fn binding_of(json: &Value, location: &str) -> Result<Binding, String> {
    require(json.is_object(), || format!("{location}: what it is in a set is an object, which may be empty."))?;
    let position = match json.get("position").filter(|position| !position.is_null()) {
        Some(position) => Some(
            position
                .as_i64()
                .and_then(|number| i32::try_from(number).ok())
                .filter(|number| (0..1000).contains(number))
                .ok_or_else(|| format!("{location}: a position is a whole number from 0 to 999."))?,
        ),
        None => None,
    };
    Ok(Binding {
        required: flag(json, "required", location)?,
        position,
        by_value: flag(json, "value_from_pipeline", location)?,
        by_property_name: flag(json, "value_from_pipeline_by_property_name", location)?,
    })
}

/// Pages of server cmdlets count positions from 1, as the service's own help does, and some from 0, as PowerShell does. One that has a
/// position 0 counts from 0, as do those of the original module's own cmdlets.
fn count_from_zero(parameters: &mut [StatedParameter], module_native: bool) {
    let positions = || parameters.iter().flat_map(|parameter| &parameter.bindings).map(|(_, binding)| binding.position);
    if module_native || positions().any(|position| position == Some(0)) {
        return;
    }
    for (_, binding) in parameters.iter_mut().flat_map(|parameter| &mut parameter.bindings) {
        binding.position = binding.position.map(|position| position - 1);
    }
}

fn is_cmdlet_name(text: &str) -> bool {
    text.split_once('-').is_some_and(|(verb, noun)| {
        (2..=40).contains(&verb.len())
            && verb.bytes().all(|c| c.is_ascii_alphabetic())
            && (2..=121).contains(&noun.len())
            && noun.starts_with(|c: char| c.is_ascii_alphabetic())
            && noun.bytes().all(|c| c.is_ascii_alphanumeric())
    })
}

fn is_identifier(text: &str) -> bool {
    text.len() <= 121
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
}

fn member<'a>(json: &'a Value, name: &str) -> Option<&'a Value> {
    json.as_object().and_then(|members: &Map<String, Value>| members.get(name))
}

fn text<'a>(json: &'a Value, name: &str, location: &str) -> Result<&'a str, String> {
    member(json, name).and_then(Value::as_str).ok_or_else(|| format!("{location} has no {name} that is a text."))
}

fn list<'a>(json: &'a Value, name: &str, location: &str) -> Result<&'a Vec<Value>, String> {
    member(json, name).and_then(Value::as_array).ok_or_else(|| format!("{location} has no {name} that are a list."))
}

/// A list of texts; empty if it is left out.
fn texts(json: &Value, name: &str, location: &str) -> Result<Vec<String>, String> {
    if member(json, name).is_none() {
        return Ok(Vec::new());
    }
    let texts = list(json, name, location)?.iter().map(|item| item.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().ok_or_else(|| format!("{location}: {name} is a list of texts."))
}

/// Something that is so or not; not so if it is left out.
fn flag(json: &Value, name: &str, location: &str) -> Result<bool, String> {
    match member(json, name) {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| format!("{location}: {name} is true or false.")),
    }
}

fn require(condition: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(problem()) }
}
