//! Lines, columns and samples, across pieces and after forgetting.

use bytes::Bytes;

use super::Trail;

fn trail(chunks: &[&str]) -> Trail {
    let mut trail = Trail::default();
    for chunk in chunks {
        trail.push(&Bytes::copy_from_slice(chunk.as_bytes()));
    }
    trail
}

#[test]
fn counts_lines_and_columns_across_chunks() {
    let trail = trail(&["ab\nc", "d\n", "ef"]);
    let place = |at| trail.place(at..at + 1, 0, String::new()).map(|it| (it.line, it.column));
    assert_eq!(place(0), Some((1, 1)));
    assert_eq!(place(3), Some((2, 1)));
    assert_eq!(place(4), Some((2, 2)));
    assert_eq!(place(7), Some((3, 2)));
    assert_eq!(place(8), Some((3, 3)));
    assert_eq!(place(9), None);
}

#[test]
fn remembers_counts_of_what_it_forgot() {
    let mut trail = trail(&["ab\n", "cd\n", "ef"]);
    trail.forget(4);
    assert_eq!(trail.place(0..1, 0, String::new()), None);
    assert_eq!(trail.place(6..7, 0, String::new()).map(|it| (it.line, it.column)), Some((3, 1)));
}

#[test]
fn samples_are_cut_and_hidden() {
    let trail = trail(&["card 4111 1111", " 1111 1111 of a@b.de\n", &"x".repeat(200)]);
    assert_eq!(trail.sample(0..35).as_deref(), Some("card **** **** **** **** of *@*.** "));
    let long = trail.sample(35..235).expect("there are bytes");
    assert_eq!(long, format!("{}…", "x".repeat(80)));
    assert_eq!(trail.sample(3..3), None);
}
