//! Media types and idempotency keys as senders give them.

use rstest::rstest;

use super::{is_key, media_type};

#[rstest]
#[case("", "application/octet-stream")]
#[case("text/csv", "text/csv")]
#[case("Text/CSV; charset=UTF-8", "text/csv; charset=UTF-8")]
#[case("application/vnd.oasis.ubl+xml", "application/vnd.oasis.ubl+xml")]
fn reads_media_types(#[case] given: &str, #[case] kept: &str) {
    assert_eq!(media_type(given).ok().as_deref(), Some(kept));
}

#[rstest]
#[case("csv")]
#[case("text/")]
#[case("/csv")]
#[case("text/csv\r\nx-evil: 1")]
#[case("text/c sv")]
fn refuses_what_is_no_media_type(#[case] given: &str) {
    assert!(media_type(given).is_err());
}

#[test]
fn takes_printable_keys_only() {
    assert!(is_key("invoice-812"));
    assert!(!is_key(""));
    assert!(!is_key("a\tb"));
    assert!(!is_key(&"k".repeat(201)));
}
