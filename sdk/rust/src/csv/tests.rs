//! Cells are found, read and written as RFC 4180 has them, and leniently where files are not that tidy.

use super::Dialect;

fn cells(record: &str) -> Vec<String> {
    let dialect = Dialect::default();
    let text = |cell| String::from_utf8(dialect.value(record.as_bytes(), &cell).into_owned()).expect("UTF-8");
    dialect.cells(record.as_bytes()).map(text).collect()
}

#[test]
fn quotes_protect_delimiters_line_ends_and_doubled_quotes() {
    assert_eq!(cells(r#"a,"b,c",d"#), ["a", "b,c", "d"]);
    assert_eq!(cells(r#""ha ""ha"" ha",2"#), [r#"ha "ha" ha"#, "2"]);
    assert_eq!(cells("\"Once upon\na time\",5"), ["Once upon\na time", "5"]);
    assert_eq!(cells(r#""""#), [""]);
    assert_eq!(cells(r#""""""#), ["\""]);
}

#[test]
fn empty_cells_count() {
    assert_eq!(cells(""), [""]);
    assert_eq!(cells(",a,"), ["", "a", ""]);
}

#[test]
fn a_stray_quote_is_a_character() {
    assert_eq!(cells(r#"5" pipe,x"#), ["5\" pipe", "x"]);
    assert_eq!(cells(r#""ab"c,x"#), ["abc", "x"]);
    assert_eq!(cells(r#""never closed,x"#), ["never closed,x"]);
}

#[test]
fn ranges_include_the_quotes() {
    let record = br#"a,"b,c",d"#;
    let ranges: Vec<_> = Dialect::default().cells(record).map(|cell| (cell.range, cell.quoted)).collect();
    assert_eq!(ranges, [(0..1, false), (2..7, true), (8..9, false)]);
}

#[test]
fn a_written_cell_reads_back_as_its_value() {
    let dialect = Dialect::default();
    for value in ["", "plain", "a,b", "say \"hi\"", "\"", "x\"y"] {
        for quoted in [false, true] {
            let cell = String::from_utf8(dialect.write(value.as_bytes(), quoted)).expect("UTF-8");
            assert_eq!(cells(&format!("1,{cell},2")), ["1", value, "2"], "{value:?} quoted: {quoted}");
        }
    }
}

#[test]
fn a_written_cell_never_ends_its_record() {
    assert_eq!(Dialect::default().write(b"a\r\nb", false), b"\"a  b\"");
}

#[test]
fn a_dialect_is_one_ascii_character_each() {
    let semicolon: Dialect = serde_json::from_str(r#"{"delimiter":";"}"#).expect("valid");
    assert_eq!(semicolon.delimiter, b';');
    let error = serde_json::from_str::<Dialect>(r#"{"delimiter":"::"}"#).expect_err("two characters");
    assert!(error.to_string().contains("one ASCII character"), "{error}");
}
