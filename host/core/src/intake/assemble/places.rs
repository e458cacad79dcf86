//! Places for those who assemble, and the line before them: what a host reads and writes for assemblies is bounded, however
//! many are asked for at once, and whoever asks for many leaves some to others.
//!
//! *Invariant:* of those who wait nobody could have a place that is free.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::channel::oneshot;

use crate::id::PartnerId;
use crate::intake::Assemblies;

/// A sender's next assembly finds a place while the sender has less than so many times those that are free: alone it gets
/// three quarters of all. As of the places of a host's workers.
const SHARE: usize = 3;

/// The places of one host.
#[derive(Debug, Clone)]
pub(in crate::intake) struct Places {
    standing: Arc<Mutex<Standing>>,
    most_waiting: usize,
}

#[derive(Debug)]
struct Standing {
    free: usize,
    /// How many places each sender has.
    taken: HashMap<PartnerId, usize>,
    line: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    sender: PartnerId,
    turn: oneshot::Sender<Place>,
}

/// One who is at work; the place is given back when this is dropped.
#[derive(Debug)]
pub(in crate::intake) struct Place {
    of: Places,
    sender: PartnerId,
}

impl Places {
    pub(in crate::intake) fn new(bounds: Assemblies) -> Self {
        let standing = Standing { free: bounds.at_once, taken: HashMap::new(), line: VecDeque::new() };
        Self { standing: Arc::new(Mutex::new(standing)), most_waiting: bounds.waiting }
    }

    /// A place, once there is one that the sender may have; none where the line is as long as it may be, or the sender's part
    /// of it.
    pub(in crate::intake) async fn take(&self, sender: PartnerId) -> Option<Place> {
        let told = {
            let mut standing = self.standing();
            if standing.may(sender) {
                standing.give(sender);
                return Some(Place { of: self.clone(), sender });
            }
            standing.line.retain(|it| !it.turn.is_canceled());
            let own = standing.line.iter().filter(|it| it.sender == sender).count();
            let room = self.most_waiting.saturating_sub(standing.line.len());
            if own >= room * SHARE {
                return None;
            }
            let (turn, told) = oneshot::channel();
            standing.line.push_back(Waiting { sender, turn });
            told
        };
        told.await.ok()
    }

    /// Takes a place back, and lets those work for whom there is one now, in the order of coming.
    fn leave(&self, sender: PartnerId) {
        let next = self.standing().leave(sender);
        for Waiting { sender, turn } in next {
            // Who left the line gives it back here, and the one behind gets it.
            drop(turn.send(Place { of: self.clone(), sender }));
        }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    fn may(&self, sender: PartnerId) -> bool {
        self.taken.get(&sender).copied().unwrap_or(0) < self.free * SHARE
    }

    fn give(&mut self, sender: PartnerId) {
        self.free -= 1;
        *self.taken.entry(sender).or_default() += 1;
    }

    /// Takes a place back; who gets one now. Nobody who comes in between passes them.
    fn leave(&mut self, sender: PartnerId) -> Vec<Waiting> {
        self.take_back(sender);
        self.line.retain(|it| !it.turn.is_canceled());
        let mut next = vec![];
        while let Some(first) = self.line.iter().position(|it| self.may(it.sender))
            && let Some(waiting) = self.line.remove(first)
        {
            self.give(waiting.sender);
            next.push(waiting);
        }
        next
    }

    fn take_back(&mut self, sender: PartnerId) {
        self.free += 1;
        if let Some(taken) = self.taken.get_mut(&sender) {
            *taken -= 1;
            if *taken == 0 {
                self.taken.remove(&sender);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.leave(self.sender);
    }
}

#[cfg(test)]
mod tests;
