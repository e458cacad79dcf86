//! Records of a stream share their targets when they cross the boundary.

use super::{Route, Target, packed};
use crate::{Batch, Record, Subject};

struct ByFirstLetter;

impl Route for ByFirstLetter {
    type Settings = serde_json::Value;

    fn configure(_: Self::Settings) -> Result<Self, String> {
        Ok(Self)
    }

    fn decide(&mut self, _: &Subject) -> Vec<Target> {
        Vec::new()
    }

    fn assign(&mut self, record: &Record<'_>) -> Vec<Target> {
        record.bytes().iter().map(|&letter| Target::receiver(char::from(letter))).collect()
    }
}

#[test]
fn targets_are_written_once_and_named_by_index() {
    let (targets, sets, ends) = packed(&mut ByFirstLetter, &Batch::of(["ab", "", "b"]));
    assert_eq!(targets, [Target::receiver("a"), Target::receiver("b")]);
    assert_eq!(sets, [0, 1, 1]);
    assert_eq!(ends, [2, 2, 3]);
}
