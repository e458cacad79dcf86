//! Keeps decisions and attempts; both are written once.

use lockgate_core::claim::Aggregate;
use lockgate_core::decision::Decision;
use lockgate_core::delivery::{Attempt, Delivery};
use sqlx::PgConnection;

use crate::column::{bigint, document, integer, word};
use crate::error::Failure;

/// Keeps a decision for the partner whose side decided.
pub(super) async fn decision(connection: &mut PgConnection, it: &Decision, judged: &Aggregate) -> Result<(), Failure> {
    sqlx::query!(
        "insert into decisions (id, transfer, consignment, side, partner, pins, verdict, findings, facts, routes,
                                outcomes, decided_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        it.id.uuid(),
        it.transfer.uuid(),
        it.consignment.map(|id| id.uuid()),
        word(&it.side)?,
        judged.partner().uuid(),
        document(&it.pins)?,
        word(&it.verdict)?,
        document(&it.findings)?,
        document(&it.facts)?,
        document(&it.routes)?,
        document(&it.outcomes)?,
        it.decided_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps an attempt of a delivery.
pub(super) async fn attempt(connection: &mut PgConnection, it: &Attempt, of: &Delivery) -> Result<(), Failure> {
    sqlx::query!(
        "insert into attempts (id, delivery, receiver, number, started_at, took_us, host, answer, from_offset)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        it.id.uuid(),
        of.id.uuid(),
        of.receiver.uuid(),
        integer(it.number)?,
        it.started_at,
        i64::try_from(it.took.as_micros()).map_err(|_| Failure::broken("an attempt took too long to be true"))?,
        it.host.uuid(),
        document(&it.answer)?,
        it.from_offset.map(bigint).transpose()?,
    )
    .execute(connection)
    .await?;
    Ok(())
}
