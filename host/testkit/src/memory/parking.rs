//! Messages that wait for a channel: asked by one at a time, rung for when it takes one, by the same rules as the store's.

use lockgate_core::claim::Aggregate;
use lockgate_core::command::{Command, Work};
use lockgate_core::id::{ChannelId, NotificationId};
use lockgate_core::notification::{ASKING, LEFT_ALONE, Notification, NotificationState};
use lockgate_core::time::Timestamp;

use super::world::State;

/// So many of those that waited are on their way at once.
const AT_ONCE: usize = 8;

impl State {
    /// Whether a message may ask a channel that fails.
    pub(super) fn ask(&mut self, channel: ChannelId, message: NotificationId, at: Timestamp) -> bool {
        let free = match self.asking.get(&channel) {
            Some((Some(other), since)) => *other == message || *since + ASKING <= at,
            Some((None, _)) | None => true,
        };
        if free {
            self.asking.insert(channel, (Some(message), at));
        }
        free
    }

    /// Whether nobody looks at it.
    pub(super) fn is_parked(&self, it: &Notification) -> bool {
        it.waits.is_some() && it.state == NotificationState::Scheduled && !self.on_their_way.contains(&it.id)
    }

    fn waiting_for(&self, channel: ChannelId) -> Vec<Notification> {
        let parked = self.aggregates.values().filter_map(|it| match it {
            Aggregate::Notification(it) if it.waits == Some(channel) && self.is_parked(it) => Some(it.clone()),
            _ => None,
        });
        let mut parked: Vec<_> = parked.collect();
        parked.sort_by_key(|it| (it.due_at, it.id));
        parked
    }

    /// Whether messages wait for the channel.
    pub(super) fn is_waited_for(&self, channel: ChannelId) -> bool {
        !self.waiting_for(channel).is_empty()
    }

    fn under_way_to(&self, channel: ChannelId) -> usize {
        let on_its_way = |it: &&Aggregate| match it {
            Aggregate::Notification(it) => it.waits == Some(channel) && self.on_their_way.contains(&it.id),
            _ => false,
        };
        self.aggregates.values().filter(on_its_way).count()
    }

    /// Rings for those that waited longest for a channel that took a message.
    pub(super) fn ring_for(&mut self, channel: ChannelId, at: Timestamp) {
        let room = AT_ONCE.saturating_sub(self.under_way_to(channel));
        for mut it in self.waiting_for(channel).into_iter().take(room) {
            self.on_their_way.insert(it.id);
            (it.due_at, it.updated_at) = (at, at);
            let aggregate = Aggregate::Notification(it);
            let (work, partner) = (aggregate.work(), aggregate.partner());
            let trace = aggregate.trace().clone();
            self.outbox.push_back(Command { work, version: aggregate.version(), partner, trace });
            self.aggregates.insert(work, aggregate);
        }
    }

    /// Those that are taken up without a ring: one of each channel that was left alone for a while, all of those whose
    /// channel is off or gone.
    pub(super) fn take_up(&mut self, at: Timestamp) -> Vec<(Work, i64)> {
        let mut waited: Vec<_> = self
            .aggregates
            .values()
            .filter_map(|it| match it {
                Aggregate::Notification(it) if self.is_parked(it) => it.waits,
                _ => None,
            })
            .collect();
        waited.sort_unstable();
        waited.dedup();
        let mut taken = vec![];
        for channel in waited {
            let on = self.channels.iter().find(|it| it.id == channel && it.enabled);
            let left_alone = match self.asking.get(&channel) {
                Some((asking, since)) => *since + if asking.is_some() { ASKING } else { LEFT_ALONE } <= at,
                None => true,
            };
            let most = match on {
                None => usize::MAX,
                Some(_) if self.under_way_to(channel) > 0 => 0,
                Some(it) => usize::from(it.health.failing_since.is_none() || left_alone),
            };
            taken.extend(self.waiting_for(channel).into_iter().take(most));
        }
        self.on_their_way.extend(taken.iter().map(|it| it.id));
        taken.into_iter().map(|it| (Work::Notification(it.id), it.version)).collect()
    }
}
