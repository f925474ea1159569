//! Importing the module into a fresh PowerShell, and importing a module that has nothing in it.
//!
//! PowerShell's telemetry, which both imports start, is off unless `POWERSHELL_TELEMETRY_OPTOUT=0` asks for PowerShell as it is out of
//! the box.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};

use super::{Bench, Row};
use crate::{dotnet, process};

pub(super) fn rows(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let sources = bench.workspace.tests().join("bench").join("minimal");
    let root = bench.workspace.target().join("bench");
    let minimal = root.join("Minimal");
    // A trailing separator, as the project expects of a folder.
    let artifacts = format!("ArtifactsRoot={}{}", root.display(), std::path::MAIN_SEPARATOR);
    dotnet::build(bench.workspace, bench.tools, &sources.join("Minimal.csproj"), &minimal, &[artifacts])?;
    let peer = minimal.join("Minimal.psd1");
    fs::copy(sources.join("Minimal.psd1"), &peer).context("can't copy the minimal module's manifest")?;

    let ours = bench.workspace.manifest();
    // The first of each brings the files into memory.
    import(bench, &ours)?;
    import(bench, &peer)?;
    let (ours, peer) = bench.alternate(|| import(bench, &ours), || import(bench, &peer))?;
    Ok(vec![Row { name: "import", ours, peer, unit: "ms" }])
}

/// Imports a module in a PowerShell of its own; how many milliseconds the import took there.
fn import(bench: &Bench<'_>, module: &Path) -> Result<f64> {
    let mut command = bench.tools.powershell()?;
    command
        .args(["-NoLogo", "-NoProfile", "-ExecutionPolicy", "Bypass", "-File"])
        .arg(bench.workspace.tests().join("bench").join("import.ps1"))
        .arg("-Module")
        .arg(module)
        .stdin(Stdio::null());
    let said = process::output(&mut command)?;
    said.trim().parse().with_context(|| format!("'{}' is no number of milliseconds", said.trim()))
}
