//! What the cmdlets on groups, contacts and mail users have in common: they are kinds of one list of recipients.

use serde_json::Value as Json;

use super::addresses::{
    address_changes, alias_of, check_addresses, check_alias, check_domain, check_free, check_unique, email_addresses,
    with_primary,
};
use super::generic::{Changes, Special, changes, identity, plain};
use super::values::smtp_address;
use super::wildcard::Wildcard;
use super::{filter_within_unit, one_recipient, read, refuse_unevaluated, resolves, texts, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::catalog::Parameter;
use crate::directory::Directory;
use crate::directory::filtering::OtherSubject;
use crate::directory::links::RecipientId;
use crate::directory::objects::{Class, Entry};
use crate::directory::others::{Naming, dress};
use crate::directory::value::Value;

const EVALUATED: [&str; 8] =
    ["Identity", "Anr", "Filter", "ManagedBy", "OrganizationalUnit", "RecipientTypeDetails", "ResultSize", "SortBy"];
const SORTABLE: [&str; 4] = ["Name", "DisplayName", "Alias", "WhenCreated"];

/// Where a recipient's address may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// In one of the organization's domains.
    Inside,
    /// Anywhere: its mail goes outside.
    Outside,
}

fn is_one_of(entry: &Entry, classes: &[&'static Class]) -> bool {
    classes.iter().any(|class| std::ptr::eq(*class, entry.class()))
}

/// The recipient of one of the kinds that an identity names.
pub(super) fn one_other(directory: &Directory, identity: &str, classes: &[&'static Class]) -> Result<u64, ApiError> {
    let of_kind = |number: &u64| directory.others().get(*number).is_some_and(|entry| is_one_of(entry, classes));
    let found: Vec<u64> = directory.others().find(identity).into_iter().filter(of_kind).collect();
    match found[..] {
        [number] => Ok(number),
        [] => Err(ApiError::not_found(identity)),
        _ => Err(ApiError::ambiguous(identity)),
    }
}

/// Lists recipients of some kinds, or shows one.
pub(super) fn get(
    call: &Call<'_>,
    classes: &[&'static Class],
    more: &[&str],
    show: impl Fn(&Directory, u64, &Entry, &mut String),
) -> Result<Outcome, ApiError> {
    let mut evaluated = EVALUATED.to_vec();
    evaluated.extend_from_slice(more);
    refuse_unevaluated(call, &evaluated)?;
    let directory = read(call);
    let arguments = &call.arguments;
    let filter = filter_within_unit(call)?;
    let details = texts(arguments.get("RecipientTypeDetails"));
    let anr = arguments.text("Anr").or(arguments.text("ANR"));
    let manager = match arguments.text("ManagedBy") {
        Some(manager) => Some(directory.recipient_text(one_recipient(&directory, manager)?, "Name")),
        None => None,
    };
    let wildcard = Wildcard::of(call);
    let belongs = |number: u64, entry: &Entry| {
        is_one_of(entry, classes)
            && wildcard.as_ref().is_none_or(|wildcard| wildcard.fits(|name| entry.get(name)))
            && details.as_ref().is_none_or(|list| {
                let text = entry.text("RecipientTypeDetails");
                list.iter().any(|wanted| wanted.eq_ignore_ascii_case(&text))
            })
            && anr.is_none_or(|wanted| {
                resolves(wanted, &["Name", "DisplayName", "Alias", "PrimarySmtpAddress"].map(|name| entry.text(name)))
            })
            && manager
                .as_ref()
                .is_none_or(|manager| entry.list("ManagedBy").contains(manager) || entry.text("ManagedBy") == *manager)
            && filter.as_ref().is_none_or(|filter| {
                filter.holds(&OtherSubject { directory: &directory, number, other: entry, as_recipient: false })
            })
    };
    if let Some(identity) = arguments.text("Identity").filter(|text| !text.is_empty() && wildcard.is_none()) {
        let number = one_other(&directory, identity, classes)?;
        let entry = directory.others().get(number).filter(|entry| belongs(number, entry));
        let mut object = String::new();
        return Ok(match entry {
            Some(entry) => {
                show(&directory, number, entry, &mut object);
                Outcome::one(object)
            }
            None => Outcome::default(),
        });
    }
    let mut numbers: Vec<u64> =
        directory.others().iter().filter(|(number, entry)| belongs(*number, entry)).map(|(number, _)| number).collect();
    if let Some(property) = arguments.text("SortBy") {
        let Some(property) = SORTABLE.into_iter().find(|known| known.eq_ignore_ascii_case(property)) else {
            return Err(ApiError::not_implemented(format!("sorting recipients by '{property}'")));
        };
        let key = |number: &u64| match directory.others().get(*number).map(|entry| entry.get(property)) {
            Some(Value::Moment(when)) => format!("{when:020}"),
            Some(value) => value.into_text().to_lowercase(),
            None => String::new(),
        };
        numbers.sort_by_cached_key(key);
        return call.list(
            |from| (from < numbers.len() as u64).then_some(from),
            |at, out| {
                let number = numbers[at as usize];
                if let Some(entry) = directory.others().get(number) {
                    show(&directory, number, entry, out);
                }
            },
        );
    }
    call.list(
        |from| numbers.iter().copied().find(|number| *number >= from),
        |number, out| {
            if let Some(entry) = directory.others().get(number) {
                show(&directory, number, entry, out);
            }
        },
    )
}

/// A new recipient, before it is added.
pub(super) struct Draft {
    /// The recipient.
    pub(super) entry: Entry,
}

/// Makes a recipient of the call's parameters; `skip` are parameters that the caller of this function handles.
pub(super) fn draft(
    call: &Call<'_>,
    directory: &Directory,
    class: &'static Class,
    home: Home,
    name: &str,
    skip: &[&str],
) -> Result<Draft, ApiError> {
    let arguments = &call.arguments;
    let text = |name: &str| arguments.text(name).map(str::trim).filter(|text| !text.is_empty());
    if name.trim().is_empty() || name.chars().count() > 64 {
        return Err(ApiError::cmdlet(
            types::VALIDATION,
            format!("The value '{name}' isn't valid for the property 'Name'."),
        ));
    }
    let alias = text("Alias").map_or_else(|| alias_of(name), str::to_owned);
    check_alias(&alias)?;
    check_unique(directory, None, name, "Name")?;
    check_unique(directory, None, &alias, "Alias")?;
    let company = directory.seed.company;
    let given = text("PrimarySmtpAddress").or(text("ExternalEmailAddress"));
    let primary = match given {
        Some(address) => smtp_address(address.split_once(':').map_or(address, |(_, bare)| bare))?,
        None => format!("{alias}@{}", company.vanity_domain),
    };
    let mut addresses = vec![format!("SMTP:{primary}")];
    match home {
        Home::Inside => {
            if !primary.to_lowercase().ends_with(company.initial_domain) {
                addresses.push(format!("smtp:{alias}@{}", company.initial_domain));
            }
            check_addresses(directory, None, &addresses)?;
        }
        Home::Outside => check_free(directory, None, &addresses)?,
    }
    let number = directory.others().next();
    let mut entry = Entry::created(class, &directory.seed, name, number);
    let entra = directory.seed.named_guid(&format!("entra {} {name} {number}", class.noun));
    let display_name = text("DisplayName").unwrap_or(name);
    dress(
        &mut entry,
        company,
        &Naming { name, display_name, alias: &alias, primary: &primary, addresses, entra: &entra },
    );
    let handled = ["Name", "Alias", "DisplayName", "PrimarySmtpAddress", "OrganizationalUnit"];
    let changes = changes(call, directory, &entry, |parameter, json| {
        let name = parameter.name.as_str();
        if handled.contains(&name) || skip.contains(&name) {
            return Ok(Some(vec![]));
        }
        if name == "ExternalEmailAddress" {
            let address =
                smtp_address(json.as_str().map_or("", |text| text.split_once(':').map_or(text, |(_, bare)| bare)))?;
            return Ok(Some(vec![("ExternalEmailAddress", Value::Text(format!("SMTP:{address}")))]));
        }
        plain(parameter, json)
    })?;
    entry.change(changes);
    Ok(Draft { entry })
}

/// Adds the draft and shows it.
pub(super) fn add(
    directory: &mut Directory,
    draft: Draft,
    show: impl Fn(&Directory, u64, &Entry, &mut String),
) -> (u64, Outcome) {
    let number = directory.others_mut().add(draft.entry);
    let mut object = String::new();
    if let Some(entry) = directory.others().get(number) {
        show(directory, number, entry, &mut object);
    }
    (number, Outcome::one(object))
}

/// Changes a recipient of one of the kinds by the call's parameters.
pub(super) fn set(
    call: &Call<'_>,
    classes: &[&'static Class],
    home: Home,
    special: impl Fn(&Directory, &Entry, &Parameter, &Json) -> Special,
) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let number = one_other(&directory, identity(call), classes)?;
    let entry = directory.others().get(number).unwrap_or_else(|| unreachable!("it was found just now"));
    let changes =
        changes(call, &directory, entry, |parameter, json| match special(&directory, entry, parameter, json)? {
            Some(several) => Ok(Some(several)),
            None => of_recipient(&directory, number, entry, home, parameter, json),
        })?;
    let shown = entry.text("Name");
    let renamed = name_after(entry, &changes);
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let entry = directory.others_mut().get_mut(number).unwrap_or_else(|| unreachable!("it was found just now"));
    let changed = entry.change(changes);
    if let Some(name) = renamed {
        entry.rename(&name);
    }
    Ok(Outcome::changed(changed, &shown))
}

fn name_after(entry: &Entry, changes: &Changes) -> Option<String> {
    let at = entry.class().schema().position("Name")?;
    changes.iter().rev().find(|(changed, _)| *changed == at).map(|(_, value)| value.clone().into_text())
}

/// The parameters that mean the same for all recipients: names and addresses.
fn of_recipient(
    directory: &Directory,
    number: u64,
    entry: &Entry,
    home: Home,
    parameter: &Parameter,
    json: &Json,
) -> Special {
    let owner = Some(RecipientId::Other(number));
    let name = parameter.name.as_str();
    let text = json.as_str().map(str::trim).unwrap_or("");
    let with_addresses = |addresses: Vec<String>| {
        match home {
            Home::Inside => check_addresses(directory, owner, &addresses)?,
            Home::Outside => check_free(directory, owner, &addresses)?,
        }
        let mut several: Vec<(&'static str, Value)> =
            address_changes(&addresses).filter(|(property, _)| entry.has(property)).collect();
        several.push(("EmailAddresses", Value::List(addresses)));
        Ok(Some(several))
    };
    match name {
        "EmailAddresses" => with_addresses(email_addresses(&entry.list("EmailAddresses"), json)?),
        "PrimarySmtpAddress" | "WindowsEmailAddress" if json.is_string() => {
            let address = smtp_address(text)?;
            if home == Home::Inside {
                check_domain(directory, &address)?;
            }
            with_addresses(with_primary(&entry.list("EmailAddresses"), &address))
        }
        "ExternalEmailAddress" if json.is_string() => {
            let address = smtp_address(text.split_once(':').map_or(text, |(_, bare)| bare))?;
            Ok(Some(vec![("ExternalEmailAddress", Value::Text(format!("SMTP:{address}")))]))
        }
        "Alias" => {
            check_alias(text)?;
            check_unique(directory, owner, text, "Alias")?;
            Ok(None)
        }
        "Name" | "DisplayName" => {
            if text.is_empty() {
                return Err(ApiError::cmdlet(
                    types::VALIDATION,
                    format!("The value '' isn't valid for the property '{name}'."),
                ));
            }
            if name == "Name" {
                check_unique(directory, owner, text, "Name")?;
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// Removes a recipient of one of the kinds.
pub(super) fn remove(call: &Call<'_>, classes: &[&'static Class], evaluated: &[&str]) -> Result<Outcome, ApiError> {
    let mut all = vec!["Identity"];
    all.extend_from_slice(evaluated);
    refuse_unevaluated(call, &all)?;
    let mut directory = write(call);
    let number = one_other(&directory, identity(call), classes)?;
    if !call.arguments.what_if {
        directory.others_mut().remove(number);
    }
    Ok(Outcome::default())
}
