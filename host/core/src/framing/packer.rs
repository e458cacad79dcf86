//! The packer: collects what scanners find into cuts, with bounded memory and independent of how the bytes arrived.
//!
//! A cut is closed where a record begins, once it is full; so where cuts lie depends on the bytes alone, never on the
//! chunks they came in.

use bytes::{Bytes, BytesMut};

use super::{Cut, Misframed, Span};

/// How many records fill a cut: many, since each cut is a turn in the sandbox's queue for each of its plugins, and few
/// enough that the time a call may take is time enough for each of them.
pub(super) const RECORDS: usize = 1_024;

/// How many bytes fill a cut: as many as that many records of 1 KiB.
pub(super) const BYTES: usize = 1024 * 1024;

/// Bytes on their way into cuts.
#[derive(Debug, Default)]
pub(super) struct Packer {
    /// The unfinished cut: its glue and records, then what is still to be scanned.
    buffer: BytesMut,
    /// How much of the buffer is scanned.
    pub(super) at: usize,
    /// Where the unfinished record begins in the buffer.
    open: Option<usize>,
    spans: Vec<Span>,
    /// Where the buffer begins in the payload.
    start: u64,
    /// The position of the unfinished cut's first record.
    first: u64,
    /// The longest record.
    max_record: usize,
    cuts: Vec<Cut>,
}

impl Packer {
    pub(super) fn new(max_record: u32) -> Self {
        Self { max_record: max_record as usize, ..Self::default() }
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// All bytes of the unfinished cut; the scanner goes on at `at`.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Where the record under way begins.
    pub(super) const fn opened(&self) -> Option<usize> {
        self.open
    }

    /// The next bytes are a cut of their own with one record.
    pub(super) fn piece(&mut self, length: usize) -> Result<(), Misframed> {
        if !self.spans.is_empty() {
            self.flush(false);
        }
        self.open = Some(self.at);
        self.at += length;
        self.close()
    }

    /// Whether a record is under way.
    pub(super) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// A record begins at the scanner's place. If the cut before is full, it ends here.
    pub(super) fn open(&mut self) {
        if self.spans.len() >= RECORDS || self.at >= BYTES {
            self.flush(false);
        }
        self.open = Some(self.at);
    }

    /// The record under way ends at the scanner's place.
    pub(super) fn close(&mut self) -> Result<(), Misframed> {
        self.check_length(0)?;
        if let Some(start) = self.open.take() {
            self.spans.push(Span { start: offset(start), end: offset(self.at) });
        }
        Ok(())
    }

    /// The record under way is no record but a header: it becomes glue, and is returned.
    pub(super) fn close_as_glue(&mut self) -> Result<Bytes, Misframed> {
        self.check_length(0)?;
        let start = self.open.take().unwrap_or(self.at);
        Ok(Bytes::copy_from_slice(&self.buffer[start..self.at]))
    }

    /// Refuses a record that is longer than allowed as soon as that is known; and lets a long stretch of glue go.
    pub(super) fn settle(&mut self) -> Result<(), Misframed> {
        // One byte more may still turn out to be the CR of a line end.
        self.check_length(1)?;
        if self.open.is_none() && self.at >= 2 * BYTES {
            self.flush(false);
        }
        Ok(())
    }

    fn check_length(&self, slack: usize) -> Result<(), Misframed> {
        match self.open {
            Some(start) if self.at - start > self.max_record + slack => {
                let message = format!(
                    "a record is longer than the {} bytes that its framing allows; raise `max_record` or choose another framing",
                    self.max_record
                );
                Err(self.misframed("oversized-record", message, start))
            }
            _ => Ok(()),
        }
    }

    /// The complaint that the payload cannot be cut further, about the bytes from `from` to the scanner's place.
    pub(super) fn misframed(&self, rule: &'static str, message: impl Into<String>, from: usize) -> Misframed {
        let end = self.start + self.at as u64;
        Misframed { rule, message: message.into(), start: self.start + from as u64, end }
    }

    /// The complaint about the record under way.
    pub(super) fn unfinished(&self, rule: &'static str, message: impl Into<String>) -> Misframed {
        self.misframed(rule, message, self.open.unwrap_or(self.at))
    }

    /// Ends the unfinished cut at the scanner's place.
    fn flush(&mut self, last: bool) {
        let raw = self.buffer.split_to(self.at).freeze();
        let spans = std::mem::take(&mut self.spans);
        let (start, first) = (self.start, self.first);
        self.start += raw.len() as u64;
        self.first += spans.len() as u64;
        self.at = 0;
        self.cuts.push(Cut { start, first, raw, spans, last });
    }

    /// The payload is misframed: what was found before is handed out, the record under way is dropped.
    pub(super) fn give_up(&mut self) {
        self.at = self.open.take().unwrap_or(self.at);
        if self.at > 0 {
            self.flush(false);
        }
        self.buffer = BytesMut::new();
    }

    /// Ends the last cut; it may have no records.
    pub(super) fn finish(&mut self) {
        self.at = self.buffer.len();
        self.flush(true);
    }

    /// The cuts that are complete.
    pub(super) fn take(&mut self) -> Vec<Cut> {
        std::mem::take(&mut self.cuts)
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("a cut is bounded by the longest record and 512 KiB")
}
