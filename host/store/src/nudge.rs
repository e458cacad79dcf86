//! Nudges of changes, until the bus has them; they are written where the commands are. Their order does not matter and a repeat harms nobody, so relays take
//! what no other relay is at.

use async_trait::async_trait;
use lockgate_core::id::{DeliveryId, PartnerId, TransferId};
use lockgate_core::nudge::Nudge;
use lockgate_core::ports::{NudgeBus, NudgeStore, StoreError};

use crate::column::limit as bounded;
use crate::error::Failure;
use crate::store::PgStore;

#[async_trait]
impl NudgeStore for PgStore {
    async fn relay_nudges(&self, limit: usize, bus: &dyn NudgeBus) -> Result<usize, StoreError> {
        Ok(relay(self, limit, bus).await?)
    }
}

async fn relay(store: &PgStore, limit: usize, bus: &dyn NudgeBus) -> Result<usize, Failure> {
    let mut transaction = store.begin().await?;
    let rows = sqlx::query!(
        "delete from nudges where id in (select id from nudges order by id limit $1 for update skip locked)
         returning transfer, delivery, partners",
        bounded(limit)
    )
    .fetch_all(&mut *transaction)
    .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut nudges: Vec<Nudge> = Vec::with_capacity(rows.len());
    for row in &rows {
        let nudge = Nudge {
            transfer: TransferId::from_uuid(row.transfer),
            delivery: row.delivery.map(DeliveryId::from_uuid),
            partners: row.partners.iter().copied().map(PartnerId::from_uuid).collect(),
        };
        // One look sees all that changed before it.
        if !nudges.contains(&nudge) {
            nudges.push(nudge);
        }
    }
    if let Err(error) = bus.nudge(&nudges).await {
        // Said, not left to the drop: until the rows are free again, whoever tries anew would pass them over.
        transaction.rollback().await?;
        return Err(Failure::Bus(error.to_string()));
    }
    transaction.commit().await?;
    Ok(rows.len())
}
