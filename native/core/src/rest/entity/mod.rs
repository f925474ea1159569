//! The bulk cmdlets (`Get-EXO…`). They run no cmdlet of the service: they read its OData entity sets, so their parameters
//! become an address.
//!
//! Each address is one that public clients of the service use; the options are those that its metadata describes, under the
//! parameters' own names. Where neither says how a parameter travels (`User`, `Owner`, the reserved ones), it goes by its name
//! too, which the service takes for an option it may not know.

pub mod model;
mod values;

use crate::fault::Fault;
use base64::{Engine, prelude::BASE64_STANDARD};
use model::Model;
use serde_json::value::RawValue;
use std::{collections::BTreeSet, fmt::Write};
use url::Url;
use values::Parameters;

/// Members of the enumeration that says which folders are meant.
const FOLDER_SCOPES: [&str; 22] = [
    "All",
    "Archive",
    "Calendar",
    "Clutter",
    "Contacts",
    "ConversationHistory",
    "DeletedItems",
    "Drafts",
    "Inbox",
    "Journal",
    "JunkEmail",
    "LegacyArchiveJournals",
    "ManagedCustomFolder",
    "NonIpmRoot",
    "Notes",
    "Outbox",
    "Personal",
    "RecoverableItems",
    "RssSubscriptions",
    "SentItems",
    "SyncIssues",
    "Tasks",
];

/// Parameters that say which mailbox or recipient is meant, the one that decides first.
const IDENTITIES: [&str; 4] = ["Identity", "ExternalDirectoryObjectId", "UserPrincipalName", "PrimarySmtpAddress"];

/// A bulk cmdlet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkCmdlet {
    /// `Get-EXOCasMailbox`
    CasMailbox,
    /// `Get-EXOMailbox`
    Mailbox,
    /// `Get-EXOMailboxFolderPermission`
    MailboxFolderPermission,
    /// `Get-EXOMailboxFolderStatistics`
    MailboxFolderStatistics,
    /// `Get-EXOMailboxPermission`
    MailboxPermission,
    /// `Get-EXOMailboxStatistics`
    MailboxStatistics,
    /// `Get-EXOMobileDeviceStatistics`
    MobileDeviceStatistics,
    /// `Get-EXORecipient`
    Recipient,
    /// `Get-EXORecipientPermission`
    RecipientPermission,
}

/// What a call of a bulk cmdlet asks for.
#[derive(Debug)]
pub struct BulkRequest {
    /// `GET` here.
    pub url: Url,
    /// The mailbox that the call is about, for routing.
    pub anchor: Option<String>,
    /// What of the answer is wanted.
    pub wanted: Wanted,
}

/// What of an answer is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Who asked.
    pub cmdlet: BulkCmdlet,
    /// Names in small letters that a row is cut down to, for functions that give more than was asked for; none for all.
    pub only: Option<BTreeSet<String>>,
    /// Whether the service's own key was asked for. It comes along always and says nothing to a person.
    pub with_key: bool,
    /// Whose permissions were asked for, where rows can be told apart by that.
    pub user: Option<String>,
}

impl BulkCmdlet {
    const ALL: [Self; 9] = [
        Self::CasMailbox,
        Self::Mailbox,
        Self::MailboxFolderPermission,
        Self::MailboxFolderStatistics,
        Self::MailboxPermission,
        Self::MailboxStatistics,
        Self::MobileDeviceStatistics,
        Self::Recipient,
        Self::RecipientPermission,
    ];

    /// The bulk cmdlet of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cmdlet| cmdlet.name().eq_ignore_ascii_case(name))
    }

    /// The cmdlet's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CasMailbox => "Get-EXOCasMailbox",
            Self::Mailbox => "Get-EXOMailbox",
            Self::MailboxFolderPermission => "Get-EXOMailboxFolderPermission",
            Self::MailboxFolderStatistics => "Get-EXOMailboxFolderStatistics",
            Self::MailboxPermission => "Get-EXOMailboxPermission",
            Self::MailboxStatistics => "Get-EXOMailboxStatistics",
            Self::MobileDeviceStatistics => "Get-EXOMobileDeviceStatistics",
            Self::Recipient => "Get-EXORecipient",
            Self::RecipientPermission => "Get-EXORecipientPermission",
        }
    }

    /// What is known of the properties of its rows.
    pub fn model(self) -> &'static Model {
        model::of(self.name().trim_start_matches("Get-EXO"))
    }

    /// What the original says when nothing tells whose data is wanted; nothing for the cmdlets that can list everybody's.
    fn identity_is_missing(self) -> Option<String> {
        let sentence = match self {
            Self::MailboxFolderPermission => return Some(invalid_folder("")),
            Self::MailboxFolderStatistics => {
                "Identity is a mandatory value to provide for running Get-ExoMailboxFolderStatistics. You can specify identity \
                 by using either of the following Identity, ExternalDirectoryObjectId, UserPrincipalName."
            }
            Self::MailboxPermission => {
                "Identity is a mandatory value to provide for running Get-ExoMailboxPermission. You can specify identity by \
                 using any one of the three available parameters: Identity, ExternalDirectoryObjectId, UserPrincipalName."
            }
            Self::MailboxStatistics => {
                "Identity is a mandatory value to provide for running Get-ExoMailboxStatistics. You can specify identity by \
                 using either of the following 1. Any one of the three available parameters: Identity, ExchangeGuid, \
                 UserPrincipalName. 2. ExchangeGuid and DatabaseGuid"
            }
            Self::MobileDeviceStatistics => {
                "\"Mailbox\" \"Identity\" or \"ExternalDirectoryObjectId\" or \"UserPrincipalName\" or \"PrimarySmtpAddress\" \
                 parameter must be specified"
            }
            Self::CasMailbox | Self::Mailbox | Self::Recipient | Self::RecipientPermission => return None,
        };
        Some(sentence.to_owned())
    }

    /// The request for a call with these parameters.
    ///
    /// # Errors
    /// A parameter that cannot be sent, named in the text.
    pub fn request(self, service: &Url, tenant: &str, parameters: &RawValue) -> Result<BulkRequest, Fault> {
        let mut parameters = Parameters::read(parameters)?;
        let mut wanted = Wanted { cmdlet: self, only: None, with_key: false, user: None };
        let given = self.identity(&mut parameters)?;
        let mut address = Address::default();
        match self {
            Self::Mailbox => address.entity("Mailbox", given.id.as_deref()),
            Self::CasMailbox => address.entity("CasMailbox", given.id.as_deref()),
            Self::Recipient => address.entity("Recipient", given.id.as_deref()),
            Self::RecipientPermission => {
                wanted.user = recipient_permission(&mut address, given.id.as_deref(), &mut parameters)?;
                address.option("$expand", "RecipientPermission");
                address.option("$select", "RecipientPermission");
            }
            Self::MailboxPermission => {
                address.entity("Mailbox", given.id.as_deref());
                address.path.push_str("/MailboxPermission");
            }
            Self::MailboxFolderPermission => folder_permission(&mut address, given.id.as_deref().unwrap_or_default())?,
            Self::MailboxFolderStatistics => {
                let scope = parameters.text("FolderScope")?;
                address.entity("Mailbox", given.id.as_deref());
                let scope = folder_scope(scope.as_deref())?;
                let _ = write!(
                    address.path,
                    "/MailboxFolder/Exchange.GetMailboxFolderStatistics(folderscope=Exchange.ElcFolderType'{scope}')"
                );
            }
            Self::MailboxStatistics => match (&given.id, &given.store) {
                (Some(id), _) => {
                    address.entity("Mailbox", Some(id));
                    address.path.push_str("/Exchange.GetMailboxStatistics()");
                }
                (None, Some((mailbox, database))) => {
                    let _ = write!(
                        address.path,
                        "Mailbox/Exchange.GetMailboxStatisticsV2(mailboxGuid={mailbox},databaseGuid={database})"
                    );
                }
                (None, None) => {}
            },
            Self::MobileDeviceStatistics => match (&given.device, &given.id) {
                (Some(device), _) => {
                    let device = encode(&device.replace('\'', "''"));
                    let _ = write!(address.path, "GetMobileDeviceStatisticsByIdentity(Identity='{device}')");
                }
                (None, id) => {
                    address.entity("Mailbox", id.as_deref());
                    address.path.push_str("/MobileDevice/Exchange.GetMobileDeviceStatistics()");
                }
            },
        }
        self.properties(&mut parameters, &mut address, &mut wanted)?;
        if matches!(self, Self::MailboxPermission | Self::MailboxFolderPermission) {
            wanted.user = parameters.peek("User")?.filter(|user| names_one_user(user));
        }
        for (name, text) in parameters.rest()? {
            address.option(&name, &text);
        }
        Ok(BulkRequest { url: address.below(service, tenant), anchor: given.anchor, wanted })
    }

    /// Whose data is wanted.
    fn identity(self, parameters: &mut Parameters) -> Result<Given, Fault> {
        let mut texts = IDENTITIES.map(|_| None);
        let mut named = None;
        for (text, name) in texts.iter_mut().zip(IDENTITIES) {
            named = named.or_else(|| parameters.has(name).then_some(name));
            *text = parameters.identity(name)?;
        }
        let exchange_guid = parameters.guid("ExchangeGuid")?;
        let database_guid = parameters.guid("DatabaseGuid")?;
        let mailbox = parameters.identity("Mailbox")?;
        // What is piped brings all its ids, and an address among them is what routes.
        let address = [&texts[2], &texts[3], &texts[0], &mailbox].into_iter().flatten().find(|text| text.contains('@'));
        let anchor = address.map(|text| text.split(':').next().unwrap_or_default().to_owned());
        let mut given = Given { anchor, ..Given::default() };
        if self == Self::MobileDeviceStatistics {
            // A device is named by a path, or by an id of its own; a mailbox by everything else.
            let of_mailbox = mailbox.or_else(|| texts[1..].iter().flatten().next().cloned());
            match (&texts[0], of_mailbox) {
                (_, Some(mailbox)) => given.id = Some(mailbox),
                (Some(identity), None) if names_device(identity) => given.device = Some(identity.clone()),
                (identity, None) => given.id.clone_from(identity),
            }
        } else {
            given.id = texts.into_iter().flatten().next();
        }
        if given.id.is_none() && given.device.is_none() {
            given.store = exchange_guid.clone().zip(database_guid);
            if given.store.is_none() {
                given.id = exchange_guid;
            }
        }
        if given.id.is_none() && given.device.is_none() && given.store.is_none() {
            if let Some(sentence) = self.identity_is_missing() {
                return Err(Fault::invalid_argument("MissingIdentity", sentence));
            }
            if let Some(name) = named {
                return Err(values::refuse(name, "Empty", values::EMPTY));
            }
        }
        Ok(given)
    }

    /// `-PropertySets` and `-Properties`. The service gives the properties of the sets and the named ones together.
    ///
    /// The pages on property sets promise those of the set Minimum in either case, and scripts go on with the names in it. That
    /// the service adds them by itself is said nowhere, and the one public call with a set names Minimum before it: it is named
    /// here too. A name too many only brings more.
    fn properties(self, parameters: &mut Parameters, address: &mut Address, wanted: &mut Wanted) -> Result<(), Fault> {
        let known = model::sets(self.name());
        if known.is_empty() {
            return Ok(());
        }
        let mut sets: Vec<&str> = Vec::new();
        for set in parameters.list("PropertySets")? {
            let found = known.iter().find(|name| name.eq_ignore_ascii_case(&set)).ok_or_else(|| {
                let why = format!("There is no property set '{set}'. There are {}.", known.join(", "));
                values::refuse("PropertySets", "Invalid", &why)
            })?;
            if !sets.contains(found) {
                sets.push(*found);
            }
        }
        let mut names: Vec<String> = Vec::new();
        for name in parameters.list("Properties")? {
            if name == "*" {
                sets = vec!["All"];
                continue;
            }
            if !name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_') {
                let why = format!("'{name}' is no name of a property. Give names with commas between, or * for all.");
                return Err(values::refuse("Properties", "Invalid", &why));
            }
            // The service looks at capitals. A name that is not known here may be newer than this list; the service will say.
            let name = self.model().property(&name).map_or(name, |property| property.name.to_owned());
            if !names.contains(&name) {
                names.push(name);
            }
        }
        wanted.with_key = names.iter().any(|name| name == KEY);
        if sets.contains(&"All") {
            sets = vec!["All"];
        } else if !sets.contains(&"Minimum") {
            sets.insert(0, "Minimum");
        }
        if self == Self::MailboxStatistics && sets != ["All"] {
            // The function gives all there is, whatever it is asked.
            let members = sets.iter().flat_map(|set| model::members(self.name(), set));
            wanted.only = Some(members.chain(&names).map(|name| name.to_ascii_lowercase()).collect());
        }
        // A switch of old that stands for a set.
        let has_switch = self == Self::CasMailbox && parameters.take_switch("ProtocolSettings")?;
        if has_switch && sets != ["All"] && !sets.contains(&"ProtocolSettings") {
            sets.push("ProtocolSettings");
        }
        address.option("PropertySet", &sets.join(","));
        if !names.is_empty() {
            address.option("$select", &names.join(","));
        }
        Ok(())
    }
}

/// The key of an entity, which comes with every answer.
pub const KEY: &str = "ObjectKey";

/// Whose data is wanted.
#[derive(Debug, Default)]
struct Given {
    id: Option<String>,
    device: Option<String>,
    /// A mailbox and its database, where nothing else is known of it.
    store: Option<(String, String)>,
    anchor: Option<String>,
}

fn names_device(identity: &str) -> bool {
    let is_path = identity.contains(['\\', '/', '\u{a7}']) || identity.to_ascii_lowercase().starts_with("cn=");
    is_path || uuid::Uuid::parse_str(identity).is_ok()
}

/// Whether a text is a name by which rows show a user, so that rows can be chosen by it. Users have more names (aliases, ids),
/// which the service alone can resolve.
fn names_one_user(user: &str) -> bool {
    user.contains(['@', '\\']) || ["Default", "Anonymous"].iter().any(|name| name.eq_ignore_ascii_case(user))
}

/// The permissions of recipients; those of a trustee, or of some kinds, by the function for that. Returns the trustee.
///
/// The metadata has the function's parameters and says that the two names go in base64. How a list goes is not written there:
/// it is JSON here, as everywhere in OData.
fn recipient_permission(
    address: &mut Address,
    id: Option<&str>,
    parameters: &mut Parameters,
) -> Result<Option<String>, Fault> {
    let trustee = parameters.text("Trustee")?;
    let has_rights = parameters.has("AccessRights");
    let mut rights = parameters.list("AccessRights")?;
    if has_rights && rights.is_empty() {
        return Err(values::refuse("AccessRights", "Empty", values::EMPTY));
    }
    if trustee.is_none() && !has_rights {
        address.entity("Recipient", id);
        return Ok(None);
    }
    for right in &mut rights {
        // The only one there is. The service looks at capitals; what else there may be one day is for it to judge.
        if right.eq_ignore_ascii_case("SendAs") {
            "SendAs".clone_into(right);
        }
    }
    let quoted = |name: Option<&str>| name.map_or_else(|| "null".to_owned(), |name| format!("'{}'", key(name)));
    let rights = if has_rights { encode(&serde_json::json!(rights).to_string()) } else { "null".to_owned() };
    let _ = write!(
        address.path,
        "Recipient/Exchange.GetRecipientPermissionByFilters(identity={},trustee={},accessRights={rights})",
        quoted(id),
        quoted(trustee.as_deref())
    );
    address.option("isEncoded", "true");
    Ok(trustee)
}

fn folder_scope(given: Option<&str>) -> Result<&'static str, Fault> {
    let Some(given) = given else { return Ok("All") };
    FOLDER_SCOPES.into_iter().find(|scope| scope.eq_ignore_ascii_case(given)).ok_or_else(|| {
        let why = format!("There is no folder scope '{given}'. There are {}.", FOLDER_SCOPES.join(", "));
        values::refuse("FolderScope", "Invalid", &why)
    })
}

/// The original's sentence on an identity of a folder that cannot be read.
fn invalid_folder(identity: &str) -> String {
    format!(
        "Identity \"{identity}\" is not a valid value. The identity should be <MailboxId>:\\<FolderPath> or \
         <MailboxId>:<FolderId> format. Valid Value for Mailbox Identity is either GUID(XXXXXXXX - XXXX - XXXX - XXXX - \
         XXXXXXXXXXXX  format) or UserPrincipalName(xxxx@yyyy.zzz format) or Alias."
    )
}

/// `mailbox:\Folder`, `mailbox:FolderId`, or the mailbox alone for its root.
fn folder_permission(address: &mut Address, identity: &str) -> Result<(), Fault> {
    let (mailbox, folder) = identity.split_once(':').unwrap_or((identity, ""));
    if mailbox.trim().is_empty() {
        return Err(Fault::invalid_argument("InvalidIdentity", invalid_folder(identity)));
    }
    let folder = if folder.trim().is_empty() { "\\" } else { folder };
    let (mailbox, folder) = (key(mailbox), key(folder));
    let _ = write!(address.path, "Mailbox('{mailbox}')/MailboxFolder('{folder}')/MailboxFolderPermission");
    address.option("IsUsingMailboxFolderId", "True");
    address.option("IsEncoded", "True");
    Ok(())
}

/// The path below the tenant, and the options.
#[derive(Debug, Default)]
struct Address {
    path: String,
    query: String,
}

impl Address {
    /// An entity set, or one entity of it.
    fn entity(&mut self, set: &str, id: Option<&str>) {
        self.path.push_str(set);
        if let Some(id) = id {
            let _ = write!(self.path, "('{}')", key(id));
            self.option("isEncoded", "true");
        }
    }

    fn option(&mut self, name: &str, value: &str) {
        let between = if self.query.is_empty() { "" } else { "&" };
        let _ = write!(self.query, "{between}{name}={}", encode(value));
    }

    fn below(&self, service: &Url, tenant: &str) -> Url {
        let mut url = service.clone();
        url.set_path(&format!("adminapi/beta/{}/{}", encode(tenant), self.path));
        url.set_query(Some(self.query.as_str()).filter(|query| !query.is_empty()));
        url
    }
}

/// An identity as a key: whatever is in it, in letters that no address trips over.
fn key(identity: &str) -> String {
    encode(&BASE64_STANDARD.encode(identity))
}

/// Everything but plain letters, digits and a few marks as `%XX`, blanks too: a `+` means one only to some.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~,".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
