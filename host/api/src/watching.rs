//! Watching: who follows what, on this host. Nudges of all hosts come in, and each follower learns what to look at.
//!
//! *Invariant:* nothing piles up. A follower that is slow has each thing to look at once, however often it changed, and
//! at most [`PENDING`] things; beyond that it is told that it missed some.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lockgate_core::id::{DeliveryId, PartnerId, TransferId};
use lockgate_core::nudge::Nudge;
use lockgate_core::ports::NudgeSink;
use lockgate_core::viewer::Role;
use tokio::sync::{Notify, watch};

use crate::settings::SubscriptionLimits;

/// Things that may wait for one follower.
const PENDING: usize = 1_000;

/// What is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// One transfer.
    Transfer(TransferId),
    /// All transfers that the viewer may see.
    Transfers,
    /// One delivery.
    Delivery(DeliveryId),
    /// All deliveries that the viewer may see.
    Deliveries,
}

/// What a follower should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Look at this transfer.
    Transfer(TransferId),
    /// Look at this delivery.
    Delivery(DeliveryId),
    /// Give up: more changed than can be told one by one.
    Missed,
}

/// By whom; operators are concerned by everything, so they share one place.
type Place = (Topic, Option<PartnerId>);

/// The followers of this host, and their connections.
#[derive(Debug)]
pub struct Hub {
    followers: Mutex<HashMap<Place, Vec<Arc<Follower>>>>,
    connections: Mutex<HashMap<String, usize>>,
    left: Notify,
    closing: watch::Sender<bool>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            followers: Mutex::default(),
            connections: Mutex::default(),
            left: Notify::new(),
            closing: watch::Sender::new(false),
        }
    }
}

impl Hub {
    /// Begins to follow.
    pub(crate) fn follow(self: &Arc<Self>, topic: Topic, role: Role) -> Watch {
        let place = (topic, role.partner());
        let follower = Arc::new(Follower::default());
        locked(&self.followers).entry(place).or_default().push(Arc::clone(&follower));
        Watch { hub: Arc::clone(self), place, follower }
    }

    /// Admits a connection of somebody; nothing if there are too many, of this one or altogether.
    pub(crate) fn admit(self: &Arc<Self>, subject: String, limits: &SubscriptionLimits) -> Option<Seat> {
        let mut connections = locked(&self.connections);
        if connections.values().sum::<usize>() >= limits.connections {
            return None;
        }
        let own = connections.entry(subject.clone()).or_default();
        if *own >= limits.connections_per_viewer {
            return None;
        }
        *own += 1;
        drop(connections);
        Some(Seat { hub: Arc::clone(self), subject })
    }

    /// Resolves when connections are to end.
    pub(crate) async fn closing(&self) {
        // The sender lives in this very hub.
        let _ = self.closing.subscribe().wait_for(|it| *it).await;
    }

    /// How many connections follow something or may.
    pub fn connections(&self) -> usize {
        locked(&self.connections).values().sum()
    }

    /// Ends all connections with "going away" and waits until they have.
    pub async fn close(&self) {
        self.closing.send_replace(true);
        loop {
            let left = self.left.notified();
            if self.connections() == 0 {
                return;
            }
            left.await;
        }
    }

    fn tell(&self, place: Place, wake: Wake) {
        if let Some(followers) = locked(&self.followers).get(&place) {
            followers.iter().for_each(|it| it.tell(wake));
        }
    }
}

impl NudgeSink for Hub {
    fn nudged(&self, nudge: &Nudge) {
        let transfer = Wake::Transfer(nudge.transfer);
        for who in nudge.partners.iter().copied().map(Some).chain([None]) {
            self.tell((Topic::Transfer(nudge.transfer), who), transfer);
            self.tell((Topic::Transfers, who), transfer);
            if let Some(delivery) = nudge.delivery {
                self.tell((Topic::Delivery(delivery), who), Wake::Delivery(delivery));
                self.tell((Topic::Deliveries, who), Wake::Delivery(delivery));
            }
        }
    }

    fn missed(&self) {
        for ((topic, _), followers) in locked(&self.followers).iter() {
            let wake = match *topic {
                Topic::Transfer(id) => Wake::Transfer(id),
                Topic::Delivery(id) => Wake::Delivery(id),
                Topic::Transfers | Topic::Deliveries => Wake::Missed,
            };
            followers.iter().for_each(|it| it.tell(wake));
        }
    }
}

#[derive(Debug, Default)]
struct Follower {
    waiting: Mutex<Waiting>,
    woken: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    order: VecDeque<Wake>,
    transfers: HashSet<TransferId>,
    deliveries: HashSet<DeliveryId>,
    missed: bool,
}

impl Follower {
    fn tell(&self, wake: Wake) {
        let mut waiting = locked(&self.waiting);
        let new = match wake {
            Wake::Missed => false,
            Wake::Transfer(id) => waiting.transfers.insert(id),
            Wake::Delivery(id) => waiting.deliveries.insert(id),
        };
        if wake == Wake::Missed || waiting.order.len() >= PENDING {
            *waiting = Waiting { missed: true, ..Waiting::default() };
        } else if new {
            waiting.order.push_back(wake);
        }
        drop(waiting);
        self.woken.notify_one();
    }

    fn take(&self) -> Option<Wake> {
        let mut waiting = locked(&self.waiting);
        if waiting.missed {
            return Some(Wake::Missed);
        }
        let wake = waiting.order.pop_front()?;
        match wake {
            Wake::Transfer(id) => waiting.transfers.remove(&id),
            Wake::Delivery(id) => waiting.deliveries.remove(&id),
            Wake::Missed => false,
        };
        Some(wake)
    }
}

/// One follower's end; dropping it ends the following.
#[derive(Debug)]
pub(crate) struct Watch {
    hub: Arc<Hub>,
    place: Place,
    follower: Arc<Follower>,
}

impl Watch {
    /// What to do next; waits until there is something.
    pub(crate) async fn next(&self) -> Wake {
        loop {
            if let Some(wake) = self.follower.take() {
                return wake;
            }
            self.follower.woken.notified().await;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut followers = locked(&self.hub.followers);
        if let Some(here) = followers.get_mut(&self.place) {
            here.retain(|it| !Arc::ptr_eq(it, &self.follower));
            if here.is_empty() {
                followers.remove(&self.place);
            }
        }
    }
}

/// A connection's place in the hub, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Seat {
    hub: Arc<Hub>,
    subject: String,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut connections = locked(&self.hub.connections);
        if let Some(own) = connections.get_mut(&self.subject) {
            *own -= 1;
            if *own == 0 {
                connections.remove(&self.subject);
            }
        }
        drop(connections);
        self.hub.left.notify_waiters();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
