//! Partners in GraphQL.

use async_graphql::{Context, Enum, ID, Object};
use lockgate_core::partner as core;
use lockgate_core::time::Timestamp;

use super::asking::asking;
use super::channel::Channel;
use super::destination::Destination;
use super::loads::{ChannelsOf, DestinationsOf, StandingOf};
use super::quota::PartnerQuotas;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct Partner(pub(super) core::Partner);

/// A company on either end of transfers.
#[Object]
impl Partner {
    /// Its id, `ptn_...`.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Its unique short name, such as `globex`; usable wherever a partner is named.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Its name as people write it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it may take part.
    async fn status(&self) -> PartnerStatus {
        self.0.status.into()
    }

    /// What happens to a file that it sends twice; to its own people and operators.
    async fn duplicates(&self, ctx: &Context<'_>) -> Option<DuplicateRule> {
        asking(ctx).is_for(self.0.id).then(|| self.0.duplicates.into())
    }

    /// How much it may hand in and keep, and how much it does; to its own people and operators.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn quotas(&self, ctx: &Context<'_>) -> Result<Option<PartnerQuotas>, Failure> {
        let asking = asking(ctx);
        if !asking.is_for(self.0.id) {
            return Ok(None);
        }
        let found = asking.one(StandingOf(self.0.id)).await?.unwrap_or_default();
        Ok(found.first().map(|it| PartnerQuotas::of(it, asking.state.intake.quota())))
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// Where its consignments are delivered; to its own people and operators.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn destinations(&self, ctx: &Context<'_>) -> Result<Option<Vec<Destination>>, Failure> {
        if !asking(ctx).is_for(self.0.id) {
            return Ok(None);
        }
        let found = asking(ctx).one(DestinationsOf(self.0.id)).await?.unwrap_or_default();
        Ok(Some(found.into_iter().map(Destination).collect()))
    }

    /// Where its notifications are sent; to its own people and operators.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn channels(&self, ctx: &Context<'_>) -> Result<Option<Vec<Channel>>, Failure> {
        if !asking(ctx).is_for(self.0.id) {
            return Ok(None);
        }
        let found = asking(ctx).one(ChannelsOf(self.0.id)).await?.unwrap_or_default();
        Ok(Some(found.into_iter().map(Channel).collect()))
    }
}

/// Whether a partner may send and receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::PartnerStatus")]
pub(super) enum PartnerStatus {
    /// It may.
    Active,
    /// Neither intake nor delivery; what was acknowledged waits.
    Suspended,
}

/// What happens to a transfer with the digest and name of an earlier one of the same sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::DuplicateRule")]
pub(super) enum DuplicateRule {
    /// The decision notes it.
    Note,
    /// A person must look.
    Hold,
    /// It is rejected.
    Refuse,
}
