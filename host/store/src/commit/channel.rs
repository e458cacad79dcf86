//! What an attempt at a message says of its channel: how it fares, whether that turns it off, and whom of those that wait
//! for it to ring for.

use lockgate_core::command::{Command, Work};
use lockgate_core::id::{ChannelId, NotificationId, PartnerId};
use lockgate_core::notification::{Channel, ChannelHealth};
use sqlx::PgConnection;

use crate::column::{document, text, trace};
use crate::error::Failure;

/// Of those that waited for a channel so many are on their way to it at once; each that is taken rings for another.
const AT_ONCE: i64 = 8;

/// What came of it.
#[derive(Default)]
pub(super) struct Fared {
    /// Whether it was turned off by it.
    pub(super) off: bool,
    /// For whom to ring.
    pub(super) commands: Vec<Command>,
}

/// Keeps how a channel fares, and ends the asking. One that is off stays as it is: its owner reads why. So does one that
/// fares otherwise by now than it did before it was asked, or that leads elsewhere: the answer is older than that.
pub(super) async fn fares(
    connection: &mut PgConnection,
    before: &Channel,
    after: &ChannelHealth,
) -> Result<Fared, Failure> {
    let well = after.failing_since.is_none();
    if !(well && before.health.failing_since.is_none()) {
        let done = sqlx::query!(
            "update channels set failing_since = $2, disabled_reason = $3, disabled_at = $4,
                 enabled = $4::timestamptz is null, asking = null, asked_at = now()
             where id = $1 and enabled and failing_since is not distinct from $5 and kind = $6",
            before.id.uuid(),
            after.failing_since,
            after.disabled.as_ref().map(|it| text(&it.reason)),
            after.disabled.as_ref().map(|it| it.at),
            before.health.failing_since,
            document(&before.kind)?
        )
        .execute(&mut *connection)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(Fared::default());
        }
    }
    let commands = if well { waiting(connection, before.id).await? } else { vec![] };
    Ok(Fared { off: after.disabled.is_some(), commands })
}

/// Commands for those that waited longest. A lost ring is polled when it is overdue.
async fn waiting(connection: &mut PgConnection, channel: ChannelId) -> Result<Vec<Command>, Failure> {
    let rows = sqlx::query!(
        "with waiting as (
            select id from notifications
            where waits = $1 and not rung and state = 'scheduled' and claimed_by is null
            order by due_at
            limit greatest(0, $2 - (select count(*) from notifications
                                    where waits = $1 and rung and state = 'scheduled'))
            for update skip locked)
         update notifications n set rung = true, due_at = now(), updated_at = now()
         from waiting where n.id = waiting.id
         returning n.id, n.version, n.partner, n.trace",
        channel.uuid(),
        AT_ONCE
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Command {
            work: Work::Notification(NotificationId::from_uuid(row.id)),
            version: row.version,
            partner: PartnerId::from_uuid(row.partner),
            trace: trace(row.trace),
        })
        .collect())
}
