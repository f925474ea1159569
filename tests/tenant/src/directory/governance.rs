//! More of what the compliance service keeps: scopes that follow people's properties, retention of other applications, and
//! the holds that an administrator took away.

use super::compliance::{class, first, none};
use super::objects::Class;
use super::value::Value;

/// A scope that follows properties of people, groups or sites.
pub static ADAPTIVE_SCOPE: Class = class(
    "AdaptiveScope",
    &["New-AdaptiveScope"],
    &["AdministrativeUnit", "FilterConditions"],
    "
AdministrativeUnits L []
CreatedBy T
ExchangeObjectId G
FilterConditions T
Guid G
Id T
Identity T
ImmutableId T
IsValid B true
LastModifiedBy T
MasterIdentity T
ObjectState T Unchanged
ReadOnly B false
WhenChanged O null
WhenChangedUTC U null
WhenCreated O null
WhenCreatedUTC U null
Workload T Exchange, SharePoint, OneDriveForBusiness, Skype, ModernGroup
",
    |class, seed| {
        vec![
            first(class, seed, "Engineering everywhere")
                .with("LocationType", Value::text("User"))
                .with("Comment", Value::text("Who builds the cranes"))
                .with(
                    "FilterConditions",
                    Value::text(
                        r#"{"Conditions":{"Name":"Department","Operator":"Equals","Value":"Engineering"},"Conjunction":"And"}"#,
                    ),
                ),
            first(class, seed, "Groups of projects")
                .with("LocationType", Value::text("Group"))
                .with("RawQuery", Value::text("DisplayName -like 'Project*'")),
        ]
    },
);

/// A retention policy for what is outside mail and sites: applications, and the messages of Teams' private channels.
pub static APP_RETENTION_POLICY: Class = class(
    "AppRetentionCompliancePolicy",
    &["New-AppRetentionCompliancePolicy"],
    &["Force"],
    "
CreatedBy T
DistributionResults L []
DistributionStatus T Success
Enabled B true
ExchangeObjectId G
Guid G
Id T
Identity T
ImmutableId T
IsAdaptivePolicy B false
IsValid B true
LastModifiedBy T
MasterIdentity T
Mode T Enforce
ObjectState T Unchanged
ReadOnly B false
RetentionRuleTypes L []
Type T AppRetention
WhenChanged O null
WhenChangedUTC U null
WhenCreated O null
WhenCreatedUTC U null
Workload T Exchange, ModernGroup
",
    |class, seed| {
        vec![
            first(class, seed, "Private channels")
                .with("Applications", Value::List(vec!["User:MicrosoftTeams".to_owned()]))
                .with("ExchangeLocation", Value::List(vec!["All".to_owned()])),
        ]
    },
);

/// A hold that was taken away from one place.
pub static HOLD_REMOVAL: Class = class(
    "HoldRemoval",
    &[],
    &[],
    "
CreatedBy T
Guid G
HoldId T
Identity T
Location T
Name T
WhenCreatedUTC U null
",
    none,
);
