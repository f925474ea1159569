//! The request log: one line per request, without tokens, passwords or codes; the parameters of cmdlets only on request.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// How many lines are kept in memory.
const KEPT: usize = 20_000;

/// What is logged of a request.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// When it came, in UTC.
    pub time: String,
    /// The method.
    pub method: String,
    /// The host name as the client wrote it, with the port if it wrote one.
    pub host: String,
    /// The path, without the query.
    pub path: String,
    /// Whether the query had a link to a further page.
    pub skip_token: bool,
    /// The status it was answered with.
    pub status: u16,
    /// The cmdlet, if it ran one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmdlet_name: Option<String>,
    /// The cmdlet's parameters, if the tenant was told to log them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<serde_json::Value>,
    /// What an entity request asked for: the set, the cmdlet behind it, the keys decoded, the function and the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<serde_json::Value>,
    /// The parts, if it was a batch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartEntry>,
    /// Objects in the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The OAuth grant of a token request, or the error word it ended with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The request's id as the client gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// The connection's id as the client gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// The routing hint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor_mailbox: Option<String>,
    /// The page size the client preferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefer: Option<String>,
    /// Whether the cookie came that a regional host sets.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub affinity_cookie: bool,
    /// The HTTP version.
    pub http_version: String,
    /// Number of the connection.
    pub socket: u64,
    /// Time to the answer, in milliseconds.
    pub duration_ms: f64,
    /// Bytes of the answer's body.
    pub response_bytes: u64,
}

/// What is logged of a part of a batch.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartEntry {
    /// The part's id.
    pub id: String,
    /// The method.
    pub method: String,
    /// The address as the client wrote it, without the token of a link.
    pub url: String,
    /// The status it was answered with.
    pub status: u16,
    /// The cmdlet, if it ran one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmdlet_name: Option<String>,
    /// The cmdlet's parameters, if the tenant was told to log them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<serde_json::Value>,
    /// What an entity request asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<serde_json::Value>,
    /// Objects in the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The fault that it met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a handler adds to the log, carried as an extension of its response.
#[derive(Clone, Debug, Default)]
pub struct LogFacts {
    /// The cmdlet.
    pub cmdlet_name: Option<String>,
    /// The cmdlet's parameters.
    pub parameters: Option<serde_json::Value>,
    /// What an entity request asked for.
    pub entity: Option<serde_json::Value>,
    /// The parts of a batch.
    pub parts: Vec<PartEntry>,
    /// Objects in the answer.
    pub rows: Option<u64>,
    /// The account.
    pub user: Option<String>,
    /// The grant or error word.
    pub note: Option<String>,
    /// Whether the cookie came that a regional host sets.
    pub affinity_cookie: bool,
}

/// The log.
pub struct RequestLog {
    entries: Mutex<VecDeque<LogEntry>>,
    file: Option<Mutex<File>>,
}

impl RequestLog {
    /// A log in memory, and in a file if one is given.
    ///
    /// # Errors
    ///
    /// The file can't be opened.
    pub fn new(file: Option<&Path>) -> std::io::Result<Self> {
        let file = file.map(|path| OpenOptions::new().create(true).append(true).open(path)).transpose()?;
        Ok(Self { entries: Mutex::default(), file: file.map(Mutex::new) })
    }

    /// Adds a line.
    pub fn push(&self, entry: LogEntry) {
        if let Some(file) = &self.file
            && let Ok(mut line) = serde_json::to_string(&entry)
        {
            line.push('\n');
            // A full disk must not stop the service; the log in memory still has the line.
            let _ = file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// The lines kept in memory, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<LogEntry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
