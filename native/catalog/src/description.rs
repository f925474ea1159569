//! The cmdlets of a catalog file as who emits classes needs them: attributes and types by name, nothing left to decide.

use serde::Serialize;

use crate::{Attribute, Binding, Cmdlet, NoCatalog, Parameter, Problem, SURFACES, Surface, class_name, entry};

/// What a catalog file has.
#[derive(Serialize)]
pub struct Description {
    cmdlets: Vec<DescribedCmdlet>,
    /// The entries that no cmdlet can be made of.
    problems: Vec<Problem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribedCmdlet {
    name: String,
    verb: String,
    noun: String,
    class_name: String,
    surface: Surface,
    default_set: Option<String>,
    asks_for_confirmation: bool,
    has_high_impact: bool,
    is_read: bool,
    has_paged_results: bool,
    gives_rows: bool,
    row_type: String,
    parameters: Vec<DescribedParameter>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribedParameter {
    name: String,
    /// As C# calls it.
    type_name: &'static str,
    hides_member: bool,
    bindings: Vec<DescribedBinding>,
    attributes: Vec<Attribute>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribedBinding {
    /// None is every set.
    set: Option<String>,
    is_mandatory: bool,
    position: Option<i32>,
    takes_object: bool,
    takes_property: bool,
}

/// The cmdlets of the service that a catalog file has, and the entries in which something is wrong. Cmdlets of the original module itself
/// are none of the service.
///
/// # Errors
/// When it is no catalog.
pub fn settle_file(file: &[u8]) -> Result<Description, NoCatalog> {
    let (mut cmdlets, mut problems) = (Vec::new(), Vec::new());
    for entry in entry::read(file)? {
        match entry {
            Ok(entry) if entry.module_native => {}
            Ok(mut entry) => {
                entry.keep_served(&SURFACES);
                match entry.make_fit(&class_name(&entry.name)) {
                    Ok(()) => cmdlets.push(DescribedCmdlet::from(entry.into_cmdlet())),
                    Err(problem) => problems.push(problem),
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    Ok(Description { cmdlets, problems })
}

impl From<Cmdlet> for DescribedCmdlet {
    fn from(cmdlet: Cmdlet) -> Self {
        let (verb, noun) = crate::verb_and_noun(&cmdlet.name);
        Self {
            surface: cmdlet.surface,
            default_set: cmdlet.default_set,
            asks_for_confirmation: cmdlet.should_process,
            has_high_impact: cmdlet.confirm_impact_high,
            is_read: cmdlet.is_read,
            has_paged_results: cmdlet.parameters.iter().any(crate::is_paging),
            gives_rows: crate::gives_rows(verb),
            row_type: cmdlet.row_type,
            class_name: class_name(&cmdlet.name),
            verb: verb.to_owned(),
            noun: noun.to_owned(),
            parameters: cmdlet
                .parameters
                .into_iter()
                .map(|parameter| DescribedParameter::of(noun, parameter))
                .collect(),
            name: cmdlet.name,
        }
    }
}

impl DescribedParameter {
    fn of(noun: &str, parameter: Parameter) -> Self {
        Self {
            type_name: crate::parameter_type(&parameter),
            hides_member: crate::hides_member(&parameter.name),
            attributes: crate::attributes(&parameter, crate::completion(noun, &parameter)),
            name: parameter.name,
            bindings: parameter.bindings.into_iter().map(|(set, binding)| DescribedBinding::of(set, binding)).collect(),
        }
    }
}

impl DescribedBinding {
    fn of(set: Option<String>, binding: Binding) -> Self {
        Self {
            set,
            is_mandatory: binding.required,
            position: binding.position,
            takes_object: binding.by_value,
            takes_property: binding.by_property_name,
        }
    }
}
