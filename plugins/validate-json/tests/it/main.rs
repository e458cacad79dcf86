//! The plugin agrees with the public test suites, and its findings point at the right bytes.

use std::{fs, path::PathBuf};

use lockgate_sdk::{Batch, Findings, Severity, Subject, testing};
use serde_json::{Value, json};
use validate_json::ValidateJson;

fn try_check(settings: Value, records: &[&[u8]]) -> Result<Findings, String> {
    let batches = [Batch::of(records)];
    testing::validate::<ValidateJson>(settings, &Subject::new("trf_1"), &batches).map(|(findings, _)| findings)
}

fn check(settings: Value, record: &str) -> Findings {
    try_check(settings, &[record.as_bytes()]).expect("these settings are fine")
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("is there").map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

#[test]
fn the_schema_suite_is_judged_as_it_expects() {
    let mut cases = 0;
    for file in files("schema-draft2020-12") {
        let groups: Vec<Value> = serde_json::from_slice(&fs::read(&file).expect("readable")).expect("JSON");
        for group in groups {
            for test in group["tests"].as_array().expect("a list") {
                let findings = check(json!({"schema": group["schema"]}), &test["data"].to_string());
                let valid = test["valid"].as_bool().expect("true or false");
                let name = format!("{}: {}: {}", file.display(), group["description"], test["description"]);
                assert_eq!(findings.is_empty(), valid, "{name}: {findings:?}");
                cases += 1;
            }
        }
    }
    assert!(cases > 250, "only {cases} cases");
}

#[test]
fn the_parsing_suite_is_judged_as_it_expects() {
    for file in files("parsing") {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let text = fs::read(&file).expect("readable");
        let findings = try_check(json!({"schema": true}), &[&text]).expect("valid");
        match name.as_bytes()[0] {
            b'y' => assert!(findings.is_empty(), "{name}: {findings:?}"),
            b'n' => {
                assert_eq!(findings.items().len(), 1, "{name}");
                assert_eq!(findings.items()[0].rule(), "json-syntax", "{name}");
            }
            _ => (),
        }
    }
}

#[test]
fn violations_carry_rule_pointer_and_bytes() {
    let schema = json!({"type": "object", "required": ["id"], "properties": {
        "id": {"type": "integer"}, "lines": {"items": {"properties": {"name": {"maxLength": 3}}}}}});
    let record = r#"{"id": "x", "lines": [{"name": "abc"}, {"name": "abcd"}]}"#;
    let findings = check(json!({"schema": schema, "severity": "hold"}), record);
    let told = |index: usize| {
        let finding = &findings.items()[index];
        let place = finding.place().expect("points at the value");
        (finding.rule(), place.pointer.as_str(), &record[place.range.clone()])
    };
    assert_eq!(findings.items().len(), 2);
    assert_eq!(told(0), ("schema-type", "/id", "\"x\""));
    assert_eq!(told(1), ("schema-max-length", "/lines/1/name", "\"abcd\""));
    assert!(findings.items().iter().all(|finding| finding.severity() == Severity::Hold));
    assert!(findings.items().iter().all(|finding| !finding.message().contains("abcd")), "{findings:?}");
}

#[test]
fn broken_json_is_refused_at_its_byte() {
    let record = "{\n  \"a\": 1,\n  \"b\": ?\n}";
    let findings = check(json!({"schema": true, "severity": "note"}), record);
    let finding = &findings.items()[0];
    assert_eq!((finding.rule(), finding.severity()), ("json-syntax", Severity::Refuse));
    assert_eq!(finding.message(), "this is not JSON: expected value");
    assert_eq!(finding.place().expect("points at it").range.start, record.find('?').expect("is there"));
}

#[test]
fn each_record_is_judged_alone() {
    let settings = json!({"schema": {"type": "integer"}});
    let findings = try_check(settings, &[b"1", b"true", b"2", b"{"]).expect("valid");
    let told: Vec<_> = findings.items().iter().map(|f| (f.rule(), f.place().expect("has one").position)).collect();
    assert_eq!(told, [("schema-type", 1), ("json-syntax", 3)]);
}

#[test]
fn formats_are_checked_unless_the_settings_say_no() {
    let schema = json!({"format": "date"});
    assert!(!check(json!({"schema": schema}), "\"2013-02-29\"").is_empty());
    assert!(check(json!({"schema": schema, "formats": false}), "\"2013-02-29\"").is_empty());
}

#[test]
fn schemas_that_are_wrong_or_elsewhere_are_refused() {
    let error = try_check(json!({"schema": {"type": "no-such-type"}}), &[]).expect_err("no such type");
    assert!(error.starts_with("the schema is wrong"), "{error}");
    let error = try_check(json!({"schema": {"$ref": "https://example.com/schema.json"}}), &[]).expect_err("elsewhere");
    assert!(error.contains("example.com"), "{error}");
}

#[test]
fn references_within_the_schema_work() {
    let schema = json!({"$defs": {"id": {"type": "integer"}}, "items": {"$ref": "#/$defs/id"}});
    assert!(check(json!({"schema": schema}), "[1, 2]").is_empty());
    assert_eq!(check(json!({"schema": schema}), "[1, \"2\"]").items().len(), 1);
}
