//! Text without structure: hits are replaced where they lie, and `bytes` keeps a tail for values across borders.

use lockgate_sdk::{Batch, Record};

use crate::{
    Hit, hit,
    spot::{Form, Spots},
};

/// No value that the detectors know is longer.
const LONGEST: usize = 256;

/// How far the tail may begin earlier, to begin between words.
const LONGEST_WORD: usize = 2048;

pub(crate) fn find<'a>(record: &Record<'a>, hits: &[Hit], line: bool, spots: &mut Spots<'a>) {
    for hit in hits {
        let pieces = hit::pieces(record, std::slice::from_ref(hit), hit.range.clone());
        spots.raw(record, hit.range.clone(), Form::Text { line }, pieces);
    }
}

/// How many bytes at the end of the batch to see again with the next; takes away the hits that lie in them.
///
/// A value that goes on in the next batch begins in the last `LONGEST` bytes. The tail begins before any hit that
/// reaches into it and, if it can, between words, so that no value is seen without its head.
pub(crate) fn keep(batch: &Batch, hits: &mut Vec<Hit>) -> usize {
    if batch.is_last() {
        return 0;
    }
    let data = batch.data();
    let aim = data.len().saturating_sub(LONGEST);
    let between = |at: &usize| *at == 0 || !(data[*at - 1].is_ascii_graphic() || data[*at - 1] >= 0x80);
    let mut cut = (aim.saturating_sub(LONGEST_WORD)..=aim).rev().find(between).unwrap_or(aim);
    let place = |hit: &Hit| {
        let start = batch.record(hit.record).map_or(0, |record| record.span().start);
        (start + hit.range.start, start + hit.range.end)
    };
    for (start, end) in hits.iter().rev().map(place) {
        if end > cut && start < cut {
            cut = start;
        }
    }
    hits.retain(|hit| place(hit).1 <= cut);
    data.len() - cut
}
