//! The line of an ordered destination: when its first delivery is settled, the next is rung for.

use lockgate_core::command::{Command, Work};
use lockgate_core::delivery::{Delivery, DeliveryState};
use lockgate_core::id::{DeliveryId, PartnerId};
use sqlx::PgConnection;

use crate::column::trace;
use crate::error::Failure;

/// The command for whoever now stands first, if it is due; what is due later is polled.
///
/// Its version may move on before the command is read: then it was claimed, and the command matches nothing.
pub(super) async fn next(connection: &mut PgConnection, settled: &Delivery) -> Result<Option<Command>, Failure> {
    if settled.position.is_none() || settled.state == DeliveryState::Scheduled {
        return Ok(None);
    }
    let first = sqlx::query!(
        r#"select id, version, receiver, trace, claimed_by is null and due_at <= now() as "ready!" from deliveries
           where destination = $1 and state = 'scheduled' and position is not null order by position limit 1"#,
        settled.destination.uuid()
    )
    .fetch_optional(connection)
    .await?;
    Ok(first.filter(|it| it.ready).map(|first| Command {
        work: Work::Delivery(DeliveryId::from_uuid(first.id)),
        version: first.version,
        partner: PartnerId::from_uuid(first.receiver),
        trace: trace(first.trace),
    }))
}
