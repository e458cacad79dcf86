//! Creates what a change creates: consignments, deliveries with their place in line; each claimed by the host that goes on
//! with it, if one does.

use std::collections::HashMap;

use lockgate_core::change::{Change, NewDelivery};
use lockgate_core::consignment::Consignment;
use lockgate_core::id::HostId;
use lockgate_core::notification::Notification;
use lockgate_core::time::Timestamp;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::column::{document, integer, optional_document, optional_text, word};
use crate::error::Failure;

/// Creates consignments.
pub(super) async fn consignments(
    connection: &mut PgConnection,
    created: &[Consignment],
    keeper: Option<HostId>,
) -> Result<(), Failure> {
    for it in created {
        sqlx::query!(
            "insert into consignments (id, version, state, transfer, sender, receiver, destinations, candidate, released,
                                       pins, hold, hold_expires_at, reason, adoptions, trace, created_at, updated_at,
                                       due_at, claimed_by, claimed_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17, $18,
                     case when $18::uuid is not null then now() end)",
            it.id.uuid(),
            it.version,
            word(&it.state)?,
            it.transfer.uuid(),
            it.sender.uuid(),
            it.receiver.uuid(),
            &it.destinations,
            optional_document(it.candidate.as_ref())?,
            optional_document(it.released.as_ref())?,
            document(&it.pins)?,
            optional_document(it.hold.as_ref())?,
            it.hold.as_ref().map(|hold| hold.expires_at),
            optional_text(it.reason.as_ref()),
            integer(it.adoptions)?,
            it.trace.0,
            it.created_at,
            it.updated_at,
            keeper.map(|host| host.uuid()),
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Creates the deliveries of one consignment, in one statement, so that who waits for a place in line waits for little.
pub(super) async fn deliveries(
    connection: &mut PgConnection,
    created: &[NewDelivery],
    keeper: Option<HostId>,
) -> Result<(), Failure> {
    let Some(NewDelivery { delivery: first, .. }) = created.first() else { return Ok(()) };
    let drawn = draw_positions(connection, created).await?;
    let (mut ids, mut destinations, mut positions, mut keepers) = (vec![], vec![], vec![], vec![]);
    for new in created {
        let it = &new.delivery;
        let position = if new.ordered {
            Some(
                *drawn
                    .get(&it.destination.uuid())
                    .ok_or_else(|| Failure::broken(format!("there is no destination {}", it.destination)))?,
            )
        } else {
            it.position
        };
        ids.push(it.id.uuid());
        destinations.push(it.destination.uuid());
        positions.push(position);
        keepers.push(keeper.filter(|_| new.has_its_turn()).map(|host| host.uuid()));
    }
    sqlx::query!(
        "insert into deliveries (id, version, state, consignment, transfer, receiver, destination, position, due_at,
                                 attempts, last_error, adoptions, trace, created_at, updated_at, released, redrive,
                                 replay_of, claimed_by, claimed_at)
         select d.id, $5, $6, $7, $8, $9, d.destination, d.position, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                d.keeper, case when d.keeper is not null then now() end
         from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[]) d(id, destination, position, keeper)",
        &ids,
        &destinations,
        &positions as &[Option<i64>],
        &keepers as &[Option<Uuid>],
        first.version,
        word(&first.state)?,
        first.consignment.uuid(),
        first.transfer.uuid(),
        first.receiver.uuid(),
        first.due_at,
        integer(first.attempts)?,
        optional_text(first.last_error.as_ref()),
        integer(first.adoptions)?,
        first.trace.0,
        first.created_at,
        first.updated_at,
        optional_document(first.released.as_ref())?,
        first.redrive.map(|id| id.uuid()),
        first.replay_of.map(|id| id.uuid()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Creates the further parts of notifications that were composed, in one statement.
pub(super) async fn parts(connection: &mut PgConnection, composed: &[&Change]) -> Result<(), Failure> {
    let mut rows = Parts::default();
    for change in composed {
        for part in change.notifications() {
            rows.push(part, change.keeper())?;
        }
    }
    if rows.ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into notifications (id, version, state, event, transfer, partner, owner, revision, binding, part,
                                    messages, sent, due_at, attempts, adoptions, trace, updated_at, claimed_by,
                                    claimed_at)
         select p.id, 0, p.state, p.event, p.transfer, p.partner, p.owner, p.revision, p.binding, p.part, p.messages, 0,
                p.due_at, 0, 0, p.trace, p.updated_at, p.keeper, case when p.keeper is not null then now() end
         from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[],
                     $9::integer[], $10::jsonb[], $11::timestamptz[], $12::text[], $13::timestamptz[], $14::uuid[])
              p(id, state, event, transfer, partner, owner, revision, binding, part, messages, due_at, trace, updated_at,
                keeper)",
        &rows.ids,
        &rows.states,
        &rows.events,
        &rows.transfers,
        &rows.partners,
        &rows.owners as &[Option<Uuid>],
        &rows.revisions,
        &rows.bindings,
        &rows.parts,
        &rows.messages,
        &rows.due,
        &rows.traces as &[Option<String>],
        &rows.updated,
        &rows.keepers as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Parts, column by column.
#[derive(Default)]
struct Parts {
    ids: Vec<Uuid>,
    states: Vec<String>,
    events: Vec<Uuid>,
    transfers: Vec<Uuid>,
    partners: Vec<Uuid>,
    owners: Vec<Option<Uuid>>,
    revisions: Vec<Uuid>,
    bindings: Vec<Uuid>,
    parts: Vec<i32>,
    messages: Vec<serde_json::Value>,
    due: Vec<Timestamp>,
    traces: Vec<Option<String>>,
    updated: Vec<Timestamp>,
    keepers: Vec<Option<Uuid>>,
}

impl Parts {
    fn push(&mut self, it: &Notification, keeper: Option<HostId>) -> Result<(), Failure> {
        self.ids.push(it.id.uuid());
        self.states.push(word(&it.state)?);
        self.events.push(it.event.id.uuid());
        self.transfers.push(it.event.transfer.uuid());
        self.partners.push(it.event.partner.uuid());
        self.owners.push(it.owner.partner().map(|id| id.uuid()));
        self.revisions.push(it.revision.uuid());
        self.bindings.push(it.binding.uuid());
        self.parts.push(integer(it.part)?);
        self.messages.push(document(&it.messages)?);
        self.due.push(it.due_at);
        self.traces.push(it.trace.0.clone());
        self.updated.push(it.updated_at);
        self.keepers.push(keeper.map(|host| host.uuid()));
        Ok(())
    }
}

/// The next places in the lines of ordered destinations. The destinations are locked until the commit, so positions are
/// seen in their order; and in the order of their ids, so that two commits never wait for each other crosswise.
async fn draw_positions(connection: &mut PgConnection, created: &[NewDelivery]) -> Result<HashMap<Uuid, i64>, Failure> {
    let lines: Vec<_> = created.iter().filter(|it| it.ordered).map(|it| it.delivery.destination.uuid()).collect();
    if lines.is_empty() {
        return Ok(HashMap::new());
    }
    let drawn = sqlx::query!(
        "with line as (select id from destinations where id = any($1) order by id for no key update)
         update destinations d set last_position = d.last_position + 1 from line where d.id = line.id
         returning d.id, d.last_position",
        &lines
    )
    .fetch_all(connection)
    .await?;
    Ok(drawn.into_iter().map(|row| (row.id, row.last_position)).collect())
}
