//! A program that does what it is told and says how long it took.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::Running;

/// A running program that reads a line, does what it says, and answers with a line of JSON.
#[derive(Debug)]
pub(super) struct Contender {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    running: Running,
}

/// What a contender says about something that it did.
#[derive(Debug, Clone)]
pub(super) struct Answer(Value);

impl Contender {
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        let running = Running::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()), false)?;
        let input = running.take_stdin().context("the program's input is not ours")?;
        let output = BufReader::new(running.take_stdout().context("the program's output is not ours")?);
        Ok(Self { input, output, running })
    }

    /// Has it do something once.
    pub(super) fn ask(&mut self, what: &str) -> Result<Answer> {
        writeln!(self.input, "{what}").context("can't tell a program what to do")?;
        let mut answer = String::new();
        self.output.read_line(&mut answer).context("can't read the answer")?;
        Answer::read(&answer).with_context(|| format!("'{what}' failed"))
    }

    /// Has it do something once; how many milliseconds that took.
    pub(super) fn measure(&mut self, what: &str) -> Result<f64> {
        self.ask(what)?.milliseconds()
    }

    /// The process's id.
    pub(super) fn id(&self) -> u32 {
        self.running.id()
    }
}

impl Answer {
    fn read(line: &str) -> Result<Self> {
        match serde_json::from_str(line.trim()) {
            Ok(value @ Value::Object(_)) => Ok(Self(value)),
            _ => bail!("'{}' is no answer; what went wrong is above", line.trim()),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<f64> {
        self.0[name].as_f64().with_context(|| format!("the answer has no number '{name}'"))
    }

    pub(super) fn milliseconds(&self) -> Result<f64> {
        self.number("milliseconds")
    }

    pub(super) fn text(&self, name: &str) -> Result<&str> {
        self.0[name].as_str().with_context(|| format!("the answer has no text '{name}'"))
    }

    pub(super) fn list(&self, name: &str) -> Result<&[Value]> {
        self.0[name].as_array().map(Vec::as_slice).with_context(|| format!("the answer has no list '{name}'"))
    }

    /// Fails unless so many objects came.
    pub(super) fn check_rows(&self, rows: u64) -> Result<()> {
        match self.0["rows"].as_u64() {
            Some(came) if came == rows => Ok(()),
            came => bail!("{came:?} objects came, and it should be {rows}"),
        }
    }

    /// Fails unless the same objects came as to another contender, in the same order.
    pub(super) fn check_same(&self, other: &Self) -> Result<()> {
        for name in ["rows", "checksum"] {
            let (came, wanted) = (&self.0[name], &other.0[name]);
            if came.is_null() || came != wanted {
                bail!("not all came: {name} is {came} and should be {wanted}");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_an_object() {
        let answer = Answer::read("{\"milliseconds\":1.5,\"with\":\"x\",\"sizes\":[1]}\n").unwrap();
        assert!((answer.milliseconds().unwrap() - 1.5).abs() < 1e-9);
        assert_eq!((answer.text("with").unwrap(), answer.list("sizes").unwrap().len()), ("x", 1));
        assert!(answer.number("growth").is_err());
        for line in ["", "12.5", "Exception: no"] {
            assert!(Answer::read(line).unwrap_err().to_string().contains("above"), "{line}");
        }
    }

    #[test]
    fn an_answer_with_something_missing_is_refused() {
        let answer = |text: &str| Answer::read(text).unwrap();
        let whole = answer("{\"rows\":3,\"checksum\":\"AB\"}");
        assert!(whole.check_rows(3).is_ok() && whole.check_rows(2).is_err());
        assert!(whole.check_same(&answer("{\"rows\":3,\"checksum\":\"AB\",\"links\":[]}")).is_ok());
        assert!(answer("{\"rows\":3,\"checksum\":\"AC\"}").check_same(&whole).is_err());
        assert!(answer("{\"rows\":2,\"checksum\":\"AB\"}").check_same(&whole).is_err());
        assert!(answer("{}").check_same(&answer("{}")).is_err());
    }
}
