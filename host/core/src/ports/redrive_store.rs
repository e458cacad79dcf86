//! The redrive store: redrives, their lanes, and the one transaction that moves an item together with its lane's place.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::change::Change;
use crate::delivery::Delivery;
use crate::destination::Destination;
use crate::id::{HostId, RedriveId};
use crate::ports::StoreError;
use crate::redrive::{Lane, Place, Redrive, RedriveState};
use crate::time::Timestamp;
use crate::transfer::Version;

/// Keeps redrives.
#[async_trait]
pub trait RedriveStore: Send + Sync + Debug {
    /// Keeps a new redrive with a lane per destination that has anything to send, counted; without any it is finished.
    async fn start(&self, redrive: &Redrive) -> Result<Redrive, StoreError>;
    /// A redrive with its progress.
    async fn find_redrive(&self, id: RedriveId) -> Result<Option<Redrive>, StoreError>;
    /// Moves a redrive if it is still at that version; once this answers, no host moves an item of one that may not run.
    async fn move_redrive(
        &self,
        id: RedriveId,
        version: Version,
        next: RedriveState,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Claims a lane of a running redrive that is due and has no living host, or whose host asks again.
    async fn claim_lane(&self, host: HostId) -> Result<Option<ClaimedLane>, StoreError>;
    /// What the lane sends next, lowest place first.
    async fn items(&self, lane: &ClaimedLane, room: usize) -> Result<Vec<Delivery>, StoreError>;
    /// Moves the lane's place past an item and writes the item's change in the same transaction, if the claim still
    /// holds and the redrive still runs. Without a change the item is counted as skipped.
    async fn advance(&self, lane: &ClaimedLane, past: Place, change: Option<&Change>) -> Result<(), AdvanceError>;
    /// Gives a lane back until then, or for good when it is done; the redrive is finished with its last lane.
    async fn leave(&self, lane: &ClaimedLane, left: Left) -> Result<(), StoreError>;
}

/// A lane in a host's hands.
#[derive(Debug, Clone)]
pub struct ClaimedLane {
    /// The lane; its version is the one after the claim.
    pub lane: Lane,
    /// The redrive.
    pub redrive: Redrive,
    /// Where it sends to.
    pub destination: Destination,
    /// How many deliveries of this redrive are under way to it.
    pub under_way: u64,
    /// Whether the destination's breaker lets only probes pass.
    pub tripped: bool,
}

/// How a lane is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// There is more; due again after that time.
    For(Duration),
    /// It came to its end.
    Done,
}

/// An item was not moved.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AdvanceError {
    /// Somebody else has the lane, or the redrive does not run any more: drop it.
    #[error("the lane is somebody else's, or its redrive does not run")]
    Lost,
    /// Somebody else moved the item first.
    #[error("the delivery changed in the meantime")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
