//! The cmdlets that the tenant runs.

mod compliance;
mod mailbox;
mod organization;
mod recipient;
mod values;

use std::sync::{PoisonError, RwLockReadGuard, RwLockWriteGuard};

use super::errors::ApiError;
use super::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::company::Company;
use crate::directory::seed::FOREST_SUFFIX;
use crate::opath::Filter;

/// Names of the cmdlets that the tenant runs.
pub const IMPLEMENTED: [&str; 9] = [
    "Get-AcceptedDomain",
    "Get-ComplianceSearch",
    "Get-Mailbox",
    "Get-OrganizationConfig",
    "Get-Recipient",
    "New-Mailbox",
    "Remove-Mailbox",
    "Set-Mailbox",
    "Set-OrganizationConfig",
];

/// Runs the cmdlet; `None` if the tenant doesn't have it.
pub fn run(call: &Call<'_>) -> Option<Result<Outcome, ApiError>> {
    Some(match call.cmdlet {
        "Get-AcceptedDomain" => organization::get_accepted_domain(call),
        "Get-ComplianceSearch" => compliance::get_search(call),
        "Get-Mailbox" => mailbox::get(call),
        "Get-OrganizationConfig" => organization::get(call),
        "Get-Recipient" => recipient::get(call),
        "New-Mailbox" => mailbox::new(call),
        "Remove-Mailbox" => mailbox::remove(call),
        "Set-Mailbox" => mailbox::set(call),
        "Set-OrganizationConfig" => organization::set(call),
        _ => return None,
    })
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
