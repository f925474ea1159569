//! Identities with wildcards: a reading cmdlet lists what fits instead of looking for one object.

use super::Call;
use crate::directory::value::Value;

/// An identity in which asterisks stand for any text.
pub(super) struct Wildcard {
    /// The texts between the asterisks, in lower case.
    parts: Vec<String>,
}

impl Wildcard {
    /// The wildcard of a call's identity, if it has one.
    pub(super) fn of(call: &Call<'_>) -> Option<Self> {
        let identity = call.arguments.text("Identity")?.trim();
        identity.contains('*').then(|| Self::new(identity))
    }

    fn new(identity: &str) -> Self {
        Self { parts: identity.to_lowercase().split('*').map(str::to_owned).collect() }
    }

    /// Whether every object fits, so that none has to be looked at.
    pub(super) fn is_everything(&self) -> bool {
        self.parts.iter().all(String::is_empty)
    }

    fn matches(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return false;
        };
        let Some(mut rest) = lower.strip_prefix(first.as_str()) else {
            return false;
        };
        for part in middle {
            let Some(at) = rest.find(part.as_str()) else {
                return false;
            };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last.as_str())
    }

    /// Whether one of the names or addresses fits that an object has; `value` gives its properties.
    pub(super) fn fits(&self, value: impl Fn(&str) -> Value) -> bool {
        self.is_everything()
            || ["Name", "DisplayName", "Alias", "PrimarySmtpAddress", "UserPrincipalName", "DomainName"]
                .iter()
                .any(|name| value(name).as_text().is_some_and(|text| !text.is_empty() && self.matches(text)))
            || value("EmailAddresses").into_list().iter().any(|address| {
                let (kind, bare) = address.split_once(':').unwrap_or(("smtp", address));
                kind.eq_ignore_ascii_case("smtp") && self.matches(bare)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asterisks_stand_for_any_text() {
        for (identity, fitting, other) in [
            ("ad*", "Adele Vance", "Bad"),
            ("*Org*", "View-Only Organization Management", "Help Desk"),
            ("*", "", "-"),
            ("a*b*c", "aXXbc", "acb"),
            ("*é", "Café", "Cafe"),
            ("a*a", "aba", "a"),
            ("*.com", "contoso.com", "contoso.com.example"),
        ] {
            assert!(Wildcard::new(identity).matches(fitting), "{identity} {fitting}");
            assert!(other == "-" || !Wildcard::new(identity).matches(other), "{identity} {other}");
        }
    }

    #[test]
    fn names_and_addresses_count() {
        let value = |name: &str| match name {
            "DisplayName" => Value::text("Adele Vance"),
            "EmailAddresses" => Value::List(vec!["smtp:av@contoso.example".to_owned(), "SIP:x@y".to_owned()]),
            _ => Value::Null,
        };
        for (identity, fits) in [("*vance", true), ("av@*", true), ("smtp:*", false), ("x@*", false), ("b*", false)] {
            assert_eq!(Wildcard::new(identity).fits(value), fits, "{identity}");
        }
        assert!(Wildcard::new("**").is_everything());
    }
}
