//! How large each part of a multipart upload is: decided by its number alone.
//!
//! Two writers that continue the same upload from the same place cut it at the same bytes. Whatever part a writer
//! that lost its connection still has under way, it holds what its successor writes there, so overwriting is harmless.

const MIB: usize = 1024 * 1024;

/// Up to which part number, and how large. Small first, because most payloads are; never more than S3's 10,000 parts.
const STEPS: [(i32, usize); 4] = [(2_000, 8 * MIB), (5_000, 32 * MIB), (8_000, 128 * MIB), (10_000, 512 * MIB)];

/// The size of the part with that number (from 1); `None` behind the last possible part.
pub(crate) fn part_size(number: i32) -> Option<usize> {
    STEPS.iter().find(|(last, _)| number <= *last).map(|(_, size)| *size)
}

/// The largest payload that fits, in bytes.
pub(crate) fn largest() -> u64 {
    let mut from = 0;
    let mut bytes = 0;
    for (last, size) in STEPS {
        bytes += u64::try_from(last - from).unwrap_or(0) * size as u64;
        from = last;
    }
    bytes
}

#[cfg(test)]
mod tests;
