//! The organization's configuration object and its accepted domains.

use std::collections::BTreeMap;

use super::seed::{FOREST_SUFFIX, Seed};
use super::value::{Kind, Value, now_ticks, push_property, ticks_from_unix};
use crate::catalog::Catalog;

/// Settings that don't start as the empty value of their type: name, then value (`true`, a number, text, `[a|b]`).
const DEFAULTS: &str = "
ActivityBasedAuthenticationTimeoutEnabled true
ActivityBasedAuthenticationTimeoutInterval 06:00:00
ActivityBasedAuthenticationTimeoutWithSingleSignOnEnabled true
AdminDisplayVersion 0.20 (15.20.9000.15)
AppsForOfficeEnabled true
AsyncSendEnabled true
AutoArchivingThresholdPercentage 96
BookingsEnabled true
BookingsSmsMicrosoftEnabled true
BookingsPaymentsEnabled false
BookingsSocialSharingRestricted false
ByteEncoderTypeFor7BitCharsets 0
CalendarVersionStoreEnabled true
ConnectorsActionableMessagesEnabled true
ConnectorsEnabled true
ConnectorsEnabledForOutlook true
ConnectorsEnabledForSharepoint true
ConnectorsEnabledForTeams true
ConnectorsEnabledForYammer true
DefaultGroupAccessType Private
DefaultMailboxRegion EUR
DefaultMinutesToReduceLongEventsBy 10
DefaultMinutesToReduceShortEventsBy 5
DefaultPublicFolderDeletedItemRetention 30.00:00:00
DefaultPublicFolderIssueWarningQuota 1.7 GB (1,825,361,100 bytes)
DefaultPublicFolderMaxItemSize Unlimited
DefaultPublicFolderMovedItemRetention 7.00:00:00
DefaultPublicFolderProhibitPostQuota 2 GB (2,147,483,648 bytes)
DirectReportsGroupAutoCreationEnabled false
DLPWaitOnSendTimeout 9999
EwsAllowEntourage true
EwsAllowMacOutlook true
EwsAllowOutlook true
EwsEnabled true
ExchangeNotificationEnabled true
ExchangeVersion 0.20 (15.0.0.0)
FindTimeAttendeeAuthenticationEnabled false
FocusedInboxOn true
HybridRSVPEnabled true
IsAgendaMailEnabled true
IsGroupFoldersAndRulesEnabled false
IsGroupMemberAllowedToEditContent false
IsValid true
LeanPopoutEnabled false
LinkPreviewEnabled true
MailTipsAllTipsEnabled true
MailTipsExternalRecipientsTipsEnabled false
MailTipsGroupMetricsEnabled true
MailTipsLargeAudienceThreshold 25
MailTipsMailboxSourcedTipsEnabled true
MessageHighlightsEnabled true
MessageRecallEnabled true
MessageRecallMaxRecallableAge 365.00:00:00
MessageRemindersEnabled true
MobileAppEducationEnabled true
OAuth2ClientProfileEnabled false
ObjectClass [top|container|msExchOrganizationContainer|msExchConfigurationUnitContainer]
ObjectState Unchanged
OnlineMeetingsByDefaultEnabled true
OutlookGifPickerDisabled false
OutlookMobileGCCRestrictionsEnabled false
OutlookMobileHelpShiftEnabled true
OutlookPayEnabled true
PreferredInternetCodePageForShiftJis 0
PublicFoldersEnabled Local
RefreshSessionEnabled true
RequiredCharsetCoverage 100
ShortenEventScopeDefault None
SmtpActionableMessagesEnabled true
UnblockUnsafeSenderPromptEnabled true
VisibleMeetingUpdateProperties Location,AllProperties:15
WebPushNotificationsDisabled false
WebSuggestedRepliesDisabled false
WorkspaceTenantEnabled true
AllowedMailboxRegions [EUR]
OriginatingServer SIMPR01A01DC001.SIMPR01A001.prod.outlook.com
ObjectCategory simpr01a001.prod.outlook.com/Configuration/Schema/ms-Exch-Configuration-Unit-Container
";

/// Settings whose first value is null although their type has an empty value.
const NULL_AT_FIRST: [&str; 9] = [
    "DefaultAuthenticationPolicy",
    "DefaultPublicFolderAgeLimit",
    "DistributionGroupDefaultOU",
    "EwsApplicationAccessPolicy",
    "HierarchicalAddressBookRoot",
    "SiteMailboxCreationURL",
    "EwsAllowedAppIDs",
    "RecipientDelimiters",
    "RejectDirectSend",
];

/// The organization's configuration.
pub struct Organization {
    values: BTreeMap<String, (Kind, Value)>,
}

impl Organization {
    /// The configuration that a seed's company starts with.
    #[must_use]
    pub fn new(seed: &Seed) -> Self {
        let mut values = BTreeMap::new();
        for (name, property) in Catalog::get().object("OrganizationConfig") {
            let kind = match property.type_name.as_str() {
                "bool" => Kind::Bool,
                "int" => Kind::Int32,
                "list" => Kind::List,
                "guid" => Kind::Guid,
                "time" if name.ends_with("UTC") => Kind::MomentUtc,
                "time" => Kind::MomentOffset,
                _ => Kind::Text,
            };
            let value = match kind {
                _ if NULL_AT_FIRST.contains(&name.as_str()) => Value::Null,
                Kind::Bool => Value::Bool(false),
                Kind::Int32 | Kind::Int64 | Kind::UInt64 => Value::Int(0),
                Kind::List => Value::List(vec![]),
                Kind::MomentUtc | Kind::MomentOffset | Kind::MomentBare => {
                    Value::Moment(ticks_from_unix(1_705_312_800))
                }
                Kind::Guid => Value::text(seed.named_guid("organization")),
                Kind::Text => Value::text(""),
            };
            values.insert(name.clone(), (kind, value));
        }
        for line in DEFAULTS.lines().filter(|line| !line.is_empty()) {
            let (name, text) = line.split_once(' ').expect("name and value");
            let slot = values.get_mut(name).unwrap_or_else(|| panic!("{name} isn't a property"));
            slot.1 = match slot.0 {
                Kind::Bool => Value::Bool(text == "true"),
                Kind::Int32 => Value::Int(text.parse().expect("a number")),
                Kind::List => Value::List(text.trim_matches(['[', ']']).split('|').map(str::to_owned).collect()),
                _ => Value::text(text),
            };
        }
        let company = seed.company;
        let initial_domain = company.initial_domain;
        let dn = format!("CN=Configuration,CN={initial_domain},CN=ConfigurationUnits,{FOREST_SUFFIX}");
        for (name, text) in [
            ("Name", initial_domain.to_owned()),
            ("Identity", initial_domain.to_owned()),
            ("Id", initial_domain.to_owned()),
            ("DisplayName", company.name.to_owned()),
            ("DistinguishedName", dn),
            (
                "LegacyExchangeDN",
                format!("/o=ExchangeLabs/ou=External (FYDIBOHF25SPDLT)/cn={}", seed.named_guid("organization")),
            ),
            ("OrganizationalUnitRoot", company.unit()),
            ("OrganizationId", company.organization_id()),
            ("OrganizationConfigHash", seed.named_guid("organization hash").replace('-', "").to_uppercase()),
            ("RootPublicFolderMailbox", "00000000-0000-0000-0000-000000000000".to_owned()),
        ] {
            if let Some(slot) = values.get_mut(name) {
                slot.1 = Value::Text(text);
            }
        }
        Self { values }
    }

    /// A setting's kind, by its name in any casing, with its name as the object spells it.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<(&str, Kind)> {
        self.values
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(known, (kind, _))| (known.as_str(), *kind))
    }

    /// A setting's value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).map(|(_, value)| value)
    }

    /// Changes settings; tells whether anything changed.
    pub fn change(&mut self, changes: Vec<(String, Value)>) -> bool {
        let mut changed = false;
        for (name, value) in changes {
            if let Some(slot) = self.values.get_mut(&name)
                && slot.1 != value
            {
                slot.1 = value;
                changed = true;
            }
        }
        if changed {
            // One moment in two forms, so the clock is read once.
            let now = now_ticks();
            for name in ["WhenChanged", "WhenChangedUTC"] {
                if let Some(slot) = self.values.get_mut(name) {
                    slot.1 = Value::Moment(now);
                }
            }
        }
        changed
    }

    /// Appends the object's JSON.
    pub fn write(&self, out: &mut String, select: Option<&[String]>) {
        write_selected(
            out,
            self.values.iter().map(|(name, (kind, value))| (name.as_str(), *kind, value.clone())),
            select,
        );
    }
}

/// Appends an object of the given properties, all or the selected ones.
pub fn write_selected<'a>(
    out: &mut String,
    properties: impl Iterator<Item = (&'a str, Kind, Value)>,
    select: Option<&[String]>,
) {
    out.push('{');
    let mut first = true;
    for (name, kind, value) in properties {
        if select.is_some_and(|select| !select.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))) {
            continue;
        }
        if !first {
            out.push(',');
        }
        first = false;
        push_property(out, name, kind, &value);
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_has_every_property_and_starts_without_modern_authentication() {
        let organization = Organization::new(&Seed::new(1));
        assert_eq!(organization.values.len(), Catalog::get().object("OrganizationConfig").len());
        assert_eq!(organization.get("OAuth2ClientProfileEnabled"), Some(&Value::Bool(false)));
        let mut out = String::new();
        organization.write(&mut out, None);
        let object: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(object["MailTipsLargeAudienceThreshold"], 25);
    }

    #[test]
    fn changes_tell_whether_they_change_anything() {
        let mut organization = Organization::new(&Seed::new(1));
        let on = || vec![("OAuth2ClientProfileEnabled".to_owned(), Value::Bool(true))];
        assert!(organization.change(on()));
        assert_eq!(organization.get("WhenChanged"), organization.get("WhenChangedUTC"));
        assert!(!organization.change(on()));
    }
}
