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

/// The breaker is locked before the delivery, unlike in a commit: nobody else moves what is claimed.
async fn run(store: &PgStore, claim: &Claim, delivery: &Delivery, to: &Destination) -> Result<Admission, Failure> {
    let mut transaction = store.begin().await?;
    let connection = &mut *transaction;
    let (breaker, now) = lock(connection, delivery.destination, delivery.receiver).await?;
    let admitted = match breaker.admit(delivery.id, now) {
        Ok(admitted) => admitted,
        Err(until) => return Ok(Admission::Wait { until, waits: Wait::Breaker }),
    };
    if !begins(connection, claim, delivery, to).await? {
        return if is_held(connection, claim, delivery).await? { Ok(wait_for_slot(now)) } else { Ok(Admission::Stale) };
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

/// Counts the claim among the attempts under way at the destination, unless they are as many as there may be: one, where
/// it keeps order, or the second could arrive before the first.
async fn begins(
    connection: &mut PgConnection,
    claim: &Claim,
    delivery: &Delivery,
    to: &Destination,
) -> Result<bool, Failure> {
    let most = if to.ordered { 1 } else { to.settings.concurrent };
    let done = sqlx::query!(
        "update deliveries set attempting = true
         where id = $1 and version = $2 and claimed_by = $3
           and (select count(*) from deliveries where destination = $4 and attempting and id <> $1) < $5",
        delivery.id.uuid(),
        delivery.version,
        claim.host.uuid(),
        to.id.uuid(),
        i64::from(most)
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn is_held(connection: &mut PgConnection, claim: &Claim, delivery: &Delivery) -> Result<bool, Failure> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from deliveries where id = $1 and version = $2 and claimed_by = $3) as "held!""#,
        delivery.id.uuid(),
        delivery.version,
        claim.host.uuid()
    )
    .fetch_one(connection)
    .await?)
}
