//! Edits: what a masker wants replaced, checked in every respect before a single byte is written.

use bytes::{Bytes, BytesMut};

use super::Cut;
use crate::batch::Edits;
use crate::fault::Fault;

/// The most bytes that a masker may ask to see again.
pub const LONGEST_KEEP: u32 = 64 * 1024;

/// A cut after its edits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edited {
    /// Its new bytes, records and glue, without the kept tail.
    pub raw: Bytes,
    /// The new length of each record, the kept one's without its tail.
    pub lengths: Vec<u32>,
    /// Each replacement: `old` in the cut's raw bytes became `new` in these.
    pub moves: Vec<Replaced>,
    /// The bytes to be shown again with the next batch.
    pub kept: Bytes,
}

/// One replacement in raw coordinates, before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// First byte before.
    pub old_start: u64,
    /// After the last byte before.
    pub old_end: u64,
    /// First byte after.
    pub new_start: u64,
    /// After the last byte after.
    pub new_end: u64,
}

/// Applies the edits of a batch to the cut it was made of. `keeps` says whether the framing knows `keep` at all.
/// Whether edited records are still one record each is seen when the result is framed again.
pub fn edit(cut: &Cut, edits: &Edits, keep: u32, keeps: bool) -> Result<Edited, Fault> {
    check_keep(cut, keep, keeps)?;
    if edits.starts.len() != edits.ends.len() || edits.starts.len() != edits.replacement_ends.len() {
        return Err(contract(format!(
            "edits have {} starts, {} ends and {} replacement ends",
            edits.starts.len(),
            edits.ends.len(),
            edits.replacement_ends.len()
        )));
    }
    let kept_from = cut.raw.len() - keep as usize;
    if edits.starts.is_empty() {
        return Ok(untouched(cut, kept_from));
    }
    let mut out = Writer { cut, raw: BytesMut::with_capacity(cut.raw.len() + edits.replacements.len()), copied: 0 };
    let mut lengths: Vec<u32> = cut.spans.iter().map(|span| span.len()).collect();
    let mut moves = Vec::with_capacity(edits.starts.len());
    // Where the current record begins in the packed data, and which it is.
    let (mut record, mut packed) = (0, 0u32);
    let (mut before_end, mut taken) = (0u32, 0u32);
    for index in 0..edits.starts.len() {
        let (start, end, replacement_end) = (edits.starts[index], edits.ends[index], edits.replacement_ends[index]);
        if end < start {
            return Err(contract(format!("edit {index} ends at {end}, before its start at {start}")));
        }
        if start < before_end {
            return Err(contract(format!(
                "edit {index} starts at {start}, before edit {} ends at {before_end}",
                index - 1
            )));
        }
        if replacement_end < taken || replacement_end as usize > edits.replacements.len() {
            return Err(contract(format!(
                "the replacement of edit {index} ends at {replacement_end}, outside of {taken}..={}",
                edits.replacements.len()
            )));
        }
        // An edit at the border of two records belongs to the later one if it reaches into it.
        while cut.spans.get(record).is_some_and(|span| {
            let border = packed + span.len();
            start > border || (start == border && end > start)
        }) {
            packed += cut.spans[record].len();
            record += 1;
        }
        let Some(span) = cut.spans.get(record) else {
            return Err(contract(format!("edit {index} covers {start}..{end}, past the end of the batch")));
        };
        if end > packed + span.len() {
            return Err(contract(match record + 1 == cut.spans.len() {
                true => format!("edit {index} covers {start}..{end}, past the end of the batch"),
                false => format!("edit {index} covers {start}..{end}, more than one record"),
            }));
        }
        let old_start = (span.start + start - packed) as usize;
        let old_end = (span.start + end - packed) as usize;
        if old_end > kept_from {
            return Err(contract(format!("edit {index} reaches into the {keep} bytes that are to be kept")));
        }
        let replacement = &edits.replacements[taken as usize..replacement_end as usize];
        let new_start = out.replace(old_start, old_end, replacement);
        moves.push(Replaced {
            old_start: old_start as u64,
            old_end: old_end as u64,
            new_start: new_start as u64,
            new_end: (new_start + replacement.len()) as u64,
        });
        lengths[record] = lengths[record] - (end - start) + (replacement_end - taken);
        (before_end, taken) = (end, replacement_end);
    }
    let raw = out.finish(kept_from);
    if let Some(length) = lengths.last_mut() {
        *length -= keep;
    }
    Ok(Edited { raw, lengths, moves, kept: cut.raw.slice(kept_from..) })
}

fn check_keep(cut: &Cut, keep: u32, keeps: bool) -> Result<(), Fault> {
    if keep == 0 {
        return Ok(());
    }
    let shown = cut.raw.len();
    let why = if !keeps {
        "only the `bytes` framing knows `keep`".to_owned()
    } else if cut.last {
        "there is no next batch to show it with".to_owned()
    } else if keep > LONGEST_KEEP {
        format!("at most {LONGEST_KEEP} bytes can be kept")
    } else if keep as usize >= shown {
        format!("the batch has {shown} bytes and some of them must be let go")
    } else {
        return Ok(());
    };
    Err(contract(format!("the plugin wants to keep {keep} bytes, but {why}")))
}

fn untouched(cut: &Cut, kept_from: usize) -> Edited {
    let mut lengths: Vec<u32> = cut.spans.iter().map(|span| span.len()).collect();
    if let Some(length) = lengths.last_mut() {
        *length -= u32::try_from(cut.raw.len() - kept_from).unwrap_or(0);
    }
    Edited { raw: cut.raw.slice(..kept_from), lengths, moves: vec![], kept: cut.raw.slice(kept_from..) }
}

struct Writer<'a> {
    cut: &'a Cut,
    raw: BytesMut,
    copied: usize,
}

impl Writer<'_> {
    /// Copies up to the edit, writes its replacement and says where that begins.
    fn replace(&mut self, start: usize, end: usize, replacement: &[u8]) -> usize {
        self.raw.extend_from_slice(&self.cut.raw[self.copied..start]);
        let at = self.raw.len();
        self.raw.extend_from_slice(replacement);
        self.copied = end;
        at
    }

    fn finish(mut self, end: usize) -> Bytes {
        self.raw.extend_from_slice(&self.cut.raw[self.copied..end]);
        self.raw.freeze()
    }
}

fn contract(message: String) -> Fault {
    Fault::Contract { message }
}
