//! With the `bytes` framing, it makes no difference where the payload is cut.

use lockgate_sdk::{Subject, testing};
use mask_pii::MaskPii;
use serde_json::json;

use crate::detector;

fn mask(chunks: &[&[u8]]) -> String {
    detector::install();
    let settings = json!({"kinds": {
        "card": {"action": "keep-last", "count": 4}, "email": {"action": "replace", "with": "[mail]"}}});
    let subject = Subject::new("trf_1").with("framing", "bytes");
    let masked = testing::mask_bytes::<MaskPii>(settings, &subject, chunks).expect("valid settings");
    String::from_utf8(masked).expect("UTF-8")
}

/// Words, then a value now and then.
fn payload() -> String {
    (0..120)
        .map(|index| match index % 40 {
            7 => "pay 4111 1111 1111 1111 or ".to_owned(),
            23 => "write ada.lovelace@example.org\n".to_owned(),
            39 => "0123456789".repeat(30) + " ",
            _ => format!("word{index} "),
        })
        .collect()
}

#[test]
fn any_two_cuts_give_the_same_result() {
    let payload = payload();
    let expected = mask(&[payload.as_bytes()]);
    assert_eq!(expected.matches("[mail]").count(), 3);
    assert_eq!(expected.matches("**** **** **** 1111").count(), 3);
    for first in (1..payload.len() - 1).step_by(7) {
        let second = (first + 331).min(payload.len() - 1);
        let (a, rest) = payload.as_bytes().split_at(first);
        let (b, c) = rest.split_at(second - first);
        assert_eq!(mask(&[a, b, c]), expected, "cut at {first} and {second}");
    }
}

#[test]
fn many_small_chunks_give_the_same_result() {
    let payload = payload();
    let chunks: Vec<_> = payload.as_bytes().chunks(5).collect();
    assert_eq!(mask(&chunks), mask(&[payload.as_bytes()]));
}
