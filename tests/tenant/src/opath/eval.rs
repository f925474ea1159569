//! Checking a filter against the filterable properties of a cmdlet, and evaluating it.
//!
//! All that can be known without an object is decided when the filter is compiled: names, operators and constants are
//! checked once, and evaluating reads only the properties that the filter names.

use super::FilterError;
use super::parser::{Constant, Expression, Operator, parse};
use crate::catalog::{Catalog, FilterProperty};
use crate::clouds::Surface;
use crate::directory::value::{Value, parse_moment};

/// What a filter is evaluated on.
pub trait Subject {
    /// The value that a filter sees of a property, by its name as the catalogue spells it.
    fn filter_value(&self, property: &str) -> Value;
}

/// A checked filter.
#[derive(Debug)]
pub struct Filter {
    root: Node,
}

#[derive(Debug)]
enum Node {
    Or(Vec<Node>),
    And(Vec<Node>),
    Not(Box<Node>),
    Test { property: String, test: Test, negated: bool },
}

#[derive(Debug)]
enum Test {
    Blank,
    Text(String),
    Address(String),
    Like(Pattern),
    Bool(bool),
    Order(Operator, i64),
    Unlimited,
}

#[derive(Debug, PartialEq, Eq)]
enum Pattern {
    Anything,
    Exactly(String),
    Begins(String),
    Ends(String),
    Contains(String),
}

/// Multi-valued or proxy address properties, of which `-eq` takes the bare address.
const ADDRESSES: [&str; 3] = ["EmailAddresses", "ExternalEmailAddress", "ForwardingSmtpAddress"];

impl Filter {
    /// Reads and checks a filter of a cmdlet.
    ///
    /// # Errors
    ///
    /// What the service says about a filter that it can't use.
    pub fn compile(cmdlet: &str, text: &str) -> Result<Self, FilterError> {
        let expression = parse(text)?;
        Ok(Self { root: compile(cmdlet, text, expression)? })
    }

    /// Whether the filter holds.
    #[must_use]
    pub fn holds(&self, subject: &impl Subject) -> bool {
        holds(&self.root, subject)
    }
}

fn compile(cmdlet: &str, filter: &str, expression: Expression) -> Result<Node, FilterError> {
    let list =
        |parts: Vec<Expression>| parts.into_iter().map(|part| compile(cmdlet, filter, part)).collect::<Result<_, _>>();
    match expression {
        Expression::Or(parts) => Ok(Node::Or(list(parts)?)),
        Expression::And(parts) => Ok(Node::And(list(parts)?)),
        Expression::Not(inner) => Ok(Node::Not(Box::new(compile(cmdlet, filter, *inner)?))),
        Expression::Comparison { property, operator, constant, position } => {
            let error = |message: String| FilterError { message, position, filter: filter.to_owned() };
            let Some((name, facts)) = Catalog::get().filter_property(cmdlet, &property) else {
                return Err(error(format!(
                    "\"{property}\" is not a recognized filterable property. For a complete list of filterable \
                     properties see the command help."
                )));
            };
            let (test, negated) = comparison(name, facts, operator, &constant).map_err(error)?;
            Ok(Node::Test { property: name.to_owned(), test, negated })
        }
    }
}

fn comparison(
    name: &str,
    facts: &FilterProperty,
    operator: Operator,
    constant: &Constant,
) -> Result<(Test, bool), String> {
    let negated = matches!(operator, Operator::Ne | Operator::NotLike);
    // Without a wildcard -like is an equality, which distinguished names know: scripts look for somebody's groups so.
    if matches!(operator, Operator::Like | Operator::NotLike)
        && facts.kind == "dn"
        && let Some(text) = text_constant(constant).filter(|text| !text.contains('*'))
    {
        return Ok((Test::Text(text), negated));
    }
    let allowed = facts.operators_inferred.iter().any(|known| known == operator.word());
    if !allowed {
        return Err(format!("The operator \"-{}\" is not valid for the property \"{name}\".", operator.word()));
    }
    if *constant == Constant::Null {
        return match operator {
            // The articles list $null per property; for typed properties that always have a value it is an error.
            Operator::Eq | Operator::Ne
                if facts.null || !matches!(facts.kind.as_str(), "boolean" | "bytes" | "timespan") =>
            {
                Ok((Test::Blank, negated))
            }
            _ => Err(format!("$null can't be compared with the property \"{name}\" by \"-{}\".", operator.word())),
        };
    }
    if matches!(operator, Operator::Like | Operator::NotLike) {
        if !facts.wildcards {
            return Err(format!("The operator \"-{}\" is not valid for the property \"{name}\".", operator.word()));
        }
        return Ok((Test::Like(pattern(&text_of(constant))?), negated));
    }
    let conversion = |type_name: &str| {
        format!("Cannot convert value \"{}\" of the property \"{name}\" to type \"{type_name}\".", text_of(constant))
    };
    let test = match facts.kind.as_str() {
        "boolean" => Test::Bool(boolean(constant).ok_or_else(|| conversion("System.Boolean"))?),
        "integer" | "scl-int" => {
            let text = text_of(constant);
            if name == "RecipientLimits" && text.eq_ignore_ascii_case("Unlimited") {
                if !matches!(operator, Operator::Eq | Operator::Ne) {
                    return Err(conversion("System.Int32"));
                }
                Test::Unlimited
            } else {
                Test::Order(operator, text.trim().parse().map_err(|_| conversion("System.Int64"))?)
            }
        }
        "filetime" => {
            let text = match constant {
                Constant::Text(text) => text,
                _ => return Err(conversion("System.DateTime")),
            };
            Test::Order(operator, parse_moment(text).ok_or_else(|| conversion("System.DateTime"))?)
        }
        "bytes" => {
            if facts.only_unlimited_comparable && text_of(constant).eq_ignore_ascii_case("Unlimited") {
                Test::Unlimited
            } else {
                return Err(format!("Values of the property \"{name}\" can't be compared in a filter."));
            }
        }
        "timespan" => return Err(format!("Values of the property \"{name}\" can't be compared in a filter.")),
        "presence" | "hash" => return Err(format!("The property \"{name}\" can only be compared with $null.")),
        "enum" | "enum-elsewhere" => Test::Text(member(facts, constant).ok_or_else(|| conversion(name))?),
        "dn" => Test::Text(
            text_constant(constant).ok_or_else(|| conversion("Microsoft.Exchange.Data.Directory.ADObjectId"))?,
        ),
        _ => {
            if facts.values_not_comparable {
                return Err(format!("Values of the property \"{name}\" can't be compared in a filter."));
            }
            let text = text_constant(constant).ok_or_else(|| conversion("System.String"))?;
            if name == "RecipientTypeDetails" {
                known_recipient_type(&text).then_some(()).ok_or_else(|| conversion("RecipientTypeDetails"))?;
            }
            if ADDRESSES.contains(&name) { Test::Address(text) } else { Test::Text(text) }
        }
    };
    // The order tests know their operator, except that "not equal" is the opposite of "equal" so that it holds for
    // objects without a value.
    Ok(match (test, operator) {
        (Test::Order(_, number), Operator::Ne) => (Test::Order(Operator::Eq, number), true),
        (test, _) => (test, negated),
    })
}

fn text_of(constant: &Constant) -> String {
    match constant {
        Constant::Text(text) | Constant::Number(text) => text.clone(),
        Constant::Bool(true) => "True".to_owned(),
        Constant::Bool(false) => "False".to_owned(),
        Constant::Null => String::new(),
    }
}

fn text_constant(constant: &Constant) -> Option<String> {
    match constant {
        Constant::Text(text) | Constant::Number(text) => Some(text.to_lowercase()),
        Constant::Bool(_) | Constant::Null => None,
    }
}

fn boolean(constant: &Constant) -> Option<bool> {
    match constant {
        Constant::Bool(flag) => Some(*flag),
        // PowerShell turns $true into the text True when it expands a filter in double quotes.
        Constant::Text(text) => match text.to_lowercase().trim_start_matches('$') {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn member(facts: &FilterProperty, constant: &Constant) -> Option<String> {
    let text = text_constant(constant)?;
    if facts.members.is_empty() {
        return Some(text);
    }
    facts
        .members
        .iter()
        .find(|member| {
            member.name.to_lowercase() == text || member.value.is_some_and(|value| value.to_string() == text)
        })
        .map(|member| member.name.to_lowercase())
}

fn known_recipient_type(text: &str) -> bool {
    text.parse::<i64>().is_ok()
        || ["Get-Recipient", "Get-Mailbox"].into_iter().any(|cmdlet| {
            Catalog::get()
                .cmdlet(Surface::Exchange, cmdlet)
                .and_then(|cmdlet| cmdlet.parameter(Surface::Exchange, "RecipientTypeDetails"))
                .is_some_and(|parameter| parameter.accepted_values.iter().any(|value| value.eq_ignore_ascii_case(text)))
        })
}

/// A wildcard may stand at the beginning, at the end or at both, never in the middle.
fn pattern(text: &str) -> Result<Pattern, String> {
    let lower = text.to_lowercase();
    let inner = lower.trim_start_matches('*').trim_end_matches('*');
    if inner.contains('*') {
        return Err(format!("The wildcard in '{text}' can only be at the beginning or at the end."));
    }
    let (begins, ends) = (lower.starts_with('*'), lower.ends_with('*'));
    Ok(match (begins, ends) {
        _ if inner.is_empty() && begins => Pattern::Anything,
        (true, true) => Pattern::Contains(inner.to_owned()),
        (true, false) => Pattern::Ends(inner.to_owned()),
        (false, true) => Pattern::Begins(inner.to_owned()),
        (false, false) => Pattern::Exactly(inner.to_owned()),
    })
}

fn holds(node: &Node, subject: &impl Subject) -> bool {
    match node {
        Node::Or(parts) => parts.iter().any(|part| holds(part, subject)),
        Node::And(parts) => parts.iter().all(|part| holds(part, subject)),
        Node::Not(inner) => !holds(inner, subject),
        Node::Test { property, test, negated } => test.holds(&subject.filter_value(property)) != *negated,
    }
}

impl Test {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Blank => value.is_blank(),
            Self::Bool(wanted) => {
                matches!(value, Value::Bool(flag) if flag == wanted) || (*value == Value::Null && !*wanted)
            }
            Self::Unlimited => value.as_text().is_some_and(|text| text.eq_ignore_ascii_case("Unlimited")),
            Self::Order(operator, wanted) => {
                let number = match value {
                    Value::Int(number) => Some(*number),
                    Value::Moment(ticks) => Some(*ticks),
                    Value::Text(text) => text.parse().ok(),
                    _ => None,
                };
                number.is_some_and(|number| match operator {
                    Operator::Lt => number < *wanted,
                    Operator::Le => number <= *wanted,
                    Operator::Gt => number > *wanted,
                    Operator::Ge => number >= *wanted,
                    _ => number == *wanted,
                })
            }
            Self::Text(wanted) => any_text(value, |text| text == wanted),
            Self::Address(wanted) => any_text(value, |text| {
                text == wanted || text.split_once(':').is_some_and(|(_, address)| address == wanted)
            }),
            Self::Like(pattern) => any_text(value, |text| match pattern {
                Pattern::Anything => !text.is_empty(),
                Pattern::Exactly(wanted) => text == wanted,
                Pattern::Begins(wanted) => text.starts_with(wanted.as_str()),
                Pattern::Ends(wanted) => text.ends_with(wanted.as_str()),
                Pattern::Contains(wanted) => text.contains(wanted.as_str()),
            }),
        }
    }
}

/// Whether the value, or one of several, passes; compared in lower case.
fn any_text(value: &Value, passes: impl Fn(&String) -> bool) -> bool {
    match value {
        Value::Text(text) => passes(&text.to_lowercase()),
        Value::List(items) => items.iter().any(|item| passes(&item.to_lowercase())),
        Value::Int(number) => passes(&number.to_string()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    struct Object(HashMap<&'static str, Value>);

    impl Subject for Object {
        fn filter_value(&self, property: &str) -> Value {
            self.0.get(property).cloned().unwrap_or(Value::Null)
        }
    }

    fn object() -> Object {
        Object(HashMap::from([
            ("Office", Value::text("Dublin 3/204")),
            ("Alias", Value::text("sean.oneill")),
            ("DisplayName", Value::text("Seán O'Neill")),
            ("Name", Value::text("A *starred* name")),
            ("CustomAttribute1", Value::text("")),
            ("HiddenFromAddressListsEnabled", Value::Bool(true)),
            ("LitigationHoldEnabled", Value::Bool(false)),
            ("ResourceCapacity", Value::Int(12)),
            ("RecipientLimits", Value::text("500")),
            ("ProhibitSendQuota", Value::text("99 GB (106,300,440,576 bytes)")),
            ("RecipientTypeDetails", Value::text("UserMailbox")),
            ("RecipientType", Value::text("UserMailbox")),
            ("ArchiveStatus", Value::text("Active")),
            ("WhenCreated", Value::Moment(parse_moment("2025-06-15T12:00:00Z").unwrap())),
            (
                "EmailAddresses",
                Value::List(vec!["SMTP:sean@contoso.example".into(), "smtp:sean@contoso.onmicrosoft.com".into()]),
            ),
            ("ForwardingAddress", Value::Null),
        ]))
    }

    fn holds(filter: &str) -> bool {
        Filter::compile("Get-Mailbox", filter).unwrap_or_else(|error| panic!("{}", error.text())).holds(&object())
    }

    fn refused(filter: &str) -> FilterError {
        Filter::compile("Get-Mailbox", filter).expect_err(filter)
    }

    #[test]
    fn text_is_compared_without_regard_to_case() {
        assert!(holds("Office -eq 'dublin 3/204'"));
        assert!(holds("office -EQ \"Dublin 3/204\""));
        assert!(holds("DisplayName -eq 'SEÁN O''NEILL'"));
        assert!(holds("DisplayName -eq \"Seán O'Neill\""));
        assert!(!holds("Office -eq 'Dublin'"));
        assert!(holds("Office -ne 'Dublin'"));
        assert!(!holds("Office -ne 'Dublin 3/204'"));
    }

    #[test]
    fn like_without_a_wildcard_is_an_equality_of_distinguished_names() {
        let sean = "CN=Seán O'Neill,OU=contoso.onmicrosoft.com,DC=outlook,DC=com";
        let group = Object(HashMap::from([("Members", Value::List(vec![sean.to_owned()]))]));
        let holds = |filter: &str| {
            let filter = Filter::compile("Get-DistributionGroup", filter);
            filter.unwrap_or_else(|error| panic!("{}", error.text())).holds(&group)
        };
        let quoted = sean.replace('\'', "''");
        assert!(holds(&format!("Members -like '{quoted}'")));
        assert!(holds(&format!("Members -eq '{quoted}'")));
        assert!(!holds(&format!("Members -notlike '{quoted}'")));
        assert!(!holds("Members -like 'CN=Nobody,DC=com'"));
        let wildcard = Filter::compile("Get-DistributionGroup", "Members -like 'CN=Se*'").expect_err("a wildcard");
        assert!(wildcard.message.contains("not valid for the property \"Members\""), "{}", wildcard.message);
    }

    #[test]
    fn and_binds_tighter_than_or_and_not_tightest() {
        // (true) or (false and false)
        assert!(holds("Alias -eq 'sean.oneill' -or Alias -eq 'x' -and Office -eq 'y'"));
        assert!(!holds("(Alias -eq 'sean.oneill' -or Alias -eq 'x') -and Office -eq 'y'"));
        // (not true) and false, so not (true and false)
        assert!(!holds("-not Alias -eq 'sean.oneill' -and Office -eq 'y'"));
        assert!(holds("-not (Alias -eq 'sean.oneill' -and Office -eq 'y')"));
        assert!(holds("-not -not Alias -eq 'sean.oneill'"));
        assert!(holds("-not(Alias -eq 'x')-and(Office -like 'Dublin*')"));
    }

    #[test]
    fn wildcards_work_at_both_ends_with_like_only() {
        assert!(holds("Office -like 'dublin*'"));
        assert!(holds("Office -like '*204'"));
        assert!(holds("Office -like '*lin 3*'"));
        assert!(!holds("Office -like 'lin*'"));
        assert!(holds("Office -notlike 'Paris*'"));
        assert!(holds("Office -like 'Dublin 3/204'"));
        assert!(!holds("Office -eq 'Dublin*'"), "a star is an ordinary character for -eq");
        assert!(!holds("CustomAttribute1 -like '*'"), "anything needs something");
        assert!(holds("Office -like '*'"));
        assert!(refused("Office -like 'Du*in*'").message.contains("wildcard"));
        assert!(refused("RecipientTypeDetails -like 'User*'").message.contains("-like"));
        assert!(refused("Guid -like 'a*'").message.contains("-like"));
    }

    #[test]
    fn null_means_blank() {
        assert!(holds("ForwardingAddress -eq $null"));
        assert!(!holds("ForwardingAddress -ne $null"));
        assert!(holds("CustomAttribute1 -eq $null"));
        assert!(holds("Office -ne $NULL"));
        assert!(!holds("CustomAttribute1 -eq 'x'"));
        assert!(holds("CustomAttribute1 -ne 'x'"));
        assert!(refused("HiddenFromAddressListsEnabled -eq $null").message.contains("$null"));
    }

    #[test]
    fn booleans_are_bare_or_quoted() {
        assert!(holds("HiddenFromAddressListsEnabled -eq $true"));
        assert!(holds("HiddenFromAddressListsEnabled -eq 'True'"));
        assert!(holds("LitigationHoldEnabled -ne $true"));
        assert!(refused("HiddenFromAddressListsEnabled -eq 'yes'").message.contains("System.Boolean"));
        assert!(refused("HiddenFromAddressListsEnabled -gt $true").message.contains("-gt"));
    }

    #[test]
    fn numbers_and_dates_have_an_order() {
        assert!(holds("ResourceCapacity -gt 5 -and ResourceCapacity -lt '20'"));
        assert!(holds("ResourceCapacity -ge 12 -and ResourceCapacity -le 12"));
        assert!(holds("RecipientLimits -eq 500"));
        assert!(!holds("RecipientLimits -eq 'Unlimited'"));
        assert!(holds("WhenCreated -gt '6/15/2025 11:59:59 AM'"));
        assert!(holds("WhenCreated -lt '2025-06-16'"));
        assert!(!holds("WhenCreated -gt '2025-06-15T12:00:00Z'"));
        assert!(holds("WhenCreated -eq '2025-06-15T14:00:00+02:00'"));
        assert!(refused("WhenCreated -gt 'a while ago'").message.contains("DateTime"));
        assert!(refused("ResourceCapacity -gt 'many'").message.contains("Int64"));
    }

    #[test]
    fn enumerations_take_members_and_their_numbers() {
        assert!(holds("ArchiveStatus -eq 'active'"));
        assert!(holds("ArchiveStatus -eq 1"));
        assert!(refused("ArchiveStatus -eq 'Sleeping'").message.contains("Sleeping"));
        assert!(holds("RecipientTypeDetails -eq 'UserMailbox'"));
        assert!(refused("RecipientTypeDetails -eq 'UserMailBoxes'").message.contains("UserMailBoxes"));
    }

    #[test]
    fn addresses_are_bare_for_eq_and_stored_for_like() {
        assert!(holds("EmailAddresses -eq 'sean@contoso.onmicrosoft.com'"));
        assert!(holds("EmailAddresses -like 'smtp:sean@*'"));
        assert!(!holds("EmailAddresses -like 'sean@*'"));
        assert!(!holds("EmailAddresses -ne 'sean@contoso.example'"), "one of them is");
    }

    #[test]
    fn quotas_compare_with_unlimited_only() {
        assert!(holds("ProhibitSendQuota -ne 'Unlimited'"));
        assert!(!holds("ProhibitSendQuota -eq 'Unlimited'"));
        assert!(refused("ProhibitSendQuota -eq '99GB'").message.contains("can't be compared"));
        assert!(refused("RetainDeletedItemsFor -eq '14.00:00:00'").message.contains("can't be compared"));
    }

    #[test]
    fn only_filterable_properties_are_known() {
        let error = refused("Alias -eq 'a' -and Department -eq 'Sales'");
        assert_eq!(error.position, 20);
        assert!(error.message.contains("\"Department\" is not a recognized filterable property"));
        assert!(error.text().starts_with("Cannot bind parameter 'Filter' to the target."));
        assert!(Filter::compile("Get-Recipient", "Department -eq 'Sales'").is_ok());
    }

    #[test]
    fn errors_name_their_position() {
        for (filter, position) in [
            ("", 1),
            ("   ", 1),
            ("{}", 1),
            ("Alias", 6),
            ("Alias -eq", 10),
            ("Alias 'a'", 7),
            ("Alias -is 'a'", 7),
            ("Alias -eq 'a' Office", 15),
            ("(Alias -eq 'a'", 15),
            ("Alias -eq 'a')", 14),
            ("Alias -eq 'a' -and", 19),
            ("'a' -eq Alias", 1),
            ("Alias -eq a", 11),
            ("Alias = 'a'", 7),
        ] {
            assert_eq!(refused(filter).position, position, "{filter}: {}", refused(filter).message);
        }
        assert!(refused("Alias -eq 'open").message.contains("terminator"));
        assert!(refused("Alias -eq $name").message.contains("variable"));
        assert!(refused(&format!("{}Alias -eq 'a'", "(".repeat(500))).message.contains("deeply"));
    }

    #[test]
    fn outer_braces_are_stripped() {
        assert!(holds("{Office -like \"Dublin*\"}"));
        assert!(holds(" { (Office -like 'Dublin*') } "));
    }

    #[test]
    fn a_star_in_a_value_is_found_by_eq() {
        assert!(holds("Name -eq 'A *starred* name'"));
    }
}
