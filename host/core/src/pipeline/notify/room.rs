//! How many messages this host sends to one channel at once, so that one which hangs takes no place from the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::id::ChannelId;
use crate::notification::Channel;

/// Messages to one channel at once.
const CONCURRENT: usize = 8;

/// Who is sending where.
#[derive(Debug, Clone, Default)]
pub(in crate::pipeline) struct Rooms(Arc<Mutex<HashMap<ChannelId, usize>>>);

impl Rooms {
    /// A place among those who send to the channel, if there is one left. A channel that fails is asked by one message at a
    /// time.
    pub(super) fn enter(&self, channel: &Channel) -> Option<Place> {
        let most = if channel.health.failing_since.is_some() { 1 } else { CONCURRENT };
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there = taken.entry(channel.id).or_default();
        if *there >= most {
            return None;
        }
        *there += 1;
        Some(Place { rooms: self.clone(), channel: channel.id })
    }
}

/// A place that is free again when it is dropped, however the attempt ends.
#[derive(Debug)]
pub(super) struct Place {
    rooms: Rooms,
    channel: ChannelId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.rooms.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = taken.get_mut(&self.channel) {
            *there -= 1;
            if *there == 0 {
                taken.remove(&self.channel);
            }
        }
    }
}

#[cfg(test)]
mod tests;
