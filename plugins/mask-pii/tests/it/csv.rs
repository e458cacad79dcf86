//! CSV: cells stay cells.

use lockgate_sdk::{Subject, csv::Dialect};
use serde_json::{Value, json};

use crate::mask;

fn people(settings: Value, records: &[&str]) -> Vec<String> {
    let subject = Subject::new("trf_1").with_preamble("id,name,contact");
    mask(settings, &subject, records).0
}

#[test]
fn found_values_are_masked_within_their_cells() {
    let settings = json!({"kinds": {
        "card": {"action": "keep-last", "count": 4}, "email": {"action": "tokenize", "scheme": "opaque"}}});
    let masked =
        people(settings, &["1,Ada,call ada@example.org now", "2,\"Bob, B.\",\"4111 1111 1111 1111\"", "3,Eve,"]);
    assert_eq!(masked, ["1,Ada,call tok_15 now", "2,\"Bob, B.\",\"**** **** **** 1111\"", "3,Eve,"]);
}

#[test]
fn chosen_columns_are_masked_whatever_they_say() {
    let settings = json!({"fields": [
        {"column": "name", "mask": {"action": "keep-last", "count": 1, "with": "x"}},
        {"column": 2, "mask": {"action": "tokenize", "scheme": "digits"}}]});
    let masked = people(settings, &["1,Zoë Ü,+43 664 1234", "2,\"O\"\"Hara\",", "3,A"]);
    assert_eq!(masked, ["1,xxx Ü,+99 999 9999", "2,\"x\"\"xxxa\",", "3,x"]);
}

#[test]
fn a_replacement_never_breaks_out_of_its_cell() {
    let with = "a,\"b\"\nc";
    let settings = json!({"kinds": {"email": {"action": "replace", "with": with}},
                          "fields": [{"column": "name", "mask": {"action": "replace", "with": with}}]});
    for record in ["1,Ada,x a@b.co y", "1,\"Ada\",\"x a@b.co y\""] {
        let masked = people(settings.clone(), &[record]).remove(0);
        let dialect = Dialect::default();
        let values: Vec<_> =
            dialect.cells(masked.as_bytes()).map(|cell| dialect.value(masked.as_bytes(), &cell)).collect();
        assert_eq!(values, [&b"1"[..], b"a,\"b\" c", b"x a,\"b\" c y"], "{masked}");
        assert!(!masked.contains('\n'));
    }
}

#[test]
fn the_hosts_delimiter_counts() {
    let subject = Subject::new("trf_1").with("framing", "csv").with("framing.delimiter", ";").with_preamble("id;mail");
    let settings = json!({"fields": [{"column": "mail", "mask": {"action": "replace", "with": "a;b"}}]});
    assert_eq!(mask(settings, &subject, &["1,2;x@y.org"]).0, ["1,2;\"a;b\""]);
}
