//! Offsets on their way back through edits.

use rstest::rstest;

use super::Shift;
use crate::framing::Replaced;

/// `abcDEFghi` became `abcXghYYi`: `DEF` by `X`, nothing after `h` by `YY`.
fn shift() -> Shift {
    let mut shift = Shift::default();
    shift.push(Replaced { old_start: 3, old_end: 6, new_start: 3, new_end: 4 });
    shift.push(Replaced { old_start: 8, old_end: 8, new_start: 6, new_end: 8 });
    shift
}

#[rstest]
#[case(0, 0)]
#[case(2, 2)]
#[case(3, 3)]
#[case(4, 6)]
#[case(5, 7)]
#[case(6, 8)]
#[case(7, 8)]
#[case(8, 8)]
#[case(9, 9)]
fn starts_lead_back(#[case] after: u64, #[case] before: u64) {
    assert_eq!(shift().back(after, false), before);
}

#[rstest]
#[case(3, 3)]
#[case(4, 6)]
#[case(7, 8)]
#[case(9, 9)]
fn ends_lead_back(#[case] after: u64, #[case] before: u64) {
    assert_eq!(shift().back(after, true), before);
}

#[test]
fn forgetting_keeps_the_sum_of_what_was_forgotten() {
    let mut shift = shift();
    shift.forget(6);
    assert_eq!(shift.back(5, false), 7);
    shift.forget(100);
    assert_eq!(shift.back(9, false), 9);
}
