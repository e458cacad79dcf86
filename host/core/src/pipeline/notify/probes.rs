//! A channel that fails is asked by one message of a host at a time: the others wait for its answer.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::id::ChannelId;
use crate::notification::Channel;

/// The failing channels that are being asked.
#[derive(Debug, Clone, Default)]
pub(in crate::pipeline) struct Probes(Arc<Mutex<HashSet<ChannelId>>>);

impl Probes {
    /// Leave to send to the channel, unless it fails and is being asked already.
    pub(super) fn begin(&self, channel: &Channel) -> Option<Probe> {
        if channel.health.failing_since.is_none() {
            return Some(Probe(None));
        }
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert(channel.id).then(|| Probe(Some((self.clone(), channel.id))))
    }
}

/// Leave to send; where the channel fails, the next one gets it when this one is dropped, however the attempt ends.
#[derive(Debug)]
pub(super) struct Probe(Option<(Probes, ChannelId)>);

impl Drop for Probe {
    fn drop(&mut self) {
        if let Some((probes, channel)) = &self.0 {
            probes.0.lock().unwrap_or_else(PoisonError::into_inner).remove(channel);
        }
    }
}

#[cfg(test)]
mod tests;
