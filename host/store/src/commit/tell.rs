//! Turns events into notifications: one per notify binding of the house's and of the event's partner's active
//! revisions, unique per event and binding.

use std::str::FromStr;

use lockgate_core::command::{Command, Work};
use lockgate_core::id::{BindingId, NotificationId};
use lockgate_core::notification::Event;
use lockgate_core::time::Timestamp;
use lockgate_core::trace::TraceContext;
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
    events: crate::doc::EventKinds,
}

impl Telling {
    fn is_of(&self, event: &Event) -> bool {
        self.owner.is_none_or(|owner| owner == event.partner.uuid()) && event.kind.is_among(&self.events)
    }
}

/// Keeps events, creates their notifications, and answers with the commands that ring for them.
pub(super) async fn events(
    connection: &mut PgConnection,
    events: &[(Event, TraceContext)],
) -> Result<Vec<Command>, Failure> {
    if events.is_empty() {
        return Ok(vec![]);
    }
    let tellings = tellings(connection, events).await?;
    let (mut rows, mut told) = (Rows::default(), Told::default());
    for (event, trace) in events {
        rows.push(event)?;
        for telling in tellings.iter().filter(|it| it.is_of(event)) {
            told.push(event, telling, trace);
        }
    }
    let created = insert(connection, &rows, &told).await?;
    told.commands.retain(|it| created.contains(&it.work.uuid()));
    Ok(told.commands)
}

async fn tellings(connection: &mut PgConnection, events: &[(Event, TraceContext)]) -> Result<Vec<Telling>, Failure> {
    let partners: Vec<_> = events.iter().map(|(event, _)| event.partner.uuid()).collect();
    let rows = sqlx::query!(
        r#"select r.id, r.owner, b.value ->> 'id' as "binding!",
                  coalesce(b.value -> 'events', '[]') as "events!: crate::doc::EventKinds"
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
            Ok(Telling { revision: row.id, owner: row.owner, binding, events: row.events })
        })
        .collect()
}

/// The events' columns, to be written in one statement.
#[derive(Default)]
struct Rows {
    ids: Vec<Uuid>,
    kinds: Vec<String>,
    transfers: Vec<Uuid>,
    partners: Vec<Uuid>,
    attributes: Vec<serde_json::Value>,
    times: Vec<Timestamp>,
}

impl Rows {
    fn push(&mut self, event: &Event) -> Result<(), Failure> {
        self.ids.push(event.id.uuid());
        self.kinds.push(text(event.kind.name()));
        self.transfers.push(event.transfer.uuid());
        self.partners.push(event.partner.uuid());
        self.attributes.push(document(&event.attributes)?);
        self.times.push(event.at);
        Ok(())
    }
}

/// The columns of their notifications, and who rings for them.
#[derive(Default)]
struct Told {
    ids: Vec<Uuid>,
    events: Vec<Uuid>,
    transfers: Vec<Uuid>,
    partners: Vec<Uuid>,
    owners: Vec<Option<Uuid>>,
    revisions: Vec<Uuid>,
    bindings: Vec<Uuid>,
    times: Vec<Timestamp>,
    traces: Vec<Option<String>>,
    commands: Vec<Command>,
}

impl Told {
    fn push(&mut self, event: &Event, telling: &Telling, trace: &TraceContext) {
        let id = NotificationId::generate(event.at);
        self.ids.push(id.uuid());
        self.events.push(event.id.uuid());
        self.transfers.push(event.transfer.uuid());
        self.partners.push(event.partner.uuid());
        self.owners.push(telling.owner);
        self.revisions.push(telling.revision);
        self.bindings.push(telling.binding.uuid());
        self.times.push(micros(event.at));
        self.traces.push(trace.0.clone());
        let work = Work::Notification(id);
        self.commands.push(Command { work, version: 0, partner: event.partner, trace: trace.clone() });
    }
}

/// Writes events and notifications, and says which notifications there are for the first time.
async fn insert(connection: &mut PgConnection, rows: &Rows, told: &Told) -> Result<Vec<Uuid>, Failure> {
    let created = sqlx::query_scalar!(
        "with happened as (
           insert into events (id, kind, transfer, partner, attributes, at)
           select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::jsonb[], $6::timestamptz[]))
         insert into notifications (id, version, state, event, transfer, partner, owner, revision, binding, messages,
                                    sent, due_at, attempts, adoptions, trace, updated_at)
         select n.id, 0, 'pending', n.event, n.transfer, n.partner, n.owner, n.revision, n.binding, '[]', 0, n.at, 0, 0,
                n.trace, n.at
         from unnest($7::uuid[], $8::uuid[], $9::uuid[], $10::uuid[], $11::uuid[], $12::uuid[], $13::uuid[],
                     $14::timestamptz[], $15::text[])
              n(id, event, transfer, partner, owner, revision, binding, at, trace)
         on conflict on constraint notifications_once do nothing
         returning id",
        &rows.ids,
        &rows.kinds,
        &rows.transfers,
        &rows.partners,
        &rows.attributes,
        &rows.times,
        &told.ids,
        &told.events,
        &told.transfers,
        &told.partners,
        &told.owners as &[Option<Uuid>],
        &told.revisions,
        &told.bindings,
        &told.times,
        &told.traces as &[Option<String>],
    )
    .fetch_all(connection)
    .await?;
    Ok(created)
}
