//! The recipient object of `Get-Recipient`: mailboxes in their coarse form, and the company's groups and contacts.

use super::facets;
use super::mailbox::Mailbox;
use super::objects::Entry;
use super::organization::write_selected;
use super::seed::MailboxType;
use super::value::{Kind, Value};

/// Name and kind of each property, in order; kinds as in the mailbox table, Y for byte arrays that are always null here.
const TABLE: &str = "
Identity T, Alias T, ArchiveGuid G, ArchiveDatabase T, ArchiveRelease T, ArchiveState T, ArchiveStatus T,
AuthenticationType T, City T, Notes T, Company T, CountryOrRegion T, PostalCode T, CustomAttribute1 T,
CustomAttribute2 T, CustomAttribute3 T, CustomAttribute4 T, CustomAttribute5 T, CustomAttribute6 T, CustomAttribute7 T,
CustomAttribute8 T, CustomAttribute9 T, CustomAttribute10 T, CustomAttribute11 T, CustomAttribute12 T,
CustomAttribute13 T, CustomAttribute14 T, CustomAttribute15 T, ExtensionCustomAttribute1 L,
ExtensionCustomAttribute2 L, ExtensionCustomAttribute3 L, ExtensionCustomAttribute4 L, ExtensionCustomAttribute5 L,
Database T, DatabaseName T, StorageGroupName T, Department T, ExpansionServer T, ExternalDirectoryObjectId T,
ExternalEmailAddress T, FirstName T, HiddenFromAddressListsEnabled B, EmailAddressPolicyEnabled B, EmailAddresses L,
AddressListMembership L, IsValidSecurityPrincipal B, LastName T, LitigationHoldEnabled B, ResourceType T, ManagedBy L,
Manager T, Members T, ActiveSyncMailboxPolicy T, ActiveSyncMailboxPolicyIsDefaulted B,
HasActiveSyncDevicePartnership B, OwaMailboxPolicy T, AddressBookPolicy T, SharingPolicy T, RetentionPolicy T,
ShouldUseDefaultRetentionPolicy B, ManagedFolderMailboxPolicy T, UMMailboxPolicy T, UMRecipientDialPlanId T, Name T,
DisplayName T, Office T, ObjectCategory T, OrganizationalUnit T, Phone T, PoliciesIncluded L, PoliciesExcluded L,
PrimarySmtpAddress T, RecipientType T, RecipientTypeDetails T, SafeSendersHash Y, SafeRecipientsHash Y,
BlockedSendersHash Y, SamAccountName T, ServerLegacyDN T, ServerName T, SKUAssigned B, StateOrProvince T, Title T,
UsageLocation T, WindowsLiveID T, MailboxMoveTargetMDB T, MailboxMoveSourceMDB T, MailboxMoveFlags T,
MailboxMoveRemoteHostName T, MailboxMoveBatchName T, MailboxMoveStatus T, MailboxRelease T, Capabilities L,
ExchangeGuid G, ExchangeVersion T, DistinguishedName T, ObjectClass L, ObjectKey T, WhenChanged O, WhenCreated O,
WhenChangedUTC U, WhenCreatedUTC U, WhenMailboxCreated M, WhenSoftDeleted O, ExchangeObjectId G, OrganizationId T,
Id T, Guid G
";

/// Names and kinds of the recipient object's properties, in order.
pub fn schema() -> impl Iterator<Item = (&'static str, Kind)> {
    TABLE.split(',').map(|entry| {
        let (name, kind) = entry.trim().split_once(' ').expect("name and kind");
        let kind = match kind {
            "B" => Kind::Bool,
            "G" => Kind::Guid,
            "L" => Kind::List,
            "M" => Kind::MomentBare,
            "O" => Kind::MomentOffset,
            "U" => Kind::MomentUtc,
            _ => Kind::Text,
        };
        (name, kind)
    })
}

/// A property of the recipient object of a recipient without a mailbox; the empty value of its kind if it has none.
#[must_use]
pub fn other_value(other: &Entry, name: &str) -> Value {
    if other.has(name) {
        return other.get(name);
    }
    match schema().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        Some((_, Kind::List)) => Value::List(vec![]),
        Some((_, Kind::Bool)) => Value::Bool(false),
        Some((_, Kind::Guid)) => Value::text("00000000-0000-0000-0000-000000000000"),
        Some((name, _)) if name.starts_with("CustomAttribute") => Value::text(""),
        Some(("ArchiveState" | "ArchiveStatus" | "MailboxMoveFlags" | "MailboxMoveStatus", _)) => Value::text("None"),
        _ => Value::Null,
    }
}

/// Appends the recipient object of a recipient without a mailbox.
pub fn write_other(out: &mut String, other: &Entry, select: Option<&[String]>) {
    write_selected(out, schema().map(|(name, kind)| (name, kind, other_value(other, name))), select);
}

/// A property of a mailbox's recipient object.
#[must_use]
pub fn mailbox_value(mailbox: &Mailbox<'_>, name: &str) -> Value {
    let person = &mailbox.person;
    let user = person.mailbox_type == MailboxType::User;
    let of_person = |text: &str| if user { Value::text(text) } else { Value::text("") };
    if let Some(changed) = mailbox.user_changes.and_then(|changes| changes.get(&facets::USER.schema().position(name)?))
    {
        return changed.clone();
    }
    match name.to_ascii_lowercase().as_str() {
        "firstname" => of_person(&person.given_name),
        "lastname" => of_person(&person.family_name),
        "department" => of_person(person.department),
        "title" => of_person(person.title),
        "city" => Value::text(person.city),
        "company" => Value::text(mailbox.seed.company.name),
        "countryorregion" => Value::text(match person.country {
            "FR" => "France",
            "DE" => "Germany",
            "ES" => "Spain",
            "CA" => "Canada",
            "US" => "United States",
            "JP" => "Japan",
            "IE" => "Ireland",
            "CH" => "Switzerland",
            _ => "Brazil",
        }),
        "c" => Value::text(person.country),
        "stateorprovince" => Value::text(person.state),
        "postalcode" => Value::text(format!("{:05}", person.hash % 100_000)),
        "phone" => of_person(&format!("+1 425 555 {:04}", person.hash % 10_000)),
        "authenticationtype" => Value::text("Managed"),
        "databasename" => mailbox.get("Database"),
        "notes" | "members" => Value::text(""),
        "isvalidsecurityprincipal" => Value::Bool(true),
        "activesyncmailboxpolicyisdefaulted" | "shouldusedefaultretentionpolicy" => Value::Bool(true),
        "activesyncmailboxpolicy" => Value::text("Default"),
        "owamailboxpolicy" => Value::text("OwaMailboxPolicy-Default"),
        "hasactivesyncdevicepartnership" => Value::Bool(user && person.hash & 32 == 0),
        "managedby" | "capabilities" => Value::List(vec![]),
        _ => mailbox.get(name),
    }
}

/// Appends a mailbox's recipient object.
pub fn write_mailbox(out: &mut String, mailbox: &Mailbox<'_>, select: Option<&[String]>) {
    write_selected(out, schema().map(|(name, kind)| (name, kind, mailbox_value(mailbox, name))), select);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn the_schema_is_the_catalogues() {
        let table: BTreeSet<&str> = schema().map(|(name, _)| name).collect();
        let catalogue: BTreeSet<&str> = Catalog::get()
            .object("Recipient")
            .iter()
            .filter(|(_, property)| property.sources.iter().any(|source| source != "filter"))
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(catalogue, table);
    }
}
