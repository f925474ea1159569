//! All tests: those of the Rust parts, then the Pester files against the packed module and a simulated tenant.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::cargo::{self, Profile};
use crate::module;
use crate::pester::{self, Suite};
use crate::process;
use crate::tools::Tools;
use crate::workspace::Workspace;

/// What to test.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only tests whose name contains this; a Pester file whose name contains it runs whole, and nothing else
    #[arg(long)]
    filter: Option<String>,
    /// Tests that imitate hours take minutes instead of seconds
    #[arg(long)]
    long: bool,
    /// Do as on a machine that has no PowerShell and can't get one
    #[arg(long, hide = true)]
    without_powershell: bool,
}

/// How many tests did what.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Reads cargo's `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; …`.
    fn of_cargo(line: &str) -> Option<Self> {
        let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let number = |word: &str| {
            numbers
                .split(';')
                .find_map(|part| part.trim().strip_suffix(word))
                .and_then(|number| number.trim().parse().ok())
        };
        Some(Self { passed: number("passed")?, failed: number("failed")?, skipped: number("ignored")? })
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// What came of some tests.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    /// What is no failed test but must not look like success: a program that crashed, a file that could not be read.
    pub(crate) problems: Vec<String>,
}

impl Outcome {
    pub(crate) fn add(&mut self, other: Self) {
        self.counts.add(other.counts);
        self.problems.extend(other.problems);
    }
}

/// Runs the tests and prints the sum as the last line. `Ok(false)` means that some failed.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool> {
    let started = Instant::now();
    let say = |what: &str| crate::say(&format!("{what} after {} s", started.elapsed().as_secs()));
    let filter = options.filter.as_deref();

    let tools = if options.without_powershell { Err("as told".to_owned()) } else { usable(workspace)? };
    let artifacts = match &tools {
        Ok((tools, _)) => module::build(workspace, tools, Profile::Dev)?,
        Err(_) => cargo::build(workspace, Profile::Dev)?,
    };
    let powershell = |tools: &Tools, pester: &Path| {
        Suite { workspace, tools, pester, artifacts: &artifacts, filter, long: options.long }.run()
    };
    let mut total = Outcome::default();
    let only_pester = match filter {
        Some(filter) => tools.is_ok() && pester::names_file(&workspace.tests(), filter)?,
        None => false,
    };
    // The Rust tests are many programs; who asks for one Pester file must not wait for their compiler.
    let compiled = only_pester || compile(workspace)?;
    say("built");
    match tools {
        Ok((tools, pester)) if only_pester => total.add(powershell(&tools, &pester)?),
        Ok((tools, pester)) if compiled => {
            // Side by side, because both mostly wait. What the Rust tests say is kept until the others are done, so that the two don't mix.
            let mut kept = Vec::new();
            std::thread::scope(|scope| -> Result<()> {
                let rust = scope.spawn(|| rust(workspace, filter, |line| kept.push(line.to_owned())));
                total.add(powershell(&tools, &pester)?);
                say("PowerShell tests done");
                total.add(rust.join().map_err(|_| anyhow::anyhow!("the Rust tests' thread broke"))??);
                Ok(())
            })?;
            for line in &kept {
                println!("{line}");
            }
        }
        Ok((tools, pester)) => {
            total.problems.push("the Rust tests do not compile".to_owned());
            total.add(powershell(&tools, &pester)?);
        }
        Err(reason) => {
            total.add(rust(workspace, filter, |line| println!("{line}"))?);
            println!("The PowerShell tests (tests/*.Tests.ps1) were not run: {reason}");
        }
    }
    say("all done");

    for problem in &total.problems {
        println!("{problem}");
    }
    let mut counts = total.counts;
    if counts == Counts::default() && total.problems.is_empty() {
        bail!("no test matches {:?}", filter.unwrap_or_default());
    }
    if !total.problems.is_empty() {
        counts.failed = counts.failed.max(1);
    }
    println!("{counts}");
    Ok(counts.failed == 0)
}

/// PowerShell, the SDK and Pester, or why there is none.
fn usable(workspace: &Workspace) -> Result<Result<(Tools, PathBuf), String>> {
    let tools = Tools::find(workspace)?;
    if let Some(reason) = tools.missing() {
        return Ok(Err(reason));
    }
    Ok(match tools.pester(workspace) {
        Ok(pester) => Ok((tools, pester)),
        Err(error) => Err(format!("{error:#}")),
    })
}

/// The workspace but xtask, then xtask: two selections, each with dependencies that the build and `cargo xtask` have already made.
fn selections() -> [&'static [&'static str]; 2] {
    [cargo::selection(Profile::Dev), &["--package", "xtask"]]
}

/// Compiles the Rust tests; `false` if they don't compile, of which the compiler has told.
fn compile(workspace: &Workspace) -> Result<bool> {
    for selection in selections() {
        let mut command = cargo::command(workspace);
        command.arg("test").args(selection).args(["--no-run", "--quiet"]).stdin(Stdio::null());
        if !process::status(&mut command)?.success() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn rust(workspace: &Workspace, filter: Option<&str>, mut show: impl FnMut(&str)) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for selection in selections() {
        let mut command = cargo::command(workspace);
        command.arg("test").args(selection).arg("--no-fail-fast");
        if let Some(filter) = filter {
            command.args(["--", filter]);
        }
        // Names of programs and progress; wanted only when something went wrong, such as a test program that crashed.
        let folder = workspace.run_directory()?;
        let errors = folder.path().join("errors.txt");
        command.stdin(Stdio::null()).stderr(fs::File::create(&errors)?);
        let mut counts = Counts::default();
        let status = process::lines(&mut command, |line| {
            show(line);
            if let Some(more) = Counts::of_cargo(line) {
                counts.add(more);
            }
        })?;
        if !status.success() {
            String::from_utf8_lossy(&fs::read(&errors)?).lines().for_each(&mut show);
        }
        if !status.success() && counts.failed == 0 {
            outcome.problems.push(format!("{} ended with {status} though no test failed", process::describe(&command)));
        }
        outcome.counts.add(counts);
    }
    Ok(outcome)
}

/// The checks of the sources: formatting, then the compiler's and clippy's warnings.
pub(crate) fn lint(workspace: &Workspace) -> Result<()> {
    let run = |arguments: &[&str]| -> Result<()> {
        let mut command: Command = cargo::command(workspace);
        process::run(command.args(arguments).stdin(Stdio::null()))
    };
    run(&["fmt", "--all", "--check"])?;
    run(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_results_are_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.01s";
        assert_eq!(Counts::of_cargo(line), Some(Counts { passed: 12, failed: 3, skipped: 1 }));
        assert_eq!(Counts::of_cargo("test result: nonsense"), None);
        assert_eq!(Counts::of_cargo("test a::b ... ok"), None);
    }

    #[test]
    fn the_sum_is_one_line_as_promised() {
        let mut counts = Counts { passed: 2, failed: 0, skipped: 0 };
        assert_eq!(counts.to_string(), "2 passed, 0 failed");
        counts.add(Counts { passed: 1, failed: 1, skipped: 3 });
        assert_eq!(counts.to_string(), "3 passed, 1 failed, 3 skipped");
    }
}
