//! The tenant that a person runs, and what is left of it once it is stopped.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Starts `xtask tenant`, asks it to stop once it listens, and returns the file of its certificate authority. The tenant is no more.
fn run_and_stop(temporary: &Path, options: &[&str]) -> PathBuf {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["tenant", "--", "--mailboxes", "3"])
        .args(options)
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(xtask.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut after = |start: &str| lines.find_map(|line| line.strip_prefix(start).map(str::to_owned)).expect(start);
    let address = after("Listening on https://");
    let certificate = PathBuf::from(after("Certificate authority: "));
    assert!(certificate.is_file());
    TcpStream::connect(&address).unwrap();

    // The shell's own `kill`: a small machine may have no program of that name.
    let asked = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", xtask.id())).status().unwrap();
    assert!(asked.success());
    assert_eq!(xtask.wait().unwrap().code(), Some(130));
    assert!(TcpStream::connect(&address).is_err(), "the tenant still answers");
    certificate
}

fn temporary(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn content(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_stopped_tenant_leaves_nothing() {
    let temporary = temporary("stopped");
    let certificate = run_and_stop(&temporary, &[]);
    assert_eq!(content(&temporary), Vec::<PathBuf>::new());
    assert!(!certificate.parent().unwrap().exists(), "{} is left", certificate.display());
    fs::remove_dir(&temporary).unwrap();
}

#[test]
fn a_certificate_file_that_the_person_names_is_theirs() {
    let temporary = temporary("named");
    let mine = temporary.join("mine.pem");
    assert_eq!(run_and_stop(&temporary, &["--ca-file", mine.to_str().unwrap()]), mine);
    assert_eq!(content(&temporary), [mine]);
    fs::remove_dir_all(&temporary).unwrap();
}
