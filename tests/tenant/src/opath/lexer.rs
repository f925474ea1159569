//! Words of a filter: names, operators, constants and brackets, each with its position.

use super::{FilterError, SYNTAX};

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// `(`
    Open,
    /// `)`
    Close,
    /// A property name.
    Name(String),
    /// A word that starts with a hyphen and a letter, without the hyphen and in lower case.
    Operator(String),
    /// Text in quotes.
    Text(String),
    /// A bare number, with a unit perhaps.
    Number(String),
    /// `$true` or `$false`.
    Bool(bool),
    /// `$null`
    Null,
}

/// A word and where it begins, counted in characters from 1.
pub type Placed = (Token, usize);

/// Splits a filter into words.
///
/// # Errors
///
/// Text that is not closed, an unknown variable, or a character that has no place in a filter.
pub fn words(filter: &str) -> Result<Vec<Placed>, FilterError> {
    let characters: Vec<char> = filter.chars().collect();
    let error = |message: &str, at: usize| FilterError {
        message: message.to_owned(),
        position: at + 1,
        filter: filter.to_owned(),
    };
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        let start = at;
        let token = match character {
            _ if character.is_whitespace() => {
                at += 1;
                continue;
            }
            '(' => {
                at += 1;
                Token::Open
            }
            ')' => {
                at += 1;
                Token::Close
            }
            '\'' | '"' => {
                let mut text = String::new();
                at += 1;
                loop {
                    match characters.get(at) {
                        None => return Err(error("The string is missing the terminator.", start)),
                        Some(&quote) if quote == character => {
                            at += 1;
                            // A doubled quote stands for one quote.
                            if characters.get(at) != Some(&character) {
                                break;
                            }
                            text.push(character);
                            at += 1;
                        }
                        Some(&other) => {
                            text.push(other);
                            at += 1;
                        }
                    }
                }
                Token::Text(text)
            }
            '$' => {
                let word = take_word(&characters, &mut at, 1, |c| c.is_alphanumeric() || c == '_');
                match word.to_lowercase().as_str() {
                    "$true" => Token::Bool(true),
                    "$false" => Token::Bool(false),
                    "$null" => Token::Null,
                    _ => return Err(error(&format!("The variable '{word}' can't be expanded by the server."), start)),
                }
            }
            '-' if characters.get(at + 1).is_some_and(|next| next.is_alphabetic()) => {
                let word = take_word(&characters, &mut at, 1, char::is_alphabetic);
                Token::Operator(word[1..].to_lowercase())
            }
            '-' | '0'..='9' => {
                let word = take_word(&characters, &mut at, 1, |c| c.is_alphanumeric() || c == '.');
                if word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit()) {
                    Token::Number(word)
                } else {
                    return Err(error(SYNTAX, start));
                }
            }
            _ if character.is_alphabetic() || character == '_' => {
                Token::Name(take_word(&characters, &mut at, 1, |c| c.is_alphanumeric() || c == '_'))
            }
            _ => return Err(error(SYNTAX, start)),
        };
        words.push((token, start + 1));
    }
    Ok(words)
}

fn take_word(characters: &[char], at: &mut usize, first: usize, belongs: impl Fn(char) -> bool) -> String {
    let start = *at;
    *at += first;
    while characters.get(*at).is_some_and(|character| belongs(*character)) {
        *at += 1;
    }
    characters[start..*at].iter().collect()
}
