//! Text without structure: hits are replaced where they lie, and `bytes` keeps a tail for values across borders.

use lockgate_sdk::{Batch, Record};

use crate::{
    Hit,
    spot::{Form, Piece, Spot},
};

/// No value that the detectors know is longer.
const LONGEST: usize = 256;

/// How far the tail may begin earlier, to begin between words.
const LONGEST_WORD: usize = 2048;

pub(crate) fn spots(record: &Record<'_>, hits: Vec<Hit>, line: bool) -> Vec<Spot> {
    let spot = |hit: Hit| {
        let value = record.bytes()[hit.range.clone()].to_vec();
        let piece = Piece { range: hit.range.clone(), value, action: hit.action };
        Spot::raw(hit.range, Form::Text { line }, vec![piece])
    };
    hits.into_iter().map(spot).collect()
}

/// How many bytes at the end of the batch to see again with the next; takes away the hits that lie in them.
///
/// A value that goes on in the next batch begins in the last `LONGEST` bytes. The tail begins before any hit that
/// reaches into it and, if it can, between words, so that no value is seen without its head.
pub(crate) fn keep(batch: &Batch, hits: &mut [Vec<Hit>]) -> usize {
    if batch.is_last() {
        return 0;
    }
    let data = batch.data();
    let aim = data.len().saturating_sub(LONGEST);
    let between = |at: &usize| *at == 0 || !(data[*at - 1].is_ascii_graphic() || data[*at - 1] >= 0x80);
    let mut cut = (aim.saturating_sub(LONGEST_WORD)..=aim).rev().find(between).unwrap_or(aim);
    let starts = || {
        batch.records().zip(hits.iter()).flat_map(|(record, hits)| {
            hits.iter().map(move |hit| (record.span().start + hit.range.start, record.span().start + hit.range.end))
        })
    };
    for (start, end) in starts().collect::<Vec<_>>().into_iter().rev() {
        if end > cut && start < cut {
            cut = start;
        }
    }
    for (record, hits) in batch.records().zip(hits.iter_mut()) {
        hits.retain(|hit| record.span().start + hit.range.end <= cut);
    }
    data.len() - cut
}
