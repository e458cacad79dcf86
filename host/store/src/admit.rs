//! Lets attempts begin: under the lock of the destination's breaker, so that all hosts together keep its limits.

use lockgate_core::claim::{Aggregate, Claim};
use lockgate_core::delivery::{Delivery, Wait};
use lockgate_core::destination::Destination;
use lockgate_core::ports::Admission;
use lockgate_core::time::Timestamp;
use sqlx::PgConnection;

use crate::breaker::{lock, put};
use crate::error::Failure;
use crate::store::PgStore;

/// How soon a delivery looks again for a free place if nobody rings for it before.
const CROWDED: std::time::Duration = std::time::Duration::from_secs(1);

/// Whether a claimed delivery's attempt may begin now.
pub(crate) async fn admit(store: &PgStore, claim: &Claim, to: &Destination) -> Result<Admission, Failure> {
    let Aggregate::Delivery(delivery) = &claim.aggregate else {
        return Err(Failure::broken(format!("{} is not attempted", claim.aggregate.work())));
    };
    retried!(run(store, claim, delivery, to))
}

async fn run(store: &PgStore, claim: &Claim, delivery: &Delivery, to: &Destination) -> Result<Admission, Failure> {
    let mut transaction = store.worker.begin().await?;
    let connection = &mut *transaction;
    let begun = sqlx::query!(
        "update deliveries set attempting = true where id = $1 and version = $2 and claimed_by = $3",
        delivery.id.uuid(),
        delivery.version,
        claim.host.uuid()
    )
    .execute(&mut *connection)
    .await?;
    if begun.rows_affected() == 0 {
        return Ok(Admission::Stale);
    }
    let (breaker, now) = lock(connection, delivery.destination, delivery.receiver).await?;
    // What was begun above is taken back with the transaction.
    let admitted = match breaker.admit(delivery.id, now) {
        Ok(admitted) => admitted,
        Err(until) => return Ok(Admission::Wait { until, waits: Wait::Breaker }),
    };
    if under_way(connection, to).await? > i64::from(to.settings.concurrent) {
        return Ok(wait_for_slot(now));
    }
    if admitted != breaker {
        put(connection, delivery.destination, &admitted).await?;
    }
    transaction.commit().await?;
    Ok(Admission::Go)
}

fn wait_for_slot(now: Timestamp) -> Admission {
    Admission::Wait { until: now + CROWDED, waits: Wait::Slot }
}

/// Attempts under way at the destination, this one among them.
async fn under_way(connection: &mut PgConnection, to: &Destination) -> Result<i64, Failure> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from deliveries where destination = $1 and attempting"#,
        to.id.uuid()
    )
    .fetch_one(connection)
    .await?)
}
