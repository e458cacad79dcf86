//! Uploads in GraphQL: how far the bytes have come, and where they go.

use async_graphql::{Context, Enum, ID, Object};
use lockgate_core::time::Timestamp;
use lockgate_core::upload as core;

use super::asking::asking;
use super::scalars::Long;

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum UploadState {
    /// No byte has come yet.
    Waiting,
    /// Some bytes are safe, more are to come.
    UnderWay,
    /// All bytes came.
    Complete,
    /// No bytes came in time; it is given up.
    Expired,
}

#[derive(Debug, Clone)]
pub(super) struct Upload(pub(super) core::Upload);

/// The bytes of an announced transfer on their way in, by tus 1.0.
#[Object]
impl Upload {
    /// Its id, `upl_...`.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Where the bytes go: a tus 1.0 upload resource.
    async fn url(&self, ctx: &Context<'_>) -> String {
        asking(ctx).state.settings.url(&format!("uploads/{}", self.0.id))
    }

    /// How many bytes are acknowledged, and so durable.
    async fn offset(&self) -> Long {
        Long(self.0.offset)
    }

    /// How many will come; null while that is not known.
    async fn length(&self) -> Option<Long> {
        self.0.length.map(Long)
    }

    /// Whether all came.
    async fn complete(&self) -> bool {
        self.0.complete
    }

    /// Where it stands.
    async fn state(&self, ctx: &Context<'_>) -> UploadState {
        match &self.0 {
            upload if upload.complete => UploadState::Complete,
            upload if upload.expires_at <= asking(ctx).state.clock.now() => UploadState::Expired,
            upload if upload.offset == 0 => UploadState::Waiting,
            _ => UploadState::UnderWay,
        }
    }

    /// When it is given up if no bytes come; null once it is complete.
    async fn expires_at(&self) -> Option<Timestamp> {
        (!self.0.complete).then_some(self.0.expires_at)
    }
}
