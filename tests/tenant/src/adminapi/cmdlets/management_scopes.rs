//! Management scopes: which recipients those may change who have a role within them. The tenant keeps the scopes and shows who
//! is bound to which; it lets everybody change everything that their roles allow all the same.

use super::generic::{get, identity, new, one, set};
use super::{Cmdlet, is_own_unit, refuse_unevaluated, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::roles::{MANAGEMENT_SCOPE, ROLE_ASSIGNMENT};
use crate::directory::value::Value;
use crate::opath::Filter;

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-ManagementScope", get_scope),
    ("New-ManagementScope", new_scope),
    ("Remove-ManagementScope", remove_scope),
    ("Set-ManagementScope", set_scope),
];

/// Whether an assignment is bound to the scope with that GUID.
fn is_in_use(directory: &Directory, guid: &str) -> bool {
    directory.collection(&ROLE_ASSIGNMENT).iter().any(|(_, entry)| entry.text("CustomRecipientWriteScope") == guid)
}

/// Checks the filter and the root of a scope.
fn check(call: &Call<'_>) -> Result<(), ApiError> {
    if let Some(filter) = call.arguments.text("RecipientRestrictionFilter") {
        Filter::compile("Get-Recipient", filter)
            .map_err(|error| ApiError::cmdlet("Microsoft.Exchange.Data.ParsingException", error.text()))?;
    }
    match call.arguments.text("RecipientRoot") {
        Some(unit) if !is_own_unit(call.caller.realm.company(), unit) => Err(ApiError::not_found(unit)),
        _ => Ok(()),
    }
}

fn get_scope(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let exclusive = call.arguments.get("Exclusive").and_then(serde_json::Value::as_bool);
    let directory = super::read(call);
    let used: Vec<String> = directory
        .collection(&MANAGEMENT_SCOPE)
        .iter()
        .map(|(_, scope)| scope.text("Guid"))
        .filter(|guid| is_in_use(&directory, guid))
        .collect();
    drop(directory);
    let orphans = call.arguments.switch("Orphan");
    get(call, &MANAGEMENT_SCOPE, &["Exclusive", "Orphan"], |scope| {
        exclusive.is_none_or(|wanted| scope.flag("Exclusive") == wanted)
            && (!orphans || !used.contains(&scope.text("Guid")))
    })
}

fn new_scope(call: &Call<'_>) -> Result<Outcome, ApiError> {
    check(call)?;
    new(call, &MANAGEMENT_SCOPE, |_, scope| {
        scope.set("RecipientFilter", Value::text(call.arguments.text("RecipientRestrictionFilter").unwrap_or("")));
        Ok(())
    })
}

fn set_scope(call: &Call<'_>) -> Result<Outcome, ApiError> {
    check(call)?;
    set(call, &MANAGEMENT_SCOPE, |_, _, parameter, json| {
        Ok((parameter.name == "RecipientRestrictionFilter")
            .then(|| vec![("RecipientFilter", Value::text(json.as_str().unwrap_or("")))]))
    })
}

fn remove_scope(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Force"])?;
    let mut directory = write(call);
    let scopes = directory.collection(&MANAGEMENT_SCOPE);
    let number = one(scopes, identity(call))?;
    let guid = scopes.get(number).map(|scope| scope.text("Guid")).unwrap_or_default();
    if is_in_use(&directory, &guid) {
        return Err(ApiError::cmdlet(
            types::VALIDATION,
            format!("The management scope '{}' can't be removed: role assignments are bound to it.", identity(call)),
        ));
    }
    if !call.arguments.what_if {
        directory.collection_mut(&MANAGEMENT_SCOPE).remove(number);
    }
    Ok(Outcome::default())
}
