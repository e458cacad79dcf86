//! The line of an ordered destination: when its first delivery is settled, the next is rung for.

use lockgate_core::command::{Command, Work};
use lockgate_core::delivery::{Delivery, DeliveryState};
use lockgate_core::id::{DeliveryId, DestinationId, PartnerId};
use sqlx::PgConnection;

use crate::column::trace;
use crate::error::Failure;

/// The command for whoever stands first now that one is settled.
pub(super) async fn next(connection: &mut PgConnection, settled: &Delivery) -> Result<Option<Command>, Failure> {
    if settled.position.is_none() || settled.state == DeliveryState::Scheduled {
        return Ok(None);
    }
    first(connection, settled.destination).await
}

/// The command for whoever stands first, if it is due; what is due later is polled.
///
/// Its version may move on before the command is read: then it was claimed, and the command matches nothing.
pub(crate) async fn first(connection: &mut PgConnection, at: DestinationId) -> Result<Option<Command>, Failure> {
    let first = sqlx::query!(
        "select id, version, receiver, trace from deliveries
         where destination = $1 and state = 'scheduled' and position = first_in_line($1)
           and claimed_by is null and due_at <= now()",
        at.uuid()
    )
    .fetch_optional(connection)
    .await?;
    Ok(first.map(|first| Command {
        work: Work::Delivery(DeliveryId::from_uuid(first.id)),
        version: first.version,
        partner: PartnerId::from_uuid(first.receiver),
        trace: trace(first.trace),
    }))
}
