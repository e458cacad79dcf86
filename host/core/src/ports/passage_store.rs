//! The passage store: what attempts left at destinations, for those that come after them.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::delivery::Delivery;
use crate::id::{DeliveryId, PassageId};
use crate::passage::{Passage, Reached};
use crate::ports::StoreError;

/// Remembers passages. What moves one names the claimed delivery: of two hosts only the one whose claim holds does.
#[async_trait]
pub trait PassageStore: Send + Sync + Debug {
    /// What an earlier attempt of the delivery left, unless it is not needed any more.
    async fn passage(&self, delivery: DeliveryId) -> Result<Option<Passage>, StoreError>;

    /// Keeps a new passage; the delivery's other one is not needed any more.
    async fn begin_passage(&self, claimed: &Delivery, passage: &Passage) -> Result<(), PassageError>;

    /// Moves a passage on: `step` names the new offset and midstate, and the parts since the step before.
    async fn advance_passage(&self, claimed: &Delivery, id: PassageId, step: &Reached) -> Result<(), PassageError>;

    /// Gives a passage up: it is not gone on with, and what is left of it at the destination is cleared.
    async fn give_up_passage(&self, claimed: &Delivery, id: PassageId) -> Result<(), PassageError>;

    /// Forgets a passage of which nothing is left at the destination: it ended well or was cleared.
    async fn forget_passage(&self, id: PassageId) -> Result<(), StoreError>;

    /// Takes up to `room` passages that no delivery needs: given up, or of deliveries that ended or have other bytes by
    /// now. Nobody else takes them for that time, which doubles with each time.
    async fn unneeded_passages(&self, room: usize, pause: Duration) -> Result<Vec<Unneeded>, StoreError>;
}

/// A passage to clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unneeded {
    /// The passage.
    pub passage: Passage,
    /// How often it was taken, this time included.
    pub tries: u32,
}

/// A passage was not moved.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PassageError {
    /// Another host works on the delivery, or the passage was given up.
    #[error("delivery {0} is another host's by now")]
    Stale(DeliveryId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
