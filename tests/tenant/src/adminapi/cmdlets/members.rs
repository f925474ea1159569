//! Who belongs to a distribution group, and whom a dynamic one finds.

use super::generic::{identity, list_of};
use super::others::one_other;
use super::recipient::{at_position, holds, list_recipients, positions};
use super::{one_recipient, read, refuse_unevaluated, write};
use crate::adminapi::errors::ApiError;
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::links::{LinkKind, RecipientId};
use crate::directory::objects::Entry;
use crate::directory::others::{DISTRIBUTION_GROUP, DYNAMIC_GROUP};
use crate::opath::Filter;

const BYPASS: &str = "BypassSecurityGroupManagerCheck";

/// The recipients of those names.
pub(super) fn named(directory: &Directory, names: &[String]) -> Result<Vec<RecipientId>, ApiError> {
    names.iter().map(|name| one_recipient(directory, name)).collect()
}

/// Leaves every recipient once.
pub(super) fn deduplicate(recipients: &mut Vec<RecipientId>) {
    let mut seen = Vec::new();
    recipients.retain(|recipient| {
        let new = !seen.contains(recipient);
        seen.push(*recipient);
        new
    });
}

/// `Get-DistributionGroupMember`
pub(super) fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "ResultSize"])?;
    let directory = read(call);
    let group = one_other(&directory, identity(call), &[&DISTRIBUTION_GROUP])?;
    list_recipients(call, &directory, &directory.members(group, LinkKind::Members))
}

/// The one recipient that a call is about.
fn member(call: &Call<'_>, directory: &Directory) -> Result<RecipientId, ApiError> {
    match call.arguments.text("Member").filter(|member| !member.trim().is_empty()) {
        Some(member) => one_recipient(directory, member),
        None => Err(ApiError::parameters(
            "Cannot process command because of one or more missing mandatory parameters: Member.",
        )),
    }
}

/// `Add-DistributionGroupMember`
pub(super) fn add(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Member", BYPASS])?;
    let mut directory = write(call);
    let group = one_other(&directory, identity(call), &[&DISTRIBUTION_GROUP])?;
    let member = member(call, &directory)?;
    let mut members = directory.members(group, LinkKind::Members);
    let name = directory.recipient_text(RecipientId::Other(group), "Name");
    if members.contains(&member) {
        return Err(ApiError::cmdlet(
            "Microsoft.Exchange.Management.Tasks.MemberAlreadyExistsException",
            format!(
                "The recipient \"{}\" is already a member of the group \"{name}\".",
                directory.recipient_text(member, "Name")
            ),
        ));
    }
    if member == RecipientId::Other(group) {
        return Err(ApiError::cmdlet(
            "Microsoft.Exchange.Configuration.Tasks.RecipientTaskException",
            format!("The group \"{name}\" can't be a member of itself."),
        ));
    }
    if !call.arguments.what_if {
        members.push(member);
        directory.set_members(group, LinkKind::Members, members);
    }
    Ok(Outcome::default())
}

/// `Remove-DistributionGroupMember`
pub(super) fn remove(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Member", BYPASS])?;
    let mut directory = write(call);
    let group = one_other(&directory, identity(call), &[&DISTRIBUTION_GROUP])?;
    let member = member(call, &directory)?;
    let mut members = directory.members(group, LinkKind::Members);
    if !members.contains(&member) {
        return Err(ApiError::cmdlet(
            "Microsoft.Exchange.Management.Tasks.MemberNotFoundException",
            format!(
                "The recipient \"{}\" isn't a member of the group \"{}\".",
                directory.recipient_text(member, "Name"),
                directory.recipient_text(RecipientId::Other(group), "Name")
            ),
        ));
    }
    if !call.arguments.what_if {
        members.retain(|known| *known != member);
        directory.set_members(group, LinkKind::Members, members);
    }
    Ok(Outcome::default())
}

/// `Update-DistributionGroupMember`
pub(super) fn update(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Members", BYPASS])?;
    let mut directory = write(call);
    let group = one_other(&directory, identity(call), &[&DISTRIBUTION_GROUP])?;
    let mut members = directory.members(group, LinkKind::Members);
    match call.arguments.get("Members") {
        Some(serde_json::Value::Object(change)) => {
            let part = |wanted: &str| {
                let value = change.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value);
                named(&directory, &super::texts(value).unwrap_or_default())
            };
            let (gone, new) = (part("Remove")?, part("Add")?);
            members.retain(|member| !gone.contains(member));
            members.extend(new);
        }
        Some(_) => members = named(&directory, &list_of(call, "Members"))?,
        None => {}
    }
    deduplicate(&mut members);
    if !call.arguments.what_if {
        directory.set_members(group, LinkKind::Members, members);
    }
    Ok(Outcome::default())
}

/// Reads the filter of a dynamic group. The properties are those of `Get-Recipient`, on which it is evaluated.
pub(super) fn compile(text: &str) -> Result<Filter, ApiError> {
    Filter::compile("Get-Recipient", text)
        .map_err(|error| ApiError::cmdlet("Microsoft.Exchange.Data.ParsingException", error.text()))
}

/// Checks the filter of a dynamic group.
pub(super) fn check_filter(text: &str) -> Result<(), ApiError> {
    compile(text).map(drop)
}

/// Whom a dynamic group's filter finds.
pub(super) fn found_by(directory: &Directory, group: &Entry) -> Result<Vec<RecipientId>, ApiError> {
    let filter = compile(&group.text("RecipientFilter"))?;
    Ok(positions(directory, 0)
        .map(at_position)
        .filter(|recipient| directory.exists(*recipient) && holds(directory, &filter, *recipient))
        .collect())
}

/// `Get-DynamicDistributionGroupMember`
pub(super) fn get_dynamic(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "ResultSize"])?;
    let directory = read(call);
    let group = one_other(&directory, identity(call), &[&DYNAMIC_GROUP])?;
    let entry = directory.others().get(group).unwrap_or_else(|| unreachable!("it was found just now"));
    let found = found_by(&directory, entry)?;
    list_recipients(call, &directory, &found)
}
