//! Starting other programs so that none outlives this one.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// What must end or go when this process is told to stop.
static CHILDREN: Mutex<Vec<Arc<Mutex<Child>>>> = Mutex::new(Vec::new());
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
/// While a person sits in a shell that we started, it is the shell that is told to stop.
static SHELL_OWNS_INTERRUPT: AtomicBool = AtomicBool::new(false);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the children and removes the folders when Ctrl+C, a termination request or a hang-up arrives. While a person sits in a shell that
/// we started, all three are left to that shell, because they can't be told apart here: a closed terminal ends the shell as well, and with
/// the shell's end we tidy up as always.
pub(crate) fn stop_children_when_stopped() -> Result<()> {
    ctrlc::set_handler(|| {
        if SHELL_OWNS_INTERRUPT.load(Ordering::SeqCst) {
            return;
        }
        let children = lock(&CHILDREN);
        // Held to the end, so that nobody who waits for a child goes on without it meanwhile.
        let mut children: Vec<_> = children.iter().map(|child| lock(child)).collect();
        for child in &mut children {
            // A child that has just ended by itself is no error here; there is nobody left to tell either.
            let _ = child.kill();
            // What it was about to write must not come after its folder is removed.
            let _ = child.wait();
        }
        for folder in lock(&FOLDERS).iter() {
            let _ = std::fs::remove_dir_all(folder);
        }
        std::process::exit(130);
    })
    .context("can't take over Ctrl+C")
}

/// Remembers a folder to remove if this process is told to stop.
pub(crate) fn remove_when_stopped(folder: &Path) {
    lock(&FOLDERS).push(folder.to_path_buf());
}

/// A running program that is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Arc<Mutex<Child>>,
    name: String,
}

impl Running {
    /// Starts a program. `apart` keeps the terminal's Ctrl+C from it, for a server that must survive one meant for a shell.
    pub(crate) fn start(command: &mut Command, apart: bool) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        if apart {
            own_group(command);
        }
        let child = command.spawn().with_context(|| format!("can't start {name}"))?;
        let child = Arc::new(Mutex::new(child));
        lock(&CHILDREN).push(Arc::clone(&child));
        Ok(Self { child, name })
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        lock(&self.child).id()
    }

    /// The exit status if it has ended.
    pub(crate) fn ended(&self) -> Result<Option<ExitStatus>> {
        lock(&self.child).try_wait().with_context(|| format!("can't watch {}", self.name))
    }

    /// Waits for the end without holding the child, so that the stop handler can kill it meanwhile.
    pub(crate) fn wait(&self) -> Result<ExitStatus> {
        let mut pause = 1;
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(pause));
            pause = (pause * 2).min(20);
        }
    }

    /// Its standard input, if that is a pipe that nobody has taken yet.
    pub(crate) fn take_stdin(&self) -> Option<std::process::ChildStdin> {
        lock(&self.child).stdin.take()
    }

    /// Its standard output, if that is a pipe that nobody has taken yet.
    pub(crate) fn take_stdout(&self) -> Option<std::process::ChildStdout> {
        lock(&self.child).stdout.take()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        {
            let mut child = lock(&self.child);
            if !matches!(child.try_wait(), Ok(Some(_))) {
                // Closing its input first lets a server that watches it go in its own way; then make sure.
                drop(child.stdin.take());
                let _ = child.kill();
                let _ = child.wait();
            }
        }
        lock(&CHILDREN).retain(|other| !Arc::ptr_eq(other, &self.child));
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(windows)]
fn own_group(command: &mut Command) {
    use std::os::windows::process::CommandExt;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}

/// Runs a program to its end with our own input and output; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("{} ended with {status}", describe(command));
    }
    Ok(())
}

/// Runs a program to its end with our own input and output.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    Running::start(command, false)?.wait()
}

/// Like [`status`] for a shell that a person sits in: Ctrl+C is the shell's, not ours.
pub(crate) fn shell(command: &mut Command) -> Result<ExitStatus> {
    SHELL_OWNS_INTERRUPT.store(true, Ordering::SeqCst);
    let status = status(command);
    SHELL_OWNS_INTERRUPT.store(false, Ordering::SeqCst);
    status
}

/// Runs a program and gives each line of its output to `line` as it comes.
pub(crate) fn lines(command: &mut Command, mut line: impl FnMut(&str)) -> Result<ExitStatus> {
    let running = Running::start(command.stdout(Stdio::piped()), false)?;
    let output = running.take_stdout().context("the program's output is not ours")?;
    let mut reader = BufReader::new(output);
    let mut buffer = Vec::new();
    while reader.read_until(b'\n', &mut buffer)? > 0 {
        line(String::from_utf8_lossy(&buffer).trim_end_matches(['\r', '\n']));
        buffer.clear();
    }
    running.wait()
}

/// Runs a program quietly and returns what it wrote; its error output goes into the error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let result = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("can't start {}", command.get_program().to_string_lossy()))?;
    if !result.status.success() {
        let text = String::from_utf8_lossy(&result.stderr);
        bail!("{} ended with {}: {}", describe(command), result.status, text.trim());
    }
    Ok(String::from_utf8_lossy(&result.stdout).into_owned())
}

/// Takes out of a command's environment what `cargo run` told us about our own package. Passed on to another cargo, even one that a
/// script starts, it would look like a changed environment to the build scripts that watch it, and their crates would be compiled anew
/// each time somebody changes between cargo and xtask.
pub(crate) fn without_our_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours = text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || text.starts_with("CARGO_BIN_")
            || matches!(
                text.as_ref(),
                "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE" | "CARGO_TARGET_TMPDIR" | "OUT_DIR"
            );
        if ours {
            command.env_remove(&name);
        }
    }
}

/// The command as a person would type it, for messages.
pub(crate) fn describe(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// The first program of this name on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(&file)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cargo() -> Command {
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    #[test]
    fn failure_of_a_program_is_an_error_that_names_it() {
        let error = run(cargo().arg("--no-such-option").stderr(Stdio::null())).unwrap_err();
        assert!(error.to_string().contains("--no-such-option"), "{error}");
        assert!(run(cargo().arg("--version").stdout(Stdio::null())).is_ok());
    }

    #[test]
    fn lines_arrive_one_by_one_without_their_ends() {
        let mut seen = Vec::new();
        let status = lines(cargo().arg("--version"), |line| seen.push(line.to_owned())).unwrap();
        assert!(status.success());
        assert_eq!(seen.len(), 1);
        assert!(seen[0].starts_with("cargo ") && !seen[0].ends_with('\n'));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = output(&mut Command::new("exors-no-such-program")).unwrap_err();
        assert!(error.to_string().contains("exors-no-such-program"));
        assert!(on_path("exors-no-such-program").is_none());
    }

    #[test]
    fn cargo_s_word_about_our_package_is_not_passed_on() {
        // `cargo test` has told this very process.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let mut command = cargo();
        without_our_package(&mut command);
        let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        assert!(
            removed.contains(&"CARGO_PKG_NAME".as_ref()) && removed.contains(&"CARGO_MANIFEST_DIR".as_ref()),
            "{removed:?}"
        );
        assert!(!removed.contains(&"PATH".as_ref()) && !removed.contains(&"CARGO_HOME".as_ref()), "{removed:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_dropped_program_is_gone() {
        let running = Running::start(Command::new("sleep").arg("60"), true).unwrap();
        let child = Arc::clone(&running.child);
        assert!(running.ended().unwrap().is_none());
        drop(running);
        let status = lock(&child).try_wait().unwrap().expect("it has ended");
        assert!(!status.success());
        assert!(!lock(&CHILDREN).iter().any(|other| Arc::ptr_eq(other, &child)));
    }
}
