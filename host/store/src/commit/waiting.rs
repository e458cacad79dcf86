//! Those who wait at a destination: when an attempt ends there is room for one more, and it is rung for.

use lockgate_core::command::{Command, Work};
use lockgate_core::delivery::Delivery;
use lockgate_core::id::{DeliveryId, PartnerId};
use sqlx::PgConnection;

use crate::column::trace;
use crate::error::Failure;

/// Commands for those who waited longest. They no longer count as waiting, so that the next attempt that ends rings for
/// others; a lost ring is polled when it is overdue.
pub(super) async fn next(connection: &mut PgConnection, ended: &Delivery, room: u32) -> Result<Vec<Command>, Failure> {
    if room == 0 || ended.position.is_some() {
        return Ok(vec![]);
    }
    let rows = sqlx::query!(
        "with waiting as (
            select id from deliveries
            where destination = $1 and state = 'scheduled' and claimed_by is null and waits in ('slot', 'breaker')
            order by due_at limit $2 for update skip locked)
         update deliveries d set waits = null, due_at = now(), updated_at = now()
         from waiting where d.id = waiting.id
         returning d.id, d.version, d.receiver, d.trace",
        ended.destination.uuid(),
        i64::from(room)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Command {
            work: Work::Delivery(DeliveryId::from_uuid(row.id)),
            version: row.version,
            partner: PartnerId::from_uuid(row.receiver),
            trace: trace(row.trace),
        })
        .collect())
}
