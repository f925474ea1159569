//! Starts the person's browser.

use crate::settings::Settings;
use std::{
    path::Path,
    process::{Command, Stdio},
};
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
    // The path of a program may have spaces; only what is no such path is a command line.
    let mut words: Box<dyn Iterator<Item = &str>> = if Path::new(command).is_file() {
        Box::new([command].into_iter())
    } else {
        Box::new(command.split_whitespace())
    };
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

    /// A program that writes its arguments to a file beside it.
    fn recorder(folder: &str) -> (String, impl Fn() -> String) {
        let folder = std::env::temp_dir().join(format!("exo core {folder} {}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).expect("a folder");
        let program = folder.join("browser");
        fs::write(&program, "#!/bin/sh\nprintf '%s|' \"$@\" > \"$0.part\" && mv \"$0.part\" \"$0.out\"\n")
            .expect("a script");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("an executable");
        let output = folder.join("browser.out");
        let read = move || {
            for _ in 0..200 {
                if let Ok(text) = fs::read_to_string(&output) {
                    let _ = fs::remove_dir_all(&folder);
                    return text;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            panic!("the browser was not started");
        };
        (program.to_string_lossy().into_owned(), read)
    }

    fn settings(browser: &str) -> Settings {
        serde_json::from_value(serde_json::json!({"flow": "browser", "environmentVariables": {"BROWSER": browser}}))
            .expect("valid settings")
    }

    #[test]
    fn the_browser_variable_is_obeyed() {
        let address = Url::parse("https://login.example/authorize?a=1&b=2").expect("an address");
        let (program, output) = recorder("path");
        assert!(open(&address, &settings(&program)), "a path with spaces");
        assert_eq!(output(), "https://login.example/authorize?a=1&b=2|");

        let (program, output) = recorder("list");
        assert!(open(&address, &settings(&format!("no-such-browser:{program}"))), "the second of a list");
        assert_eq!(output(), "https://login.example/authorize?a=1&b=2|");

        assert!(open(&address, &settings("true --url=%s")), "a command line");
        assert!(!open(&address, &settings("no-such-browser")));
    }
}
