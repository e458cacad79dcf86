//! Takes on what has no living host: work of dead hosts, work that is due, and work that nobody rang for.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::claim::{Claim, Room};
use lockgate_core::id::HostId;
use lockgate_core::ports::TransferStore;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::Holdings;

/// Looks for work while the host has room.
#[derive(Debug)]
pub(crate) struct Adopter {
    pub(crate) store: Arc<dyn TransferStore>,
    pub(crate) host: HostId,
    pub(crate) queue: mpsc::Sender<Claim>,
    /// What the workers could let wait.
    pub(crate) room: watch::Receiver<Room>,
    pub(crate) holdings: Arc<Holdings>,
    pub(crate) alive: watch::Receiver<bool>,
    pub(crate) every: Duration,
    pub(crate) overdue: Duration,
}

impl Adopter {
    /// Looks for ever.
    pub(crate) async fn run(mut self) {
        let mut ticks = interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if self.alive.wait_for(|it| *it).await.is_err() || self.queue.is_closed() {
                return std::future::pending().await;
            }
            // Each look costs the same, whatever it finds: only where there is room for some, another one follows at once.
            let some = self.queue.max_capacity().div_ceil(2);
            if self.adopt(1).await {
                while self.adopt(some).await {}
            }
        }
    }

    /// Adopts once, of the kinds that have room for so many; true if there may be more to take on at once.
    async fn adopt(&self, least: usize) -> bool {
        if self.room(least).is_none() {
            return false;
        }
        // What was adopted before may still be on its way to the workers.
        let Ok(places) = self.queue.reserve_many(least).await else { return false };
        drop(places);
        let (most, room) = (self.queue.capacity(), self.room(least));
        if most < least || !*self.alive.borrow() {
            return false;
        }
        let outcome = self.store.adopt(self.host, most, room, self.overdue).await;
        self.holdings.heard(&outcome);
        match outcome {
            Ok(claims) => {
                let may_be_more = claims.len() == most || room.is_filled_by(&claims);
                for claim in claims {
                    // A closed queue means that the host stops; others adopt what it could not take on.
                    let _ = self.queue.send(claim).await;
                }
                may_be_more
            }
            Err(error) => {
                tracing::warn!(error = %error, "Work without a host could not be looked for.");
                false
            }
        }
    }

    /// What the workers could let wait, where that is so much.
    fn room(&self, least: usize) -> Room {
        self.room.borrow().of_at_least(least)
    }
}
