//! Whoever hangs leaves room for others, and who leaves makes room.

use time::OffsetDateTime;

use super::{Crowd, Place};
use crate::id::DestinationId;

/// As many places as a destination gets.
fn fill(crowd: &Crowd, most: usize) -> Vec<Place> {
    let destination = DestinationId::generate(OffsetDateTime::UNIX_EPOCH);
    std::iter::from_fn(|| crowd.enter(destination, most)).collect()
}

#[test]
fn one_destination_after_the_other_gets_half_of_what_is_left() {
    let crowd = Crowd::default();
    let hanging: Vec<_> = std::iter::repeat_with(|| fill(&crowd, 8)).take(5).collect();
    let held: Vec<_> = hanging.iter().map(Vec::len).collect();
    assert_eq!(held, [4, 2, 1, 1, 0]);
    drop(hanging);
    assert!(crowd.0.lock().expect("nobody panics").is_empty(), "nothing is remembered of who is gone");
}

#[test]
fn a_host_with_a_single_worker_makes_one_attempt_at_a_time() {
    let crowd = Crowd::default();
    let one = fill(&crowd, 1);
    assert_eq!((one.len(), fill(&crowd, 1).len()), (1, 0));
    drop(one);
    assert_eq!(fill(&crowd, 1).len(), 1);
}
