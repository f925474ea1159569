//! Side by side: how long the module needs, and how long the least that could do the same.
//!
//! A group of rows is a file here and a line in [`GROUPS`].

mod call;
mod connect;
mod contender;
mod import;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::cargo::{self, Profile};
use crate::module;
use crate::tenant::Tenant;
use crate::tools::Tools;
use crate::workspace::Workspace;
use contender::Contender;

/// A group of rows: its name, and what measures it.
type Group = (&'static str, fn(&Bench<'_>) -> Result<Vec<Row>>);

const GROUPS: [Group; 3] = [("import", import::rows), ("connect", connect::rows), ("call", call::rows)];

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only this group of rows: import, connect or call
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// How often each of the two is measured
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u16).range(3..))]
    runs: u16,
}

/// A line of the table.
#[derive(Debug)]
struct Row {
    name: &'static str,
    ours: f64,
    peer: f64,
    unit: &'static str,
}

impl Row {
    fn ratio(&self) -> f64 {
        self.ours / self.peer
    }
}

/// What the groups measure with.
#[derive(Debug)]
struct Bench<'a> {
    workspace: &'a Workspace,
    tools: &'a Tools,
    runs: usize,
    /// The bare client.
    peer: PathBuf,
    tenant: Tenant,
}

impl Bench<'_> {
    /// A PowerShell that does what it is told with the module, and the bare client that does the same without.
    fn contenders(&self) -> Result<(Contender, Contender)> {
        let mut ours = self.tools.powershell()?;
        ours.args(["-NoLogo", "-NoProfile", "-ExecutionPolicy", "Bypass", "-File"])
            .arg(self.workspace.tests().join("bench").join("contender.ps1"))
            .arg("-Module")
            .arg(self.workspace.manifest())
            .arg("-ReadyFile")
            .arg(self.tenant.ready_file());
        let mut peer = std::process::Command::new(&self.peer);
        peer.arg(self.tenant.ready_file());
        Ok((Contender::start(&mut ours)?, Contender::start(&mut peer)?))
    }

    /// Measures two things in turns, so that whatever else the machine does meets both. The medians.
    fn alternate(
        &self,
        mut ours: impl FnMut() -> Result<f64>,
        mut peer: impl FnMut() -> Result<f64>,
    ) -> Result<(f64, f64)> {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for _ in 0..self.runs {
            first.push(ours()?);
            second.push(peer()?);
        }
        Ok((median(first), median(second)))
    }
}

/// Measures, prints the table, and writes `target/bench.json`.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let only = options.only.as_deref();
    let groups: Vec<&Group> = GROUPS.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)).collect();
    if groups.is_empty() {
        let names: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
        bail!("there is no group {}; there are {}", only.unwrap_or_default(), names.join(", "));
    }
    let tools = Tools::find(workspace)?;
    module::build(workspace, &tools, Profile::Release)?;
    let programs = cargo::build_programs(workspace, Profile::Release, &["exo-tenant", "exo-bench"])?;
    let program = |name: &str| programs.get(name).with_context(|| format!("cargo built no program {name}"));
    let tenant = Tenant::start(workspace, program("exo-tenant")?, &["--mailboxes", "100"])?;
    let runs = usize::from(options.runs);
    let bench = Bench { workspace, tools: &tools, runs, peer: program("bare-client")?.clone(), tenant };

    let mut rows = Vec::new();
    for (name, measure) in groups {
        crate::say(&format!("measuring {name}"));
        rows.extend(measure(&bench).with_context(|| format!("{name} could not be measured"))?);
    }
    print!("{}", table(&rows));
    let file = workspace.target().join("bench.json");
    let document = json!({"rows": rows.iter().map(|row| {
        json!({"name": row.name, "ours": row.ours, "peer": row.peer, "unit": row.unit, "ratio": row.ratio()})
    }).collect::<Vec<_>>()});
    fs::write(&file, serde_json::to_vec_pretty(&document)?)
        .with_context(|| format!("can't write {}", file.display()))?;
    crate::say(&format!("the figures are in {}", file.display()));
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

fn table(rows: &[Row]) -> String {
    let mut text =
        format!("{:<24} {:>10} {:>10} {:>11}  {:<5} {:>6}\n", "", "ours", "peer", "difference", "unit", "ratio");
    for row in rows {
        text.push_str(&format!(
            "{:<24} {:>10.2} {:>10.2} {:>+11.2}  {:<5} {:>6.2}\n",
            row.name,
            row.ours,
            row.peer,
            row.ours - row.peer,
            row.unit,
            row.ratio()
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert!((median(vec![9.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 2.0, 9.0]) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn the_table_says_what_the_difference_is() {
        let text = table(&[Row { name: "connect", ours: 30.0, peer: 20.0, unit: "ms" }]);
        let words: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(words, ["connect", "30.00", "20.00", "+10.00", "ms", "1.50"]);
    }
}
