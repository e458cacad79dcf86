//! Policy revisions and their bindings in GraphQL.

use async_graphql::{Context, Enum, ID, Json, Object};
use lockgate_core::time::Timestamp;
use lockgate_core::{hook, policy as core};

use super::asking::asking;
use super::channel::ChannelEvent;
use super::partner::Partner;
use super::plugin::{Hook, PluginVersion};
use super::policy::{Policy, Side};
use super::scalars::json;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct Revision(pub(super) core::Revision);

/// An immutable, numbered snapshot of a policy; every decision names the revisions that made it.
#[Object(name = "PolicyRevision")]
impl Revision {
    /// Its id, `rev_...`.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Of which policy it is a snapshot.
    async fn policy(&self, ctx: &Context<'_>) -> Result<Option<Policy>, Failure> {
        Ok(asking(ctx).one(self.0.policy).await?.map(Policy))
    }

    /// Whose policy it is; null for the house's.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        match self.0.owner.partner() {
            Some(partner) => Ok(asking(ctx).one(partner).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// For which side it is.
    async fn side(&self) -> Side {
        self.0.side.into()
    }

    /// Its number within the policy, from 1.
    async fn number(&self) -> u32 {
        self.0.number
    }

    /// How far it is on its way to be active.
    async fn rollout(&self) -> Rollout {
        self.0.rollout.into()
    }

    /// What runs, in order.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn bindings(&self) -> Vec<Binding> {
        self.0.bindings.iter().cloned().map(Binding).collect()
    }

    /// Why it was made.
    async fn note(&self) -> &str {
        &self.0.note
    }

    /// Who made it.
    async fn author(&self) -> &str {
        &self.0.author
    }

    /// When it was published.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When it became active.
    async fn activated_at(&self) -> Option<Timestamp> {
        self.0.activated_at
    }
}

#[derive(Debug, Clone)]
pub(super) struct Binding(core::Binding);

/// One plugin version on one hook, with everything that it may do there.
#[Object]
impl Binding {
    /// Its id, `bnd_...`; a new one in every revision.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Its name, unique within the revision; findings begin with it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where it runs.
    async fn hook(&self) -> Hook {
        self.0.hook.into()
    }

    /// The digest of the plugin version that runs.
    async fn digest(&self) -> String {
        self.0.plugin.to_string()
    }

    /// The plugin version that runs.
    async fn plugin(&self, ctx: &Context<'_>) -> Result<Option<PluginVersion>, Failure> {
        Ok(asking(ctx).one(self.0.plugin).await?.map(PluginVersion))
    }

    /// The plugin's settings.
    async fn settings(&self) -> Json<serde_json::Value> {
        Json(self.0.settings.clone())
    }

    /// How the payload is cut for it: `kind` and options.
    async fn framing(&self) -> Result<Json<serde_json::Value>, Failure> {
        json(&self.0.framing)
    }

    /// What it may use, each with its `capability`.
    async fn grants(&self) -> Result<Json<serde_json::Value>, Failure> {
        json(&self.0.grants)
    }

    /// How much it may use, with the unit in each name.
    async fn limits(&self) -> Result<Json<serde_json::Value>, Failure> {
        json(&self.0.limits)
    }

    /// What follows when it fails to answer.
    async fn failure_mode(&self) -> FailureMode {
        self.0.failure_mode.into()
    }

    /// The media types of the payloads that it judges; none means all.
    async fn media_types(&self) -> &[String] {
        &self.0.media_types
    }

    /// The events for which it composes messages, if it notifies; none means all.
    async fn events(&self) -> Vec<ChannelEvent> {
        self.0.events.iter().map(|it| (*it).into()).collect()
    }
}

/// How a revision becomes active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::Rollout")]
pub(super) enum Rollout {
    /// Published, not used.
    Draft,
    /// Runs beside the active one, recorded and never enforced.
    Shadow,
    /// Judges a share of the transfers.
    Canary,
    /// Judges.
    Active,
    /// Was active once.
    Retired,
}

/// What follows when a binding's plugin fails to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "hook::FailureMode")]
pub(super) enum FailureMode {
    /// The transfer or consignment is rejected.
    Reject,
    /// It waits for a person.
    Hold,
    /// The binding is passed over and a note says so.
    Skip,
    /// The receivers that the sender addressed are used.
    Default,
}
