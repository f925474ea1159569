//! The unified audit log. Every ten minutes something happens; what, and who does it, follows from the seed and the
//! moment, so that no record is stored and a search of a period always finds the same ones.

use serde_json::{Value as Json, json};

use super::Directory;
use super::value::{format_moment, ticks_from_unix};

/// Seconds between two records.
const SPACING: i64 = 600;
const TICKS: i64 = 10_000_000;

/// A search that goes on from call to call.
pub struct Session {
    /// The search, so that another one under the same name isn't taken for it.
    pub search: String,
    /// How many records were given already.
    pub given: usize,
    /// When it was used last, in seconds since 1970.
    pub used: i64,
}

/// Operation, kind of record, its number, workload.
const OPERATIONS: [(&str, &str, u32, &str); 20] = [
    ("MailItemsAccessed", "ExchangeItemAggregated", 50, "Exchange"),
    ("FileAccessed", "SharePointFileOperation", 6, "SharePoint"),
    ("UserLoggedIn", "AzureActiveDirectoryStsLogon", 15, "AzureActiveDirectory"),
    ("Send", "ExchangeItem", 2, "Exchange"),
    ("FileModified", "SharePointFileOperation", 6, "OneDrive"),
    ("FileDownloaded", "SharePointFileOperation", 6, "SharePoint"),
    ("SoftDelete", "ExchangeItemGroup", 3, "Exchange"),
    ("HardDelete", "ExchangeItemGroup", 3, "Exchange"),
    ("MoveToDeletedItems", "ExchangeItemGroup", 3, "Exchange"),
    ("SendAs", "ExchangeItem", 2, "Exchange"),
    ("SendOnBehalf", "ExchangeItem", 2, "Exchange"),
    ("MailboxLogin", "ExchangeItem", 2, "Exchange"),
    ("New-InboxRule", "ExchangeAdmin", 1, "Exchange"),
    ("Set-Mailbox", "ExchangeAdmin", 1, "Exchange"),
    ("Add-MailboxPermission", "ExchangeAdmin", 1, "Exchange"),
    ("UserLoginFailed", "AzureActiveDirectoryStsLogon", 15, "AzureActiveDirectory"),
    ("Add member to group.", "AzureActiveDirectory", 8, "AzureActiveDirectory"),
    ("Update user.", "AzureActiveDirectory", 8, "AzureActiveDirectory"),
    ("MemberAdded", "MicrosoftTeams", 25, "MicrosoftTeams"),
    ("SharingInvitationCreated", "SharePointSharingOperation", 14, "SharePoint"),
];

/// A record of the log.
pub struct Record {
    /// When it happened, in ticks.
    pub when: i64,
    /// What was done.
    pub operation: &'static str,
    /// The kind of record.
    pub record_type: &'static str,
    /// The number of that kind.
    pub record_number: u32,
    /// Who did it.
    pub user: String,
    /// From where.
    pub address: String,
    /// With what.
    pub object: String,
    /// Its identity.
    pub id: String,
    workload: &'static str,
    mailbox: String,
}

impl Directory {
    /// The records of a period, the end excluded, the newest first; nothing that is yet to happen.
    pub fn audit_records(&self, start: i64, end: i64) -> impl Iterator<Item = Record> {
        let first = start.div_euclid(TICKS * SPACING);
        let last = end.div_euclid(TICKS * SPACING);
        (first..=last)
            .rev()
            .filter_map(move |slot| self.audit_record(slot))
            .filter(move |record| record.when >= start && record.when < end)
    }

    fn audit_record(&self, slot: i64) -> Option<Record> {
        let slot_number = u64::try_from(slot).ok()?;
        let hash = self.seed.hash(81, slot_number);
        let when = ticks_from_unix(slot * SPACING) + (hash % (SPACING as u64 * TICKS as u64)) as i64;
        // The daily work is commoner than the rest.
        let pick = if hash & 1 == 0 { (hash >> 8) % 6 } else { (hash >> 8) % OPERATIONS.len() as u64 };
        let (operation, record_type, record_number, workload) = OPERATIONS[pick as usize];
        let mailbox = self.mailbox((hash >> 16) % self.seeded().min(500));
        let own = mailbox.text("UserPrincipalName");
        let company = self.seed.company;
        let user = if record_number == 1 { format!("admin@{}", company.initial_domain) } else { own.clone() };
        let site = company.initial_domain.split('.').next().unwrap_or("");
        let object = match workload {
            "SharePoint" | "OneDrive" => {
                format!("https://{site}.sharepoint.com/sites/project.aurora/Shared Documents/Paper {}.docx", hash % 400)
            }
            _ if record_number == 1 => mailbox.text("Name"),
            "AzureActiveDirectory" | "MicrosoftTeams" => own.clone(),
            _ => String::new(),
        };
        Some(Record {
            when,
            operation,
            record_type,
            record_number,
            user,
            address: format!("203.0.113.{}", (hash >> 40) % 254 + 1),
            object,
            id: self.seed.named_guid(&format!("audit record {slot}")),
            workload,
            mailbox: own,
        })
    }

    /// The record's own account, as JSON text.
    #[must_use]
    pub fn audit_data(&self, record: &Record) -> String {
        // Seconds are as exact as the log is.
        let moment = format_moment(record.when);
        let created = moment.split('.').next().unwrap_or("");
        let mut data = json!({
            "CreationTime": created,
            "Id": record.id,
            "Operation": record.operation,
            "OrganizationId": self.seed.named_guid("tenant"),
            "RecordType": record.record_number,
            "ResultStatus": if record.operation == "UserLoginFailed" { "Failed" } else { "Succeeded" },
            "UserKey": self.seed.named_guid(&format!("user key {}", record.user)),
            "UserType": if record.record_number == 1 { 2 } else { 0 },
            "Version": 1,
            "Workload": record.workload,
            "ClientIP": record.address,
            "UserId": record.user,
        });
        let mut add = |name: &str, value: Json| {
            data[name] = value;
        };
        if !record.object.is_empty() {
            add("ObjectId", Json::from(record.object.as_str()));
        }
        match record.workload {
            "Exchange" if record.record_number == 1 => {
                add("Parameters", json!([{"Name": "Identity", "Value": record.object}]));
            }
            "Exchange" => {
                add("MailboxOwnerUPN", Json::from(record.mailbox.as_str()));
                add("LogonType", Json::from(0));
                add("ClientIPAddress", Json::from(record.address.as_str()));
                add("ClientInfoString", Json::from("Client=OWA;Action=ViaProxy"));
            }
            "SharePoint" | "OneDrive" => {
                let file = record.object.rsplit('/').next().unwrap_or("");
                add("SourceFileName", Json::from(file));
                add("SourceFileExtension", Json::from("docx"));
                add("SiteUrl", Json::from(record.object.split("Shared Documents").next().unwrap_or("")));
                add("ItemType", Json::from("File"));
            }
            _ => add("Target", json!([{"ID": record.object, "Type": 5}])),
        }
        data.to_string()
    }
}
