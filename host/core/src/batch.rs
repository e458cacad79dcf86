//! Batches: some records packed in one flat buffer, and the edits that a masker answers with.

use bytes::Bytes;

/// Variable-size values packed in one buffer: value `i` is `data[ends[i - 1] .. ends[i]]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// The values, one after the other.
    pub data: Bytes,
    /// Where each ends in `data`; ascending.
    pub ends: Vec<u32>,
}

impl Column {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The byte range of value `index` in `data`, or `None` past the end.
    pub fn range(&self, index: usize) -> Option<std::ops::Range<usize>> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        Some(start..end)
    }

    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|i| self.range(i).map(|r| &self.data[r]))
    }
}

/// Some consecutive records of a payload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Position of the first record in the payload, from 0.
    pub first: u64,
    /// The records, without glue.
    pub records: Column,
    /// No batch follows.
    pub last: bool,
}

/// Replacements in a batch's data, as a masker answered them; not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edits {
    /// Where each edit starts in the batch's data.
    pub starts: Vec<u32>,
    /// Where it ends.
    pub ends: Vec<u32>,
    /// Where its replacement ends in `replacements`.
    pub replacement_ends: Vec<u32>,
    /// The replacements, one after the other.
    pub replacements: Bytes,
}
