//! Real files pass, and each broken cell is told with its rule, column and bytes.

use lockgate_sdk::{Batch, Facts, Finding, Findings, Severity, Subject, testing};
use serde_json::{Value, json};
use validate_csv::ValidateCsv;

fn check(settings: Value, header: &str, records: &[&str]) -> Findings {
    try_check(settings, header, records).expect("these settings are fine")
}

fn try_check(settings: Value, header: &str, records: &[&str]) -> Result<Findings, String> {
    let subject = Subject::new("trf_1").with_preamble(header);
    let (findings, facts) = testing::validate::<ValidateCsv>(settings, &subject, &[Batch::of(records)])?;
    assert_eq!(facts, Facts::default());
    Ok(findings)
}

/// Rule, position, bytes and pointer of each finding.
fn told(findings: &Findings) -> Vec<(&str, u64, &str, std::ops::Range<usize>)> {
    let mut told = Vec::new();
    for finding in findings.items() {
        let place = finding.place().expect("points at a cell");
        told.push((finding.rule(), place.position, place.pointer.as_str(), place.range.clone()));
    }
    told
}

#[test]
fn a_real_file_passes_and_its_planted_faults_are_found() {
    let file = include_str!("../data/seattle-weather.csv");
    let (header, records) = file.split_once('\n').expect("has a header");
    let mut records: Vec<_> = records.lines().collect();
    let settings = json!({"columns": [
        {"name": "date", "type": "date", "required": true, "min": "2012-01-01", "max": "2015-12-31"},
        {"name": "precipitation", "type": "decimal", "min": 0, "max": 60},
        {"name": "temp_min", "type": "decimal", "min": -20},
        {"name": "weather", "one-of": ["drizzle", "rain", "sun", "snow", "fog"], "max-length": 7},
    ]});
    assert_eq!(told(&check(settings.clone(), header, &records)), []);

    let planted = ["2013-02-29,0,1,1,1,sun", "2013-02-28,-1,1,1,1,hail", "2013-02-28,0,1"];
    records.extend(planted);
    let at = (records.len() - planted.len()) as u64;
    let findings = check(settings, header, &records);
    let expected = [
        ("cell-type", at, "date", 0..10),
        ("cell-range", at + 1, "precipitation", 11..13),
        ("cell-enumeration", at + 1, "weather", 20..24),
        ("column-count", at + 2, "", 0..14),
    ];
    assert_eq!(told(&findings), expected);
    assert_eq!(findings.items()[1].message(), "the cell is less than 0");
}

#[test]
fn a_european_file_is_read_with_its_own_delimiter() {
    let file = include_str!("../data/CovidFaelle_Altersgruppe.csv").trim_start_matches('\u{feff}');
    let mut lines = file.lines();
    let header = lines.next().expect("has a header");
    let records: Vec<_> = lines.collect();
    let settings = json!({"dialect": {"delimiter": ";"}, "columns": [
        {"name": "AltersgruppeID", "type": "integer", "required": true, "min": 1, "max": 10},
        {"name": "Altersgruppe", "pattern": "<5|[0-9]+-[0-9]+|>84"},
        {"name": "Geschlecht", "one-of": ["M", "W"]},
        {"name": "AnzEinwohner", "type": "integer", "min": 1},
    ]});
    assert_eq!(told(&check(settings, header, &records)), []);
    assert!(records.len() > 100);
}

#[test]
fn dates_have_the_form_that_the_settings_give() {
    let settings = json!({"columns": [{"index": 0, "type": "date", "format": "%d.%m.%Y %H:%M:%S"}]});
    let records =
        ["26.02.2020 00:00:00", "31.04.2020 00:00:00", "26.02.2020", "29.02.2000 23:59:60", "1.2.2020 00:00:00"];
    let rules: Vec<_> =
        check(settings, "", &records).items().iter().filter_map(|f| Some(f.place()?.position)).collect();
    assert_eq!(rules, [1, 2, 4]);
}

#[test]
fn the_host_may_tell_the_delimiter() {
    let settings = json!({"columns": [{"name": "b", "type": "integer"}]});
    let subject = Subject::new("trf_1").with("framing.delimiter", ";").with_preamble("a;b");
    let (findings, _) =
        testing::validate::<ValidateCsv>(settings, &subject, &[Batch::of(["x,y;1", "x;one"])]).expect("valid");
    assert_eq!(told(&findings), [("cell-type", 1, "b", 2..5)]);
}

#[test]
fn quotes_belong_to_the_place_but_not_to_the_value() {
    let settings = json!({"columns": [{"name": "city", "pattern": "[a-z, ]+"}]});
    let findings = check(settings, "id,city", &[r#"1,"vienna, at""#, r#"2,"Say ""hi""""#]);
    assert_eq!(told(&findings), [("cell-pattern", 1, "city", 2..14)]);
}

#[test]
fn a_pattern_must_match_the_whole_cell() {
    let settings = json!({"columns": [{"index": 0, "pattern": "a|b"}]});
    assert_eq!(told(&check(settings, "", &["a", "ab"])), [("cell-pattern", 1, "[0]", 0..2)]);
}

#[test]
fn absent_columns_are_found_in_files_without_a_record() {
    let settings = json!({"columns": [{"name": "iban", "required": true}]});
    for (header, expected) in [("name", 1), ("", 1), ("name,iban", 0)] {
        let subject = Subject::new("trf_1").with_preamble(header);
        let (findings, _) = testing::validate::<ValidateCsv>(settings.clone(), &subject, &[]).expect("valid");
        let rules: Vec<_> = findings.items().iter().map(Finding::rule).collect();
        assert_eq!(rules, vec!["column-missing"; expected], "{header}");
    }
}

#[test]
fn absent_columns_and_cells_are_findings() {
    let settings = json!({"columns": [{"name": "iban", "required": true}, {"name": "b", "required": true}]});
    let findings = check(settings.clone(), "a,b", &["1", "1, ", "1,2"]);
    assert_eq!(findings.items()[0].rule(), "column-missing");
    assert_eq!(findings.items()[0].message(), "the header has no column iban");
    let rules: Vec<_> = findings.items().iter().map(Finding::rule).collect();
    assert_eq!(rules, ["column-missing", "column-count", "cell-required", "cell-required"]);

    let subject = Subject::new("trf_1").with_preamble("a,b");
    let later = [Batch::new(9, ["1,2"], true)];
    let (findings, _) = testing::validate::<ValidateCsv>(settings, &subject, &later).expect("valid");
    assert!(findings.is_empty(), "the header is judged once, with the first record");
}

#[test]
fn severity_is_the_columns_own_or_the_settings() {
    let settings = json!({"severity": "note", "columns": [
        {"index": 0, "type": "integer"}, {"index": 1, "type": "boolean", "severity": "hold"}]});
    let findings = check(settings, "", &["x,perhaps"]);
    let severities: Vec<_> = findings.items().iter().map(Finding::severity).collect();
    assert_eq!(severities, [Severity::Note, Severity::Hold]);
}

#[test]
fn money_is_compared_exactly() {
    let settings = json!({"columns": [{"index": 0, "type": "decimal", "decimal-mark": ",", "max": "0,3"}]});
    assert_eq!(
        told(&check(settings, "", &["\"0,30\"", "\"0,3000000000000000001\""])),
        [("cell-range", 1, "[0]", 0..23)]
    );
}

#[test]
fn bytes_that_are_no_text_are_a_finding() {
    let settings = json!({"columns": [{"index": 0}]});
    let batches = [Batch::of([&b"caf\xe9"[..]])];
    let (findings, _) =
        testing::validate::<ValidateCsv>(settings, &Subject::new("trf_1"), &batches).expect("valid settings");
    assert_eq!(told(&findings), [("cell-encoding", 0, "[0]", 0..4)]);
}

#[test]
fn findings_never_quote_the_value() {
    let settings =
        json!({"columns": [{"index": 0, "type": "integer", "pattern": "x", "one-of": ["y"], "max-length": 3}]});
    let findings = check(settings, "", &["secret"]);
    assert_eq!(findings.items().len(), 4);
    assert!(findings.items().iter().all(|finding| !finding.message().contains("secret")));
}

#[test]
fn wrong_settings_are_refused_with_the_column() {
    let refused = |settings| try_check(settings, "", &[]).expect_err("must be refused");
    let error = refused(json!({"columns": [{"name": "a", "pattern": "("}]}));
    assert!(error.starts_with("column a: `pattern` is no regular expression"), "{error}");
    let error = refused(json!({"columns": [{"name": "a", "type": "date", "format": "%d.%m"}]}));
    assert_eq!(error, "the date format `%d.%m` needs all of %Y, %m and %d");
    let error = refused(json!({"columns": [{"name": "a", "min": 1}]}));
    assert_eq!(error, "column a: `min` needs type integer, decimal or date");
    let error = refused(json!({"columns": [{"name": "a", "index": 1}]}));
    assert_eq!(error, "each column has either a `name` or an `index`");
    let error = refused(json!({"columns": [{"name": "a", "type": "integer", "max": 1.5}]}));
    assert_eq!(error, "column a: `max` is not an integer");
}
