//! `$filter`: the part of OData's filter language that the service can look up in its directory, turned into the
//! directory's own language, OPATH.

use super::model::Entity;
use crate::adminapi::errors::ApiError;

/// How deep brackets and `not` may nest.
const DEEPEST: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Comma,
    Colon,
    Word(String),
    Text(String),
}

/// A literal, as OPATH writes it, and its type.
struct Constant {
    text: String,
    kind: ConstantKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConstantKind {
    Text,
    Bool,
    Number,
    Null,
}

/// Turns a `$filter` on an entity into OPATH.
///
/// # Errors
///
/// What OData says about a filter that it can't read, or that names what isn't there.
pub fn to_opath(filter: &str, entity: Entity) -> Result<String, ApiError> {
    let tokens = tokens(filter).ok_or_else(|| syntax(filter))?;
    let mut parser = Parser { filter, tokens, at: 0, depth: 0, entity, element: None };
    let text = parser.any()?;
    if parser.at < parser.tokens.len() {
        return Err(syntax(filter));
    }
    Ok(text)
}

fn syntax(filter: &str) -> ApiError {
    ApiError::odata(format!("Syntax error in the query option $filter: '{filter}'."))
}

fn tokens(filter: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = filter.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '\'' => {
                let mut text = String::new();
                let mut at = 1;
                loop {
                    let end = at + rest[at..].find('\'')?;
                    text.push_str(&rest[at..end]);
                    at = end + 1;
                    if !rest[at..].starts_with('\'') {
                        break;
                    }
                    text.push('\'');
                    at += 1;
                }
                (Token::Text(text), at)
            }
            _ => {
                // A moment has colons in it; after a name a colon belongs to a lambda.
                let in_moment = first.is_ascii_digit();
                let is_word = |c: char| c.is_alphanumeric() || "_-./+$".contains(c) || (in_moment && c == ':');
                if first == ':' {
                    (Token::Colon, 1)
                } else {
                    let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                    if end == 0 {
                        return None;
                    }
                    (Token::Word(rest[..end].to_owned()), end)
                }
            }
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

struct Parser<'a> {
    filter: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    entity: Entity,
    /// Inside `any`: the name of the element and the collection that it is of.
    element: Option<(String, &'static str)>,
}

impl Parser<'_> {
    fn error(&self) -> ApiError {
        syntax(self.filter)
    }

    fn take(&mut self, wanted: &Token) -> Result<(), ApiError> {
        if self.tokens.get(self.at) != Some(wanted) {
            return Err(self.error());
        }
        self.at += 1;
        Ok(())
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word == wanted);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<String, ApiError> {
        let mut text = self.all()?;
        while self.take_word("or") {
            text = format!("({text}) -or ({})", self.all()?);
        }
        Ok(text)
    }

    fn all(&mut self) -> Result<String, ApiError> {
        let mut text = self.not()?;
        while self.take_word("and") {
            text = format!("({text}) -and ({})", self.not()?);
        }
        Ok(text)
    }

    fn not(&mut self) -> Result<String, ApiError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ApiError::odata("The query option $filter is nested too deeply."));
        }
        let text = if self.take_word("not") { format!("-not ({})", self.not()?) } else { self.primary()? };
        self.depth -= 1;
        Ok(text)
    }

    fn primary(&mut self) -> Result<String, ApiError> {
        let token = self.tokens.get(self.at).cloned().ok_or_else(|| self.error())?;
        self.at += 1;
        match token {
            Token::Open => {
                let inner = self.any()?;
                self.take(&Token::Close)?;
                Ok(format!("({inner})"))
            }
            Token::Word(word) => {
                if self.tokens.get(self.at) == Some(&Token::Open) {
                    return self.call(&word);
                }
                self.comparison(&word)
            }
            _ => Err(self.error()),
        }
    }

    /// The property that a name means, as the model spells it, with its type.
    fn property(&self, name: &str) -> Result<(&'static str, &'static str), ApiError> {
        if let Some((_, collection)) = self.element.as_ref().filter(|(element, _)| element == name) {
            return Ok((collection, "String"));
        }
        self.entity.property(name).ok_or_else(|| self.entity.no_property(name))
    }

    fn call(&mut self, function: &str) -> Result<String, ApiError> {
        self.take(&Token::Open)?;
        if let Some(collection) = function.strip_suffix("/any") {
            return self.lambda(collection);
        }
        let around: fn(&str) -> String = match function {
            "startswith" => |text| format!("{text}*"),
            "endswith" => |text| format!("*{text}"),
            "contains" => |text| format!("*{text}*"),
            _ => return Err(ApiError::odata(format!("An unknown function with name '{function}' was found."))),
        };
        let Some(Token::Word(name)) = self.tokens.get(self.at).cloned() else {
            return Err(self.error());
        };
        self.at += 1;
        let (property, kind) = self.property(&name)?;
        if kind != "String" {
            return Err(self.mismatch(property, kind));
        }
        self.take(&Token::Comma)?;
        let Some(Token::Text(text)) = self.tokens.get(self.at).cloned() else {
            return Err(self.error());
        };
        self.at += 1;
        self.take(&Token::Close)?;
        if text.contains('*') {
            return Err(ApiError::odata(format!(
                "The text '{text}' of the function '{function}' can't have an asterisk."
            )));
        }
        Ok(format!("{property} -like {}", quoted(&around(&text))))
    }

    /// `EmailAddresses/any(x:x eq '...')`
    fn lambda(&mut self, collection: &str) -> Result<String, ApiError> {
        let (property, kind) = self.property(collection)?;
        if kind != "Collection(String)" || self.element.is_some() {
            return Err(self.mismatch(property, kind));
        }
        let Some(Token::Word(element)) = self.tokens.get(self.at).cloned() else {
            return Err(self.error());
        };
        self.at += 1;
        self.take(&Token::Colon)?;
        self.element = Some((element, property));
        let inner = self.any()?;
        self.element = None;
        self.take(&Token::Close)?;
        Ok(format!("({inner})"))
    }

    fn comparison(&mut self, name: &str) -> Result<String, ApiError> {
        let (property, kind) = self.property(name)?;
        let operator = match self.tokens.get(self.at) {
            Some(Token::Word(word)) if matches!(word.as_str(), "eq" | "ne" | "gt" | "ge" | "lt" | "le") => word.clone(),
            // A Boolean property is a condition by itself.
            _ if kind == "Boolean" => return Ok(format!("{property} -eq $true")),
            _ => return Err(self.error()),
        };
        self.at += 1;
        let constant = self.constant()?;
        let fits = match constant.kind {
            ConstantKind::Null => true,
            ConstantKind::Bool => kind == "Boolean",
            ConstantKind::Number => kind.starts_with("Int"),
            ConstantKind::Text => matches!(kind, "String" | "Guid"),
        };
        if !fits {
            return Err(self.mismatch(property, kind));
        }
        Ok(format!("{property} -{operator} {}", constant.text))
    }

    fn constant(&mut self) -> Result<Constant, ApiError> {
        let token = self.tokens.get(self.at).cloned().ok_or_else(|| self.error())?;
        self.at += 1;
        let (text, kind) = match token {
            Token::Text(text) => (quoted(&text), ConstantKind::Text),
            Token::Word(word) => match word.as_str() {
                "true" | "false" => (format!("${word}"), ConstantKind::Bool),
                "null" => ("$null".to_owned(), ConstantKind::Null),
                _ if word.parse::<i64>().is_ok() => (word, ConstantKind::Number),
                // GUIDs and moments are written without quotes; the directory takes them as text.
                _ if word.starts_with(|c: char| c.is_ascii_hexdigit()) && word.contains('-') => {
                    (quoted(&word), ConstantKind::Text)
                }
                _ => return Err(self.error()),
            },
            _ => return Err(self.error()),
        };
        Ok(Constant { text, kind })
    }

    fn mismatch(&self, property: &str, kind: &str) -> ApiError {
        ApiError::odata(format!(
            "A binary operator with incompatible types was detected: the property '{property}' is of type '{kind}' in the \
             filter '{}'.",
            self.filter
        ))
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opath(filter: &str) -> Option<String> {
        to_opath(filter, Entity::Mailbox).ok()
    }

    #[test]
    fn filters_become_opath() {
        for (filter, wanted) in [
            ("RecipientTypeDetails eq 'SharedMailbox'", "RecipientTypeDetails -eq 'SharedMailbox'"),
            ("displayname eq 'O''Brien'", "DisplayName -eq 'O''Brien'"),
            ("LitigationHoldEnabled eq true", "LitigationHoldEnabled -eq $true"),
            ("LitigationHoldEnabled", "LitigationHoldEnabled -eq $true"),
            ("not LitigationHoldEnabled", "-not (LitigationHoldEnabled -eq $true)"),
            ("ForwardingAddress ne null", "ForwardingAddress -ne $null"),
            ("startswith(Alias,'a') and endswith(Alias,'e')", "(Alias -like 'a*') -and (Alias -like '*e')"),
            ("(contains(Alias,'x'))or Office eq 'y'", "((Alias -like '*x*')) -or (Office -eq 'y')"),
            ("WhenCreated gt 2024-01-01T00:00:00Z", "WhenCreated -gt '2024-01-01T00:00:00Z'"),
            ("EmailAddresses/any(a:a eq 'smtp:x@y.example')", "(EmailAddresses -eq 'smtp:x@y.example')"),
            ("ResourceCapacity ge 10", "ResourceCapacity -ge 10"),
        ] {
            assert_eq!(opath(filter).as_deref(), Some(wanted), "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for filter in [
            "",
            "Alias",
            "Alias eq",
            "Alias eq adele",
            "Alias eq 'adele",
            "Alias -eq 'adele'",
            "Nothing eq 'adele'",
            "LitigationHoldEnabled eq 'true'",
            "Alias eq true",
            "length(Alias) eq 3",
            "startswith(Alias,'a*')",
            "(Alias eq 'a'",
            "Alias eq 'a' Office eq 'b'",
            "Alias/any(a:a eq 'x')",
        ] {
            assert_eq!(opath(filter), None, "{filter}");
        }
        assert_eq!(opath(&format!("{}LitigationHoldEnabled", "not ".repeat(200))), None);
    }
}
