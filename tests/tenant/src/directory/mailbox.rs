//! The properties of a mailbox, in the order in which `Get-Mailbox` shows them, and how each follows from the mailbox.

pub mod patterns;

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::company::Company;
use super::seed::{FOREST_SUFFIX, GuidKind, MailboxType, Person, Seed};
use super::value::{Kind, Value, format_size, push_property, ticks_from_unix};

/// One line per property: name, kind, value. Kinds: T text, B Boolean, I number, G GUID, U moment in UTC, O moment with
/// an offset, M the same without a side-car, L list. Values: `@` is computed from the mailbox, `null`, `[a|b]` a list,
/// anything else the value itself.
const TABLE: &str = "
Database T @
DatabaseGuid G @
MailboxProvisioningConstraint T null
MailboxRegion T null
MailboxRegionLastUpdateTime O null
MailboxProvisioningPreferences L []
UseDatabaseRetentionDefaults B false
RetainDeletedItemsUntilBackup B false
DeliverToMailboxAndForward B @
IsExcludedFromServingHierarchy B false
IsHierarchyReady B true
IsHierarchySyncEnabled B true
IsPublicFolderSystemMailbox B false
HasSnackyAppData B false
LitigationHoldEnabled B @
SingleItemRecoveryEnabled B true
RetentionHoldEnabled B false
EndDateForRetentionHold O null
StartDateForRetentionHold O null
RetentionComment T
RetentionUrl T
LitigationHoldDate O @
LitigationHoldOwner T @
ElcProcessingDisabled B false
ComplianceTagHoldApplied B false
WasInactiveMailbox B false
DelayHoldApplied B false
DelayReleaseHoldApplied B false
PitrEnabled B false
PitrCopyIntervalInSeconds I 0
PitrPaused B false
PitrPausedTimestamp O null
PitrOffboardedTimestamp O null
PitrState T None
M365BackupState T None
InactiveMailboxRetireTime O null
OrphanSoftDeleteTrackingTime O null
LitigationHoldDuration T Unlimited
ManagedFolderMailboxPolicy T null
RetentionPolicy T Default MRM Policy
AddressBookPolicy T null
CalendarRepairDisabled B false
CalendarVersionStoreDisabled B false
ExchangeGuid G @
MailboxContainerGuid G null
UnifiedMailbox T null
MailboxLocations L @
AggregatedMailboxGuids L []
ExchangeSecurityDescriptor T System.Security.AccessControl.RawSecurityDescriptor
ExchangeUserAccountControl T @
AdminDisplayVersion T Version 15.20 (Build 9000.15)
MessageTrackingReadStatusEnabled B true
ExternalOofOptions T External
ForwardingAddress T @
ForwardingAddressWithDisplayNames L []
ForwardingSmtpAddress T @
RetainDeletedItemsFor T 14.00:00:00
IsMailboxEnabled B true
IsMonitoringMailbox B false
Languages L @
OfflineAddressBook T null
ProhibitSendQuota T @
ProhibitSendReceiveQuota T @
RecoverableItemsQuota T @
RecoverableItemsWarningQuota T @
CalendarLoggingQuota T 6 GB (6,442,450,944 bytes)
DowngradeHighPriorityMessagesEnabled T False
ProtocolSettings L [HTTP§1§1§§§§§§|OWA§1|IMAP4§1§§§§§§§§§§§|POP3§1§§§§§§§§§§§]
RecipientLimits T 500
ImListMigrationCompleted B false
SiloName T null
IsResource B @
IsLinked B false
IsShared B @
IsRootPublicFolderMailbox B false
LinkedMasterAccount T @
ResetPasswordOnNextLogon T False
ResourceCapacity I @
ResourceCustom L []
ResourceType T @
RoomMailboxAccountEnabled B @
SamAccountName T @
SCLDeleteThreshold I null
SCLDeleteEnabled B null
SCLRejectThreshold I null
SCLRejectEnabled B null
SCLQuarantineThreshold I null
SCLQuarantineEnabled B null
SCLJunkThreshold I null
SCLJunkEnabled B null
AntispamBypassEnabled B false
ServerLegacyDN T @
ServerName T @
UseDatabaseQuotaDefaults B false
IssueWarningQuota T @
RulesQuota T 256 KB (262,144 bytes)
Office T @
UserPrincipalName T @
MaxSafeSenders I null
MaxBlockedSenders I null
NetID T @
ReconciliationId T null
WindowsLiveID T @
MicrosoftOnlineServicesID T @
ThrottlingPolicy T null
RoleAssignmentPolicy T Default Role Assignment Policy
DefaultPublicFolderMailbox T null
EffectivePublicFolderMailbox T
SharingPolicy T Default Sharing Policy
RemoteAccountPolicy T null
MailboxPlan T @
ArchiveDatabase T @
ArchiveDatabaseGuid G @
ArchiveGuid G @
ArchiveName L @
JournalArchiveAddress T
ArchiveQuota T 100 GB (107,374,182,400 bytes)
ArchiveWarningQuota T 90 GB (96,636,764,160 bytes)
ArchiveDomain T null
ArchiveStatus T @
ArchiveState T @
AutoArchivingEnabled B false
AutoExpandingArchiveEnabled B false
DisabledMailboxLocations B false
RemoteRecipientType T None
DisabledArchiveDatabase T null
DisabledArchiveGuid G 00000000-0000-0000-0000-000000000000
QueryBaseDN T null
QueryBaseDNRestrictionEnabled B false
MailboxMoveTargetMDB T null
MailboxMoveSourceMDB T null
MailboxMoveFlags T None
MailboxMoveRemoteHostName T
MailboxMoveBatchName T
MailboxMoveStatus T None
MailboxRelease T
ArchiveRelease T
IsPersonToPersonTextMessagingEnabled T False
IsMachineToPersonTextMessagingEnabled T False
UserSMimeCertificate L []
UserCertificate L []
MessageCopyForSentAsEnabled B @
MessageCopyForSendOnBehalfEnabled B @
MessageCopyForSMTPClientSubmissionEnabled B true
MessageRecallProcessingEnabled B true
PersistedCapabilities L @
SKUAssigned B @
AuditEnabled B true
AuditLogAgeLimit T 90.00:00:00
AuditAdmin L [Update|MoveToDeletedItems|SoftDelete|HardDelete|SendAs|SendOnBehalf|Create|UpdateFolderPermissions|UpdateInboxRules|UpdateCalendarDelegation|ApplyRecord|MailItemsAccessed|Send]
AuditDelegate L [Update|MoveToDeletedItems|SoftDelete|HardDelete|SendAs|SendOnBehalf|Create|UpdateFolderPermissions|UpdateInboxRules|ApplyRecord|MailItemsAccessed]
AuditOwner L [Update|MoveToDeletedItems|SoftDelete|HardDelete|UpdateFolderPermissions|UpdateInboxRules|UpdateCalendarDelegation|ApplyRecord|MailItemsAccessed|Send]
DefaultAuditSet L [Admin|Delegate|Owner]
WhenMailboxCreated M @
SourceAnchor T
UsageLocation T @
IsSoftDeletedByRemove B false
IsSoftDeletedByDisable B false
IsInactiveMailbox B false
IncludeInGarbageCollection B false
WhenSoftDeleted O null
InPlaceHolds L []
GeneratedOfflineAddressBooks L []
AccountDisabled B @
StsRefreshTokensValidFrom O @
NonCompliantDevices L []
EnforcedTimestamps T
DataEncryptionPolicy T null
ProvisionedForOfficeGraph B false
SchedulerAssistant B false
UniqueRecipientsCountLimitLevel T null
UniqueUnrestrictedGroupsLimitEnabled B false
IsExchangeCloudManaged B false
HasPicture B @
HasSpokenName B false
IsDirSynced B false
AcceptMessagesOnlyFrom L []
AcceptMessagesOnlyFromDLMembers L []
AcceptMessagesOnlyFromSendersOrMembers L []
AddressListMembership L @
AdministrativeUnits L []
Alias T @
ArbitrationMailbox T null
BypassModerationFromSendersOrMembers L []
OrganizationalUnit T @
CustomAttribute1 T @
CustomAttribute10 T
CustomAttribute11 T
CustomAttribute12 T
CustomAttribute13 T
CustomAttribute14 T
CustomAttribute15 T
CustomAttribute2 T @
CustomAttribute3 T
CustomAttribute4 T
CustomAttribute5 T
CustomAttribute6 T
CustomAttribute7 T
CustomAttribute8 T
CustomAttribute9 T
ExtensionCustomAttribute1 L @
ExtensionCustomAttribute2 L []
ExtensionCustomAttribute3 L []
ExtensionCustomAttribute4 L []
ExtensionCustomAttribute5 L []
DisplayName T @
EmailAddresses L @
EmailAddressDisplayNames L []
GrantSendOnBehalfTo L @
ExternalDirectoryObjectId T @
HiddenFromAddressListsEnabled B @
LastExchangeChangedTime O null
LegacyExchangeDN T @
MaxSendSize T 35 MB (36,700,160 bytes)
MaxReceiveSize T 36 MB (37,748,736 bytes)
ModeratedBy L []
ModerationEnabled B false
PoliciesIncluded L []
PoliciesExcluded L [{26491cfc-9e50-4857-861b-0cb8df22b5d7}]
EmailAddressPolicyEnabled B false
PrimarySmtpAddress T @
RecipientType T UserMailbox
RecipientTypeDetails T @
RejectMessagesFrom L []
RejectMessagesFromDLMembers L []
RejectMessagesFromSendersOrMembers L []
RequireSenderAuthenticationEnabled B false
SimpleDisplayName T
SendModerationNotifications T Always
UMDtmfMap L @
WindowsEmailAddress T @
MailTip T null
MailTipTranslations L []
ImmutableId T
Description T
Identity T @
Id T @
IsValid B true
ExchangeVersion T 0.20 (15.0.0.0)
Name T @
DistinguishedName T @
ObjectCategory T simpr01a001.prod.outlook.com/Configuration/Schema/Person
ObjectClass L [top|person|organizationalPerson|user]
ObjectKey T @
WhenChanged O @
WhenCreated O @
WhenChangedUTC U @
WhenCreatedUTC U @
ExchangeObjectId G @
OrganizationId T @
Guid G @
OriginatingServer T SIMPR01A01DC001.SIMPR01A001.prod.outlook.com
ObjectState T Unchanged
RunspaceId G @
";

/// A property of the mailbox object.
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub kind: Kind,
    /// The value that all mailboxes start with; `None` when it follows from the mailbox.
    constant: Option<Value>,
}

/// A run of the object's text: properties that are alike for all mailboxes are written once, at start.
enum Piece {
    Text(String),
    Property(usize),
}

/// The mailbox's properties, in order, and their index by name.
pub struct Schema {
    /// The properties, in the order of the wire.
    pub properties: Vec<Property>,
    by_name: HashMap<String, usize>,
    pieces: Vec<Piece>,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::read);

impl Schema {
    /// The schema of the mailbox object.
    #[must_use]
    pub fn get() -> &'static Self {
        &SCHEMA
    }

    fn read() -> Self {
        let mut properties = Vec::new();
        for line in TABLE.lines().filter(|line| !line.is_empty()) {
            let mut parts = line.splitn(3, ' ');
            let (name, kind, value) =
                (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            let kind = match kind {
                "T" => Kind::Text,
                "B" => Kind::Bool,
                "I" => Kind::Int32,
                "G" => Kind::Guid,
                "U" => Kind::MomentUtc,
                "O" => Kind::MomentOffset,
                "M" => Kind::MomentBare,
                "L" => Kind::List,
                other => panic!("unknown kind {other} of {name}"),
            };
            let constant = match (kind, value) {
                (_, "@") => None,
                (_, "null") => Some(Value::Null),
                (Kind::Bool, text) => Some(Value::Bool(text == "true")),
                (Kind::Int32, text) => Some(Value::Int(text.parse().expect("a number"))),
                (Kind::List, text) => {
                    let items = text.trim_start_matches('[').trim_end_matches(']');
                    Some(Value::List(items.split('|').filter(|item| !item.is_empty()).map(str::to_owned).collect()))
                }
                (_, text) => Some(Value::text(text)),
            };
            properties.push(Property { name, kind, constant });
        }
        let by_name = properties.iter().enumerate().map(|(at, p)| (p.name.to_ascii_lowercase(), at)).collect();
        let mut pieces = Vec::new();
        let mut text = String::new();
        for (at, property) in properties.iter().enumerate() {
            text.push(if at == 0 { '{' } else { ',' });
            match &property.constant {
                Some(value) => push_property(&mut text, property.name, property.kind, value),
                None => {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                    pieces.push(Piece::Property(at));
                }
            }
        }
        text.push('}');
        pieces.push(Piece::Text(text));
        Self { properties, by_name, pieces }
    }

    /// The position of a property, its name in any casing.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        if let Some(at) = self.by_name.get(name) {
            return Some(*at);
        }
        self.by_name.get(&name.to_ascii_lowercase()).copied()
    }
}

/// What has been changed on a mailbox: property position to value.
pub type Changes = BTreeMap<usize, Value>;

/// A mailbox as it is now.
pub struct Mailbox<'a> {
    /// The company.
    pub seed: &'a Seed,
    /// Who or what it is.
    pub person: Person,
    /// What has been changed since the tenant began.
    pub changes: Option<&'a Changes>,
    /// What has been changed of the person, as `Set-User` does.
    pub user_changes: Option<&'a Changes>,
}

impl Mailbox<'_> {
    /// A property's value by name; `Null` if there is no such property.
    #[must_use]
    pub fn get(&self, name: &str) -> Value {
        Schema::get().position(name).map_or(Value::Null, |at| self.value(at))
    }

    /// A property's text by name; empty if it has none.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.get(name).into_text()
    }

    /// A property's values by name.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        self.get(name).into_list()
    }

    /// A property's value by position.
    #[must_use]
    pub fn value(&self, at: usize) -> Value {
        if let Some(value) = self.changes.and_then(|changes| changes.get(&at)) {
            return value.clone();
        }
        let property = &Schema::get().properties[at];
        match &property.constant {
            Some(value) => value.clone(),
            None => self.computed(property.name),
        }
    }

    /// Appends the object's JSON, all properties or the selected ones.
    pub fn write(&self, out: &mut String, select: Option<&[usize]>) {
        let schema = Schema::get();
        match select {
            Some(positions) => {
                out.push('{');
                for (number, at) in positions.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    self.write_property(*at, out);
                }
                out.push('}');
            }
            None if self.changes.is_none() => {
                for piece in &schema.pieces {
                    match piece {
                        Piece::Text(text) => out.push_str(text),
                        Piece::Property(at) => self.write_property(*at, out),
                    }
                }
            }
            None => {
                for at in 0..schema.properties.len() {
                    out.push(if at == 0 { '{' } else { ',' });
                    self.write_property(at, out);
                }
                out.push('}');
            }
        }
    }

    fn write_property(&self, at: usize, out: &mut String) {
        let property = &Schema::get().properties[at];
        push_property(out, property.name, property.kind, &self.value(at));
    }

    fn is_user(&self) -> bool {
        self.person.mailbox_type == MailboxType::User
    }

    fn has_archive(&self) -> bool {
        self.is_user() && self.person.hash.is_multiple_of(3)
    }

    fn on_litigation_hold(&self) -> bool {
        self.is_user() && self.person.hash % 17 == 3
    }

    fn forwards_outside(&self) -> bool {
        self.is_user() && self.person.hash % 23 == 5
    }

    fn forwards_inside(&self) -> bool {
        self.person.index > 1 && self.person.hash % 29 == 7
    }

    fn has_large_quota(&self) -> bool {
        self.person.index == 0 || (self.is_user() && self.person.hash % 5 != 1)
    }

    /// The domain of the primary address: the two mailboxes that every example uses keep the initial domain.
    fn domain(&self) -> &'static str {
        let company = self.seed.company;
        if self.person.index < 2 { company.initial_domain } else { company.vanity_domain }
    }

    fn other_domain(&self) -> &'static str {
        let company = self.seed.company;
        if self.person.index < 2 { company.vanity_domain } else { company.initial_domain }
    }

    fn primary_address(&self) -> String {
        format!("{}@{}", self.person.alias, self.domain())
    }

    fn created_seconds(&self) -> i64 {
        // Two years of hiring before 2026-01-12.
        1_768_210_200 - (self.person.hash % 63_072_000) as i64
    }

    fn changed_seconds(&self) -> i64 {
        1_768_210_200 + (self.person.hash >> 20) as i64 % 4_000_000
    }

    fn guid(&self, kind: GuidKind) -> String {
        self.seed.guid(kind, self.person.index)
    }

    fn database(&self) -> String {
        format!("SIMPR01DG{:03}-db{:03}", self.person.hash % 12 + 1, (self.person.hash >> 5) % 80 + 1)
    }

    fn computed(&self, name: &str) -> Value {
        let person = &self.person;
        let when = |seconds| Value::Moment(ticks_from_unix(seconds));
        let size = |gigabytes: u64| Value::text(format_size(gigabytes << 29));
        match name {
            "Database" => Value::text(self.database()),
            "DatabaseGuid" => Value::text(self.seed.named_guid(&self.database())),
            "DeliverToMailboxAndForward" => {
                Value::Bool((self.forwards_outside() || self.forwards_inside()) && person.hash & 64 == 0)
            }
            "LitigationHoldEnabled" => Value::Bool(self.on_litigation_hold()),
            "LitigationHoldDate" if self.on_litigation_hold() => when(self.changed_seconds()),
            "LitigationHoldDate" => Value::Null,
            "LitigationHoldOwner" if self.on_litigation_hold() => {
                Value::text(format!("admin@{}", self.seed.company.initial_domain))
            }
            "LitigationHoldOwner" => Value::text(""),
            "ExchangeGuid" => Value::Text(self.guid(GuidKind::Mailbox)),
            "MailboxLocations" => {
                let mut locations = vec![format!(
                    "1;{};Primary;simpr01a001.prod.outlook.com;{}",
                    self.guid(GuidKind::Mailbox),
                    self.seed.named_guid(&self.database())
                )];
                if self.has_archive() {
                    locations.push(format!(
                        "1;{};MainArchive;simpr01a001.prod.outlook.com;{}",
                        self.guid(GuidKind::Archive),
                        self.seed.named_guid(&self.database())
                    ));
                }
                Value::List(locations)
            }
            "ExchangeUserAccountControl" => Value::text(if self.is_user() { "None" } else { "AccountDisabled" }),
            "ForwardingAddress" if self.forwards_inside() => Value::Text(self.seed.person(person.index / 2).name),
            "ForwardingSmtpAddress" if self.forwards_outside() => {
                Value::Text(format!("smtp:{}@{}", person.alias, self.seed.company.outside_domain()))
            }
            "ForwardingAddress" | "ForwardingSmtpAddress" => Value::Null,
            "Languages" if self.is_user() => Value::List(vec![
                match person.country {
                    "FR" => "fr-FR",
                    "DE" | "CH" => "de-DE",
                    "ES" => "es-ES",
                    "JP" => "ja-JP",
                    "BR" => "pt-BR",
                    _ => "en-US",
                }
                .to_owned(),
            ]),
            "Languages" => Value::List(vec![]),
            "ProhibitSendQuota" => size(if self.has_large_quota() { 198 } else { 99 }),
            "ProhibitSendReceiveQuota" => size(if self.has_large_quota() { 200 } else { 100 }),
            "IssueWarningQuota" => size(if self.has_large_quota() { 196 } else { 98 }),
            "RecoverableItemsQuota" => size(if self.on_litigation_hold() { 200 } else { 60 }),
            "RecoverableItemsWarningQuota" => size(if self.on_litigation_hold() { 180 } else { 40 }),
            "IsResource" => Value::Bool(matches!(person.mailbox_type, MailboxType::Room | MailboxType::Equipment)),
            "IsShared" => Value::Bool(person.mailbox_type == MailboxType::Shared),
            "LinkedMasterAccount" if self.is_user() => Value::text(""),
            "LinkedMasterAccount" => Value::text("NT AUTHORITY\\SELF"),
            "ResourceCapacity" if person.mailbox_type == MailboxType::Room => Value::Int(4 + (person.hash % 30) as i64),
            "ResourceCapacity" => Value::Null,
            "ResourceType" => match person.mailbox_type {
                MailboxType::Room => Value::text("Room"),
                MailboxType::Equipment => Value::text("Equipment"),
                _ => Value::Null,
            },
            "RoomMailboxAccountEnabled" if person.mailbox_type == MailboxType::Room => Value::Bool(false),
            "RoomMailboxAccountEnabled" => Value::Null,
            "SamAccountName" => Value::text(format!("{:.8}-{}", self.guid(GuidKind::Object), person.index)),
            "ServerLegacyDN" => Value::text(format!(
                "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Configuration/cn=Servers/cn={}",
                self.text("ServerName").to_uppercase()
            )),
            "ServerName" => Value::text(format!("simpr01mb{:04}", person.hash % 400)),
            "Office" => Value::text(if self.is_user() {
                format!("{} {}/{}", person.city, 1 + person.hash % 9, 100 + (person.hash >> 12) % 300)
            } else {
                person.city.to_owned()
            }),
            "UserPrincipalName"
            | "PrimarySmtpAddress"
            | "WindowsEmailAddress"
            | "WindowsLiveID"
            | "MicrosoftOnlineServicesID" => Value::Text(self.primary_address()),
            "NetID" => Value::text(format!("1003{:012X}", self.seed.hash(12, person.index) & 0xFFFF_FFFF_FFFF)),
            "MailboxPlan" if self.is_user() => Value::text("ExchangeOnlineEnterprise"),
            "MailboxPlan" => Value::Null,
            "ArchiveDatabase" if self.has_archive() => Value::text(self.database()),
            "ArchiveDatabase" => Value::Null,
            "ArchiveDatabaseGuid" if self.has_archive() => Value::text(self.seed.named_guid(&self.database())),
            "ArchiveGuid" if self.has_archive() => Value::Text(self.guid(GuidKind::Archive)),
            "ArchiveDatabaseGuid" | "ArchiveGuid" => Value::text("00000000-0000-0000-0000-000000000000"),
            "ArchiveName" if self.has_archive() => {
                Value::List(vec![format!("In-Place Archive -{}", person.display_name)])
            }
            "ArchiveName" => Value::List(vec![]),
            "ArchiveStatus" => Value::text(if self.has_archive() { "Active" } else { "None" }),
            "ArchiveState" => Value::text(if self.has_archive() { "Local" } else { "None" }),
            "MessageCopyForSentAsEnabled" | "MessageCopyForSendOnBehalfEnabled" => {
                Value::Bool(person.mailbox_type == MailboxType::Shared)
            }
            "PersistedCapabilities" if self.is_user() => {
                Value::List(vec!["BPOS_S_EquivioAnalytics".into(), "BPOS_S_Enterprise".into()])
            }
            "PersistedCapabilities" => Value::List(vec![]),
            "SKUAssigned" if self.is_user() => Value::Bool(true),
            "SKUAssigned" => Value::Null,
            "WhenMailboxCreated" => when(self.created_seconds() + 90),
            "WhenCreated" | "WhenCreatedUTC" => when(self.created_seconds()),
            "WhenChanged" | "WhenChangedUTC" => when(self.changed_seconds()),
            "StsRefreshTokensValidFrom" => when(self.created_seconds()),
            "UsageLocation" => Value::text(person.country),
            "AccountDisabled" => Value::Bool(!self.is_user()),
            "HasPicture" => Value::Bool(person.hash & 3 == 0),
            "AddressListMembership" => {
                let mut lists = vec![
                    "\\Mailboxes(VLV)".to_owned(),
                    "\\All Mailboxes(VLV)".to_owned(),
                    "\\All Recipients(VLV)".to_owned(),
                ];
                lists.push(match person.mailbox_type {
                    MailboxType::Room => "\\All Rooms".to_owned(),
                    _ => "\\All Users".to_owned(),
                });
                lists.push("\\Default Global Address List".to_owned());
                Value::List(lists)
            }
            "Alias" => Value::text(&person.alias),
            "CustomAttribute1" if person.hash & 12 == 0 => {
                Value::text(format!("CC-{}", 1000 + (person.hash >> 30) % 9000))
            }
            "CustomAttribute2" if self.is_user() => Value::text(person.department),
            "CustomAttribute1" | "CustomAttribute2" => Value::text(""),
            "ExtensionCustomAttribute1" if person.hash % 11 == 2 => {
                Value::List(vec![format!("Site:{}", person.city), format!("Team:{}", person.department)])
            }
            "ExtensionCustomAttribute1" => Value::List(vec![]),
            "DisplayName" => Value::text(&person.display_name),
            "EmailAddresses" => {
                let mut addresses = vec![
                    format!("SMTP:{}", self.primary_address()),
                    format!("smtp:{}@{}", person.alias, self.other_domain()),
                ];
                if self.is_user() {
                    addresses.push(format!("SIP:{}", self.primary_address()));
                }
                Value::List(addresses)
            }
            "GrantSendOnBehalfTo" if person.mailbox_type == MailboxType::Shared && person.index > 1 => {
                Value::List(vec![self.seed.person(person.index / 2).name])
            }
            "GrantSendOnBehalfTo" => Value::List(vec![]),
            "ExternalDirectoryObjectId" => Value::Text(self.guid(GuidKind::Entra)),
            "HiddenFromAddressListsEnabled" => Value::Bool(person.index > 1 && person.hash % 41 == 9),
            "LegacyExchangeDN" => Value::text(format!(
                "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={}-{}",
                self.guid(GuidKind::Object).replace('-', ""),
                person.alias
            )),
            "RecipientTypeDetails" => Value::text(match person.mailbox_type {
                MailboxType::User => "UserMailbox",
                MailboxType::Shared => "SharedMailbox",
                MailboxType::Room => "RoomMailbox",
                MailboxType::Equipment => "EquipmentMailbox",
            }),
            "UMDtmfMap" => {
                let entry = |kind: &str, words: [&str; 2]| {
                    let mut text = format!("{kind}:");
                    words.into_iter().for_each(|word| keypad(&mut text, word));
                    text
                };
                Value::List(vec![
                    entry("emailAddress", [&person.alias, ""]),
                    entry("lastNameFirstName", [&person.family_name, &person.given_name]),
                    entry("firstNameLastName", [&person.given_name, &person.family_name]),
                ])
            }
            // Current tenants show the directory name as the identity; Name can be changed, so it is asked for anew.
            "Identity" | "Id" => self.get("Name"),
            "Name" => Value::text(&person.name),
            "DistinguishedName" => Value::text(distinguished_name(self.seed.company, &self.text("Name"))),
            "OrganizationalUnit" => Value::text(self.seed.company.unit()),
            "OrganizationId" => Value::text(self.seed.company.organization_id()),
            "ObjectKey" => Value::text(base64_key(&self.guid(GuidKind::Entra))),
            "ExchangeObjectId" | "Guid" => Value::Text(self.guid(GuidKind::Object)),
            "RunspaceId" => Value::text(self.seed.named_guid("runspace")),
            other => unreachable!("{other} has no computation"),
        }
    }
}

/// The distinguished name of a recipient of that name.
#[must_use]
pub fn distinguished_name(company: &Company, name: &str) -> String {
    format!("CN={name},OU={},OU=Microsoft Exchange Hosted Organizations,{FOREST_SUFFIX}", company.initial_domain)
}

fn base64_key(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Appends a text as it is typed on a telephone's keys.
fn keypad(out: &mut String, text: &str) {
    out.extend(text.chars().filter_map(|character| match character.to_ascii_lowercase() {
        'a'..='c' => Some('2'),
        'd'..='f' => Some('3'),
        'g'..='i' => Some('4'),
        'j'..='l' => Some('5'),
        'm'..='o' => Some('6'),
        'p'..='s' => Some('7'),
        't'..='v' => Some('8'),
        'w'..='z' => Some('9'),
        '0'..='9' => Some(character),
        _ => None,
    }));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn the_schema_is_the_catalogues() {
        let table: BTreeSet<&str> = Schema::get().properties.iter().map(|property| property.name).collect();
        let catalogue: BTreeSet<&str> = Catalog::get()
            .object("Mailbox")
            .iter()
            .filter(|(_, property)| property.sources.iter().any(|source| source != "filter"))
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(catalogue.difference(&table).collect::<Vec<_>>(), Vec::<&&str>::new(), "missing");
        assert_eq!(table.difference(&catalogue).collect::<Vec<_>>(), Vec::<&&str>::new(), "not in the catalogue");
        assert_eq!(table.len(), Schema::get().properties.len(), "a name is there twice");
    }

    #[test]
    fn objects_are_json_of_the_right_size_in_both_ways_of_writing() {
        let seed = Seed::new(1);
        for index in [0, 1, 4, 5, 8, 17, 36, 500] {
            let mailbox = Mailbox { seed: &seed, person: seed.person(index), changes: None, user_changes: None };
            let (mut quick, mut slow) = (String::new(), String::new());
            mailbox.write(&mut quick, None);
            let changes = Changes::new();
            Mailbox { changes: Some(&changes), ..mailbox }.write(&mut slow, None);
            assert_eq!(quick, slow);
            assert!((8_000..13_000).contains(&quick.len()), "{} characters", quick.len());
            let object: serde_json::Value = serde_json::from_str(&quick).unwrap();
            assert_eq!(object["ExchangeGuid@data.type"], "System.Guid");
        }
    }

    #[test]
    fn the_first_mailbox_is_adele() {
        let seed = Seed::new(1);
        let adele = Mailbox { seed: &seed, person: seed.person(0), changes: None, user_changes: None };
        assert_eq!(adele.text("UserPrincipalName"), "adele@contoso.onmicrosoft.com");
        assert_eq!(
            adele.list("EmailAddresses")[..2],
            ["SMTP:adele@contoso.onmicrosoft.com", "smtp:adele@contoso.example"]
        );
    }
}
