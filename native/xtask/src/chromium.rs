//! Finding a browser of the Chromium family for the tests of the browser sign-in.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::process;

/// The variable that names the browser to use.
const VARIABLE: &str = "EXORS_CHROMIUM";

/// Names under which such browsers are on PATH.
const NAMES: [&str; 8] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
];

/// The browser that `EXORS_CHROMIUM` names, else the first that is found. None is no error: the tests that need one are skipped.
pub(crate) fn find() -> Result<Option<PathBuf>> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from) {
        if !named.is_file() {
            bail!("{VARIABLE} is {}, where no file is", named.display());
        }
        return Ok(Some(named));
    }
    Ok(NAMES.iter().find_map(|name| process::on_path(name)).or_else(|| usual_places().find(|path| path.is_file())))
}

/// Where installers of systems put them that don't extend PATH.
fn usual_places() -> impl Iterator<Item = PathBuf> {
    let windows = ["ProgramFiles(x86)", "ProgramFiles", "LocalAppData"]
        .into_iter()
        .filter_map(std::env::var_os)
        .flat_map(|folder| {
            ["Microsoft/Edge/Application/msedge.exe", "Google/Chrome/Application/chrome.exe"]
                .map(|file| PathBuf::from(&folder).join(file))
        })
        .filter(|_| cfg!(windows));
    let mac = ["Chromium", "Google Chrome", "Microsoft Edge"]
        .into_iter()
        .map(|name| PathBuf::from(format!("/Applications/{name}.app/Contents/MacOS/{name}")))
        .filter(|_| cfg!(target_os = "macos"));
    windows.chain(mac)
}
