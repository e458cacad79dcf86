//! Relays the outbox to the bus, lane by lane.
//!
//! A lane's rows go out in the order of their ids and are deleted once the brokers have them, all under the lane's row
//! lock: one relay at a time serves a lane, so order per key holds and no row is skipped. A row that commits late is
//! simply found later. If the host dies between publishing and deleting, the commands go out twice and the second
//! matches no version.

use lockgate_core::command::{Command, Work};
use lockgate_core::id::PartnerId;
use lockgate_core::ports::TransferBus;

use crate::column::{limit as bounded, trace};
use crate::error::Failure;
use crate::store::PgStore;

/// Publishes the oldest commands of the lane that waited longest.
pub(crate) async fn relay(store: &PgStore, limit: usize, bus: &dyn TransferBus) -> Result<usize, Failure> {
    let mut transaction = store.worker.begin().await?;
    let lane = sqlx::query_scalar!(
        "select l.lane from outbox_lanes l where exists (select from outbox o where o.lane = l.lane)
         order by l.served_at for update skip locked limit 1"
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(lane) = lane else { return Ok(0) };
    let rows = sqlx::query!(
        "select id, kind, aggregate, version, partner, trace from outbox where lane = $1 order by id limit $2",
        lane,
        bounded(limit)
    )
    .fetch_all(&mut *transaction)
    .await?;
    // Another relay may have emptied the lane between the two statements.
    if rows.is_empty() {
        return Ok(0);
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let commands = rows
        .into_iter()
        .map(|row| {
            let work = Work::from_parts(&row.kind, row.aggregate)
                .ok_or_else(|| Failure::broken(format!("`{}` is not a known kind of work", row.kind)))?;
            let partner = PartnerId::from_uuid(row.partner);
            Ok(Command { work, version: row.version, partner, trace: trace(row.trace) })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    if let Err(error) = bus.publish(&commands).await {
        // Said, not left to the drop: until the lane is free again, whoever tries anew would pass it over.
        transaction.rollback().await?;
        return Err(Failure::Bus(error.to_string()));
    }
    sqlx::query!("delete from outbox where id = any($1)", &ids).execute(&mut *transaction).await?;
    sqlx::query!("update outbox_lanes set served_at = clock_timestamp() where lane = $1", lane)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(commands.len())
}
