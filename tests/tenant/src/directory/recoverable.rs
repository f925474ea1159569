//! The deleted items of a mailbox one by one, as far as they can be restored. They follow from the seed like the folders that
//! they lie in; only which of them were restored is kept.

use std::collections::BTreeMap;

use super::Directory;
use super::contents::folders;
use super::mailbox::Mailbox;
use super::value::ticks_from_unix;

/// A place of deleted items: what it is asked for by, its folder, and the salt of its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name in parameters and answers.
    pub name: &'static str,
    /// The folder's path.
    pub path: &'static str,
    salt: u64,
}

/// All places, in the order in which they are looked through.
pub const SOURCES: [Source; 3] = [
    Source { name: "DeletedItems", path: "/Deleted Items", salt: 71 },
    Source { name: "RecoverableItems", path: "/Deletions", salt: 72 },
    Source { name: "PurgedItems", path: "/Purges", salt: 73 },
];

/// Class of an item, the path of the folder that it was in, and what its subject begins with.
const KINDS: [(&str, &str, &str); 6] = [
    ("IPM.Note", "/Inbox", "Offer"),
    ("IPM.Note", "/Sent Items", "Answer"),
    ("IPM.Appointment", "/Calendar", "Meeting"),
    ("IPM.Contact", "/Contacts", "Card"),
    ("IPM.Note", "/Inbox/Projects", "Plan"),
    ("IPM.Task", "/Tasks", "Errand"),
];

/// A deleted item.
pub struct Item {
    /// Where it lies.
    pub source: Source,
    /// Its id.
    pub entry_id: String,
    /// Its subject.
    pub subject: String,
    /// Its class.
    pub item_class: &'static str,
    /// The path of the folder that it was in.
    pub last_parent: &'static str,
    /// The id of that folder.
    pub last_parent_id: String,
    /// When it was deleted, in ticks.
    pub modified: i64,
}

/// What was restored: the ids of the items, and the paths of the folders that they came to.
#[derive(Default)]
pub struct Restored {
    targets: BTreeMap<(u64, String), String>,
}

impl Restored {
    /// Keeps that an item of a mailbox was restored to a folder.
    pub fn add(&mut self, mailbox: u64, entry_id: &str, path: &str) {
        self.targets.insert((mailbox, entry_id.to_owned()), path.to_owned());
    }

    /// How many items of a mailbox were restored from a folder.
    #[must_use]
    pub fn taken_from(&self, mailbox: u64, path: &str) -> u64 {
        let Some(place) = SOURCES.iter().position(|source| source.path == path) else {
            return 0;
        };
        // An id begins with the number of its place.
        let begin = format!("{place:02X}");
        self.of(mailbox).filter(|(id, _)| id.starts_with(&begin)).count() as u64
    }

    /// How many items of a mailbox were restored to a folder.
    #[must_use]
    pub fn come_to(&self, mailbox: u64, path: &str) -> u64 {
        self.of(mailbox).filter(|(_, target)| target.eq_ignore_ascii_case(path)).count() as u64
    }

    fn of(&self, mailbox: u64) -> impl Iterator<Item = (&str, &str)> {
        let from = (mailbox, String::new());
        self.targets
            .range(from..)
            .take_while(move |((owner, _), _)| *owner == mailbox)
            .map(|((_, id), target)| (id.as_str(), target.as_str()))
    }

    fn has(&self, mailbox: u64, entry_id: &str) -> bool {
        self.targets.contains_key(&(mailbox, entry_id.to_owned()))
    }
}

/// The deleted items of a mailbox that are still there, the latest of each place first.
#[must_use]
pub fn items(directory: &Directory, mailbox: &Mailbox<'_>, wanted: Option<&str>) -> Vec<Item> {
    let index = mailbox.person.index;
    let all = folders(directory, mailbox, false);
    let mut items = Vec::new();
    for (place, source) in SOURCES.into_iter().enumerate() {
        if wanted.is_some_and(|wanted| !wanted.eq_ignore_ascii_case(source.name)) {
            continue;
        }
        let left = all.iter().find(|folder| folder.path == source.path).map_or(0, |folder| folder.items);
        // What was restored had a number too.
        for number in 0..left + directory.restored.taken_from(index, source.path) {
            let hash = directory.seed.hash(source.salt, index << 20 | number);
            let entry_id = format!("{place:02X}{hash:016X}{index:012X}{number:08X}");
            if directory.restored.has(index, &entry_id) {
                continue;
            }
            let (item_class, last_parent, word) = KINDS[(hash % KINDS.len() as u64) as usize];
            let folder = directory.seed.named_guid(&format!("folder {last_parent} {}", mailbox.text("ExchangeGuid")));
            items.push(Item {
                source,
                entry_id,
                subject: format!("{word} {}", 1000 + hash % 9000),
                item_class,
                last_parent,
                last_parent_id: folder.replace('-', "").to_uppercase(),
                modified: ticks_from_unix(1_779_000_000 - (number * 5400) as i64 - (hash % 5000) as i64),
            });
        }
    }
    items
}
