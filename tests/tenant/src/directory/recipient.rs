//! The recipient object of `Get-Recipient`: mailboxes in their coarse form, and the company's groups and contacts.

use std::collections::BTreeMap;

use super::company::Company;
use super::mailbox::{Mailbox, distinguished_name};
use super::organization::write_selected;
use super::seed::{MailboxType, Seed};
use super::value::{Kind, Value, ticks_from_unix};

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

/// A recipient that has no mailbox.
pub struct OtherRecipient {
    /// The company that knows it.
    pub company: &'static Company,
    values: BTreeMap<&'static str, Value>,
}

impl OtherRecipient {
    /// A property's value; the empty value of its kind if the recipient has none.
    #[must_use]
    pub fn get(&self, name: &str) -> Value {
        if let Some((_, value)) = self.values.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return value.clone();
        }
        match schema().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, Kind::List)) => Value::List(vec![]),
            Some((_, Kind::Bool)) => Value::Bool(false),
            Some((_, Kind::Guid)) => Value::text("00000000-0000-0000-0000-000000000000"),
            Some((name, _)) if name.starts_with("CustomAttribute") => Value::text(""),
            _ => Value::Null,
        }
    }

    /// A property's text; empty if it has none.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.get(name).into_text()
    }

    /// Whether an identity names the recipient.
    #[must_use]
    pub fn has_identity(&self, wanted: &str) -> bool {
        let names = [
            "Name",
            "Alias",
            "DisplayName",
            "DistinguishedName",
            "Guid",
            "ExternalDirectoryObjectId",
            "PrimarySmtpAddress",
        ];
        let wanted = wanted.to_lowercase();
        names.into_iter().any(|name| self.text(name).to_lowercase() == wanted)
            || matches!(self.get("EmailAddresses"), Value::List(items) if items.iter().any(|item| {
                item.split_once(':').is_some_and(|(prefix, address)| prefix.eq_ignore_ascii_case("smtp") && address.to_lowercase() == wanted)
            }))
    }

    /// Appends the object's JSON.
    pub fn write(&self, out: &mut String, select: Option<&[String]>) {
        write_selected(out, schema().map(|(name, kind)| (name, kind, self.get(name))), select);
    }
}

/// The company's groups and contacts.
#[must_use]
pub fn other_recipients(seed: &Seed) -> Vec<OtherRecipient> {
    const LIST: [(&str, &str, &str, &str); 12] = [
        ("All Company", "allcompany", "MailUniversalDistributionGroup", "MailUniversalDistributionGroup"),
        ("Sales Team", "salesteam", "MailUniversalDistributionGroup", "MailUniversalDistributionGroup"),
        ("Équipe Paris", "equipe.paris", "MailUniversalDistributionGroup", "MailUniversalDistributionGroup"),
        ("Finance Approvers", "finance.approvers", "MailUniversalSecurityGroup", "MailUniversalSecurityGroup"),
        ("Exchange Admins", "exchange.admins", "MailUniversalSecurityGroup", "MailUniversalSecurityGroup"),
        ("Project Aurora", "project.aurora", "MailUniversalDistributionGroup", "GroupMailbox"),
        ("Everyone in Engineering", "everyone.engineering", "DynamicDistributionGroup", "DynamicDistributionGroup"),
        ("Headquarters Rooms", "headquarters.rooms", "MailUniversalDistributionGroup", "RoomList"),
        ("Fabrikam Orders", "fabrikam.orders", "MailContact", "MailContact"),
        ("Tailspin Press Office", "tailspin.press", "MailContact", "MailContact"),
        ("Margie's Travel", "margies.travel", "MailContact", "MailContact"),
        ("Guest of Fabrikam", "guest.fabrikam", "MailUser", "GuestMailUser"),
    ];
    let Company { initial_domain, vanity_domain, .. } = seed.company;
    let outside_domain = seed.company.outside_domain();
    LIST.iter()
        .map(|(name, alias, recipient_type, details)| {
            let outside = matches!(*recipient_type, "MailContact" | "MailUser");
            let primary =
                if outside { format!("{alias}@{outside_domain}") } else { format!("{alias}@{vanity_domain}") };
            let when = Value::Moment(ticks_from_unix(1_740_000_000));
            let text = |text: &str| Value::text(text);
            let guid = seed.named_guid(&format!("recipient {alias}"));
            let mut values: BTreeMap<&'static str, Value> = BTreeMap::from([
                ("Identity", text(name)),
                ("Id", text(name)),
                ("Name", text(name)),
                ("DisplayName", text(name)),
                ("Alias", text(alias)),
                ("RecipientType", text(recipient_type)),
                ("RecipientTypeDetails", text(details)),
                ("PrimarySmtpAddress", text(&primary)),
                ("DistinguishedName", text(&distinguished_name(seed.company, name))),
                ("Guid", text(&guid)),
                ("ExchangeObjectId", text(&guid)),
                ("ExternalDirectoryObjectId", text(&seed.named_guid(&format!("entra {alias}")))),
                ("ExchangeVersion", text("0.20 (15.0.0.0)")),
                ("WhenCreated", when.clone()),
                ("WhenCreatedUTC", when.clone()),
                ("WhenChanged", when.clone()),
                ("WhenChangedUTC", when),
                ("ObjectClass", Value::List(vec!["top".into(), if outside { "contact" } else { "group" }.into()])),
                ("OrganizationId", text(initial_domain)),
                ("ArchiveState", text("None")),
                ("ArchiveStatus", text("None")),
                ("MailboxMoveFlags", text("None")),
                ("MailboxMoveStatus", text("None")),
            ]);
            let mut addresses = vec![format!("SMTP:{primary}")];
            if outside {
                values.insert("ExternalEmailAddress", Value::text(format!("SMTP:{primary}")));
            } else {
                addresses.push(format!("smtp:{alias}@{initial_domain}"));
                values.insert("ManagedBy", Value::List(vec!["Adele Vance".into()]));
            }
            values.insert("EmailAddresses", Value::List(addresses));
            OtherRecipient { company: seed.company, values }
        })
        .collect()
}

/// A property of a mailbox's recipient object.
#[must_use]
pub fn mailbox_value(mailbox: &Mailbox<'_>, name: &str) -> Value {
    let person = &mailbox.person;
    let user = person.mailbox_type == MailboxType::User;
    let of_person = |text: &str| if user { Value::text(text) } else { Value::text("") };
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
