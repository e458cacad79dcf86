//! Transfers in GraphQL: what each side may know of them.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Object};
use lockgate_core::time::Timestamp;
use lockgate_core::transfer as core;

use super::asking::asking;
use super::consignment::Consignment;
use super::decision::Decision;
use super::fact::Fact;
use super::hold::Hold;
use super::loads::{ConsignmentsOf, DeadLettersOf, DecisionsOf, NotificationsOf, ProvenanceOf, UploadsOf};
use super::notification::Notification;
use super::page::{self, Window};
use super::partner::Partner;
use super::payload::Payload;
use super::provenance::ProvenanceEntry;
use super::scalars::Long;
use super::upload::Upload;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct Transfer(pub(super) core::Transfer);

/// One object that a sender hands in for one or more receivers.
#[Object]
impl Transfer {
    /// Its id, `trf_...`.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Where it stands.
    async fn state(&self) -> TransferState {
        self.0.state.into()
    }

    /// Why it ended without being accepted, in one sentence; to the sender and operators.
    async fn reason(&self, ctx: &Context<'_>) -> Option<&str> {
        self.0.reason.as_deref().filter(|_| asking(ctx).sees_inbound(&self.0))
    }

    /// Who sends.
    async fn sender(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        Ok(asking(ctx).one(self.0.sender).await?.map(Partner))
    }

    /// Whom the sender addressed; a receiver sees itself only.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn receivers(&self, ctx: &Context<'_>) -> Result<Vec<Partner>, Failure> {
        let asking = asking(ctx);
        let all = asking.sees_inbound(&self.0);
        let seen: Vec<_> = self.0.receivers.iter().copied().filter(|it| all || asking.is_for(*it)).collect();
        Ok(asking.some(&seen).await?.into_iter().map(Partner).collect())
    }

    /// The file's name as the sender gave it.
    async fn file_name(&self) -> &str {
        &self.0.file_name
    }

    /// What the sender says the bytes are.
    async fn media_type(&self) -> &str {
        &self.0.media_type
    }

    /// The bytes as they came; to the sender and operators.
    async fn source(&self, ctx: &Context<'_>) -> Option<Payload> {
        let asking = asking(ctx);
        let payload = self.0.source.as_ref().filter(|_| asking.sees_inbound(&self.0))?;
        let fetches = asking.viewer.role.partner() == Some(self.0.sender);
        let url = fetches.then(|| asking.state.settings.url(&format!("transfers/{}/payload", self.0.id)));
        Some(Payload::new(payload, url))
    }

    /// What passed the sender's side, maybe masked; to the sender and operators.
    async fn released(&self, ctx: &Context<'_>) -> Option<Payload> {
        self.0.released.as_ref().filter(|_| asking(ctx).sees_inbound(&self.0)).map(|it| Payload::new(it, None))
    }

    /// How far its bytes have come; to the sender and operators.
    async fn upload(&self, ctx: &Context<'_>) -> Result<Option<Upload>, Failure> {
        let asking = asking(ctx);
        if !asking.sees_inbound(&self.0) {
            return Ok(None);
        }
        let found = asking.one(UploadsOf(self.0.id)).await?;
        Ok(found.and_then(|uploads| uploads.into_iter().next()).map(Upload))
    }

    /// Why it waits for a person; to the sender and operators.
    async fn hold(&self, ctx: &Context<'_>) -> Option<Hold> {
        self.0.hold.clone().filter(|_| asking(ctx).sees_inbound(&self.0)).map(Hold::from)
    }

    /// What validators extracted; to the sender and operators.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn facts(&self, ctx: &Context<'_>) -> Vec<Fact> {
        let seen = asking(ctx).sees_inbound(&self.0);
        self.0.facts.iter().filter(|_| seen).cloned().map(Fact::from).collect()
    }

    /// The receivers' shares, oldest first; a receiver sees its own.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn consignments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this receiver's, by id or slug.")] receiver: Option<String>,
    ) -> Result<Vec<Consignment>, Failure> {
        let asking = asking(ctx);
        let mut found = asking.one(ConsignmentsOf(self.0.id)).await?.unwrap_or_default();
        if let Some(named) = receiver {
            let receivers: Vec<_> = found.iter().map(|it| it.receiver).collect();
            let partners = asking.some(&receivers).await?;
            let wanted = partners.into_iter().find(|it| it.slug == named || it.id.to_string() == named);
            found.retain(|it| wanted.as_ref().is_some_and(|wanted| wanted.id == it.receiver));
        }
        Ok(found.into_iter().map(Consignment).collect())
    }

    /// How many of its deliveries were given up and not sent since; to operators and receivers, who count their own.
    async fn dead_letters(&self, ctx: &Context<'_>) -> Result<Option<Long>, Failure> {
        let asking = asking(ctx);
        if !asking.sees_deliveries(&self.0) {
            return Ok(None);
        }
        let found = asking.one(DeadLettersOf(self.0.id)).await?.unwrap_or_default();
        Ok(Some(Long(found.into_iter().sum())))
    }

    /// What the sender's side decided, newest first; to the sender and operators.
    #[graphql(complexity = "2 * child_complexity + 1")]
    async fn decisions(&self, ctx: &Context<'_>) -> Result<Vec<Decision>, Failure> {
        let asking = asking(ctx);
        if !asking.sees_inbound(&self.0) {
            return Ok(Vec::new());
        }
        let all = asking.one(DecisionsOf(self.0.id)).await?.unwrap_or_default();
        Ok(all.into_iter().rev().filter(|it| it.consignment.is_none()).map(Decision).collect())
    }

    /// What the sender's side decided last; to the sender and operators.
    async fn decision(&self, ctx: &Context<'_>) -> Result<Option<Decision>, Failure> {
        let asking = asking(ctx);
        if !asking.sees_inbound(&self.0) {
            return Ok(None);
        }
        let all = asking.one(DecisionsOf(self.0.id)).await?.unwrap_or_default();
        Ok(all.into_iter().rev().find(|it| it.consignment.is_none()).map(Decision))
    }

    /// The notifications about it that the viewer's own policy sent.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn notifications(&self, ctx: &Context<'_>) -> Result<Vec<Notification>, Failure> {
        let found = asking(ctx).one(NotificationsOf(self.0.id)).await?.unwrap_or_default();
        Ok(found.into_iter().map(Notification).collect())
    }

    /// Everything that happened to it, from its beginning, as far as the viewer may know.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn provenance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, ProvenanceEntry>, Failure> {
        let request = Window { first, after, last, before, order: None }.request("provenance")?;
        let found = asking(ctx).one(ProvenanceOf(self.0.id, request)).await?;
        Ok(page::connection("provenance", found.unwrap_or(page::empty()), ProvenanceEntry))
    }

    /// When it was announced.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> Timestamp {
        self.0.updated_at
    }
}

/// Where a transfer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::TransferState")]
pub(super) enum TransferState {
    /// Announced; the bytes are still to come.
    Announced,
    /// Acknowledged: the bytes are safe and will be judged.
    Received,
    /// Waits for a person.
    Held,
    /// Passed the sender's side; its consignments are under way.
    Accepted,
    /// Refused by policy or by a person.
    Rejected,
    /// Taken back by the sender.
    Cancelled,
    /// The bytes never came.
    Expired,
    /// Every consignment is settled.
    Finished,
}
