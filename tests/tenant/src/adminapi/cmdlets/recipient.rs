//! `Get-Recipient`: all mailboxes, then the company's groups and contacts.

use super::members::compile;
use super::wildcard::Wildcard;
use super::{filter_within_unit, read, refuse_unevaluated, resolves, texts};
use crate::adminapi::errors::ApiError;
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::filtering::{MailboxSubject, OtherSubject};
use crate::directory::links::RecipientId;
use crate::directory::recipient::{write_mailbox, write_other};
use crate::directory::value::Value;
use crate::opath::Filter;

const EVALUATED: [&str; 11] = [
    "Identity",
    "Anr",
    "AuthenticationType",
    "Filter",
    "IncludeSoftDeletedRecipients",
    "OrganizationalUnit",
    "RecipientPreviewFilter",
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
    // Whom a dynamic group with that filter would have.
    let preview = arguments.text("RecipientPreviewFilter").map(compile).transpose()?;
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
    let value = |at: u64, name: &str| directory.recipient_value(at_position(at), name);
    let wildcard = Wildcard::of(call);
    let belongs = |at: u64| {
        if at < OTHERS && directory.is_removed(at) && !soft_deleted {
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
            && wildcard.as_ref().is_none_or(|wildcard| wildcard.fits(|name| value(at, name)))
            && authentication.is_none_or(|wanted| {
                value(at, "AuthenticationType").as_text().is_some_and(|text| text.eq_ignore_ascii_case(wanted))
            })
            && filter.iter().chain(&preview).all(|filter| holds(&directory, filter, at_position(at)))
    };
    let write = |at: u64, out: &mut String| write_recipient(&directory, at_position(at), out, call.select.as_deref());
    if let Some(identity) = arguments.text("Identity").filter(|text| !text.is_empty() && wildcard.is_none()) {
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
        let mut sorted: Vec<(String, u64)> = positions(&directory, 0)
            .filter(|at| belongs(*at))
            .map(|at| (value(at, property).as_text().unwrap_or("").to_lowercase(), at))
            .collect();
        sorted.sort();
        return call
            .list(|from| (from < sorted.len() as u64).then_some(from), |at, out| write(sorted[at as usize].1, out));
    }
    call.list(|from| positions(&directory, from).find(|at| belongs(*at)), write)
}

/// Recipients without a mailbox come after all mailboxes, however many are made meanwhile.
pub(super) const OTHERS: u64 = 1 << 40;

/// The recipient at a place of the list of all.
pub(super) fn at_position(at: u64) -> RecipientId {
    if at < OTHERS { RecipientId::Mailbox(at) } else { RecipientId::Other(at - OTHERS) }
}

/// The place of a recipient in the list of all.
fn position(recipient: RecipientId) -> u64 {
    match recipient {
        RecipientId::Mailbox(index) => index,
        RecipientId::Other(number) => OTHERS + number,
    }
}

/// The places of the list of all recipients that are taken, from one on.
pub(super) fn positions(directory: &Directory, from: u64) -> impl Iterator<Item = u64> {
    let others = directory.others().from(from.saturating_sub(OTHERS)).map(|(number, _)| OTHERS + number);
    (from..directory.end()).chain(others)
}

/// Whether a filter on recipients holds.
pub(super) fn holds(directory: &Directory, filter: &Filter, recipient: RecipientId) -> bool {
    match recipient {
        RecipientId::Mailbox(index) => {
            filter.holds(&MailboxSubject { mailbox: &directory.mailbox(index), as_recipient: true })
        }
        RecipientId::Other(number) => directory
            .others()
            .get(number)
            .is_some_and(|other| filter.holds(&OtherSubject { directory, number, other, as_recipient: true })),
    }
}

/// Appends the recipient object.
pub(super) fn write_recipient(
    directory: &Directory,
    recipient: RecipientId,
    out: &mut String,
    select: Option<&[String]>,
) {
    match recipient {
        RecipientId::Mailbox(index) => write_mailbox(out, &directory.mailbox(index), select),
        RecipientId::Other(number) => {
            if let Some(other) = directory.others().get(number) {
                write_other(out, other, select);
            }
        }
    }
}

/// Answers a list of recipients.
pub(super) fn list_recipients(
    call: &Call<'_>,
    directory: &Directory,
    recipients: &[RecipientId],
) -> Result<Outcome, ApiError> {
    call.list(
        |from| (from < recipients.len() as u64).then_some(from),
        |at, out| write_recipient(directory, recipients[at as usize], out, call.select.as_deref()),
    )
}

fn identified(directory: &Directory, identity: &str, soft_deleted: bool) -> Vec<u64> {
    let mut found: Vec<u64> = directory.recipients(identity).into_iter().map(position).collect();
    if soft_deleted {
        found.extend(directory.find(identity, true));
    }
    found
}
