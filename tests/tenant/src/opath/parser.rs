//! The grammar: `-or` binds loosest, then `-and`, then `-not`; a comparison has a property on its left and a constant
//! on its right.

use super::lexer::{Placed, Token, words};
use super::{FilterError, SYNTAX};

/// How deep brackets and `-not` may nest; deeper filters are refused instead of exhausting the stack.
const DEEPEST: usize = 100;

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `-eq`
    Eq,
    /// `-ne`
    Ne,
    /// `-lt`
    Lt,
    /// `-le`
    Le,
    /// `-gt`
    Gt,
    /// `-ge`
    Ge,
    /// `-like`
    Like,
    /// `-notlike`
    NotLike,
}

impl Operator {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "lt" => Self::Lt,
            "le" => Self::Le,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "like" => Self::Like,
            "notlike" => Self::NotLike,
            _ => return None,
        })
    }

    /// The operator's word, without the hyphen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Like => "like",
            Self::NotLike => "notlike",
        }
    }
}

/// A constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constant {
    /// Text in quotes.
    Text(String),
    /// A bare number, with a unit perhaps.
    Number(String),
    /// `$true` or `$false`.
    Bool(bool),
    /// `$null`
    Null,
}

/// A filter's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Any of them.
    Or(Vec<Expression>),
    /// All of them.
    And(Vec<Expression>),
    /// The opposite.
    Not(Box<Expression>),
    /// A comparison.
    Comparison {
        /// The property's name as written.
        property: String,
        /// The operator.
        operator: Operator,
        /// The right side.
        constant: Constant,
        /// Where the comparison begins.
        position: usize,
    },
}

/// Reads a filter.
///
/// # Errors
///
/// Whatever is not a filter, with its position.
pub fn parse(filter: &str) -> Result<Expression, FilterError> {
    // A script block turned to text keeps its braces.
    let trimmed = filter.trim();
    let inner = trimmed.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(trimmed);
    let words = words(inner)?;
    let mut parser = Parser { filter: inner, words, at: 0, depth: 0 };
    if parser.words.is_empty() {
        return Err(parser.error("The filter is empty."));
    }
    let expression = parser.any()?;
    if parser.at < parser.words.len() {
        return Err(parser.error(SYNTAX));
    }
    Ok(expression)
}

struct Parser<'a> {
    filter: &'a str,
    words: Vec<Placed>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn error(&self, message: &str) -> FilterError {
        let position = self.words.get(self.at).map_or(self.filter.chars().count() + 1, |(_, position)| *position);
        FilterError { message: message.to_owned(), position, filter: self.filter.to_owned() }
    }

    fn take_operator(&mut self, wanted: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some((Token::Operator(word), _)) if word == wanted);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<Expression, FilterError> {
        let mut parts = vec![self.all()?];
        while self.take_operator("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Or(parts) })
    }

    fn all(&mut self) -> Result<Expression, FilterError> {
        let mut parts = vec![self.not()?];
        while self.take_operator("and") {
            parts.push(self.not()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::And(parts) })
    }

    fn not(&mut self) -> Result<Expression, FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("The filter is nested too deeply."));
        }
        let expression =
            if self.take_operator("not") { Expression::Not(Box::new(self.not()?)) } else { self.primary()? };
        self.depth -= 1;
        Ok(expression)
    }

    fn primary(&mut self) -> Result<Expression, FilterError> {
        let Some((token, position)) = self.words.get(self.at).cloned() else {
            return Err(self.error(SYNTAX));
        };
        match token {
            Token::Open => {
                self.at += 1;
                let inner = self.any()?;
                if !matches!(self.words.get(self.at), Some((Token::Close, _))) {
                    return Err(self.error("Missing closing ')' in expression."));
                }
                self.at += 1;
                Ok(inner)
            }
            Token::Name(property) => {
                self.at += 1;
                let Some((Token::Operator(word), _)) = self.words.get(self.at) else {
                    return Err(self.error(SYNTAX));
                };
                let Some(operator) = Operator::from_word(word) else {
                    return Err(self.error(&format!("\"-{word}\" is not a valid operator.")));
                };
                self.at += 1;
                let constant = match self.words.get(self.at) {
                    Some((Token::Text(text), _)) => Constant::Text(text.clone()),
                    Some((Token::Number(number), _)) => Constant::Number(number.clone()),
                    Some((Token::Bool(flag), _)) => Constant::Bool(*flag),
                    Some((Token::Null, _)) => Constant::Null,
                    _ => return Err(self.error(SYNTAX)),
                };
                self.at += 1;
                Ok(Expression::Comparison { property, operator, constant, position })
            }
            _ => Err(self.error(SYNTAX)),
        }
    }
}
