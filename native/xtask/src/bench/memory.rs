//! How much memory a contender has, seen from outside.

use anyhow::Result;

use super::Bench;
use super::contender::Contender;

const MEGABYTE: f64 = 1e6;

/// A process that watches others.
#[derive(Debug)]
pub(super) struct Watcher(Contender);

impl Watcher {
    pub(super) fn start(bench: &Bench<'_>) -> Result<Self> {
        Ok(Self(Contender::start(&mut bench.script("memory.ps1")?)?))
    }

    /// What it has in memory now, in MB. Where the system can do that, its peak begins anew.
    pub(super) fn begin(&mut self, contender: &Contender) -> Result<f64> {
        Ok(self.0.ask(&format!("{} forget", contender.id()))?.number("working")? / MEGABYTE)
    }

    /// The most that it had in memory, in MB.
    pub(super) fn peak(&mut self, contender: &Contender) -> Result<f64> {
        self.look(contender, "peak")
    }

    /// What it has for itself alone, in MB.
    pub(super) fn private(&mut self, contender: &Contender) -> Result<f64> {
        self.look(contender, "private")
    }

    fn look(&mut self, contender: &Contender, what: &str) -> Result<f64> {
        Ok(self.0.ask(&contender.id().to_string())?.number(what)? / MEGABYTE)
    }
}
