//! Every scalar is told with its pointer and its bytes.

use super::{Kind, locate, scalars, text, write};

fn all(json: &str) -> Vec<(String, String, Kind)> {
    let mut all = Vec::new();
    scalars(json.as_bytes(), |pointer, scalar| {
        all.push((pointer.to_owned(), json[scalar.range].to_owned(), scalar.kind));
    });
    all
}

#[test]
fn scalars_are_told_in_order_with_their_pointers() {
    let seen = all(r#" {"a": [1, "x\"y"], "b/c~": {"d": null}, "e": "a:b"} "#);
    let expected = [
        ("/a", "\"a\"", Kind::Name),
        ("/a/0", "1", Kind::Bare),
        ("/a/1", r#""x\"y""#, Kind::String),
        ("/b~1c~0", "\"b/c~\"", Kind::Name),
        ("/b~1c~0/d", "\"d\"", Kind::Name),
        ("/b~1c~0/d", "null", Kind::Bare),
        ("/e", "\"e\"", Kind::Name),
        ("/e", "\"a:b\"", Kind::String),
    ];
    let expected = expected.map(|(pointer, bytes, kind)| (pointer.to_owned(), bytes.to_owned(), kind));
    assert_eq!(seen, expected);
}

#[test]
fn values_are_located_by_pointer() {
    let json = br#"{"a": {"b": [10, {"c": true}]}}"#;
    for (pointer, value) in [
        ("/a/b/1/c", "true"),
        ("/a/b/1", r#"{"c": true}"#),
        ("/a/b/0", "10"),
        ("", std::str::from_utf8(json).expect("UTF-8")),
    ] {
        let range = locate(json, pointer).unwrap_or_else(|| panic!("{pointer} is there"));
        assert_eq!(&json[range], value.as_bytes());
    }
    assert_eq!(locate(json, "/a/x"), None);
}

#[test]
fn depth_and_broken_texts_do_no_harm() {
    scalars("[".repeat(200_000).as_bytes(), |_, _| ());
    for broken in ["\"", "{\"a", "\"\\", "]", "}{", "[,,1", "nul", ":"] {
        scalars(broken.as_bytes(), |_, scalar| assert!(scalar.range.end <= broken.len()));
    }
}

#[test]
fn a_written_text_reads_back() {
    for value in ["", "plain", "a\"b\\c\n", "ü\u{1F600}\u{0}"] {
        assert_eq!(text(&write(value.as_bytes())).as_ref(), value.as_bytes());
    }
    assert_eq!(text(br#""j\u006fhn""#).as_ref(), b"john");
}
