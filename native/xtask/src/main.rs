//! Builds, tests and demonstrates ExchangeOnlineRs. Run as `cargo xtask <command>`.

mod bench;
mod cargo;
mod chromium;
mod demo;
mod dotnet;
mod module;
mod pester;
mod process;
mod tenant;
mod test;
mod tools;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use cargo::Profile;
use tools::Tools;
use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Builds, tests and demonstrates ExchangeOnlineRs")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Find PowerShell, the .NET SDK and Pester, or bring them into .tools/
    Tools,
    /// Build the module into target/module/ExchangeOnlineRs
    Build {
        /// Optimised, as users get it (the default)
        #[arg(long, conflicts_with = "debug")]
        release: bool,
        /// Quickly, as the demo and the tests use it
        #[arg(long)]
        debug: bool,
    },
    /// Run the simulated tenant with the options that follow
    Tenant {
        /// Options of exo-tenant; `cargo xtask tenant -- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<OsString>,
    },
    /// Run the guide's steps against a simulated tenant and show each command with its output
    Demo(demo::Options),
    /// Run all tests
    Test(test::Options),
    /// Measure the optimised module beside the least that could do the same: a table, and target/bench.json
    Bench(bench::Options),
    /// Check formatting and warnings
    Lint,
}

/// Says what this program does; on the error output, so that it never mixes with the output of what it runs.
pub(crate) fn say(text: &str) {
    eprintln!("xtask: {text}");
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    process::stop_children_when_stopped()?;
    let workspace = Workspace::find()?;
    match task {
        Task::Tools => {
            let tools = Tools::find(&workspace)?;
            tools.dotnet()?;
            tools.pester(&workspace)?;
        }
        Task::Build { release: _, debug } => {
            let tools = Tools::find(&workspace)?;
            let profile = if debug { Profile::Dev } else { Profile::Release };
            module::build(&workspace, &tools, profile)?;
        }
        Task::Tenant { options } => {
            let artifacts = cargo::build(&workspace, Profile::Dev)?;
            tenant::run(&workspace, artifacts.program("exo-tenant")?, &options)?;
        }
        Task::Demo(options) => demo::run(&workspace, &options)?,
        Task::Test(options) => {
            if !test::run(&workspace, &options)? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Task::Bench(options) => bench::run(&workspace, &options)?,
        Task::Lint => test::lint(&workspace)?,
    }
    Ok(ExitCode::SUCCESS)
}
