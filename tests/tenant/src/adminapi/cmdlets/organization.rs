//! `Get-OrganizationConfig`, `Set-OrganizationConfig`, `Get-AcceptedDomain`.

use super::values::property_value;
use super::{read, write};
use crate::adminapi::errors::ApiError;
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::organization::{accepted_domains, write_accepted_domain};

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

/// `Get-AcceptedDomain`
pub(super) fn get_accepted_domain(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let directory = read(call);
    let mut domains = accepted_domains(directory.seed.company).to_vec();
    if let Some(identity) = call.arguments.text("Identity") {
        domains.retain(|(name, ..)| name.eq_ignore_ascii_case(identity.trim()));
        if domains.is_empty() {
            return Err(ApiError::not_found(identity));
        }
    }
    call.list(
        |from| (from < domains.len() as u64).then_some(from),
        |at, out| write_accepted_domain(out, &directory.seed, domains[at as usize], call.select.as_deref()),
    )
}
