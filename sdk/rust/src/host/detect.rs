//! The host's detectors of personal data: `card` (Luhn), `iban` (mod 97), `email`, `phone`.

use std::ops::Range;

use crate::{Batch, Record};

/// The kinds that the host knows.
pub const KINDS: [&str; 4] = ["card", "iban", "email", "phone"];

/// Personal data found in a batch.
#[derive(Debug, Clone)]
pub struct Hit<'a> {
    /// Index into the kinds that were asked for.
    pub kind: usize,
    /// The record that holds it.
    pub record: Record<'a>,
    /// Its bytes within the record.
    pub range: Range<usize>,
}

/// Scans the batch under way, without copying it. Hits ascend, do not overlap, and each lies in one record.
pub fn scan_batch<'a>(batch: &'a Batch, kinds: &[String]) -> impl Iterator<Item = Hit<'a>> {
    #[cfg(target_arch = "wasm32")]
    let hits = crate::bindings::imports::detect::scan_batch(kinds);
    #[cfg(not(target_arch = "wasm32"))]
    let hits = crate::testing::with(|host| host.scan_batch(batch, kinds));
    let mut index = 0;
    hits.kinds.into_iter().zip(hits.starts.into_iter().zip(hits.ends)).filter_map(move |(kind, (start, end))| {
        let (start, end) = (start as usize, end as usize);
        while batch.record(index)?.span().end < end {
            index += 1;
        }
        let record = batch.record(index)?;
        let from = start.checked_sub(record.span().start)?;
        Some(Hit { kind: usize::from(kind), record, range: from..end - record.span().start })
    })
}

/// Scans other bytes; answers kind and place of each hit.
pub fn scan(data: &[u8], kinds: &[String]) -> Vec<(usize, Range<usize>)> {
    #[cfg(target_arch = "wasm32")]
    let hits = crate::bindings::imports::detect::scan(data, kinds);
    #[cfg(not(target_arch = "wasm32"))]
    let hits = crate::testing::with(|host| host.scan(data, kinds));
    let ranges = hits.starts.iter().zip(&hits.ends).map(|(&start, &end)| start as usize..end as usize);
    hits.kinds.iter().map(|&kind| usize::from(kind)).zip(ranges).collect()
}
