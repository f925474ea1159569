//! A page that waits for a consumer who is busy: compressed, because answers of the service shrink to a tenth and less.

use super::{Page, index};
use crate::fault::Fault;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use std::{
    fmt,
    io::{Read as _, Write as _},
};

/// A page whose body is compressed and whose index is forgotten; [`StoredPage::unpack`] makes it again.
pub struct StoredPage {
    body: Vec<u8>,
    /// The types of the slots, compressed too. Not all of them come from the body: entities have none in it.
    types: Vec<u8>,
    /// Length of the body in bytes.
    length: usize,
    /// Rows that count: a page can have been cut short.
    rows: usize,
}

impl fmt::Debug for StoredPage {
    /// Sizes only, as for [`Page`].
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoredPage")
            .field("bytes", &self.size())
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl StoredPage {
    /// Compresses a page. For a full page this takes some hundredths of a second of a processor's time.
    ///
    /// # Errors
    /// None that input can cause: writing to memory does not fail.
    pub fn pack(page: &Page) -> Result<Self, Fault> {
        let (body, types) = (packed(&page.bytes)?, packed(&page.value_types)?);
        Ok(Self { body, types, length: page.bytes.len(), rows: page.rows.len() })
    }

    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        self.body.len() + self.types.len()
    }

    /// The page as it was, without its link and its warnings, which were taken off before.
    ///
    /// # Errors
    /// None that input can cause: what is unpacked was packed here.
    pub fn unpack(&self) -> Result<Page, Fault> {
        let mut page = index(unpacked(&self.body, self.length)?)?;
        page.value_types = unpacked(&self.types, page.value_types.len())?;
        page.truncate(self.rows);
        page.next_link = None;
        page.warnings.clear();
        Ok(page)
    }
}

fn packed(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut packer = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
    packer.write_all(bytes).and_then(|()| packer.finish()).map_err(|error| broken(&error))
}

fn unpacked(packed: &[u8], length: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::with_capacity(length);
    GzDecoder::new(packed).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
    Ok(bytes)
}

fn broken(error: &std::io::Error) -> Fault {
    Fault::internal(format!("A page that was kept back could not be restored: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_comes_back_as_it_was_cut() {
        let rows: Vec<String> =
            (0..1000).map(|number| format!(r#"{{"Name":"Adele {number}","Size":{number}}}"#)).collect();
        let body =
            format!(r#"{{"@adminapi.warnings":["w"],"value":[{}],"@odata.nextLink":"https://h/n"}}"#, rows.join(","));
        let mut page = index(body.into_bytes()).expect("indexes");
        page.truncate(700);
        page.value_types[3] = crate::page::ValueType::Int64 as u8;
        let stored = StoredPage::pack(&page).expect("packs");
        assert!(stored.size() < page.bytes.len() / 4, "{stored:?} of {page:?}");
        let again = stored.unpack().expect("unpacks");
        assert_eq!((again.rows.len(), &again.rows, &again.bytes), (700, &page.rows, &page.bytes));
        assert_eq!((&again.value_offsets, &again.value_types), (&page.value_offsets, &page.value_types));
        assert!(again.next_link.is_none() && again.warnings.is_empty());
    }
}
