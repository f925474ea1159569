//! Cmdlets on objects that are described by data: listing, making, changing and removing them.

use serde_json::Value as Json;

use super::values::property_value;
use super::wildcard::Wildcard;
use super::{read, refuse_unevaluated, texts, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::catalog::Parameter;
use crate::directory::Directory;
use crate::directory::objects::{Class, Collection, Entry};
use crate::directory::value::Value;

/// Changes by the position of the property.
pub(super) type Changes = Vec<(usize, Value)>;

/// What a special parameter does: the properties that it changes, or that it isn't special after all.
pub(super) type Special = Result<Option<Vec<(&'static str, Value)>>, ApiError>;

/// The one object that an identity names.
pub(super) fn one(collection: &Collection, identity: &str) -> Result<u64, ApiError> {
    match collection.find(identity)[..] {
        [number] => Ok(number),
        [] => Err(ApiError::not_found(identity)),
        _ => Err(ApiError::cmdlet(types::AMBIGUOUS, format!("The identity '{identity}' matches multiple entries."))),
    }
}

/// The identity of a call.
pub(super) fn identity<'a>(call: &'a Call<'_>) -> &'a str {
    call.arguments.text("Identity").unwrap_or("")
}

/// Lists objects, or shows one. `more` are parameters besides the usual ones that `belongs` looks at.
pub(super) fn get(
    call: &Call<'_>,
    class: &'static Class,
    more: &[&str],
    belongs: impl Fn(&Entry) -> bool,
) -> Result<Outcome, ApiError> {
    get_computed(call, class, more, |_, entry| belongs(entry), |_, _, _| None)
}

/// Lists objects, or shows one; some properties are computed from elsewhere.
pub(super) fn get_computed(
    call: &Call<'_>,
    class: &'static Class,
    more: &[&str],
    belongs: impl Fn(&Directory, &Entry) -> bool,
    computed: impl Fn(&Directory, &Entry, &str) -> Option<Value>,
) -> Result<Outcome, ApiError> {
    let mut evaluated = vec!["Identity", "ResultSize"];
    evaluated.extend_from_slice(more);
    refuse_unevaluated(call, &evaluated)?;
    let directory = read(call);
    let collection = directory.collection(class);
    let wildcard = Wildcard::of(call);
    let write = |entry: &Entry, out: &mut String| {
        entry.write_computed(out, call.select.as_deref(), |name| computed(&directory, entry, name));
    };
    if let Some(identity) = call.arguments.text("Identity").filter(|text| !text.is_empty() && wildcard.is_none()) {
        let entry = collection.get(one(collection, identity)?);
        let mut object = String::new();
        return Ok(match entry.filter(|entry| belongs(&directory, entry)) {
            Some(entry) => {
                write(entry, &mut object);
                Outcome::one(object)
            }
            None => Outcome::default(),
        });
    }
    let is_listed = |entry: &Entry| {
        wildcard.as_ref().is_none_or(|wildcard| wildcard.fits(|name| entry.get(name))) && belongs(&directory, entry)
    };
    call.list(
        |from| collection.from(from).find(|(_, entry)| is_listed(entry)).map(|(number, _)| number),
        |at, out| {
            if let Some(entry) = collection.get(at) {
                write(entry, out);
            }
        },
    )
}

/// The changes that a call's parameters ask for, each on the property of its name.
pub(super) fn changes(
    call: &Call<'_>,
    directory: &Directory,
    entry: &Entry,
    special: impl Fn(&Parameter, &Json) -> Special,
) -> Result<Changes, ApiError> {
    let schema = entry.class().schema();
    let mut changes = Changes::new();
    for (parameter, json) in call.arguments.iter() {
        let name = parameter.name.as_str();
        if let Some(several) = special(parameter, json)? {
            for (name, value) in several {
                let at = schema.position(name).unwrap_or_else(|| unreachable!("{} has {name}", entry.class().noun));
                changes.push((at, value));
            }
            continue;
        }
        if entry.class().is_order(name) {
            continue;
        }
        let Some(at) = schema.position(name) else {
            return Err(ApiError::not_implemented(format!("the parameter '{name}' of {}", call.cmdlet)));
        };
        let current = entry.value(at);
        changes.push((at, property_value(directory, parameter, entry.kind(at), &current, json)?));
    }
    Ok(changes)
}

/// Nothing is special.
pub(super) fn plain(_: &Parameter, _: &Json) -> Special {
    Ok(None)
}

/// Makes an object of the call's parameters; `finish` does what is special about the kind.
pub(super) fn new(
    call: &Call<'_>,
    class: &'static Class,
    finish: impl FnOnce(&Directory, &mut Entry) -> Result<(), ApiError>,
) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let name = call.arguments.text("Name").unwrap_or("").trim().to_owned();
    if name.is_empty() {
        return Err(ApiError::cmdlet(types::VALIDATION, "The property 'Name' can't be empty."));
    }
    check_free(directory.collection(class), None, &name)?;
    let number = directory.collection(class).next();
    let mut entry = Entry::created(class, &directory.seed, &name, number);
    let changes = changes(call, &directory, &entry, plain)?;
    entry.change(changes);
    finish(&directory, &mut entry)?;
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let mut object = String::new();
    entry.write(&mut object, call.select.as_deref());
    directory.collection_mut(class).add(entry);
    Ok(Outcome::one(object))
}

/// Checks that no other object has the name.
fn check_free(collection: &Collection, own: Option<u64>, name: &str) -> Result<(), ApiError> {
    match collection.find_by("Name", name) {
        Some(other) if Some(other) != own => Err(ApiError::already_exists(&format!(
            "The object '{name}' already exists. Please specify a different name, and then try again."
        ))),
        _ => Ok(()),
    }
}

/// Changes an object by the call's parameters.
pub(super) fn set(
    call: &Call<'_>,
    class: &'static Class,
    special: impl Fn(&Directory, &Entry, &Parameter, &Json) -> Special,
) -> Result<Outcome, ApiError> {
    set_found(call, class, |collection| one(collection, identity(call)), special)
}

/// Changes the only object of its kind by the call's parameters.
pub(super) fn set_only(call: &Call<'_>, class: &'static Class) -> Result<Outcome, ApiError> {
    let only = |collection: &Collection| {
        collection.iter().next().map(|(number, _)| number).ok_or_else(|| ApiError::not_found(class.noun))
    };
    set_found(call, class, only, |_, _, parameter, json| plain(parameter, json))
}

fn set_found(
    call: &Call<'_>,
    class: &'static Class,
    find: impl Fn(&Collection) -> Result<u64, ApiError>,
    special: impl Fn(&Directory, &Entry, &Parameter, &Json) -> Special,
) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let number = find(directory.collection(class))?;
    let entry = directory.collection(class).get(number).unwrap_or_else(|| unreachable!("it was found just now"));
    let changes = changes(call, &directory, entry, |parameter, json| special(&directory, entry, parameter, json))?;
    let shown = entry.text("Identity");
    let follows_name = shown == entry.text("Name");
    let renamed = match class.schema().position("Name") {
        Some(at) => {
            changes.iter().rev().find(|(changed, _)| *changed == at).map(|(_, value)| value.clone().into_text())
        }
        None => None,
    };
    if let Some(name) = &renamed {
        check_free(directory.collection(class), Some(number), name)?;
    }
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let entry =
        directory.collection_mut(class).get_mut(number).unwrap_or_else(|| unreachable!("it was found just now"));
    let changed = entry.change(changes);
    if let Some(name) = renamed.filter(|_| follows_name) {
        entry.rename(&name);
    }
    Ok(Outcome::changed(changed, &shown))
}

/// Removes an object.
pub(super) fn remove(call: &Call<'_>, class: &'static Class) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Force", "ForceDeletion"])?;
    let mut directory = write(call);
    let number = one(directory.collection(class), identity(call))?;
    if !call.arguments.what_if {
        directory.collection_mut(class).remove(number);
    }
    Ok(Outcome::default())
}

/// The texts of a parameter, or none.
pub(super) fn list_of(call: &Call<'_>, name: &str) -> Vec<String> {
    texts(call.arguments.get(name)).unwrap_or_default()
}
