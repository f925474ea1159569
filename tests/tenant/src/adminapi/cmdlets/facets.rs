//! Settings of a mailbox besides the mailbox object: protocols, automatic replies, Outlook, region, calendar, person.

use serde_json::Value as Json;

use super::generic::identity;
use super::values::property_value;
use super::{Cmdlet, filter_within_unit, one_mailbox, read, refuse_unevaluated, resolves, texts, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::facets::{
    AUTO_REPLY, CALENDAR_PROCESSING, CAS_MAILBOX, Facet, MESSAGE_CONFIGURATION, REGIONAL, USER, formats,
};
use crate::directory::filtering::MailboxSubject;
use crate::directory::mailbox::{Mailbox, Schema};
use crate::directory::organization::write_selected;
use crate::directory::value::Value;
use crate::opath::{Filter, Subject};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-CASMailbox", |call| list(call, &CAS_MAILBOX)),
    ("Get-CalendarProcessing", |call| get(call, &CALENDAR_PROCESSING)),
    ("Get-MailboxAutoReplyConfiguration", |call| get(call, &AUTO_REPLY)),
    ("Get-MailboxMessageConfiguration", |call| get(call, &MESSAGE_CONFIGURATION)),
    ("Get-MailboxRegionalConfiguration", |call| get(call, &REGIONAL)),
    ("Get-User", |call| list(call, &USER)),
    ("Set-CASMailbox", |call| set(call, &CAS_MAILBOX)),
    ("Set-CalendarProcessing", |call| set(call, &CALENDAR_PROCESSING)),
    ("Set-MailboxAutoReplyConfiguration", |call| set(call, &AUTO_REPLY)),
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

/// Lists the settings of mailboxes, or shows those of one.
fn list(call: &Call<'_>, facet: &'static Facet) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &["Identity", "Anr", "Filter", "OrganizationalUnit", "RecipientTypeDetails", "ResultSize", "SortBy", "Sortby"],
    )?;
    let directory = read(call);
    let arguments = &call.arguments;
    let filter: Option<Filter> = filter_within_unit(call)?;
    let details = texts(arguments.get("RecipientTypeDetails"));
    let anr = arguments.text("Anr");
    let belongs = |index: u64| {
        if directory.is_removed(index) {
            return false;
        }
        let mailbox = directory.mailbox(index);
        details.as_ref().is_none_or(|list| {
            let text = mailbox.text("RecipientTypeDetails");
            list.iter().any(|wanted| wanted.eq_ignore_ascii_case(&text))
        }) && anr.is_none_or(|wanted| {
            resolves(wanted, &["Name", "DisplayName", "Alias", "UserPrincipalName"].map(|name| mailbox.text(name)))
        }) && filter
            .as_ref()
            .is_none_or(|filter| filter.holds(&FacetSubject { directory: &directory, facet, mailbox: &mailbox }))
    };
    if let Some(identity) = arguments.text("Identity").filter(|identity| !identity.is_empty()) {
        let index = one_mailbox(&directory, identity, false)?;
        let mut object = String::new();
        if !belongs(index) {
            return Ok(Outcome::default());
        }
        show(call, &directory, facet, index, &mut object);
        return Ok(Outcome::one(object));
    }
    let end = directory.end();
    if let Some(property) = arguments.text("SortBy").or(arguments.text("Sortby")) {
        let Some(property) =
            ["Name", "DisplayName", "Alias"].into_iter().find(|known| known.eq_ignore_ascii_case(property))
        else {
            return Err(ApiError::not_implemented(format!("sorting by '{property}'")));
        };
        let mut sorted: Vec<(String, u64)> = (0..end)
            .filter(|index| belongs(*index))
            .map(|index| (directory.mailbox(index).text(property).to_lowercase(), index))
            .collect();
        sorted.sort();
        return call.list(
            |from| (from < sorted.len() as u64).then_some(from),
            |at, out| show(call, &directory, facet, sorted[at as usize].1, out),
        );
    }
    call.list(|from| (from..end).find(|index| belongs(*index)), |index, out| show(call, &directory, facet, index, out))
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
        if name == "Identity" || name == "IgnoreDefaultScope" || name == "UseCustomRouting" || off {
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
