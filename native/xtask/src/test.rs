//! All tests: those of the Rust parts, then the Pester files against the packed module and a simulated tenant.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo::{self, Artifacts, Profile};
use crate::module;
use crate::process;
use crate::tools::Tools;
use crate::workspace::Workspace;

/// What to test.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only tests whose name contains this; a Pester file whose name contains it runs whole
    #[arg(long)]
    filter: Option<String>,
    /// Do as on a machine that has no PowerShell and can't get one
    #[arg(long, hide = true)]
    without_powershell: bool,
}

/// How many tests did what.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    fn add(&mut self, other: Self) {
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
struct Outcome {
    counts: Counts,
    /// What is no failed test but must not look like success: a program that crashed, a file that could not be read.
    problems: Vec<String>,
}

impl Outcome {
    fn add(&mut self, other: Self) {
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
    let mut total = Outcome::default();
    let compiled = compile(workspace)?;
    say("built");
    match tools {
        Ok((tools, pester)) if compiled => {
            // Side by side, because both mostly wait. What the Rust tests say is kept until the others are done, so that the two don't mix.
            let mut kept = Vec::new();
            std::thread::scope(|scope| -> Result<()> {
                let rust = scope.spawn(|| rust(workspace, filter, |line| kept.push(line.to_owned())));
                total.add(powershell(workspace, &tools, &pester, &artifacts, filter)?);
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
            total.add(powershell(workspace, &tools, &pester, &artifacts, filter)?);
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

fn powershell(
    workspace: &Workspace,
    tools: &Tools,
    pester: &Path,
    artifacts: &Artifacts,
    filter: Option<&str>,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for file in files(&workspace.tests(), filter)? {
        // A process for each file: connections and the native library belong to a process, and one that crashes takes only its own file
        // with it.
        let run = workspace.run_directory()?;
        let result = run.path().join("result.json");
        let mut command = tools.powershell()?;
        command
            .args(["-NoLogo", "-NoProfile", "-ExecutionPolicy", "Bypass", "-File"])
            .arg(workspace.tests().join("support").join("Invoke-TestFile.ps1"))
            .arg("-Path")
            .arg(&file.path)
            .arg("-Pester")
            .arg(pester)
            .arg("-ResultFile")
            .arg(&result)
            .env("EXORS_MODULE", workspace.manifest())
            .env("EXORS_TENANT", artifacts.program("exo-tenant")?)
            .env("EXORS_BROWSER", artifacts.program("scripted-browser")?)
            .env("EXORS_RUN_DIRECTORY", run.path())
            .env("EXORS_PWSH", tools.powershell()?.get_program())
            .env("EXORS_XTASK", std::env::current_exe().context("this program has a path")?)
            .stdin(Stdio::null());
        if let (Some(filter), false) = (filter, file.whole) {
            command.arg("-FullName").arg(format!("*{filter}*"));
        }
        if let Some(packages) = tools.packages() {
            command.env("EXORS_PACKAGES", packages);
        }
        let status = process::status(&mut command)?;
        match counts(&result) {
            Ok(counts) => {
                outcome.counts.add(counts);
                if !status.success() && counts.failed == 0 {
                    outcome.problems.push(format!("{} ended with {status} though no test failed", file.path.display()));
                }
            }
            Err(error) => {
                outcome
                    .problems
                    .push(format!("{} ended with {status} and left no result: {error:#}", file.path.display()));
            }
        }
    }
    Ok(outcome)
}

struct TestFile {
    path: PathBuf,
    /// All of it is to run, not only what matches the filter.
    whole: bool,
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
    files.sort_by(|a, b| a.path.cmp(&b.path));
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
    fn a_filter_that_names_a_file_takes_only_that_file() {
        let run = Workspace::find().unwrap().run_directory().unwrap();
        for name in ["Connect.Tests.ps1", "Paging.Tests.ps1", "other.ps1"] {
            fs::write(run.path().join(name), "").unwrap();
        }
        let names = |filter| -> Vec<(String, bool)> {
            files(run.path(), filter)
                .unwrap()
                .iter()
                .map(|file| (file.path.file_name().unwrap().to_string_lossy().into_owned(), file.whole))
                .collect()
        };
        assert_eq!(names(None), [("Connect.Tests.ps1".to_owned(), true), ("Paging.Tests.ps1".to_owned(), true)]);
        assert_eq!(names(Some("Paging.Tests")), [("Paging.Tests.ps1".to_owned(), true)]);
        assert_eq!(
            names(Some("device code")),
            [("Connect.Tests.ps1".to_owned(), false), ("Paging.Tests.ps1".to_owned(), false)]
        );
    }
}
