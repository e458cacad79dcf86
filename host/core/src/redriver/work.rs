//! A host's work on a lane: as many items as its pace and the destination allow, each in a transaction of its own.

use std::time::Duration;

use super::{Redriver, TRIES};
use crate::change::Change;
use crate::claim::Aggregate;
use crate::command::Work;
use crate::delivery::Delivery;
use crate::destination::DestinationStatus;
use crate::id::HostId;
use crate::ports::{AdvanceError, ClaimedLane, Left, StoreError, TransferStore};
use crate::redrive::{Judging, Place, RedriveKind};
use crate::state::consignment::Replay;
use crate::state::{ConsignmentMove, DeliveryMove, Stamp, consignment, delivery};

/// So many deliveries of a lane are under way at once, so that a revived destination is not flooded.
const WINDOW: u64 = 256;
/// How often a lane moves at its pace.
const BEAT: Duration = Duration::from_secs(1);
/// How soon a lane looks again whose destination is full or does not answer.
const CROWDED: Duration = Duration::from_millis(500);
/// How soon a lane looks again whose destination is disabled.
const DISABLED: Duration = Duration::from_secs(5);

impl Redriver {
    /// Works on one lane that is due; false if there is none. Whatever ends this host in between, the lane's place and
    /// its items are as the last transaction left them, and another host goes on there.
    pub async fn work(&self, host: HostId, transfers: &dyn TransferStore) -> Result<bool, StoreError> {
        let Some(lane) = self.store.claim_lane(host).await? else { return Ok(false) };
        let left = match self.run(&lane, host, transfers).await {
            Ok(left) => left,
            Err(AdvanceError::Lost) => return Ok(true),
            Err(AdvanceError::Stale) => Left::For(Duration::ZERO),
            Err(AdvanceError::Store(error)) => return Err(error),
        };
        self.store.leave(&lane, left).await?;
        Ok(true)
    }

    async fn run(&self, lane: &ClaimedLane, host: HostId, transfers: &dyn TransferStore) -> Result<Left, AdvanceError> {
        if lane.destination.status == DestinationStatus::Disabled {
            return Ok(Left::For(DISABLED));
        }
        // Behind an open breaker one is enough: it is the probe.
        let window = if lane.tripped { 1 } else { WINDOW };
        let room = window.saturating_sub(lane.under_way).min(u64::from(lane.redrive.per_second));
        if room == 0 {
            return Ok(Left::For(CROWDED));
        }
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let items = self.store.items(lane, room).await?;
        let ended = items.len() < room;
        for item in &items {
            let place = Place { position: item.position.unwrap_or(0), delivery: item.id };
            self.send(lane, host, item, place, transfers).await?;
        }
        Ok(if ended { Left::Done } else { Left::For(BEAT) })
    }

    /// Moves one item on. Where somebody else moved it in between, it is looked at again: still legal or left alone.
    async fn send(
        &self,
        lane: &ClaimedLane,
        host: HostId,
        item: &Delivery,
        place: Place,
        transfers: &dyn TransferStore,
    ) -> Result<(), AdvanceError> {
        let mut item = item.clone();
        for _ in 0..TRIES {
            let change = self.change(lane, host, &item, transfers).await?;
            match self.store.advance(lane, place, change.as_ref()).await {
                Err(AdvanceError::Stale) => {
                    if let Some(Aggregate::Delivery(now)) = transfers.load(Work::Delivery(item.id)).await? {
                        item = now;
                    }
                }
                other => return other,
            }
        }
        Err(AdvanceError::Stale)
    }

    /// The item's move, if it is still legal.
    async fn change(
        &self,
        lane: &ClaimedLane,
        host: HostId,
        item: &Delivery,
        transfers: &dyn TransferStore,
    ) -> Result<Option<Change>, StoreError> {
        let redrive = &lane.redrive;
        let trace = item.trace.trace_id().map(str::to_owned);
        let stamp = Stamp::of_person(&redrive.author, self.clock.now(), trace);
        let change = match redrive.kind {
            RedriveKind::DeadLetters => {
                let wanted = DeliveryMove::Redrive {
                    reason: redrive.reason.clone(),
                    redrive: Some(redrive.id),
                    judged_again: redrive.judging == Judging::Again,
                };
                delivery::apply(item, wanted, &stamp)
            }
            RedriveKind::Replay => {
                let Some(Aggregate::Consignment(whole)) = transfers.load(Work::Consignment(item.consignment)).await?
                else {
                    return Ok(None);
                };
                let wanted = Replay {
                    of: item.clone(),
                    ordered: lane.destination.ordered,
                    redrive: redrive.id,
                    reason: redrive.reason.clone(),
                };
                consignment::apply(&whole, ConsignmentMove::Replay(Box::new(wanted)), &stamp)
            }
        };
        match change {
            Ok(change) => Ok(Some(change)),
            Err(illegal) => {
                tracing::info!(
                    redrive.id = %redrive.id, delivery.id = %item.id, host.id = %host, %illegal,
                    "A redrive left a delivery alone."
                );
                Ok(None)
            }
        }
    }
}
