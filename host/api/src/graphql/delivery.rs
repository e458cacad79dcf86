//! Deliveries in GraphQL, for their receiver and operators.

use async_graphql::{Context, Enum, ID, Object};
use lockgate_core::delivery as core;
use lockgate_core::time::Timestamp;

use super::asking::asking;
use super::attempt::Attempt;
use super::consignment::Consignment;
use super::dead_letter::Cause;
use super::destination::Destination;
use super::loads::AttemptsOf;
use super::partner::Partner;
use super::redrive::Redrive;
use super::scalars::Long;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct Delivery(pub(super) core::Delivery);

/// Handing a consignment to one destination.
#[Object]
impl Delivery {
    /// Its id, `dlv_...`.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The idempotency key that the destination sees: the same over all attempts and redrives while the bytes are the
    /// same, another as soon as they are not.
    async fn key(&self) -> String {
        self.0.key()
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

    /// The same as a class, which dead letters are counted and redriven by.
    async fn cause(&self) -> Option<Cause> {
        self.0.cause.map(Into::into)
    }

    /// What it waits for, if not for its schedule.
    async fn waits_for(&self) -> Option<WaitsFor> {
        self.0.waits.map(Into::into)
    }

    /// Which bytes these are: 1 for those released first, one more whenever a redrive judged them anew and others came
    /// out.
    async fn generation(&self) -> u32 {
        self.0.generation
    }

    /// The redrive that sent it on its way last, if the viewer may see it.
    async fn redrive(&self, ctx: &Context<'_>) -> Result<Option<Redrive>, Failure> {
        match self.0.redrive {
            Some(redrive) => Ok(asking(ctx).one(redrive).await?.map(Redrive)),
            None => Ok(None),
        }
    }

    /// The finished delivery that it repeats.
    async fn replay_of(&self) -> Option<ID> {
        self.0.replay_of.map(|id| ID(id.to_string()))
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

/// What a postponed delivery waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::Wait")]
pub(super) enum WaitsFor {
    /// As many deliveries as the destination takes at once are under way.
    Slot,
    /// The destination failed so often that only probes reach it for a while.
    Breaker,
    /// An earlier position of an ordered destination is unfinished.
    Line,
    /// The receiver is suspended.
    Partner,
}
