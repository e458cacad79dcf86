//! Shifts: how offsets after a masker's edits lead back to offsets before them.

use std::collections::VecDeque;

use crate::framing::Replaced;

/// The replacements that somebody may still point behind.
#[derive(Debug, Default)]
pub(super) struct Shift {
    moves: VecDeque<Replaced>,
    /// Where the last forgotten replacement ended, before and after.
    old: u64,
    new: u64,
}

impl Shift {
    /// A replacement, in offsets from the payload's beginning; they ascend.
    pub(super) fn push(&mut self, replaced: Replaced) {
        self.moves.push_back(replaced);
    }

    /// Nobody points before that offset after the edits any more.
    pub(super) fn forget(&mut self, before: u64) {
        while let Some(replaced) = self.moves.front().filter(|it| it.new_end < before) {
            (self.old, self.new) = (replaced.old_end, replaced.new_end);
            self.moves.pop_front();
        }
    }

    /// The offset before the edits. Within a replacement there is no such thing: it is what was replaced, from its
    /// beginning or, for the end of a range, to its end.
    pub(super) fn back(&self, offset: u64, is_end: bool) -> u64 {
        let after = self.moves.partition_point(|it| it.new_start <= offset);
        let (old, new) = match after.checked_sub(1).and_then(|index| self.moves.get(index)) {
            Some(it) if is_end && it.new_start < offset && offset < it.new_end => return it.old_end,
            Some(it) if !is_end && offset < it.new_end => return it.old_start,
            Some(it) if is_end && offset == it.new_start && it.new_end > offset => return it.old_start,
            Some(it) => (it.old_end, it.new_end),
            None => (self.old, self.new),
        };
        old + offset.saturating_sub(new)
    }
}

#[cfg(test)]
mod tests;
