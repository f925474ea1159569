//! What is in a mailbox: its folders with their items and sizes, the statistics of the whole, and the devices that
//! read it. Nothing of it is stored; the sums of the folders are the mailbox's.

use super::Directory;
use super::mailbox::Mailbox;
use super::recipient::mailbox_value;
use super::seed::MailboxType;
use super::value::{Kind, Value, format_size, ticks_from_unix};
use crate::catalog::Catalog;

/// A property with its name and how it is written.
pub type Shown = (String, Kind, Value);

/// A folder.
pub struct Folder {
    /// The path, with slashes; the root's is "/Top of Information Store".
    pub path: &'static str,
    /// The kind of folder.
    pub folder_type: &'static str,
    /// Number of items.
    pub items: u64,
    /// Their size in bytes.
    pub size: u64,
    newest: i64,
    oldest: i64,
}

/// Path, kind, class of items, and how many items it has in a mailbox of average use.
const FOLDERS: [(&str, &str, &str, u64); 21] = [
    ("/Top of Information Store", "Root", "IPF.Note", 0),
    ("/Archive", "Archive", "IPF.Note", 1200),
    ("/Calendar", "Calendar", "IPF.Appointment", 420),
    ("/Calendar/Birthdays", "BirthdayCalendar", "IPF.Appointment.Birthday", 12),
    ("/Contacts", "Contacts", "IPF.Contact", 60),
    ("/Conversation Action Settings", "ConversationActions", "IPF.Configuration", 0),
    ("/Deleted Items", "DeletedItems", "IPF.Note", 300),
    ("/Drafts", "Drafts", "IPF.Note", 8),
    ("/Inbox", "Inbox", "IPF.Note", 2400),
    ("/Inbox/Projects", "User Created", "IPF.Note", 350),
    ("/Journal", "Journal", "IPF.Journal", 0),
    ("/Junk Email", "JunkEmail", "IPF.Note", 35),
    ("/Notes", "Notes", "IPF.StickyNote", 3),
    ("/Outbox", "Outbox", "IPF.Note", 0),
    ("/RSS Feeds", "RssSubscription", "IPF.Note.OutlookHomepage", 0),
    ("/Sent Items", "SentItems", "IPF.Note", 1600),
    ("/Sync Issues", "SyncIssues", "IPF.Note", 2),
    ("/Tasks", "Tasks", "IPF.Task", 15),
    ("/Recoverable Items", "RecoverableItemsRoot", "", 0),
    ("/Deletions", "RecoverableItemsDeletions", "", 180),
    ("/Purges", "RecoverableItemsPurges", "", 20),
];

/// Kinds of folders that may be asked for although a mailbox here has none.
const OTHER_SCOPES: [&str; 9] = [
    "ConversationHistory",
    "LegacyArchiveJournals",
    "ManagedCustomFolder",
    "NonIpmRoot",
    "Personal",
    "Clutter",
    "AuditLogs",
    "RssSubscriptions",
    "QuickContacts",
];

impl Folder {
    /// Whether it keeps what was deleted.
    #[must_use]
    pub fn is_recoverable(&self) -> bool {
        self.folder_type.starts_with("RecoverableItems")
    }

    /// Whether it is a kind of folder at all.
    #[must_use]
    pub fn is_known_scope(scope: &str) -> bool {
        OTHER_SCOPES.iter().any(|known| known.eq_ignore_ascii_case(scope))
    }

    fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    fn contains(&self, other: &Self) -> bool {
        let is_root = self.folder_type == "Root";
        std::ptr::eq(self, other)
            || (is_root && !other.is_recoverable())
            || (self.folder_type == "RecoverableItemsRoot" && other.is_recoverable())
            || other.path.strip_prefix(self.path).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// The folders of a mailbox or of its archive.
#[must_use]
pub fn folders(directory: &Directory, mailbox: &Mailbox<'_>, archive: bool) -> Vec<Folder> {
    let index = mailbox.person.index;
    let Value::Moment(created) = mailbox.get("WhenMailboxCreated") else {
        return Vec::new();
    };
    let is_in_use = directory.is_in_use(mailbox);
    let use_of = match mailbox.person.mailbox_type {
        MailboxType::User => 20 + directory.seed.hash(51, index) % 300,
        MailboxType::Shared => 10 + directory.seed.hash(51, index) % 100,
        MailboxType::Room | MailboxType::Equipment => 5,
    };
    let wanted = |kind: &str| !archive || !matches!(kind, "Calendar" | "BirthdayCalendar" | "Contacts" | "Outbox");
    FOLDERS
        .iter()
        .enumerate()
        .filter(|(_, (_, kind, ..))| wanted(kind))
        .map(|(at, (path, folder_type, _, average))| {
            let hash = directory.seed.hash(53 + u64::from(archive), index * 64 + at as u64);
            let items = if is_in_use { average * use_of / 100 + u64::from(*average > 0) * (hash % 7) } else { 0 };
            let size = if items == 0 { 0 } else { items * (18_000 + hash % 60_000) + hash % 1000 };
            let (items, size) =
                if archive { (items, size) } else { with_restored(directory, index, path, items, size) };
            let day = ticks_from_unix(86_400);
            let newest = ticks_from_unix(1_779_000_000) + (hash % 1_000_000) as i64 * 10_000_000 / 2;
            let oldest = (created + (hash % 30) as i64 * day).min(newest);
            Folder { path, folder_type, items, size, newest, oldest }
        })
        .collect()
}

/// Items and size of a folder after deleted items were restored; each that comes is as large as those that are there.
fn with_restored(directory: &Directory, index: u64, path: &str, items: u64, size: u64) -> (u64, u64) {
    let each = size.checked_div(items).unwrap_or(20_000);
    let gone = directory.restored.taken_from(index, path).min(items);
    let come = directory.restored.come_to(index, path);
    (items + come - gone, size + come * each - gone * each)
}

/// The kind that a catalogue's property has on the wire.
fn kind_of(type_name: &str) -> Kind {
    match type_name {
        "bool" => Kind::Bool,
        "int" => Kind::Int32,
        "list" => Kind::List,
        "time" => Kind::MomentUtc,
        "guid" => Kind::Guid,
        _ => Kind::Text,
    }
}

/// An object of the catalogue's properties, each as `value` says; what it doesn't know has no value.
fn shaped(object: &str, value: impl Fn(&str) -> Option<(Kind, Value)>) -> Vec<Shown> {
    let properties = Catalog::get().object(object).iter();
    properties
        .map(|(name, facts)| {
            let (kind, value) = value(name).unwrap_or_else(|| {
                let kind = kind_of(&facts.type_name);
                (kind, if kind == Kind::List { Value::List(vec![]) } else { Value::Null })
            });
            (name.clone(), kind, value)
        })
        .collect()
}

fn text(text: impl Into<String>) -> Option<(Kind, Value)> {
    Some((Kind::Text, Value::text(text)))
}

fn size(bytes: u64) -> Option<(Kind, Value)> {
    text(format_size(bytes))
}

fn number(number: u64) -> Option<(Kind, Value)> {
    Some((Kind::Int32, Value::Int(number as i64)))
}

fn flag(flag: bool) -> Option<(Kind, Value)> {
    Some((Kind::Bool, Value::Bool(flag)))
}

fn moment(ticks: i64) -> Option<(Kind, Value)> {
    Some((Kind::MomentUtc, Value::Moment(ticks)))
}

fn of_mailbox(mailbox: &Mailbox<'_>, name: &str) -> Option<(Kind, Value)> {
    text(mailbox.text(name))
}

/// The statistics of a mailbox or of its archive.
#[must_use]
pub fn mailbox_statistics(directory: &Directory, mailbox: &Mailbox<'_>, archive: bool) -> Vec<Shown> {
    let folders = folders(directory, mailbox, archive);
    let sum = |recoverable: bool, of: fn(&Folder) -> u64| -> u64 {
        folders.iter().filter(|folder| folder.is_recoverable() == recoverable).map(of).sum()
    };
    let (items, bytes) = (sum(false, |folder| folder.items), sum(false, |folder| folder.size));
    let (deleted, deleted_bytes) = (sum(true, |folder| folder.items), sum(true, |folder| folder.size));
    let last = folders.iter().filter(|folder| folder.items > 0).map(|folder| folder.newest).max();
    let used = |name: &str| match (last, mailbox.person.mailbox_type) {
        // Nobody signs in to a room.
        (_, MailboxType::Room | MailboxType::Equipment) | (None, _) => Some((Kind::MomentUtc, Value::Null)),
        (Some(last), _) if name == "LastLogoffTime" => moment(last + ticks_from_unix(1800)),
        (Some(last), _) => moment(last),
    };
    let details = mailbox.text("RecipientTypeDetails");
    let guid = mailbox.text(if archive { "ArchiveGuid" } else { "ExchangeGuid" });
    shaped("MailboxStatistics", |name| match name {
        "AssociatedItemCount" => number(items / 40 + 12),
        "AttachmentTableAvailableSize"
        | "MessageTableAvailableSize"
        | "OtherTablesAvailableSize"
        | "TablesTotalAvailableSize" => size(1 << 20),
        "AttachmentTableTotalSize" => size(bytes / 2),
        "MessageTableTotalSize" => size(bytes / 3),
        "OtherTablesTotalSize" => size(bytes / 6),
        "TablesTotalSize" => size(bytes),
        "DatabaseIssueWarningQuota" | "DatabaseProhibitSendQuota" | "DatabaseProhibitSendReceiveQuota" => {
            text("Unlimited")
        }
        "DatabaseName" => of_mailbox(mailbox, "Database"),
        "DeletedItemCount" => number(deleted),
        "DisplayName" if archive => text(mailbox.list("ArchiveName").join("")),
        "DisplayName" => of_mailbox(mailbox, "DisplayName"),
        "DumpsterMessagesPerFolderCountReceiveQuota" => text("3000000"),
        "DumpsterMessagesPerFolderCountWarningQuota" => text("2750000"),
        "ExternalDirectoryOrganizationId" => text(directory.seed.named_guid("tenant")),
        "FastIsEnabled"
        | "IsAbandonedMoveDestination"
        | "IsMoveDestination"
        | "IsQuarantined"
        | "IsHighDensityShard" => flag(false),
        "FolderHierarchyChildrenCountReceiveQuota" => text("10000"),
        "FolderHierarchyChildrenCountWarningQuota" => text("9000"),
        "FolderHierarchyDepthReceiveQuota" => text("300"),
        "FolderHierarchyDepthWarningQuota" => text("250"),
        "FoldersCountReceiveQuota" => text("10000"),
        "FoldersCountWarningQuota" => text("9000"),
        "Identity" | "MailboxGuid" => text(guid.clone()),
        "IsArchiveMailbox" => flag(archive),
        "IsDatabaseCopyActive" | "IsValid" => flag(true),
        "ItemCount" => number(items),
        "LastLoggedOnUserAccount" => Some((Kind::Text, Value::Null)),
        "LastInteractionTime" | "LastLogoffTime" | "LastLogonTime" | "LastUserActionTime" => used(name),
        "LegacyDN" => of_mailbox(mailbox, "LegacyExchangeDN"),
        "MailboxMessagesPerFolderCountReceiveQuota" => text("1000000"),
        "MailboxMessagesPerFolderCountWarningQuota" => text("900000"),
        "MailboxTableIdentifier" => text(format!("Mailbox{}", 100 + mailbox.person.hash % 900)),
        "MailboxType" => text("Private"),
        "MailboxTypeDetail" => text(details.clone()),
        "NamedPropertiesCountQuota" => text("16384"),
        "ObjectState" => text("Unchanged"),
        "OwnerADGuid" => of_mailbox(mailbox, "Guid"),
        "ServerName" => of_mailbox(mailbox, "ServerName"),
        "SystemMessageCount" => number(items / 50),
        "SystemMessageSize" | "SystemMessageSizeShutoffQuota" | "SystemMessageSizeWarningQuota" => size(3 << 20),
        "TotalDeletedItemSize" => size(deleted_bytes),
        "TotalItemSize" => size(bytes),
        _ => None,
    })
}

/// The statistics of a folder among its mailbox's folders.
#[must_use]
pub fn folder_statistics(
    directory: &Directory,
    mailbox: &Mailbox<'_>,
    all: &[Folder],
    folder: &Folder,
    with_dates: bool,
) -> Vec<Shown> {
    let own = mailbox.text("Identity");
    let below = |of: fn(&Folder) -> u64| -> u64 { all.iter().filter(|other| folder.contains(other)).map(of).sum() };
    let dated = with_dates && folder.items > 0;
    let date = |ticks: i64| if dated { moment(ticks) } else { Some((Kind::MomentUtc, Value::Null)) };
    let class = FOLDERS.iter().find(|(path, ..)| *path == folder.path).map_or("", |(_, _, class, _)| class);
    let id = directory.seed.named_guid(&format!("folder {} {}", folder.path, mailbox.text("ExchangeGuid")));
    shaped("MailboxFolderStatistics", |name| match name {
        "ContainerClass" => text(class),
        "ContentFolder" => flag(!folder.is_recoverable()),
        "ContentMailboxGuid" => of_mailbox(mailbox, "ExchangeGuid"),
        "CreationTime" => Some((Kind::MomentUtc, mailbox.get("WhenMailboxCreated"))),
        "LastModifiedTime" => moment(folder.newest),
        "DeletedItemsInFolder" | "DeletedItemsInFolderAndSubfolders" | "HiddenItemsInFolder" => number(0),
        "FolderAndSubfolderSize" => size(below(|folder| folder.size)),
        "FolderSize" => size(folder.size),
        "FolderId" => text(id.replace('-', "").to_uppercase()),
        "FolderPath" => text(folder.path),
        "FolderType" => text(folder.folder_type),
        "Identity" => text(format!("{own}{}", folder.path.replace('/', "\\"))),
        "ItemsInFolder" | "VisibleItemsInFolder" => number(folder.items),
        "ItemsInFolderAndSubfolders" => number(below(|folder| folder.items)),
        "Movable" => flag(folder.folder_type == "User Created"),
        "Name" => text(folder.name()),
        "NewestItemReceivedDate" | "NewestItemLastModifiedDate" => date(folder.newest),
        "OldestItemReceivedDate" | "OldestItemLastModifiedDate" => date(folder.oldest),
        "RecoverableItemsFolder" => flag(folder.is_recoverable()),
        "SearchFolder" => flag(false),
        "StorageQuota" if folder.is_recoverable() => of_mailbox(mailbox, "RecoverableItemsQuota"),
        "StorageWarningQuota" if folder.is_recoverable() => of_mailbox(mailbox, "RecoverableItemsWarningQuota"),
        _ => None,
    })
}

/// A wipe that somebody asked for; no device here comes to do it.
pub struct Wipe {
    /// When, in ticks.
    pub when: i64,
    /// Who.
    pub by: String,
    /// Whether only the mailbox is to go from the device.
    pub account_only: bool,
}

/// Bits of a device's id that are the number of its mailbox.
const OWNER_BITS: u32 = 40;

/// The mailbox that a device's id belongs to; whether it has such a device is another question.
#[must_use]
pub fn device_owner(id: &str) -> Option<u64> {
    let number = (id.len() == 32).then(|| u128::from_str_radix(id, 16).ok()).flatten()?;
    u64::try_from(number & ((1 << OWNER_BITS) - 1)).ok()
}

/// The devices that read a mailbox.
#[must_use]
pub fn device_statistics(directory: &Directory, index: u64) -> Vec<Vec<Shown>> {
    const MODELS: [(&str, &str, &str); 4] = [
        ("Outlook for iOS and Android", "iPhone 15", "iOS 18.5"),
        ("Outlook for iOS and Android", "Pixel 9", "Android 15"),
        ("iPhone", "iPhone14C2", "iOS 17.6 21G80"),
        ("SamsungDevice", "SM-S911B", "Android 14"),
    ];
    let mailbox = directory.mailbox(index);
    if mailbox_value(&mailbox, "HasActiveSyncDevicePartnership") != Value::Bool(true) {
        return Vec::new();
    }
    let own = mailbox.text("Identity");
    let ids = (0..1 + mailbox.person.hash % 2).map(|device| {
        let hash = directory.seed.hash(61, index * 4 + device);
        (hash, format!("{:032X}", u128::from(hash) << OWNER_BITS | u128::from(index)))
    });
    ids.filter(|(_, id)| !directory.removed_devices.contains(id))
        .map(|(hash, id)| {
            let (device_type, model, system) = MODELS[(hash % 4) as usize];
            let first = ticks_from_unix(1_750_000_000 + (hash % 10_000_000) as i64);
            let last = ticks_from_unix(1_779_000_000 + (hash % 500_000) as i64);
            let identity = format!("{own}\\ExchangeActiveSyncDevices\\{}§{id}", device_type.replace(' ', ""));
            let wipe = directory.wipes.get(&id);
            let whole = wipe.filter(|wipe| !wipe.account_only);
            let account = wipe.filter(|wipe| wipe.account_only);
            shaped("MobileDeviceStatistics", |name| match name {
                "AccountOnlyDeviceWipeRequestTime" => account.and_then(|wipe| moment(wipe.when)),
                "DeviceWipeRequestTime" => whole.and_then(|wipe| moment(wipe.when)),
                "LastAccountOnlyDeviceWipeRequestor" => account.and_then(|wipe| text(&wipe.by)),
                "LastDeviceWipeRequestor" => whole.and_then(|wipe| text(&wipe.by)),
                "Status" if whole.is_some() => text("DeviceWipePending"),
                "Status" if account.is_some() => text("AccountOnlyDeviceWipePending"),
                "ClientType" if device_type.starts_with("Outlook") => text("Outlook"),
                "ClientType" => text("EAS"),
                "ClientVersion" => text("16.1"),
                "DeviceAccessState" => text("Allowed"),
                "DeviceAccessStateReason" => text("Global"),
                "DeviceEnableOutboundSMS" => flag(false),
                "DeviceFriendlyName" | "DeviceModel" => text(model),
                "DeviceID" => text(id.clone()),
                "DeviceOS" => text(system),
                "DevicePolicyApplicationStatus" => text("AppliedInFull"),
                "DevicePolicyApplied" => text("Default"),
                "DeviceType" => text(device_type),
                "DeviceUserAgent" => text(format!("{}/1.0", device_type.replace(' ', "-"))),
                "FirstSyncTime" => moment(first),
                "Guid" => text(directory.seed.named_guid(&format!("device {id}"))),
                "Identity" => text(identity.clone()),
                "IsRemoteWipeSupported" => flag(true),
                "LastPolicyUpdateTime" => moment(first + ticks_from_unix(60)),
                "LastSuccessSync" | "LastSyncAttemptTime" => moment(last),
                "NumberOfFoldersSynced" => number(5 + hash % 20),
                "Status" => text("DeviceOk"),
                _ => None,
            })
        })
        .collect()
}

/// The directory object of a device: what it is, without what it does with the mailbox.
#[must_use]
pub fn device(directory: &Directory, index: u64, statistics: &[Shown]) -> Vec<Shown> {
    let known = |name: &str| {
        let found = statistics.iter().find(|(known, ..)| known == name);
        found.map_or((Kind::Text, Value::Null), |(_, kind, value)| (*kind, value.clone()))
    };
    let mailbox = directory.mailbox(index);
    let (_, identity) = known("Identity");
    let identity = identity.into_text();
    let name = identity.rsplit('\\').next().unwrap_or("").to_owned();
    let same = |name: &'static str| (name, known(name));
    let text = |name: &'static str, text: &str| (name, (Kind::Text, Value::text(text)));
    let flag = |name: &'static str, flag: bool| (name, (Kind::Bool, Value::Bool(flag)));
    let path = format!("CN={name},CN=ExchangeActiveSyncDevices,{}", mailbox.text("DistinguishedName"));
    [
        same("ClientType"),
        same("ClientVersion"),
        same("DeviceAccessControlRule"),
        same("DeviceAccessState"),
        same("DeviceAccessStateReason"),
        ("DeviceId", known("DeviceID")),
        same("DeviceImei"),
        same("DeviceMobileOperator"),
        same("DeviceModel"),
        same("DeviceOS"),
        same("DeviceOSLanguage"),
        ("DeviceTelephoneNumber", known("DevicePhoneNumber")),
        same("DeviceType"),
        same("DeviceUserAgent"),
        text("DistinguishedName", &path),
        same("FirstSyncTime"),
        ("FriendlyName", known("DeviceFriendlyName")),
        same("Guid"),
        text("Id", &identity),
        text("Identity", &identity),
        flag("IsCompliant", false),
        flag("IsDisabled", false),
        flag("IsManaged", false),
        flag("IsValid", true),
        text("Name", &name),
        text("ObjectState", "Unchanged"),
        text("OrganizationId", &mailbox.text("OrganizationId")),
        text("UserDisplayName", &mailbox.text("UserPrincipalName")),
        ("WhenChangedUTC", known("LastPolicyUpdateTime")),
        ("WhenCreatedUTC", known("FirstSyncTime")),
    ]
    .into_iter()
    .map(|(name, (kind, value))| (name.to_owned(), kind, value))
    .collect()
}
