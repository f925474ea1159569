//! The public cmdlet catalogue: cmdlets with their parameters and parameter sets, filterable properties, and the
//! properties of the main objects. It is data about the service; the client reads the same files.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::clouds::Surface;

static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::read);

/// One parameter set's view of a parameter.
#[derive(Debug, Deserialize)]
pub struct SetMembership {
    /// Whether the parameter is mandatory in the set.
    pub required: bool,
}

/// One parameter of a cmdlet.
#[derive(Debug, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type, as the reference pages print it.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether it is a switch.
    pub is_switch: bool,
    /// The parameter sets that have it.
    pub sets: HashMap<String, SetMembership>,
    /// The members of its enumeration, where the pages list them.
    #[serde(default)]
    pub accepted_values: Vec<String>,
    /// Whether `accepted_values` is the whole list.
    #[serde(default = "yes")]
    pub accepted_values_complete: bool,
    /// The services that have it.
    pub surfaces: Vec<String>,
}

fn yes() -> bool {
    true
}

/// One cmdlet.
#[derive(Debug, Deserialize)]
pub struct Cmdlet {
    /// Its name.
    pub name: String,
    /// The services that have it.
    pub surfaces: Vec<String>,
    /// Whether it lives in the client module only, so that the service does not know it.
    pub module_native: bool,
    /// Its parameter sets.
    pub parameter_sets: Vec<String>,
    /// Whether it has `-WhatIf` and `-Confirm`.
    pub should_process: bool,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
}

impl Cmdlet {
    /// The parameter of that name, in any casing, if the service has it.
    #[must_use]
    pub fn parameter(&self, surface: Surface, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| {
            parameter.name.eq_ignore_ascii_case(name) && parameter.surfaces.iter().any(|known| known == word(surface))
        })
    }
}

const ONLINE: &str = "ExchangeOnline";

/// The catalogue's word for a service.
fn word(surface: Surface) -> &'static str {
    match surface {
        Surface::Exchange => ONLINE,
        Surface::Compliance => "SecurityCompliance",
    }
}

/// One property that `-Filter` may name.
#[derive(Debug, Deserialize)]
pub struct FilterProperty {
    /// The services that let it be filtered on.
    pub applicable: Vec<String>,
    /// The cmdlets that let it be filtered on.
    pub cmdlets: Vec<String>,
    /// What its values are: `string`, `boolean`, `dn`, `enum`, `bytes`, `integer`, `filetime` and so on.
    pub kind: String,
    /// Whether `-like` is allowed.
    pub wildcards: bool,
    /// Whether `$null` is documented.
    pub null: bool,
    /// Comparison operators that make sense for the kind.
    pub operators_inferred: Vec<String>,
    /// Members of the enumeration with their stored numbers.
    #[serde(default)]
    pub members: Vec<EnumMember>,
    /// Whether only `Unlimited` can be compared.
    #[serde(default)]
    pub only_unlimited_comparable: bool,
    /// Whether no ordinary value can be compared.
    #[serde(default)]
    pub values_not_comparable: bool,
}

/// One member of an enumeration.
#[derive(Debug, Deserialize)]
pub struct EnumMember {
    /// Its name.
    pub name: String,
    /// Its stored number.
    #[serde(default)]
    pub value: Option<i64>,
}

/// What the catalogue knows of one property of an object.
#[derive(Debug, Deserialize)]
pub struct ObjectProperty {
    /// Where the name was found: `service`, `doc-sets`, `parameter`, `filter` or `common`.
    pub sources: Vec<String>,
    /// The wire type: `str`, `bool`, `int`, `list`, `time`, `guid`, `timespan`, `unlimited`, `enum`.
    /// Empty where no source states it.
    #[serde(rename = "type", default)]
    pub type_name: String,
    /// The type that the setting cmdlet declares, if there is one.
    #[serde(default)]
    pub declared: Option<String>,
}

/// The catalogue.
pub struct Catalog {
    cmdlets: HashMap<String, Cmdlet>,
    filter_properties: HashMap<String, (String, FilterProperty)>,
    objects: HashMap<String, BTreeMap<String, ObjectProperty>>,
}

impl Catalog {
    /// The catalogue, read on first use.
    #[must_use]
    pub fn get() -> &'static Self {
        &CATALOG
    }

    fn read() -> Self {
        #[derive(Deserialize)]
        struct CmdletFile {
            cmdlets: Vec<Cmdlet>,
        }
        #[derive(Deserialize)]
        struct FilterSection {
            properties: HashMap<String, FilterProperty>,
        }
        #[derive(Deserialize)]
        struct FilterFile {
            filter: FilterSection,
        }
        const CMDLETS: &str = include_str!("../../../powershell/Catalog/cmdlets.json");
        const FILTERS: &str = include_str!("../../../powershell/Catalog/filter-properties.json");
        const OBJECTS: &str = include_str!("../../../powershell/Catalog/object-properties.json");
        let cmdlets: CmdletFile = serde_json::from_str(CMDLETS).expect("cmdlets.json has the catalogue's form");
        let filters: FilterFile =
            serde_json::from_str(FILTERS).expect("filter-properties.json has the catalogue's form");
        let objects = serde_json::from_str(OBJECTS).expect("object-properties.json has the catalogue's form");
        Self {
            cmdlets: cmdlets.cmdlets.into_iter().map(|cmdlet| (cmdlet.name.to_ascii_lowercase(), cmdlet)).collect(),
            filter_properties: filters
                .filter
                .properties
                .into_iter()
                .map(|(name, property)| (name.to_ascii_lowercase(), (name, property)))
                .collect(),
            objects,
        }
    }

    /// The cmdlet of that name, if the service has it.
    #[must_use]
    pub fn cmdlet(&self, surface: Surface, name: &str) -> Option<&Cmdlet> {
        self.cmdlets.get(&name.to_ascii_lowercase()).filter(|cmdlet| is_served(surface, cmdlet))
    }

    /// All cmdlets that the service has, by name.
    #[must_use]
    pub fn served_cmdlets(&self, surface: Surface) -> Vec<&Cmdlet> {
        let mut cmdlets: Vec<&Cmdlet> = self.cmdlets.values().filter(|cmdlet| is_served(surface, cmdlet)).collect();
        cmdlets.sort_by(|a, b| a.name.cmp(&b.name));
        cmdlets
    }

    /// The filterable property of that name for a cmdlet, with its name as the catalogue spells it.
    #[must_use]
    pub fn filter_property(&self, cmdlet: &str, name: &str) -> Option<(&str, &FilterProperty)> {
        let (spelled, property) = self.filter_properties.get(&name.to_ascii_lowercase())?;
        let listed = property.cmdlets.iter().any(|listed| listed.eq_ignore_ascii_case(cmdlet))
            && property.applicable.iter().any(|surface| surface == ONLINE);
        listed.then_some((spelled.as_str(), property))
    }

    /// The properties of an object, by name.
    #[must_use]
    pub fn object(&self, name: &str) -> &BTreeMap<String, ObjectProperty> {
        &self.objects[name]
    }
}

fn is_served(surface: Surface, cmdlet: &Cmdlet) -> bool {
    !cmdlet.module_native && cmdlet.surfaces.iter().any(|known| known == word(surface))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_reads_and_knows_the_main_cmdlets() {
        let catalog = Catalog::get();
        assert!(catalog.served_cmdlets(Surface::Exchange).len() > 600);
        let set = catalog.cmdlet(Surface::Exchange, "set-mailbox").unwrap();
        assert!(set.should_process);
        assert!(set.parameter(Surface::Exchange, "hiddenfromaddresslistsenabled").is_some());
        assert!(catalog.cmdlet(Surface::Exchange, "Connect-ExchangeOnline").is_none(), "it lives in the client module");
        assert!(catalog.cmdlet(Surface::Compliance, "Set-Mailbox").is_none());
        assert!(catalog.cmdlet(Surface::Compliance, "Get-ComplianceSearch").is_some());
        assert!(catalog.cmdlet(Surface::Exchange, "Get-ComplianceSearch").is_none());
        assert!(catalog.filter_property("Get-Mailbox", "office").is_some());
        assert!(catalog.filter_property("Get-Mailbox", "Department").is_none());
    }
}
