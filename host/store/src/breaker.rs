//! Breakers in their table; what they do is core's arithmetic.

use lockgate_core::breaker::{Breaker, BreakerState};
use lockgate_core::delivery::{Attempt, Delivery};
use lockgate_core::destination::DestinationSettings;
use lockgate_core::id::{DeliveryId, DestinationId, PartnerId};
use lockgate_core::time::Timestamp;
use sqlx::PgConnection;
use sqlx::types::{Json, Uuid};

use crate::column::{from_word, integer, small, word};
use crate::error::Failure;

/// The columns of a breaker.
#[derive(Debug)]
pub(crate) struct BreakerRow {
    pub(crate) destination: Uuid,
    pub(crate) state: String,
    pub(crate) failures: i32,
    pub(crate) trips: i32,
    pub(crate) until: Option<Timestamp>,
    pub(crate) probe: Option<Uuid>,
}

impl TryFrom<BreakerRow> for (DestinationId, Breaker) {
    type Error = Failure;

    fn try_from(row: BreakerRow) -> Result<Self, Failure> {
        let breaker = Breaker {
            state: from_word("breaker state", &row.state)?,
            failures: small(row.failures)?,
            trips: small(row.trips)?,
            until: row.until,
            probe: row.probe.map(DeliveryId::from_uuid),
        };
        Ok((DestinationId::from_uuid(row.destination), breaker))
    }
}

/// The breaker, made if there is none, locked; and the database's time.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    of: DestinationId,
    receiver: PartnerId,
) -> Result<(Breaker, Timestamp), Failure> {
    loop {
        let row = sqlx::query!(
            r#"select destination, state, failures, trips, until, probe, clock_timestamp() as "now!"
               from breakers where destination = $1 for update"#,
            of.uuid()
        )
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(row) = row {
            let (destination, state, until, now) = (row.destination, row.state, row.until, row.now);
            let row =
                BreakerRow { destination, state, failures: row.failures, trips: row.trips, until, probe: row.probe };
            let (_, breaker) = row.try_into()?;
            return Ok((breaker, now));
        }
        sqlx::query!(
            "insert into breakers (destination, receiver, state, failures, trips) values ($1, $2, 'closed', 0, 0)
             on conflict (destination) do nothing",
            of.uuid(),
            receiver.uuid()
        )
        .execute(&mut *connection)
        .await?;
    }
}

/// Writes a locked breaker.
pub(crate) async fn put(connection: &mut PgConnection, of: DestinationId, it: &Breaker) -> Result<(), Failure> {
    sqlx::query!(
        "update breakers set state = $2, failures = $3, trips = $4, until = $5, probe = $6, updated_at = now()
         where destination = $1",
        of.uuid(),
        word(&it.state)?,
        integer(it.failures)?,
        integer(it.trips)?,
        it.until,
        it.probe.map(|id| id.uuid())
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets another delivery probe at once, if this one did.
async fn release(connection: &mut PgConnection, probe: &Delivery) -> Result<(), Failure> {
    let probes = sqlx::query_scalar!(
        r#"select exists (select from breakers where destination = $1 and probe = $2) as "probes!""#,
        probe.destination.uuid(),
        probe.id.uuid()
    )
    .fetch_one(&mut *connection)
    .await?;
    if probes {
        let (before, now) = lock(connection, probe.destination, probe.receiver).await?;
        put(connection, probe.destination, &before.released(probe.id, now)).await?;
    }
    Ok(())
}

/// What an attempt's answer does to the breaker; how many of those that wait may be rung for now.
pub(crate) async fn heard(connection: &mut PgConnection, of: &Delivery, attempt: &Attempt) -> Result<u32, Failure> {
    let destination = of.destination.uuid();
    let Some(healthy) = attempt.answer.health() else {
        release(connection, of).await?;
        return Ok(1);
    };
    if healthy {
        // Usually there is nothing to write and nobody to ring for, and nobody waits for a lock.
        let now = sqlx::query!(
            r#"select exists (select from breakers where destination = $1 and (state <> 'closed' or failures > 0))
                        as "failed!",
                      exists (select from deliveries where destination = $1 and state = 'scheduled'
                                                       and waits in ('slot', 'breaker')) as "waited_for!""#,
            destination
        )
        .fetch_one(&mut *connection)
        .await?;
        if !now.failed {
            return Ok(u32::from(now.waited_for));
        }
    }
    let (before, now) = lock(connection, of.destination, of.receiver).await?;
    let settings: Json<DestinationSettings> = sqlx::query_scalar!(
        r#"select settings as "settings: crate::doc::Settings" from destinations where id = $1"#,
        destination
    )
    .fetch_one(&mut *connection)
    .await?;
    let after = before.after(healthy, &settings, now);
    if after != before {
        put(connection, of.destination, &after).await?;
    }
    match (before.state, after.state) {
        (BreakerState::Closed, BreakerState::Open) => {
            tracing::warn!(
                destination.id = %of.destination, failures = after.failures,
                "A destination failed too often: its breaker opened."
            );
            Ok(0)
        }
        (BreakerState::Open | BreakerState::HalfOpen, BreakerState::Closed) => {
            tracing::info!(destination.id = %of.destination, "A destination is well again: its breaker closed.");
            Ok(settings.concurrent)
        }
        (_, BreakerState::Closed) => Ok(1),
        _ => Ok(0),
    }
}
