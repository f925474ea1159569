//! What the compliance service keeps: retention, labels, cases with their holds, and searches.

use std::sync::OnceLock;

use super::objects::{Class, Entry};
use super::seed::{GuidKind, Seed};
use super::value::{Value, ticks_from_unix};
use crate::clouds::Surface;

/// A kind of object of the compliance service.
pub(super) const fn class(
    noun: &'static str,
    settable_by: &'static [&'static str],
    orders: &'static [&'static str],
    table: &'static str,
    first: fn(&'static Class, &Seed) -> Vec<Entry>,
) -> Class {
    Class {
        noun,
        surface: Surface::Compliance,
        shape: None,
        settable_by,
        orders,
        in_directory: false,
        directory_class: "",
        table,
        identities: &["Name", "Identity", "DisplayName", "Guid", "ImmutableId", "ExchangeObjectId"],
        first,
        schema: OnceLock::new(),
    }
}

/// No objects to start with.
pub(super) fn none(_: &'static Class, _: &Seed) -> Vec<Entry> {
    Vec::new()
}

/// Gives an object of the compliance service what follows from who makes it.
pub fn sign(entry: &mut Entry, author: &str) {
    for name in ["CreatedBy", "LastModifiedBy"] {
        entry.set(name, Value::text(author));
    }
    for name in ["ImmutableId", "ImmutableIdentity", "MasterIdentity"] {
        let guid = entry.get("Guid");
        entry.set(name, guid);
    }
    let when = entry.get("WhenCreatedUTC");
    for name in ["CreatedTime", "CreatedDateTime", "LastModifiedTime", "LastModifiedDateTime"] {
        entry.set(name, when.clone());
    }
}

/// An object that a tenant starts with.
pub(super) fn first(class: &'static Class, seed: &Seed, name: &str) -> Entry {
    let mut entry = Entry::first(class, seed, name);
    sign(&mut entry, &format!("{} Admin", seed.company.name));
    entry
}

fn list(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| (*item).to_owned()).collect())
}

/// A retention policy.
pub static RETENTION_POLICY: Class = class(
    "RetentionCompliancePolicy",
    &["New-RetentionCompliancePolicy"],
    &["Force", "IsSimulation", "PolicyTemplateInfo", "PriorityCleanup", "SkipPriorityCleanupConfirmation"],
    "
CreatedBy T
DistributionResults L []
DistributionStatus T Success
Enabled B true
ExchangeObjectId G
Guid G
HasRules B false
Id T
Identity T
ImmutableIdentity T
IsAdaptivePolicy B false
IsSimulationPolicy B false
IsValid B true
LastModifiedBy T
MasterIdentity T
Mode T Enforce
ObjectState T Unchanged
ReadOnly B false
RestrictiveRetention B false
RetentionRuleTypes L []
TeamsPolicy B false
Type T Retention
WhenChanged O null
WhenChangedUTC U null
WhenCreated O null
WhenCreatedUTC U null
Workload T Exchange, SharePoint, OneDriveForBusiness, Skype, ModernGroup
",
    |class, seed| {
        vec![
            first(class, seed, "Keep everything for seven years")
                .with("ExchangeLocation", list(&["All"]))
                .with("SharePointLocation", list(&["All"]))
                .with("OneDriveLocation", list(&["All"]))
                .with("HasRules", Value::Bool(true)),
            first(class, seed, "Finance papers")
                .with("SharePointLocation", list(&["https://contoso.sharepoint.com/sites/finance"]))
                .with("ExchangeLocation", Value::List(vec![format!("sales@{}", seed.company.vanity_domain)]))
                .with("Comment", Value::text("What the auditors ask for")),
            first(class, seed, "Teams chats")
                .with("TeamsChatLocation", list(&["All"]))
                .with("TeamsChannelLocation", list(&["All"]))
                .with("TeamsPolicy", Value::Bool(true))
                .with("Workload", Value::text("Teams")),
        ]
    },
);

/// A rule of a retention policy.
pub static RETENTION_RULE: Class = class(
    "RetentionComplianceRule",
    &["New-RetentionComplianceRule", "Set-RetentionComplianceRule"],
    &["Policy", "PriorityCleanup"],
    "
ApplyComplianceTag T null
ContentDateFrom U null
ContentDateTo U null
CreatedBy T
Disabled B false
ExchangeObjectId G
ExpirationDateOption T CreationAgeInDays
Guid G
Id T
Identity T
IsValid B true
LastModifiedBy T
Mode T Enforce
ObjectState T Unchanged
Policy T
Priority I 0
PublishComplianceTag T null
ReadOnly B false
RetentionComplianceAction T Keep
RetentionDuration T Unlimited
RetentionDurationDisplayHint T Days
WhenChanged O null
WhenChangedUTC U null
WhenCreated O null
WhenCreatedUTC U null
Workload T Exchange, SharePoint, OneDriveForBusiness, Skype, ModernGroup
",
    |class, seed| {
        let policy = seed.named_guid("RetentionCompliancePolicy Keep everything for seven years");
        vec![
            first(class, seed, "Seven years")
                .with("Policy", Value::Text(policy))
                .with("RetentionDuration", Value::text("2555"))
                .with("RetentionComplianceAction", Value::text("KeepAndDelete")),
        ]
    },
);

/// A sensitivity label.
pub static LABEL: Class = class(
    "Label",
    &["New-Label"],
    &["AdvancedSettings", "IsLabelGroup", "MigrationId", "Setting"],
    "
Capabilities L []
ContentType T File, Email
CreatedBy T
Disabled B false
ExchangeObjectId G
Guid G
Id T
Identity T
ImmutableId T
IsLabelGroup B false
IsParent B false
IsValid B true
LastModifiedBy T
MasterIdentity T
Mode T Enforce
ObjectState T Unchanged
ParentId T null
ParentLabelDisplayName T
Priority I 0
ReadOnly B false
Settings L []
WhenChanged O null
WhenChangedUTC U null
WhenCreated O null
WhenCreatedUTC U null
Workload T Exchange, SharePoint, OneDriveForBusiness, Skype, ModernGroup
",
    |class, seed| {
        [
            ("Public", "File, Email", "For everybody"),
            ("General", "File, Email", "For daily work"),
            ("Confidential", "File, Email, Site, UnifiedGroup", "For those who need it"),
            ("Highly Confidential", "File, Email, Site, UnifiedGroup", "For the few who are named"),
        ]
        .into_iter()
        .enumerate()
        .map(|(priority, (name, content, tip))| {
            first(class, seed, name)
                .with("DisplayName", Value::text(name))
                .with("ContentType", Value::text(content))
                .with("Tooltip", Value::text(tip))
                .with("Priority", Value::Int(priority as i64))
        })
        .collect()
    },
);

/// A retention label.
pub static COMPLIANCE_TAG: Class = class(
    "ComplianceTag",
    &["New-ComplianceTag"],
    &["Force", "PriorityCleanup"],
    "
CreatedBy T
Disabled B false
ExchangeObjectId G
FilePlanMetadata T null
Guid G
HasRetentionAction B true
Id T
Identity T
ImmutableId G
IsReviewTag B false
IsValid B true
LastModifiedBy T
ObjectState T Unchanged
Priority I 0
ReadOnly B false
RetentionAction T Keep
RetentionDuration T Unlimited
RetentionType T CreationAgeInDays
WhenChanged O null
WhenChangedUTC U null
WhenCreated O null
WhenCreatedUTC U null
Workload T Exchange, SharePoint, OneDriveForBusiness, Skype, ModernGroup
",
    |class, seed| {
        [("Contracts", "KeepAndDelete", "2555"), ("Board papers", "Keep", "Unlimited"), ("Drafts", "Delete", "365")]
            .into_iter()
            .map(|(name, action, days)| {
                first(class, seed, name)
                    .with("RetentionAction", Value::text(action))
                    .with("RetentionDuration", Value::text(days))
            })
            .collect()
    },
);

/// A policy that gives labels to people.
pub static LABEL_POLICY: Class = class(
    "LabelPolicy",
    &["New-LabelPolicy"],
    &["AdvancedSettings", "Force", "MigrationId", "Setting"],
    "
CreatedBy T
DistributionStatus T Success
Enabled B true
ExchangeObjectId G
Guid G
Id T
Identity T
ImmutableId T
IsValid B true
Labels L []
LastModifiedBy T
Mode T Enforce
ObjectState T Unchanged
Priority I 0
ReadOnly B false
ScopedLabels L []
Settings L []
Type T PublishedSensitivityLabel
WhenChanged O null
WhenChangedUTC U null
WhenCreated O null
WhenCreatedUTC U null
Workload T Exchange, SharePoint, OneDriveForBusiness, Skype, ModernGroup
",
    |class, seed| {
        vec![
            first(class, seed, "Global labels")
                .with("Labels", list(&["Public", "General", "Confidential", "Highly Confidential"]))
                .with("ExchangeLocation", list(&["All"]))
                .with("Settings", list(&["[mandatory, true]"])),
        ]
    },
);

/// A case.
pub static COMPLIANCE_CASE: Class = class(
    "ComplianceCase",
    &["New-ComplianceCase"],
    &["Close", "DomainController", "Reopen", "SecondaryCaseType", "SourceCaseType"],
    "
CaseType T eDiscovery
ClosedBy T
ClosedDateTime U null
CreatedBy T
CreatedDateTime U null
Guid G
Id T
Identity T
IsValid B true
LastModifiedBy T
LastModifiedDateTime U null
ObjectState T Unchanged
Status T Active
~Members L []
~WhenCreatedUTC U null
",
    |class, seed| {
        vec![
            first(class, seed, "Harbour dispute")
                .with("Description", Value::text("Papers about the harbour contract"))
                .with("Members", Value::List(vec![seed.guid(GuidKind::Object, 0)])),
            first(class, seed, "Old complaint").with("Status", Value::text("Closed")),
        ]
    },
);

/// What a case holds.
pub static CASE_HOLD_POLICY: Class = class(
    "CaseHoldPolicy",
    &["New-CaseHoldPolicy"],
    &["Case", "Force"],
    "
CaseId T
CreatedBy T
DistributionResults L []
DistributionStatus T Success
Enabled B true
ExchangeObjectId G
Guid G
Id T
Identity T
ImmutableId T
IsValid B true
LastModifiedBy T
Mode T Enforce
ObjectState T Unchanged
ReadOnly B false
Type T Hold
WhenChanged O null
WhenChangedUTC U null
WhenCreated O null
WhenCreatedUTC U null
Workload T Exchange, SharePoint
",
    |class, seed| {
        vec![
            first(class, seed, "Hold of the harbour papers")
                .with("CaseId", Value::Text(seed.named_guid("ComplianceCase Harbour dispute")))
                .with("ExchangeLocation", Value::List(vec![format!("bruno.lacroix@{}", seed.company.vanity_domain)])),
        ]
    },
);

/// What a hold keeps.
pub static CASE_HOLD_RULE: Class = class(
    "CaseHoldRule",
    &["New-CaseHoldRule"],
    &["Policy"],
    "
CreatedBy T
ExchangeObjectId G
Guid G
Id T
Identity T
IsValid B true
LastModifiedBy T
Mode T Enforce
ObjectState T Unchanged
Policy T
WhenChanged O null
WhenChangedUTC U null
WhenCreated O null
WhenCreatedUTC U null
",
    none,
);

/// A content search.
pub static COMPLIANCE_SEARCH: Class = class(
    "ComplianceSearch",
    &["New-ComplianceSearch"],
    &["Case", "Force"],
    "
CaseId T null
CaseName T
CreatedBy T
CreatedTime U null
Errors T
Guid G
Id T
Identity T
IsValid B true
Items J 0
JobEndTime U null
JobProgress I 0
JobRunId G
JobStartTime U null
LastModifiedBy T
LastModifiedTime U null
NumBindings I 0
ObjectState T Unchanged
RunBy T
SearchType T EstimateSearch
Size J 0
Status T NotStarted
SuccessResults T
UnindexedItems J 0
UnindexedSize J 0
~StartedTicks J 0
~WhenCreatedUTC U null
",
    |class, seed| {
        [
            ("Invoices 2025", "subject:invoice AND received>=2025-01-01", true),
            ("Press leak", "from:press AND kind:email", true),
            ("Équipe Paris", "participants:paris", false),
        ]
        .into_iter()
        .map(|(name, query, has_run)| {
            let mut search = first(class, seed, name)
                .with("ContentMatchQuery", Value::text(query))
                .with("ExchangeLocation", list(&["All"]));
            let identity = seed.named_guid(&format!("compliance search {name}"));
            search.set("Identity", Value::text(&identity));
            search.set("Guid", Value::Text(identity));
            if has_run {
                search.set("StartedTicks", Value::Int(ticks_from_unix(1_740_003_600)));
                search.set("RunBy", Value::text(format!("{} Admin", seed.company.name)));
            }
            search
        })
        .collect()
    },
);

/// What is done with what a search found: a preview, or taking it away.
pub static COMPLIANCE_ACTION: Class = class(
    "ComplianceSearchAction",
    &[],
    &[],
    "
Action T
CaseId T null
CaseName T
CreatedBy T
CreatedTime U null
Errors T
Guid G
Identity T
IsValid B true
JobEndTime U null
JobProgress I 0
JobRunId G
JobStartTime U null
LastModifiedBy T
LastModifiedTime U null
Name T
ObjectState T Unchanged
Results T
Retry B false
RunBy T
SearchName T
Status T NotStarted
~PurgeType T
~StartedTicks J 0
~WhenCreatedUTC U null
",
    none,
);
