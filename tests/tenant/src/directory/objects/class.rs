//! What a kind of object looks like.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use super::Entry;
use crate::catalog::Catalog;
use crate::clouds::Surface;
use crate::directory::seed::Seed;
use crate::directory::value::{Kind, Value};

/// Properties that every object of the directory has.
const DIRECTORY_TABLE: &str = "
AdminDisplayName T
DistinguishedName T
ExchangeObjectId G
ExchangeVersion T 0.20 (15.0.0.0)
Guid G
Id T
Identity T
IsValid B true
Name T
ObjectCategory T
ObjectClass L []
ObjectState T Unchanged
OrganizationId T
OrganizationalUnitRoot T
OriginatingServer T SIMPR01A01DC001.SIMPR01A001.prod.outlook.com
WhenChanged O null
WhenChangedUTC U null
WhenCreated O null
WhenCreatedUTC U null
";

/// What names most directory objects.
pub const NAMES: &[&str] = &["Name", "Identity", "DistinguishedName", "Guid"];

/// A kind of object.
pub struct Class {
    /// The noun of its cmdlets.
    pub noun: &'static str,
    /// The service that has it.
    pub surface: Surface,
    /// The catalogue's object of that kind, if it has one.
    pub shape: Option<&'static str>,
    /// Cmdlets whose parameters are properties of the same name.
    pub settable_by: &'static [&'static str],
    /// Parameters of those cmdlets that are no properties: identities, orders and the like.
    pub orders: &'static [&'static str],
    /// Whether it has the properties of a directory object.
    pub in_directory: bool,
    /// The last class of `ObjectClass`, and what `ObjectCategory` ends with; empty if it shows none.
    pub directory_class: &'static str,
    /// More properties, or other first values: one line each, name, kind and value. Kinds: T text, B Boolean, I number,
    /// J 64-bit number, K unsigned 64-bit number, G GUID, U moment in UTC, O moment with an offset, L list. Values:
    /// `null`, `[a|b]` a list, anything else the value itself; nothing is the empty value of the kind. A name after `~` is
    /// kept without being shown.
    pub table: &'static str,
    /// Properties that name the object; the first SMTP addresses of `EmailAddresses` do so too.
    pub identities: &'static [&'static str],
    /// The objects that a tenant starts with.
    pub first: fn(&'static Class, &Seed) -> Vec<Entry>,
    /// The schema, made on first use.
    pub schema: OnceLock<ObjectSchema>,
}

/// The properties of a kind of object.
pub struct ObjectSchema {
    properties: Vec<Property>,
    by_name: HashMap<String, usize>,
}

/// A property: its name, how it is written, and what it is at first.
pub struct Property {
    /// The name.
    pub name: String,
    /// How it is written.
    pub kind: Kind,
    /// The first value.
    pub default: Value,
    /// Whether it is kept without being shown.
    pub hidden: bool,
}

impl Class {
    /// The same kind of object in the compliance service.
    #[must_use]
    pub const fn of_compliance(mut self) -> Self {
        self.surface = Surface::Compliance;
        self
    }

    /// The properties.
    pub fn schema(&'static self) -> &'static ObjectSchema {
        self.schema.get_or_init(|| ObjectSchema::of(self))
    }

    /// Whether a parameter asks for something else than a property.
    #[must_use]
    pub fn is_order(&self, parameter: &str) -> bool {
        parameter == "Identity" || self.orders.contains(&parameter)
    }
}

/// A kind of directory object of Exchange Online that is named as most of them are.
#[must_use]
pub const fn directory_class(
    noun: &'static str,
    settable_by: &'static [&'static str],
    orders: &'static [&'static str],
    directory_class: &'static str,
    table: &'static str,
    first: fn(&'static Class, &Seed) -> Vec<Entry>,
) -> Class {
    Class {
        noun,
        surface: Surface::Exchange,
        shape: None,
        settable_by,
        orders,
        in_directory: true,
        directory_class,
        table,
        identities: NAMES,
        first,
        schema: OnceLock::new(),
    }
}

impl ObjectSchema {
    fn of(class: &Class) -> Self {
        let mut properties = BTreeMap::new();
        for cmdlet in class.settable_by {
            let cmdlet = Catalog::get().cmdlet(class.surface, cmdlet).unwrap_or_else(|| panic!("{cmdlet} is known"));
            for parameter in &cmdlet.parameters {
                if !class.is_order(&parameter.name) {
                    let kind = kind_of_parameter(&parameter.type_name);
                    properties.insert(parameter.name.clone(), (kind, empty(kind)));
                }
            }
        }
        if let Some(shape) = class.shape {
            for (name, facts) in Catalog::get().object(shape) {
                // What only a filter knows isn't shown.
                if facts.sources.iter().all(|source| source == "filter") || class.is_order(name) && name != "Identity" {
                    continue;
                }
                let kind = match facts.type_name.as_str() {
                    "bool" => Kind::Bool,
                    "int" => Kind::Int32,
                    "long" => Kind::Int64,
                    "list" => Kind::List,
                    "guid" => Kind::Guid,
                    "time" if name.ends_with("UTC") => Kind::MomentUtc,
                    "time" => Kind::MomentOffset,
                    _ => Kind::Text,
                };
                properties.insert(name.clone(), (kind, empty(kind)));
            }
        }
        let directory = if class.in_directory { DIRECTORY_TABLE } else { "" };
        for line in directory.lines().chain(class.table.lines()).filter(|line| !line.is_empty()) {
            let mut parts = line.splitn(3, ' ');
            let (name, kind, value) =
                (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            let kind = kind_of_letter(kind).unwrap_or_else(|| panic!("{name} of {} has no kind", class.noun));
            properties.insert(name.to_owned(), (kind, first_value(kind, value)));
        }
        let properties: Vec<Property> =
            properties.into_iter().map(|(name, (kind, default))| property(name, kind, default)).collect();
        let by_name = properties.iter().enumerate().map(|(at, p)| (p.name.to_ascii_lowercase(), at)).collect();
        Self { properties, by_name }
    }

    /// The properties, in the order of the wire.
    #[must_use]
    pub fn properties(&self) -> &[Property] {
        &self.properties
    }

    /// The position of a property, its name in any casing.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(&name.to_ascii_lowercase()).copied()
    }
}

fn property(name: String, kind: Kind, default: Value) -> Property {
    match name.strip_prefix('~') {
        Some(shown) => Property { name: shown.to_owned(), kind, default, hidden: true },
        None => Property { name, kind, default, hidden: false },
    }
}

fn kind_of_letter(letter: &str) -> Option<Kind> {
    Some(match letter {
        "T" => Kind::Text,
        "B" => Kind::Bool,
        "I" => Kind::Int32,
        "J" => Kind::Int64,
        "K" => Kind::UInt64,
        "G" => Kind::Guid,
        "U" => Kind::MomentUtc,
        "O" => Kind::MomentOffset,
        "L" => Kind::List,
        _ => return None,
    })
}

/// How the property is written that a parameter of that type sets.
fn kind_of_parameter(type_name: &str) -> Kind {
    let name = type_name.trim_matches(['<', '>']);
    if name.ends_with("[]") || name.ends_with("MultiValuedProperty") || name.ends_with("Collection") {
        return Kind::List;
    }
    match name.rsplit('.').next().unwrap_or(name) {
        "Boolean" | "SwitchParameter" => Kind::Bool,
        "Int32" => Kind::Int32,
        "Int64" => Kind::Int64,
        "Guid" => Kind::Guid,
        "DateTime" => Kind::MomentOffset,
        "PswsHashtable" | "Hashtable" => Kind::List,
        _ => Kind::Text,
    }
}

fn empty(kind: Kind) -> Value {
    match kind {
        Kind::Bool => Value::Bool(false),
        Kind::Int32 | Kind::Int64 | Kind::UInt64 => Value::Int(0),
        Kind::List => Value::List(vec![]),
        Kind::Guid => Value::text("00000000-0000-0000-0000-000000000000"),
        Kind::MomentUtc | Kind::MomentOffset | Kind::MomentBare => Value::Null,
        Kind::Text => Value::text(""),
    }
}

fn first_value(kind: Kind, text: &str) -> Value {
    match (kind, text) {
        (_, "null") => Value::Null,
        (_, "") => empty(kind),
        (Kind::Bool, text) => Value::Bool(text == "true"),
        (Kind::Int32 | Kind::Int64 | Kind::UInt64, text) => Value::Int(text.parse().expect("a number")),
        (Kind::List, text) => Value::List(
            text.trim_start_matches('[')
                .trim_end_matches(']')
                .split('|')
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect(),
        ),
        (_, text) => Value::text(text),
    }
}
