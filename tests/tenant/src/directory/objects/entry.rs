//! One object.

use std::collections::BTreeMap;

use super::Class;
use crate::directory::organization::write_selected;
use crate::directory::seed::{FOREST_SUFFIX, Seed};
use crate::directory::value::{Kind, Value, now_ticks, ticks_from_unix};

/// When the objects that a tenant starts with were made.
const FIRST_DAY: i64 = 1_740_000_000;

/// One object: what differs from its class's first values.
#[derive(Clone)]
pub struct Entry {
    class: &'static Class,
    values: BTreeMap<usize, Value>,
}

impl Entry {
    /// An object that the tenant starts with.
    pub fn first(class: &'static Class, seed: &Seed, name: &str) -> Self {
        let guid = seed.named_guid(&format!("{} {name}", class.noun));
        Self::named(class, seed, name, &guid, ticks_from_unix(FIRST_DAY))
    }

    /// An object made now; its number keeps it apart from a removed one of the same name.
    pub fn created(class: &'static Class, seed: &Seed, name: &str, number: u64) -> Self {
        let guid = seed.named_guid(&format!("{} {name} {number}", class.noun));
        Self::named(class, seed, name, &guid, now_ticks())
    }

    fn named(class: &'static Class, seed: &Seed, name: &str, guid: &str, when: i64) -> Self {
        let mut entry = Self { class, values: BTreeMap::new() };
        for property in ["Guid", "ExchangeObjectId"] {
            entry.set(property, Value::text(guid));
        }
        for property in ["WhenChanged", "WhenChangedUTC", "WhenCreated", "WhenCreatedUTC"] {
            entry.set(property, Value::Moment(when));
        }
        if class.in_directory {
            let company = seed.company;
            entry.set("OrganizationId", Value::text(company.organization_id()));
            entry.set("OrganizationalUnitRoot", Value::text(company.initial_domain));
            if !class.directory_class.is_empty() {
                let category = format!("simpr01a001.prod.outlook.com/Configuration/Schema/{}", class.directory_class);
                entry.set("ObjectCategory", Value::Text(category));
                entry.set("ObjectClass", Value::List(vec!["top".to_owned(), class.directory_class.replace('-', "")]));
            }
            entry.set(
                "DistinguishedName",
                Value::Text(format!(
                    "CN={name},CN={},CN=Configuration,CN={},CN=ConfigurationUnits,{FOREST_SUFFIX}",
                    class.noun, company.initial_domain
                )),
            );
        }
        entry.set("Identity", Value::text(name));
        entry.rename(name);
        entry
    }

    /// Gives the object its name, and the identity that follows from it.
    pub fn rename(&mut self, name: &str) {
        let (path, old) = (self.text("DistinguishedName"), self.text("Identity"));
        if let Some(rest) = path.strip_prefix(&format!("CN={old},")) {
            let path = format!("CN={name},{rest}");
            self.set("DistinguishedName", Value::Text(path));
        }
        for property in ["Name", "Identity", "Id"] {
            self.set(property, Value::text(name));
        }
    }

    /// The kind of object.
    #[must_use]
    pub fn class(&self) -> &'static Class {
        self.class
    }

    /// The object with another value of a property.
    ///
    /// # Panics
    ///
    /// Its kind doesn't have the property: then the data about the kind is wrong.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        assert!(self.has(name), "{} has no property {name}", self.class.noun);
        self.set(name, value);
        self
    }

    /// Whether the object's kind has the property.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.class.schema().position(name).is_some()
    }

    /// Sets a property, if the kind has it.
    pub fn set(&mut self, name: &str, value: Value) {
        if let Some(at) = self.class.schema().position(name) {
            self.values.insert(at, value);
        }
    }

    /// A property's value by position.
    #[must_use]
    pub fn value(&self, at: usize) -> Value {
        self.values.get(&at).unwrap_or(&self.class.schema().properties()[at].default).clone()
    }

    /// A property's value by name; `Null` if the kind doesn't have it.
    #[must_use]
    pub fn get(&self, name: &str) -> Value {
        self.class.schema().position(name).map_or(Value::Null, |at| self.value(at))
    }

    /// A property's text; empty if it has none.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.get(name).into_text()
    }

    /// A property's values.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        self.get(name).into_list()
    }

    /// Whether a Boolean property is on.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == Value::Bool(true)
    }

    /// A property's number; zero if it has none.
    #[must_use]
    pub fn number(&self, name: &str) -> i64 {
        match self.get(name) {
            Value::Int(number) => number,
            _ => 0,
        }
    }

    /// Changes properties; tells whether anything changed.
    pub fn change(&mut self, changes: Vec<(usize, Value)>) -> bool {
        let mut changed = false;
        for (at, value) in changes {
            if self.value(at) != value {
                self.values.insert(at, value);
                changed = true;
            }
        }
        if changed {
            // One moment in two forms, so the clock is read once.
            let now = Value::Moment(now_ticks());
            self.set("WhenChanged", now.clone());
            self.set("WhenChangedUTC", now);
        }
        changed
    }

    /// Whether an identity names the object.
    #[must_use]
    pub fn has_identity(&self, wanted: &str) -> bool {
        let wanted = wanted.trim().to_lowercase();
        !wanted.is_empty()
            && (self.class.identities.iter().any(|name| self.text(name).to_lowercase() == wanted)
                || self.list("EmailAddresses").iter().any(|item| {
                    item.split_once(':').is_some_and(|(prefix, address)| {
                        prefix.eq_ignore_ascii_case("smtp") && address.to_lowercase() == wanted
                    })
                }))
    }

    /// Appends the object's JSON, all properties or the selected ones.
    pub fn write(&self, out: &mut String, select: Option<&[String]>) {
        self.write_computed(out, select, |_| None);
    }

    /// Appends the object's JSON; some properties are computed from elsewhere.
    pub fn write_computed(
        &self,
        out: &mut String,
        select: Option<&[String]>,
        computed: impl Fn(&str) -> Option<Value>,
    ) {
        let properties = self.class.schema().properties();
        let shown = properties.iter().enumerate().filter(|(_, property)| !property.hidden);
        let values = shown.map(|(at, property)| {
            let value = computed(&property.name).unwrap_or_else(|| self.value(at));
            (property.name.as_str(), property.kind, value)
        });
        write_selected(out, values, select);
    }

    /// The kind of a property.
    #[must_use]
    pub fn kind(&self, at: usize) -> Kind {
        self.class.schema().properties()[at].kind
    }
}
