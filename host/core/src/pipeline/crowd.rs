//! Keeps destinations from taking all of a host's workers: a receiver that hangs holds each attempt for as long as it is
//! waited for, and all others would wait with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::id::DestinationId;

/// The attempts under way in this host, by destination.
#[derive(Debug, Clone, Default)]
pub(super) struct Crowd(Arc<Mutex<HashMap<DestinationId, usize>>>);

/// A place among them; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Crowd,
    destination: DestinationId,
}

impl Crowd {
    /// A place for one more attempt at the destination, if it holds fewer of `most` than would be left to others: alone it
    /// gets half, a second one half of the rest, and so on, so that whoever comes next finds room.
    pub(super) fn enter(&self, destination: DestinationId, most: usize) -> Option<Place> {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = under_way.values().sum();
        let count = under_way.get(&destination).copied().unwrap_or(0);
        if count >= most.saturating_sub(all) {
            return None;
        }
        under_way.insert(destination, count + 1);
        Some(Place { crowd: self.clone(), destination })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut under_way = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = under_way.get_mut(&self.destination) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.destination);
            }
        }
    }
}

#[cfg(test)]
mod tests;
