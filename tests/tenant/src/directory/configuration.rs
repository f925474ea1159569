//! Rules, policies and connectors of the organization.

use std::sync::OnceLock;

use super::objects::{Class, Entry, NAMES, directory_class as class};
use super::seed::Seed;
use super::value::Value;
use crate::clouds::Surface;

/// Nothing of the kind is there at first.
fn none(_: &'static Class, _: &Seed) -> Vec<Entry> {
    Vec::new()
}

/// One object called Default.
fn one_default(class: &'static Class, seed: &Seed) -> Vec<Entry> {
    vec![Entry::first(class, seed, "Default")]
}

/// A domain of the organization.
pub static ACCEPTED_DOMAIN: Class = Class {
    noun: "AcceptedDomain",
    surface: Surface::Exchange,
    shape: Some("AcceptedDomain"),
    settable_by: &[],
    orders: &[],
    in_directory: true,
    directory_class: "ms-Exch-Accepted-Domain",
    table: "
AuthenticationType T Managed
DomainType T Authoritative
MailFlowRegion T null
",
    identities: NAMES,
    first: |class, seed| {
        // The default one comes last, as it does in the order of the names.
        [(seed.company.initial_domain, false), (seed.company.vanity_domain, true)]
            .into_iter()
            .map(|(name, default)| {
                Entry::first(class, seed, name)
                    .with("DomainName", Value::text(name))
                    .with("Default", Value::Bool(default))
                    .with("InitialDomain", Value::Bool(!default))
            })
            .collect()
    },
    schema: OnceLock::new(),
};

/// A mail flow rule.
pub static TRANSPORT_RULE: Class = Class {
    noun: "TransportRule",
    surface: Surface::Exchange,
    shape: Some("TransportRule"),
    settable_by: &[],
    orders: &["Enabled", "RuleSubType", "UseLegacyRegex"],
    in_directory: true,
    directory_class: "ms-Exch-Transport-Rule",
    table: "
ActivationDate O null
AttachmentSizeOver T null
ExpiryDate O null
ImmutableId G
MessageSizeOver T null
ExceptIfAttachmentSizeOver T null
ExceptIfMessageSizeOver T null
Mode T Enforce
Priority I 0
RecipientAddressType T Resolved
RuleErrorAction T Ignore
RuleVersion T 15.0.5.2
SenderAddressLocation T Header
SetAuditSeverity T
State T Enabled
",
    identities: NAMES,
    first: first_transport_rules,
    schema: OnceLock::new(),
};

fn first_transport_rules(class: &'static Class, seed: &Seed) -> Vec<Entry> {
    let text = |text: &str| Value::text(text);
    let list = |item: &str| Value::List(vec![item.to_owned()]);
    let mut rules = vec![
        Entry::first(class, seed, "External sender notice")
            .with("FromScope", text("NotInOrganization"))
            .with("PrependSubject", text("[External] "))
            .with("Comments", text("Says where a message comes from")),
        Entry::first(class, seed, "Copy of purchase orders")
            .with("SubjectContainsWords", list("purchase order"))
            .with("BlindCopyTo", list(&format!("sales@{}", seed.company.vanity_domain)))
            .with("Priority", Value::Int(1)),
        Entry::first(class, seed, "Redirect leavers")
            .with("SentTo", list(&format!("frontdesk@{}", seed.company.vanity_domain)))
            .with("RedirectMessageTo", list(&format!("adele@{}", seed.company.initial_domain)))
            .with("State", text("Disabled"))
            .with("Priority", Value::Int(2)),
    ];
    for rule in &mut rules {
        let guid = rule.get("Guid");
        rule.set("ImmutableId", guid);
    }
    rules
}

/// The settings of mail flow.
pub static TRANSPORT_CONFIG: Class = class(
    "TransportConfig",
    &["Set-TransportConfig"],
    &["Force"],
    "ms-Exch-Transport-Settings",
    "
AllowLegacyTLSClients B null
ClearCategories B true
DSNConversionMode T UseExchangeDSNs
ExternalDelayDsnEnabled B true
ExternalDsnDefaultLanguage T null
ExternalDsnLanguageDetectionEnabled B true
ExternalDsnReportingAuthority T null
ExternalDsnSendHtml B true
ExternalPostmasterAddress T null
HeaderPromotionModeSetting T NoCreate
InternalDelayDsnEnabled B true
InternalDsnDefaultLanguage T null
InternalDsnLanguageDetectionEnabled B true
InternalDsnReportingAuthority T null
InternalDsnSendHtml B true
JournalMessageExpirationDays I 0
JournalingReportNdrTo T <>
MaxReceiveSize T Unlimited
MaxRecipientEnvelopeLimit T Unlimited
MaxSendSize T Unlimited
MessageExpiration T 1.00:00:00
ReplyAllStormBlockDurationHours I 6
ReplyAllStormDetectionMinimumRecipients I 2500
ReplyAllStormDetectionMinimumReplies I 10
ReplyAllStormProtectionEnabled B true
SmtpClientAuthenticationDisabled B true
VoicemailJournalingEnabled B true
",
    |class, seed| vec![Entry::first(class, seed, "Transport Settings")],
);

/// Settings of mail to a domain outside.
pub static REMOTE_DOMAIN: Class = class(
    "RemoteDomain",
    &["Set-RemoteDomain"],
    &[],
    "ms-Exch-Domain-Content-Config",
    "
AllowedOOFType T External
AutoForwardEnabled B true
AutoReplyEnabled B true
ByteEncoderTypeFor7BitCharsets T Undefined
CharacterSet T iso-8859-1
ContentType T MimeHtmlText
DeliveryReportEnabled B true
DisplaySenderName B true
DomainName T
LineWrapSize T Unlimited
MeetingForwardNotificationEnabled B false
NDRDiagnosticInfoEnabled B true
NDREnabled B true
NonMimeCharacterSet T iso-8859-1
PreferredInternetCodePageForShiftJis T Undefined
RequiredCharsetCoverage I null
SmtpDaneMandatoryModeEnabled B false
TNEFEnabled B null
TrustedMailInboundEnabled B false
TrustedMailOutboundEnabled B false
UseSimpleDisplayName B false
",
    |class, seed| vec![Entry::first(class, seed, "Default").with("DomainName", Value::text("*"))],
);

/// How mail from certain senders comes in.
pub static INBOUND_CONNECTOR: Class = class(
    "InboundConnector",
    &["New-InboundConnector"],
    &[],
    "ms-Exch-SMTP-Inbound-Connector",
    "
ConnectorSource T Default
ConnectorType T Partner
Enabled B true
RequireTls B true
TlsSenderCertificateName T null
",
    none,
);

/// How mail to certain recipients goes out.
pub static OUTBOUND_CONNECTOR: Class = class(
    "OutboundConnector",
    &["New-OutboundConnector", "Set-OutboundConnector"],
    &["LinkForModifiedConnector"],
    "ms-Exch-SMTP-Outbound-Connector",
    "
ConnectorSource T Default
ConnectorType T Partner
Enabled B true
IsValidated B false
LastValidationTimestamp O null
MtaStsMode T Opportunistic
SmtpDaneMode T Opportunistic
TlsDomain T null
TlsSettings T null
UseMXRecord B true
",
    none,
);

/// What happens to spam.
pub static CONTENT_FILTER_POLICY: Class = class(
    "HostedContentFilterPolicy",
    &["Set-HostedContentFilterPolicy"],
    &["MakeDefault"],
    "ms-Exch-Hosted-Content-Filter-Config",
    "
BulkSpamAction T MoveToJmf
BulkThreshold I 7
HighConfidencePhishAction T Quarantine
HighConfidenceSpamAction T MoveToJmf
IncreaseScoreWithBizOrInfoUrls T Off
IncreaseScoreWithImageLinks T Off
IncreaseScoreWithNumericIps T Off
IncreaseScoreWithRedirectToOtherPort T Off
InlineSafetyTipsEnabled B true
IntraOrgFilterState T Default
IsBuiltInProtection B false
IsDefault B true
MarkAsSpamBulkMail T On
MarkAsSpamEmbedTagsInHtml T Off
MarkAsSpamEmptyMessages T Off
MarkAsSpamFormTagsInHtml T Off
MarkAsSpamFramesInHtml T Off
MarkAsSpamFromAddressAuthFail T Off
MarkAsSpamJavaScriptInHtml T Off
MarkAsSpamNdrBackscatter T Off
MarkAsSpamObjectTagsInHtml T Off
MarkAsSpamSensitiveWordList T Off
MarkAsSpamSpfRecordHardFail T Off
MarkAsSpamWebBugsInHtml T Off
PhishSpamAction T MoveToJmf
PhishZapEnabled B true
QuarantineRetentionPeriod I 15
RecommendedPolicyType T Custom
SpamAction T MoveToJmf
SpamZapEnabled B true
TestModeAction T None
ZapEnabled B true
",
    one_default,
);

/// What happens to phishing.
pub static ANTI_PHISH_POLICY: Class = class(
    "AntiPhishPolicy",
    &["Set-AntiPhishPolicy"],
    &["MakeDefault"],
    "ms-Exch-Antispam-Phish-Config",
    "
AuthenticationFailAction T MoveToJmf
DmarcQuarantineAction T Quarantine
DmarcRejectAction T Reject
Enabled B true
EnableFirstContactSafetyTips B false
EnableMailboxIntelligence B true
EnableSpoofIntelligence B true
EnableUnauthenticatedSender B true
EnableViaTag B true
HonorDmarcPolicy B true
ImpersonationProtectionState T Automatic
IsDefault B true
MailboxIntelligenceProtectionAction T NoAction
PhishThresholdLevel I 1
RecommendedPolicyType T Custom
SpoofQuarantineTag T DefaultFullAccessPolicy
TargetedDomainProtectionAction T NoAction
TargetedUserProtectionAction T NoAction
",
    |class, seed| vec![Entry::first(class, seed, "Office365 AntiPhish Default")],
);

/// What happens to links.
pub static SAFE_LINKS_POLICY: Class = class(
    "SafeLinksPolicy",
    &["Set-SafeLinksPolicy"],
    &["UseTranslatedNotificationText"],
    "ms-Exch-Smart-Links-Protection-Config",
    "
AllowClickThrough B true
EnableSafeLinksForEmail B true
EnableSafeLinksForOffice B true
EnableSafeLinksForTeams B true
IsBuiltInProtection B true
IsDefault B false
RecommendedPolicyType T BuiltInProtection
ScanUrls B true
TrackClicks B true
",
    |class, seed| vec![Entry::first(class, seed, "Built-In Protection Policy")],
);

/// Whether changes are recorded.
pub static ADMIN_AUDIT_LOG: Class = class(
    "AdminAuditLogConfig",
    &["Set-AdminAuditLogConfig"],
    &["Force"],
    "ms-Exch-Admin-Audit-Log-Config",
    "
AdminAuditLogAgeLimit T 90.00:00:00
AdminAuditLogCmdlets L [*]
AdminAuditLogEnabled B true
AdminAuditLogExcludedCmdlets L []
AdminAuditLogMailbox T
AdminAuditLogParameters L [*]
LoadBalancerCount I 3
LogLevel T None
RefreshInterval I 10
TestCmdletLoggingEnabled B false
UnifiedAuditLogFirstOptInDate O null
UnifiedAuditLogIngestionEnabled B true
",
    |class, seed| vec![Entry::first(class, seed, "Admin Audit Log Settings")],
);

/// When messages of a mailbox are moved or deleted.
pub static MRM_POLICY: Class = class(
    "RetentionPolicy",
    &[],
    &[],
    "ms-Exch-Mailbox-Recipient-Template",
    "
IsDefault B false
IsDefaultArbitrationMailbox B false
RetentionId G
RetentionPolicyTagLinks L []
",
    |class, seed| {
        let tags = MRM_TAGS.map(|(name, ..)| name.to_owned());
        let mut policy = Entry::first(class, seed, "Default MRM Policy")
            .with("IsDefault", Value::Bool(true))
            .with("RetentionPolicyTagLinks", Value::List(tags.to_vec()));
        let guid = policy.get("Guid");
        policy.set("RetentionId", guid);
        vec![policy]
    },
);

/// The tags of the policy that mailboxes have: name, where they apply, what they do, and after how many days.
const MRM_TAGS: [(&str, &str, &str, Option<u32>); 5] = [
    ("Default 2 year move to archive", "All", "MoveToArchive", Some(730)),
    ("Recoverable Items 14 days move to archive", "RecoverableItems", "MoveToArchive", Some(14)),
    ("Personal 1 year move to archive", "Personal", "MoveToArchive", Some(365)),
    ("1 Month Delete", "Personal", "DeleteAndAllowRecovery", Some(30)),
    ("Never Delete", "Personal", "DeleteAndAllowRecovery", None),
];

/// A tag of the policy that mailboxes have.
pub static MRM_TAG: Class = class(
    "RetentionPolicyTag",
    &["Set-RetentionPolicyTag"],
    &["Force", "LegacyManagedFolder", "Mailbox", "OptionalInMailbox"],
    "ms-Exch-ELC-Folder",
    "
AgeLimitForRetention T null
Description T
IsPrimary B false
MessageClass T *
MessageClassDisplayName T All Mailbox Content
RetentionAction T MoveToArchive
RetentionEnabled B true
RetentionId G
SystemTag B false
TriggerForRetention T WhenDelivered
Type T Personal
",
    |class, seed| {
        MRM_TAGS
            .into_iter()
            .map(|(name, kind, action, days)| {
                let mut tag = Entry::first(class, seed, name)
                    .with("Type", Value::text(kind))
                    .with("RetentionAction", Value::text(action))
                    .with("RetentionEnabled", Value::Bool(days.is_some()))
                    .with(
                        "AgeLimitForRetention",
                        days.map_or(Value::Null, |days| Value::Text(format!("{days}.00:00:00"))),
                    );
                let guid = tag.get("Guid");
                tag.set("RetentionId", guid);
                tag
            })
            .collect()
    },
);

/// What the tenant lets in or keeps out, whatever the filters say.
pub static ALLOW_BLOCK_ITEM: Class = Class {
    noun: "TenantAllowBlockListItem",
    surface: Surface::Exchange,
    shape: None,
    settable_by: &[],
    orders: &[],
    in_directory: false,
    directory_class: "",
    table: "
Action T
CreatedDateTime U null
EntryValueHash T
Error T
ExpirationDate U null
Identity T
LastModifiedDateTime U null
LastUsedDate U null
ListSubType T Tenant
ListType T
ModifiedBy T
Notes T
ObjectState T New
RemoveAfter I 0
SubmissionID T
SysManaged B false
Value T
",
    identities: &["Identity"],
    first: none,
    schema: OnceLock::new(),
};
