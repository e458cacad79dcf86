//! Turns destinations off, once: whoever finds one off already changes and tells nothing; likewise channels (`channel.rs`).

use lockgate_core::change::Disabling;
use lockgate_core::notification::Event;
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
