//! Whole mailboxes that nobody has changed, written quickly: a tenant of a million mailboxes answers thousands of rows in a page, next to
//! the client that is being measured.
//!
//! A computed property looks alike for all mailboxes of a sort (those with an archive, those of a database), but for the few texts that
//! are a mailbox's own: names, GUIDs, moments. So the first mailbox of a sort has each property written in the exact way, with names that
//! occur nowhere else, and what is left when its own texts are cut out is the pattern for the others. What the table doesn't know is
//! written in the exact way every time, so the table decides how quick a row is and never what is in it.

use std::sync::OnceLock;

use super::{Mailbox, Piece, Schema, base64_key, keypad};
use crate::directory::seed::{GuidKind, MailboxType, Person};
use crate::directory::value::{push_escaped, push_moment, ticks_from_unix};

/// A text of a mailbox's own.
#[derive(Clone, Copy, Debug)]
enum Part {
    Alias,
    Name,
    DisplayName,
    City,
    Country,
    Department,
    Number,
    ObjectGuid,
    /// The object's GUID without hyphens.
    BareObjectGuid,
    /// The first eight digits of the object's GUID.
    StartOfObjectGuid,
    MailboxGuid,
    EntraGuid,
    ArchiveGuid,
    ObjectKey,
    Created,
    MailboxCreated,
    Changed,
    /// Alias, family and given name, given and family name, on a telephone's keys.
    AliasKeys,
    LastFirstKeys,
    FirstLastKeys,
}

/// All parts, in the order of their numbers.
const PARTS: [Part; 20] = [
    Part::Alias,
    Part::Name,
    Part::DisplayName,
    Part::City,
    Part::Country,
    Part::Department,
    Part::Number,
    Part::ObjectGuid,
    Part::BareObjectGuid,
    Part::StartOfObjectGuid,
    Part::MailboxGuid,
    Part::EntraGuid,
    Part::ArchiveGuid,
    Part::ObjectKey,
    Part::Created,
    Part::MailboxCreated,
    Part::Changed,
    Part::AliasKeys,
    Part::LastFirstKeys,
    Part::FirstLastKeys,
];

/// How mailboxes are told apart for a property: the number of sorts, and a mailbox's sort. `None`: such a mailbox has no pattern.
type Sorts = (usize, fn(&Mailbox<'_>) -> Option<usize>);

const ALL: Sorts = (1, |_| Some(0));
const TYPE: Sorts = (4, |mailbox| Some(type_number(mailbox)));
const DOMAIN: Sorts = (2, |mailbox| Some(usize::from(mailbox.person.index < 2)));
const DOMAIN_AND_USER: Sorts =
    (4, |mailbox| Some(usize::from(mailbox.person.index < 2) * 2 + usize::from(mailbox.is_user())));
const ARCHIVE: Sorts = (2, |mailbox| Some(usize::from(mailbox.has_archive())));
const DATABASE: Sorts = (960, |mailbox| Some(database_number(mailbox)));
const DATABASE_AND_ARCHIVE: Sorts =
    (1920, |mailbox| Some(database_number(mailbox) * 2 + usize::from(mailbox.has_archive())));
const SERVER: Sorts = (400, |mailbox| Some((mailbox.person.hash % 400) as usize));
const HOLD: Sorts = (2, |mailbox| Some(usize::from(mailbox.on_litigation_hold())));
const QUOTA: Sorts = (2, |mailbox| Some(usize::from(mailbox.has_large_quota())));
const FORWARDS_OUTSIDE: Sorts = (2, |mailbox| Some(usize::from(mailbox.forwards_outside())));
/// Those that forward to a colleague show the colleague's name.
const FORWARDS_INSIDE: Sorts = (1, |mailbox| (!mailbox.forwards_inside()).then_some(0));
const KEEPS_A_COPY: Sorts = (2, |mailbox| {
    Some(usize::from((mailbox.forwards_outside() || mailbox.forwards_inside()) && mailbox.person.hash & 64 == 0))
});
/// Shared mailboxes name who may send on their behalf.
const NOT_SHARED: Sorts = (1, |mailbox| (mailbox.person.mailbox_type != MailboxType::Shared).then_some(0));
const SEATS: Sorts = (31, |mailbox| {
    Some(if mailbox.person.mailbox_type == MailboxType::Room { 1 + (mailbox.person.hash % 30) as usize } else { 0 })
});
const PICTURE: Sorts = (2, |mailbox| Some(usize::from(mailbox.person.hash & 3 == 0)));
const HIDDEN: Sorts = (2, |mailbox| Some(usize::from(mailbox.person.index > 1 && mailbox.person.hash % 41 == 9)));
const COST_CENTRE: Sorts = (9001, |mailbox| {
    Some(if mailbox.person.hash & 12 == 0 { 1 + ((mailbox.person.hash >> 30) % 9000) as usize } else { 0 })
});
const USER: Sorts = (2, |mailbox| Some(usize::from(mailbox.is_user())));
const SITE: Sorts = (2, |mailbox| Some(usize::from(mailbox.person.hash % 11 == 2)));

/// The computed properties that have patterns: name, sorts of mailboxes, own texts in the order in which they occur. A text that a sort
/// doesn't show is passed over.
const TABLE: [(&str, Sorts, &[Part]); 73] = [
    ("Database", DATABASE, &[]),
    ("DatabaseGuid", DATABASE, &[]),
    ("DeliverToMailboxAndForward", KEEPS_A_COPY, &[]),
    ("LitigationHoldEnabled", HOLD, &[]),
    ("LitigationHoldDate", HOLD, &[Part::Changed]),
    ("LitigationHoldOwner", HOLD, &[]),
    ("ExchangeGuid", ALL, &[Part::MailboxGuid]),
    ("MailboxLocations", DATABASE_AND_ARCHIVE, &[Part::MailboxGuid, Part::ArchiveGuid]),
    ("ExchangeUserAccountControl", TYPE, &[]),
    ("ForwardingAddress", FORWARDS_INSIDE, &[]),
    ("ForwardingSmtpAddress", FORWARDS_OUTSIDE, &[Part::Alias]),
    ("ProhibitSendQuota", QUOTA, &[]),
    ("ProhibitSendReceiveQuota", QUOTA, &[]),
    ("RecoverableItemsQuota", HOLD, &[]),
    ("RecoverableItemsWarningQuota", HOLD, &[]),
    ("IsResource", TYPE, &[]),
    ("IsShared", TYPE, &[]),
    ("LinkedMasterAccount", TYPE, &[]),
    ("ResourceCapacity", SEATS, &[]),
    ("ResourceType", TYPE, &[]),
    ("RoomMailboxAccountEnabled", TYPE, &[]),
    ("SamAccountName", ALL, &[Part::StartOfObjectGuid, Part::Number]),
    ("ServerLegacyDN", SERVER, &[]),
    ("ServerName", SERVER, &[]),
    ("IssueWarningQuota", QUOTA, &[]),
    ("UserPrincipalName", DOMAIN, &[Part::Alias]),
    ("WindowsLiveID", DOMAIN, &[Part::Alias]),
    ("MicrosoftOnlineServicesID", DOMAIN, &[Part::Alias]),
    ("MailboxPlan", TYPE, &[]),
    ("ArchiveDatabase", DATABASE_AND_ARCHIVE, &[]),
    ("ArchiveDatabaseGuid", DATABASE_AND_ARCHIVE, &[]),
    ("ArchiveGuid", ARCHIVE, &[Part::ArchiveGuid]),
    ("ArchiveName", ARCHIVE, &[Part::DisplayName]),
    ("ArchiveStatus", ARCHIVE, &[]),
    ("ArchiveState", ARCHIVE, &[]),
    ("MessageCopyForSentAsEnabled", TYPE, &[]),
    ("MessageCopyForSendOnBehalfEnabled", TYPE, &[]),
    ("PersistedCapabilities", TYPE, &[]),
    ("SKUAssigned", TYPE, &[]),
    ("WhenMailboxCreated", ALL, &[Part::MailboxCreated]),
    ("StsRefreshTokensValidFrom", ALL, &[Part::Created]),
    ("UsageLocation", ALL, &[Part::Country]),
    ("AccountDisabled", TYPE, &[]),
    ("HasPicture", PICTURE, &[]),
    ("AddressListMembership", TYPE, &[]),
    ("Alias", ALL, &[Part::Alias]),
    ("CustomAttribute1", COST_CENTRE, &[]),
    ("CustomAttribute2", USER, &[Part::Department]),
    ("ExtensionCustomAttribute1", SITE, &[Part::City, Part::Department]),
    ("DisplayName", ALL, &[Part::DisplayName]),
    ("EmailAddresses", DOMAIN_AND_USER, &[Part::Alias, Part::Alias, Part::Alias]),
    ("GrantSendOnBehalfTo", NOT_SHARED, &[]),
    ("ExternalDirectoryObjectId", ALL, &[Part::EntraGuid]),
    ("HiddenFromAddressListsEnabled", HIDDEN, &[]),
    ("LegacyExchangeDN", ALL, &[Part::BareObjectGuid, Part::Alias]),
    ("PrimarySmtpAddress", DOMAIN, &[Part::Alias]),
    ("RecipientTypeDetails", TYPE, &[]),
    ("UMDtmfMap", ALL, &[Part::AliasKeys, Part::LastFirstKeys, Part::FirstLastKeys]),
    ("WindowsEmailAddress", DOMAIN, &[Part::Alias]),
    ("Identity", ALL, &[Part::Name]),
    ("Id", ALL, &[Part::Name]),
    ("OrganizationalUnit", ALL, &[]),
    ("Name", ALL, &[Part::Name]),
    ("DistinguishedName", ALL, &[Part::Name]),
    ("ObjectKey", ALL, &[Part::ObjectKey]),
    ("WhenChanged", ALL, &[Part::Changed]),
    ("WhenCreated", ALL, &[Part::Created]),
    ("WhenChangedUTC", ALL, &[Part::Changed]),
    ("WhenCreatedUTC", ALL, &[Part::Created]),
    ("ExchangeObjectId", ALL, &[Part::ObjectGuid]),
    ("OrganizationId", ALL, &[]),
    ("Guid", ALL, &[Part::ObjectGuid]),
    ("RunspaceId", ALL, &[]),
];

fn type_number(mailbox: &Mailbox<'_>) -> usize {
    match mailbox.person.mailbox_type {
        MailboxType::User => 0,
        MailboxType::Shared => 1,
        MailboxType::Room => 2,
        MailboxType::Equipment => 3,
    }
}

/// 12 groups of 80 databases.
fn database_number(mailbox: &Mailbox<'_>) -> usize {
    (mailbox.person.hash % 12 * 80 + (mailbox.person.hash >> 5) % 80) as usize
}

/// A property's text: constant texts, and after each, but for the last, a part.
struct Pattern(Vec<(Box<str>, Option<Part>)>);

impl Pattern {
    /// Cuts a mailbox's own texts out of a property.
    fn of(exemplar: &Mailbox<'_>, at: usize, parts: &[Part]) -> Self {
        let mut whole = String::new();
        exemplar.write_property(at, &mut whole);
        let own = Parts::of(exemplar);
        let mut pieces = Vec::new();
        let mut rest = whole.as_str();
        for part in parts {
            if let Some((before, after)) = rest.split_once(own.get(*part)) {
                pieces.push((before.into(), Some(*part)));
                rest = after;
            }
        }
        pieces.push((rest.into(), None));
        Self(pieces)
    }

    fn write(&self, parts: &Parts, out: &mut String) {
        for (text, part) in &self.0 {
            out.push_str(text);
            if let Some(part) = part {
                out.push_str(parts.get(*part));
            }
        }
    }
}

/// A mailbox's own texts, as they stand in JSON.
struct Parts {
    text: String,
    ends: [usize; PARTS.len()],
}

impl Parts {
    fn of(mailbox: &Mailbox<'_>) -> Self {
        let person = &mailbox.person;
        let mut text = String::with_capacity(1024);
        let mut ends = [0; PARTS.len()];
        let object = mailbox.guid(GuidKind::Object);
        let entra = mailbox.guid(GuidKind::Entra);
        let moment = |seconds, text: &mut String| push_moment(text, ticks_from_unix(seconds), "");
        for (part, end) in PARTS.into_iter().zip(&mut ends) {
            match part {
                Part::Alias => push_escaped(&mut text, &person.alias),
                Part::Name => push_escaped(&mut text, &person.name),
                Part::DisplayName => push_escaped(&mut text, &person.display_name),
                Part::City => push_escaped(&mut text, person.city),
                Part::Country => push_escaped(&mut text, person.country),
                Part::Department => push_escaped(&mut text, person.department),
                Part::Number => text.push_str(&person.index.to_string()),
                Part::ObjectGuid => text.push_str(&object),
                Part::BareObjectGuid => text.extend(object.chars().filter(|character| *character != '-')),
                Part::StartOfObjectGuid => text.push_str(&object[..8]),
                Part::MailboxGuid => text.push_str(&mailbox.guid(GuidKind::Mailbox)),
                Part::EntraGuid => text.push_str(&entra),
                Part::ArchiveGuid => text.push_str(&mailbox.guid(GuidKind::Archive)),
                Part::ObjectKey => text.push_str(&base64_key(&entra)),
                Part::Created => moment(mailbox.created_seconds(), &mut text),
                Part::MailboxCreated => moment(mailbox.created_seconds() + 90, &mut text),
                Part::Changed => moment(mailbox.changed_seconds(), &mut text),
                Part::AliasKeys => keypad(&mut text, &person.alias),
                Part::LastFirstKeys => {
                    keypad(&mut text, &person.family_name);
                    keypad(&mut text, &person.given_name);
                }
                Part::FirstLastKeys => {
                    keypad(&mut text, &person.given_name);
                    keypad(&mut text, &person.family_name);
                }
            }
            *end = text.len();
        }
        Self { text, ends }
    }

    fn get(&self, part: Part) -> &str {
        let number = part as usize;
        let begin = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[begin..self.ends[number]]
    }
}

/// A property's patterns, one for each sort of mailbox that has been seen.
struct Patterns {
    sort_of: fn(&Mailbox<'_>) -> Option<usize>,
    parts: &'static [Part],
    of_sorts: Box<[OnceLock<Pattern>]>,
}

/// The patterns of one directory.
pub struct Rows {
    /// By the property's position.
    patterns: Vec<Option<Patterns>>,
}

impl Default for Rows {
    fn default() -> Self {
        let schema = Schema::get();
        let mut patterns: Vec<Option<Patterns>> = schema.properties.iter().map(|_| None).collect();
        for (name, (count, sort_of), parts) in TABLE {
            let at = schema.position(name).unwrap_or_else(|| unreachable!("{name} is in the schema"));
            let of_sorts = (0..count).map(|_| OnceLock::new()).collect();
            patterns[at] = Some(Patterns { sort_of, parts, of_sorts });
        }
        Self { patterns }
    }
}

impl Rows {
    /// Appends the JSON of a mailbox that nobody has changed: the same as [`Mailbox::write`] makes.
    pub fn write(&self, mailbox: &Mailbox<'_>, out: &mut String) {
        let parts = Parts::of(mailbox);
        for piece in &Schema::get().pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Property(at) => match self.pattern(mailbox, *at) {
                    Some(pattern) => pattern.write(&parts, out),
                    None => mailbox.write_property(*at, out),
                },
            }
        }
    }

    fn pattern(&self, mailbox: &Mailbox<'_>, at: usize) -> Option<&Pattern> {
        let patterns = self.patterns[at].as_ref()?;
        let pattern = patterns.of_sorts.get((patterns.sort_of)(mailbox)?)?;
        Some(pattern.get_or_init(|| Pattern::of(&exemplar(mailbox), at, patterns.parts)))
    }
}

/// The same mailbox under names that occur nowhere else in it.
fn exemplar<'a>(mailbox: &Mailbox<'a>) -> Mailbox<'a> {
    Mailbox {
        person: Person {
            alias: "exemplar.alias".to_owned(),
            name: "Exemplar Name".to_owned(),
            display_name: "Exemplar Display Name".to_owned(),
            given_name: "Exemplargiven".to_owned(),
            family_name: "Exemplarfamily".to_owned(),
            city: "Exemplar City",
            department: "Exemplar Department",
            ..mailbox.person.clone()
        },
        ..*mailbox
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::company::{CONTOSO, FABRIKAM};
    use crate::directory::seed::Seed;

    #[test]
    fn a_row_is_the_same_in_both_ways_of_writing() {
        for (company, number) in [(&CONTOSO, 1), (&CONTOSO, crate::options::DEFAULT_SEED), (&FABRIKAM, 7)] {
            let seed = Seed::of(company, number);
            let rows = Rows::default();
            // The largest numbers first, so that patterns come from other mailboxes than the ones that every example uses.
            for index in (999_000..1_000_000).chain(500_000..502_000).chain(0..9000) {
                let mailbox = Mailbox { seed: &seed, person: seed.person(index), changes: None, user_changes: None };
                let (mut quick, mut exact) = (String::new(), String::new());
                rows.write(&mailbox, &mut quick);
                mailbox.write(&mut exact, None);
                assert_eq!(quick, exact, "mailbox {index} of seed {number}");
            }
        }
    }

    #[test]
    fn parts_are_numbered_in_their_order() {
        for (number, part) in PARTS.into_iter().enumerate() {
            assert_eq!(part as usize, number, "{part:?}");
        }
    }

    #[test]
    fn few_properties_are_without_a_pattern() {
        let seed = Seed::new(1);
        let rows = Rows::default();
        let mailbox = Mailbox { seed: &seed, person: seed.person(999), changes: None, user_changes: None };
        let exact: Vec<&str> = Schema::get()
            .pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Property(at) if rows.pattern(&mailbox, *at).is_none() => {
                    Some(Schema::get().properties[*at].name)
                }
                _ => None,
            })
            .collect();
        assert_eq!(exact, ["Languages", "Office", "NetID"]);
    }
}
