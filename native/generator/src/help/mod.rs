//! The help that `Get-Help` shows: one MAML file for all cmdlets of the module, made of the catalog's facts and of the
//! written pages in `powershell/Help` (whose layout its README describes).
//!
//! PowerShell reads the file when somebody asks for help and not before, so it costs nothing at import.

mod examples;
mod facts;
mod maml;
mod page;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use exo_catalog::Parameter;

use crate::catalog::{self, Cmdlet, Overrides};
use crate::error::{Error, Result};
use crate::{create_dir, read_json, write_if_changed};

use facts::Facts;
use page::{Page, ParameterText};

/// The page with texts for parameters that many cmdlets have. One with a type is a parameter that we give to every cmdlet of
/// the service.
const COMMON_PAGE: &str = "Parameters.md";
/// What tells people how to write pages; no page itself.
const README: &str = "README.md";

/// Writes the help of the cmdlets that ship to `target` and returns their names, sorted.
///
/// A page of a cmdlet that does not ship now is checked as all others are, and left out.
///
/// # Errors
/// When a file cannot be read or written, when a page does not have the layout, when it speaks of a cmdlet or parameter
/// that does not exist, or when a hand-written cmdlet is known neither to the catalog nor by a page.
pub fn generate_help(catalog_dir: &Path, help_dir: &Path, target: &Path) -> Result<Vec<String>> {
    let overrides: Overrides = read_json(&catalog_dir.join("overrides.json"))?;
    let facts: Facts = read_json(&catalog_dir.join("cmdlets.json"))?;
    let common = page::parse_common(&read(&help_dir.join(COMMON_PAGE))?, COMMON_PAGE)?;
    let pages = read_pages(help_dir)?;
    let known = known_parameters(&facts, &pages, &common, &overrides)?;
    for page in pages.values() {
        page.check_parameters(&known)?;
        examples::check(page, &known)?;
    }

    let selected = catalog::select(catalog::read(catalog_dir)?, &overrides)?;
    let own = catalog::hand_written(catalog::read(catalog_dir)?, &overrides)?;
    let mut cmdlets: Vec<Subject> = selected.into_iter().map(Subject::from).collect();
    for cmdlet in cmdlets.iter_mut().filter(|cmdlet| cmdlet.other_service.is_none()) {
        cmdlet.parameters.extend(additions(&common, cmdlet));
    }
    let mut own: Vec<Subject> = own.into_iter().map(Subject::from).collect();
    for name in &overrides.hand_written {
        if !own.iter().any(|cmdlet| &cmdlet.service_name == name) {
            let page = pages.get(name).ok_or_else(|| {
                Error::Data(format!("{name} is not in the catalog and has no page powershell/Help/{name}.md"))
            })?;
            own.push(written_only(page));
        }
    }
    for cmdlet in &mut own {
        if let Some(page) = pages.get(&cmdlet.service_name) {
            cmdlet.parameters.extend(additions(&page.parameters, cmdlet));
        }
    }
    cmdlets.extend(own);
    cmdlets.sort_by(|a, b| a.command_name.cmp(&b.command_name));

    let text = maml::render(&cmdlets, &facts, &pages, &common, &overrides.hand_written);
    if let Some(folder) = target.parent() {
        create_dir(folder)?;
    }
    write_if_changed(target, &text)?;
    Ok(cmdlets.into_iter().map(|cmdlet| cmdlet.command_name).collect())
}

/// Names of parameters by cmdlet, in lower case, for everything that exists: the catalog's, and what pages add to cmdlets of
/// our own.
type Known = BTreeMap<String, BTreeSet<String>>;

fn known_parameters(
    facts: &Facts,
    pages: &BTreeMap<String, Page>,
    common: &[ParameterText],
    overrides: &Overrides,
) -> Result<Known> {
    let mut known: Known = facts
        .cmdlets
        .iter()
        .map(|cmdlet| {
            let mut names: BTreeSet<String> =
                cmdlet.parameters.iter().map(|parameter| parameter.name.to_ascii_lowercase()).collect();
            if cmdlet.should_process {
                names.extend(["whatif", "confirm"].map(str::to_owned));
            }
            if !cmdlet.module_native || overrides.bulk.contains(&cmdlet.name) {
                let ours = common.iter().filter(|text| text.type_name.is_some());
                names.extend(ours.map(|text| text.name.to_ascii_lowercase()));
            }
            (cmdlet.name.to_ascii_lowercase(), names)
        })
        .collect();
    for page in pages.values() {
        let in_catalog = facts.cmdlet(&page.name).is_some();
        let ours = overrides.hand_written.contains(&page.name)
            || facts.cmdlet(&page.name).is_some_and(|cmdlet| cmdlet.module_native);
        if !in_catalog && !ours {
            return Err(page.error(1, "neither the catalog nor handWritten in overrides.json has this cmdlet"));
        }
        let names = known.entry(page.name.to_ascii_lowercase()).or_default();
        for text in page.parameters.iter().filter(|text| text.type_name.is_some()) {
            if !ours {
                return Err(
                    page.error(text.line, "only a cmdlet of our own can have a parameter that the catalog lacks")
                );
            }
            if !names.insert(text.name.to_ascii_lowercase()) {
                return Err(page.error(text.line, &format!("the catalog knows -{}: leave its type out", text.name)));
            }
        }
    }
    Ok(known)
}

fn read_pages(folder: &Path) -> Result<BTreeMap<String, Page>> {
    let mut pages = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|e| Error::io("list", folder, e))? {
        let entry = entry.map_err(|e| Error::io("list", folder, e))?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some(name) = file.strip_suffix(".md") else { continue };
        if file == README || file == COMMON_PAGE {
            continue;
        }
        let page = page::parse(&read(&entry.path())?, &file)?;
        if page.name != name {
            return Err(page.error(1, &format!("the heading says {}, the file's name {name}", page.name)));
        }
        pages.insert(name.to_owned(), page);
    }
    Ok(pages)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| Error::io("read", path, e))
}

/// A cmdlet as its help needs it.
struct Subject {
    service_name: String,
    command_name: String,
    default_set: Option<String>,
    should_process: bool,
    confirm_impact_high: bool,
    is_read: bool,
    row_type: String,
    other_service: Option<String>,
    parameters: Vec<Parameter>,
}

impl From<Cmdlet> for Subject {
    fn from(cmdlet: Cmdlet) -> Self {
        Self {
            service_name: cmdlet.service_name,
            command_name: cmdlet.command_name,
            default_set: cmdlet.default_set,
            should_process: cmdlet.should_process,
            confirm_impact_high: cmdlet.confirm_impact_high,
            is_read: cmdlet.is_read,
            row_type: cmdlet.row_type,
            other_service: cmdlet.other_service,
            parameters: cmdlet.parameters,
        }
    }
}

/// A cmdlet of our own that the original does not have: the page is all there is.
fn written_only(page: &Page) -> Subject {
    Subject {
        service_name: page.name.clone(),
        command_name: page.name.clone(),
        default_set: None,
        should_process: false,
        confirm_impact_high: false,
        is_read: true,
        row_type: String::new(),
        other_service: None,
        parameters: Vec::new(),
    }
}

/// The parameters that only a page knows, in every set.
fn additions(texts: &[ParameterText], cmdlet: &Subject) -> Vec<Parameter> {
    texts
        .iter()
        .filter(|text| !cmdlet.parameters.iter().any(|parameter| parameter.name == text.name))
        .filter_map(|text| {
            Some(Parameter {
                name: text.name.clone(),
                aliases: text.aliases.clone(),
                type_name: text.type_name.clone()?,
                bindings: vec![(None, text.binding)],
                ..Parameter::default()
            })
        })
        .collect()
}
