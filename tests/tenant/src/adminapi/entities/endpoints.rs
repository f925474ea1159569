//! Which cmdlet answers which entity path.

use serde_json::{Map, Value as Json};

use super::model::{ENTITY_SETS, Entity};
use super::path::{Argument, Literal, Segment};
use super::query::{Asked, Form, Parameter};
use crate::adminapi::errors::ApiError;
use crate::directory::value::normalise_guid;

/// The kinds of folders that the service's model knows.
const FOLDER_SCOPES: [&str; 22] = [
    "Calendar",
    "Contacts",
    "DeletedItems",
    "Drafts",
    "Inbox",
    "JunkEmail",
    "Journal",
    "Notes",
    "Outbox",
    "SentItems",
    "Tasks",
    "All",
    "ManagedCustomFolder",
    "RssSubscriptions",
    "SyncIssues",
    "ConversationHistory",
    "Personal",
    "RecoverableItems",
    "NonIpmRoot",
    "LegacyArchiveJournals",
    "Clutter",
    "Archive",
];

const MAILBOX: &[Parameter] = &[
    ("Anr", Form::Text),
    ("Archive", Form::Switch),
    ("Async", Form::Switch),
    ("Filter", Form::Text),
    ("GroupMailbox", Form::Switch),
    ("InactiveMailboxOnly", Form::Switch),
    ("IncludeInactiveMailbox", Form::Switch),
    ("MailboxPlan", Form::Text),
    ("Migration", Form::Switch),
    ("OrganizationalUnit", Form::Text),
    ("PublicFolder", Form::Switch),
    ("RecipientTypeDetails", Form::List),
    ("SoftDeletedMailbox", Form::Switch),
];
const CAS_MAILBOX: &[Parameter] = &[
    ("ActiveSyncDebugLogging", Form::Switch),
    ("Anr", Form::Text),
    ("Filter", Form::Text),
    ("IgnoreDefaultScope", Form::Switch),
    ("OrganizationalUnit", Form::Text),
    ("ReadIsOptimizedForAccessibility", Form::Switch),
    ("RecipientTypeDetails", Form::List),
];
const RECIPIENT: &[Parameter] = &[
    ("Anr", Form::Text),
    ("Filter", Form::Text),
    ("IncludeSoftDeletedRecipients", Form::Switch),
    ("OrganizationalUnit", Form::Text),
    ("RecipientPreviewFilter", Form::Text),
    ("RecipientType", Form::List),
    ("RecipientTypeDetails", Form::List),
];
const USER: &[Parameter] = &[
    ("Anr", Form::Text),
    ("Filter", Form::Text),
    ("OrganizationalUnit", Form::Text),
    ("RecipientTypeDetails", Form::List),
];
const STATISTICS: &[Parameter] = &[
    ("Archive", Form::Switch),
    ("IncludeMoveHistory", Form::Switch),
    ("IncludeMoveReport", Form::Switch),
    ("IncludeSoftDeletedRecipients", Form::Switch),
    ("UseCustomRouting", Form::Switch),
];
const FOLDER_STATISTICS: &[Parameter] = &[
    ("Archive", Form::Switch),
    ("DiagnosticInfo", Form::Text),
    ("IncludeOldestAndNewestItems", Form::Switch),
    ("IncludeSoftDeletedRecipients", Form::Switch),
    ("UseCustomRouting", Form::Switch),
];
const PERMISSION: &[Parameter] = &[
    ("GroupMailbox", Form::Switch),
    ("Owner", Form::Switch),
    ("SoftDeletedMailbox", Form::Switch),
    ("UseCustomRouting", Form::Switch),
    ("User", Form::Text),
];
/// That the folder's key is its own and not the mailbox's is said by an option, which asks for nothing more.
const FOLDER_OPTION: &str = "IsUsingMailboxFolderId";
/// Options that the cmdlets behind the endpoints don't have, and that ask for nothing here.
pub const WITHOUT_EFFECT: [&str; 2] = ["Async", FOLDER_OPTION];
const FOLDER_PERMISSION: &[Parameter] = &[
    ("GroupMailbox", Form::Switch),
    (FOLDER_OPTION, Form::Switch),
    ("UseCustomRouting", Form::Switch),
    ("User", Form::Text),
];
const DEVICES: &[Parameter] = &[
    ("ActiveSync", Form::Switch),
    ("GetMailboxLog", Form::Switch),
    ("NotificationEmailAddresses", Form::List),
    ("OWAforDevices", Form::Switch),
    ("RestApi", Form::Switch),
    ("ShowRecoveryPassword", Form::Switch),
    ("UniversalOutlook", Form::Switch),
    ("UseCustomRouting", Form::Switch),
];

/// What an entity path asks for.
pub struct Endpoint {
    /// The cmdlet that has the answer.
    pub cmdlet: &'static str,
    /// What may be asked of it.
    pub asked: Asked,
    /// The parameters that the path says.
    pub parameters: Map<String, Json>,
    /// The keys of the path, decoded.
    pub keys: Vec<String>,
    /// The function that the path calls.
    pub function: Option<&'static str>,
    /// What the context of the answer is.
    pub context: String,
    /// Whether the answer is one object.
    pub single: bool,
    /// What there is to do besides running the cmdlet.
    pub special: Special,
}

/// What there is to do besides running the cmdlet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Special {
    /// Nothing.
    None,
    /// The rows of one user are one entity.
    MailboxPermissions,
    /// The users of rows are objects.
    FolderPermissions,
    /// The mailbox must be in that database.
    InDatabase(String),
    /// The recipients that somebody may send as.
    PermittedRecipients {
        /// The one recipient.
        identity: Option<String>,
        /// Who.
        trustee: Option<String>,
    },
}

impl Endpoint {
    fn new(cmdlet: &'static str, entity: Entity, parameters: &'static [Parameter], context: &str) -> Self {
        Self {
            cmdlet,
            asked: Asked { entity, parameters, is_list: false, can_expand: false },
            parameters: Map::new(),
            keys: Vec::new(),
            function: None,
            context: context.to_owned(),
            single: false,
            special: Special::None,
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), Json::from(value));
        self
    }

    fn of(mut self, keys: &[&str]) -> Self {
        self.keys = keys.iter().map(|key| (*key).to_owned()).collect();
        self
    }

    fn calling(mut self, function: &'static str) -> Self {
        self.function = Some(function);
        self
    }

    fn single(mut self) -> Self {
        self.single = true;
        self
    }
}

/// What OData says about a path that isn't there.
pub fn no_segment(name: &str) -> ApiError {
    ApiError::no_resource(name)
}

/// The endpoint of a path.
///
/// # Errors
///
/// The path isn't there, or its keys and arguments aren't written as they must be.
pub fn resolve(segments: &[Segment], encoded: bool) -> Result<Endpoint, ApiError> {
    let Some((first, rest)) = segments.split_first() else {
        return Err(no_segment(""));
    };
    if first.qualified {
        return Err(no_segment(&first.name));
    }
    if first.calls("GetMobileDeviceStatisticsByIdentity") && rest.is_empty() {
        let identity = text_argument(first, "Identity")?.ok_or_else(|| bad_arguments(first))?;
        let endpoint = Endpoint::new(
            "Get-MobileDeviceStatistics",
            Entity::MobileDeviceStatistics,
            DEVICES,
            "Exchange.MobileDeviceStatistics",
        );
        return Ok(endpoint
            .with("Identity", &identity)
            .of(&[&identity])
            .calling("GetMobileDeviceStatisticsByIdentity")
            .single());
    }
    let (cmdlet, entity, parameters) = if first.is("Mailbox") {
        ("Get-Mailbox", Entity::Mailbox, MAILBOX)
    } else if first.is("CasMailbox") {
        ("Get-CASMailbox", Entity::CasMailbox, CAS_MAILBOX)
    } else if first.is("Recipient") {
        ("Get-Recipient", Entity::Recipient, RECIPIENT)
    } else if first.is("User") {
        ("Get-User", Entity::User, USER)
    } else if ENTITY_SETS.iter().any(|set| first.is(set)) {
        return Err(ApiError::not_implemented(format!("the entity set '{}'", first.name)));
    } else {
        return Err(no_segment(&first.name));
    };
    if rest.is_empty() {
        let mut endpoint = Endpoint::new(cmdlet, entity, parameters, entity.name());
        endpoint.asked.can_expand = entity == Entity::Recipient;
        if first.brackets.is_none() {
            endpoint.asked.is_list = true;
            return Ok(endpoint);
        }
        let key = first.key(entity.key(), encoded)?;
        return Ok(endpoint.with("Identity", &key).of(&[&key]).single());
    }
    match entity {
        Entity::Mailbox => of_mailboxes(first, rest, encoded),
        Entity::Recipient => of_recipients(first, rest, encoded),
        _ => Err(no_segment(&rest[0].name)),
    }
}

/// What belongs to a mailbox.
fn of_mailboxes(first: &Segment, rest: &[Segment], encoded: bool) -> Result<Endpoint, ApiError> {
    if first.brackets.is_none() {
        return match rest {
            [function] if function.qualified && function.calls("GetMailboxStatisticsV2") => by_guids(function),
            _ => Err(no_segment(&rest[0].name)),
        };
    }
    let key = first.key(Entity::Mailbox.key(), encoded)?;
    match rest {
        [function] if function.qualified && function.calls("GetMailboxStatistics") => {
            no_arguments(function)?;
            let endpoint = Endpoint::new(
                "Get-MailboxStatistics",
                Entity::MailboxStatistics,
                STATISTICS,
                "Exchange.MailboxStatistics",
            );
            Ok(endpoint.with("Identity", &key).of(&[&key]).calling("GetMailboxStatistics").single())
        }
        [permissions] if permissions.is("MailboxPermission") && permissions.brackets.is_none() => {
            let context = format!("Mailbox('{}')/MailboxPermission", key.replace('\'', "''"));
            let mut endpoint = Endpoint::new("Get-MailboxPermission", Entity::MailboxPermission, PERMISSION, &context);
            endpoint.special = Special::MailboxPermissions;
            Ok(endpoint.with("Identity", &key).of(&[&key]))
        }
        [folders, function]
            if folders.is("MailboxFolder")
                && folders.brackets.is_none()
                && function.qualified
                && function.calls("GetMailboxFolderStatistics") =>
        {
            let endpoint = Endpoint::new(
                "Get-MailboxFolderStatistics",
                Entity::MailboxFolderStatistics,
                FOLDER_STATISTICS,
                "Collection(Exchange.MailboxFolderStatistics)",
            );
            let endpoint = endpoint.with("Identity", &key).of(&[&key]).calling("GetMailboxFolderStatistics");
            Ok(match folder_scope(function)? {
                Some(scope) => endpoint.with("FolderScope", scope),
                None => endpoint,
            })
        }
        [folder, permissions]
            if folder.is("MailboxFolder")
                && folder.brackets.is_some()
                && permissions.is("MailboxFolderPermission")
                && permissions.brackets.is_none() =>
        {
            let path = folder.key("Identity", encoded)?;
            let mut endpoint = Endpoint::new(
                "Get-MailboxFolderPermission",
                Entity::MailboxFolderPermission,
                FOLDER_PERMISSION,
                &format!(
                    "Mailbox('{}')/MailboxFolder('{}')/MailboxFolderPermission",
                    key.replace('\'', "''"),
                    path.replace('\'', "''")
                ),
            );
            endpoint.special = Special::FolderPermissions;
            let identity = format!("{key}:\\{}", path.trim_start_matches('\\'));
            Ok(endpoint.with("Identity", &identity).of(&[&key, &path]))
        }
        [devices, function]
            if devices.is("MobileDevice")
                && devices.brackets.is_none()
                && function.qualified
                && function.calls("GetMobileDeviceStatistics") =>
        {
            no_arguments(function)?;
            let endpoint = Endpoint::new(
                "Get-MobileDeviceStatistics",
                Entity::MobileDeviceStatistics,
                DEVICES,
                "Collection(Exchange.MobileDeviceStatistics)",
            );
            Ok(endpoint.with("Mailbox", &key).of(&[&key]).calling("GetMobileDeviceStatistics"))
        }
        _ => Err(no_segment(&rest[rest.len() - 1].name)),
    }
}

fn by_guids(function: &Segment) -> Result<Endpoint, ApiError> {
    let guid = |name: &str| match argument(function, name).map(|argument| &argument.value) {
        Some(Literal::Bare(text)) => normalise_guid(text).ok_or_else(|| bad_arguments(function)),
        _ => Err(bad_arguments(function)),
    };
    exactly(function, &["mailboxGuid", "databaseGuid"])?;
    let (mailbox, database) = (guid("mailboxGuid")?, guid("databaseGuid")?);
    let mut endpoint =
        Endpoint::new("Get-MailboxStatistics", Entity::MailboxStatistics, STATISTICS, "Exchange.MailboxStatistics");
    endpoint.special = Special::InDatabase(database.clone());
    Ok(endpoint.with("Identity", &mailbox).of(&[&mailbox, &database]).calling("GetMailboxStatisticsV2").single())
}

/// The recipients that a function finds. `isEncoded` is for two of its arguments, as the metadata says.
fn of_recipients(first: &Segment, rest: &[Segment], encoded: bool) -> Result<Endpoint, ApiError> {
    match rest {
        [function]
            if first.brackets.is_none() && function.qualified && function.calls("GetRecipientPermissionByFilters") =>
        {
            exactly(function, &["identity", "trustee", "accessRights"])?;
            let name_in = |argument: &str| {
                let text = text_argument(function, argument)?;
                if encoded { text.map(|text| function.from_base64(&text)).transpose() } else { Ok(text) }
            };
            let (identity, trustee) = (name_in("identity")?, name_in("trustee")?);
            check_rights(function)?;
            let mut endpoint = Endpoint::new("Get-RecipientPermission", Entity::Recipient, &[], "Recipient");
            endpoint.asked.is_list = true;
            endpoint.asked.can_expand = true;
            let keys: Vec<&str> = [&identity, &trustee].into_iter().flatten().map(String::as_str).collect();
            endpoint = endpoint.of(&keys).calling("GetRecipientPermissionByFilters");
            endpoint.special = Special::PermittedRecipients { identity, trustee };
            Ok(endpoint)
        }
        _ => Err(no_segment(&rest[0].name)),
    }
}

/// The only right that the model knows is `SendAs`; nothing and a list without it are other questions.
fn check_rights(function: &Segment) -> Result<(), ApiError> {
    let rights = match argument(function, "accessRights").map(|argument| &argument.value) {
        None | Some(Literal::Null) => return Ok(()),
        Some(Literal::Text(text)) => text.clone(),
        Some(Literal::Member(type_name, text)) if type_name == "Exchange.RecipientAccessRight" => text.clone(),
        Some(Literal::Bare(list)) => list.replace("Exchange.RecipientAccessRight", ""),
        Some(Literal::Member(..)) => return Err(bad_arguments(function)),
    };
    let mut names = rights.trim_matches(['[', ']']).split(',').map(|name| name.trim().trim_matches(['\'', '"']));
    if names.all(|name| name == "SendAs") { Ok(()) } else { Err(bad_arguments(function)) }
}

fn folder_scope(function: &Segment) -> Result<Option<&'static str>, ApiError> {
    match function.brackets.as_deref().unwrap_or_default() {
        [] => Ok(None),
        [Argument { name: Some(name), value }] if name.eq_ignore_ascii_case("folderscope") => match value {
            Literal::Null => Ok(None),
            Literal::Member(type_name, member) if type_name == "Exchange.ElcFolderType" => {
                FOLDER_SCOPES.into_iter().find(|known| known.eq_ignore_ascii_case(member)).map(Some).ok_or_else(|| {
                    ApiError::odata(format!(
                        "The string '{type_name}'{member}'' is not a valid enumeration type constant."
                    ))
                })
            }
            _ => Err(bad_arguments(function)),
        },
        _ => Err(bad_arguments(function)),
    }
}

fn argument<'a>(function: &'a Segment, name: &str) -> Option<&'a Argument> {
    function
        .brackets
        .as_deref()
        .unwrap_or_default()
        .iter()
        .find(|argument| argument.name.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(name)))
}

/// A text argument; `None` if it is null or left out.
fn text_argument(function: &Segment, name: &str) -> Result<Option<String>, ApiError> {
    match argument(function, name).map(|argument| &argument.value) {
        None | Some(Literal::Null) => Ok(None),
        Some(Literal::Text(text)) => Ok(Some(text.clone())),
        Some(Literal::Member(..) | Literal::Bare(_)) => Err(bad_arguments(function)),
    }
}

/// Checks that a function has these arguments and no others.
fn exactly(function: &Segment, names: &[&str]) -> Result<(), ApiError> {
    let count = function.brackets.as_deref().unwrap_or_default().len();
    let all = names.iter().all(|name| argument(function, name).is_some());
    if all && count == names.len() { Ok(()) } else { Err(bad_arguments(function)) }
}

fn no_arguments(function: &Segment) -> Result<(), ApiError> {
    exactly(function, &[])
}

fn bad_arguments(function: &Segment) -> ApiError {
    ApiError::odata(format!(
        "Bad Request - Error in query syntax: the arguments of the function '{}' aren't valid.",
        function.name
    ))
}
