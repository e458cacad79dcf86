//! The detectors against labelled sentences and published IBANs.

use std::fs;

use lockgate_core::detect::{Kind, scan};
use serde_json::Value;

fn data(name: &str) -> Value {
    let path = format!("{}/tests/data/pii/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&fs::read_to_string(path).expect("the data lies beside the test")).expect("it is JSON")
}

/// How many of the labelled spans of a kind are covered by one hit, and how many there are.
fn recall(label: &str, kind: Kind) -> (usize, usize) {
    let (mut found, mut all) = (0, 0);
    for sentence in data("synth_dataset_v2.json").as_array().expect("a list") {
        let text = sentence["full_text"].as_str().expect("a text");
        let hits: Vec<_> = scan(text.as_bytes(), &[kind]).ranges().map(|range| &text[range]).collect();
        for span in sentence["spans"].as_array().expect("a list") {
            if span["entity_type"] == label {
                let value = span["entity_value"].as_str().expect("a text");
                all += 1;
                found += usize::from(hits.iter().any(|hit| hit.contains(value)));
            }
        }
    }
    (found, all)
}

#[test]
fn finds_every_labelled_email_address_and_iban() {
    assert_eq!(recall("EMAIL_ADDRESS", Kind::Email), (49, 49));
    assert_eq!(recall("IBAN_CODE", Kind::Iban), (21, 21));
}

#[test]
fn finds_nearly_every_labelled_card() {
    let (found, all) = recall("CREDIT_CARD", Kind::Card);
    assert_eq!(all, 136);
    assert!(found >= 134, "{found} of {all}");
}

#[test]
fn finds_most_labelled_telephone_numbers() {
    let (found, all) = recall("PHONE_NUMBER", Kind::Phone);
    assert!(found * 100 >= all * 65, "{found} of {all}");
}

#[test]
fn takes_every_published_iban_in_both_forms_and_no_invalid_one() {
    let ibans = data("iban-java-iban.json");
    for valid in ibans["valid"].as_array().expect("a list") {
        for form in ["iban", "pretty"] {
            let text = valid[form].as_str().expect("a text");
            let hits = scan(text.as_bytes(), &[Kind::Iban]);
            assert_eq!(hits.ranges().next(), Some(0..text.len()), "{text}");
        }
    }
    for text in ["NL13ABNA0143267469", "UU345678345543234", "Shenanigans!"] {
        assert!(scan(text.as_bytes(), &[Kind::Iban]).is_empty(), "{text}");
    }
}
