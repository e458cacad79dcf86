//! Cuts: consecutive stretches of a payload with the places of the records in them; what lies between is glue.
//!
//! *Invariant:* the raw bytes of a framer's cuts, one after the other, are the payload, byte for byte.

use bytes::{Bytes, BytesMut};

use crate::batch::{Batch, Column};

/// Where a record lies in the raw bytes of its cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first byte.
    pub start: u32,
    /// After its last byte.
    pub end: u32,
}

impl Span {
    /// How many bytes it has.
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether it has none: an empty line, for one.
    pub const fn is_empty(self) -> bool {
        self.end == self.start
    }
}

/// A stretch of the payload: some whole records and the glue around them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cut {
    /// Where the stretch begins in the payload.
    pub start: u64,
    /// The position of its first record in the payload, from 0.
    pub first: u64,
    /// Its bytes, records and glue.
    pub raw: Bytes,
    /// Its records, in order.
    pub spans: Vec<Span>,
    /// No cut follows.
    pub last: bool,
}

impl Cut {
    /// The records as plugins see them: packed, without glue.
    pub fn batch(&self) -> Batch {
        let size: usize = self.spans.iter().map(|span| span.len() as usize).sum();
        // One record that is all there is (`bytes`, `whole`) needs no copy.
        let data = if size == self.raw.len() {
            self.raw.clone()
        } else {
            let mut data = BytesMut::with_capacity(size);
            for span in &self.spans {
                data.extend_from_slice(&self.raw[span.start as usize..span.end as usize]);
            }
            data.freeze()
        };
        let ends = self.spans.iter().scan(0, |end, span| {
            *end += span.len();
            Some(*end)
        });
        Batch { first: self.first, records: Column { data, ends: ends.collect() }, last: self.last }
    }
}
