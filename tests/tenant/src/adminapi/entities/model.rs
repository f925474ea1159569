//! The service's model of its entities: which properties they have, of what type and in which order, and the sets of
//! properties that can be asked for by one name.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::adminapi::errors::ApiError;
use crate::directory::value::{parse_moment, parse_size};

/// Names and types of the properties: a line with the type's name, then one line per property, in the order of the
/// service's metadata, which is the order of the wire.
const TYPES: &str = include_str!("types.txt");
const PROPERTY_SETS: &str = include_str!("../../../../../powershell/Catalog/property-sets.json");

/// Seconds from the year 1 to 1970: a .NET moment counts from there.
const YEAR_ONE: i64 = 62_135_596_800;

/// The entity sets of the service document.
pub const ENTITY_SETS: [&str; 51] = [
    "ActiveSyncDeviceAccessRule",
    "ActiveSyncDeviceClass",
    "ActiveSyncOrganizationSettings",
    "AddressBookPolicy",
    "AntiPhishPolicyPresentation",
    "AntiPhishRule",
    "AtpPolicyForO365Presentation",
    "BasicInfo",
    "CalendarProcessing",
    "CasMailbox",
    "CmdletInfo",
    "ConfigAnalyzerPolicyRecommendation",
    "DirectMobileDevice",
    "Divergence",
    "DynamicDistributionGroup",
    "EligibleDistributionGroup",
    "ExchangeManagementScope",
    "ExchangeRoleGroup",
    "ExchangeRoleGroupMember",
    "GraphConnectorGroup",
    "GraphConnectorGroupMember",
    "HistoricalSearch",
    "HostedContentFilterPolicyPresentation",
    "HostedContentFilterRule",
    "InboundConnector",
    "Mailbox",
    "MailboxAutoReplyConfiguration",
    "MailboxPlan",
    "MailboxRecoverableItem",
    "MalwareFilterPolicy",
    "MalwareFilterRule",
    "MobileDeviceMailboxPolicy",
    "OutboundConnector",
    "Place",
    "Recipient",
    "ReportSchedule",
    "RetentionPolicy",
    "RoleAssignmentPolicy",
    "RoleAssignments",
    "RoleDefinitions",
    "SafeAttachmentPolicy",
    "SafeAttachmentRule",
    "SafeLinksPolicyPresentation",
    "SafeLinksRule",
    "SecurityPrincipal",
    "SharingPolicy",
    "UnifiedGroup",
    "UnifiedRbacManagementScope",
    "UnifiedRbacRoleAssignment",
    "UnifiedRbacRoleDefinition",
    "User",
];

/// A type of the model that the tenant answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    /// A mailbox.
    Mailbox,
    /// The protocols of a mailbox.
    CasMailbox,
    /// A recipient.
    Recipient,
    /// A person.
    User,
    /// Who may open a mailbox.
    MailboxPermission,
    /// Who may do what in a folder.
    MailboxFolderPermission,
    /// Sizes of a mailbox.
    MailboxStatistics,
    /// Sizes of a folder.
    MailboxFolderStatistics,
    /// A device that reads a mailbox.
    MobileDeviceStatistics,
}

/// A property: its name and type.
type Property = (&'static str, &'static str);

static MODEL: LazyLock<HashMap<&'static str, Vec<Property>>> = LazyLock::new(|| {
    let mut model: HashMap<&'static str, Vec<Property>> = HashMap::new();
    let mut current = "";
    for line in TYPES.lines() {
        match (line.strip_prefix("# "), line.split_once(' ')) {
            (Some(name), _) => current = name,
            (None, Some(property)) => model.entry(current).or_default().push(property),
            (None, None) => panic!("types.txt has the line '{line}'"),
        }
    }
    model
});

#[derive(Deserialize)]
struct SetFile {
    cmdlets: HashMap<String, CmdletSets>,
}

/// The sets of one cmdlet.
#[derive(Deserialize)]
struct CmdletSets {
    property_sets: HashMap<String, Vec<String>>,
    #[serde(default)]
    output_omits: Vec<String>,
}

static SETS: LazyLock<HashMap<String, CmdletSets>> = LazyLock::new(|| {
    let file: SetFile = serde_json::from_str(PROPERTY_SETS).expect("property-sets.json has the catalogue's form");
    file.cmdlets
});

impl Entity {
    /// The type's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mailbox => "Mailbox",
            Self::CasMailbox => "CasMailbox",
            Self::Recipient => "Recipient",
            Self::User => "User",
            Self::MailboxPermission => "MailboxPermission",
            Self::MailboxFolderPermission => "MailboxFolderPermission",
            Self::MailboxStatistics => "MailboxStatistics",
            Self::MailboxFolderStatistics => "MailboxFolderStatistics",
            Self::MobileDeviceStatistics => "MobileDeviceStatistics",
        }
    }

    /// The name of the key property.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::User => "ExternalDirectoryObjectId",
            _ => "ObjectKey",
        }
    }

    /// The properties, in order.
    #[must_use]
    pub fn properties(self) -> &'static [Property] {
        &MODEL[self.name()]
    }

    /// A property by its name in any casing.
    #[must_use]
    pub fn property(self, name: &str) -> Option<Property> {
        self.properties().iter().copied().find(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// What OData says about a name that the type doesn't have.
    #[must_use]
    pub fn no_property(self, name: &str) -> ApiError {
        ApiError::odata(format!("Could not find a property named '{name}' on type 'Exchange.{}'.", self.name()))
    }

    /// Whether properties of the entity come in sets. Nothing is published about sets of users but that `All` is one.
    #[must_use]
    pub fn has_sets(self) -> bool {
        self == Self::User || self.sets().is_some_and(|sets| !sets.property_sets.is_empty())
    }

    fn sets(self) -> Option<&'static CmdletSets> {
        SETS.get(&format!("Get-EXO{}", self.name()))
    }

    /// The members of a set; `None` if there is no such set. `All` has none of its own: it is what the object has.
    #[must_use]
    pub fn set(self, name: &str) -> Option<Vec<&'static str>> {
        let sets = self.sets()?;
        let (known, members) = sets.property_sets.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        // Live objects of the default set have a few properties more than the published list.
        let more: &[&str] = match self {
            _ if known != "Minimum" => &[],
            Self::Mailbox => &["Identity"],
            Self::CasMailbox => &["ExternalDirectoryObjectId"],
            Self::Recipient => {
                &["Identity", "Alias", "EmailAddresses", "DisplayName", "PrimarySmtpAddress", "DistinguishedName"]
            }
            _ => &[],
        };
        let names = members.iter().map(String::as_str).chain(more.iter().copied());
        Some(names.filter_map(|name| self.property(name)).map(|(name, _)| name).collect())
    }

    /// Whether a property is left out of the whole object.
    #[must_use]
    pub fn omits(self, name: &str) -> bool {
        self.sets().is_some_and(|sets| sets.output_omits.iter().any(|omitted| omitted.eq_ignore_ascii_case(name)))
    }
}

/// Which properties a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Selection {
    /// All that the object has.
    All,
    /// These, in the order of the model.
    Some(Vec<&'static str>),
}

impl Selection {
    /// The selection of a request's sets and `$select`.
    ///
    /// # Errors
    ///
    /// An unknown set or property.
    pub fn read(entity: Entity, sets: Option<&str>, select: Option<&str>) -> Result<Self, ApiError> {
        let mut names: Vec<&str> = Vec::new();
        let sets = match (sets, select) {
            (None, None) if entity.has_sets() && entity != Entity::User => Some("Minimum"),
            (None, None) => return Ok(Self::All),
            (sets, _) => sets,
        };
        for set in sets.into_iter().flat_map(|sets| sets.split(',')).map(str::trim) {
            if set.eq_ignore_ascii_case("All") && entity.has_sets() {
                return Ok(Self::All);
            }
            names.extend(entity.set(set).ok_or_else(|| {
                ApiError::odata(format!("The property set '{set}' is unknown for the entity '{}'.", entity.name()))
            })?);
        }
        for name in select.into_iter().flat_map(|select| select.split(',')).map(str::trim) {
            names.push(entity.property(name).ok_or_else(|| entity.no_property(name))?.0);
        }
        let in_order = entity.properties().iter().map(|(name, _)| *name);
        Ok(Self::Some(in_order.filter(|name| names.contains(name)).collect()))
    }

    /// The names, if there is a list of them.
    #[must_use]
    pub fn names(&self) -> Option<&[&'static str]> {
        match self {
            Self::All => None,
            Self::Some(names) => Some(names),
        }
    }

    /// The entity of an object as the cmdlets show it: the selected properties in order, each of its type.
    #[must_use]
    pub fn apply(&self, entity: Entity, object: &Map<String, Json>) -> Vec<(&'static str, Json)> {
        let wanted = |name: &str| match self {
            Self::All => find(object, name).is_some() && !entity.omits(name),
            Self::Some(names) => names.contains(&name),
        };
        let properties = entity.properties().iter().filter(|(name, _)| wanted(name));
        properties.map(|(name, kind)| (*name, convert(find(object, name), kind))).collect()
    }
}

/// A member of an object by its name in any casing; side-cars have other names.
fn find<'a>(object: &'a Map<String, Json>, name: &str) -> Option<&'a Json> {
    object
        .get(name)
        .or_else(|| object.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// A value as the model's type has it.
fn convert(value: Option<&Json>, kind: &str) -> Json {
    let value = value.unwrap_or(&Json::Null);
    match (kind, value) {
        ("Collection(String)" | "Collection(Guid)" | "Collection(RecipientAccessRight)", Json::Null) => {
            Json::Array(vec![])
        }
        ("Collection(String)" | "Collection(Guid)" | "Collection(RecipientAccessRight)", Json::String(text)) => {
            Json::Array(if text.is_empty() { vec![] } else { vec![Json::String(text.clone())] })
        }
        ("Collection(ByteArrayType)", Json::Array(items)) => Json::Array(
            items
                .iter()
                .map(|item| serde_json::json!({"Data": item.as_str().map_or(&[][..], str::as_bytes)}))
                .collect(),
        ),
        ("String", Json::Bool(flag)) => Json::String(if *flag { "True" } else { "False" }.to_owned()),
        ("String", Json::Number(number)) => Json::String(number.to_string()),
        ("Boolean", Json::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            _ => Json::Null,
        },
        ("Guid", Json::String(text)) if text.is_empty() => Json::Null,
        ("Int16" | "Int32" | "Int64", Json::String(text)) => number(text),
        _ => value.clone(),
    }
}

/// A number from a text: a count, a size, or a moment. What has no number, such as Unlimited, is null.
fn number(text: &str) -> Json {
    if let Some(size) = parse_size(text) {
        return Json::from(size);
    }
    // The model types a few moments as numbers without saying of what; ticks since the year 1 are .NET's own count.
    parse_moment(text).map_or(Json::Null, |ticks| Json::from(ticks + YEAR_ONE * 10_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_are_properties_of_the_model() {
        for entity in [Entity::Mailbox, Entity::CasMailbox, Entity::Recipient, Entity::MailboxStatistics] {
            let sets = &entity.sets().expect("it has sets").property_sets;
            assert!(sets.contains_key("Minimum"));
            for (name, members) in sets {
                let missing: Vec<&String> = members
                    .iter()
                    .filter(|member| entity.property(member).is_none() && !entity.omits(member))
                    .collect();
                // The metadata is older than the article.
                let newer = [
                    "FastIsEnabled",
                    "QuarantineDescription",
                    "QuarantineEnd",
                    "QuarantineFileVersion",
                    "QuarantineLastCrash",
                ];
                assert!(missing.iter().all(|member| newer.contains(&member.as_str())), "{entity:?} {name} {missing:?}");
            }
        }
        assert_eq!(Entity::Mailbox.set("minimum").expect("a set").len(), 15);
        assert_eq!(Entity::CasMailbox.set("Minimum").expect("a set").len(), 17);
        assert_eq!(Entity::Recipient.set("Minimum").expect("a set").len(), 12);
        assert!(ENTITY_SETS.is_sorted());
    }

    #[test]
    fn a_selection_is_in_the_order_of_the_model() {
        let selection = Selection::read(Entity::Mailbox, None, Some("Guid, alias,ObjectKey"));
        assert_eq!(selection.ok().as_ref().and_then(Selection::names), Some(&["ObjectKey", "Alias", "Guid"][..]));
        let both = Selection::read(Entity::Mailbox, Some("StatisticsSeed"), Some("Alias")).expect("a selection");
        assert_eq!(both.names().map(<[_]>::len), Some(5));
        assert!(Selection::read(Entity::Mailbox, Some("Nothing"), None).is_err());
        assert!(Selection::read(Entity::Mailbox, None, Some("RunspaceId")).is_err());
        assert!(Selection::read(Entity::MailboxPermission, Some("All"), None).is_err());
    }

    #[test]
    fn values_have_the_types_of_the_model() {
        assert_eq!(
            convert(Some(&Json::from("99 GB (106,300,440,576 bytes)")), "Int64"),
            Json::from(106_300_440_576_u64)
        );
        assert_eq!(convert(Some(&Json::from("Unlimited")), "Int64"), Json::Null);
        assert_eq!(convert(Some(&Json::from("0001-01-01T00:00:01.0000000Z")), "Int64"), Json::from(10_000_000));
        assert_eq!(convert(Some(&Json::from("True")), "Boolean"), Json::Bool(true));
        assert_eq!(convert(Some(&Json::Bool(false)), "String"), Json::from("False"));
        assert_eq!(convert(None, "Collection(String)"), Json::Array(vec![]));
        assert_eq!(convert(Some(&Json::Null), "Guid"), Json::Null);
    }
}
