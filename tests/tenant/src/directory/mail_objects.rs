//! Mail-enabled public folders, and the searches that In-Place eDiscovery left behind.

use std::sync::OnceLock;

use super::objects::{Class, Entry};
use super::others::{Naming, dress};
use super::value::Value;
use crate::clouds::Surface;

/// A public folder that takes mail. They are kept apart from the other recipients: here `Get-Recipient` doesn't list them.
pub static MAIL_PUBLIC_FOLDER: Class = Class {
    noun: "MailPublicFolder",
    surface: Surface::Exchange,
    shape: None,
    settable_by: &["Set-MailPublicFolder"],
    orders: &["IgnoreDefaultScope", "IgnoreMissingFolderLink", "OnPremisesObjectId"],
    in_directory: true,
    directory_class: "Public-Folder",
    table: "
AddressListMembership L [\\Public Folders|\\All Recipients(VLV)|\\Public Folders(VLV)|\\Default Global Address List]
ContentMailbox T
EmailAddressPolicyEnabled B true
ExternalDirectoryObjectId T
ExternalEmailAddress T null
HiddenFromAddressListsEnabled B false
LegacyExchangeDN T
MailTip T null
MaxReceiveSize T Unlimited
MaxSendSize T Unlimited
OrganizationalUnit T
PoliciesExcluded L []
PoliciesIncluded L [{26491cfc-9e50-4857-861b-0cb8df22b5d7}]
RecipientType T PublicFolder
RecipientTypeDetails T PublicFolder
RequireSenderAuthenticationEnabled B false
SendModerationNotifications T Always
",
    identities: &["Name", "Alias", "DisplayName", "DistinguishedName", "Guid", "LegacyExchangeDN", "EntryId"],
    first: |class, seed| {
        [("Harbour Reports", "harbour.reports"), ("Old Orders", "old.orders")]
            .into_iter()
            .map(|(name, alias)| {
                let company = seed.company;
                let primary = format!("{alias}@{}", company.vanity_domain);
                let addresses = vec![format!("SMTP:{primary}"), format!("smtp:{alias}@{}", company.initial_domain)];
                let mut folder = Entry::first(class, seed, name);
                let naming = Naming { name, display_name: name, alias, primary: &primary, addresses, entra: "" };
                dress(&mut folder, company, &naming);
                folder.set("EntryId", Value::text(seed.named_guid(&format!("folder {name}")).replace('-', "")));
                folder
            })
            .collect()
    },
    schema: OnceLock::new(),
};

/// A search of In-Place eDiscovery. The service makes no new ones any more; old ones can be looked at and removed.
pub static MAILBOX_SEARCH: Class = Class {
    noun: "MailboxSearch",
    surface: Surface::Exchange,
    shape: None,
    settable_by: &["New-MailboxSearch"],
    orders: &["Force"],
    in_directory: false,
    directory_class: "",
    table: "
CreatedBy T
Guid G
Id T
Identity T
InPlaceHoldEnabled B false
InPlaceHoldIdentity T
IsValid B true
ItemHoldPeriod T Unlimited
LastModifiedBy T
ObjectState T Unchanged
ResultNumber J 0
ResultSize T 0 B (0 bytes)
Status T NotStarted
WhenChangedUTC U null
WhenCreatedUTC U null
",
    identities: &["Name", "Identity", "Guid"],
    first: |class, seed| {
        let hold = seed.named_guid("in-place hold Tender of 2016").replace('-', "");
        vec![
            Entry::first(class, seed, "Tender of 2016")
                .with("CreatedBy", Value::Text(format!("{} Admin", seed.company.name)))
                .with("SearchQuery", Value::text("tender"))
                .with("SourceMailboxes", Value::List(vec![seed.person(0).name]))
                .with("InPlaceHoldEnabled", Value::Bool(true))
                .with("InPlaceHoldIdentity", Value::Text(hold))
                .with("Status", Value::text("Succeeded")),
        ]
    },
    schema: OnceLock::new(),
};
