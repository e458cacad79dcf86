//! Dead letters in groups, redrives with their lanes, and breakers, as a viewer sees them.

use lockgate_core::breaker::Breaker;
use lockgate_core::delivery::Delivery;
use lockgate_core::id::DestinationId;
use lockgate_core::ports::{Page, PageRequest};
use lockgate_core::redrive::{Group, Lane, Redrive, RedriveFilter};
use sqlx::types::Uuid;

use super::PgSnapshot;
use crate::breaker::BreakerRow;
use crate::error::Failure;
use crate::row::{GroupRow, LaneRow, all};

pub(super) async fn dead_groups(view: &PgSnapshot, filter: &RedriveFilter) -> Result<Vec<Group>, Failure> {
    let rows = chosen!(
        query_as!(
            GroupRow,
            r#"select d.destination, coalesce(d.cause, 'other') as cause, count(*) as "count!",
                      min(d.updated_at) as "oldest!", max(d.updated_at) as "newest!",
                      (array_agg(d.id order by d.updated_at))[1:10] as "sample!"
               from deliveries d where d.state = "#,
            "'dead-lettered'",
            "group by d.destination, coalesce(d.cause, 'other') order by count(*) desc, d.destination limit 500"
        ),
        filter
    )
    .fetch_all(&mut *view.search().await?)
    .await?;
    all(rows)
}

pub(super) async fn replay_groups(view: &PgSnapshot, filter: &RedriveFilter) -> Result<Vec<Group>, Failure> {
    let rows = chosen!(
        query_as!(
            GroupRow,
            r#"select d.destination, null::text as cause, count(*) as "count!",
                      min(d.updated_at) as "oldest!", max(d.updated_at) as "newest!",
                      (array_agg(d.id order by d.updated_at))[1:10] as "sample!"
               from deliveries d where d.replay_of is null and d.state = "#,
            "'delivered'",
            "group by d.destination order by count(*) desc, d.destination limit 500"
        ),
        filter
    )
    .fetch_all(&mut *view.search().await?)
    .await?;
    all(rows)
}

pub(super) async fn dead_letters(
    view: &PgSnapshot,
    filter: &RedriveFilter,
    page: &PageRequest,
) -> Result<Page<Delivery>, Failure> {
    page!(
        view,
        page,
        deliveries["select"],
        "from deliveries t where t.state = 'dead-lettered'
            and ($4::uuid is null or t.destination = $4) and ($5::uuid is null or t.receiver = $5)
            and ($6::uuid is null or exists (
                 select from consignments c where c.id = t.consignment and c.sender = $6))
            and ($7::text is null or coalesce(t.cause, 'other') = $7)
            and ($8::timestamptz is null or t.updated_at >= $8) and ($9::timestamptz is null or t.updated_at < $9)",
        filter.destination.map(|id| id.uuid()),
        filter.receiver.map(|id| id.uuid()).or(view.partner()),
        filter.sender.map(|id| id.uuid()),
        filter.cause.map(|it| it.name()),
        filter.since,
        filter.until
    )
}

pub(super) async fn page(view: &PgSnapshot, page: &PageRequest) -> Result<Page<Redrive>, Failure> {
    page!(view, page, redrives[], "where ($4::uuid is null or t.partner = $4)", view.partner())
}

pub(super) async fn by_id(view: &PgSnapshot, ids: &[Uuid]) -> Result<Vec<Redrive>, Failure> {
    all(redrives!("where t.id = any($1)", ids).fetch_all(&mut *view.lookup().await?).await?)
}

pub(super) async fn lanes_of(view: &PgSnapshot, redrives: &[Uuid]) -> Result<Vec<Lane>, Failure> {
    let rows = sqlx::query_as!(
        LaneRow,
        "select redrive, destination, receiver, version, cursor_position, cursor_delivery, total, moved, skipped, done
         from redrive_lanes where redrive = any($1) order by redrive, destination",
        redrives
    )
    .fetch_all(&mut *view.lookup().await?)
    .await?;
    all(rows)
}

pub(super) async fn breakers_of(view: &PgSnapshot, of: &[Uuid]) -> Result<Vec<(DestinationId, Breaker)>, Failure> {
    let rows = sqlx::query_as!(
        BreakerRow,
        "select destination, state, failures, trips, until, probe from breakers where destination = any($1)",
        of
    )
    .fetch_all(&mut *view.lookup().await?)
    .await?;
    all(rows)
}
