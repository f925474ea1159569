//! The generator, driven as the build drives it: files in, files out.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use cmdlet_generator::{generate, write_manifest, write_manifest_with_aliases};

/// A folder that is removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cmdlet-generator-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const CATALOG: &str = r##"{"source": {}, "cmdlets": [
{"name": "Get-Thing", "surfaces": ["ExchangeOnline"], "module_native": false, "page": "x",
 "default_parameter_set": {"name": "Identity", "basis": "x"}, "parameter_sets": ["Identity", "Anr"],
 "should_process": false, "confirm_impact_high": false, "deprecated": false, "parameters": [
  {"name": "Anr", "aliases": [], "type": "String", "is_switch": false, "surfaces": ["ExchangeOnline"],
   "sets": {"Anr": {"required": true, "position": null, "value_from_pipeline": false, "value_from_pipeline_by_property_name": false}}},
  {"name": "Identity", "aliases": [], "type": "ThingIdParameter", "is_switch": false, "surfaces": ["ExchangeOnline"],
   "sets": {"Identity": {"required": false, "position": 1, "value_from_pipeline": true, "value_from_pipeline_by_property_name": true}}},
  {"name": "ResultSize", "aliases": [], "type": "Unlimited", "is_switch": false, "surfaces": ["ExchangeOnline"],
   "sets": {"Identity": {"required": false, "position": null, "value_from_pipeline": false, "value_from_pipeline_by_property_name": false},
            "Anr": {"required": false, "position": null, "value_from_pipeline": false, "value_from_pipeline_by_property_name": false}}},
  {"name": "Kind", "aliases": ["wi", "k"], "type": "ThingKind", "is_switch": false, "surfaces": ["ExchangeOnline"], "accepted_values": ["One", "T\"wo"],
   "sets": {"Identity": {"required": false, "position": null, "value_from_pipeline": false, "value_from_pipeline_by_property_name": false}}},
  {"name": "Elsewhere", "aliases": [], "type": "String", "is_switch": false, "surfaces": ["SecurityCompliance"],
   "sets": {"Identity": {"required": true, "position": null, "value_from_pipeline": false, "value_from_pipeline_by_property_name": false}}}
 ]},
{"name": "Set-Thing", "surfaces": ["ExchangeOnline"], "module_native": false, "page": "x",
 "default_parameter_set": {"name": "__AllParameterSets", "basis": "x"}, "parameter_sets": ["__AllParameterSets"],
 "should_process": true, "confirm_impact_high": false, "deprecated": false, "parameters": [
  {"name": "Identity", "aliases": [], "type": "ThingIdParameter", "is_switch": false, "surfaces": ["ExchangeOnline"],
   "sets": {"__AllParameterSets": {"required": true, "position": 1, "value_from_pipeline": false, "value_from_pipeline_by_property_name": true}}}
 ]},
{"name": "Validate-Thing", "surfaces": ["ExchangeOnline"], "module_native": false, "page": "x",
 "default_parameter_set": {"name": "__AllParameterSets", "basis": "x"}, "parameter_sets": ["__AllParameterSets"],
 "should_process": true, "confirm_impact_high": true, "deprecated": false, "parameters": [
  {"name": "Host", "aliases": [], "type": "Boolean", "is_switch": false, "surfaces": ["ExchangeOnline"],
   "sets": {"__AllParameterSets": {"required": true, "position": 2, "value_from_pipeline": false, "value_from_pipeline_by_property_name": false}}}
 ]},
{"name": "Get-EXOThing", "surfaces": ["ExchangeOnline"], "module_native": true, "page": "x",
 "default_parameter_set": {"name": null, "basis": "x"}, "parameter_sets": [], "should_process": false, "confirm_impact_high": false, "parameters": []},
{"name": "Get-Compliance", "surfaces": ["SecurityCompliance"], "module_native": false, "page": "x",
 "default_parameter_set": {"name": null, "basis": "x"}, "parameter_sets": [], "should_process": false, "confirm_impact_high": false, "parameters": []}
]}"##;

fn overrides(include: &str, corrections: &str) -> String {
    format!(
        r#"{{"include": {include}, "surfaces": ["ExchangeOnline"], "handWritten": ["Connect-Thing"],
        "approvedNames": {{"Validate-Thing": "Test-Thing"}}, "rowTypes": {{"Thing": "Deserialized.Example.Thing"}},
        "corrections": {corrections}}}"#
    )
}

fn folder(name: &str, include: &str, corrections: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("cmdlets.json", CATALOG);
    folder.write("overrides.json", &overrides(include, corrections));
    folder
}

#[test]
fn a_class_carries_what_the_catalog_says() {
    let folder = folder("class", r#"["Get-Thing"]"#, "{}");
    let generated = generate(&folder.0, &folder.0.join("out")).expect("generated");
    assert_eq!(generated.cmdlets, ["Connect-Thing", "Get-Thing"]);
    assert!(generated.aliases.is_empty());

    let text = folder.read("out/Cmdlets/Get-Thing.g.cs");
    for expected in [
        "[Cmdlet(\"Get\", \"Thing\", DefaultParameterSetName = \"Identity\")]\n[OutputType(\"Deserialized.Example.Thing\")]\n",
        "public partial class GetThingCommand : PipelineServiceCmdlet\n",
        "new ServiceCmdletDefinition(\"Get-Thing\", \"Deserialized.Example.Thing\")",
        "Surface = ServiceSurface.Exchange,",
        "IsRead = true,",
        "HasPagedResults = true,",
        // Position 1 of the page is 0 of PowerShell.
        "[Parameter(ParameterSetName = \"Identity\", Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]\n    [Completion.TenantObjects(\"Get-Thing\")]\n    public object Identity;",
        "[Parameter(ParameterSetName = \"Anr\", Mandatory = true)]\n    public string Anr;",
        // In every set alike: one attribute.
        "[Parameter]\n    [ValidateResultSize]\n    [SendsNumbers]\n    public object ResultSize;",
        // The alias of -WhatIf is not for others.
        "[Alias(\"k\")]\n    [AcceptedValues(\"One\", \"T\\\"wo\")]\n    public object Kind;",
    ] {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
    assert!(!text.contains("Elsewhere"), "a parameter of another surface");
    assert!(text.find(" Identity;").expect("Identity") < text.find(" Anr;").expect("Anr"), "positional ones first");
}

#[test]
fn bulk_cmdlets_are_generated_with_the_properties_they_know() {
    let folder = Folder::new("bulk");
    let parameter = |name: &str, type_name: &str| {
        format!(
            r#"{{"name": "{name}", "type": "{type_name}", "is_switch": false, "surfaces": ["ExchangeOnline"],
            "sets": {{"__AllParameterSets": {{"required": false, "position": null, "value_from_pipeline": false,
            "value_from_pipeline_by_property_name": true}}}}}}"#
        )
    };
    let parameters = [parameter("Identity", "String"), parameter("Properties", "String[]")].join(",");
    let cmdlet = format!(
        r#"{{"name": "Get-EXOThing", "surfaces": ["ExchangeOnline"], "module_native": true, "default_parameter_set": {{"name": null}},
        "parameter_sets": ["__AllParameterSets"], "should_process": false, "confirm_impact_high": false, "parameters": [{parameters}]}}"#
    );
    let other = cmdlet.replace("Get-EXOThing", "Get-EXOOther");
    folder.write("cmdlets.json", &format!(r#"{{"cmdlets": [{cmdlet}, {other}]}}"#));
    let text = overrides("\"*\"", "{}").replace("\"corrections\"", "\"bulk\": [\"Get-EXOThing\"], \"corrections\"");
    let text = text.replace("\"Validate-Thing\": \"Test-Thing\"", "");
    folder.write("overrides.json", &text);
    assert!(generate(&folder.0, &folder.0.join("out")).is_err(), "the properties are missing");
    folder.write(
        "property-sets.json",
        r#"{"cmdlets": {"Get-EXOThing": {"property_sets": {"Minimum": ["Name"], "More": ["Alias", "Name"]}}}}"#,
    );
    let generated = generate(&folder.0, &folder.0.join("out")).expect("generated");
    assert_eq!(generated.cmdlets, ["Connect-Thing", "Get-EXOThing"]);
    let text = folder.read("out/Cmdlets/Get-EXOThing.g.cs");
    for expected in [
        "namespace Microsoft.Exchange.Management.RestApiClient;",
        "public sealed partial class GetExoThing : BulkCmdlet\n",
        "Surface = ServiceSurface.Inbuilt,",
        "[Completion.TenantObjects(\"Get-Mailbox\")]\n    public object Identity;",
        "[AcceptedValues(\"Alias\", \"Name\")]\n    public string[] Properties;",
    ] {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
}

#[test]
fn an_unapproved_verb_becomes_an_alias_of_an_approved_name() {
    let folder = folder("verb", r#"["Validate-Thing"]"#, "{}");
    let generated = generate(&folder.0, &folder.0.join("out")).expect("generated");
    assert_eq!(generated.cmdlets, ["Connect-Thing", "Test-Thing"]);
    assert_eq!(generated.aliases, ["Validate-Thing"]);
    let text = folder.read("out/Cmdlets/Validate-Thing.g.cs");
    assert!(text.contains("[Cmdlet(\"Test\", \"Thing\", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]\n[Alias(\"Validate-Thing\")]"), "{text}");
    // The service is asked by its own name, and a parameter may be called like a member of PSCmdlet.
    assert!(text.contains("new ServiceCmdletDefinition(\"Validate-Thing\","), "{text}");
    assert!(
        text.contains(
            "[Parameter(Mandatory = true, Position = 1)]\n    [BooleanValue]\n    public new bool? Host { get; set; }"
        ),
        "{text}"
    );
}

#[test]
fn an_unapproved_verb_without_a_name_is_refused() {
    let folder = folder("unnamed", r#"["Validate-Thing"]"#, "{}");
    folder.write(
        "overrides.json",
        &overrides(r#"["Validate-Thing"]"#, "{}").replace(r#""Validate-Thing": "Test-Thing""#, ""),
    );
    let error = generate(&folder.0, &folder.0.join("out")).expect_err("refused").to_string();
    assert!(error.contains("Validate-Thing"), "{error}");
}

#[test]
fn everything_means_every_server_cmdlet_of_the_surface() {
    let folder = folder("all", r#""*""#, "{}");
    let generated = generate(&folder.0, &folder.0.join("out")).expect("generated");
    assert_eq!(generated.cmdlets, ["Connect-Thing", "Get-Thing", "Set-Thing", "Test-Thing"]);
}

#[test]
fn a_cmdlet_says_where_the_service_offers_it() {
    let folder = Folder::new("surfaces");
    folder.write(
        "cmdlets.json",
        &CATALOG.replacen(
            r#""name": "Set-Thing", "surfaces": ["#,
            r#""name": "Set-Thing", "surfaces": ["SecurityCompliance", "#,
            1,
        ),
    );
    folder.write(
        "overrides.json",
        &overrides(r#""*""#, "{}")
            .replace(r#""surfaces": ["ExchangeOnline"]"#, r#""surfaces": ["ExchangeOnline", "SecurityCompliance"]"#),
    );
    let generated = generate(&folder.0, &folder.0.join("out")).expect("generated");
    assert_eq!(generated.cmdlets, ["Connect-Thing", "Get-Compliance", "Get-Thing", "Set-Thing", "Test-Thing"]);
    for (cmdlet, surface) in [("Get-Thing", "Exchange"), ("Get-Compliance", "Compliance"), ("Set-Thing", "Any")] {
        let text = folder.read(&format!("out/Cmdlets/{cmdlet}.g.cs"));
        assert!(text.contains(&format!("Surface = ServiceSurface.{surface},")), "{text}");
    }
    let text = folder.read("out/Cmdlets/Get-Thing.g.cs");
    assert!(text.contains(" Elsewhere "), "a parameter of a part of the service that the module serves too");
}

#[test]
fn an_identity_that_is_piped_at_all_arrives_whole() {
    let folder = folder("identity", r#"["Set-Thing"]"#, "{}");
    generate(&folder.0, &folder.0.join("out")).expect("generated");
    let text = folder.read("out/Cmdlets/Set-Thing.g.cs");
    let expected = "[Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]\n    [Completion.TenantObjects(\"Get-Thing\")]\n    public object Identity";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("SupportsShouldProcess = true)]"), "{text}");
}

#[test]
fn corrections_win_over_the_catalog() {
    let folder = folder(
        "corrections",
        r#"["Get-Thing"]"#,
        r#"{"Get-Thing": {"why": "a test", "defaultParameterSet": "Anr", "isRead": false, "parameters": {
            "Identity": {"type": "Guid", "position": 3, "pipeline": "property", "required": true},
            "Kind": {"remove": true}}}}"#,
    );
    generate(&folder.0, &folder.0.join("out")).expect("generated");
    let text = folder.read("out/Cmdlets/Get-Thing.g.cs");
    assert!(text.contains("DefaultParameterSetName = \"Anr\""), "{text}");
    assert!(text.contains("IsRead = false"), "{text}");
    assert!(
        text.contains(
            "[Parameter(ParameterSetName = \"Identity\", Mandatory = true, Position = 3, ValueFromPipelineByPropertyName = true)]\n    public System.Guid? Identity"
        ),
        "{text}"
    );
    assert!(!text.contains(" Kind "), "{text}");
}

#[test]
fn a_correction_of_nothing_is_refused() {
    for (include, corrections, missing) in [
        (r#"["Get-Nothing"]"#, "{}", "Get-Nothing"),
        (r#"["Get-Thing"]"#, r#"{"Get-Nothing": {"why": "x"}}"#, "Get-Nothing"),
        (r#"["Get-Thing"]"#, r#"{"Get-Thing": {"why": "x", "parameters": {"Nope": {}}}}"#, "Nope"),
        (r#"["Get-Thing"]"#, r#"{"Get-Thing": {"why": "x", "dropSets": ["None"]}}"#, "None"),
    ] {
        let folder = folder("nothing", include, corrections);
        let error = generate(&folder.0, &folder.0.join("out")).expect_err("refused").to_string();
        assert!(error.contains(missing), "{error}");
    }
}

#[test]
fn unchanged_files_stay_and_stale_ones_go() {
    let folder = folder("stale", r#"["Get-Thing", "Validate-Thing"]"#, "{}");
    let out = folder.0.join("out");
    generate(&folder.0, &out).expect("generated");
    let file = out.join("Cmdlets/Get-Thing.g.cs");
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().write(true).open(&file).and_then(|f| f.set_modified(long_ago)).expect("set time");
    let before = fs::metadata(&file).and_then(|m| m.modified()).expect("time");
    folder.write("out/Cmdlets/notes.txt", "not ours");

    folder.write("overrides.json", &overrides(r#"["Get-Thing"]"#, "{}"));
    generate(&folder.0, &out).expect("generated again");
    assert_eq!(fs::metadata(&file).and_then(|m| m.modified()).expect("time"), before, "rewritten without need");
    assert!(!out.join("Cmdlets/Validate-Thing.g.cs").exists(), "stale");
    assert!(out.join("Cmdlets/notes.txt").exists(), "only our own files go");
}

#[test]
fn the_manifest_gets_its_export_lists() {
    let folder = Folder::new("manifest");
    folder.write("a.psd1", "@{\n    CmdletsToExport = @()\n    AliasesToExport = @()\n}\n");
    let (source, target) = (folder.0.join("a.psd1"), folder.0.join("module/b.psd1"));
    write_manifest(&source, &target, &["Get-A".to_owned()]).expect("written");
    assert_eq!(
        folder.read("module/b.psd1"),
        "@{\n    CmdletsToExport = @(\n        '*',\n        'Get-A'\n    )\n    AliasesToExport = @()\n}\n"
    );
    write_manifest_with_aliases(&source, &target, &["Get-A".to_owned()], &["Check-A".to_owned()]).expect("written");
    assert!(folder.read("module/b.psd1").contains("AliasesToExport = @(\n        'Check-A'\n    )"));
}

#[test]
fn the_real_catalog_is_generated_whole() {
    let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../powershell/Catalog");
    let folder = Folder::new("real");
    let generated = generate(&catalog, &folder.0.join("out")).expect("generated");
    // All that the catalog has, and two of our own.
    assert!(generated.cmdlets.len() > 940, "{}", generated.cmdlets.len());
    assert!(generated.aliases.contains(&"Release-QuarantineMessage".to_owned()));
    let set = folder.read("out/Cmdlets/Set-OrganizationConfig.g.cs");
    assert!(set.contains(
        "    [BooleanValue]\n    public bool? OAuth2ClientProfileEnabled { get => BoundValue<bool?>(); set { } }"
    ));
    // Nothing can be piped into it.
    assert!(set.contains("public partial class SetOrganizationConfigCommand : ServiceCmdlet\n"));
    let flags = folder.read("out/Cmdlets/Set-MailboxFolderPermission.g.cs");
    assert!(flags.contains("    [FlagList]\n    [AcceptedValues(\"None\", "), "{flags}");
}

#[test]
fn a_cmdlet_of_another_service_is_there_and_says_so() {
    let folder = folder("other", r#""*""#, "{}");
    let other = r#""otherServices": [{"name": "Viva", "cmdlets": ["Get-EXOThing"]}], "corrections""#;
    folder.write("overrides.json", &overrides(r#""*""#, "{}").replace("\"corrections\"", other));
    let generated = generate(&folder.0, &folder.0.join("out")).expect("generated");
    assert_eq!(generated.cmdlets, ["Connect-Thing", "Get-EXOThing", "Get-Thing", "Set-Thing", "Test-Thing"]);
    let text = folder.read("out/Cmdlets/Get-EXOThing.g.cs");
    for expected in
        ["public sealed partial class GetEXOThingCommand : OtherServiceCmdlet\n", ": base(\"Get-EXOThing\", \"Viva\")"]
    {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
    assert!(!text.contains("ServiceCmdletDefinition") && !text.contains("OutputType"), "{text}");
}

#[test]
fn two_parameters_can_take_the_piped_object() {
    let corrections =
        r#"{"Get-Thing": {"why": "x", "dropSets": ["Anr"], "parameters": {"Kind": {"pipeline": "value"}}}}"#;
    let folder = folder("piped", r#"["Get-Thing"]"#, corrections);
    generate(&folder.0, &folder.0.join("out")).expect("generated");
    let text = folder.read("out/Cmdlets/Get-Thing.g.cs");
    for expected in [
        "[Parameter(ValueFromPipeline = true)]\n    [Alias(\"k\")]",
        "PipedObject.Settle(MyInvocation, nameof(Identity), Identity, nameof(Kind), Kind)",
    ] {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
    assert!(!text.contains("ParameterSetName"), "one set is left\n{text}");
}
