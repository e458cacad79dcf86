//! Turns events into notifications: one per notify binding of the house's and of the event's partner's active
//! revisions, unique per event and binding.

use std::str::FromStr;

use lockgate_core::change::Change;
use lockgate_core::command::{Command, Work};
use lockgate_core::id::{BindingId, NotificationId};
use lockgate_core::notification::Event;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::column::{document, text};
use crate::error::Failure;
use crate::provenance::micros;

/// A notify binding that is active.
struct Telling {
    revision: Uuid,
    owner: Option<Uuid>,
    binding: BindingId,
}

/// Keeps the change's events, creates their notifications, and answers with the commands that ring for them.
pub(super) async fn events(
    connection: &mut PgConnection,
    events: &[&Event],
    change: &Change,
) -> Result<Vec<Command>, Failure> {
    if events.is_empty() {
        return Ok(vec![]);
    }
    let tellings = tellings(connection, events).await?;
    let mut commands = vec![];
    for event in events {
        keep(connection, event).await?;
        for telling in tellings.iter().filter(|it| it.owner.is_none_or(|owner| owner == event.partner.uuid())) {
            let id = NotificationId::generate(event.at);
            let created = create(connection, id, event, telling, change).await?;
            commands.extend(created.then(|| Command {
                work: Work::Notification(id),
                version: 0,
                partner: event.partner,
                trace: change.next().trace().clone(),
            }));
        }
    }
    Ok(commands)
}

async fn tellings(connection: &mut PgConnection, events: &[&Event]) -> Result<Vec<Telling>, Failure> {
    let partners: Vec<_> = events.iter().map(|event| event.partner.uuid()).collect();
    let rows = sqlx::query!(
        r#"select r.id, r.owner, b.value ->> 'id' as "binding!"
           from policy_revisions r cross join lateral jsonb_array_elements(r.bindings) with ordinality b(value, place)
           where r.rollout = 'active' and (r.owner is null or r.owner = any($1)) and b.value ->> 'hook' = 'notify'
           order by r.owner nulls first, r.side, b.place"#,
        &partners
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let binding = BindingId::from_str(&row.binding).map_err(|error| Failure::broken(error.to_string()))?;
            Ok(Telling { revision: row.id, owner: row.owner, binding })
        })
        .collect()
}

async fn keep(connection: &mut PgConnection, event: &Event) -> Result<(), Failure> {
    sqlx::query!(
        "insert into events (id, kind, transfer, partner, attributes, at) values ($1, $2, $3, $4, $5, $6)",
        event.id.uuid(),
        text(event.kind.name()),
        event.transfer.uuid(),
        event.partner.uuid(),
        document(&event.attributes)?,
        event.at
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn create(
    connection: &mut PgConnection,
    id: NotificationId,
    event: &Event,
    telling: &Telling,
    change: &Change,
) -> Result<bool, Failure> {
    let done = sqlx::query!(
        "insert into notifications (id, version, state, event, transfer, partner, owner, revision, binding, messages,
                                    sent, due_at, attempts, adoptions, trace, updated_at)
         values ($1, 0, 'pending', $2, $3, $4, $5, $6, $7, '[]', 0, $8, 0, 0, $9, $8)
         on conflict on constraint notifications_once do nothing",
        id.uuid(),
        event.id.uuid(),
        event.transfer.uuid(),
        event.partner.uuid(),
        telling.owner,
        telling.revision,
        telling.binding.uuid(),
        micros(event.at),
        change.next().trace().0
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
