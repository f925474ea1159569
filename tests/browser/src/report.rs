//! What was seen, for whoever started the program.

use std::{fs, io};

use serde::Serialize;

/// Everything that was seen, written as JSON.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// What went wrong, if anything did.
    pub(crate) problem: Option<String>,
    /// The titles of the pages that the person answered.
    pub(crate) pages: Vec<String>,
    /// The last page.
    pub(crate) last: Option<Page>,
}

/// A page as it was shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    /// Its origin. The whole address has the authorization code in it.
    pub(crate) origin: String,
    pub(crate) title: String,
    /// What can be read on it.
    pub(crate) text: String,
    /// Everything that was loaded for it: the document itself and what it asks for.
    pub(crate) requests: Vec<PageRequest>,
    /// What the browser had to say against it, such as a style that its policy forbids.
    pub(crate) complaints: Vec<String>,
}

/// A request that a page caused.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageRequest {
    /// The kind, such as `Document` or `Image`.
    pub(crate) kind: String,
    pub(crate) origin: String,
    pub(crate) path: String,
}

impl Report {
    /// Writes the report so that a reader sees all of it or none.
    pub(crate) fn write(&self, output: &str) -> io::Result<()> {
        let partial = format!("{output}.json.partial");
        fs::write(&partial, serde_json::to_vec_pretty(self)?)?;
        fs::rename(partial, format!("{output}.json"))
    }
}
