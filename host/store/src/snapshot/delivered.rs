//! Deliveries, attempts and notifications, as a viewer sees them.

use lockgate_core::delivery::{Attempt, Delivery};
use lockgate_core::id::{DeliveryId, DestinationId, PartnerId, TransferId};
use lockgate_core::notification::Notification;
use lockgate_core::ports::{DeliveryFilter, Page, PageRequest};
use sqlx::types::Uuid;

use super::PgSnapshot;
use crate::column::word;
use crate::error::Failure;
use crate::row::{AttemptRow, all};

pub(super) async fn of_consignments(view: &PgSnapshot, consignments: &[Uuid]) -> Result<Vec<Delivery>, Failure> {
    all(deliveries!("select", "from deliveries t where t.consignment = any($1) order by t.id", consignments)
        .fetch_all(&mut *view.lookup().await?)
        .await?)
}

pub(super) async fn by_id(view: &PgSnapshot, ids: &[Uuid]) -> Result<Vec<Delivery>, Failure> {
    all(deliveries!("select", "from deliveries t where t.id = any($1)", ids)
        .fetch_all(&mut *view.lookup().await?)
        .await?)
}

pub(super) async fn page(
    view: &PgSnapshot,
    filter: &DeliveryFilter,
    page: &PageRequest,
) -> Result<Page<Delivery>, Failure> {
    let states = filter.states.iter().map(word).collect::<Result<Vec<_>, _>>()?;
    page!(
        view,
        page,
        deliveries["select"],
        "from deliveries t where (cardinality($4::text[]) = 0 or t.state = any($4))
         and ($5::uuid is null or t.receiver = $5) and ($6::uuid is null or t.receiver = $6)
         and ($7::uuid is null or t.destination = $7) and ($8::uuid is null or t.transfer = $8)",
        &states,
        view.partner(),
        filter.receiver.map(PartnerId::uuid),
        filter.destination.map(DestinationId::uuid),
        filter.transfer.map(TransferId::uuid)
    )
}

pub(super) async fn attempts_of(view: &PgSnapshot, deliveries: &[Uuid]) -> Result<Vec<(DeliveryId, Attempt)>, Failure> {
    let rows = sqlx::query_as!(
        AttemptRow,
        r#"select id, delivery, number, started_at, took_us, host, from_offset,
                  answer as "answer: crate::doc::Answer"
           from attempts where delivery = any($1) order by id"#,
        deliveries
    )
    .fetch_all(&mut *view.lookup().await?)
    .await?;
    all(rows)
}

pub(super) async fn notifications_of(view: &PgSnapshot, transfers: &[Uuid]) -> Result<Vec<Notification>, Failure> {
    all(notifications!(
        "select",
        "from notifications t join events e on e.id = t.event where t.transfer = any($1) order by t.id",
        transfers
    )
    .fetch_all(&mut *view.lookup().await?)
    .await?)
}
