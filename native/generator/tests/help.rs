//! The help file, made as the build makes it: catalog and pages in, MAML out.

use std::fs;
use std::path::{Path, PathBuf};

use cmdlet_generator::generate_help;

/// A folder that is removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cmdlet-generator-help-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("Help")).expect("a folder");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        fs::write(self.0.join(name), text).expect("a file");
        self
    }

    fn generate(&self) -> Result<(Vec<String>, String), String> {
        let target = self.0.join("en-US/x.dll-Help.xml");
        let names = generate_help(&self.0, &self.0.join("Help"), &target).map_err(|e| e.to_string())?;
        Ok((names, fs::read_to_string(target).expect("the file")))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const CATALOG: &str = r##"{"source": {}, "cmdlets": [
{"name": "Get-Thing", "surfaces": ["ExchangeOnline"], "module_native": false, "page": "Get-Thing.md",
 "default_parameter_set": {"name": "Identity", "basis": "x"}, "parameter_sets": ["Anr", "Identity"],
 "should_process": false, "confirm_impact_high": false, "deprecated": false, "parameters": [
  {"name": "Anr", "aliases": [], "type": "String", "is_switch": false, "surfaces": ["ExchangeOnline"],
   "sets": {"Anr": {"required": true, "position": null, "value_from_pipeline": false, "value_from_pipeline_by_property_name": false}}},
  {"name": "Identity", "aliases": ["Id1"], "type": "ThingIdParameter", "is_switch": false, "surfaces": ["ExchangeOnline"],
   "sets": {"Identity": {"required": false, "position": 1, "value_from_pipeline": true, "value_from_pipeline_by_property_name": true}}},
  {"name": "Kind", "aliases": [], "type": "System.String[]", "is_switch": false, "surfaces": ["ExchangeOnline"], "accepted_values": ["One", "Two"],
   "accepted_values_complete": false, "default": "One", "range": {"min": 1, "max": 9},
   "sets": {"Identity": {"required": false, "position": null, "value_from_pipeline": false, "value_from_pipeline_by_property_name": false},
            "Anr": {"required": true, "position": null, "value_from_pipeline": false, "value_from_pipeline_by_property_name": false}}}
 ]},
{"name": "Validate-Thing", "surfaces": ["ExchangeOnline", "SecurityCompliance"], "module_native": false, "page": null,
 "default_parameter_set": {"name": "__AllParameterSets", "basis": "x"}, "parameter_sets": ["__AllParameterSets"],
 "should_process": true, "confirm_impact_high": true, "deprecated": true, "deprecation": {"kind": "retired", "see": ["Get-Thing"]}, "parameters": [
  {"name": "Deep", "aliases": [], "type": "SwitchParameter", "is_switch": true, "surfaces": ["ExchangeOnline"], "reserved": true,
   "sets": {"__AllParameterSets": {"required": false, "position": null, "value_from_pipeline": false, "value_from_pipeline_by_property_name": false}}}
 ]},
{"name": "Connect-Thing", "surfaces": ["ExchangeOnline"], "module_native": true, "page": "Connect-Thing.md",
 "default_parameter_set": {"name": null, "basis": "x"}, "parameter_sets": ["__AllParameterSets"], "should_process": false, "confirm_impact_high": false,
 "parameters": [
  {"name": "Uri", "aliases": [], "type": "String", "is_switch": false, "surfaces": ["ExchangeOnline"],
   "sets": {"__AllParameterSets": {"required": false, "position": 0, "value_from_pipeline": false, "value_from_pipeline_by_property_name": false}}}
 ]}
]}"##;

const OVERRIDES: &str = r#"{"include": ["Get-Thing", "Validate-Thing"], SURFACES, "handWritten": ["Connect-Thing"],
    "approvedNames": {"Validate-Thing": "Test-Thing"}, "rowTypes": {}, "corrections": {}}"#;

const CONNECT_PAGE: &str = "# Connect-Thing\n\nConnects.\n\n## Description\n\nIt connects.\n\n## Parameters\n\n### -Uri\n\nWhere to.\n\n\
    ### -Secret\n\nType: SecureString\n\nA secret.\n\n## Examples\n\n### Simple\n\n```powershell\nConnect-Thing -Uri 'a<b' -Verbose\n\
    Get-Thing -Kind One | Where-Object Name -eq 'x'\n```\n\nConnects & reads.\n\n## Links\n\n- Get-Thing\n";

/// What the overrides call the surface is read off the real ones: it is not this test's business.
fn overrides() -> String {
    let real = fs::read_to_string(powershell().join("Catalog/overrides.json")).expect("the overrides");
    let surfaces = real.lines().map(str::trim).find(|line| line.starts_with("\"surface")).expect("the surface");
    OVERRIDES.replace("SURFACES", surfaces.trim_end_matches(','))
}

fn powershell() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../powershell")
}

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder
        .write("cmdlets.json", CATALOG)
        .write("overrides.json", &overrides())
        .write(
            "Help/Parameters.md",
            "# Parameters\n\n### -Kind\n\nWhich kind.\n\n### -Deep\n\nHow deep.\n\n### -WhatIf\n\nShows.\n",
        )
        .write("Help/README.md", "Not a page.")
        .write("Help/Connect-Thing.md", CONNECT_PAGE);
    folder
}

/// The part of the file that belongs to one cmdlet.
fn command<'a>(text: &'a str, name: &str) -> &'a str {
    let start = format!("<details><name>{name}</name>");
    let commands = text.split("<command>").find(|command| command.starts_with(&start));
    commands.unwrap_or_else(|| panic!("{name} is not in\n{text}"))
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
}

#[test]
fn a_cmdlet_of_the_catalog_shows_all_that_is_known() {
    let (names, text) = folder("catalog").generate().expect("help");
    assert_eq!(names, ["Connect-Thing", "Get-Thing", "Test-Thing"]);
    let get = command(&text, "Get-Thing");
    has(
        get,
        &[
            "<maml:description><maml:para>Returns things.</maml:para></maml:description><verb>Get</verb><noun>Thing</noun></details>",
            "A cmdlet of Exchange Online. Your roles",
            "It reads and changes nothing. -Identity comes from the pipeline too",
            // The default set first; in it -Kind is optional.
            "<syntax><syntaxItem><maml:name>Get-Thing</maml:name><parameter required=\"false\" position=\"0\">\
             <maml:name>Identity</maml:name><parameterValue>ThingIdParameter</parameterValue></parameter>\
             <parameter required=\"false\" position=\"named\"><maml:name>Kind</maml:name>\
             <parameterValue>String[]</parameterValue></parameter></syntaxItem><syntaxItem>",
            "<parameters><parameter required=\"false\" globbing=\"false\" pipelineInput=\"true (ByValue, ByPropertyName)\" \
             position=\"0\" aliases=\"Id1\"><maml:name>Identity</maml:name>",
            "<maml:name>Anr</maml:name><parameterValue>String</parameterValue></parameter><parameter required=\"true\"",
            "<maml:para>Which kind.</maml:para><maml:para>From 1 to 9.</maml:para><maml:para>Accepted values: One, Two, and others.</maml:para>\
             <maml:para>Required in the parameter set Anr.</maml:para>",
            "<parameterValue required=\"true\">String[]</parameterValue><dev:defaultValue>One</dev:defaultValue>",
            "<maml:uri>https://learn.microsoft.com/powershell/module/exchangepowershell/get-thing</maml:uri>",
            "<returnValues><returnValue><dev:type><maml:name>Deserialized.",
        ],
    );
    assert!(!get.contains("WhatIf"), "{get}");
    assert!(!get.contains("<dev:type><maml:name>String[]"), "the value says it: {get}");
    assert_eq!(get.matches("<syntaxItem>").count(), 2);
}

#[test]
fn a_cmdlet_that_changes_things_shows_its_questions() {
    let (_, text) = folder("change").generate().expect("help");
    let test = command(&text, "Test-Thing");
    has(
        test,
        &[
            "The service calls it Validate-Thing, which works here as an alias.",
            "A cmdlet of Exchange Online, which Security &amp; Compliance has too.",
            "The service has retired this cmdlet. Use Get-Thing instead.",
            "Without -Confirm:$false it asks before it acts.",
            "aliases=\"wi\"><maml:name>WhatIf</maml:name><maml:description><maml:para>Shows.</maml:para>",
            "<parameter required=\"false\" position=\"named\"><maml:name>Confirm</maml:name></parameter></syntaxItem>",
            // A text about what others call so would be wrong for a reserved parameter.
            "<maml:description><maml:para>The service keeps this parameter for its own use.</maml:para>",
        ],
    );
    assert!(!test.contains("How deep"), "{test}");
    assert!(!test.contains("SwitchParameter</parameterValue></parameter></syntaxItem>"), "{test}");
    assert!(!test.contains("relatedLinks"), "no page, no link: {test}");
}

#[test]
fn a_page_is_merged_with_the_catalog() {
    let (_, text) = folder("page").generate().expect("help");
    let connect = command(&text, "Connect-Thing");
    has(
        connect,
        &[
            "<maml:para>Connects.</maml:para></maml:description><verb>Connect</verb>",
            "</details><maml:description><maml:para>It connects.</maml:para></maml:description>",
            "position=\"0\" aliases=\"none\"><maml:name>Uri</maml:name><maml:description><maml:para>Where to.</maml:para>",
            "<maml:name>Secret</maml:name><maml:description><maml:para>A secret.</maml:para></maml:description>\
             <parameterValue required=\"true\">SecureString</parameterValue>",
            "<maml:title>-------------------------- Example 1: Simple --------------------------</maml:title><dev:code>Connect-Thing -Uri 'a&lt;b' -Verbose\nGet-Thing -Kind One | Where-Object Name -eq 'x'</dev:code>",
            "<dev:remarks><maml:para>Connects &amp; reads.</maml:para><maml:para></maml:para></dev:remarks>",
            "<maml:linkText>Get-Thing</maml:linkText><maml:uri></maml:uri>",
        ],
    );
}

#[test]
fn a_parameter_that_we_give_to_all_is_in_all_cmdlets_of_the_service() {
    let folder = folder("common");
    folder.write("Help/Parameters.md", "# Parameters\n\n### -Where\n\nType: Guid, alias At\n\nWhere.\n");
    folder.write("Help/Connect-Thing.md", &CONNECT_PAGE.replace("Get-Thing -Kind One", "Get-Thing -Where $a"));
    let (_, text) = folder.generate().expect("help");
    for name in ["Get-Thing", "Test-Thing"] {
        has(
            command(&text, name),
            &["aliases=\"At\"><maml:name>Where</maml:name><maml:description><maml:para>Where.</maml:para>"],
        );
    }
    assert!(!command(&text, "Connect-Thing").contains(">Where<"), "ours says itself what it has");
    folder.write("Help/Parameters.md", "# Parameters\n\n### -Where\n\nWhere.\n");
    assert!(folder.generate().expect_err("not given to all").contains("Get-Thing has no parameter -Where"));
}

#[test]
fn help_of_what_does_not_exist_is_refused() {
    for (from, to, expected) in [
        ("-Uri 'a<b'", "-Url 'a'", "Connect-Thing.md, line 26: Connect-Thing has no parameter -Url"),
        ("Get-Thing -Kind", "Get-Thing -Sort", "line 27: Get-Thing has no parameter -Sort"),
        ("Get-Thing -Kind", "Get-Thing -WhatIf -Kind", "line 27: Get-Thing has no parameter -WhatIf"),
        ("Get-Thing -Kind", "Get-Thingg -Kind", "line 27: there is no cmdlet Get-Thingg"),
        ("Connect-Thing -Uri", "Get-Thing -Kind", "line 26: this example does not use Connect-Thing"),
        ("### -Uri", "### -Url", "line 11: Connect-Thing has no parameter -Url"),
        ("Where to.", "Type: String\n\nWhere to.", "line 11: the catalog knows -Uri"),
        (
            "# Connect-Thing",
            "# Connect-Things",
            "line 1: the heading says Connect-Things, the file's name Connect-Thing",
        ),
    ] {
        let folder = folder("refused");
        assert!(CONNECT_PAGE.contains(from), "{from}");
        folder.write("Help/Connect-Thing.md", &CONNECT_PAGE.replacen(from, to, 1));
        let error = folder.generate().expect_err(expected);
        assert!(error.contains(expected), "{expected}\n{error}");
    }

    let page = |name: &str| CONNECT_PAGE.replace("Connect-Thing", name);
    let stranger = folder("stranger");
    stranger.write("Help/Get-Nothing.md", &page("Get-Nothing"));
    assert!(stranger.generate().expect_err("unknown").contains("neither the catalog nor handWritten"));
    let addition = folder("addition");
    addition.write("Help/Get-Thing.md", &page("Get-Thing").replace("### -Uri\n\nWhere to.\n\n", ""));
    assert!(addition.generate().expect_err("not ours").contains("only a cmdlet of our own can have"));
}

#[test]
fn a_cmdlet_of_our_own_needs_the_catalog_or_a_page() {
    let folder = folder("own");
    folder.write("overrides.json", &overrides().replace("[\"Connect-Thing\"]", "[\"Connect-Thing\", \"Get-Own\"]"));
    assert!(folder.generate().expect_err("no page").contains("powershell/Help/Get-Own.md"));
    let page = CONNECT_PAGE
        .replace("Connect-Thing", "Get-Own")
        .replace("-Uri 'a<b' ", "")
        .replace("### -Uri\n\nWhere to.\n\n", "");
    folder.write("Help/Get-Own.md", &page);
    let (names, text) = folder.generate().expect("help");
    assert!(names.contains(&"Get-Own".to_owned()));
    has(
        &text,
        &["<details><name>Get-Own</name>", "<syntaxItem><maml:name>Get-Own</maml:name><parameter required=\"false\""],
    );
}

#[test]
fn a_page_of_a_cmdlet_that_does_not_ship_is_checked_and_left_out() {
    let folder = folder("absent");
    folder.write("overrides.json", &overrides().replace("[\"Get-Thing\", \"Validate-Thing\"]", "[\"Validate-Thing\"]"));
    let page = "# Get-Thing\n\nReads.\n\n## Description\n\nIt reads.\n\n## Examples\n\n### All\n\n```powershell\nGet-Thing\n```\n\nAll.\n";
    folder.write("Help/Get-Thing.md", page);
    let (names, text) = folder.generate().expect("help");
    assert_eq!(names, ["Connect-Thing", "Test-Thing"]);
    assert!(!text.contains("<name>Get-Thing</name>"));
    folder.write("Help/Get-Thing.md", &page.replace("Get-Thing\n```", "Get-Thing -Nope\n```"));
    assert!(folder.generate().is_err());
}

#[test]
fn the_real_pages_fit_the_real_catalog() {
    let folder = Folder::new("real");
    let catalog = powershell().join("Catalog");
    fs::copy(catalog.join("cmdlets.json"), folder.0.join("cmdlets.json")).expect("the catalog");
    let mut overrides: serde_json::Value =
        serde_json::from_slice(&fs::read(catalog.join("overrides.json")).expect("the overrides")).expect("JSON");
    overrides["include"] = "*".into();
    folder.write("overrides.json", &overrides.to_string());
    let target = folder.0.join("help.xml");
    let names = generate_help(&folder.0, &powershell().join("Help"), &target).expect("help");
    assert!(names.len() > 650, "{}", names.len());
    let text = fs::read_to_string(target).expect("the file");
    assert_eq!(text.matches("<command>").count(), names.len());
    let pages: Vec<String> = fs::read_dir(powershell().join("Help"))
        .expect("the pages")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(".md").filter(|name| name.contains('-')).map(str::to_owned))
        .collect();
    assert!(pages.len() > 24, "{}", pages.len());
    for name in pages.iter().filter(|page| names.contains(page)) {
        has(command(&text, name), &["- Example 1: "]);
    }
    assert!(
        !text.contains("description><maml:para></maml:para>") && !text.contains("<maml:para>.</maml:para>"),
        "a text without words"
    );
}
