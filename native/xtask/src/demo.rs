//! The guide's steps, shown on a simulated tenant.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::cargo::{self, Artifacts, Profile};
use crate::module;
use crate::process;
use crate::tenant::Tenant;
use crate::tools::Tools;
use crate::workspace::Workspace;

/// What the demo is to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Leave you in a connected PowerShell with a real browser instead of running the guide
    #[arg(long)]
    shell: bool,
    /// Number of mailboxes of the simulated tenant
    #[arg(long, default_value_t = 12)]
    mailboxes: u64,
    /// Do as on a machine that has no PowerShell and can't get one
    #[arg(long, hide = true)]
    without_powershell: bool,
}

/// Runs the demo; anything that doesn't show what it must is an error.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let tools = if options.without_powershell {
        Err("as told".to_owned())
    } else {
        let tools = Tools::find(workspace)?;
        match tools.missing() {
            Some(reason) => Err(reason),
            None => Ok(tools),
        }
    };
    match tools {
        Ok(tools) => {
            let artifacts = module::build(workspace, &tools, Profile::Dev)?;
            let tenant = tenant(workspace, &artifacts, options)?;
            if options.shell {
                shell(workspace, &tools, &tenant)
            } else {
                guide(workspace, &tools, &artifacts, &tenant)
            }
        }
        Err(reason) if options.shell => bail!("the demo's shell needs PowerShell: {reason}"),
        Err(reason) => {
            crate::say(&format!("without PowerShell ({reason}): the same library, driven by a console program"));
            let artifacts = cargo::build(workspace, Profile::Dev)?;
            let tenant = tenant(workspace, &artifacts, options)?;
            let mut command = Command::new(artifacts.program("console")?);
            command.arg("--ready-file").arg(tenant.ready_file()).env("SSL_CERT_FILE", tenant.text(CA_FILE)?);
            process::run(browser(&mut command, &artifacts, &tenant)?.stdin(Stdio::null()))
        }
    }
}

/// Where the ready file says which certificate authority to trust.
const CA_FILE: &str = "/caCertificate";

fn tenant(workspace: &Workspace, artifacts: &Artifacts, options: &Options) -> Result<Tenant> {
    Tenant::start(workspace, artifacts.program("exo-tenant")?, &["--mailboxes", &options.mailboxes.to_string()])
}

fn guide(workspace: &Workspace, tools: &Tools, artifacts: &Artifacts, tenant: &Tenant) -> Result<()> {
    let mut command = script(workspace, tools, tenant, "guide.ps1", false)?;
    process::run(browser(&mut command, artifacts, tenant)?.stdin(Stdio::null()))
        .context("the guide did not run as it must")
}

/// Gives a command a browser that signs in by itself, through the tenant's pages.
fn browser<'a>(command: &'a mut Command, artifacts: &Artifacts, tenant: &Tenant) -> Result<&'a mut Command> {
    let (user, password) = tenant.account("mfa.admin")?;
    Ok(command
        .env("BROWSER", artifacts.program("scripted-browser")?)
        .env("SCRIPTED_BROWSER_USER", user)
        .env("SCRIPTED_BROWSER_PASSWORD", password)
        // Somebody does sit at this browser, also on a machine that says of itself that nobody does.
        .env_remove("CI"))
}

fn shell(workspace: &Workspace, tools: &Tools, tenant: &Tenant) -> Result<()> {
    let status = process::shell(&mut script(workspace, tools, tenant, "shell.ps1", true)?)?;
    // The status of an interactive shell is that of the person's last command, which is not ours to judge.
    crate::say(&format!("the shell ended ({status}); the simulated tenant is stopped"));
    Ok(())
}

/// PowerShell with a script of ours, which knows the module and the tenant.
fn script(workspace: &Workspace, tools: &Tools, tenant: &Tenant, name: &str, stay: bool) -> Result<Command> {
    let mut command = tools.powershell()?;
    command.args(["-NoLogo", "-NoProfile"]);
    if stay {
        command.arg("-NoExit");
    }
    command.args(["-ExecutionPolicy", "Bypass", "-File"]).arg(workspace.tests().join("scripts").join(name));
    for (parameter, path) in [("-ReadyFile", tenant.ready_file()), ("-Module", &workspace.module())] {
        command.arg(parameter).arg::<OsString>(as_path(path));
    }
    command.env("SSL_CERT_FILE", tenant.text(CA_FILE)?);
    Ok(command)
}

fn as_path(path: &Path) -> OsString {
    path.as_os_str().to_owned()
}
