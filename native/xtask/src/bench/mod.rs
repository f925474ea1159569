//! Side by side: how long the module needs, and how long the least that could do the same.
//!
//! A group of rows is a file here and a line in [`GROUPS`].

mod call;
mod connect;
mod contender;
mod curl;
mod fanout;
mod import;
mod list;
mod memory;

use std::cell::OnceCell;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::cargo::{self, Profile};
use crate::module;
use crate::tenant::Tenant;
use crate::tools::Tools;
use crate::workspace::Workspace;
use contender::Contender;

/// A group of rows: their names, and what measures them.
type Group = (&'static [&'static str], fn(&Bench<'_>) -> Result<Vec<Row>>);

const GROUPS: [Group; 10] = [
    (&["import"], import::rows),
    (&["connect", "connect_first"], connect::rows),
    (&["call"], call::rows),
    (&["unlimited_vs_curl", "unlimited_vs_loop"], list::unlimited),
    (&["first_object"], list::first_object),
    (&["fanout_100ms"], fanout::far),
    (&["fanout_throttled"], fanout::throttled),
    (&["stream_1m"], list::stream),
    (&["kept_100k"], list::kept),
    (&["export_csv"], list::export),
];

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only this row, such as call or unlimited_vs_curl
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// How often each of the two is measured where that takes milliseconds
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u16).range(3..))]
    runs: u16,
    #[command(flatten)]
    sizes: Sizes,
}

/// How long the long lists are.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Sizes {
    /// Mailboxes of the long lists, 1000 or more
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1000..=1_000_000))]
    mailboxes: u64,
    /// Mailboxes that pass through without being kept
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1000..=1_000_000))]
    mailboxes_streamed: u64,
    /// Mailboxes that the loop of a script reads, which is much slower
    #[arg(long, default_value_t = 5000, value_name = "N", value_parser = clap::value_parser!(u64).range(1000..=1_000_000))]
    mailboxes_looped: u64,
}

impl Sizes {
    /// Mailboxes that the loop reads of those there are.
    fn looped(self) -> u64 {
        self.mailboxes_looped.min(self.mailboxes)
    }
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
    sizes: Sizes,
    /// The bare client.
    peer: PathBuf,
    /// The tenant's program.
    tenant: PathBuf,
    small: OnceCell<Tenant>,
    large: OnceCell<Tenant>,
}

impl Bench<'_> {
    /// A tenant of few mailboxes, for single calls.
    fn small(&self) -> Result<&Tenant> {
        self.tenant_in(&self.small, &["--mailboxes", "100"])
    }

    /// A tenant of many mailboxes. It sends them as they are, to all alike: compressing them would cost it more than everything else, on
    /// the processors that are being measured.
    fn large(&self) -> Result<&Tenant> {
        self.tenant_in(&self.large, &["--mailboxes", &self.sizes.mailboxes.to_string(), "--no-compression"])
    }

    fn tenant_in<'b>(&self, cell: &'b OnceCell<Tenant>, options: &[&str]) -> Result<&'b Tenant> {
        if let Some(tenant) = cell.get() {
            return Ok(tenant);
        }
        let tenant = self.start_tenant(options)?;
        Ok(cell.get_or_init(|| tenant))
    }

    fn start_tenant(&self, options: &[&str]) -> Result<Tenant> {
        Tenant::start(self.workspace, &self.tenant, options)
    }

    /// A PowerShell that does what it is told with the module, and the bare client that does the same without.
    fn contenders(&self, tenant: &Tenant) -> Result<(Contender, Contender)> {
        let peer = Contender::start(Command::new(&self.peer).arg(tenant.ready_file()))?;
        Ok((self.contender(tenant)?, peer))
    }

    /// A PowerShell that does what it is told with the module.
    fn contender(&self, tenant: &Tenant) -> Result<Contender> {
        let mut command = self.script("contender.ps1")?;
        command.arg("-Module").arg(self.workspace.manifest()).arg("-ReadyFile").arg(tenant.ready_file());
        Contender::start(&mut command)
    }

    /// A PowerShell that reads lists with nothing but what PowerShell has.
    fn looping(&self, tenant: &Tenant) -> Result<Contender> {
        Contender::start(self.script("loop.ps1")?.arg("-ReadyFile").arg(tenant.ready_file()))
    }

    /// A PowerShell that runs a script of the bench.
    fn script(&self, name: &str) -> Result<Command> {
        let mut command = self.tools.powershell()?;
        command
            .args(["-NoLogo", "-NoProfile", "-ExecutionPolicy", "Bypass", "-File"])
            .arg(self.workspace.tests().join("bench").join(name));
        Ok(command)
    }

    /// A folder for what the contenders write.
    fn folder(&self) -> Result<PathBuf> {
        let folder = self.workspace.target().join("bench");
        fs::create_dir_all(&folder).with_context(|| format!("can't create {}", folder.display()))?;
        Ok(folder)
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

/// Measures, prints the table, and writes `target/bench.json`. What can't be measured is said at the end, and is an error.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let groups = chosen(options.only.as_deref())?;
    let tools = Tools::find(workspace)?;
    module::build(workspace, &tools, Profile::Release)?;
    let programs = cargo::build_programs(workspace, Profile::Release, &["exo-tenant", "exo-bench"])?;
    let program = |name: &str| programs.get(name).cloned().with_context(|| format!("cargo built no program {name}"));
    let bench = Bench {
        workspace,
        tools: &tools,
        runs: options.runs.into(),
        sizes: options.sizes,
        peer: program("bare-client")?,
        tenant: program("exo-tenant")?,
        small: OnceCell::new(),
        large: OnceCell::new(),
    };

    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for (names, measure) in groups {
        crate::say(&format!("measuring {}", names.join(", ")));
        match measure(&bench) {
            Ok(measured) => rows.extend(measured),
            Err(error) => {
                // The others are worth having all the same.
                let failure = format!("{} could not be measured: {error:#}", names.join(", "));
                crate::say(&failure);
                failures.push(failure);
            }
        }
    }
    rows.retain(|row| options.only.as_deref().is_none_or(|only| only == row.name));
    print!("{}", table(&rows));
    let file = workspace.target().join("bench.json");
    fs::write(&file, serde_json::to_vec_pretty(&document(&rows))?)
        .with_context(|| format!("can't write {}", file.display()))?;
    crate::say(&format!("the figures are in {}", file.display()));
    if !failures.is_empty() {
        bail!("{}", failures.join("; "));
    }
    Ok(())
}

/// The groups that have the row, or all.
fn chosen(only: Option<&str>) -> Result<Vec<&'static Group>> {
    let groups: Vec<&Group> =
        GROUPS.iter().filter(|(names, _)| only.is_none_or(|only| names.contains(&only))).collect();
    if groups.is_empty() {
        let names: Vec<&str> = GROUPS.iter().flat_map(|(names, _)| *names).copied().collect();
        bail!("there is no row {}; there are {}", only.unwrap_or_default(), names.join(", "));
    }
    Ok(groups)
}

fn document(rows: &[Row]) -> serde_json::Value {
    json!({"rows": rows.iter().map(|row| {
        json!({"name": row.name, "ours": row.ours, "peer": row.peer, "unit": row.unit, "ratio": row.ratio()})
    }).collect::<Vec<_>>()})
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<18} {:>11} {:>11} {:>12}  {:<5} {:>7} {:>9}\n",
        "", "ours", "peer", "difference", "unit", "ratio", "peer/ours"
    );
    for row in rows {
        text.push_str(&format!(
            "{:<18} {:>11.2} {:>11.2} {:>+12.2}  {:<5} {:>7.3} {:>9.1}\n",
            row.name,
            row.ours,
            row.peer,
            row.ours - row.peer,
            row.unit,
            row.ratio(),
            1.0 / row.ratio()
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
        assert_eq!(words, ["connect", "30.00", "20.00", "+10.00", "ms", "1.500", "0.7"]);
    }

    #[test]
    fn the_document_has_a_row_for_each_line() {
        let document = document(&[Row { name: "call", ours: 3.0, peer: 2.0, unit: "ms" }]);
        assert_eq!(document, json!({"rows": [{"name": "call", "ours": 3.0, "peer": 2.0, "unit": "ms", "ratio": 1.5}]}));
    }

    #[test]
    fn a_row_is_chosen_with_its_group() {
        assert_eq!(chosen(None).unwrap().len(), GROUPS.len());
        assert_eq!(chosen(Some("unlimited_vs_loop")).unwrap()[0].0, ["unlimited_vs_curl", "unlimited_vs_loop"]);
        assert!(chosen(Some("speed")).unwrap_err().to_string().contains("export_csv"));
    }

    #[test]
    fn the_loop_reads_no_more_than_there_is() {
        let sizes = Sizes { mailboxes: 1000, mailboxes_streamed: 1000, mailboxes_looped: 5000 };
        assert_eq!(sizes.looped(), 1000);
    }
}
