//! Nudges between hosts: written with each change, carried by the bus to every host, heard by whoever follows.

use async_trait::async_trait;

use crate::nudge::Nudge;
use crate::ports::{BusError, StoreError};

/// Carries nudges to every host.
#[async_trait]
pub trait NudgeBus: Send + Sync + std::fmt::Debug {
    /// Publishes the nudges and returns once the brokers have them.
    async fn nudge(&self, nudges: &[Nudge]) -> Result<(), BusError>;
}

/// Keeps the nudges of changes until the bus has them.
#[async_trait]
pub trait NudgeStore: Send + Sync + std::fmt::Debug {
    /// Publishes some of them, oldest first, and forgets those; says how many there were.
    async fn relay_nudges(&self, limit: usize, bus: &dyn NudgeBus) -> Result<usize, StoreError>;
}

/// Hears the nudges of all hosts. It must not wait.
pub trait NudgeSink: Send + Sync + std::fmt::Debug {
    /// Something changed.
    fn nudged(&self, nudge: &Nudge);
    /// Some nudges may not have come: anything may have changed.
    fn missed(&self);
}
