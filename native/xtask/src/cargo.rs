//! Building the workspace with cargo.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;
use crate::workspace::Workspace;

/// How the Rust parts are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// What users get: optimised across crates, which takes minutes on a small machine.
    Release,
    /// What the demo and the tests use. The workspace's profile optimises all dependencies, and it shares every crate with
    /// `cargo test`, so nothing is compiled twice.
    Dev,
}

/// What cargo made.
#[derive(Debug)]
pub(crate) struct Artifacts {
    library: PathBuf,
    programs: HashMap<String, PathBuf>,
}

impl Artifacts {
    /// The C ABI's shared library.
    pub(crate) fn library(&self) -> &Path {
        &self.library
    }

    /// A program or example by name.
    pub(crate) fn program(&self, name: &str) -> Result<&Path> {
        self.programs.get(name).map(PathBuf::as_path).with_context(|| format!("cargo built no program {name}"))
    }
}

/// A cargo command in the workspace.
pub(crate) fn command(workspace: &Workspace) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace.root());
    process::without_our_package(&mut command);
    command
}

/// The packages that this program builds. The development build takes everything but xtask itself, examples included: cargo decides the
/// features of shared dependencies by what is selected, so `cargo test` with the same selection finds its dependencies ready.
pub(crate) fn selection(profile: Profile) -> &'static [&'static str] {
    match profile {
        Profile::Release => &["--package", "exo-native"],
        Profile::Dev => &["--workspace", "--exclude", "xtask"],
    }
}

/// Builds libraries, programs and examples.
pub(crate) fn build(workspace: &Workspace, profile: Profile) -> Result<Artifacts> {
    let mut command = command(workspace);
    command.arg("build").args(selection(profile)).args(["--lib", "--bins", "--examples"]);
    let (library, programs) = made_by(command, profile)?;
    Ok(Artifacts { library: library.context("cargo built no shared library exo_native")?, programs })
}

/// Builds only the programs of some packages. They are not built together with what users get: cargo would give both the features that
/// either of them asks for.
pub(crate) fn build_programs(
    workspace: &Workspace,
    profile: Profile,
    packages: &[&str],
) -> Result<HashMap<String, PathBuf>> {
    let mut command = command(workspace);
    command.args(["build", "--bins"]);
    for package in packages {
        command.args(["--package", package]);
    }
    Ok(made_by(command, profile)?.1)
}

/// Runs a build, and returns the C ABI's shared library, if it made that, and the programs by their names.
fn made_by(mut command: Command, profile: Profile) -> Result<(Option<PathBuf>, HashMap<String, PathBuf>)> {
    command.arg("--message-format=json-render-diagnostics");
    if profile == Profile::Release {
        command.arg("--release");
    }
    let mut messages = Vec::new();
    let status = process::lines(&mut command, |line| messages.push(line.to_owned()))?;
    if !status.success() {
        bail!("{} ended with {status}", process::describe(&command));
    }
    Ok(artifacts(messages.iter().map(String::as_str)))
}

fn artifacts<'a>(messages: impl Iterator<Item = &'a str>) -> (Option<PathBuf>, HashMap<String, PathBuf>) {
    let mut library = None;
    let mut programs = HashMap::new();
    for message in messages {
        // Build scripts of dependencies may print lines of their own between cargo's messages.
        let Ok(message) = serde_json::from_str::<Value>(message) else { continue };
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let target = &message["target"];
        let Some(name) = target["name"].as_str() else { continue };
        if let Some(program) = message["executable"].as_str() {
            programs.insert(name.to_owned(), PathBuf::from(program));
        } else if name == "exo_native" {
            library = message["filenames"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .find(|file| file.ends_with(std::env::consts::DLL_SUFFIX))
                .map(PathBuf::from);
        }
    }
    (library, programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_found_among_other_messages() {
        let library = format!("/t/debug/libexo_native{}", std::env::consts::DLL_SUFFIX);
        let messages = [
            "plain text of a build script".to_owned(),
            r#"{"reason":"build-script-executed"}"#.to_owned(),
            format!(
                r#"{{"reason":"compiler-artifact","target":{{"name":"exo_native","kind":["cdylib","rlib"]}},"filenames":["/t/debug/libexo_native.rlib","{library}"],"executable":null}}"#
            ),
            r#"{"reason":"compiler-artifact","target":{"name":"exo-tenant"},"filenames":["/t/debug/exo-tenant"],"executable":"/t/debug/exo-tenant"}"#.to_owned(),
        ];
        let (found_library, programs) = artifacts(messages.iter().map(String::as_str));
        let found = Artifacts { library: found_library.unwrap(), programs };
        assert_eq!(found.library(), Path::new(&library));
        assert_eq!(found.program("exo-tenant").unwrap(), Path::new("/t/debug/exo-tenant"));
        assert!(found.program("console").unwrap_err().to_string().contains("console"));
        assert_eq!(artifacts(std::iter::empty()), (None, HashMap::new()));
    }
}
