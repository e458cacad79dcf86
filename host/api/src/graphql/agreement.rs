//! Agreements in GraphQL.

use async_graphql::{Context, Enum, ID, Object};
use lockgate_core::agreement as core;
use lockgate_core::time::Timestamp;

use super::asking::asking;
use super::partner::Partner;
use super::scalars::Long;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct Agreement(pub(super) core::Agreement);

/// Leave for one partner to send to another; without one nothing can be addressed.
#[Object]
impl Agreement {
    /// Its id, `agr_...`.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Who may send.
    async fn sender(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        Ok(asking(ctx).one(self.0.sender).await?.map(Partner))
    }

    /// Who receives.
    async fn receiver(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        Ok(asking(ctx).one(self.0.receiver).await?.map(Partner))
    }

    /// The media types that may be sent; none means any.
    async fn media_types(&self) -> &[String] {
        &self.0.media_types
    }

    /// The largest payload in bytes, where it is narrower than the installation's.
    async fn max_size(&self) -> Option<Long> {
        self.0.max_size.map(Long)
    }

    /// Whether it is in force.
    async fn status(&self) -> AgreementStatus {
        self.0.status.into()
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// Whether an agreement is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::AgreementStatus")]
pub(super) enum AgreementStatus {
    /// In force.
    Active,
    /// Over: nothing new can be addressed under it.
    Ended,
}
