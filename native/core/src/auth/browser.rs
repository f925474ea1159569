//! Starts the person's browser.

use crate::settings::Settings;
use std::process::{Command, Stdio};
use url::Url;

/// Opens `address` and says whether a browser was started. The caller's `BROWSER` variable comes first: a list of command
/// lines (separated as `PATH` is), in which `%s` stands for the address; without it the address is the last argument.
pub(super) fn open(address: &Url, settings: &Settings) -> bool {
    if let Some(browsers) = settings.variable("BROWSER") {
        let separator = if cfg!(windows) { ';' } else { ':' };
        return browsers.split(separator).any(|command| start(command, address));
    }
    webbrowser::open(address.as_str()).is_ok()
}

fn start(command: &str, address: &Url) -> bool {
    let mut words = command.split_whitespace();
    let Some(program) = words.next() else { return false };
    let mut arguments: Vec<String> = words.map(|word| word.replace("%s", address.as_str())).collect();
    if !command.contains("%s") {
        arguments.push(address.to_string());
    }
    let child =
        Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    match child {
        Ok(mut child) => {
            // Somebody has to wait for it, or it stays as a zombie for the life of the shell.
            std::thread::spawn(move || child.wait());
            true
        }
        Err(_) => false,
    }
}
