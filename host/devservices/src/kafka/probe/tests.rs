//! The hand-made request is well-formed.

use super::REQUEST;

#[test]
fn the_requests_size_prefix_counts_what_follows() {
    let size = u32::from_be_bytes(REQUEST[..4].try_into().expect("four bytes"));
    assert_eq!(size as usize, REQUEST.len() - 4);
}
