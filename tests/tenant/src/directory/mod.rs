//! The tenant's directory: mailboxes (computed from the seed, with an overlay of changes), other recipients, the
//! organization with its rules and policies, and the accounts.

pub mod accounts;
pub mod added_accounts;
pub mod audit;
pub mod company;
pub mod compliance;
pub mod configuration;
pub mod contents;
pub mod facets;
pub mod filtering;
pub mod governance;
pub mod group_mailbox;
pub mod identity;
pub mod inbox;
pub mod links;
pub mod mail_objects;
pub mod mailbox;
pub mod messages;
pub mod objects;
pub mod organization;
pub mod others;
pub mod permissions;
pub mod recipient;
pub mod recoverable;
pub mod registry;
pub mod roles;
pub mod seed;
pub mod value;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use company::{CONTOSO, Company};
use facets::Facet;
use links::{LinkKind, RecipientId};
use mailbox::patterns::Rows;
use mailbox::{Changes, Mailbox, Schema};
use objects::{Class, Collection};
use organization::Organization;
use permissions::Permissions;
use seed::{Person, Seed};
use value::{Value, now_ticks};

/// The directory.
pub struct Directory {
    /// The company.
    pub seed: Seed,
    /// The organization's configuration.
    pub organization: Organization,
    others: OnceLock<Collection>,
    collections: HashMap<&'static str, OnceLock<Collection>>,
    links: HashMap<(u64, LinkKind), Vec<RecipientId>>,
    facets: HashMap<&'static str, HashMap<u64, Changes>>,
    users: HashMap<u64, Changes>,
    permissions: Permissions,
    /// Searches of the audit log that go on from call to call.
    pub audit_sessions: HashMap<String, audit::Session>,
    inbox_rules: HashMap<u64, Collection>,
    rows: Rows,
    /// Ids of devices whose partnership was removed.
    pub removed_devices: BTreeSet<String>,
    /// Deleted items that somebody restored.
    pub restored: recoverable::Restored,
    /// Identities of the messages that somebody let out of quarantine.
    pub released: BTreeSet<String>,
    /// Identities of the messages that somebody deleted in quarantine.
    pub deleted_quarantine: BTreeSet<String>,
    /// The mailboxes whose owners' doings aren't audited.
    pub audit_bypasses: BTreeSet<u64>,
    /// The wipes that devices are to find when they come next, by the id of the device.
    pub wipes: HashMap<String, contents::Wipe>,
    seeded: u64,
    created: BTreeMap<u64, Person>,
    removed: BTreeSet<u64>,
    changes: HashMap<u64, Changes>,
    /// Identities of mailboxes that were changed or created, in lower case; the seed finds all others.
    by_identity: HashMap<String, BTreeSet<u64>>,
    identities: HashMap<u64, Vec<String>>,
}

impl Directory {
    /// The directory of the seed's first company.
    #[must_use]
    pub fn new(seed: u64, mailboxes: u64) -> Self {
        Self::of(&CONTOSO, seed, mailboxes)
    }

    /// The directory of one of a seed's companies.
    #[must_use]
    pub fn of(company: &'static Company, seed: u64, mailboxes: u64) -> Self {
        let seed = Seed::of(company, seed);
        Self {
            organization: Organization::new(&seed),
            others: OnceLock::new(),
            collections: registry::CLASSES.iter().map(|class| (class.noun, OnceLock::new())).collect(),
            links: HashMap::new(),
            facets: HashMap::new(),
            users: HashMap::new(),
            permissions: Permissions::default(),
            audit_sessions: HashMap::new(),
            inbox_rules: HashMap::new(),
            rows: Rows::default(),
            removed_devices: BTreeSet::new(),
            restored: recoverable::Restored::default(),
            released: BTreeSet::new(),
            deleted_quarantine: BTreeSet::new(),
            audit_bypasses: BTreeSet::new(),
            wipes: HashMap::new(),
            seed,
            seeded: mailboxes,
            created: BTreeMap::new(),
            removed: BTreeSet::new(),
            changes: HashMap::new(),
            by_identity: HashMap::new(),
            identities: HashMap::new(),
        }
    }

    /// One more than the highest number that a mailbox has or had.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.created.keys().next_back().map_or(self.seeded, |last| last + 1)
    }

    /// Number of mailboxes that the seed made.
    #[must_use]
    pub fn seeded(&self) -> u64 {
        self.seeded
    }

    /// Whether the mailbox has been removed.
    #[must_use]
    pub fn is_removed(&self, index: u64) -> bool {
        self.removed.contains(&index)
    }

    /// A mailbox by number, removed or not.
    #[must_use]
    pub fn mailbox(&self, index: u64) -> Mailbox<'_> {
        let person = self.created.get(&index).cloned().unwrap_or_else(|| self.seed.person(index));
        Mailbox { seed: &self.seed, person, changes: self.changes.get(&index), user_changes: self.users.get(&index) }
    }

    /// Appends a mailbox's JSON, all properties or the selected ones.
    pub fn write_mailbox(&self, index: u64, select: Option<&[usize]>, out: &mut String) {
        let mailbox = self.mailbox(index);
        if select.is_none() && mailbox.changes.is_none() {
            self.rows.write(&mailbox, out);
        } else {
            mailbox.write(out, select);
        }
    }

    /// Changes a mailbox; tells whether anything changed.
    pub fn change(&mut self, index: u64, changes: Vec<(usize, Value)>) -> bool {
        let before = self.mailbox(index);
        let mut real: Vec<(usize, Value)> =
            changes.into_iter().filter(|(at, value)| before.value(*at) != *value).collect();
        if real.is_empty() {
            return false;
        }
        let schema = Schema::get();
        // One moment in two forms, so the clock is read once.
        let now = now_ticks();
        for name in ["WhenChanged", "WhenChangedUTC"] {
            real.push((schema.position(name).expect("in the schema"), Value::Moment(now)));
        }
        self.changes.entry(index).or_default().extend(real);
        self.index(index);
        true
    }

    /// Adds a mailbox; returns its number.
    pub fn create(&mut self, mut person: Person, changes: Vec<(usize, Value)>) -> u64 {
        let index = self.end();
        person.index = index;
        self.created.insert(index, person);
        self.changes.entry(index).or_default().extend(changes);
        self.index(index);
        index
    }

    /// Removes a mailbox softly: it stays to be seen as a soft-deleted one.
    pub fn remove(&mut self, index: u64) {
        let schema = Schema::get();
        let position = |name| schema.position(name).expect("in the schema");
        self.change(
            index,
            vec![
                (position("WhenSoftDeleted"), Value::Moment(now_ticks())),
                (position("IsSoftDeletedByRemove"), Value::Bool(true)),
            ],
        );
        self.removed.insert(index);
    }

    fn index(&mut self, index: u64) {
        for old in self.identities.remove(&index).unwrap_or_default() {
            if let Some(numbers) = self.by_identity.get_mut(&old) {
                numbers.remove(&index);
                if numbers.is_empty() {
                    self.by_identity.remove(&old);
                }
            }
        }
        let identities = identity::identities(&self.mailbox(index));
        for identity in &identities {
            self.by_identity.entry(identity.clone()).or_default().insert(index);
        }
        self.identities.insert(index, identities);
    }

    /// The numbers of the mailboxes that an identity names: none, one or, for a name that several share, more.
    #[must_use]
    pub fn find(&self, identity: &str, removed: bool) -> Vec<u64> {
        let wanted = identity.trim().to_lowercase();
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut found = self.by_identity.get(&wanted).cloned().unwrap_or_default();
        for candidate in identity::candidates(&self.seed, &wanted, self.seeded) {
            // Changed mailboxes are in the index with what they are called now.
            if !self.identities.contains_key(&candidate)
                && identity::identities(&self.mailbox(candidate)).contains(&wanted)
            {
                found.insert(candidate);
            }
        }
        found.into_iter().filter(|index| self.is_removed(*index) == removed).collect()
    }

    /// The recipients without a mailbox: groups, contacts and mail users.
    pub fn others(&self) -> &Collection {
        self.others.get_or_init(|| Collection::of(others::first_recipients(&self.seed)))
    }

    /// The recipients without a mailbox, to be changed.
    pub fn others_mut(&mut self) -> &mut Collection {
        self.others();
        self.others.get_mut().unwrap_or_else(|| unreachable!("they were made just now"))
    }

    /// The objects of a kind.
    pub fn collection(&self, class: &'static Class) -> &Collection {
        let cell = self.collections.get(class.noun).unwrap_or_else(|| unreachable!("{} is registered", class.noun));
        cell.get_or_init(|| Collection::of((class.first)(class, &self.seed)))
    }

    /// The objects of a kind, to be changed.
    pub fn collection_mut(&mut self, class: &'static Class) -> &mut Collection {
        self.collection(class);
        let cell = self.collections.get_mut(class.noun).and_then(OnceLock::get_mut);
        cell.unwrap_or_else(|| unreachable!("they were made just now"))
    }

    /// The value of a mailbox's setting.
    #[must_use]
    pub fn setting(&self, facet: &'static Facet, index: u64, at: usize) -> Value {
        let changed = if facet.is_user() {
            self.users.get(&index)
        } else {
            self.facets.get(facet.noun()).and_then(|all| all.get(&index))
        };
        match changed.and_then(|changes| changes.get(&at)) {
            Some(value) => value.clone(),
            None => facet.first_value(self, &self.mailbox(index), at),
        }
    }

    /// Changes a mailbox's settings; tells whether anything changed.
    pub fn change_settings(&mut self, facet: &'static Facet, index: u64, changes: Vec<(usize, Value)>) -> bool {
        let real: Vec<(usize, Value)> =
            changes.into_iter().filter(|(at, value)| self.setting(facet, index, *at) != *value).collect();
        if real.is_empty() {
            return false;
        }
        let all = if facet.is_user() { &mut self.users } else { self.facets.entry(facet.noun()).or_default() };
        all.entry(index).or_default().extend(real);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(name: &str) -> usize {
        Schema::get().position(name).unwrap()
    }

    #[test]
    fn every_kind_of_identity_finds_the_mailbox() {
        let directory = Directory::new(1, 1_000_000);
        for index in [0, 1, 5, 17, 36, 77, 12_345, 999_999] {
            let mailbox = directory.mailbox(index);
            for name in [
                "Name",
                "Alias",
                "UserPrincipalName",
                "PrimarySmtpAddress",
                "DistinguishedName",
                "Guid",
                "ExchangeGuid",
                "ExternalDirectoryObjectId",
                "DisplayName",
                "LegacyExchangeDN",
                "SamAccountName",
            ] {
                let identity = mailbox.text(name);
                assert_eq!(directory.find(&identity, false), [index], "{name} {identity}");
                assert_eq!(directory.find(&identity.to_lowercase(), false), [index], "{name} {identity}");
            }
            for address in mailbox.list("EmailAddresses").iter().filter_map(|address| address.split_once(':')) {
                if address.0.eq_ignore_ascii_case("smtp") {
                    assert_eq!(directory.find(address.1, false), [index], "{}", address.1);
                }
            }
        }
        assert_eq!(directory.find("nobody@contoso.onmicrosoft.com", false), [] as [u64; 0]);
        assert_eq!(directory.find("adele@elsewhere.example", false), [] as [u64; 0]);
    }

    #[test]
    fn a_shared_display_name_names_two() {
        let directory = Directory::new(1, 50);
        assert_eq!(directory.find("Alex Kim", false), [40, 41]);
        assert_eq!(directory.find("alex kim - sales", false), [40]);
        assert_eq!(directory.recipient("Alex Kim"), Err(2));
    }

    #[test]
    fn a_renamed_mailbox_is_found_by_its_new_name_only() {
        let mut directory = Directory::new(1, 50);
        assert!(directory.change(0, vec![(position("DisplayName"), Value::text("Adele Smith"))]));
        assert!(!directory.change(0, vec![(position("DisplayName"), Value::text("Adele Smith"))]));
        assert_eq!(directory.find("adele smith", false), [0]);
        assert_eq!(directory.find("adele vance", false), [0], "the name is still the old one");
        directory.change(0, vec![(position("Name"), Value::text("Adele Smith"))]);
        assert_eq!(directory.find("adele vance", false), [] as [u64; 0]);
        assert_eq!(directory.mailbox(0).text("Identity"), "Adele Smith");
    }

    #[test]
    fn a_removed_mailbox_is_only_found_among_the_removed() {
        let mut directory = Directory::new(1, 50);
        directory.remove(3);
        assert_eq!(directory.find("elodie.marchand", false), [] as [u64; 0]);
        assert_eq!(directory.find("elodie.marchand", true), [3]);
    }
}
