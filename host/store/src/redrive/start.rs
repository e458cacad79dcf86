//! Starts a redrive: its row and a counted lane per destination, in one transaction.

use lockgate_core::redrive::{Redrive, RedriveKind};

use crate::column::{document, integer, text, word};
use crate::error::Failure;
use crate::store::PgStore;

pub(super) async fn start(store: &PgStore, it: &Redrive) -> Result<(), Failure> {
    let mut transaction = store.begin().await?;
    let partner = it.partner.map(|id| id.uuid());
    sqlx::query!(
        "insert into redrives (id, version, state, kind, partner, filter, judging, per_second, reason, author,
                               created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        it.id.uuid(),
        it.version,
        word(&it.state)?,
        word(&it.kind)?,
        partner,
        document(&it.filter)?,
        word(&it.judging)?,
        integer(it.per_second)?,
        text(&it.reason),
        text(&it.author),
        it.created_at,
        it.updated_at
    )
    .execute(&mut *transaction)
    .await?;
    match it.kind {
        RedriveKind::DeadLetters => chosen!(
            query!(
                "insert into redrive_lanes (redrive, destination, receiver, partner, total)
                 select $7, d.destination, d.receiver, $8, count(*) from deliveries d where d.state = ",
                "'dead-lettered'",
                "and d.updated_at <= $9 group by d.destination, d.receiver"
            ),
            it.filter,
            it.id.uuid(),
            partner,
            it.created_at
        ),
        RedriveKind::Replay => chosen!(
            query!(
                "insert into redrive_lanes (redrive, destination, receiver, partner, total)
                 select $7, d.destination, d.receiver, $8, count(*) from deliveries d
                 where d.replay_of is null and d.state = ",
                "'delivered'",
                "and d.updated_at <= $9 group by d.destination, d.receiver"
            ),
            it.filter,
            it.id.uuid(),
            partner,
            it.created_at
        ),
    }
    .execute(&mut *transaction)
    .await?;
    // Nothing to send: it is finished as it begins.
    sqlx::query!(
        "update redrives r set state = 'finished'
         where id = $1 and not exists (select from redrive_lanes l where l.redrive = r.id)",
        it.id.uuid()
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}
