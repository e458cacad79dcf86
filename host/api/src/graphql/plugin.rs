//! Plugins in GraphQL: what each build says of itself.

use async_graphql::{Context, Enum, ID, Json, Object};
use lockgate_core::time::Timestamp;
use lockgate_core::{hook, plugin as core};

use super::asking::asking;
use super::partner::Partner;
use super::scalars::Long;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct PluginVersion(pub(super) core::PluginVersion);

/// One immutable build of a plugin, named by its SHA-256.
#[Object]
impl PluginVersion {
    /// Its digest, `sha256:...`: the id of this build.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.digest.to_string())
    }

    /// The id of the plugin that it is a version of, `plg_...`.
    async fn plugin(&self) -> ID {
        ID(self.0.plugin.to_string())
    }

    /// Whose plugin it is; null for the house's, which are for all partners.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        match self.0.owner.partner() {
            Some(partner) => Ok(asking(ctx).one(partner).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// The plugin's name, such as `mask-pii`.
    async fn name(&self) -> &str {
        &self.0.manifest.name
    }

    /// The version as its author counts.
    async fn version(&self) -> &str {
        &self.0.manifest.version
    }

    /// What it does, in one sentence.
    async fn description(&self) -> &str {
        &self.0.manifest.description
    }

    /// The hooks that it serves.
    async fn hooks(&self) -> Vec<Hook> {
        self.0.manifest.hooks.iter().map(|hook| (*hook).into()).collect()
    }

    /// What its judgement depends on.
    async fn scope(&self) -> PluginScope {
        self.0.manifest.scope.into()
    }

    /// The framings that it understands.
    async fn framings(&self) -> &[String] {
        &self.0.manifest.framings
    }

    /// What it asks for beyond `log`; a binding must grant it.
    async fn capabilities(&self) -> Vec<&'static str> {
        self.0.manifest.capabilities.iter().map(|it| it.name()).collect()
    }

    /// JSON Schema of its settings.
    async fn settings_schema(&self) -> Json<serde_json::Value> {
        Json(self.0.manifest.settings_schema.clone())
    }

    /// The component's size in bytes.
    async fn size(&self) -> Long {
        Long(self.0.size)
    }

    /// When it was published.
    async fn published_at(&self) -> Timestamp {
        self.0.published_at
    }
}

/// Where a plugin runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "hook::Hook")]
pub(super) enum Hook {
    /// Judges a payload.
    Validate,
    /// Changes a payload.
    Mask,
    /// Chooses among agreed receivers.
    Route,
    /// Turns events into messages.
    Notify,
}

/// What a plugin's judgement depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::Scope")]
pub(super) enum PluginScope {
    /// Each record alone: files and streams.
    Record,
    /// The payload as a whole: files only.
    Payload,
}
