//! Building C# projects.

use std::path::Path;

use anyhow::Result;

use crate::process;
use crate::tools::Tools;
use crate::workspace::Workspace;

/// Builds a project into `output`. `properties` are added as `Name=value`.
pub(crate) fn build(
    workspace: &Workspace,
    tools: &Tools,
    project: &Path,
    output: &Path,
    properties: &[String],
) -> Result<()> {
    // The SDK leaves folders in the temporary folder; this one goes with them.
    let temporary = workspace.run_directory()?;
    let mut command = tools.dotnet()?;
    for name in ["TMPDIR", "TMP", "TEMP"] {
        command.env(name, temporary.path());
    }
    command
        // Its sockets would be in that folder too, where their names may be too long for the system.
        .env("DOTNET_EnableDiagnostics", "0")
        .current_dir(workspace.root())
        .arg("build")
        .arg(project)
        .args(["--configuration", "Release", "--nologo", "--verbosity", "quiet"])
        .arg("--output")
        .arg(output)
        // No compiler server and no worker processes: they would outlive us.
        .args(["-maxcpucount:1", "-nodeReuse:false", "-property:UseSharedCompilation=false"]);
    command.args(properties.iter().map(|property| format!("-property:{property}")));
    if let Some(packages) = tools.packages() {
        command
            .arg(format!("-property:RestoreSources={}", packages.display()))
            .arg("-property:DisableTransitiveFrameworkReferenceDownloads=true");
    }
    process::run(&mut command)
}
