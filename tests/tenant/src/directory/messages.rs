//! The messages that went through the organization, one in every four minutes, some to several recipients. They follow
//! from the seed and the moment.

use super::Directory;
use super::value::ticks_from_unix;

/// Seconds between two messages.
const SPACING: i64 = 240;
const TICKS: i64 = 10_000_000;

const SUBJECTS: [&str; 10] = [
    "Minutes of the meeting",
    "Purchase order",
    "Invoice",
    "Newsletter of the month",
    "Plan for next week",
    "Question about the contract",
    "Réunion d'équipe",
    "Travel to Osaka",
    "Your digest",
    "Welcome",
];

/// A message on its way to one recipient.
pub struct Message {
    /// When it was received, in ticks.
    pub received: i64,
    /// Who sent it.
    pub sender: String,
    /// Who gets it.
    pub recipient: String,
    /// The subject.
    pub subject: String,
    /// What became of it.
    pub status: &'static str,
    /// The address that it came from.
    pub from_ip: Option<String>,
    /// The address that it went to.
    pub to_ip: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// The message's own id.
    pub message_id: String,
    /// The service's id of it.
    pub trace_id: String,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From outside to the organization.
    Inbound,
    /// From the organization to outside.
    Outbound,
    /// Within the organization.
    Internal,
}

impl Direction {
    /// What reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inbound => "Inbound",
            Self::Outbound => "Outbound",
            Self::Internal => "IntraOrg",
        }
    }
}

/// What the protection found in a message.
pub struct Threat {
    /// The kind of event.
    pub event: &'static str,
    /// What said so.
    pub source: &'static str,
    /// What it is.
    pub verdict: &'static str,
    /// The name of what was found.
    pub name: &'static str,
    /// Whether the additional protection found it, which opens files and follows links.
    pub is_advanced: bool,
}

const THREATS: [Threat; 4] = [
    Threat {
        event: "Anti-malware engine",
        source: "AntiMalware",
        verdict: "Malware",
        name: "Trojan:Script/Simulated.A",
        is_advanced: false,
    },
    Threat {
        event: "File detonation",
        source: "SafeAttachments",
        verdict: "Malware",
        name: "Exploit:O97M/Simulated.B",
        is_advanced: true,
    },
    Threat {
        event: "URL detonation",
        source: "SafeLinks",
        verdict: "Phish",
        name: "Credential phish",
        is_advanced: true,
    },
    Threat {
        event: "General phish filter",
        source: "AntiPhish",
        verdict: "Phish",
        name: "Credential phish",
        is_advanced: false,
    },
];

impl Message {
    /// Where it goes.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match (&self.from_ip, &self.to_ip) {
            (Some(_), _) => Direction::Inbound,
            (None, Some(_)) => Direction::Outbound,
            (None, None) => Direction::Internal,
        }
    }

    /// Whether it comes from outside.
    #[must_use]
    pub fn is_inbound(&self) -> bool {
        self.direction() == Direction::Inbound
    }

    /// What was found in it: what is in quarantine is there for a threat.
    #[must_use]
    pub fn threat(&self) -> Option<&'static Threat> {
        (self.status == "Quarantined").then(|| &THREATS[self.size as usize % THREATS.len()])
    }

    /// Whether a threat of that sort was found, by the additional protection or without it.
    #[must_use]
    pub fn is_threat(&self, verdict: &str, is_advanced: bool) -> bool {
        self.threat().is_some_and(|threat| threat.verdict == verdict && threat.is_advanced == is_advanced)
    }
}

impl Directory {
    /// The messages of a period, both ends included, the newest first and those of one message by recipient; nothing
    /// that is yet to come.
    pub fn messages(&self, start: i64, end: i64) -> impl Iterator<Item = Message> {
        let first = start.div_euclid(TICKS * SPACING);
        let last = end.div_euclid(TICKS * SPACING);
        (first..=last)
            .rev()
            .filter_map(|slot| u64::try_from(slot).ok())
            .flat_map(|slot| self.message(slot))
            .filter(move |message| message.received >= start && message.received <= end)
    }

    fn message(&self, slot: u64) -> Vec<Message> {
        let hash = self.seed.hash(91, slot);
        let among = self.seeded().min(500);
        let company = self.seed.company;
        // Whole seconds, so that a moment that is shown can be asked for again.
        let received = ticks_from_unix(slot as i64 * SPACING + (hash % SPACING as u64) as i64);
        let inside = |number: u64| self.mailbox(number % among).text("PrimarySmtpAddress");
        let outside = |number: u64| format!("partner{}@{}", number % 20, company.outside_domain());
        let comes_in = hash & 3 == 0;
        let goes_out = hash & 3 == 1;
        let sender = if comes_in { outside(hash >> 8) } else { inside(hash >> 8) };
        let count = if (hash >> 4) & 7 == 0 { 2 + (hash >> 20) % 4 } else { 1 };
        let mut recipients: Vec<String> = (0..count)
            .map(|number| {
                let pick = self.seed.hash(93, slot * 8 + number);
                if goes_out { outside(pick) } else { inside(pick) }
            })
            .collect();
        recipients.sort();
        recipients.dedup();
        let trace_id = self.seed.named_guid(&format!("message {slot}"));
        let message_id = format!("<{}@{}>", trace_id.replace('-', ""), company.initial_domain);
        let subject = format!("{} {}", SUBJECTS[(hash >> 12) as usize % SUBJECTS.len()], (hash >> 24) % 900 + 100);
        let ip = |salt: u64| format!("198.51.100.{}", (hash >> salt) % 254 + 1);
        recipients
            .into_iter()
            .map(|recipient| {
                let status = match (self.seed.hash(95, slot ^ recipient.len() as u64) % 40, comes_in) {
                    (0, _) => "Failed",
                    (1 | 2, true) => "FilteredAsSpam",
                    (3, true) => "Quarantined",
                    (4, false) => "Expanded",
                    _ => "Delivered",
                };
                Message {
                    received,
                    sender: sender.clone(),
                    recipient,
                    subject: subject.clone(),
                    status,
                    from_ip: comes_in.then(|| ip(30)),
                    to_ip: goes_out.then(|| ip(40)),
                    size: 4000 + (hash >> 16) % 900_000,
                    message_id: message_id.clone(),
                    trace_id: trace_id.clone(),
                }
            })
            .collect()
    }
}
