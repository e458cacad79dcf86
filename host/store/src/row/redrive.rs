//! Redrives, lanes and groups in their tables, and the filter that all of them share.

use lockgate_core::id::{DeliveryId, DestinationId, PartnerId, RedriveId};
use lockgate_core::redrive::{Group, Lane, Place, Progress, Redrive, RedriveFilter};
use lockgate_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use crate::column::{from_word, small, unsigned};
use crate::error::Failure;

/// The columns of a redrive, with the sums over its lanes.
#[derive(Debug)]
pub(crate) struct RedriveRow {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) state: String,
    pub(crate) kind: String,
    pub(crate) partner: Option<Uuid>,
    pub(crate) filter: Json<RedriveFilter>,
    pub(crate) judging: String,
    pub(crate) per_second: i32,
    pub(crate) reason: String,
    pub(crate) author: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) total: i64,
    pub(crate) moved: i64,
    pub(crate) skipped: i64,
}

macro_rules! redrives {
    ($($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::RedriveRow,
            r#"select t.id, t.version, t.state, t.kind, t.partner,
                t.filter as "filter: crate::doc::Filter",
                t.judging, t.per_second, t.reason, t.author, t.created_at, t.updated_at,
                (select coalesce(sum(l.total), 0)::bigint from redrive_lanes l where l.redrive = t.id) as "total!",
                (select coalesce(sum(l.moved), 0)::bigint from redrive_lanes l where l.redrive = t.id) as "moved!",
                (select coalesce(sum(l.skipped), 0)::bigint from redrive_lanes l where l.redrive = t.id) as "skipped!"
               from redrives t "#
                $(+ $tail)+
            $(, $argument)*
        )
    };
}

/// A statement over the deliveries `d` that a filter chooses, `$1` to `$6` being the filter's.
macro_rules! chosen {
    ($query:ident!($($row:path,)? $head:literal, $state:literal, $tail:literal), $filter:expr $(, $argument:expr)* $(,)?) => {
        sqlx::$query!(
            $($row,)?
            $head + $state +
            " and ($1::uuid is null or d.destination = $1) and ($2::uuid is null or d.receiver = $2)
              and ($3::uuid is null or exists (
                   select from consignments c where c.id = d.consignment and c.sender = $3))
              and ($4::text is null or coalesce(d.cause, 'other') = $4)
              and ($5::timestamptz is null or d.updated_at >= $5) and ($6::timestamptz is null or d.updated_at < $6) "
            + $tail,
            $filter.destination.map(|id| id.uuid()),
            $filter.receiver.map(|id| id.uuid()),
            $filter.sender.map(|id| id.uuid()),
            $filter.cause.map(|it| it.name()),
            $filter.since,
            $filter.until
            $(, $argument)*
        )
    };
}

impl TryFrom<RedriveRow> for Redrive {
    type Error = Failure;

    fn try_from(row: RedriveRow) -> Result<Self, Failure> {
        Ok(Self {
            id: RedriveId::from_uuid(row.id),
            version: row.version,
            state: from_word("redrive state", &row.state)?,
            kind: from_word("redrive kind", &row.kind)?,
            partner: row.partner.map(PartnerId::from_uuid),
            filter: row.filter.0,
            judging: from_word("judging", &row.judging)?,
            per_second: small(row.per_second)?,
            reason: row.reason,
            author: row.author,
            progress: Progress {
                total: unsigned(row.total)?,
                moved: unsigned(row.moved)?,
                skipped: unsigned(row.skipped)?,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The columns of a lane.
#[derive(Debug)]
pub(crate) struct LaneRow {
    pub(crate) redrive: Uuid,
    pub(crate) destination: Uuid,
    pub(crate) receiver: Uuid,
    pub(crate) version: i64,
    pub(crate) cursor_position: Option<i64>,
    pub(crate) cursor_delivery: Option<Uuid>,
    pub(crate) total: i64,
    pub(crate) moved: i64,
    pub(crate) skipped: i64,
    pub(crate) done: bool,
}

impl TryFrom<LaneRow> for Lane {
    type Error = Failure;

    fn try_from(row: LaneRow) -> Result<Self, Failure> {
        let place = |(position, delivery)| Place { position, delivery: DeliveryId::from_uuid(delivery) };
        Ok(Self {
            redrive: RedriveId::from_uuid(row.redrive),
            destination: DestinationId::from_uuid(row.destination),
            receiver: PartnerId::from_uuid(row.receiver),
            version: row.version,
            progress: Progress {
                total: unsigned(row.total)?,
                moved: unsigned(row.moved)?,
                skipped: unsigned(row.skipped)?,
            },
            cursor: row.cursor_position.zip(row.cursor_delivery).map(place),
            done: row.done,
        })
    }
}

/// The columns of a group.
#[derive(Debug)]
pub(crate) struct GroupRow {
    pub(crate) destination: Uuid,
    pub(crate) cause: Option<String>,
    pub(crate) count: i64,
    pub(crate) oldest: Timestamp,
    pub(crate) newest: Timestamp,
    pub(crate) sample: Vec<Uuid>,
}

impl TryFrom<GroupRow> for Group {
    type Error = Failure;

    fn try_from(row: GroupRow) -> Result<Self, Failure> {
        Ok(Self {
            destination: DestinationId::from_uuid(row.destination),
            cause: row.cause.as_deref().map(|it| from_word("cause", it)).transpose()?,
            count: unsigned(row.count)?,
            oldest: row.oldest,
            newest: row.newest,
            sample: row.sample.into_iter().map(DeliveryId::from_uuid).collect(),
        })
    }
}
