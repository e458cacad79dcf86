//! Places for those who assemble, and the line before them: what a host reads and writes for assemblies is bounded, however
//! many are asked for at once.
//!
//! *Invariant:* a place that is given back goes to who has waited longest and still does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::channel::oneshot;

use crate::intake::Assemblies;

/// The places of one host.
#[derive(Debug, Clone)]
pub(in crate::intake) struct Places {
    standing: Arc<Mutex<Standing>>,
    most_waiting: usize,
}

#[derive(Debug)]
struct Standing {
    free: usize,
    line: VecDeque<oneshot::Sender<Place>>,
}

/// One who is at work; the place is given back when this is dropped.
#[derive(Debug)]
pub(in crate::intake) struct Place(Places);

impl Places {
    pub(in crate::intake) fn new(bounds: Assemblies) -> Self {
        let standing = Standing { free: bounds.at_once, line: VecDeque::new() };
        Self { standing: Arc::new(Mutex::new(standing)), most_waiting: bounds.waiting }
    }

    /// A place, once there is one; none where the line is as long as it may be.
    pub(in crate::intake) async fn take(&self) -> Option<Place> {
        let turn = {
            let mut standing = self.standing();
            if standing.free > 0 {
                standing.free -= 1;
                return Some(Place(self.clone()));
            }
            standing.line.retain(|waiting| !waiting.is_canceled());
            if standing.line.len() >= self.most_waiting {
                return None;
            }
            let (sender, turn) = oneshot::channel();
            standing.line.push_back(sender);
            turn
        };
        turn.await.ok()
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let next = {
            let mut standing = self.0.standing();
            let next = standing.line.pop_front();
            standing.free += usize::from(next.is_none());
            next
        };
        if let Some(next) = next {
            // Who left the line gives it back here, and the one behind gets it.
            drop(next.send(Self(self.0.clone())));
        }
    }
}

#[cfg(test)]
mod tests;
