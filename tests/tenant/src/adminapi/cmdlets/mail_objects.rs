//! Mail-enabled public folders, what is left of In-Place eDiscovery, and the groups that could become Microsoft 365 groups.

use super::generic::{get, get_computed, identity, remove, set};
use super::others::one_other;
use super::{Cmdlet, filter_within_unit, one_recipient, read, refuse_unevaluated, resolves};
use crate::adminapi::errors::ApiError;
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::filtering::OtherSubject;
use crate::directory::links::{LinkKind, RecipientId};
use crate::directory::mail_objects::{MAIL_PUBLIC_FOLDER, MAILBOX_SEARCH};
use crate::directory::objects::Entry;
use crate::directory::others::DISTRIBUTION_GROUP;

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-EligibleDistributionGroupForMigration", get_eligible),
    ("Get-MailPublicFolder", get_folder),
    ("Get-MailboxSearch", get_search),
    ("Remove-MailboxSearch", |call| remove(call, &MAILBOX_SEARCH)),
    ("Set-MailPublicFolder", set_folder),
];

fn get_folder(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let filter = filter_within_unit(call)?;
    let anr = call.arguments.text("Anr");
    get_computed(
        call,
        &MAIL_PUBLIC_FOLDER,
        &["Anr", "Filter", "IgnoreDefaultScope"],
        |directory, folder| {
            anr.is_none_or(|wanted| {
                resolves(wanted, &["Name", "DisplayName", "Alias", "PrimarySmtpAddress"].map(|name| folder.text(name)))
            }) && filter.as_ref().is_none_or(|filter| {
                filter.holds(&OtherSubject { directory, number: 0, other: folder, as_recipient: false })
            })
        },
        |_, _, _| None,
    )
}

fn set_folder(call: &Call<'_>) -> Result<Outcome, ApiError> {
    // Its addresses would have to be free among those of all recipients, which these folders are kept apart from.
    for name in ["EmailAddresses", "PrimarySmtpAddress", "WindowsEmailAddress"] {
        if call.arguments.get(name).is_some() {
            return Err(ApiError::not_implemented(format!("the parameter '{name}' of {}", call.cmdlet)));
        }
    }
    set(call, &MAIL_PUBLIC_FOLDER, |_, _, _, _| Ok(None))
}

/// Old searches, by themselves or by the hold that they made.
fn get_search(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let hold = call.arguments.text("InPlaceHoldIdentity");
    if let Some(hold) = hold {
        let directory = read(call);
        if directory.collection(&MAILBOX_SEARCH).find_by("InPlaceHoldIdentity", hold).is_none() {
            return Err(ApiError::not_found(hold));
        }
    }
    get(call, &MAILBOX_SEARCH, &["InPlaceHoldIdentity", "ShowDeletionInProgressSearches"], |search| {
        hold.is_none_or(|hold| search.text("InPlaceHoldIdentity").eq_ignore_ascii_case(hold))
    })
}

/// Whether a group could become a Microsoft 365 group: a plain list of people, without other groups in it or around it,
/// whose owners have mailboxes.
fn is_eligible(directory: &Directory, number: u64, group: &Entry) -> bool {
    let has_mailbox = |owner: &String| matches!(directory.recipient(owner), Ok(RecipientId::Mailbox(_)));
    let is_group = |member: &RecipientId| {
        matches!(member, RecipientId::Other(_)) && directory.recipient_text(*member, "RecipientType").contains("Group")
    };
    let owners = group.list("ManagedBy");
    let within_another = || {
        directory.others().iter().any(|(other, entry)| {
            std::ptr::eq(entry.class(), &DISTRIBUTION_GROUP)
                && directory.members(other, LinkKind::Members).contains(&RecipientId::Other(number))
        })
    };
    std::ptr::eq(group.class(), &DISTRIBUTION_GROUP)
        && group.text("RecipientTypeDetails") == "MailUniversalDistributionGroup"
        && !owners.is_empty()
        && owners.iter().all(has_mailbox)
        && !directory.members(number, LinkKind::Members).iter().any(is_group)
        && !group.flag("HiddenFromAddressListsEnabled")
        && !within_another()
}

fn get_eligible(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "ManagedBy", "OrganizationalUnit", "ResultSize"])?;
    filter_within_unit(call)?;
    let directory = read(call);
    let wanted = match identity(call) {
        "" => None,
        name => Some(one_other(&directory, name, &[&DISTRIBUTION_GROUP])?),
    };
    let owner = match call.arguments.text("ManagedBy") {
        Some(owner) => Some(directory.recipient_text(one_recipient(&directory, owner)?, "Name")),
        None => None,
    };
    let is_listed = |number: u64, group: &Entry| {
        wanted.is_none_or(|wanted| wanted == number)
            && is_eligible(&directory, number, group)
            && owner.as_ref().is_none_or(|owner| group.list("ManagedBy").contains(owner))
    };
    call.list(
        |from| {
            directory.others().from(from).find(|(number, group)| is_listed(*number, group)).map(|(number, _)| number)
        },
        |number, out| {
            if let Some(group) = directory.others().get(number) {
                group.write(out, call.select.as_deref());
            }
        },
    )
}
