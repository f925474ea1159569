//! Making the module: bindings, generated cmdlets, the C# assembly, and the folder that PowerShell imports.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::cargo::{self, Artifacts, Profile};
use crate::dotnet;
use crate::process;
use crate::tools::Tools;
use crate::workspace::{MODULE_NAME, Workspace, runtime_id};

/// Builds everything that the module is made of and puts it into `target/module`.
pub(crate) fn build(workspace: &Workspace, tools: &Tools, profile: Profile) -> Result<Artifacts> {
    let _one_at_a_time = workspace.lock(&workspace.target())?;
    let artifacts = cargo::build(workspace, profile)?;
    let exports = generate(workspace, &artifacts)?;
    let assembly = assembly(workspace, tools)?;
    assemble(workspace, artifacts.library(), &assembly, &exports)?;
    let what = match profile {
        Profile::Release => "the optimised module",
        Profile::Dev => "a development build of the module",
    };
    crate::say(&format!("{what} is in {}", workspace.module().display()));
    Ok(artifacts)
}

/// Writes the C# sources that are derived: the bindings of the C ABI and one class per cmdlet.
fn generate(workspace: &Workspace, artifacts: &Artifacts) -> Result<cmdlet_generator::Generated> {
    let folder = workspace.generated();
    fs::create_dir_all(&folder).with_context(|| format!("can't create {}", folder.display()))?;
    process::run(std::process::Command::new(artifacts.program("bindings")?).arg(&folder))?;
    cmdlet_generator::generate(&workspace.powershell().join("Catalog"), &folder).context("can't generate the cmdlets")
}

/// Compiles the C# part, unless nothing it is made of has changed, and returns its folder.
fn assembly(workspace: &Workspace, tools: &Tools) -> Result<PathBuf> {
    let folder = workspace.target().join("dotnet");
    let output = folder.join("out");
    let stamp = folder.join("inputs.sha256");
    let file = output.join(format!("{MODULE_NAME}.dll"));
    let inputs = inputs(workspace, tools)?;
    if file.is_file() && fs::read_to_string(&stamp).is_ok_and(|old| old == inputs) {
        return Ok(output);
    }
    match fs::remove_file(&stamp) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("can't remove {}", stamp.display())),
    }
    let project = workspace.powershell().join(format!("{MODULE_NAME}.csproj"));
    dotnet::build(workspace, tools, &project, &output, &[])?;
    if !file.is_file() {
        bail!("the build made no {}", file.display());
    }
    fs::write(&stamp, inputs).with_context(|| format!("can't write {}", stamp.display()))?;
    Ok(output)
}

/// One hash over all that the assembly is made of. Content rather than times, because generated files and fresh clones have new times.
fn inputs(workspace: &Workspace, tools: &Tools) -> Result<String> {
    let mut files = Vec::new();
    collect(&workspace.powershell(), &mut files)?;
    // Help is packed beside the assembly and no part of it.
    files.retain(|file| !file.starts_with(workspace.help()));
    collect(&workspace.generated(), &mut files)?;
    for name in ["Directory.Build.props", "Directory.Build.targets", "global.json", "nuget.config", ".editorconfig"] {
        let path = workspace.root().join(name);
        if path.is_file() {
            files.push(path);
        }
    }
    let mut hash = Sha256::new();
    hash.update(tools.dotnet_identity());
    hash_files(hash, files)
}

/// Adds names and content of files, in an order that doesn't depend on the file system.
fn hash_files(mut hash: Sha256, mut files: Vec<PathBuf>) -> Result<String> {
    files.sort();
    for file in files {
        let content = fs::read(&file).with_context(|| format!("can't read {}", file.display()))?;
        hash.update(file.to_string_lossy().as_bytes());
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("can't list {}", folder.display()))? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if !matches!(entry.file_name().to_str(), Some("bin" | "obj")) {
                collect(&path, files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Puts the module's folder together beside its place and then exchanges the two, so that nobody ever sees half a module. One that is
/// already made of the same files stays: a session may use it, and on Windows that would keep it from being exchanged.
fn assemble(
    workspace: &Workspace,
    library: &Path,
    assembly: &Path,
    exports: &cmdlet_generator::Generated,
) -> Result<()> {
    let module = workspace.module();
    let parent = module.parent().context("the module has a parent folder")?;
    let stamp = parent.join("files.sha256");
    let staging = parent.join(".new");
    let old = parent.join(".old");
    remove(&staging)?;
    remove(&old)?;
    let native = staging.join("runtimes").join(runtime_id()).join("native");
    fs::create_dir_all(&native).with_context(|| format!("can't create {}", native.display()))?;
    let name = library.file_name().context("the library has a name")?;
    copy(library, &native.join(name))?;
    let dll = format!("{MODULE_NAME}.dll");
    copy(&assembly.join(&dll), &staging.join(&dll))?;
    copy(&workspace.root().join("LICENSE"), &staging.join("LICENSE"))?;
    let formats = workspace.powershell().join("Formats");
    let mut files = Vec::new();
    collect(&formats, &mut files)?;
    fs::create_dir_all(staging.join("Formats"))?;
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension != "cs")) {
        copy(file, &staging.join("Formats").join(file.file_name().context("a file has a name")?))?;
    }
    help(workspace, &staging)?;
    let manifest = format!("{MODULE_NAME}.psd1");
    cmdlet_generator::write_manifest_with_aliases(
        &workspace.root().join(&manifest),
        &staging.join(&manifest),
        &exports.cmdlets,
        &exports.aliases,
    )
    .context("can't write the module's manifest")?;
    companion(workspace, &staging, exports)?;
    let mut files = Vec::new();
    collect(&staging, &mut files)?;
    let identity = hash_files(Sha256::new(), files)?;
    if module.is_dir() && fs::read_to_string(&stamp).is_ok_and(|same| same == identity) {
        return remove(&staging);
    }
    if module.exists() {
        fs::rename(&module, &old).with_context(|| {
            format!("can't replace {}; on Windows, close the PowerShell sessions that use it", module.display())
        })?;
    }
    fs::rename(&staging, &module)
        .with_context(|| format!("can't rename {} to {}", staging.display(), module.display()))?;
    fs::write(&stamp, identity).with_context(|| format!("can't write {}", stamp.display()))?;
    remove(&old)
}

/// Adds what `Get-Help` reads: for the cmdlets of an assembly a file named after it, and the topics about the module.
fn help(workspace: &Workspace, staging: &Path) -> Result<()> {
    let pages = workspace.help();
    let folder = staging.join("en-US");
    let file = folder.join(format!("{MODULE_NAME}.dll-Help.xml"));
    cmdlet_generator::generate_help(&workspace.powershell().join("Catalog"), &pages, &file)
        .context("can't make the help of the cmdlets")?;
    let mut files = Vec::new();
    collect(&pages, &mut files)?;
    for topic in files.iter().filter(|file| file.to_string_lossy().ends_with(".help.txt")) {
        copy(topic, &folder.join(topic.file_name().context("a file has a name")?))?;
    }
    Ok(())
}

/// Adds the module that brings the same commands under the name that scripts look for. It is a manifest beside the module's own, which it
/// names by a relative path; so it lies at a fixed place inside the module, where PowerShell doesn't find it unless it is told to.
fn companion(workspace: &Workspace, module: &Path, exports: &cmdlet_generator::Generated) -> Result<()> {
    let name = "ExchangeOnlineManagement";
    let manifest = format!("{name}.psd1");
    cmdlet_generator::write_manifest_with_aliases(
        &workspace.powershell().join("Companion").join(&manifest),
        &module.join("companion").join(name).join(&manifest),
        &exports.cmdlets,
        &exports.aliases,
    )
    .context("can't write the companion's manifest")
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("can't remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("can't copy {} to {}", from.display(), to.display()))?;
    Ok(())
}
