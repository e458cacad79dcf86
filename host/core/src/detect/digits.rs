//! Digits: where the next one is, eight bytes at a time, because most bytes of most payloads are none.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * ONES;

/// The position of the next ASCII digit at or after `from`.
pub(super) fn next(data: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(chunk) = data.get(at..at + 8) {
        let word = u64::from_le_bytes(chunk.try_into().expect("the slice has eight bytes"));
        // The lower seven bits cannot carry into the neighbour; bytes beyond ASCII are masked out at the end.
        let low = word & !HIGH;
        let hits = (low + 0x50 * ONES) & !(low + 0x46 * ONES) & !word & HIGH;
        if hits != 0 {
            return Some(at + hits.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let tail = data.get(at..)?;
    tail.iter().position(u8::is_ascii_digit).map(|found| at + found)
}

/// Where the digits that begin at `start` end.
pub(super) fn run_end(data: &[u8], start: usize) -> usize {
    data[start..].iter().position(|byte| !byte.is_ascii_digit()).map_or(data.len(), |length| start + length)
}
