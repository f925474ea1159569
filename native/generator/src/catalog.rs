//! Which cmdlets of the catalog ship, with what the overrides know better.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fmt, fs};

use serde::Deserialize;

use exo_catalog::{Entry, Parameter, StatedParameter, Surface, entry};

use crate::csharp;
use crate::error::{Error, Result};
use crate::verbs;

/// The entries of `cmdlets.json`.
pub(crate) fn read(folder: &Path) -> Result<Vec<Entry>> {
    let path = folder.join("cmdlets.json");
    let file = fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
    let refuse = |why: &dyn fmt::Display| Error::Data(format!("{}: {why}", path.display()));
    let entries = entry::read(&file).map_err(|e| refuse(&e))?;
    entries.into_iter().map(|entry| entry.map_err(|problem| refuse(&problem))).collect()
}

/// `property-sets.json`: the properties that bulk cmdlets can be asked for.
#[derive(Deserialize)]
pub(crate) struct PropertySets {
    cmdlets: BTreeMap<String, CmdletSets>,
}

#[derive(Deserialize)]
struct CmdletSets {
    #[serde(default)]
    property_sets: BTreeMap<String, Vec<String>>,
}

impl PropertySets {
    /// Offers the names of properties where a cmdlet takes them.
    pub(crate) fn offer_names(&self, cmdlet: &mut Cmdlet) {
        let sets = self.cmdlets.get(&cmdlet.service_name);
        let names: BTreeSet<&String> =
            sets.into_iter().flat_map(|sets| sets.property_sets.values()).flatten().collect();
        for parameter in cmdlet.parameters.iter_mut().filter(|parameter| parameter.name == "Properties") {
            parameter.accepted_values = names.iter().map(|name| (*name).clone()).collect();
        }
    }
}

/// `overrides.json`: what ships, and where we know better than the catalog.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Overrides {
    include: Include,
    /// The parts of the service that the module serves, by the catalog's names.
    surfaces: Vec<String>,
    pub(crate) hand_written: Vec<String>,
    /// Cmdlets of the original module itself that read entity sets of the same service, and are generated as well.
    #[serde(default)]
    pub(crate) bulk: Vec<String>,
    /// Cmdlets of the original module itself that talk to services of their own. They are there, and say that this module is no client of
    /// those.
    #[serde(default)]
    other_services: Vec<OtherService>,
    /// Approved names for cmdlets whose verb PowerShell does not approve.
    approved_names: BTreeMap<String, String>,
    /// Type names of rows by noun.
    row_types: BTreeMap<String, String>,
    corrections: BTreeMap<String, CmdletCorrection>,
}

/// A service that the original module is a client of, and this one is not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OtherService {
    /// What people call it.
    name: String,
    cmdlets: Vec<String>,
}

/// Either a list of names or `"*"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Include {
    Names(Vec<String>),
    Pattern(String),
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CmdletCorrection {
    /// Why; the only place where a reader can learn it, so it is not optional.
    #[serde(rename = "why")]
    _why: String,
    default_parameter_set: Option<String>,
    is_read: Option<bool>,
    confirm_impact_high: Option<bool>,
    /// Sets that no call can mean.
    #[serde(default)]
    drop_sets: Vec<String>,
    #[serde(default)]
    parameters: BTreeMap<String, ParameterCorrection>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ParameterCorrection {
    #[serde(rename = "type")]
    type_name: Option<String>,
    aliases: Option<Vec<String>>,
    required: Option<bool>,
    position: Option<i32>,
    /// How piped objects reach it. A parameter that is said to take the object itself takes it beside another that does: the object is
    /// then whichever of both the command line does not name.
    pipeline: Option<Pipeline>,
    /// Whether a date that names no zone is UTC; otherwise it is in the zone of who gives it.
    #[serde(default)]
    utc: bool,
    #[serde(default)]
    remove: bool,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum Pipeline {
    None,
    Value,
    Property,
    Both,
}

impl ParameterCorrection {
    fn apply(&self, parameter: &mut StatedParameter) {
        if let Some(aliases) = &self.aliases {
            parameter.aliases.clone_from(aliases);
        }
        if let Some(type_name) = &self.type_name {
            parameter.type_name.clone_from(type_name);
        }
        parameter.is_utc = self.utc;
        parameter.pipeline_is_sure = self.pipeline.is_some();
        for (_, binding) in &mut parameter.bindings {
            binding.required = self.required.unwrap_or(binding.required);
            binding.position = self.position.or(binding.position);
            if let Some(pipeline) = self.pipeline {
                binding.by_value = matches!(pipeline, Pipeline::Value | Pipeline::Both);
                binding.by_property_name = matches!(pipeline, Pipeline::Property | Pipeline::Both);
            }
        }
    }
}

impl CmdletCorrection {
    fn apply(&self, entry: &mut Entry) -> Result<()> {
        if let Some(name) = self.parameters.keys().find(|name| !entry.parameters.iter().any(|p| &p.name == *name)) {
            return Err(Error::Data(format!("overrides.json, corrections: {} has no parameter {name}", entry.name)));
        }
        let sets = self.drop_sets.iter().chain(&self.default_parameter_set);
        if let Some(set) = sets.into_iter().find(|set| !entry.sets.contains(set)) {
            return Err(Error::Data(format!("overrides.json, corrections: {} has no set {set}", entry.name)));
        }
        entry.keep_sets(|set| !self.drop_sets.iter().any(|dropped| dropped == set));
        entry.parameters.retain(|parameter| self.parameters.get(&parameter.name).is_none_or(|fix| !fix.remove));
        for parameter in &mut entry.parameters {
            if let Some(fix) = self.parameters.get(&parameter.name) {
                fix.apply(parameter);
            }
        }
        if self.default_parameter_set.is_some() {
            entry.default_set.clone_from(&self.default_parameter_set);
        }
        entry.confirm_impact_high = self.confirm_impact_high.unwrap_or(entry.confirm_impact_high);
        Ok(())
    }
}

impl Overrides {
    /// Whether a cmdlet becomes a class, and not by hand.
    fn makes_class_of(&self, cmdlet: &Entry) -> bool {
        (!cmdlet.module_native || self.bulk.contains(&cmdlet.name) || self.other_service(&cmdlet.name).is_some())
            && self.serves(&cmdlet.surfaces)
            && !self.hand_written.contains(&cmdlet.name)
    }

    /// The service of its own that a cmdlet talks to.
    fn other_service(&self, cmdlet: &str) -> Option<&String> {
        let service = self.other_services.iter().find(|service| service.cmdlets.iter().any(|name| name == cmdlet));
        service.map(|service| &service.name)
    }

    /// Whether one of these parts of the service is among those that the module serves.
    fn serves(&self, surfaces: &[String]) -> bool {
        surfaces.iter().any(|surface| self.surfaces.contains(surface))
    }
}

/// A cmdlet, ready to be written as a class.
#[derive(Debug)]
pub(crate) struct Cmdlet {
    /// The name the service knows.
    pub(crate) service_name: String,
    /// The name PowerShell knows: the same but for unapproved verbs.
    pub(crate) command_name: String,
    pub(crate) surface: Surface,
    /// Whether it reads entity sets instead of running a cmdlet of the service.
    pub(crate) is_bulk: bool,
    /// The service that it talks to, if that is none of those that the module serves.
    pub(crate) other_service: Option<String>,
    pub(crate) default_set: Option<String>,
    pub(crate) should_process: bool,
    pub(crate) confirm_impact_high: bool,
    pub(crate) is_read: bool,
    pub(crate) row_type: String,
    pub(crate) parameters: Vec<Parameter>,
}

/// The cmdlets that ship, corrected, in the order of their names.
pub(crate) fn select(catalog: Vec<Entry>, overrides: &Overrides) -> Result<Vec<Cmdlet>> {
    let known: BTreeSet<String> = catalog.iter().map(|c| c.name.clone()).collect();
    for (what, names) in [
        ("corrections", overrides.corrections.keys().collect::<Vec<_>>()),
        ("approvedNames", overrides.approved_names.keys().collect()),
        ("bulk", overrides.bulk.iter().collect()),
        ("otherServices", overrides.other_services.iter().flat_map(|service| &service.cmdlets).collect()),
        ("include", if let Include::Names(names) = &overrides.include { names.iter().collect() } else { Vec::new() }),
    ] {
        if let Some(name) = names.into_iter().find(|n| !known.contains(*n)) {
            return Err(Error::Data(format!("overrides.json, {what}: the catalog has no {name}")));
        }
    }
    for (service, approved) in &overrides.approved_names {
        if known.contains(approved) {
            return Err(Error::Data(format!(
                "overrides.json, approvedNames: {service} cannot be {approved}, which exists"
            )));
        }
    }

    let mut selected = Vec::new();
    for cmdlet in catalog {
        let wanted = match &overrides.include {
            Include::Names(names) => names.contains(&cmdlet.name),
            Include::Pattern(pattern) if pattern == "*" => overrides.makes_class_of(&cmdlet),
            Include::Pattern(pattern) => {
                return Err(Error::Data(format!("overrides.json, include: a list or \"*\", not \"{pattern}\"")));
            }
        };
        if wanted {
            selected.push(resolve(cmdlet, overrides)?);
        }
    }
    selected.sort_by(|a, b| a.service_name.cmp(&b.service_name));
    Ok(selected)
}

/// The hand-written cmdlets that the catalog knows, as it describes them: for their help.
pub(crate) fn hand_written(catalog: Vec<Entry>, overrides: &Overrides) -> Result<Vec<Cmdlet>> {
    let ours = catalog.into_iter().filter(|cmdlet| overrides.hand_written.contains(&cmdlet.name));
    ours.map(|cmdlet| resolve(cmdlet, overrides)).collect()
}

fn resolve(mut entry: Entry, overrides: &Overrides) -> Result<Cmdlet> {
    let correction = overrides.corrections.get(&entry.name);
    let command_name = overrides.approved_names.get(&entry.name).unwrap_or(&entry.name).clone();
    let command_verb = command_name.split_once('-').map_or("", |(verb, _)| verb);
    if !verbs::is_approved(command_verb) {
        return Err(Error::Data(format!(
            "PowerShell does not approve the verb of {command_name}; give {} a name in approvedNames of overrides.json",
            entry.name
        )));
    }
    if let Some(correction) = correction {
        correction.apply(&mut entry)?;
    }
    entry.keep_served(&overrides.surfaces);
    let is_bulk = overrides.bulk.contains(&entry.name);
    // What is written by hand is as it is; only what is generated has to be made fit.
    if !overrides.hand_written.contains(&entry.name) {
        let class = csharp::class_name(&entry.name, is_bulk);
        entry.make_fit(&class).map_err(|problem| Error::Data(problem.to_string()))?;
    }
    let row_type = overrides.row_types.get(exo_catalog::verb_and_noun(&entry.name).1).cloned();
    let settled = entry.into_cmdlet();
    Ok(Cmdlet {
        surface: if is_bulk { Surface::Inbuilt } else { settled.surface },
        is_bulk,
        other_service: overrides.other_service(&settled.name).cloned(),
        default_set: settled.default_set,
        should_process: settled.should_process,
        confirm_impact_high: settled.confirm_impact_high,
        is_read: correction.and_then(|correction| correction.is_read).unwrap_or(settled.is_read),
        row_type: row_type.unwrap_or(settled.row_type),
        command_name,
        service_name: settled.name,
        parameters: settled.parameters,
    })
}
