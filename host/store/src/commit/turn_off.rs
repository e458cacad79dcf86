//! Turns destinations and channels off, once: whoever finds it off already changes and tells nothing.

use lockgate_core::change::Disabling;
use lockgate_core::id::ChannelId;
use lockgate_core::notification::{ChannelHealth, Event};
use sqlx::PgConnection;

use crate::column::text;
use crate::error::Failure;

/// Turns a destination off that said it is gone; whether it was on.
pub(super) async fn destination(connection: &mut PgConnection, it: &Disabling) -> Result<bool, Failure> {
    let done = sqlx::query!(
        "update destinations set status = 'disabled', disabled_reason = $2, disabled_at = now()
         where id = $1 and status <> 'disabled'",
        it.destination.uuid(),
        text(&it.reason)
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps how a channel fares; whether that turned it off. One that is off stays as it is: its owner reads why.
pub(super) async fn channel(connection: &mut PgConnection, id: ChannelId, it: &ChannelHealth) -> Result<bool, Failure> {
    let done = sqlx::query!(
        "update channels set failing_since = $2, disabled_reason = $3, disabled_at = $4,
             enabled = $4::timestamptz is null
         where id = $1 and enabled",
        id.uuid(),
        it.failing_since,
        it.disabled.as_ref().map(|it| text(&it.reason)),
        it.disabled.as_ref().map(|it| it.at)
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1 && it.disabled.is_some())
}

/// Tells the operator, once it is committed.
pub(super) fn log(event: &Event) {
    let about = |name| event.attribute(name).unwrap_or_default();
    tracing::warn!(
        event.kind = event.kind.name(),
        partner.id = %event.partner,
        transfer.id = %event.transfer,
        channel.id = event.attribute("channel.id"),
        destination.id = event.attribute("destination.id"),
        reason = about("reason"),
        "A host turned `{}{}` off.", about("channel.name"), about("destination.name")
    );
}
