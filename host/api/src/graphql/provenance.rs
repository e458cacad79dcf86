//! Provenance in GraphQL.

use async_graphql::{Enum, ID, Json, Object};
use lockgate_core::provenance as core;
use lockgate_core::time::Timestamp;

use super::scalars::Long;

#[derive(Debug, Clone)]
pub(super) struct ProvenanceEntry(pub(super) core::ChainedEntry);

/// One step in the hash-chained record of what happened to a transfer.
#[Object]
impl ProvenanceEntry {
    /// Its place in the chain, from 1; what the viewer may not see is left out and leaves a gap.
    async fn sequence(&self) -> Long {
        Long(self.0.sequence)
    }

    /// What happened: `announced`, `received`, `claimed`, `judged`, ...
    async fn kind(&self) -> &'static str {
        self.0.entry.kind.name()
    }

    /// To which consignment, if to one.
    async fn consignment(&self) -> Option<ID> {
        self.0.entry.consignment.map(|id| ID(id.to_string()))
    }

    /// To which delivery, if to one.
    async fn delivery(&self) -> Option<ID> {
        self.0.entry.delivery.map(|id| ID(id.to_string()))
    }

    /// What did it.
    async fn actor_kind(&self) -> ActorKind {
        match self.0.entry.actor {
            core::Actor::Host(_) => ActorKind::Host,
            core::Actor::Person(_) => ActorKind::Person,
        }
    }

    /// The host's id, or the subject of the person's token.
    async fn actor(&self) -> String {
        match &self.0.entry.actor {
            core::Actor::Host(id) => id.to_string(),
            core::Actor::Person(subject) => subject.clone(),
        }
    }

    /// Details: revisions, plugin digests, Kafka's position, reasons.
    async fn details(&self) -> Json<serde_json::Value> {
        Json(self.0.entry.details.clone())
    }

    /// The trace that it belongs to; with the rest of a step, it is what `link` is the hash of.
    async fn trace_id(&self) -> Option<&str> {
        self.0.entry.trace_id.as_deref()
    }

    /// When.
    async fn at(&self) -> Timestamp {
        self.0.entry.at
    }

    /// Hash over the link before, the sequence and this step.
    async fn link(&self) -> String {
        self.0.link.to_string()
    }
}

/// What did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum ActorKind {
    /// A running host.
    Host,
    /// A person or program with a token.
    Person,
}
