//! All objects of a kind.

use std::collections::BTreeMap;

use super::Entry;

/// Objects by number. Numbers are never used twice, so that a list's position stays right while objects go.
#[derive(Clone, Default)]
pub struct Collection {
    entries: BTreeMap<u64, Entry>,
    next: u64,
}

impl Collection {
    /// A collection of these objects.
    #[must_use]
    pub fn of(entries: Vec<Entry>) -> Self {
        let next = entries.len() as u64;
        Self { entries: (0..).zip(entries).collect(), next }
    }

    /// All objects with their numbers, in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.entries.iter().map(|(number, entry)| (*number, entry))
    }

    /// The objects from a number on.
    pub fn from(&self, number: u64) -> impl Iterator<Item = (u64, &Entry)> {
        self.entries.range(number..).map(|(number, entry)| (*number, entry))
    }

    /// An object by number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&Entry> {
        self.entries.get(&number)
    }

    /// An object by number, to be changed.
    pub fn get_mut(&mut self, number: u64) -> Option<&mut Entry> {
        self.entries.get_mut(&number)
    }

    /// The number that the next object gets.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Adds an object; returns its number.
    pub fn add(&mut self, entry: Entry) -> u64 {
        let number = self.next;
        self.entries.insert(number, entry);
        self.next += 1;
        number
    }

    /// Takes an object away.
    pub fn remove(&mut self, number: u64) -> Option<Entry> {
        self.entries.remove(&number)
    }

    /// The numbers of the objects that an identity names: none, one or, for a name that several share, more.
    #[must_use]
    pub fn find(&self, identity: &str) -> Vec<u64> {
        self.iter().filter(|(_, entry)| entry.has_identity(identity)).map(|(number, _)| number).collect()
    }

    /// The first object whose property has that text, in any casing.
    #[must_use]
    pub fn find_by(&self, property: &str, text: &str) -> Option<u64> {
        let wanted = text.trim().to_lowercase();
        self.iter().find(|(_, entry)| entry.text(property).to_lowercase() == wanted).map(|(number, _)| number)
    }
}
