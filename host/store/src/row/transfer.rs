//! Transfers in their table.

use lockgate_core::fact::Fact;
use lockgate_core::hold::Hold;
use lockgate_core::id::{PartnerId, TransferId};
use lockgate_core::payload::Payload;
use lockgate_core::policy::RevisionPin;
use lockgate_core::route::PlannedRoute;
use lockgate_core::time::Timestamp;
use lockgate_core::transfer::Transfer;
use sqlx::types::{Json, Uuid};

use crate::column::{digest, from_word, inside, small, trace, unsigned};
use crate::error::Failure;

/// The columns of a transfer.
#[derive(Debug)]
pub(crate) struct TransferRow {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) state: String,
    pub(crate) sender: Uuid,
    pub(crate) receivers: Vec<Uuid>,
    pub(crate) file_name: String,
    pub(crate) media_type: String,
    pub(crate) source: Option<Json<Payload>>,
    pub(crate) candidate: Option<Json<Payload>>,
    pub(crate) released: Option<Json<Payload>>,
    pub(crate) pins: Json<Vec<RevisionPin>>,
    pub(crate) facts: Json<Vec<Fact>>,
    pub(crate) planned: Json<Vec<PlannedRoute>>,
    pub(crate) hold: Option<Json<Hold>>,
    pub(crate) reason: Option<String>,
    pub(crate) adoptions: i32,
    pub(crate) provenance_length: i64,
    pub(crate) provenance_head: Vec<u8>,
    pub(crate) trace: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) claimed_at: Option<Timestamp>,
}

macro_rules! transfers {
    ($head:literal, $($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::TransferRow,
            $head
                + r#" t.id, t.version, t.state, t.sender, t.receivers, t.file_name, t.media_type,
                t.source as "source: crate::doc::Payload",
                t.candidate as "candidate: crate::doc::Payload",
                t.released as "released: crate::doc::Payload",
                t.pins as "pins: crate::doc::Pins",
                t.facts as "facts: crate::doc::Facts",
                t.planned as "planned: crate::doc::Routes",
                t.hold as "hold: crate::doc::Hold",
                t.reason, t.adoptions, t.provenance_length, t.provenance_head, t.trace, t.idempotency_key,
                t.created_at, t.updated_at, t.claimed_at "#
                $(+ $tail)+
            $(, $argument)*
        )
    };
}

impl TryFrom<TransferRow> for Transfer {
    type Error = Failure;

    fn try_from(row: TransferRow) -> Result<Self, Failure> {
        Ok(Self {
            id: TransferId::from_uuid(row.id),
            version: row.version,
            state: from_word("transfer state", &row.state)?,
            sender: PartnerId::from_uuid(row.sender),
            receivers: row.receivers.into_iter().map(PartnerId::from_uuid).collect(),
            file_name: row.file_name,
            media_type: row.media_type,
            source: inside(row.source),
            candidate: inside(row.candidate),
            released: inside(row.released),
            pins: row.pins.0,
            facts: row.facts.0,
            planned: row.planned.0,
            hold: inside(row.hold),
            reason: row.reason,
            adoptions: small(row.adoptions)?,
            provenance_length: unsigned(row.provenance_length)?,
            provenance_head: digest(&row.provenance_head)?,
            trace: trace(row.trace),
            idempotency_key: row.idempotency_key,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
