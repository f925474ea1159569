//! What a mailbox can be called, and which mailboxes a text may mean.

use super::mailbox::Mailbox;
use super::seed::{FOREST_SUFFIX, Seed};
use super::value::normalise_guid;

/// Everything that names the mailbox, in lower case.
#[must_use]
pub fn identities(mailbox: &Mailbox<'_>) -> Vec<String> {
    let name = mailbox.text("Name");
    let mut identities: Vec<String> = [
        "Alias",
        "DisplayName",
        "UserPrincipalName",
        "DistinguishedName",
        "Guid",
        "ExchangeGuid",
        "ExternalDirectoryObjectId",
        "LegacyExchangeDN",
        "SamAccountName",
    ]
    .into_iter()
    .map(|property| mailbox.text(property))
    .collect();
    identities.push(format!("{}/{name}", mailbox.seed.company.initial_domain));
    identities.push(name);
    for address in mailbox.list("EmailAddresses") {
        if let Some((prefix, address)) = address.split_once(':')
            && prefix.eq_ignore_ascii_case("smtp")
        {
            identities.push(address.to_owned());
        }
    }
    let mut identities: Vec<String> = identities
        .into_iter()
        .filter(|identity| !identity.is_empty())
        .map(|identity| identity.to_lowercase())
        .collect();
    identities.sort_unstable();
    identities.dedup();
    identities
}

/// Numbers of the mailboxes that a text in lower case may mean, as the seed made them.
#[must_use]
pub fn candidates(seed: &Seed, wanted: &str, count: u64) -> Vec<u64> {
    let domain = seed.company.initial_domain;
    if let Some(guid) = normalise_guid(wanted) {
        return seed.index_of_guid(&guid, count).map(|(_, index)| index).into_iter().collect();
    }
    if let Some(rest) = wanted.strip_prefix("cn=") {
        let end = format!(",ou={domain},ou=microsoft exchange hosted organizations,{}", FOREST_SUFFIX.to_lowercase());
        return rest.strip_suffix(&end).map(|name| seed.candidates(name, count)).unwrap_or_default();
    }
    if wanted.starts_with("/o=") {
        // The last part is the object's GUID without hyphens, a hyphen and the alias.
        return wanted
            .rsplit_once("cn=")
            .and_then(|(_, name)| name.split_at_checked(32))
            .and_then(|(guid, _)| normalise_guid(guid))
            .and_then(|guid| seed.index_of_guid(&guid, count))
            .map(|(_, index)| index)
            .into_iter()
            .collect();
    }
    if let Some((local, _)) = wanted.rsplit_once('@') {
        return seed.candidates(local, count);
    }
    if let Some(name) = wanted.strip_prefix(domain).and_then(|rest| rest.strip_prefix('/')) {
        return seed.candidates(name, count);
    }
    let mut found = seed.candidates(wanted, count);
    // The account name ends with the mailbox's number.
    found.extend(
        wanted.rsplit_once('-').and_then(|(_, number)| number.parse::<u64>().ok()).filter(|index| *index < count),
    );
    found
}
