//! A state put aside anywhere gives the digest of the whole.

use crate::digest::Digest;
use proptest::prelude::*;
use sha2::Digest as _;

use super::{finish, put_aside, take_up};

proptest! {
    #[test]
    fn gives_the_digest_of_the_whole_wherever_it_is_put_aside(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0usize..400) {
        let at = at.min(bytes.len());
        let mut first = take_up(&[]).expect("an empty state begins anew");
        first.update(&bytes[..at]);
        let state = put_aside(&first);
        prop_assert_eq!(state.len(), 104);
        let mut second = take_up(&state).expect("it was just put aside");
        second.update(&bytes[at..]);
        prop_assert_eq!(finish(second), Digest::of(&bytes));
    }
}

#[test]
fn refuses_bytes_that_are_no_state() {
    assert!(take_up(b"nonsense").is_none());
}
