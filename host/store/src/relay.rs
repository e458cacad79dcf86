//! Relays the outbox to the bus, lane by lane.
//!
//! A lane's rows go out in the order of their ids and are deleted once the brokers have them, all under the lane's row
//! lock: one relay at a time serves a lane, so order per key holds and no row is skipped. A relay takes a few lanes at a
//! time and leaves the others to other hosts, whose brokers may answer sooner. A row that commits late is simply found
//! later. If the host dies between publishing and deleting, the commands go out twice and the second matches no version.

use lockgate_core::command::{Command, Work};
use lockgate_core::id::PartnerId;
use lockgate_core::ports::{Relayed, TransferBus};

use crate::column::{limit as bounded, trace};
use crate::error::Failure;
use crate::store::PgStore;

/// How many lanes a relay takes at a time.
const LANES: usize = 4;

/// Publishes the oldest commands of the lanes that waited longest.
pub(crate) async fn relay(store: &PgStore, limit: usize, bus: &dyn TransferBus) -> Result<Relayed, Failure> {
    let mut transaction = store.begin().await?;
    let lanes = sqlx::query_scalar!(
        "select l.lane from outbox_lanes l where exists (select from outbox o where o.lane = l.lane)
         order by l.served_at for update skip locked limit $1",
        bounded(LANES)
    )
    .fetch_all(&mut *transaction)
    .await?;
    if lanes.is_empty() {
        transaction.rollback().await?;
        return Ok(Relayed::default());
    }
    let rows = sqlx::query!(
        "select id, kind, aggregate, version, partner, trace from outbox where lane = any($1) order by id limit $2",
        &lanes,
        bounded(limit)
    )
    .fetch_all(&mut *transaction)
    .await?;
    let more = lanes.len() == LANES || rows.len() == limit;
    // Another relay may have emptied the lanes between the two statements.
    if rows.is_empty() {
        transaction.rollback().await?;
        return Ok(Relayed { commands: 0, more });
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
    sqlx::query!(
        "with gone as (delete from outbox where id = any($1))
         update outbox_lanes set served_at = clock_timestamp() where lane = any($2)",
        &ids,
        &lanes
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Relayed { commands: commands.len(), more })
}
