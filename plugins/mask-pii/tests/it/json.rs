//! JSON: what is masked stays JSON.

use lockgate_sdk::Subject;
use serde_json::{Value, json};

use crate::mask;

fn masked(settings: Value, record: &str) -> Value {
    let subject = Subject::new("trf_1").with("framing", "json");
    let masked = mask(settings, &subject, &[record]).0.remove(0);
    serde_json::from_str(&masked).unwrap_or_else(|error| panic!("{masked}: {error}"))
}

fn kinds() -> Value {
    json!({"kinds": {"card": {"action": "keep-last", "count": 4}, "email": {"action": "replace", "with": "\"hid\\den\"\n"}}})
}

#[test]
fn found_values_are_masked_in_strings_numbers_and_names() {
    let record = r#"{"to": "say a@b.co \n", "card": 4111111111111111, "c@d.eu": ["4111 1111 1111 1111", 12]}"#;
    let expected = json!({"to": "say \"hid\\den\"\n \n", "card": "************1111",
                          "\"hid\\den\"\n": ["**** **** **** 1111", 12]});
    assert_eq!(masked(kinds(), record), expected);
}

#[test]
fn an_escape_hides_nothing() {
    let record = r#"{"to": "a\u0040b.co and \u0034111111111111111"}"#;
    assert_eq!(masked(kinds(), record), json!({"to": "\"hid\\den\"\n and ************1111"}));
}

#[test]
fn chosen_members_are_masked_with_all_they_hold() {
    let settings = json!({"fields": [
        {"pointer": "/customers/*/name", "mask": {"action": "replace", "with": "[name]"}},
        {"pointer": "/total", "mask": {"action": "tokenize", "scheme": "digits"}},
        {"pointer": "/address", "mask": {"action": "keep-last", "count": 0}}]});
    let record = r#"{"customers": [{"name": "A\"da", "id": 1}, {"name": null}], "total": 812.5, "address": {"a": ["x1", true]}}"#;
    let expected = json!({"customers": [{"name": "[name]", "id": 1}, {"name": null}], "total": "999.9",
                          "address": {"a": ["**", "****"]}});
    assert_eq!(masked(settings, record), expected);
}

#[test]
fn a_token_of_digits_stays_a_number() {
    let settings = json!({"kinds": {"card": {"action": "tokenize", "scheme": "digits"}}});
    assert_eq!(masked(settings, r#"{"card": 4111111111111111}"#), json!({"card": 9999999999999999_u64}));
}

#[test]
fn real_events_without_personal_data_pass_unchanged() {
    let record =
        r#"{"Records":[{"eventVersion":"2.1","eventTime":"1970-01-01T00:00:00.000Z","s3":{"object":{"size":1024}}}]}"#;
    assert_eq!(masked(kinds(), record), serde_json::from_str::<Value>(record).expect("JSON"));
}
