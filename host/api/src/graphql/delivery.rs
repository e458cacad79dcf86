//! Deliveries in GraphQL, for their receiver and operators.

use async_graphql::{Context, Enum, ID, Object};
use lockgate_core::delivery as core;
use lockgate_core::time::Timestamp;

use super::asking::asking;
use super::attempt::Attempt;
use super::consignment::Consignment;
use super::destination::Destination;
use super::loads::AttemptsOf;
use super::partner::Partner;
use super::scalars::Long;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct Delivery(pub(super) core::Delivery);

/// Handing a consignment to one destination.
#[Object]
impl Delivery {
    /// Its id, `dlv_...`; also the idempotency key that the destination sees, over all attempts and redrives.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Where it stands.
    async fn state(&self) -> DeliveryState {
        self.0.state.into()
    }

    /// The share that it hands over.
    async fn consignment(&self, ctx: &Context<'_>) -> Result<Option<Consignment>, Failure> {
        Ok(asking(ctx).one(self.0.consignment).await?.map(Consignment))
    }

    /// Who receives.
    async fn receiver(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        Ok(asking(ctx).one(self.0.receiver).await?.map(Partner))
    }

    /// Where to.
    async fn destination(&self, ctx: &Context<'_>) -> Result<Option<Destination>, Failure> {
        Ok(asking(ctx).one(self.0.destination).await?.map(Destination))
    }

    /// Its place in an ordered destination's line.
    async fn position(&self) -> Option<Long> {
        self.0.position.and_then(|it| u64::try_from(it).ok()).map(Long)
    }

    /// When the next attempt is due, while there is one.
    async fn due_at(&self) -> Option<Timestamp> {
        (self.0.state == core::DeliveryState::Scheduled).then_some(self.0.due_at)
    }

    /// How many attempts were made since it was created or last redriven.
    async fn attempt_count(&self) -> u32 {
        self.0.attempts
    }

    /// Its attempts, oldest first.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn attempts(&self, ctx: &Context<'_>) -> Result<Vec<Attempt>, Failure> {
        let found = asking(ctx).one(AttemptsOf(self.0.id)).await?.unwrap_or_default();
        Ok(found.into_iter().map(Attempt).collect())
    }

    /// What the last failed attempt said.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> Timestamp {
        self.0.updated_at
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::DeliveryState")]
pub(super) enum DeliveryState {
    /// An attempt is due.
    Scheduled,
    /// The receiver took it.
    Delivered,
    /// Given up, until somebody redrives it.
    DeadLettered,
}
