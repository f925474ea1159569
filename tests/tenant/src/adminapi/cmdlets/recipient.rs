//! `Get-Recipient`: all mailboxes, then the company's groups and contacts.

use super::{filter_within_unit, read, refuse_unevaluated, resolves, texts};
use crate::adminapi::errors::ApiError;
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::filtering::MailboxSubject;
use crate::directory::recipient::{mailbox_value, write_mailbox};
use crate::directory::value::Value;

const EVALUATED: [&str; 10] = [
    "Identity",
    "Anr",
    "AuthenticationType",
    "Filter",
    "IncludeSoftDeletedRecipients",
    "OrganizationalUnit",
    "RecipientType",
    "RecipientTypeDetails",
    "ResultSize",
    "SortBy",
];
const SORTABLE: [&str; 4] = ["Name", "DisplayName", "Alias", "Office"];

/// `Get-Recipient`
pub(super) fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &EVALUATED)?;
    let directory = read(call);
    let arguments = &call.arguments;
    let filter = filter_within_unit(call)?;
    let kinds = texts(arguments.get("RecipientType"));
    let details = texts(arguments.get("RecipientTypeDetails"));
    let listed = |list: &Option<Vec<String>>, value: Value| {
        list.as_ref().is_none_or(|list| {
            value.as_text().is_some_and(|text| list.iter().any(|wanted| wanted.eq_ignore_ascii_case(text)))
        })
    };
    let anr = arguments.text("Anr");
    let authentication = arguments.text("AuthenticationType");
    let soft_deleted = arguments.switch("IncludeSoftDeletedRecipients");
    let end = directory.end();
    let total = end + directory.others.len() as u64;
    let value = |at: u64, name: &str| {
        if at < end {
            mailbox_value(&directory.mailbox(at), name)
        } else {
            directory.others[(at - end) as usize].get(name)
        }
    };
    let belongs = |at: u64| {
        if at < end && directory.is_removed(at) && !soft_deleted {
            return false;
        }
        if let Some(wanted) = anr {
            let names: Vec<String> = ["Name", "DisplayName", "Alias", "FirstName", "LastName", "PrimarySmtpAddress"]
                .into_iter()
                .filter_map(|name| value(at, name).as_text().map(str::to_owned))
                .collect();
            if !resolves(wanted, &names) {
                return false;
            }
        }
        listed(&kinds, if kinds.is_some() { value(at, "RecipientType") } else { Value::Null })
            && listed(&details, if details.is_some() { value(at, "RecipientTypeDetails") } else { Value::Null })
            && authentication.is_none_or(|wanted| {
                value(at, "AuthenticationType").as_text().is_some_and(|text| text.eq_ignore_ascii_case(wanted))
            })
            && filter.as_ref().is_none_or(|filter| {
                if at < end {
                    filter.holds(&MailboxSubject { mailbox: &directory.mailbox(at), as_recipient: true })
                } else {
                    filter.holds(&directory.others[(at - end) as usize])
                }
            })
    };
    let write = |at: u64, out: &mut String| {
        if at < end {
            write_mailbox(out, &directory.mailbox(at), call.select.as_deref());
        } else {
            directory.others[(at - end) as usize].write(out, call.select.as_deref());
        }
    };
    if let Some(identity) = arguments.text("Identity").filter(|identity| !identity.is_empty()) {
        let found = identified(&directory, identity, soft_deleted);
        let position = match found[..] {
            [position] => position,
            [] => return Err(ApiError::not_found(identity)),
            _ => return Err(ApiError::ambiguous(identity)),
        };
        let mut object = String::new();
        if !belongs(position) {
            return Ok(Outcome::default());
        }
        write(position, &mut object);
        return Ok(Outcome::one(object));
    }
    if let Some(property) = arguments.text("SortBy") {
        let Some(property) = SORTABLE.into_iter().find(|known| known.eq_ignore_ascii_case(property)) else {
            return Err(ApiError::not_implemented(format!("sorting recipients by '{property}'")));
        };
        let mut sorted: Vec<(String, u64)> = (0..total)
            .filter(|at| belongs(*at))
            .map(|at| (value(at, property).as_text().unwrap_or("").to_lowercase(), at))
            .collect();
        sorted.sort();
        return call
            .list(|from| (from < sorted.len() as u64).then_some(from), |at, out| write(sorted[at as usize].1, out));
    }
    call.list(|from| (from..total).find(|at| belongs(*at)), write)
}

fn identified(directory: &Directory, identity: &str, soft_deleted: bool) -> Vec<u64> {
    let mut found = directory.find(identity, false);
    if soft_deleted {
        found.extend(directory.find(identity, true));
    }
    let others = directory.others.iter().enumerate().filter(|(_, other)| other.has_identity(identity));
    found.extend(others.map(|(at, _)| directory.end() + at as u64));
    found
}
