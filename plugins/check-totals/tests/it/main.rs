//! Totals of real and of planted files.

use check_totals::CheckTotals;
use lockgate_sdk::{Batch, Facts, Finding, Findings, Subject, testing};
use serde_json::{Value, json};

fn check(settings: Value, header: &str, records: &[&str]) -> (Findings, Facts) {
    let subject = Subject::new("trf_1").with_preamble(header);
    let middle = records.len() / 2;
    let batches = [Batch::new(0, &records[..middle], false), Batch::new(middle as u64, &records[middle..], true)];
    testing::validate::<CheckTotals>(settings, &subject, &batches).expect("these settings are fine")
}

fn told(findings: &Findings) -> Vec<(&str, &str)> {
    findings.items().iter().map(|finding| (finding.rule(), finding.message())).collect()
}

#[test]
fn a_real_file_yields_its_totals_as_facts() {
    let file = include_str!("../../../validate-csv/tests/data/seattle-weather.csv");
    let (header, records) = file.split_once('\n').expect("has a header");
    let records: Vec<_> = records.lines().collect();
    let settings = json!({"rows": {"min": 1461, "max": 1461}, "unique": [["date"]], "sums": [{"column": "precipitation", "equals": "4426.0"}]});
    let (findings, facts) = check(settings, header, &records);
    assert_eq!(told(&findings), []);
    assert_eq!((facts.get("rows"), facts.get("sum.precipitation")), (Some("1461"), Some("4426.0")));
}

fn with_trailer() -> Value {
    json!({"dialect": {"delimiter": ";"}, "sums": [{"column": 1, "decimal-mark": ",", "trailer": 2}],
           "trailer": {"column": 0, "equals": "T", "rows": 1}})
}

#[test]
fn a_trailer_that_agrees_is_fine_and_is_no_row() {
    let (findings, facts) = check(with_trailer(), "", &["a;0,10", "b;0,20", "c;", "T;3;0,3"]);
    assert_eq!(told(&findings), []);
    assert_eq!((facts.get("rows"), facts.get("sum.1")), (Some("3"), Some("0.30")));
}

#[test]
fn a_trailer_that_disagrees_is_told_what_there_is() {
    let (findings, _) = check(with_trailer(), "", &["a;0,10", "T;2;0,11"]);
    let expected = [
        ("trailer-rows", "the trailer says 2 rows, there are 1"),
        ("trailer-sum", "[1] adds up to 0.10, the trailer says 0.11"),
    ];
    assert_eq!(told(&findings), expected);
    let (findings, _) = check(with_trailer(), "", &["a;0,10", "T;x;y"]);
    let expected = [
        ("trailer-rows", "the trailer's number of rows is not a number"),
        ("trailer-sum", "the trailer's sum of [1] is not a number"),
    ];
    assert_eq!(told(&findings), expected);
}

#[test]
fn a_cut_file_lacks_its_trailer() {
    let (findings, _) = check(with_trailer(), "", &["a;1", "b;2"]);
    assert_eq!(told(&findings), [("trailer-missing", "the file has no trailer record: is it cut off?")]);
}

#[test]
fn records_after_the_trailer_are_told_once() {
    let (findings, facts) = check(with_trailer(), "", &["a;1", "T;1;1", "b;1", "c;1"]);
    assert_eq!(told(&findings), [("trailer-place", "a record follows the trailer")]);
    assert_eq!(findings.items()[0].place().expect("points at it").position, 2);
    assert_eq!(facts.get("rows"), Some("1"));
}

#[test]
fn a_repeated_key_is_found_across_batches() {
    let settings = json!({"unique": [["id"], ["first", "last"]]});
    let records = ["1,ab,c", "2,a,bc", "3,x,y", "\"1\",x,z", "5,ab,c"];
    let (findings, _) = check(settings, "id,first,last", &records);
    let places: Vec<_> = findings.items().iter().filter_map(Finding::place).cloned().collect();
    let places: Vec<_> = places.iter().map(|place| (place.position, place.pointer.as_str(), &place.range)).collect();
    assert_eq!(places, [(3, "id", &(0..3)), (4, "first + last", &(2..4))]);
}

#[test]
fn more_keys_than_memory_allows_are_told_not_ignored() {
    let (findings, _) = check(json!({"unique": [[0]], "max-keys": 2}), "", &["a", "b", "c", "a"]);
    let expected = [
        ("key-duplicate", "the key [0] was there before"),
        ("key-limit", "there are more than 2 different keys [0]; beyond, none was compared"),
    ];
    assert_eq!(told(&findings), expected);
}

#[test]
fn a_cell_that_cannot_be_added_is_pointed_at_and_no_wrong_sum_is_stated() {
    let settings = json!({"sums": [{"column": "amount", "equals": 3}]});
    let (findings, facts) = check(settings, "id,amount", &["1,1", "2,two", "3,2"]);
    assert_eq!(told(&findings), [("sum-cell", "the cell is not a decimal number, so there is no sum")]);
    let place = findings.items()[0].place().expect("points at the cell").clone();
    assert_eq!((place.position, place.range, place.pointer.as_str()), (1, 2..5, "amount"));
    assert_eq!(facts.get("sum.amount"), None);
}

#[test]
fn sums_are_exact_and_held_against_the_setting() {
    let settings = json!({"sums": [{"column": "Net Amount", "equals": "0.31"}]});
    let (findings, facts) = check(settings, "Net Amount", &["0.1", "0.2"]);
    assert_eq!(told(&findings), [("sum-total", "Net Amount adds up to 0.3, expected is 0.31")]);
    assert_eq!(facts.get("sum.net-amount"), Some("0.3"));
}

#[test]
fn columns_that_are_not_there_are_told() {
    let settings = json!({"unique": [["id"]], "sums": [{"column": "amount"}]});
    let (findings, _) = check(settings, "a,b", &["1,2"]);
    let rules: Vec<_> = findings.items().iter().map(Finding::rule).collect();
    assert_eq!(rules, ["column-missing", "column-missing"]);
}

#[test]
fn the_next_payload_begins_at_zero() {
    use lockgate_sdk::Validate;
    let settings = serde_json::from_value(json!({"unique": [[0]]})).expect("valid");
    let mut plugin = CheckTotals::configure(settings).expect("valid");
    for _ in 0..2 {
        let (mut findings, mut facts) = (Findings::default(), Facts::default());
        plugin.begin(&Subject::new("trf_1"));
        plugin.check(&Batch::of(["a", "b"]), &mut findings);
        plugin.finish(&mut findings, &mut facts);
        assert_eq!((told(&findings).len(), facts.get("rows")), (0, Some("2")));
    }
}

#[test]
fn settings_that_contradict_themselves_are_refused() {
    let refuse = |settings| {
        testing::validate::<CheckTotals>(settings, &Subject::new("trf_1"), &[]).expect_err("must be refused")
    };
    let error = refuse(json!({"sums": [{"column": "a", "trailer": 1}]}));
    assert_eq!(error, "the sum of a names a cell of the trailer, but no `trailer` is described");
    assert_eq!(refuse(json!({"rows": {"min": 2, "max": 1}})), "`rows` asks for at least 2 and at most 1");
}
