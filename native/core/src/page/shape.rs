//! Shapes: the property names that rows have in common, kept once for the whole process.
//!
//! Ids are given in order and never used again, so that a reader may cache what it made of a shape.

use once_cell::sync::Lazy;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Names a shape within the process.
pub type ShapeId = u32;

/// No shape: the row has to be read as a whole.
pub const NONE: ShapeId = u32::MAX;

/// More shapes than this are not kept: a service that makes up names for each row must not fill the memory.
const LIMIT: usize = 4096;

/// The property names of a row, in order.
#[derive(Debug)]
pub struct Shape {
    /// The id, or [`NONE`] when the limit was reached.
    pub id: ShapeId,
    /// The names as they occur in the JSON, side-cars left out, duplicates included.
    pub names: Vec<Box<str>>,
    /// For each of `names` the slot it fills. A name that occurs twice fills one slot, so that the last value wins.
    pub slots: Vec<u32>,
    /// Number of slots.
    pub width: u32,
}

#[derive(Default)]
struct Table {
    by_names: HashMap<Vec<Box<str>>, Arc<Shape>>,
    by_id: Vec<Arc<Shape>>,
}

static TABLE: Lazy<RwLock<Table>> = Lazy::new(RwLock::default);

/// The shape for the names of a row.
pub fn intern(names: Vec<Box<str>>) -> Arc<Shape> {
    if let Some(shape) = TABLE.read().unwrap_or_else(PoisonError::into_inner).by_names.get(&names) {
        return Arc::clone(shape);
    }
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(shape) = table.by_names.get(&names) {
        return Arc::clone(shape);
    }
    let full = table.by_id.len() >= LIMIT;
    let id = if full { NONE } else { table.by_id.len() as ShapeId };
    let shape = Arc::new(Shape::new(id, names));
    if !full {
        table.by_names.insert(shape.names.clone(), Arc::clone(&shape));
        table.by_id.push(Arc::clone(&shape));
    }
    shape
}

/// The property names of shape `id` in slot order, each once; `None` for an unknown id.
pub fn names(id: ShapeId) -> Option<Vec<String>> {
    let shape = TABLE.read().unwrap_or_else(PoisonError::into_inner).by_id.get(id as usize).cloned()?;
    let mut names = vec![String::new(); shape.width as usize];
    for (name, slot) in shape.names.iter().zip(&shape.slots) {
        names[*slot as usize] = name.to_string();
    }
    Some(names)
}

impl Shape {
    fn new(id: ShapeId, names: Vec<Box<str>>) -> Self {
        let mut first: HashMap<&str, u32> = HashMap::with_capacity(names.len());
        let slots = names
            .iter()
            .map(|name| {
                let next = first.len() as u32;
                *first.entry(name).or_insert(next)
            })
            .collect();
        let width = first.len() as u32;
        Self { id, slots, width, names }
    }
}
