//! Settings of a mailbox besides the mailbox object: protocols, automatic replies, Outlook, region, calendar, person.

use serde_json::Value as Json;

use super::generic::identity;
use super::recipient::OTHERS;
use super::values::property_value;
use super::wildcard::Wildcard;
use super::{Cmdlet, filter_within_unit, one_mailbox, read, refuse_unevaluated, resolves, texts, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::accounts::Foreign;
use crate::directory::facets::{
    AUTO_REPLY, CALENDAR_PROCESSING, CAS_MAILBOX, Facet, JUNK_EMAIL, MESSAGE_CONFIGURATION, REGIONAL, USER, formats,
};
use crate::directory::filtering::MailboxSubject;
use crate::directory::mailbox::{Mailbox, Schema, distinguished_name};
use crate::directory::objects::Entry;
use crate::directory::organization::write_selected;
use crate::directory::others::MAIL_USER;
use crate::directory::value::Value;
use crate::opath::{Filter, Subject};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-CASMailbox", |call| list(call, &CAS_MAILBOX, |_, _| Vec::new())),
    ("Get-CalendarProcessing", |call| get(call, &CALENDAR_PROCESSING)),
    ("Get-MailboxAutoReplyConfiguration", |call| get(call, &AUTO_REPLY)),
    ("Get-MailboxJunkEmailConfiguration", |call| get(call, &JUNK_EMAIL)),
    ("Get-MailboxMessageConfiguration", |call| get(call, &MESSAGE_CONFIGURATION)),
    ("Get-MailboxRegionalConfiguration", |call| get(call, &REGIONAL)),
    ("Get-User", |call| list(call, &USER, persons_without_mailbox)),
    ("Set-CASMailbox", |call| set(call, &CAS_MAILBOX)),
    ("Set-CalendarProcessing", |call| set(call, &CALENDAR_PROCESSING)),
    ("Set-MailboxAutoReplyConfiguration", |call| set(call, &AUTO_REPLY)),
    ("Set-MailboxJunkEmailConfiguration", |call| set(call, &JUNK_EMAIL)),
    ("Set-MailboxMessageConfiguration", |call| set(call, &MESSAGE_CONFIGURATION)),
    ("Set-MailboxRegionalConfiguration", |call| set(call, &REGIONAL)),
    ("Set-User", |call| set(call, &USER)),
];

/// Settings as a filter sees them: what the mailbox has as the mailbox shows it, and the rest.
struct FacetSubject<'a> {
    directory: &'a Directory,
    facet: &'static Facet,
    mailbox: &'a Mailbox<'a>,
}

impl Subject for FacetSubject<'_> {
    fn filter_value(&self, property: &str) -> Value {
        match self.facet.schema().position(property) {
            Some(at) if !self.facet.is_of_mailbox(property) => {
                self.directory.setting(self.facet, self.mailbox.person.index, at)
            }
            _ => MailboxSubject { mailbox: self.mailbox, as_recipient: true }.filter_value(property),
        }
    }
}

fn show(call: &Call<'_>, directory: &Directory, facet: &'static Facet, index: u64, out: &mut String) {
    let properties = facet.schema().properties().iter().enumerate().filter(|(_, property)| !property.hidden);
    let values =
        properties.map(|(at, property)| (property.name.as_str(), property.kind, directory.setting(facet, index, at)));
    write_selected(out, values, call.select.as_deref());
}

/// Shows the settings of one mailbox.
fn get(call: &Call<'_>, facet: &'static Facet) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "ResultSize", "UseCustomRouting"])?;
    call.result_size()?;
    let directory = read(call);
    let index = one_mailbox(&directory, identity(call), false)?;
    let mut object = String::new();
    show(call, &directory, facet, index, &mut object);
    Ok(Outcome::one(object))
}

/// A person without a mailbox as a filter sees it.
struct PersonSubject<'a>(&'a Entry);

impl Subject for PersonSubject<'_> {
    fn filter_value(&self, property: &str) -> Value {
        self.0.get(if property == "Id" { "DistinguishedName" } else { property })
    }
}

/// Lists the settings of mailboxes, or shows those of one. `more` are objects of the kind that belong to no mailbox.
fn list(
    call: &Call<'_>,
    facet: &'static Facet,
    more: fn(&Call<'_>, &Directory) -> Vec<Entry>,
) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &["Identity", "Anr", "Filter", "OrganizationalUnit", "RecipientTypeDetails", "ResultSize", "SortBy", "Sortby"],
    )?;
    let directory = read(call);
    let more = more(call, &directory);
    let of_more = |at: u64| &more[(at - OTHERS) as usize];
    let arguments = &call.arguments;
    let filter: Option<Filter> = filter_within_unit(call)?;
    let details = texts(arguments.get("RecipientTypeDetails"));
    let anr = arguments.text("Anr");
    let wildcard = Wildcard::of(call);
    let text = |at: u64, name: &str| {
        if at < OTHERS { directory.mailbox(at).text(name) } else { of_more(at).text(name) }
    };
    let belongs = |at: u64| {
        if at < OTHERS && directory.is_removed(at) {
            return false;
        }
        details.as_ref().is_none_or(|list| {
            let text = text(at, "RecipientTypeDetails");
            list.iter().any(|wanted| wanted.eq_ignore_ascii_case(&text))
        }) && anr.is_none_or(|wanted| {
            resolves(wanted, &["Name", "DisplayName", "Alias", "UserPrincipalName"].map(|name| text(at, name)))
        }) && wildcard.as_ref().is_none_or(|wildcard| {
            wildcard.fits(|name| if at < OTHERS { directory.mailbox(at).get(name) } else { of_more(at).get(name) })
        }) && filter.as_ref().is_none_or(|filter| {
            if at < OTHERS {
                let mailbox = directory.mailbox(at);
                filter.holds(&FacetSubject { directory: &directory, facet, mailbox: &mailbox })
            } else {
                filter.holds(&PersonSubject(of_more(at)))
            }
        })
    };
    let write = |at: u64, out: &mut String| {
        if at < OTHERS {
            show(call, &directory, facet, at, out);
        } else {
            of_more(at).write(out, call.select.as_deref());
        }
    };
    let places = |from: u64| (from..directory.end()).chain(from.max(OTHERS)..OTHERS + more.len() as u64);
    if let Some(identity) = arguments.text("Identity").filter(|text| !text.is_empty() && wildcard.is_none()) {
        let mut found = directory.find(identity, false);
        found.extend((OTHERS..).zip(&more).filter(|(_, person)| is_named(person, identity)).map(|(at, _)| at));
        let at = match found[..] {
            [at] => at,
            [] => return Err(ApiError::not_found(identity)),
            _ => return Err(ApiError::ambiguous(identity)),
        };
        let mut object = String::new();
        if !belongs(at) {
            return Ok(Outcome::default());
        }
        write(at, &mut object);
        return Ok(Outcome::one(object));
    }
    if let Some(property) = arguments.text("SortBy").or(arguments.text("Sortby")) {
        let Some(property) =
            ["Name", "DisplayName", "Alias"].into_iter().find(|known| known.eq_ignore_ascii_case(property))
        else {
            return Err(ApiError::not_implemented(format!("sorting by '{property}'")));
        };
        let mut sorted: Vec<(String, u64)> =
            places(0).filter(|at| belongs(*at)).map(|at| (text(at, property).to_lowercase(), at)).collect();
        sorted.sort();
        return call
            .list(|from| (from < sorted.len() as u64).then_some(from), |at, out| write(sorted[at as usize].1, out));
    }
    call.list(|from| places(from).find(|at| belongs(*at)), write)
}

/// Whether an identity names a person without a mailbox.
fn is_named(person: &Entry, identity: &str) -> bool {
    let names = [
        "Name",
        "DisplayName",
        "UserPrincipalName",
        "DistinguishedName",
        "Guid",
        "ExternalDirectoryObjectId",
        "SamAccountName",
    ];
    names.into_iter().any(|name| person.text(name).to_lowercase() == identity.trim().to_lowercase())
}

/// The persons without a mailbox: those who only sign in, and those whose mail goes elsewhere.
fn persons_without_mailbox(call: &Call<'_>, directory: &Directory) -> Vec<Entry> {
    let company = directory.seed.company;
    let person = |name: &str| {
        Entry::first(&USER.class, &directory.seed, name)
            .with("DistinguishedName", Value::Text(distinguished_name(company, name)))
            .with("OrganizationalUnit", Value::Text(company.unit()))
            .with("AuthenticationType", Value::text("Managed"))
    };
    let mut persons = Vec::new();
    for account in &call.state.accounts {
        // A partner has rights in the tenant without being in its directory.
        let presence = account.presence(call.caller.realm.name);
        let Some(presence) = presence.filter(|presence| presence.foreign != Some(Foreign::Partner)) else {
            continue;
        };
        let address = &presence.user_principal_name;
        if !directory.find(address, false).is_empty() {
            continue;
        }
        let name = address.split('@').next().unwrap_or(address);
        let (kind, details) = match (presence.foreign, account.enabled) {
            (Some(_), _) => ("MailUser", "GuestMailUser"),
            (None, true) => ("User", "User"),
            (None, false) => ("User", "DisabledUser"),
        };
        let mut found = person(name)
            .with("ExternalDirectoryObjectId", Value::text(presence.object_id))
            .with("AccountDisabled", Value::Bool(!account.enabled))
            .with("RecipientType", Value::text(kind))
            .with("RecipientTypeDetails", Value::text(details));
        found.set("DisplayName", Value::text(&account.display_name));
        for property in ["UserPrincipalName", "WindowsLiveID", "MicrosoftOnlineServicesID"] {
            found.set(property, Value::text(address));
        }
        persons.push(found);
    }
    let mail_users = directory.others().iter().filter(|(_, other)| std::ptr::eq(other.class(), &MAIL_USER));
    for (_, other) in mail_users {
        let mut found = person(&other.text("Name"));
        for property in USER.schema().properties() {
            if other.has(&property.name) {
                found.set(&property.name, other.get(&property.name));
            }
        }
        persons.push(found);
    }
    persons
}

/// Changes the settings of one mailbox.
fn set(call: &Call<'_>, facet: &'static Facet) -> Result<Outcome, ApiError> {
    let mut directory = write(call);
    let index = one_mailbox(&directory, identity(call), false)?;
    let schema = facet.schema();
    let mut changes: Vec<(usize, Value)> = Vec::new();
    let mut of_mailbox: Vec<(usize, Value)> = Vec::new();
    for (parameter, json) in call.arguments.iter() {
        let name = parameter.name.as_str();
        let off = parameter.is_switch && *json == Json::Bool(false);
        if name == "Identity"
            || name == "IgnoreDefaultScope"
            || name == "FailOnError"
            || name == "UseCustomRouting"
            || off
        {
            continue;
        }
        if facet.is_of_mailbox(name) {
            if matches!(name, "EmailAddresses" | "Name" | "PrimarySmtpAddress" | "WindowsEmailAddress") {
                return Err(ApiError::not_implemented(format!("the parameter '{name}' of {}", call.cmdlet)));
            }
            let mailbox_schema = Schema::get();
            let at = mailbox_schema.position(name).unwrap_or_else(|| unreachable!("{name} is a mailbox's"));
            let current = directory.mailbox(index).value(at);
            let kind = mailbox_schema.properties[at].kind;
            of_mailbox.push((at, property_value(&directory, parameter, kind, &current, json)?));
            continue;
        }
        let Some(at) = schema.position(name).filter(|_| !facet.class.is_order(name)) else {
            return Err(ApiError::not_implemented(format!("the parameter '{name}' of {}", call.cmdlet)));
        };
        let current = directory.setting(facet, index, at);
        changes.push((at, property_value(&directory, parameter, schema.properties()[at].kind, &current, json)?));
    }
    complete(&directory, facet, index, &mut changes)?;
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let name = directory.mailbox(index).text("Name");
    let mut changed = directory.change_settings(facet, index, changes);
    changed |= directory.change(index, of_mailbox);
    Ok(Outcome::changed(changed, &name))
}

/// Checks that settings fit each other, and adds those that follow from others.
fn complete(
    directory: &Directory,
    facet: &'static Facet,
    index: u64,
    changes: &mut Vec<(usize, Value)>,
) -> Result<(), ApiError> {
    let schema = facet.schema();
    let after = |changes: &[(usize, Value)], name: &str| {
        let at = schema.position(name).unwrap_or_else(|| unreachable!("{name} is a setting"));
        let changed = changes.iter().rev().find(|(changed, _)| *changed == at);
        changed.map_or_else(|| directory.setting(facet, index, at), |(_, value)| value.clone())
    };
    if std::ptr::eq(facet, &AUTO_REPLY) && after(changes, "AutoReplyState") == Value::text("Scheduled") {
        let moment = |name: &str| match after(changes, name) {
            Value::Moment(ticks) => ticks,
            _ => 0,
        };
        if moment("EndTime") <= moment("StartTime") {
            return Err(ApiError::cmdlet(
                types::VALIDATION,
                "The end time of the automatic replies must be later than their start time.",
            ));
        }
    }
    if std::ptr::eq(facet, &REGIONAL)
        && let Some(at) = schema.position("Language")
        && let Some((_, Value::Text(language))) = changes.iter().find(|(changed, _)| *changed == at).cloned()
    {
        // A new language brings its own formats.
        let (date, time) = formats(&language);
        for (name, text) in [("DateFormat", date), ("TimeFormat", time)] {
            let at = schema.position(name).unwrap_or_else(|| unreachable!("{name} is a setting"));
            if changes.iter().all(|(changed, _)| *changed != at) {
                changes.push((at, Value::text(text)));
            }
        }
    }
    Ok(())
}
