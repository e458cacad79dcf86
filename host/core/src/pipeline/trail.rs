//! The trail: the stretch of the source that is being judged, so that findings can say line, column and sample.

use std::collections::VecDeque;

use bytes::Bytes;
use memchr::{memchr_iter, memrchr};

use crate::detect;
use crate::finding::Place;

/// How large the pieces are in which the trail remembers where lines begin.
const PIECE: usize = 64 * 1024;

/// How many bytes of a sample are shown.
const SAMPLE: usize = 80;

/// The source bytes that some plugin may still point at.
#[derive(Debug, Default)]
pub(super) struct Trail {
    pieces: VecDeque<Piece>,
    end: Mark,
}

#[derive(Debug)]
struct Piece {
    start: Mark,
    bytes: Bytes,
}

/// An offset with its line and column, each from 0.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    offset: u64,
    line: u64,
    column: u64,
}

impl Mark {
    /// The mark after these bytes.
    fn after(self, bytes: &[u8]) -> Self {
        let lines = memchr_iter(b'\n', bytes).count() as u64;
        let column = match memrchr(b'\n', bytes) {
            Some(newline) => (bytes.len() - newline - 1) as u64,
            None => self.column + bytes.len() as u64,
        };
        Self { offset: self.offset + bytes.len() as u64, line: self.line + lines, column }
    }
}

impl Trail {
    /// The next bytes of the source.
    pub(super) fn push(&mut self, bytes: &Bytes) {
        for from in (0..bytes.len()).step_by(PIECE) {
            let bytes = bytes.slice(from..bytes.len().min(from + PIECE));
            let start = self.end;
            self.end = start.after(&bytes);
            self.pieces.push_back(Piece { start, bytes });
        }
    }

    /// Nobody points before that offset any more.
    pub(super) fn forget(&mut self, before: u64) {
        while self.pieces.front().is_some_and(|it| it.start.offset + it.bytes.len() as u64 <= before) {
            self.pieces.pop_front();
        }
    }

    /// The place of these source bytes, if they are still remembered.
    pub(super) fn place(&self, range: std::ops::Range<u64>, record: u64, pointer: String) -> Option<Place> {
        let mark = self.mark(range.start)?;
        let (line, column) = (mark.line + 1, mark.column + 1);
        Some(Place { record, line, column, start: range.start, end: range.end.max(range.start), pointer })
    }

    /// The bytes there as text, cut, and with everything hidden that looks like personal data.
    pub(super) fn sample(&self, range: std::ops::Range<u64>) -> Option<String> {
        if range.end <= range.start {
            return None;
        }
        // What is hidden is decided on more than is shown, so that a cut number is still recognised as one.
        let mut bytes = Vec::with_capacity(2 * SAMPLE);
        for piece in &self.pieces {
            let end = piece.start.offset + piece.bytes.len() as u64;
            let from = range.start.max(piece.start.offset);
            let to = range.end.min(end).min(range.start + 2 * SAMPLE as u64);
            if from < to {
                let within = |offset: u64| usize::try_from(offset - piece.start.offset).unwrap_or(usize::MAX);
                bytes.extend_from_slice(&piece.bytes[within(from)..within(to)]);
            }
        }
        if bytes.is_empty() {
            return None;
        }
        let hidden = detect::hide(&String::from_utf8_lossy(&bytes));
        let cut = hidden.floor_char_boundary(SAMPLE.min(hidden.len()));
        let shown: String = hidden[..cut].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let whole = range.end - range.start <= cut as u64;
        Some(if whole { shown } else { format!("{shown}…") })
    }

    fn mark(&self, offset: u64) -> Option<Mark> {
        if offset == self.end.offset {
            return Some(self.end);
        }
        let after = self.pieces.partition_point(|piece| piece.start.offset <= offset);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        let within = usize::try_from(offset - piece.start.offset).ok()?;
        piece.bytes.get(..within).map(|bytes| piece.start.after(bytes))
    }
}

#[cfg(test)]
mod tests;
