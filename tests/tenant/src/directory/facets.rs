//! Settings that every mailbox has besides the mailbox object itself. Until they are changed they follow from the mailbox.

use std::sync::OnceLock;

use super::Directory;
use super::mailbox::{Mailbox, Schema};
use super::objects::{Class, Entry, ObjectSchema};
use super::recipient::mailbox_value;
use super::seed::{MailboxType, Seed};
use super::value::{Value, ticks_from_unix};
use crate::clouds::Surface;

/// A kind of settings.
pub struct Facet {
    /// What the settings object looks like.
    pub class: Class,
    /// Whether properties that the mailbox object has too are the mailbox's.
    pub follows_mailbox: bool,
    computed: fn(&Directory, &Mailbox<'_>, &str) -> Option<Value>,
}

impl Facet {
    /// The noun of the settings' cmdlets.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        self.class.noun
    }

    /// The properties.
    pub fn schema(&'static self) -> &'static ObjectSchema {
        self.class.schema()
    }

    /// Whether these are the properties of the person.
    #[must_use]
    pub fn is_user(&self) -> bool {
        self.noun() == USER.noun()
    }

    /// Whether a property is the mailbox's own.
    #[must_use]
    pub fn is_of_mailbox(&self, name: &str) -> bool {
        self.follows_mailbox && Schema::get().position(name).is_some()
    }

    /// The value that a property has until it is changed.
    #[must_use]
    pub fn first_value(&'static self, directory: &Directory, mailbox: &Mailbox<'_>, at: usize) -> Value {
        let property = &self.schema().properties()[at];
        if let Some(value) = (self.computed)(directory, mailbox, &property.name) {
            return value;
        }
        if self.is_of_mailbox(&property.name) { mailbox.get(&property.name) } else { property.default.clone() }
    }
}

fn none(_: &'static Class, _: &Seed) -> Vec<Entry> {
    Vec::new()
}

const fn class(
    noun: &'static str,
    shape: Option<&'static str>,
    settable_by: &'static [&'static str],
    orders: &'static [&'static str],
    in_directory: bool,
    table: &'static str,
) -> Class {
    Class {
        noun,
        surface: Surface::Exchange,
        shape,
        settable_by,
        orders,
        in_directory,
        directory_class: "",
        table,
        identities: &[],
        first: none,
        schema: OnceLock::new(),
    }
}

/// The person whom a mailbox belongs to.
pub static USER: Facet = Facet {
    class: class(
        "User",
        None,
        &["Set-User"],
        &[
            "BlockCloudCache",
            "ClearDataEncryptionPolicy",
            "DesiredWorkloads",
            "EXOModuleEnabled",
            "Force",
            "IsShadowMailbox",
            "ManagedOnboardingType",
            "PermanentlyClearPreviousMailboxInfo",
            "PublicFolder",
            "RemoveMailboxProvisioningConstraint",
        ],
        true,
        "
AccountDisabled B
AuthenticationPolicy T null
AuthenticationType T
CanHaveCloudCache B false
DirectReports L []
EmailAddresses L []
ExternalDirectoryObjectId T
GeoCoordinates T null
IsDirSynced B false
IsLinked B false
IsSecurityPrincipal B true
IsSoftDeletedByDisable B false
IsSoftDeletedByRemove B false
LegacyExchangeDN T
LinkedMasterAccount T
Manager T null
MailboxLocations L []
MailboxRegion T null
MicrosoftOnlineServicesID T
NetID T
OrganizationalUnit T
PreviousRecipientTypeDetails T None
RecipientType T
RecipientTypeDetails T
RemotePowerShellEnabled B true
SamAccountName T
SeniorityIndex I null
SKUAssigned B
StsRefreshTokensValidFrom O null
UserAccountControl T
UserPrincipalName T
WhenSoftDeleted O null
WindowsLiveID T
UpgradeRequest T None
UpgradeStatus T None
",
    ),
    follows_mailbox: true,
    computed: |_, mailbox, name| match name {
        "AuthenticationType" | "City" | "Company" | "CountryOrRegion" | "Department" | "FirstName" | "LastName"
        | "Phone" | "PostalCode" | "StateOrProvince" | "Title" => Some(mailbox_value(mailbox, name)),
        "UserAccountControl" => Some(Value::text(match mailbox.person.mailbox_type {
            MailboxType::User => "NormalAccount",
            _ => "AccountDisabled, NormalAccount",
        })),
        "ResetPasswordOnNextLogon" => Some(Value::Bool(false)),
        _ => None,
    },
};

/// The protocols of a mailbox.
pub static CAS_MAILBOX: Facet = Facet {
    class: class(
        "CASMailbox",
        Some("CASMailbox"),
        &["Set-CASMailbox"],
        &[],
        true,
        "
ActiveSyncEnabled B true
ActiveSyncMailboxPolicy T Default
ActiveSyncMailboxPolicyIsDefaulted B true
ECPEnabled B true
EwsAllowEntourage B null
EwsAllowMacOutlook B null
EwsAllowOutlook B null
EwsApplicationAccessPolicy T null
EwsEnabled B true
ExternalImapSettings T null
ExternalPopSettings T null
ExternalSmtpSettings T null
ImapEnabled B true
ImapMessagesRetrievalMimeFormat T BestBodyFormat
ImapUseProtocolDefaults B true
InternalImapSettings T null
InternalPopSettings T null
InternalSmtpSettings T null
MacOutlookEnabled B true
MAPIBlockOutlookVersions T
MAPIEnabled B true
MapiHttpEnabled B null
OneWinNativeOutlookEnabled B true
OutlookMobileEnabled B true
OWAEnabled B true
OWAforDevicesEnabled B true
OwaMailboxPolicy T OwaMailboxPolicy-Default
PopEnabled B true
PopMessagesRetrievalMimeFormat T BestBodyFormat
PopUseProtocolDefaults B true
PublicFolderClientAccess B true
SmtpClientAuthenticationDisabled B null
UniversalOutlookEnabled B true
",
    ),
    follows_mailbox: true,
    computed: |_, mailbox, name| {
        let hash = mailbox.person.hash;
        match name {
            // Some companies have turned the old protocols off for a part of their people.
            "ImapEnabled" | "PopEnabled" => Some(Value::Bool(hash % 5 != 2)),
            "ActiveSyncMailboxPolicy" | "HasActiveSyncDevicePartnership" => Some(mailbox_value(mailbox, name)),
            _ => None,
        }
    },
};

/// What a mailbox answers by itself.
pub static AUTO_REPLY: Facet = Facet {
    class: class(
        "MailboxAutoReplyConfiguration",
        None,
        &["Set-MailboxAutoReplyConfiguration"],
        &["IgnoreDefaultScope"],
        false,
        "
AutoReplyState T Disabled
EndTime U null
ExternalAudience T All
Identity T
IsValid B true
MailboxOwnerId T
ObjectState T Unchanged
Recipients L []
ReminderMessage T null
ReminderMinutesBeforeStart I 0
StartTime U null
",
    ),
    follows_mailbox: false,
    computed: |directory, mailbox, name| {
        let hash = mailbox.person.hash;
        let first_day = 1_780_000_000 + (hash % 1000) as i64 * 3600;
        let state = match (mailbox.person.mailbox_type, hash % 13) {
            (MailboxType::User, 4) => "Enabled",
            (MailboxType::User, 7) => "Scheduled",
            _ => "Disabled",
        };
        let message = |outside: &str| match state {
            "Disabled" => String::new(),
            _ => format!(
                "<html>\n<body>\nI am away. Please write to {}{outside}.\n</body>\n</html>\n",
                directory.seed.person(0).name
            ),
        };
        match name {
            "AutoReplyState" => Some(Value::text(state)),
            "InternalMessage" => Some(Value::Text(message(""))),
            "ExternalMessage" => Some(Value::Text(message(&format!(" at {}", directory.seed.company.name)))),
            "StartTime" => Some(Value::Moment(ticks_from_unix(first_day))),
            "EndTime" => Some(Value::Moment(ticks_from_unix(first_day + 14 * 86_400))),
            "Identity" | "MailboxOwnerId" => Some(mailbox.get("Identity")),
            _ => None,
        }
    },
};

/// How Outlook on the web looks and writes.
pub static MESSAGE_CONFIGURATION: Facet = Facet {
    class: class(
        "MailboxMessageConfiguration",
        None,
        &["Set-MailboxMessageConfiguration"],
        &["DeleteSignatureName", "IgnoreDefaultScope", "SignatureHtmlBody"],
        false,
        "
AfterMoveOrDeleteBehavior T OpenNextItem
AlwaysShowBcc B false
CheckForForgottenAttachments B true
ConversationSortOrder T ChronologicalNewestOnTop
DefaultFontColor T #000000
DefaultFontFlags T Normal
DefaultFontName T Aptos
DefaultFontSize I 12
DefaultFormat T Html
EmailComposeMode T Inline
GlobalReadingPanePosition T Right
Identity T
IsFocusedInboxEnabled B true
IsReplyAllTheDefaultResponse B true
IsValid B true
LinkPreviewEnabled B true
MailFolderPaneExpanded B true
MailSendUndoInterval I 10
MailboxOwnerId T
NavigationBarWidth I 240
NavigationPaneViewOption T Default
NewItemNotification T All
ObjectState T Unchanged
PreviewMarkAsReadBehavior T OnSelectionChange
PreviewMarkAsReadDelaytime I 5
ReadReceiptResponse T DoNotAutomaticallySend
ReportJunkSelected B false
ShowConversationAsTree B false
ShowInlinePreviews B true
ShowNotificationBar B true
ShowPreviewTextInListView B true
ShowUpNext B true
WebSuggestedRepliesEnabledForUser B true
",
    ),
    follows_mailbox: false,
    computed: owned,
};

/// What a mailbox takes for junk, and from whom it takes nothing for junk.
pub static JUNK_EMAIL: Facet = Facet {
    class: class(
        "MailboxJunkEmailConfiguration",
        None,
        &["Set-MailboxJunkEmailConfiguration"],
        &["FailOnError", "IgnoreDefaultScope"],
        false,
        "
ContactsTrusted B false
Enabled B true
Identity T
IsValid B true
MailboxOwnerId T
ObjectState T Unchanged
TrustedListsOnly B false
",
    ),
    follows_mailbox: false,
    computed: owned,
};

/// Language, time zone and formats.
pub static REGIONAL: Facet = Facet {
    class: class(
        "MailboxRegionalConfiguration",
        None,
        &["Set-MailboxRegionalConfiguration"],
        &["Archive", "LocalizeDefaultFolderName", "MailboxLocation", "UseCustomRouting"],
        false,
        "
DefaultFolderNameMatchingUserLanguage B false
Identity T
IsValid B true
ObjectState T Unchanged
",
    ),
    follows_mailbox: false,
    computed: |directory, mailbox, name| {
        let language = mailbox.list("Languages").first().cloned();
        match name {
            "Language" => Some(language.map_or(Value::Null, Value::Text)),
            "DateFormat" | "TimeFormat" => Some(language.map_or(Value::Null, |language| {
                let (date, time) = formats(&language);
                Value::text(if name == "DateFormat" { date } else { time })
            })),
            "TimeZone" => Some(language.map_or(Value::Null, |_| Value::text(time_zone(mailbox.person.city)))),
            _ => owned(directory, mailbox, name),
        }
    },
};

/// How a mailbox treats meeting requests.
pub static CALENDAR_PROCESSING: Facet = Facet {
    class: class(
        "CalendarProcessing",
        None,
        &["Set-CalendarProcessing"],
        &["IgnoreDefaultScope"],
        false,
        "
AddOrganizerToSubject B true
AllBookInPolicy B true
AllowRecurringMeetings B true
BookingType T Standard
BookingWindowInDays I 180
DeleteAttachments B true
DeleteComments B true
DeleteNonCalendarItems B true
DeleteSubject B true
EnableResponseDetails B true
EnforceSchedulingHorizon B true
ForwardRequestsToDelegates B true
Identity T
IsValid B true
MailboxOwnerId T
MaximumDurationInMinutes I 1440
ObjectState T Unchanged
OrganizerInfo B true
PostReservationMaxClaimTimeInMinutes I 10
RemoveCanceledMeetings B false
RemoveOldMeetingMessages B true
RemovePrivateProperty B true
TentativePendingApproval B true
",
    ),
    follows_mailbox: false,
    computed: |directory, mailbox, name| {
        let resource = matches!(mailbox.text("RecipientTypeDetails").as_str(), "RoomMailbox" | "EquipmentMailbox");
        match name {
            "AutomateProcessing" => Some(Value::text(if resource { "AutoAccept" } else { "AutoUpdate" })),
            _ => owned(directory, mailbox, name),
        }
    },
};

fn owned(_: &Directory, mailbox: &Mailbox<'_>, name: &str) -> Option<Value> {
    matches!(name, "Identity" | "MailboxOwnerId").then(|| mailbox.get("Identity"))
}

/// The usual date and time formats of a language.
#[must_use]
pub fn formats(language: &str) -> (&'static str, &'static str) {
    match language.split('-').next().unwrap_or("") {
        "en" if language.eq_ignore_ascii_case("en-US") => ("M/d/yyyy", "h:mm tt"),
        "en" | "fr" | "pt" => ("dd/MM/yyyy", "HH:mm"),
        "de" => ("dd.MM.yyyy", "HH:mm"),
        "es" => ("dd/MM/yyyy", "H:mm"),
        "ja" => ("yyyy/MM/dd", "H:mm"),
        _ => ("yyyy-MM-dd", "HH:mm"),
    }
}

fn time_zone(city: &str) -> &'static str {
    match city {
        "Paris" | "Lyon" | "Madrid" => "Romance Standard Time",
        "Berlin" | "Zürich" => "W. Europe Standard Time",
        "Toronto" => "Eastern Standard Time",
        "Seattle" => "Pacific Standard Time",
        "Osaka" => "Tokyo Standard Time",
        "Dublin" => "GMT Standard Time",
        _ => "E. South America Standard Time",
    }
}
