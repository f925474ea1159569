//! Cmdlets are data: this crate turns `cmdlets.json` (what the service offers) and `overrides.json` (what we know better,
//! and what ships now) into one C# class per cmdlet, and fills the export lists of the module manifest.
//!
//! With `"include": "*"` that is every cmdlet of the catalog. Of those of the original module itself (`module_native`, 35 of 941), which are no
//! cmdlets of the service,
//!
//! * `Connect-ExchangeOnline`, `Connect-IPPSSession`, `Disconnect-ExchangeOnline` and `Get-ConnectionInformation` are hand-written;
//! * the nine `Get-EXO*` (`CasMailbox`, `Mailbox`, `MailboxFolderPermission`, `MailboxFolderStatistics`, `MailboxPermission`,
//!   `MailboxStatistics`, `MobileDeviceStatistics`, `Recipient`, `RecipientPermission`) read entity sets of the service instead of running a
//!   cmdlet; they are generated as `"bulk"` says, with the names of the original's classes, which are part of its errors' ids;
//! * the other 22 talk to other services, such as Viva, of which nothing public tells how they are spoken to. They are generated as
//!   `"otherServices"` says: whoever calls one learns whose it is.
//!
//! The generated classes carry parameters and attributes only, and for a few which of two parameters a piped object is; everything a cmdlet
//! *does* is in `ServiceCmdlet`, `PipelineServiceCmdlet`, `BulkCmdlet` and `OtherServiceCmdlet`. They are partial, so that a single one can
//! be given more. The output is deterministic, and a file is rewritten only when its text changed, so an incremental build stays quick.

mod bulk;
mod catalog;
mod csharp;
mod error;
mod help;
mod manifest;
mod verbs;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

pub use error::{Error, Result};
pub use help::generate_help;
pub use manifest::{write_manifest, write_manifest_with_aliases};

use catalog::{Overrides, PropertySets};

/// What a run of [`generate`] produced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Every cmdlet of the module, sorted: the generated ones and the hand-written ones named in `overrides.json`.
    pub cmdlets: Vec<String>,
    /// Aliases of the module, sorted: the service's names whose verb PowerShell does not approve (see [`generate`]).
    pub aliases: Vec<String>,
}

/// Generates the cmdlet classes into `<out_dir>/Cmdlets` and returns the export lists.
///
/// A cmdlet whose verb PowerShell does not approve would make every `Import-Module` print a warning. Such a cmdlet gets
/// an approved name, and its real name as an alias, which the engine does not check; on the wire it keeps the real name.
///
/// Stale `*.g.cs` files of earlier runs are removed.
///
/// # Errors
/// When a file cannot be read or written, when the JSON is not what it should be, or when the overrides name something
/// that the catalog does not have: a correction that corrects nothing is a mistake worth hearing about.
pub fn generate(catalog_dir: &Path, out_dir: &Path) -> Result<Generated> {
    let catalog = catalog::read(catalog_dir)?;
    let overrides: Overrides = read_json(&catalog_dir.join("overrides.json"))?;
    let mut selected = catalog::select(catalog, &overrides)?;
    if selected.iter().any(|cmdlet| cmdlet.is_bulk) {
        let sets: PropertySets = read_json(&catalog_dir.join("property-sets.json"))?;
        selected.iter_mut().filter(|cmdlet| cmdlet.is_bulk).for_each(|cmdlet| sets.offer_names(cmdlet));
    }

    let folder = out_dir.join("Cmdlets");
    create_dir(&folder)?;
    let mut expected = BTreeSet::new();
    let mut cmdlets: BTreeSet<String> = overrides.hand_written.iter().cloned().collect();
    let mut aliases = BTreeSet::new();
    for cmdlet in &selected {
        let file = format!("{}.g.cs", cmdlet.service_name);
        write_if_changed(&folder.join(&file), &csharp::render(cmdlet))?;
        expected.insert(file);
        if !cmdlets.insert(cmdlet.command_name.clone()) {
            return Err(Error::Data(format!("two cmdlets would be called {}", cmdlet.command_name)));
        }
        if cmdlet.command_name != cmdlet.service_name {
            aliases.insert(cmdlet.service_name.clone());
        }
    }
    remove_stale(&folder, &expected)?;
    write_if_changed(&out_dir.join(".editorconfig"), EDITORCONFIG)?;
    Ok(Generated { cmdlets: cmdlets.into_iter().collect(), aliases: aliases.into_iter().collect() })
}

/// Our rule that every public member is documented binds people, not the bindings generator.
const EDITORCONFIG: &str = "\
# Generated. The rules for hand-written code do not apply here.
root = true

[*.cs]
generated_code = true
dotnet_diagnostic.CS1570.severity = none
dotnet_diagnostic.CS1572.severity = none
dotnet_diagnostic.CS1573.severity = none
dotnet_diagnostic.CS1587.severity = none
dotnet_diagnostic.CS1591.severity = none
# The bindings are internal, and have fields that nobody here assigns.
dotnet_diagnostic.CS0649.severity = none
";

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read(path).map_err(|e| Error::io("read", path, e))?;
    serde_json::from_slice(&text).map_err(|e| Error::Data(format!("{}: {e}", path.display())))
}

fn create_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|e| Error::io("create", path, e))
}

pub(crate) fn write_if_changed(path: &Path, text: &str) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    fs::write(path, text).map_err(|e| Error::io("write", path, e))
}

fn remove_stale(folder: &Path, expected: &BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|e| Error::io("list", folder, e))? {
        let entry = entry.map_err(|e| Error::io("list", folder, e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".g.cs") && !expected.contains(&name) {
            fs::remove_file(entry.path()).map_err(|e| Error::io("remove", &entry.path(), e))?;
        }
    }
    Ok(())
}
