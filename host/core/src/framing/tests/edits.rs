//! Edits: valid ones give what a naive implementation gives, invalid ones are faults that say what is wrong.

use bytes::Bytes;
use proptest::prelude::*;
use rstest::rstest;

use super::cuts;
use crate::batch::Edits;
use crate::fault::Fault;
use crate::framing::{Cut, Framing, Span, edit};

fn cut(payload: &str) -> Cut {
    cuts(&Framing::Lines { max_record: 1000 }, [payload.as_bytes()]).0.remove(0)
}

fn edits(list: &[(u32, u32, &str)]) -> Edits {
    let mut edits = Edits::default();
    let mut replacements = String::new();
    for (start, end, text) in list {
        replacements.push_str(text);
        edits.starts.push(*start);
        edits.ends.push(*end);
        edits.replacement_ends.push(small(replacements.len()));
    }
    edits.replacements = Bytes::from(replacements);
    edits
}

fn small(number: usize) -> u32 {
    u32::try_from(number).expect("tests are small")
}

#[test]
fn replaces_within_records_and_leaves_glue_alone() {
    // Packed: `abcdef`, records `abc` and `def`.
    let edited = edit(&cut("abc\r\ndef\n"), &edits(&[(1, 2, "XY"), (3, 3, "<"), (6, 6, ">")]), 0, false);
    let edited = edited.expect("the edits are valid");
    assert_eq!(edited.raw, "aXYc<\r\ndef>\n");
    assert_eq!(edited.lengths, [5, 4]);
}

#[test]
fn keeps_a_tail_for_the_next_batch() {
    let cut = Cut { raw: "hello wor".into(), spans: vec![Span { start: 0, end: 9 }], ..Cut::default() };
    let edited = edit(&cut, &edits(&[(0, 5, "bye")]), 3, true).expect("the edits are valid");
    assert_eq!((edited.raw, edited.kept), ("bye ".into(), "wor".into()));
    assert_eq!(edited.lengths, [4]);
}

#[rstest]
#[case(edits(&[(2, 1, "")]), 0, "before its start")]
#[case(edits(&[(0, 2, ""), (1, 3, "")]), 0, "before edit 0 ends")]
#[case(edits(&[(4, 5, ""), (0, 1, "")]), 0, "before edit 0 ends")]
#[case(edits(&[(5, 7, "")]), 0, "past the end")]
#[case(edits(&[(7, 7, "x")]), 0, "past the end")]
#[case(edits(&[(2, 4, "")]), 0, "more than one record")]
#[case(Edits { ends: vec![], ..edits(&[(0, 1, "")]) }, 0, "1 starts, 0 ends")]
#[case(Edits { replacement_ends: vec![9], ..edits(&[(0, 1, "x")]) }, 0, "outside of 0..=1")]
#[case(Edits { replacement_ends: vec![1, 0], ..edits(&[(0, 1, "x"), (1, 2, "")]) }, 0, "outside of 1..=1")]
#[case(Edits::default(), 2, "only the `bytes` framing")]
fn invalid_edits_are_faults_that_say_why(#[case] edits: Edits, #[case] keep: u32, #[case] why: &str) {
    match edit(&cut("abc\ndef\n"), &edits, keep, false) {
        Err(Fault::Contract { message }) => assert!(message.contains(why), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case(9, false, "must be let go")]
#[case(70_000, false, "at most 65536")]
#[case(1, true, "no next batch")]
fn a_keep_that_never_ends_is_a_fault(#[case] keep: u32, #[case] last: bool, #[case] why: &str) {
    let cut = Cut { raw: "hello wor".into(), spans: vec![Span { start: 0, end: 9 }], last, ..Cut::default() };
    match edit(&cut, &Edits::default(), keep, true) {
        Err(Fault::Contract { message }) => assert!(message.contains(why), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_edit_may_not_reach_into_the_kept_tail() {
    let cut = Cut { raw: "hello wor".into(), spans: vec![Span { start: 0, end: 9 }], ..Cut::default() };
    let result = edit(&cut, &edits(&[(5, 7, "")]), 3, true);
    assert!(matches!(result, Err(Fault::Contract { message }) if message.contains("to be kept")));
}

proptest! {
    #[test]
    fn edits_give_what_a_naive_implementation_gives(
        lines in proptest::collection::vec("[a-z]{0,6}", 1..8),
        wanted in proptest::collection::vec((0usize..8, 0usize..7, 0usize..7, "[A-Z]{0,3}"), 0..6))
    {
        let payload: String = lines.iter().map(|line| format!("{line}\n")).collect();
        // Valid edits: at most one a record, in order of the records.
        let mut chosen: Vec<Option<(usize, usize, String)>> = vec![None; lines.len()];
        for (record, a, b, text) in wanted {
            if let Some(line) = lines.get(record) {
                let (a, b) = (a.min(line.len()), b.min(line.len()));
                chosen[record] = Some((a.min(b), a.max(b), text));
            }
        }
        let (mut list, mut expected, mut offset) = (vec![], String::new(), 0);
        for (line, edit) in lines.iter().zip(&chosen) {
            match edit {
                Some((start, end, text)) => {
                    list.push((small(offset + start), small(offset + end), text.as_str()));
                    expected.push_str(&format!("{}{text}{}\n", &line[..*start], &line[*end..]));
                }
                None => expected.push_str(&format!("{line}\n")),
            }
            offset += line.len();
        }
        let edited = edit(&cut(&payload), &edits(&list), 0, false).expect("the edits are valid");
        // An insertion at the border of two records goes to the earlier one, so only the letters are compared.
        let letters = |text: &[u8]| String::from_utf8_lossy(text).replace('\n', "");
        prop_assert_eq!(letters(&edited.raw), letters(expected.as_bytes()));
        prop_assert_eq!(edited.lengths.iter().map(|it| *it as usize).sum::<usize>() + lines.len(), edited.raw.len());
    }
}
