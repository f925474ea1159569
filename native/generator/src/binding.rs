//! What PowerShell's binder needs beyond what the pages say: positions and the piped object must be one parameter's per set, and names
//! must not collide with those that every cmdlet has.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Binding, Parameter};
use crate::error::{Error, Result};

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

/// A parameter with its bindings by set.
pub(crate) type Bound = (Parameter, Vec<(String, Binding)>);

/// Pages of server cmdlets count positions from 1, as the service's own help does, and some from 0, as PowerShell does. One that has a
/// position 0 counts from 0.
pub(crate) fn first_position(positions: impl Iterator<Item = i32>, module_native: bool) -> i32 {
    if module_native { 0 } else { positions.min().map_or(1, |least| least.min(1)) }
}

/// Leaves each position of a set to one parameter. PowerShell refuses every call of a cmdlet where two share one: then the only mandatory
/// one has it, else `Identity`, else `Name`; if that decides nothing, none of them.
pub(crate) fn settle_positions(parameters: &mut [Bound]) {
    for (set, position, sharing) in shared(parameters, |binding| binding.position) {
        let mandatory: Vec<usize> =
            sharing.iter().copied().filter(|i| find(parameters, *i, &set).is_some_and(|b| b.required)).collect();
        let named = |name: &str| sharing.iter().copied().find(|i| parameters[*i].0.name == name);
        let owner = match mandatory[..] {
            [one] => Some(one),
            _ => named("Identity").or_else(|| named("Name")),
        };
        for i in sharing.into_iter().filter(|i| Some(*i) != owner) {
            if let Some(binding) = find_mut(parameters, i, &set)
                && binding.position == Some(position)
            {
                binding.position = None;
            }
        }
    }
}

/// Leaves the piped object of a set to one parameter: PowerShell would bind the same object to all that take it. It is `Identity`, else
/// the one with the lowest position, else the first. One of which it is `stated` keeps it beside that one; see [`sharing_object`].
pub(crate) fn settle_piped(parameters: &mut [Bound], stated: impl Fn(&str) -> bool) {
    for (set, _, sharing) in shared(parameters, |binding| binding.by_value.then_some(0)) {
        let owner = sharing.iter().copied().min_by_key(|i| {
            let position = find(parameters, *i, &set).and_then(|binding| binding.position).unwrap_or(i32::MAX);
            (parameters[*i].0.name != "Identity", position, *i)
        });
        for i in sharing.into_iter().filter(|i| Some(*i) != owner) {
            if !stated(&parameters[i].0.name)
                && let Some(binding) = find_mut(parameters, i, &set)
            {
                binding.by_value = false;
            }
        }
    }
}

/// Two parameters that take the piped object in the same set, as a group and its member do. PowerShell gives the object to the one that the
/// command line does not name; if it names none, to both, which nobody means.
pub(crate) fn sharing_object(parameters: &[Parameter]) -> Option<[&Parameter; 2]> {
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
pub(crate) fn least_demanding(sets: &[&String], parameters: &[Bound]) -> Option<String> {
    let asked: Vec<BTreeSet<&str>> = sets
        .iter()
        .map(|set| {
            let mandatory =
                parameters.iter().filter(|(_, bindings)| bindings.iter().any(|(name, b)| name == *set && b.required));
            mandatory.map(|(parameter, _)| parameter.name.as_str()).collect()
        })
        .collect();
    let least = asked.iter().position(|one| asked.iter().all(|other| one.is_subset(other)))?;
    sets.get(least).map(|set| (*set).clone())
}

/// Whether a parameter is in every set, and the same in each.
pub(crate) fn is_alike(bindings: &[(String, Binding)], sets: usize) -> bool {
    bindings.len() == sets && bindings.windows(2).all(|pair| pair[0].1 == pair[1].1)
}

/// Whether PowerShell learns of each set: from a parameter that is not the same in all of them, or because it is the default. Where one is
/// not named that way, a parameter that is the same in all of them has to.
pub(crate) fn are_named(sets: &[&String], default_set: Option<&String>, parameters: &[Bound]) -> bool {
    let differs = |bindings: &[(String, Binding)]| !is_alike(bindings, sets.len());
    sets.len() == 1
        || sets.iter().all(|set| {
            default_set == Some(*set)
                || parameters
                    .iter()
                    .any(|(_, bindings)| differs(bindings) && bindings.iter().any(|(name, _)| name == *set))
        })
}

/// Refuses names that PowerShell or C# would not take.
pub(crate) fn check_names(cmdlet: &str, class: &str, parameters: &[Bound]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (parameter, _) in parameters {
        let refuse = |name: &str, why: &str| Err(Error::Data(format!("{cmdlet}: the parameter name {name} {why}")));
        if !is_identifier(&parameter.name) || parameter.name == class {
            return refuse(&parameter.name, "is no name of a property in C#");
        }
        for name in std::iter::once(&parameter.name).chain(&parameter.aliases) {
            if TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(name)) {
                return refuse(name, "belongs to every cmdlet");
            }
            if !seen.insert(name.to_ascii_lowercase()) {
                return refuse(name, "is there twice; PowerShell does not look at capitals");
            }
        }
    }
    Ok(())
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Sets in which several parameters have the same value of something, with that value and the parameters' numbers.
fn shared(parameters: &[Bound], value: impl Fn(&Binding) -> Option<i32>) -> Vec<(String, i32, Vec<usize>)> {
    let mut found: BTreeMap<(String, i32), Vec<usize>> = BTreeMap::new();
    for (i, (_, bindings)) in parameters.iter().enumerate() {
        for (set, binding) in bindings {
            if let Some(value) = value(binding) {
                found.entry((set.clone(), value)).or_default().push(i);
            }
        }
    }
    let several = found.into_iter().filter(|(_, sharing)| sharing.len() > 1);
    several.map(|((set, value), sharing)| (set, value, sharing)).collect()
}

fn find<'a>(parameters: &'a [Bound], i: usize, set: &str) -> Option<&'a Binding> {
    parameters[i].1.iter().find(|(name, _)| name == set).map(|(_, binding)| binding)
}

fn find_mut<'a>(parameters: &'a mut [Bound], i: usize, set: &str) -> Option<&'a mut Binding> {
    parameters[i].1.iter_mut().find(|(name, _)| name == set).map(|(_, binding)| binding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, required: bool, position: Option<i32>, by_value: bool) -> Bound {
        let parameter = Parameter {
            name: name.to_owned(),
            aliases: Vec::new(),
            type_name: "String".to_owned(),
            accepted_values: Vec::new(),
            bindings: Vec::new(),
        };
        (parameter, vec![("S".to_owned(), Binding { required, position, by_value, by_property_name: false })])
    }

    #[test]
    fn a_shared_position_goes_to_the_mandatory_one_or_the_name_or_nobody() {
        let positions = |mut parameters: Vec<Bound>| {
            settle_positions(&mut parameters);
            parameters.iter().map(|(_, bindings)| bindings[0].1.position).collect::<Vec<_>>()
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
        let takers = |mut parameters: Vec<Bound>| {
            settle_piped(&mut parameters, |name| name == "Member");
            parameters.iter().map(|(_, bindings)| bindings[0].1.by_value).collect::<Vec<_>>()
        };
        let user = parameter("User", true, Some(0), true);
        assert_eq!(takers(vec![user, parameter("Identity", true, Some(1), true)]), [false, true]);
        let second = parameter("B", true, Some(0), true);
        assert_eq!(takers(vec![parameter("A", true, None, true), second]), [false, true]);
        let member = parameter("Member", false, None, true);
        assert_eq!(takers(vec![parameter("Identity", true, Some(0), true), member]), [true, true], "it is stated");
    }

    #[test]
    fn parameters_that_share_the_piped_object_are_found() {
        let of = |names: [(&str, Option<&str>, bool); 3]| {
            let all = names.map(|(name, set, by_value)| {
                let (parameter, bindings) = parameter(name, false, None, by_value);
                let bindings = bindings.into_iter().map(|(_, binding)| (set.map(str::to_owned), binding)).collect();
                Parameter { bindings, ..parameter }
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
        for names in [["Whatif", "A"], ["connectionid", "A"], ["Size", "SIZE"], ["1st", "A"], ["SetThingCommand", "A"]]
        {
            let parameters = names.map(|name| parameter(name, false, None, false));
            assert!(check_names("Set-Thing", "SetThingCommand", &parameters).is_err(), "{names:?}");
        }
        let good = ["Host", "Parameter1"].map(|name| parameter(name, false, None, false));
        assert!(check_names("Set-Thing", "SetThingCommand", &good).is_ok());
    }
}
