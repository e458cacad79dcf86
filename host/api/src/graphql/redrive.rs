//! Redrives and their lanes in GraphQL, for the partner whose they are and operators.

use async_graphql::{Context, Enum, ID, Object};
use lockgate_core::redrive as core;
use lockgate_core::time::Timestamp;

use super::asking::asking;
use super::dead_letter::Cause;
use super::destination::Destination;
use super::loads::LanesOf;
use super::partner::Partner;
use super::scalars::Long;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct Redrive(pub(super) core::Redrive);

/// Many deliveries sent on their way again.
#[Object]
impl Redrive {
    /// Its id, `rdr_...`.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Where it stands.
    async fn state(&self) -> RedriveState {
        self.0.state.into()
    }

    /// What it sends.
    async fn kind(&self) -> RedriveKind {
        self.0.kind.into()
    }

    /// By which judgement deliveries leave.
    async fn judging(&self) -> Judging {
        self.0.judging.into()
    }

    /// Whose deliveries; those of all partners when absent.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        match self.0.partner {
            Some(partner) => Ok(asking(ctx).one(partner).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// Which deliveries.
    async fn filter(&self) -> RedriveFilter {
        RedriveFilter(self.0.filter.clone())
    }

    /// How many a second go to each destination, at most.
    async fn per_second(&self) -> u32 {
        self.0.per_second
    }

    /// Why it was started.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Who started it.
    async fn author(&self) -> &str {
        &self.0.author
    }

    /// How many deliveries there were when it was started.
    async fn total(&self) -> Long {
        Long(self.0.progress.total)
    }

    /// How many it sent on their way.
    async fn moved(&self) -> Long {
        Long(self.0.progress.moved)
    }

    /// How many it left alone, because somebody else had moved them first.
    async fn skipped(&self) -> Long {
        Long(self.0.progress.skipped)
    }

    /// Its share for each destination.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn lanes(&self, ctx: &Context<'_>) -> Result<Vec<RedriveLane>, Failure> {
        let lanes = asking(ctx).one(LanesOf(self.0.id)).await?.unwrap_or_default();
        Ok(lanes.into_iter().map(RedriveLane).collect())
    }

    /// When it was started; what was given up later is not its business.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When a person or its end last moved it.
    async fn updated_at(&self) -> Timestamp {
        self.0.updated_at
    }
}

#[derive(Debug, Clone)]
pub(super) struct RedriveLane(core::Lane);

/// A redrive's share for one destination.
#[Object]
impl RedriveLane {
    /// Where to.
    async fn destination(&self, ctx: &Context<'_>) -> Result<Option<Destination>, Failure> {
        Ok(asking(ctx).one(self.0.destination).await?.map(Destination))
    }

    /// How many deliveries there were when it was started.
    async fn total(&self) -> Long {
        Long(self.0.progress.total)
    }

    /// How many it sent on their way.
    async fn moved(&self) -> Long {
        Long(self.0.progress.moved)
    }

    /// How many it left alone.
    async fn skipped(&self) -> Long {
        Long(self.0.progress.skipped)
    }

    /// Whether it came to its end.
    async fn done(&self) -> bool {
        self.0.done
    }
}

#[derive(Debug, Clone)]
pub(super) struct RedriveFilter(core::RedriveFilter);

/// Which deliveries a redrive sends; what is absent does not narrow.
#[Object]
impl RedriveFilter {
    /// To this destination.
    async fn destination(&self) -> Option<ID> {
        self.0.destination.map(|id| ID(id.to_string()))
    }

    /// To this receiver.
    async fn receiver(&self) -> Option<ID> {
        self.0.receiver.map(|id| ID(id.to_string()))
    }

    /// From this sender.
    async fn sender(&self) -> Option<ID> {
        self.0.sender.map(|id| ID(id.to_string()))
    }

    /// Given up for this cause.
    async fn cause(&self) -> Option<Cause> {
        self.0.cause.map(Into::into)
    }

    /// Given up, or delivered, at or after.
    async fn since(&self) -> Option<Timestamp> {
        self.0.since
    }

    /// Given up, or delivered, before.
    async fn until(&self) -> Option<Timestamp> {
        self.0.until
    }
}

/// Where a redrive stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::RedriveState")]
pub(super) enum RedriveState {
    /// Hosts work on it.
    Running,
    /// Nothing is sent until it is resumed; its place is kept.
    Paused,
    /// Ended by a person; what it had not sent stays as it was.
    Cancelled,
    /// Every lane came to its end.
    Finished,
}

/// What a redrive sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::RedriveKind")]
pub(super) enum RedriveKind {
    /// Dead letters, under the idempotency keys that they have.
    DeadLetters,
    /// Finished deliveries once more, under keys of their own.
    Replay,
}

/// By which judgement redriven deliveries leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::Judging")]
pub(super) enum Judging {
    /// The bytes that were released.
    Released,
    /// The current policy judges again; if other bytes come out they leave under another idempotency key.
    Again,
}
