//! Consignments in their table.

use lockgate_core::consignment::Consignment;
use lockgate_core::hold::Hold;
use lockgate_core::id::{ConsignmentId, PartnerId, TransferId};
use lockgate_core::payload::Payload;
use lockgate_core::policy::RevisionPin;
use lockgate_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use crate::column::{from_word, inside, small, trace};
use crate::error::Failure;

/// The columns of a consignment.
#[derive(Debug)]
pub(crate) struct ConsignmentRow {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) state: String,
    pub(crate) transfer: Uuid,
    pub(crate) sender: Uuid,
    pub(crate) receiver: Uuid,
    pub(crate) destinations: Vec<String>,
    pub(crate) candidate: Option<Json<Payload>>,
    pub(crate) released: Option<Json<Payload>>,
    pub(crate) pins: Json<Vec<RevisionPin>>,
    pub(crate) hold: Option<Json<Hold>>,
    pub(crate) reason: Option<String>,
    pub(crate) adoptions: i32,
    pub(crate) trace: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) claimed_at: Option<Timestamp>,
}

macro_rules! consignments {
    ($head:literal, $($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::ConsignmentRow,
            $head
                + r#" t.id, t.version, t.state, t.transfer, t.sender, t.receiver, t.destinations,
                t.candidate as "candidate: crate::doc::Payload",
                t.released as "released: crate::doc::Payload",
                t.pins as "pins: crate::doc::Pins",
                t.hold as "hold: crate::doc::Hold",
                t.reason, t.adoptions, t.trace, t.created_at, t.updated_at, t.claimed_at "#
                $(+ $tail)+
            $(, $argument)*
        )
    };
}

impl TryFrom<ConsignmentRow> for Consignment {
    type Error = Failure;

    fn try_from(row: ConsignmentRow) -> Result<Self, Failure> {
        Ok(Self {
            id: ConsignmentId::from_uuid(row.id),
            version: row.version,
            state: from_word("consignment state", &row.state)?,
            transfer: TransferId::from_uuid(row.transfer),
            sender: PartnerId::from_uuid(row.sender),
            receiver: PartnerId::from_uuid(row.receiver),
            destinations: row.destinations,
            candidate: inside(row.candidate),
            released: inside(row.released),
            pins: row.pins.0,
            hold: inside(row.hold),
            reason: row.reason,
            adoptions: small(row.adoptions)?,
            trace: trace(row.trace),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
