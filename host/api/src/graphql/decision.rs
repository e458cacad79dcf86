//! Decisions in GraphQL: what one side's policy decided, by which revisions and builds, and why.

use async_graphql::{Context, ID, Object, SimpleObject};
use lockgate_core::decision as core;
use lockgate_core::policy::RevisionPin;
use lockgate_core::time::Timestamp;

use super::asking::asking;
use super::fact::Fact;
use super::finding::{Finding, Severity, Verdict};
use super::partner::Partner;
use super::plugin::{Hook, PluginVersion};
use super::policy::Side;
use super::revision::Revision;
use super::scalars::{Long, millis};
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct Decision(pub(super) core::Decision);

/// One judgement of one side.
#[Object]
impl Decision {
    /// Its id, `dec_...`.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Which side decided.
    async fn side(&self) -> Side {
        self.0.side.into()
    }

    /// What was decided.
    async fn verdict(&self) -> Verdict {
        self.0.verdict.into()
    }

    /// Why, in order of discovery.
    #[graphql(complexity = "usize::try_from(first.unwrap_or(20)).unwrap_or(0).min(1000) * child_complexity + 1")]
    async fn findings(
        &self,
        #[graphql(desc = "How many, at most 1,000; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only this bad or worse.")] at_least: Option<Severity>,
    ) -> Vec<Finding> {
        let first = usize::try_from(first.unwrap_or(20)).unwrap_or(0).min(1_000);
        let least = at_least.map(lockgate_core::finding::Severity::from);
        let items = self.0.findings.items.iter().filter(|it| least.is_none_or(|least| it.severity >= least));
        items.take(first).cloned().map(Finding).collect()
    }

    /// How many findings there were in all, kept or not.
    async fn findings_total(&self) -> Long {
        Long(self.0.findings.items.len() as u64 + self.0.findings.dropped)
    }

    /// How many findings were counted but not kept.
    async fn findings_dropped(&self) -> Long {
        Long(self.0.findings.dropped)
    }

    /// What validators extracted.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn facts(&self) -> Vec<Fact> {
        self.0.facts.iter().cloned().map(Fact::from).collect()
    }

    /// The revisions that decided: the house's, then the partner's.
    #[graphql(complexity = "2 * child_complexity + 1")]
    async fn revisions(&self) -> Vec<DecidingRevision> {
        self.0.pins.iter().copied().map(DecidingRevision).collect()
    }

    /// How each binding did, in order.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn outcomes(&self) -> Vec<Outcome> {
        self.0.outcomes.iter().cloned().map(Outcome).collect()
    }

    /// When.
    async fn decided_at(&self) -> Timestamp {
        self.0.decided_at
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct DecidingRevision(RevisionPin);

/// A revision as a decision names it; its content may be another's business.
#[Object]
impl DecidingRevision {
    /// Its id, `rev_...`.
    async fn id(&self) -> ID {
        ID(self.0.revision.to_string())
    }

    /// Its number within its policy.
    async fn number(&self) -> u32 {
        self.0.number
    }

    /// Whose policy it is; null for the house's.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        match self.0.owner.partner() {
            Some(partner) => Ok(asking(ctx).one(partner).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// The revision, if the viewer may see its content.
    async fn revision(&self, ctx: &Context<'_>) -> Result<Option<Revision>, Failure> {
        Ok(asking(ctx).one(self.0.revision).await?.map(Revision))
    }
}

#[derive(Debug, Clone)]
pub(super) struct Outcome(core::Outcome);

/// How one binding did on one payload.
#[Object]
impl Outcome {
    /// The binding's name.
    async fn binding(&self) -> &str {
        &self.0.name
    }

    /// Where it ran.
    async fn hook(&self) -> Hook {
        self.0.hook.into()
    }

    /// The digest of the plugin version that ran.
    async fn digest(&self) -> String {
        self.0.plugin.to_string()
    }

    /// The plugin version that ran, if the viewer may see it.
    async fn plugin(&self, ctx: &Context<'_>) -> Result<Option<PluginVersion>, Failure> {
        Ok(asking(ctx).one(self.0.plugin).await?.map(PluginVersion))
    }

    /// How many records it saw.
    async fn records(&self) -> Long {
        Long(self.0.records)
    }

    /// How many edits it made.
    async fn edits(&self) -> Long {
        Long(self.0.edits)
    }

    /// How long its calls took in all, in milliseconds.
    async fn took_ms(&self) -> Long {
        millis(self.0.took)
    }

    /// How it failed to answer, if it did.
    async fn fault(&self) -> Option<Fault> {
        self.0.fault.as_ref().map(|fault| Fault { kind: fault.kind(), message: fault.to_string() })
    }
}

/// A plugin's failure to answer.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct Fault {
    /// Its kind in one word: `trap`, `deadline`, `memory`, ...
    kind: &'static str,
    /// Which limit was broken, by how much.
    message: String,
}
