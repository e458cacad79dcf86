//! How large a part of a multipart upload is: decided by how many bytes lie before it.
//!
//! Small first, because most payloads are. A number may be passed over (a writer that follows one that died leaves a gap), so
//! it says nothing about the size.

const MIB: usize = 1024 * 1024;

/// How many parts of a size there are before larger ones follow: 10,000 in all, S3's limit.
const STEPS: [(u64, usize); 4] = [(2_000, 8 * MIB), (3_000, 32 * MIB), (3_000, 128 * MIB), (2_000, 512 * MIB)];

/// S3's last part number.
pub(crate) const LAST_NUMBER: i32 = 10_000;

/// The size of the part that begins after so many bytes; `None` where nothing more fits.
pub(crate) fn part_size(before: u64) -> Option<usize> {
    let mut end = 0;
    STEPS.iter().find_map(|(count, size)| {
        end += count * *size as u64;
        (before < end).then_some(*size)
    })
}

/// The largest payload that fits, in bytes.
pub(crate) fn largest() -> u64 {
    STEPS.iter().map(|(count, size)| count * *size as u64).sum()
}

#[cfg(test)]
mod tests;
