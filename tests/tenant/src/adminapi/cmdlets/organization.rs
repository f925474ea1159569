//! `Get-OrganizationConfig`, `Set-OrganizationConfig`.

use super::values::property_value;
use super::{read, write};
use crate::adminapi::errors::ApiError;
use crate::adminapi::invoke::{Call, Outcome};

/// Parameters that are orders rather than settings: they leave nothing to see in the object.
const ORDERS: [&str; 4] = [
    "AutoExpandingArchive",
    "EnforceShortenEventSetting",
    "ExchangeAttributesCloudManagedByDefault",
    "ExchangeAttributesServerManagedByDefault",
];

/// `Get-OrganizationConfig`
pub(super) fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let mut object = String::new();
    read(call).organization.write(&mut object, call.select.as_deref());
    Ok(Outcome::one(object))
}

/// `Set-OrganizationConfig`
pub(super) fn set(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let mut changes = Vec::new();
    let mut ordered = false;
    for (parameter, json) in call.arguments.iter() {
        if ORDERS.contains(&parameter.name.as_str()) {
            ordered |= json.as_bool() == Some(true);
            continue;
        }
        let Some((name, kind)) = directory.organization.setting(&parameter.name) else {
            return Err(ApiError::not_implemented(format!("the parameter '{}' of {}", parameter.name, call.cmdlet)));
        };
        let current = directory.organization.get(name).cloned().unwrap_or(crate::directory::value::Value::Null);
        changes.push((name.to_owned(), property_value(&directory, parameter, kind, &current, json)?));
    }
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let changed = directory.organization.change(changes);
    Ok(Outcome::changed(changed || ordered, directory.seed.company.initial_domain))
}
