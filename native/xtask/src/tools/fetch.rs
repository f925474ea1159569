//! Downloading the releases that `downloads.json` pins.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::archive::{self, Hash};
use super::{Partial, process};
use crate::workspace::Workspace;

const DOWNLOADS: &str = include_str!("downloads.json");

/// One file of one release.
#[derive(Debug)]
struct Release {
    name: String,
    version: String,
    address: String,
    file: String,
    hash: String,
}

impl Release {
    fn find(name: &str, platform: &str) -> Result<Self> {
        let all: Value = serde_json::from_str(DOWNLOADS).context("downloads.json is broken")?;
        let entry = &all[name];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (Some(version), Some(url)) = (text(&entry["version"]), text(&entry["url"])) else {
            bail!("downloads.json knows no {name}");
        };
        let pair = &entry["files"][platform];
        let (Some(file), Some(hash)) = (text(&pair[0]), text(&pair[1])) else {
            bail!("there is no verified release of {name} {version} for {platform}; install it yourself");
        };
        Ok(Self { name: name.to_owned(), address: format!("{url}{file}"), version, file, hash })
    }
}

/// The folder of a release in `.tools/`, downloaded if it isn't there yet. The caller holds the lock of the tools.
pub(super) fn release(workspace: &Workspace, name: &str, platform: &str) -> Result<PathBuf> {
    let release = Release::find(name, platform)?;
    let complete = workspace.tools().join(format!("{name}-{}-{platform}", release.version));
    if complete.is_dir() {
        return Ok(complete);
    }
    if std::env::var_os("EXORS_NO_DOWNLOAD").is_some_and(|value| !value.is_empty()) {
        bail!("{name} {} is not here, and EXORS_NO_DOWNLOAD forbids to download it", release.version);
    }
    crate::say(&format!("downloading {}", release.address));
    let partial = Partial::new(&workspace.tools())?;
    install(&release, &partial, download)?;
    partial.keep(&complete)?;
    Ok(complete)
}

fn install(release: &Release, partial: &Partial, get: impl Fn(&str, &Path, &str) -> Result<()>) -> Result<()> {
    // A package has no file name of its own in its address; both are zip files.
    let name = if release.file.ends_with(".tar.gz") { "archive.tar.gz" } else { "archive.zip" };
    let file = partial.path().join(name);
    get(&release.address, &file, &release.hash).with_context(|| format!("can't download {}", release.address))?;
    archive::unpack(&file, partial.path())?;
    fs::remove_file(&file)?;
    #[cfg(unix)]
    if release.name == "powershell" {
        // The archives of some releases hold the program without its executable bit.
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(partial.path().join("pwsh"), fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

fn download(address: &str, file: &Path, expected: &str) -> Result<()> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .https_only(true)
        .timeout_connect(Some(Duration::from_secs(15)))
        .timeout_recv_response(Some(Duration::from_secs(30)))
        .build()
        .into();
    let mut hash = Hash::like(expected)?;
    let mut response = agent.get(address).call()?;
    process::remove_when_stopped(file);
    hash.read(response.body_mut().as_reader(), File::create(file)?)?;
    let actual = hash.text();
    if !actual.eq_ignore_ascii_case(expected) {
        fs::remove_file(file)?;
        bail!("its hash is {actual}, not {expected}: not taken");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn every_platform_has_a_verified_release() {
        for name in ["powershell", "dotnet"] {
            for platform in ["linux-x64", "linux-arm64", "osx-x64", "osx-arm64", "win-x64", "win-arm64"] {
                let release = Release::find(name, platform).unwrap();
                assert!(
                    release.address.starts_with("https://") && release.address.ends_with(&release.file),
                    "{release:?}"
                );
                assert!(release.file.contains(platform) && release.file.contains(&release.version), "{release:?}");
                assert!(
                    Hash::like(&release.hash).is_ok() && release.hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
                    "{release:?}"
                );
            }
        }
        let pester = Release::find("pester", "any").unwrap();
        assert!(pester.address.ends_with(&pester.version));
        assert!(Release::find("powershell", "plan9-mips").unwrap_err().to_string().contains("install it yourself"));
    }

    #[test]
    fn hashes_are_all_different() {
        let all: Value = serde_json::from_str(DOWNLOADS).unwrap();
        let mut hashes: Vec<&str> = ["powershell", "dotnet", "pester"]
            .iter()
            .flat_map(|name| all[name]["files"].as_object().unwrap().values())
            .map(|pair| pair[1].as_str().unwrap())
            .collect();
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }

    fn zipped() -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file("pwsh", options).unwrap();
        writer.write_all(b"#!/bin/sh\n").unwrap();
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn a_release_is_unpacked_and_its_program_can_run() {
        let run = Workspace::find().unwrap().run_directory().unwrap();
        let partial = Partial::new(run.path()).unwrap();
        let release = Release::find("powershell", "win-x64").unwrap();
        install(&release, &partial, |address, file, _| {
            assert_eq!(address, release.address);
            Ok(fs::write(file, zipped())?)
        })
        .unwrap();
        assert_eq!(fs::read(partial.path().join("pwsh")).unwrap(), b"#!/bin/sh\n");
        assert!(!partial.path().join("archive.zip").exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(partial.path().join("pwsh")).unwrap().permissions().mode() & 0o111, 0o111);
        }
    }

    #[test]
    fn only_https_is_asked() {
        let run = Workspace::find().unwrap().run_directory().unwrap();
        let file = run.path().join("file");
        assert!(download("http://127.0.0.1:9/x", &file, &"0".repeat(64)).is_err());
        assert!(!file.exists());
    }
}
