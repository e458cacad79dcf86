//! Turns destinations off, once: whoever finds one off already changes and tells nothing; likewise channels (`channel.rs`).

use lockgate_core::change::Disabling;
use lockgate_core::notification::Event;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::column::text;
use crate::error::Failure;

/// Turns a destination off that said it is gone; whether it was on, and still the one that said it. Endpoints are compared
/// as core reads them: a row may be older than an option that has a default.
pub(super) async fn destination(connection: &mut PgConnection, it: &Disabling) -> Result<bool, Failure> {
    let endpoint = sqlx::query_scalar!(
        r#"select endpoint as "endpoint: crate::doc::Endpoint" from destinations
           where id = $1 and status <> 'disabled' for no key update"#,
        it.destination.uuid()
    )
    .fetch_optional(&mut *connection)
    .await?;
    if endpoint.is_none_or(|Json(endpoint)| endpoint != it.endpoint) {
        return Ok(false);
    }
    sqlx::query!(
        "update destinations set status = 'disabled', disabled_reason = $2, disabled_at = now()
         where id = $1",
        it.destination.uuid(),
        text(&it.reason)
    )
    .execute(connection)
    .await?;
    Ok(true)
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
