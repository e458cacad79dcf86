//! Notification channels in GraphQL.

use async_graphql::{Context, ID, Object};
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

    /// Whether messages are sent.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}
