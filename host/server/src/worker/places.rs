//! Gives every claim its turn: what a host may do at once, and that nobody who hangs keeps others from it.
//!
//! Judging, attempts at destinations and messages have places of their own. A destination, a channel and a partner get one
//! more while that leaves room for others; whoever finds none waits here, in the order of coming, and is put off where nothing
//! moves, and after a while in any case.

mod queue;

use std::time::Instant;

use lockgate_core::claim::{Duty, Room};
use queue::{LONGEST, PATIENCE, Queue};

/// As many times more deliveries may wait than judgements: they cost this host nothing but memory.
const DELIVERIES: usize = 16;
/// The same of messages, which are composed in tens.
const MESSAGES: usize = 128;

/// How much is done at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Transfers and consignments that are judged.
    pub(crate) judging: usize,
    /// Attempts at destinations.
    pub(crate) deliveries: usize,
    /// Notifications.
    pub(crate) messages: usize,
    /// Transfers and consignments that may wait.
    pub(crate) waiting: usize,
}

/// Who is at work, and who waits.
#[derive(Debug)]
pub(super) struct Places<T> {
    judging: Queue<T>,
    deliveries: Queue<T>,
    messages: Queue<T>,
}

impl<T> Places<T> {
    pub(super) fn new(sizes: Sizes) -> Self {
        Self {
            // A judgement moves by itself, however long it takes.
            judging: Queue::new(sizes.judging, sizes.waiting, LONGEST),
            deliveries: Queue::new(sizes.deliveries, sizes.waiting * DELIVERIES, PATIENCE),
            messages: Queue::new(sizes.messages, sizes.waiting * MESSAGES, PATIENCE),
        }
    }

    /// How many of each kind may come and would find room to wait.
    pub(super) fn room(&self) -> Room {
        Room { judging: self.judging.room(), deliveries: self.deliveries.room(), messages: self.messages.room() }
    }

    /// Lets somebody wait. Gives back who has to go for that: the last of those who wait with the most others for the same.
    pub(super) fn arrive(&mut self, who: T, duty: Duty, now: Instant) -> Option<T> {
        self.queue(&duty).arrive(who, duty, now)
    }

    /// Who came first among those for whom there is a place, which it takes.
    pub(super) fn next(&mut self, now: Instant) -> Option<(T, Duty)> {
        self.queues().into_iter().find_map(|queue| queue.next(now))
    }

    /// Makes a place free again.
    pub(super) fn leave(&mut self, duty: &Duty, now: Instant) {
        self.queue(duty).leave(duty, now);
    }

    /// Those who waited for others in vain, to be put off.
    pub(super) fn tired(&mut self, now: Instant) -> Vec<T> {
        self.queues().into_iter().flat_map(|queue| queue.tired(now)).collect()
    }

    /// All who wait.
    pub(super) fn clear(&mut self) -> Vec<T> {
        self.queues().into_iter().flat_map(Queue::clear).collect()
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        [&self.judging, &self.deliveries, &self.messages].into_iter().map(Queue::waiting).sum()
    }

    const fn queue(&mut self, duty: &Duty) -> &mut Queue<T> {
        match duty {
            Duty::Judge(_) => &mut self.judging,
            Duty::Deliver(..) => &mut self.deliveries,
            Duty::Compose(_) | Duty::Send(..) => &mut self.messages,
        }
    }

    const fn queues(&mut self) -> [&mut Queue<T>; 3] {
        [&mut self.judging, &mut self.deliveries, &mut self.messages]
    }
}

#[cfg(test)]
mod tests;
