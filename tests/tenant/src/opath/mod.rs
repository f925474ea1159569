//! OPATH, the language of `-Filter`: reading it, checking it against what can be filtered on, and evaluating it.

pub mod eval;
pub mod lexer;
pub mod parser;

pub use eval::{Filter, Subject};

/// A filter that can't be used, as the service says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// What is wrong.
    pub message: String,
    /// Where, counted in characters from 1.
    pub position: usize,
    /// The filter as it was given.
    pub filter: String,
}

impl FilterError {
    /// The error's full text.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "Cannot bind parameter 'Filter' to the target. Exception setting \"Filter\": \"{}\n\"{}\" at position {}.\"",
            self.message, self.filter, self.position
        )
    }
}

pub(crate) const SYNTAX: &str =
    "Invalid filter syntax. For a description of the filter parameter syntax see the command help.";
