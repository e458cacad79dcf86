//! Breakers in GraphQL.

use async_graphql::{Enum, Object};
use lockgate_core::breaker as core;
use lockgate_core::time::Timestamp;

#[derive(Debug, Clone)]
pub(super) struct Breaker(pub(super) core::Breaker);

/// What keeps a failing destination from being hammered; shared by all hosts.
#[Object]
impl Breaker {
    /// Where it stands.
    async fn state(&self) -> BreakerState {
        self.0.state.into()
    }

    /// Failures in a row.
    async fn failures(&self) -> u32 {
        self.0.failures
    }

    /// Until when it is open, or the probe has time.
    async fn until(&self) -> Option<Timestamp> {
        self.0.until
    }
}

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::BreakerState")]
pub(super) enum BreakerState {
    /// Deliveries pass.
    Closed,
    /// None passes until its time is over; they wait without using up attempts.
    Open,
    /// One delivery probes, the others wait.
    HalfOpen,
}
