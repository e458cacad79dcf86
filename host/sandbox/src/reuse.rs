//! Idle instances, to be used again within bounds: by the same binding with the same settings, for the same partners.
//!
//! *Invariant:* an instance that saw the payload of one pair of partners never serves another; house bindings included.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lockgate_core::id::BindingId;
use lockgate_core::plugin::PluginDigest;

use crate::config::Reuse;
use crate::guest::Guest;

/// Who may use an instance again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReuseKey {
    pub(crate) binding: BindingId,
    pub(crate) plugin: PluginDigest,
    pub(crate) settings: Arc<str>,
    pub(crate) sender: Option<String>,
    pub(crate) receiver: Option<String>,
}

/// The idle instances of all bindings, the longest idle first.
#[derive(Debug)]
pub(crate) struct Idle {
    bounds: Reuse,
    guests: Mutex<VecDeque<(ReuseKey, Guest)>>,
}

impl Idle {
    pub(crate) fn new(bounds: Reuse) -> Self {
        Self { bounds, guests: Mutex::default() }
    }

    /// An idle instance for this key, the warmest.
    pub(crate) fn take(&self, key: &ReuseKey) -> Option<Guest> {
        let mut guests = self.guests();
        let index = guests.iter().rposition(|(of, _)| of == key)?;
        guests.remove(index).map(|(_, guest)| guest)
    }

    /// Keeps an instance if the bounds allow it; otherwise it is dropped.
    pub(crate) fn keep(&self, key: ReuseKey, mut guest: Guest) {
        guest.sessions += 1;
        if guest.sessions >= self.bounds.sessions {
            return;
        }
        let mut guests = self.guests();
        let of_this = guests.iter().filter(|(of, _)| of.binding == key.binding && *of == key).count();
        if of_this >= self.bounds.idle {
            return;
        }
        guests.push_back((key, guest));
        let surplus = if guests.len() > self.bounds.idle_in_all { guests.pop_front() } else { None };
        // Dropping an instance unmaps memory: not under the lock.
        drop(guests);
        drop(surplus);
    }

    /// Gives up the instance that was idle longest, to make room. `false` if there is none.
    pub(crate) fn give_up_one(&self) -> bool {
        let oldest = self.guests().pop_front();
        oldest.is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.guests().len()
    }

    fn guests(&self) -> MutexGuard<'_, VecDeque<(ReuseKey, Guest)>> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
