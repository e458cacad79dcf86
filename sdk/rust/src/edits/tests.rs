//! An invalid set of edits cannot be built.

use super::Edits;
use crate::Batch;

fn batch() -> Batch {
    Batch::new(7, ["abc", "", "defg"], false)
}

/// Makes the given edits, each by record, start and end.
fn edits(wanted: &[(usize, usize, usize)]) -> Edits {
    let batch = batch();
    let mut edits = Edits::of(&batch);
    for &(record, start, end) in wanted {
        edits.replace(&batch.record(record).expect("is there"), start..end, "XY");
    }
    edits
}

#[test]
fn edits_replace_insert_and_remove() {
    let batch = batch();
    let mut edits = edits(&[(0, 0, 1), (0, 3, 3), (2, 0, 0)]);
    edits.replace(&batch.record(2).expect("is there"), 1..3, "");
    assert_eq!(edits.apply_to(&batch), [&b"XYbcXY"[..], b"", b"XYdg"]);
    let (raw, keep) = edits.into_raw();
    assert_eq!((raw.starts, raw.ends), (vec![0, 3, 3, 4], vec![1, 3, 4, 6]));
    assert_eq!((raw.replacement_ends, raw.replacements, keep), (vec![2, 4, 7, 7], b"XYXYXYd".to_vec(), 0));
}

#[test]
#[should_panic(expected = "record 1 is empty, there is no byte to edit")]
fn an_edit_of_an_empty_record_is_an_error_at_once() {
    edits(&[(1, 0, 0)]);
}

#[test]
#[should_panic(expected = "edit 2..4 leaves its record of 3 bytes")]
fn an_edit_that_leaves_its_record_is_an_error_at_once() {
    edits(&[(0, 2, 4)]);
}

#[test]
#[should_panic(expected = "does not come after the one before")]
fn edits_that_overlap_are_an_error_at_once() {
    edits(&[(2, 0, 2), (2, 1, 3)]);
}

#[test]
#[should_panic(expected = "does not come after the one before")]
fn edits_that_run_backwards_are_an_error_at_once() {
    edits(&[(2, 0, 2), (0, 0, 1)]);
}

#[test]
#[should_panic(expected = "reaches into the tail")]
fn edits_in_the_kept_tail_are_an_error_at_once() {
    let mut edits = edits(&[]);
    edits.keep(2);
    edits.replace(&batch().record(2).expect("is there"), 0..3, "");
}

#[test]
#[should_panic(expected = "cannot keep 5 of 7 bytes, the last edit ends at 3")]
fn keeping_what_was_edited_is_an_error_at_once() {
    edits(&[(0, 0, 3)]).keep(5);
}

#[test]
fn records_know_their_place() {
    let batch = batch();
    let last = batch.record(2).expect("is there");
    assert_eq!((last.bytes(), last.position(), last.span()), (&b"defg"[..], 9, 3..7));
    assert_eq!(batch.record_at(3).map(|record| record.index()), Some(2));
    assert!(batch.record(3).is_none() && batch.record_at(7).is_none());
}
