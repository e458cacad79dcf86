//! A masker's answer: replacements instead of a copy, built so that an invalid set cannot leave the plugin.

use std::ops::Range;

use crate::{
    batch::{Batch, Record, offset},
    bindings::types,
};

/// Replacements in one batch: ascending, without overlap, each within one record.
#[derive(Debug, PartialEq)]
pub struct Edits {
    raw: types::Edits,
    length: usize,
    kept: usize,
}

impl Edits {
    /// No edits yet in `batch`. The SDK makes one for every call; tests make their own.
    pub fn of(batch: &Batch) -> Self {
        let raw = types::Edits {
            starts: Vec::new(),
            ends: Vec::new(),
            replacement_ends: Vec::new(),
            replacements: Vec::new(),
        };
        Self { raw, length: batch.data().len(), kept: 0 }
    }

    /// Puts `replacement` where the bytes `range` of `record` are; an empty range inserts.
    ///
    /// # Panics
    ///
    /// When the range leaves the record, lies before or overlaps the edit made last, or reaches into the kept tail; and
    /// when the record is empty, because an offset between two records names neither. To insert before a record's
    /// first byte counts as an edit of that byte. A lost edit would release what was to be masked, so this is an error at once and not one to be overlooked.
    pub fn replace(&mut self, record: &Record<'_>, range: Range<usize>, replacement: impl AsRef<[u8]>) {
        self.replace_with(record, range, |out| out.extend_from_slice(replacement.as_ref()));
    }

    /// [`Edits::replace`] with what `write` adds to the bytes that it is given.
    ///
    /// # Panics
    ///
    /// As `replace`; and when `write` takes bytes away.
    pub fn replace_with(&mut self, record: &Record<'_>, range: Range<usize>, write: impl FnOnce(&mut Vec<u8>)) {
        let length = record.bytes().len();
        assert!(range.start <= range.end && range.end <= length, "edit {range:?} leaves its record of {length} bytes");
        assert!(length > 0, "record {} is empty, there is no byte to edit", record.index());
        // Between two records an insertion would belong to the earlier one: it takes the first byte along.
        let leading = range.end == 0;
        let range = range.start..range.end + usize::from(leading);
        let (start, end) = (record.span().start + range.start, record.span().start + range.end);
        let before = self.raw.ends.last().map_or(0, |&end| end as usize);
        assert!(start >= before, "edit {range:?} of record {} does not come after the one before", record.index());
        assert!(end <= self.length - self.kept, "edit {range:?} reaches into the tail that is kept for later");
        let written = self.raw.replacements.len();
        write(&mut self.raw.replacements);
        assert!(self.raw.replacements.len() >= written, "`write` took away what earlier edits wrote");
        self.raw.replacements.extend_from_slice(&record.bytes()[..usize::from(leading)]);
        self.raw.starts.push(offset(start));
        self.raw.ends.push(offset(end));
        self.raw.replacement_ends.push(offset(self.raw.replacements.len()));
    }

    /// With the `bytes` framing: shows the last `bytes` again at the head of the next batch, so that a value that
    /// lies across the border can be seen whole. Nothing is kept of a payload's last batch.
    ///
    /// # Panics
    ///
    /// When the tail is longer than the batch or begins before the end of an edit.
    pub fn keep(&mut self, bytes: usize) {
        let before = self.raw.ends.last().map_or(0, |&end| end as usize);
        assert!(
            bytes <= self.length - before,
            "cannot keep {bytes} of {} bytes, the last edit ends at {before}",
            self.length
        );
        self.kept = bytes;
    }

    /// How many bytes are kept.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// How many edits there are.
    pub fn len(&self) -> usize {
        self.raw.starts.len()
    }

    /// Whether the batch stays as it is.
    pub fn is_empty(&self) -> bool {
        self.raw.starts.is_empty()
    }

    /// The records as the host will make them: what a test looks at.
    pub fn apply_to(&self, batch: &Batch) -> Vec<Vec<u8>> {
        let mut next = 0;
        let mut masked = Vec::with_capacity(batch.len());
        for record in batch.records() {
            let (span, mut made) = (record.span(), Vec::new());
            let mut at = span.start;
            while let Some(edit) = self.edit(next).filter(|(range, _)| range.end <= span.end) {
                made.extend_from_slice(&batch.data()[at..edit.0.start]);
                made.extend_from_slice(edit.1);
                at = edit.0.end;
                next += 1;
            }
            made.extend_from_slice(&batch.data()[at..span.end]);
            masked.push(made);
        }
        masked
    }

    fn edit(&self, index: usize) -> Option<(Range<usize>, &[u8])> {
        let from = if index == 0 { 0 } else { self.raw.replacement_ends[index - 1] as usize };
        let to = *self.raw.replacement_ends.get(index)? as usize;
        let range = self.raw.starts[index] as usize..self.raw.ends[index] as usize;
        Some((range, &self.raw.replacements[from..to]))
    }

    pub(crate) fn into_raw(self) -> (types::Edits, u32) {
        (self.raw, offset(self.kept))
    }
}

#[cfg(test)]
mod tests;
