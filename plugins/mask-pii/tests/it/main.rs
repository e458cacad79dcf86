//! What is found is masked, and every framing stays what it is.

mod across_borders;
mod csv;
mod detector;
mod json;
mod text;

use lockgate_sdk::{Batch, Findings, Subject, testing};
use mask_pii::MaskPii;
use serde_json::{Value, json};

/// The masked records, as text.
fn mask(settings: Value, subject: &Subject, records: &[&str]) -> (Vec<String>, Findings) {
    detector::install();
    let (masked, findings) =
        testing::mask::<MaskPii>(settings, subject, &[Batch::of(records)]).expect("valid settings");
    (masked.into_iter().map(|record| String::from_utf8(record).expect("UTF-8")).collect(), findings)
}

fn refuse(settings: Value) -> String {
    testing::mask::<MaskPii>(settings, &Subject::new("trf_1"), &[]).expect_err("must be refused")
}

#[test]
fn settings_that_mask_nothing_or_miss_a_field_are_refused() {
    assert_eq!(refuse(json!({})), "nothing is to be masked: name at least one of `kinds` or `fields`");
    let both = json!({"fields": [{"column": 1, "pointer": "/a", "mask": {"action": "replace", "with": ""}}]});
    assert_eq!(refuse(both), "each of `fields` has either a `column` or a `pointer`");
    assert!(refuse(json!({"kinds": {"card": {"action": "shred"}}})).contains("unknown variant `shred`"));
}

#[test]
#[should_panic(expected = "unknown framing")]
fn an_unknown_framing_is_a_fault_and_no_guess() {
    mask(json!({"kinds": {"card": {"action": "keep-last", "count": 4}}}), &Subject::new("trf_1"), &["x"]);
}

#[test]
fn notes_count_what_was_masked_without_saying_what() {
    let settings = json!({"framing": "lines", "kinds": {
        "card": {"action": "keep-last", "count": 4}, "email": {"action": "replace", "with": "-"}}});
    let (_, findings) = mask(settings, &Subject::new("trf_1"), &["a@b.co c@d.eu", "e@f.org"]);
    let notes: Vec<_> = findings.items().iter().map(|finding| finding.message()).collect();
    assert_eq!(notes, ["3 values were masked: email"]);
}
