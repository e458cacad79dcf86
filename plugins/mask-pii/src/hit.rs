//! A hit of a detector, and the part of it that lies in a value.

use std::{borrow::Cow, ops::Range};

use lockgate_sdk::{Batch, Record, host::detect};

use crate::spot::Piece;

/// A hit of a detector within a record.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    /// The record's index in the batch.
    pub(crate) record: usize,
    pub(crate) range: Range<usize>,
    pub(crate) action: usize,
}

/// All hits of a batch, in order; kind `i` meets action `i`.
pub(crate) fn all(batch: &Batch, kinds: &[String]) -> Vec<Hit> {
    if kinds.is_empty() {
        return Vec::new();
    }
    let hit = |hit: detect::Hit<'_>| Hit { record: hit.record.index(), range: hit.range, action: hit.kind };
    detect::scan_batch(batch, kinds).map(hit).collect()
}

/// The parts of a record's hits that lie in `inner`.
pub(crate) fn pieces<'a>(record: &Record<'a>, hits: &[Hit], inner: Range<usize>) -> impl Iterator<Item = Piece<'a>> {
    let bytes = record.bytes();
    hits.iter().skip_while(move |hit| hit.range.end <= inner.start).map_while(move |hit| {
        let range = hit.range.start.max(inner.start)..hit.range.end.min(inner.end);
        (range.start < range.end).then(|| Piece {
            value: Cow::Borrowed(&bytes[range.clone()]),
            range,
            action: hit.action,
        })
    })
}
