//! Records as a plugin sees them: some consecutive ones at a time, packed in one buffer that is never copied.

use std::ops::Range;

use crate::bindings::types;

/// Some consecutive records of a payload.
#[derive(Debug, Clone)]
pub struct Batch {
    raw: types::Batch,
}

/// One record of a [`Batch`].
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    bytes: &'a [u8],
    key: Option<&'a [u8]>,
    index: usize,
    position: u64,
    start: usize,
}

impl Batch {
    /// A batch for tests: the first records of a payload, with none to follow.
    pub fn of<R: AsRef<[u8]>>(records: impl IntoIterator<Item = R>) -> Self {
        Self::new(0, records, true)
    }

    /// A batch for tests: records from position `first` on; `last` when no batch follows.
    pub fn new<R: AsRef<[u8]>>(first: u64, records: impl IntoIterator<Item = R>, last: bool) -> Self {
        let mut column = types::Column { data: Vec::new(), ends: Vec::new() };
        for record in records {
            column.data.extend_from_slice(record.as_ref());
            column.ends.push(offset(column.data.len()));
        }
        Self { raw: types::Batch { first, records: column, keys: None, last } }
    }

    /// Position of the first record in the payload, counted from 0.
    pub fn first(&self) -> u64 {
        self.raw.first
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.raw.records.ends.len()
    }

    /// Whether it holds no record; so may the last batch of a payload.
    pub fn is_empty(&self) -> bool {
        self.raw.records.ends.is_empty()
    }

    /// Whether no batch follows this one.
    pub fn is_last(&self) -> bool {
        self.raw.last
    }

    /// All records' bytes, one after the other.
    pub fn data(&self) -> &[u8] {
        &self.raw.records.data
    }

    /// The record at `index`, counted from 0 in this batch.
    pub fn record(&self, index: usize) -> Option<Record<'_>> {
        let range = range(&self.raw.records, index)?;
        Some(Record {
            bytes: self.raw.records.data.get(range.clone())?,
            key: self.raw.keys.as_ref().and_then(|keys| keys.data.get(self::range(keys, index)?)),
            index,
            position: self.raw.first + index as u64,
            start: range.start,
        })
    }

    /// The records in order.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        (0..self.len()).map_while(|index| self.record(index))
    }

    /// The record that holds the byte at `offset` of [`Batch::data`].
    pub fn record_at(&self, offset: usize) -> Option<Record<'_>> {
        self.record(self.raw.records.ends.partition_point(|&end| end as usize <= offset))
    }
}

impl From<types::Batch> for Batch {
    fn from(raw: types::Batch) -> Self {
        Self { raw }
    }
}

impl<'a> Record<'a> {
    /// The record's bytes, without what separates it from the next.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its Kafka key, on streams.
    pub fn key(&self) -> Option<&'a [u8]> {
        self.key
    }

    /// Its index in the batch, counted from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its position in the payload, counted from 0.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Where its bytes lie in [`Batch::data`].
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.bytes.len()
    }
}

fn range(column: &types::Column, index: usize) -> Option<Range<usize>> {
    let start = if index == 0 { 0 } else { *column.ends.get(index - 1)? as usize };
    Some(start..*column.ends.get(index)? as usize)
}

/// Offsets cross the boundary as 32 bits; a batch is far smaller.
pub(crate) fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("a batch is smaller than 4 GiB")
}

/// Values packed the way they cross the boundary.
pub(crate) fn column<V: AsRef<[u8]>>(values: &[V]) -> types::Column {
    let mut column = types::Column { data: Vec::new(), ends: Vec::with_capacity(values.len()) };
    for value in values {
        column.data.extend_from_slice(value.as_ref());
        column.ends.push(offset(column.data.len()));
    }
    column
}

/// The values of a packed column; bytes that the offsets do not cover are left out.
pub(crate) fn values(column: &types::Column) -> impl Iterator<Item = &[u8]> {
    (0..column.ends.len()).map_while(|index| column.data.get(range(column, index)?))
}
