//! The cmdlets that the tenant runs.

mod addresses;
mod allow_block;
mod archive;
mod assignments;
mod audit;
mod compliance;
mod diagnostics;
mod facets;
mod folder_permissions;
mod generic;
mod governance;
mod groups;
mod inbox_rules;
mod mail_objects;
mod mailbox;
mod mailbox_details;
mod management_scopes;
mod members;
mod organization;
mod others;
mod passwords;
mod permissions;
mod policies;
mod quarantine;
mod recipient;
mod recoverable;
mod reports;
mod roles;
mod search_actions;
mod searches;
mod statistics;
mod trace;
mod transport_rules;
mod unified;
mod values;
mod wildcard;

use std::sync::{PoisonError, RwLockReadGuard, RwLockWriteGuard};

pub(super) use permissions::{permitted_recipients, trustee};

use super::errors::ApiError;
use super::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::company::Company;
use crate::directory::links::RecipientId;
use crate::directory::seed::FOREST_SUFFIX;
use crate::opath::Filter;

/// A cmdlet.
type Cmdlet = fn(&Call<'_>) -> Result<Outcome, ApiError>;

/// The cmdlets that the tenant runs.
const CMDLETS: &[&[(&str, Cmdlet)]] = &[
    &[
        ("Get-Mailbox", mailbox::get),
        ("Get-OrganizationConfig", organization::get),
        ("Get-Recipient", recipient::get),
        ("New-Mailbox", mailbox::new),
        ("Remove-Mailbox", mailbox::remove),
        ("Set-Mailbox", mailbox::set),
        ("Set-OrganizationConfig", organization::set),
    ],
    groups::CMDLETS,
    unified::CMDLETS,
    facets::CMDLETS,
    statistics::CMDLETS,
    permissions::CMDLETS,
    folder_permissions::CMDLETS,
    inbox_rules::CMDLETS,
    policies::CMDLETS,
    allow_block::CMDLETS,
    transport_rules::CMDLETS,
    roles::CMDLETS,
    audit::CMDLETS,
    trace::CMDLETS,
    reports::CMDLETS,
    archive::CMDLETS,
    diagnostics::CMDLETS,
    mailbox_details::CMDLETS,
    quarantine::CMDLETS,
    assignments::CMDLETS,
    compliance::CMDLETS,
    search_actions::CMDLETS,
    searches::CMDLETS,
    governance::CMDLETS,
    management_scopes::CMDLETS,
    mail_objects::CMDLETS,
    recoverable::CMDLETS,
];

/// Names of the cmdlets that the tenant runs.
pub fn implemented() -> impl Iterator<Item = &'static str> {
    CMDLETS.iter().copied().flatten().map(|(name, _)| *name)
}

/// Runs the cmdlet; `None` if the tenant doesn't have it.
pub fn run(call: &Call<'_>) -> Option<Result<Outcome, ApiError>> {
    let (_, cmdlet) = CMDLETS.iter().copied().flatten().find(|(name, _)| *name == call.cmdlet)?;
    Some(cmdlet(call))
}

fn read<'a>(call: &'a Call<'_>) -> RwLockReadGuard<'a, Directory> {
    call.caller.realm.directory.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<'a>(call: &'a Call<'_>) -> RwLockWriteGuard<'a, Directory> {
    call.caller.realm.directory.write().unwrap_or_else(PoisonError::into_inner)
}

/// The one mailbox that the identity names.
fn one_mailbox(directory: &Directory, identity: &str, removed: bool) -> Result<u64, ApiError> {
    match directory.find(identity, removed)[..] {
        [index] => Ok(index),
        [] => Err(ApiError::not_found(identity)),
        _ => Err(ApiError::ambiguous(identity)),
    }
}

/// The one recipient that the identity names.
fn one_recipient(directory: &Directory, identity: &str) -> Result<RecipientId, ApiError> {
    directory
        .recipient(identity)
        .map_err(|count| if count == 0 { ApiError::not_found(identity) } else { ApiError::ambiguous(identity) })
}

/// Refuses parameters that the cmdlet takes but the tenant doesn't evaluate; a switch that is off asks for nothing.
fn refuse_unevaluated(call: &Call<'_>, evaluated: &[&str]) -> Result<(), ApiError> {
    for (parameter, value) in call.arguments.iter() {
        let off = parameter.is_switch && *value == serde_json::Value::Bool(false);
        if !off && !evaluated.contains(&parameter.name.as_str()) {
            return Err(ApiError::not_implemented(format!("the parameter '{}' of {}", parameter.name, call.cmdlet)));
        }
    }
    Ok(())
}

/// The texts of a parameter that takes one or several.
fn texts(value: Option<&serde_json::Value>) -> Option<Vec<String>> {
    match value? {
        serde_json::Value::String(text) => Some(text.split(',').map(|part| part.trim().to_owned()).collect()),
        serde_json::Value::Array(items) => {
            Some(items.iter().filter_map(|item| item.as_str()).map(str::to_owned).collect())
        }
        _ => None,
    }
}

/// The compiled filter of a call that lists objects; an organizational unit that is not the tenant's own holds none.
fn filter_within_unit(call: &Call<'_>) -> Result<Option<Filter>, ApiError> {
    if let Some(unit) = call.arguments.text("OrganizationalUnit")
        && !is_own_unit(call.caller.realm.company(), unit)
    {
        return Err(ApiError::not_found(unit));
    }
    let filter = call.arguments.text("Filter").map(|text| Filter::compile(call.cmdlet, text));
    filter.transpose().map_err(|error| ApiError::cmdlet("Microsoft.Exchange.Data.ParsingException", error.text()))
}

/// Whether the organizational unit, in any of its usual forms, is the tenant's own.
fn is_own_unit(company: &Company, text: &str) -> bool {
    let domain = company.initial_domain;
    let text = text.to_lowercase();
    text == domain
        || text == company.unit().to_lowercase()
        || text == format!("ou={domain},ou=microsoft exchange hosted organizations,{FOREST_SUFFIX}").to_lowercase()
}

/// Whether any of the texts begins as an ambiguous name resolution asks.
fn resolves(wanted: &str, names: &[String]) -> bool {
    let wanted = wanted.trim().to_lowercase();
    names.iter().any(|name| name.to_lowercase().starts_with(&wanted))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog::Catalog;
    use crate::clouds::Surface;
    use crate::directory::registry::CLASSES;
    use crate::directory::value::Value;
    use crate::directory::{facets, inbox, others};

    #[test]
    fn every_cmdlet_is_in_the_catalogue_once() {
        let mut seen = BTreeSet::new();
        for name in implemented() {
            assert!(seen.insert(name), "{name} is there twice");
            let known = [Surface::Exchange, Surface::Compliance]
                .into_iter()
                .any(|surface| Catalog::get().cmdlet(surface, name).is_some_and(|cmdlet| cmdlet.name == name));
            assert!(known, "{name} isn't in the catalogue");
        }
        assert!(seen.len() > 130, "{}", seen.len());
    }

    #[test]
    fn every_kind_of_object_reads_and_starts() {
        let directory = Directory::new(1, 10);
        for class in CLASSES {
            assert!(!class.schema().properties().is_empty(), "{}", class.noun);
            for (_, entry) in directory.collection(class).iter() {
                let mut out = String::new();
                entry.write(&mut out, None);
                let object: serde_json::Value = serde_json::from_str(&out).expect("JSON");
                assert_eq!(object["Name"], entry.text("Name"));
            }
        }
        for class in [
            &others::DISTRIBUTION_GROUP,
            &others::DYNAMIC_GROUP,
            &others::MAIL_CONTACT,
            &others::MAIL_USER,
            &others::UNIFIED_GROUP,
            &inbox::INBOX_RULE,
        ] {
            assert!(class.schema().properties().len() > 50, "{}", class.noun);
        }
        for facet in [
            &facets::AUTO_REPLY,
            &facets::CALENDAR_PROCESSING,
            &facets::CAS_MAILBOX,
            &facets::MESSAGE_CONFIGURATION,
            &facets::REGIONAL,
            &facets::USER,
        ] {
            let schema = facet.schema();
            let at = schema.position("Identity").expect("settings are somebody's");
            assert_eq!(directory.setting(facet, 0, at), Value::text("Adele Vance"), "{}", facet.noun());
            assert!((0..schema.properties().len()).any(|at| directory.setting(facet, 0, at) == Value::Bool(true)));
        }
    }
}
