//! Objects of the service that are described by data: which properties they have, of what kind, with what first value,
//! and which of them name the object. A cmdlet on such an object needs only what is special about it.

mod class;
mod collection;
mod entry;

pub use class::{Class, NAMES, ObjectSchema, directory_class};
pub use collection::Collection;
pub use entry::Entry;
