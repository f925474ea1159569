//! What the catalog knows of cmdlets and parameters that classes don't need and readers do.

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Facts {
    pub(super) cmdlets: Vec<CmdletFacts>,
}

impl Facts {
    pub(super) fn cmdlet(&self, name: &str) -> Option<&CmdletFacts> {
        // The catalog is sorted ignoring case; a few hundred comparisons a cmdlet are cheaper than to depend on it.
        self.cmdlets.iter().find(|cmdlet| cmdlet.name == name)
    }
}

#[derive(Deserialize)]
pub(super) struct CmdletFacts {
    pub(super) name: String,
    pub(super) surfaces: Vec<String>,
    pub(super) module_native: bool,
    /// The file of its page in the online reference.
    pub(super) page: Option<String>,
    pub(super) parameter_sets: Vec<String>,
    pub(super) should_process: bool,
    pub(super) deprecation: Option<Deprecation>,
    pub(super) functional_only_in: Option<String>,
    pub(super) parameters: Vec<ParameterFacts>,
}

impl CmdletFacts {
    pub(super) fn parameter(&self, name: &str) -> Option<&ParameterFacts> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

#[derive(Deserialize)]
pub(super) struct Deprecation {
    pub(super) kind: String,
    #[serde(default)]
    pub(super) see: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct ParameterFacts {
    pub(super) name: String,
    pub(super) default: Option<String>,
    pub(super) range: Option<Range>,
    #[serde(default)]
    pub(super) wildcard: bool,
    #[serde(default)]
    pub(super) reserved: bool,
    #[serde(default)]
    pub(super) no_effect_in_cloud: bool,
    #[serde(default)]
    pub(super) deprecated: bool,
    pub(super) accepted_values_complete: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Range {
    pub(super) min: Option<serde_json::Number>,
    pub(super) max: Option<serde_json::Number>,
}
