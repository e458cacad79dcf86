//! Decisions: what one side's policy decided, with everything needed to explain it years later.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fact::Fact;
use crate::fault::Fault;
use crate::finding::{Findings, Verdict};
use crate::hook::Hook;
use crate::id::{BindingId, ConsignmentId, DecisionId, TransferId};
use crate::plugin::PluginDigest;
use crate::policy::{RevisionPin, Side};
use crate::route::PlannedRoute;
use crate::time::Timestamp;

/// One judgement of one side.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// On which transfer.
    pub transfer: TransferId,
    /// On which consignment, on the outbound side.
    pub consignment: Option<ConsignmentId>,
    /// Which side decided.
    pub side: Side,
    /// Under which revisions, in order.
    pub pins: Vec<RevisionPin>,
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    pub findings: Findings,
    /// What validators extracted.
    pub facts: Vec<Fact>,
    /// Where routing would send it (inbound side).
    pub routes: Vec<PlannedRoute>,
    /// How each binding did.
    pub outcomes: Vec<Outcome>,
    /// When.
    pub decided_at: Timestamp,
}

/// How one binding did on one payload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which binding.
    pub binding: BindingId,
    /// Its name.
    pub name: String,
    /// On which hook.
    pub hook: Hook,
    /// Which plugin version.
    pub plugin: PluginDigest,
    /// How many records it saw.
    pub records: u64,
    /// How many edits it made.
    pub edits: u64,
    /// How long its calls took in all.
    pub took: Duration,
    /// How it failed, if it did.
    pub fault: Option<Fault>,
    /// Immutable versions of the lookup tables it read.
    #[serde(default)]
    pub tables: Vec<(String, i64)>,
}
