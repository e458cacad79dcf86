//! Promotes and discards the rows of payload objects, with the change that decides over them.

use lockgate_core::id::PayloadId;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::error::Failure;

/// Makes objects live. Each must still be `writing`: what the sweeper may already have removed must not become truth.
pub(super) async fn promote(connection: &mut PgConnection, ids: &[PayloadId]) -> Result<(), Failure> {
    let mut ids = uuids(ids);
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "update payload_objects set state = 'live', multipart = null where id = any($1) and state = 'writing'",
        &ids
    )
    .execute(connection)
    .await?;
    if done.rows_affected() == ids.len() as u64 {
        Ok(())
    } else {
        Err(Failure::broken(format!("of payload objects {ids:?} only {} could be promoted", done.rows_affected())))
    }
}

/// Gives objects to the sweeper.
pub(super) async fn discard(connection: &mut PgConnection, ids: &[PayloadId]) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!("update payload_objects set state = 'discarded' where id = any($1)", &uuids(ids))
        .execute(connection)
        .await?;
    Ok(())
}

fn uuids(ids: &[PayloadId]) -> Vec<Uuid> {
    let mut ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    ids.sort_unstable();
    ids
}
