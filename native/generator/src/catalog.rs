//! The catalog and the overrides as they are in their files, and the cmdlets as the classes need them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::binding;
use crate::csharp;
use crate::error::{Error, Result};
use crate::verbs;

/// `cmdlets.json`.
#[derive(Deserialize)]
pub(crate) struct Catalog {
    cmdlets: Vec<CatalogCmdlet>,
}

#[derive(Deserialize)]
struct CatalogCmdlet {
    name: String,
    surfaces: Vec<String>,
    module_native: bool,
    default_parameter_set: DefaultSet,
    parameter_sets: Vec<String>,
    #[serde(default)]
    parameter_set_surfaces: BTreeMap<String, Vec<String>>,
    should_process: bool,
    confirm_impact_high: bool,
    parameters: Vec<CatalogParameter>,
}

#[derive(Deserialize)]
struct DefaultSet {
    name: Option<String>,
}

#[derive(Deserialize)]
struct CatalogParameter {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(rename = "type")]
    type_name: String,
    is_switch: bool,
    sets: BTreeMap<String, CatalogBinding>,
    surfaces: Vec<String>,
    #[serde(default)]
    accepted_values: Vec<String>,
}

#[derive(Deserialize)]
struct CatalogBinding {
    required: bool,
    position: Option<i32>,
    value_from_pipeline: bool,
    value_from_pipeline_by_property_name: bool,
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
    /// Whether it says that the parameter takes the piped object itself.
    fn takes_object(&self) -> bool {
        matches!(self.pipeline, Some(Pipeline::Value | Pipeline::Both))
    }
}

impl Overrides {
    /// Whether a cmdlet becomes a class, and not by hand.
    fn makes_class_of(&self, cmdlet: &CatalogCmdlet) -> bool {
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

/// Where the service offers a cmdlet: the names of `ServiceSurface` in C#.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surface {
    Exchange,
    Compliance,
    Any,
    /// Exchange Online, and the last connection to it whatever its prefix.
    Inbuilt,
}

impl Surface {
    fn of(cmdlet: &CatalogCmdlet, is_bulk: bool) -> Result<Self> {
        if is_bulk {
            return Ok(Self::Inbuilt);
        }
        let has = |name: &str| cmdlet.surfaces.iter().any(|surface| surface == name);
        match (has("ExchangeOnline"), has("SecurityCompliance")) {
            (true, true) => Ok(Self::Any),
            (true, false) => Ok(Self::Exchange),
            (false, true) => Ok(Self::Compliance),
            (false, false) => Err(Error::Data(format!("{} is on no known surface", cmdlet.name))),
        }
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

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) type_name: String,
    pub(crate) accepted_values: Vec<String>,
    /// Whether it is a date that is UTC where it names no zone.
    pub(crate) is_utc: bool,
    /// `None` as the set's name stands for every set.
    pub(crate) bindings: Vec<(Option<String>, Binding)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) required: bool,
    pub(crate) position: Option<i32>,
    pub(crate) by_value: bool,
    pub(crate) by_property_name: bool,
}

const ALL_SETS: &str = "__AllParameterSets";

/// Verbs that only read: the core may repeat their requests after a network fault.
const READ_VERBS: [&str; 3] = ["Get", "Search", "Test"];

/// The cmdlets that ship, corrected, in the order of their names.
pub(crate) fn select(catalog: Catalog, overrides: &Overrides) -> Result<Vec<Cmdlet>> {
    let known: BTreeSet<String> = catalog.cmdlets.iter().map(|c| c.name.clone()).collect();
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
    for cmdlet in catalog.cmdlets {
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
pub(crate) fn hand_written(catalog: Catalog, overrides: &Overrides) -> Result<Vec<Cmdlet>> {
    let ours = catalog.cmdlets.into_iter().filter(|cmdlet| overrides.hand_written.contains(&cmdlet.name));
    ours.map(|cmdlet| resolve(cmdlet, overrides)).collect()
}

fn resolve(cmdlet: CatalogCmdlet, overrides: &Overrides) -> Result<Cmdlet> {
    let nothing = CmdletCorrection::default();
    let correction = overrides.corrections.get(&cmdlet.name).unwrap_or(&nothing);
    if let Some(name) = correction.parameters.keys().find(|n| !cmdlet.parameters.iter().any(|p| &p.name == *n)) {
        return Err(Error::Data(format!("overrides.json, corrections: {} has no parameter {name}", cmdlet.name)));
    }
    if let Some(set) = correction.drop_sets.iter().find(|set| !cmdlet.parameter_sets.contains(set)) {
        return Err(Error::Data(format!("overrides.json, corrections: {} has no set {set}", cmdlet.name)));
    }
    let (verb, noun) =
        cmdlet.name.split_once('-').ok_or_else(|| Error::Data(format!("{} is not Verb-Noun", cmdlet.name)))?;
    let command_name = match overrides.approved_names.get(&cmdlet.name) {
        Some(approved) => approved.clone(),
        None => cmdlet.name.clone(),
    };
    let command_verb = command_name.split_once('-').map_or("", |(verb, _)| verb);
    if !verbs::is_approved(command_verb) {
        return Err(Error::Data(format!(
            "PowerShell does not approve the verb of {command_name}; give {} a name in approvedNames of overrides.json",
            cmdlet.name
        )));
    }

    let sets: Vec<&String> = cmdlet
        .parameter_sets
        .iter()
        .filter(|set| cmdlet.parameter_set_surfaces.get(*set).is_none_or(|on| overrides.serves(on)))
        .filter(|set| !correction.drop_sets.contains(set))
        .collect();
    // The sets in which some parameter already takes the piped object.
    let value_takers: BTreeSet<String> = cmdlet
        .parameters
        .iter()
        .flat_map(|p| p.sets.iter().filter(|(_, binding)| binding.value_from_pipeline).map(|(set, _)| set.clone()))
        .collect();
    let positions = cmdlet.parameters.iter().flat_map(|p| p.sets.values().filter_map(|binding| binding.position));
    let first_position = binding::first_position(positions, cmdlet.module_native);
    let mut bound = Vec::new();
    for parameter in &cmdlet.parameters {
        let fix = correction.parameters.get(&parameter.name);
        if fix.is_some_and(|f| f.remove) || !overrides.serves(&parameter.surfaces) {
            continue;
        }
        bound.push(resolve_parameter(parameter, fix, &sets, &value_takers, first_position));
    }
    // What is written by hand is as it is; only what is generated has to be made fit.
    if !overrides.hand_written.contains(&cmdlet.name) {
        binding::settle_positions(&mut bound);
        binding::settle_piped(&mut bound, |name| {
            correction.parameters.get(name).is_some_and(ParameterCorrection::takes_object)
        });
        let class = csharp::class_name(&cmdlet.name, overrides.bulk.contains(&cmdlet.name));
        binding::check_names(&cmdlet.name, &class, &bound)?;
    }
    let least_demanding = binding::least_demanding(&sets, &bound);
    let default_set = correction
        .default_parameter_set
        .clone()
        .or(cmdlet.default_parameter_set.name.clone().filter(|name| sets.contains(&name)))
        .or(least_demanding)
        .filter(|name| name != ALL_SETS && sets.len() > 1);
    let mut apart = binding::are_named(&sets, default_set.as_ref(), &bound);
    let mut parameters: Vec<Parameter> = Vec::new();
    for (parameter, bindings) in bound {
        let alike = binding::is_alike(&bindings, sets.len());
        parameters.push(with_bindings(parameter, bindings, alike && apart));
        // One parameter that names all sets is enough.
        apart |= alike;
    }
    parameters.sort_by_key(|p| {
        // Positional ones first, then as the catalog has them: this is the order of Get-Help's syntax.
        p.bindings.iter().filter_map(|(_, b)| b.position).min().unwrap_or(i32::MAX)
    });

    let is_bulk = overrides.bulk.contains(&cmdlet.name);
    let surface = Surface::of(&cmdlet, is_bulk)?;
    Ok(Cmdlet {
        surface,
        is_bulk,
        other_service: overrides.other_service(&cmdlet.name).cloned(),
        default_set,
        should_process: cmdlet.should_process,
        confirm_impact_high: correction.confirm_impact_high.unwrap_or(cmdlet.confirm_impact_high),
        is_read: correction.is_read.unwrap_or(READ_VERBS.contains(&verb)),
        row_type: overrides
            .row_types
            .get(noun)
            .cloned()
            .unwrap_or_else(|| format!("Deserialized.Microsoft.Exchange.Management.{noun}")),
        command_name,
        service_name: cmdlet.name.clone(),
        parameters,
    })
}

fn resolve_parameter(
    parameter: &CatalogParameter,
    fix: Option<&ParameterCorrection>,
    sets: &[&String],
    value_takers: &BTreeSet<String>,
    first_position: i32,
) -> binding::Bound {
    let mut bindings: Vec<(String, Binding)> = Vec::new();
    for set in sets {
        let Some(binding) = parameter.sets.get(*set) else {
            continue;
        };
        let mut binding = Binding {
            required: binding.required,
            position: binding.position.map(|p| p - first_position),
            by_value: binding.value_from_pipeline,
            by_property_name: binding.value_from_pipeline_by_property_name,
        };
        if let Some(fix) = fix {
            binding.required = fix.required.unwrap_or(binding.required);
            binding.position = fix.position.or(binding.position);
            if let Some(pipeline) = fix.pipeline {
                binding.by_value = matches!(pipeline, Pipeline::Value | Pipeline::Both);
                binding.by_property_name = matches!(pipeline, Pipeline::Property | Pipeline::Both);
            }
        }
        bindings.push(((*set).clone(), binding));
    }
    // A few pages say "by property name" only. The object itself has to arrive: its Identity can be a display name, and
    // two objects may share it, while the object knows an id that nothing else has. Names and addresses are piped as well.
    if parameter.name == "Identity" && fix.is_none_or(|f| f.pipeline.is_none()) {
        for (set, binding) in &mut bindings {
            binding.by_value |= binding.by_property_name && !value_takers.contains(set);
        }
    }
    let resolved = Parameter {
        name: parameter.name.clone(),
        // The pages give some parameters the aliases that -WhatIf and -Confirm have everywhere.
        aliases: fix
            .and_then(|f| f.aliases.clone())
            .unwrap_or_else(|| parameter.aliases.iter().filter(|a| *a != "wi" && *a != "cf").cloned().collect()),
        type_name: match fix.and_then(|f| f.type_name.clone()) {
            Some(name) => name,
            None if parameter.is_switch => "SwitchParameter".to_owned(),
            None => parameter.type_name.clone(),
        },
        accepted_values: parameter.accepted_values.clone(),
        is_utc: fix.is_some_and(|f| f.utc),
        bindings: Vec::new(),
    };
    (resolved, bindings)
}

/// One attribute says as much as one per set when the parameter is the same in all of them.
fn with_bindings(parameter: Parameter, bindings: Vec<(String, Binding)>, in_one: bool) -> Parameter {
    let bindings = if in_one {
        bindings.into_iter().take(1).map(|(_, binding)| (None, binding)).collect()
    } else {
        bindings.into_iter().map(|(set, binding)| (Some(set), binding)).collect()
    };
    Parameter { bindings, ..parameter }
}
