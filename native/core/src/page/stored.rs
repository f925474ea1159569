//! A page that waits for a consumer who is busy: compressed, because answers of the service shrink to a tenth and less.

use super::{Page, Row};
use crate::fault::Fault;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use std::{
    fmt,
    io::{Read as _, Write as _},
};

/// A page whose body and index are compressed. The index is kept too: that of entities says more than their body does.
pub struct StoredPage {
    body: Packed,
    offsets: Packed,
    types: Packed,
    rows: Vec<Row>,
}

/// Compressed bytes.
struct Packed {
    bytes: Vec<u8>,
    /// How many there are when they are unpacked.
    length: usize,
}

impl fmt::Debug for StoredPage {
    /// Sizes only, as for [`Page`].
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoredPage")
            .field("bytes", &self.size())
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}

impl StoredPage {
    /// Compresses a page. For a full page this takes some hundredths of a second of a processor's time.
    ///
    /// # Errors
    /// None that input can cause: writing to memory does not fail.
    pub fn pack(page: Page) -> Result<Self, Fault> {
        let offsets: Vec<u8> = page.value_offsets.iter().flat_map(|offset| offset.to_le_bytes()).collect();
        Ok(Self {
            body: Packed::of(&page.bytes)?,
            offsets: Packed::of(&offsets)?,
            types: Packed::of(&page.value_types)?,
            rows: page.rows,
        })
    }

    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        let packed = self.body.bytes.len() + self.offsets.bytes.len() + self.types.bytes.len();
        packed + self.rows.len() * size_of::<Row>()
    }

    /// The page as it was, without its link and its warnings, which were taken off before.
    ///
    /// # Errors
    /// None that input can cause: what is unpacked was packed here.
    pub fn unpack(self) -> Result<Page, Fault> {
        let offsets = self.offsets.unpack()?;
        Ok(Page {
            bytes: self.body.unpack()?,
            rows: self.rows,
            value_offsets: offsets.as_chunks().0.iter().copied().map(u32::from_le_bytes).collect(),
            value_types: self.types.unpack()?,
            next_link: None,
            warnings: Vec::new(),
        })
    }
}

impl Packed {
    fn of(bytes: &[u8]) -> Result<Self, Fault> {
        let mut packer = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
        let packed = packer.write_all(bytes).and_then(|()| packer.finish()).map_err(|error| broken(&error))?;
        Ok(Self { bytes: packed, length: bytes.len() })
    }

    fn unpack(&self) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::with_capacity(self.length);
        GzDecoder::new(self.bytes.as_slice()).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
        Ok(bytes)
    }
}

fn broken(error: &std::io::Error) -> Fault {
    Fault::internal(format!("A page that was kept back could not be restored: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{ValueType, index};

    #[test]
    fn a_page_comes_back_as_it_was_cut_and_arranged() {
        let rows: Vec<String> =
            (0..1000).map(|number| format!(r#"{{"Name":"Adele {number}","Size":{number}}}"#)).collect();
        let body =
            format!(r#"{{"@adminapi.warnings":["w"],"value":[{}],"@odata.nextLink":"https://h/n"}}"#, rows.join(","));
        let page = || {
            let mut page = index(body.clone().into_bytes()).expect("indexes");
            page.truncate(700);
            // As it is done for entities: other types, in another order, and less of them.
            page.value_types[3] = ValueType::Int64 as u8;
            page.value_offsets.swap(2, 3);
            page.value_offsets.pop();
            page.value_types.pop();
            page
        };
        let expected = page();
        let stored = StoredPage::pack(page()).expect("packs");
        assert!(stored.size() < expected.bytes.len(), "{stored:?} of {expected:?}");
        let again = stored.unpack().expect("unpacks");
        assert_eq!((again.rows.len(), &again.rows, &again.bytes), (700, &expected.rows, &expected.bytes));
        assert_eq!((&again.value_offsets, &again.value_types), (&expected.value_offsets, &expected.value_types));
        assert!(again.next_link.is_none() && again.warnings.is_empty());
    }
}
