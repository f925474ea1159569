//! A page of results: the bytes of the response and an index of its rows.
//!
//! The bytes stay as they came. The index says where each row and each property value begins, so that a reader decodes a
//! value when it is asked for and nothing else. Rows with the same property names in the same order share a
//! [shape](shape).

mod entity;
mod index;
#[cfg(test)]
mod reference;
mod scan;
pub mod shape;
mod stored;

pub use entity::index_entities;
pub use index::{index, last_link};
pub use stored::StoredPage;

use shape::ShapeId;
use std::fmt;

/// Where a row is and how to read it. The layout is fixed: readers outside of Rust see it as four 32-bit numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Offset of the row's JSON value in the page's bytes.
    pub start: u32,
    /// Length of the row's JSON value in bytes.
    pub length: u32,
    /// The row's shape, or [`shape::NONE`]: the row is not an object or there are too many shapes.
    pub shape: ShapeId,
    /// Index of the row's first slot in [`Page::value_offsets`] and [`Page::value_types`].
    pub first_slot: u32,
}

/// The type that a side-car (`Name@data.type`, `Name@odata.type`) gave for a value.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// No side-car: the JSON kind is all there is.
    None = 0,
    /// `System.DateTime` or `DateTimeOffset`.
    DateTime = 1,
    /// `System.Guid`.
    Guid = 2,
    /// `System.Int32`.
    Int32 = 3,
    /// `System.Int64`.
    Int64 = 4,
    /// `System.UInt16`.
    UInt16 = 5,
    /// `System.UInt32`.
    UInt32 = 6,
    /// `System.UInt64`.
    UInt64 = 7,
    /// `System.Int16`.
    Int16 = 8,
    /// `System.Byte`.
    Byte = 9,
    /// `System.SByte`.
    SByte = 10,
    /// `System.Decimal`.
    Decimal = 11,
    /// `System.Double`.
    Double = 12,
    /// `System.Single`.
    Single = 13,
    /// A collection of strings.
    StringCollection = 14,
    /// A collection of something else.
    Collection = 15,
    /// A nested object.
    Object = 16,
    /// `System.Boolean`. The JSON kind says as much, unless the value travels as text.
    Boolean = 17,
    /// A type name that is not in this table.
    Unknown = 255,
}

impl ValueType {
    /// From the text of a side-car: a .NET type name, or an EDM name with `#`.
    pub fn from_name(name: &str) -> Self {
        let name = name.trim_start_matches('#');
        if let Some(element) = name.strip_prefix("Collection(") {
            return match element.trim_end_matches(')').trim_start_matches("Edm.") {
                "String" => Self::StringCollection,
                _ => Self::Collection,
            };
        }
        match name.trim_start_matches("System.").trim_start_matches("Edm.") {
            "DateTime" | "DateTimeOffset" => Self::DateTime,
            "Guid" => Self::Guid,
            "Int32" => Self::Int32,
            "Int64" => Self::Int64,
            "UInt16" => Self::UInt16,
            "UInt32" => Self::UInt32,
            "UInt64" => Self::UInt64,
            "Int16" => Self::Int16,
            "Byte" => Self::Byte,
            "SByte" => Self::SByte,
            "Decimal" => Self::Decimal,
            "Double" => Self::Double,
            "Single" => Self::Single,
            "Boolean" => Self::Boolean,
            other if other.starts_with("Exchange.") => Self::Object,
            _ => Self::Unknown,
        }
    }
}

/// A page of results.
pub struct Page {
    /// The response body, UTF-8 JSON.
    pub bytes: Vec<u8>,
    /// The rows in the order of the service.
    pub rows: Vec<Row>,
    /// For each slot the offset of the value in [`Page::bytes`].
    pub value_offsets: Vec<u32>,
    /// For each slot a [`ValueType`] as a number.
    pub value_types: Vec<u8>,
    /// Where the next page is, as the service wrote it.
    pub next_link: Option<String>,
    /// Warnings that came with the page.
    pub warnings: Vec<String>,
}

impl fmt::Debug for Page {
    /// Sizes only: the content belongs to somebody's mailboxes and has no place in a log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Page")
            .field("bytes", &self.bytes.len())
            .field("rows", &self.rows.len())
            .field("warnings", &self.warnings.len())
            .finish_non_exhaustive()
    }
}

impl Page {
    /// A page without rows.
    pub fn empty() -> Self {
        Self {
            bytes: Vec::new(),
            rows: Vec::new(),
            value_offsets: Vec::new(),
            value_types: Vec::new(),
            next_link: None,
            warnings: Vec::new(),
        }
    }

    /// Drops all rows after the first `count`.
    pub fn truncate(&mut self, count: usize) {
        self.rows.truncate(count);
    }
}
