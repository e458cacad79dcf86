//! Rules choose receivers; what cannot be read or evaluated is told with its place.

use lockgate_sdk::{Batch, Route, Subject, Target, testing};
use route_by_rule::RouteByRule;
use serde_json::{Value, json};

fn configure(settings: Value) -> Result<RouteByRule, String> {
    RouteByRule::configure(serde_json::from_value(settings).map_err(|error| error.to_string())?)
}

fn decide(settings: Value) -> Vec<Target> {
    let subject = Subject::new("trf_1")
        .with("sender", "acme")
        .with("file.media-type", "text/csv")
        .with("fact.sum.amount", "10812.50")
        .with("fact.rows", "3")
        .with("routing.receivers", "globex, initech");
    configure(settings).expect("these settings are fine").decide(&subject)
}

#[test]
fn the_first_rule_that_applies_decides() {
    let settings = json!({"rules": [
        {"when": "int(facts.rows) > 100", "to": ["initech"]},
        {"when": "attributes['file.media-type'] == 'text/csv' && double(facts['sum.amount']) > 10000.0", "to": ["globex/large"]},
        {"when": "true", "to": ["initech"]}]});
    assert_eq!(decide(settings), [Target::destination("globex", "large")]);
}

#[test]
fn all_rules_that_apply_decide_together_and_name_a_target_once() {
    let settings = json!({"match": "all", "rules": [
        {"when": "attributes.sender == 'acme'", "to": ["globex", "initech"]},
        {"when": "'globex' in receivers", "to": ["globex"]},
        {"when": "transfer.startsWith('trf_')", "to": ["initech/archive"]}]});
    let expected = [Target::receiver("globex"), Target::receiver("initech"), Target::destination("initech", "archive")];
    assert_eq!(decide(settings), expected);
}

#[test]
fn the_default_is_for_when_no_rule_applies() {
    let rules = json!([{"when": "'nobody' in receivers || 'total' in facts", "to": ["x"]}]);
    assert_eq!(decide(json!({"rules": rules, "default": ["globex"]})), [Target::receiver("globex")]);
    assert_eq!(decide(json!({"rules": rules})), []);
}

#[test]
fn patterns_match() {
    let settings = json!({"rules": [{"when": "attributes.sender.matches('^ac.e$')", "to": ["globex"]}]});
    assert_eq!(decide(settings), [Target::receiver("globex")]);
}

#[test]
fn bad_cel_is_refused_with_rule_and_position() {
    let error = configure(json!({"rules": [{"when": "true", "to": []}, {"when": "1 +\n+ )", "to": []}]}))
        .expect_err("does not compile");
    assert!(error.starts_with("rule 2: `when` is no CEL: line 2, column "), "{error}");
}

#[test]
fn bad_targets_are_refused() {
    let error = configure(json!({"rules": [{"when": "true", "to": ["globex/"]}]})).expect_err("no destination");
    assert_eq!(error, "`globex/` is neither `receiver` nor `receiver/destination`");
}

#[test]
fn a_rule_that_cannot_be_evaluated_does_not_apply_if_the_settings_say_so() {
    testing::Host::new().install();
    let rules = json!([{"when": "facts.absent == 'x'", "to": ["a"]}, {"when": "1", "to": ["b"]}, {"when": "true", "to": ["c"]}]);
    assert_eq!(decide(json!({"rules": rules, "errors": "skip"})), [Target::receiver("c")]);
    let lines = testing::lines();
    assert_eq!(lines.len(), 2);
    assert!(lines[1].contains("rule 2 cannot be evaluated: it is neither true nor false"), "{lines:?}");
}

#[test]
#[should_panic(expected = "a rule cannot be evaluated")]
fn a_rule_that_cannot_be_evaluated_is_a_fault_otherwise() {
    decide(json!({"rules": [{"when": "facts.absent == 'x'", "to": ["a"]}]}));
}

#[test]
fn records_of_a_stream_are_routed_by_what_they_say() {
    let settings =
        json!({"rules": [{"when": "record.amount > 10", "to": ["large"]}], "errors": "skip", "default": ["small"]});
    let mut plugin = configure(settings).expect("valid");
    let batch = Batch::of([r#"{"amount": 11}"#, r#"{"amount": 10}"#, "no json"]);
    let targets: Vec<_> = batch.records().flat_map(|record| plugin.assign(&record)).collect();
    assert_eq!(targets, [Target::receiver("large"), Target::receiver("small"), Target::receiver("small")]);
}
