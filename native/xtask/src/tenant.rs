//! The simulated tenant as a child of this program.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{self, Running};
use crate::workspace::{RunDirectory, Workspace};

/// A running tenant; dropped, it is gone with its files.
#[derive(Debug)]
pub(crate) struct Tenant {
    // Before the folder: the program must have ended when its files go.
    _running: Running,
    ready_file: PathBuf,
    ready: Value,
    _folder: RunDirectory,
}

impl Tenant {
    /// Starts a tenant and waits until it answers.
    pub(crate) fn start(workspace: &Workspace, program: &Path, options: &[&str]) -> Result<Self> {
        let folder = workspace.run_directory()?;
        let ready_file = folder.path().join("ready.json");
        let mut command = Command::new(program);
        command
            .args(options)
            .arg("--stop-with-stdin")
            .arg("--ready-file")
            .arg(&ready_file)
            .arg("--ca-file")
            .arg(folder.path().join("ca.pem"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        // Apart from the terminal's group: Ctrl+C in a shell that uses the tenant is not meant for it.
        let running = Running::start(&mut command, true)?;
        let ready = wait(&running, &ready_file)?;
        Ok(Self { _running: running, ready_file, ready, _folder: folder })
    }

    pub(crate) fn ready_file(&self) -> &Path {
        &self.ready_file
    }

    /// A text of the ready file, such as `/caCertificate`.
    pub(crate) fn text(&self, pointer: &str) -> Result<&str> {
        self.ready
            .pointer(pointer)
            .and_then(Value::as_str)
            .with_context(|| format!("the tenant's ready file has no {pointer}"))
    }

    /// User principal name and password of an account, by the part of its name before the @.
    pub(crate) fn account(&self, name: &str) -> Result<(&str, &str)> {
        let start = format!("{name}@");
        let accounts = self.ready["accounts"].as_array().into_iter().flatten();
        accounts
            .filter_map(|account| Some((account["userPrincipalName"].as_str()?, account["password"].as_str()?)))
            .find(|(user, _)| user.starts_with(&start))
            .with_context(|| format!("the tenant has no account {name}"))
    }
}

/// Runs a tenant with a person's options until it is stopped. Its certificate goes into a folder of ours unless the person names a file:
/// so nothing stays in the system's temporary folder even when the tenant is killed.
pub(crate) fn run(workspace: &Workspace, program: &Path, options: &[OsString]) -> Result<()> {
    let mut command = Command::new(program);
    let folder = if names_ca_file(options) { None } else { Some(workspace.run_directory()?) };
    if let Some(folder) = &folder {
        command.arg("--ca-file").arg(folder.path().join("ca.pem"));
    }
    process::run(command.args(options))
}

fn names_ca_file(options: &[OsString]) -> bool {
    options.iter().any(|option| option == "--ca-file" || option.to_string_lossy().starts_with("--ca-file="))
}

fn wait(running: &Running, ready_file: &Path) -> Result<Value> {
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(status) = running.ended()? {
            bail!("the tenant ended at once with {status}");
        }
        // Half a file is no JSON yet: look again.
        if let Ok(text) = fs::read(ready_file)
            && let Ok(value) = serde_json::from_slice(&text)
        {
            return Ok(value);
        }
        if Instant::now() > limit {
            bail!("the tenant was not ready within a minute");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_s_certificate_file_is_seen_in_both_spellings() {
        let names = |options: &[&str]| names_ca_file(&options.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(names(&["--mailboxes", "3", "--ca-file", "ca.pem"]));
        assert!(names(&["--ca-file=ca.pem"]));
        assert!(!names(&["--mailboxes", "3"]));
        assert!(!names(&[]));
    }
}
