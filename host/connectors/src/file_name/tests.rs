//! No file name breaks out of the place it is put in.

use rstest::rstest;

use super::{content_disposition, header_value, object_name};

#[rstest]
#[case("invoice-812.xml", "invoice-812.xml")]
#[case("Rechnung Nr. 8.pdf", "Rechnung_Nr._8.pdf")]
#[case("../../etc/passwd", "passwd")]
#[case("C:\\Users\\x.csv", "x.csv")]
#[case("..", "payload")]
#[case("", "payload")]
#[case(".hidden", "hidden")]
#[case("a\r\nb", "a__b")]
#[case("größe.txt", "gr__e.txt")]
fn object_names_are_plain(#[case] name: &str, #[case] safe: &str) {
    assert_eq!(object_name(name), safe);
}

#[test]
fn long_names_keep_beginning_and_extension() {
    let name = object_name(&format!("{}.xml", "a".repeat(500)));
    assert_eq!(name.len(), 60);
    assert!(name.starts_with("aaa") && name.ends_with("aa.xml"));
}

#[rstest]
#[case("a.txt", "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt")]
#[case("ü\".txt", "attachment; filename=\"__.txt\"; filename*=UTF-8''%C3%BC%22.txt")]
#[case("a\r\nSet-Cookie: x", "attachment; filename=\"a__Set-Cookie__x\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x")]
fn dispositions_cannot_be_broken_out_of(#[case] name: &str, #[case] header: &str) {
    assert_eq!(content_disposition(name), header);
    assert!(http::HeaderValue::from_str(header).is_ok());
}

#[rstest]
#[case("invoice-812.xml", "invoice-812.xml")]
#[case("Rechnung ü 8.csv", "Rechnung%20%C3%BC%208.csv")]
#[case("100% \"sure\".csv", "100%25%20%22sure%22.csv")]
#[case("a\r\nx-evil: 1\u{7f}", "a%0D%0Ax-evil:%201%7F")]
fn a_header_holds_the_whole_name_in_plain_signs(#[case] name: &str, #[case] value: &str) {
    assert_eq!(header_value(name), value);
}
