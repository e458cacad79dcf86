//! Deliveries and attempts in their tables.

use std::time::Duration;

use lockgate_core::delivery::{Answer, Attempt, Delivery};
use lockgate_core::id::{
    AttemptId, ConsignmentId, DeliveryId, DestinationId, HostId, PartnerId, RedriveId, TransferId,
};
use lockgate_core::payload::Payload;
use lockgate_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use crate::column::{from_word, inside, small, trace, unsigned};
use crate::error::Failure;

/// The columns of a delivery.
#[derive(Debug)]
pub(crate) struct DeliveryRow {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) state: String,
    pub(crate) consignment: Uuid,
    pub(crate) transfer: Uuid,
    pub(crate) receiver: Uuid,
    pub(crate) destination: Uuid,
    pub(crate) position: Option<i64>,
    pub(crate) due_at: Timestamp,
    pub(crate) attempts: i32,
    pub(crate) last_error: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) waits: Option<String>,
    pub(crate) generation: i32,
    pub(crate) released: Option<Json<Payload>>,
    pub(crate) judges: bool,
    pub(crate) redrive: Option<Uuid>,
    pub(crate) replay_of: Option<Uuid>,
    pub(crate) adoptions: i32,
    pub(crate) trace: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) claimed_at: Option<Timestamp>,
}

macro_rules! deliveries {
    ($head:literal, $($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::DeliveryRow,
            $head
                + r#" t.id, t.version, t.state, t.consignment, t.transfer, t.receiver, t.destination, t.position, t.due_at,
                t.attempts, t.last_error, t.cause, t.waits, t.generation, t.judges, t.redrive, t.replay_of,
                t.released as "released: crate::doc::Payload",
                t.adoptions, t.trace, t.created_at, t.updated_at, t.claimed_at "#
                $(+ $tail)+
            $(, $argument)*
        )
    };
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = Failure;

    fn try_from(row: DeliveryRow) -> Result<Self, Failure> {
        Ok(Self {
            id: DeliveryId::from_uuid(row.id),
            version: row.version,
            state: from_word("delivery state", &row.state)?,
            consignment: ConsignmentId::from_uuid(row.consignment),
            transfer: TransferId::from_uuid(row.transfer),
            receiver: PartnerId::from_uuid(row.receiver),
            destination: DestinationId::from_uuid(row.destination),
            position: row.position,
            due_at: row.due_at,
            attempts: small(row.attempts)?,
            last_error: row.last_error,
            cause: row.cause.as_deref().map(|it| from_word("cause", it)).transpose()?,
            waits: row.waits.as_deref().map(|it| from_word("wait", it)).transpose()?,
            generation: small(row.generation)?,
            released: inside(row.released),
            judges: row.judges,
            redrive: row.redrive.map(RedriveId::from_uuid),
            replay_of: row.replay_of.map(DeliveryId::from_uuid),
            adoptions: small(row.adoptions)?,
            trace: trace(row.trace),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The columns of an attempt.
#[derive(Debug)]
pub(crate) struct AttemptRow {
    pub(crate) id: Uuid,
    pub(crate) delivery: Uuid,
    pub(crate) number: i32,
    pub(crate) started_at: Timestamp,
    pub(crate) took_us: i64,
    pub(crate) host: Uuid,
    pub(crate) from_offset: Option<i64>,
    pub(crate) answer: Json<Answer>,
}

impl TryFrom<AttemptRow> for (DeliveryId, Attempt) {
    type Error = Failure;

    fn try_from(row: AttemptRow) -> Result<Self, Failure> {
        let attempt = Attempt {
            id: AttemptId::from_uuid(row.id),
            number: small(row.number)?,
            started_at: row.started_at,
            took: Duration::from_micros(unsigned(row.took_us)?),
            host: HostId::from_uuid(row.host),
            from_offset: row.from_offset.map(unsigned).transpose()?,
            answer: row.answer.0,
        };
        Ok((DeliveryId::from_uuid(row.delivery), attempt))
    }
}
