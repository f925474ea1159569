//! What is known of the properties of an entity: their order, their types, and the sets that the service has names for.

use crate::page::ValueType;
use once_cell::sync::Lazy;
use serde::Deserialize;
use std::collections::HashMap;

/// How a property is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As JSON has it.
    Plain,
    /// Text of the service that is a date.
    Date,
    /// A number of bytes that is a size.
    Size,
    /// A value of this type.
    Typed(ValueType),
}

/// A property of an entity.
#[derive(Clone, Debug)]
pub struct Property {
    /// The name in the service's own spelling.
    pub name: &'static str,
    /// Where it stands among its entity's properties.
    pub place: usize,
    /// How it is shown.
    pub kind: Kind,
}

/// The properties of an entity.
#[derive(Debug, Default)]
pub struct Model {
    properties: HashMap<String, Property>,
}

impl Model {
    /// The property of this name; people do not look at capitals.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.get(&name.to_ascii_lowercase())
    }
}

static MODELS: Lazy<HashMap<&'static str, Model>> = Lazy::new(|| read(include_str!("model.txt")));

/// The model of an entity.
pub fn of(entity: &str) -> &'static Model {
    static NOTHING: Lazy<Model> = Lazy::new(Model::default);
    MODELS.get(entity).unwrap_or(&NOTHING)
}

fn read(text: &'static str) -> HashMap<&'static str, Model> {
    let mut models: HashMap<&str, Model> = HashMap::new();
    let mut entity = "";
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            entity = name.trim_end_matches(']');
            continue;
        }
        let model = models.entry(entity).or_default();
        for word in line.split_whitespace() {
            let (name, kind) = word.split_once(':').unwrap_or((word, ""));
            let property = Property { name, place: model.properties.len(), kind: kind_of(kind) };
            model.properties.insert(name.to_ascii_lowercase(), property);
        }
    }
    models
}

fn kind_of(name: &str) -> Kind {
    match name {
        "" => Kind::Plain,
        "Date" => Kind::Date,
        "Size" => Kind::Size,
        "Strings" => Kind::Typed(ValueType::StringCollection),
        "Collection" => Kind::Typed(ValueType::Collection),
        "Object" => Kind::Typed(ValueType::Object),
        edm => Kind::Typed(ValueType::from_name(edm)),
    }
}

#[derive(Deserialize)]
struct SetsFile {
    cmdlets: HashMap<String, CmdletSets>,
}

#[derive(Deserialize, Default)]
struct CmdletSets {
    #[serde(default)]
    property_sets: HashMap<String, Vec<String>>,
    #[serde(default)]
    property_set_values: Vec<String>,
}

/// The one list that the cmdlets, their help and this crate share.
static SETS: Lazy<HashMap<String, CmdletSets>> = Lazy::new(|| {
    serde_json::from_str::<SetsFile>(include_str!("../../../../../powershell/Catalog/property-sets.json"))
        .map(|file| file.cmdlets)
        .unwrap_or_default()
});

/// The names of the property sets of a cmdlet.
pub fn sets(cmdlet: &str) -> Vec<&'static str> {
    let values = SETS.get(cmdlet).map(|sets| sets.property_set_values.iter().map(String::as_str));
    let mut names: Vec<&str> = values.into_iter().flatten().collect();
    // The pages list it for three of the four cmdlets; the service has no other rule for the fourth.
    if !names.is_empty() && !names.contains(&"All") {
        names.push("All");
    }
    names
}

/// The members of a property set.
pub fn members(cmdlet: &str, set: &str) -> &'static [String] {
    SETS.get(cmdlet).and_then(|sets| sets.property_sets.get(set)).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_those_of_the_metadata() {
        let kind = |entity: &str, name: &str| of(entity).property(name).map(|property| property.kind);
        assert_eq!(kind("Mailbox", "ExchangeGuid"), Some(Kind::Typed(ValueType::Guid)));
        assert_eq!(kind("Mailbox", "EMAILADDRESSES"), Some(Kind::Typed(ValueType::StringCollection)));
        assert_eq!(kind("Mailbox", "WhenCreatedUTC"), Some(Kind::Date));
        assert_eq!(kind("Mailbox", "PitrCopyIntervalInSeconds"), Some(Kind::Typed(ValueType::Int16)));
        assert_eq!(kind("CasMailbox", "Guid"), Some(Kind::Plain), "text there, unlike in a mailbox");
        assert_eq!(kind("MailboxStatistics", "TotalItemSize"), Some(Kind::Size));
        assert_eq!(kind("MailboxFolderStatistics", "ItemsInFolder"), Some(Kind::Typed(ValueType::Int32)));
        assert_eq!(kind("Mailbox", "NoSuchThing"), None);
        assert_eq!(kind("NoSuchEntity", "Name"), None);
    }

    #[test]
    fn each_type_in_the_list_is_known() {
        for (entity, model) in MODELS.iter() {
            for property in model.properties.values() {
                assert_ne!(property.kind, Kind::Typed(ValueType::Unknown), "{entity}.{}", property.name);
            }
        }
        assert_eq!(MODELS.len(), 9);
    }

    #[test]
    fn each_member_of_a_documented_set_is_a_property() {
        assert_eq!(SETS.len(), 9, "the file is read");
        for (cmdlet, sets) in SETS.iter() {
            let model = of(cmdlet.strip_prefix("Get-EXO").expect("one of the nine"));
            for name in sets.property_sets.values().flatten() {
                assert!(model.property(name).is_some(), "{cmdlet}: {name}");
            }
        }
        assert!(sets("Get-EXOMailbox").contains(&"StatisticsSeed"));
        assert!(sets("Get-EXORecipient").contains(&"All"));
        assert!(sets("Get-EXOMailboxPermission").is_empty());
        assert!(members("Get-EXOMailboxStatistics", "Minimum").iter().any(|name| name == "TotalItemSize"));
    }
}
