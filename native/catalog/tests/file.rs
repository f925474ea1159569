//! A catalog file, as it comes to the module and as it goes to who emits classes.

use exo_catalog::settle_file;
use serde_json::{Value, json};

fn described(file: &str) -> Value {
    serde_json::to_value(settle_file(file.as_bytes()).unwrap_or_else(|e| panic!("{file}: {e}"))).expect("JSON")
}

fn described_entry(entry: &Value) -> Value {
    described(&json!({ "cmdlets": [entry] }).to_string())
}

#[test]
fn the_shortest_entry_is_settled_to_the_last() {
    let file = described_entry(&json!({"name": "Set-Thing", "surfaces": ["ExchangeOnline"], "parameters": [
        {"name": "Host", "type": "System.Boolean", "aliases": ["wi", "h"]},
        {"name": "Identity", "type": "MailboxIdParameter", "sets": {
            "__AllParameterSets": {"position": 1, "required": true, "value_from_pipeline_by_property_name": true}}},
    ]}));
    assert_eq!(file["problems"], json!([]));
    let binding = |more: Value| {
        let mut binding = json!(
            {"set": null, "isMandatory": false, "position": null, "takesObject": false, "takesProperty": false});
        binding.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        binding
    };
    assert_eq!(
        file["cmdlets"],
        json!([{
            "name": "Set-Thing", "verb": "Set", "noun": "Thing", "className": "SetThingCommand", "surface": "Exchange",
            "defaultSet": null, "asksForConfirmation": false, "hasHighImpact": false, "isRead": false, "hasPagedResults": false,
            "givesRows": false, "rowType": "Deserialized.Microsoft.Exchange.Management.Thing",
            "parameters": [
                {"name": "Identity", "typeName": "object", "hidesMember": false,
                 "bindings": [binding(json!({"isMandatory": true, "position": 0, "takesObject": true, "takesProperty": true}))],
                 "attributes": [{"name": "Completion.TenantObjects", "texts": ["Get-Mailbox", "Get-Thing"]}]},
                {"name": "Host", "typeName": "bool?", "hidesMember": true, "bindings": [binding(json!({}))],
                 "attributes": [{"name": "Alias", "texts": ["h"]}, {"name": "BooleanValue", "texts": []}]},
            ],
        }])
    );
}

#[test]
fn what_is_of_servers_only_and_of_the_original_itself_is_left_out() {
    let file = described_entry(&json!({"name": "Get-Thing", "surfaces": ["SecurityCompliance", "ExchangeOnline"],
        "parameter_sets": ["Here", "There"], "parameter_set_surfaces": {"There": ["OnPremises"]}, "parameters": [
            {"name": "A", "type": "String"}, {"name": "B", "type": "String", "surfaces": ["OnPremises"]},
            {"name": "C", "type": "String", "sets": {"There": {}}}]}));
    let names: Vec<&Value> =
        file["cmdlets"][0]["parameters"].as_array().expect("a list").iter().map(|p| &p["name"]).collect();
    assert_eq!((names, &file["cmdlets"][0]["surface"]), (vec![&json!("A")], &json!("Any")));
    let own = json!({"name": "Get-Own", "surfaces": ["ExchangeOnline"], "module_native": true, "parameters": []});
    assert_eq!(described_entry(&own), json!({"cmdlets": [], "problems": []}));
}

#[test]
fn a_cmdlet_with_several_sets_tells_the_engine_of_each() {
    let file =
        described_entry(&json!({"name": "Get-Thing", "surfaces": ["ExchangeOnline"], "parameter_sets": ["A", "B"],
        "parameters": [
            {"name": "First", "type": "String"}, {"name": "Second", "type": "String"},
            {"name": "Third", "type": "String", "sets": {"A": {"required": true}}}]}));
    let cmdlet = &file["cmdlets"][0];
    assert_eq!(cmdlet["defaultSet"], "B", "it asks for less");
    let sets = |i: usize| {
        let bindings = cmdlet["parameters"][i]["bindings"].as_array().expect("a list");
        bindings.iter().map(|binding| binding["set"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((sets(0), sets(1), sets(2)), (vec![Value::Null], vec![Value::Null], vec![json!("A")]));
    let alike =
        described_entry(&json!({"name": "Get-Thing", "surfaces": ["ExchangeOnline"], "parameter_sets": ["A", "B"],
        "parameters": [{"name": "First", "type": "String"}]}));
    let bindings = &alike["cmdlets"][0]["parameters"][0]["bindings"];
    assert_eq!((&bindings[0]["set"], &bindings[1]["set"]), (&json!("A"), &json!("B")), "nothing else names B");
}

#[test]
fn a_position_0_anywhere_means_that_positions_count_from_0() {
    for (stated, expected) in [([1, 2], [0, 1]), ([0, 1], [0, 1]), ([2, 3], [1, 2])] {
        let parameter = |name: &str, position: i32| json!({"name": name, "type": "String", "sets": {"__AllParameterSets": {"position": position}}});
        let parameters = [parameter("A", stated[0]), parameter("B", stated[1])];
        let file =
            described_entry(&json!({"name": "Get-It", "surfaces": ["ExchangeOnline"], "parameters": parameters}));
        for (i, position) in expected.into_iter().enumerate() {
            assert_eq!(file["cmdlets"][0]["parameters"][i]["bindings"][0]["position"], position, "{stated:?}");
        }
    }
}

#[test]
fn each_slip_is_told_by_the_name_of_its_entry_and_the_others_are_settled() {
    let good = |name: &str| json!({"name": name, "surfaces": ["ExchangeOnline"], "parameters": []});
    let with = |key: &str, value: Value| {
        let mut entry = good("Set-Thing");
        entry[key] = value;
        entry
    };
    let parameter = |parameter: Value| with("parameters", json!([parameter]));
    for (entry, name, expected) in [
        (json!([]), "Entry 2", "has no name"),
        (with("name", json!("Set Thing")), "Entry 2", "'Set Thing' is no name of a cmdlet"),
        (with("name", json!("get-FIRST")), "get-FIRST", "there twice"),
        (with("surfaces", json!([])), "Set-Thing", "name one or both"),
        (with("surfaces", json!([1])), "Set-Thing", "surfaces is a list of texts"),
        (with("parameters", json!({})), "Set-Thing", "has no parameters that are a list"),
        (with("parameter_sets", json!(["A", "a"])), "Set-Thing", "a parameter set is there twice"),
        (with("default_parameter_set", json!("A")), "Set-Thing", "default_parameter_set has no name"),
        (with("default_parameter_set", json!({"name": "A"})), "Set-Thing", "the default set 'A'"),
        (with("should_process", json!("yes")), "Set-Thing", "should_process is true or false"),
        (parameter(json!({"name": "1st", "type": "String"})), "Set-Thing", "'1st' is no name of a parameter"),
        (parameter(json!({"name": "A", "type": "String", "aliases": ["b c"]})), "Set-Thing", "alias 'b c'"),
        (parameter(json!({"name": "A"})), "Set-Thing", "Set-Thing -A has no type"),
        (parameter(json!({"name": "wa", "type": "String"})), "Set-Thing", "every cmdlet has a parameter or alias wa"),
        (parameter(json!({"name": "A", "type": "String", "sets": {"B": {}}})), "Set-Thing", "set 'B'"),
        (
            parameter(json!({"name": "A", "type": "String", "sets": {"__AllParameterSets": {"position": -1}}})),
            "Set-Thing",
            "a whole number from 0",
        ),
    ] {
        let file = described(&json!({"cmdlets": [good("Get-First"), entry, good("Get-Last")]}).to_string());
        let names: Vec<&Value> = file["cmdlets"].as_array().expect("a list").iter().map(|c| &c["name"]).collect();
        assert_eq!(names, ["Get-First", "Get-Last"], "{expected}");
        let [problem] = &file["problems"].as_array().expect("a list")[..] else { panic!("{expected}: {file}") };
        assert_eq!(problem["name"], name, "{problem}");
        assert!(problem["message"].as_str().expect("a text").contains(expected), "{expected}: {problem}");
    }
}

#[test]
fn half_a_character_spoils_its_own_entry_only() {
    let other = r#"{"name": "Get-Other", "surfaces": ["ExchangeOnline"], "parameters": []}"#;
    for (entry, name) in [
        (r#"{"name": "Get-\ud800x", "surfaces": ["ExchangeOnline"], "parameters": []}"#, "Entry 1"),
        (r#"{"name": "Get-It", "surfaces": ["\udc00"], "parameters": []}"#, "Get-It"),
    ] {
        let file = described(&format!(r#"{{"cmdlets": [{entry}, {other}]}}"#));
        assert_eq!((&file["cmdlets"][0]["name"], &file["problems"][0]["name"]), (&json!("Get-Other"), &json!(name)));
        assert!(file["problems"][0]["message"].as_str().is_some_and(|text| text.contains("is no text")), "{file}");
    }
}

#[test]
fn what_is_no_catalog_is_refused_as_a_whole() {
    for (file, expected) in [
        ("not JSON", "no JSON"),
        ("", "no JSON"),
        (r#"{"\ud800": 1, "cmdlets": []}"#, "no JSON"),
        (r#"{"cmdlets": []"#, "no JSON"),
        ("[[]]", "no catalog"),
        ("{}", "no cmdlets"),
        (r#"{"cmdlets": {}}"#, "no cmdlets"),
    ] {
        let error = settle_file(file.as_bytes()).err().unwrap_or_else(|| panic!("{file} was taken")).to_string();
        assert!(error.contains(expected), "{file}: {error}");
    }
    assert!(settle_file(b"{\"cmdlets\": [\"\xff\"]}").is_err());
}
