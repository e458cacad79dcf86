//! What becomes of a plugin's line.

use super::{LONGEST, presentable};

#[test]
fn control_characters_and_terminal_sequences_are_escaped() {
    assert_eq!(presentable("a\nb\u{1b}[31mred\u{202e}"), "a\\u{a}b\\u{1b}[31mred\\u{202e}");
}

#[test]
fn personal_data_is_hidden() {
    assert_eq!(
        presentable("card 4111 1111 1111 1111 of ann@example.org"),
        "card **** **** **** **** of ***@*******.***"
    );
}

#[test]
fn a_long_line_is_cut_at_a_character() {
    let line = presentable(&"ö".repeat(LONGEST));
    assert_eq!(line.chars().count(), LONGEST / 2 + 1);
    assert!(line.ends_with('…'));
}

#[test]
fn a_number_across_the_cut_is_not_shown_in_part() {
    let text = format!("{} 4111111111111111", "x".repeat(LONGEST - 10));
    assert!(!presentable(&text).contains("4111"), "{}", presentable(&text));
}
