//! Finding PowerShell, the .NET SDK and Pester: those of the machine, else those of the project, else from the offline bundle, else
//! downloaded. Whatever isn't the machine's own lands in `.tools/` of the checkout and nowhere else.

mod archive;
mod fetch;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::{Workspace, runtime_id};

/// The least versions that work: the C# project targets .NET 8, and PowerShell 7.4 is the first on it.
const LEAST_POWERSHELL: (u32, u32) = (7, 4);
const LEAST_SDK: (u32, u32) = (8, 0);
/// `New-PesterConfiguration` and the result's fields that the tests' runner reads are all there from here.
const LEAST_PESTER: &str = "5.3.0";

/// What tells PowerShell to send no telemetry (about_Telemetry); out of the box it sends some.
const POWERSHELL_TELEMETRY: &str = "POWERSHELL_TELEMETRY_OPTOUT";

/// A program that was found.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    pub(crate) program: PathBuf,
    pub(crate) version: String,
    origin: String,
}

/// What was found. The reasons why something wasn't are kept for whoever needs it.
#[derive(Debug)]
pub(crate) struct Tools {
    powershell: Result<Tool>,
    dotnet: Result<Tool>,
    /// Packages to restore from, when the SDK is the bundle's: then nothing else may be asked.
    packages: Option<PathBuf>,
    target: PathBuf,
}

impl Tools {
    /// Looks everywhere and says in a line each what is taken.
    pub(crate) fn find(workspace: &Workspace) -> Result<Self> {
        let mut powershell = from_path("pwsh", LEAST_POWERSHELL, powershell_version);
        let mut dotnet = from_path("dotnet", LEAST_SDK, sdk_version);
        let mut packages = dotnet.as_ref().ok().and_then(|sdk| packages_for(workspace, sdk));
        if powershell.is_err() || dotnet.is_err() {
            let _one_at_a_time = workspace.lock(&workspace.tools())?;
            match bundle(workspace) {
                Ok(Some(folder)) => {
                    if powershell.is_err() {
                        powershell = at(folder.join("pwsh"), "pwsh", "the offline bundle", powershell_version);
                    }
                    if dotnet.is_err() {
                        dotnet = at(folder.join("dotnet"), "dotnet", "the offline bundle", sdk_version);
                        packages = Some(folder.join("nuget"));
                    }
                }
                Ok(None) => {}
                Err(error) => crate::say(&format!("the offline bundle can't be used: {error:#}")),
            }
            if powershell.is_err() {
                powershell = fetch::release(workspace, "powershell", &runtime_id())
                    .and_then(|folder| at(folder, "pwsh", "a downloaded release", powershell_version));
            }
            if dotnet.is_err() {
                packages = None;
                dotnet = fetch::release(workspace, "dotnet", &runtime_id())
                    .and_then(|folder| at(folder, "dotnet", "a downloaded release", sdk_version));
            }
        }
        let tools = Self { powershell, dotnet, packages, target: workspace.target() };
        tools.report();
        Ok(tools)
    }

    fn report(&self) {
        for (name, tool) in [("PowerShell", &self.powershell), (".NET SDK", &self.dotnet)] {
            match tool {
                Ok(tool) => {
                    crate::say(&format!("{name} {} from {} ({})", tool.version, tool.origin, tool.program.display()))
                }
                Err(error) => crate::say(&format!("no {name}: {error:#}")),
            }
        }
    }

    /// Why there can be no PowerShell part, or nothing if there can.
    pub(crate) fn missing(&self) -> Option<String> {
        match (&self.powershell, &self.dotnet) {
            (Err(error), _) => Some(format!("no PowerShell 7.4 or newer ({error:#})")),
            (_, Err(error)) => Some(format!("no .NET SDK 8 or newer ({error:#})")),
            _ => None,
        }
    }

    /// A PowerShell with the environment it needs.
    pub(crate) fn powershell(&self) -> Result<Command> {
        let tool =
            self.powershell.as_ref().map_err(|error| anyhow::anyhow!("no PowerShell 7.4 or newer: {error:#}"))?;
        Ok(self.command(tool))
    }

    /// The SDK with the environment it needs.
    pub(crate) fn dotnet(&self) -> Result<Command> {
        let tool = self.dotnet.as_ref().map_err(|error| anyhow::anyhow!("no .NET SDK 8 or newer: {error:#}"))?;
        let mut command = self.command(tool);
        // A build must leave nothing behind: no first-run files and packages in the home folder, no server processes.
        command
            .env("DOTNET_CLI_HOME", self.target.join("dotnet-home"))
            .env("XDG_DATA_HOME", self.target.join("dotnet-home"))
            .env("NUGET_PACKAGES", self.target.join("nuget"))
            .env("NUGET_HTTP_CACHE_PATH", self.target.join("nuget-http"))
            .env("NUGET_SCRATCH", self.target.join("nuget-scratch"))
            .env("MSBUILDDISABLENODEREUSE", "1")
            .env("DOTNET_CLI_USE_MSBUILD_SERVER", "0");
        Ok(command)
    }

    /// What the SDK's version and place are, for deciding whether an earlier build still counts.
    pub(crate) fn dotnet_identity(&self) -> String {
        self.dotnet
            .as_ref()
            .map_or_else(|_| String::new(), |tool| format!("{} {}", tool.version, tool.program.display()))
    }

    /// The folder of packages that a build is to restore from, if it may ask nobody else.
    pub(crate) fn packages(&self) -> Option<&Path> {
        self.packages.as_deref()
    }

    fn command(&self, tool: &Tool) -> Command {
        let mut command = Command::new(&tool.program);
        command
            .env("DOTNET_CLI_TELEMETRY_OPTOUT", "1")
            .env("DOTNET_NOLOGO", "1")
            .env("POWERSHELL_UPDATECHECK", "Off")
            .env("PSModuleAnalysisCachePath", self.target.join("powershell-module-cache"));
        // PowerShell's telemetry takes part in every import, so a measurement may want it: a choice that was made outside stays.
        if std::env::var_os(POWERSHELL_TELEMETRY).is_none() {
            command.env(POWERSHELL_TELEMETRY, "1");
        }
        if let Some((name, value)) = invariant_culture() {
            command.env(name, value);
        }
        without_cargo_libraries(&mut command);
        process::without_our_package(&mut command);
        command
    }

    /// The manifest of a Pester that works: one that PowerShell finds itself, else the project's own.
    pub(crate) fn pester(&self, workspace: &Workspace) -> Result<PathBuf> {
        let script = format!(
            "Get-Module -ListAvailable -Name Pester | Where-Object Version -ge '{LEAST_PESTER}' | Sort-Object Version -Descending | \
             Select-Object -First 1 | ForEach-Object {{ \"$($_.Version) $($_.Path)\" }}"
        );
        let answer = process::output(self.powershell()?.args([
            "-NoLogo",
            "-NoProfile",
            "-NonInteractive",
            "-Command",
            &script,
        ]))?;
        if let Some((version, path)) = answer.trim().split_once(' ') {
            crate::say(&format!("Pester {version} of this PowerShell ({path})"));
            return Ok(PathBuf::from(path));
        }
        let _one_at_a_time = workspace.lock(&workspace.tools())?;
        let folder = fetch::release(workspace, "pester", "any").context("no Pester 5.3 or newer")?;
        let manifest = folder.join("Pester.psd1");
        if !manifest.is_file() {
            bail!("no Pester 5.3 or newer: {} is missing", manifest.display());
        }
        crate::say(&format!("Pester from a release in the project's .tools ({})", manifest.display()));
        Ok(manifest)
    }
}

/// `cargo run` puts its build folders into the search path for shared libraries. There the native library would be found even if it were
/// missing in the module, so they are taken out again.
fn without_cargo_libraries(command: &mut Command) {
    const NAME: &str = if cfg!(target_os = "macos") { "DYLD_FALLBACK_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };
    let Some(value) = std::env::var_os(NAME) else { return };
    let build = std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_path_buf));
    let rest: Vec<_> = std::env::split_paths(&value)
        .filter(|path| {
            !path.components().any(|part| part.as_os_str() == "rustlib")
                && !build.as_ref().is_some_and(|build| path.starts_with(build))
        })
        .collect();
    match std::env::join_paths(rest) {
        Ok(rest) if !rest.is_empty() => command.env(NAME, rest),
        _ => command.env_remove(NAME),
    };
}

/// Looks on PATH. Too old a version is a reason to look on, and is said.
fn from_path(name: &str, least: (u32, u32), version: fn(&Path) -> Result<String>) -> Result<Tool> {
    let program = process::on_path(name).with_context(|| format!("{name} is not on PATH"))?;
    let found = version(&program)?;
    if number(&found) < least {
        crate::say(&format!("{} is version {found}; {}.{} or newer is needed", program.display(), least.0, least.1));
        bail!("{name} on PATH is version {found}");
    }
    Ok(Tool { program, version: found, origin: "PATH".to_owned() })
}

fn at(folder: PathBuf, name: &str, origin: &str, version: fn(&Path) -> Result<String>) -> Result<Tool> {
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        bail!("{} is missing; remove {} and try again", program.display(), folder.display());
    }
    let version = version(&program).with_context(|| format!("{} does not run here", program.display()))?;
    Ok(Tool { program, version, origin: origin.to_owned() })
}

fn powershell_version(program: &Path) -> Result<String> {
    let mut command = Command::new(program);
    command.arg("--version").envs(invariant_culture());
    let answer = process::output(&mut command)?;
    let version = answer
        .trim()
        .strip_prefix("PowerShell ")
        .with_context(|| format!("{} says {:?}", program.display(), answer.trim()))?;
    Ok(version.to_owned())
}

/// The newest SDK of this dotnet; one that has only runtimes has none.
fn sdk_version(program: &Path) -> Result<String> {
    let mut command = Command::new(program);
    command
        .arg("--list-sdks")
        .env("DOTNET_CLI_TELEMETRY_OPTOUT", "1")
        .env("DOTNET_NOLOGO", "1")
        .envs(invariant_culture());
    let answer = process::output(&mut command)?;
    newest_sdk(&answer).with_context(|| format!("{} has no SDK", program.display()))
}

fn newest_sdk(list: &str) -> Option<String> {
    list.lines()
        .filter_map(|line| line.split_whitespace().next())
        .max_by_key(|version| number(version))
        .map(str::to_owned)
}

/// Major and minor version; text that is no version sorts first.
fn number(version: &str) -> (u32, u32) {
    let mut parts = version.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// .NET ends at once on a Linux without ICU unless it is told to do without cultures. A choice that was made outside stays.
fn invariant_culture() -> Option<(OsString, OsString)> {
    const NAME: &str = "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT";
    if !cfg!(target_os = "linux") || std::env::var_os(NAME).is_some() {
        return None;
    }
    let folders = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib"].map(PathBuf::from).into_iter();
    let multiarch = ["x86_64", "aarch64"].map(|processor| PathBuf::from(format!("/usr/lib/{processor}-linux-gnu")));
    let own = std::env::var_os("LD_LIBRARY_PATH")
        .map(|paths| std::env::split_paths(&paths).collect::<Vec<_>>())
        .unwrap_or_default();
    let found = folders.chain(multiarch).chain(own).any(|folder| {
        fs::read_dir(folder).is_ok_and(|entries| {
            entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libicuuc.so"))
        })
    });
    (!found).then(|| (NAME.into(), "1".into()))
}

/// The unpacked offline bundle: `EXORS_TOOLS_BUNDLE` names it, else it is looked for beside the checkout. One that was unpacked earlier
/// is enough when the archives are gone.
fn bundle(workspace: &Workspace) -> Result<Option<PathBuf>> {
    if runtime_id() != "linux-x64" {
        return Ok(None);
    }
    match bundle_source(workspace)? {
        Some(source) => unpack_bundle(&source, &workspace.tools()).map(Some),
        None => earlier_bundle(&workspace.tools()),
    }
}

fn bundle_source(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let named = std::env::var_os("EXORS_TOOLS_BUNDLE").filter(|value| !value.is_empty()).map(PathBuf::from);
    Ok(match named {
        Some(path) if !path.join(SUMS).is_file() => {
            bail!("EXORS_TOOLS_BUNDLE is {}, where no {SUMS} is", path.display())
        }
        Some(path) => Some(path),
        None => workspace
            .root()
            .parent()
            .map(|parent| parent.join("shared").join("tools"))
            .filter(|path| path.join(SUMS).is_file()),
    })
}

/// The bundle's packages for an SDK of the machine's own, so that it needs no network either. That works only if the SDK brings the
/// reference assemblies of .NET 8; one that doesn't has to fetch them as a package, which the bundle lacks.
fn packages_for(workspace: &Workspace, sdk: &Tool) -> Option<PathBuf> {
    let root = fs::canonicalize(&sdk.program).ok()?.parent()?.to_path_buf();
    let references = fs::read_dir(root.join("packs").join("Microsoft.NETCore.App.Ref")).ok()?;
    references.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("8.")).then_some(())?;
    bundle_source(workspace).ok().flatten().map(|source| source.join("nuget"))
}

const SUMS: &str = "SHA256SUMS";

fn earlier_bundle(tools: &Path) -> Result<Option<PathBuf>> {
    let Ok(entries) = fs::read_dir(tools) else { return Ok(None) };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("bundle-") {
            found.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    found.sort();
    Ok(found.pop().map(|(_, path)| path))
}

/// Verifies every file of the bundle and unpacks it, once per content: the folder's name is the hash of the list of hashes, and it
/// appears under that name only when it is complete.
fn unpack_bundle(source: &Path, tools: &Path) -> Result<PathBuf> {
    let sums = source.join(SUMS);
    let list = fs::read(&sums).with_context(|| format!("can't read {}", sums.display()))?;
    let mut hash = archive::Hash::like(&"0".repeat(64))?;
    hash.read(list.as_slice(), std::io::sink())?;
    let complete = tools.join(format!("bundle-{}", &hash.text()[..16]));
    if complete.is_dir() {
        return Ok(complete);
    }
    crate::say(&format!("unpacking {} into {}", source.display(), complete.display()));
    let list = String::from_utf8(list).context("the list of hashes is not text")?;
    let entries = parse_sums(&list)?;
    for (name, expected) in &entries {
        archive::verify(&source.join(name), expected)?;
    }
    let partial = Partial::new(tools)?;
    for (name, _) in &entries {
        let from = source.join(name);
        if name.ends_with(".tar.xz") {
            archive::unpack(&from, partial.path())?;
        } else {
            let to = partial.path().join(name);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            // Read and written rather than copied: a copy would also be read-only, and then nobody could remove it.
            fs::write(&to, fs::read(&from)?).with_context(|| format!("can't write {}", to.display()))?;
        }
    }
    partial.keep(&complete)?;
    Ok(complete)
}

/// Lines of `sha256sum`: the hash, two spaces (or a space and a star), the name.
fn parse_sums(text: &str) -> Result<Vec<(String, String)>> {
    let mut entries = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (hash, name) = line.split_once(' ').with_context(|| format!("{line:?} is no line of {SUMS}"))?;
        let name = name.trim_start_matches([' ', '*']);
        let safe = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if hash.len() != 64 || name.is_empty() || !safe {
            bail!("{line:?} is no line of {SUMS}");
        }
        entries.push((name.to_owned(), hash.to_owned()));
    }
    if entries.is_empty() {
        bail!("{SUMS} is empty");
    }
    Ok(entries)
}

const PARTIAL: &str = ".partial-";

/// A folder being filled; it is removed unless it was kept.
struct Partial {
    path: PathBuf,
}

impl Partial {
    fn new(tools: &Path) -> Result<Self> {
        // Whoever is here holds the lock of the tools, so a folder of this kind is one that a killed run left.
        for entry in fs::read_dir(tools).with_context(|| format!("can't list {}", tools.display()))? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
                fs::remove_dir_all(entry.path()).with_context(|| format!("can't remove {}", entry.path().display()))?;
            }
        }
        let path = tools.join(format!("{PARTIAL}{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("can't create {}", path.display()))?;
        process::remove_when_stopped(&path);
        Ok(Self { path })
    }

    fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder its name. The caller holds the lock of the tools, so nobody else makes the same folder meanwhile.
    fn keep(self, name: &Path) -> Result<()> {
        fs::rename(&self.path, name)
            .with_context(|| format!("can't rename {} to {}", self.path.display(), name.display()))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.path.exists()
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            crate::say(&format!("{} could not be removed: {error}", self.path.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(number("7.10.0") > number("7.4.1"));
        assert!(number("7.4.0-preview.1") >= LEAST_POWERSHELL);
        assert!(number("7.3.9") < LEAST_POWERSHELL);
        assert!(number("rubbish") < LEAST_SDK);
    }

    #[test]
    fn newest_sdk_is_taken() {
        let list = "6.0.100 [/usr/share/dotnet/sdk]\n10.0.401 [/x y/sdk]\n9.0.300 [/usr/share/dotnet/sdk]\n";
        assert_eq!(newest_sdk(list).as_deref(), Some("10.0.401"));
        assert_eq!(newest_sdk("").as_deref(), None);
    }

    #[test]
    fn sums_are_read_strictly() {
        let hash = "0".repeat(64);
        let entries = parse_sums(&format!("{hash}  a.tar.xz\n{hash} *nuget/b.nupkg\n")).unwrap();
        assert_eq!(entries.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a.tar.xz", "nuget/b.nupkg"]);
        for bad in [
            format!("{hash}  ../evil"),
            format!("{hash}  /etc/passwd"),
            "abc  file".to_owned(),
            "nonsense".to_owned(),
            String::new(),
        ] {
            assert!(parse_sums(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_bundle_is_verified_before_anything_appears() {
        let run = Workspace::find().unwrap().run_directory().unwrap();
        let (source, tools) = (run.path().join("bundle"), run.path().join("tools"));
        fs::create_dir_all(source.join("nuget")).unwrap();
        fs::create_dir_all(&tools).unwrap();
        fs::write(source.join("nuget/x.nupkg"), "abc").unwrap();
        fs::write(source.join(SUMS), format!("{}  nuget/x.nupkg\n", "0".repeat(64))).unwrap();
        assert!(unpack_bundle(&source, &tools).unwrap_err().to_string().contains("not the expected file"));
        assert_eq!(fs::read_dir(&tools).unwrap().count(), 0);
        let right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        fs::write(source.join(SUMS), format!("{right}  nuget/x.nupkg\n")).unwrap();
        let folder = unpack_bundle(&source, &tools).unwrap();
        assert_eq!(fs::read_to_string(folder.join("nuget/x.nupkg")).unwrap(), "abc");
        assert_eq!(earlier_bundle(&tools).unwrap(), Some(folder.clone()));
        // A second time nothing is read but the list.
        fs::remove_file(source.join("nuget/x.nupkg")).unwrap();
        assert_eq!(unpack_bundle(&source, &tools).unwrap(), folder);
    }
}
