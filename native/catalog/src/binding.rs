//! What PowerShell's binder needs beyond what the pages say: positions and the piped object must be one parameter's per set, the engine has
//! to hear of every set, and names must not collide with those that every cmdlet has.

use std::collections::HashSet;

use crate::{Binding, Parameter, StatedParameter};

/// The parameters and aliases that the engine or `ServiceCmdlet` gives to cmdlets.
const TAKEN: [&str; 33] = [
    "cf",
    "Confirm",
    "Connection",
    "ConnectionId",
    "db",
    "Debug",
    "ea",
    "ErrorAction",
    "ErrorVariable",
    "ev",
    "infa",
    "InformationAction",
    "InformationVariable",
    "iv",
    "ob",
    "OutBuffer",
    "OutVariable",
    "ov",
    "PipelineVariable",
    "proga",
    "ProgressAction",
    "pv",
    "ThrottleLimit",
    "UseTransaction",
    "usetx",
    "vb",
    "Verbose",
    "wa",
    "WarningAction",
    "WarningVariable",
    "WhatIf",
    "wi",
    "wv",
];

/// Leaves each position of a set to one parameter. PowerShell refuses every call of a cmdlet where two share one: then the only mandatory
/// one has it, else `Identity`, else `Name`; if that decides nothing, none of them.
pub(crate) fn settle_positions(parameters: &mut [StatedParameter]) {
    for (set, sharing) in shared(parameters, |binding| binding.position) {
        let mandatory: Vec<usize> = sharing
            .iter()
            .copied()
            .filter(|i| parameters[*i].binding(&set).is_some_and(|binding| binding.required))
            .collect();
        let named = |name: &str| sharing.iter().copied().find(|i| parameters[*i].name == name);
        let owner = match mandatory[..] {
            [one] => Some(one),
            _ => named("Identity").or_else(|| named("Name")),
        };
        for i in sharing.into_iter().filter(|i| Some(*i) != owner) {
            if let Some(binding) = parameters[i].binding_mut(&set) {
                binding.position = None;
            }
        }
    }
}

/// Has the piped object arrive whole at `Identity`. A few pages say "by property name" only; but an Identity can be a display name, and two
/// objects may share it, while the object knows an id that nothing else has. Names and addresses are piped as well. In a set in which
/// another parameter takes the object, that one has it.
pub(crate) fn pipe_identity(parameters: &mut [StatedParameter]) {
    let takers: Vec<String> = parameters
        .iter()
        .flat_map(|parameter| &parameter.bindings)
        .filter(|(_, binding)| binding.by_value)
        .map(|(set, _)| set.clone())
        .collect();
    for identity in parameters.iter_mut().filter(|p| p.name == "Identity" && !p.pipeline_is_sure) {
        for (set, binding) in &mut identity.bindings {
            binding.by_value |= binding.by_property_name && !takers.contains(set);
        }
    }
}

/// Leaves the piped object of a set to one parameter: PowerShell would bind the same object to all that take it. It is `Identity`, else
/// the one with the lowest position, else the first. One that is sure to take it keeps it beside that one; see [`sharing_object`].
pub(crate) fn settle_piped(parameters: &mut [StatedParameter]) {
    for (set, sharing) in shared(parameters, |binding| binding.by_value.then_some(0)) {
        let owner = sharing.iter().copied().min_by_key(|i| {
            let position = parameters[*i].binding(&set).and_then(|binding| binding.position).unwrap_or(i32::MAX);
            (parameters[*i].name != "Identity", position, *i)
        });
        for i in sharing.into_iter().filter(|i| Some(*i) != owner) {
            if !parameters[i].pipeline_is_sure
                && let Some(binding) = parameters[i].binding_mut(&set)
            {
                binding.by_value = false;
            }
        }
    }
}

/// Two parameters that take the piped object in the same set, as a group and its member do. PowerShell gives the object to the one that the
/// command line does not name; if it names none, to both, which nobody means.
pub fn sharing_object(parameters: &[Parameter]) -> Option<[&Parameter; 2]> {
    let takes = |parameter: &Parameter, set: &Option<String>| {
        parameter.bindings.iter().any(|(own, b)| b.by_value && (own.is_none() || set.is_none() || own == set))
    };
    parameters.iter().enumerate().find_map(|(i, first)| {
        let sets = first.bindings.iter().filter(|(_, binding)| binding.by_value).map(|(set, _)| set);
        let mut others = sets.flat_map(|set| parameters[i + 1..].iter().filter(move |other| takes(other, set)));
        others.next().map(|second| [first, second])
    })
}

/// The set that is meant when nothing tells, if the catalog knows none: one that asks for nothing that any other doesn't ask for.
/// Without it PowerShell refuses calls that fit several sets.
pub(crate) fn least_demanding(sets: &[String], parameters: &[StatedParameter]) -> Option<String> {
    let asked: Vec<Vec<&str>> = sets
        .iter()
        .map(|set| {
            let mandatory = parameters.iter().filter(|p| p.binding(set).is_some_and(|binding| binding.required));
            mandatory.map(|parameter| parameter.name.as_str()).collect()
        })
        .collect();
    let least = asked.iter().position(|one| asked.iter().all(|other| one.iter().all(|name| other.contains(name))))?;
    sets.get(least).cloned()
}

/// Whether a parameter is in every set, and the same in each.
pub(crate) fn is_alike(parameter: &StatedParameter, sets: usize) -> bool {
    parameter.bindings.len() == sets && parameter.bindings.windows(2).all(|pair| pair[0].1 == pair[1].1)
}

/// Whether PowerShell learns of each set: from a parameter that is not the same in all of them, or because it is the default. Where one is
/// not named that way, a parameter that is the same in all of them has to.
pub(crate) fn are_named(sets: &[String], default_set: Option<&String>, parameters: &[StatedParameter]) -> bool {
    let names = |parameter: &StatedParameter, set| !is_alike(parameter, sets.len()) && parameter.binding(set).is_some();
    sets.len() == 1 || sets.iter().all(|set| default_set == Some(set) || parameters.iter().any(|p| names(p, set)))
}

/// Refuses names that PowerShell or C# would not take; `class` is that of the cmdlet's class.
pub(crate) fn check_names(cmdlet: &str, class: &str, parameters: &[StatedParameter]) -> Result<(), String> {
    let mut seen = HashSet::new();
    for parameter in parameters {
        if parameter.name == class {
            return Err(format!(
                "{cmdlet}: the parameter {class} is called like the class of the cmdlet; take it out."
            ));
        }
        for name in std::iter::once(&parameter.name).chain(&parameter.aliases) {
            if TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(name)) {
                return Err(format!("{cmdlet}: every cmdlet has a parameter or alias {name} already; take it out."));
            }
            if !seen.insert(name.to_ascii_lowercase()) {
                return Err(format!(
                    "{cmdlet}: the parameter or alias {name} is there twice, as PowerShell does not look at capitals; take it out once."
                ));
            }
        }
    }
    Ok(())
}

/// Sets in which several parameters have the same value of something, with those parameters' numbers.
fn shared(parameters: &[StatedParameter], value: impl Fn(&Binding) -> Option<i32>) -> Vec<(String, Vec<usize>)> {
    let mut found: Vec<(&str, i32, Vec<usize>)> = Vec::new();
    for (i, parameter) in parameters.iter().enumerate() {
        for (set, binding) in &parameter.bindings {
            let Some(value) = value(binding) else { continue };
            match found.iter_mut().find(|(other, same, _)| other == set && *same == value) {
                Some((_, _, sharing)) => sharing.push(i),
                None => found.push((set, value, vec![i])),
            }
        }
    }
    let several = found.into_iter().filter(|(_, _, sharing)| sharing.len() > 1);
    several.map(|(set, _, sharing)| (set.to_owned(), sharing)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, required: bool, position: Option<i32>, by_value: bool) -> StatedParameter {
        let binding = Binding { required, position, by_value, by_property_name: false };
        StatedParameter {
            name: name.to_owned(),
            type_name: "String".to_owned(),
            bindings: vec![("S".to_owned(), binding)],
            ..StatedParameter::default()
        }
    }

    #[test]
    fn a_shared_position_goes_to_the_mandatory_one_or_the_name_or_nobody() {
        let positions = |mut parameters: Vec<StatedParameter>| {
            settle_positions(&mut parameters);
            parameters.iter().map(|parameter| parameter.bindings[0].1.position).collect::<Vec<_>>()
        };
        let optional = parameter("Identity", false, Some(0), false);
        assert_eq!(positions(vec![optional, parameter("Data", true, Some(0), false)]), [None, Some(0)]);
        let name = parameter("Name", true, Some(0), false);
        assert_eq!(positions(vec![parameter("Alias", true, Some(0), false), name]), [None, Some(0)]);
        let others = vec![parameter("A", false, Some(1), false), parameter("B", false, Some(1), false)];
        assert_eq!(positions(others), [None, None]);
        let apart = vec![parameter("A", false, Some(1), false), parameter("B", false, Some(2), false)];
        assert_eq!(positions(apart), [Some(1), Some(2)]);
    }

    #[test]
    fn the_piped_object_goes_to_one_parameter() {
        let takers = |mut parameters: Vec<StatedParameter>| {
            settle_piped(&mut parameters);
            parameters.iter().map(|parameter| parameter.bindings[0].1.by_value).collect::<Vec<_>>()
        };
        let user = parameter("User", true, Some(0), true);
        assert_eq!(takers(vec![user, parameter("Identity", true, Some(1), true)]), [false, true]);
        let second = parameter("B", true, Some(0), true);
        assert_eq!(takers(vec![parameter("A", true, None, true), second]), [false, true]);
        let member = StatedParameter { pipeline_is_sure: true, ..parameter("Member", false, None, true) };
        assert_eq!(takers(vec![parameter("Identity", true, Some(0), true), member]), [true, true], "it is sure");
    }

    #[test]
    fn an_identity_that_takes_a_property_takes_the_object_unless_another_does() {
        let takers = |mut identity: StatedParameter, other: StatedParameter| {
            identity.bindings[0].1.by_property_name = true;
            let mut parameters = [identity, other];
            pipe_identity(&mut parameters);
            parameters.map(|parameter| parameter.bindings[0].1.by_value)
        };
        let identity = || parameter("Identity", true, Some(0), false);
        assert_eq!(takers(identity(), parameter("User", true, None, false)), [true, false]);
        assert_eq!(takers(identity(), parameter("User", true, None, true)), [false, true]);
        let sure = StatedParameter { pipeline_is_sure: true, ..identity() };
        assert_eq!(takers(sure, parameter("User", true, None, false)), [false, false]);
    }

    #[test]
    fn parameters_that_share_the_piped_object_are_found() {
        let of = |names: [(&str, Option<&str>, bool); 3]| {
            let all = names.map(|(name, set, by_value)| Parameter {
                name: name.to_owned(),
                type_name: "String".to_owned(),
                bindings: vec![(set.map(str::to_owned), Binding { by_value, ..Binding::default() })],
                ..Parameter::default()
            });
            sharing_object(&all).map(|found| found.map(|parameter| parameter.name.clone()))
        };
        let both = Some(["Identity".to_owned(), "Member".to_owned()]);
        assert_eq!(of([("Identity", None, true), ("Force", None, false), ("Member", None, true)]), both);
        assert_eq!(of([("Identity", Some("A"), true), ("Force", None, false), ("Member", None, true)]), both);
        assert_eq!(of([("Identity", Some("A"), true), ("Force", None, false), ("Member", Some("B"), true)]), None);
        assert_eq!(of([("Identity", None, true), ("Force", None, false), ("Member", None, false)]), None);
    }

    #[test]
    fn names_that_others_have_are_refused() {
        for names in [["Whatif", "A"], ["connectionid", "A"], ["Size", "SIZE"], ["SetThingCommand", "A"]] {
            let parameters = names.map(|name| parameter(name, false, None, false));
            assert!(check_names("Set-Thing", "SetThingCommand", &parameters).is_err(), "{names:?}");
        }
        let good = ["Host", "Parameter1"].map(|name| parameter(name, false, None, false));
        assert!(check_names("Set-Thing", "SetThingCommand", &good).is_ok());
    }
}
