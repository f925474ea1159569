//! A program that does what it is told and says how long it took.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};

use crate::process::Running;

/// A running program that reads a line, does what it says, and answers with milliseconds.
#[derive(Debug)]
pub(super) struct Contender {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    // Kept to end it.
    _running: Running,
}

impl Contender {
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        let running = Running::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()), false)?;
        let input = running.take_stdin().context("the program's input is not ours")?;
        let output = BufReader::new(running.take_stdout().context("the program's output is not ours")?);
        Ok(Self { input, output, _running: running })
    }

    /// Has it do something once; how many milliseconds that took.
    pub(super) fn measure(&mut self, what: &str) -> Result<f64> {
        writeln!(self.input, "{what}").context("can't tell a program what to do")?;
        let mut answer = String::new();
        self.output.read_line(&mut answer).context("can't read the answer")?;
        let answer = answer.trim();
        answer.parse().with_context(|| format!("'{answer}' is no number of milliseconds; what went wrong is above"))
    }
}
