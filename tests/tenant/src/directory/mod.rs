//! The tenant's directory: mailboxes (computed from the seed, with an overlay of changes), other recipients, the
//! organization and the accounts.

pub mod accounts;
pub mod company;
pub mod filtering;
pub mod identity;
pub mod mailbox;
pub mod organization;
pub mod recipient;
pub mod seed;
pub mod value;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use company::{CONTOSO, Company};
use mailbox::{Changes, Mailbox, Schema};
use organization::Organization;
use recipient::OtherRecipient;
use seed::{Person, Seed};
use value::{Value, now_ticks};

/// The directory.
pub struct Directory {
    /// The company.
    pub seed: Seed,
    /// The organization's configuration.
    pub organization: Organization,
    /// Recipients without a mailbox.
    pub others: Vec<OtherRecipient>,
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
            others: recipient::other_recipients(&seed),
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
        Mailbox { seed: &self.seed, person, changes: self.changes.get(&index) }
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

    /// The name of the recipient, mailbox or not, that an identity names.
    ///
    /// # Errors
    ///
    /// How many recipients it names, if not one.
    pub fn recipient_name(&self, identity: &str) -> Result<String, usize> {
        let mut names: Vec<String> =
            self.find(identity, false).into_iter().map(|index| self.mailbox(index).text("Name")).collect();
        names.extend(self.others.iter().filter(|other| other.has_identity(identity)).map(|other| other.text("Name")));
        match names.len() {
            1 => Ok(names.remove(0)),
            count => Err(count),
        }
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
        assert_eq!(directory.recipient_name("Alex Kim"), Err(2));
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
