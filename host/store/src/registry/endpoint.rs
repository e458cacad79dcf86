//! Destinations and channels.

use lockgate_core::destination::{Destination, DestinationStatus};
use lockgate_core::id::{ChannelId, DestinationId};
use lockgate_core::notification::Channel;
use lockgate_core::ports::{ChannelChange, DestinationChange, RegistryError, Turned};
use lockgate_core::time::Timestamp;

use super::{taken, unknown};
use crate::column::{document, optional_document, text, word};
use crate::error::Failure;
use crate::load;
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

/// Writes what is given alone: a host that turned it off a moment ago is not undone by a change of its settings.
pub(super) async fn update_destination(
    store: &PgStore,
    id: DestinationId,
    change: &DestinationChange,
) -> Result<Destination, RegistryError> {
    let (status, disabled) = match &change.turned {
        None => (None, None),
        Some(Turned::On) => (Some(DestinationStatus::Active), None),
        Some(Turned::Off(disabled)) => (Some(DestinationStatus::Disabled), Some(disabled)),
    };
    sqlx::query!(
        "update destinations
         set endpoint = coalesce($2, endpoint), ordered = coalesce($3, ordered), settings = coalesce($4, settings),
             status = coalesce($5, status), disabled_reason = case when $5::text is null then disabled_reason else $6 end,
             disabled_at = case when $5::text is null then disabled_at else $7 end
         where id = $1",
        id.uuid(),
        optional_document(change.endpoint.as_ref())?,
        change.ordered,
        optional_document(change.settings.as_ref())?,
        status.as_ref().map(word).transpose()?,
        disabled.map(|it| text(&it.reason)),
        disabled.map(|it| it.at)
    )
    .execute(&store.worker)
    .await
    .map_err(Failure::from)?;
    load::destination(store, id).await?.ok_or_else(|| unknown("destination", id))
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

/// Writes what is given alone. Those that wait for it may ask it at once: it may lead elsewhere now. If it does, nothing is
/// known of how that fares; one that is off stays off, with the reason.
pub(super) async fn update_channel(
    store: &PgStore,
    id: ChannelId,
    change: &ChannelChange,
) -> Result<Channel, RegistryError> {
    sqlx::query!(
        "update channels
         set kind = coalesce($2, kind), events = coalesce($3, events), enabled = coalesce($4, enabled),
             failing_since = case when $4::boolean is null and kind = coalesce($2, kind) then failing_since end,
             disabled_reason = case when $4::boolean is null then disabled_reason end,
             disabled_at = case when $4::boolean is null then disabled_at end,
             asking = null, asked_at = null
         where id = $1",
        id.uuid(),
        optional_document(change.kind.as_ref())?,
        optional_document(change.events.as_ref())?,
        change.enabled
    )
    .execute(&store.worker)
    .await
    .map_err(Failure::from)?;
    load::channel_by_id(store, id).await?.ok_or_else(|| unknown("channel", id))
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
