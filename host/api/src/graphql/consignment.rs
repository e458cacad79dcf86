//! Consignments in GraphQL: the sender sees where they stand, the receiver everything.

use async_graphql::{Context, Enum, ID, Object};
use lockgate_core::consignment as core;
use lockgate_core::time::Timestamp;

use super::asking::asking;
use super::decision::Decision;
use super::delivery::Delivery;
use super::hold::Hold;
use super::loads::{DecisionsOf, DeliveriesOf};
use super::partner::Partner;
use super::payload::Payload;
use super::transfer::Transfer;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct Consignment(pub(super) core::Consignment);

/// One transfer's share for one receiver.
#[Object]
impl Consignment {
    /// Its id, `con_...`.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Where it stands.
    async fn state(&self) -> ConsignmentState {
        self.0.state.into()
    }

    /// How it ended, if not well, in one sentence that both sides may read.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The transfer that it is a share of.
    async fn transfer(&self, ctx: &Context<'_>) -> Result<Option<Transfer>, Failure> {
        Ok(asking(ctx).one(self.0.transfer).await?.map(Transfer))
    }

    /// Who sends.
    async fn sender(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        Ok(asking(ctx).one(self.0.sender).await?.map(Partner))
    }

    /// Who receives.
    async fn receiver(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        Ok(asking(ctx).one(self.0.receiver).await?.map(Partner))
    }

    /// Why it waits for a person; to the receiver and operators.
    async fn hold(&self, ctx: &Context<'_>) -> Option<Hold> {
        self.0.hold.clone().filter(|_| asking(ctx).sees_outbound(&self.0)).map(Hold::from)
    }

    /// What the receiver's policy decided, newest first; to the receiver and operators.
    #[graphql(complexity = "2 * child_complexity + 1")]
    async fn decisions(&self, ctx: &Context<'_>) -> Result<Vec<Decision>, Failure> {
        let asking = asking(ctx);
        if !asking.sees_outbound(&self.0) {
            return Ok(Vec::new());
        }
        let all = asking.one(DecisionsOf(self.0.transfer)).await?.unwrap_or_default();
        Ok(all.into_iter().rev().filter(|it| it.consignment == Some(self.0.id)).map(Decision).collect())
    }

    /// What the receiver's policy decided last; to the receiver and operators.
    async fn decision(&self, ctx: &Context<'_>) -> Result<Option<Decision>, Failure> {
        let asking = asking(ctx);
        if !asking.sees_outbound(&self.0) {
            return Ok(None);
        }
        let all = asking.one(DecisionsOf(self.0.transfer)).await?.unwrap_or_default();
        Ok(all.into_iter().rev().find(|it| it.consignment == Some(self.0.id)).map(Decision))
    }

    /// What leaves for this receiver, once it was released; to the receiver and operators.
    async fn released(&self, ctx: &Context<'_>) -> Option<Payload> {
        let asking = asking(ctx);
        let payload = self.0.released.as_ref().filter(|_| asking.sees_outbound(&self.0))?;
        let fetches = asking.viewer.role.partner() == Some(self.0.receiver);
        let url = fetches.then(|| asking.state.settings.url(&format!("transfers/{}/payload", self.0.transfer)));
        Some(Payload::new(payload, url))
    }

    /// Its deliveries, oldest first; to the receiver and operators.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn deliveries(&self, ctx: &Context<'_>) -> Result<Vec<Delivery>, Failure> {
        let asking = asking(ctx);
        if !asking.sees_outbound(&self.0) {
            return Ok(Vec::new());
        }
        let found = asking.one(DeliveriesOf(self.0.id)).await?.unwrap_or_default();
        Ok(found.into_iter().map(Delivery).collect())
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

/// Where a consignment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::ConsignmentState")]
pub(super) enum ConsignmentState {
    /// To be judged by the receiver's policy.
    Pending,
    /// Waits for a person.
    Held,
    /// Passed; its deliveries are under way.
    Released,
    /// Refused by the receiver's policy or by a person.
    Rejected,
    /// Passed, and the receiver fetches it.
    Available,
    /// Every delivery arrived.
    Delivered,
    /// At least one delivery was given up.
    DeadLettered,
}
