//! The hand-made start-up message is well-formed.

use super::HELLO;

#[test]
fn the_hellos_size_counts_itself_too() {
    let size = u32::from_be_bytes(HELLO[..4].try_into().expect("four bytes"));
    assert_eq!(size as usize, HELLO.len());
}
