//! The company that a seed makes: who or what mailbox number i is, and back from a name to the number.
//!
//! A tenant may have a million mailboxes, so no table of them exists. Everything about number i follows from i, and
//! every identifier leads back to i: names and aliases are found in the name lists, GUIDs and the SMTP addresses carry
//! the number in mixed form. Whoever looks something up gets a candidate and has to compare it with the real value.

use super::company::{CONTOSO, Company};

/// The server part of distinguished names.
pub const FOREST_SUFFIX: &str = "DC=SIMPR01A001,DC=PROD,DC=OUTLOOK,DC=COM";

const GIVEN: &[(&str, &str)] = &[
    ("Anna", "anna"),
    ("Bruno", "bruno"),
    ("Chiara", "chiara"),
    ("Dmitri", "dmitri"),
    ("Élodie", "elodie"),
    ("Farid", "farid"),
    ("Grace", "grace"),
    ("Håkon", "hakon"),
    ("Ingrid", "ingrid"),
    ("Jürgen", "jurgen"),
    ("Katarzyna", "katarzyna"),
    ("Luís", "luis"),
    ("Mei", "mei"),
    ("Noor", "noor"),
    ("Oluwaseun", "oluwaseun"),
    ("Priya", "priya"),
    ("Quentin", "quentin"),
    ("Rosa", "rosa"),
    ("Søren", "soren"),
    ("Tomás", "tomas"),
    ("Ursula", "ursula"),
    ("Viktor", "viktor"),
    ("Wen", "wen"),
    ("Ximena", "ximena"),
    ("Yusuf", "yusuf"),
    ("Zoë", "zoe"),
    ("Amélie", "amelie"),
    ("Björn", "bjorn"),
    ("Camila", "camila"),
    ("Daniel", "daniel"),
    ("Esra", "esra"),
    ("Francesca", "francesca"),
    ("Gabriel", "gabriel"),
    ("Hanna", "hanna"),
    ("Ivo", "ivo"),
    ("Jelena", "jelena"),
    ("Kofi", "kofi"),
    ("Leila", "leila"),
    ("Mateusz", "mateusz"),
    ("Nadia", "nadia"),
    ("Oscar", "oscar"),
    ("Paulina", "paulina"),
    ("Rafael", "rafael"),
    ("Saoirse", "saoirse"),
    ("Thandiwe", "thandiwe"),
    ("Ulrich", "ulrich"),
    ("Valeria", "valeria"),
    ("William", "william"),
    ("Yuki", "yuki"),
    ("Zbigniew", "zbigniew"),
    ("Aisha", "aisha"),
    ("Benoît", "benoit"),
    ("Carmen", "carmen"),
    ("Darius", "darius"),
    ("Emma", "emma"),
    ("Fatima", "fatima"),
    ("Giorgos", "giorgos"),
    ("Helena", "helena"),
    ("Ismael", "ismael"),
    ("Joana", "joana"),
    ("Karl", "karl"),
    ("Linnéa", "linnea"),
    ("Marek", "marek"),
    ("Niamh", "niamh"),
    ("Olivier", "olivier"),
    ("Petra", "petra"),
    ("René", "rene"),
    ("Sofia", "sofia"),
    ("Théo", "theo"),
    ("Vera", "vera"),
    ("Winston", "winston"),
    ("Xavier", "xavier"),
    ("Yara", "yara"),
    ("Álvaro", "alvaro"),
    ("Claire", "claire"),
    ("David", "david"),
    ("Elif", "elif"),
    ("Fiona", "fiona"),
    ("Hugo", "hugo"),
    ("Irina", "irina"),
];

const FAMILY: &[(&str, &str)] = &[
    ("Andersson", "andersson"),
    ("Bianchi", "bianchi"),
    ("Chen", "chen"),
    ("Dubois", "dubois"),
    ("Eriksen", "eriksen"),
    ("Fischer", "fischer"),
    ("García", "garcia"),
    ("Haddad", "haddad"),
    ("Ivanova", "ivanova"),
    ("Johansson", "johansson"),
    ("Kowalski", "kowalski"),
    ("Lefèvre", "lefevre"),
    ("Müller", "muller"),
    ("Novák", "novak"),
    ("O'Brien", "obrien"),
    ("Petrov", "petrov"),
    ("Quispe", "quispe"),
    ("Rossi", "rossi"),
    ("Sørensen", "sorensen"),
    ("Tanaka", "tanaka"),
    ("Ueda", "ueda"),
    ("Vargas", "vargas"),
    ("Weber", "weber"),
    ("Xu", "xu"),
    ("Yılmaz", "yilmaz"),
    ("Zhang", "zhang"),
    ("Almeida", "almeida"),
    ("Bakker", "bakker"),
    ("Costa", "costa"),
    ("Diaz", "diaz"),
    ("Evans", "evans"),
    ("Fernández", "fernandez"),
    ("Grüber", "gruber"),
    ("Hernández", "hernandez"),
    ("Ito", "ito"),
    ("Jensen", "jensen"),
    ("Kaya", "kaya"),
    ("Lindqvist", "lindqvist"),
    ("Moreau", "moreau"),
    ("Nguyen", "nguyen"),
    ("Okafor", "okafor"),
    ("Papadopoulos", "papadopoulos"),
    ("Ramírez", "ramirez"),
    ("Schneider", "schneider"),
    ("Takahashi", "takahashi"),
    ("Urban", "urban"),
    ("Vasquez", "vasquez"),
    ("Wójcik", "wojcik"),
    ("Yamamoto", "yamamoto"),
    ("Zimmermann", "zimmermann"),
    ("Abebe", "abebe"),
    ("Brown", "brown"),
    ("Castro", "castro"),
    ("Dvořák", "dvorak"),
    ("Edwards", "edwards"),
    ("Ferrari", "ferrari"),
    ("Gonçalves", "goncalves"),
    ("Hughes", "hughes"),
    ("Ibrahim", "ibrahim"),
    ("Janssens", "janssens"),
    ("Khan", "khan"),
    ("Larsen", "larsen"),
    ("Martin", "martin"),
    ("Nakamura", "nakamura"),
    ("Oliveira", "oliveira"),
    ("Peeters", "peeters"),
    ("Reyes", "reyes"),
    ("Silva", "silva"),
    ("Torres", "torres"),
    ("Varga", "varga"),
    ("Walker", "walker"),
    ("Young", "young"),
    ("Ziegler", "ziegler"),
    ("Aaltonen", "aaltonen"),
    ("Bergström", "bergstrom"),
    ("Cohen", "cohen"),
    ("Demir", "demir"),
    ("Faure", "faure"),
    ("Gupta", "gupta"),
    ("Hofmann", "hofmann"),
    ("Iyer", "iyer"),
    ("Jovanović", "jovanovic"),
    ("Kim", "kim"),
    ("Lopes", "lopes"),
    ("Mbeki", "mbeki"),
    ("Nielsen", "nielsen"),
    ("Ortega", "ortega"),
    ("Park", "park"),
    ("Romano", "romano"),
    ("Santos", "santos"),
];

const DEPARTMENTS: [&str; 10] = [
    "Sales",
    "Marketing",
    "Finance",
    "Legal",
    "Engineering",
    "Research",
    "Operations",
    "Human Resources",
    "Support",
    "Purchasing",
];
const TITLES: [&str; 8] =
    ["Analyst", "Manager", "Specialist", "Director", "Engineer", "Coordinator", "Assistant", "Consultant"];
/// City, country code, state or region.
const CITIES: [(&str, &str, &str); 10] = [
    ("Paris", "FR", "Île-de-France"),
    ("Lyon", "FR", "Auvergne-Rhône-Alpes"),
    ("Berlin", "DE", "Berlin"),
    ("Madrid", "ES", "Madrid"),
    ("Toronto", "CA", "Ontario"),
    ("Seattle", "US", "Washington"),
    ("Osaka", "JP", "Osaka"),
    ("Dublin", "IE", "Leinster"),
    ("Zürich", "CH", "Zürich"),
    ("São Paulo", "BR", "São Paulo"),
];
const TEAMS: [&str; 8] = ["Invoices", "Recruiting", "Press", "Service Desk", "Orders", "Travel", "Security", "Events"];
const ROOMS: [&str; 6] = ["Meeting Room", "Boardroom", "Workshop", "Focus Room", "Auditorium", "Training Room"];
const EQUIPMENT: [&str; 5] = ["Projector", "Van", "Camera Set", "Laptop Cart", "Sound System"];

/// What kind of mailbox it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailboxType {
    /// A person's.
    User,
    /// A shared one.
    Shared,
    /// A room's.
    Room,
    /// A piece of equipment's.
    Equipment,
}

/// The first mailboxes, which tests and people can remember: alias, name, display name, kind, given and family name.
const MEMORABLE: &[(&str, &str, &str, MailboxType, &str, &str)] = &[
    ("adele", "Adele Vance", "Adele Vance", MailboxType::User, "Adele", "Vance"),
    ("frontdesk", "Front Desk", "Front Desk", MailboxType::Shared, "", ""),
    ("bruno.lacroix", "Bruno Lacroix", "Bruno Lacroix", MailboxType::User, "Bruno", "Lacroix"),
    ("elodie.marchand", "Élodie Marchand", "Élodie Marchand", MailboxType::User, "Élodie", "Marchand"),
    ("boardroom", "Boardroom", "Boardroom", MailboxType::Room, "", ""),
    ("kenji.watanabe", "Kenji Watanabe", "渡辺 健二", MailboxType::User, "Kenji", "Watanabe"),
    ("olga.petrenko", "Olga Petrenko", "Ольга Петренко", MailboxType::User, "Olga", "Petrenko"),
    ("sean.oneill", "Seán O'Neill", "Seán O'Neill", MailboxType::User, "Seán", "O'Neill"),
    ("projector1", "Projector 1", "Projector 1", MailboxType::Equipment, "", ""),
    ("sales", "Sales Desk", "Sales Desk", MailboxType::Shared, "", ""),
    ("grace.okoro", "Grace Okoro", "Grace Okoro", MailboxType::User, "Grace", "Okoro"),
    ("martin.weiss", "Martin Weiß", "Martin Weiß", MailboxType::User, "Martin", "Weiß"),
];
/// Two people with one display name, so that an ambiguous identity exists in every tenant of 50 mailboxes or more.
const NAMESAKES: [(u64, &str, &str); 2] =
    [(40, "alex.kim.sales", "Alex Kim - Sales"), (41, "alex.kim.research", "Alex Kim - Research")];

/// Which of a mailbox's GUIDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuidKind {
    /// The directory object's, `Guid` and `ExchangeObjectId`.
    Object,
    /// The mailbox's, `ExchangeGuid`.
    Mailbox,
    /// The Entra ID object's, `ExternalDirectoryObjectId`.
    Entra,
    /// The archive's, `ArchiveGuid`.
    Archive,
}

impl GuidKind {
    const ALL: [Self; 4] = [Self::Object, Self::Mailbox, Self::Entra, Self::Archive];

    fn salt(self) -> u64 {
        match self {
            Self::Object => 0x11,
            Self::Mailbox => 0x22,
            Self::Entra => 0x33,
            Self::Archive => 0x44,
        }
    }
}

/// Who or what one mailbox is.
#[derive(Clone, Debug)]
pub struct Person {
    /// The mailbox's number.
    pub index: u64,
    /// What kind of mailbox it is.
    pub mailbox_type: MailboxType,
    /// The alias.
    pub alias: String,
    /// The unique name.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// The given name; empty for what is not a person.
    pub given_name: String,
    /// The family name; empty for what is not a person.
    pub family_name: String,
    /// The department.
    pub department: &'static str,
    /// The job title.
    pub title: &'static str,
    /// The city.
    pub city: &'static str,
    /// The country code.
    pub country: &'static str,
    /// The state or region.
    pub state: &'static str,
    /// Number for choices that need no meaning.
    pub hash: u64,
}

/// Maker of the company.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The company's names.
    pub company: &'static Company,
    seed: u64,
    stride: u64,
    inverse_stride: u64,
    shift: u64,
}

const GUID_MASK: u64 = (1 << 48) - 1;
const GUID_FACTOR: u64 = 0x9E37_79B9_7F4B;

impl Seed {
    /// The first company of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::of(&CONTOSO, seed)
    }

    /// A company of a seed.
    #[must_use]
    pub fn of(company: &'static Company, seed: u64) -> Self {
        let seed = seed ^ company.salt;
        let combinations = combinations();
        let mut stride = mix(seed ^ 0x5eed) % combinations;
        while gcd(stride, combinations) != 1 || stride < 101 {
            stride = (stride + 1) % combinations;
        }
        Self { company, seed, stride, inverse_stride: inverse(stride, combinations), shift: mix(seed) % combinations }
    }

    /// A number that follows from the seed and any other number.
    #[must_use]
    pub fn hash(&self, salt: u64, number: u64) -> u64 {
        mix(self.seed ^ mix(salt.wrapping_mul(0xA076_1D64_78BD_642F) ^ mix(number)))
    }

    /// A GUID that follows from the seed and a label; for everything that is not a mailbox.
    #[must_use]
    pub fn named_guid(&self, label: &str) -> String {
        let number = label
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let (high, low) = (self.hash(1, number), self.hash(2, number));
        guid_from(high, low)
    }

    /// A GUID of a mailbox. Its last 12 digits carry the mailbox's number.
    #[must_use]
    pub fn guid(&self, kind: GuidKind, index: u64) -> String {
        let tail = index.wrapping_mul(GUID_FACTOR) ^ self.hash(kind.salt(), 0);
        let high = self.hash(kind.salt(), index + 1);
        guid_from(high, (high.rotate_left(17) << 48) | (tail & GUID_MASK))
    }

    /// The mailbox that a GUID in normal form belongs to, if it belongs to one of the first `count`.
    #[must_use]
    pub fn index_of_guid(&self, guid: &str, count: u64) -> Option<(GuidKind, u64)> {
        let tail = u64::from_str_radix(guid.get(24..)?, 16).ok()?;
        GuidKind::ALL.into_iter().find_map(|kind| {
            let index = ((tail ^ self.hash(kind.salt(), 0)) & GUID_MASK)
                .wrapping_mul(inverse_power_of_two(GUID_FACTOR))
                & GUID_MASK;
            (index < count && self.guid(kind, index) == guid).then_some((kind, index))
        })
    }

    /// Who or what mailbox number `index` is.
    #[must_use]
    pub fn person(&self, index: u64) -> Person {
        let hash = self.hash(7, index);
        let (city, country, state) = CITIES[(hash % 10) as usize];
        let mut person = Person {
            index,
            mailbox_type: MailboxType::User,
            alias: String::new(),
            name: String::new(),
            display_name: String::new(),
            given_name: String::new(),
            family_name: String::new(),
            department: DEPARTMENTS[(hash >> 8) as usize % DEPARTMENTS.len()],
            title: TITLES[(hash >> 16) as usize % TITLES.len()],
            city,
            country,
            state,
            hash,
        };
        if let Some((alias, name, display_name, mailbox_type, given, family)) = MEMORABLE.get(index as usize) {
            person.mailbox_type = *mailbox_type;
            person.alias = (*alias).to_owned();
            person.name = (*name).to_owned();
            person.display_name = (*display_name).to_owned();
            person.given_name = (*given).to_owned();
            person.family_name = (*family).to_owned();
        } else if let Some((_, alias, name)) = NAMESAKES.iter().find(|(namesake, ..)| *namesake == index) {
            person.alias = (*alias).to_owned();
            person.name = (*name).to_owned();
            person.display_name = "Alex Kim".to_owned();
            person.given_name = "Alex".to_owned();
            person.family_name = "Kim".to_owned();
        } else if let Some((mailbox_type, word)) = resource_of(index, hash) {
            person.mailbox_type = mailbox_type;
            person.name = format!("{word} {city} {index}");
            person.display_name = person.name.clone();
            person.alias = format!("{}-{index}", ascii_word(word));
        } else {
            let combinations = combinations();
            let (cycle, place) = (index / combinations, index % combinations);
            let mixed = (place * self.stride + self.shift) % combinations;
            let (given, given_ascii) = GIVEN[(mixed % GIVEN.len() as u64) as usize];
            let (family, family_ascii) = FAMILY[(mixed / GIVEN.len() as u64) as usize];
            person.given_name = given.to_owned();
            person.family_name = family.to_owned();
            if cycle == 0 {
                person.alias = format!("{given_ascii}.{family_ascii}");
                person.name = format!("{given} {family}");
            } else {
                person.alias = format!("{given_ascii}.{family_ascii}{}", cycle + 1);
                person.name = format!("{given} {family} {}", cycle + 1);
            }
            person.display_name = person.name.clone();
        }
        person
    }

    /// Numbers of mailboxes that an alias, name or display name may belong to.
    #[must_use]
    pub fn candidates(&self, text: &str, count: u64) -> Vec<u64> {
        let wanted = text.to_lowercase();
        let mut found: Vec<u64> = MEMORABLE
            .iter()
            .enumerate()
            .filter(|(_, (alias, name, display_name, ..))| {
                wanted == *alias || wanted == name.to_lowercase() || wanted == display_name.to_lowercase()
            })
            .map(|(index, _)| index as u64)
            .collect();
        found.extend(
            NAMESAKES
                .iter()
                .filter(|(_, alias, name)| wanted == *alias || wanted == name.to_lowercase() || wanted == "alex kim")
                .map(|(index, ..)| *index),
        );
        let digits = wanted.len() - wanted.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (stem, number) = wanted.split_at(wanted.len() - digits);
        let number: Option<u64> = number.parse().ok();
        found.extend(number);
        found.extend(self.index_of_person(stem.trim_end(), number));
        found.retain(|index| *index < count);
        found.dedup();
        found
    }

    fn index_of_person(&self, stem: &str, number: Option<u64>) -> Option<u64> {
        let combinations = combinations();
        let cycle = match number {
            Some(number) => number.checked_sub(1)?,
            None => 0,
        };
        let position = |list: &[(&str, &str)], wanted: &str| {
            list.iter().position(|(name, ascii)| *ascii == wanted || name.to_lowercase() == wanted)
        };
        let separator = stem.find(['.', ' '])?;
        let given = position(GIVEN, &stem[..separator])? as u64;
        let family = position(FAMILY, &stem[separator + 1..])? as u64;
        let mixed = family * GIVEN.len() as u64 + given;
        let place = (mixed + combinations - self.shift) % combinations * self.inverse_stride % combinations;
        cycle.checked_mul(combinations)?.checked_add(place)
    }
}

fn combinations() -> u64 {
    (GIVEN.len() * FAMILY.len()) as u64
}

fn resource_of(index: u64, hash: u64) -> Option<(MailboxType, &'static str)> {
    let pick = (hash >> 24) as usize;
    match index % 50 {
        17 | 42 => Some((MailboxType::Shared, TEAMS[pick % TEAMS.len()])),
        23 => Some((MailboxType::Room, ROOMS[pick % ROOMS.len()])),
        36 => Some((MailboxType::Equipment, EQUIPMENT[pick % EQUIPMENT.len()])),
        _ => None,
    }
}

fn ascii_word(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn guid_from(high: u64, low: u64) -> String {
    // Version 4 and the usual variant, so that every reader takes it for an ordinary GUID.
    let high = (high & !0xF000) | 0x4000;
    let low = (low & !(0xC000_0000_0000_0000)) | 0x8000_0000_0000_0000;
    uuid::Uuid::from_u64_pair(high, low).hyphenated().to_string()
}

fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn inverse(number: u64, modulus: u64) -> u64 {
    (1..modulus).find(|candidate| number * candidate % modulus == 1).unwrap_or(1)
}

/// The inverse of an odd number modulo 2^64, by Newton's iteration.
fn inverse_power_of_two(number: u64) -> u64 {
    (0..6).fold(number, |x, _| x.wrapping_mul(2_u64.wrapping_sub(number.wrapping_mul(x))))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_and_aliases_lead_back_to_the_mailbox() {
        let seed = Seed::new(5);
        for index in (0..2000).chain([7199, 7200, 7201, 99_999, 543_210, 999_999]) {
            let person = seed.person(index);
            for text in [&person.alias, &person.name, &person.display_name.to_lowercase()] {
                assert!(seed.candidates(text, 1_000_000).contains(&index), "{text} of {index}");
            }
        }
    }

    #[test]
    fn names_and_aliases_are_unique() {
        let seed = Seed::new(5);
        let (mut names, mut aliases) = (HashSet::new(), HashSet::new());
        for index in 0..20_000 {
            let person = seed.person(index);
            assert!(names.insert(person.name.to_lowercase()), "{}", person.name);
            assert!(aliases.insert(person.alias), "{}", person.name);
        }
    }

    #[test]
    fn guids_lead_back_to_the_mailbox() {
        let seed = Seed::new(9);
        for index in [0, 1, 77, 999_999] {
            for kind in GuidKind::ALL {
                let guid = seed.guid(kind, index);
                assert_eq!(seed.index_of_guid(&guid, 1_000_000), Some((kind, index)));
                assert_eq!(uuid::Uuid::parse_str(&guid).unwrap().get_version_num(), 4);
            }
        }
        assert_eq!(seed.index_of_guid("00000000-0000-0000-0000-000000000000", 1_000_000), None);
    }

    #[test]
    fn the_seed_decides_everything() {
        assert_eq!(Seed::new(3).person(500).name, Seed::new(3).person(500).name);
        assert_eq!(Seed::new(3).guid(GuidKind::Object, 5), Seed::new(3).guid(GuidKind::Object, 5));
        assert_ne!(Seed::new(3).guid(GuidKind::Object, 5), Seed::new(4).guid(GuidKind::Object, 5));
        assert!((100..200).any(|index| Seed::new(3).person(index).name != Seed::new(4).person(index).name));
    }

    #[test]
    fn two_people_share_a_display_name() {
        let seed = Seed::new(1);
        assert_eq!(seed.person(40).display_name, seed.person(41).display_name);
        assert_eq!(seed.candidates("alex kim", 50), vec![40, 41]);
    }
}
