//! Names and proxy addresses of recipients: their form, their changes, and that no two recipients share one.

use serde_json::Value as Json;

use super::texts;
use super::values::{changed_list, smtp_address};
use crate::adminapi::errors::{ApiError, types};
use crate::directory::Directory;
use crate::directory::links::RecipientId;
use crate::directory::value::Value;

/// Whether a text may be an alias.
pub(super) fn is_alias(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c))
        && !text.starts_with('.')
        && !text.ends_with('.')
}

/// Checks the form of an alias.
pub(super) fn check_alias(text: &str) -> Result<(), ApiError> {
    if is_alias(text) && !text.is_empty() && text.len() <= 64 {
        return Ok(());
    }
    Err(ApiError::cmdlet(types::VALIDATION, format!("The value '{text}' isn't valid for the property 'Alias'.")))
}

/// The alias that a name makes.
pub(super) fn alias_of(name: &str) -> String {
    name.chars().filter(|c| is_alias(&c.to_string()) && *c != '.').collect()
}

/// The proxy addresses after a change, with exactly one primary SMTP address.
pub(super) fn email_addresses(current: &[String], json: &Json) -> Result<Vec<String>, ApiError> {
    let prefixed = |text: &str| -> Result<String, ApiError> {
        let (prefix, address) = match text.split_once(':') {
            Some((prefix, address)) => (prefix, address),
            None => ("smtp", text),
        };
        if prefix.eq_ignore_ascii_case("smtp") {
            let prefix = if prefix == "SMTP" { "SMTP" } else { "smtp" };
            return Ok(format!("{prefix}:{}", smtp_address(address)?));
        }
        if prefix.is_empty() || address.is_empty() {
            return Err(ApiError::cmdlet(types::VALIDATION, format!("The proxy address '{text}' isn't valid.")));
        }
        Ok(format!("{prefix}:{address}"))
    };
    let cleared = matches!(json, Json::Null)
        || matches!(json, Json::Object(object) if object.keys().all(|key| key.starts_with('@')));
    if cleared {
        return Err(ApiError::cmdlet(types::VALIDATION, "A recipient needs a primary SMTP address."));
    }
    let mut list = changed_list(current.to_vec(), json, prefixed)?;
    // An added primary address takes the place of the one before; "smtp:x" and "SMTP:x" are one address, so adding a
    // known address in capitals makes it the primary one.
    let promoted = match json {
        Json::Object(object) => object
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case("Add"))
            .flat_map(|(_, value)| texts(Some(value)).unwrap_or_default())
            .find_map(|text| text.strip_prefix("SMTP:").map(|address| address.trim().to_owned())),
        _ => None,
    };
    if let Some(address) = promoted {
        list = with_primary(&list, &address);
    }
    let primaries = list.iter().filter(|address| address.starts_with("SMTP:")).count();
    if primaries > 1 {
        return Err(ApiError::cmdlet(types::VALIDATION, "There are multiple primary SMTP addresses in the list."));
    }
    if primaries == 0 {
        match list.iter_mut().find(|address| address.starts_with("smtp:")) {
            // A list without a primary address gets its first one as primary.
            Some(first) if !matches!(json, Json::Object(_)) => *first = format!("SMTP:{}", &first[5..]),
            _ => return Err(ApiError::cmdlet(types::VALIDATION, "A recipient needs a primary SMTP address.")),
        }
    }
    Ok(list)
}

/// The addresses with that one as the primary.
pub(super) fn with_primary(addresses: &[String], primary: &str) -> Vec<String> {
    let mut list = vec![format!("SMTP:{primary}")];
    for address in addresses {
        let (prefix, bare) = address.split_once(':').unwrap_or(("", address));
        if !prefix.eq_ignore_ascii_case("smtp") {
            list.push(address.clone());
        } else if !bare.eq_ignore_ascii_case(primary) {
            list.push(format!("smtp:{bare}"));
        }
    }
    list
}

/// The properties that follow from the proxy addresses.
pub(super) fn address_changes(addresses: &[String]) -> impl Iterator<Item = (&'static str, Value)> {
    let primary = addresses.iter().find_map(|address| address.strip_prefix("SMTP:")).unwrap_or("").to_owned();
    ["PrimarySmtpAddress", "WindowsEmailAddress"].into_iter().map(move |name| (name, Value::text(&primary)))
}

/// Checks that the address is in one of the organization's domains.
pub(super) fn check_domain(directory: &Directory, address: &str) -> Result<(), ApiError> {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    if directory.seed.company.has_domain(domain) {
        return Ok(());
    }
    Err(ApiError::cmdlet(
        "Microsoft.Exchange.Data.Directory.SystemConfiguration.NotAcceptedDomainException",
        format!("You can't use the domain '{domain}' because it's not an accepted domain for your organization."),
    ))
}

/// Checks that the SMTP addresses belong to the organization and to nobody else.
pub(super) fn check_addresses(
    directory: &Directory,
    owner: Option<RecipientId>,
    addresses: &[String],
) -> Result<(), ApiError> {
    for address in addresses {
        if let Some(bare) = smtp_part(address) {
            check_domain(directory, bare)?;
        }
    }
    check_free(directory, owner, addresses)
}

/// Checks that the SMTP addresses, in whatever domain, belong to nobody else.
pub(super) fn check_free(
    directory: &Directory,
    owner: Option<RecipientId>,
    addresses: &[String],
) -> Result<(), ApiError> {
    for address in addresses {
        let Some(bare) = smtp_part(address) else {
            continue;
        };
        let holder = directory.recipients(bare).into_iter().filter(|other| Some(*other) != owner).find(|other| {
            let Value::List(known) = directory.recipient_value(*other, "EmailAddresses") else {
                return false;
            };
            known.iter().filter_map(|known| smtp_part(known)).any(|known| known.eq_ignore_ascii_case(bare))
        });
        if let Some(holder) = holder {
            return Err(ApiError::already_exists(&format!(
                "The proxy address '{address}' already exists: it is being used by '{}/{}'. Please choose another proxy \
                 address.",
                directory.seed.company.initial_domain,
                directory.recipient_text(holder, "Name")
            )));
        }
    }
    Ok(())
}

/// The bare address of an SMTP proxy address.
fn smtp_part(address: &str) -> Option<&str> {
    address.split_once(':').filter(|(prefix, _)| prefix.eq_ignore_ascii_case("smtp")).map(|(_, bare)| bare)
}

/// Checks that no other recipient has the name, alias or user principal name.
pub(super) fn check_unique(
    directory: &Directory,
    owner: Option<RecipientId>,
    text: &str,
    property: &str,
) -> Result<(), ApiError> {
    let taken = directory
        .recipients(text)
        .into_iter()
        .any(|other| Some(other) != owner && directory.recipient_text(other, property).eq_ignore_ascii_case(text));
    if taken {
        let domain = directory.seed.company.initial_domain;
        return Err(ApiError::already_exists(&format!("The object 'CN={text},OU={domain}' already exists.")));
    }
    Ok(())
}
