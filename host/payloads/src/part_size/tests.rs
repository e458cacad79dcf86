//! The schedule keeps S3's limits.

use super::{LAST_NUMBER, MIB, largest, part_size};

#[test]
fn parts_keep_the_limits_of_s3() {
    let mut before = 0;
    let mut count = 0;
    while let Some(size) = part_size(before) {
        assert!((5 * MIB..=5 * 1024 * MIB).contains(&size), "{size} after {before}");
        before += size as u64;
        count += 1;
    }
    assert_eq!((before, count), (largest(), LAST_NUMBER));
    assert!(largest() > 1 << 40, "more than a tebibyte fits");
}

#[test]
fn the_usual_largest_payload_leaves_more_than_half_of_the_numbers_for_gaps() {
    let mut before = 0;
    let mut count = 0;
    while before < 64 << 30 {
        before += part_size(before).expect("it fits") as u64;
        count += 1;
    }
    assert!(count < LAST_NUMBER / 2, "{count}");
}
