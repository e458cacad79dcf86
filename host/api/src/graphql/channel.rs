//! Notification channels in GraphQL.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use lockgate_core::notification as core;
use lockgate_core::time::Timestamp;

use super::asking::asking;
use super::partner::Partner;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct Channel(pub(super) core::Channel);

/// Where a partner's notifications go: a webhook by Standard Webhooks 1.0.
#[Object]
impl Channel {
    /// Its id, `chn_...`.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Whose it is.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        Ok(asking(ctx).one(self.0.partner).await?.map(Partner))
    }

    /// Its name, unique within the partner; notify plugins choose it by this name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is: `webhook`.
    async fn kind(&self) -> &'static str {
        match self.0.kind {
            core::ChannelKind::Webhook { .. } => "webhook",
        }
    }

    /// Where messages are sent.
    async fn url(&self) -> &str {
        match &self.0.kind {
            core::ChannelKind::Webhook { url, .. } => url,
        }
    }

    /// The name of the secret that signs.
    async fn signing_secret(&self) -> &str {
        match &self.0.kind {
            core::ChannelKind::Webhook { signing_secret, .. } => signing_secret,
        }
    }

    /// Of which events it is told; of all when there is none.
    async fn events(&self) -> Vec<ChannelEvent> {
        self.0.events.iter().map(|it| (*it).into()).collect()
    }

    /// Whether messages are sent.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// When it first failed, since it last took a message.
    async fn first_failed_at(&self) -> Option<Timestamp> {
        self.0.health.failing_since
    }

    /// Why a host turned it off, if one did: it said that it is gone, or took nothing for days. `updateChannel` with
    /// `enabled` turns it on again.
    async fn disabled(&self) -> Option<DisabledChannel> {
        self.0.health.disabled.clone().map(|it| DisabledChannel { reason: it.reason, at: it.at })
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// Why a host turned a channel off.
#[derive(Debug, SimpleObject)]
struct DisabledChannel {
    /// In one sentence.
    reason: String,
    /// When.
    at: Timestamp,
}

/// What a channel may be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::EventKind")]
pub(super) enum ChannelEvent {
    /// `transfer.received`: the bytes are safe.
    TransferReceived,
    /// `transfer.accepted`: the sender's side passed.
    TransferAccepted,
    /// `transfer.held`: a person must look.
    TransferHeld,
    /// `transfer.rejected`: refused on the sender's side.
    TransferRejected,
    /// `transfer.finished`: every consignment is settled.
    TransferFinished,
    /// `consignment.held`: a receiver's person must look.
    ConsignmentHeld,
    /// `consignment.rejected`: refused on the receiver's side.
    ConsignmentRejected,
    /// `consignment.released`: passed the receiver's side.
    ConsignmentReleased,
    /// `consignment.delivered`: arrived at every destination.
    ConsignmentDelivered,
    /// `consignment.dead-lettered`: given up at some destination.
    ConsignmentDeadLettered,
    /// `destination.disabled`: a host turned a destination off.
    DestinationDisabled,
    /// `channel.disabled`: a host turned a channel off; the others are told.
    ChannelDisabled,
}
