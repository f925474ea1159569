//! The export lists of the module manifest.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::write_if_changed;

/// What the list of cmdlets begins with. PowerShell compares every cmdlet that it imports with the entries in turn until one matches, so
/// that without this the time of an import grows with the square of the number of cmdlets. It takes nothing from the names that follow: who
/// reads the manifest has them, and PowerShell finds a module by them without loading it.
const EVERY: &str = "*";

/// Copies the manifest with its `CmdletsToExport` filled in.
///
/// A list of names lets PowerShell find a cmdlet's module without loading it.
///
/// # Errors
/// When a file cannot be read or written, or the source has no empty `CmdletsToExport = @()` to fill.
pub fn write_manifest(source_psd1: &Path, target_psd1: &Path, cmdlets: &[String]) -> Result<()> {
    write_manifest_with_aliases(source_psd1, target_psd1, cmdlets, &[])
}

/// As [`write_manifest`], with `AliasesToExport` too.
///
/// # Errors
/// As [`write_manifest`].
pub fn write_manifest_with_aliases(
    source_psd1: &Path,
    target_psd1: &Path,
    cmdlets: &[String],
    aliases: &[String],
) -> Result<()> {
    let mut text = fs::read_to_string(source_psd1).map_err(|e| Error::io("read", source_psd1, e))?;
    let every = cmdlets.first().map(|_| EVERY);
    let cmdlets: Vec<&str> = every.into_iter().chain(cmdlets.iter().map(String::as_str)).collect();
    let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
    for (key, names) in [("CmdletsToExport", cmdlets), ("AliasesToExport", aliases)] {
        text = fill(&text, key, &names)
            .ok_or_else(|| Error::Data(format!("{}: no line `{key} = @()` to fill", source_psd1.display())))?;
    }
    if let Some(folder) = target_psd1.parent() {
        fs::create_dir_all(folder).map_err(|e| Error::io("create", folder, e))?;
    }
    write_if_changed(target_psd1, &text)
}

/// Replaces the empty list of one key; `None` if there is no such line.
fn fill(text: &str, key: &str, names: &[&str]) -> Option<String> {
    let line = text.lines().find(|line| {
        line.trim_start()
            .strip_prefix(key)
            .and_then(|rest| rest.trim_start().strip_prefix('='))
            .is_some_and(|rest| rest.trim_start().starts_with("@()"))
    })?;
    if names.is_empty() {
        return Some(text.to_owned());
    }
    let indent = &line[..line.len() - line.trim_start().len()];
    // With commas the names are one expression; without, PowerShell would compile and run a statement for each.
    let names: Vec<String> = names.iter().map(|name| format!("{indent}    '{}'", name.replace('\'', "''"))).collect();
    let list = format!("@(\n{}\n{indent})", names.join(",\n"));
    Some(text.replacen(line, &line.replacen("@()", &list, 1), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_is_filled_and_its_comment_stays() {
        let text = "@{\n    CmdletsToExport   = @() # written by the build\n    AliasesToExport = @()\n}\n";
        let filled = fill(text, "CmdletsToExport", &["Get-A", "Get-B"]).expect("filled");
        assert_eq!(
            filled,
            "@{\n    CmdletsToExport   = @(\n        'Get-A',\n        'Get-B'\n    ) # written by the build\n    AliasesToExport = @()\n}\n"
        );
    }

    #[test]
    fn a_quote_in_a_name_is_doubled() {
        assert_eq!(fill("A = @()", "A", &["It's"]).expect("filled"), "A = @(\n    'It''s'\n)");
    }

    #[test]
    fn a_manifest_without_the_key_is_refused() {
        assert!(fill("@{ }", "CmdletsToExport", &["Get-A"]).is_none());
    }
}
