//! Payloads in GraphQL: what the bytes are, never the bytes.

use async_graphql::SimpleObject;
use lockgate_core::payload as core;

use super::scalars::Long;

/// Sealed bytes.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct Payload {
    /// What the bytes are, as the sender declared.
    media_type: String,
    /// How many they are.
    size: Long,
    /// Their SHA-256, `sha256:...`.
    digest: String,
    /// Where they can be fetched, if the viewer may.
    url: Option<String>,
}

impl Payload {
    pub(super) fn new(payload: &core::Payload, url: Option<String>) -> Self {
        Self {
            media_type: payload.media_type.clone(),
            size: Long(payload.size),
            digest: payload.digest.to_string(),
            url,
        }
    }
}
