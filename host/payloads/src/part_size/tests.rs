//! The schedule keeps S3's limits.

use super::{MIB, largest, part_size};

#[test]
fn parts_keep_the_limits_of_s3() {
    assert_eq!(part_size(1), Some(8 * MIB));
    assert_eq!(part_size(2_000), Some(8 * MIB));
    assert_eq!(part_size(2_001), Some(32 * MIB));
    assert_eq!(part_size(10_000), Some(512 * MIB));
    assert_eq!(part_size(10_001), None);
    assert!((1..=10_000).all(|number| part_size(number).is_some_and(|size| size >= 5 * MIB)));
}

#[test]
fn more_than_a_tebibyte_fits() {
    let sum: u64 = (1..).map_while(part_size).map(|size| size as u64).sum();
    assert_eq!(sum, largest());
    assert!(sum > 1 << 40);
}
