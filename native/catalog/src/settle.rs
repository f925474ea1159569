//! A cmdlet as its class needs it: an entry in which nothing is left open.

use serde::Serialize;

use crate::{ALL_SETS, Binding, COMPLIANCE, EXCHANGE, Entry, Problem, StatedParameter, binding};

/// Verbs that only read: the core may repeat their requests after a network fault.
const READ_VERBS: [&str; 3] = ["Get", "Search", "Test"];
/// Verbs of cmdlets that give rows.
const ROW_VERBS: [&str; 3] = ["Get", "New", "Search"];

/// Where the service offers a cmdlet: the names of `ServiceSurface` in C#.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Surface {
    /// Exchange Online.
    Exchange,
    /// Security & Compliance.
    Compliance,
    /// Both.
    Any,
    /// Exchange Online, and the last connection to it whatever its prefix.
    Inbuilt,
}

impl Surface {
    /// What the names in a catalog mean; nothing if there is none, or one that means nothing.
    pub fn of(names: &[String]) -> Option<Self> {
        let has = |name: &str| names.iter().any(|other| other == name);
        match (has(EXCHANGE), has(COMPLIANCE), names.iter().all(|name| name == EXCHANGE || name == COMPLIANCE)) {
            (true, true, true) => Some(Self::Any),
            (true, false, true) => Some(Self::Exchange),
            (false, true, true) => Some(Self::Compliance),
            _ => None,
        }
    }
}

/// A cmdlet, ready to become a class.
#[derive(Debug)]
pub struct Cmdlet {
    /// The name the service knows.
    pub name: String,
    /// Where the service offers it.
    pub surface: Surface,
    /// The set that is meant when nothing tells, where there are several.
    pub default_set: Option<String>,
    /// Whether it has `-WhatIf` and `-Confirm`.
    pub should_process: bool,
    /// Whether it asks without being told to.
    pub confirm_impact_high: bool,
    /// Whether its requests may be repeated.
    pub is_read: bool,
    /// Type name of its rows, unless somebody knows a better one.
    pub row_type: String,
    /// Its parameters, in the order of the syntax that `Get-Help` shows.
    pub parameters: Vec<Parameter>,
}

/// A parameter of a [`Cmdlet`].
#[derive(Debug, Default)]
pub struct Parameter {
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
    /// Its part in each set; `None` as the set's name stands for every set.
    pub bindings: Vec<(Option<String>, Binding)>,
}

/// The name of a cmdlet's class.
pub fn class_name(cmdlet: &str) -> String {
    format!("{}Command", cmdlet.replace('-', ""))
}

/// The verb and the noun of a cmdlet's name.
pub fn verb_and_noun(cmdlet: &str) -> (&str, &str) {
    cmdlet.split_once('-').unwrap_or((cmdlet, ""))
}

/// Whether a cmdlet with this verb gives rows.
pub fn gives_rows(verb: &str) -> bool {
    ROW_VERBS.contains(&verb)
}

impl Entry {
    /// Leaves out the sets and parameters that none of these parts of the service has.
    pub fn keep_served(&mut self, served: &[impl AsRef<str>]) {
        let serves = |surfaces: &[String]| {
            surfaces.is_empty() || surfaces.iter().any(|on| served.iter().any(|surface| surface.as_ref() == on))
        };
        let set_surfaces = std::mem::take(&mut self.set_surfaces);
        self.keep_sets(|set| set_surfaces.iter().all(|(of, on)| of != set || serves(on)));
        self.parameters.retain(|parameter| serves(&parameter.surfaces));
    }

    /// Leaves out the other sets, and parameters that are in none then.
    pub fn keep_sets(&mut self, keeps: impl Fn(&str) -> bool) {
        self.sets.retain(|set| keeps(set));
        self.parameters.iter_mut().for_each(|parameter| parameter.bindings.retain(|(set, _)| keeps(set)));
        self.parameters.retain(|parameter| !parameter.bindings.is_empty());
    }

    /// Makes it a cmdlet that PowerShell can bind; `class` is the name of its class.
    ///
    /// # Errors
    /// When a parameter has a name that PowerShell or C# would not take.
    pub fn make_fit(&mut self, class: &str) -> Result<(), Problem> {
        binding::pipe_identity(&mut self.parameters);
        binding::settle_positions(&mut self.parameters);
        binding::settle_piped(&mut self.parameters);
        binding::check_names(&self.name, class, &self.parameters)
            .map_err(|message| Problem { name: self.name.clone(), message })
    }

    /// The cmdlet that it describes.
    pub fn into_cmdlet(self) -> Cmdlet {
        let (verb, noun) = verb_and_noun(&self.name);
        let is_read = READ_VERBS.contains(&verb);
        let row_type = format!("Deserialized.Microsoft.Exchange.Management.{noun}");
        let least_demanding = binding::least_demanding(&self.sets, &self.parameters);
        let default_set = self
            .default_set
            .filter(|set| self.sets.contains(set))
            .or(least_demanding)
            .filter(|set| set != ALL_SETS && self.sets.len() > 1);
        let mut are_named = binding::are_named(&self.sets, default_set.as_ref(), &self.parameters);
        let mut parameters = Vec::new();
        for parameter in self.parameters {
            let is_alike = binding::is_alike(&parameter, self.sets.len());
            parameters.push(settled(parameter, is_alike && are_named));
            // One parameter that names all sets is enough.
            are_named |= is_alike;
        }
        // Positional ones first, then as the catalog has them.
        parameters.sort_by_key(|p| p.bindings.iter().filter_map(|(_, b)| b.position).min().unwrap_or(i32::MAX));
        Cmdlet {
            surface: self.surface,
            default_set,
            should_process: self.should_process,
            confirm_impact_high: self.confirm_impact_high,
            is_read,
            row_type,
            name: self.name,
            parameters,
        }
    }
}

/// One attribute says as much as one per set when the parameter is the same in all of them.
fn settled(parameter: StatedParameter, in_one: bool) -> Parameter {
    let count = if in_one { 1 } else { parameter.bindings.len() };
    let bindings = parameter.bindings.into_iter().take(count);
    Parameter {
        name: parameter.name,
        aliases: parameter.aliases,
        type_name: parameter.type_name,
        accepted_values: parameter.accepted_values,
        is_utc: parameter.is_utc,
        bindings: bindings.map(|(set, binding)| ((!in_one).then_some(set), binding)).collect(),
    }
}
