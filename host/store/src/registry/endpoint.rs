//! Destinations and channels.

use lockgate_core::destination::Destination;
use lockgate_core::notification::Channel;
use lockgate_core::ports::RegistryError;
use lockgate_core::time::Timestamp;

use super::{taken, unknown};
use crate::column::{document, text, word};
use crate::error::Failure;
use crate::store::PgStore;

pub(super) async fn add_destination(store: &PgStore, it: &Destination) -> Result<(), RegistryError> {
    sqlx::query!(
        "insert into destinations (id, partner, name, endpoint, ordered, status, created_at, settings)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        it.id.uuid(),
        it.partner.uuid(),
        text(&it.name),
        document(&it.endpoint)?,
        it.ordered,
        word(&it.status)?,
        it.created_at,
        document(&it.settings)?
    )
    .execute(&store.worker)
    .await
    .map_err(|error| taken(error.into(), "destinations_name", "destination", &it.name))?;
    Ok(())
}

pub(super) async fn update_destination(store: &PgStore, it: &Destination) -> Result<(), RegistryError> {
    let done = sqlx::query!(
        "update destinations
         set endpoint = $2, ordered = $3, status = $4, settings = $5, disabled_reason = $6, disabled_at = $7
         where id = $1",
        it.id.uuid(),
        document(&it.endpoint)?,
        it.ordered,
        word(&it.status)?,
        document(&it.settings)?,
        it.disabled.as_ref().map(|disabled| text(&disabled.reason)),
        it.disabled.as_ref().map(|disabled| disabled.at)
    )
    .execute(&store.worker)
    .await
    .map_err(Failure::from)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(unknown("destination", it.id)) }
}

pub(super) async fn add_channel(store: &PgStore, it: &Channel) -> Result<(), RegistryError> {
    sqlx::query!(
        "insert into channels (id, partner, name, kind, events, enabled, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
        it.id.uuid(),
        it.partner.uuid(),
        text(&it.name),
        document(&it.kind)?,
        document(&it.events)?,
        it.enabled,
        it.created_at
    )
    .execute(&store.worker)
    .await
    .map_err(|error| taken(error.into(), "channels_name", "channel", &it.name))?;
    Ok(())
}

pub(super) async fn update_channel(store: &PgStore, it: &Channel) -> Result<(), RegistryError> {
    let done = sqlx::query!(
        "update channels set kind = $2, events = $3, enabled = $4, failing_since = $5, disabled_reason = $6,
                disabled_at = $7 where id = $1",
        it.id.uuid(),
        document(&it.kind)?,
        document(&it.events)?,
        it.enabled,
        it.health.failing_since,
        it.health.disabled.as_ref().map(|disabled| text(&disabled.reason)),
        it.health.disabled.as_ref().map(|disabled| disabled.at)
    )
    .execute(&store.worker)
    .await
    .map_err(Failure::from)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(unknown("channel", it.id)) }
}

/// Due a moment later than now: nobody rings for what comes due later, the poll finds it.
pub(super) async fn recover_channel(store: &PgStore, it: &Channel, since: Timestamp) -> Result<u64, RegistryError> {
    let due = sqlx::query!(
        "update notifications
         set version = version + 1, state = 'scheduled', due_at = now() + interval '1 second', attempts = 0,
             adoptions = 0, last_error = null, updated_at = now()
         where state in ('dead-lettered', 'skipped') and updated_at >= $3 and claimed_by is null
           and coalesce(owner, partner) = $1 and messages -> sent ->> 'channel' = $2",
        it.partner.uuid(),
        it.name,
        since
    )
    .execute(&store.worker)
    .await
    .map_err(Failure::from)?;
    Ok(due.rows_affected())
}
