//! Text: values are masked where they stand.

use lockgate_sdk::Subject;
use serde_json::json;

use crate::mask;

#[test]
fn separators_stay_and_short_values_hide_wholly() {
    let settings =
        json!({"kinds": {"card": {"action": "keep-last", "count": 4}, "email": {"action": "keep-last", "count": 5}}});
    let lines = Subject::new("trf_1").with("framing", "lines");
    let (masked, _) = mask(settings, &lines, &["card 4111 1111 1111 1111, mail ab@c.co", "nothing"]);
    assert_eq!(masked, ["card **** **** **** 1111, mail **@*.**", "nothing"]);
}

#[test]
fn a_line_stays_one_line() {
    let settings = json!({"framing": "lines", "kinds": {"email": {"action": "replace", "with": "a\r\nb"}}});
    assert_eq!(mask(settings, &Subject::new("trf_1"), &["x a@b.co"]).0, ["x a  b"]);
}
