//! curl, which fetches the pages of a list one after the other.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::contender::Answer;
use crate::process;

/// What curl needs to fetch the pages that were read in a rehearsal: one process with one connection for all of them, and no page is kept.
#[derive(Debug)]
pub(super) struct Curl {
    settings: String,
    sizes: Vec<u64>,
}

impl Curl {
    pub(super) fn new(rehearsal: &Answer, certificate: &str) -> Result<Self> {
        let texts = |name| -> Result<Vec<&str>> {
            let texts =
                rehearsal.list(name)?.iter().map(|text| text.as_str().context("no text")).collect::<Result<_>>();
            texts.with_context(|| format!("'{name}' of the rehearsal isn't made of texts"))
        };
        let sizes = rehearsal.list("sizes")?.iter().filter_map(serde_json::Value::as_u64).collect();
        let settings = settings(&texts("links")?, &texts("headers")?, rehearsal.text("body")?, certificate);
        Ok(Self { settings, sizes })
    }

    /// The number of pages.
    pub(super) fn pages(&self) -> usize {
        self.sizes.len()
    }

    /// Fetches the pages; how many milliseconds curl needed for them, and its own start. Fails unless each page has its size.
    pub(super) fn fetch(&self, folder: &Path) -> Result<f64> {
        let file = folder.join("curl.txt");
        std::fs::write(&file, &self.settings).with_context(|| format!("can't write {}", file.display()))?;
        let started = std::time::Instant::now();
        // The first option, or curl would read a person's own settings.
        let said = process::output(Command::new("curl").arg("--disable").arg("--config").arg(&file))?;
        let took = started.elapsed();
        if !all_came(&said, &self.sizes) {
            bail!("curl did not bring all pages; it says: {}", said.trim().replace('\n', ", "));
        }
        Ok(took.as_secs_f64() * 1000.0)
    }
}

/// Whether curl reports each page as answered and of its size. The link on a page holds a time and may be a few bytes longer or shorter
/// each time; an object has thousands.
fn all_came(said: &str, sizes: &[u64]) -> bool {
    const LINK: u64 = 64;
    let came: Vec<Option<u64>> =
        said.lines().map(|line| line.strip_prefix("200 ").and_then(|size| size.parse().ok())).collect();
    came.len() == sizes.len()
        && came.iter().zip(sizes).all(|(came, size)| came.is_some_and(|came| came.abs_diff(*size) <= LINK))
}

/// curl's settings file.
fn settings(links: &[&str], headers: &[&str], body: &str, certificate: &str) -> String {
    let mut text = String::new();
    for (number, link) in links.iter().enumerate() {
        if number > 0 {
            text.push_str("next\n");
        }
        let mut set = |name: &str, value: &str| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            // Writing to memory can't fail.
            let _ = writeln!(text, "{name} = \"{value}\"");
        };
        set("url", link);
        for header in headers {
            set("header", header);
        }
        set("data", body);
        set("cacert", certificate);
        set("output", if cfg!(windows) { "NUL" } else { "/dev/null" });
        // curl reads the line feed's escape itself.
        text.push_str("silent\nshow-error\nwrite-out = \"%{http_code} %{size_download}\\n\"\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_missing_refused_or_short_is_seen() {
        let sizes = [12_000_010, 500];
        assert!(all_came("200 12000008\n200 500\n", &sizes));
        assert!(!all_came("200 12000008\n", &sizes));
        assert!(!all_came("200 12000008\n429 500\n", &sizes));
        assert!(!all_came("200 11988000\n200 500\n", &sizes));
    }

    #[test]
    fn each_page_is_a_request_of_its_own_with_everything_it_needs() {
        let text = settings(&["https://a/1", "https://a/2"], &["Accept: x"], "{\"A\":1}", "C:\\ca.pem");
        let (first, second) = text.split_once("next\n").unwrap();
        assert!(
            first.starts_with("url = \"https://a/1\"\nheader = \"Accept: x\"\ndata = \"{\\\"A\\\":1}\"\n"),
            "{first}"
        );
        assert!(first.contains("cacert = \"C:\\\\ca.pem\"\n"));
        assert_eq!(first.replace("/1", "/2"), second);
    }
}
