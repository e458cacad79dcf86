//! Which file names pass.

use rstest::rstest;

use super::refuse;

#[rstest]
#[case("invoice-812.xml")]
#[case("Rechnung Österreich (1).csv")]
#[case("請求書.pdf")]
#[case(".profile")]
#[case("a..b")]
fn takes_ordinary_names(#[case] name: &str) {
    assert_eq!(refuse(name), None);
}

#[rstest]
#[case("", "empty")]
#[case("   ", "empty")]
#[case("..", "path")]
#[case("../../etc/passwd", "path")]
#[case("C:\\autoexec.bat", "path")]
#[case("a\nb.csv", "control")]
#[case("a\0b.csv", "control")]
#[case("invoice\u{202e}fdp.exe", "direction")]
#[case("inv\u{200b}oice.xml", "invisible")]
fn refuses_names_that_mislead(#[case] name: &str, #[case] why: &str) {
    assert!(refuse(name).is_some_and(|said| said.contains(why)), "{name:?}: {:?}", refuse(name));
}

#[test]
fn counts_bytes_not_characters() {
    assert_eq!(refuse(&"ä".repeat(127)), None);
    assert!(refuse(&"ä".repeat(128)).is_some());
}
