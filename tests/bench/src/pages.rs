//! Reading a list page after page.

use std::borrow::Cow;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::session::Session;

/// A page, as far as it is looked at.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    value: Vec<Mailbox<'a>>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
}

#[derive(Deserialize)]
struct Mailbox<'a> {
    #[serde(rename = "PrimarySmtpAddress", borrow)]
    address: Cow<'a, str>,
}

/// What has been read.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) rows: u64,
    /// Where each page was fetched.
    pub(crate) links: Vec<String>,
    /// How many bytes each page has.
    pub(crate) sizes: Vec<usize>,
    addresses: Sha256,
}

impl Seen {
    fn add(&mut self, link: &str, body: &[u8]) -> Result<Option<String>> {
        let page: Page<'_> = serde_json::from_slice(body).context("this is no page of mailboxes")?;
        for mailbox in &page.value {
            self.addresses.update(mailbox.address.as_bytes());
            self.addresses.update(b"\n");
        }
        self.rows += page.value.len() as u64;
        self.links.push(link.to_owned());
        self.sizes.push(body.len());
        Ok(page.next_link)
    }

    /// SHA-256 of the addresses, each with a line feed behind it.
    pub(crate) fn checksum(&self) -> String {
        self.addresses.clone().finalize().iter().map(|byte| format!("{byte:02X}")).collect()
    }
}

/// The parameters of a call for so many mailboxes.
pub(crate) fn parameters(size: &str) -> Result<Value> {
    Ok(match size {
        "Unlimited" => json!({"ResultSize": "Unlimited"}),
        number => json!({"ResultSize": number.parse::<u64>().with_context(|| format!("'{number}' is no size"))?}),
    })
}

/// Reads so many mailboxes, one page after the other.
pub(crate) async fn read(session: &Session<'_>, size: &str) -> Result<Seen> {
    let parameters = parameters(size)?;
    let mut seen = Seen::default();
    let mut next = Some(session.invoke_address());
    while let Some(link) = next {
        let body = session.get_mailbox(&link, &parameters).await?;
        next = seen.add(&link, &body)?;
    }
    Ok(seen)
}

/// Fetches the first page of all mailboxes and returns the first address on it.
pub(crate) async fn first_address(session: &Session<'_>) -> Result<String> {
    let body = session.get_mailbox(&session.invoke_address(), &json!({"ResultSize": "Unlimited"})).await?;
    let text = std::str::from_utf8(&body)?;
    // The first object alone: reading the others can wait.
    let (_, objects) = text.split_once("\"value\":[").context("the answer has no objects")?;
    let first = serde_json::Deserializer::from_str(objects).into_iter::<Mailbox<'_>>().next();
    Ok(first.context("no mailbox came")??.address.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_and_summed_up_in_their_order() {
        let mut seen = Seen::default();
        let first = br#"{"value":[{"Alias":"a","PrimarySmtpAddress":"a@x"},{"PrimarySmtpAddress":"b@x"}],"@odata.nextLink":"2"}"#;
        assert_eq!(seen.add("1", first).unwrap().as_deref(), Some("2"));
        assert_eq!(seen.add("2", br#"{"value":[{"PrimarySmtpAddress":"c@x"}]}"#).unwrap(), None);
        assert_eq!((seen.rows, seen.links.len(), seen.sizes[1]), (3, 2, 40));
        let whole = Sha256::digest(b"a@x\nb@x\nc@x\n");
        assert_eq!(seen.checksum(), whole.iter().map(|byte| format!("{byte:02X}")).collect::<String>());
        assert!(seen.add("3", b"{}").is_err());
    }

    #[test]
    fn sizes_are_numbers_or_unlimited() {
        assert_eq!(parameters("Unlimited").unwrap(), json!({"ResultSize": "Unlimited"}));
        assert_eq!(parameters("50").unwrap(), json!({"ResultSize": 50}));
        assert!(parameters("many").is_err());
    }
}
