//! Decisions and provenance in their tables.

use lockgate_core::decision::{Decision, Outcome};
use lockgate_core::fact::Fact;
use lockgate_core::finding::Findings;
use lockgate_core::id::{ConsignmentId, DecisionId, DeliveryId, TransferId};
use lockgate_core::policy::RevisionPin;
use lockgate_core::provenance::{Actor, ChainedEntry, Entry, EntryKind};
use lockgate_core::route::PlannedRoute;
use lockgate_core::time::Timestamp;
use serde_json::Value;
use sqlx::types::{Json, Uuid};

use crate::column::{digest, from_word, unsigned};
use crate::error::Failure;

/// The columns of a decision.
#[derive(Debug)]
pub(crate) struct DecisionRow {
    pub(crate) id: Uuid,
    pub(crate) transfer: Uuid,
    pub(crate) consignment: Option<Uuid>,
    pub(crate) side: String,
    pub(crate) pins: Json<Vec<RevisionPin>>,
    pub(crate) verdict: String,
    pub(crate) findings: Json<Findings>,
    pub(crate) facts: Json<Vec<Fact>>,
    pub(crate) routes: Json<Vec<PlannedRoute>>,
    pub(crate) outcomes: Json<Vec<Outcome>>,
    pub(crate) decided_at: Timestamp,
}

impl TryFrom<DecisionRow> for Decision {
    type Error = Failure;

    fn try_from(row: DecisionRow) -> Result<Self, Failure> {
        Ok(Self {
            id: DecisionId::from_uuid(row.id),
            transfer: TransferId::from_uuid(row.transfer),
            consignment: row.consignment.map(ConsignmentId::from_uuid),
            side: from_word("side", &row.side)?,
            pins: row.pins.0,
            verdict: from_word("verdict", &row.verdict)?,
            findings: row.findings.0,
            facts: row.facts.0,
            routes: row.routes.0,
            outcomes: row.outcomes.0,
            decided_at: row.decided_at,
        })
    }
}

/// The columns of a provenance entry.
#[derive(Debug)]
pub(crate) struct ProvenanceRow {
    pub(crate) transfer: Uuid,
    pub(crate) sequence: i64,
    pub(crate) kind: String,
    pub(crate) consignment: Option<Uuid>,
    pub(crate) delivery: Option<Uuid>,
    pub(crate) actor: Json<Actor>,
    pub(crate) details: Value,
    pub(crate) trace_id: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) link: Vec<u8>,
    pub(crate) receiver: Option<Uuid>,
}

macro_rules! provenance {
    ($($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::ProvenanceRow,
            r#"select t.transfer, t.sequence, t.kind, t.consignment, t.delivery,
                t.actor as "actor: crate::doc::Actor",
                t.details, t.trace_id, t.at, t.link, t.receiver "#
                $(+ $tail)+
            $(, $argument)*
        )
    };
}

/// An entry and the receiver that may read it, if one may.
pub(crate) struct ReadableEntry {
    pub(crate) entry: ChainedEntry,
    pub(crate) receiver: Option<Uuid>,
}

impl TryFrom<ProvenanceRow> for ReadableEntry {
    type Error = Failure;

    fn try_from(row: ProvenanceRow) -> Result<Self, Failure> {
        Ok(Self { receiver: row.receiver, entry: row.try_into()? })
    }
}

impl TryFrom<ProvenanceRow> for ChainedEntry {
    type Error = Failure;

    fn try_from(row: ProvenanceRow) -> Result<Self, Failure> {
        let kind = EntryKind::from_name(&row.kind)
            .ok_or_else(|| Failure::broken(format!("`{}` is not a known provenance entry", row.kind)))?;
        Ok(Self {
            transfer: TransferId::from_uuid(row.transfer),
            sequence: unsigned(row.sequence)?,
            entry: Entry {
                kind,
                consignment: row.consignment.map(ConsignmentId::from_uuid),
                delivery: row.delivery.map(DeliveryId::from_uuid),
                actor: row.actor.0,
                details: row.details,
                trace_id: row.trace_id,
                at: row.at,
            },
            link: digest(&row.link)?,
        })
    }
}
