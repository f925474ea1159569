//! The Pester files: a PowerShell process for each, two at a time.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use crate::cargo::Artifacts;
use crate::chromium;
use crate::process;
use crate::test::{Counts, Outcome};
use crate::tools::Tools;
use crate::workspace::Workspace;

/// How many files are tested at a time. They mostly wait for the tenant, for other processes, or for a time to pass.
const AT_A_TIME: usize = 2;

/// Begun before all others: it takes longest, and nearly all of it is waiting.
const LONGEST: &str = "Endurance.Tests.ps1";

/// What the files are tested with.
#[derive(Debug)]
pub(crate) struct Suite<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) tools: &'a Tools,
    /// The manifest of the Pester to use.
    pub(crate) pester: &'a Path,
    pub(crate) artifacts: &'a Artifacts,
    /// Only tests whose name contains this.
    pub(crate) filter: Option<&'a str>,
    /// Tests that imitate hours take their time.
    pub(crate) long: bool,
}

impl Suite<'_> {
    /// Runs the files. What each one says is printed in one piece when it is done, or at once if there is only one.
    pub(crate) fn run(&self) -> Result<Outcome> {
        let files = files(&self.workspace.tests(), self.filter)?;
        let chromium = chromium::find()?;
        let alone = files.len() == 1;
        let waiting = Mutex::new(VecDeque::from(files));
        let outcome = Mutex::new(Outcome::default());
        let work = || -> Result<()> {
            // The lock is held only while a file is taken.
            let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            while let Some(file) = next() {
                let (one, said) = self.run_file(&file, chromium.as_deref(), alone)?;
                // Held while printing, so that no two pieces mix.
                let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
                std::io::stdout().write_all(&said).context("can't print what a test file said")?;
                outcome.add(one);
            }
            Ok(())
        };
        thread::scope(|scope| -> Result<()> {
            let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
            for worker in workers {
                worker.join().map_err(|_| anyhow!("a thread of the PowerShell tests broke"))??;
            }
            Ok(())
        })?;
        Ok(outcome.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tests one file, and returns what came of it and what it said, unless it was `alone` and said it to the terminal.
    fn run_file(&self, file: &TestFile, chromium: Option<&Path>, alone: bool) -> Result<(Outcome, Vec<u8>)> {
        // A process for each file: connections and the native library belong to a process, and one that crashes takes only its own file
        // with it.
        let run = self.workspace.run_directory()?;
        let result = run.path().join("result.json");
        let said = run.path().join("said.txt");
        let mut command = self.command(file, run.path(), &result)?;
        if let Some(chromium) = chromium {
            command.env("EXORS_CHROMIUM", chromium);
        } else {
            command.env_remove("EXORS_CHROMIUM");
        }
        if !alone {
            let output = File::create(&said).with_context(|| format!("can't create {}", said.display()))?;
            command.stderr(output.try_clone().context("can't share a file")?).stdout(output);
        }
        let started = Instant::now();
        let status = process::status(&mut command)?;
        let mut outcome = Outcome::default();
        match counts(&result) {
            Ok(counts) => {
                outcome.counts.add(counts);
                if !status.success() && counts.failed == 0 {
                    outcome.problems.push(format!("{} ended with {status} though no test failed", file.path.display()));
                }
            }
            Err(error) => outcome
                .problems
                .push(format!("{} ended with {status} and left no result: {error:#}", file.path.display())),
        }
        crate::say(&format!("{} took {} s", file.name(), started.elapsed().as_secs()));
        let said = if alone { Vec::new() } else { fs::read(&said).context("can't read what a test file said")? };
        Ok((outcome, said))
    }

    fn command(&self, file: &TestFile, run: &Path, result: &Path) -> Result<Command> {
        let mut command = self.tools.powershell()?;
        command
            .args(["-NoLogo", "-NoProfile", "-ExecutionPolicy", "Bypass", "-File"])
            .arg(self.workspace.tests().join("support").join("Invoke-TestFile.ps1"))
            .arg("-Path")
            .arg(&file.path)
            .arg("-Pester")
            .arg(self.pester)
            .arg("-ResultFile")
            .arg(result)
            // The persons that the tests imitate are there, also on a machine that says of itself that nobody is; a test about
            // that sets the variable itself.
            .env_remove("CI")
            .env("EXORS_MODULE", self.workspace.manifest())
            .env("EXORS_TENANT", self.artifacts.program("exo-tenant")?)
            .env("EXORS_BROWSER", self.artifacts.program("scripted-browser")?)
            .env("EXORS_CHROMIUM_DRIVER", self.artifacts.program("driven-chromium")?)
            .env("EXORS_RUN_DIRECTORY", run)
            .env("EXORS_SCREENSHOTS", self.workspace.target().join("screenshots"))
            .env("EXORS_PWSH", self.tools.powershell()?.get_program())
            .env("EXORS_XTASK", std::env::current_exe().context("this program has a path")?)
            .stdin(Stdio::null());
        if self.long {
            command.env("EXORS_LONG", "1");
        } else {
            command.env_remove("EXORS_LONG");
        }
        if let (Some(filter), false) = (self.filter, file.whole) {
            command.arg("-FullName").arg(format!("*{filter}*"));
        }
        if let Some(packages) = self.tools.packages() {
            command.env("EXORS_PACKAGES", packages);
        }
        Ok(command)
    }
}

struct TestFile {
    path: PathBuf,
    /// All of it is to run, not only what matches the filter.
    whole: bool,
}

impl TestFile {
    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// The files in the order in which they are begun.
/// Whether a filter names a test file.
pub(crate) fn names_file(folder: &Path, filter: &str) -> Result<bool> {
    Ok(files(folder, Some(filter))?.iter().any(|file| file.whole))
}

fn files(folder: &Path, filter: Option<&str>) -> Result<Vec<TestFile>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("can't list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".Tests.ps1") {
            let whole = filter.is_none_or(|filter| name.contains(filter));
            files.push(TestFile { path: path.clone(), whole });
        }
    }
    files.sort_by_key(|file| (file.name() != LONGEST, file.name()));
    // A filter that names a file means that file, not also what happens to be called alike elsewhere.
    if filter.is_some() && files.iter().any(|file| file.whole) {
        files.retain(|file| file.whole);
    }
    Ok(files)
}

fn counts(result: &Path) -> Result<Counts> {
    let text = fs::read(result).with_context(|| format!("can't read {}", result.display()))?;
    let value: Value = serde_json::from_slice(&text).context("the result is no JSON")?;
    let number = |name: &str| value[name].as_u64().with_context(|| format!("the result has no {name}"));
    Ok(Counts { passed: number("passed")?, failed: number("failed")?, skipped: number("skipped")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_that_is_missing_or_broken_is_an_error() {
        let run = Workspace::find().unwrap().run_directory().unwrap();
        let path = run.path().join("result.json");
        assert!(counts(&path).is_err());
        fs::write(&path, "{\"passed\":1,\"failed\":0}").unwrap();
        assert!(counts(&path).unwrap_err().to_string().contains("skipped"));
        fs::write(&path, "{\"passed\":1,\"failed\":2,\"skipped\":3}").unwrap();
        assert_eq!(counts(&path).unwrap(), Counts { passed: 1, failed: 2, skipped: 3 });
    }

    #[test]
    fn the_longest_is_first_and_a_filter_that_names_a_file_takes_only_that_file() {
        let run = Workspace::find().unwrap().run_directory().unwrap();
        for name in ["Connect.Tests.ps1", "Paging.Tests.ps1", "Endurance.Tests.ps1", "other.ps1"] {
            fs::write(run.path().join(name), "").unwrap();
        }
        let names = |filter| -> Vec<(String, bool)> {
            files(run.path(), filter).unwrap().iter().map(|file| (file.name(), file.whole)).collect()
        };
        let all = |whole| {
            ["Endurance.Tests.ps1", "Connect.Tests.ps1", "Paging.Tests.ps1"].map(|name| (name.to_owned(), whole))
        };
        assert_eq!(names(None), all(true));
        assert_eq!(names(Some("Paging.Tests")), [("Paging.Tests.ps1".to_owned(), true)]);
        assert_eq!(names(Some("device code")), all(false));
    }
}
